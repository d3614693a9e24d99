//! Index formulas in plain text, for tests and errors: `Σ_{i,j} δ^c[i, j]·x[2i + m, 2j + n]`.

use std::fmt;

use super::formula::{Condition, Element, Formula, Range, TensorName};

/// How tightly an operation holds its parts together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tightness {
    Sum,
    Product,
    Sign,
    Power,
    Atom,
}

impl fmt::Display for TensorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.delta { "δ" } else { self.name.as_str() };
        match (&self.layer, self.delta) {
            (Some(layer), _) => write!(f, "{name}^({})", layer.to_string().replace(' ', "")),
            (None, true) => write!(f, "δ^{}", self.name),
            (None, false) => f.write_str(name),
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.tensor)?;
        if self.at.is_empty() {
            return Ok(());
        }
        let at: Vec<String> = self.at.iter().map(ToString::to_string).collect();
        write!(f, "[{}]", at.join(", "))
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Equal(a, b) => write!(f, "[{a} = {b}]"),
            Condition::Within { value, length } => write!(f, "[0 ≤ {value} < {length}]"),
        }
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self, Tightness::Sum, f)
    }
}

fn tightness(formula: &Formula) -> Tightness {
    match formula {
        Formula::Add(all) if !all.is_empty() => Tightness::Sum,
        Formula::Sub(..) => Tightness::Sum,
        Formula::Mul(all) if !all.is_empty() => Tightness::Product,
        Formula::Div(..) | Formula::Sum { .. } | Formula::Max { .. } | Formula::Partial { .. } => {
            Tightness::Product
        }
        Formula::Neg(_) => Tightness::Sign,
        Formula::Number(q) if q.is_negative() => Tightness::Sign,
        Formula::Number(q) if !q.is_integer() => Tightness::Product,
        Formula::Whole(a) if a.terms().count() > 1 => Tightness::Sum,
        Formula::Pow(..) => Tightness::Power,
        _ => Tightness::Atom,
    }
}

/// Writes a formula, in parentheses where it holds together less tightly than `least`.
fn show(formula: &Formula, least: Tightness, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if tightness(formula) < least {
        f.write_str("(")?;
        bare(formula, f)?;
        return f.write_str(")");
    }
    bare(formula, f)
}

fn bare(formula: &Formula, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match formula {
        Formula::Number(q) => write!(f, "{}", q.to_string().replace('-', "−")),
        Formula::Whole(a) => write!(f, "{a}"),
        Formula::Element(e) => write!(f, "{e}"),
        Formula::Partial { of, by } => match of.as_ref() {
            Formula::Element(e) => write!(f, "∂{e}/∂{by}"),
            other => write!(f, "∂({other})/∂{by}"),
        },
        Formula::Sum { ranges, body } => {
            write!(f, "Σ_{} ", indices(ranges))?;
            show(body, Tightness::Product, f)
        }
        Formula::Max { ranges, within, body } => {
            write!(f, "max_{} ", indices(ranges))?;
            within.iter().try_for_each(|c| write!(f, "{c}"))?;
            show(body, Tightness::Product, f)
        }
        Formula::MaxOf(all) => {
            f.write_str("max{")?;
            separated(all, ", ", Tightness::Sum, f)?;
            f.write_str("}")
        }
        Formula::Wins { max, at, of } => {
            let at: Vec<String> = at.iter().map(ToString::to_string).collect();
            match (at.as_slice(), of) {
                ([one], None) => write!(f, "[{one} wins {max}]"),
                ([one], Some(of)) => write!(f, "[{one} wins {of}]"),
                (all, None) => write!(f, "[({}) wins {max}]", all.join(", ")),
                (all, Some(of)) => write!(f, "[({}) wins {of}]", all.join(", ")),
            }
        }
        Formula::Bracket(c) => write!(f, "{c}"),
        Formula::Neg(a) => {
            f.write_str("−")?;
            show(a, Tightness::Product, f)
        }
        Formula::Add(terms) if terms.is_empty() => f.write_str("0"),
        Formula::Add(terms) => {
            for (n, term) in terms.iter().enumerate() {
                match (n, term) {
                    (0, term) => show(term, Tightness::Sum, f)?,
                    (_, Formula::Neg(a)) => {
                        f.write_str(" − ")?;
                        show(a, Tightness::Product, f)?;
                    }
                    (_, term) => {
                        f.write_str(" + ")?;
                        show(term, Tightness::Product, f)?;
                    }
                }
            }
            Ok(())
        }
        Formula::Sub(a, b) => {
            show(a, Tightness::Sum, f)?;
            f.write_str(" − ")?;
            show(b, Tightness::Product, f)
        }
        Formula::Mul(factors) if factors.is_empty() => f.write_str("1"),
        Formula::Mul(factors) => {
            for (n, factor) in factors.iter().enumerate() {
                let bracket = matches!(factor, Formula::Bracket(_) | Formula::Wins { .. });
                if n > 0 && !bracket {
                    f.write_str("·")?;
                }
                // A sum reaches as far as its product does, so it stands bare at the end alone.
                let last = n + 1 == factors.len();
                let bare = last && matches!(factor, Formula::Sum { .. });
                let bare = bare || matches!(factor, Formula::Partial { .. });
                show(factor, if bare { Tightness::Product } else { Tightness::Power }, f)?;
            }
            Ok(())
        }
        Formula::Div(a, b) => {
            let top = if matches!(**a, Formula::Partial { .. }) {
                Tightness::Product
            } else {
                Tightness::Power
            };
            show(a, top, f)?;
            f.write_str("/")?;
            show(b, Tightness::Power, f)
        }
        Formula::Pow(a, b) => {
            show(a, Tightness::Atom, f)?;
            f.write_str("^")?;
            show(b, Tightness::Atom, f)
        }
        Formula::Call(function, a) => write!(f, "{function}({a})"),
        Formula::Apply { name, primes, argument } => {
            write!(f, "{name}{}({argument})", "′".repeat(*primes as usize))
        }
    }
}

fn separated(
    all: &[Formula],
    by: &str,
    least: Tightness,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    for (n, one) in all.iter().enumerate() {
        if n > 0 {
            f.write_str(by)?;
        }
        show(one, least, f)?;
    }
    Ok(())
}

fn indices(ranges: &[Range]) -> String {
    match ranges {
        [one] => one.index.clone(),
        all => {
            let letters: Vec<&str> = all.iter().map(|r| r.index.as_str()).collect();
            format!("{{{}}}", letters.join(","))
        }
    }
}
