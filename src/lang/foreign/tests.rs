use super::*;
use crate::expr::{Branches, Graph, evaluate};
use crate::lang::{parse_formula, parse_network};
use crate::net::layer;

/// What a network is told in which `value` stands, with what the tables' rows speak of.
fn told(value: &str) -> Result<(), String> {
    let network = |loss: &str| {
        let text = format!(
            "input x[4], y[4], V[2, 1, 4, 4]\ntarget t[4]\nparam W[4, 4], K[1, 1, 2, 2], a, b\n\
             E = {loss}\n"
        );
        parse_network(&text).map(|_| ()).map_err(|error| error.to_string())
    };
    // The loss is a scalar.
    network(value).or_else(|_| network(&format!("sum({value})")))
}

#[test]
fn every_function_of_the_table_is_refused_with_a_way_to_write_it_that_is_accepted() {
    for (theirs, ours) in FUNCTIONS {
        let name = called(theirs);
        assert!(layer(name).is_none(), "{name} is one of ours");
        let error = told(theirs).expect_err(theirs);
        assert!(error.starts_with(&format!("there is no function `{name}`")), "{theirs}: {error}");
        let own = layer(called(ours)).filter(|_| ours.contains('('));
        let offered = match function(name).unwrap() {
            hint if hint.starts_with("did you mean") => own.unwrap().name,
            hint => {
                assert!(hint.contains(&format!("`{ours}`")), "{theirs}: {hint}");
                ours
            }
        };
        assert!(error.contains(&format!("`{offered}`")), "{theirs}: {error}");
        let shape = if matches!(called(ours), "matmul") && ours.contains('V') {
            ours.replace('V', "W")
        } else {
            ours.to_string()
        };
        assert_eq!(told(&shape), Ok(()), "{theirs} → {ours}");
    }
}

/// What a row says is the same is the same, at a number of either side of every kink.
#[test]
fn what_is_offered_for_an_elementary_function_has_its_value() {
    type Of = fn(f64) -> f64;
    let rows: &[(&str, Of)] = &[
        ("log10", libm::log10),
        ("log2", libm::log2),
        ("log1p", libm::log1p),
        ("expm1", libm::expm1),
        ("exp2", libm::exp2),
        ("cbrt", libm::cbrt),
        ("rsqrt", |x| 1.0 / libm::sqrt(x)),
        ("tan", libm::tan),
        ("cot", |x| 1.0 / libm::tan(x)),
        ("sec", |x| 1.0 / libm::cos(x)),
        ("csc", |x| 1.0 / libm::sin(x)),
        ("sech", |x| 1.0 / libm::cosh(x)),
        ("coth", |x| 1.0 / libm::tanh(x)),
        ("sinc", |x| libm::sin(x) / x),
        ("softsign", |x| x / (1.0 + x.abs())),
        ("mish", |x| x * libm::tanh(libm::log1p(libm::exp(x)))),
        ("relu6", |x| x.clamp(0.0, 6.0)),
        ("hardtanh", |x| x.clamp(-1.0, 1.0)),
        ("hardsigmoid", |x| (x / 6.0 + 0.5).clamp(0.0, 1.0)),
        ("logsigmoid", |x| -libm::log1p(libm::exp(-x))),
    ];
    let found = |name: &str, x: f64| {
        let Row::Written(_, ours) = row(name) else { panic!("{name} has no row of its own") };
        let mut g = Graph::new();
        let formula = parse_formula(&mut g, ours).unwrap();
        evaluate(&g, formula, &|_| Some(x), Branches::default()).unwrap()
    };
    for (name, of) in rows {
        let positive = name.starts_with("log") || matches!(*name, "cbrt" | "rsqrt");
        for x in [-7.5, -3.25, -0.75, 0.25, 0.875, 3.5, 8.0] {
            if x < 0.0 && positive && *name != "logsigmoid" {
                continue;
            }
            let (wanted, found) = (of(x), found(name, x));
            assert!((wanted - found).abs() < 1e-12 * (1.0 + wanted.abs()), "{name}({x}): {found}");
        }
    }
}

#[test]
fn spellings_of_frameworks_fold_into_ours() {
    let rows = [
        ("ReLU", "relu"),
        ("LeakyReLU", "leaky_relu"),
        ("Conv2d", "conv"),
        ("conv1D", "conv"),
        ("MaxPool2d", "maxpool"),
        ("max_pool", "maxpool"),
        ("BatchNorm1d", "batch_norm"),
        ("LayerNorm", "layer_norm"),
        ("mse_loss", "mse"),
        ("MSELoss", "mse"),
        ("NLLLoss", "nll"),
        ("CrossEntropyLoss", "cross_entropy"),
        ("BCEWithLogitsLoss", "bce_logits"),
        ("Linear", "dense"),
        ("sigm", "sigmoid"),
        ("Log", "ln"),
        ("flat", "flatten"),
        ("Softmax", "softmax"),
        ("LogSoftmax", "log_softmax"),
    ];
    for (theirs, ours) in rows {
        assert_eq!(function(theirs), Some(format!("did you mean `{ours}`?")), "{theirs}");
    }
    // The beginning of several is none of them.
    assert_eq!(function("soft"), None);
    assert_eq!(function("f"), None);
}

#[test]
fn options_and_statements_of_others_have_a_name_here() {
    for (theirs, ours) in OPTIONS {
        assert!(layers().any(|l| l.parameters.iter().any(|p| p.name == *ours)), "{ours}");
        assert_ne!(theirs, ours);
    }
    for (theirs, ours) in STATEMENTS {
        let error = parse_network(&format!("{theirs} q\n")).unwrap_err();
        assert_eq!(error.hints(), [format!("did you mean `{ours}`?")], "{theirs}");
        assert!(crate::lang::lex::KEYWORDS.contains(ours));
    }
    for (theirs, ours) in NUMBERS {
        let error = told(theirs).unwrap_err();
        assert!(error.contains(&format!("`{ours}`")), "{theirs}: {error}");
        assert_eq!(told(ours), Ok(()));
    }
}
