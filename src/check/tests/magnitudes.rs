//! Functions of numbers from 1e-300 to 1e300: however small or large a gradient is, none that is
//! wrong agrees, and what agrees is as near as the report says.

use proptest::prelude::*;

use super::super::reference::{Element, Place, Witness, decide, gradients};
use super::*;
use crate::concrete::Shares;
use crate::laws::laws;

/// A loss of x; `f` stands for a function of it.
const LOSSES: [&str; 8] = ["f", "f^2", "f^3", "x*f", "f - 1", "(f + x)^2", "sin(f)", "f/(1 + f^2)"];

fn smooth() -> Vec<String> {
    let own = Function::ALL.into_iter().filter(|f| !f.has_kink());
    let named = ["erf(x)", "gelu(x)", "silu(x)", "x^2", "1/x", "x^3", "exp(-x^2)"];
    own.map(|f| format!("{}(x)", f.name())).chain(named.map(str::to_string)).collect()
}

#[derive(Clone, Debug)]
struct Drawn {
    text: String,
    format: Format,
    random: f64,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let functions = smooth();
    let exponent = prop_oneof![-300..300i32, -8..4i32, -45..40i32];
    let formats = proptest::sample::select(&Format::ALL[..]);
    let x = (1.0..10.0f64, exponent, any::<bool>()).prop_map(|(digits, exponent, minus)| {
        format!("{}{digits:.2}e{exponent}", if minus { "-" } else { "" })
    });
    let all = (0..functions.len(), 0..LOSSES.len(), x, formats, -2.0..2.0f64);
    all.prop_map(move |(function, loss, x, format, random)| {
        let loss = LOSSES[loss].replace('f', &format!("({})", functions[function]));
        let text = format!("param x\nE = {loss}\ngiven x = {x}");
        Drawn { text, format, random }
    })
}

/// The gradient with as many digits as there are.
fn exactly(net: &Network) -> Option<Element> {
    let by: Vec<QuantityId> = net.params().collect();
    let (decisions, _) = decide(net, net.values(), 106).ok()?;
    let at = Place { net, values: net.values(), decisions: &decisions, by: &by };
    let all = gradients(at, 2048, &Shares::new(), Witness::Spared).ok()?;
    Some(all.0[0][0])
}

/// Nothing below it is told from 0 by any format.
const VANISHED: f64 = 1e-290;

proptest! {
    #![proptest_config(laws(400))]

    #[test]
    fn a_wrong_gradient_never_agrees(drawn in drawn()) {
        let Ok(net) = parse_network(&drawn.text) else { panic!("{}", drawn.text) };
        let Some(exact) = exactly(&net) else { return Ok(()) };
        let right = exact.value;
        let wrong = [0.0, 2.0 * right, -right, drawn.random * right, drawn.random];
        for x in wrong.into_iter().chain([right]) {
            let theirs = Theirs::new(vec![x], drawn.format);
            let id = net.find("x").unwrap();
            let supplied = Supplied { gradients: [(id, theirs)].into(), ..Supplied::default() };
            let Ok(report) = check_supplied(&net, net.values(), &supplied) else { continue };
            let parameter = parameter(&report, "x");
            if parameter.verdict() != Verdict::Agree {
                continue;
            }
            let off = exact.off(x).abs();
            let [element, factor] = parameter.noticed.map(|n| [n.element, n.factor]).unwrap();
            prop_assert!(
                off <= right.abs() * element.clamp(1.0 / 64.0, 0.5) + exact.radius || x.abs().max(right.abs()) < VANISHED,
                "{x:e} agrees, where {right:e} is right: {drawn:?} {:?}", parameter.noticed
            );
            // And what the report says is so.
            prop_assert!(
                off <= element * right.abs() * (1.0 + 1e-9) + exact.radius || off < VANISHED,
                "{x:e} for {right:e}, {element}: {drawn:?}"
            );
            prop_assert!(x != 2.0 * right || right == 0.0 || factor >= 1.0, "{drawn:?}");
        }
    }
}
