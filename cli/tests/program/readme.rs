//! The commands of the README and of the tour, run, and their output held to what the pages show.
//!
//! A block of `console` has commands after `$` and their output below; a block of `sh` has
//! commands that have to succeed. Those of a page run one after the other in one new folder, with
//! the files that the page shows: a block of `bp net.bp` is the file `net.bp`. A block of `sh`
//! that begins with cargo is for `.ci/run`. The README's picture is made of the same output.
//! `BACKPROOF_BLESS=1 cargo test -p backproof-cli --test program readme` writes both anew.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project")
}

/// A fenced block: its language, the file that it shows, its first line's place, its lines.
struct Block<'a> {
    language: &'a str,
    file: Option<&'a str>,
    from: usize,
    lines: Vec<&'a str>,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (at, line) in text.lines().enumerate() {
        match (open, line.strip_prefix("```")) {
            (false, Some(info)) => {
                let mut words = info.split_whitespace();
                let language = words.next().unwrap_or_default();
                let file = words.next();
                blocks.push(Block { language, file, from: at + 1, lines: Vec::new() });
                open = true;
            }
            (true, Some(_)) => open = false,
            (true, None) => blocks.last_mut().expect("a block is open").lines.push(line),
            (false, None) => {}
        }
    }
    blocks
}

/// A new folder with the files that the page shows.
fn folder(name: &str, blocks: &[Block<'_>]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // What an earlier run left there would not be noticed to be missing.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder to work in");
    for block in blocks {
        if let Some(file) = block.file {
            std::fs::write(folder.join(file), block.lines.join("\n")).expect("it can be written");
        }
    }
    folder
}

/// Runs a command of a page in `folder`, and gives its standard output.
fn run(command: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_backproof"));
    let places = program.parent().expect("it lies in a folder").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-euc", command])
        .current_dir(folder)
        .env("PATH", format!("{places}:{path}"))
        .env_remove("NO_COLOR")
        .output()
        .expect("there is a shell");
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command}\n{out}{err}");
    assert!(!out.is_empty() || command.contains(" -o "), "{command} prints nothing");
    out.into_owned()
}

/// Holds a page to what it should be, or writes it.
fn hold(page: &str, wanted: &str) {
    let found = std::fs::read_to_string(root().join(page)).unwrap_or_default();
    if wanted != found && std::env::var_os("BACKPROOF_BLESS").is_some_and(|v| v == "1") {
        std::fs::write(root().join(page), wanted).expect("it can be written");
        return;
    }
    let differs = wanted.lines().zip(found.lines()).position(|(w, t)| w != t);
    let line = differs.unwrap_or_else(|| wanted.lines().count().min(found.lines().count()));
    assert!(
        wanted == found,
        "{page} is out of date from line {}:\n  it says   {:?}\n  should be {:?}\n\
         BACKPROOF_BLESS=1 cargo test -p backproof-cli --test program readme writes it anew",
        line + 1,
        found.lines().nth(line),
        wanted.lines().nth(line),
    );
}

/// Runs every command of a page; says how many there were.
fn commands_of(page: &str) -> usize {
    let text = std::fs::read_to_string(root().join(page)).expect("there is such a page");
    let blocks = blocks(&text);
    let folder = folder(&page.replace('/', "-"), &blocks);
    let mut lines: Vec<String> = text.lines().map(String::from).collect();
    let mut ran = 0;
    // From the end, so that the places of the earlier blocks stay.
    for block in blocks.iter().rev() {
        match block.language {
            "console" => {
                let mut wanted = Vec::new();
                for command in block.lines.iter().filter_map(|line| line.strip_prefix("$ ")) {
                    wanted.push(format!("$ {command}"));
                    wanted
                        .extend(run(command, &folder).trim_matches('\n').lines().map(String::from));
                    ran += 1;
                }
                lines.splice(block.from..block.from + block.lines.len(), wanted);
            }
            "sh" if !block.lines.iter().any(|l| l.starts_with("cargo ")) => {
                for command in &block.lines {
                    run(command, &folder);
                    ran += 1;
                }
            }
            _ => {}
        }
    }
    hold(page, &(lines.join("\n") + "\n"));
    ran
}

#[test]
fn commands_do_what_the_readme_shows() {
    assert!(commands_of("README.md") >= 5, "the commands were found");
}

#[test]
fn commands_do_what_the_tour_shows() {
    assert!(commands_of("docs/tour.md") > 20, "the commands were found");
}

