//! Gradients of other programs: what their arithmetic explains passes, in each format; what it
//! does not is found; and at a kink it is said whose choice they are.

#[path = "draw/laws.rs"]
mod laws;

use std::collections::BTreeMap;

use backproof::check::{
    Cause, Choice, Format, Framework, Report, Supplied, Theirs, Verdict, check_supplied,
};
use backproof::net::Network;
use backproof::{check_page, parse_network, render};
use laws::laws;
use proptest::prelude::*;

fn net(text: &str) -> Network {
    parse_network(text).unwrap_or_else(|e| panic!("{e}"))
}

fn supplied(
    net: &Network,
    theirs: &[(&str, &[f64])],
    format: Format,
    from: Option<Framework>,
) -> Report {
    let gradients: BTreeMap<_, _> = theirs
        .iter()
        .map(|(name, x)| (net.find(name).unwrap(), Theirs::new(x.to_vec(), format)))
        .collect();
    check_supplied(
        net,
        net.values(),
        &Supplied::default().with(|supplied| {
            supplied.gradients = gradients;
            supplied.complete = true;
            supplied.from = from;
        }),
    )
    .unwrap()
}

fn choice(report: &Report) -> Option<Choice> {
    report.parameters[0].at_kinks.as_ref().map(|k| k.choice)
}

/// Two layers, in `f32` as a program would compute them: E = (t − Σ v·tanh(w·x))²/2.
fn two_layers(x: &[f32], w: &[f32], v: &[f32], t: f32) -> (Vec<f64>, Vec<f64>) {
    let h: Vec<f32> = x.iter().zip(w).map(|(x, w)| (w * x).tanh()).collect();
    let y: f32 = h.iter().zip(v).map(|(h, v)| h * v).sum();
    let delta = y - t;
    let dv = h.iter().map(|h| f64::from(delta * h)).collect();
    let dw = h.iter().zip(v).zip(x).map(|((h, v), x)| f64::from(delta * v * (1.0 - h * h) * x));
    (dw.collect(), dv)
}

proptest! {
    #![proptest_config(laws(64))]

    #[test]
    fn f32_passes_as_f32_and_a_small_mistake_does_not(
        rows in proptest::collection::vec((-2.0..2.0f32, -2.0..2.0f32, 0.5..2.0f32), 1..20),
        t in -3.0..3.0f32,
        wrong in any::<prop::sample::Index>(),
    ) {
        let n = rows.len();
        let mut net = net(&format!(
            "input x[{n}]\nparam w[{n}], v[{n}]\ntarget t\nE = (t - sum(v*tanh(w*x)))^2 / 2"
        ));
        let of = |f: fn(&(f32, f32, f32)) -> f32| rows.iter().map(f).collect::<Vec<f32>>();
        let (x, w, v) = (of(|r| r.0), of(|r| r.1), of(|r| r.2));
        for (name, numbers) in [("x", &x), ("w", &w), ("v", &v), ("t", &vec![t])] {
            let id = net.find(name).unwrap();
            let exact = numbers.iter().map(|x| backproof::scalar::Rational::from_f64(f64::from(*x)).unwrap());
            net.give(id, exact.collect()).unwrap();
        }
        let (dw, mut dv) = two_layers(&x, &w, &v, t);
        let report = supplied(&net, &[("w", &dw), ("v", &dv)], Format::F32, None);
        prop_assert!(report.agrees(), "{:?}", report.first_mismatch());

        let at = wrong.index(n);
        prop_assume!(dv[at].abs() > 0.05);
        dv[at] *= 1.001;
        let report = supplied(&net, &[("w", &dw), ("v", &dv)], Format::F32, None);
        let (parameter, mismatch) = report.first_mismatch().unwrap();
        prop_assert_eq!(&parameter.name, "v");
        prop_assert_eq!(mismatch.cell.to_string(), format!("v[{at}]"));
    }
}

#[test]
fn numbers_of_a_coarser_format_are_recognised() {
    let net = net("input x\nparam w\nE = exp(w*x)/3\ngiven x = 0.1\ngiven w = 0.7");
    let single = f64::from((0.07f64.exp() * 0.1 / 3.0) as f32);
    let report = supplied(&net, &[("w", &[single])], Format::F64, None);
    assert_eq!(report.parameters[0].diagnosis, Some(Cause::Coarser(Format::F32).into()));
    assert!(supplied(&net, &[("w", &[single])], Format::F32, None).agrees());
}

