//! Balls of two lengths have to overlap wherever both have a value, hold the exact result where
//! there is one, and be as narrow as their digits allow.

use proptest::prelude::*;

use super::*;

/// How long the other balls are.
const BITS: u32 = 512;

fn wide(x: f64) -> Wide {
    Ball::point(x).unwrap()
}

fn long(x: f64) -> Long {
    Ball::point(x).unwrap()
}

/// Whether the two may be the same number, in the digits of the longer.
fn meet(a: &Wide, b: &Long) -> bool {
    let high = a.to_f64();
    let low = a.sub(&wide(high)).unwrap().to_f64();
    let a_middle = long(high).add(&long(low)).unwrap();
    let apart = a_middle.sub(b).unwrap();
    apart.least() <= a.radius() * MORE
}

fn smooth() -> impl Iterator<Item = Function> {
    Function::ALL.into_iter().filter(|f| !f.has_kink())
}

proptest! {
    #![proptest_config(crate::laws::laws(256))]

    #[test]
    fn functions_of_two_lengths_meet(x in -35.0..35.0f64, scale in -12i32..1) {
        let x = x * 10f64.powi(scale);
        for f in smooth() {
            let long = Digits::during(BITS, || long(x).call(f));
            let (Ok(short), Ok(other)) = (wide(x).call(f), long) else {
                prop_assert!(x <= 0.0 && matches!(f, Function::Ln | Function::Sqrt));
                continue;
            };
            let met = Digits::during(BITS, || meet(&short, &other));
            prop_assert!(met, "{f}({x:e}): {short:?} {other:?}");
            let size = short.to_f64().abs();
            prop_assert!(short.radius() <= 1e-22 * size + 1e-26, "{f}({x:e}): {short:?}");
            prop_assert!(other.radius() <= 1e-140 * size + 1e-140, "{f}({x:e}): {other:?}");
            // And with a third way, that of f64: where Φ is less than what a ball of this length
            // resolves beside 1/2, within the radius.
            let near = x.call(f).unwrap();
            prop_assert!((near - size * short.to_f64().signum()).abs() <= 1e-12 * size + short.radius() + 1e-300,
                "{f}({x:e}) is {near:e} and {:e}", short.to_f64());
        }
    }

    /// Down to the smallest normal `f64`, where squares are 0, and up to the largest.
    #[test]
    fn functions_have_values_at_every_size(
        digits in 1.0..10.0f64, power in -307..307i32, negative in any::<bool>(),
    ) {
        let x = format!("{}{digits}e{power}", if negative { "-" } else { "" });
        let x: Rational = x.parse().unwrap();
        let (short, long) = (Wide::from_rational(&x).unwrap(), Digits::during(BITS, || Long::from_rational(&x)).unwrap());
        prop_assert!(short.sign().is_some() && long.sign().is_some(), "{short:?}");
        for f in smooth() {
            let (a, b) = (short.call(f), Digits::during(BITS, || long.call(f)));
            if negative && matches!(f, Function::Ln | Function::Sqrt) {
                prop_assert_eq!(a, Err(Fault::OutOfDomain(f)));
                continue;
            }
            let grows = !negative && f == Function::Exp
                || matches!(f, Function::Sinh | Function::Cosh);
            if power > 1 && grows {
                prop_assert!(power == 2 || a == Err(Fault::NotFinite));
                continue;
            }
            if let (Ok(a), Ok(b)) = (&a, &b) {
                prop_assert!(Digits::during(BITS, || meet(a, b)), "{f}({x}): {a:?} {b:?}");
                // Of a great angle a ball does not know the turn.
                let turns = power > 2 && matches!(f, Function::Sin | Function::Cos);
                // At the ends of the range, an inverse has lost some of its digits.
                let ends = power.abs() > 280;
                prop_assert!(turns || ends || a.radius() <= 1e-12 * a.most() + 1e-26, "{f}({x}): {a:?}");
            }
            prop_assert!(a.is_ok() && b.is_ok(), "{f}({x}): {a:?} {b:?}");
            if f == Function::Sqrt {
                let a = a.unwrap();
                prop_assert!(a.radius() <= 1e-12 * a.most(), "√{x}: {a:?}");
            }
        }
    }

    #[test]
    fn a_function_of_a_ball_holds_the_values_of_its_points(
        x in -8.0..8.0f64, r in 0.0..1.5f64, at in -1.0..1.0f64,
    ) {
        let ball = wide(x).widened(r).unwrap();
        for f in smooth() {
            let (Ok(all), Ok(one)) = (ball.call(f), wide(x + at * r * 0.999).call(f)) else { continue };
            let off = one.sub(&all).unwrap();
            prop_assert!((off.to_f64().abs()) <= all.radius() * 1.001 + off.radius(), "{f} at {x} ± {r}");
        }
    }

    #[test]
    fn arithmetic_holds_the_exact_value(
        a in -1000i64..1000, b in 1i64..1000, c in -1000i64..1000, d in 1i64..1000,
    ) {
        let q = |n: i64, d: i64| Rational::new(n, d).unwrap();
        let (x, y) = (q(a, b), q(c, d));
        fn holds<M: Middle>(x: &Rational, y: &Rational, relative: f64) {
            let [u, v] = [x, y].map(|q| Ball::<M>::from_rational(q).unwrap());
            let all = [
                (u.add(&v), Scalar::add(x, y)),
                (u.sub(&v), Scalar::sub(x, y)),
                (u.mul(&v), Scalar::mul(x, y)),
                (u.div(&v), Scalar::div(x, y)),
                (u.powi(3), Scalar::powi(x, 3)),
            ];
            for (found, exact) in all {
                match (found, exact) {
                    (Ok(found), Ok(exact)) => {
                        let size = Digits::during(2048, || Long::from_rational(&exact).unwrap().most());
                        let interval = found.interval().unwrap();
                        assert!(interval.contains_rational(&exact), "{found:?} {exact}");
                        assert!(found.radius() <= relative * (size + 2e6), "{found:?} {exact}");
                    }
                    (found, exact) => assert!(found.is_err() && exact.is_err()),
                }
            }
        }
        holds::<Pair>(&x, &y, 1e-28);
        Digits::during(192, || holds::<Digits>(&x, &y, 1e-54));
    }

    #[test]
    fn a_radius_of_nothing_is_shown(a in any::<i32>(), b in any::<i32>(), c in any::<i32>()) {
        let [x, y, z] = [a, b, c].map(|n| wide(f64::from(n)));
        let value = x.mul(&y).unwrap().add(&z).unwrap();
        prop_assert_eq!(value.radius(), 0.0);
        let exact = i128::from(a) * i128::from(b) + i128::from(c);
        let rest = exact - value.to_f64() as i128;
        let low = value.sub(&wide(value.to_f64())).unwrap();
        prop_assert_eq!(low.to_f64() as i128, rest);
        let (order, radius) = Digits::during(BITS, || {
            let [x, y, z] = [a, b, c].map(|n| long(f64::from(n)));
            let value = x.mul(&y).unwrap().add(&z).unwrap().sub(&x.mul(&y).unwrap()).unwrap();
            (value.compare(&z), value.radius())
        });
        prop_assert_eq!((order, radius), (Ok(Ordering::Equal), 0.0));
    }
}

