//! What others get: the files of the package, the public names of the library, and what its
//! dependencies are. Each is held to what stands in a file: `Cargo.toml`, `tests/surface.txt`,
//! `deny.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::process::Command;

use super::source::{self, File, Token};
use super::{read, root};
use serde_json::Value;

/// What a program answers, without a network.
fn answer(program: &str, default: &str, arguments: &[&str]) -> String {
    let program = std::env::var_os(program).unwrap_or_else(|| OsString::from(default));
    let out = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap_or_else(|e| panic!("{default}: {e}"));
    assert!(out.status.success(), "{default}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("it answers in UTF-8")
}

fn cargo(arguments: &[&str]) -> String {
    answer("CARGO", "cargo", &[arguments, &["--offline"]].concat())
}

/// Every package of the workspace and under it, for this machine, as `cargo metadata` has it.
fn packages() -> Vec<Value> {
    let about = answer("RUSTC", "rustc", &["-vV"]);
    let host = about.lines().find_map(|l| l.strip_prefix("host: ")).expect("a host");
    let words = ["metadata", "--format-version=1", "--all-features", "--locked"];
    let text = cargo(&[&words[..], &["--filter-platform", host]].concat());
    let whole: Value = serde_json::from_str(&text).expect("it is JSON");
    whole["packages"].as_array().expect("a list of packages").clone()
}

fn text<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap_or_default()
}

#[test]
fn the_package_holds_what_is_built_and_read() {
    let list = cargo(&["package", "--list", "--allow-dirty", "-p", "backproof"]);
    let files: BTreeSet<&str> = list.lines().collect();
    assert!(files.len() < 600, "{} files; what are the new ones?", files.len());
    for needed in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", "src/lib.rs"] {
        assert!(files.contains(needed), "{needed} is missing");
    }
    for file in &files {
        let ours = ["tests/", "snapshots/", "benches/", ".ci/", "fuzz/"];
        let test = file.contains("/tests/") || file.ends_with(".snap");
        assert!(!test && !ours.iter().any(|o| file.starts_with(o)), "{file} is ours alone");
        if !file.ends_with(".rs") {
            continue;
        }
        // What a source takes in has to be there.
        let source = read(file);
        for rest in source.split("include_str!(\"").skip(1) {
            let named = rest.split('"').next().unwrap_or_default();
            let mut at: Vec<&str> = file.split('/').collect();
            at.pop();
            for part in named.split('/') {
                match part {
                    ".." => drop(at.pop()),
                    part => at.push(part),
                }
            }
            let path = at.join("/");
            assert!(files.contains(&*path), "{file} includes {path}, which is not in the package");
        }
    }
}

/// The strings of the list of that name in `deny.toml`.
fn listed(key: &str) -> Vec<String> {
    let text = read("deny.toml");
    let (_, list) = text.split_once(&format!("{key} = [")).expect("deny.toml has the list");
    let list = list.split(']').next().unwrap_or_default();
    list.split('"').skip(1).step_by(2).map(str::to_string).collect()
}

/// Whether an SPDX expression can be met by these licences. Old manifests write `/` for `OR`.
fn met(expression: &str, by: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = !words.is_empty() && any(&words, &mut at, by);
    assert_eq!(at, words.len(), "{expression} is no expression of licences");
    met
}

fn any(words: &[&str], at: &mut usize, by: &[String]) -> bool {
    let mut met = all(words, at, by);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all(words, at, by);
    }
    met
}

fn all(words: &[&str], at: &mut usize, by: &[String]) -> bool {
    let mut met = true;
    loop {
        if words.get(*at) == Some(&"(") {
            *at += 1;
            met &= any(words, at, by);
            *at += 1;
        } else {
            let mut licence = words.get(*at).copied().unwrap_or_default().to_string();
            *at += 1;
            if words.get(*at) == Some(&"WITH") {
                licence += &format!(" WITH {}", words.get(*at + 1).copied().unwrap_or_default());
                *at += 2;
            }
            met &= by.contains(&licence);
        }
        if words.get(*at) != Some(&"AND") {
            return met;
        }
        *at += 1;
    }
}

