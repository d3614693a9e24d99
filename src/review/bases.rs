//! The base of logarithms where words tell it: "all logarithms are to base 2".
//!
//! Goes in: the words of a document, and expressions as they were read, with log as ln. Comes out:
//! the same with the logarithms that are written `log` to the base that the words tell. What always holds: ln is
//! natural; where the words tell several bases, log stays natural, and a row that holds with
//! another of them is not refuted.

use super::readings::within;
use super::tex::syntax::{Expr, FormulaKind, Known};
use crate::scalar::Rational;

/// What the words tell of the base of logarithms.
#[derive(Clone, Debug)]
pub(super) struct Bases {
    /// The first one that is not e.
    base: Rational,
    /// Whether log is to that base wherever it stands.
    everywhere: bool,
}

impl Bases {
    /// An expression with its logarithms to the other base; none where it has no such logarithm.
    pub(super) fn changed(&self, expr: &Expr, text: &str) -> Option<Expr> {
        if self.everywhere { self.made_natural(expr) } else { self.put_in(expr, text) }
    }

    /// A side of a formula as the words tell it to be read; none where that changes nothing.
    pub(super) fn settled(&self, side: &Expr, text: &str) -> Option<Expr> {
        if self.everywhere { self.put_in(side, text) } else { None }
    }

    /// An expression with its logs to this base.
    fn put_in(&self, expr: &Expr, text: &str) -> Option<Expr> {
        let inner = within(expr, &mut |e| self.put_in(e, text));
        let whole = inner.as_ref().unwrap_or(expr);
        let written = text.get(expr.span.start..).unwrap_or_default();
        let is_log = ["\\log", "log", "\\operatorname{log}", "\\mathrm{log}", "\\text{log}"]
            .iter()
            .any(|log| written.starts_with(log));
        if !matches!(whole.kind, FormulaKind::Call(Known::Ln, _)) || !is_log {
            return inner;
        }
        let span = expr.span.clone();
        let base = FormulaKind::Number { value: self.base.clone(), decimals: 0 };
        let base = Expr { kind: base, span: span.clone() };
        let below = FormulaKind::Call(Known::Ln, Box::new(base));
        let below = Expr { kind: below, span: span.clone() };
        let kind = FormulaKind::Quotient(Box::new(whole.clone()), Box::new(below));
        Some(Expr { kind, span })
    }

    /// An expression with what [`put_in`](Self::put_in) put in taken out.
    fn made_natural(&self, expr: &Expr) -> Option<Expr> {
        if let FormulaKind::Quotient(above, below) = &expr.kind
            && above.span == expr.span
            && below.span == expr.span
        {
            let inner = self.made_natural(above);
            return Some(inner.unwrap_or_else(|| (**above).clone()));
        }
        within(expr, &mut |e| self.made_natural(e))
    }
}

/// What the words of a document tell of the base, each with the formulas before and behind it.
pub(super) fn told<'t>(words: impl Iterator<Item = (&'t str, [&'t str; 2])>) -> Option<Bases> {
    let mut told: Vec<Option<Rational>> = Vec::new();
    words.for_each(|(words, beside)| hear(words, beside, &mut told));
    let base = told.iter().flatten().next().cloned()?;
    let everywhere = told.iter().all(|one| one.as_ref() == Some(&base));
    Some(Bases { base, everywhere })
}

/// The bases of which words speak; none for e.
fn hear(words: &str, beside: [&str; 2], told: &mut Vec<Option<Rational>>) {
    let all: Vec<String> = words
        .split(|c: char| c.is_whitespace() || ",.;:()-$\"“”'*`".contains(c))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let number = |word: &str| match word {
        "two" => Some(Some(Rational::from(2))),
        "ten" => Some(Some(Rational::from(10))),
        "e" => Some(None),
        _ => {
            word.parse::<u32>().ok().filter(|n| *n > 1).map(|n| Some(Rational::from(i64::from(n))))
        }
    };
    let is_log = |word: &String| word.starts_with("log") || word.ends_with("log");
    let is_beside = beside.iter().any(|formula| formula.contains("log"));
    let speaks = is_beside || all.iter().any(is_log);
    for (at, word) in all.iter().enumerate() {
        let next_word = all.get(at + 1).map(String::as_str).unwrap_or_default();
        match word.as_str() {
            "base" | "basis" if speaks => match number(next_word) {
                Some(found) => told.push(found),
                // "base 2 logarithm" is "2" behind, and "base $2$" a formula.
                None if at + 1 == all.len() => told.extend(number(beside[1].trim())),
                None => {}
            },
            "binary" | "dual" if next_word.starts_with("log") => {
                told.push(Some(Rational::from(2)));
            }
            "common" | "decimal" if next_word.starts_with("log") => {
                told.push(Some(Rational::from(10)));
            }
            "natural" if next_word.starts_with("log") => told.push(None),
            "bits" if at > 0 && all[at - 1] == "in" => told.push(Some(Rational::from(2))),
            "nats" => told.push(None),
            "natural" if speaks => told.push(None),
            _ => {}
        }
    }
}
