//! Runs the program in a directory of its own, without a terminal.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// What a run left behind.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// The output of a run that has to succeed.
    #[track_caller]
    pub fn good(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self.stdout
    }

    /// The words of a run that has to be refused, with nothing on standard output.
    #[track_caller]
    pub fn refused(self) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (2, ""), "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self.stderr
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        let code = output.status.code().expect("the program ended by itself");
        Run { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// The program, about to run in `folder`.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backproof"));
    tame(&mut command, folder);
    command
}

/// Shuts out what the tester's terminal says.
pub fn tame(command: &mut Command, folder: &Path) {
    command.current_dir(folder).stdin(Stdio::null()).env("COLUMNS", "80");
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"] {
        command.env_remove(name);
    }
}

/// An empty directory.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a directory can be made")
}

/// One run in an empty directory.
pub fn run(args: &[&str]) -> Run {
    run_in(folder().path(), args)
}

/// One run in a directory.
pub fn run_in(folder: &Path, args: &[&str]) -> Run {
    command(folder).args(args).output().expect("the program starts").into()
}
