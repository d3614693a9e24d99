//! The floors of the house, and what else the source promises, read off the source itself.
//!
//! A module imports only from lower floors or from itself; there are no circles; `concrete` and
//! `render` see less still; the library does no input or output; hash maps are never iterated;
//! floats are printed by one function. An offence is shown with its file, its line and the rule.
//!
//! What can be seen in the text alone is seen; the last two rules are heuristics: they know the
//! names that a file declares with such a type, and find what is done with these names there. A
//! map that goes by another name (a field of another file, a closure's argument) slips through.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::source::{self, File, Kind, Named, Token};

/// The floor of each module, and the modules of the same floor that it may use. The order of
/// the rows is an order in which the modules could be compiled one by one.
const FLOORS: &[(&str, u8, &[&str])] = &[
    ("diag", 0, &[]),
    ("scalar", 0, &[]),
    ("ordered", 0, &[]),
    ("examples", 0, &[]),
    ("spell", 0, &[]),
    ("expr", 1, &[]),
    ("net", 1, &[]),
    ("lang", 2, &[]),
    ("concrete", 2, &[]),
    ("values", 2, &[]),
    ("lower", 3, &[]),
    ("calculus", 3, &["lower"]),
    ("index", 3, &["lower", "calculus"]),
    ("proof", 4, &[]),
    ("check", 4, &[]),
    ("lesson", 5, &[]),
    ("review", 5, &[]),
    ("page", 6, &[]),
    ("render", 7, &[]),
    ("testing", 8, &[]),
    ("limits", 8, &[]),
    ("lib", 8, &["testing", "limits"]),
];

/// Modules that see less than their floor allows: a whole module, or single items of one.
const ONLY: &[(&str, &[&str], &str)] = &[
    ("concrete", &["net", "scalar", "diag", "ordered"], "it is the independent witness"),
    ("values", &["net", "scalar", "diag"], "it reads files and nothing else"),
    (
        "render",
        // `page::Math` is made of symbols, exact numbers and functions, which have names.
        &["page", "spell", "expr::Symbol", "scalar::Rational", "scalar::Function"],
        "renderers read pages and nothing else",
    ),
];

/// What a module must not name, though its floor would allow it: whoever proves a step has nothing
/// from those who made it.
const NEVER: &[(&str, &[&str], &str)] = &[(
    "proof",
    &["calculus::rules", "index::rules"],
    "a step is proved by other code than the rule that made it",
)];

/// What the library leaves to the command line, by path.
const OUTSIDE: &[&str] = &["fs", "env", "process", "net", "time", "os", "thread"];

/// Who has one of these all the same, and why.
const INSIDE: &[(&str, &str, &str)] = &[
    (
        "src/expr/program/points.rs",
        "thread",
        "points are shared out among threads, and how many there are changes no bit",
    ),
    (
        "src/check/mod.rs",
        "thread",
        "passes at one point are made while the next is found, and the report is the same",
    ),
    ("src/scalar/setting.rs", "thread", "what a cell of each thread is called; none is started"),
];

/// Macros that have no place in the library.
const MACROS: &[&str] = &["println", "eprintln", "print", "eprint", "dbg", "todo", "unimplemented"];

/// Functions of `f64` that the standard library computes as the machine likes.
const UNSPECIFIED: &[&str] = &[
    "exp", "exp2", "exp_m1", "ln", "ln_1p", "log", "log2", "log10", "powf", "powi", "tanh", "sinh",
    "cosh", "sin", "cos", "tan", "cbrt", "hypot",
];

const HASHES: &[&str] = &["FxHashMap", "FxHashSet", "HashTable"];

const VISITS: &[&str] = &[
    "iter",
    "iter_mut",
    "keys",
    "values",
    "values_mut",
    "into_iter",
    "into_keys",
    "into_values",
    "drain",
    "retain",
    "extract_if",
];

#[derive(Debug, PartialEq)]
struct Offence {
    path: String,
    line: usize,
    rule: String,
}

/// The project's own source, read once.
fn library() -> &'static [File] {
    static FILES: LazyLock<Vec<File>> = LazyLock::new(source::library);
    &FILES
}

