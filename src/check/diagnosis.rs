//! Known mistakes in a gradient: one table of what to do to the right numbers to get the wrong
//! ones. The first row that reproduces every element is the diagnosis.

use std::fmt;

use crate::net::{Network, Shape};
use crate::scalar::{Interval, Rational, Scalar};

use super::rounding::Format;

/// The largest number of sizes that are tried as factors.
const MAX_SIZES: usize = 64;

/// A mistake that reproduces a wrong gradient in every element.
#[derive(Clone, Debug, PartialEq)]
pub enum Diagnosis {
    /// Every element is 0.
    Zero,
    /// It is the negative gradient.
    SignFlipped,
    /// It is the gradient times this: 2 or 1/2 where a square and its half were mixed up, n or
    /// 1/n (a length or a number of elements in the network) where a sum and a mean were.
    Factor(Rational),
    /// Rows and columns are exchanged.
    Transposed,
    /// Rows and columns are each in reverse order, as by a kernel that was turned where it
    /// should not be, or not turned where it should.
    Turned,
    /// It is right to this format, and was stored in a finer one.
    Coarser(Format),
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Diagnosis::Zero => f.write_str("every element is 0: no gradient arrived here"),
            Diagnosis::SignFlipped => f.write_str("the sign is flipped in every element"),
            Diagnosis::Factor(q) => write!(f, "every element is {q} times the gradient"),
            Diagnosis::Transposed => f.write_str("rows and columns are exchanged"),
            Diagnosis::Coarser(format) => {
                write!(f, "it is right to the precision of {format}, and stored in a finer format")
            }
            Diagnosis::Turned => f.write_str("it is turned by 180°: a kernel flipped or not"),
        }
    }
}

/// A row of the table: element n of the wrong gradient is `factor` times element `from(n)` of
/// the right one.
struct Mistake {
    diagnosis: Diagnosis,
    factor: Rational,
    from: fn(&Shape, usize) -> usize,
}

/// The first known mistake that turns the enclosed gradient into these numbers.
pub(super) fn diagnose(
    net: &Network,
    shape: &Shape,
    gradient: &[Interval],
    theirs: &[f64],
) -> Option<Diagnosis> {
    let reproduces = |mistake: &Mistake| {
        let Ok(factor) = Interval::from_rational(&mistake.factor) else { return false };
        theirs.iter().enumerate().all(|(n, x)| {
            let from = gradient.get((mistake.from)(shape, n));
            from.and_then(|g| factor.mul(g).ok()).is_some_and(|g| g.contains(*x))
        })
    };
    mistakes(net, shape).into_iter().find(reproduces).map(|mistake| mistake.diagnosis)
}

fn mistakes(net: &Network, shape: &Shape) -> Vec<Mistake> {
    let factor = |diagnosis, factor| Mistake { diagnosis, factor, from: |_, n| n };
    let mut table = vec![
        factor(Diagnosis::Zero, Rational::from(0)),
        factor(Diagnosis::SignFlipped, Rational::from(-1)),
    ];
    for n in sizes(net) {
        let whole = Rational::from(n as i64);
        let part = Rational::one().div(&whole);
        table.push(factor(Diagnosis::Factor(whole.clone()), whole));
        table.extend(part.map(|part| factor(Diagnosis::Factor(part.clone()), part)));
    }
    if shape.rank() == 2 {
        let order = |diagnosis, from| Mistake { diagnosis, factor: Rational::one(), from };
        // Their tensor is [columns, rows], row-major as well.
        let transposed: fn(&Shape, usize) -> usize = |shape, n| {
            let [rows, columns] = [shape.lengths()[0], shape.lengths()[1]];
            n % rows * columns + n / rows
        };
        table.push(order(Diagnosis::Transposed, transposed));
        table.push(order(Diagnosis::Turned, |shape, n| shape.elements() - 1 - n));
    }
    table
}

/// 2, and then the lengths and numbers of elements of the tensors, ascending.
fn sizes(net: &Network) -> Vec<usize> {
    let mut sizes: Vec<usize> = net
        .nodes()
        .iter()
        .flat_map(|t| t.shape.lengths().iter().copied().chain([t.shape.elements()]))
        .filter(|n| *n > 2)
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes.truncate(MAX_SIZES);
    sizes.insert(0, 2);
    sizes
}
