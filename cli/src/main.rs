//! The program `backproof`: the only part of the project that reads files, prints and exits.
//!
//! Goes in: arguments, files, standard input. Comes out: a page, or an error with its place, and
//! one of three exit codes. Every command is a file and reads as a straight line: text →
//! network → result → page → output. What always holds: an output file appears whole or not at
//! all, and never in the place of a file that is read; nothing is printed to standard output before
//! all of it is known to be right.

#![forbid(unsafe_code)]

mod args;
mod article;
mod check;
mod derive;
mod document;
mod examples;
mod failure;
mod interrupt;
mod junit;
mod output;
mod overwrite;
mod progress;
mod review;
mod shell;
mod show;
mod source;
mod step;
mod values;

use std::process::ExitCode;

use backproof::check::Report;
use clap::Parser;
use clap::error::{Error as Usage, ErrorKind};

use args::{Cli, Command};
use failure::Failure;

/// How a command that did its work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Good,
    /// The work was done, and gradients do not agree, or a row of a document does not hold.
    Disagrees,
}

impl Outcome {
    /// What is not judged does not count as agreement.
    fn of(report: &Report) -> Outcome {
        if report.agrees() { Outcome::Good } else { Outcome::Disagrees }
    }
}

const DISAGREES: u8 = 1;
const BAD_INPUT: u8 = 2;

/// Runs the command that the arguments name.
fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return explain(&usage),
    };
    if let Some(choice) = cli.colour() {
        choice.write_global();
    }
    match run(&cli) {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Disagrees) => ExitCode::from(DISAGREES),
        Err(failure) => {
            failure.print();
            ExitCode::from(BAD_INPUT)
        }
    }
}

fn run(cli: &Cli) -> Result<Outcome, Failure> {
    overwrite::check(cli)?;
    match &cli.command {
        None => article::run(&cli.output),
        Some(Command::Derive(args)) => derive::run(args),
        Some(Command::Check(args)) => check::run(args),
        Some(Command::Review(args)) => review::run(args),
        Some(Command::Step(args)) => step::run(args),
        Some(Command::Show(args)) => show::run(args),
        Some(Command::Examples(args)) => examples::run(args),
        Some(Command::Completions(args)) => shell::completions(args),
        Some(Command::Man(args)) => shell::man(args),
    }
}

/// Help, the version, or what is wrong with the arguments, with a word on a forgotten command.
fn explain(usage: &Usage) -> ExitCode {
    // Nobody is left to be told that printing failed.
    let _ = usage.print();
    if !usage.use_stderr() {
        return ExitCode::SUCCESS;
    }
    let first = std::env::args_os().nth(1).unwrap_or_default();
    if usage.kind() == ErrorKind::InvalidSubcommand && source::is_known(first.as_ref()) {
        let first = first.to_string_lossy();
        anstream::eprintln!(
            "\nThat is a network; name a command before it: backproof derive {first}"
        );
    }
    ExitCode::from(BAD_INPUT)
}
