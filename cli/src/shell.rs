//! `backproof completions` and `backproof man`: what a package ships beside the program.

use backproof::diag::{Error, Kind, nearest};
use clap::CommandFactory;

use super::args::{Cli, CompletionsArgs, ManArgs};
use super::failure::{Failure, refused};
use super::{Outcome, output};

/// Prints the script that completes the command line in a shell.
pub fn completions(args: &CompletionsArgs) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "backproof", &mut script);
    output::put_text(&String::from_utf8_lossy(&script), None)?;
    Ok(Outcome::Good)
}

/// Prints the manual page of the program or of one command, as `man` reads it.
pub fn man(args: &ManArgs) -> Result<Outcome, Failure> {
    let mut program = Cli::command();
    program.build();
    let command = match &args.command {
        None => program,
        Some(name) => named(&program, name)?,
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .source(concat!("backproof ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)
        .map_err(|fault| refused("cannot write the manual page", &fault))?;
    output::put_text(&String::from_utf8_lossy(&page), None)?;
    Ok(Outcome::Good)
}

fn named(program: &clap::Command, name: &str) -> Result<clap::Command, Error> {
    if let Some(command) = program.find_subcommand(name) {
        return Ok(command.clone());
    }
    let names = || program.get_subcommands().map(clap::Command::get_name);
    let error = Error::new(Kind::Name, format!("there is no command `{name}`"));
    Err(match nearest(name, names()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("the commands: {}", names().collect::<Vec<_>>().join(", "))),
    })
}
