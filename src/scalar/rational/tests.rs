//! Rationals against textbook fractions, across the border of small and big.

use std::hash::{BuildHasher, BuildHasherDefault};

use proptest::prelude::*;

use super::*;
use crate::scalar::tests::strategies::{rational, small};

fn q(text: &str) -> Rational {
    text.parse().unwrap()
}

fn hash(x: &Rational) -> u64 {
    BuildHasherDefault::<rustc_hash::FxHasher>::default().hash_one(x)
}

/// Whether `x` has the one representation that its value should have.
fn is_canonical(x: &Rational) -> bool {
    let again = Rational::new(x.numer(), x.denom()).unwrap();
    let fits = x.numer().to_i64().is_some_and(|n| n != i64::MIN) && x.denom().to_i64().is_some();
    x.denom().is_positive()
        && x.numer().gcd(&x.denom()).is_one()
        && fits == matches!(x.0, Repr::Small(_))
        && again == *x
        && hash(&again) == hash(x)
}

/// a ∘ b by textbook fractions, for any two.
fn by_hand(a: &Rational, b: &Rational, operation: char) -> Rational {
    let (n, d, m, e) = (a.numer(), a.denom(), b.numer(), b.denom());
    match operation {
        '+' => Rational::new(n * &e + m * &d, d * e),
        '-' => Rational::new(n * &e - m * &d, d * e),
        '*' => Rational::new(n * m, d * e),
        _ => Rational::new(n * e, d * m),
    }
    .unwrap()
}

proptest! {
    #![proptest_config(crate::laws::laws(256))]

    #[test]
    fn operations_are_exact_and_canonical(a in rational(), b in rational()) {
        let mut results =
            vec![(a.add(&b), '+'), (a.sub(&b), '-'), (a.mul(&b), '*')];
        if b.is_zero() {
            prop_assert_eq!(a.div(&b), Err(Fault::DivisionByZero));
        } else {
            results.push((a.div(&b), '/'));
        }
        for (result, operation) in results {
            let result = result.unwrap();
            prop_assert_eq!(&result, &by_hand(&a, &b, operation));
            prop_assert!(is_canonical(&result), "{} {} {}", a, operation, b);
        }
        prop_assert!(is_canonical(&Scalar::neg(&a)) && is_canonical(&a.abs()));
        prop_assert_eq!(a.cmp(&b), by_hand(&a, &b, '-').numer().cmp(&BigInt::zero()));
    }

    #[test]
    fn the_laws_of_a_field_hold(a in rational(), b in rational(), c in rational()) {
        let (zero, one) = (Rational::zero(), Rational::one());
        prop_assert_eq!(a.add(&b), b.add(&a));
        prop_assert_eq!(a.mul(&b), b.mul(&a));
        prop_assert_eq!(a.add(&b).unwrap().add(&c), a.add(&b.add(&c).unwrap()));
        prop_assert_eq!(a.mul(&b).unwrap().mul(&c), a.mul(&b.mul(&c).unwrap()));
        let spread = a.mul(&b).unwrap().add(&a.mul(&c).unwrap());
        prop_assert_eq!(a.mul(&b.add(&c).unwrap()), spread);
        prop_assert_eq!(a.add(&Scalar::neg(&a)), Ok(zero));
        // Out into the big numbers and back again is where a second representation of one
        // value would come from.
        prop_assert_eq!(a.add(&b).unwrap().sub(&b), Ok(a.clone()));
        if !b.is_zero() {
            prop_assert_eq!(b.mul(&one.div(&b).unwrap()), Ok(one));
            prop_assert_eq!(a.mul(&b).unwrap().div(&b), Ok(a));
        }
    }

    #[test]
    fn powers_are_repeated_products(a in small(), n in 0i32..12) {
        let product = (0..n).try_fold(Rational::one(), |p, _| p.mul(&a)).unwrap();
        prop_assert_eq!(a.powi(n), Ok(product.clone()));
        prop_assert_eq!(a.pow(&Rational::integer(n)), Ok(product.clone()));
        if !a.is_zero() {
            prop_assert_eq!(a.powi(-n), Rational::one().div(&product));
        }
        if n > 0 {
            let root = Rational::one().div(&Rational::integer(n)).unwrap();
            prop_assert_eq!(product.abs().pow(&root), Ok(a.abs()));
        }
    }

    #[test]
    fn what_is_printed_is_read_back(a in rational(), x in any::<f64>()) {
        prop_assert_eq!(a.to_string().parse::<Rational>(), Ok(a));
        if x.is_finite() {
            let exact = Rational::from_f64(x).unwrap();
            prop_assert_eq!(exact.to_f64(), x);
            // Shortest decimals are another number, which the same float is nearest to.
            let shown: Rational = crate::scalar::show_f64(x).parse().unwrap();
            prop_assert_eq!(shown.to_f64(), x);
        }
    }

    #[test]
    fn to_f64_is_the_nearest(a in rational(), scale in -330i32..300) {
        let power = Rational::from(10).powi(scale).unwrap();
        for a in [a.mul(&power).unwrap(), a] {
            let x = a.to_f64();
            if x.is_finite() {
                let off = |x: f64| Rational::from_f64(x).unwrap().sub(&a).unwrap().abs();
                let near = off(x);
                for other in [x.next_up(), x.next_down()].into_iter().filter(|y| y.is_finite()) {
                    let tie_to_even = x.to_bits() % 2 == 0;
                    prop_assert!(near < off(other) || near == off(other) && tie_to_even);
                }
            }
        }
    }

    #[test]
    fn no_text_panics(text in "[-+0-9./eE ]{0,12}") {
        if let Ok(x) = text.parse::<Rational>() {
            prop_assert!(is_canonical(&x));
        }
    }
}