#[test]
fn a_bound_wider_than_every_element_judges_nothing() {
    // In bf16 a sum of 60 terms that cancel has no certain digit.
    let net = net("input x[60]\nparam w\nE = w*(sum(x) - sum(x) + 1/1000)\ngiven w = 1");
    let mut net = net;
    net.give(net.find("x").unwrap(), vec![3.into(); 60]).unwrap();
    let report = supplied(&net, &[("w", &[0.0])], Format::Bf16, None);
    assert!(matches!(report.parameters[0].verdict(), Verdict::NotJudged(_)), "{report:?}");
}

/// In bf16 little is left of 3·1.3 − 3.875; beside 4, that little is not much.
#[test]
fn the_page_says_what_would_have_been_noticed() {
    let text = "param w[2]\ninput x\ntarget t\nE = w[0]*4 + (x*w[1] - t)^2 / 2\n\
                given x = 3, w = [1, 1.3], t = 3.875";
    let report = supplied(&net(text), &[("w", &[4.0, 0.09375])], Format::Bf16, None);
    assert!(report.agrees(), "{report:?}");
    let page = render::text(&check_page(&report), &render::TextStyle::default());
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        page.contains("of the greatest element of its tensor would have been noticed."),
        "{page}"
    );
}

/// A program makes its choice at a kink once: 1 for w and 0 for b is no choice.
#[test]
fn one_choice_has_to_serve_all_parameters() {
    let net = net("param w, b\ninput x\nE = relu(w*x + b)\ngiven x = 2, w = 0, b = 0");
    let verdicts = |w: f64, b: f64| {
        let report = supplied(&net, &[("w", &[w]), ("b", &[b])], Format::F32, None);
        [0, 1].map(|k| report.parameters[k].verdict())
    };
    assert_eq!(verdicts(2.0, 1.0), [Verdict::Agree, Verdict::Agree]);
    assert_eq!(verdicts(0.5, 0.25), [Verdict::Agree, Verdict::Agree]);
    for (w, b) in [(2.0, 0.0), (0.5, 0.5)] {
        assert!(verdicts(w, b).iter().any(|v| matches!(v, Verdict::NotJudged(_))), "{w} {b}");
    }
    assert_eq!(verdicts(3.0, 0.0)[0], Verdict::Differ);
}

#[test]
fn parameters_without_numbers_are_not_judged() {
    let net = net("param w, v\nE = w*v\ngiven w = 2\ngiven v = 3");
    let report = supplied(&net, &[("w", &[3.0])], Format::F64, None);
    assert!(!report.agrees());
    assert_eq!(report.parameters[0].verdict(), Verdict::Agree);
    let Verdict::NotJudged(why) = report.parameters[1].verdict() else { panic!() };
    assert_eq!(why, "no gradient by it was supplied");
}

