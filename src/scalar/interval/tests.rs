//! Intervals against exact rationals and against values known to 45 digits.

use proptest::prelude::*;

use super::*;
use crate::scalar::tests::strategies::{rational, small};

fn q(text: &str) -> Rational {
    text.parse().unwrap()
}

fn around_rational(a: &Rational) -> Interval {
    Interval::from_rational(a).unwrap()
}

/// How many steps of `f64` an interval is wide at most, so that it is not only right.
fn is_tight(x: &Interval, steps: u32) -> bool {
    let mut end = x.lower;
    for _ in 0..steps {
        end = end.next_up();
    }
    end >= x.upper
}

/// A number whose products lose nothing to underflow, 0 and whole ones among them.
fn end() -> impl Strategy<Value = f64> {
    prop_oneof![
        1 => Just(0.0),
        2 => (-20i32..21).prop_map(f64::from),
        4 => -3.0..3.0f64,
        3 => (-1.0..1.0f64, -400i32..400).prop_map(|(x, e)| x * libm::exp2(f64::from(e))),
    ]
}

proptest! {
    #![proptest_config(crate::laws::laws(256))]

    #[test]
    fn exact_results_are_inside(a in rational(), b in rational()) {
        let (x, y) = (around_rational(&a), around_rational(&b));
        prop_assert!(x.contains_rational(&a) && is_tight(&x, 1));
        prop_assert!(x.add(&y).unwrap().contains_rational(&a.add(&b).unwrap()));
        prop_assert!(x.sub(&y).unwrap().contains_rational(&a.sub(&b).unwrap()));
        let product = x.mul(&y).unwrap();
        prop_assert!(product.contains_rational(&a.mul(&b).unwrap()));
        prop_assert!(is_tight(&product, 8));
        if !b.is_zero() {
            let quotient = x.div(&y).unwrap();
            prop_assert!(quotient.contains_rational(&a.div(&b).unwrap()));
            prop_assert!(is_tight(&quotient, 8));
        }
    }

    #[test]
    fn tiny_and_huge_results_are_inside(
        a in rational(), b in rational(), s in -320i32..290, t in -320i32..290,
    ) {
        let ten = Rational::from(10);
        let a = a.mul(&ten.powi(s).unwrap()).unwrap();
        let b = b.mul(&ten.powi(t).unwrap()).unwrap();
        let (Ok(x), Ok(y)) = (Interval::from_rational(&a), Interval::from_rational(&b)) else {
            return Ok(());
        };
        for (enclosure, exact) in [
            (x.add(&y), a.add(&b)), (x.mul(&y), a.mul(&b)),
            (x.div(&y), a.div(&b)), (x.powi(2), a.powi(2)), (x.powi(-3), a.powi(-3)),
        ] {
            // Past the range of f64 there is a fault and no interval.
            if let Ok(enclosure) = enclosure {
                prop_assert!(enclosure.contains_rational(&exact.unwrap()));
            }
        }
    }

    /// The ends are the `f64` next to the exact ones.
    #[test]
    fn sums_and_products_are_as_narrow_as_can_be(
        a in end(), b in end(), c in end(), d in end(),
    ) {
        let (x, y) = (Interval::new(a, b).unwrap(), Interval::new(c, d).unwrap());
        let exact = |x: f64| Rational::from_f64(x).unwrap();
        let of_ends = |f: fn(&Rational, &Rational) -> Result<Rational, Fault>| {
            let all = [(a, c), (a, d), (b, c), (b, d)].map(|(p, q)| f(&exact(p), &exact(q)).unwrap());
            (all.iter().min().unwrap().clone(), all.iter().max().unwrap().clone())
        };
        for (found, (least, most)) in [
            (x.add(&y).unwrap(), of_ends(Scalar::add)), (x.mul(&y).unwrap(), of_ends(Scalar::mul)),
        ] {
            prop_assert!(exact(found.lower) <= least && most <= exact(found.upper));
            prop_assert!(exact(found.lower.next_up()) > least, "{x} {y}: {found}");
            prop_assert!(exact(found.upper.next_down()) < most, "{x} {y}: {found}");
        }
    }

    #[test]
    fn every_member_stays_inside(
        ends in (small(), small()), others in (small(), small()), t in 0i32..5, n in -5i32..6,
    ) {
        // a is between the ends of x, b between those of y.
        let between = |(p, q): &(Rational, Rational)| {
            let part = q.sub(p).unwrap().mul(&Rational::new(t, 4).unwrap()).unwrap();
            let (i, j) = (around_rational(p), around_rational(q));
            let hull = Interval::hull(&[(i.lower, i.upper), (j.lower, j.upper)]).unwrap();
            (hull, p.add(&part).unwrap())
        };
        let ((x, a), (y, b)) = (between(&ends), between(&others));
        for (enclosure, exact) in [
            (x.add(&y), a.add(&b)), (x.sub(&y), a.sub(&b)), (x.mul(&y), a.mul(&b)),
            (x.div(&y), a.div(&b)), (x.powi(n), a.powi(n)),
            (x.call(Function::Abs), a.call(Function::Abs)),
            (x.call(Function::Relu), a.call(Function::Relu)),
            (x.call(Function::Sign), a.call(Function::Sign)),
            (x.call(Function::Step), a.call(Function::Step)),
        ] {
            match enclosure {
                Ok(enclosure) => prop_assert!(enclosure.contains_rational(&exact.unwrap())),
                Err(fault) => prop_assert_eq!(fault, Fault::DivisionByZero),
            }
        }
        if let Ok(order) = x.compare(&y) {
            prop_assert_eq!(order, a.cmp(&b));
        }
    }

    #[test]
    fn functions_enclose_their_inverses(x in 0.01..20.0f64) {
        // √x² and ln eˣ must hold x, whatever the last bits of libm are.
        let x = Interval::point(x).unwrap();
        for (there, back) in [(Function::Exp, Function::Ln), (Function::Sqrt, Function::Abs)] {
            let value = x.call(there).unwrap();
            let again = match there {
                Function::Sqrt => value.powi(2).unwrap(),
                _ => value.call(back).unwrap(),
            };
            prop_assert!(again.contains(x.lower), "{} {}", there, x);
        }
    }
}

