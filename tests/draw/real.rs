//! Real numbers drawn at random, for the tests that draw any.

use crate::draw::Draw;

impl Draw {
    /// Between 0.3 and 1.7, of either sign.
    pub fn real(&mut self) -> f64 {
        let size = 0.3 + 1.4 * (self.next() % (1 << 30)) as f64 / f64::from(1 << 30);
        if self.next().is_multiple_of(2) { size } else { -size }
    }
}