/// The table of conventions, kink by kink: what each framework was seen to give passes, and is
/// said to be its own.
#[test]
fn each_framework_is_recognised_at_each_kink() {
    use Framework::{Burn, Candle, Jax, TensorFlow, Torch};
    type Case<'a> = (&'a str, &'a [f64], &'a [Framework]);
    let leaky = "param w\nE = leaky_relu(w, slope: 0.1)\ngiven w = 0";
    let axis = "param w[1, 3]\nE = sum(max(w, axis: 1))\ngiven w = [[2, 1, 2]]";
    let pool = "param w[2, 2]\nE = sum(maxpool(w, window: 2))\ngiven w = [[1, 2], [2, 2]]";
    let tenth = f64::from(0.1f32);
    let cases: [Case; 14] = [
        (leaky, &[tenth], &[Torch, TensorFlow]),
        (leaky, &[1.0], &[Jax, Burn]),
        (axis, &[1.0, 0.0, 0.0], &[Torch, Burn]),
        (axis, &[0.5, 0.0, 0.5], &[Jax, TensorFlow]),
        (pool, &[0.0, 1.0, 0.0, 0.0], &[Torch, Jax, TensorFlow, Burn]),
        ("param w\nE = 3*relu(w)\ngiven w = 0", &[0.0], &[Torch, Jax, TensorFlow, Burn]),
        ("param w\nE = 3*relu(w)\ngiven w = 0", &[3.0], &[Candle]),
        ("param w\nE = 3*abs(w)\ngiven w = 0", &[0.0], &[Torch, TensorFlow, Burn]),
        ("param w\nE = 3*abs(w)\ngiven w = 0", &[3.0], &[Jax, Candle]),
        ("param w\nE = max(w, 0)\ngiven w = 0", &[0.5], &[Torch, Jax, Candle]),
        ("param w\nE = max(w, 0)\ngiven w = 0", &[1.0], &[TensorFlow, Burn]),
        ("param w\nE = max(0, w)\ngiven w = 0", &[0.0], &[TensorFlow, Burn]),
        (
            "param w[3]\nE = max(w)\ngiven w = [2, 1, 2]",
            &[0.5, 0.0, 0.5],
            &[Torch, Jax, TensorFlow],
        ),
        ("param w[3]\nE = max(w)\ngiven w = [2, 1, 2]", &[1.0, 0.0, 0.0], &[Burn]),
    ];
    for (text, numbers, whose) in cases {
        let net = net(text);
        for from in Framework::ALL {
            let report = supplied(&net, &[("w", numbers)], Format::F32, Some(from));
            assert!(report.agrees(), "{text} {numbers:?}");
            let found = report.parameters[0].at_kinks.as_ref().unwrap();
            assert_eq!(found.frameworks, whose, "{text} {numbers:?}");
            // Of candle's max over a whole tensor, and of its leaky ReLU, nothing is known.
            let unknown = text.contains("max(w)") || text.contains("leaky");
            let observed = !(from == Candle && unknown);
            let expected = (observed && !whose.contains(&from)).then_some(from);
            assert_eq!(found.unexpected, expected, "{text} {numbers:?}");
        }
    }
}

/// What candle gives for ties along an axis and in a pool sums to more than 1. Of three cells
/// that tie no weights give it either.
#[test]
fn candles_ties_are_recognised_and_not_accepted() {
    let axis = "param w[1, 3]\nE = sum(max(w, axis: 1))\ngiven w = [[2, 1, 2]]";
    let pool = "param w[2, 2]\nE = sum(maxpool(w, window: 2))\ngiven w = [[1, 2], [2, 2]]";
    let cases = [
        (axis, &[1.0, 0.0, 1.0][..], Choice::Outside),
        (pool, &[0.0, 0.75, 0.75, 0.75], Choice::Outside),
    ];
    for (text, numbers, choice) in cases {
        let report = supplied(&net(text), &[("w", numbers)], Format::F32, Some(Framework::Candle));
        assert!(!report.agrees(), "{text}");
        let found = report.parameters[0].at_kinks.as_ref().unwrap();
        assert_eq!((found.choice, &found.frameworks[..]), (choice, &[Framework::Candle][..]));
        let page = render::text(&check_page(&report), &render::TextStyle::default());
        assert!(page.contains("candle"), "{page}");
    }
}

/// A step that jumps has no slope to choose, and its own value no other side.
#[test]
fn a_step_is_not_excused() {
    let net = net("param w\ninput x\nE = w*step(x)\ngiven x = 0, w = 2");
    let report = supplied(&net, &[("w", &[1.0])], Format::F32, None);
    assert_eq!(report.parameters[0].verdict(), Verdict::Differ);
}

#[test]
fn inside_and_outside_of_the_subdifferential() {
    let place = |text: &str, numbers: &[f64]| {
        let report = supplied(&net(text), &[("w", numbers)], Format::F64, None);
        let found = choice(&report).unwrap();
        let agrees = matches!(found, Choice::Ours | Choice::Another);
        assert_eq!(report.agrees(), agrees, "{text} {numbers:?}");
        let refuted = report.parameters[0].verdict() == Verdict::Differ;
        assert_eq!(refuted, found == Choice::Outside, "{text} {numbers:?}");
        found
    };
    // One slope for both elements.
    let together = "param w[2]\nE = relu(w[0] + 2*w[1])\ngiven w = [0, 0]";
    assert_eq!(place(together, &[0.25, 0.5]), Choice::Another);
    assert_eq!(place(together, &[0.25, 0.75]), Choice::Outside);
    assert_eq!(place(together, &[1.5, 3.0]), Choice::Outside);
    let absolute = "param w\nE = abs(w)\ngiven w = 0";
    assert_eq!(place(absolute, &[-0.75]), Choice::Another);
    assert_eq!(place(absolute, &[1.25]), Choice::Outside);
    // Two kinks, each with a slope of its own.
    let two = "param w[2]\nE = relu(w[0]) + relu(w[1] + w[0])\ngiven w = [0, 0]";
    assert_eq!(place(two, &[1.0, 1.0]), Choice::Another);
    assert_eq!(place(two, &[0.75, 0.25]), Choice::Another);
    assert_eq!(place(two, &[0.75, 1.25]), Choice::Outside);
}

