//! The elements of a term: an expression of numbers alone for the indices of an element.
//!
//! Invariant: what is said of an element is what the array says of it, whatever its sizes.

use super::term::{Kind, Term, Trouble, beyond};
use crate::review::shapes::{Length, Shape};
use crate::review::tex::syntax::{Comparison, Expr, FormulaKind, Known, Name};

/// What elements are made with: letters that nothing else here uses, and whether every index is a
/// number.
pub(super) struct Elements {
    /// Letters that are free, the next one last.
    pub(super) letters: Vec<String>,
    /// Whether sums are written out, as they are beside matrices of numbers.
    pub(super) numbers: bool,
}

type Formed = Result<Expr, Trouble>;

/// Puts an index in for the letter of a run; two of them side by side are two.
fn put_index(name: &mut Name, letter: &str, own: &str) {
    let mut below = Vec::with_capacity(name.below.len());
    for part in &name.below {
        match part.contains(letter) && part.chars().count() == 2 {
            true => below.extend(part.chars().map(String::from)),
            false => below.push(part.clone()),
        }
    }
    for part in &mut below {
        *part = part.replace(letter, own);
    }
    name.below = below;
}

impl Term {
    /// The element at some indices, as many as its shape has.
    pub(super) fn at(&self, at: &[String], with: &mut Elements) -> Formed {
        let span = self.span.clone();
        let form = |kind: FormulaKind| Ok(Expr { kind, span: span.clone() });
        match &self.kind {
            Kind::Plain(expr) => Ok(expr.clone()),
            Kind::Name(base, of, mirrored) => {
                let name = |at: &[String]| {
                    let below = of.iter().chain(at).cloned().collect();
                    FormulaKind::Name(Name { below, ..base.clone() })
                };
                let [i, j] = at else { return form(name(at)) };
                if !mirrored || i == j {
                    return form(name(at));
                }
                // Every symmetric matrix is half of another and its transpose.
                let part = |kind| Expr { kind, span: span.clone() };
                let other = part(name(&[j.clone(), i.clone()]));
                let sum = part(FormulaKind::Sum(vec![(false, part(name(at))), (false, other)]));
                let two = part(FormulaKind::Number { value: 2.into(), decimals: 0 });
                form(FormulaKind::Quotient(Box::new(sum), Box::new(two)))
            }
            Kind::Transpose(a) => {
                let turned: Vec<String> = at.iter().rev().cloned().collect();
                a.at(&turned, with)
            }
            Kind::Neg(a) => form(FormulaKind::Neg(Box::new(a.at(at, with)?))),
            Kind::Sum(terms) => {
                let mut all = Vec::with_capacity(terms.len());
                for (minus, term) in terms {
                    all.push((*minus, term.fitting(at, with)?));
                }
                form(FormulaKind::Sum(all))
            }
            Kind::Times(a, b) => self.times(a, b, at, with),
            Kind::Elementwise(all) => {
                let all: Result<Vec<Expr>, Trouble> =
                    all.iter().map(|t| t.fitting(at, with)).collect();
                form(FormulaKind::Product(all?))
            }
            Kind::Quotient(a, b) => {
                let (a, b) = (a.at(at, with)?, b.at(&[], with)?);
                form(FormulaKind::Quotient(Box::new(a), Box::new(b)))
            }
            Kind::Power(a, b) => {
                let (a, b) = (a.at(&[], with)?, b.at(&[], with)?);
                form(FormulaKind::Power(Box::new(a), Box::new(b)))
            }
            Kind::Call(known, a) => form(FormulaKind::Call(*known, Box::new(a.at(at, with)?))),
            Kind::Apply(head, primes, a) => {
                let args = vec![a.at(at, with)?];
                form(FormulaKind::Apply { head: head.clone(), primes: *primes, args })
            }
            Kind::Extreme(least, of) if matches!(&of[..], [one] if one.shape.is_array()) => {
                let one = &of[0];
                let all = self.contracted(one.length(0), with, |k, with| {
                    one.at(std::slice::from_ref(k), with)
                })?;
                let of = match all.kind {
                    FormulaKind::Sum(terms) => terms.into_iter().map(|(_, term)| term).collect(),
                    _ => vec![all],
                };
                form(FormulaKind::Extreme { least: *least, of })
            }
            Kind::Extreme(least, of) => {
                let of: Result<Vec<Expr>, Trouble> =
                    of.iter().map(|t| t.fitting(at, with)).collect();
                form(FormulaKind::Extreme { least: *least, of: of? })
            }
            Kind::Norm(a, squared) => {
                let square = |at: &[String], with: &mut Elements| {
                    let two = FormulaKind::Number { value: 2.into(), decimals: 0 };
                    let two = Expr { kind: two, span: span.clone() };
                    let one = a.at(at, with)?;
                    form(FormulaKind::Power(Box::new(one), Box::new(two)))
                };
                let sum = self.contracted(a.length(0), with, |k, with| match a.shape.rank() {
                    2 => self.contracted(a.length(1), with, |l, with| {
                        square(&[k.clone(), l.clone()], with)
                    }),
                    _ => square(std::slice::from_ref(k), with),
                })?;
                match squared {
                    true => Ok(sum),
                    false => form(FormulaKind::Call(Known::Sqrt, Box::new(sum))),
                }
            }
            Kind::Slope(of, by, order, first) => {
                let (rank, at) = (of.shape.rank(), at.to_vec());
                let (of_at, by_at) = match (rank, by.shape.rank()) {
                    (0, _) => (Vec::new(), at),
                    (_, 0) => (at, Vec::new()),
                    _ if *first => (vec![at[1].clone()], vec![at[0].clone()]),
                    _ => (vec![at[0].clone()], vec![at[1].clone()]),
                };
                let (of, by) = (of.at(&of_at, with)?, by.at(&by_at, with)?);
                let kind =
                    FormulaKind::Derivative { of: Box::new(of), by: Box::new(by), order: *order };
                form(kind)
            }
            Kind::Over(indices, _, body) if indices.is_empty() && body.shape.is_array() => self
                .contracted(body.length(0), with, |k, with| body.at(std::slice::from_ref(k), with)),
            Kind::Over(indices, [from, to], body) => {
                let body = Box::new(body.at(at, with)?);
                let (from, to) = (from.clone(), to.clone());
                form(FormulaKind::BigSum { indices: indices.clone(), from, to, body })
            }
            Kind::Literal(rows) => {
                let number = |part: &String| part.parse::<usize>().ok().filter(|n| *n > 0);
                let places: Option<Vec<usize>> = at.iter().map(number).collect();
                let place = match (places.as_deref(), &self.shape) {
                    (Some([i]), Shape::Row(_)) => Some((0, i - 1)),
                    (Some([i]), Shape::Column(_)) => Some((i - 1, 0)),
                    (Some([i, j]), _) => Some((i - 1, j - 1)),
                    _ => None,
                };
                let found = place.and_then(|(i, j)| rows.get(i)?.get(j));
                match found {
                    Some(term) => term.at(&[], with),
                    None => beyond("an element of a written matrix that no number names"),
                }
            }
            Kind::Identity => self.on_the_diagonal(at, None),
            Kind::Ones => form(FormulaKind::Number { value: 1.into(), decimals: 0 }),
            Kind::Diagonal(a) => {
                let value = a.at(&at[..1], with)?;
                self.on_the_diagonal(at, Some(value))
            }
            Kind::Trace(a) => {
                self.contracted(a.length(0), with, |k, with| a.at(&[k.clone(), k.clone()], with))
            }
            Kind::Softmax(z) => {
                let exp = |e: Expr| {
                    let span = e.span.clone();
                    Expr { kind: FormulaKind::Call(Known::Exp, Box::new(e)), span }
                };
                let above = exp(z.at(at, with)?);
                let below = self.contracted(z.length(0), with, |k, with| {
                    Ok(exp(z.at(std::slice::from_ref(k), with)?))
                })?;
                form(FormulaKind::Quotient(Box::new(above), Box::new(below)))
            }
            Kind::Element(of, below) => of.at(below, with),
            Kind::Run(body, index, column) => {
                let (own, rest) = match (column, at) {
                    (true, [own, rest @ ..]) => (own, rest),
                    (false, [rest @ .., own]) => (own, rest),
                    _ => return beyond("this index fits no element of the array"),
                };
                let mut element = body.at(rest, with)?;
                element.each_name(&mut |name| put_index(name, index, own));
                Ok(element)
            }
        }
    }

