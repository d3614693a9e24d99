//! Terms: expressions with the shapes of everything in them, and what shape a sum or a product has.
//!
//! Invariant: what does not fit is no term.

use std::ops::Range;

use crate::review::shapes::{Length, Shape};
use crate::review::tex::syntax::{Expr, FormulaKind, Known, Name};

/// Why an expression has no elements.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Trouble {
    /// Its shapes do not fit, whatever the names stand for.
    Misfit(String),
    /// A number stands where an array must, or the other way round.
    Mixed(&'static str),
    /// It is not read, for this reason.
    Beyond(String),
}

/// An expression of which all shapes are known.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) shape: Shape,
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A number, made of numbers alone.
    Plain(Expr),
    /// An array, which member of its family it is, and whether it is its own transpose.
    Name(Name, Vec<String>, bool),
    Transpose(Box<Term>),
    Neg(Box<Term>),
    Sum(Vec<(bool, Term)>),
    /// A product of two, as matrices are multiplied, or of two columns with a dot between them.
    Times(Box<Term>, Box<Term>),
    Elementwise(Vec<Term>),
    Quotient(Box<Term>, Box<Term>),
    Power(Box<Term>, Box<Term>),
    Call(Known, Box<Term>),
    Apply(Name, u32, Box<Term>),
    Extreme(bool, Vec<Term>),
    /// ‖x‖, and whether its square is meant.
    Norm(Box<Term>, bool),
    /// A derivative, how often it is taken, and whether the index of its variable comes first.
    Slope(Box<Term>, Box<Term>, u32, bool),
    /// A sum over an index.
    Over(Vec<String>, [Option<Box<Expr>>; 2], Box<Term>),
    Literal(Vec<Vec<Term>>),
    Identity,
    Ones,
    Diagonal(Box<Term>),
    Trace(Box<Term>),
    Softmax(Box<Term>),
    Element(Box<Term>, Vec<String>),
    /// Elements that are written out with dots: what each is by an index, and whether they stand
    /// below one another.
    Run(Box<Term>, &'static str, bool),
}

pub(super) fn beyond<T>(why: &str) -> Result<T, Trouble> {
    Err(Trouble::Beyond(why.to_string()))
}

/// The shape that all of some arrays have; numbers among them count for every element.
pub(super) fn joint(terms: &[Term]) -> Result<Shape, Trouble> {
    let mut shape: Option<Shape> = None;
    for term in terms.iter().filter(|t| t.shape.is_array()) {
        shape = Some(match shape {
            None => term.shape.clone(),
            Some(known) => match known.with(&term.shape) {
                Some(both) => both,
                None if known.rank() != term.shape.rank() => {
                    return beyond("a vector is added to a matrix");
                }
                None if known.turned().with(&term.shape).is_some() => {
                    return beyond("a row stands beside a column");
                }
                None => {
                    let (one, other) = (known.said(), term.shape.said());
                    return Err(Trouble::Misfit(format!("one part is {one} and another {other}")));
                }
            },
        });
    }
    Ok(shape.unwrap_or(Shape::Scalar))
}

/// Two factors, as matrices are multiplied.
pub(super) fn times(left: Term, right: Term, dot: bool) -> Result<Term, Trouble> {
    let span = left.span.start..right.span.end;
    let fit = |inner: &Length, other: &Length| match inner.clashes(other) {
        true => Err(Trouble::Misfit(format!(
            "{} and {} do not fit: a product needs as many columns on the left as rows on the right",
            left.shape.said(),
            right.shape.said()
        ))),
        false => Ok(()),
    };
    let shape = match (&left.shape, &right.shape) {
        (Shape::Scalar, other) | (other, Shape::Scalar) => other.clone(),
        (Shape::Matrix(m, k), Shape::Matrix(l, n)) => {
            fit(k, l)?;
            Shape::Matrix(m.clone(), n.clone())
        }
        (Shape::Matrix(m, k), Shape::Column(l)) => {
            fit(k, l)?;
            Shape::Column(m.clone())
        }
        (Shape::Row(k), Shape::Matrix(l, n)) => {
            fit(k, l)?;
            Shape::Row(n.clone())
        }
        (Shape::Row(k), Shape::Column(l)) => {
            fit(k, l)?;
            Shape::Scalar
        }
        (Shape::Column(m), Shape::Row(n)) => Shape::Matrix(m.clone(), n.clone()),
        (Shape::Column(k), Shape::Column(l)) if dot => {
            if k.clashes(l) {
                fit(k, l)?;
            }
            Shape::Scalar
        }
        (one, other) => {
            return Err(Trouble::Beyond(format!(
                "a product of {} and {} is no product of matrices",
                one.said(),
                other.said()
            )));
        }
    };
    Ok(Term { shape, kind: Kind::Times(Box::new(left), Box::new(right)), span })
}

impl Term {
    /// Whether something of a kind stands in it.
    pub(super) fn has(&self, kind: fn(&Kind) -> bool) -> bool {
        kind(&self.kind) || self.parts().into_iter().any(|part| part.has(kind))
    }

    /// Whether it is the number 0, which stands for an array of zeros, too.
    pub(super) fn is_zero(&self) -> bool {
        matches!(&self.kind, Kind::Plain(Expr { kind: FormulaKind::Number { value, .. }, .. })
            if value.is_zero())
    }

    /// Whether a written matrix stands in it.
    pub(super) fn has_literal(&self) -> bool {
        self.has(|kind| matches!(kind, Kind::Literal(_)))
    }

    /// Whether any array stands in it.
    pub(super) fn has_array(&self) -> bool {
        self.shape.is_array() || self.parts().into_iter().any(Term::has_array)
    }

    /// The arrays with a name in it, each with which member of its family it is.
    pub(super) fn names<'t>(&'t self, all: &mut Vec<(&'t Name, &'t [String], &'t Shape)>) {
        if let Kind::Name(base, of, _) = &self.kind {
            all.push((base, of, &self.shape));
        }
        self.parts().into_iter().for_each(|part| part.names(all));
    }

    fn parts(&self) -> Vec<&Term> {
        match &self.kind {
            Kind::Plain(_) | Kind::Name(..) | Kind::Identity | Kind::Ones => Vec::new(),
            Kind::Transpose(a)
            | Kind::Neg(a)
            | Kind::Call(_, a)
            | Kind::Apply(_, _, a)
            | Kind::Norm(a, _)
            | Kind::Over(_, _, a)
            | Kind::Diagonal(a)
            | Kind::Trace(a)
            | Kind::Softmax(a)
            | Kind::Element(a, _)
            | Kind::Run(a, ..) => vec![a],
            Kind::Times(a, b)
            | Kind::Quotient(a, b)
            | Kind::Power(a, b)
            | Kind::Slope(a, b, ..) => {
                vec![a, b]
            }
            Kind::Sum(terms) => terms.iter().map(|(_, t)| t).collect(),
            Kind::Elementwise(all) | Kind::Extreme(_, all) => all.iter().collect(),
            Kind::Literal(rows) => rows.iter().flatten().collect(),
        }
    }
}
