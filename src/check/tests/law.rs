//! The law of a check: over random networks of 1 to 24 layers, with and without norms, in f64, f32
//! and bf16, right gradients never differ, wrong ones never agree, and what agrees is nearer to the
//! value at 1024 bits than the report says that would have been noticed.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::super::reference::{Element, Place, Witness, decide, gradients};
use super::super::values::{SplitMix, convert};
use super::*;
use crate::concrete::{self, Decide, Shares, Watch};
use crate::laws::{laws, usual_draw};
use crate::scalar::{Fault, Scalar};

/// A number of f32, as a processor computes with it.
#[derive(Clone, Debug, PartialEq)]
struct Single(f32);

fn single(x: f32) -> Result<Single, Fault> {
    if x.is_finite() { Ok(Single(x)) } else { Err(Fault::NotFinite) }
}

impl Scalar for Single {
    fn from_rational(q: &Rational) -> Result<Single, Fault> {
        single(f64::from_rational(q)? as f32)
    }

    fn add(&self, other: &Single) -> Result<Single, Fault> {
        single(self.0 + other.0)
    }

    fn sub(&self, other: &Single) -> Result<Single, Fault> {
        single(self.0 - other.0)
    }

    fn mul(&self, other: &Single) -> Result<Single, Fault> {
        single(self.0 * other.0)
    }

    fn neg(&self) -> Single {
        Single(-self.0)
    }

    fn div(&self, other: &Single) -> Result<Single, Fault> {
        if other.0 == 0.0 { Err(Fault::DivisionByZero) } else { single(self.0 / other.0) }
    }

    fn powi(&self, exponent: i32) -> Result<Single, Fault> {
        single(Scalar::powi(&f64::from(self.0), exponent)? as f32)
    }

    fn pow(&self, exponent: &Single) -> Result<Single, Fault> {
        single(f64::from(self.0).pow(&f64::from(exponent.0))? as f32)
    }

    fn call(&self, function: Function) -> Result<Single, Fault> {
        single(f64::from(self.0).call(function)? as f32)
    }

    fn compare(&self, other: &Single) -> Result<Ordering, Fault> {
        self.0.partial_cmp(&other.0).ok_or(Fault::NotFinite)
    }
}

/// Stores each tensor as bf16, to nearest, ties to even.
struct Halves;

