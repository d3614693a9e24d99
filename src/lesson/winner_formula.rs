//! One formula for every winner: what the cases have in common, with letters for indices.
//!
//! The gradients of all cases are laid over one another. Where they differ only in the indices
//! of cells, and those are affine in the index of the winner and of the weight, one formula
//! with letters stands for all of them: i_{2a+1−m,2b+1−n}. It is not guessed from a few: every
//! gradient of every case must come out of it, to the letter.

use rustc_hash::FxHashMap;

use super::winner_cases::Cases;
use crate::calculus::Derivation;
use crate::expr::{ExprId, Graph, Node, Symbol};
use crate::net::{Network, QuantityId};

/// The formula for a general winner.
#[non_exhaustive]
pub struct General {
    /// The winner, with letters: c_{a,b}.
    pub winner: ExprId,
    /// The max that it wins.
    pub max: ExprId,
    /// A formula for each quantity that was differentiated by.
    pub rows: Vec<GeneralRow>,
}

/// The gradient by one quantity.
#[non_exhaustive]
pub struct GeneralRow {
    /// The cell of the quantity, with letters: w_{m,n}; or one cell, where not all were asked for.
    pub by: ExprId,
    /// ∂loss/∂by.
    pub gradient: ExprId,
    /// Whether, near the border, an index points outside its tensor, where 0 is meant.
    pub outside: bool,
}

/// The deepest expression that is compared.
const MAX_DEPTH: usize = 100;

/// Which cell of which quantity an expression is.
type CellMap = FxHashMap<ExprId, (QuantityId, Vec<i64>)>;

/// The formula for a general winner, where there is one max over the cells of one tensor.
pub(super) fn general(
    net: &Network,
    cells: &[Vec<ExprId>],
    derivation: &mut Derivation,
    cases: &Cases,
) -> Option<General> {
    let [max] = cases.maxima.as_slice() else { return None };
    if cases.rows.len() < 2 || cases.left_out > 0 {
        return None;
    }
    let map = cell_map(net, cells);
    let winner_at = |case: &super::Case| map.get(&case.winners[0]);
    let (tensor, first) = winner_at(&cases.rows[0])?;
    if first.is_empty() || !cases.rows.iter().all(|c| winner_at(c).is_some_and(|w| w.0 == *tensor))
    {
        return None;
    }
    let taken: Vec<&str> = net.quantities().map(|(_, q)| q.name.as_str()).collect();
    let mut free = "abmnpqkrs".chars().map(String::from).filter(|l| !taken.contains(&l.as_str()));
    let winner_letters: Vec<String> = free.by_ref().take(first.len()).collect();
    let mut rows = Vec::new();
    for (id, quantity) in net.quantities() {
        let places: Vec<usize> = (0..derivation.targets.len())
            .filter(|n| {
                let by = derivation.by(derivation.targets[*n]);
                by.and_then(|x| map.get(&x)).is_some_and(|(q, _)| *q == id)
            })
            .collect();
        if places.is_empty() {
            continue;
        }
        // Letters stand for the indices of the weight only where every cell of it was asked for:
        // what was seen of some cells says nothing of the others.
        let rank = net.shape(id).rank();
        let whole = places.len() == net.shape(id).elements();
        let own: Vec<String> = free.clone().take(if whole { rank } else { 0 }).collect();
        let letters: Vec<String> = winner_letters.iter().chain(&own).cloned().collect();
        let groups: Vec<Vec<usize>> =
            if whole { vec![places] } else { places.into_iter().map(|n| vec![n]).collect() };
        for group in groups {
            let mut samples = Vec::new();
            for case in &cases.rows {
                for n in &group {
                    let mut point = winner_at(case)?.1.clone();
                    if whole {
                        let by = derivation.by(derivation.targets[*n])?;
                        point.extend(&map.get(&by)?.1);
                    }
                    samples.push((point, case.gradients[*n]));
                }
            }
            let mut fit = Fit { letters: &letters, map: &map, net, outside: false };
            let gradient = fit.all(&mut derivation.graph, samples)?;
            let by = match whole {
                true => indexed(&mut derivation.graph, &quantity.name, &own),
                false => derivation.by(derivation.targets[group[0]])?,
            };
            rows.push(GeneralRow { by, gradient, outside: fit.outside });
        }
    }
    let name = &net.quantity(*tensor).name;
    let winner = indexed(&mut derivation.graph, name, &winner_letters);
    Some(General { winner, max: *max, rows })
}

fn cell_map(net: &Network, cells: &[Vec<ExprId>]) -> CellMap {
    let mut map = CellMap::default();
    for (id, _) in net.quantities() {
        let shape = net.shape(id);
        for (n, cell) in cells[id.index()].iter().enumerate() {
            map.insert(*cell, (id, shape.index(n).into_iter().map(|i| i as i64).collect()));
        }
    }
    map
}

/// A cell whose subscripts are letters or formulas.
fn indexed(g: &mut Graph, name: &str, subscripts: &[String]) -> ExprId {
    g.var_symbol(Symbol::indexed(name, subscripts))
}

type Sample = (Vec<i64>, ExprId);

struct Fit<'a> {
    letters: &'a [String],
    map: &'a CellMap,
    net: &'a Network,
    outside: bool,
}

