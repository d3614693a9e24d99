//! Which values a program may have at the kinks of a network, whatever it rounds.
//!
//! Goes in: a place, a format, units that lie near a kink by what rounding typically does. Comes
//! out: those whose argument may really be on the other side. What always holds: the enclosure of
//! every tensor holds what a program of this format has there, with every sum in any order and
//! every kink on any side; what cannot be enclosed stays open.
//!
//! Typical rounding alone does not tell: the deviation of an angle that kept no digit is that of
//! a cosine anywhere, and 3 + cos z is above 0 all the same.

use std::cmp::Ordering;

use crate::concrete::{self, Decide, Watch};
use crate::diag::Error;
use crate::net::{Network, NodeId, Op};
use crate::scalar::{Fault, Function, Interval, Rational, Scalar};

use super::reference::Place;
use super::rounding::{FUNCTION_ULPS, Format, REARRANGED, absolute, held, losses};
use super::typical::Unit;
use super::values::convert;

/// Every value that a number may have in a program.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reached {
    all: Interval,
    /// Σ |t| of the terms t that were added up, or more.
    size: f64,
    /// How many terms.
    terms: f64,
}

impl Reached {
    fn exactly(all: Interval) -> Reached {
        Reached { all, size: magnitude(&all), terms: 1.0 }
    }

    /// A result with so many roundings of its own, and so many of 1.
    fn result(all: Interval, roundings: f64, of_one: f64) -> Result<Reached, Fault> {
        let [unit, underflow] = losses();
        let size = roundings * magnitude(&all) + of_one;
        Ok(Reached::exactly(wider(&all, f64::from(REARRANGED) * (unit * size + underflow))))
    }

    /// The sum that was added up so far, as one number.
    fn added(&self) -> Interval {
        if self.terms <= 1.0 {
            return self.all;
        }
        let [unit, underflow] = losses();
        wider(&self.all, f64::from(REARRANGED) * (unit * self.terms * self.size + underflow))
    }

    fn is_exactly(&self, n: f64) -> bool {
        self.terms <= 1.0 && self.all.is_point() && self.all.lower == n
    }
}

fn magnitude(x: &Interval) -> f64 {
    x.lower.abs().max(x.upper.abs())
}

fn wider(x: &Interval, by: f64) -> Interval {
    match by.is_finite() {
        true => Interval { lower: (x.lower - by).next_down(), upper: (x.upper + by).next_up() },
        false => WHOLE,
    }
}

/// Any number at all.
const WHOLE: Interval = Interval { lower: f64::NEG_INFINITY, upper: f64::INFINITY };

impl Scalar for Reached {
    fn from_rational(q: &Rational) -> Result<Reached, Fault> {
        let exact = Interval::from_rational(q)?;
        match exact.is_point() && held(exact.lower) {
            true => Ok(Reached::exactly(exact)),
            false => Reached::result(exact, 1.0, 0.0),
        }
    }

    fn add(&self, other: &Reached) -> Result<Reached, Fault> {
        let all = self.all.add(&other.all)?;
        Ok(Reached { all, size: self.size + other.size, terms: self.terms + other.terms })
    }

    fn sub(&self, other: &Reached) -> Result<Reached, Fault> {
        self.add(&other.neg())
    }

    fn mul(&self, other: &Reached) -> Result<Reached, Fault> {
        for (one, kept) in [(self, other), (other, self)] {
            if one.is_exactly(1.0) {
                return Ok(*kept);
            }
            if one.is_exactly(0.0) {
                return Ok(*one);
            }
        }
        Reached::result(self.added().mul(&other.added())?, 1.0, 0.0)
    }

    fn neg(&self) -> Reached {
        Reached { all: self.all.neg(), ..*self }
    }

    fn div(&self, other: &Reached) -> Result<Reached, Fault> {
        Reached::result(self.added().div(&other.added())?, 2.0, 0.0)
    }

    fn powi(&self, exponent: i32) -> Result<Reached, Fault> {
        let roundings = f64::from(exponent.unsigned_abs()) + f64::from(FUNCTION_ULPS);
        match exponent {
            1 => Ok(*self),
            _ => Reached::result(self.added().powi(exponent)?, roundings, 0.0),
        }
    }

    fn pow(&self, exponent: &Reached) -> Result<Reached, Fault> {
        let all = self.added().pow(&exponent.added())?;
        Reached::result(all, f64::from(FUNCTION_ULPS), 0.0)
    }

    fn call(&self, function: Function) -> Result<Reached, Fault> {
        let argument = self.added();
        let [unit, _] = losses();
        // The argument may have been rounded on the way in, as the exponent of a density is.
        let all = wider(&argument, 2.0 * f64::from(REARRANGED) * unit * magnitude(&argument));
        let defined = match function {
            Function::Ln | Function::Sqrt => {
                Interval::new(all.lower.max(argument.lower), all.upper)
            }
            _ => Ok(all),
        };
        let of_one = absolute(function, argument.upper).unwrap_or(0.0);
        Reached::result(defined?.call(function)?, f64::from(FUNCTION_ULPS), of_one)
    }

    fn compare(&self, _: &Reached) -> Result<Ordering, Fault> {
        Err(Fault::NoOrder)
    }
}

/// Keeps every tensor, and opens what was decided at the kinks.
struct Everywhere<'a> {
    net: &'a Network,
    all: Vec<Vec<Interval>>,
}

