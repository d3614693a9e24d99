//! The ways along which a quantity acts on the loss. In goes the graph of a derivation, out come
//! how many chains of named quantities lead from x to the loss, and the first of them by name.
//!
//! A path goes from a quantity to one whose definition mentions it, step by step up to the loss;
//! of a max with a winner only that winner counts. The chain rule has one product for each path.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::calculus::Derivation;
use crate::expr::{ExprId, Graph, Node, Winners};

/// The most paths of one quantity that are listed.
pub const MAX_PATHS: usize = 1000;

/// The paths from one quantity to the loss.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paths {
    /// Where they begin.
    pub from: ExprId,
    /// How many there are; `None` past 2¹²⁸ − 1.
    pub count: Option<u128>,
    /// The first of them, as many as were asked for: the quantities from `from` to the loss, both
    /// included, earlier definitions first.
    pub listed: Vec<Vec<ExprId>>,
}

/// The paths from each of `from` to the loss, at most `most` of each listed.
pub(super) fn paths(d: &Derivation, from: &[ExprId], most: usize) -> Vec<Paths> {
    let users = users(&d.graph, d.loss, &d.winners);
    let counts = counts(&users, d.loss);
    from.iter()
        .map(|x| {
            let count = match users.contains_key(x) || *x == d.loss {
                true => counts.get(x).copied(),
                false => Some(0),
            };
            Paths { from: *x, count, listed: first(&users, *x, d.loss, most.min(MAX_PATHS)) }
        })
        .collect()
}

type Users = BTreeMap<ExprId, Vec<ExprId>>;

/// For each variable and named quantity that the loss is made of, those whose definitions
/// mention it, in ascending order.
fn users(g: &Graph, loss: ExprId, winners: &Winners) -> Users {
    let mut users = Users::default();
    let (mut seen, mut waiting) = (FxHashSet::from_iter([loss]), vec![loss]);
    while let Some(name) = waiting.pop() {
        let Node::Named(_, value) = g.node(name) else { continue };
        // The definition, down to other names.
        let (mut within, mut stack) = (FxHashSet::default(), vec![value]);
        while let Some(id) = stack.pop() {
            if !within.insert(id) {
                continue;
            }
            match (g.node(id), winners.get(&id)) {
                (Node::Named(..) | Node::Var(_), _) => {
                    users.entry(id).or_default().push(name);
                    if seen.insert(id) {
                        waiting.push(id);
                    }
                }
                (_, Some(winner)) => stack.push(*winner),
                (_, None) => g.for_children(id, |child| stack.push(child)),
            }
        }
    }
    for all in users.values_mut() {
        all.sort_unstable();
    }
    users
}

/// How many paths lead to the loss; one that is past the largest number is absent.
fn counts(users: &Users, loss: ExprId) -> BTreeMap<ExprId, u128> {
    let mut counts = BTreeMap::from([(loss, 1u128)]);
    // Users have larger handles than what they mention, so descending order meets them first.
    for (name, all) in users.iter().rev() {
        let sum = all.iter().try_fold(0u128, |sum, user| sum.checked_add(*counts.get(user)?));
        if let Some(sum) = sum {
            counts.insert(*name, sum);
        }
    }
    counts
}

/// The first paths, depth first: every quantity leads to the loss, so none is a dead end.
fn first(users: &Users, from: ExprId, loss: ExprId, most: usize) -> Vec<Vec<ExprId>> {
    let mut found = Vec::new();
    let mut waiting = vec![vec![from]];
    while found.len() < most
        && let Some(path) = waiting.pop()
    {
        let last = path[path.len() - 1];
        if last == loss {
            found.push(path);
            continue;
        }
        let next = users.get(&last).map_or(&[][..], Vec::as_slice);
        // Of many, only as many as may be listed.
        for user in next.iter().take(most).rev() {
            waiting.push([&path[..], &[*user]].concat());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::lesson::{Ask, lesson};

    fn named(text: &str, by: &str) -> (Option<u128>, Vec<String>) {
        let net = crate::parse_network(text).unwrap();
        let selection = crate::lang::select(&net, by).unwrap();
        let by = vec![(selection.quantity, selection.position)];
        let lesson = lesson(net, &Ask { by, ..Ask::default() }).unwrap();
        let paths = &lesson.paths[0];
        let print = |path: &Vec<_>| {
            let names = path.iter().map(|id| crate::print_formula(&lesson.derivation.graph, *id));
            names.collect::<Vec<_>>().join(" ")
        };
        (paths.count, paths.listed.iter().map(print).collect())
    }

    #[test]
    fn a_shared_weight_has_a_path_for_each_use() {
        let text = "input x\nparam w\na = w*x\nb = w*a\nE = b + a^2";
        let (count, listed) = named(text, "w");
        assert_eq!(count, Some(3));
        assert_eq!(listed, ["w a b E", "w a E", "w b E"]);
    }

    #[test]
    fn only_the_winner_of_a_max_is_on_a_path() {
        let text = "input i[4, 4]\nparam w[2, 2]\nc = conv(i, w, stride: 2)\nr = max(c)\nE = r^2\n\
                    assume r = c[0, 1]";
        assert_eq!(named(text, "w_00"), (Some(1), vec!["w[0, 0] c[0, 1] r E".to_string()]));
    }

    #[test]
    fn many_paths_are_counted_and_the_first_are_listed() {
        let text =
            "input x[5, 5]\nparam v[2, 2], w[2, 2]\na = conv(x, v)\nb = conv(a, w)\nE = sum(b)";
        let (count, listed) = named(text, "v_00");
        // Each of the 9 cells of b mentions 4 cells of a, and each of those the weight.
        assert_eq!(count, Some(36));
        assert_eq!(listed.len(), Ask::default().paths);
        assert_eq!(listed[0], "v[0, 0] a[0, 0] b[0, 0] E");
    }
}
