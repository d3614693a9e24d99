//! An expression becomes a term. In go an expression and the shapes of names, out comes a term, or
//! why it is none.
//!
//! Invariant: a product of arrays is never turned round, nor one that does not fit made to fit.

mod notation;
mod slopes;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::infer;
use super::shape::{Shapes, Sight};
use super::term::{Kind, Term, Trouble, beyond, joint, times};
use crate::review::shapes::{Shape, Turned};
use crate::review::tex::syntax::{Array, Expr, FormulaKind, Known, Name, visit};

/// What is known of the names of numbers beside arrays.
#[derive(Clone, Debug, Default)]
pub(super) struct Functions {
    /// Functions of arrays whose value is a number, as f of f(x) = xᵀx, with what they are
    /// functions of where it is said.
    pub(super) scalars: BTreeMap<String, Vec<Name>>,
    /// Great letters that are numbers.
    pub(super) numbers: BTreeSet<String>,
    /// Functions that make arrays of whole arrays, and not of each element.
    pub(super) maps: BTreeSet<String>,
}

/// What terms are made with.
pub(super) struct Reading<'s> {
    pub(super) shapes: &'s Shapes,
    /// Names of functions of arrays whose value is a number: f of f(x) = xᵀx.
    pub(super) scalars: &'s BTreeMap<String, Vec<Name>>,
    /// The formula's text, in which a dot between vectors is seen.
    pub(super) text: &'s str,
    /// Names of which custom alone says what they are.
    pub(super) unsure: Vec<String>,
    /// Great letters that are numbers: what a number defines, or an array differentiates.
    pub(super) numbers: &'s BTreeSet<String>,
    pub(super) maps: &'s BTreeSet<String>,
    /// What is taken as given: "A symmetric".
    pub(super) said: Vec<String>,
    /// Which derivatives are laid out in the less usual way.
    pub(super) layout: Turned,
    /// Whether the statement has notation of arrays, so that a name which is a number elsewhere may
    /// be the array here.
    pub(super) arrays_here: bool,
}

impl<'s> Reading<'s> {
    pub(super) fn new(
        shapes: &'s Shapes,
        functions: &'s Functions,
        text: &'s str,
        layout: Turned,
    ) -> Reading<'s> {
        let (unsure, said) = (Vec::new(), Vec::new());
        let Functions { scalars, numbers, maps } = functions;
        let arrays_here = false;
        Reading { shapes, scalars, numbers, maps, text, unsure, said, layout, arrays_here }
    }
}

type Made = Result<Term, Trouble>;

/// Whether functions of whole arrays are called so.
pub(super) fn is_function_of_arrays(name: &str) -> bool {
    ["softmax", "diag", "tr", "trace"].contains(&name.to_lowercase().as_str())
}

/// What functions of one number are called, which are taken element by element of an array.
const ELEMENTWISE: &[&str] = &["σ", "φ", "ϕ", "ψ", "f", "g", "h", "s", "a", "tanh", "ReLU", "relu"];

