//! The program as a person meets it: its pages, its help, its files, its exit codes.

use std::fs;
use std::process::Command;

use super::run::{Run, command, folder, run, run_in, tame};

/// Compares with `snapshots/cli_{name}.snap`.
fn snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "../../../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(format!("cli_{name}"), text) });
}

#[test]
fn pages() {
    let cases: &[(&str, &[&str])] = &[
        ("article", &[]),
        ("outline", &["derive", "--level", "outline", "--ascii"]),
        ("expr", &["derive", "--expr", "(t - w*max(a, b))^2 / 2", "--wrt", "w"]),
        ("wide", &["derive", "wide", "--wrt", "w[0,0]", "--no-updates"]),
        ("check", &["check", "sigmoid"]),
        ("step", &["step", "--rate", "1/100"]),
        ("show", &["show"]),
        ("show_wide", &["show", "wide"]),
        ("examples", &["examples"]),
    ];
    for (name, args) in cases {
        snapshot(name, &run(args).good());
    }
}

#[test]
fn help() {
    let commands = ["derive", "check", "review", "step", "show", "examples", "completions", "man"];
    let mut text = run(&["--help"]).good();
    for command in commands {
        text.push_str(&format!("\n$ backproof {command} -h\n"));
        text.push_str(&run(&[command, "-h"]).good());
    }
    snapshot("help", &text);
    assert!(text.lines().all(|line| line.chars().count() <= 80));
    assert_eq!(run(&["--version"]).good(), concat!("backproof ", env!("CARGO_PKG_VERSION"), "\n"));
}

