//! Gradients held against forward passes of dual numbers along directions that move many elements
//! at once, where one pass for each element would be too many.
//!
//! Goes in: a network with values, what is decided at every kink, and gradients that are claimed.
//! Comes out: Σ v·∂E/∂q over a direction v, by the gradients and as the tangent of the loss. What
//! always holds: where an element is wrong, the two differ but for directions of measure 0.

use std::ops::Range;

use crate::concrete::{self, Decide, Decisions, Values};
use crate::diag::{Error, Kind};
use crate::net::{Network, Op, QuantityId};
use crate::ordered::Ordered;
use crate::scalar::{Dual, Fault, Scalar};

/// What a direction is asked about.
pub(super) struct Along<'a, T> {
    pub net: &'a Network,
    pub values: &'a Values<T>,
    pub decisions: &'a Decisions,
    pub by: &'a [QuantityId],
    /// For each quantity of `by`.
    pub gradients: &'a [&'a [T]],
}

/// The same sum by two ways.
pub(super) struct Both<T> {
    /// Σ v·∂E/∂q.
    pub sum: T,
    /// The tangent of the loss.
    pub tangent: T,
}

/// Some elements of one quantity, by its position.
pub(super) type Part = (usize, Range<usize>);

impl<T: Scalar> Along<'_, T> {
    /// All elements of every quantity that may be moved: what was given for a defined one is not
    /// looked at, so it does not move.
    pub fn everything(&self) -> Vec<Part> {
        let leaf = |k: &usize| {
            matches!(self.net.node(self.net.quantity(self.by[*k]).node).op, Op::Leaf(_))
        };
        let all = (0..self.by.len()).filter(leaf);
        all.map(|k| (k, 0..self.gradients[k].len())).collect()
    }

    /// Both sums along the direction that `speed` draws, of these elements alone.
    pub fn both(
        &self,
        parts: &[Part],
        mut speed: impl FnMut(usize, usize) -> Result<T, Fault>,
    ) -> Result<Both<T>, Error> {
        let limit = |fault: Fault| Error::new(Kind::Limit, fault.to_string());
        let mut moved: Values<Dual<T>> = self
            .values
            .iter()
            .map(|(id, all)| (*id, all.iter().cloned().map(Dual::constant).collect()))
            .into_map();
        let mut sum = T::zero();
        for (k, range) in parts {
            let Some(cells) = moved.get_mut(&self.by[*k]) else { continue };
            let gradients = self.gradients[*k];
            for n in range.clone() {
                let (Some(cell), Some(gradient)) = (cells.get_mut(n), gradients.get(n)) else {
                    continue;
                };
                let v = speed(*k, n).map_err(limit)?;
                sum = v.mul(gradient).and_then(|term| sum.add(&term)).map_err(limit)?;
                cell.tangent = v;
            }
        }
        let (loss, _) = concrete::loss(self.net, &moved, Decide::Recorded(self.decisions))?;
        Ok(Both { sum, tangent: loss.tangent })
    }

    /// An element of a quantity that `same` does not hold for, with its two slopes: the elements
    /// are halved until one is left.
    pub fn culprit(
        &self,
        k: usize,
        mut speed: impl FnMut(usize, usize) -> Result<T, Fault>,
        same: impl Fn(&Both<T>) -> bool,
    ) -> Result<Option<(usize, Both<T>)>, Error> {
        let mut range = 0..self.gradients[k].len();
        if same(&self.both(&[(k, range.clone())], &mut speed)?) {
            return Ok(None);
        }
        while range.len() > 1 {
            let middle = range.start + range.len() / 2;
            let first = range.start..middle;
            range = match same(&self.both(&[(k, first.clone())], &mut speed)?) {
                true => middle..range.end,
                false => first,
            };
        }
        let alone = self.both(&[(k, range.clone())], |_, _| Ok(T::one()))?;
        Ok((!same(&alone)).then_some((range.start, alone)))
    }
}
