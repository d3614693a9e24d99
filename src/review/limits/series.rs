//! Expressions in powers of a small quantity, with expressions for coefficients.
//!
//! A series begins at a power, which may be below 0, and is known up to another; what is behind
//! that is not known to be 0. What does not hold ε is a constant. No coefficient is simplified but
//! for the numbers 0 and 1 and for numbers among themselves. Functions of series stand in
//! [`elementary`](super::elementary), coefficients in [`coefficients`](super::coefficients).

use std::collections::BTreeMap;

use super::{Around, Jet};
use crate::expr::{ExprId, Graph, Node};

/// How many powers of ε are kept.
const POWERS: usize = 6;
/// The most nodes that the coefficients of one limit may take.
const NODES: usize = 20_000;

/// Σ of `terms[n]`·ε^(start + n).
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) start: i32,
    pub(super) terms: Vec<ExprId>,
}

/// A series, or why there is none here.
pub(super) type Expanded = Result<Series, String>;

/// What an expression is, as ε moves.
#[derive(Clone, Debug)]
enum Part {
    /// It does not hold ε.
    Constant,
    Moving(Series),
    /// It has no series, for this reason; what stands above it may not ask for one.
    None(String),
}

/// An expression on its way to its series.
pub(super) struct Expansion<'g, 'a, 'j, 'f> {
    pub(super) graph: &'g mut Graph,
    small: ExprId,
    pub(super) around: &'a Around<'a>,
    jet: &'j mut Jet<'f>,
    parts: BTreeMap<ExprId, Part>,
    pub(super) zeros: BTreeMap<ExprId, bool>,
    pub(super) zero: ExprId,
    pub(super) one: ExprId,
    most: usize,
}

pub(super) fn grows() -> String {
    "it grows without bound there".to_string()
}

impl<'g, 'a, 'j, 'f> Expansion<'g, 'a, 'j, 'f> {
    pub(super) fn new(
        graph: &'g mut Graph,
        small: ExprId,
        around: &'a Around<'a>,
        jet: &'j mut Jet<'f>,
    ) -> Self {
        let (zero, one) = (graph.integer(0), graph.integer(1));
        let most = graph.len() + NODES;
        let (parts, zeros) = (BTreeMap::new(), BTreeMap::new());
        Expansion { graph, small, around, jet, parts, zeros, zero, one, most }
    }

    /// The constant term, where no power below it is left.
    pub(super) fn constant_term(&mut self, of: ExprId) -> Result<ExprId, String> {
        let series = match self.expand(of)? {
            None => return Ok(of),
            Some(series) => series,
        };
        let below = self.without_poles(series)?;
        below.terms.first().copied().ok_or_else(too_short)
    }

    /// The series of an expression; none if it does not hold ε.
    fn expand(&mut self, of: ExprId) -> Result<Option<Series>, String> {
        for id in self.graph.reachable(&[of]) {
            if self.graph.len() > self.most {
                return Err("it is too large to be expanded".to_string());
            }
            let part = self.part(id);
            self.parts.insert(id, part);
        }
        match self.parts.remove(&of) {
            Some(Part::Moving(series)) => Ok(Some(series)),
            Some(Part::None(why)) => Err(why),
            Some(Part::Constant) | None => Ok(None),
        }
    }

    /// What a node is, its children being known.
    fn part(&mut self, id: ExprId) -> Part {
        if id == self.small {
            let (zero, one) = (self.zero, self.one);
            let mut terms = vec![zero; POWERS];
            terms[1] = one;
            return Part::Moving(Series { start: 0, terms });
        }
        if self.around.moving.contains(&id) {
            return Part::None("a function that nobody defines moves there".to_string());
        }
        if let Some((name, argument)) = self.unknown(id) {
            return match self.parts.get(&argument) {
                Some(Part::Moving(series)) => {
                    let series = series.clone();
                    made(self.applied(&name, series))
                }
                Some(Part::None(why)) => Part::None(why.clone()),
                _ => Part::Constant,
            };
        }
        let children = self.graph.children(id);
        let mut moves = false;
        for child in &children {
            match self.parts.get(child) {
                Some(Part::None(why)) => return Part::None(why.clone()),
                Some(Part::Moving(_)) => moves = true,
                Some(Part::Constant) | None => {}
            }
        }
        match moves {
            false => Part::Constant,
            true => made(self.moving(id, &children)),
        }
    }