/// Pieces of a line of the picture, each with its colour.
type Line = Vec<(&'static str, String)>;

/// What a panel of the picture shows: its heading and its lines.
struct Panel {
    heading: String,
    lines: Vec<Line>,
}

const PLAIN: &str = "#d8dee9";
const HEADING: &str = "#88c0d0";
const REASON: &str = "#a3be8c";
const NUMBER: &str = "#7b88a1";
const WRONG: &str = "#f08c8c";
const CAUSE: &str = "#ebcb8b";

/// A line of a derivation: the formula, the reason behind it, the number at the margin.
fn coloured(line: &str) -> Line {
    let numbered = line.rfind("  (2.").unwrap_or(line.len());
    let (line, number) = line.split_at(numbered);
    let gap = line.trim_end().rfind("  ").filter(|at| !line[..*at].trim().is_empty());
    let alone = !line.contains('=') && line.starts_with("      ");
    let (formula, reason) = line.split_at(if alone { 0 } else { gap.unwrap_or(line.len()) });
    vec![(PLAIN, formula.to_string()), (REASON, reason.to_string()), (NUMBER, number.to_string())]
}

/// The README's picture is the program's own output: a network, a derivation, a check.
#[test]
fn the_picture_shows_real_output() {
    let text = std::fs::read_to_string(root().join("README.md")).expect("there is a README");
    let blocks = blocks(&text);
    let folder = folder("picture", &blocks);
    let network = blocks.iter().find(|b| b.file == Some("net.bp")).expect("a network");
    let plain = |line: &str| vec![(PLAIN, line.to_string())];
    let derive = "backproof derive net.bp --wrt z --no-updates";
    let derived = run(derive, &folder);
    let find = |what: &str| {
        derived.lines().position(|l| l.contains(what)).unwrap_or_else(|| panic!("no {what}"))
    };
    let (first, put_back) = (find("definition of E"), find("u put back"));
    let (last, proof) = (find("(2.3)"), find("Each of the"));
    let shown = |from: usize, to: usize| derived.lines().skip(from).take(to - from);
    let mut derivation: Vec<Line> = shown(first, put_back + 1).map(coloured).collect();
    derivation.push(plain("        …"));
    derivation.extend(shown(last, last + 1).map(coloured));
    derivation.push(plain(""));
    derivation.extend(derived.lines().skip(proof).map(plain));
    let check = "backproof check net.bp --values v.json --against g.json";
    let checked = run(&format!("{check} || true"), &folder);
    let colours = [("Not all gradients", WRONG), ("Likely cause", CAUSE), ("in E. That", CAUSE)];
    let mut verdict = Vec::new();
    for (begins, colour) in colours {
        let line = checked.lines().find(|line| line.starts_with(begins));
        let line = line.unwrap_or_else(|| panic!("no {begins}"));
        verdict.push(vec![(colour, line.to_string())]);
    }
    let panels = [
        Panel {
            heading: "net.bp".to_string(),
            lines: network.lines.iter().map(|line| plain(line)).collect(),
        },
        Panel { heading: "$ backproof derive net.bp --wrt z".to_string(), lines: derivation },
        Panel { heading: format!("$ {check}"), lines: verdict },
    ];
    hold("docs/picture.svg", &svg(&panels));
}

/// Panels below one another, on a ground of their own, so that they can be read on any page.
fn svg(panels: &[Panel]) -> String {
    const LINE: usize = 19;
    const WIDTH: usize = 720;
    let mut texts = String::new();
    let mut below = 14;
    for panel in panels {
        let heading = vec![(HEADING, panel.heading.clone())];
        for line in std::iter::once(&heading).chain(&panel.lines) {
            below += LINE;
            let _ = write!(texts, "<text x=\"20\" y=\"{below}\">");
            for (colour, piece) in line.iter().filter(|(_, piece)| !piece.is_empty()) {
                let piece = piece.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let _ = write!(texts, "<tspan fill=\"{colour}\">{piece}</tspan>");
            }
            texts.push_str("</text>\n");
        }
        below += LINE;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{below}\" \
         viewBox=\"0 0 {WIDTH} {below}\" xml:space=\"preserve\" font-size=\"14\" \
         font-family=\"'DejaVu Sans Mono', 'Noto Sans Mono', Menlo, Consolas, monospace\">\n\
         <rect width=\"{WIDTH}\" height=\"{below}\" rx=\"8\" fill=\"#2e3440\"/>\n{texts}</svg>\n"
    )
}
