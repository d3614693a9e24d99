//! Which gradients and values are 0 whatever the numbers are, such as the gradient of a bias
//! before a norm.
//!
//! Goes in: a place. Comes out: for each quantity whether it is 0 in a prime field, where fixed
//! arbitrary functions stand for those that have no value there. What always holds: what is called
//! 0 is 0 for the true functions as well, but for the chance in 10^17 or so that a residue is 0.

use crate::concrete::{self, Decide, Shares};
use crate::net::QuantityId;
use crate::scalar::{Interval, Prime, Rational, Scalar};

use super::reference::Place;
use super::values::convert;

/// Beside what moves it so much less, a gradient is more than rounding.
const SMALL: f64 = 64.0;

/// Whether one of some tensors is so small beside what passes moved it by that it may be nothing
/// but rounding.
pub(super) fn any_small(base: &[Vec<f64>], moved: &[Vec<Vec<f64>>]) -> bool {
    let size = |x: &Vec<f64>| x.iter().map(|x| x.abs()).fold(0.0, f64::max);
    let most = |k: usize| moved.iter().map(|m| size(&m[k])).fold(0.0, f64::max);
    (0..base.len()).any(|k| size(&base[k]) <= SMALL * most(k))
}

/// Which gradients are 0; none where the field has no value.
pub(super) fn zeros(at: Place<'_>, shares: &Shares<Interval>) -> Option<Vec<bool>> {
    let values = convert::<Prime>(at.net, at.values).ok()?;
    let forward = concrete::forward(at.net, &values, Decide::Recorded(at.decisions)).ok()?;
    let weight = |x: &Interval| match x.is_point() {
        true => Prime::from_rational(&Rational::from_f64(x.lower).ok()?).ok(),
        // Known to some digits alone: what is 0 for any number is for that one.
        false => Some(Prime::new(x.lower.to_bits())),
    };
    let share = |all: &[(usize, Interval)]| -> Option<Vec<(usize, Prime)>> {
        all.iter().map(|(n, x)| Some((*n, weight(x)?))).collect()
    };
    let mut weights = Shares::<Prime>::new();
    for (place, all) in shares {
        weights.insert(*place, share(all)?);
    }
    let gradients = concrete::backward_with(at.net, &forward, at.by, &weights).ok()?;
    let zero = |id: &QuantityId| gradients.of(*id).is_some_and(|all| all.iter().all(is_zero));
    Some(at.by.iter().map(zero).collect())
}

/// Which values are 0; none where the field has no value.
pub(super) fn zero_values(at: Place<'_>, ids: &[QuantityId]) -> Option<Vec<bool>> {
    let values = convert::<Prime>(at.net, at.values).ok()?;
    let forward = concrete::forward(at.net, &values, Decide::Recorded(at.decisions)).ok()?;
    let zero = |id: &QuantityId| forward.of(*id).is_some_and(|all| all.iter().all(is_zero));
    Some(ids.iter().map(zero).collect())
}

fn is_zero(x: &Prime) -> bool {
    *x == Prime::new(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::reference::decide;

    #[test]
    fn a_bias_before_a_norm_has_no_gradient_and_a_small_number_has_one() {
        let text = "param b[3], x[3], v, s\nz = x + b[0]\n\
                    E = sum(layer_norm(z)^3) + (2*normal_cdf(v) - 1)^2 + sum(x - mean(x))*s\n\
                    given x = [1, 2, 4], b = [1, 0, 0], v = 1e-40, s = 2";
        let net = crate::lang::parse_network(text).unwrap();
        let by: Vec<_> = net.params().collect();
        let (decisions, _) = decide(&net, net.values(), 106).unwrap();
        let at = Place { net: &net, values: net.values(), decisions: &decisions, by: &by };
        let found = zeros(at, &Shares::new()).unwrap();
        let of = |name: &str| {
            let id = net.find(name).unwrap();
            found[by.iter().position(|other| *other == id).unwrap()]
        };
        assert_eq!(["b", "x", "v", "s"].map(of), [true, false, false, true]);
        let z = net.find("z").unwrap();
        assert_eq!(zero_values(at, &[z]), Some(vec![false]));
    }
}
