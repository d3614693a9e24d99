//! Derivatives of and by arrays: Jacobians in their two layouts, gradients, slopes of functions of
//! arrays.
//!
//! Invariant: a derivative has at most two indices, and is taken by names alone.

use std::ops::Range;

use super::{Made, Reading};
use crate::review::arrays::term::{Kind, Term, Trouble, beyond};
use crate::review::shapes::{Length, Shape};
use crate::review::tex::syntax::{Expr, FormulaKind, Name};

impl Reading<'_> {
    /// ∇f(x, y) for numbers x and y: the column of the slopes by each of them.
    pub(super) fn gradient(
        &mut self,
        head: &Name,
        args: &[Expr],
        of: Range<usize>,
        span: Range<usize>,
    ) -> Made {
        let name = |e: &Expr| matches!(&e.kind, FormulaKind::Name(_)) && self.is_plain(e);
        if !args.iter().all(name) {
            return beyond("∇ does not say by what it differentiates");
        }
        let value = FormulaKind::Apply { head: head.clone(), primes: 0, args: args.to_vec() };
        let value = Expr { kind: value, span: of };
        let slope = |by: &Expr| {
            let (of, by) = (Box::new(value.clone()), Box::new(by.clone()));
            let kind = FormulaKind::Derivative { of, by, order: 1 };
            let slope = Expr { kind, span: span.clone() };
            vec![Term { shape: Shape::Scalar, kind: Kind::Plain(slope), span: span.clone() }]
        };
        let shape = Shape::Column(Length::Number(args.len() as i64));
        let kind = Kind::Literal(args.iter().map(slope).collect());
        Ok(Term { shape, kind, span })
    }

    /// Whether a function of arrays stands with what it is a function of.
    pub(super) fn at_its_own(&self, name: &str, args: &[Expr]) -> Result<(), Trouble> {
        let Some(params) = self.scalars.get(name).filter(|params| !params.is_empty()) else {
            return Ok(());
        };
        let same = params.len() == args.len()
            && params
                .iter()
                .zip(args)
                .all(|(param, arg)| matches!(&arg.kind, FormulaKind::Name(name) if name == param));
        match same {
            true => Ok(()),
            false => {
                beyond("a function of arrays stands at another place than where it is defined")
            }
        }
    }

    pub(super) fn slope(&mut self, of: Term, by: Term, order: u32, span: Range<usize>) -> Made {
        let named = |t: &Term| match &t.kind {
            Kind::Name(..) | Kind::Plain(_) => true,
            Kind::Transpose(inner) => matches!(inner.kind, Kind::Name(..)),
            _ => false,
        };
        if order != 1 && (of.shape.is_array() || by.shape.is_array()) {
            return beyond("second derivatives by arrays are not taken");
        }
        if matches!(by.kind, Kind::Name(_, _, true)) {
            return beyond("a derivative by a symmetric matrix may mean two things");
        }
        if by.shape.is_array() && !named(&by) {
            return beyond("by what this differentiates is not certain");
        }
        let first = self.layout.jacobians;
        // ∇ is always a column.
        let here = self.text.get(span.start..).unwrap_or_default();
        let nabla = here.starts_with("\\nabla") || here.starts_with('∇');
        if self.layout.gradients && !nabla && of.shape == Shape::Scalar && by.shape.is_array() {
            let shape = by.shape.clone();
            let kind = Kind::Slope(Box::new(of), Box::new(by), order, false);
            let turned = shape.turned();
            let slope = Term { shape, kind, span: span.clone() };
            return Ok(Term { shape: turned, kind: Kind::Transpose(Box::new(slope)), span });
        }
        let shape = match (&of.shape, &by.shape) {
            (Shape::Scalar, shape) => shape.clone(),
            (shape, Shape::Scalar) => shape.clone(),
            (Shape::Column(m), Shape::Column(n)) if first => Shape::Matrix(n.clone(), m.clone()),
            (Shape::Column(m), Shape::Column(n) | Shape::Row(n)) => {
                Shape::Matrix(m.clone(), n.clone())
            }
            _ => return beyond("a derivative with more than two indices is not read"),
        };
        let kind = Kind::Slope(Box::new(of), Box::new(by), order, first);
        Ok(Term { shape, kind, span })
    }
}
