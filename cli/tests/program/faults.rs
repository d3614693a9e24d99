//! What goes wrong on the way: the disk is full, the reader has gone, somebody interrupts, the
//! folder is not ours to write in, two runs write the same file, the clock jumps. Each time no
//! file is half written, nothing that was there is lost, and the exit code says what happened.
//!
//! A file system of the test's own takes a namespace of mounts, and a clock that jumps takes a C
//! compiler; where a machine gives none, the test says so and ends.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::run::{command, folder, run_in, tame};

const PROGRAM: &str = env!("CARGO_BIN_EXE_backproof");

/// A page of some length, and a second of work at most.
const WORK: &[&str] = &["derive", "xor", "--format", "json"];

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A shell that runs `script` in `folder`, with the program as `$0`.
fn shell(folder: &Path, script: &str) -> std::process::Output {
    let mut shell = Command::new("sh");
    tame(shell.args(["-c", script, PROGRAM]), folder);
    shell.output().expect("there is a shell")
}

/// The same where `script` may mount what it likes; `None` where the machine does not let it.
fn with_mounts(folder: &Path, script: &str) -> Option<std::process::Output> {
    let mut shell = Command::new("unshare");
    tame(shell.args(["-rm", "sh", "-c", script, PROGRAM]), folder);
    let output = shell.output().ok()?;
    (output.status.code() != Some(77)).then_some(output).or_else(|| {
        eprintln!("skipped: this machine gives no file system of one's own");
        None
    })
}

#[track_caller]
fn assert_refused(output: &std::process::Output, says: &str) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains(says) && !told.contains("panicked"), "{told}");
}

#[test]
fn a_full_disk() {
    let folder = folder();
    let at = folder.path();
    assert_refused(&shell(at, "exec \"$0\" > /dev/full"), "cannot write to standard output");
    assert_refused(&shell(at, "exec \"$0\" -o /dev/full"), "cannot write `/dev/full`");
    assert_eq!(names(at), [""; 0]);

    let small = "mkdir small && mount -t tmpfs -o size=8k tmpfs small || exit 77; cd small; \
        printf old > page.txt; \"$0\" derive xor -o page.txt; code=$?; ls -A; cat page.txt; exit $code";
    if let Some(output) = with_mounts(at, small) {
        assert_refused(&output, "cannot write `page.txt`: no space left on device");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "page.txt\nold");
    }
}

/// The system's limit on a file's length is an error like a full disk, and no sudden end.
#[test]
fn a_file_that_may_not_be_so_long() {
    let folder = folder();
    fs::write(folder.path().join("page.txt"), "old").unwrap();
    let output = shell(folder.path(), "ulimit -f 2; exec \"$0\" derive xor -o page.txt");
    assert_refused(&output, "cannot write `page.txt`: file too large");
    assert_eq!(names(folder.path()), ["page.txt"]);
    assert_eq!(fs::read_to_string(folder.path().join("page.txt")).unwrap(), "old");
}

#[test]
fn a_reader_that_has_gone() {
    let folder = folder();
    let mut child = command(folder.path());
    let mut child = child.args(WORK).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()),
        (Some(0), "")
    );
}

#[test]
fn a_folder_that_is_not_ours() {
    let folder = folder();
    let locked = "mkdir locked && printf old > locked/page.txt && mount --bind locked locked \
        && mount -o remount,ro,bind locked || exit 77; \"$0\" -o locked/page.txt; code=$?; \
        ls -A locked; cat locked/page.txt; exit $code";
    if let Some(output) = with_mounts(folder.path(), locked) {
        assert_refused(&output, "cannot write `locked/page.txt`: read-only file system");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "page.txt\nold");
    }
}

/// The processor time of a process so far, in the system's ticks; `None` when it has ended.
fn ticks(child: &mut Child) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
    if child.try_wait().expect("it is our child").is_some() {
        return None;
    }
    let after = stat.rsplit(')').next()?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

