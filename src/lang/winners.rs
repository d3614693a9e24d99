//! Assumed winners. In goes `r_p = c[1, 0]` or `c_10` as syntax, out comes which argument of
//! which max wins, or why that cannot be: no max, no argument of it, or several maxima that
//! have the cell.

use rustc_hash::{FxHashMap, FxHashSet};

use super::elaborate::Elaborator;
use super::exact;
use super::print::brief;
use super::syntax::{Expr, ExprKind, Name};
use crate::diag::{Error, Kind, Span};
use crate::net::{Builder, NodeId, Op, check_index, split_subscript};

/// The maxima that were decided, and where each argument of one is to be found.
#[derive(Default)]
pub(super) struct Winners {
    /// Maxima that the command line decides; what the file says of them is passed over.
    pub replaced: FxHashSet<NodeId>,
    index: Option<FxHashMap<Argument, Vec<NodeId>>>,
}

/// An argument of a max, whatever names it goes by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Argument {
    /// Any element of this tensor.
    Within(NodeId),
    /// One element of a tensor.
    Cell(NodeId, usize),
    /// A scalar.
    Scalar(NodeId),
}

impl<'a> Elaborator<'a> {
    /// `assume max = winner`: the max and the position of its winner.
    pub fn winner(
        &mut self,
        winners: &mut Winners,
        max: Option<Name<'a>>,
        winner: &Expr<'a>,
    ) -> Option<(NodeId, usize)> {
        let max = match max {
            Some(name) => Some((name, self.max_of_name(name)?)),
            None => None,
        };
        let argument = self.argument(winner)?;
        let b = &self.builder;
        let found = match max {
            Some((name, max)) => position(b, max, argument)
                .map(|place| (max, place))
                .ok_or_else(|| no_argument(b, name.text, max, winner)),
            None => only_max(b, winners.index(b), argument, winner),
        };
        self.report(found, winner.span)
    }

    fn max_of_name(&mut self, name: Name<'a>) -> Option<NodeId> {
        let node = self.name(name.text, name.span)?;
        let b = &self.builder;
        let max = b.value_of(node);
        if matches!(b.node(max).op, Op::Max(..) | Op::MaxOf(_)) {
            return Some(max);
        }
        let error = Error::new(Kind::Assumption, format!("`{}` is no max", name.text))
            .at(name.span)
            .label("only a max has a winner");
        let is_max = |n: NodeId| matches!(b.node(b.value_of(n)).op, Op::Max(..) | Op::MaxOf(_));
        let named = b.quantities().iter().filter(|q| is_max(q.node)).map(|q| q.name.as_str());
        let named: Vec<&str> = named.take(5).collect();
        self.errors.push(match named.as_slice() {
            [] => error.hint("a max with a name is defined as `r = max(c)`"),
            some => error.hint(format!("maxima with a name: {}", some.join(", "))),
        });
        None
    }

    /// What an expression means as an argument of a max. No node is made for it.
    fn argument(&mut self, winner: &Expr<'a>) -> Option<Argument> {
        let span = winner.span;
        let (tensor, at) = match &winner.kind {
            ExprKind::Name(name) => {
                let cell = split_subscript(name).filter(|_| self.builder.find(name).is_none());
                match cell.and_then(|(stem, at)| Some((self.builder.find(stem)?, at))) {
                    Some((tensor, at)) => (self.builder.node_of(tensor), at),
                    None => {
                        let node = self.name(name, span)?;
                        return Some(known(&self.builder, node));
                    }
                }
            }
            ExprKind::Index(base, at) => match base.kind {
                ExprKind::Name(name) => (self.name(name, base.span)?, at.clone()),
                _ => return self.report(Err(unnamed(winner)), span),
            },
            ExprKind::Number(text) => {
                let q = exact(text, span);
                let q = self.report(q, span)?;
                let node = self.builder.number(&q);
                return self.report(node, span).map(Argument::Scalar);
            }
            _ => return self.report(Err(unnamed(winner)), span),
        };
        let b = &self.builder;
        let position = check_index(&b.called(tensor), b.shape(tensor), &at);
        let position = self.report(position, span)?;
        Some(Argument::Cell(self.builder.value_of(tensor), position))
    }
}

