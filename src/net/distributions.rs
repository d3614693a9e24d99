//! Which quantities are distributions: what a network assumes, and what the values of a target
//! show.

use super::{Network, Normalised, Role};
use crate::scalar::{Rational, Scalar};

impl Network {
    #[doc(hidden)]
    /// The quantities whose elements sum to 1 along some axes: those that are assumed to, and the
    /// targets of which every row of the given values does, as that of a one-hot target. None
    /// stands there twice for its values.
    ///
    /// ```
    /// let text = "param z[2, 2]\ntarget t[2, 2]\nE = cross_entropy(z, t)\ngiven t = [[0, 1], [1, 0]]";
    /// let net = backproof::parse_network(text)?;
    /// assert_eq!(net.distributions()[0].axes, [1]);
    /// # Ok::<(), backproof::Error>(())
    /// ```
    pub fn distributions(&self) -> Vec<Normalised> {
        let mut all = self.normalised().to_vec();
        for (id, quantity) in self.quantities() {
            let assumed = all.iter().any(|n| n.quantity == id);
            let last = self.shape(id).rank().checked_sub(1);
            if let (Some(axis), Some(values), Role::Target, false) =
                (last, self.values().get(&id), quantity.role, assumed)
                && values.chunks(self.shape(id).lengths()[axis]).all(shares_out)
            {
                all.push(Normalised { quantity: id, axes: vec![axis], span: quantity.span });
            }
        }
        all
    }
}

/// Whether these are two or more shares of 1, none below 0.
pub(crate) fn shares_out(values: &[Rational]) -> bool {
    let total = values.iter().try_fold(Rational::from(0), |sum, q| sum.add(q));
    let positive = values.iter().all(|q| !q.is_negative());
    values.len() > 1 && positive && total.is_ok_and(|total| total.is_one())
}

#[cfg(test)]
mod tests {
    fn of(text: &str) -> Vec<(String, Vec<usize>)> {
        let net = crate::parse_network(&format!("input x\n{text}\nE = x*sum(t)")).unwrap();
        let all = net.distributions().into_iter();
        all.map(|n| (net.quantity(n.quantity).name.clone(), n.axes)).collect()
    }

    #[test]
    fn a_target_shows_by_its_values_that_it_shares_out_1() {
        let along = |axis| vec![("t".to_string(), vec![axis])];
        assert_eq!(of("target t[3]\ngiven t = [0, 1, 0]"), along(0));
        assert_eq!(of("target t[2, 2]\ngiven t = [[1, 0], [1/4, 3/4]]"), along(1));
        assert!(of("target t[2, 2]\ngiven t = [[1, 0], [1, 1]]").is_empty(), "one row does not");
        assert!(of("target t[2]\ngiven t = [2, -1]").is_empty(), "no share is below 0");
        assert!(of("target t[1]\ngiven t = [1]").is_empty(), "one cell is no sum");
        assert!(of("target t[2]").is_empty(), "no values");
        assert!(of("param t[2]\ngiven t = [0, 1]").is_empty(), "a weight is no target");
        let text = "target t[2, 2]\ngiven t = [[1, 0], [0, 1]]\nassume sum(t, axis: 0) = 1";
        assert_eq!(of(text), along(0), "what is assumed counts");
    }
}
