//! What the letters of a document run over: places that share a letter run over the same values,
//! and what is known of one place is known of all of its class.

use std::collections::{BTreeMap, BTreeSet};

use super::letters::{each, letters};
use super::{Item, MAX_SHOWN, Run, SUPPOSED_LENGTHS, single, size_of};
use crate::review::claim::{defined, statements};
use crate::review::document::Document;
use crate::review::names::{Cells, spelled};
use crate::review::scope::Scope;
use crate::review::shapes::Length;
use crate::review::tex::syntax::{Expr, FormulaKind, Name, Statement, visit};

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
    /// How many there are, where that is told, and whether it is told in two ways.
    told: Option<i64>,
    told_twice: bool,
    bounds: BTreeSet<(i64, i64, bool)>,
    numbers: BTreeSet<i64>,
    summed: bool,
}

impl Evidence {
    /// The run of the class, the first index being `first` and a length that nothing says
    /// `length`. Numbers say how long it is only where no sum goes on beyond them.
    fn run(&self, first: i64, length: i64) -> Option<Run> {
        let known = Run { first: 0, last: 0, supposed: false, torn: false, loose: false };
        if let Some(run) = self.network {
            let other = self.bounds.iter().any(|b| (b.0, b.1) != (run.first, run.last));
            return Some(Run { torn: run.torn || other, ..run });
        }
        let (least, most) = (self.numbers.first().copied(), self.numbers.last().copied());
        if let Some(told) = self.told {
            // Whoever counts from 0 has an element 0.
            let first = if least == Some(0) { 0 } else { 1 };
            let last = first + told - 1;
            let other = self.bounds.iter().any(|b| (b.0, b.1) != (first, last));
            return Some(Run { first, last, torn: self.told_twice, loose: other, ..known });
        }
        if !self.bounds.is_empty() {
            let mut run = Run { first: i64::MAX, last: i64::MIN, ..known };
            for (from, to, supposed) in &self.bounds {
                (run.first, run.last) = (run.first.min(*from), run.last.max(*to));
                run.supposed |= supposed;
            }
            // A sum from 2 on says nothing of where its index begins elsewhere.
            let from = if run.first > 1 { first.min(run.first) } else { run.first };
            let hull =
                (least.map_or(from, |n| n.min(from)), most.map_or(run.last, |n| n.max(run.last)));
            let loose = self.bounds.len() > 1 || hull != (run.first, run.last);
            return Some(Run { first: hull.0, last: hull.1, loose, ..run });
        }
        if let (Some(least), Some(most), false) = (least, most, self.summed)
            && least < most
            && most - least < MAX_SHOWN
        {
            return Some(Run { first: least, last: most, ..known });
        }
        let first = least.filter(|n| *n < first).unwrap_or(first);
        let shown = most.filter(|n| *n < first + MAX_SHOWN).unwrap_or(first);
        let last = shown.max(first + length - 1);
        let seen = self.summed || !self.numbers.is_empty();
        seen.then_some(Run { first, last, supposed: true, ..known })
    }
}

/// A length where nothing says one: each one another than its neighbours, and others in the
/// second round, so that what is proved in both is not an accident of one.
fn supposed_length(nth: usize, round: usize) -> i64 {
    SUPPOSED_LENGTHS[(nth + round) % SUPPOSED_LENGTHS.len()]
}