impl Winners {
    /// Which maxima have an argument; made once.
    fn index(&mut self, b: &Builder) -> &FxHashMap<Argument, Vec<NodeId>> {
        self.index.get_or_insert_with(|| {
            let mut index: FxHashMap<Argument, Vec<NodeId>> = FxHashMap::default();
            for (i, tensor) in b.nodes().iter().enumerate() {
                let max = NodeId(i as u32);
                match &tensor.op {
                    Op::Max(a, _) => {
                        index.entry(Argument::Within(b.value_of(*a))).or_default().push(max);
                    }
                    Op::MaxOf(all) => {
                        for a in all {
                            let maxima = index.entry(known(b, *a)).or_default();
                            if maxima.last() != Some(&max) {
                                maxima.push(max);
                            }
                        }
                    }
                    _ => {}
                }
            }
            index
        })
    }
}

/// A node as an argument: elements are known by their tensor and position.
fn known(b: &Builder, node: NodeId) -> Argument {
    let node = b.value_of(node);
    match &b.node(node).op {
        Op::Element(tensor, at) => match b.shape(*tensor).position(at) {
            Some(position) => Argument::Cell(b.value_of(*tensor), position),
            None => Argument::Scalar(node),
        },
        _ => Argument::Scalar(node),
    }
}

/// The place of an argument among those of a max.
fn position(b: &Builder, max: NodeId, argument: Argument) -> Option<usize> {
    match (&b.node(max).op, argument) {
        (Op::Max(a, _), Argument::Cell(tensor, position)) if b.value_of(*a) == tensor => {
            Some(position)
        }
        (Op::MaxOf(all), _) => all.iter().position(|a| known(b, *a) == argument),
        _ => None,
    }
}

fn only_max(
    b: &Builder,
    index: &FxHashMap<Argument, Vec<NodeId>>,
    argument: Argument,
    winner: &Expr,
) -> Result<(NodeId, usize), Error> {
    let within = match argument {
        Argument::Cell(tensor, _) => index.get(&Argument::Within(tensor)),
        _ => None,
    };
    let among = index.get(&argument);
    let mut maxima: Vec<NodeId> = within.into_iter().chain(among).flatten().copied().collect();
    maxima.sort_unstable();
    match maxima.as_slice() {
        [max] => {
            let place = position(b, *max, argument);
            place.map(|place| (*max, place)).ok_or_else(|| no_max_has(winner))
        }
        [] => Err(no_max_has(winner)),
        several => {
            let shown = brief(winner);
            let message = format!("{} maxima have the argument `{shown}`", several.len());
            let is_one = |node| several.contains(&b.value_of(node));
            let named = b.quantities().iter().find(|q| is_one(q.node));
            let name = named.map_or("NAME", |q| q.name.as_str());
            Err(Error::new(Kind::Assumption, message)
                .hint(format!("say which one: assume {name} = {shown}")))
        }
    }
}

fn no_max_has(winner: &Expr) -> Error {
    Error::new(Kind::Assumption, format!("no max has the argument `{}`", brief(winner)))
}

fn no_argument(b: &Builder, name: &str, max: NodeId, winner: &Expr) -> Error {
    const SHOWN: usize = 6;
    let message = format!("`{}` is no argument of the max `{name}`", brief(winner));
    let error = Error::new(Kind::Assumption, message);
    match &b.node(max).op {
        Op::Max(a, _) if b.called(*a) != "this" => {
            error.hint(format!("its arguments are the elements of {}", b.called(*a)))
        }
        Op::Max(..) => error.hint(format!(
            "give its argument a name, as in `a = …` and `{name} = max(a)`, and assume a cell of `a`"
        )),
        Op::MaxOf(all) => {
            let more = if all.len() > SHOWN { ", …" } else { "" };
            let shown: Vec<String> = all.iter().take(SHOWN).map(|a| argument_text(b, *a)).collect();
            error.hint(format!("its arguments are {}{more}", shown.join(", ")))
        }
        _ => error,
    }
}

fn argument_text(b: &Builder, node: NodeId) -> String {
    match &b.node(node).op {
        Op::Number(q) => q.to_string(),
        Op::Element(tensor, at) => format!("{}{at:?}", b.called(*tensor).replace('`', "")),
        Op::Leaf(_) | Op::Define(..) => b.called(node).replace('`', ""),
        _ => "a formula without a name".to_string(),
    }
}

fn unnamed(winner: &Expr) -> Error {
    Error::new(
        Kind::Assumption,
        format!("expected the name of an argument, found `{}`", brief(winner)),
    )
    .hint("an argument that is a formula needs a name of its own: a = …, r = max(a, b)")
}

/// Where an assumption of the command line stands: nowhere in the file.
pub(super) const NOWHERE: Span = Span { start: 0, end: 0 };
