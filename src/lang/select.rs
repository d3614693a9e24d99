//! What to differentiate by. In goes `w`, `w[0, 0]`, `w_00` or `c_10`, out comes the quantity
//! of a network and, for an element, its position.

use super::parse::parse_lone;
use super::subscript::element;
use super::syntax::{ExprKind, Subscript};
use crate::diag::{Error, Kind, nearest};
use crate::net::{Network, QuantityId, check_index, split_subscript};

/// A quantity, or one element of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The quantity.
    pub quantity: QuantityId,
    /// The row-major position of the element; `None` for the whole quantity.
    pub position: Option<usize>,
}

/// The quantity or element of `network` that `text` names. Errors, which have no place, since
/// `text` is no part of a file: no such quantity; no such element; something else than a name.
///
/// ```
/// use backproof::lang::{parse_network, select};
/// let network = parse_network("param w[2, 2]\nE = sum(w^2)")?;
/// let chosen = select(&network, "w_10")?;
/// assert_eq!(chosen, select(&network, "w[1, 0]")?);
/// assert_eq!(chosen.position, Some(2));
/// # Ok::<(), backproof::diag::Error>(())
/// ```
pub fn select(network: &Network, text: &str) -> Result<Selection, Error> {
    let shown: String = text.chars().take(60).collect();
    let no_name = || {
        Error::new(Kind::Syntax, format!("expected a quantity or an element, found `{shown}`"))
            .hint("quantities are named as in the network: w, w[0, 1], w_01")
    };
    let (_, expr) = parse_lone(text).map_err(|_| no_name())?;
    let (name, at) = match expr.kind {
        ExprKind::Name(name) => (name, None),
        ExprKind::Index(base, at) => match base.kind {
            ExprKind::Name(name) => (name, Some(Index::Written(at))),
            _ => return Err(no_name()),
        },
        _ => return Err(no_name()),
    };
    let found = match (network.find(name), at) {
        (Some(quantity), at) => Some((quantity, at)),
        (None, None) => split_subscript(name)
            .and_then(|(stem, at)| Some((network.find(stem)?, Some(Index::Digits(at))))),
        (None, Some(_)) => None,
    };
    let Some((quantity, at)) = found else { return Err(unknown(network, name)) };
    let position = at.map(|at| {
        let called = format!("`{}`", network.quantity(quantity).name);
        let shape = network.shape(quantity);
        match at {
            Index::Digits(at) => check_index(&called, shape, &at),
            Index::Written(at) => {
                element(&called, shape, &at).and_then(|at| check_index(&called, shape, &at))
            }
        }
    });
    Ok(Selection { quantity, position: position.transpose()? })
}

/// Which element is asked for.
enum Index {
    /// `[1, -1]`.
    Written(Vec<Subscript>),
    /// `10` of `c_10`.
    Digits(Vec<usize>),
}

fn unknown(network: &Network, name: &str) -> Error {
    const SHOWN: usize = 12;
    let error = Error::new(Kind::Name, format!("nothing in the network is called `{name}`"));
    let names: Vec<&str> = network.quantities().map(|(_, q)| q.name.as_str()).collect();
    if let Some(near) = nearest(name, names.iter().copied()) {
        return error.hint(format!("did you mean `{near}`?"));
    }
    let more = if names.len() > SHOWN { ", …" } else { "" };
    let shown: Vec<&str> = names.into_iter().take(SHOWN).collect();
    error.hint(format!("its quantities: {}{more}", shown.join(", ")))
}