/// Ten moments, by the processor time of the program itself, and the last ones where it writes.
#[test]
fn an_interrupt_at_any_moment() {
    let folder = folder();
    let at = folder.path();
    let page = at.join("page.json");
    let start = || command(at).args(WORK).args(["-o", "page.json"]).spawn().unwrap();
    let mut whole_run = start();
    let mut all = 0;
    while let Some(now) = ticks(&mut whole_run) {
        all = all.max(now);
    }
    let whole = fs::read_to_string(&page).expect("the first run writes its page");
    let mut interrupted = 0;
    for moment in 0..10 {
        fs::write(&page, "old").unwrap();
        let mut child = start();
        // From the start to the end, and unevenly in between.
        let until = all * (moment * 7 % 10 + 1) / 10;
        while ticks(&mut child).is_some_and(|now| now < until) {}
        let signal = ["INT", "TERM", "HUP"][moment as usize % 3];
        let id = child.id().to_string();
        // It fails where the program has ended by itself.
        let _ = Command::new("kill").args(["-s", signal, &id]).stderr(Stdio::null()).status();
        let status = child.wait().unwrap();
        let left = fs::read_to_string(&page).unwrap();
        match (status.code(), status.signal()) {
            (Some(0), None) => assert_eq!(left, whole),
            (None, Some(1 | 2 | 15)) => {
                assert!(left == "old" || left == whole, "{} bytes", left.len());
                interrupted += 1;
            }
            ended => panic!("{ended:?}"),
        }
        assert_eq!(names(at), ["page.json"]);
    }
    assert!(interrupted >= 5, "{interrupted}");
}

#[test]
fn two_runs_that_write_the_same_file() {
    let folder = folder();
    let at = folder.path();
    let start = |network| {
        command(at).args(["derive", network, "-o", "page.txt"]).spawn().expect("the program starts")
    };
    let whole = ["xor", "sigmoid"].map(|network| run_in(at, &["derive", network]).good());
    for _ in 0..5 {
        let mut runs = ["xor", "sigmoid"].map(start);
        assert!(runs.iter_mut().all(|run| run.wait().unwrap().success()));
        let page = fs::read_to_string(at.join("page.txt")).unwrap();
        assert!(whole.contains(&page), "{} bytes", page.len());
        assert_eq!(names(at), ["page.txt"]);
    }
}

/// A clock that goes back by an hour at every second look, and forward by a day at the others.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *to) {
    static int (*real)(clockid_t, struct timespec *);
    static int looks;
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int code = real(id, to);
    to->tv_sec += looks++ % 2 ? 86400 : -3600;
    return code;
}
"#;

#[test]
fn a_clock_that_jumps() {
    let folder = folder();
    let at = folder.path();
    fs::write(at.join("clock.c"), CLOCK).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-o", "clock.so", "clock.c", "-ldl"])
        .current_dir(at)
        .status();
    if !compiled.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this machine has no C compiler");
        return;
    }
    // The sign of life looks at the clock; `script` gives it the terminal that it asks for.
    for args in [&["check", "sigmoid"] as &[&str], &["derive", "xor", "--level", "outline"]] {
        let usual = run_in(at, args).good();
        let line = format!("'{PROGRAM}' {} 2>/dev/tty", args.join(" "));
        for jumping in [
            command(at).args(args).env("LD_PRELOAD", at.join("clock.so")).output(),
            tame_script(at, &line).env("LD_PRELOAD", at.join("clock.so")).output(),
        ] {
            let Ok(output) = jumping else {
                eprintln!("skipped: there is no `script`");
                continue;
            };
            let text = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
            assert_eq!(output.status.code(), Some(0), "{text}");
            assert!(!text.contains("panicked"), "{text}");
            let last = usual.trim_end().lines().last().unwrap();
            assert!(text.contains(last), "{text}");
        }
    }
}

fn tame_script(at: &Path, line: &str) -> Command {
    let mut script = Command::new("script");
    tame(script.args(["-qec", line, "/dev/null"]), at);
    script
}
