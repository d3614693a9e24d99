//! The English of the pages that users read, measured: sentences that can be taken in at once, no
//! order turned round for effect, no file of the source by its path, links that lead somewhere.
//!
//! Read are `README.md`, `CHANGELOG.md`, `SECURITY.md` and the pages of `docs`, without those of
//! `docs/derivations`, which the program writes. Code, tables and formulas are no sentences.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The longest sentence, in words.
const LONGEST: usize = 40;

/// The longest README, in lines.
const README_LINES: usize = 250;

/// The pages for those who change the program. They speak of its source, in lists of its files.
const FOR_AUTHORS: [&str; 2] = ["docs/architecture.md", "CONTRIBUTING.md"];

/// Turns of phrase that once stood here and made readers stop, and what is wrong with each.
const TURNED: [(&str, &str); 8] = [
    ("Proved are ", "the subject comes first: `what is proved is …`"),
    ("Wanted is ", "the subject comes first"),
    ("Given are ", "the subject comes first"),
    ("with him in mind", "a symbol is no person"),
    ("padding never does", "say what padding does"),
    ("nothing is lost from", "say what is kept"),
    ("the first of equals", "say: the first of those that are equal"),
    (" is wanted: ", "say who wants what"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages by their path from the root.
fn pages() -> BTreeMap<String, String> {
    let mut paths: Vec<PathBuf> = ["README.md", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md"]
        .into_iter()
        .map(|name| root().join(name))
        .filter(|path| path.exists())
        .collect();
    for entry in std::fs::read_dir(root().join("docs")).expect("there is documentation") {
        let path = entry.expect("it can be read").path();
        if path.extension().is_some_and(|e| e == "md") {
            paths.push(path);
        }
    }
    let named = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a page can be read");
        let name = path.strip_prefix(root()).expect("it lies in the project");
        (name.display().to_string().replace('\\', "/"), text)
    };
    paths.into_iter().map(named).collect()
}

/// Those for people who have the program and not its source.
fn for_users() -> BTreeMap<String, String> {
    let mut pages = pages();
    pages.retain(|page, _| !FOR_AUTHORS.contains(&&**page));
    pages
}

/// The blocks of running text: the line where each begins, and its words in one line.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let (mut fence, mut open) = (None, false);
    for (at, line) in page.lines().enumerate() {
        let bare = line.trim_start();
        let ticks = bare.chars().take_while(|c| *c == '`').count();
        match fence {
            Some(length) => {
                if ticks >= length {
                    fence = None;
                }
                continue;
            }
            None if ticks >= 3 => {
                (fence, open) = (Some(ticks), false);
                continue;
            }
            None => {}
        }
        // A table, a formula by itself, a comment, a picture.
        let no_text = bare.is_empty() || bare.starts_with(['|', '$', '<', '!']);
        if no_text || bare.starts_with('#') {
            open = false;
            continue;
        }
        let (mark, item) = match bare.split_once(' ') {
            Some((mark, rest)) => (mark, rest),
            None => (bare, ""),
        };
        let listed = matches!(mark, "-" | "*" | ">")
            || mark.strip_suffix('.').is_some_and(|n| n.parse::<u32>().is_ok());
        match found.last_mut() {
            Some((_, text)) if open && !listed => {
                text.push(' ');
                text.push_str(bare);
            }
            _ => found.push((at + 1, if listed { item } else { bare }.to_string())),
        }
        open = true;
    }
    found
}

/// The text with a word in the place of each piece of code and each formula, and links without
/// where they lead.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '`' | '$' => {
                while chars.next().is_some_and(|next| next != c) {}
                out.push_str("code");
            }
            ']' if chars.peek() == Some(&'(') => while chars.next().is_some_and(|c| c != ')') {},
            '*' | '_' | '[' | ']' => {}
            _ => out.push(c),
        }
    }
    out
}

/// The sentences of a block. A semicolon and a colon end none.
fn sentences(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for word in text.split_whitespace() {
        let last = found.last_mut().expect("there is one");
        if !last.is_empty() {
            last.push(' ');
        }
        last.push_str(word);
        let bare = word.trim_end_matches(['"', '\'', ')', '”', '’', '…']);
        if bare.ends_with(['.', '?', '!']) {
            found.push(String::new());
        }
    }
    found.retain(|sentence| !sentence.is_empty());
    found
}

fn words(sentence: &str) -> usize {
    sentence.split_whitespace().filter(|w| w.contains(char::is_alphanumeric)).count()
}

fn nothing(found: &[String], what: &str) {
    assert!(found.is_empty(), "{}: {what}\n{}", found.len(), found.join("\n"));
}

