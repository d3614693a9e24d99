//! Random numbers for property tests of this crate. Comes out: rationals of every size, with the
//! places where representations change (i64's ends, 2^53, the big side) drawn often.

use num_bigint::BigInt;
use proptest::prelude::*;

use crate::scalar::Rational;

/// A rational with a numerator up to 20 and a denominator up to 12.
pub(crate) fn small() -> impl Strategy<Value = Rational> {
    (-20i64..=20, 1i64..=12).prop_map(|(n, d)| fraction(n.into(), d.into()))
}

/// A rational of any size up to some 200 bits.
pub(crate) fn rational() -> impl Strategy<Value = Rational> {
    prop_oneof![
        3 => small(),
        2 => (whole(), whole()).prop_map(|(n, d)| fraction(n.into(), d.into())),
        1 => (whole(), whole(), whole(), whole()).prop_map(|(a, b, c, d)| {
            let product = |x: i64, y: i64| BigInt::from(x) * BigInt::from(y);
            fraction(product(a, b), product(c, d))
        }),
        2 => (whole(), 0u32..90).prop_map(|(n, k)| fraction(n.into(), BigInt::from(1) << k)),
    ]
}

fn whole() -> impl Strategy<Value = i64> {
    let edges = vec![i64::MIN, i64::MIN + 1, i64::MAX, i64::MAX - 1, 1 << 53, (1 << 53) + 1, 1, -1];
    prop_oneof![any::<i64>(), prop::sample::select(edges), -1000i64..1000]
}

/// n/d, or n where d is 0.
fn fraction(n: BigInt, d: BigInt) -> Rational {
    match Rational::new(n.clone(), d) {
        Ok(q) => q,
        Err(_) => Rational::new(n, 1).expect("1 is not 0"),
    }
}