#[test]
fn rounding_may_decide_near_a_kink() {
    // In f32, 0.1 + 0.2 − 0.3 is 0 or 2.98e-8; of these three numbers exactly, it is −7.45e-9.
    let mut net = net("param w[3]\nE = relu(w[0] + w[1] - w[2])");
    let exact = |x: f32| backproof::scalar::Rational::from_f64(f64::from(x)).unwrap();
    net.give(net.find("w").unwrap(), [0.1, 0.2, 0.3].map(exact).to_vec()).unwrap();
    let slopes: &[f64] = &[1.0, 1.0, -1.0];
    let report = supplied(&net, &[("w", slopes)], Format::F32, None);
    assert!(report.agrees());
    assert_eq!(choice(&report), Some(Choice::OtherSide));
    assert!(supplied(&net, &[("w", &[0.0; 3])], Format::F32, None).agrees());
    let wrong = supplied(&net, &[("w", &[0.5, 1.0, 0.0])], Format::F32, None);
    assert_eq!(wrong.parameters[0].verdict(), Verdict::Differ);
    assert!(!supplied(&net, &[("w", slopes)], Format::F64, None).agrees());
}

/// A tie of what is dead is a kink where nothing is chosen; it does not hide that another value is
/// near one.
#[test]
fn a_tie_that_does_not_matter_hides_no_near_kink() {
    let text = "param w[3]\ninput d[2]\nE = relu(w[0] + w[1] - w[2]) + max(relu(d))\n\
                given d = [-1, -2]";
    let mut net = net(text);
    let exact = |x: f32| backproof::scalar::Rational::from_f64(f64::from(x)).unwrap();
    net.give(net.find("w").unwrap(), [0.1, 0.2, 0.3].map(exact).to_vec()).unwrap();
    let report = supplied(&net, &[("w", &[1.0, 1.0, -1.0])], Format::F32, None);
    assert!(report.agrees() && report.points[0].kink_count > 0, "{report:?}");
    assert_eq!(choice(&report), Some(Choice::OtherSide));
    assert!(!supplied(&net, &[("w", &[1.0, 1.0, 1.0])], Format::F32, None).agrees());
}

/// A mask of −∞ is read as one; nothing overflows by it.
#[test]
fn a_mask_is_no_overflow() {
    let text = "param z[2]\nconst m[2]\nE = sum(softmax(z + m)^2)\ngiven z = [0.25, 0.5]";
    let mut net = net(text);
    let mask = vec![0.into(), backproof::net::MASKED.into()];
    net.give(net.find("m").unwrap(), mask).unwrap();
    for format in [Format::F16, Format::F32, Format::F64] {
        let report = supplied(&net, &[("z", &[0.0, 0.0])], format, None);
        assert!(report.agrees(), "{report:?}");
        assert!(!supplied(&net, &[("z", &[0.5, -0.5])], format, None).agrees());
    }
}

#[test]
fn the_page_says_where_to_look() {
    let net = net("param w[2, 2]\nE = sum(w^3)\ngiven w = [[1, 2], [3, 4]]");
    let numbers: &[f64] = &[3.0, 12.0, 27.5, 48.0];
    let mut report = supplied(&net, &[("w", numbers)], Format::F32, None);
    report.derive = Some("backproof derive net.bp".to_string());
    let text = render::text(&check_page(&report), &render::TextStyle::default());
    assert!(text.contains("supplied 27.5, exactly 27"), "{text}");
    assert!(text.contains("backproof derive net.bp --wrt 'w[1,0]'"), "{text}");
}