#[test]
fn decimals_are_read_exactly() {
    for (text, value) in [
        ("12", "12"),
        ("-7/2", "-7/2"),
        ("0.1", "1/10"),
        ("-.5", "-1/2"),
        ("5.", "5"),
        ("2.5e-3", "1/400"),
        ("1E+2", "100"),
        ("0.5/0.25", "2"),
        ("-0", "0"),
        ("-9223372036854775808", "-9223372036854775808"),
    ] {
        assert_eq!(q(text).to_string(), value, "{text}");
    }
    for text in ["", "-", ".", "e5", "1e", "1e-", "1e+-5", "1.2.3", "--1", "nan", "inf", "1/2/3"] {
        assert_eq!(text.parse::<Rational>(), Err(Fault::NotFinite), "{text}");
    }
    assert_eq!("1/0".parse::<Rational>(), Err(Fault::DivisionByZero));
    for text in ["1e400", "1e-400", "1e99999999999"] {
        assert_eq!(text.parse::<Rational>(), Err(Fault::TooLarge), "{text}");
    }
    let long = "1".repeat(Rational::MAX_DIGITS + 1);
    assert_eq!(long.parse::<Rational>(), Err(Fault::TooLarge));
}

#[test]
fn a_hundred_thousand_fraction_bars_are_refused_and_not_followed() {
    assert_eq!("1/".repeat(100_000).parse::<Rational>(), Err(Fault::NotFinite));
}

#[test]
fn the_least_i64_has_a_negation() {
    let least = Rational::from(i64::MIN);
    assert_eq!(Scalar::neg(&least).to_string(), "9223372036854775808");
    assert_eq!(Scalar::neg(&Scalar::neg(&least)), least);
    assert_eq!(least.div(&least), Ok(Rational::one()));
    // However it is reached, it is the same number.
    let above = Rational::from(i64::MIN + 1);
    for same in [above.sub(&q("1")), q("-4611686018427387904").mul(&q("2"))] {
        let same = same.unwrap();
        assert!(is_canonical(&same) && same == least && hash(&same) == hash(&least));
    }
    assert_eq!(least.to_f64(), -9_223_372_036_854_775_808.0);
}

#[test]
fn a_power_past_the_limit_is_refused_before_it_is_computed() {
    assert_eq!(q("3/2").powi(i32::MAX), Err(Fault::TooLarge));
    assert_eq!(q("2").pow(&q("1e30")), Err(Fault::TooLarge));
    assert_eq!(Rational::zero().powi(-1), Err(Fault::DivisionByZero));
    assert_eq!(Rational::integer(-1).powi(i32::MIN), Ok(Rational::one()));
    assert_eq!(q("-1").pow(&q("1e30")), Ok(q("1")));
    assert_eq!(q("-1").pow(&q("100000000000000000001")), Ok(q("-1")));
    assert_eq!(q("1").pow(&q("1/100000000000")), Ok(q("1")));
    assert_eq!(q("0").pow(&q("1e30")), Ok(q("0")));
    assert_eq!(q("0").pow(&q("-1e30")), Err(Fault::DivisionByZero));
    assert_eq!(q("0").powi(0), Ok(q("1")));
}

#[test]
fn roots_and_functions_are_exact_or_refused() {
    assert_eq!(q("0").call(Function::NormalCdf), Ok(q("1/2")));
    assert_eq!(q("0").call(Function::Softplus), Err(Fault::NotExact(Function::Softplus)));
    assert_eq!(q("4/9").call(Function::Sqrt), Ok(q("2/3")));
    assert_eq!(q("2").call(Function::Sqrt), Err(Fault::NotExact(Function::Sqrt)));
    assert_eq!(q("-4").call(Function::Sqrt), Err(Fault::OutOfDomain(Function::Sqrt)));
    assert_eq!(q("8/27").pow(&q("-2/3")), Ok(q("9/4")));
    assert_eq!(q("2").pow(&q("1/2")), Err(Fault::PowerNotExact));
    assert_eq!(q("-8").pow(&q("1/3")), Err(Fault::PowerOutOfDomain));
    assert_eq!(q("0").call(Function::Ln), Err(Fault::OutOfDomain(Function::Ln)));
    assert_eq!(q("-3").call(Function::Relu), Ok(q("0")));
    assert_eq!(q("-3").call(Function::Abs), Ok(q("3")));
    assert_eq!(q("-3").call(Function::Sign), Ok(q("-1")));
    assert_eq!(q("0").call(Function::Step), Ok(q("0")));
}

proptest! {
    #![proptest_config(crate::laws::laws(256))]

    /// The short way for small numbers gives what big ones give.
    #[test]
    fn an_f64_is_the_fraction_that_it_is(
        bits in any::<u64>(),
        (n, power) in (-(1i64 << 53)..(1 << 53), -80..80i32),
    ) {
        let edges = [0.0, -0.0, 1.0, -1.0, f64::MIN_POSITIVE, 5e-324, f64::MAX];
        let powers = [61, 62, 63, -61, -62, -63].map(|n| 2f64.powi(n));
        let drawn = [f64::from_bits(bits), n as f64 * 2f64.powi(power)];
        for x in drawn.into_iter().chain(edges).chain(powers).chain(powers.map(|x| -x)) {
            let big = BigRational::from_float(x).map(Rational::normal);
            let found = Rational::from_f64(x);
            prop_assert!(found.as_ref().is_ok_and(is_canonical) == big.is_some(), "{x}");
            prop_assert_eq!(found.ok(), big, "{}", x);
        }
    }
}
