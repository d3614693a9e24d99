//! Assumptions. In goes `r_p = c[1, 0]`, `p[0, 1] = c[0, 3]` or `c_10` as syntax, out comes which
//! argument of which max wins, or why that cannot be: no max, no argument of it, or several
//! maxima that have the cell. In goes `sum(t) = 1`, out comes which sum of which quantity is 1.

use rustc_hash::{FxHashMap, FxHashSet};

use super::elaborate::Elaborator;
use super::exact;
use super::print::brief;
use super::subscript::element;
use super::syntax::{Call, Expr, ExprKind};
use crate::diag::{Error, Kind, Span};
use crate::net::{self, Builder, NodeId, Op, Pooling, QuantityId, check_index, split_subscript};

/// The maxima that were decided, and where each argument of one is to be found.
#[derive(Default)]
pub(super) struct Winners {
    /// Elements of maxima that the command line decides; what the file says of them is passed
    /// over.
    pub replaced: FxHashSet<(NodeId, usize)>,
    index: Option<FxHashMap<Argument, Vec<NodeId>>>,
}

/// Who wins one element of a max.
pub(super) struct Decided {
    pub max: NodeId,
    /// Which of its elements, row-major.
    pub element: usize,
    /// The position of the winner, as [`Assumption`](crate::net::Assumption) counts it.
    pub winner: usize,
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
    /// `assume max = winner`: the max, which of its elements, and the position of its winner.
    pub fn winner(
        &mut self,
        winners: &mut Winners,
        max: Option<&Expr<'a>>,
        winner: &Expr<'a>,
    ) -> Option<Decided> {
        // A definition that was refused may have been the max.
        if !self.scope.has_lost() && winners.index(&self.builder).is_empty() {
            let error = Error::new(Kind::Assumption, "the network has no max, so nothing wins one")
                .hint("leave the winner out; a relu goes by its argument's sign");
            return self.report(Err(error), winner.span);
        }
        let max = match max {
            Some(max) => Some((max, self.max_of(max)?)),
            None => None,
        };
        let argument = self.argument(winner)?;
        let b = &self.builder;
        let found = match max {
            Some((name, (max, element))) => position(b, max, argument)
                .filter(|place| b.competes(max, element, *place))
                .map(|winner| Decided { max, element, winner })
                .ok_or_else(|| no_argument(b, &brief(name), max, winner)),
            None => only_max(b, winners.index(b), argument, winner),
        };
        self.report(found, winner.span)
    }

    /// The max that `r_p` or `p[0, 1]` is, and which of its elements.
    fn max_of(&mut self, max: &Expr<'a>) -> Option<(NodeId, usize)> {
        let (tensor, element) = match self.cell(max)? {
            Argument::Cell(tensor, element) => (tensor, Some(element)),
            Argument::Scalar(node) | Argument::Within(node) => (node, None),
        };
        let b = &self.builder;
        let (node, shape) = (unshaped(b, tensor), b.shape(tensor));
        let shown = brief(max);
        if !is_max(b, node) {
            let error = Error::new(Kind::Assumption, format!("`{shown}` is no max"))
                .at(max.span)
                .label("only a max has a winner");
            let named = b.quantities().iter().filter(|q| is_max(b, unshaped(b, q.node)));
            let named: Vec<&str> = named.map(|q| q.name.as_str()).take(5).collect();
            self.errors.push(match named.as_slice() {
                [] => error.hint("a max with a name is defined as `r = max(c)`"),
                some => error.hint(format!("maxima with a name: {}", some.join(", "))),
            });
            return None;
        }
        if element.is_none() && !shape.is_scalar() {
            let last: Vec<usize> = shape.lengths().iter().map(|l| l - 1).collect();
            let message =
                format!("`{shown}` is {}, each element a max of its own", shape.described());
            let error = Error::new(Kind::Assumption, message).at(max.span);
            self.errors.push(error.hint(format!("say of which: assume {shown}{last:?} = …")));
            return None;
        }
        Some((node, element.unwrap_or(0)))
    }

    /// `assume sum(t) = 1`: the quantity and the axes of the sum, none for all of them.
    pub fn distribution(
        &mut self,
        sum: &Expr<'a>,
        call: &Call<'a>,
        value: &Expr<'a>,
    ) -> Option<(QuantityId, Vec<usize>)> {
        let one = matches!(value.kind, ExprKind::Number(text) if text.parse() == Ok(1u8));
        let quantity = call.args.first().and_then(|arg| match arg.value.kind {
            ExprKind::Name(name) if arg.label.is_none() => Some((name, arg.value.span)),
            _ => None,
        });
        let (Some((name, span)), true) = (quantity, one) else {
            let message = "of a sum it can be assumed that it is 1, and of a quantity by its name";
            let error = Error::new(Kind::Assumption, message);
            let error = error.hint("assume sum(t) = 1, or assume sum(t, axis: 1) = 1");
            return self.report(Err(error), sum.span);
        };
        let Some(id) = self.builder.find(name) else {
            if self.name(name, span).is_some() {
                let error = Error::new(Kind::Assumption, format!("`{name}` is an element"));
                self.errors.push(error.at(span).hint("assume sum(t) = 1"));
            }
            return None;
        };
        let layer = net::layer(call.name.text)?;
        let sorted = self.sort_arguments(layer, call, sum.span);
        let (_, options) = self.report(sorted, sum.span)?;
        let axes = layer.axes(&self.builder, "axis", self.builder.node_of(id), &options);
        let axes = self.report(axes, sum.span)?;
        Some((id, axes.unwrap_or_default()))
    }