#[test]
fn known_values_are_inside_and_tight() {
    // Computed with 60 digits by Python's decimal module.
    let table = [
        (Function::Exp, "1", "2.7182818284590452353602874713526624977572470"),
        (Function::Exp, "-1", "0.36787944117144232159552377016146086744581113"),
        (Function::Exp, "10", "22026.465794806716516957900645284244366353512"),
        (Function::Exp, "-30.5", "5.6756852326327224618727887238066512771477108e-14"),
        (Function::Exp, "0.1", "1.1051709180756476248117078264902466682245471"),
        (Function::Exp, "700", "1.0142320547350045094553295952312676152046795e304"),
        (Function::Exp, "-740.25", "3.2621938986638430109199729913607947023155839e-322"),
        (Function::Ln, "2", "0.693147180559945309417232121458176568075500134"),
        (Function::Ln, "10", "2.30258509299404568401799145468436420760110148"),
        (Function::Ln, "0.1", "-2.30258509299404568401799145468436420760110148"),
        (Function::Ln, "1e300", "690.775527898213705205397436405309262280330446"),
        (Function::Ln, "0.9999", "-0.000100005000333358335333500014286964396835398"),
        (Function::Tanh, "0.1", "0.0996679946249558171183050836783521835389620957"),
        (Function::Tanh, "0.2", "0.197375320224904000738157318811015668389372683"),
        (Function::Tanh, "0.5", "0.462117157260009758502318483643672548730289280"),
        (Function::Tanh, "-3", "-0.995054753686730451331880185255488475097813854"),
        (Function::Tanh, "19", "0.999999999999999937217344159039409396651644177"),
        (Function::Tanh, "25", "0.999999999999999999999614250030407216443396605"),
        (Function::Sigmoid, "1", "0.731058578630004879251159241821836274365144640"),
        (Function::Sigmoid, "-1", "0.268941421369995120748840758178163725634855359"),
        (Function::Sigmoid, "40", "0.999999999999999995751645744708411022719279095"),
        (Function::Sigmoid, "-40", "4.24835425529158897728072090440450637143476271e-18"),
        (Function::Sigmoid, "0.001", "0.500249999979166668749999789186529293428171221"),
        (Function::Softplus, "0", "0.693147180559945309417232121458176568075500134"),
        (Function::Softplus, "1", "1.31326168751822283404899549496785564191528009"),
        (Function::Softplus, "-1", "0.313261687518222834048995494967855641915280086"),
        (Function::Softplus, "0.1", "0.744396660073570894830099108315658041905549023"),
        (Function::Softplus, "35", "35.0000000000000006305116760146987397914153238"),
        (Function::Softplus, "-35", "6.30511676014698739791415323792397438933383775e-16"),
        (Function::Softplus, "-700.5", "5.98019611863979120641210733049510004798077289e-305"),
        (Function::Softplus, "800", "800"),
        (Function::NormalCdf, "0", "0.5"),
        (Function::NormalCdf, "1", "0.841344746068542948585232545632037922477912967"),
        (Function::NormalCdf, "-1", "0.158655253931457051414767454367962077522087033"),
        (Function::NormalCdf, "0.1", "0.539827837277028981465404618239182083014062284"),
        (Function::NormalCdf, "-0.1", "0.460172162722971018534595381760817916985937716"),
        (Function::NormalCdf, "2.5", "0.993790334674223864833021895425807778872102253"),
        (Function::NormalCdf, "9", "0.999999999999999999887141159404615935226449792"),
        (Function::NormalPdf, "0", "0.398942280401432677939946059934381868475858631"),
        (Function::NormalPdf, "1", "0.241970724519143349797830192935560654828671971"),
        (Function::NormalPdf, "-1", "0.241970724519143349797830192935560654828671971"),
        (Function::NormalPdf, "0.1", "0.39695254747701176551052974350085220154659906"),
        (Function::NormalPdf, "2.5", "0.0175283004935685373621583221667485861485141755"),
        (Function::NormalPdf, "-8", "5.05227108353689228795018461551083466034969811e-15"),
        (Function::NormalPdf, "20", "5.52094836215976318958273568278700095383292534e-88"),
        (Function::NormalPdf, "-38.5", "5.42515518133659018332112645622214419164543091e-323"),
        (Function::Sqrt, "2", "1.41421356237309504880168872420969807856967187"),
        (Function::Sqrt, "0.1", "0.316227766016837933199889354443271853371955513"),
        (Function::Sqrt, "12345.678", "111.111106555555462166662837722025988808180646"),
        (Function::Sqrt, "1e-300", "1e-150"),
        // Computed with 60 digits by mpmath.
        (Function::Sin, "1", "0.841470984807896506652502321630298999622563061"),
        (Function::Sin, "-1", "-0.841470984807896506652502321630298999622563061"),
        (Function::Sin, "0.1", "0.099833416646828152306814198410622026989915388"),
        (Function::Sin, "3", "0.141120008059867222100744802808110279846933264"),
        (Function::Sin, "-22", "0.00885130929040387592169025681577233246328920395"),
        (Function::Sin, "1e-5", "0.00000999999999983333333333416666666666468253968254"),
        (Function::Sin, "710", "0.0000602887066915852659334837999227671930340602052"),
        (Function::Sin, "123456789.125", "0.999876385427262818826900122049275088778348028"),
        (Function::Cos, "1", "0.540302305868139717400936607442976603732310421"),
        (Function::Cos, "-1", "0.540302305868139717400936607442976603732310421"),
        (Function::Cos, "0.1", "0.995004165278025766095561987803870294838576225"),
        (Function::Cos, "3", "-0.989992496600445457271572794731261302393679097"),
        (Function::Cos, "11", "0.004425697988050785748355024723941573225727359"),
        (Function::Cos, "0.0001", "0.999999995000000004166666665277777778025793651"),
        (Function::Cos, "710", "0.99999999818263592107659489137873128627339155"),
        (Function::Cos, "123456789.125", "0.0157230361225740796917468437532319238527494142"),
        (Function::Sinh, "1", "1.17520119364380145688238185059560081515571798"),
        (Function::Sinh, "-1", "-1.17520119364380145688238185059560081515571798"),
        (Function::Sinh, "0.1", "0.100166750019844025823729383521905023514920917"),
        (Function::Sinh, "-0.001", "-0.00100000016666667500000019841270116843036014911"),
        (Function::Sinh, "20", "242582597.704895137953976604051491365359349304"),
        (Function::Sinh, "-30.5", "-8809508975677.81570608049235208754145713618735"),
        (Function::Sinh, "710.25", "1.43425303024951230303477956012159304510883048e308"),
        (Function::Cosh, "1", "1.54308063481524377847790562075706168260152911"),
        (Function::Cosh, "-1", "1.54308063481524377847790562075706168260152911"),
        (Function::Cosh, "0.1", "1.00500416805580359898797844296834164470962628"),
        (Function::Cosh, "-0.001", "1.00000050000004166666805555558035714313271605"),
        (Function::Cosh, "20", "242582597.704895140015130226490049193325289685"),
        (Function::Cosh, "-30.5", "8809508975677.81570608049240884439378346341196"),
        (Function::Cosh, "710.25", "1.43425303024951230303477956012159304510883048e308"),
    ];
    for (f, x, value) in table {
        let x = around_rational(&q(x));
        let y = x.call(f).unwrap();
        assert!(y.contains_rational(&q(value)), "{f}({x}) = {value} is not in {y}");
        // Conditioning (an argument of 740 moves e^x by 740 ulps) is not the enclosure's fault.
        let steps = if f == Function::NormalCdf { 64 } else { 32 };
        assert!(!x.is_point() || is_tight(&y, steps), "{f}({x}) in {y}");
    }
    // Far below 0, an ulp of −x/√2 moves Φ by hundreds: these enclosures are right, not tight.
    for (x, value) in [
        ("-2.5", "0.00620966532577613516697810457419222112789774692"),
        ("-5.75", "4.46217245390161187306922258841623522851619904e-9"),
        ("-8", "6.22096057427178412351599517258818842248871728e-16"),
        ("-20", "2.75362411860623369507562278085746533280749773e-89"),
        ("-37", "5.72557122252457682268319254827320165643278624e-300"),
    ] {
        let y = around_rational(&q(x)).call(Function::NormalCdf).unwrap();
        assert!(y.contains_rational(&q(value)), "Φ({x}) = {value} is not in {y}");
        assert!(y.upper <= 1.000_001 * y.lower || y.upper < 1e-300, "Φ({x}) in {y}");
    }
    let powers = [
        ("2", "0.5", "1.41421356237309504880168872420969807856967187"),
        ("3", "-2.5", "0.0641500299099584182787943089446619395164001945"),
        ("0.1", "3.7", "0.000199526231496887960135245539673953555798627431"),
        ("1.5", "1000.25", "1.36546908038831474054227266066745742536138284e176"),
    ];
    for (x, y, value) in powers {
        let power = around_rational(&q(x)).pow(&around_rational(&q(y))).unwrap();
        assert!(power.contains_rational(&q(value)), "{x}^{y} in {power}");
    }
}