#[test]
fn licences_are_met_as_they_are_written() {
    let have = ["MIT".to_string(), "Zlib".to_string()];
    for yes in ["MIT", "Apache-2.0/MIT", "Apache-2.0 WITH LLVM-exception OR MIT", "(MIT) AND Zlib"]
    {
        assert!(met(yes, &have), "{yes}");
    }
    for no in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR GPL-3.0) AND Unicode-3.0", "MIT WITH x"] {
        assert!(!met(no, &have), "{no}");
    }
}

#[test]
fn dependencies_have_the_licences_and_the_source_that_are_allowed() {
    let allowed = listed("allow");
    let packages = packages();
    assert!(packages.len() > 30, "{} packages", packages.len());
    for package in &packages {
        let (name, licence) = (text(package, "name"), text(package, "license"));
        assert!(met(licence, &allowed), "{name} is under {licence:?}; deny.toml has the list");
    }
    for licence in &allowed {
        let others: Vec<String> = allowed.iter().filter(|l| *l != licence).cloned().collect();
        let needed = packages.iter().any(|p| !met(text(p, "license"), &others));
        assert!(needed, "{licence} is allowed in deny.toml, and no dependency needs it");
    }
    // The lock has those of every platform.
    let registries = listed("allow-registry");
    for line in read("Cargo.lock").lines().filter_map(|l| l.strip_prefix("source = ")) {
        let source = line.trim_matches('"').trim_start_matches("registry+");
        assert!(registries.iter().any(|r| r == source), "a dependency comes from {source}");
    }
}

#[test]
fn no_dependency_asks_for_a_newer_compiler() {
    let version = |text: &str| {
        let mut parts: Vec<u32> = text.split('.').map(|n| n.parse().expect("a number")).collect();
        parts.resize(3, 0);
        parts
    };
    let packages = packages();
    let own = packages.iter().filter(|p| p["source"].is_null());
    let declared: BTreeSet<&str> = own.map(|p| text(p, "rust_version")).collect();
    assert_eq!(
        declared.len(),
        1,
        "the packages of the workspace declare one version: {declared:?}"
    );
    let declared = declared.first().copied().unwrap_or_default();
    for package in &packages {
        if let Some(asked) = package["rust_version"].as_str() {
            let name = text(package, "name");
            assert!(version(asked) <= version(declared), "{name} asks for Rust {asked}");
        }
    }
}

/// The attributes before an item, as one text each, without spaces.
fn attributes(tokens: &[Token], at: &mut usize) -> Vec<String> {
    let mut found = Vec::new();
    while tokens.get(*at).is_some_and(|t| t.text == "#") {
        // `#![…]` is of the file, and read the same way.
        let inner = tokens.get(*at + 1).is_some_and(|t| t.text == "!");
        let start = *at + 1 + usize::from(inner);
        let end = after_group(tokens, start);
        found.push(tokens[start..end].iter().map(|t| &*t.text).collect());
        *at = end;
    }
    found
}

/// The place after the bracket that opens at `at` and all in it; the next place if none opens.
fn after_group(tokens: &[Token], at: usize) -> usize {
    let mut open = 0;
    for (place, token) in tokens.iter().enumerate().skip(at) {
        match token.kind {
            source::Kind::Open => open += 1,
            source::Kind::Close => open -= 1,
            _ => {}
        }
        if open == 0 {
            return place + 1;
        }
    }
    tokens.len()
}

/// The place after an item: its semicolon, or its braces if it is of a kind that ends there.
fn after_item(tokens: &[Token], from: usize) -> usize {
    let whole = ["use", "const", "static", "type"];
    let kind = tokens[from..].iter().find(|t| t.text != "pub").map_or("", |t| &*t.text);
    let function = tokens[from..].iter().take(4).any(|t| t.text == "fn");
    let mut at = from;
    while at < tokens.len() {
        let braces = tokens[at].text == "{" && (function || !whole.contains(&kind));
        let end = tokens[at].text == ";";
        at = after_group(tokens, at);
        if braces || end {
            break;
        }
    }
    at
}

