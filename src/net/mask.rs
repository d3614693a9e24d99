//! Masks: what is added to the scores that a softmax takes, and so may be −∞.

use super::{Network, NodeId, Op, QuantityId};
use crate::scalar::Function;

/// What stands for −∞ in a mask: so far below every score that its exponential is 0 in every
/// format, and with no digit of what is added to it.
pub const MASKED: i64 = -(1 << 30);

impl Network {
    #[doc(hidden)]
    /// Whether all that is done with a quantity is to add it to numbers, to take it in another
    /// shape, and then to exponentiate: where it is −∞, the exponential is 0.
    pub fn is_mask(&self, quantity: QuantityId) -> bool {
        let mut reached = vec![false; self.nodes.len()];
        reached[self.quantity(quantity).node.index()] = true;
        let mut exponentiated = false;
        for index in 0..self.nodes.len() {
            let is = |a: &NodeId| reached[a.index()];
            let mut uses = false;
            self.nodes[index].op.for_operands(|a| uses |= is(&a));
            if !uses {
                continue;
            }
            match &self.nodes[index].op {
                Op::Call(Function::Exp, _) => exponentiated = true,
                Op::Define(..)
                | Op::Add(_)
                | Op::Element(..)
                | Op::Reshape(_)
                | Op::Transpose(..)
                | Op::Slice(..)
                | Op::Concat(..) => reached[index] = true,
                Op::Sub(a, b) if is(a) && !is(b) => reached[index] = true,
                _ => return false,
            }
        }
        exponentiated
    }
}

#[cfg(test)]
mod tests {
    fn mask(text: &str) -> bool {
        let net = crate::lang::parse_network(text).unwrap();
        net.is_mask(net.find("m").unwrap())
    }

    #[test]
    fn a_mask_is_added_to_scores_and_no_more() {
        assert!(mask("input m[3]\nparam w[3]\np = softmax(w + m)\nE = sum(p^2)"));
        assert!(mask("input m[3]\nparam w[3]\nz = w + m\nE = sum(exp(z))"));
        assert!(!mask("input m[3]\nparam w[3]\np = softmax(w + m)\nE = sum(p*m)"));
        assert!(!mask("input m[3]\nparam w[3]\nE = sum(w + m)"));
        assert!(!mask("input m[3]\nparam w[3]\nE = sum(exp(w - m))"));
    }
}
