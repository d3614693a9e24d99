//! Networks whose scalars would be too many are checked tensor by tensor, and a wrong element among
//! very many is found and named.

use super::super::directions::Along;
use super::super::prepared::decided;
use super::super::reference::Place;
use super::super::tensors::{COMPARED, gradients_of, in_field, rounded};
use super::super::values::convert;
use super::super::{MAX_SCALARS, tensors};
use super::*;
use crate::scalar::{Ball, Pair, Prime, Scalar};

/// A perceptron of three layers over a batch.
fn perceptron(f: &str, batch: usize, width: usize) -> Network {
    parse_network(&format!(
        "input x[{batch}, {width}]\nparam u[{width}, {width}], c[{width}], v[5, {width}]\n\
         target t[{batch}, 5]\nh = {f}(dense(x, u, c))\nz = dense(h, v)\nE = cross_entropy(z, t)"
    ))
    .unwrap()
}

fn agreed(report: &Report, source: Source, precision: Precision) -> bool {
    let all = |p: &Parameter| p.comparison(source, precision).is_some_and(|c| c.agreed == c.cells);
    report.parameters.iter().all(all)
}

#[test]
fn a_network_of_millions_of_operations_is_checked_in_tensors() {
    for f in ["tanh", "relu"] {
        let net = perceptron(f, 20, 240);
        assert!(tensors::scalars(&net) > MAX_SCALARS);
        let report = check(&net, &Options { trials: Some(1), ..Options::default() }).unwrap();
        assert!(report.agrees(), "{report:?}");
        for precision in [Precision::Exact, Precision::F64] {
            assert!(agreed(&report, Source::Direction, precision), "{f} {precision:?}");
        }
        assert!(agreed(&report, Source::Differences, Precision::F64), "{f}");
        assert!(report.points[0].notes[0].contains("not written out in scalars"));
        assert_eq!(report.points[0].kink_count, 0);
    }
}

#[test]
fn what_is_too_long_for_products_in_scalars_is_checked_in_tensors() {
    // The gradient of a product of n factors is n products of n factors.
    let product: Vec<String> = (0..40).map(|k| format!("(w + {k}/64)")).collect();
    let net = parse_network(&format!("param w[50000]\nE = sum({})", product.join(" * "))).unwrap();
    let report = check(&net, &Options { trials: Some(1), ..Options::default() }).unwrap();
    assert!(report.agrees(), "{:?}", report.parameters[0].verdict());
}

#[test]
fn long_chains_are_checked() {
    let lines: Vec<String> = (0..1000).map(|k| format!("h{} = tanh(w*h{k})", k + 1)).collect();
    let text = format!(
        "input x\nparam w\nh0 = x\n{}\nE = h1000^2\ngiven x = 0.5, w = 1.01",
        lines.join("\n")
    );
    let report = check(&parse_network(&text).unwrap(), &Options::default()).unwrap();
    assert!(report.agrees());
}

/// One wrong element of the backward pass, in both arithmetics.
#[test]
fn one_wrong_element_is_named() {
    let net = parse_network(
        "input x[3, 4]\nparam w[4, 4], b[4], v[4]\nh = gelu(dense(x, w, b))\nE = sum((h @ v)^2)",
    )
    .unwrap();
    let by: Vec<QuantityId> = net.params().collect();
    let values = crate::concrete::tests::fill(&net, |name, e| {
        Rational::new(crate::concrete::tests::networks::drawn(3, name, e) as i64 % 63 - 31, 32)
            .unwrap()
    });
    let decided = decided(&net, &values, false).unwrap();
    let at = Place { net: &net, values: &values, decisions: &decided.decisions, by: &by };
    for (k, n) in [(0, 0), (0, 7), (0, 15), (1, 2), (2, 3)] {
        let mut report = super::super::blank(&net, &by, &COMPARED);
        let prime = convert::<Prime>(&net, &values).unwrap();
        let wide = convert::<Ball<Pair>>(&net, &values).unwrap();
        let (of_prime, of_wide) =
            (gradients_of(at, &prime).unwrap(), gradients_of(at, &wide).unwrap());
        let mut residues: Vec<Vec<Prime>> =
            by.iter().map(|id| of_prime.of(*id).unwrap().to_vec()).collect();
        let mut balls: Vec<Vec<Ball<Pair>>> =
            by.iter().map(|id| of_wide.of(*id).unwrap().to_vec()).collect();
        residues[k][n] = residues[k][n].add(&Prime::integer(1)).unwrap();
        balls[k][n] = balls[k][n].mul(&Ball::point(1.0 + 1e-12).unwrap()).unwrap();
        let residues: Vec<&[Prime]> = residues.iter().map(Vec::as_slice).collect();
        let balls: Vec<&[Ball<Pair>]> = balls.iter().map(Vec::as_slice).collect();
        let decisions = &decided.decisions;
        let prime = Along { net: &net, values: &prime, decisions, by: &by, gradients: &residues };
        let wide = Along { net: &net, values: &wide, decisions, by: &by, gradients: &balls };
        in_field(&prime, Some(&wide), 0, 1, &mut report.parameters).unwrap();
        rounded(&wide, 0, 1, &mut report.parameters);
        for (m, parameter) in report.parameters.iter().enumerate() {
            for precision in [Precision::Exact, Precision::F64] {
                let c = parameter.comparison(Source::Direction, precision).unwrap();
                assert_eq!(c.cells, parameter.shape.elements());
                assert_eq!(c.differing, usize::from(m == k), "{k} {n} {precision:?} {c:?}");
                if m == k {
                    assert_eq!(
                        c.mismatches[0].cell,
                        Cell::new(&parameter.name, &parameter.shape, n)
                    );
                }
            }
        }
    }
}
