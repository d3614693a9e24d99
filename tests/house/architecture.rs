//! The rooms of the house, held to the page that describes them: every file has its line there, every
//! file named there exists, and names say what is in a file.
//!
//! `BACKPROOF_BLESS=1 cargo test --test house architecture` writes the lines of `docs/architecture.md`
//! anew: each is the first sentence of the file's own `//!`. The groups and their order are by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::source::{self, Kind};
use super::{read, root};

const PAGE: &str = "docs/architecture.md";

/// Where the lists of files begin and end on the page.
const LISTS: [&str; 2] = ["\n## The files\n", "\n## Tests\n"];

/// The folders whose files have a line each.
const FOLDERS: [&str; 3] = ["src", "cli/src", "tests"];

/// A sentence that says little by itself is followed by the next one.
const FEW_WORDS: usize = 10;

/// Every file in a folder and below it, by its path from the root.
fn files_in(folder: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(path) = open.pop() {
        let name = path.strip_prefix(root()).expect("it lies in the project");
        let name = name.display().to_string().replace('\\', "/");
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("a folder can be read");
            open.extend(entries.map(|entry| entry.expect("its entries, too").path()));
        } else {
            found.insert(name);
        }
    }
    found
}

/// Whether a file is there for tests alone, by its name.
fn is_for_tests(path: &str) -> bool {
    path.starts_with("src/") && (path.contains("/tests/") || path.ends_with("tests.rs"))
}

/// The room of a file and its name in there: `src/review/tex/lex.rs` is `tex/lex.rs` in `review`.
fn place(path: &str) -> Option<(String, String)> {
    if !path.ends_with(".rs") || is_for_tests(path) {
        return None;
    }
    let folder = FOLDERS.iter().find(|folder| path.starts_with(&format!("{folder}/")))?;
    let rest = &path[folder.len() + 1..];
    match (*folder, rest.split_once('/')) {
        ("src", Some((room, name))) => Some((room.to_string(), name.to_string())),
        // What stands in a folder of tests belongs to the test above it.
        ("tests", Some(_)) => None,
        (folder, _) => Some((folder.to_string(), rest.to_string())),
    }
}

/// What a file says of itself, in a line.
fn about(path: &str) -> String {
    let text = read(path);
    let docs = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    let first: Vec<&str> = docs.take_while(|line| !line.is_empty()).collect();
    let first = plain(&first.join(" "));
    let mut end = 0;
    loop {
        end = match first[end..].find(". ") {
            Some(stop) => end + stop + 2,
            None => first.len(),
        };
        let so_far = first[..end].trim_end();
        if end == first.len() || so_far.split(' ').count() >= FEW_WORDS {
            return so_far.to_string();
        }
    }
}

/// Links of the documentation of code lead nowhere on a page: ``[`Network`](crate::Network)`` is
/// `` `Network` ``.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[`") {
        let Some((name, after)) = after.split_once("`]") else { break };
        out.push_str(before);
        out.push_str(&format!("`{name}`"));
        rest = after;
        if let Some((_, after)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
            rest = after;
        }
    }
    out + rest
}

/// The lists with every line as it should be: what stands between them is kept, a file that is new
/// comes after those of its folder.
fn lists(found: &str) -> String {
    let mut rooms: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for path in FOLDERS.iter().flat_map(|folder| files_in(folder)) {
        if let Some((room, name)) = place(&path) {
            let line = format!("- `{name}`: {}", about(&path));
            rooms.entry(room).or_default().insert(name, line);
        }
    }
    let mut out: Vec<String> = Vec::new();
    let mut left: BTreeMap<String, String> = BTreeMap::new();
    let mut start = 0;
    let mut lines: Vec<String> = found.lines().map(str::to_string).collect();
    let headings: Vec<&str> = found.lines().filter_map(room_of).collect();
    for room in rooms.keys().filter(|room| !headings.contains(&room.as_str())) {
        lines.extend([String::new(), format!("### `{room}`"), String::new()]);
    }
    for line in &lines {
        if let Some(room) = room_of(line) {
            put(&mut out, start, std::mem::take(&mut left));
            start = out.len();
            left = rooms.remove(room).unwrap_or_default();
        }
        match line.strip_prefix("- `").and_then(|rest| rest.split_once('`')) {
            Some((name, _)) => out.extend(left.remove(name)),
            None => out.push(line.clone()),
        }
    }
    put(&mut out, start, left);
    out.join("\n") + "\n"
}

/// The room whose list a heading begins.
fn room_of(line: &str) -> Option<&str> {
    line.strip_prefix("### `")?.strip_suffix('`')
}