fn offence(file: &File, line: usize, rule: String) -> Offence {
    Offence { path: file.path.clone(), line, rule }
}

fn top(file: &File) -> &str {
    file.module.first().map_or("", String::as_str)
}

fn no_offences(found: &[Offence]) {
    let lines: Vec<String> =
        found.iter().map(|o| format!("{}:{}: {}", o.path, o.line, o.rule)).collect();
    assert!(found.is_empty(), "{} against the rules:\n{}", found.len(), lines.join("\n"));
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, ..)| *name == module).map(|(_, floor, _)| *floor)
}

/// What a path of this file leads to outside of its own module: the top module and the rest.
fn leads_to(file: &File, path: &Named) -> Option<Vec<String>> {
    let own = top(file);
    let supers = path.segments.iter().take_while(|s| *s == "super").count();
    let rest = match path.segments[0].as_str() {
        "crate" => &path.segments[1..],
        "super" if supers == file.module.len() + path.depth => &path.segments[supers..],
        _ => return None,
    };
    let leaves = rest.first().is_some_and(|s| s != own && s != "self" && s != "super");
    leaves.then(|| rest.to_vec())
}

fn floor_offences(files: &[File]) -> Vec<Offence> {
    let mut found = Vec::new();
    // The root of the library re-exports everything; the command line sits on top of all.
    for file in files.iter().filter(|f| top(f) != "lib") {
        let own = top(file);
        let Some(&(_, own_floor, siblings)) = FLOORS.iter().find(|(name, ..)| *name == own) else {
            found.push(offence(file, 1, format!("`{own}` has no floor; give it one in FLOORS")));
            continue;
        };
        for path in source::paths(&file.tokens) {
            let Some(target) = leads_to(file, &path) else { continue };
            let name = target[0].as_str();
            let mut say = |rule: String| found.push(offence(file, path.line, rule));
            let Some(floor) = floor(name) else {
                say(format!("`crate::{name}` is no module; name the module that it comes from"));
                continue;
            };
            if floor > own_floor || floor == own_floor && !siblings.contains(&name) {
                say(format!("`{own}` (floor {own_floor}) imports from `{name}` (floor {floor})"));
            }
            let item = target.iter().take(2).cloned().collect::<Vec<_>>().join("::");
            for (_, never, why) in NEVER.iter().filter(|(module, ..)| *module == own) {
                if never.contains(&item.as_str()) {
                    say(format!("`{own}` must not name `{item}`: {why}"));
                }
            }
            let only = ONLY.iter().find(|(module, ..)| *module == own);
            if let Some((_, allowed, why)) = only
                && !allowed.contains(&name)
                && !allowed.contains(&item.as_str())
            {
                say(format!("`{own}` sees only {}, not `{item}`: {why}", allowed.join(", ")));
            }
        }
    }
    found
}

#[test]
fn modules_import_from_lower_floors_only() {
    no_offences(&floor_offences(library()));
}

#[test]
fn modules_form_no_circle() {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in library().iter().filter(|f| top(f) != "lib") {
        let uses = edges.entry(top(file).to_string()).or_default();
        let paths = source::paths(&file.tokens);
        uses.extend(paths.iter().filter_map(|p| leads_to(file, p)).map(|t| t[0].clone()));
    }
    assert!(edges.len() > 10, "the modules were found: {edges:?}");
    // Whoever uses nobody that is left can go; in a circle nobody can.
    while let Some(free) = edges
        .iter()
        .find(|(_, uses)| uses.iter().all(|u| !edges.contains_key(u)))
        .map(|(name, _)| name.clone())
    {
        edges.remove(&free);
    }
    assert!(edges.is_empty(), "these go in a circle: {edges:?}");
}

