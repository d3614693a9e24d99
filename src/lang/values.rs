//! Given values. In goes `w = [[1, 2], [3, 4]]` as syntax, out come the exact numbers,
//! row-major, with the shape of the lists checked against the quantity.

use super::elaborate::Elaborator;
use super::exact;
use super::syntax::{Expr, ExprKind, Name};
use crate::diag::{Error, Kind};
use crate::net::{Role, Shape, class_numbers};
use crate::scalar::{Rational, Scalar};

impl<'a> Elaborator<'a> {
    /// `given name = value`.
    pub fn give(&mut self, name: Name<'a>, value: &Expr<'a>) {
        let Some(id) = self.builder.find(name.text) else {
            if self.name(name.text, name.span).is_some() {
                let error = Error::new(
                    Kind::Value,
                    format!("`{}` is an element; values are given to whole tensors", name.text),
                );
                self.errors.push(error.at(name.span).hint("given w = [[1, 2], [3, 4]]"));
            }
            return;
        };
        let quantity = self.builder.quantity(id);
        let result = if quantity.role == Role::Defined {
            Err(Error::new(
                Kind::Value,
                format!("`{}` has a definition, so it cannot be given a value as well", name.text),
            )
            .at(name.span)
            .also(quantity.span, "its definition"))
        } else {
            let is_target = quantity.role == Role::Target;
            let shape = self.builder.shape(quantity.node).clone();
            numbers(name.text, &shape, is_target, value)
        };
        if let Some(values) = self.report(result, value.span) {
            let result = self.builder.give(id, values);
            self.report(result, name.span);
        }
    }
}

/// The numbers of nested lists whose shape must be `shape`.
fn numbers(
    name: &str,
    shape: &Shape,
    is_target: bool,
    value: &Expr,
) -> Result<Vec<Rational>, Error> {
    let mut values = Vec::new();
    let found = collect(value, &mut values)?;
    if found == shape.lengths() {
        return Ok(values);
    }
    let classes =
        is_target.then(|| class_numbers(name, shape.lengths(), &found, &values)).flatten();
    let found = Shape::new(found).described();
    let error = Error::new(
        Kind::Shape,
        format!("`{name}` is {}, and the value given is {found}", shape.described()),
    );
    if let Some(hint) = classes {
        return Err(error.hint(hint));
    }
    Err(match shape.lengths() {
        [] => error.hint(format!("a scalar is given one number: given {name} = 1/2")),
        [n] => {
            let all: Vec<String> = (1..=*n.min(&MAX_SHOWN)).map(|k| k.to_string()).collect();
            let more = if *n > MAX_SHOWN { ", …" } else { "" };
            let list = all.join(", ");
            error.hint(format!("a list of {n} numbers: given {name} = [{list}{more}]"))
        }
        _ => error.hint("lists of rows: [[1, 2], [3, 4]] is 2×2"),
    })
}

/// So many numbers of an example are written out.
const MAX_SHOWN: usize = 5;

/// Appends the numbers of `value` and answers with the lengths of its lists. Recurses as deep
/// as the tree is high, which parsing limits.
fn collect(value: &Expr, values: &mut Vec<Rational>) -> Result<Vec<usize>, Error> {
    let ExprKind::List(items) = &value.kind else {
        values.push(number(value)?);
        return Ok(Vec::new());
    };
    let mut inner: Option<Vec<usize>> = None;
    for item in items {
        let lengths = collect(item, values)?;
        let first = inner.get_or_insert_with(|| lengths.clone());
        if *first != lengths {
            let (first, other) = (Shape::new(first.as_slice()), Shape::new(lengths));
            return Err(Error::new(
                Kind::Shape,
                format!(
                    "this list is ragged: its first item is {} and this one is {}",
                    first.described(),
                    other.described()
                ),
            )
            .at(item.span)
            .also(items[0].span, "the first item"));
        }
    }
    let mut lengths = vec![items.len()];
    lengths.extend(inner.unwrap_or_default());
    Ok(lengths)
}

/// `3`, `-3`, `7/2`, `1e-3`.
pub(super) fn number(value: &Expr) -> Result<Rational, Error> {
    match &value.kind {
        ExprKind::Number(text) => exact(text, value.span),
        ExprKind::Neg(a) => Ok(Scalar::neg(&number(a)?)),
        ExprKind::Div(ab) => {
            let (a, b) = (number(&ab[0])?, number(&ab[1])?);
            a.div(&b).map_err(|fault| {
                Error::new(Kind::Value, format!("this is no number: {fault}")).at(value.span)
            })
        }
        ExprKind::Name(name) => {
            let error = Error::new(
                Kind::Value,
                format!("`{name}` cannot be given: only exact finite numbers can"),
            );
            Err(error.at(value.span).hint("numbers are written 3, -3, 7/2, 0.1 or 1e-3"))
        }
        _ => Err(Error::new(
            Kind::Value,
            format!("expected a number, found `{}`", super::print::brief(value)),
        )
        .at(value.span)
        .hint("numbers are written 3, -3, 7/2, 0.1 or 1e-3")),
    }
}
