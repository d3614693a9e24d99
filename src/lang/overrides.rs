//! A network from its text, with what the command line says instead. In goes a text and
//! [`Overrides`], out comes a [`Network`] or every error of the run.
//!
//! What always holds: an override replaces what the text says of the same quantity, max or
//! loss; an error in an override names the override and never points into the text.

use rustc_hash::FxHashMap;

use super::elaborate::Elaborator;
use super::parse::parse;
use super::scope::Scope;
use super::syntax::{Call, Expr, ExprKind, Name, Statement};
use super::winners::{Decided, NOWHERE, Winners};
use super::{MAX_ERRORS, all_or};
use crate::diag::{Error, Kind, Span};
use crate::net::Network;

/// Statements from the command line, which replace those of the text about the same thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overrides {
    /// Values: `w = [[1, 2], [3, 4]]`.
    pub given: Vec<String>,
    /// Winners of maxima: `r_p = c[1, 0]`, `p[0, 1] = c[0, 3]`, `c_10`; also `sum(t) = 1`.
    pub winners: Vec<String>,
    /// The name of the loss.
    pub loss: Option<String>,
    /// Whether to leave out every winner that the text assumes.
    pub drop_assumptions: bool,
    /// Whether to leave out every value of the text.
    pub drop_values: bool,
}

impl Overrides {
    /// The same with a change: `Overrides::default().with(|overrides| overrides.drop_values = true)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Overrides)) -> Overrides {
        change(&mut self);
        self
    }
}

/// The network that a text describes. Errors: every mistake in it, each
/// with its place, up to [`MAX_ERRORS`].
///
/// ```
/// let network = backproof::lang::parse_network("
///     input x
///     param w
///     target t
///     E = (t - w*x)^2 / 2
/// ")?;
/// assert_eq!(network.quantity(network.loss()).name, "E");
/// # Ok::<(), backproof::diag::Error>(())
/// ```
pub fn parse_network(text: &str) -> Result<Network, Error> {
    parse_network_with(text, &Overrides::default())
}

/// The network that a text describes, with values, winners and loss from elsewhere. Errors: as
/// for [`parse_network`]; those of an override begin with `in --winner …`.
///
/// ```
/// use backproof::lang::{Overrides, parse_network_with};
/// let overrides = Overrides::default().with(|all| all.given = vec!["w = 7/2".into()]);
/// let network = parse_network_with("param w\nE = w^2\ngiven w = 1", &overrides)?;
/// let w = network.find("w").unwrap();
/// assert_eq!(network.values()[&w][0].to_string(), "7/2");
/// # Ok::<(), backproof::diag::Error>(())
/// ```
pub fn parse_network_with(text: &str, overrides: &Overrides) -> Result<Network, Error> {
    let said = Said::new(overrides);
    let parsed = parse(text);
    if parsed.errors.len() >= MAX_ERRORS {
        all_or(parsed.errors)?;
        return Err(Error::new(Kind::Internal, "errors were counted and not found"));
    }
    let scope = Scope::new(&parsed.statements, &parsed.lost);
    let mut elaborator = Elaborator::new(scope, parsed.errors);
    elaborator.define_all(&parsed.statements);
    finish(elaborator, &parsed.statements, &said, overrides)
}

/// What the command line says, as statements of the language.
pub(super) struct Said(Vec<Override>);

struct Override {
    flag: &'static str,
    /// As the user wrote it.
    text: String,
    /// With the keyword before it.
    statement: String,
}

impl Said {
    pub fn new(overrides: &Overrides) -> Said {
        let one = |flag, keyword: &str, text: &String| Override {
            flag,
            text: text.clone(),
            statement: format!("{keyword} {text}"),
        };
        let given = overrides.given.iter().map(|t| one("--given", "given", t));
        let winners = overrides.winners.iter().map(|t| one("--winner", "assume", t));
        let loss = overrides.loss.iter().map(|t| one("--loss", "loss", t));
        Said(given.chain(winners).chain(loss).collect())
    }
}

/// What is known already while the rest is read.
#[derive(Default)]
struct Known<'a> {
    winners: Winners,
    /// Whose values are given, and where; `None` on the command line.
    given: FxHashMap<&'a str, Option<Span>>,
    loss: Option<Option<Span>>,
}

