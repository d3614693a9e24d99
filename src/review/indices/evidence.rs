//! What the letters of a document run over: places that share a letter run over the same values,
//! and what is known of one place is known of all of its class.

use std::collections::{BTreeMap, BTreeSet};

use super::{Indices, Item, MAX_SHOWN, Run, SUPPOSED_LENGTH, single};
use crate::review::claim::statements;
use crate::review::document::Document;
use crate::review::names::{Cells, is_digits, spelled};
use crate::review::scope::Scope;
use crate::review::tex::syntax::{Expr, Kind, Name, Statement, visit};

/// The places that have to run over the same values, found by joining those that share a letter.
#[derive(Default)]
struct Classes {
    nodes: BTreeMap<Node, usize>,
    parents: Vec<usize>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    /// An index of a name.
    Place(String, usize),
    /// A letter in a statement.
    Letter(usize, char),
}

impl Classes {
    fn of(&mut self, node: Node) -> usize {
        let next = self.parents.len();
        let id = *self.nodes.entry(node).or_insert(next);
        if id == next {
            self.parents.push(id);
        }
        self.root(id)
    }

    fn root(&self, mut id: usize) -> usize {
        while self.parents[id] != id {
            id = self.parents[id];
        }
        id
    }

    fn join(&mut self, a: Node, b: Node) {
        let (a, b) = (self.of(a), self.of(b));
        self.parents[a.max(b)] = a.min(b);
    }
}

/// What a class shows of its run.
#[derive(Default)]
struct Evidence {
    network: Option<Run>,
    bounds: Option<(i64, i64, bool)>,
    numbers: BTreeSet<i64>,
    summed: bool,
}

impl Evidence {
    fn run(&self, first: i64) -> Option<Run> {
        if self.network.is_some() {
            return self.network;
        }
        if let Some((first, last, supposed)) = self.bounds {
            return Some(Run { first, last, supposed, torn: false });
        }
        if let (Some(first), Some(last)) = (self.numbers.first(), self.numbers.last())
            && first < last
            && last - first < MAX_SHOWN
        {
            return Some(Run { first: *first, last: *last, supposed: false, torn: false });
        }
        let first = self.numbers.first().copied().filter(|n| *n < first).unwrap_or(first);
        let run = Run { first, last: first + SUPPOSED_LENGTH - 1, supposed: true, torn: false };
        (self.summed || !self.numbers.is_empty()).then_some(run)
    }
}

