//! What each cause is called, in a sentence without a full stop.

use std::fmt;

use super::{Cause, Constant, Diagnosis, Difference, Mistake};
use crate::net::Pooling;
use crate::scalar::{show_digits, show_f64};

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
            Cause::Network { difference, place } => {
                write!(f, "it is right for another network: {difference}")?;
                place.iter().try_for_each(|place| write!(f, " in {place}"))
            }
            Cause::Decay(rate) => {
                let rate = show_f64(*rate);
                write!(f, "{rate} times the parameter was added, as by a weight decay")
            }
            Cause::SignDecay(rate) => {
                let rate = show_f64(*rate);
                write!(f, "{rate} times the parameter's sign was added, as by an L1 penalty")
            }
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
            Mistake::SlopeOf(g, formula) => {
                write!(f, "the derivative of y = {g}(x) is taken as {formula}")
            }
            Mistake::NoExponent => {
                f.write_str("the exponent is missing in the derivative of a power")
            }
            Mistake::Held(what) => write!(f, "{what} of the norm count as constants"),
            Mistake::Detached(names) => {
                write!(f, "nothing comes back through {}: it is cut off", names.join(", "))
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

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let axes = |all: &[usize]| {
            let word = if all.len() == 1 { "axis" } else { "axes" };
            format!("{word} {}", listed(all))
        };
        match self {
            Difference::Number { what: Constant::Scores, there, .. } => {
                write!(
                    f,
                    "the scores are multiplied by another {} before the softmax",
                    short(*there)
                )
            }
            Difference::Number { what, here, there } => {
                write!(f, "{what} is {} and not {}", short(*there), short(*here))
            }
            Difference::Variance { unbiased: true } => f.write_str(
                "the variance is divided by n − 1 and not by n, as an unbiased estimate,",
            ),
            Difference::Variance { unbiased: false } => {
                f.write_str("the variance is divided by n and not by n − 1")
            }
            Difference::EpsBeside { beside: true } => {
                f.write_str("eps is added to the root of the variance and not under it")
            }
            Difference::EpsBeside { beside: false } => {
                f.write_str("eps is added under the root of the variance and not to it")
            }
            Difference::Mean { taken_off: true } => {
                f.write_str("the norm takes the mean off, as a layer norm does,")
            }
            Difference::Mean { taken_off: false } => {
                f.write_str("the norm leaves the mean in, as an RMS norm does,")
            }
            Difference::FreshStatistics => f.write_str(
                "the norm uses kept statistics, mean 0 and variance 1, as before training,",
            ),
            Difference::Axes { of, there } => write!(f, "the {of} goes along {}", axes(there)),
            Difference::Function { here, there } => write!(f, "{there} stands for {here}"),
            Difference::Logarithm { here: true } => {
                f.write_str("a softmax stands for the log-softmax")
            }
            Difference::Logarithm { here: false } => {
                f.write_str("a log-softmax stands for the softmax")
            }
            Difference::Mask { name, how } => write!(f, "the mask {name} {how}"),
            Difference::Pool { there: Pooling::MeanInside, .. } => {
                f.write_str("the average leaves the padding out of its divisor")
            }
            Difference::Pool { here: Pooling::MeanInside, there: Pooling::Mean } => {
                f.write_str("the average counts the padding in its divisor")
            }
            Difference::Pool { there: Pooling::Mean, .. } => {
                f.write_str("the pooling takes the mean and not the greatest")
            }
            Difference::Pool { .. } => {
                f.write_str("the pooling takes the greatest and not the mean")
            }
            Difference::KernelTurned => f.write_str("the kernel is turned by 180°, or is not,"),
            Difference::PaddingMoved { forth } => {
                let side = if *forth { "behind" } else { "before" };
                write!(f, "one cell more of the padding stands {side}")
            }
            Difference::Gates { order } => {
                write!(f, "the gates stand in another order, {}", listed(order))
            }
            Difference::Transposed(name) => write!(f, "{name} is transposed, or is not,"),
            Difference::Without(name) => write!(f, "{name} is left out of a sum"),
            Difference::Stepped(rate) => {
                write!(f, "all parameters had made a step by rate {}", short(*rate))
            }
        }
    }
}

/// A number that was found, to as many digits as a reader wants.
fn short(x: f64) -> String {
    show_digits(x, 5)
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Constant::Eps => "eps",
            Constant::SlopeBelow => "the slope below 0",
            Constant::Scores => "the factor of the scores",
            Constant::Scale => "the scale of the product",
            Constant::ScaleBelow => "the divisor of the product, its scale,",
            Constant::Count => "the divisor of the mean",
            Constant::Factor => "a factor",
            Constant::Divisor => "a divisor",
            Constant::Term => "a term",
        })
    }
}
