//! Readings in one line each, for the tests: `(/ (^ (+ t −r_fc) 2) 2)`.

use crate::review::tex::syntax::*;

/// An expression in one line: `(/ (^ (- t r_fc) 2) 2)`.
pub fn show(expr: &Expr) -> String {
    let all = |list: &[Expr]| list.iter().map(show).collect::<Vec<_>>().join(" ");
    match &expr.kind {
        FormulaKind::Number { value, decimals: 0 } => value.to_string(),
        FormulaKind::Number { value, decimals } => format!("{value}#{decimals}"),
        FormulaKind::Name(name) => named(name),
        FormulaKind::Neg(a) => format!("(- {})", show(a)),
        FormulaKind::Sum(terms) => {
            let terms: Vec<String> = terms
                .iter()
                .map(|(minus, e)| format!("{}{}", if *minus { "−" } else { "" }, show(e)))
                .collect();
            format!("(+ {})", terms.join(" "))
        }
        FormulaKind::Product(factors) => format!("(* {})", all(factors)),
        FormulaKind::Quotient(a, b) => format!("(/ {} {})", show(a), show(b)),
        FormulaKind::Power(a, b) => format!("(^ {} {})", show(a), show(b)),
        FormulaKind::Call(f, a) => format!("({} {})", format!("{f:?}").to_lowercase(), show(a)),
        FormulaKind::Extreme { least, of } => {
            format!("({} {})", if *least { "min" } else { "max" }, all(of))
        }
        FormulaKind::Apply { head, primes, args } => {
            format!("(@{}{} {})", named(head), "'".repeat(*primes as usize), all(args))
        }
        FormulaKind::Derivative { of, by, order: 1 } => format!("(∂ {} {})", show(of), show(by)),
        FormulaKind::Derivative { of, by, order } => {
            format!("(∂^{order} {} {})", show(of), show(by))
        }
        FormulaKind::Differential(a) => format!("(d {})", show(a)),
        FormulaKind::HalfDerivative { of, by } => format!("(∂? {} {})", show(of), show(by)),
        FormulaKind::BigSum { indices, from, to, body } => {
            let bound = |b: &Option<Box<Expr>>| b.as_ref().map_or("_".into(), |b| show(b));
            format!("(Σ [{}] {} {} {})", indices.join(","), bound(from), bound(to), show(body))
        }
        FormulaKind::Limit { of, by, to } => {
            format!("(lim {} {} {})", show(by), show(to), show(of))
        }
        FormulaKind::BigProduct(sum) => format!("(Π {})", show(sum)),
        FormulaKind::Cases(cases) => {
            let case = |(e, c): &(Expr, Option<Comparison>)| match c {
                Some(c) => {
                    format!("[{} if {} {} {}]", show(e), show(&c.left), c.sign, show(&c.right))
                }
                None => format!("[{} else]", show(e)),
            };
            format!("(cases {})", cases.iter().map(case).collect::<Vec<_>>().join(" "))
        }
        FormulaKind::List(items) => format!("(list {})", all(items)),
        FormulaKind::Matrix(rows) => {
            let rows: Vec<String> = rows.iter().map(|row| format!("[{}]", all(row))).collect();
            format!("(matrix {})", rows.join(" "))
        }
        FormulaKind::Array(array) => match &**array {
            Array::Transpose(a) => format!("(ᵀ {})", show(a)),
            Array::Elementwise(factors) => format!("(⊙ {})", all(factors)),
            Array::Gradient(a) => format!("(∇ {})", show(a)),
            Array::Frobenius(a) => format!("(F {})", show(a)),
            Array::Run(run) => format!("(run {} {})", show(&run.body), run.last),
            Array::Element(a, below) => format!("(at {} {})", show(a), below.join(",")),
        },
    }
}

fn named(name: &Name) -> String {
    let below =
        if name.below.is_empty() { String::new() } else { format!("_{}", name.below.join(",")) };
    let above = name.above.as_ref().map_or(String::new(), |a| format!("^<{a}>"));
    format!("{}{below}{above}", name.stem)
}

/// A row in one line.
pub fn line(row: &Row) -> String {
    let mut out: Vec<String> = row.parts.iter().map(part).collect();
    out.extend(row.labels.iter().map(|m| format!("label:{}", m.name)));
    out.extend(row.references.iter().map(|m| format!("ref:{}", m.name)));
    out.extend(row.warnings.iter().map(|n| format!("warning:{}", n.message)));
    out.join("  ")
}

fn why(refused: &Refused) -> String {
    let Refused { note, left, carries, .. } = refused;
    let left = match (left, carries) {
        (Some(left), _) => format!(" of {}", show(left)),
        (None, true) => " of what was before".to_string(),
        (None, false) => String::new(),
    };
    format!("{}..{} {}{left}", note.span.start, note.span.end, note.message)
}

fn part(part: &Part) -> String {
    match part {
        Part::Words(words, _) => format!("“{words}”"),
        Part::Unread(refused) => format!("UNREAD {}", why(refused)),
        Part::OutOfScope(refused) => format!("BEYOND {}", why(refused)),
        Part::Statement(s) => {
            let mut out = String::new();
            if s.aside {
                out += "aside ";
            }
            if s.implied {
                out += "⇒ ";
            }
            if s.aligned {
                out += "& ";
            }
            out += &s.first.as_ref().map_or("…".into(), show);
            for (relation, e) in &s.rest {
                let sign = match relation {
                    Relation::Equal => "=",
                    Relation::Defines => ":=",
                    Relation::About => "≈",
                    Relation::Becomes => "←",
                    Relation::Differs => "≠",
                    Relation::Other => "<>",
                };
                out += &format!(" {sign} {}", show(e));
            }
            format!("⟦{out}⟧")
        }
    }
}
