//! The ways along which one element acts on the loss of a large network, layer by layer.
//!
//! In: a network in scalars and one of its cells. Out: how many chains of cells lead from it to
//! the loss, exactly; the routes that they take from quantity to quantity, with the cells that
//! lie on them; and the first chains, cell by cell. A path goes from a cell to one whose
//! definition mentions it, as in [`super::paths`]; of a max with an assumed winner only that
//! counts. Everything is a loop over the cells in the order of their definitions.

use std::collections::BTreeMap;

use num_bigint::BigUint;
use rustc_hash::FxHashSet;

use crate::expr::{ExprId, Node};
use crate::lower::Lowered;
use crate::net::{Network, QuantityId};

/// A cell of a quantity, row-major.
pub type CellOf = (QuantityId, usize);

/// The paths from one element to the loss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ways {
    /// Where they begin.
    pub from: CellOf,
    /// How many there are.
    pub count: BigUint,
    /// How many routes they take.
    pub route_count: BigUint,
    /// The first routes, as many as were asked for.
    pub routes: Vec<Route>,
    /// The first paths, as many as were asked for, each from `from` to the loss, both included.
    pub listed: Vec<Vec<CellOf>>,
    /// Whether a max without an assumed winner lies on the way, of which only the winner's paths
    /// carry anything.
    pub chooses: bool,
}

/// The paths that go through the same quantities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The quantities after the element, up to the loss, each with how many of its cells lie on
    /// a path of this route.
    pub through: Vec<(QuantityId, usize)>,
    /// How many paths take it.
    pub count: BigUint,
}

/// The cells on the way from one of them to the loss.
struct Way {
    /// In the order of their definitions, `from` first and the loss last: each cell with the
    /// places of those that it mentions.
    cells: Vec<(CellOf, Vec<usize>)>,
    chooses: bool,
}

/// The paths from `from` to the loss, with at most `most` routes and `most` paths by name.
pub(super) fn ways(net: &Network, lowered: &Lowered, from: CellOf, most: usize) -> Ways {
    let way = way(lowered, from);
    let (counts, _) = way.counts(&|_, _| true);
    let count = counts.last().cloned().unwrap_or_default();
    let routes = way.routes(net.loss(), most);
    let named = |through: Vec<QuantityId>| way.route(&through);
    Ways {
        from,
        count,
        route_count: way.route_count(net.loss()),
        routes: routes.into_iter().map(named).collect(),
        listed: way.listed(most),
        chooses: way.chooses,
    }
}

/// What lies between a cell and the loss.
fn way(lowered: &Lowered, from: CellOf) -> Way {
    let g = &lowered.graph;
    let start = lowered.of(from.0)[from.1];
    let mut owner: Vec<Option<CellOf>> = vec![None; g.len()];
    for (quantity, cells) in lowered.cells.iter().enumerate() {
        for (position, cell) in cells.iter().enumerate() {
            owner[cell.index()].get_or_insert((QuantityId(quantity as u32), position));
        }
    }
    // Children stand before their parents, so one pass sees what depends on the start.
    let reached = g.reachable(&[lowered.loss]);
    let mut depends = vec![false; g.len()];
    let chosen = |id: ExprId| lowered.winners.get(&id).copied();
    for id in reached.iter().copied() {
        let mut any = id == start;
        match chosen(id) {
            Some(winner) => any |= depends[winner.index()],
            None => g.for_children(id, |child| any |= depends[child.index()]),
        }
        depends[id.index()] = any;
    }
    let mut chooses = false;
    // What each cell mentions, down to named cells.
    let mut mentions: BTreeMap<ExprId, Vec<ExprId>> = BTreeMap::new();
    for id in reached.into_iter().filter(|id| depends[id.index()] && owner[id.index()].is_some()) {
        let mut found = Vec::new();
        if id != start
            && let Node::Named(_, value) = g.node(id)
        {
            let (mut within, mut stack) = (FxHashSet::default(), vec![value]);
            while let Some(next) = stack.pop() {
                if !depends[next.index()] || !within.insert(next) {
                    continue;
                }
                if owner[next.index()].is_some() {
                    found.push(next);
                    continue;
                }
                match chosen(next) {
                    Some(winner) => stack.push(winner),
                    None => {
                        chooses |= matches!(g.node(next), Node::Max(_));
                        g.for_children(next, |child| stack.push(child));
                    }
                }
            }
            found.sort_unstable();
        }
        mentions.insert(id, found);
    }
    // Of these, what leads on to the loss.
    let mut leads: FxHashSet<ExprId> = FxHashSet::from_iter([lowered.loss]);
    for (id, of) in mentions.iter().rev() {
        if leads.contains(id) {
            leads.extend(of);
        }
    }
    let mut place: BTreeMap<ExprId, usize> = BTreeMap::new();
    let mut cells = Vec::new();
    for (id, of) in mentions {
        if let (true, Some(cell)) = (leads.contains(&id), owner[id.index()]) {
            place.insert(id, cells.len());
            cells.push((cell, of.iter().filter_map(|m| place.get(m).copied()).collect()));
        }
    }
    Way { cells, chooses }
}

