//! Why a command could not do its work: an error, and the text that its place refers to.

use backproof::diag::{Error, Kind};

use super::source::Source;

/// An error with the text that it is about, if it is about one.
#[derive(Debug)]
pub struct Failure {
    error: Error,
    source: Option<Source>,
}

impl Failure {
    /// An error in `source`.
    pub fn of(error: Error, source: &Source) -> Failure {
        let error = match error.kind() {
            Kind::Assumption => error
                .hint("--winner none lets the values decide, --given none leaves all values out"),
            _ => error,
        };
        Failure { error, source: Some(source.clone()) }
    }

    /// Prints it to standard error, with carets and hints, in colour on a terminal.
    pub fn print(&self) {
        let (name, text) = match &self.source {
            Some(source) => (source.name.as_str(), source.text.as_str()),
            None => ("", ""),
        };
        anstream::eprint!("{}", self.error.snippet(name, text, true));
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { error, source: None }
    }
}

/// The error of an operation that the system refused: `cannot read `net.bp`: permission denied`.
pub fn refused(what: &str, fault: &std::io::Error) -> Error {
    let text = fault.to_string();
    // Without the number that the standard library adds.
    let reason = text.split(" (os error").next().unwrap_or_default();
    let mut letters = reason.chars();
    let first = letters.next().map(|c| c.to_lowercase().to_string()).unwrap_or_default();
    Error::new(Kind::Io, format!("{what}: {first}{}", letters.as_str()))
}