/// A ball of 106 bits: 0, a number with or without a low part, tiny or huge.
fn any_wide() -> impl Strategy<Value = Wide> {
    let middle = prop_oneof![
        1 => Just(0.0),
        2 => (-16i32..17).prop_map(|n| f64::from(n) / 8.0),
        6 => -2.0..2.0f64,
        1 => (-1.0..1.0f64, -1000i32..1000).prop_map(|(x, e)| x * libm::exp2(f64::from(e))),
    ];
    let part = prop_oneof![1 => Just(0.0), 2 => -1e-16..1e-16f64];
    let radius = prop_oneof![1 => Just(0.0), 2 => (0.0..1.0f64).prop_map(|r| r * r * 1e-20)];
    (middle, part, radius).prop_map(|(x, part, radius)| {
        Ball::around(x, radius).unwrap().add(&wide(x * part)).unwrap()
    })
}

proptest! {
    #![proptest_config(crate::laws::laws(2000))]

    #[test]
    fn products_side_by_side_are_those_one_after_the_other(
        sums in proptest::collection::vec(any_wide(), SIDE),
        a in proptest::collection::vec(any_wide(), SIDE),
        b in proptest::collection::vec(any_wide(), SIDE),
        lanes in 1..SIDE + 1,
    ) {
        let one = |n: usize| a[n].mul(&b[n]).and_then(|term| sums[n].add(&term));
        let one: Result<Vec<Wide>, Fault> = (0..lanes).map(one).collect();
        let mut side = sums.clone();
        let at: Vec<usize> = (0..lanes).collect();
        let [x, y] = [&a, &b].map(|all| std::array::from_fn(|n| &all[n]));
        let found = Ball::add_products(&mut side, &at, &x, &y);
        let expected = one.map(|mut one| {
            one.extend_from_slice(&sums[lanes..]);
            one
        });
        prop_assert_eq!(found.map(|()| side), expected);
    }

    #[test]
    fn a_part_of_a_number_holds_it(a in -1_000_000i64..1_000_000, b in 1i64..1000, n in 1u32..100_000) {
        let q = Rational::new(a, b).unwrap();
        let part = Wide::from_rational(&q).unwrap().over(n).unwrap();
        let exact = q.div(&Rational::from(i64::from(n))).unwrap();
        prop_assert!(holds(&part, &exact), "{part:?} {exact}");
        prop_assert!(part.radius() <= 1e-30 * exact.abs().to_f64() + 1e-299);
        prop_assert!(wide(a as f64).over(n.next_power_of_two()).unwrap().radius() == 0.0);
    }
}

