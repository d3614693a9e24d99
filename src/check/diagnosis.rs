//! Why numbers are wrong: every known mistake is made on purpose, and the one that gives the very
//! same numbers is named.
//!
//! Goes in: a network, its run in an arithmetic that encloses rounding, and wrong numbers. Comes
//! out: a [`Diagnosis`], or nothing. Three kinds of causes are tried, the simplest first: what was
//! done to the right numbers ([`rearranged`]), an operation with a mistake in its backward pass
//! ([`mistakes`], [`altered`]), and a cause with one unknown number ([`fitted`]). What always
//! holds: a cause is named only if it explains every number within the precision, and explains
//! what is wrong far better than the right gradient does; if several do, the others are named too.

mod altered;
mod fitted;
mod mistakes;
mod rearranged;

use std::fmt;

use crate::concrete::Forward;
use crate::net::{Network, QuantityId};
use crate::scalar::{Function, Interval, Rational, Scalar, show_f64};

use super::rounding::Format;
use super::values::work;

/// About how many elements the altered backward passes of one diagnosis compute in all.
pub const MAX_DIAGNOSIS_WORK: usize = 1 << 25;
/// The largest number of altered backward passes of one diagnosis.
pub const MAX_MISTAKES: usize = 1000;
/// How many causes that fit as well are named besides the first.
pub const MAX_OTHER_CAUSES: usize = 3;

/// A cause that explains every element of a wrong gradient. Displays as a sentence without a full
/// stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// The simplest.
    pub cause: Cause,
    /// Others that explain the same numbers, up to [`MAX_OTHER_CAUSES`].
    pub others: Vec<Cause>,
}

/// A mistake.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// Every element is 0.
    Zero,
    /// It is the negative gradient.
    SignFlipped,
    /// It is the gradient times this: 2 or 1/2 where a square and its half were mixed up or a
    /// gradient was added up twice, n or 1/n (a length or a number of elements in the network)
    /// where a sum and a mean were.
    Factor(Rational),
    /// Rows and columns are exchanged.
    Transposed,
    /// It is right to this format, and was stored in a finer one.
    Coarser(Format),
    /// It is right, and was written with so many decimals.
    Decimals(u32),
    /// The axes stand in this order: axis i is axis number `[i]` of the gradient.
    AxesOrder(Vec<usize>),
    /// The elements are in reverse order along these axes, as by a kernel that was turned where
    /// it should not be, or not turned where it should.
    Turned(Vec<usize>),
    /// Along an axis, index i stands where index `order[i]` belongs.
    Permuted {
        /// The axis.
        axis: usize,
        /// Which index of the gradient stands at each place.
        order: Vec<usize>,
    },
    /// The negative of another mistake.
    AndSign(Box<Cause>),
    /// Each element is the sum of the gradient along these axes.
    Summed(Vec<usize>),
    /// These elements are 0, and the others are right.
    ElementsZero(Vec<usize>),
    /// It is the gradient by that quantity.
    GradientOf(String),
    /// It is the value of that quantity.
    ValueOf(String),
    /// An operation passes its adjoint on wrongly.
    Operation {
        /// How.
        mistake: Mistake,
        /// In the definition of which quantity; everywhere, if none is named.
        place: Option<String>,
    },
    /// It is the gradient times a number that is none of the network's sizes.
    Scaled(f64),
    /// The quantity had been changed by a step of this rate when it was used.
    Stale {
        /// Which.
        name: String,
        /// By which multiple of its gradient it had become smaller.
        rate: f64,
        /// Whether the whole network was evaluated at the changed value, or the backward pass
        /// alone.
        forward: bool,
    },
    /// They are difference quotients in `f64`.
    Differences {
        /// E(x + h) − E(x − h) over 2h, or else E(x + h) − E(x) over h.
        central: bool,
        /// h is 10 to the power of minus this.
        digits: u32,
    },
}