/// The rooms in which files are held to an order, too, and the files of each that still go in a
/// circle. The lists only shrink: a file that is in no circle any more has to go from them.
const CIRCLES: &[(&str, &[&str])] = &[
    (
        "check",
        &[
            "causes", "choices", "estimate", "forward", "judge", "outer", "prepared", "range",
            "report", "sides", "supplied", "tensors", "verdicts",
        ],
    ),
    ("index", &["rules", "step"]),
    ("lang", &["elaborate", "values"]),
    (
        "page",
        &[
            "check",
            "derivation",
            "indexed",
            "network",
            "supplied",
            "winner_cases",
            "winner_formula",
            "words",
        ],
    ),
    ("proof", &["against", "replay"]),
    (
        "review",
        &[
            "build",
            "equation",
            "givens",
            "indices",
            "losses",
            "marker",
            "numbers",
            "otherwise",
            "repair",
            "scope",
        ],
    ),
];

/// The file or folder of a room that a path of one of its files leads to.
fn inside(file: &File, path: &Named, room: &str) -> Option<String> {
    let supers = path.segments.iter().take_while(|s| *s == "super").count();
    let up = supers.saturating_sub(path.depth);
    let whole: Vec<&String> = match path.segments[0].as_str() {
        "crate" => path.segments[1..].iter().collect(),
        "super" if up <= file.module.len() => {
            let base = &file.module[..file.module.len() - up];
            base.iter().chain(&path.segments[supers..]).collect()
        }
        "self" => file.module.iter().chain(&path.segments[1..]).collect(),
        _ => return None,
    };
    let [first, second, ..] = whole[..] else { return None };
    (first == room).then(|| second.clone())
}

/// The files of a room from which a way leads back to them.
fn in_circles(room: &str) -> BTreeSet<String> {
    let files: Vec<&File> =
        library().iter().filter(|file| top(file) == room && file.module.len() > 1).collect();
    let names: BTreeSet<&String> = files.iter().map(|file| &file.module[1]).collect();
    let mut leads: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in &files {
        let own = &file.module[1];
        let to = source::paths(&file.tokens).into_iter();
        let to = to.filter_map(|path| inside(file, &path, room));
        let to = to.filter(|to| to != own && names.contains(to));
        leads.entry(own.clone()).or_default().extend(to);
    }
    // From each file as far as its paths lead.
    loop {
        let mut grown = false;
        for name in &names {
            let reached: BTreeSet<String> =
                leads[*name].iter().flat_map(|to| leads[to].iter().cloned()).collect();
            let all = leads.get_mut(*name).expect("it was entered above");
            let before = all.len();
            all.extend(reached);
            grown |= all.len() > before;
        }
        if !grown {
            break;
        }
    }
    leads.into_iter().filter(|(name, to)| to.contains(name)).map(|(name, _)| name).collect()
}

#[test]
fn files_of_a_room_form_no_new_circle() {
    for (room, allowed) in CIRCLES {
        let found = in_circles(room);
        let allowed: BTreeSet<String> = allowed.iter().map(|name| (*name).to_string()).collect();
        let new: Vec<&String> = found.difference(&allowed).collect();
        assert!(new.is_empty(), "in `{room}` these go in a circle: {new:?}");
        let gone: Vec<&String> = allowed.difference(&found).collect();
        assert!(gone.is_empty(), "in `{room}` these go in none; take them from CIRCLES: {gone:?}");
    }
}

fn outside_offences<'a>(files: impl Iterator<Item = &'a File>) -> Vec<Offence> {
    let mut found = Vec::new();
    for file in files {
        for path in source::paths(&file.tokens) {
            let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
            let whole = path.segments.join("::");
            let rule = match segments.as_slice() {
                ["std", module, ..]
                    if INSIDE.iter().any(|(path, of, _)| file.path == *path && of == module) =>
                {
                    continue;
                }
                ["std", module, ..] if OUTSIDE.contains(module) => {
                    format!("`{whole}`: the library reads, writes and runs nothing")
                }
                ["std", "io", item, ..] if item.starts_with("std") || *item == "*" => {
                    format!("`{whole}`: the library does not print")
                }
                // The entries of an FxHashMap are the standard library's.
                ["std", "collections", "hash_map", "Entry"] => continue,
                ["std", "collections", item, ..] if item.to_lowercase().starts_with("hash") => {
                    format!("`{whole}` has a random seed; use a BTreeMap, or FxHashMap unread")
                }
                ["hashbrown", "HashMap" | "HashSet" | "hash_map" | "hash_set", ..] => {
                    format!("`{whole}`: use a BTreeMap, or FxHashMap unread")
                }
                ["f64", function] if UNSPECIFIED.contains(function) => {
                    format!("`{whole}` differs between machines; use libm")
                }
                _ => continue,
            };
            found.push(offence(file, path.line, rule));
        }
        for three in file.tokens.windows(3) {
            let [name, bang, open] = three else { continue };
            if MACROS.contains(&name.text.as_str()) && bang.text == "!" && open.kind == Kind::Open {
                found.push(offence(file, name.line, format!("`{}!` in the library", name.text)));
            }
        }
    }
    found
}