#[test]
fn what_f64_holds_stays_a_point() {
    let at = |x: f64| Interval::point(x).unwrap();
    assert_eq!(at(3.0).mul(&at(0.5)).unwrap().to_string(), "1.5");
    assert_eq!(at(-2.0).powi(3), Ok(at(-8.0)));
    assert_eq!(at(2.0).powi(-2), Ok(at(0.25)));
    assert_eq!(at(9.0).call(Function::Sqrt), Ok(at(3.0)));
    assert_eq!(at(0.0).call(Function::Exp), Ok(at(1.0)));
    assert_eq!(at(1.0).div(&at(8.0)), Ok(at(0.125)));
    assert!(!at(1.0).div(&at(3.0)).unwrap().is_point());
}

#[test]
fn a_rounding_error_that_underflows_is_not_taken_for_0() {
    let exact = |x: f64| Rational::from_f64(x).unwrap();
    for (a, b) in [(1e-310, 3e-305), (-5e-324, 7e-310), (3e-308, 1.1), (1.3e-200, 1.7e-150)] {
        let (x, y) = (Interval::point(a).unwrap(), Interval::point(b).unwrap());
        let quotient = exact(a).div(&exact(b)).unwrap();
        assert!(x.div(&y).unwrap().contains_rational(&quotient), "{a} / {b}");
        let product = exact(a).mul(&exact(b)).unwrap();
        assert!(x.mul(&y).unwrap().contains_rational(&product), "{a} · {b}");
        let root = exact(b).sub(&exact(b.sqrt()).powi(2).unwrap()).unwrap();
        assert!(root.is_zero() || !y.call(Function::Sqrt).unwrap().is_point(), "√{b}");
    }
}