#[test]
fn no_sentence_is_too_long() {
    let mut found = Vec::new();
    let mut read = 0;
    for (page, text) in for_users() {
        for (line, block) in blocks(&text) {
            for sentence in sentences(&plain(&block)) {
                read += 1;
                let length = words(&sentence);
                if length > LONGEST {
                    found.push(format!("{page}:{line}: {length} words: {sentence}"));
                }
            }
        }
    }
    assert!(read > 500, "the sentences were found: {read}");
    nothing(&found, &format!("sentences of more than {LONGEST} words"));
}

#[test]
fn words_stand_in_their_usual_order() {
    let mut found = Vec::new();
    for (page, text) in pages() {
        for (at, line) in text.lines().enumerate() {
            for (turned, why) in TURNED {
                if line.contains(turned) {
                    found.push(format!("{page}:{}: \"{turned}\": {why}", at + 1));
                }
            }
        }
    }
    nothing(&found, "turns of phrase that make a reader stop");
}

/// A user has a program, not its source.
#[test]
fn no_user_is_sent_into_the_source() {
    let mut found = Vec::new();
    for (page, text) in for_users() {
        for (at, line) in text.lines().enumerate() {
            let of_source =
                |word: &str| word.ends_with(".rs") && word != "main.rs" || word.contains("src/");
            let ends = |c: char| c.is_whitespace() || "`()[]\"',;".contains(c);
            let words = line.split(ends).filter(|word| !word.contains("://"));
            for word in words.filter(|word| of_source(word)) {
                found.push(format!("{page}:{}: {word}", at + 1));
            }
        }
    }
    nothing(&found, "paths of the source in pages for users");
}

/// The anchor that a heading gets on a code host.
fn anchor(heading: &str) -> String {
    let mut out = String::new();
    for c in heading.trim_start_matches('#').trim().chars() {
        match c {
            ' ' => out.push('-'),
            '-' | '_' => out.push(c),
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            _ => {}
        }
    }
    out
}

fn anchors(page: &str) -> Vec<String> {
    let mut code = false;
    let mut found = Vec::new();
    for line in page.lines() {
        if line.starts_with("```") {
            code = !code;
        } else if !code && line.starts_with('#') {
            found.push(anchor(line));
        }
    }
    found
}

#[test]
fn links_lead_somewhere() {
    let mut found = Vec::new();
    let mut followed = 0;
    for (page, text) in pages() {
        let own = root().join(&page);
        let folder = own.parent().expect("it lies in a folder");
        for (at, line) in text.lines().enumerate() {
            for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                if target.starts_with("http") || target.starts_with("mailto:") {
                    continue;
                }
                let (path, place) = target.split_once('#').unwrap_or((target, ""));
                let file = if path.is_empty() { own.clone() } else { folder.join(path) };
                followed += 1;
                let there = file.exists()
                    && (place.is_empty() || {
                        let text = std::fs::read_to_string(&file).unwrap_or_default();
                        anchors(&text).iter().any(|a| a == place)
                    });
                if !there {
                    found.push(format!("{page}:{}: {target}", at + 1));
                }
            }
        }
    }
    assert!(followed > 20, "the links were found");
    nothing(&found, "links that lead nowhere");
}

#[test]
fn the_readme_is_short_and_begins_with_what_matters() {
    let text = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let lines = text.lines().count();
    assert!(lines <= README_LINES, "README.md has {lines} lines");
    // What a reader looks for first, in the order of looking.
    let mut from = 0;
    for wanted in ["For whom", "```sh\ncargo run --release\ncargo test\n```", "cannot do"] {
        let place = text[from..].find(wanted);
        from += place.unwrap_or_else(|| panic!("{wanted:?} comes later or nowhere"));
    }
    let line = text[..from].lines().count();
    assert!(line <= 90, "the limits are named only at line {line}");
    let rust = format!("[Rust](https://rustup.rs) {} or newer", env!("CARGO_PKG_RUST_VERSION"));
    assert!(text.contains(&rust), "README.md should say {rust:?}");
}

#[test]
fn the_changelog_has_the_usual_headings_and_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    let changes = std::fs::read_to_string(root().join("CHANGELOG.md")).expect("a changelog");
    let newest = changes.lines().find_map(|line| line.strip_prefix("## ")).unwrap_or_default();
    assert!(newest.starts_with(version), "the newest version is {newest:?}, not {version}");
    let usual = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
    for heading in changes.lines().filter_map(|line| line.strip_prefix("### ")) {
        assert!(usual.contains(&heading), "{heading:?} is none of {usual:?}");
    }
    let cited = std::fs::read_to_string(root().join("CITATION.cff")).expect("a citation");
    assert!(cited.lines().any(|line| line == format!("version: {version}")), "{cited}");
}