impl Fit<'_> {
    /// One expression for all samples; those that are 0 must be 0 because an index points
    /// outside its tensor.
    fn all(&mut self, g: &mut Graph, samples: Vec<Sample>) -> Option<ExprId> {
        let is_zero = |g: &Graph, e: ExprId| g.as_number(e).is_some_and(|q| q.is_zero());
        let (zeros, others): (Vec<Sample>, Vec<Sample>) =
            samples.into_iter().partition(|(_, e)| is_zero(g, *e));
        if others.is_empty() {
            return Some(zeros.first()?.1);
        }
        let mut fitted = Vec::new();
        let found = self.one(g, &others, &mut fitted, 0)?;
        self.outside = !zeros.is_empty();
        let explained = |point: &[i64]| {
            fitted.iter().any(|(id, axes)| {
                let lengths = self.net.shape(*id).lengths();
                let at = axes.iter().map(|a: &Affine| a.at(point));
                at.zip(lengths).any(|(i, l)| i < 0 || i >= *l as i64)
            })
        };
        zeros.iter().all(|(point, _)| explained(point)).then_some(found)
    }

    fn one(
        &self,
        g: &mut Graph,
        samples: &[Sample],
        fitted: &mut Vec<(QuantityId, Vec<Affine>)>,
        depth: usize,
    ) -> Option<ExprId> {
        let first = samples[0].1;
        if samples.iter().all(|(_, e)| *e == first) {
            return Some(first);
        }
        if depth > MAX_DEPTH {
            return None;
        }
        if let Some((quantity, at)) = self.map.get(&first) {
            let mut axes = Vec::with_capacity(at.len());
            for axis in 0..at.len() {
                let values: Option<Vec<i64>> = samples
                    .iter()
                    .map(|(_, e)| {
                        self.map.get(e).filter(|(q, _)| q == quantity).map(|(_, at)| at[axis])
                    })
                    .collect();
                axes.push(Affine::fit(samples, &values?)?);
            }
            let text: Vec<String> = axes.iter().map(|a| a.show(self.letters)).collect();
            fitted.push((*quantity, axes));
            return Some(indexed(g, &self.net.quantity(*quantity).name, &text));
        }
        let kind = |g: &Graph, e: ExprId| match g.node(e) {
            Node::Call(f, _) => (std::mem::discriminant(&g.node(e)), Some(f)),
            node => (std::mem::discriminant(&node), None),
        };
        let arity = g.children(first).len();
        let alike =
            |(_, e): &Sample| kind(g, *e) == kind(g, first) && g.children(*e).len() == arity;
        if arity == 0 || g.symbol_of(first).is_some() || !samples.iter().all(alike) {
            return None;
        }
        let mut children = Vec::with_capacity(arity);
        for n in 0..arity {
            let below: Vec<Sample> =
                samples.iter().map(|(point, e)| (point.clone(), g.children(*e)[n])).collect();
            children.push(self.one(g, &below, fitted, depth + 1)?);
        }
        // A bracket is about a max and one of its own arguments; letters do not go in.
        if matches!(g.node(first), Node::Wins { .. }) {
            return None;
        }
        Some(g.rebuild(first, &children))
    }
}

/// constant + Σ factor · letter.
struct Affine {
    constant: i64,
    factors: Vec<i64>,
}

impl Affine {
    /// The affine form that takes every sample's point to its value.
    fn fit(samples: &[Sample], values: &[i64]) -> Option<Affine> {
        let dimensions = samples[0].0.len();
        let mut factors = Vec::with_capacity(dimensions);
        for j in 0..dimensions {
            factors.push(slope(samples, values, j)?);
        }
        let mut affine = Affine { constant: 0, factors };
        affine.constant = values[0] - affine.at(&samples[0].0);
        let fits = samples.iter().zip(values).all(|((point, _), v)| affine.at(point) == *v);
        fits.then_some(affine)
    }

    fn at(&self, point: &[i64]) -> i64 {
        self.constant + self.factors.iter().zip(point).map(|(f, x)| f * x).sum::<i64>()
    }

    /// `2a+1−m`: what is added before what is subtracted.
    fn show(&self, letters: &[String]) -> String {
        let term = |(factor, letter): (i64, &String)| match factor.abs() {
            1 => letter.clone(),
            n => format!("{n}{letter}"),
        };
        let pairs = || self.factors.iter().copied().zip(letters);
        let mut added: Vec<String> = pairs().filter(|(f, _)| *f > 0).map(term).collect();
        let mut taken: Vec<String> = pairs().filter(|(f, _)| *f < 0).map(term).collect();
        match self.constant {
            0 => {}
            n if n > 0 => added.push(n.to_string()),
            n => taken.push(n.unsigned_abs().to_string()),
        }
        let mut text =
            if added.is_empty() && taken.is_empty() { "0".into() } else { added.join("+") };
        for t in taken {
            text.push('−');
            text.push_str(&t);
        }
        text
    }
}

/// How much the value changes with dimension `j`, from two points that differ only there; 0
/// where the dimension never changes.
fn slope(samples: &[Sample], values: &[i64], j: usize) -> Option<i64> {
    let mut seen: FxHashMap<Vec<i64>, (i64, i64)> = FxHashMap::default();
    let mut moves = false;
    for ((point, _), value) in samples.iter().zip(values) {
        moves |= point[j] != samples[0].0[j];
        let mut rest = point.clone();
        rest.remove(j);
        match seen.get(&rest) {
            Some((at, before)) if *at != point[j] => {
                let (rise, run) = (value - before, point[j] - at);
                return (rise % run == 0).then(|| rise / run);
            }
            _ => {
                seen.insert(rest, (point[j], *value));
            }
        }
    }
    (!moves).then_some(0)
}