/// What an operation does wrong in the backward pass.
#[derive(Clone, Debug, PartialEq)]
pub enum Mistake {
    /// The function has the slope 1.
    SlopeMissing(Function),
    /// The slope, a formula of the function's value, is taken of the function once more.
    SlopeAtOutput(Function),
    /// The slope, a formula of the function's value, is given the argument.
    SlopeAtArgument(Function),
    /// A ReLU lets through what is below 0.
    OtherSide,
    /// A softmax passes its gradient on as it is.
    SoftmaxStraight,
    /// Of a softmax's Jacobian only the diagonal p(1 − p) is used.
    SoftmaxDiagonal,
    /// Every cell under a max-pool's window receives the whole gradient.
    EveryCell,
    /// Every cell under a max-pool's window receives an equal share.
    Averaged,
    /// A mean does not divide.
    NoDivisor,
    /// A mean divides by the size of the window instead of the cells inside, or the reverse.
    OtherDivisor,
    /// A kernel is turned where it should not be, or not turned where it should.
    Flip,
    /// A window moves one by one.
    StrideIgnored,
    /// The cells of a window are next to each other.
    DilationIgnored,
    /// The cells are counted without the padding before them.
    PaddingIgnored,
    /// A window stands one cell too far along a spatial axis, or too near.
    Shifted(usize, i8),
    /// The operand of that name, square, is not transposed.
    NotTransposed(String),
    /// A constant factor or divisor is left out.
    NoConstants,
    /// Nothing comes back along the path to that operand.
    PathMissing(String),
    /// What comes back along the path to that operand has the wrong sign.
    PathNegated(String),
    /// Of a sum along these axes only the first term is there, or the last.
    NotSummed {
        /// The axes.
        axes: Vec<usize>,
        /// Whether it is the last.
        last: bool,
    },
    /// One index of an axis is left out.
    ItemMissing {
        /// The axis.
        axis: usize,
        /// The index.
        index: usize,
    },
    /// Nothing comes back through that element.
    TapMissing(String),
}

/// A number system that encloses what rounding may have made of a number.
pub(super) trait Enclosing: Scalar {
    /// Every value that it may have, if there is a bound.
    fn enclosed(&self) -> Option<Interval>;

    /// Any number of an interval.
    fn within(interval: Interval) -> Self;
}

impl Enclosing for f64 {
    fn enclosed(&self) -> Option<Interval> {
        Interval::point(*self).ok()
    }

    fn within(interval: Interval) -> f64 {
        interval.lower / 2.0 + interval.upper / 2.0
    }
}

impl From<Cause> for Diagnosis {
    fn from(cause: Cause) -> Diagnosis {
        Diagnosis { cause, others: Vec::new() }
    }
}

/// What is to be explained.
struct Case<'a, T> {
    net: &'a Network,
    run: &'a Forward<T>,
    by: QuantityId,
    right: &'a [Interval],
    /// For each element, the greatest distance that rounding explains.
    slack: &'a [f64],
    theirs: &'a [f64],
    /// About how many elements the passes may compute.
    budget: usize,
}

impl<T: Enclosing> Case<'_, T> {
    /// Whether `predicted` explains every element, up to the rounding of numbers of its size, and
    /// at least one that is wrong by more than the width of the explanation.
    fn explained(&self, predicted: impl Fn(usize) -> Option<Interval>) -> bool {
        let size = |x: &Interval| x.lower.abs().max(x.upper.abs());
        let all: Option<Vec<Interval>> = (0..self.theirs.len()).map(predicted).collect();
        let Some(all) = all else { return false };
        let greatest = |of: &[Interval]| of.iter().map(size).fold(0.0, f64::max);
        let (of_right, of_all) = (greatest(self.right), greatest(&all));
        let times = if of_right > 0.0 { of_all / of_right } else { 1.0 };
        let mut telling = false;
        for (n, (x, right)) in self.theirs.iter().zip(self.right).enumerate() {
            let slack = self.slack[n] * times;
            let near = Interval::new(all[n].lower - slack, all[n].upper + slack);
            let Some(predicted) = near.ok().filter(|p| p.contains(*x)) else { return false };
            let gap = (x - right.upper).max(right.lower - x);
            telling |= gap > 0.0 && predicted.width() <= gap;
        }
        telling
    }

    fn explained_by(&self, predicted: &[T]) -> bool {
        self.explained(|n| predicted.get(n)?.enclosed())
    }
}

