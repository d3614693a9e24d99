//! Values that come to a network after its text was read, from a file for instance.

use super::{Network, QuantityId, Role};
use crate::diag::{Error, Kind};
use crate::scalar::Rational;

/// The hint for a one-hot quantity of these lengths that is given `found`, which are perhaps the
/// numbers of its classes: whole numbers below its last length, one for each row.
pub(crate) fn class_numbers(
    name: &str,
    wanted: &[usize],
    found: &[usize],
    numbers: &[Rational],
) -> Option<String> {
    let (classes, batch) = wanted.split_last()?;
    let column = found.split_last().is_some_and(|(one, rest)| *one == 1 && rest == batch);
    let limit = i64::try_from(*classes).ok().map(Rational::from)?;
    let zero = Rational::from(0);
    let class = |q: &Rational| q.is_integer() && *q >= zero && *q < limit;
    if *classes < 2 || !(found == batch || column) || !numbers.iter().all(class) {
        return None;
    }
    let more = if *classes > 3 { ", …" } else { "" };
    let row = if *classes == 2 { "[0, 1]".to_string() } else { format!("[0, 1, 0{more}]") };
    Some(format!(
        "numbers of classes perhaps: `{name}` is one-hot, and for class 1 of {classes} it has \
         {row}; numpy.eye({classes})[labels] makes such rows"
    ))
}

impl Network {
    /// Gives a leaf these values, row-major, in place of those that it has.
    ///
    /// # Errors
    /// [`Kind::Name`] for a quantity of another network, [`Kind::Value`] for one with a
    /// definition, [`Kind::Shape`] for a wrong number of values; the network is as it was.
    ///
    /// ```
    /// let mut net = backproof::parse_network("param w[2]\nE = sum(w^2)")?;
    /// let w = net.find("w").unwrap();
    /// net.give(w, vec!["1/2".parse().unwrap(), 3.into()])?;
    /// assert_eq!(net.values()[&w][1].to_string(), "3");
    /// # Ok::<(), backproof::Error>(())
    /// ```
    pub fn give(&mut self, id: QuantityId, values: Vec<Rational>) -> Result<(), Error> {
        let Some(quantity) = self.quantities.get(id.index()) else {
            return Err(Error::new(Kind::Name, "a quantity of another network was given a value"));
        };
        let name = &quantity.name;
        if quantity.role == Role::Defined {
            let sentence =
                format!("`{name}` has a definition, so it cannot be given a value as well");
            return Err(Error::new(Kind::Value, sentence).at(quantity.span));
        }
        let (wanted, found) = (self.shape(id).elements(), values.len());
        if wanted != found {
            let sentence = format!("`{name}` has {wanted} elements, and {found} are given");
            return Err(Error::new(Kind::Shape, sentence).at(quantity.span));
        }
        self.values.insert(id, values);
        Ok(())
    }
}