impl Way {
    /// How many paths lead from the start to each cell along the steps that are let through, and
    /// whether the cell leads on to the loss along them.
    fn counts(&self, step: &dyn Fn(QuantityId, QuantityId) -> bool) -> (Vec<BigUint>, Vec<bool>) {
        let mut counts: Vec<BigUint> = Vec::with_capacity(self.cells.len());
        for (n, ((quantity, _), of)) in self.cells.iter().enumerate() {
            if n == 0 {
                counts.push(BigUint::from(1u32));
                continue;
            }
            let mut sum = BigUint::default();
            for m in of.iter().filter(|m| step(self.cells[**m].0.0, *quantity)) {
                sum += &counts[*m];
            }
            counts.push(sum);
        }
        let mut leads = vec![false; self.cells.len()];
        if let Some(last) = leads.last_mut() {
            *last = true;
        }
        for (n, ((quantity, _), of)) in self.cells.iter().enumerate().rev() {
            if leads[n] {
                for m in of.iter().filter(|m| step(self.cells[**m].0.0, *quantity)) {
                    leads[*m] = true;
                }
            }
        }
        (counts, leads)
    }

    /// For each quantity, those that mention it, in the order of the definitions.
    fn users(&self) -> BTreeMap<QuantityId, Vec<QuantityId>> {
        let mut users: BTreeMap<QuantityId, Vec<QuantityId>> = BTreeMap::new();
        let mut seen: FxHashSet<(QuantityId, QuantityId)> = FxHashSet::default();
        for ((quantity, _), of) in &self.cells {
            for m in of {
                let below = self.cells[*m].0.0;
                if seen.insert((below, *quantity)) {
                    users.entry(below).or_default().push(*quantity);
                }
            }
        }
        users.values_mut().for_each(|all| all.sort_unstable());
        users
    }

    fn start(&self) -> Option<QuantityId> {
        self.cells.first().map(|((quantity, _), _)| *quantity)
    }

    fn route_count(&self, loss: QuantityId) -> BigUint {
        let mut counts: BTreeMap<QuantityId, BigUint> =
            BTreeMap::from([(loss, BigUint::from(1u32))]);
        // A user is defined after what it mentions.
        for (quantity, all) in self.users().iter().rev() {
            let sum = all.iter().filter_map(|user| counts.get(user)).sum();
            counts.insert(*quantity, sum);
        }
        self.start().and_then(|q| counts.remove(&q)).unwrap_or_default()
    }

    /// The first routes from quantity to quantity.
    fn routes(&self, loss: QuantityId, most: usize) -> Vec<Vec<QuantityId>> {
        let users = self.users();
        let (mut found, mut waiting) = (Vec::new(), Vec::new());
        waiting.extend(self.start().map(|q| vec![q]));
        while found.len() < most
            && let Some(route) = waiting.pop()
        {
            let last = route[route.len() - 1];
            if last == loss {
                found.push(route);
                continue;
            }
            for user in users.get(&last).into_iter().flatten().rev() {
                waiting.push([&route[..], &[*user]].concat());
            }
        }
        found
    }

    /// One route, counted.
    fn route(&self, through: &[QuantityId]) -> Route {
        let pairs: FxHashSet<(QuantityId, QuantityId)> =
            through.windows(2).map(|pair| (pair[0], pair[1])).collect();
        let (counts, leads) = self.counts(&|below, above| pairs.contains(&(below, above)));
        let mut cells: BTreeMap<QuantityId, usize> = BTreeMap::new();
        for (n, ((quantity, _), _)) in self.cells.iter().enumerate() {
            let on_it = leads[n] && counts[n] != BigUint::default();
            *cells.entry(*quantity).or_default() += usize::from(on_it);
        }
        Route {
            through: through[1..].iter().map(|q| (*q, cells[q])).collect(),
            count: counts.last().cloned().unwrap_or_default(),
        }
    }