/// The values, winners and loss of `said`, then those of `statements` that they do not replace;
/// and the network.
pub(super) fn finish<'a>(
    mut elaborator: Elaborator<'a>,
    statements: &[Statement<'a>],
    said: &'a Said,
    overrides: &Overrides,
) -> Result<Network, Error> {
    let mut known = Known::default();
    for said in &said.0 {
        let before = std::mem::take(&mut elaborator.errors);
        let parsed = parse(&said.statement);
        elaborator.errors = parsed.errors;
        let right = |s: &Statement| match s {
            Statement::Given { .. } => said.flag == "--given",
            Statement::Assume { .. } => said.flag == "--winner",
            Statement::Loss { .. } => said.flag == "--loss",
            _ => false,
        };
        for statement in &parsed.statements {
            if right(statement) {
                elaborator.say(&mut known, statement, None);
            } else {
                let error = Error::new(Kind::Syntax, "only one statement goes here");
                elaborator.errors.push(error);
            }
        }
        let found = std::mem::replace(&mut elaborator.errors, before);
        elaborator.errors.extend(found.into_iter().map(|e| in_override(said, &e)));
    }
    for statement in statements {
        let dropped = match statement {
            Statement::Assume { of, .. } => {
                overrides.drop_assumptions && of.as_ref().and_then(sum_of).is_none()
            }
            Statement::Given { .. } => overrides.drop_values,
            _ => false,
        };
        if elaborator.is_full() {
            break;
        }
        if !dropped && let Some(span) = place(statement) {
            elaborator.say(&mut known, statement, Some(span));
        }
    }
    all_or(elaborator.errors)?;
    elaborator.builder.finish()
}

/// The place of a statement about quantities that exist.
fn place(statement: &Statement) -> Option<Span> {
    match statement {
        Statement::Given { name, .. } | Statement::Loss { name } => Some(name.span),
        Statement::Assume { of, value } => {
            Some(of.as_ref().map_or(value.span, |of| of.span.to(value.span)))
        }
        Statement::Declare { .. } | Statement::Define { .. } => None,
    }
}

/// The call of `sum` that an assumption is about.
fn sum_of<'e, 'a>(of: &'e Expr<'a>) -> Option<&'e Call<'a>> {
    match &of.kind {
        ExprKind::Call(call) if call.name.text == "sum" => Some(call),
        _ => None,
    }
}

impl<'a> Elaborator<'a> {
    /// A value, a winner or a loss, said at `place` of the text or, without one, elsewhere.
    fn say(&mut self, known: &mut Known<'a>, statement: &Statement<'a>, place: Option<Span>) {
        match statement {
            Statement::Given { name, value } => self.say_given(known, *name, value, place),
            Statement::Assume { of, value } => {
                if let Some(sum) = of
                    && let Some(call) = sum_of(sum)
                {
                    if let Some((id, axes)) = self.distribution(sum, call, value) {
                        let place = place.unwrap_or(NOWHERE);
                        let result = self.builder.at(place).normalise(id, &axes);
                        self.report(result, place);
                    }
                    return;
                }
                let decided = self.winner(&mut known.winners, of.as_ref(), value);
                let Some(Decided { max, element, winner }) = decided else { return };
                if place.is_none() {
                    known.winners.replaced.insert((max, element));
                } else if known.winners.replaced.contains(&(max, element)) {
                    return;
                }
                let place = place.unwrap_or(NOWHERE);
                let result = self.builder.at(place).assume(max, element, winner);
                self.report(result, place);
            }
            Statement::Loss { name } => {
                if let Some(first) = known.loss {
                    // The command line's word counts; twice in one place is a mistake.
                    if first.is_some() || place.is_none() {
                        let error = Error::new(Kind::Name, "the loss is named twice");
                        let first = first.unwrap_or(NOWHERE);
                        self.errors.push(error.at(name.span).also(first, "first named here"));
                    }
                    return;
                }
                known.loss = Some(place);
                if let Some(id) = self.builder.find(name.text) {
                    let result = self.builder.set_loss(id);
                    self.report(result, name.span);
                } else if self.name(name.text, name.span).is_some() {
                    let message = format!("the loss `{}` has no definition", name.text);
                    self.errors.push(Error::new(Kind::Name, message).at(name.span));
                }
            }
            Statement::Declare { .. } | Statement::Define { .. } => {}
        }
    }

    fn say_given(
        &mut self,
        known: &mut Known<'a>,
        name: Name<'a>,
        value: &Expr<'a>,
        place: Option<Span>,
    ) {
        match (known.given.get(name.text), place) {
            (None, _) => {
                known.given.insert(name.text, place);
                self.give(name, value);
            }
            (Some(None), Some(_)) => {}
            (Some(first), _) => {
                let error = Error::new(Kind::Value, format!("`{}` is given twice", name.text))
                    .at(name.span);
                let first = first.unwrap_or(NOWHERE);
                self.errors.push(error.also(first, "first given here"));
            }
        }
    }
}

/// The error of an override, which has no place in the text.
fn in_override(said: &Override, error: &Error) -> Error {
    const SHOWN: usize = 60;
    let mut text: String = said.text.chars().take(SHOWN).collect();
    if text.len() < said.text.len() {
        text.push('…');
    }
    let message = format!("in {} `{text}`: {}", said.flag, error.message());
    error.hints().iter().fold(Error::new(error.kind(), message), |e, hint| e.hint(hint.as_str()))
}