    /// What an expression means as an argument of a max. No node is made for it.
    fn argument(&mut self, winner: &Expr<'a>) -> Option<Argument> {
        if let ExprKind::Number(text) = winner.kind {
            let q = exact(text, winner.span);
            let q = self.report(q, winner.span)?;
            let node = self.builder.number(&q);
            return self.report(node, winner.span).map(Argument::Scalar);
        }
        self.cell(winner)
    }

    /// The cell that `c[1, 0]`, `c_10` or `c` names.
    fn cell(&mut self, cell: &Expr<'a>) -> Option<Argument> {
        let span = cell.span;
        let (tensor, at) = match &cell.kind {
            ExprKind::Name(name) => {
                let digits = split_subscript(name).filter(|_| self.builder.find(name).is_none());
                match digits.and_then(|(stem, at)| Some((self.builder.find(stem)?, at))) {
                    Some((tensor, at)) => {
                        let tensor = self.builder.node_of(tensor);
                        let (name, shape) =
                            (self.builder.called(tensor), self.builder.shape(tensor));
                        (tensor, check_index(&name, shape, &at).map(|_| at))
                    }
                    None => {
                        let node = self.name(name, span)?;
                        return Some(known(&self.builder, node));
                    }
                }
            }
            ExprKind::Index(base, at) => match base.kind {
                ExprKind::Name(name) => {
                    let tensor = self.name(name, base.span)?;
                    let (name, shape) = (self.builder.called(tensor), self.builder.shape(tensor));
                    (tensor, element(&name, shape, at))
                }
                _ => return self.report(Err(unnamed(cell)), span),
            },
            _ => return self.report(Err(unnamed(cell)), span),
        };
        let at = self.report(at, span)?;
        let position = self.builder.shape(tensor).position(&at)?;
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
                    Op::Max(a, _) | Op::Pool { kind: Pooling::Max, input: a, .. } => {
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
        (Op::Max(a, _) | Op::Pool { input: a, .. }, Argument::Cell(tensor, position))
            if b.value_of(*a) == tensor =>
        {
            Some(position)
        }
        (Op::MaxOf(all), _) => all.iter().position(|a| known(b, *a) == argument),
        _ => None,
    }
}

fn is_max(b: &Builder, node: NodeId) -> bool {
    matches!(b.node(node).op, Op::Max(..) | Op::MaxOf(_) | Op::Pool { kind: Pooling::Max, .. })
}

/// The tensor under definitions and reshapes, whose elements are the same in the same order.
fn unshaped(b: &Builder, node: NodeId) -> NodeId {
    let mut node = b.value_of(node);
    while let Op::Reshape(a) = b.node(node).op {
        node = b.value_of(a);
    }
    node
}

/// The one element of the one max that has the argument.
fn only_max(
    b: &Builder,
    index: &FxHashMap<Argument, Vec<NodeId>>,
    argument: Argument,
    winner: &Expr,
) -> Result<Decided, Error> {
    let within = match argument {
        Argument::Cell(tensor, _) => index.get(&Argument::Within(tensor)),
        _ => None,
    };
    let among = index.get(&argument);
    let mut maxima: Vec<NodeId> = within.into_iter().chain(among).flatten().copied().collect();
    maxima.sort_unstable();
    let decided = maxima.iter().filter_map(|max| Some((*max, position(b, *max, argument)?)));
    let mut decided =
        decided.flat_map(|(max, winner)| {
            let all = 0..b.shape(max).elements();
            all.filter(move |element| b.competes(max, *element, winner))
                .map(move |element| Decided { max, element, winner })
        });
    let shown = brief(winner);
    let Some(first) = decided.next() else {
        return Err(Error::new(Kind::Assumption, format!("no max has the argument `{shown}`")));
    };
    let others = decided.count();
    if others == 0 {
        return Ok(first);
    }
    let message = format!("{} maxima have the argument `{shown}`", others + 1);
    let named = b.quantities().iter().find(|q| unshaped(b, q.node) == first.max);
    let name = named.map_or("NAME", |q| q.name.as_str());
    let at = match b.shape(first.max) {
        scalar if scalar.is_scalar() => String::new(),
        shape => format!("{:?}", shape.index(first.element)),
    };
    Err(Error::new(Kind::Assumption, message)
        .hint(format!("say which one: assume {name}{at} = {shown}")))
}

fn no_argument(b: &Builder, name: &str, max: NodeId, winner: &Expr) -> Error {
    const SHOWN: usize = 6;
    let message = format!("`{}` is no argument of the max `{name}`", brief(winner));
    let error = Error::new(Kind::Assumption, message);
    match &b.node(max).op {
        Op::Max(a, _) | Op::Pool { input: a, .. } if b.called(*a) != "this" => {
            let one = b.shape(max).is_scalar();
            let which = if one { "the elements" } else { "elements" };
            let under = if one { "" } else { ", those that it is taken of" };
            error.hint(format!("its arguments are {which} of {}{under}", b.called(*a)))
        }
        Op::Max(..) | Op::Pool { .. } => error.hint(format!(
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
