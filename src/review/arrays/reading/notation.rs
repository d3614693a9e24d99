//! Notation that only arrays have, and arrays that are written out.
//!
//! Invariant: the shape of what is made is that of what it is made of, by the rules of its notation.

use std::ops::Range;

use super::{Made, Reading};
use crate::review::arrays::infer;
use crate::review::arrays::shape::Sight;
use crate::review::arrays::term::{Kind, Term, Trouble, beyond, joint, times};
use crate::review::shapes::{Length, Shape};
use crate::review::tex::syntax::{Array, Expr, FormulaKind};

impl Reading<'_> {
    pub(super) fn literal(&mut self, rows: &[Vec<Expr>], span: Range<usize>) -> Made {
        let columns = rows.first().map_or(0, Vec::len);
        if columns == 0 || rows.iter().any(|row| row.len() != columns) {
            return beyond("the rows of this matrix have different lengths");
        }
        let mut all = Vec::new();
        for row in rows {
            let block = |e: &Expr| match &e.kind {
                FormulaKind::Name(name) => infer::is_great(name) && name.below.is_empty(),
                _ => false,
            };
            if row.iter().any(block) {
                return beyond("a matrix of great letters may be one of blocks");
            }
            let row: Result<Vec<Term>, Trouble> = row.iter().map(|e| self.term(e)).collect();
            let row = row?;
            if row.iter().any(|t| t.shape.is_array()) {
                return beyond("a matrix of arrays is not read");
            }
            all.push(row);
        }
        let size = |n: usize| Length::Number(n as i64);
        let shape = match (all.len(), columns) {
            (1, n) => Shape::Row(size(n)),
            (m, 1) => Shape::Column(size(m)),
            (m, n) => Shape::Matrix(size(m), size(n)),
        };
        Ok(Term { shape, kind: Kind::Literal(all), span })
    }

    pub(super) fn elementwise(&mut self, all: &[Expr], span: &Range<usize>) -> Made {
        let all: Result<Vec<Term>, Trouble> = all.iter().map(|e| self.term(e)).collect();
        let all = all?;
        let arrays: Vec<Term> = all.iter().filter(|t| t.shape.is_array()).cloned().collect();
        if arrays.is_empty() {
            return beyond("this is an operation on arrays");
        }
        let shape = joint(&arrays)?;
        Ok(Term { shape, kind: Kind::Elementwise(all), span: span.clone() })
    }

    pub(super) fn array(&mut self, array: &Array, span: Range<usize>) -> Made {
        match array {
            Array::Transpose(a) => {
                let a = self.term(a)?;
                if !a.shape.is_array() {
                    return beyond("a transpose is an operation on arrays");
                }
                Ok(Term { shape: a.shape.turned(), kind: Kind::Transpose(Box::new(a)), span })
            }
            Array::Elementwise(all) => {
                let whole = self.elementwise(all, &span);
                // u ⊙ v xᵀ is (u ⊙ v) xᵀ where it can be nothing else.
                let Some(FormulaKind::Product(parts)) = all.last().map(|last| &last.kind) else {
                    return whole;
                };
                let [first, rest @ ..] = &parts[..] else { return whole };
                if whole.is_ok() {
                    return whole;
                }
                let mut own = all[..all.len() - 1].to_vec();
                own.push(first.clone());
                let mut left = self.elementwise(&own, &span)?;
                for part in rest {
                    left = times(left, self.term(part)?, false)?;
                }
                Ok(left)
            }
            Array::Gradient(of) => {
                let FormulaKind::Apply { head, primes: 0, args } = &of.kind else {
                    return beyond("∇ does not say by what it differentiates");
                };
                let [by] = &args[..] else {
                    return self.gradient(head, args, of.span.clone(), span);
                };
                self.at_its_own(&head.stem, args)?;
                let by = self.term(by)?;
                let array =
                    matches!(self.shapes.of(head), Sight::Known(_, k) if k.shape.is_array());
                if array || !by.shape.is_array() {
                    return beyond("∇ makes an array of derivatives");
                }
                let of = Expr { kind: FormulaKind::Name(head.clone()), span: of.span.clone() };
                let (shape, span) = (Shape::Scalar, span.clone());
                let of = Term { shape, kind: Kind::Plain(of), span };
                let span = of.span.clone();
                self.slope(of, by, 1, span)
            }
            Array::Frobenius(of) => {
                let of = self.term(of)?;
                match of.shape.is_array() {
                    true => {
                        let kind = Kind::Norm(Box::new(of), false);
                        Ok(Term { shape: Shape::Scalar, kind, span })
                    }
                    false => beyond("this is an operation on arrays"),
                }
            }
            Array::Run(run) => {
                let body = self.term(&run.body)?;
                let length = match run.last.parse::<i64>() {
                    Ok(n) => Length::Number(n),
                    Err(_) => Length::Named(run.last.clone()),
                };
                let shape = match (run.column, &body.shape) {
                    (true, Shape::Scalar) => Shape::Column(length),
                    (false, Shape::Scalar) => Shape::Row(length),
                    (true, Shape::Row(n)) => Shape::Matrix(length, n.clone()),
                    (false, Shape::Column(n)) => Shape::Matrix(n.clone(), length),
                    _ => return beyond("a matrix of arrays is not read"),
                };
                Ok(Term { shape, kind: Kind::Run(Box::new(body), run.index, run.column), span })
            }
            Array::Element(of, below) => {
                let of = self.term(of)?;
                let mut at = Vec::new();
                for part in below {
                    match part.len() {
                        2 if of.shape.rank() == 2 && below.len() == 1 => {
                            at.extend(part.chars().map(String::from));
                        }
                        _ => at.push(part.clone()),
                    }
                }
                if of.shape.rank() != at.len() || at.is_empty() {
                    return beyond("this index fits no element of the array");
                }
                let kind = Kind::Element(Box::new(of), at);
                Ok(Term { shape: Shape::Scalar, kind, span })
            }
        }
    }
}
