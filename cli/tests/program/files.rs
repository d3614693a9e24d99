//! Values and gradients from files, by the program itself. The files are in `tests/fixtures/numpy`,
//! and the script that made them stands beside them.

use std::fs;
use std::path::Path;

use super::run::{Run, command, folder, run_in, tame};

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/numpy")
}

/// One run beside the files, by words without blanks.
fn run(line: &str) -> Run {
    run_in(&fixtures(), &line.split(' ').collect::<Vec<_>>())
}

/// Compares with `snapshots/files_{name}.snap`.
fn snapshot(name: &str, text: &str) {
    insta::with_settings!({
        snapshot_path => "../../../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(format!("files_{name}"), text) });
}

const VALUES: &str = "--winner none --values values_f32.npz";

/// A run of `check` with its exit code.
fn told(line: &str) -> String {
    let run = run(line);
    format!("$ backproof {line}\n{}{}exit code {}\n", run.stdout, run.stderr, run.code)
}

#[test]
fn right_gradients_of_every_format_agree() {
    for format in ["f16", "f32", "f64"] {
        let line = format!(
            "check article --winner none --values values_{format}.npz --against grads_{format}.npz"
        );
        let page = run(&line).good();
        assert!(page.contains("All 5 gradients agree"), "{page}");
    }
}

#[test]
fn wrong_gradients_are_explained() {
    let check =
        |against: &str| told(&format!("check article {VALUES} --against grads_{against}.npz"));
    let pages = ["wrong_element", "wrong_sign", "widened", "transposed", "partly"].map(check);
    snapshot("wrong", &pages.join("\n"));
    let widened = format!("check article {VALUES} --against grads_widened.npz --precision f32");
    run(&widened).good();
}

#[test]
fn kinks_are_somebodys() {
    let check = |whose: &str| {
        told(&format!(
            "check kink.bp --values kink_values.json --against kink_{whose}.json --from jax"
        ))
    };
    snapshot("kinks", &["jax", "torch", "nobody", "outside"].map(check).join("\n"));
}

#[test]
fn what_does_not_fit_is_refused() {
    let lines = [
        format!("check article {VALUES} --against grads_typo.npz"),
        "check article --values values_shapes.npz --against grads_f32.npz".to_string(),
        format!("check article {VALUES} --against grads_f32.npz --against grads_f64.npz"),
        format!("check article {VALUES} --against none.npz --against make.py"),
        "check article --values values_f32.npz --against grads_f32.npz".to_string(),
        "check kink.bp --against kink_jax.json".to_string(),
        format!("check article {VALUES} --against grads_f32.npz --seed 3"),
        "check article --from torch".to_string(),
        "derive plain --format junit".to_string(),
        "show kink.bp --values ../numpy".to_string(),
    ];
    let all = lines.map(|line| format!("$ backproof {line}\n{}", run(&line).refused()));
    snapshot("refused", &all.join("\n"));
}

#[test]
fn the_report_as_json_and_junit() {
    let line = format!("check article {VALUES} --against grads_wrong_sign.npz --format");
    let [json, junit] = ["json", "junit"].map(|format| {
        let run = run(&format!("{line} {format}"));
        assert_eq!((run.code, run.stderr.as_str()), (1, ""));
        run.stdout
    });
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    snapshot("json", &json);
    snapshot("junit", &junit);
    let folder = folder();
    let good = folder.path().join("good.xml");
    let line = format!("check plain -o {}", good.display());
    assert_eq!(run(&line).good(), "");
    assert!(fs::read_to_string(good).unwrap().contains("failures=\"0\""));
}

#[test]
fn values_serve_every_command_and_given_counts_more() {
    let shown = run("derive kink.bp --values kink_values.json --level outline").good();
    assert!(shown.contains("[0 > 0] + 2 + 4·sgn(0) = 2"), "{shown}");
    let folder = folder();
    fs::write(folder.path().join("net.bp"), "input x\nparam w\nE = (w*x)^2\ngiven x = 1, w = 1")
        .unwrap();
    fs::write(folder.path().join("v.json"), r#"{"x": 2, "w": 0.5}"#).unwrap();
    let page = |line: &str| run_in(folder.path(), &line.split(' ').collect::<Vec<_>>()).good();
    assert!(
        page("step net.bp --rate 1/8 --times 1 --values v.json").contains("E goes from 1 to 0")
    );
    assert!(page("check net.bp --values v.json").contains("E = 1."));
    assert!(page("check net.bp --values v.json --given w=2").contains("E = 16."));
    assert!(page("check net.bp --values v.json --given none").contains("E = 1."));
}

/// The command that a report names works as it stands.
#[test]
#[cfg(unix)]
fn the_derivation_that_is_named_can_be_had() {
    let line = format!("check article {VALUES} --against grads_wrong_element.npz");
    let page = run(&line).stdout;
    let command = page.lines().find(|l| l.trim_start().starts_with("backproof derive")).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_backproof"));
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = std::process::Command::new("sh");
    tame(shell.args(["-c", command]), &fixtures());
    shell.env("PATH", format!("{}:{path}", program.parent().unwrap().display()));
    let output = Run::from(shell.output().unwrap()).good();
    assert!(output.contains("∂E/∂w₀₁"), "{output}");
}

/// A folder with one file of each kind that a command reads, and other names of them.
#[cfg(unix)]
fn linked() -> (tempfile::TempDir, Vec<(&'static str, String)>) {
    let folder = folder();
    let files = [
        ("net.bp", "input x\nparam w\ntarget t\nE = (t - w*x)^2/2\ngiven x = 1, w = 2, t = 3"),
        ("v.json", r#"{"x": 1, "w": 2, "t": 3}"#),
        ("g.json", r#"{"w": -1}"#),
        ("notes.md", "Let $y = w x$.\n"),
    ];
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        std::os::unix::fs::symlink(name, folder.path().join(format!("soft-{name}"))).unwrap();
        fs::hard_link(path, folder.path().join(format!("hard-{name}"))).unwrap();
    }
    fs::create_dir(folder.path().join("nets")).unwrap();
    (folder, files.map(|(name, text)| (name, text.to_string())).to_vec())
}

#[test]
#[cfg(unix)]
fn no_command_writes_over_a_file_that_it_reads() {
    let (folder, files) = linked();
    let cases = [
        ("net.bp", "derive net.bp"),
        ("net.bp", "derive net.bp -f latex"),
        ("net.bp", "step net.bp --rate 1/10"),
        ("net.bp", "show net.bp"),
        ("net.bp", "check net.bp"),
        ("net.bp", "check net.bp --format junit"),
        ("net.bp", "check net.bp --format json"),
        ("net.bp", "review notes.md --network net.bp"),
        ("v.json", "derive net.bp --values v.json"),
        ("v.json", "step net.bp --rate 1/10 --values v.json"),
        ("v.json", "check net.bp --values v.json --against g.json"),
        ("g.json", "check net.bp --values v.json --against g.json"),
        ("notes.md", "review notes.md"),
        ("notes.md", "review notes.md --network net.bp --format sarif"),
    ];
    for (file, line) in cases {
        for way in ["", "./", "nets/../", "soft-", "hard-"] {
            let words = format!("{line} -o {way}{file}");
            let told = run_in(folder.path(), &words.split(' ').collect::<Vec<_>>()).refused();
            assert!(told.starts_with(&format!("error: `{way}{file}` is ")), "{words}: {told}");
            assert!(told.contains(&format!("`{file}`, which is read")), "{words}: {told}");
            for (name, text) in &files {
                assert_eq!(&fs::read_to_string(folder.path().join(name)).unwrap(), text, "{words}");
            }
        }
    }
    // What is not read may be replaced, whatever it is.
    run_in(folder.path(), &["derive", "plain", "-o", "net.bp"]).good();
    run_in(folder.path(), &["examples", "plain", "-o", "net.bp"]).good();
    run_in(folder.path(), &["derive", "net.bp", "-o", "notes.md"]).good();
}

/// Standard input and output that the shell tied to a file are that file.
#[test]
#[cfg(unix)]
fn a_file_on_standard_input_is_read_as_well() {
    let (folder, files) = linked();
    let open = |name: &str| fs::File::open(folder.path().join(name)).unwrap();
    let (net, notes) = (&files[0].1, &files[3].1);
    let mut derive = command(folder.path());
    derive.args(["derive", "-", "-o", "net.bp"]).stdin(open("net.bp"));
    let told = Run::from(derive.output().unwrap()).refused();
    assert!(told.contains("`net.bp` is the network on standard input"), "{told}");
    let mut review = command(folder.path());
    review.args(["review", "-o", "soft-notes.md"]).stdin(open("notes.md"));
    let told = Run::from(review.output().unwrap()).refused();
    assert!(told.contains("`soft-notes.md` is the document on standard input"), "{told}");
    let mut append = command(folder.path());
    let end = fs::File::options().append(true).open(folder.path().join("net.bp")).unwrap();
    append.args(["derive", "net.bp"]).stdout(end);
    let told = Run::from(append.output().unwrap()).refused();
    assert!(told.contains("standard output is the network `net.bp`"), "{told}");
    assert_eq!(&fs::read_to_string(folder.path().join("net.bp")).unwrap(), net);
    assert_eq!(&fs::read_to_string(folder.path().join("notes.md")).unwrap(), notes);
}