/// Puts lines that are new into the list that begins at `start`.
fn put(out: &mut Vec<String>, start: usize, new: BTreeMap<String, String>) {
    for (name, line) in new {
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        let stands = |line: &String| line.starts_with("- `");
        let alike = |line: &String| stands(line) && line.starts_with(&format!("- `{folder}"));
        let list = &out[start..];
        let after = list.iter().rposition(alike).or_else(|| list.iter().rposition(stands));
        // After the heading and an empty line, where there is no list yet.
        out.insert(start + after.map_or(2, |after| after + 1), line);
    }
}

#[test]
fn every_file_has_its_line_and_every_line_its_file() {
    let page = read(PAGE);
    let [begin, end] = LISTS.map(|mark| page.find(mark).expect("the page has the lists"));
    let begin = begin + LISTS[0].len();
    let found = &page[begin..end];
    let wanted = lists(found);
    if found == wanted {
        return;
    }
    if std::env::var_os("BACKPROOF_BLESS").is_some_and(|v| v == "1") {
        let text = format!("{}{wanted}{}", &page[..begin], &page[end..]);
        std::fs::write(root().join(PAGE), text).expect("the page can be written");
        return;
    }
    let differs = wanted.lines().zip(found.lines()).find(|(w, f)| w != f);
    let (should_be, is) = differs.unwrap_or(("more lines, or fewer", "as many as there are"));
    panic!(
        "{PAGE} is not what the files say of themselves. It should say\n  {should_be}\nand says\n  \
         {is}\nBACKPROOF_BLESS=1 cargo test --test house architecture writes it anew"
    );
}

/// The pages that name files of the source, and the folders in which they are looked for.
#[test]
fn every_file_that_is_named_exists() {
    let folders = ["src", "cli", "tests", "benches", "docs", "networks", "snapshots", ".ci"];
    let mut all: BTreeSet<String> = folders.iter().flat_map(|folder| files_in(folder)).collect();
    for path in all.clone() {
        all.extend(Path::new(&path).ancestors().skip(1).map(|dir| dir.display().to_string() + "/"));
    }
    let ends = [".rs", ".py", ".md", ".bp", "/"];
    let mut missing = Vec::new();
    let mut named = 0;
    for page in [PAGE, "CONTRIBUTING.md"] {
        let text = read(page);
        // Blocks of code have commands and pictures, and no names in ticks.
        let prose = text.split("```").step_by(2);
        let ticks = prose.flat_map(|part| part.split('`').skip(1).step_by(2));
        for name in ticks.filter(|name| ends.iter().any(|end| name.ends_with(end))) {
            let is_path = name.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
            if !is_path || name.starts_with('.') && !name.starts_with(".ci") {
                continue;
            }
            named += 1;
            let tail = format!("/{name}");
            if !all.iter().any(|path| path == name || path.ends_with(&tail))
                && !root().join(name).exists()
            {
                missing.push(format!("{page}: {name}"));
            }
        }
    }
    assert!(named > 200, "{named} files are named");
    assert!(missing.is_empty(), "these do not exist:\n{}", missing.join("\n"));
}

/// The names of files that several rooms share, since they say the same in each.
const SHARED: [&str; 4] = ["forward", "json", "mod", "words"];

/// So many files may have one name, in rooms where it means the same.
const ALIKE: usize = 3;

#[test]
fn names_of_files_are_distinct() {
    let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // The words of a page are called as the page that they are for.
    let own = |path: &String| place(path).is_some() && !path.starts_with("src/page/words/");
    for path in files_in("src").into_iter().filter(own) {
        let stem = Path::new(&path).file_stem().expect("a file has a name");
        by_name.entry(stem.display().to_string()).or_default().push(path);
    }
    by_name.retain(|name, paths| paths.len() > ALIKE && !SHARED.contains(&name.as_str()));
    assert!(by_name.is_empty(), "too many files of one name: {by_name:#?}");
}

/// Modules that are compiled for tests alone, in a text: their names, and whether they stand in
/// files of their own.
fn for_tests(text: &str) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if line != "#[cfg(test)]" {
            continue;
        }
        let skipped = |line: &&str| line.starts_with("#[") || line.starts_with("///");
        let mut elsewhere = false;
        let mut item = lines.next();
        while let Some(line) = item.filter(skipped) {
            // The laws' draw lies in `tests`, for the tests outside of the library use it, too.
            elsewhere |= line.contains("path = \"../tests/");
            item = lines.next();
        }
        let words: Vec<&str> = item.unwrap_or_default().split(' ').collect();
        let Some(at) = words.iter().position(|word| *word == "mod") else { continue };
        let Some(name) = words.get(at + 1).filter(|_| !elsewhere) else { continue };
        found.push((name.trim_end_matches(';').to_string(), name.ends_with(';')));
    }
    found
}

