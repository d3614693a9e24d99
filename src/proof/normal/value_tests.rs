//! The value of a normal form at a point, for the tests.

use super::cases::settled_at;
use super::fraction::Fraction;
use super::kernel::{Form, Kernel};
use super::polynomial::Polynomial;

/// A value and how large the terms were that it is the sum of, which bounds what f64 rounded.
pub(in crate::proof) struct Rounded {
    pub(in crate::proof) value: f64,
    pub(in crate::proof) size: f64,
}

/// The value at a point given by the index of each symbol.
pub(in crate::proof) fn value_at(f: &Fraction, point: &[f64]) -> Option<Rounded> {
    let mut result = polynomial(f.numerator(), point)?;
    for (divisor, n) in f.denominator() {
        let d = polynomial(divisor, point)?;
        if d.value.abs() < 1e-4 * d.size {
            return None;
        }
        let power = libm::pow(d.value, f64::from(*n));
        result = Rounded { value: result.value / power, size: result.size / power.abs() };
    }
    Some(result)
}

/// The value after every switch was settled as the point says.
pub(in crate::proof) fn value_in_case(f: &Fraction, point: &[f64]) -> Option<Rounded> {
    value_at(&settled_at(f, point)?, point)
}

fn polynomial(p: &Polynomial, point: &[f64]) -> Option<Rounded> {
    let mut sum = Rounded { value: 0.0, size: 0.0 };
    for term in p.terms() {
        let mut product = term.coefficient.to_f64();
        for factor in term.monomial.factors() {
            let base = match &factor.atom {
                super::monomial::Atom::Variable(s) => *point.get(s.index())?,
                super::monomial::Atom::Kernel(k) => kernel(k, point)?,
            };
            product *= libm::pow(base, factor.power.to_rational().to_f64());
        }
        sum.value += product;
        sum.size += product.abs();
    }
    sum.value.is_finite().then_some(sum)
}

fn well_known(r: Rounded) -> Option<f64> {
    // A value that is mostly rounding says nothing.
    (r.value.abs() > 1e-6 * r.size || r.size == 0.0).then_some(r.value)
}

pub(super) fn kernel(k: &Kernel, point: &[f64]) -> Option<f64> {
    let of = |u: &Fraction| well_known(value_at(u, point)?);
    let first_of_greatest = |all: &[Fraction]| {
        let values: Vec<f64> =
            all.iter().map(|u| Some(value_at(u, point)?.value)).collect::<Option<_>>()?;
        let best = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let near = |v: &f64| (v - best).abs() < 1e-9 * (1.0 + best.abs());
        // Equal by rule or nearly equal by chance: only an exact tie is one by rule.
        let exact = values.iter().filter(|v| near(v)).all(|v| *v == best);
        exact.then(|| values.iter().position(|v| *v == best))?
    };
    Some(match &k.form {
        Form::Exponential(t) => libm::exp(value_at(t, point)?.value),
        Form::Logarithm(w) => libm::log(of(w).filter(|w| *w > 0.0)?),
        Form::NormalCdf(u) => 0.5 * libm::erfc(-value_at(u, point)?.value / libm::sqrt(2.0)),
        Form::NormalPdf(u) => {
            let u = value_at(u, point)?.value;
            libm::exp(-u * u / 2.0) / libm::sqrt(std::f64::consts::TAU)
        }
        Form::Sine(u) => libm::sin(value_at(u, point)?.value),
        Form::Cosine(u) => libm::cos(value_at(u, point)?.value),
        Form::Root(v) => {
            let v = polynomial(v, point)?;
            if v.value == 0.0 { 0.0 } else { well_known(v).filter(|v| *v > 0.0)? }
        }
        Form::Modulus(y) => polynomial(y, point)?.value.abs(),
        Form::Positive(p) => f64::from(u8::from(well_known(polynomial(p, point)?)? > 0.0)),
        Form::Step(u) => {
            let u = value_at(u, point)?;
            f64::from(u8::from(u.value != 0.0 && well_known(u)? > 0.0))
        }
        Form::Unknown(_) | Form::Arbitrary(_) => return None,
        Form::Winner(n, all) | Form::First(n, all) => {
            f64::from(u8::from(first_of_greatest(all)? == *n))
        }
    })
}

/// Whether the switch is on at the point.
pub(super) fn is_on(k: &Kernel, point: &[f64]) -> Option<bool> {
    Some(kernel(k, point)? == 1.0)
}
