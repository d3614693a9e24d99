//! Every size: a normal form of index formulas, in which the lengths of ranges are letters.
//!
//! In: two formulas, the network that they speak of, and what is known of its sizes. Out: that
//! they are equal for every size, every free index in its range and all values of the elements,
//! wherever both have a value; or that nothing was found, and why. What always holds:
//! - "proved" comes with a point, at a small size, where both sides have a value; it was evaluated;
//! - nothing of the rules that made a line is used, and nothing of their bounds: formulas, forms
//!   and definitions are read;
//! - arithmetic is checked; whatever grows past the budget ends without an answer.

mod cases;
mod cells;
mod form;
mod implied;
mod linear;
mod lines;
mod maker;
mod naming;
mod point;
mod power;
mod product;
mod read;
mod slope;
mod sum;
#[cfg(test)]
mod tests;

use crate::index::{Affine, Formula, Range, System, TensorName};
use crate::scalar::{Fault, Rational};
use form::{Atom, Form};
pub(crate) use lines::lines_for_every_size;
use maker::{Made, Maker};
pub use point::Point;
use read::Scope;

/// How much work a proof may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How many products are made.
    pub products: usize,
    /// How many terms a form has.
    pub terms: usize,
    /// How many ways to name the indices of one sum are compared.
    pub leaves: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { products: 60_000, terms: 4_000, leaves: 720 }
    }
}

/// What is known of a claim beside its network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// The free indices with their ranges.
    pub free: Vec<Range>,
    /// Forms that are at least 0.
    pub nonnegative: Vec<Affine>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Every {
    /// The two are equal for every size that satisfies the facts.
    Proved {
        /// What is at least 0, as far as somebody said so.
        facts: Vec<Affine>,
        /// A point where both sides have a value.
        at: Point,
    },
    /// Nothing.
    NoAnswer(Reason),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The normal forms differ.
    Differ,
    /// A number is too large, or a product of letters too long.
    Arithmetic,
    /// More products than the budget has.
    Products,
    /// More terms than the budget has, or too deep.
    Terms,
    /// A part is not read: a max, a power with a letter.
    Unread,
    /// A size that was not there before.
    Letter,
    /// A denominator that is 0, or a logarithm of it.
    NoValue,
    /// A bound index without a range.
    Unbounded,
    /// A product that falls apart where its indices are named.
    Naming,
    /// A letter that would be caught.
    Capture,
    /// No point was found where both sides have a value.
    NoPoint,
    /// A point was found where the two have different values.
    Disagree,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Reason::Differ => "the normal forms differ",
            Reason::Arithmetic => "a number is too large",
            Reason::Products => "too large: products",
            Reason::Terms => "too large: terms",
            Reason::Unread => "it holds a part that is not read",
            Reason::Letter => "a size is not known",
            Reason::NoValue => "a part has no value",
            Reason::Unbounded => "an index has no range",
            Reason::Naming | Reason::Capture => "it has no normal form",
            Reason::NoPoint => "no point was found where both sides have a value",
            Reason::Disagree => "the two have different values at a point",
        })
    }
}

impl From<Fault> for Reason {
    fn from(_: Fault) -> Reason {
        Reason::Arithmetic
    }
}

/// Whether two formulas are equal for every size.
pub fn prove_every(
    left: &Formula,
    right: &Formula,
    system: &System,
    facts: &Facts,
    budget: Budget,
) -> Every {
    let mut maker = Maker::new(system, budget);
    match proved(&mut maker, left, right, facts) {
        Ok(()) => {}
        Err(reason) => return Every::NoAnswer(reason),
    }
    match point::found(left, right, system, facts) {
        Ok(at) => {
            let known = system.facts.iter().chain(&facts.nonnegative).cloned().collect();
            Every::Proved { facts: known, at }
        }
        Err(reason) => Every::NoAnswer(reason),
    }
}

/// At most so often are names put in.
const MAX_UNFOLDED: usize = 40;

