//! Which cells sum to 1: what the network assumes, and what the given targets show.

use std::collections::{BTreeMap, BTreeSet};

use crate::expr::{ExprId, Graph, SymbolId};
use crate::net::{Network, Role, Shape};
use crate::scalar::{Rational, Scalar};

/// The cells of each sum that is 1. No cell is in two of them: of two sums that share one, the
/// first counts. (That given values agree with an assumed sum, the builder has checked.)
pub(super) fn distributions(
    net: &Network,
    g: &Graph,
    cells: &[Vec<ExprId>],
    values: &BTreeMap<SymbolId, Rational>,
) -> Vec<Vec<ExprId>> {
    let value = |cell: &ExprId| g.symbol_of(*cell).and_then(|s| values.get(&s));
    let mut all: Vec<Vec<ExprId>> = Vec::new();
    for assumed in net.normalised() {
        for group in groups(net.shape(assumed.quantity), &assumed.axes) {
            let sum: Vec<ExprId> =
                group.into_iter().map(|n| cells[assumed.quantity.index()][n]).collect();
            all.push(sum);
        }
    }
    // A target that is one-hot, or shares out the 1 among the classes, says so by its values.
    for (id, quantity) in net.quantities() {
        let shape = net.shape(id);
        let Some(last) = shape.rank().checked_sub(1) else { continue };
        if quantity.role != Role::Target {
            continue;
        }
        for group in groups(shape, &[last]) {
            let sum: Vec<ExprId> = group.into_iter().map(|n| cells[id.index()][n]).collect();
            let shares = sum.iter().all(|c| value(c).is_some_and(|q| !q.is_negative()));
            if shares && total(sum.iter().map(value)).is_some_and(|total| total.is_one()) {
                all.push(sum);
            }
        }
    }
    let mut taken = BTreeSet::new();
    all.retain(|sum| {
        let free = sum.len() > 1 && sum.iter().all(|cell| !taken.contains(cell));
        if free {
            taken.extend(sum.iter().copied());
        }
        free
    });
    all
}

/// The sum of some values, if each is there.
fn total<'a>(values: impl Iterator<Item = Option<&'a Rational>>) -> Option<Rational> {
    let mut total = Rational::from(0);
    for value in values {
        total = total.add(value?).ok()?;
    }
    Some(total)
}

/// The elements that are summed up together, row-major.
fn groups(shape: &Shape, axes: &[usize]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for n in 0..shape.elements() {
        let mut index = shape.index(n);
        axes.iter().for_each(|axis| index[*axis] = 0);
        groups.entry(index).or_default().push(n);
    }
    groups.into_values().collect()
}

#[cfg(test)]
mod tests {
    use crate::lang::{parse_network, print_formula};
    use crate::lower::lower;

    fn sums(declared: &str) -> Vec<String> {
        let net =
            parse_network(&format!("input x\n{declared}\nE = x*sum(t)")).expect("it is right");
        let lowered = lower(&net).expect("it is small");
        let show = |cells: &Vec<_>| {
            let names: Vec<String> =
                cells.iter().map(|c| print_formula(&lowered.graph, *c)).collect();
            names.join(" + ")
        };
        lowered.distributions.iter().map(show).collect()
    }

    #[test]
    fn sums_are_assumed_or_shown_by_a_target() {
        assert!(sums("target t[2]").is_empty());
        assert_eq!(sums("target t[2]\nassume sum(t) = 1"), ["t[0] + t[1]"]);
        assert_eq!(
            sums("target t[2, 2]\nassume sum(t, axis: 0) = 1"),
            ["t[0, 0] + t[1, 0]", "t[0, 1] + t[1, 1]"]
        );
        assert_eq!(sums("target t[2, 2]\ngiven t = [[1, 0], [1, 1]]"), ["t[0, 0] + t[0, 1]"]);
        assert!(sums("target t[2]\ngiven t = [2, -1]").is_empty());
        assert!(sums("input t[2]\ngiven t = [1, 0]").is_empty(), "an input is no target");
        assert!(sums("target t[1]\nassume sum(t) = 1").is_empty(), "one cell is no sum");
        let both = "target t[2, 2]\nassume sum(t, axis: 0) = 1, sum(t, axis: 1) = 1";
        assert_eq!(sums(both), ["t[0, 0] + t[1, 0]", "t[0, 1] + t[1, 1]"], "no cell is in two");
    }
}