    /// The element of an array, and a number whatever the indices are.
    fn fitting(&self, at: &[String], with: &mut Elements) -> Formed {
        match (self.shape.rank(), at) {
            (0, _) => self.at(&[], with),
            // A row beside a matrix.
            (1, [_, column]) => self.at(std::slice::from_ref(column), with),
            _ => self.at(at, with),
        }
    }

    fn length(&self, axis: usize) -> Length {
        self.shape.lengths().get(axis).map_or(Length::Unknown, |n| (*n).clone())
    }

    fn times(&self, a: &Term, b: &Term, at: &[String], with: &mut Elements) -> Formed {
        let product = |a: Expr, b: Expr| {
            let mut factors = Vec::new();
            for part in [a, b] {
                match part.kind {
                    FormulaKind::Product(all) => factors.extend(all),
                    kind => factors.push(Expr { kind, span: part.span }),
                }
            }
            let span = self.span.clone();
            Expr { kind: FormulaKind::Product(factors), span }
        };
        if a.shape.rank() == 0 || b.shape.rank() == 0 {
            let (a, b) = (a.fitting(at, with)?, b.fitting(at, with)?);
            return Ok(product(a, b));
        }
        if let (Shape::Column(_), Shape::Row(_)) = (&a.shape, &b.shape) {
            let (a, b) = (a.at(&at[..1], with)?, b.at(&at[1..], with)?);
            return Ok(product(a, b));
        }
        // Over the last index of the left factor and the first of the right one.
        let left = a.shape.rank() - 1;
        let length = match a.length(left) {
            Length::Unknown => b.length(0),
            known => known,
        };
        self.contracted(length, with, |k, with| {
            let mut one: Vec<String> = at[..left].to_vec();
            one.push(k.clone());
            let mut other = vec![k.clone()];
            other.extend_from_slice(&at[left..]);
            let (one, other) = (a.at(&one, with)?, b.at(&other, with)?);
            Ok(product(one, other))
        })
    }