impl Watch<Single> for Halves {
    fn stored(&mut self, _: NodeId, elements: &mut [Single]) {
        for Single(x) in elements {
            let bits = x.to_bits();
            *x = f32::from_bits((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000);
        }
    }
}

struct Whole;

impl Watch<Single> for Whole {}

/// The gradients as a program would compute them in a format; none where it overflows.
fn program(net: &Network, by: &[QuantityId], format: Format) -> Option<Vec<Vec<f64>>> {
    if format == Format::F64 {
        let values = convert::<f64>(net, net.values()).ok()?;
        let run = concrete::forward(net, &values, Decide::ByValue).ok()?;
        let all = concrete::backward(net, &run, by).ok()?;
        return Some(by.iter().map(|id| all.of(*id).unwrap().to_vec()).collect());
    }
    let values = convert::<Single>(net, net.values()).ok()?;
    match format {
        Format::F32 => in_singles(net, by, &values, &mut Whole),
        _ => in_singles(net, by, &values, &mut Halves),
    }
}

fn in_singles(
    net: &Network,
    by: &[QuantityId],
    values: &concrete::Values<Single>,
    watch: &mut impl Watch<Single>,
) -> Option<Vec<Vec<f64>>> {
    let run = concrete::forward_watched(net, values, Decide::ByValue, watch).ok()?;
    let all = concrete::backward_watched(net, &run, by, &Shares::new(), watch).ok()?;
    let of = |id: &QuantityId| all.of(*id).unwrap().iter().map(|x| f64::from(x.0)).collect();
    Some(by.iter().map(of).collect())
}

#[derive(Clone, Debug)]
struct Layer {
    kind: usize,
    norm: bool,
}

#[derive(Clone, Debug)]
struct Drawn {
    format: Format,
    width: usize,
    batch: usize,
    layers: Vec<Layer>,
    seed: u64,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let layer = |norms: bool| {
        (0..6usize, any::<bool>()).prop_map(move |(kind, norm)| Layer { kind, norm: norm && norms })
    };
    let layers = (any::<bool>(), prop_oneof![1..4usize, 4..25usize])
        .prop_flat_map(move |(norms, depth)| proptest::collection::vec(layer(norms), depth));
    let format = prop_oneof![Just(Format::F64), Just(Format::F32), Just(Format::Bf16)];
    (format, 2..5usize, 1..4usize, layers, any::<u64>()).prop_map(
        |(format, width, batch, layers, seed)| Drawn { format, width, batch, layers, seed },
    )
}

impl Drawn {
    fn network(&self) -> Network {
        let (n, b) = (self.width, self.batch);
        let mut text = format!("input x[{b}, {n}]\ntarget t[{b}, {n}]\n");
        let mut last = "x".to_string();
        for (k, Layer { kind, norm }) in self.layers.iter().enumerate() {
            text += &format!("param w{k}[{n}, {n}], b{k}[{n}]\n");
            let into = if *norm { format!("layer_norm({last})") } else { last.clone() };
            let z = format!("dense({into}, w{k}, b{k})");
            let value = match kind {
                0 => format!("tanh({z})"),
                1 => format!("sigmoid({z})"),
                2 => format!("relu({z})"),
                3 => format!("gelu({z})"),
                4 => format!("{last} + tanh({z})"),
                _ => z,
            };
            text += &format!("h{k} = {value}\n");
            last = format!("h{k}");
        }
        text += &format!("E = half_squared_error({last}, t)\n");
        let mut net = parse_network(&text).unwrap();
        // Numbers of 7 bits, which every format has.
        let mut random = SplitMix(self.seed);
        for id in values::missing(&net) {
            let mut number = || {
                let n = (random.next() % 193) as i64 - 96;
                Rational::new(if n == 0 { 1 } else { n }, 64).unwrap()
            };
            let all = (0..net.shape(id).elements()).map(|_| number()).collect();
            net.values.insert(id, all);
        }
        net
    }
}

#[derive(Debug, Default)]
struct Seen {
    right: BTreeMap<Format, [usize; 2]>,
    wrong: BTreeMap<Format, [usize; 2]>,
}

/// The greatest element, and the greatest distance from it.
fn distance(exact: &[Element], numbers: &[f64]) -> (f64, f64) {
    let greatest = exact.iter().map(|g| g.value.abs()).fold(0.0, f64::max);
    let off = exact.iter().zip(numbers).map(|(g, x)| g.off(*x).abs()).fold(0.0, f64::max);
    (greatest, off)
}

fn report(net: &Network, by: &[QuantityId], numbers: &[Vec<f64>], format: Format) -> Report {
    let each = by.iter().zip(numbers);
    let gradients =
        each.map(|(id, numbers)| (*id, Theirs { numbers: numbers.clone(), format })).collect();
    check_supplied(net, net.values(), &Supplied { gradients, ..Supplied::default() }).unwrap()
}

/// Whatever agrees is as near as the report says.
fn near(report: &Report, exact: &[Vec<Element>], numbers: &[Vec<f64>]) -> Result<(), String> {
    for ((parameter, exact), numbers) in report.parameters.iter().zip(exact).zip(numbers) {
        // At another side of a kink another gradient is right.
        if parameter.verdict() != Verdict::Agree || parameter.at_kinks.is_some() {
            continue;
        }
        let (greatest, off) = distance(exact, numbers);
        let noticed = parameter.noticed.unwrap().element;
        if greatest > 0.0 && off > noticed * greatest * (1.0 + 1e-9) {
            return Err(format!("{}: off by {off:e} of {greatest:e}, {noticed:e}", parameter.name));
        }
    }
    Ok(())
}

fn law(drawn: &Drawn, seen: &mut Seen) -> Result<(), TestCaseError> {
    let net = drawn.network();
    let by: Vec<QuantityId> = net.params().collect();
    let format = drawn.format;
    let Some(right) = program(&net, &by, format) else { return Ok(()) };
    let Ok((decisions, _)) = decide(&net, net.values(), 1024) else { return Ok(()) };
    let at = Place { net: &net, values: net.values(), decisions: &decisions, by: &by };
    let exact = gradients(at, 1024, &Shares::new(), Witness::Spared).unwrap().0;
    let found = report(&net, &by, &right, format);
    let mut counted = seen.right.remove(&format).unwrap_or_default();
    for parameter in &found.parameters {
        let verdict = parameter.verdict();
        prop_assert!(verdict != Verdict::Differ, "{} {:?}", parameter.name, parameter);
        counted[usize::from(verdict == Verdict::Agree)] += 1;
    }
    seen.right.insert(format, counted);
    near(&found, &exact, &right).map_err(TestCaseError::fail)?;
    // One tensor wrong at a time, the deepest most often: there most is lost.
    let mut random = SplitMix(drawn.seed ^ 0xBAD);
    let mut unit = || (random.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
    let k = if unit() < 0.0 { 0 } else { ((unit() + 1.0) / 2.0 * by.len() as f64) as usize };
    let k = k.min(by.len() - 1);
    let (greatest, _) = distance(&exact[k], &right[k]);
    if greatest == 0.0 {
        return Ok(());
    }
    let place = ((unit() + 1.0) / 2.0 * right[k].len() as f64) as usize % right[k].len();
    // A little further than what was said to be noticed, away from the value.
    let told = &found.parameters[k];
    let says = told.verdict() == Verdict::Agree && told.at_kinks.is_none();
    let hidden = told.noticed.unwrap().element * greatest;
    let of: [(&str, Vec<f64>); 6] = [
        ("past what would have been noticed", {
            let mut off = right[k].clone();
            off[place] += (1.01 * hidden).copysign(exact[k][place].off(off[place]));
            off
        }),
        ("zero", vec![0.0; right[k].len()]),
        ("doubled", right[k].iter().map(|x| 2.0 * x).collect()),
        ("negated", right[k].iter().map(|x| -x).collect()),
        ("random", right[k].iter().map(|_| unit() * 2.0 * greatest).collect()),
        ("off by 1%", {
            let mut off = right[k].clone();
            off[place] += 0.01 * greatest;
            off
        }),
    ];
    for (how, wrong) in of {
        let mut numbers = right.clone();
        numbers[k] = wrong;
        // What is no number of the format, or right all the same, is not asked about.
        let (_, off) = distance(&exact[k], &numbers[k]);
        let found = report(&net, &by, &numbers, format);
        let parameter = &found.parameters[k];
        let agrees = parameter.verdict() == Verdict::Agree;
        if !how.starts_with("past") {
            let counted = seen.wrong.entry(format).or_default();
            counted[usize::from(parameter.verdict() == Verdict::Differ)] += 1;
        }
        near(&found, &exact, &numbers)
            .map_err(|why| TestCaseError::fail(format!("{how}: {why}")))?;
        let noticed = parameter.noticed.unwrap().element;
        // An agreement says something, whichever side of a kink it is about.
        let factor = parameter.noticed.unwrap().factor;
        // Of a gradient that is far smaller than any rounding, the report says that nothing of its
        // size would be noticed.
        if agrees && noticed > 1.0 {
            prop_assert!(greatest * noticed < 1e-3, "{how}, {}: {:?}", parameter.name, parameter);
            continue;
        }
        prop_assert!(!agrees || factor <= 0.5, "{how}, {}: {:?}", parameter.name, parameter);
        // On another side of a kink another gradient is right, such as 0 behind a unit.
        if parameter.at_kinks.is_some() {
            continue;
        }
        let may = how == "off by 1%" && format == Format::Bf16 && noticed > 0.009
            || how == "random" && off <= noticed * greatest
            // Near a kink, what rounding may have turned is looked into only where numbers differ.
            || how.starts_with("past") && (!says || noticed * greatest > hidden * 1.01)
            // Too little to be there in the format.
            || off == 0.0;
        prop_assert!(!agrees || may, "{how}, {}: off by {off:e} {:?}", parameter.name, parameter);
    }
    Ok(())
}

#[test]
fn right_gradients_never_differ_and_wrong_ones_never_agree() {
    let seen = RefCell::default();
    TestRunner::new(laws(60))
        .run(&drawn(), |drawn| law(&drawn, &mut seen.borrow_mut()))
        .unwrap_or_else(|error| panic!("{error}"));
    let seen: Seen = seen.into_inner();
    if !usual_draw() {
        return;
    }
    let share = |[no, yes]: [usize; 2]| yes as f64 / (no + yes) as f64;
    for (format, least) in [(Format::F64, 0.97), (Format::F32, 0.88), (Format::Bf16, 0.6)] {
        assert!(share(seen.right[&format]) >= least, "{seen:?}");
    }
    for (format, least) in [(Format::F64, 0.95), (Format::F32, 0.93), (Format::Bf16, 0.4)] {
        assert!(share(seen.wrong[&format]) >= least, "{seen:?}");
    }
}
