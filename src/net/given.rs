//! Values that come to a network after its text was read, from a file for instance.

use super::{Network, QuantityId, Role};
use crate::diag::{Error, Kind};
use crate::scalar::Rational;

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
