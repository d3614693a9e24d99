//! The syntax tree: what a text says, as it says it, with the place of every part. Nothing is
//! checked yet, and nothing is simplified.
//!
//! What always holds of a parsed tree: its height is at most [`MAX_NESTING`](super::MAX_NESTING);
//! a sum of three terms or more is one flat `Add` whose subtracted terms are `Neg`, a difference
//! of two is `Sub`; a product is one flat `Mul`.

use std::fmt;

use crate::diag::Span;
use crate::net::Role;

/// A name in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// As it is spelt.
    pub text: &'a str,
    /// Where.
    pub span: Span,
}

/// One statement. A line that declares several names is several statements.
#[derive(Clone, Debug)]
pub enum Statement<'a> {
    /// `param w[2, 2]`; the role is never `Defined`.
    Declare {
        /// What it is for.
        role: Role,
        /// Its name.
        name: Name<'a>,
        /// Its shape; empty for a scalar.
        lengths: Vec<usize>,
    },
    /// `c = conv(i, w)`.
    Define {
        /// The name on the left.
        name: Name<'a>,
        /// What it stands for.
        value: Expr<'a>,
    },
    /// `given w = [[1, 2], [3, 4]]`.
    Given {
        /// Whose value it is.
        name: Name<'a>,
        /// A number or nested lists of numbers.
        value: Expr<'a>,
    },
    /// `assume r_p = c[1, 0]`, `assume c_10`, `assume sum(t) = 1`.
    Assume {
        /// The max, or the sum; left out where only one max has that cell.
        of: Option<Expr<'a>>,
        /// The argument that wins, or what the sum is.
        value: Expr<'a>,
    },
    /// `loss E`.
    Loss {
        /// The scalar to make small.
        name: Name<'a>,
    },
}

/// An expression and its place.
#[derive(Clone, Debug)]
pub struct Expr<'a> {
    /// What it is.
    pub kind: ExprKind<'a>,
    /// Where it stands, with any parentheses around it.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug)]
pub enum ExprKind<'a> {
    /// `12`, `0.5`, `1e-3`; as it is spelt.
    Number(&'a str),
    /// `w_fc`, `c_10`.
    Name(&'a str),
    /// `c[1, 0]`, `c[:, -1]`.
    Index(Box<Expr<'a>>, Vec<Subscript>),
    /// `[1, 2]`; a value, or a setting for rows and columns.
    List(Vec<Expr<'a>>),
    /// −a.
    Neg(Box<Expr<'a>>),
    /// a + b + …; later terms that are `Neg` were subtracted, unless there are just two terms.
    Add(Vec<Expr<'a>>),
    /// a − b.
    Sub(Box<[Expr<'a>; 2]>),
    /// a · b · ….
    Mul(Vec<Expr<'a>>),
    /// a / b.
    Div(Box<[Expr<'a>; 2]>),
    /// a @ b, the matrix product.
    MatMul(Box<[Expr<'a>; 2]>),
    /// a to the power b.
    Pow(Box<[Expr<'a>; 2]>),
    /// `conv(i, w, stride: 2)`.
    Call(Box<Call<'a>>),
}

/// What stands between brackets for one axis. Negative numbers count from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscript {
    /// `2`, `-1`: one index; the axis goes.
    At(i64),
    /// `1:3`, `:`, `::2`: from `start` up to and without `stop`.
    Range {
        /// The first index; 0 if left out.
        start: Option<i64>,
        /// The index after the last; the axis's length if left out.
        stop: Option<i64>,
        /// From one to the next; 1 if left out.
        step: Option<i64>,
    },
}

/// A call of a named function.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The function.
    pub name: Name<'a>,
    /// What it is given, in order.
    pub args: Vec<Arg<'a>>,
}

/// One argument of a call.
#[derive(Clone, Debug)]
pub struct Arg<'a> {
    /// `stride` of `stride: 2`.
    pub label: Option<Name<'a>>,
    /// What is given.
    pub value: Expr<'a>,
}

/// Equality is of what is said, not of where it stands.
impl PartialEq for Expr<'_> {
    fn eq(&self, other: &Expr<'_>) -> bool {
        use ExprKind as K;
        match (&self.kind, &other.kind) {
            (K::Number(a), K::Number(b)) | (K::Name(a), K::Name(b)) => a == b,
            (K::Index(a, i), K::Index(b, j)) => i == j && a == b,
            (K::Neg(a), K::Neg(b)) => a == b,
            (K::List(a), K::List(b)) | (K::Add(a), K::Add(b)) | (K::Mul(a), K::Mul(b)) => a == b,
            (K::Sub(a), K::Sub(b)) | (K::Div(a), K::Div(b)) => a == b,
            (K::Pow(a), K::Pow(b)) | (K::MatMul(a), K::MatMul(b)) => a == b,
            (K::Call(a), K::Call(b)) => a.name.text == b.name.text && a.args == b.args,
            _ => false,
        }
    }
}

impl fmt::Display for Subscript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |n: Option<i64>| n.map_or(String::new(), |n| n.to_string());
        match *self {
            Subscript::At(n) => write!(f, "{n}"),
            Subscript::Range { start, stop, step } => {
                write!(f, "{}:{}", shown(start), shown(stop))?;
                step.map_or(Ok(()), |step| write!(f, ":{step}"))
            }
        }
    }
}

impl PartialEq for Arg<'_> {
    fn eq(&self, other: &Arg<'_>) -> bool {
        self.label.map(|n| n.text) == other.label.map(|n| n.text) && self.value == other.value
    }
}

impl PartialEq for Statement<'_> {
    fn eq(&self, other: &Statement<'_>) -> bool {
        use Statement as S;
        match (self, other) {
            (S::Declare { role, name, lengths }, S::Declare { role: r, name: n, lengths: l }) => {
                role == r && name.text == n.text && lengths == l
            }
            (S::Define { name, value }, S::Define { name: n, value: v })
            | (S::Given { name, value }, S::Given { name: n, value: v }) => {
                name.text == n.text && value == v
            }
            (S::Assume { of, value }, S::Assume { of: o, value: v }) => of == o && value == v,
            (S::Loss { name }, S::Loss { name: n }) => name.text == n.text,
            _ => false,
        }
    }
}
