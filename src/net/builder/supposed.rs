//! What is supposed of a network beside its definitions: who wins a max, what sums to 1, and
//! values.

use super::Builder;
use crate::diag::{Error, Kind};
use crate::net::{Assumption, NodeId, Normalised, Op, Pooling, QuantityId, Role};
use crate::scalar::{Rational, Scalar};

impl Builder {
    /// `winner` wins element number `element` of `max`, see [`Assumption`]. Errors: no max; no such
    /// element or winner; a cell outside the window of a pooling; assumed twice.
    pub fn assume(&mut self, max: NodeId, element: usize, winner: usize) -> Result<(), Error> {
        let refuse = |sentence: String| Err(Error::new(Kind::Assumption, sentence));
        let elements = self.shape(max).elements();
        if !matches!(
            &self.node(max).op,
            Op::Max(..) | Op::MaxOf(_) | Op::Pool { kind: Pooling::Max, .. }
        ) {
            return refuse("only a max has a winner".to_string());
        }
        if element >= elements {
            return refuse(format!(
                "this max has {elements} elements, so none at position {element}"
            ));
        }
        let count = match &self.node(max).op {
            Op::MaxOf(all) => all.len(),
            Op::Max(a, _) | Op::Pool { input: a, .. } => self.shape(*a).elements(),
            _ => 0,
        };
        if winner >= count {
            return refuse(format!("this max has {count} arguments, so none at position {winner}"));
        }
        if !self.competes(max, element, winner) {
            return refuse("this cell is not under the max's window".to_string());
        }
        if let Some(first) = self.assumed.get(&(max, element)) {
            return Err(Error::new(Kind::Assumption, "the winner of this max is assumed twice")
                .also(self.assumptions[*first].span, "first assumed here"));
        }
        self.assumed.insert((max, element), self.assumptions.len());
        self.assumptions.push(Assumption { max, element, winner, span: self.span });
        Ok(())
    }

    /// The elements of a quantity sum to 1 along `axes`, all of them if there are none. Errors:
    /// a defined quantity; a scalar; an axis that it has not.
    pub fn normalise(&mut self, id: QuantityId, axes: &[usize]) -> Result<(), Error> {
        let quantity = self.quantity(id);
        if quantity.role == Role::Defined {
            return Err(Error::new(
                Kind::Assumption,
                format!("`{}` has a definition, so what it sums to is not free", quantity.name),
            )
            .hint(
                "only an input, a parameter, a target or a constant can be assumed to sum to 1",
            ));
        }
        let (node, span) = (quantity.node, self.span);
        self.check_tensor("sum", node, "only a tensor can be assumed to sum to 1")?;
        let axes = self.check_axes("sum", node, axes)?;
        let normalised = Normalised { quantity: id, axes, span };
        if !self.normalised.iter().any(|n| (n.quantity, &n.axes) == (id, &normalised.axes)) {
            self.normalised.push(normalised);
        }
        Ok(())
    }

    /// The values of a quantity, row-major. Errors: a defined quantity; a wrong number of them.
    pub fn give(&mut self, id: QuantityId, values: Vec<Rational>) -> Result<(), Error> {
        let quantity = self.quantity(id);
        let name = &quantity.name;
        if quantity.role == Role::Defined {
            return Err(Error::new(
                Kind::Value,
                format!("`{name}` has a definition, so it cannot be given a value as well"),
            ));
        }
        let wanted = self.shape(quantity.node).elements();
        if wanted != values.len() {
            return Err(Error::new(
                Kind::Value,
                format!("`{name}` has {wanted} elements, and {} are given", values.len()),
            ));
        }
        self.values.insert(id, values);
        Ok(())
    }

    /// Whether the values of a distribution, if there are any, are one.
    pub(super) fn check_normalised(&self, normalised: &Normalised) -> Result<(), Error> {
        let Some(values) = self.values.get(&normalised.quantity) else { return Ok(()) };
        let quantity = self.quantity(normalised.quantity);
        let (shape, one) = (self.shape(quantity.node), Rational::from(1));
        let sums = shape.without(&normalised.axes);
        let mut totals = vec![Rational::from(0); sums.elements()];
        for (position, value) in values.iter().enumerate() {
            let at = shape.index(position);
            let kept = (0..at.len()).filter(|i| !normalised.axes.contains(i)).map(|i| at[i]);
            if let Some(total) = sums.position(&kept.collect::<Vec<_>>()) {
                // A sum past the limits of exact numbers is not 1 either.
                totals[total] = totals[total].add(value).unwrap_or(Rational::from(0));
            }
        }
        match totals.iter().find(|total| **total != one) {
            None => Ok(()),
            Some(total) => Err(Error::new(
                Kind::Assumption,
                format!(
                    "`{}` is assumed to sum to 1, and its values sum to {total}",
                    quantity.name
                ),
            )
            .at(normalised.span)),
        }
    }
}