    /// A function that nobody defines at an argument, as it is written in the graph.
    fn unknown(&self, id: ExprId) -> Option<(String, ExprId)> {
        let Node::Add(args) = self.graph.node(id) else { return None };
        let [start, line] = self.graph.args(args) else { return None };
        let name = self.around.functions.get(start)?;
        let Node::Mul(args) = self.graph.node(*line) else { return None };
        let [_, argument] = self.graph.args(args) else { return None };
        Some((name.clone(), *argument))
    }

    /// f of a series, for any f that has a slope there: f(a) + f′(a)·(a₁ε) + o(ε).
    fn applied(&mut self, name: &str, argument: Series) -> Expanded {
        let argument = self.without_poles(argument)?;
        let [at, by, ..] = argument.terms[..] else { return Err(too_short()) };
        let jet = (self.jet)(self.graph, name, at);
        let [value, slope] = jet.ok_or_else(|| format!("{name} has no definition"))?;
        let second = self.times(slope, by);
        Ok(Series { start: 0, terms: vec![value, second] })
    }

    pub(super) fn series_of(&mut self, id: ExprId) -> Series {
        match self.parts.get(&id) {
            Some(Part::Moving(series)) => series.clone(),
            _ => Series { start: 0, terms: self.padded(id) },
        }
    }

    /// Whether ε stands in an expression that was reached.
    pub(super) fn moves(&self, id: ExprId) -> bool {
        matches!(self.parts.get(&id), Some(Part::Moving(_)))
    }

    pub(super) fn padded(&self, constant: ExprId) -> Vec<ExprId> {
        let mut terms = vec![self.zero; POWERS];
        terms[0] = constant;
        terms
    }

    /// The series of a node of which a child moves.
    fn moving(&mut self, id: ExprId, children: &[ExprId]) -> Expanded {
        let one = |this: &mut Self, nth: usize| this.series_of(children[nth]);
        match self.graph.node(id) {
            Node::Named(..) => Ok(one(self, 0)),
            Node::Neg(_) => {
                let a = one(self, 0);
                Ok(self.negated(&a))
            }
            Node::Sub(..) => {
                let (a, b) = (one(self, 0), one(self, 1));
                Ok(self.joined(&a, &b, true))
            }
            Node::Add(_) => {
                let mut sum = one(self, 0);
                for child in &children[1..] {
                    let (other, minus) = match self.graph.node(*child) {
                        // a − a is to be 0 at once.
                        Node::Neg(inner) => (self.series_of(inner), true),
                        _ => (self.series_of(*child), false),
                    };
                    sum = self.joined(&sum, &other, minus);
                }
                Ok(sum)
            }
            Node::Mul(_) => {
                let mut product = one(self, 0);
                for child in &children[1..] {
                    let other = self.series_of(*child);
                    product = self.product(&product, &other);
                }
                Ok(product)
            }
            Node::Div(..) => {
                let (a, b) = (one(self, 0), one(self, 1));
                self.quotient(&a, b)
            }
            Node::Pow(_, exponent) => {
                let base = one(self, 0);
                self.power(base, exponent)
            }
            Node::Call(function, _) => {
                let argument = one(self, 0);
                self.called(function, argument)
            }
            Node::Max(_) | Node::Wins { .. } => {
                Err("a greatest of several moves there".to_string())
            }
            Node::Partial { .. } => Err("a derivative moves there".to_string()),
            Node::Number(_) | Node::Var(_) => Ok(self.series_of(id)),
        }
    }

