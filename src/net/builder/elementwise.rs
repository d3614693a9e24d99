//! Operations element by element: shapes broadcast as in NumPy, and what constants come to is
//! checked as soon as it is known.

use super::{Arithmetic, Builder, fold};
use crate::diag::{Error, Kind};
use crate::net::{NodeId, Op, Shape};
use crate::scalar::{Function, Rational};

impl Builder {
    /// −a.
    pub fn neg(&mut self, a: NodeId) -> Result<NodeId, Error> {
        self.elementwise("-", Arithmetic::Neg, &[a], Op::Neg(a))
    }

    /// a + b + …. Errors: shapes that do not broadcast; no terms.
    pub fn add(&mut self, terms: &[NodeId]) -> Result<NodeId, Error> {
        self.elementwise("+", Arithmetic::Add, terms, Op::Add(terms.to_vec()))
    }

    /// a − b. Errors: shapes that do not broadcast.
    pub fn sub(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, Error> {
        self.elementwise("-", Arithmetic::Sub, &[a, b], Op::Sub(a, b))
    }

    /// a · b · …, elementwise. Errors: shapes that do not broadcast; no factors.
    pub fn mul(&mut self, factors: &[NodeId]) -> Result<NodeId, Error> {
        self.elementwise("*", Arithmetic::Mul, factors, Op::Mul(factors.to_vec()))
    }

    /// a / b, elementwise. Errors: shapes that do not broadcast; a constant 0 below.
    pub fn div(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, Error> {
        self.elementwise("/", Arithmetic::Div, &[a, b], Op::Div(a, b))
    }

    /// a to the power b, elementwise. Errors: shapes that do not broadcast; a
    /// constant exponent past [`MAX_EXPONENT`](crate::net::MAX_EXPONENT).
    pub fn pow(&mut self, a: NodeId, b: NodeId) -> Result<NodeId, Error> {
        self.elementwise("^", Arithmetic::Pow, &[a, b], Op::Pow(a, b))
    }

    /// An elementary function, elementwise.
    pub fn call(&mut self, function: Function, a: NodeId) -> Result<NodeId, Error> {
        let op = Op::Call(function, a);
        self.elementwise(function.name(), Arithmetic::Call(function), &[a], op)
    }

    /// The greatest of several scalars. Errors: fewer than two, or one that is no scalar.
    pub fn max_of(&mut self, scalars: &[NodeId]) -> Result<NodeId, Error> {
        if scalars.len() < 2 {
            return Err(Error::new(Kind::Shape, "max of several scalars needs at least two"));
        }
        if let Some(tensor) = scalars.iter().find(|a| !self.shape(**a).is_scalar()) {
            let (name, shape) = (self.called(*tensor), self.shape(*tensor).described());
            return Err(Error::new(
                Kind::Shape,
                format!("max of several arguments takes scalars, and {name} is {shape}"),
            )
            .hint(
                "max(c) is the greatest element of a tensor; relu(c) is max(x, 0) for each element x",
            ));
        }
        self.elementwise("max", Arithmetic::Max, scalars, Op::MaxOf(scalars.to_vec()))
    }

    fn elementwise(
        &mut self,
        sign: &str,
        arithmetic: Arithmetic,
        operands: &[NodeId],
        op: Op,
    ) -> Result<NodeId, Error> {
        let Some((first, rest)) = operands.split_first() else {
            return Err(Error::new(Kind::Shape, format!("`{sign}` of nothing")));
        };
        let mut shape = self.shape(*first).clone();
        for (before, operand) in rest.iter().enumerate() {
            let next = self.shape(*operand);
            let Some(wider) = shape.broadcast(next) else {
                // What the operands before have come to is called by name if it is one of them.
                let so_far = operands[..=before].iter().rfind(|a| *self.shape(**a) == shape);
                let x = so_far.map_or("the left side".to_string(), |a| self.called(*a));
                return Err(does_not_broadcast(sign, &x, &shape, &self.called(*operand), next));
            };
            shape = wider;
        }
        let known: Vec<Option<&Rational>> = operands.iter().map(|a| self.constant(*a)).collect();
        let value = fold(arithmetic, &known)?;
        // A big constant costs the square of its words: that is what its arithmetic takes.
        let words = value.as_ref().map_or(0, |q| (q.bits() / 64) as usize);
        self.charge(words * words)?;
        let id = self.push(op, shape)?;
        if let Some(q) = value {
            self.constants.insert(id, q);
        }
        Ok(id)
    }

    fn constant(&self, id: NodeId) -> Option<&Rational> {
        let id = self.value_of(id);
        match &self.node(id).op {
            Op::Number(q) => Some(q),
            _ => self.constants.get(&id),
        }
    }
}

fn does_not_broadcast(sign: &str, x: &str, a: &Shape, y: &str, b: &Shape) -> Error {
    let (left, right) = (a.described(), b.described());
    let clash = (1..=a.rank().min(b.rank())).find_map(|back| {
        let (m, n) = (a.lengths()[a.rank() - back], b.lengths()[b.rank() - back]);
        (m != n && m != 1 && n != 1).then_some((back, m, n))
    });
    let hint = match clash {
        Some((1, m, n)) => format!("the last axes differ, {m} and {n}"),
        Some((back, m, n)) => format!("axis {back} from the last differs, {m} and {n}"),
        None => "shapes differ".to_string(),
    };
    Error::new(
        Kind::Shape,
        format!("`{sign}` needs shapes that broadcast, and {x} is {left} but {y} is {right}"),
    )
    .label(format!("{left} and {right}"))
    .hint(format!("{hint}; from the last axis on, lengths must be equal or 1"))
}
