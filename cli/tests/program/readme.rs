//! The README's commands, run, and their output held to what the README shows.
//!
//! A block of `console` has commands after `$` and their output below; a block of `sh` has
//! commands that have to succeed. They run one after the other in one new folder, with `net.bp`
//! and `hand.md` as the README has them. The first block of `sh` is for cargo, and `.ci/run` runs it.
//! `BACKPROOF_BLESS=1 cargo test -p backproof-cli --test program readme` writes the output anew.

use std::path::Path;
use std::process::Command;

/// A fenced block: its language, its first line's place, its lines.
struct Block<'a> {
    language: &'a str,
    from: usize,
    lines: Vec<&'a str>,
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (at, line) in text.lines().enumerate() {
        match (open, line.strip_prefix("```")) {
            (false, Some(language)) => {
                blocks.push(Block { language, from: at + 1, lines: Vec::new() });
                open = true;
            }
            (true, Some(_)) => open = false,
            (true, None) => blocks.last_mut().expect("a block is open").lines.push(line),
            (false, None) => {}
        }
    }
    blocks
}

/// Runs a command of the README in `folder`, and gives its standard output.
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

#[test]
fn commands_do_what_the_readme_shows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project");
    let text = std::fs::read_to_string(root.join("README.md")).expect("there is a README");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    // What an earlier run left there would not be noticed to be missing.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder to work in");

    let blocks = blocks(&text);
    let network = blocks.iter().find(|b| b.language == "bp").expect("the README has a network");
    std::fs::write(folder.join("net.bp"), network.lines.join("\n")).expect("it can be written");
    let derivation = blocks.iter().find(|b| b.language == "md").expect("it has a derivation");
    let text_of = derivation.lines.join("\n");
    std::fs::write(folder.join("hand.md"), text_of).expect("it can be written");

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
    assert!(ran > 10, "the commands were found");
    let wanted = lines.join("\n") + "\n";
    if wanted != text && std::env::var_os("BACKPROOF_BLESS").is_some_and(|v| v == "1") {
        std::fs::write(root.join("README.md"), wanted).expect("it can be written");
        return;
    }
    let differs = wanted.lines().zip(text.lines()).position(|(w, t)| w != t);
    let line = differs.unwrap_or_else(|| wanted.lines().count().min(text.lines().count()));
    assert!(
        wanted == text,
        "README.md is out of date from line {}:\n  it says   {:?}\n  should be {:?}\n\
         BACKPROOF_BLESS=1 cargo test -p backproof-cli --test program readme writes it anew",
        line + 1,
        text.lines().nth(line),
        wanted.lines().nth(line),
    );
}
