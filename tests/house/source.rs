//! The project's own source as tokens, for the tests that hold it to its rules.
//!
//! In goes a Rust file; out come its tokens with their lines and the paths that it names, `use`
//! trees written out. What is compiled for tests only (`#[cfg(test)]`) is left out. Comments and
//! the contents of strings are no tokens of their own, so a path in a doc comment is none.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A source file.
pub struct File {
    /// Where it stands, from the root of the project: `src/net/mod.rs`.
    pub path: String,
    /// Its module: `["net"]`, `["proof", "normal"]`; `["lib"]` for the root of the library.
    pub module: Vec<String>,
    /// What it is made of.
    pub tokens: Vec<Token>,
    /// Its modules for tests only, as the stems of their files.
    tests: Vec<PathBuf>,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ident,
    Literal,
    Punct,
    Open,
    Close,
}

/// A piece of a source.
#[derive(Clone, Debug)]
pub struct Token {
    pub kind: Kind,
    pub text: String,
    pub line: usize,
    /// How many `mod name { … }` of this file it stands in.
    pub depth: usize,
}

/// A path that a file names: `crate::net::Op`.
#[derive(Clone, Debug)]
pub struct Named {
    pub segments: Vec<String>,
    pub line: usize,
    pub depth: usize,
}

/// Every file under `src` that is not for tests only, in the order of their paths.
pub fn library() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    collect(&root.join("src"), &mut paths);
    paths.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("a source file can be read");
        let name = path.strip_prefix(root).expect("it lies in the project");
        parse(&name.display().to_string().replace('\\', "/"), &text)
    };
    let files: Vec<File> = paths.iter().map(read).collect();
    let tests: Vec<PathBuf> = files.iter().flat_map(|f| f.tests.clone()).collect();
    let for_tests = |f: &File| {
        let path = Path::new(&f.path);
        tests.iter().any(|stem| path.starts_with(stem) || path == stem.with_extension("rs"))
    };
    files.into_iter().filter(|f| !for_tests(f)).collect()
}

fn collect(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a folder of sources can be read") {
        let path = entry.expect("its entries, too").path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// The tokens of one file.
///
/// # Panics
/// If the text is no Rust.
pub fn parse(path: &str, text: &str) -> File {
    let stream = TokenStream::from_str(text).unwrap_or_else(|e| panic!("{path}: {e}"));
    let stem = Path::new(path).with_extension("");
    let mut module: Vec<String> =
        stem.iter().skip(1).map(|part| part.to_string_lossy().into_owned()).collect();
    let own = match module.last().map(String::as_str) {
        Some("mod") => {
            module.pop();
            stem.with_file_name("")
        }
        Some("lib" | "main") => stem.with_file_name(""),
        _ => stem,
    };
    let mut file = File { path: path.to_string(), module, tokens: Vec::new(), tests: Vec::new() };
    flatten(stream, 0, &own, &mut file);
    file
}

fn flatten(stream: TokenStream, depth: usize, own: &Path, file: &mut File) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut at = 0;
    while at < trees.len() {
        if is_cfg_test(&trees, at) {
            at = after_item(&trees, at, own, &mut file.tests);
            continue;
        }
        let line = trees[at].span().start().line;
        let mut push =
            |kind, text: String, line| file.tokens.push(Token { kind, text, line, depth });
        match &trees[at] {
            TokenTree::Ident(ident) => push(Kind::Ident, ident.to_string(), line),
            TokenTree::Literal(literal) => push(Kind::Literal, literal.to_string(), line),
            TokenTree::Punct(punct) => {
                let double = punct.as_char() == ':'
                    && punct.spacing() == Spacing::Joint
                    && is_punct(trees.get(at + 1), ':');
                at += usize::from(double);
                push(Kind::Punct, if double { "::".into() } else { punct.to_string() }, line);
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                push(Kind::Open, open.into(), line);
                let module = open == "{" && at >= 2 && is_ident(trees.get(at - 2), "mod");
                flatten(group.stream(), depth + usize::from(module), own, file);
                let line = group.span_close().start().line;
                file.tokens.push(Token { kind: Kind::Close, text: close.into(), line, depth });
            }
        }
        at += 1;
    }
}

fn is_punct(tree: Option<&TokenTree>, c: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(p)) if p.as_char() == c)
}

fn is_ident(tree: Option<&TokenTree>, word: &str) -> bool {
    matches!(tree, Some(TokenTree::Ident(i)) if i == word)
}

fn is_attribute(trees: &[TokenTree], at: usize) -> bool {
    is_punct(trees.get(at), '#')
        && matches!(trees.get(at + 1), Some(TokenTree::Group(g)) if g.delimiter() == Delimiter::Bracket)
}

fn is_cfg_test(trees: &[TokenTree], at: usize) -> bool {
    is_attribute(trees, at) && trees[at + 1].to_string().replace(' ', "") == "[cfg(test)]"
}

/// The place after the item that the attribute at `at` belongs to; notes it if it is a module
/// in a file of its own.
fn after_item(trees: &[TokenTree], at: usize, own: &Path, tests: &mut Vec<PathBuf>) -> usize {
    let mut at = at;
    while is_attribute(trees, at) {
        at += 2;
    }
    let start = at;
    while let Some(tree) = trees.get(at) {
        at += 1;
        if is_punct(Some(tree), ';') {
            let module = trees[start..at].iter().position(|t| is_ident(Some(t), "mod"));
            if let Some(name) = module.and_then(|m| trees.get(start + m + 1)) {
                tests.push(own.join(name.to_string()));
            }
            break;
        }
        if matches!(tree, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace) {
            break;
        }
    }
    at
}

/// Every path of two segments or more.
pub fn paths(tokens: &[Token]) -> Vec<Named> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let first = tokens[at].kind == Kind::Ident && (at == 0 || tokens[at - 1].text != "::");
        at = if first { path_at(tokens, at, &[], &mut found) } else { at + 1 };
    }
    found.retain(|p| p.segments.len() > 1);
    found
}

/// Reads the path at `at`, its group of branches if it has one, and gives the place after it.
fn path_at(tokens: &[Token], at: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
    let Token { line, depth, .. } = tokens[at];
    let mut segments = prefix.to_vec();
    let mut at = at;
    loop {
        segments.push(tokens[at].text.clone());
        at += 1;
        if tokens.get(at).is_none_or(|t| t.text != "::") {
            break;
        }
        match tokens.get(at + 1) {
            Some(next) if next.kind == Kind::Ident || next.text == "*" => at += 1,
            Some(next) if next.kind == Kind::Open && next.text == "{" => {
                at += 2;
                while tokens.get(at).is_some_and(|t| t.kind != Kind::Close) {
                    let branch = tokens[at].kind == Kind::Ident || tokens[at].text == "*";
                    at = if branch { path_at(tokens, at, &segments, found) } else { at + 1 };
                }
                return at + 1;
            }
            _ => break,
        }
    }
    found.push(Named { segments, line, depth });
    at
}