/// The normal form of a formula, names as they are; letters and tensors are numbered as they
/// stand in the first one.
#[cfg(test)]
fn normal(first: &Formula, formula: &Formula, system: &System, facts: &Facts) -> Made<Form> {
    let mut maker = Maker::new(system, Budget::default());
    prepared(&mut maker, [first, formula], facts)?;
    maker.read(first, &Scope::default())?;
    maker.read(formula, &Scope::default())
}

/// Takes in what the letters are that a claim speaks of.
fn prepared<'f>(
    maker: &mut Maker<'_>,
    formulas: impl IntoIterator<Item = &'f Formula>,
    facts: &Facts,
) -> Made<()> {
    let system = maker.system;
    for formula in formulas {
        maker.register_all(formula)?;
    }
    for tensor in &system.tensors {
        for form in tensor.lengths.iter().chain(&tensor.name.layer) {
            maker.register(form)?;
        }
        if let Some(definition) = &tensor.definition {
            for range in &definition.axes {
                maker.register(&range.length)?;
            }
            maker.register_all(&definition.body)?;
        }
    }
    for form in system.facts.iter().chain(&facts.nonnegative) {
        maker.register(form)?;
    }
    let scope = Scope::default();
    for form in system.facts.iter().chain(&facts.nonnegative) {
        let form = maker.linear(form, &scope)?;
        maker.facts.push(form);
    }
    for range in &facts.free {
        maker.register(&range.length)?;
        let (own, length) = (range.affine(), maker.linear(&range.length, &scope)?);
        let own = maker.linear(&own, &scope)?;
        let last = length.minus(&own)?.plus_number(-1)?;
        maker.facts.extend([own, last]);
    }
    Ok(())
}

fn proved(maker: &mut Maker<'_>, left: &Formula, right: &Formula, facts: &Facts) -> Made<()> {
    prepared(maker, [left, right], facts)?;
    let scope = Scope::default();
    let (left, right) = (maker.read(left, &scope)?, maker.read(right, &scope)?);
    let minus_one = Rational::from(-1);
    let mut difference = maker.plus(&left, &minus_one, &right)?;
    for _ in 0..MAX_UNFOLDED {
        if settled(maker, &difference)? {
            return Ok(());
        }
        let Some(next) = next_name(maker, &difference) else { return Err(Reason::Differ) };
        difference = maker.remade(&difference, &|tensor| tensor == next)?;
    }
    Err(Reason::Differ)
}

/// Whether a difference is 0, in every case, with names as they are.
fn settled(maker: &mut Maker<'_>, difference: &Form) -> Made<bool> {
    if difference.is_zero() {
        return Ok(true);
    }
    if maker.system.distributions.is_empty() {
        return maker.vanishes(difference);
    }
    maker.distributions = true;
    let made = maker.remade(difference, &|_| false);
    let found = made.and_then(|made| maker.vanishes(&made));
    maker.distributions = false;
    found
}

/// The name that is put in next: the definition that uses most others, or else the δ that stands
/// farthest from the loss.
fn next_name(maker: &Maker<'_>, form: &Form) -> Option<u16> {
    let here =
        |number: u16| form.any(&|atom| matches!(atom, Atom::Element(own, _) if *own == number));
    let place = |name: &TensorName| {
        let plain = TensorName { delta: false, ..name.clone() };
        maker.system.tensors.iter().position(|t| t.name == plain)
    };
    let mut best: Option<(bool, usize, u16)> = None;
    for (number, name) in maker.tensors.iter().enumerate() {
        let (number, Some(place)) = (number as u16, place(name)) else { continue };
        let open = match name.delta {
            true => {
                maker.system.users(&TensorName { delta: false, ..name.clone() }).next().is_some()
            }
            false => maker.system.tensors[place].definition.is_some(),
        };
        // The δ of the tensor that stands first rests on those of later ones.
        let order = if name.delta { usize::MAX - place } else { place };
        let own = (!name.delta, order, number);
        if open && here(number) && best.is_none_or(|known| known < own) {
            best = Some(own);
        }
    }
    best.map(|(.., number)| number)
}