impl Reading<'_> {
    pub(super) fn term(&mut self, expr: &Expr) -> Made {
        let span = expr.span.clone();
        let made = |shape: Shape, kind: Kind| Ok(Term { shape, kind, span: span.clone() });
        let scalar = |expr: &Expr| made(Shape::Scalar, Kind::Plain(expr.clone()));
        match &expr.kind {
            FormulaKind::Number { .. } => scalar(expr),
            FormulaKind::Name(name) => self.name(expr, name),
            FormulaKind::Neg(a) => {
                let a = self.term(a)?;
                made(a.shape.clone(), Kind::Neg(Box::new(a)))
            }
            FormulaKind::Sum(terms) => self.sum(terms, span),
            FormulaKind::Product(factors) => self.product(factors),
            FormulaKind::Quotient(a, b) => {
                let (a, b) = (self.term(a)?, self.term(b)?);
                if b.shape.is_array() {
                    return beyond("nothing is divided by an array");
                }
                made(a.shape.clone(), Kind::Quotient(Box::new(a), Box::new(b)))
            }
            FormulaKind::Power(a, b) => self.power(a, b, span),
            FormulaKind::Call(Known::Norm, a) => {
                let a = self.term(a)?;
                match a.shape.rank() {
                    1 => made(Shape::Scalar, Kind::Norm(Box::new(a), false)),
                    0 => made(Shape::Scalar, Kind::Call(Known::Norm, Box::new(a))),
                    _ => beyond("the norm of a matrix may be one of several"),
                }
            }
            FormulaKind::Call(known, a) => {
                let a = self.term(a)?;
                let of_matrices = matches!(known, Known::Exp | Known::Ln | Known::Sqrt);
                if of_matrices && a.shape.rank() == 2 {
                    return beyond(
                        "this function of a matrix may be one of its elements or of itself",
                    );
                }
                if *known == Known::Abs && a.shape.is_array() {
                    return beyond("bars around an array may be its length or its determinant");
                }
                made(a.shape.clone(), Kind::Call(*known, Box::new(a)))
            }
            FormulaKind::Extreme { least, of } => {
                let of: Result<Vec<Term>, Trouble> = of.iter().map(|e| self.term(e)).collect();
                let of = of?;
                let shape = match &of[..] {
                    // The greatest element of a vector.
                    [one] if one.shape.rank() == 1 => Shape::Scalar,
                    [one] if one.shape.rank() > 1 => {
                        return beyond("the greatest of a matrix is not read");
                    }
                    _ => joint(&of)?,
                };
                made(shape, Kind::Extreme(*least, of))
            }
            FormulaKind::Apply { head, primes, args } => self.apply(expr, head, *primes, args),
            FormulaKind::Derivative { of, by, order } => {
                let by = self.term(by)?;
                // What is differentiated by an array is a number by a great letter: a loss.
                let of = match &of.kind {
                    FormulaKind::Name(name) if by.shape.is_array() && self.is_loss(name) => {
                        let (kind, span) = (Kind::Plain((**of).clone()), of.span.clone());
                        Term { shape: Shape::Scalar, kind, span }
                    }
                    _ => self.term(of)?,
                };
                self.slope(of, by, *order, span)
            }
            FormulaKind::BigSum { indices, from, to, body } => {
                let body = self.term(body)?;
                let bounds = [from.clone(), to.clone()];
                // Σ exp(z) goes over the elements of z.
                if indices.is_empty() && body.shape.is_array() {
                    return match body.shape.rank() {
                        1 => made(Shape::Scalar, Kind::Over(Vec::new(), bounds, Box::new(body))),
                        _ => beyond("a sum that does not say over what"),
                    };
                }
                made(body.shape.clone(), Kind::Over(indices.clone(), bounds, Box::new(body)))
            }
            FormulaKind::Matrix(rows) => self.literal(rows, span),
            FormulaKind::Array(array) => self.array(array, span),
            // What has parts that are arrays in other places is not read.
            FormulaKind::Cases(_)
            | FormulaKind::BigProduct(_)
            | FormulaKind::Limit { .. }
            | FormulaKind::Differential(_)
            | FormulaKind::HalfDerivative { .. }
            | FormulaKind::List(_) => match self.is_plain(expr) {
                true => scalar(expr),
                false => beyond("an array stands in this"),
            },
        }
    }

    /// Whether a name that nobody defines is that of a loss.
    fn is_loss(&self, name: &Name) -> bool {
        let mut letters = name.stem.chars();
        let great = letters.next().is_some_and(|c| c.is_uppercase() || c == 'ℓ' || c == '𝓛');
        great && letters.next().is_none() && matches!(self.shapes.of(name), Sight::Unknown(_))
    }

    /// Whether no array stands in an expression.
    fn is_plain(&self, expr: &Expr) -> bool {
        let mut plain = true;
        visit(expr, &mut |e| match &e.kind {
            FormulaKind::Array(_) | FormulaKind::Matrix(_) => plain = false,
            FormulaKind::Name(name) => {
                plain &= !matches!(self.shapes.of(name), Sight::Known(_, k) if k.shape.is_array());
            }
            _ => {}
        });
        plain
    }

    fn name(&mut self, expr: &Expr, name: &Name) -> Made {
        let span = expr.span.clone();
        let plain =
            || Term { shape: Shape::Scalar, kind: Kind::Plain(expr.clone()), span: span.clone() };
        match self.shapes.of(name) {
            Sight::Known(member, known) if known.shape.is_array() => {
                if !known.certain {
                    self.unsure.push(name.stem.clone());
                }
                let mirrored = known.shape.rank() == 2 && self.shapes.is_symmetric(&member);
                if mirrored {
                    self.said.push(format!("{} symmetric", name.stem));
                }
                let kind = Kind::Name(member.base, member.of, mirrored);
                Ok(Term { shape: known.shape, kind, span })
            }
            Sight::Known(_, known) => {
                if !known.certain {
                    self.unsure.push(name.stem.clone());
                }
                Ok(plain())
            }
            Sight::Element => Ok(plain()),
            Sight::Torn(member, Some(known)) if self.arrays_here => {
                self.unsure.push(name.stem.clone());
                let kind = if known.shape.rank() == 2 { "a matrix" } else { "a vector" };
                self.said.push(format!("{} {kind}", name.stem));
                let kind = Kind::Name(member.base, member.of, false);
                Ok(Term { shape: known.shape, kind, span })
            }
            Sight::Torn(..) => {
                let stem = &name.stem;
                let why = format!("{stem} is a number in one formula and an array in another");
                Err(Trouble::Beyond(why))
            }
            Sight::Unknown(_) if name.stem == "I" && name.below.is_empty() => {
                Ok(Term { shape: Shape::matrix(), kind: Kind::Identity, span })
            }
            Sight::Unknown(_) if name.stem == "𝟙" => {
                Ok(Term { shape: Shape::column(), kind: Kind::Ones, span })
            }
            // What is called by one of these is a number: a step, a weight of a penalty.
            Sight::Unknown(_) if "αβγεηκλρτ".contains(&name.stem) => Ok(plain()),
            // What is written out with dots is a number where nothing else is said.
            Sight::Unknown(_) if name.below.iter().any(|part| part.contains(['ι', 'κ'])) => {
                Ok(plain())
            }
            // A great letter beside arrays may be a matrix, which no number is read for.
            Sight::Unknown(_) if infer::is_great(name) && !self.is_loss_here(name) => {
                Err(Trouble::Beyond(format!("nothing says what {} is", name.stem)))
            }
            Sight::Unknown(_) => {
                self.unsure.push(name.stem.clone());
                Ok(plain())
            }
        }
    }

    /// Whether a name is that of a loss that stands where a number must, as what is defined by one.
    fn is_loss_here(&self, name: &Name) -> bool {
        self.numbers.contains(&name.stem)
    }

    fn sum(&mut self, terms: &[(bool, Expr)], span: Range<usize>) -> Made {
        let mut all = Vec::with_capacity(terms.len());
        for (minus, term) in terms {
            all.push((*minus, self.term(term)?));
        }
        // 1 − a takes the number from each element; another number beside an array is a mistake.
        // So does z − max z.
        let number = |t: &Term| match &t.kind {
            Kind::Plain(e) => matches!(e.kind, FormulaKind::Number { .. }),
            Kind::Extreme(_, of) => matches!(&of[..], [one] if one.shape.is_array()),
            _ => false,
        };
        let arrays: Vec<Term> =
            all.iter().map(|(_, t)| t.clone()).filter(|t| t.shape.is_array()).collect();
        if arrays.is_empty() {
            return Ok(Term { shape: Shape::Scalar, kind: Kind::Sum(all), span });
        }
        // A row is added to each row of a matrix.
        let matrices: Vec<Term> = arrays.iter().filter(|t| t.shape.rank() == 2).cloned().collect();
        let rows_fit =
            arrays.iter().all(|t| match (&t.shape, matrices.first().map(|m| &m.shape)) {
                (Shape::Row(n), Some(Shape::Matrix(_, k))) => !n.clashes(k),
                // So is what custom alone takes for a column.
                (Shape::Column(n), Some(Shape::Matrix(_, k))) => {
                    matches!(&t.kind, Kind::Name(..)) && !n.clashes(k)
                }
                (shape, _) => shape.rank() == 2,
            });
        if rows_fit && !matrices.is_empty() {
            for term in arrays.iter().filter(|t| matches!(t.shape, Shape::Column(_))) {
                if let Kind::Name(name, ..) = &term.kind {
                    self.unsure.push(name.stem.clone());
                    self.said.push(format!("{} added to each row", name.stem));
                }
            }
        }
        let shape = match !matrices.is_empty() && rows_fit {
            true => joint(&matrices)?,
            false => joint(&arrays)?,
        };
        if all.iter().any(|(_, t)| !t.shape.is_array() && !number(t)) {
            return Err(Trouble::Mixed("a number is added to an array"));
        }
        Ok(Term { shape, kind: Kind::Sum(all), span })
    }

    fn product(&mut self, factors: &[Expr]) -> Made {
        let mut all = Vec::with_capacity(factors.len());
        for factor in factors {
            all.push(self.term(factor)?);
        }
        let mut all = all.into_iter();
        let Some(mut left) = all.next() else { return beyond("a product of nothing") };
        for right in all {
            let between = self.text.get(left.span.end..right.span.start).unwrap_or_default();
            let cross = between.contains("\\times") || between.contains('×');
            if cross && left.shape.rank() == 1 && right.shape.rank() == 1 {
                return beyond("a cross product is not read");
            }
            if between.contains('*') && left.shape.is_array() && right.shape.is_array() {
                return beyond("a star between arrays may be a product or a convolution");
            }
            let dot = ["\\cdot", "·", "⋅", "\\bullet"].iter().any(|sign| between.contains(sign));
            left = times(left, right, dot)?;
        }
        Ok(left)
    }

    fn power(&mut self, a: &Expr, b: &Expr, span: Range<usize>) -> Made {
        let two = matches!(&b.kind, FormulaKind::Number { value, .. } if value.to_i32() == Some(2));
        let (norm, frobenius) = match &a.kind {
            FormulaKind::Call(Known::Norm, inner) => (Some(&**inner), false),
            FormulaKind::Array(array) => match &**array {
                Array::Frobenius(inner) => (Some(inner), true),
                _ => (None, false),
            },
            _ => (None, false),
        };
        if let (Some(inner), true) = (norm, two) {
            let inner = self.term(inner)?;
            if inner.shape.is_array() {
                // ‖W‖² of a matrix may be the square of another norm, and nearly always is this one.
                if inner.shape.rank() == 2 && !frobenius {
                    self.unsure.push("‖·‖".to_string());
                    self.said.push("‖·‖ Frobenius' norm".to_string());
                }
                let kind = Kind::Norm(Box::new(inner), true);
                return Ok(Term { shape: Shape::Scalar, kind, span });
            }
        }
        let (a, b) = (self.term(a)?, self.term(b)?);
        if a.shape.is_array() || b.shape.is_array() {
            return beyond("a power of an array may be taken of its elements or of itself");
        }
        let kind = Kind::Power(Box::new(a), Box::new(b));
        Ok(Term { shape: Shape::Scalar, kind, span })
    }

    fn apply(&mut self, expr: &Expr, head: &Name, primes: u32, args: &[Expr]) -> Made {
        let span = expr.span.clone();
        let mut all = Vec::new();
        for arg in args {
            all.push(self.term(arg)?);
        }
        if all.iter().all(|arg| !arg.shape.is_array()) {
            return match self.is_plain(expr) {
                true => Ok(Term { shape: Shape::Scalar, kind: Kind::Plain(expr.clone()), span }),
                false => beyond("an array stands in the argument of a function"),
            };
        }
        let made = |shape: Shape, kind: Kind| Ok(Term { shape, kind, span: span.clone() });
        let name = head.stem.as_str();
        // J(θ), L(y, t): a number that arrays move.
        if primes == 0 && self.scalars.contains_key(name) {
            self.at_its_own(name, args)?;
            let kind = FormulaKind::Name(head.clone());
            return made(Shape::Scalar, Kind::Plain(Expr { kind, span: expr.span.clone() }));
        }
        // W(x + b): a matrix stands before a parenthesis, and is no function.
        if let (Sight::Known(..), 0, [arg]) = (self.shapes.of(head), primes, &all[..]) {
            let head = Expr { kind: FormulaKind::Name(head.clone()), span: span.start..span.start };
            let head = self.term(&head)?;
            let span = span.clone();
            return Ok(Term { span, ..times(head, arg.clone(), false)? });
        }
        let [arg] = &all[..] else { return beyond("a function of several arrays is not read") };
        let arg = Box::new(arg.clone());
        let plain = head.below.is_empty() && head.above.is_none();
        match (name.to_lowercase().as_str(), primes, &arg.shape) {
            ("softmax", 0, Shape::Column(_) | Shape::Row(_)) if plain => {
                made(arg.shape.clone(), Kind::Softmax(arg))
            }
            ("diag", 0, Shape::Column(n) | Shape::Row(n)) if plain => {
                made(Shape::Matrix(n.clone(), n.clone()), Kind::Diagonal(arg))
            }
            ("tr" | "trace", 0, Shape::Matrix(m, n)) if plain => match m.clashes(n) {
                true => Err(Trouble::Misfit(format!(
                    "only a square matrix has a trace, and this is {}",
                    arg.shape.said()
                ))),
                false => made(Shape::Scalar, Kind::Trace(arg)),
            },
            _ if ELEMENTWISE.contains(&name) && !self.maps.contains(name) => {
                made(arg.shape.clone(), Kind::Apply(head.clone(), primes, arg))
            }
            _ => beyond("what this function makes of an array is not said"),
        }
    }
}