/// What the help, docs/checking.md, docs/review.md and docs/versioning.md say of exit codes.
#[test]
fn exit_codes_are_those_that_the_pages_name() {
    let folder = folder();
    let file = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    file("net.bp", "input x\nparam w\ntarget t\nE = (t - w*x)^2 / 2\n");
    file("v.json", r#"{"x": 2, "w": 3, "t": 1}"#);
    file("broken.json", "{");
    let checks = [
        (r#"{"w": 10}"#, 0),
        (r#"{"w": 11}"#, 1),
        // The gradient by an input counts, too, and so does a value of the forward pass.
        (r#"{"w": 10, "dx": 15}"#, 0),
        (r#"{"w": 10, "dx": 14}"#, 1),
        (r#"{"w": 10, "E": 12.5}"#, 0),
        (r#"{"w": 10, "E": 13}"#, 1),
        // Nothing by a parameter is nothing that agrees.
        (r#"{"dx": 15}"#, 1),
    ];
    for (gradients, code) in checks {
        file("g.json", gradients);
        let run = run_in(
            folder.path(),
            &["check", "net.bp", "--values", "v.json", "--against", "g.json"],
        );
        assert_eq!(run.code, code, "{gradients}: {}{}", run.stdout, run.stderr);
    }
    let reviews = [
        ("Let $y = w x$, where $x$ is given. Then $\\partial y/\\partial w = x$.", 0, 0),
        ("Let $y = w x$, where $x$ is given. Then $\\partial y/\\partial w = w$.", 1, 1),
        ("Then $\\partial E/\\partial w = w x$.", 0, 1),
        ("$\\nabla L = A \\odot B$", 0, 0),
        // A second value is a new meaning, and says so in a note.
        ("Let $y = 2$. So $y = 3$.", 0, 0),
    ];
    for (document, code, strict) in reviews {
        file("d.md", document);
        assert_eq!(run_in(folder.path(), &["review", "d.md"]).code, code, "{document}");
        assert_eq!(
            run_in(folder.path(), &["review", "d.md", "--strict"]).code,
            strict,
            "{document}"
        );
    }
    run_in(folder.path(), &["check", "net.bp", "--values", "broken.json", "--against", "g.json"])
        .refused();
    run_in(folder.path(), &["derive", "net.bp", "--no-such-option"]).refused();
}

/// Every field of the JSON outputs stands on the page that describes it, in backquotes.
#[test]
fn every_field_of_json_is_described() {
    fn fields(value: &serde_json::Value, found: &mut std::collections::BTreeSet<String>) {
        match value {
            serde_json::Value::Object(object) => {
                for (name, value) in object {
                    found.insert(name.clone());
                    fields(value, found);
                }
            }
            serde_json::Value::Array(list) => list.iter().for_each(|v| fields(v, found)),
            _ => {}
        }
    }
    let folder = folder();
    let file = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    file("net.bp", "input x\nparam w\ntarget t\nh = relu(w*x)\nE = (t - h)^2 / 2\n");
    file("v.json", r#"{"x": 2, "w": 3, "t": 1}"#);
    file("kink.json", r#"{"x": 2, "w": 0, "t": 1}"#);
    file("g.json", r#"{"w": 11, "h": 7}"#);
    file(
        "d.md",
        "Let $y = w x$, where $x$ is given, and $E = (t - y)^2/2$. Then\n\n\
         $$\\begin{align} \\frac{\\partial E}{\\partial w} &= (t - y) x \\\\ &= x (t - y) \\end{align}$$\n\n\
         By (7), $\\partial z/\\partial w = 3$, and $y := 2$.\n",
    );
    let against = ["--against", "g.json"];
    let check = |values| [&["check", "net.bp", "--values", values][..], &against[..]].concat();
    let cases: [(&[&str], &str); 6] = [
        (&["derive"], include_str!("../../../docs/json.md")),
        (&["show"], include_str!("../../../docs/json.md")),
        (&["check", "net.bp"], include_str!("../../../docs/json.md")),
        (&check("v.json"), include_str!("../../../docs/json.md")),
        (&check("kink.json"), include_str!("../../../docs/json.md")),
        (&["review", "d.md"], include_str!("../../../docs/review.md")),
    ];
    for (args, page) in cases {
        let run = run_in(folder.path(), &[args, &["--format", "json"]].concat());
        assert!(run.code < 2, "{args:?}: {}", run.stderr);
        let value = serde_json::from_str(&run.stdout).expect("it is JSON");
        let mut found = std::collections::BTreeSet::new();
        fields(&value, &mut found);
        let unsaid: Vec<_> = found.iter().filter(|f| !page.contains(&format!("`{f}`"))).collect();
        assert!(found.len() > 5 && unsaid.is_empty(), "{args:?}: not described: {unsaid:?}");
    }
}

/// Every example of every help text is a command that works.
#[test]
#[cfg(unix)]
fn the_examples_in_the_help_run() {
    let folder = folder();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_backproof"));
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", program.parent().unwrap().display());
    let mut count = 0;
    for command in
        ["--help", "derive", "check", "review", "step", "show", "examples", "completions", "man"]
    {
        let args: &[&str] = if command == "--help" { &["-h"] } else { &[command, "-h"] };
        for line in run(args).good().lines().filter(|l| l.starts_with("  backproof")) {
            // What follows two spaces explains.
            let example = line.trim_start().split("  ").next().unwrap_or_default();
            let mut shell = Command::new("sh");
            tame(shell.args(["-c", example]).env("PATH", &path), folder.path());
            let output = shell.output().unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && errors.is_empty(), "{example}: {errors}");
            count += 1;
        }
    }
    assert!(count > 25, "{count}");
}

#[test]
fn mistakes() {
    let folder = folder();
    let file = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    file("typo.bp", "input x\nparam w\ntarget t\ny = w*x\nE = (t - z)^2 / 2 + relo(w)\n");
    file("zero.bp", "input x\nparam w\nE = w/x\ngiven x = 0\ngiven w = 1\n");
    file("none.bp", "input x\nparam w\nE = w*x\n");
    file("notes.md", "Let $y = w x$. Then\n\n$$\\frac{dy}{dw} = x$$\n\nand this\nis all.\n");
    file("paper.tex", "\\begin{equation}\ny = w x\n\\end{equation}\n");
    fs::create_dir(folder.path().join("nets")).unwrap();
    let cases: &[&[&str]] = &[
        &["derive", "typo.bp"],
        &["derive", "zero.bp"],
        &["check", "zero.bp"],
        &["step", "none.bp", "--rate", "1/10"],
        &["step", "--rate", "0"],
        &["step", "--rate", "-1/10"],
        &["step", "--rate", "fast"],
        &["step"],
        &["derive", "artcle.bp"],
        &["derive", "articel"],
        &["derive", "typ.bp"],
        &["derive", "no/such/file.bp"],
        &["derive", "notes.md"],
        &["check", "paper.tex"],
        &["review", "typo.bp", "--network", "notes.md"],
        &["derive", "plain", "--winner", "c_00"],
        &["derive", "typo.bp", "-o", "./typo.bp"],
        &["derive", "nets"],
        &["derive", "--wrt", "w_22, v"],
        &["derive", "--winner", "c_5"],
        &["derive", "--winner", "c_00"],
        &["check", "--winner", "c_00"],
        &["derive", "--given", "w = [1, 2]"],
        &["derive", "--given", "w_fc = NaN"],
        &["derive", "--loss", "w"],
        &["derive", "--expr", "(t - w*x"],
        &["derive", "--expr", "w*x", "--wrt", "y"],
        &["derive", "--expr", "w*x", "net.bp"],
        &["derive", "--fragment"],
        &["derive", "-o", "net.pdf"],
        &["derive", "-o", "no/such/net.tex"],
        &["derive", "-o", "nets"],
        &["derive", "--width", "7"],
        &["check", "--trials", "0", "wide"],
        &["examples", "plane"],
        &["man", "deriv"],
        &["deriv"],
        &["plain"],
    ];
    let mut text = String::new();
    for args in cases {
        let quoted =
            |arg: &&str| if arg.contains(' ') { format!("'{arg}'") } else { arg.to_string() };
        let line: Vec<String> = args.iter().map(quoted).collect();
        text.push_str(&format!("$ backproof {}\n", line.join(" ")));
        text.push_str(&run_in(folder.path(), args).refused());
        text.push('\n');
    }
    snapshot("mistakes", &text);
}

#[test]
fn a_file_is_written_whole_in_the_format_of_its_name() {
    let folder = folder();
    let write = |args: &[&str]| assert_eq!(run_in(folder.path(), args).good(), "");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    write(&["derive", "plain", "-o", "net.tex"]);
    assert!(read("net.tex").starts_with("\\documentclass"));
    write(&["derive", "plain", "-o", "net.tex", "--fragment"]);
    assert!(!read("net.tex").contains("\\documentclass"));
    write(&["derive", "plain", "-o", "net.md"]);
    assert!(read("net.md").starts_with("# "));
    write(&["derive", "plain", "-o", "net.json"]);
    assert!(serde_json::from_str::<serde_json::Value>(&read("net.json")).is_ok());
    write(&["derive", "plain", "-o", "net.tex", "--format", "text"]);
    assert_eq!(read("net.tex"), run(&["derive", "plain"]).good());
    write(&["examples", "plain", "-o", "net.bp"]);
    assert_eq!(read("net.bp"), run(&["examples", "plain"]).good());
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["net.bp", "net.json", "net.md", "net.tex"], "nothing else is left behind");
}

#[test]
fn a_failure_leaves_the_old_file_as_it_was() {
    let folder = folder();
    fs::write(folder.path().join("out.md"), "old").unwrap();
    run_in(folder.path(), &["derive", "-o", "out.md", "--wrt", "nothing"]).refused();
    assert_eq!(fs::read_to_string(folder.path().join("out.md")).unwrap(), "old");
}

#[test]
#[cfg(unix)]
fn a_file_has_the_permissions_of_any_other() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let mode =
        |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    fs::write(folder.path().join("usual"), "").unwrap();
    run_in(folder.path(), &["derive", "plain", "-o", "new"]).good();
    assert_eq!(mode("new"), mode("usual"));
    fs::set_permissions(folder.path().join("new"), fs::Permissions::from_mode(0o640)).unwrap();
    run_in(folder.path(), &["derive", "plain", "-o", "new"]).good();
    assert_eq!(mode("new"), 0o640, "an old file keeps its own");
}

#[test]
#[cfg(unix)]
fn a_link_keeps_pointing_where_it_did() {
    let folder = folder();
    fs::write(folder.path().join("real"), "").unwrap();
    std::os::unix::fs::symlink("real", folder.path().join("link")).unwrap();
    run_in(folder.path(), &["examples", "plain", "-o", "link"]).good();
    assert!(fs::symlink_metadata(folder.path().join("link")).unwrap().is_symlink());
    assert!(fs::read_to_string(folder.path().join("real")).unwrap().contains("param"));
}

#[test]
fn standard_input_is_read_where_the_file_is_a_dash() {
    use std::io::Write;
    use std::process::Stdio;
    let folder = folder();
    let mut child = command(folder.path())
        .args(["derive", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let plain = backproof::examples::find("plain").unwrap().text;
    child.stdin.take().unwrap().write_all(plain.as_bytes()).unwrap();
    let page = Run::from(child.wait_with_output().unwrap()).good();
    assert_eq!(page, run(&["derive", "plain"]).good());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    use std::io::Read;
    use std::process::Stdio;
    let folder = folder();
    let mut child = command(folder.path())
        .args(["derive", "wide", "--level", "every", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One byte of many more than a pipe holds, and then no reader.
    let mut first = [0];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let run = Run::from(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let has_colour = |args: &[&str]| run(args).good().contains('\u{1b}');
    assert!(!has_colour(&["show"]));
    assert!(has_colour(&["show", "--color", "always"]));
    assert!(!has_colour(&["show", "--color", "never"]));
    let folder = folder();
    let forced = |name: &str| {
        let output = command(folder.path()).arg("show").env(name, "1").output().unwrap();
        Run::from(output).good().contains('\u{1b}')
    };
    assert!(forced("CLICOLOR_FORCE"));
    assert!(!forced("NO_COLOR"));
    let errors = |args: &[&str]| run(args).refused().contains('\u{1b}');
    assert!(!errors(&["derive", "--wrt", "v"]));
    assert!(errors(&["derive", "--wrt", "v", "--color", "always"]));
}

#[test]
fn text_keeps_to_its_width_and_to_ascii() {
    for width in [40, 60, 120] {
        let page = run(&["derive", "--width", &width.to_string(), "--ascii"]).good();
        assert!(page.is_ascii());
        assert!(page.lines().all(|line| line.len() <= width), "{width}");
    }
}

#[test]
fn winners_values_and_the_loss_may_come_from_the_command_line() {
    let page = run(&["derive", "--winner", "c_00", "--given", "none"]).good();
    assert!(page.contains("r_p = c₀₀  "), "{page}");
    assert!(!page.contains("with the given numbers"));
    assert!(page.contains("(t − r_fc)·(−w_fc)·i₁₁"));
    let none = run(&["derive", "wide", "--winner", "none"]).good();
    assert_eq!(none, run(&["derive", "wide"]).good(), "there was nothing to drop");
    let loss = run(&["derive", "--loss", "r_fc", "--no-updates"]).good();
    assert!(loss.starts_with("The gradients of r_fc\n"));
}

#[test]
fn every_builtin_network_checks_and_steps() {
    for example in backproof::examples::EXAMPLES {
        let name = example.name;
        if name == "lenet5" {
            // An unoptimised build takes minutes to check its 61,706 gradients at three points.
            assert!(run(&["show", name]).good().contains("61706 weights to learn"));
            continue;
        }
        let checked = run(&["check", name]);
        assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{name}: {}", checked.stdout);
        if example.text.contains("given") {
            let page = run(&["step", name, "--rate", "1/1000", "-n", "3"]).good();
            assert!(page.contains("In 3 steps E goes from"), "{name}: {page}");
        }
    }
}

#[test]
fn completions_and_manual_pages() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(run(&["completions", shell]).good().contains("no-updates"), "{shell}");
    }
    assert!(run(&["man"]).good().contains(".TH backproof 1"));
    assert!(run(&["man", "derive"]).good().contains("no\\-updates"));
}