/// Finds out what the letters of a document run over.
pub(in crate::review) fn find(scope: &mut Scope<'_>, document: &Document<'_>, round: usize) {
    scope.indices = letters(scope, document);
    scope.indices.sizes = sizes(scope, document, round);
    let Shown { mut classes, all, apart } = classes(scope, document);
    // What a claim puts side by side runs over the same values, where nothing says over which.
    let told: BTreeSet<Node> = all
        .iter()
        .filter(|(_, seen)| {
            matches!(seen, Seen::Network(_) | Seen::Told(_) | Seen::Bounds(..) | Seen::Sized(..))
        })
        .map(|(node, _)| node.clone())
        .collect();
    for (a, b) in apart {
        let roots: BTreeSet<usize> = told.iter().map(|node| classes.of(node.clone())).collect();
        let (one, other) = (classes.of(a.clone()), classes.of(b.clone()));
        if !roots.contains(&one) && !roots.contains(&other) {
            classes.join(a, b);
        }
    }
    // What the network says of a sum's letter says what its last value is called.
    for (node, seen) in &all {
        let Seen::Sized(from, size) = seen else { continue };
        let class = classes.of(node.clone());
        let network = all.iter().find_map(|(other, seen)| match seen {
            Seen::Network(run) if classes.of(other.clone()) == class => Some(*run),
            _ => None,
        });
        if let Some(run) = network {
            scope.indices.sizes.insert(size.clone(), (from + run.last - run.first, false));
        }
    }
    let mut evidence: BTreeMap<usize, Evidence> = BTreeMap::new();
    let mut first = 1;
    for (node, seen) in all {
        let class = classes.of(node);
        let entry = evidence.entry(class).or_default();
        match seen {
            Seen::Network(run) => {
                let other = entry.network.is_some_and(|known| known != run);
                let known = entry.network.unwrap_or(run);
                entry.network = Some(Run { torn: known.torn || other, ..known });
            }
            Seen::Told(n) => {
                entry.summed = true;
                entry.told_twice |= entry.told.is_some_and(|told| told != n);
                entry.told = Some(n);
            }
            Seen::Bounds(from, to, supposed) => {
                entry.summed = true;
                entry.bounds.insert((from, to, supposed));
            }
            Seen::Sized(from, size) => {
                entry.summed = true;
                if let Some((to, supposed)) = scope.indices.sizes.get(&size) {
                    entry.bounds.insert((from, *to, *supposed));
                }
            }
            Seen::Number(n) => {
                entry.numbers.insert(n);
                first = first.min(n.max(0));
            }
            Seen::Summed => entry.summed = true,
        }
    }
    let nodes: Vec<(Node, usize)> =
        classes.nodes.iter().map(|(n, id)| (n.clone(), classes.root(*id))).collect();
    let of_class = |kind: fn(&Node) -> bool| -> BTreeSet<usize> {
        nodes.iter().filter(|(node, _)| kind(node)).map(|(_, class)| *class).collect()
    };
    // A place of numbers alone has no letter that could run over them.
    let lettered = of_class(|node| matches!(node, Node::Letter(..)));
    let placed = of_class(|node| matches!(node, Node::Place(..)));
    // An index beside one that a sum goes over is an index, too: j of z_j = Σ_k w_{jk} x_k.
    for _ in 0..3 {
        let indexed: BTreeSet<&str> = nodes
            .iter()
            .filter(|(_, class)| evidence.get(class).is_some_and(|e| e.run(1, 2).is_some()))
            .filter_map(|(node, _)| match node {
                Node::Place(key, _) => Some(key.as_str()),
                Node::Letter(..) => None,
            })
            .collect();
        for (node, class) in &nodes {
            if let Node::Place(key, _) = node
                && indexed.contains(key.as_str())
                && lettered.contains(class)
            {
                let evidence = evidence.entry(*class).or_default();
                evidence.summed |= evidence.run(1, 2).is_none();
            }
        }
    }
    let mut lengths: BTreeMap<usize, i64> = BTreeMap::new();
    for (node, class) in nodes {
        let next = lengths.len();
        let length = *lengths.entry(class).or_insert_with(|| supposed_length(next, round));
        let Some(run) = evidence.get(&class).and_then(|e| e.run(first, length)) else { continue };
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

/// Letters that say how many there are, as n of \sum_{i=1}^{n}, with their numbers.
fn sizes(
    scope: &Scope<'_>,
    document: &Document<'_>,
    round: usize,
) -> BTreeMap<String, (i64, bool)> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    let mut other: BTreeSet<String> = BTreeSet::new();
    let mut numbers: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    let mut alike: Vec<[String; 2]> = Vec::new();
    for (_, _, statement) in statements(document) {
        let mut bounds: Vec<&Name> = Vec::new();
        let mut letters: BTreeSet<char> = BTreeSet::new();
        each(statement, &mut |e| match &e.kind {
            FormulaKind::BigSum { from, to, .. } => {
                for bound in from.iter().chain(to) {
                    visit(bound, &mut |e| {
                        if let FormulaKind::Name(name) = &e.kind {
                            bounds.push(name);
                        }
                    });
                }
            }
            FormulaKind::Name(name) => {
                // The L of a^L is the number of the last layer.
                if name.stem.ends_with('^') && name.below.first().is_some_and(|l| l == "L") {
                    found.insert("L".to_string());
                }
                let items = scope.indices.items(name).1;
                letters.extend(items.iter().filter_map(|item| match item {
                    Item::Letter(c) => Some(*c),
                    _ => None,
                }));
            }
            // What is differentiated, or applied, is a quantity.
            FormulaKind::Derivative { of, by, .. } => {
                for side in [of, by] {
                    if let FormulaKind::Name(name) = &side.kind {
                        other.insert(spelled(name));
                    }
                }
            }
            _ => {}
        });
        // The t of y_t = Σ_{s=1}^{t} is an index.
        for (name, key) in bounds.into_iter().filter_map(|name| Some((name, size_of(name)?))) {
            if name.below.is_empty() && single(&name.stem).is_some_and(|c| letters.contains(&c)) {
                other.insert(key.clone());
            }
            found.insert(key);
        }
        if let (Some(Expr { kind: FormulaKind::Name(name), .. }), [(_, value), ..]) =
            (&statement.first, &statement.rest[..])
            && let Some(key) = size_of(name)
        {
            match &value.kind {
                FormulaKind::Number { value, .. } => {
                    let number = value.to_i32().map(i64::from);
                    numbers.entry(key).or_default().extend(number);
                }
                // "m = n": which of them is meant elsewhere is not said by it.
                FormulaKind::Name(value) if let Some(size) = size_of(value) => {
                    alike.push([key, size]);
                }
                _ => {
                    other.insert(key);
                }
            }
        }
    }
    for [one, size] in alike {
        if !found.contains(&one) || !found.contains(&size) {
            other.insert(one);
        }
    }
    found.extend(document.arrays.axes.iter().filter_map(|(_, _, length)| match length {
        Length::Named(letter) => Some(letter.clone()),
        Length::Number(_) | Length::Unknown => None,
    }));
    let mut sizes = BTreeMap::new();
    for name in found {
        let (stem, below) = match name.split_once('_') {
            Some((stem, word)) => (stem.to_string(), vec![word.to_string()]),
            None => (name.clone(), Vec::new()),
        };
        let free = Name { stem, below, above: None };
        if other.contains(&name) || scope.cell(&free).is_some() {
            continue;
        }
        let known = numbers.get(&name).and_then(|all| match all.len() {
            1 => all.first().copied().filter(|n| *n > 1),
            _ => None,
        });
        let supposed = || (supposed_length(sizes.len(), round), true);
        let size = known.map_or_else(supposed, |n| (n, false));
        sizes.insert(name, size);
    }
    sizes
}

/// Something that shows what a class runs over.
enum Seen {
    Network(Run),
    /// So many, as words or ℝ say.
    Told(i64),
    Bounds(i64, i64, bool),
    /// From a number to a size.
    Sized(i64, String),
    Number(i64),
    Summed,
}

/// What the statements of a document show of its letters.
struct Shown {
    classes: Classes,
    all: Vec<(Node, Seen)>,
    /// Places that a claim puts side by side, and that what defines them does not.
    apart: Vec<(Node, Node)>,
}

fn classes(scope: &Scope<'_>, document: &Document<'_>) -> Shown {
    let mut apart = Vec::new();
    let mut classes = Classes::default();
    let mut all = Vec::new();
    // What defines says what letters run over; what is claimed may be wrong, and joins only what
    // nothing else is known of.
    let mut known: BTreeSet<Node> = BTreeSet::new();
    let mut ordered: Vec<(bool, usize, &Statement)> = statements(document)
        .enumerate()
        .map(|(nth, (at, _, statement))| {
            let defines = statement.first.as_ref().and_then(defined).is_some()
                && !scope.outline.at(at).role.is_apart();
            (!defines, nth, statement)
        })
        .collect();
    ordered.sort_by_key(|(claims, nth, _)| (*claims, *nth));
    for (claims, nth, statement) in ordered {
        let mut torn: BTreeSet<char> = BTreeSet::new();
        if claims {
            let mut seen: BTreeMap<char, usize> = BTreeMap::new();
            each(statement, &mut |e| {
                if let FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } = &e.kind {
                    let (key, items) = scope.indices.items(name);
                    for (axis, item) in items.iter().enumerate() {
                        let place = Node::Place(key.clone(), axis);
                        if let Item::Letter(c) = item
                            && known.contains(&place)
                        {
                            let class = classes.of(place);
                            if *seen.entry(*c).or_insert(class) != class {
                                torn.insert(*c);
                            }
                        }
                    }
                }
            });
        }
        let mut met: BTreeSet<Node> = BTreeSet::new();
        each(statement, &mut |e| match &e.kind {
            FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } => {
                let (key, items) = scope.indices.items(name);
                for (axis, item) in items.iter().enumerate() {
                    let place = || Node::Place(key.clone(), axis);
                    match item {
                        Item::Letter(c) if torn.contains(c) && known.contains(&place()) => {
                            apart.push((place(), Node::Letter(nth, *c)));
                        }
                        Item::Letter(c) => {
                            met.insert(place());
                            classes.join(place(), Node::Letter(nth, *c));
                        }
                        Item::Number(n) => all.push((place(), Seen::Number(*n))),
                        Item::Shifted(_) => {}
                    }
                    // A layer is one of several, whatever else is said of it.
                    let layer = axis == 0 && name.stem.ends_with('^');
                    if layer && !matches!(item, Item::Number(_)) {
                        all.push((place(), Seen::Summed));
                    }
                    if let Some(run) = scope.network_run(name, items.len(), axis) {
                        all.push((place(), Seen::Network(run)));
                    }
                }
            }
            FormulaKind::BigSum { indices, from, to, .. } => {
                for bound in from.iter().chain(to) {
                    visit(bound, &mut |e| {
                        if let FormulaKind::Name(name) = &e.kind
                            && let Some(c) = single(&name.stem)
                            && (scope.indices.letters.contains(&c)
                                || scope.indices.paired.iter().any(|(letter, _)| *letter == c))
                            && scope.indices.size(name).is_none()
                        {
                            all.push((Node::Letter(nth, c), Seen::Summed));
                        }
                    });
                }
                for c in indices.iter().filter_map(|s| single(s)) {
                    let letter = Node::Letter(nth, c);
                    let from = from.as_deref().and_then(|e| scope.whole(e));
                    let size = to.as_deref().and_then(|e| match &e.kind {
                        FormulaKind::Name(name) => {
                            scope.indices.size(name).and_then(|_| size_of(name))
                        }
                        _ => None,
                    });
                    let to = to.as_deref().and_then(|e| scope.whole(e));
                    let seen = match (from, to, size) {
                        (Some((from, false)), Some(_), Some(size)) => Seen::Sized(from, size),
                        (Some((from, a)), Some((to, b)), _) => Seen::Bounds(from, to, a || b),
                        _ => Seen::Summed,
                    };
                    all.push((letter, seen));
                }
            }
            _ => {}
        });
        known.extend(met);
    }
    for (base, axis, length) in &document.arrays.axes {
        let (key, _) = scope.indices.items(base);
        let place = Node::Place(key, *axis);
        classes.of(place.clone());
        let seen = match length {
            Length::Number(n) => Seen::Told(*n),
            Length::Named(letter) => Seen::Sized(1, letter.clone()),
            Length::Unknown => Seen::Summed,
        };
        all.push((place, seen));
    }
    Shown { classes, all, apart }
}

impl Cells<'_> {
    /// The letters in the places of the indices of one of the network's tensors.
    pub(super) fn letters(&self, name: &Name) -> Vec<char> {
        match self.has_letters(name) {
            true => {
                name.below.iter().flat_map(|p| p.chars()).filter(|c| c.is_alphabetic()).collect()
            }
            false => Vec::new(),
        }
    }
}