/// The simplest known mistakes that turn the gradient into these numbers. `run` is a forward pass
/// at the point, `right` encloses the gradient by `by` in the precision of `theirs`, which rounding
/// may move by `slack`; about `budget` elements are computed.
pub(super) fn diagnose(
    net: &Network,
    run: &Forward<f64>,
    by: QuantityId,
    (right, slack): (&[Interval], &[f64]),
    theirs: &[f64],
    budget: usize,
) -> Option<Diagnosis> {
    let case = Case { net, run, by, right, slack, theirs, budget };
    let mut causes = rearranged::causes(&case);
    causes.extend(operations(&case, (MAX_OTHER_CAUSES + 1).saturating_sub(causes.len())));
    if causes.is_empty() {
        causes = fitted::causes(&case);
    }
    let mut causes = causes.into_iter();
    let cause = causes.next()?;
    Some(Diagnosis { cause, others: causes.take(MAX_OTHER_CAUSES).collect() })
}

/// Which operations, done wrongly, give these numbers; the first `most` of them.
fn operations<T: Enclosing>(case: &Case<'_, T>, most: usize) -> Vec<Cause> {
    let needed = |node| case.run.value(node).is_some();
    let mut causes: Vec<Cause> = Vec::new();
    let candidates = mistakes::candidates(case.net, case.by, needed);
    for candidate in candidates.into_iter().take(MAX_MISTAKES.min(runs(case))) {
        if causes.len() >= most {
            break;
        }
        let (change, sites) = (&candidate.change, &candidate.sites);
        let found = altered::gradient(case.net, case.run, case.by, change, sites, &[]);
        if found.is_some_and(|found| case.explained_by(&found))
            && !causes.contains(&candidate.cause)
        {
            causes.push(candidate.cause);
        }
    }
    causes
}

/// How many runs of a network are worth a diagnosis.
fn runs<T>(case: &Case<'_, T>) -> usize {
    case.budget / work(case.net).max(1)
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cause)?;
        for (n, other) in self.others.iter().enumerate() {
            f.write_str(if n == 0 { " (or, with the same numbers: " } else { "; " })?;
            write!(f, "{other}")?;
        }
        f.write_str(if self.others.is_empty() { "" } else { ")" })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes = |all: &[usize]| {
            let word = if all.len() == 1 { "axis" } else { "axes" };
            format!("{word} {}", listed(all))
        };
        match self {
            Cause::Zero => f.write_str("every element is 0: no gradient arrived here"),
            Cause::SignFlipped => f.write_str("the sign is flipped in every element"),
            Cause::Factor(q) => write!(f, "every element is {q} times the gradient"),
            Cause::Transposed => f.write_str("rows and columns are exchanged"),
            Cause::Coarser(format) => {
                write!(f, "it is right to the precision of {format}, and stored in a finer format")
            }
            Cause::Decimals(digits) => {
                write!(f, "it is right, and rounded or cut to {digits} decimals")
            }
            Cause::AxesOrder(order) => {
                write!(f, "the axes stand in another order: {}", listed(order))
            }
            Cause::Turned(all) if all.len() > 1 => {
                write!(f, "it is turned by 180° along {}: a kernel flipped or not", axes(all))
            }
            Cause::Turned(all) => write!(f, "it is reversed along {}", axes(all)),
            Cause::Permuted { axis, order } => {
                write!(f, "the indices of axis {axis} are permuted: {}", listed(order))
            }
            Cause::AndSign(cause) => write!(f, "{cause}, and the sign is flipped"),
            Cause::Summed(all) => {
                write!(f, "every element is the sum of the gradient along {}", axes(all))
            }
            Cause::ElementsZero(all) if all.len() == 1 => {
                f.write_str("one element is 0 and the others are right: a term was left out")
            }
            Cause::ElementsZero(all) => {
                write!(f, "{} elements are 0 and the others are right", all.len())
            }
            Cause::GradientOf(name) => write!(f, "it is the gradient by {name}"),
            Cause::ValueOf(name) => write!(f, "it is the value of {name} and no gradient"),
            Cause::Operation { mistake, place } => {
                let place = place.as_deref();
                write!(f, "{mistake} {}", place.map_or("everywhere".into(), |p| format!("in {p}")))
            }
            Cause::Scaled(c) => {
                write!(f, "every element is about {} times the gradient", show_f64(*c))
            }
            Cause::Stale { name, rate, forward } => {
                let rate = show_f64(*rate);
                match forward {
                    true => write!(f, "it is the gradient after a step of {name} by rate {rate}"),
                    false => write!(
                        f,
                        "the backward pass uses {name} as it is after a step by rate {rate}"
                    ),
                }
            }
            Cause::Differences { central, digits } => {
                let kind = if *central { "central" } else { "forward" };
                write!(f, "they are {kind} differences with the step 1e-{digits}, with their error")
            }
        }
    }
}