/// The structs and enums that are `#[non_exhaustive]`, each with its room.
fn that_may_grow(files: &[File]) -> BTreeSet<(&str, &str)> {
    let mut found = BTreeSet::new();
    for file in files {
        let Some(room) = file.module.first() else { continue };
        let mut at = 0;
        while at < file.tokens.len() {
            let marked = attributes(&file.tokens, &mut at).iter().any(|a| a == "[non_exhaustive]");
            let words: Vec<&str> = file.tokens[at..].iter().take(3).map(|t| &*t.text).collect();
            if let (true, ["pub", "struct" | "enum", name]) = (marked, &words[..]) {
                found.insert((&**room, *name));
            }
            at += 1;
        }
    }
    found
}

/// Adds the public names of a module, and of the public ones inside it.
fn names(
    files: &[File],
    grow: &BTreeSet<(&str, &str)>,
    module: &[String],
    into: &mut BTreeMap<String, String>,
) {
    let file = files.iter().find(|f| f.module == module).expect("a module has a file");
    let tokens = &file.tokens;
    let path: Vec<&str> = module.iter().map(|m| &**m).filter(|m| *m != "lib").collect();
    let mut at = 0;
    while at < tokens.len() {
        let attributes = attributes(tokens, &mut at);
        let hidden = attributes.iter().any(|a| a == "[doc(hidden)]" || a == "[cfg(doctest)]");
        let (start, end) = (at, after_item(tokens, at));
        at = end;
        let item = &tokens[start..end];
        if hidden || item.first().is_none_or(|t| t.text != "pub") || item[1].text == "(" {
            continue;
        }
        // A use has paths, each with its name at the end; another item has a name behind its kind.
        let exported: Vec<Vec<String>> = match &*item[1].text {
            "use" => source::paths(&item[2..]).into_iter().map(|p| p.segments).collect(),
            "mod" => {
                let inner: Vec<String> =
                    path.iter().map(|p| p.to_string()).chain([item[2].text.clone()]).collect();
                names(files, grow, &inner, into);
                continue;
            }
            _ => {
                let kinds = ["fn", "struct", "enum", "trait", "const", "type"];
                let kind = item.iter().position(|t| kinds.contains(&&*t.text));
                let mut name = kind.expect("an item is of a kind") + 1;
                name += usize::from(item[name].text == "fn");
                let name = &item[name];
                let room = path.first().unwrap_or(&"lib").to_string();
                vec![vec![room, name.text.clone()]]
            }
        };
        for segments in exported {
            let name = segments.last().expect("a path has an end");
            assert_ne!(name, "*", "{} gives out all of a module", file.path);
            // Where it is defined: in this room, or in the one that the path names.
            let room = match (path.first(), &segments[..]) {
                (_, [first, room, ..]) if first == "crate" => room,
                (Some(room), _) => *room,
                (None, _) => segments[0].as_str(),
            };
            let grows = if grow.contains(&(room, &**name)) { " …" } else { "" };
            into.insert([&path[..], &[name]].concat().join("::"), grows.to_string());
        }
    }
}

/// The names that a user of the library sees, one a line, with `…` behind a type that may get
/// more fields or variants. Each further one is a promise; `BACKPROOF_BLESS=1 cargo test --test
/// package` writes them anew.
#[test]
fn public_names_are_those_of_the_list() {
    let mut found = BTreeMap::new();
    let files = source::library();
    names(&files, &that_may_grow(&files), &["lib".to_string()], &mut found);
    assert!(found.len() > 100, "{} names", found.len());
    let lines: String = found.iter().map(|(name, grows)| format!("{name}{grows}\n")).collect();
    if std::env::var_os("BACKPROOF_BLESS").is_some_and(|v| v == "1") {
        std::fs::write(root().join("tests/surface.txt"), &lines).expect("the list can be written");
    }
    let (wanted, lines) = (read("tests/surface.txt"), lines);
    let wanted: BTreeSet<&str> = wanted.lines().collect();
    let lines: BTreeSet<&str> = lines.lines().collect();
    let new: Vec<_> = lines.difference(&wanted).collect();
    let gone: Vec<_> = wanted.difference(&lines).collect();
    assert!(new.is_empty() && gone.is_empty(), "new: {new:?}, gone: {gone:?}");
}
