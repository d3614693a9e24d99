//! Why numbers are wrong: every known mistake is made on purpose, and the one that gives the very
//! same numbers is named.
//!
//! Goes in: a network, its run, and the gradients of a check, of which some are wrong. Comes out: a
//! [`Diagnosis`] for each of these, or nothing ([`together`]). The causes: what was done to right
//! numbers ([`rearranged`], [`fitted`]); another network ([`variants`], made by [`rebuilt`] where
//! [`pattern`] finds a choice); an operation with a mistake in its backward pass ([`mistakes`],
//! [`altered`]). What explains all that is wrong, and nothing that is right otherwise, is named
//! before what explains one gradient alone. What always holds: a cause is named only if it explains
//! every number within the precision, and explains what is wrong far better than the right gradient
//! does; if several do, the others are named too.

mod altered;
mod fitted;
mod mistakes;
mod pattern;
mod rearranged;
mod rebuilt;
mod together;
mod variants;
mod words;

pub(super) use together::{Matter, Suspect, diagnose};

use crate::concrete::Forward;
use crate::net::{Network, Pooling, QuantityId};
use crate::scalar::{Function, Interval, Rational};

use super::rounding::Format;
use super::values::work;

/// About how many elements a diagnosis computes in a second.
pub const DIAGNOSIS_WORK_A_SECOND: usize = 1 << 25;
/// How many seconds a diagnosis takes about, if nobody asks for more. They are counted in work, so
/// that the same check has the same answer on every machine.
pub const DIAGNOSIS_SECONDS: u32 = 2;
/// The largest number of altered backward passes of one diagnosis.
pub const MAX_MISTAKES: usize = 1000;
/// How many causes that fit as well are named besides the first.
pub const MAX_OTHER_CAUSES: usize = 3;

/// A cause that explains every element of a wrong gradient. Displays as a sentence without a full
/// stop.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The simplest.
    pub cause: Cause,
    /// Others that explain the same numbers, up to [`MAX_OTHER_CAUSES`].
    pub others: Vec<Cause>,
}

/// A mistake.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
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
    /// It is right for another network.
    Network {
        /// What is different there.
        difference: Difference,
        /// In the definition of which quantity; everywhere, if none is named.
        place: Option<String>,
    },
    /// The gradient and this multiple of the parameter itself: a penalty on its square.
    Decay(f64),
    /// The gradient and this multiple of the parameter's signs: a penalty on its absolute values.
    SignDecay(f64),
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

/// What another network does otherwise.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Difference {
    /// A number has another value.
    Number {
        /// What the number is.
        what: Constant,
        /// Its value in our network.
        here: f64,
        /// Its value in the other one; a number of few digits, or about that.
        there: f64,
    },
    /// A norm divides the squares by n − 1, or, if not, by n.
    Variance {
        /// By n − 1.
        unbiased: bool,
    },
    /// A norm adds eps to the root, or, if not, under it.
    EpsBeside {
        /// To the root.
        beside: bool,
    },
    /// A norm takes the mean off first, or does not.
    Mean {
        /// It does.
        taken_off: bool,
    },
    /// A norm uses the mean 0 and the variance 1, the statistics of a layer before training.
    FreshStatistics,
    /// A norm or a softmax goes along these axes.
    Axes {
        /// Which of the two.
        of: &'static str,
        /// The axes.
        there: Vec<usize>,
    },
    /// Another elementwise function.
    Function {
        /// The one in our network.
        here: &'static str,
        /// The one in the other.
        there: &'static str,
    },
    /// A softmax where we have its logarithm, or the reverse.
    Logarithm {
        /// Whether ours is the logarithm.
        here: bool,
    },
    /// A mask is another one.
    Mask {
        /// Its name.
        name: String,
        /// What became of it, as a predicate.
        how: String,
    },
    /// Another kind of pooling.
    Pool {
        /// Ours.
        here: Pooling,
        /// Theirs.
        there: Pooling,
    },
    /// The kernels are turned by 180°.
    KernelTurned,
    /// A cell of the padding before stands behind, or the reverse.
    PaddingMoved {
        /// The windows stand further along the axes.
        forth: bool,
    },
    /// The gates of a cell, parts of equal length along an axis, stand in this order: where ours
    /// has part i, theirs has part `order[i]`.
    Gates {
        /// The order.
        order: Vec<usize>,
    },
    /// The operand of that name, square, is transposed.
    Transposed(String),
    /// A sum lacks the term of that name.
    Without(String),
    /// All parameters had made a step of this rate.
    Stepped(f64),
}