impl Everywhere<'_> {
    /// The arguments of a node, one operand after the other.
    fn arguments(&self, node: NodeId) -> Vec<Interval> {
        let mut all = Vec::new();
        self.net.node(node).op.for_operands(|a| all.extend(self.all[a.index()].iter().copied()));
        all
    }

    /// Whether a unit may be on its other side.
    fn may_turn(&self, at: Place<'_>, unit: &Unit) -> bool {
        let arguments = self.arguments(unit.node);
        let own = at.decisions.winners(unit.node).and_then(|all| all.get(unit.element));
        match (unit.winner, own) {
            (Some(other), Some(own)) => match (arguments.get(other), arguments.get(*own)) {
                (Some(other), Some(own)) => other.upper >= own.lower,
                _ => true,
            },
            _ => arguments.get(unit.element).is_none_or(|x| x.contains(0.0)),
        }
    }
}

impl Watch<Reached> for Everywhere<'_> {
    fn stored(&mut self, node: NodeId, elements: &mut [Reached]) {
        match &self.net.node(node).op {
            Op::Call(function, _) if function.has_kink() => {
                let arguments = self.arguments(node);
                for (element, x) in elements.iter_mut().zip(&arguments) {
                    *element = Reached::exactly(of_kink(*function, x));
                }
            }
            _ => {
                if let Some(groups) = concrete::candidates(self.net, node) {
                    let arguments = self.arguments(node);
                    for (element, group) in elements.iter_mut().zip(groups.iter()) {
                        let of = |f: fn(&Interval) -> f64| {
                            let all = group.iter().filter_map(|n| arguments.get(*n));
                            all.map(f).fold(f64::NEG_INFINITY, f64::max)
                        };
                        let all = Interval { lower: of(|x| x.lower), upper: of(|x| x.upper) };
                        *element = Reached::exactly(all);
                    }
                }
            }
        }
        for element in elements.iter_mut() {
            *element = Reached::exactly(element.added());
        }
        self.all[node.index()] = elements.iter().map(|x| x.all).collect();
    }
}

/// The values of a function with a kink, on whichever side.
fn of_kink(function: Function, x: &Interval) -> Interval {
    let Interval { lower, upper } = *x;
    let [lower, upper] = match function {
        Function::Relu => [lower.max(0.0), upper.max(0.0)],
        Function::Abs if lower > 0.0 => [lower, upper],
        Function::Abs if upper < 0.0 => [-upper, -lower],
        Function::Abs => [0.0, upper.max(-lower)],
        _ => {
            let off = if function == Function::Sign { -1.0 } else { 0.0 };
            [if lower > 0.0 { 1.0 } else { off }, if upper < 0.0 { off } else { 1.0 }]
        }
    };
    Interval { lower, upper }
}

/// The units that a program in this format may really have on their other side.
pub(super) fn within_reach(at: Place<'_>, format: Format, units: Vec<Unit>) -> Vec<Unit> {
    if units.is_empty() {
        return units;
    }
    let found = format.during(|| -> Result<Everywhere<'_>, Error> {
        let mut all = Everywhere { net: at.net, all: vec![Vec::new(); at.net.nodes().len()] };
        let values = convert::<Reached>(at.net, at.values)?;
        concrete::forward_watched(at.net, &values, Decide::Recorded(at.decisions), &mut all)?;
        Ok(all)
    });
    match found {
        Ok(all) => units.into_iter().filter(|unit| all.may_turn(at, unit)).collect(),
        Err(_) => units,
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::decide;
    use super::*;

    fn open(text: &str, format: Format) -> Vec<usize> {
        let net = crate::lang::parse_network(text).unwrap();
        let by: Vec<_> = net.params().collect();
        let (decisions, _) = decide(&net, net.values(), 512).unwrap();
        let at = Place { net: &net, values: net.values(), decisions: &decisions, by: &by };
        let mut units = Vec::new();
        for (node, decision) in decisions.iter() {
            let count = match decision {
                concrete::Decision::Signs(all) => all.len(),
                concrete::Decision::Winners(_) => 0,
            };
            let unit = |element| Unit { node, element, distance: 1.0, winner: None };
            units.extend((0..count).map(unit));
        }
        within_reach(at, format, units).iter().map(|unit| unit.element).collect()
    }

    /// Of an angle without a digit only the sine's range is known, and that decides.
    #[test]
    fn what_no_angle_can_turn_is_closed() {
        let text = "param w, x[4]\nE = sum(relu(x + cos(exp(w))))\n\
                    given w = 50, x = [0.3, 1.5, -1.5, -0.9]";
        for format in Format::ALL {
            assert_eq!(open(text, format), [0, 3], "{format}");
        }
        let known = text.replace("w = 50", "w = 1");
        assert_eq!(open(&known, Format::F64), [] as [usize; 0]);
    }

    /// A unit behind one that may turn is open to what that leads to.
    #[test]
    fn a_turn_reaches_the_units_behind_it() {
        let text = "param w, x\nh = relu(x + cos(exp(w)))\nE = relu(0.5 - h)\n\
                    given w = 50, x = 1.2";
        assert_eq!(open(text, Format::F32).len(), 1);
    }

    #[test]
    fn a_sum_reaches_as_far_as_its_roundings() {
        let near = "param x[3]\nE = relu(sum(x) - 1.9000001)\ngiven x = [0.7, 0.6, 0.6]";
        assert_eq!(open(near, Format::F32), [0]);
        let far = near.replace("1.9000001", "1.89");
        assert_eq!(open(&far, Format::F32), [] as [usize; 0]);
        assert_eq!(open(&far, Format::Bf16), [0]);
    }
}