#[test]
fn the_library_does_no_input_or_output() {
    no_offences(&outside_offences(library().iter()));
}

/// Whether the text at `at` spells these tokens.
fn spells(tokens: &[Token], at: usize, words: &[&str]) -> bool {
    tokens.len() >= at + words.len() && words.iter().zip(&tokens[at..]).all(|(w, t)| *w == t.text)
}

/// What a file says about the types of its names: fields, arguments and variables.
struct Declared<'a> {
    tokens: &'a [Token],
    /// The place, the name, whether it has one of the types, and whether it stood before a
    /// colon, as all but variables do.
    places: Vec<(usize, &'a str, bool, bool)>,
}

impl<'a> Declared<'a> {
    fn read(tokens: &'a [Token], types: &[&str]) -> Declared<'a> {
        let mut types: BTreeSet<&str> = types.iter().copied().collect();
        for at in 0..tokens.len() {
            // type Alias = FxHashMap<…>;
            if tokens[at].text == "type"
                && spells(tokens, at + 2, &["="])
                && first_type(tokens, at + 3).is_some_and(|t| types.contains(&*tokens[t].text))
            {
                types.insert(&tokens[at + 1].text);
            }
        }
        let mut places = Vec::new();
        for at in 1..tokens.len() {
            let name = &tokens[at - 1];
            let is_let = at > 1 && matches!(&*tokens[at - 2].text, "let" | "mut");
            let typed = first_type(tokens, at + 1).filter(|t| types.contains(&*tokens[*t].text));
            let found = match tokens[at].text.as_str() {
                ":" => typed.is_some(),
                // let name = FxHashMap::default();
                "=" if is_let => typed.is_some_and(|t| spells(tokens, t + 1, &["::"])),
                _ => continue,
            };
            if name.kind == Kind::Ident {
                places.push((at, &*name.text, found, tokens[at].text == ":"));
            }
        }
        Declared { tokens, places }
    }

    /// Whether the name at `at` has one of the types.
    fn has(&self, at: usize) -> bool {
        let dot = if at > 0 && self.tokens[at - 1].text == "." { "self." } else { "" };
        self.has_name(&format!("{dot}{}", self.tokens[at].text), at)
    }

    /// Whether that name has one of the types at `at`. After a dot it is a field: every
    /// declaration of the name must agree; else the last one above counts.
    fn has_name(&self, name: &str, at: usize) -> bool {
        let field = name.rsplit_once('.').map(|(_, field)| field);
        let mut same = self.places.iter().filter(|(_, other, ..)| *other == field.unwrap_or(name));
        if field.is_some() {
            let mut fields = same.filter(|(.., colon)| *colon).map(|(_, _, found, _)| *found);
            return fields.next() == Some(true) && fields.all(|found| found);
        }
        same.rfind(|(place, ..)| *place <= at).is_some_and(|(_, _, found, _)| *found)
    }
}

/// The last segment of the path of the type that starts at `at`, references and `Option` seen
/// through.
fn first_type(tokens: &[Token], at: usize) -> Option<usize> {
    let mut at = at;
    loop {
        let token = tokens.get(at)?;
        let passes = matches!(&*token.text, "&" | "mut" | "'" | "a" | "w" | "Option" | "<" | "::")
            || tokens.get(at + 1).is_some_and(|t| t.text == "::")
                && token.text.starts_with(char::is_lowercase);
        if !passes {
            return (token.kind == Kind::Ident).then_some(at);
        }
        at += 1;
    }
}

fn hash_offences(files: &[File]) -> Vec<Offence> {
    let mut found = Vec::new();
    for file in files {
        let tokens = &file.tokens;
        let maps = Declared::read(tokens, HASHES);
        for at in 0..tokens.len() {
            let name = &tokens[at];
            if name.kind != Kind::Ident || !maps.has(at) {
                continue;
            }
            let method = tokens.get(at + 2).map_or("", |t| &*t.text);
            let visits = spells(tokens, at + 1, &["."])
                && VISITS.contains(&method)
                && spells(tokens, at + 3, &["("]);
            // for x in &self.name {
            let back =
                tokens[..at].iter().rposition(|t| !matches!(&*t.text, "&" | "mut" | "." | "self"));
            let looped =
                spells(tokens, at + 1, &["{"]) && back.is_some_and(|b| tokens[b].text == "in");
            if visits || looped {
                let what = if visits {
                    format!("{}.{method}()", name.text)
                } else {
                    format!("for … in {}", name.text)
                };
                found.push(offence(
                    file,
                    name.line,
                    format!("`{what}`: a hash map is never iterated"),
                ));
            }
        }
    }
    found
}

#[test]
fn hash_maps_are_never_iterated() {
    no_offences(&hash_offences(library()));
}

fn float_offences(files: &[File]) -> Vec<Offence> {
    let mut found = Vec::new();
    for file in files.iter().filter(|f| top(f) != "scalar") {
        let tokens = &file.tokens;
        let floats = Declared::read(tokens, &["f64", "f32"]);
        for at in 0..tokens.len() {
            if spells(tokens, at, &["to_f64", "(", ")", ".", "to_string"]) {
                let rule = "a float is printed by scalar::show_f64 only".to_string();
                found.push(offence(file, tokens[at].line, rule));
            }
            let formats =
                matches!(&*tokens[at].text, "format" | "write" | "writeln" | "format_args")
                    && spells(tokens, at + 1, &["!", "("]);
            if !formats {
                continue;
            }
            for (place, what) in formatted(tokens, at + 3) {
                let float = floats.has_name(&what, place) || what.ends_with("to_f64()");
                let spec = what.starts_with(':') && (what.contains('.') || what.ends_with('e'));
                if float || spec {
                    let rule = "a float is printed by scalar::show_f64 only";
                    found.push(offence(file, tokens[place].line, format!("`{what}`: {rule}")));
                }
            }
        }
    }
    found
}

/// What a format macro prints, with its place: the names in its braces, the specifications
/// after a colon, and its arguments, references taken off.
fn formatted(tokens: &[Token], from: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let (mut open, mut start) = (0, from);
    for at in from..tokens.len() {
        let token = &tokens[at];
        match token.kind {
            Kind::Open => open += 1,
            Kind::Close => open -= 1,
            Kind::Literal if open == 0 && token.text.contains('"') => {
                for hole in token.text.split('{').skip(1).filter_map(|h| h.split('}').next()) {
                    let (name, spec) = hole.split_once(':').unwrap_or((hole, ""));
                    found.extend([(at, name.to_string()), (at, format!(":{spec}"))]);
                }
            }
            _ => {}
        }
        if open < 0 || open == 0 && token.text == "," {
            let skip = |t: &&Token| matches!(&*t.text, "&" | "*");
            let argument = tokens[start..at].iter().skip_while(skip);
            found.push((at, argument.map(|t| &*t.text).collect()));
            start = at + 1;
        }
        if open < 0 {
            break;
        }
    }
    found
}

#[test]
fn floats_are_printed_by_one_function() {
    no_offences(&float_offences(library()));
}

/// The rules find what they are for: each line of this file breaks one.
#[test]
fn each_rule_is_broken_by_its_example() {
    let rules = |path: &str, text: &str| -> Vec<usize> {
        let files = [source::parse(path, text)];
        let mut all = floor_offences(&files);
        all.extend(outside_offences(files.iter()));
        all.extend(hash_offences(&files));
        all.extend(float_offences(&files));
        let mut lines: Vec<usize> = all.into_iter().map(|o| o.line).collect();
        lines.sort_unstable();
        lines
    };
    let floors = "use crate::{diag::Error, page::Page};\nuse super::super::render;\n\
        fn f() -> crate::lower::Lowered { super::g() }\nuse crate::net;\nuse crate::Network;\n\
        #[cfg(test)]\nmod tests { use crate::render::text; }\n/// See crate::page::Page.\n\
        mod inner { use super::super::super::proof; use super::super::h; }";
    assert_eq!(rules("src/lang/scope.rs", floors), [1, 2, 3, 5, 9]);
    let siblings = "use crate::lower::Lowered;\nuse crate::proof::prove;";
    assert_eq!(rules("src/calculus/mod.rs", siblings), [2]);
    assert_eq!(rules("src/lower/mod.rs", "use crate::calculus::Rule;"), [1]);
    assert_eq!(rules("src/concrete/mod.rs", "use crate::expr::Graph;\nuse crate::net::Op;"), [1]);
    let proof = "use crate::index::{Rule, rules::norms};\nuse crate::index::Formula;";
    assert_eq!(rules("src/proof/look.rs", proof), [1]);
    let render = "use crate::expr::{Graph, Symbol};\nuse crate::lesson::Lesson;";
    assert_eq!(rules("src/render/tex.rs", render), [1, 2]);

    // Text that the rules are tried on, an offence on most of its lines; nothing of it is compiled.
    let outside = "fn f() { println!(\"x\"); }\nuse std::{fmt, fs::read};\n\
        fn g() { std::process::exit(1) }\nuse std::collections::{BTreeMap, HashMap};\n\
        fn h() { let text = \"println!() std::fs\"; }\nfn i() { f64::powi(2.0, 3); }\n\
        fn j() { std::io::stdout(); }\nfn k() { todo!() }";
    assert_eq!(rules("src/net/mod.rs", outside), [1, 2, 3, 4, 6, 7, 8]);

    let maps = "struct S<'a> { names: &'a FxHashMap<u32, u32>, list: Vec<u32> }\n\
        type Cells = FxHashMap<u32, u32>;\n\
        fn f(s: &S, cells: &Cells) { s.names.get(&1); s.list.iter(); }\n\
        fn g(s: &S) { s.names.keys(); }\nfn h(cells: Cells) { for c in &cells { } }\n\
        fn i() { let seen = rustc_hash::FxHashSet::default();\nseen.into_iter(); }\n\
        fn j(map: Option<&mut FxHashMap<u32, u32>>) {\nmap.drain(); }";
    assert_eq!(rules("src/net/mod.rs", maps), [4, 5, 7, 9]);

    let floats = "fn f(x: f64, q: Q, n: u32) {\nformat!(\"{x}\");\nformat!(\"{n} {}\", show_f64(x));\n\
        write!(w, \"{}\", x);\nformat!(\"{:.3}\", n);\nq.to_f64().to_string();\n\
        format!(\"{}\", q.to_f64());\nformat!(\"{n:>3}\"); }";
    assert_eq!(rules("src/page/words.rs", floats), [2, 4, 5, 6, 7]);
    assert_eq!(rules("src/scalar/real.rs", floats), [0; 0]);
}

/// What is drawn at random is drawn by one configuration, so that each run tests the same.
#[test]
fn every_law_draws_from_the_fixed_seed() {
    let root = super::root();
    let (mut open, mut laws) = (vec![root.join("src"), root.join("tests")], 0);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for (at, _) in text.match_indices(concat!("proptest", "! {")) {
                let config = text[at..].lines().nth(1).unwrap_or_default();
                assert!(config.contains("laws("), "{}: a law without `laws`", path.display());
                laws += 1;
            }
            for other in [concat!("TestRunner::", "default"), concat!("deterministic", "_rng")] {
                assert!(!text.contains(other), "{}: {other}", path.display());
            }
        }
    }
    assert!(laws > 15, "{laws}");
}