/// What a number in a network is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Constant {
    /// The eps of a norm.
    Eps,
    /// The slope of a leaky ReLU below 0.
    SlopeBelow,
    /// What the scores of a softmax are multiplied by.
    Scores,
    /// What a matrix product is multiplied by.
    Scale,
    /// What a matrix product is divided by.
    ScaleBelow,
    /// What a sum is divided by.
    Count,
    /// A factor.
    Factor,
    /// A divisor.
    Divisor,
    /// A term.
    Term,
}

/// What an operation does wrong in the backward pass.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Mistake {
    /// The function has the slope 1.
    SlopeMissing(Function),
    /// The slope, a formula of the function's value, is taken of the function once more.
    SlopeAtOutput(Function),
    /// The slope, a formula of the function's value, is given the argument.
    SlopeAtArgument(Function),
    /// The slope is this formula of the function's argument x and value y.
    SlopeOf(Function, &'static str),
    /// A power keeps its exponent out of its slope.
    NoExponent,
    /// The mean and the variance of a norm, or one of them, count as constants.
    Held(&'static str),
    /// Nothing comes back through the quantities of these names.
    Detached(Vec<String>),
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

impl From<Cause> for Diagnosis {
    fn from(cause: Cause) -> Diagnosis {
        Diagnosis { cause, others: Vec::new() }
    }
}

/// What is to be explained of one gradient.
struct Case<'a> {
    net: &'a Network,
    run: &'a Forward<f64>,
    by: QuantityId,
    right: &'a [Interval],
    /// For each element, the greatest distance that rounding explains.
    slack: &'a [f64],
    theirs: &'a [f64],
    /// About how many elements the passes may compute.
    budget: usize,
}

/// How far an explanation is from numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fit {
    /// Elements that are wrong by more than the width of the explanation.
    telling: usize,
    /// What these say for it: of each the bits of how much nearer to it they are than to the right
    /// number. Of numbers that are off at random, so many explanations of so few bits are met now
    /// and then.
    bits: f64,
}

/// An explanation takes so many bits of evidence: one of some thousands would be met by chance.
const MIN_BITS: f64 = 12.0;
/// The bits that one element counts for at most.
const MOST_BITS: f64 = 60.0;

impl Fit {
    fn is_clear(&self) -> bool {
        self.telling > 0 && self.bits >= MIN_BITS
    }
}

impl Case<'_> {
    /// Whether `predicted` explains every element, up to the rounding of numbers of its size, and
    /// with evidence enough that it is no chance.
    fn explained(&self, predicted: impl Fn(usize) -> Option<Interval>) -> bool {
        self.fit(predicted).is_some_and(|fit| fit.is_clear())
    }

    /// How `predicted` explains every element, if it does.
    fn fit(&self, predicted: impl Fn(usize) -> Option<Interval>) -> Option<Fit> {
        let size = |x: &Interval| x.lower.abs().max(x.upper.abs());
        let all: Vec<Interval> = (0..self.theirs.len()).map(predicted).collect::<Option<_>>()?;
        let greatest = |of: &[Interval]| of.iter().map(size).fold(0.0, f64::max);
        let (of_right, of_all) = (greatest(self.right), greatest(&all));
        let times = if of_right > 0.0 { of_all / of_right } else { 1.0 };
        let (mut telling, mut bits) = (0, 0.0);
        for (n, (x, right)) in self.theirs.iter().zip(self.right).enumerate() {
            let slack = self.slack[n] * times;
            let near = Interval::new(all[n].lower - slack, all[n].upper + slack).ok()?;
            if !near.contains(*x) {
                return None;
            }
            let gap = (x - right.upper).max(right.lower - x);
            if gap > 0.0 && near.width() <= gap {
                telling += 1;
                bits += libm::log2(gap / near.width()).min(MOST_BITS);
            }
        }
        Some(Fit { telling, bits })
    }
}

impl Case<'_> {
    /// How many runs of the network the budget pays for.
    fn runs(&self) -> usize {
        self.budget / work(self.net).max(1)
    }
}

/// An interval of one number.
fn point(x: Option<&f64>) -> Option<Interval> {
    Interval::point(*x?).ok()
}
