//! From expressions to formulas: what the graph holds becomes [`Math`], names standing for what
//! they name.

use std::collections::BTreeMap;

use super::math::{Math, Relation};
use crate::expr::{Args, ExprId, Graph, Node};

/// An expression nested deeper than this is set with an ellipsis in its middle.
pub const MAX_DEPTH: usize = 300;

/// Sets expressions of one graph.
pub struct Typesetter<'a> {
    g: &'a Graph,
    /// The name of each max that has one, so that a bracket can say [r_p = c₁₀].
    names: &'a BTreeMap<ExprId, ExprId>,
    /// Numbers to be put in for names and variables.
    numbers: Option<&'a BTreeMap<ExprId, Math>>,
}

impl<'a> Typesetter<'a> {
    /// Sets expressions with their names.
    pub fn new(g: &'a Graph, names: &'a BTreeMap<ExprId, ExprId>) -> Typesetter<'a> {
        Typesetter { g, names, numbers: None }
    }

    /// Sets expressions with `numbers` in the place of names and variables.
    pub fn with_numbers(&self, numbers: &'a BTreeMap<ExprId, Math>) -> Typesetter<'a> {
        Typesetter { g: self.g, names: self.names, numbers: Some(numbers) }
    }

    /// The formula of an expression.
    pub fn math(&self, e: ExprId) -> Math {
        self.at_depth(e, 0)
    }

    /// The formula of ∂of/∂by.
    pub fn partial(&self, of: ExprId, by: ExprId) -> Math {
        Math::Partial(Box::new(self.math(of)), Box::new(self.math(by)))
    }

    fn at_depth(&self, e: ExprId, depth: usize) -> Math {
        if depth > MAX_DEPTH {
            return Math::Ellipsis;
        }
        if let Some(q) = self.numbers.and_then(|n| n.get(&e)) {
            return q.clone();
        }
        self.below(e, depth)
    }

    /// The formula of an expression; its own number is not put in for it, only those of what it
    /// is made of.
    pub fn inside(&self, e: ExprId) -> Math {
        self.below(e, 0)
    }

    fn below(&self, e: ExprId, depth: usize) -> Math {
        let g = self.g;
        let set = |e: ExprId| self.at_depth(e, depth + 1);
        let boxed = |e: ExprId| Box::new(set(e));
        match g.node(e) {
            Node::Number(n) => Math::Number(g.number_of(n).clone()),
            Node::Var(s) | Node::Named(s, _) => Math::Symbol(g.symbol(s).clone()),
            Node::Neg(a) => Math::Neg(boxed(a)),
            Node::Sub(a, b) => Math::Sum(vec![(false, set(a)), (true, set(b))]),
            Node::Div(a, b) => Math::Fraction(boxed(a), boxed(b)),
            Node::Pow(a, b) => Math::Power(boxed(a), boxed(b)),
            Node::Add(args) if args.is_empty() => Math::integer(0),
            Node::Mul(args) if args.is_empty() => Math::integer(1),
            Node::Add(args) => Math::Sum(self.terms(args, depth)),
            Node::Mul(args) => Math::Product(g.args(args).iter().map(|a| set(*a)).collect()),
            Node::Max(args) => Math::Max(self.listed(args, depth)),
            Node::Call(f, a) => Math::Call(f, boxed(a)),
            Node::Wins { max, arg } => {
                let max = self.names.get(&max).copied().unwrap_or(max);
                Math::Bracket(Box::new(Math::Relation(boxed(max), Relation::Equal, boxed(arg))))
            }
            Node::Partial { of, by } => Math::Partial(boxed(of), boxed(by)),
        }
    }

    /// In a sum of three and more, a negated term is a difference; in a sum of two it was
    /// written with its sign.
    fn terms(&self, args: Args, depth: usize) -> Vec<(bool, Math)> {
        let args = self.g.args(args);
        let term = |(n, a): (usize, &ExprId)| match self.g.node(*a) {
            Node::Neg(b) if n > 0 && args.len() > 2 => (true, self.at_depth(b, depth + 1)),
            Node::Number(q) if n > 0 && args.len() > 2 && self.g.number_of(q).is_negative() => {
                (true, Math::Number(self.g.number_of(q).abs()))
            }
            _ => (false, self.at_depth(*a, depth + 1)),
        };
        args.iter().enumerate().map(term).collect()
    }

    /// The arguments of a max: all of a few, the ends of many.
    fn listed(&self, args: Args, depth: usize) -> Vec<Math> {
        const FEW: usize = 9;
        let args = self.g.args(args);
        let set = |a: &ExprId| self.at_depth(*a, depth + 1);
        if args.len() <= FEW {
            return args.iter().map(set).collect();
        }
        let mut shown: Vec<Math> = args[..3].iter().map(set).collect();
        shown.push(Math::Ellipsis);
        shown.push(set(&args[args.len() - 1]));
        shown
    }
}