    fn negated(&mut self, a: &Series) -> Series {
        let terms = a.terms.iter().map(|t| self.minus(self.zero, *t)).collect();
        Series { start: a.start, terms }
    }

    /// a + b or a − b.
    fn joined(&mut self, a: &Series, b: &Series, minus: bool) -> Series {
        let start = a.start.min(b.start);
        let end = (a.start + a.terms.len() as i32).min(b.start + b.terms.len() as i32);
        let terms = (start..end)
            .map(|power| {
                let (x, y) = (self.at(a, power), self.at(b, power));
                match minus {
                    true => self.minus(x, y),
                    false => self.plus(x, y),
                }
            })
            .collect();
        Series { start, terms }
    }

    fn at(&self, series: &Series, power: i32) -> ExprId {
        let nth = usize::try_from(power - series.start).ok();
        nth.and_then(|n| series.terms.get(n)).copied().unwrap_or(self.zero)
    }

    pub(super) fn product(&mut self, a: &Series, b: &Series) -> Series {
        let known = a.terms.len().min(b.terms.len());
        let terms = (0..known).map(|n| self.convolved(&a.terms, &b.terms, 0, n)).collect();
        Series { start: a.start + b.start, terms }
    }

    /// Σ over k from `first` to n of a_k·b_{n−k}.
    pub(super) fn convolved(
        &mut self,
        a: &[ExprId],
        b: &[ExprId],
        first: usize,
        n: usize,
    ) -> ExprId {
        let mut sum = self.zero;
        for k in first..=n {
            let term = self.times(a[k], b[n - k]);
            sum = self.plus(sum, term);
        }
        sum
    }

    fn quotient(&mut self, a: &Series, b: Series) -> Expanded {
        let b = self.leading(b)?;
        let known = a.terms.len().min(b.terms.len());
        let mut terms: Vec<ExprId> = Vec::with_capacity(known);
        for n in 0..known {
            let mut above = a.terms[n];
            for k in 1..=n {
                let term = self.times(b.terms[k], terms[n - k]);
                above = self.minus(above, term);
            }
            terms.push(self.over(above, b.terms[0]));
        }
        Ok(Series { start: a.start - b.start, terms })
    }

    /// The series from its first coefficient on that is not 0.
    pub(super) fn leading(&mut self, series: Series) -> Expanded {
        for (nth, term) in series.terms.iter().enumerate() {
            if !self.is_zero(*term)? {
                let (start, terms) = (series.start + nth as i32, series.terms[nth..].to_vec());
                return Ok(Series { start, terms });
            }
        }
        Err("what is divided by there, or taken a logarithm of, is 0 as far as it was expanded"
            .to_string())
    }

    /// The series from the power 0 on; the powers below have to be 0.
    pub(super) fn without_poles(&mut self, series: Series) -> Expanded {
        let poles = usize::try_from(-series.start).unwrap_or(0);
        for term in series.terms.iter().take(poles) {
            if !self.is_zero(*term)? {
                return Err(grows());
            }
        }
        match series.start {
            ..0 => {
                let terms = series.terms.get(poles..).unwrap_or_default().to_vec();
                Ok(Series { start: 0, terms })
            }
            start => {
                let mut terms = vec![self.zero; (start as usize).min(POWERS)];
                terms.extend(series.terms);
                terms.truncate(POWERS);
                Ok(Series { start: 0, terms })
            }
        }
    }

    /// A series with a constant term that is not 0, from that on.
    pub(super) fn with_constant(&mut self, series: Series) -> Expanded {
        let series = self.leading(series)?;
        match series.start {
            0 => Ok(series),
            _ => Err("a power or a logarithm has no series there".to_string()),
        }
    }
}

fn made(series: Expanded) -> Part {
    match series {
        Ok(series) => Part::Moving(series),
        Err(why) => Part::None(why),
    }
}

pub(super) fn too_short() -> String {
    "it was not expanded far enough".to_string()
}
