//! Exact values of operations on constants. In go the operation and what is known of its
//! operands, out comes its value where all are known. Nothing is rewritten: a constant is
//! folded only to refuse what has no value or would be enormous, before anybody evaluates it.

use std::cmp::Ordering;

use crate::diag::{Error, Kind};
use crate::scalar::{Fault, Function, Rational, Scalar};

/// The largest constant exponent, up or down.
pub const MAX_EXPONENT: i32 = 1000;
/// The largest size of a constant that a network computes, in bits.
pub const MAX_CONSTANT_BITS: u64 = 4096;

/// An operation on scalars.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Arithmetic {
    Neg,
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Max,
    Call(Function),
}

/// The exact value of an operation, `None` where an operand is unknown or the value is
/// irrational. Errors: division by a constant 0, a constant outside a function's domain, an
/// exponent past [`MAX_EXPONENT`], a value past [`MAX_CONSTANT_BITS`].
pub(crate) fn fold(
    op: Arithmetic,
    operands: &[Option<&Rational>],
) -> Result<Option<Rational>, Error> {
    match (op, operands) {
        (Arithmetic::Div, [_, Some(b)]) if b.is_zero() => {
            return Err(refused(Fault::DivisionByZero));
        }
        (Arithmetic::Pow, [_, Some(e)]) => check_exponent(e)?,
        _ => {}
    }
    let Some(known) = operands.iter().copied().collect::<Option<Vec<&Rational>>>() else {
        return Ok(None);
    };
    let chain = |start: i64, step: fn(&Rational, &Rational) -> Result<Rational, Fault>| {
        known.iter().try_fold(Rational::from(start), |sum, x| {
            let next = step(&sum, x)?;
            if next.bits() > MAX_CONSTANT_BITS { Err(Fault::TooLarge) } else { Ok(next) }
        })
    };
    let value = match (op, known.as_slice()) {
        (Arithmetic::Neg, [a]) => Ok(Scalar::neg(*a)),
        (Arithmetic::Sub, [a, b]) => a.sub(b),
        (Arithmetic::Div, [a, b]) => a.div(b),
        (Arithmetic::Pow, [a, b]) => a.pow(b),
        (Arithmetic::Call(f), [a]) => a.call(f),
        (Arithmetic::Add, _) => chain(0, Scalar::add),
        (Arithmetic::Mul, _) => chain(1, Scalar::mul),
        (Arithmetic::Max, [first, rest @ ..]) => {
            let greater =
                |a, b: &Rational| if b.cmp(&a) == Ordering::Greater { b.clone() } else { a };
            Ok(rest.iter().fold((*first).clone(), |a, b| greater(a, b)))
        }
        _ => return Ok(None),
    };
    match value {
        Ok(q) if q.bits() > MAX_CONSTANT_BITS => Err(refused(Fault::TooLarge)),
        Ok(q) => Ok(Some(q)),
        Err(Fault::NotExact(_) | Fault::PowerNotExact) => Ok(None),
        Err(fault) => Err(refused(fault)),
    }
}

fn check_exponent(e: &Rational) -> Result<(), Error> {
    if e.abs() <= Rational::from(i64::from(MAX_EXPONENT)) {
        return Ok(());
    }
    let shown = if e.bits() <= 64 { format!(" {e}") } else { format!(" of {} bits", e.bits()) };
    Err(Error::new(Kind::Limit, format!("the exponent{shown} is beyond ±{MAX_EXPONENT}")))
}

fn refused(fault: Fault) -> Error {
    match fault {
        Fault::TooLarge => Error::new(
            Kind::Limit,
            format!("the value of this constant has more than {MAX_CONSTANT_BITS} bits"),
        ),
        Fault::DivisionByZero => {
            Error::new(Kind::Domain, "this divides by 0, whatever the values are")
        }
        other => Error::new(Kind::Domain, format!("this constant has no value: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(op: Arithmetic, operands: &[&str]) -> Result<Option<String>, String> {
        let known: Vec<Rational> = operands.iter().map(|t| t.parse().unwrap()).collect();
        let known: Vec<Option<&Rational>> = known.iter().map(Some).collect();
        fold(op, &known).map(|q| q.map(|q| q.to_string())).map_err(|e| e.to_string())
    }

    #[test]
    fn constants_are_exact() {
        assert_eq!(folded(Arithmetic::Add, &["0.1", "0.2", "1"]), Ok(Some("13/10".into())));
        assert_eq!(folded(Arithmetic::Max, &["1", "3", "2"]), Ok(Some("3".into())));
        assert_eq!(folded(Arithmetic::Pow, &["2", "0.5"]), Ok(None));
        assert_eq!(folded(Arithmetic::Pow, &["2", "1000"]).map(|q| q.is_some()), Ok(true));
    }

    #[test]
    fn what_has_no_value_or_a_huge_one_is_refused() {
        let message = |op, operands| folded(op, operands).unwrap_err();
        assert_eq!(message(Arithmetic::Pow, &["2", "65536"]), "the exponent 65536 is beyond ±1000");
        assert_eq!(
            message(Arithmetic::Pow, &["1e300", "1000"]),
            "the value of this constant has more than 4096 bits"
        );
        assert!(message(Arithmetic::Div, &["1", "0"]).contains("divides by 0"));
        assert!(message(Arithmetic::Call(Function::Ln), &["-1"]).contains("ln is not defined"));
    }
}
