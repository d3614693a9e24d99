//! Sines and cosines at any `f64`, however great: by `libm` and bounds of its roundings, by balls
//! that reduce the angle on their own, and by numbers of another program.

use proptest::prelude::*;

use crate::scalar::{Ball, Digits, Function, Interval, Middle, Pair, Rational, Scalar, Wide};

/// Digits enough for the greatest angle.
const LONGEST: u32 = 1280;

const WAVES: [Function; 2] = [Function::Sin, Function::Cos];

fn at(x: f64) -> Interval {
    Interval::point(x).unwrap()
}

/// By a ball; any value there is where x itself is too great for one.
fn ball<M: Middle>(x: f64, f: Function) -> Interval {
    match Ball::<M>::point(x) {
        Ok(x) => x.call(f).unwrap().interval().unwrap(),
        Err(_) => Interval::new(-1.0, 1.0).unwrap(),
    }
}

fn overlap(a: Interval, b: Interval) -> bool {
    a.lower <= b.upper && b.lower <= a.upper
}

/// By mpmath, with 420 digits.
#[test]
fn huge_angles_have_their_own_sines() {
    // The third is as near to a multiple of π/2 as an f64 comes.
    let table = [
        (
            f64::MAX,
            "0.0049619547891840617905026711970747058",
            "-0.9999876894265599374648700663069344",
        ),
        (
            2f64.powi(1023),
            "0.56312777985088401345294340794446835",
            "-0.82636983461414799450078568081174373",
        ),
        (
            6_381_956_970_095_103.0 * 2f64.powi(797),
            "1",
            "-4.6871659242546276111225828019638844e-19",
        ),
        (
            -4.5e300,
            "-0.13443840172799801885375016020250702",
            "-0.99092195259809509343707076083085838",
        ),
        (1e22, "-0.85220084976718880177270589375302937", "0.52321478539513894549759447338470949"),
        (
            3.5e15,
            "-0.89155097631487804653280999929193415",
            "-0.45292036455870226688913379373030162",
        ),
    ];
    for (x, sine, cosine) in table {
        for (f, value) in WAVES.into_iter().zip([sine, cosine]) {
            let value: Rational = value.parse().unwrap();
            let found = at(x).call(f).unwrap();
            let room = Interval::new(found.lower - 1e-34, found.upper + 1e-34).unwrap();
            assert!(room.contains_rational(&value), "{f}({x:e}) in {found}");
            assert!(found.width() <= 2e-15 * value.to_f64().abs(), "{f}({x:e}) in {found}");
            // In balls of few digits, nothing may be left of so great an angle.
            assert!(overlap(ball::<Pair>(x, f), found), "{f}({x:e})");
            let long = Digits::during(LONGEST, || ball::<Digits>(x, f));
            assert!(
                overlap(long, found) && (long.width() <= 1e-15 || x.abs() > 1e270),
                "{f}({x:e}) in {long}"
            );
        }
    }
}

#[test]
fn a_stretch_with_a_turn_reaches_it() {
    let on =
        |f: Function, lower: f64, upper: f64| Interval::new(lower, upper).unwrap().call(f).unwrap();
    for (f, lower, upper, least, greatest) in [
        (Function::Sin, 1.5, 1.6, false, true),
        (Function::Sin, 4.7, 4.8, true, false),
        (Function::Sin, 0.1, 1.5, false, false),
        (Function::Sin, -2.0, 2.0, true, true),
        (Function::Sin, 1.6, 4.8, true, false),
        (Function::Cos, -0.1, 0.1, false, true),
        (Function::Cos, 3.1, 3.2, true, false),
        (Function::Cos, 0.1, 3.1, false, false),
        (Function::Cos, 0.1, 6.2, true, false),
        (Function::Cos, 0.1, 6.5, true, true),
        (Function::Cos, 0.0, 0.1, false, true),
        (Function::Sin, 1e300, 1.1e300, true, true),
        // Neighbours that are 4 apart.
        (Function::Sin, 2f64.powi(54), 2f64.powi(54) + 4.0, true, true),
        (Function::Cos, 0.0, f64::MAX, true, true),
    ] {
        let found = on(f, lower, upper);
        assert_eq!(
            (found.lower == -1.0, found.upper == 1.0),
            (least, greatest),
            "{f} of [{lower}, {upper}]: {found}"
        );
    }
    assert_eq!(on(Function::Sin, 0.0, 0.0), at(0.0));
    assert_eq!(on(Function::Cosh, -1.0, 2.0).lower, 1.0);
}

proptest! {
    #![proptest_config(crate::laws::laws(200))]

    #[test]
    fn two_ways_to_a_sine_meet_at_any_angle(x in any::<f64>(), small in -50.0..50.0f64) {
        for x in [x, small].into_iter().filter(|x| x.is_finite()) {
            for f in WAVES {
                let by_libm = at(x).call(f).unwrap();
                let by_ball = Digits::during(LONGEST, || ball::<Digits>(x, f));
                prop_assert!((by_ball.width() < 1e-12 || x.abs() > 1e270) && overlap(by_libm, by_ball), "{f}({x:e}): {by_libm} {by_ball}");
                prop_assert!(overlap(by_ball, ball::<Pair>(x, f)), "{f}({x:e})");
            }
        }
    }

    #[test]
    fn every_angle_of_a_stretch_has_its_sine_inside(
        x in -100.0..100.0f64, scale in 0i32..18, wide in 0.0..8.0f64, part in prop::collection::vec(0.0..1.0f64, 12),
    ) {
        let lower = x * 10f64.powi(scale);
        let stretch = Interval::new(lower, lower + wide).unwrap();
        for f in WAVES {
            let all = stretch.call(f).unwrap();
            prop_assert!(-1.0 <= all.lower && all.upper <= 1.0);
            for part in &part {
                let one = (stretch.lower + part * (stretch.upper - stretch.lower)).clamp(stretch.lower, stretch.upper);
                prop_assert!(all.contains(one.call(f).unwrap()), "{f}({one}) in {all} of {stretch}");
            }
        }
    }

    #[test]
    fn a_ball_of_angles_holds_their_sines(
        x in -100.0..100.0f64, scale in 0i32..18, radius in 0.0..4.0f64, part in -0.99..0.99f64,
    ) {
        let middle = x * 10f64.powi(scale);
        let all = Wide::around(middle, radius).unwrap();
        let one = middle + part * radius;
        prop_assume!((one - middle).abs() <= radius);
        for f in [Function::Sin, Function::Cos] {
            let all = all.call(f).unwrap().interval().unwrap();
            let one = Digits::during(LONGEST, || ball::<Digits>(one, f));
            prop_assert!(overlap(all, one) && all.width() <= 2.01, "{f} of {middle} ± {radius}: {all}, {one}");
        }
    }

    /// (cosh + sinh)(cosh − sinh) = 1, and both against a ball.
    #[test]
    fn hyperbolic_functions_meet_their_balls(x in -710.0..710.0f64, scale in -12i32..1) {
        let x = x * 10f64.powi(scale);
        for f in [Function::Sinh, Function::Cosh] {
            let (short, long) = (at(x).call(f).unwrap(), ball::<Pair>(x, f));
            prop_assert!(overlap(short, long), "{f}({x:e}): {short} {long}");
            prop_assert!(short.width() <= 5e-15 * short.upper.abs() + 1e-320, "{f}({x:e}): {short}");
        }
    }
}
