//! The independent witness (floor 2): a network's values forward and its gradients backward, by
//! loops over tensors, over any number system.
//!
//! Goes in: a [`Network`] and a value for each of its leaves. Comes out: the value of every
//! tensor that the loss is made of, what was decided at every max and every kinked function, and
//! the adjoint ∂E/∂· of every tensor on the way to the quantities asked for. What always holds:
//! this module shares the network and the number systems with the expression graph and its
//! calculus, and nothing else, so that where the two agree, two ways with their own slopes have
//! led to the same number.
//!
//! ```
//! use backproof::concrete::{self, Decide};
//! let net = backproof::parse_network(
//!     "input x\nparam w\nE = (w * x)^2 / 2\ngiven x = 2\ngiven w = 3",
//! ).unwrap();
//! let values = concrete::given::<f64>(&net).unwrap();
//! let forward = concrete::forward(&net, &values, Decide::ByValue).unwrap();
//! let params: Vec<_> = net.params().collect();
//! let gradients = concrete::backward(&net, &forward, &params).unwrap();
//! assert_eq!(*forward.loss(), 18.0);                           // (3·2)²/2
//! assert_eq!(gradients.of(params[0]), Some(&[12.0][..]));      // w·x²
//! ```

mod asked;
mod backward;
mod candidates;
mod error;
mod forward;
mod kinks;
mod layout;
mod products;
mod taps;
#[cfg(test)]
pub(crate) mod tests;

#[doc(hidden)]
pub use asked::MAX_WORK;
pub use backward::{Gradients, backward};
pub(crate) use backward::{Shares, backward_watched, backward_with};
pub(crate) use candidates::candidates;
pub(crate) use error::OUT_OF_RANGE;
pub use forward::{Forward, forward};
pub(crate) use forward::{Watch, forward_watched, loss};
pub use kinks::{Decide, Decision, Decisions, Kink, KinkKind};
#[doc(hidden)]
pub use layout::Groups;

use std::collections::BTreeMap;

use crate::diag::Error;
use crate::net::{Network, NodeId, Op, QuantityId};
use crate::ordered::Ordered;
use crate::scalar::Scalar;

/// Values of named tensors, row-major.
pub type Values<T> = BTreeMap<QuantityId, Vec<T>>;

/// The values that the network itself gives (`given w = …`), in the number system `T`.
///
/// # Errors
/// A number that `T` does not hold, such as 10^400 for `f64`, at its quantity.
pub fn given<T: Scalar>(net: &Network) -> Result<Values<T>, Error> {
    let convert = |(&id, exact): (&QuantityId, &Vec<_>)| {
        let numbers = exact.iter().map(T::from_rational).collect::<Result<Vec<T>, _>>();
        match numbers {
            Ok(numbers) => Ok((id, numbers)),
            Err(fault) => Err(error::of_value(net, id, fault)),
        }
    };
    net.values().iter().map(convert).try_into_map()
}

/// The exponent, where it was written as a whole number: such powers are defined for every base
/// and in every number system.
fn whole_exponent(net: &Network, exponent: NodeId) -> Option<i32> {
    let (mut id, mut negative) = (exponent, false);
    loop {
        match &net.node(id).op {
            Op::Number(q) => {
                let n = q.to_i32()?;
                return if negative { n.checked_neg() } else { Some(n) };
            }
            Op::Define(_, inner) => id = *inner,
            Op::Neg(inner) => (id, negative) = (*inner, !negative),
            _ => return None,
        }
    }
}