fn listed(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mistake::SlopeMissing(g) => write!(f, "the derivative of {g} is left out"),
            Mistake::SlopeAtOutput(g) => {
                write!(f, "the derivative of {g} is taken at its value, not at its argument,")
            }
            Mistake::SlopeAtArgument(g) => {
                write!(f, "the derivative of {g}, a formula of its value, is given its argument")
            }
            Mistake::OtherSide => f.write_str("relu lets through what is below 0"),
            Mistake::SoftmaxStraight => f.write_str("the softmax passes its gradient on as it is"),
            Mistake::SoftmaxDiagonal => {
                f.write_str("of the softmax's Jacobian only the diagonal p(1 − p) is used")
            }
            Mistake::EveryCell => {
                f.write_str("every cell of a max's window receives the gradient, not the winner,")
            }
            Mistake::Averaged => f.write_str("a max passes its gradient on as a mean"),
            Mistake::NoDivisor => f.write_str("the mean's divisor is left out"),
            Mistake::OtherDivisor => {
                f.write_str("the mean's divisor counts the padding, or does not,")
            }
            Mistake::Flip => f.write_str("the kernel is turned, or is not,"),
            Mistake::StrideIgnored => f.write_str("the stride is ignored"),
            Mistake::DilationIgnored => f.write_str("the dilation is ignored"),
            Mistake::PaddingIgnored => f.write_str("the padding is ignored"),
            Mistake::Shifted(axis, by) => {
                let way = if *by > 0 { "too far" } else { "too near" };
                write!(f, "the window stands one cell {way} along spatial axis {axis}")
            }
            Mistake::NotTransposed(name) => {
                write!(f, "{name} is transposed where it should not be, or is not,")
            }
            Mistake::NoConstants => f.write_str("a constant factor is left out"),
            Mistake::PathMissing(name) => write!(f, "the path to {name} is missing"),
            Mistake::PathNegated(name) => write!(f, "the path to {name} has the wrong sign"),
            Mistake::NotSummed { axes, last } => {
                let term = if *last { "last" } else { "first" };
                let axis = if axes.len() == 1 { "axis" } else { "axes" };
                write!(f, "of the sum along {axis} {} only the {term} term counts", listed(axes))
            }
            Mistake::ItemMissing { axis, index } => {
                write!(f, "index {index} of axis {axis} is left out of the sum")
            }
            Mistake::TapMissing(cell) => write!(f, "nothing comes back through {cell}"),
        }
    }
}