#[test]
fn even_powers_of_an_interval_around_0_are_not_negative() {
    let x = Interval::new(-2.0, 1.0).unwrap();
    assert_eq!(x.powi(2), Interval::new(0.0, 4.0));
    assert_eq!(x.powi(3), Interval::new(-8.0, 1.0));
    assert_eq!(x.mul(&x), Interval::new(-2.0, 4.0));
    assert_eq!(x.powi(0), Interval::point(1.0));
    assert_eq!(x.powi(-2), Err(Fault::DivisionByZero));
    assert_eq!(x.call(Function::Sign), Interval::new(-1.0, 1.0));
    assert_eq!(x.call(Function::Abs), Interval::new(0.0, 2.0));
}

#[test]
fn faults_and_comparisons() {
    let x = |l: f64, u: f64| Interval::new(l, u).unwrap();
    assert_eq!(x(1.0, 2.0).div(&x(-1.0, 1.0)), Err(Fault::DivisionByZero));
    assert_eq!(x(-1.0, 1.0).call(Function::Ln), Err(Fault::OutOfDomain(Function::Ln)));
    assert_eq!(x(-1.0, 1.0).call(Function::Sqrt), Err(Fault::OutOfDomain(Function::Sqrt)));
    assert_eq!(x(-1.0, 1.0).pow(&x(0.5, 0.5)), Err(Fault::PowerOutOfDomain));
    assert_eq!(x(0.0, 4.0).pow(&x(0.5, 0.5)).unwrap().lower, 0.0);
    // Nothing overflows where the function has a value.
    let far = x(-1e300, 1e300);
    assert_eq!(far.call(Function::Softplus).map(|y| y.upper >= 1e300 && y.lower == 0.0), Ok(true));
    assert_eq!(far.call(Function::NormalCdf), Interval::new(0.0, 1.0));
    assert!(far.call(Function::NormalPdf).unwrap().contains(0.3989));
    // Past the smallest positive f64 there is more than 0.
    for (f, x) in [
        (Function::Softplus, -800.0),
        (Function::NormalCdf, -39.5),
        (Function::NormalPdf, 39.5),
        (Function::NormalPdf, -70.0),
    ] {
        let y = Interval::point(x).unwrap().call(f).unwrap();
        assert!(y.lower == 0.0 && 0.0 < y.upper && y.upper < 1e-321, "{f}({x}) in {y}");
    }
    for side in [1.0, -1.0] {
        let huge = x(side * f64::MAX, side * 1e300);
        assert_eq!(huge.add(&huge), Err(Fault::NotFinite));
        assert_eq!(huge.mul(&huge), Err(Fault::NotFinite));
        assert_eq!(huge.powi(3), Err(Fault::NotFinite));
    }
    assert_eq!(x(0.0, 1000.0).call(Function::Exp), Err(Fault::NotFinite));
    assert_eq!(Interval::new(0.0, f64::NAN), Err(Fault::NotFinite));
    assert_eq!(x(0.0, 1.0).compare(&x(1.0, 2.0)), Err(Fault::Overlap));
    assert_eq!(x(0.0, 1.0).compare(&x(0.0, 1.0)), Err(Fault::Overlap));
    assert_eq!(x(1.0, 1.0).compare(&x(1.0, 1.0)), Ok(Ordering::Equal));
    assert_eq!(x(0.0, 1.0).compare(&x(2.0, 3.0)), Ok(Ordering::Less));
    assert_eq!(x(0.25, 0.5).to_string(), "[0.25, 0.5]");
    assert_eq!(x(-1.0, 2.0).width(), 3.0);
}