/// Finds out what the letters of a document run over.
pub(in crate::review) fn find(scope: &mut Scope<'_>, document: &Document<'_>) {
    let mut indices = Indices { letters: "ijklmn".chars().collect(), ..Indices::default() };
    let mut given: BTreeMap<String, i64> = BTreeMap::new();
    let mut bounds: Vec<&Expr> = Vec::new();
    for (_, _, statement) in statements(document) {
        each(statement, &mut |e| match &e.kind {
            Kind::BigSum { indices: summed, from, to, .. } => {
                let summed = || summed.iter().filter_map(|s| single(s));
                indices.letters.extend(summed());
                indices.summed.extend(summed());
                bounds.extend(from.iter().chain(to).map(|b| &**b));
            }
            Kind::Name(name) => {
                if scope.cell(name).is_some() {
                    indices
                        .words
                        .extend(name.below.iter().any(|p| !is_digits(p)).then(|| spelled(name)));
                } else if let Some(cells) = &scope.cells {
                    indices.letters.extend(cells.letters(name));
                }
            }
            _ => {}
        });
        if let (Some(Expr { kind: Kind::Name(name), .. }), [(_, value), ..]) =
            (&statement.first, &statement.rest[..])
            && let Kind::Number { value, .. } = &value.kind
            && let Some(n) = value.to_i32()
        {
            given.insert(name.stem.clone(), i64::from(n));
        }
    }
    for bound in bounds {
        visit(bound, &mut |e| {
            if let Kind::Name(name) = &e.kind
                && name.below.is_empty()
                && name.above.is_none()
                && scope.cell(name).is_none()
            {
                let known = given.get(&name.stem).copied().filter(|n| *n <= MAX_SHOWN);
                let size = known.map_or((SUPPOSED_LENGTH, true), |n| (n, false));
                indices.sizes.insert(name.stem.clone(), size);
            }
        });
    }
    scope.indices = indices;
    let (mut classes, all) = classes(scope, document);
    let mut evidence: BTreeMap<usize, Evidence> = BTreeMap::new();
    let mut first = 1;
    for (node, seen) in all {
        let class = classes.of(node);
        let entry = evidence.entry(class).or_default();
        match seen {
            Seen::Network(run) => entry.network = entry.network.or(Some(run)),
            Seen::Bounds(from, to, supposed) => {
                entry.summed = true;
                entry.bounds = entry.bounds.or(Some((from, to, supposed)));
            }
            Seen::Number(n) => {
                entry.numbers.insert(n);
                first = first.min(n.max(0));
            }
            Seen::Summed => entry.summed = true,
        }
    }
    let places: Vec<(Node, usize)> = classes.nodes.iter().map(|(n, id)| (n.clone(), *id)).collect();
    // A place of numbers alone has no letter that could run over them.
    let lettered: BTreeSet<usize> = places
        .iter()
        .filter(|(node, _)| matches!(node, Node::Letter(..)))
        .map(|(_, id)| classes.root(*id))
        .collect();
    let placed: BTreeSet<usize> = places
        .iter()
        .filter(|(node, _)| matches!(node, Node::Place(..)))
        .map(|(_, id)| classes.root(*id))
        .collect();
    for (node, id) in places {
        let class = classes.root(id);
        let Some(run) = evidence.get(&class).and_then(|e| e.run(first)) else { continue };
        match node {
            Node::Place(key, axis) if lettered.contains(&class) => {
                scope.indices.runs.insert((key, axis), run);
            }
            Node::Place(..) => {}
            // A letter that only a sum without bounds has says nothing.
            Node::Letter(..) if !placed.contains(&class) && run.supposed => {}
            Node::Letter(_, letter) => {
                let usual = scope.indices.usual.entry(letter).or_insert(Some(run));
                *usual = usual.filter(|known| *known == run);
            }
        }
    }
}

/// Something that shows what a class runs over.
enum Seen {
    Network(Run),
    Bounds(i64, i64, bool),
    Number(i64),
    Summed,
}

fn classes(scope: &Scope<'_>, document: &Document<'_>) -> (Classes, Vec<(Node, Seen)>) {
    let mut classes = Classes::default();
    let mut all = Vec::new();
    for (nth, (_, _, statement)) in statements(document).enumerate() {
        each(statement, &mut |e| match &e.kind {
            Kind::Name(name) | Kind::Apply { head: name, .. } => {
                let (key, items) = scope.indices.items(name);
                for (axis, item) in items.iter().enumerate() {
                    let place = || Node::Place(key.clone(), axis);
                    match item {
                        Item::Letter(c) => classes.join(place(), Node::Letter(nth, *c)),
                        Item::Number(n) => all.push((place(), Seen::Number(*n))),
                        Item::Shifted(_) => {}
                    }
                    if let Some(run) = scope.network_run(name, items.len(), axis) {
                        all.push((place(), Seen::Network(run)));
                    }
                }
            }
            Kind::BigSum { indices, from, to, .. } => {
                for c in indices.iter().filter_map(|s| single(s)) {
                    let letter = Node::Letter(nth, c);
                    let from = from.as_deref().and_then(|e| scope.whole(e));
                    let to = to.as_deref().and_then(|e| scope.whole(e));
                    all.push((
                        letter,
                        match (from, to) {
                            (Some((from, a)), Some((to, b))) => Seen::Bounds(from, to, a || b),
                            _ => Seen::Summed,
                        },
                    ));
                }
            }
            _ => {}
        });
    }
    (classes, all)
}

fn each<'e>(statement: &'e Statement, see: &mut dyn FnMut(&'e Expr)) {
    for side in statement.first.iter().chain(statement.rest.iter().map(|(_, side)| side)) {
        visit(side, see);
    }
}

impl Cells<'_> {
    /// The letters in the places of the indices of one of the network's tensors.
    fn letters(&self, name: &Name) -> Vec<char> {
        match self.has_letters(name) {
            true => {
                name.below.iter().flat_map(|p| p.chars()).filter(|c| c.is_alphabetic()).collect()
            }
            false => Vec::new(),
        }
    }
}