/// Whether the exact number lies within the radius of the exact middle.
fn holds(x: &Wide, q: &Rational) -> bool {
    let exact = |x: f64| Rational::from_f64(x).unwrap();
    let low = x.sub(&wide(x.to_f64())).unwrap().to_f64();
    let middle = Scalar::add(&exact(x.to_f64()), &exact(low)).unwrap();
    Scalar::sub(&middle, q).unwrap().abs() <= exact(x.radius())
}

#[test]
fn long_numbers_lose_nothing_that_wide_ones_lose() {
    let lost = |x: Result<Wide, Fault>| x.unwrap().radius();
    let great = 1e40;
    let sum = wide(1.0).call(Function::Exp).unwrap().add(&wide(great)).unwrap();
    assert!(lost(sum.sub(&wide(great))) > 1e-20);
    Digits::during(BITS, || {
        let sum = long(1.0).call(Function::Exp).unwrap().add(&long(great)).unwrap();
        let back = sum.sub(&long(great)).unwrap();
        let e = std::f64::consts::E;
        let below = back.compare(&long(e.next_down()));
        assert!(back.radius() < 1e-100 && below == Ok(Ordering::Greater));
        assert_eq!(back.compare(&long(e.next_up())), Ok(Ordering::Less));
    });
}

#[test]
fn what_cannot_be_told_is_not() {
    let third = wide(1.0).div(&wide(3.0)).unwrap();
    let nothing = third.sub(&third).unwrap();
    assert!(nothing.holds_zero());
    assert_eq!(third.compare(&third.clone()), Err(Fault::Overlap));
    assert_eq!(nothing.call(Function::Ln), Err(Fault::Overlap));
    assert_eq!(wide(1.0).div(&nothing), Err(Fault::DivisionByZero));
    assert_eq!(wide(-1.0).call(Function::Sqrt), Err(Fault::OutOfDomain(Function::Sqrt)));
    assert_eq!(wide(800.0).call(Function::Exp), Err(Fault::NotFinite));
    let least = wide(-800.0).call(Function::Exp).unwrap();
    assert!(least.radius() > 0.0 && least.most() < 1e-300);
    // Exactly 0 is 0 times anything, and so is exactly 0 itself.
    assert_eq!(wide(0.0).mul(&third), Ok(wide(0.0)));
    assert_eq!(wide(1e200).mul(&wide(1e200)), Err(Fault::NotFinite));
}

#[test]
fn distances_are_bounded_on_both_sides() {
    let tenth: Wide = Ball::from_rational(&"0.1".parse().unwrap()).unwrap();
    let (least, most) = tenth.distance(0.1).unwrap();
    assert!(least > 5.55e-18 && most < 5.56e-18);
    let [lower, upper] = {
        let i = tenth.interval().unwrap();
        [i.lower, i.upper]
    };
    assert!(lower <= 0.1 && 0.1 <= upper && upper - lower < 1e-16);
}
