//! No command writes over a file that it reads. Goes in: what the user named. Comes out: nothing,
//! or an error that names both, before anything is read or written.
//!
//! What always holds: two names of one file are one file, by whatever way they lead to it: `./`,
//! a link of either kind, standard input or output that the shell tied to it.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use backproof::diag::{Error, Kind};

use super::args::{Cli, Command, ValueArgs};

/// A file that a command reads, and what it is to the command.
#[derive(Debug)]
struct Read<'a> {
    what: &'static str,
    from: From<'a>,
}

#[derive(Debug)]
enum From<'a> {
    Stdin,
    File(&'a Path),
}

/// Errors: the output is one of the files that are read.
pub fn check(cli: &Cli) -> Result<(), Error> {
    let Some(command) = &cli.command else { return Ok(()) };
    let (reads, output) = files(command);
    let to = output.filter(|path| *path != Path::new("-"));
    let Some(written) = to.map_or_else(stdout, |path| identity(path).ok()) else { return Ok(()) };
    let same = |read: &&Read| match read.from {
        From::Stdin => stdin().is_some_and(|read| read == written),
        From::File(path) => identity(path).is_ok_and(|read| read == written),
    };
    match reads.iter().find(same) {
        Some(read) => Err(refusal(read, to)),
        None => Ok(()),
    }
}

fn refusal(read: &Read, to: Option<&Path>) -> Error {
    let (to, hint) = match to {
        Some(path) => (format!("`{}`", path.display()), "choose another name for -o"),
        None => ("standard output".to_string(), "choose another file after `>`"),
    };
    let of = match read.from {
        From::Stdin => "on standard input".to_string(),
        From::File(path) => format!("`{}`", path.display()),
    };
    let what = read.what;
    Error::new(Kind::Io, format!("{to} is {what} {of}, which is read and not written over"))
        .hint(hint)
}

/// What a command reads, and the file that it writes.
fn files(command: &Command) -> (Vec<Read<'_>>, Option<&Path>) {
    match command {
        Command::Derive(args) => (network(&args.network.values), args.output.output.as_deref()),
        Command::Check(args) => {
            let mut reads = network(&args.network.values);
            let theirs = args.against.iter().map(|path| given("the file of gradients", path));
            let forward = args.forward.iter().map(|path| given("the file of values", path));
            let theirs = theirs.chain(forward);
            reads.extend(theirs);
            (reads, args.output.output.as_deref())
        }
        Command::Review(args) => {
            let mut reads: Vec<Read<'_>> =
                read("the network", args.network.as_deref()).into_iter().collect();
            if args.files.is_empty() {
                reads.extend(read("the document", Some(Path::new("-"))));
            }
            reads.extend(args.files.iter().filter_map(|file| read("the document", Some(file))));
            (reads, args.output.as_deref())
        }
        Command::Step(args) => (network(&args.values), args.output.output.as_deref()),
        Command::Show(args) => (network(&args.network.values), args.output.output.as_deref()),
        // They read nothing: what is built in is in the program.
        Command::Examples(_) | Command::Completions(_) | Command::Man(_) => (Vec::new(), None),
    }
}

fn network(args: &ValueArgs) -> Vec<Read<'_>> {
    let network = read("the network", args.file.as_deref());
    let values = args.values.iter().map(|path| given("the file of values", path));
    network.into_iter().chain(values).collect()
}

/// A file, or standard input for `-`.
fn read<'a>(what: &'static str, path: Option<&'a Path>) -> Option<Read<'a>> {
    let path = path?;
    let from = if path == Path::new("-") { From::Stdin } else { From::File(path) };
    Some(Read { what, from })
}

fn given<'a>(what: &'static str, path: &'a Path) -> Read<'a> {
    Read { what, from: From::File(path) }
}

/// What two names of one file have in common; `None` for what is no file of its own, such as a
/// terminal, a pipe or a null device, which can be read and written without harm.
#[cfg(unix)]
fn of(file: &Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    file.is_file().then(|| (file.dev(), file.ino()))
}

#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    of(&fs::metadata(path)?).ok_or_else(|| io::ErrorKind::Other.into())
}

#[cfg(unix)]
fn stdin() -> Option<Identity> {
    use std::os::fd::AsFd;
    metadata(io::stdin().as_fd())
}

#[cfg(unix)]
fn stdout() -> Option<Identity> {
    use std::os::fd::AsFd;
    metadata(io::stdout().as_fd())
}

#[cfg(unix)]
fn metadata(open: std::os::fd::BorrowedFd<'_>) -> Option<Identity> {
    let file = fs::File::from(open.try_clone_to_owned().ok()?);
    of(&file.metadata().ok()?)
}

/// Elsewhere a file is known by the path that all links lead to.
#[cfg(not(unix))]
type Identity = std::path::PathBuf;

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    fs::canonicalize(path)
}

#[cfg(not(unix))]
fn stdin() -> Option<Identity> {
    None
}

#[cfg(not(unix))]
fn stdout() -> Option<Identity> {
    None
}