    /// The first paths, depth first: every cell leads to the loss, so none is a dead end.
    fn listed(&self, most: usize) -> Vec<Vec<CellOf>> {
        let mut users: Vec<Vec<usize>> = vec![Vec::new(); self.cells.len()];
        for (n, (_, of)) in self.cells.iter().enumerate() {
            // Of many, only as many as may be listed.
            for m in of {
                if users[*m].len() < most {
                    users[*m].push(n);
                }
            }
        }
        let (mut found, mut waiting) = (Vec::new(), Vec::new());
        if !self.cells.is_empty() {
            waiting.push(vec![0]);
        }
        while found.len() < most
            && let Some(path) = waiting.pop()
        {
            let last = path[path.len() - 1];
            if last + 1 == self.cells.len() {
                found.push(path.into_iter().map(|n| self.cells[n].0).collect());
                continue;
            }
            for user in users[last].iter().rev() {
                waiting.push([&path[..], &[*user]].concat());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(text: &str, by: &str) -> Ways {
        let net = crate::parse_network(text).unwrap();
        let chosen = crate::lang::select(&net, by).unwrap();
        let lowered = crate::lower::lower(&net).unwrap();
        ways(&net, &lowered, (chosen.quantity, chosen.position.unwrap_or(0)), 4)
    }

    fn names(text: &str, ways: &Ways) -> Vec<String> {
        let net = crate::parse_network(text).unwrap();
        let name = |q: &QuantityId| net.quantity(*q).name.clone();
        let one = |route: &Route| {
            let through: Vec<String> =
                route.through.iter().map(|(q, n)| format!("{} {n}", name(q))).collect();
            format!("{}: {}", through.join(", "), route.count)
        };
        ways.routes.iter().map(one).collect()
    }

    #[test]
    fn every_path_is_counted_once() {
        let text =
            "input x[5, 5]\nparam v[2, 2], w[2, 2]\na = conv(x, v)\nb = conv(a, w)\nE = sum(b)";
        // Each of the 9 cells of b mentions 4 of the 16 of a, and each of those the weight.
        let found = counted(text, "v[0, 0]");
        assert_eq!(found.count, BigUint::from(36u32));
        assert_eq!(names(text, &found), ["a 16, b 9, E 1: 36"]);
        assert_eq!(found.listed.len(), 4);
        assert!(!found.chooses);
    }

    #[test]
    fn routes_part_and_meet() {
        let text = "param w[3]\ntarget t[3]\nz = 2*w\ns = sum(exp(z))\np = exp(z)/s\n\
                    E = -sum(t*ln(p))";
        let found = counted(text, "w[1]");
        assert_eq!(names(text, &found), ["z 1, s 1, p 3, E 1: 3", "z 1, p 1, E 1: 1"]);
        assert_eq!(found.count, BigUint::from(4u32));
        assert_eq!(found.route_count, BigUint::from(2u32));
    }

    /// 2 to the power 80 paths, which no list could hold.
    #[test]
    fn more_paths_than_a_machine_word_holds() {
        let mut text = "param w[2]\nh0 = w + 0\n".to_string();
        for n in 1..=80 {
            text += &format!("h{n} = ones @ h{}\n", n - 1);
        }
        let text = format!("input ones[2, 2]\n{text}E = sum(h80)");
        let found = counted(&text, "w[0]");
        assert_eq!(found.count, BigUint::from(2u32).pow(80));
        assert_eq!(found.routes.len(), 1);
    }

    #[test]
    fn an_assumed_winner_is_the_only_way() {
        let text = "input i[4, 4]\nparam w[2, 2]\nc = conv(i, w, stride: 2)\nr = max(c)\nE = r^2";
        let open = counted(text, "w[0, 0]");
        assert_eq!((open.count, open.chooses), (BigUint::from(4u32), true));
        let assumed = counted(&format!("{text}\nassume r = c[0, 1]"), "w[0, 0]");
        assert_eq!((assumed.count, assumed.chooses), (BigUint::from(1u32), false));
    }

    #[test]
    fn what_the_loss_does_not_depend_on_has_no_path() {
        let found = counted("param w[2], v[2]\nE = sum(v)\nu = 2*w", "w[0]");
        assert_eq!(found.count, BigUint::default());
        assert!(found.routes.is_empty() && found.listed.is_empty());
    }
}
