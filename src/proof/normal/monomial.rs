//! Monomials: products of powers of atoms, where an atom is a variable or a kernel.
//!
//! Goes in: atoms with exponents. Comes out: one sorted list of factors, none to the power 0.
//! What always holds: equal monomials have equal lists; the order is lexicographic and agrees
//! with multiplication; a switch (a kernel that is 0 or 1) stands to the power 1 only; the
//! exponents of exponentials are rational numbers, those of roots lie in (0, 1) once a
//! polynomial has taken the monomial in, and all others are whole. Then there is one sine or
//! cosine in it at most, to the power 1.

use std::cmp::Ordering;
use std::rc::Rc;

use num_integer::Integer;
use num_traits::ToPrimitive;

use super::kernel::Kernel;
use crate::expr::SymbolId;
use crate::scalar::{Fault, Rational};

/// What polynomials are made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Atom {
    Variable(SymbolId),
    Kernel(Rc<Kernel>),
}

impl Atom {
    pub(super) fn kernel(&self) -> Option<&Rc<Kernel>> {
        match self {
            Atom::Variable(_) => None,
            Atom::Kernel(kernel) => Some(kernel),
        }
    }
}

/// An exponent: a rational number in lowest terms with a positive denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Power {
    numer: i32,
    denom: i32,
}

impl Power {
    pub(super) const ONE: Power = Power::whole(1);
    pub(super) const ZERO: Power = Power::whole(0);
    pub(super) const HALF: Power = Power { numer: 1, denom: 2 };

    pub(super) const fn whole(n: i32) -> Power {
        Power { numer: n, denom: 1 }
    }

    /// The exponent of that value; [`Fault::TooLarge`] if it does not fit.
    pub(super) fn of(q: &Rational) -> Result<Power, Fault> {
        match q.to_i32() {
            Some(n) => Ok(Power::whole(n)),
            None => Power::new(
                q.numer().to_i64().ok_or(Fault::TooLarge)?,
                q.denom().to_i64().ok_or(Fault::TooLarge)?,
            ),
        }
    }

    fn new(numer: i64, denom: i64) -> Result<Power, Fault> {
        let common = numer.gcd(&denom).max(1);
        let part = |n: i64| {
            let small = i32::try_from(n / common).ok().filter(|n| *n > i32::MIN);
            small.ok_or(Fault::TooLarge)
        };
        Ok(Power { numer: part(numer)?, denom: part(denom)? })
    }

    pub(super) fn plus(self, other: Power) -> Result<Power, Fault> {
        if self.denom == 1 && other.denom == 1 {
            return self.numer.checked_add(other.numer).map(Power::whole).ok_or(Fault::TooLarge);
        }
        let (a, b) = (i64::from(self.denom), i64::from(other.denom));
        // Each product is below 2^62, so the sum fits.
        Power::new(i64::from(self.numer) * b + i64::from(other.numer) * a, a * b)
    }

    pub(super) fn times(self, other: Power) -> Result<Power, Fault> {
        Power::new(
            i64::from(self.numer) * i64::from(other.numer),
            i64::from(self.denom) * i64::from(other.denom),
        )
    }

    pub(super) fn negated(self) -> Power {
        Power { numer: -self.numer, denom: self.denom }
    }

    /// The whole number that this is, if it is one.
    pub(super) fn to_whole(self) -> Option<i32> {
        (self.denom == 1).then_some(self.numer)
    }

    /// The greatest whole number that is not above this.
    pub(super) fn floor(self) -> i32 {
        self.numer.div_euclid(self.denom)
    }

    pub(super) fn is_zero(self) -> bool {
        self.numer == 0
    }

    pub(super) fn is_negative(self) -> bool {
        self.numer < 0
    }

    pub(super) fn is_even(self) -> bool {
        self.denom == 1 && self.numer % 2 == 0
    }

    pub(super) fn to_rational(self) -> Rational {
        Rational::new(self.numer, self.denom).unwrap_or_else(|_| Rational::from(0))
    }
}

impl PartialOrd for Power {
    fn partial_cmp(&self, other: &Power) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Power {
    fn cmp(&self, other: &Power) -> Ordering {
        let cross = |a: Power, b: Power| i64::from(a.numer) * i64::from(b.denom);
        cross(*self, *other).cmp(&cross(*other, *self))
    }
}

/// An atom to a power.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Factor {
    pub(super) atom: Atom,
    pub(super) power: Power,
}

impl Factor {
    pub(super) fn is_switch(&self) -> bool {
        self.atom.kernel().is_some_and(|k| k.is_switch())
    }

    /// Whether this is a sine or a cosine.
    pub(super) fn is_wave(&self) -> bool {
        self.atom.kernel().is_some_and(|k| k.is_wave())
    }

    /// Whether this is a root whose whole part is still to be taken out.
    fn is_excess(&self) -> bool {
        let in_range = Power::ZERO <= self.power && self.power < Power::ONE;
        !in_range && self.atom.kernel().is_some_and(|k| k.is_root())
    }
}

/// A product of powers of atoms. Most are copies of others, and so they share their factors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Monomial(Rc<[Factor]>);

impl Monomial {
    /// The empty product.
    pub(super) fn one() -> Monomial {
        Monomial::default()
    }

    pub(super) fn of(atom: Atom, power: Power) -> Monomial {
        if power.is_zero() { Monomial::one() } else { Monomial(Rc::new([Factor { atom, power }])) }
    }

    pub(super) fn factors(&self) -> &[Factor] {
        &self.0
    }

    pub(super) fn is_one(&self) -> bool {
        self.0.is_empty()
    }

