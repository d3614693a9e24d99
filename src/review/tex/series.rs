//! Dots in a sum: w_1 x_1 + w_2 x_2 + … + w_n x_n. In go the terms before the dots and the one
//! behind them, out comes the sum over an index that they are the beginning and the end of. The
//! same for dots between the elements of an array.
//!
//! What always holds: the terms before the dots are those of the sum, one by one; what fits no
//! single index is refused.

use super::syntax::{Array, Expr, FormulaKind, Name, visit};

/// The letter that the index gets, which no author has.
const LETTER: &str = "ι";

/// The sum that `terms` begin and `last` ends; the terms that it takes in are taken off.
pub(super) fn summed(terms: &mut Vec<(bool, Expr)>, last: &Expr) -> Option<Expr> {
    let (false, before) = terms.last()? else { return None };
    let mut bounds = None;
    let body = general(before, last, LETTER, &mut bounds)?;
    let (second, end) = bounds?;
    // The terms before it, as far as they count down in ones.
    let mut first: u32 = second.parse().ok()?;
    let mut taken = 1;
    while let Some((false, term)) = terms.len().checked_sub(taken + 1).map(|at| &terms[at])
        && let Some(value) = first.checked_sub(1)
    {
        let mut found = None;
        let same = general(term, last, LETTER, &mut found);
        if !same.is_some_and(|other| same_shape(&other, &body))
            || found != Some((value.to_string(), end.clone()))
        {
            break;
        }
        (first, taken) = (value, taken + 1);
    }
    let start = terms[terms.len() - taken].1.span.start;
    let span = start.min(last.span.start)..last.span.end.max(before.span.end);
    terms.truncate(terms.len() - taken);
    let bound = |text: &str| {
        let kind = match text.parse::<i64>() {
            Ok(n) => FormulaKind::Number { value: n.into(), decimals: 0 },
            Err(_) => {
                FormulaKind::Name(Name { stem: text.to_string(), below: Vec::new(), above: None })
            }
        };
        Some(Box::new(Expr { kind, span: last.span.clone() }))
    };
    let kind = FormulaKind::BigSum {
        indices: vec![LETTER.to_string()],
        from: bound(&first.to_string()),
        to: bound(&end),
        body: Box::new(body),
    };
    Some(Expr { kind, span })
}

/// The elements of an array with dots before the last of them, `x_1, x_2, …, x_n`, as one with the
/// index `letter`, and where that ends; none where they do not begin at 1.
pub(super) fn run(before: &[Expr], last: &Expr, letter: &'static str) -> Option<(Expr, String)> {
    let mut bounds = None;
    let body = general(before.last()?, last, letter, &mut bounds)?;
    let (number, end) = bounds?;
    if number.parse() != Ok(before.len()) {
        return None;
    }
    for (at, element) in before.iter().enumerate() {
        let mut found = None;
        let same = general(element, last, letter, &mut found)?;
        if !same_shape(&same, &body) || found != Some(((at + 1).to_string(), end.clone())) {
            return None;
        }
    }
    Some((body, end))
}

/// The term whose index is `index`, of which `a` and `b` are elements; `bounds` are their
/// indices there, the same in all places where they differ.
fn general(a: &Expr, b: &Expr, index: &str, bounds: &mut Option<(String, String)>) -> Option<Expr> {
    let mut out = a.clone();
    let names = |e: &Expr| {
        let mut all = Vec::new();
        visit(e, &mut |e| {
            if let FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } = &e.kind {
                all.push(name.clone());
            }
        });
        all
    };
    let (mut left, right) = (names(a), names(b));
    if left.len() != right.len() {
        return None;
    }
    for (x, y) in left.iter_mut().zip(&right) {
        if x.stem != y.stem || x.below.len() != y.below.len() || x.above != y.above {
            return None;
        }
        for (p, q) in x.below.iter_mut().zip(&y.below).filter(|(p, q)| p != q) {
            // `a_{i1}` and `a_{in}` begin alike, and so do `a_{11}` and `a_{1n}`.
            let same = p.chars().zip(q.chars()).take_while(|(a, b)| a == b && a.is_alphabetic());
            let mut same: usize = same.map(|(a, _)| a.len_utf8()).sum();
            let two =
                |part: &str| part.len() == 2 && part.starts_with(|c: char| c.is_ascii_digit());
            if two(p) && two(q) && p[..1] == q[..1] && q.ends_with(char::is_alphabetic) {
                same = 1;
            }
            // `a_{1ι}` and `a_{mι}` end alike.
            let end = |part: &str| match part.chars().last() {
                Some(c) if "ικ".contains(c) && part.chars().count() == 2 => c.len_utf8(),
                _ => 0,
            };
            let tail = if p.chars().last() == q.chars().last() { end(p).min(end(q)) } else { 0 };
            let behind = p[p.len() - tail..].to_string();
            let pair = (
                p.get(same..p.len() - tail)?.to_string(),
                q.get(same..q.len() - tail)?.to_string(),
            );
            let letter = pair.1.chars().count() == 1 || pair.1.parse::<u32>().is_ok();
            let number = pair.0.parse::<u32>().is_ok();
            if !letter || !number || bounds.get_or_insert(pair.clone()) != &pair {
                return None;
            }
            *p = format!("{}{index}{behind}", &p[..same]);
        }
    }
    let mut made = left.into_iter();
    out.each_name(&mut |name| {
        if let Some(new) = made.next() {
            *name = new;
        }
    });
    // Both must be that term but for their indices.
    let mut other = right.into_iter().zip(names(&out)).map(|(_, new)| new);
    let mut turned = b.clone();
    turned.each_name(&mut |name| {
        if let Some(new) = other.next() {
            *name = new;
        }
    });
    same_shape(&out, &turned).then_some(out)
}

/// Whether two expressions are the same but for their places.
fn same_shape(a: &Expr, b: &Expr) -> bool {
    fn unplaced(e: &Expr) -> String {
        let mut text = String::new();
        visit(e, &mut |e| {
            text += &match &e.kind {
                FormulaKind::Name(name) => format!("{name:?}"),
                FormulaKind::Number { value, .. } => format!("{value}"),
                FormulaKind::Apply { head, primes, args } => {
                    format!("@{head:?}{primes}/{}", args.len())
                }
                FormulaKind::Call(known, _) => format!("{known:?}"),
                FormulaKind::Sum(terms) => {
                    terms.iter().map(|(minus, _)| if *minus { '-' } else { '+' }).collect()
                }
                FormulaKind::Product(all) => format!("*{}", all.len()),
                FormulaKind::Quotient(..) => "/".to_string(),
                FormulaKind::Power(..) => "^".to_string(),
                FormulaKind::Neg(_) => "~".to_string(),
                FormulaKind::Derivative { order, .. } => format!("∂{order}"),
                FormulaKind::Array(array) => match &**array {
                    Array::Transpose(_) => "⊤".to_string(),
                    Array::Elementwise(all) => format!("⊙{}", all.len()),
                    Array::Run(run) => format!("…{}{}{}", run.index, run.last, run.column),
                    _ => format!("{array:?}"),
                },
                // What else there is has no dots.
                kind => format!("{kind:?}"),
            };
            text.push(' ');
        });
        text
    }
    unplaced(a) == unplaced(b)
}