#[test]
fn tests_are_called_tests() {
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for path in files_in("src").into_iter().filter(|path| path.ends_with(".rs")) {
        for (name, own_file) in for_tests(&read(&path)) {
            seen += 1;
            if !(name == "tests" || own_file && name.ends_with("_tests")) {
                wrong.push(format!("{path}: {name}"));
            }
        }
    }
    assert!(seen > 50, "{seen} modules of tests were found");
    assert!(wrong.is_empty(), "for tests alone, and not called so:\n{}", wrong.join("\n"));

    let example = "#[cfg(test)]\n#[path = \"a.rs\"]\npub(crate) mod sample;\n\
        #[cfg(test)]\nmod tests {\n}\n#[cfg(test)]\nfn f() {}\n\
        #[cfg(test)]\n#[path = \"../tests/draw/laws.rs\"]\nmod laws;";
    let wanted = [("sample".to_string(), true), ("tests".to_string(), false)];
    assert_eq!(for_tests(example), wanted);
}

/// The words that a file writes itself: pieces of text by their line, and literals with a space.
fn words_of(file: &source::File) -> Vec<usize> {
    let tokens = &file.tokens;
    let spells = |at: usize, words: [&str; 3]| {
        words.iter().enumerate().all(|(n, w)| tokens.get(at + n).is_some_and(|t| t.text == *w))
    };
    let mut lines = Vec::new();
    for at in 0..tokens.len() {
        let is_piece =
            ["Words", "Strong", "Code"].iter().any(|piece| spells(at, ["Inline", "::", piece]));
        let in_docs = at >= 2 && tokens[at - 2].text == "doc";
        let literal = tokens[at].kind == Kind::Literal && tokens[at].text.contains(' ');
        if is_piece || literal && !in_docs {
            lines.push(tokens[at].line);
        }
    }
    lines
}

#[test]
fn what_a_page_says_is_written_in_its_words() {
    let mut found = Vec::new();
    let (mut in_words, mut files) = (0, 0);
    for file in source::library().iter().filter(|file| file.path.starts_with("src/page/")) {
        let lines = words_of(file);
        match file.path.starts_with("src/page/words/") {
            true => in_words += lines.len(),
            false => found.extend(lines.iter().map(|line| format!("{}:{line}", file.path))),
        }
        files += 1;
    }
    assert!(files > 20 && in_words > 200, "{in_words} pieces of text in {files} files");
    assert!(found.is_empty(), "words outside of src/page/words:\n{}", found.join("\n"));

    let example = "/// Two words.\nfn f() -> Inline {\n    Inline::Words(x)\n}\n\
        const NAME: &str = \"eta\";\nconst SENTENCE: &str = \"two words\";";
    assert_eq!(words_of(&source::parse("src/page/check.rs", example)), [3, 6]);
}

/// The examples of the guide: the file that each is from, and its lines.
fn examples(guide: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    let mut lines = guide.lines();
    let mut file = String::new();
    while let Some(line) = lines.next() {
        if let Some((_, from)) = line.rsplit_once("From `") {
            file = from.split('`').next().unwrap_or_default().to_string();
        }
        if line == "```rust" {
            let block = lines.by_ref().take_while(|line| *line != "```");
            found.push((file.clone(), block.map(str::to_string).collect()));
        }
    }
    found
}

#[test]
fn the_guide_speaks_of_the_code_as_it_is() {
    let guide = read("CONTRIBUTING.md");
    let examples = examples(&guide);
    assert!(examples.len() > 8, "{} examples", examples.len());
    for (file, lines) in examples {
        let (text, wanted) = (read(&file), lines.join("\n"));
        assert!(text.contains(&wanted), "this stands no longer in {file}:\n{wanted}");
    }
}

#[test]
fn the_guide_names_tests_that_there_are() {
    let guide = read("CONTRIBUTING.md");
    let mut named = 0;
    let words: Vec<&str> = guide.split([' ', '`', '\n']).collect();
    for pair in words.windows(2) {
        match pair {
            ["--test", name] => {
                let files = ["tests/{}.rs", "tests/{}/main.rs", "cli/tests/{}/main.rs"];
                let files = files.map(|file| file.replace("{}", name));
                let there = files.iter().any(|file| root().join(file).exists());
                assert!(there, "no test is called {name}");
            }
            ["--lib", name] if name.contains("::") => {
                let room = name.split("::").next().expect("a name has a beginning");
                let there = |end| root().join(format!("src/{room}{end}")).exists();
                assert!(there("") || there(".rs"), "no room is called {room}");
            }
            _ => continue,
        }
        named += 1;
    }
    assert!(named > 30, "{named} tests are named");
    for room in rooms() {
        assert!(guide.contains(&format!("| `{room}` | `cargo test --lib {room}::`")), "{room}");
    }
}

/// The rooms of the library.
fn rooms() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("src")).expect("the sources can be read");
    let folders = entries.map(|entry| entry.expect("its entries, too").path());
    let names = folders
        .filter(|path| path.is_dir())
        .filter_map(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    names.collect()
}
