//! Softmaxes of great scores, in a check without supplied gradients.

use super::*;

/// No framework overflows there, so the reason for an error would be a false one.
#[test]
fn a_softmax_of_great_scores_is_checked() {
    for loss in [
        "softmax(z)[0]",
        "sum(softmax(z)^2)",
        "log_softmax(z)[0]",
        "cross_entropy(z, t)",
        "ln(sum(exp(z)))",
        "softmax(tanh(z/100)*z)[1]",
    ] {
        for z in ["[800, 801]", "[-1000, -1003]", "[1e4, -1e4]", "[1, 2]"] {
            let text = format!("param z[2]\ntarget t[2]\nE = {loss}\ngiven z = {z}, t = [0, 1]");
            let net = parse_network(&text).unwrap();
            let report = check(&net, &Options::default());
            let report = report.unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(report.agrees(), "{text}: {:?}", report.first_mismatch());
            let point = &report.points[0];
            assert!(point.values.keys().all(|id| id.index() < net.quantities().count()));
            let shifted = point.notes.iter().any(|note| note.contains("greatest score"));
            assert!(!shifted || z != "[1, 2]", "{text}");
        }
    }
}

/// What overflows without a softmax does.
#[test]
fn another_exponential_overflows() {
    for loss in ["exp(z[0])", "softmax(z)[0]*exp(z[1])"] {
        let text = format!("param z[2]\nE = {loss}\ngiven z = [800, 801]");
        let error = check(&parse_network(&text).unwrap(), &Options::default()).unwrap_err();
        assert_eq!(error.kind(), crate::diag::Kind::Limit, "{text}");
    }
}
