//! Input that no person would write, or only by accident: each gets a clear answer within a
//! bound of memory and of processor time, which the system enforces.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use super::run::{Run, folder, tame};

/// The most memory, in kibibytes of address space, and processor time, in seconds. A release
/// build needs a tenth of the time.
const LIMITS: &str = "ulimit -v 204800; ulimit -t 10; exec \"$0\" \"$@\"";

/// The program under the limits, with `input` on standard input.
fn limited(args: &[&str], input: impl FnOnce(&mut dyn Write)) -> Run {
    let folder = folder();
    let mut command = Command::new("sh");
    command.args(["-c", LIMITS, env!("CARGO_BIN_EXE_backproof")]).args(args);
    tame(&mut command, folder.path());
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    input(&mut child.stdin.take().unwrap());
    child.wait_with_output().unwrap().into()
}

/// `backproof derive -` with this text.
fn derive(text: &str) -> Run {
    // The program may have gone before it has read all.
    limited(&["derive", "-"], |stdin| drop(stdin.write_all(text.as_bytes())))
}

#[track_caller]
fn assert_refused(text: &str, says: &str) {
    let error = derive(text).refused();
    assert!(error.starts_with("error: ") && error.contains(says), "{error}");
}

#[test]
fn texts_that_are_no_network() {
    assert_refused("", "nothing is defined");
    assert_refused("\u{0}\u{1}\u{2}", "error");
    assert_refused("}{][)(", "error");
    let junk: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    let run = limited(&["derive", "-"], |stdin| drop(stdin.write_all(&junk)));
    assert!(run.refused().contains("the text is not UTF-8: byte 128 is 0x80"));
}

#[test]
fn a_line_of_100_megabytes() {
    let run = limited(&["derive", "-"], |stdin| {
        let block = [b'x'; 1 << 16];
        // Ends early where the program stops reading.
        (0..100_000_000 / block.len()).all(|_| stdin.write_all(&block).is_ok());
    });
    assert!(run.refused().contains("standard input is longer than 4 MiB"));
    let endless = limited(&["derive", "/dev/zero"], |_| {});
    assert!(endless.refused().contains("/dev/zero is longer than 4 MiB"));
    let most = "x".repeat(4 << 20);
    assert_refused(&most, "this name has 4194304 letters, and 100 is the most");
}

#[test]
fn nesting_and_lengths() {
    let nested = format!("param w\nE = {}w{}", "(".repeat(100_000), ")".repeat(100_000));
    assert_refused(&nested, "nested more than 200 levels deep");
    assert_refused(&format!("param w\nE = {}w", "-".repeat(100_000)), "more than 200 levels");
    assert_refused(&format!("param w\nE = w{}", "^w".repeat(100_000)), "more than 200 levels");
    let sum: Vec<String> = (0..10_000).map(|n| format!("x_{n}")).collect();
    assert_refused(&format!("E = {}", sum.join(" + ")), "there may be more, 20 are shown");
}

#[test]
fn numbers_out_of_all_bounds() {
    assert_refused("param w\nE = w*1e400", "beyond ±308");
    assert_refused("param w\nE = w*2^2^2^2^2", "the exponent 65536 is beyond ±1000");
    assert_refused("param w\nE = w^2^2^2^2^2", "the exponent 65536 is beyond ±1000");
    assert_refused(&format!("param w\nE = w*{}", "9".repeat(5000)), "digits");
    assert_refused("param w\nE = w^2\ngiven w = NaN", "`NaN` cannot be given");
    assert_refused("param w\nE = w^2\ngiven w = 1/0", "division by zero");
}

#[test]
fn shapes_that_cannot_be() {
    assert_refused("param w[0]\nE = sum(w)", "at least 1 element");
    assert_refused("param w\nE = w[0]", "`w` is a scalar and has no elements");
    assert_refused("param w[100000, 100000]\nE = sum(w)", "at most 1048576 elements");
    let conv = |option: &str| {
        format!("input i[4, 4]\nparam w[2, 2]\nc = conv(i, w, {option})\nE = sum(c)")
    };
    assert_refused(&conv("stride: -1"), "`stride` must be a whole number from 1");
    assert_refused(&conv("stride: 0"), "`stride` must be a whole number from 1");
    assert_refused(&conv("padding: -1"), "`padding` must be a whole number from 0");
}

#[test]
fn points_where_there_is_no_value() {
    let zero = "input x\nparam w\nE = w/x\ngiven x = 0\ngiven w = 1";
    assert_refused(zero, "division by zero at the given numbers");
    let check = limited(&["check", "-"], |stdin| drop(stdin.write_all(zero.as_bytes())));
    assert!(check.refused().contains("division by zero"));
    assert_refused("param w\nE = ln(w)\ngiven w = -1", "no value at the given numbers");
}

#[test]
fn a_max_over_144_cells_is_one_formula() {
    let page = limited(&["derive", "wide"], |_| {}).good();
    assert!(page.contains("∂E/∂w_{m,n} = (t − r_fc)·(−w_fc)·i_{a+m,b+n}"), "{page}");
    assert!(page.contains("There are 144 cases"));
    assert!(page.lines().count() < 250, "{}", page.lines().count());
}

#[test]
fn a_name_of_a_file_may_be_anything() {
    for name in ["", " ", "--", "\n", "a\u{1b}[31mb", "ü", &"x".repeat(5000)] {
        let run = limited(&["derive", "--", name], |_| {});
        let error = run.refused();
        assert!(!error.contains('\u{1b}'), "{error}");
    }
    let folder = folder();
    let path = folder.path().join("link");
    std::os::unix::fs::symlink("link", &path).unwrap();
    let looped = limited(&["derive", path.to_str().unwrap()], |_| {});
    assert!(looped.refused().contains("cannot read"));
    let full = limited(&["derive", "-o", "/dev/full"], |_| {});
    assert!(full.refused().contains("cannot write `/dev/full`"));
    let null = limited(&["derive", "-o", "/dev/null"], |_| {});
    assert_eq!(null.good(), "");
    assert!(fs::metadata("/dev/null").is_ok_and(|m| !m.is_file()));
}