    /// The single factor, if there is just one.
    pub(super) fn single(&self) -> Option<&Factor> {
        match self.factors() {
            [factor] => Some(factor),
            _ => None,
        }
    }

    pub(super) fn power_of(&self, atom: &Atom) -> Power {
        self.0.iter().find(|f| f.atom == *atom).map_or(Power::ZERO, |f| f.power)
    }

    /// The factors that `keep` accepts.
    pub(super) fn filter(&self, keep: impl Fn(&Factor) -> bool) -> Monomial {
        Monomial(self.0.iter().filter(|f| keep(f)).cloned().collect())
    }

    /// The position of a root whose power has left (0, 1).
    pub(super) fn excess(&self) -> Option<&Factor> {
        self.0.iter().find(|f| f.is_excess())
    }

    /// Two sines or cosines of this product, and the product without them; none if there are not
    /// two.
    pub(super) fn two_waves(&self) -> Option<(&Kernel, &Kernel, Monomial)> {
        let mut waves = self.0.iter().filter(|f| f.is_wave());
        let first = waves.next()?;
        let again = first.power > Power::ONE;
        let second = if again { first } else { waves.next()? };
        let less = |f: &Factor| {
            let times = i32::from(f == first) + i32::from(f == second);
            let power = f.power.plus(Power::whole(-times)).ok()?;
            Some(Factor { atom: f.atom.clone(), power })
        };
        let rest: Vec<Factor> = self.0.iter().map(less).collect::<Option<_>>()?;
        let rest = rest.into_iter().filter(|f| !f.power.is_zero()).collect();
        Some((first.atom.kernel()?, second.atom.kernel()?, Monomial(rest)))
    }

    /// Whether there is nothing to be multiplied out.
    pub(super) fn is_reduced(&self) -> bool {
        let mut waves = 0;
        self.0.iter().all(|factor| {
            let wave = factor.is_wave();
            waves += i32::from(wave);
            !factor.is_excess() && (!wave || (waves == 1 && factor.power == Power::ONE))
        })
    }

    /// The product; none where it is 0, as [a wins]·[b wins] is.
    pub(super) fn times(&self, other: &Monomial) -> Result<Option<Monomial>, Fault> {
        if other.0.is_empty() {
            return Ok(Some(self.clone()));
        }
        if self.0.is_empty() {
            return Ok(Some(other.clone()));
        }
        let mut product = Vec::with_capacity(self.0.len() + other.0.len());
        let (mut left, mut right) = (self.factors(), other.factors());
        while let (Some(a), Some(b)) = (left.first(), right.first()) {
            match a.atom.cmp(&b.atom) {
                Ordering::Less => {
                    product.push(a.clone());
                    left = &left[1..];
                }
                Ordering::Greater => {
                    product.push(b.clone());
                    right = &right[1..];
                }
                Ordering::Equal => {
                    let power = if a.is_switch() { Power::ONE } else { a.power.plus(b.power)? };
                    if !power.is_zero() {
                        product.push(Factor { atom: a.atom.clone(), power });
                    }
                    (left, right) = (&left[1..], &right[1..]);
                }
            }
        }
        product.extend_from_slice(left);
        product.extend_from_slice(right);
        let product = Monomial(product.into());
        Ok((!product.has_two_winners()).then_some(product))
    }

    fn has_two_winners(&self) -> bool {
        let groups = || self.0.iter().filter_map(|f| f.atom.kernel()?.contest());
        let mut seen = groups();
        while let Some(group) = seen.next() {
            if seen.clone().any(|other| other == group) {
                return true;
            }
        }
        false
    }

    /// Each exponent times `n`. Not for monomials with switches.
    pub(super) fn raised(&self, n: Power) -> Result<Monomial, Fault> {
        let raise = |f: &Factor| Ok(Factor { atom: f.atom.clone(), power: f.power.times(n)? });
        if n.is_zero() {
            return Ok(Monomial::one());
        }
        Ok(Monomial(self.0.iter().map(raise).collect::<Result<_, Fault>>()?))
    }

    /// The quotient, if no exponent becomes negative that was not so before.
    pub(super) fn divided(&self, by: &Monomial) -> Option<Monomial> {
        let mut quotient = self.0.to_vec();
        for f in by.factors() {
            let at = quotient.iter().position(|q| q.atom == f.atom)?;
            let power = quotient[at].power.plus(f.power.negated()).ok()?;
            if power.is_negative() {
                return None;
            }
            if power.is_zero() {
                quotient.remove(at);
            } else {
                quotient[at].power = power;
            }
        }
        Some(Monomial(quotient.into()))
    }
}

impl PartialOrd for Monomial {
    fn partial_cmp(&self, other: &Monomial) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Monomial {
    /// Lexicographic: the power of the first atom in which the two differ decides.
    fn cmp(&self, other: &Monomial) -> Ordering {
        if Rc::ptr_eq(&self.0, &other.0) {
            return Ordering::Equal;
        }
        let (mut left, mut right) = (self.0.iter(), other.0.iter());
        loop {
            match (left.next(), right.next()) {
                (None, None) => return Ordering::Equal,
                (Some(a), None) => return a.power.cmp(&Power::ZERO),
                (None, Some(b)) => return Power::ZERO.cmp(&b.power),
                (Some(a), Some(b)) => match a.atom.cmp(&b.atom) {
                    Ordering::Less => return a.power.cmp(&Power::ZERO),
                    Ordering::Greater => return Power::ZERO.cmp(&b.power),
                    Ordering::Equal if a.power == b.power => {}
                    Ordering::Equal => return a.power.cmp(&b.power),
                },
            }
        }
    }
}