    /// A sum over an index that nothing else uses.
    fn contracted(
        &self,
        length: Length,
        with: &mut Elements,
        mut body: impl FnMut(&String, &mut Elements) -> Formed,
    ) -> Formed {
        let span = self.span.clone();
        if let (true, Length::Number(n)) = (with.numbers, &length) {
            let mut terms = Vec::new();
            for k in 1..=*n {
                terms.push((false, body(&k.to_string(), with)?));
            }
            return Ok(Expr { kind: FormulaKind::Sum(terms), span });
        }
        if with.numbers {
            return beyond("how long a vector is beside a written matrix is not said");
        }
        let Some(letter) = with.letters.pop() else {
            return beyond("this has more indices than there are letters for them");
        };
        let body = Box::new(body(&letter, with)?);
        let indices = vec![letter];
        Ok(Expr { kind: FormulaKind::BigSum { indices, from: None, to: None, body }, span })
    }

    /// A value where both indices are the same, and 0 elsewhere.
    fn on_the_diagonal(&self, at: &[String], value: Option<Expr>) -> Formed {
        let span = self.span.clone();
        let number = |n: i64| Expr {
            kind: FormulaKind::Number { value: n.into(), decimals: 0 },
            span: span.clone(),
        };
        let value = value.unwrap_or_else(|| number(1));
        let [i, j] = at else { return beyond("this index fits no element of the array") };
        let digits = |part: &String| part.bytes().all(|b| b.is_ascii_digit());
        if digits(i) && digits(j) {
            return Ok(if i == j { value } else { number(0) });
        }
        let index = |part: &String| {
            let kind = match part.parse::<i64>() {
                Ok(n) => FormulaKind::Number { value: n.into(), decimals: 0 },
                Err(_) => {
                    FormulaKind::Name(Name { stem: part.clone(), below: Vec::new(), above: None })
                }
            };
            Box::new(Expr { kind, span: span.clone() })
        };
        let same = Comparison { left: index(i), sign: "=", right: index(j) };
        let kind = FormulaKind::Cases(vec![(value, Some(same)), (number(0), None)]);
        Ok(Expr { kind, span: self.span.clone() })
    }
}
