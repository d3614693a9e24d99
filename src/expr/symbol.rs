//! Names as mathematics writes them: a stem, subscripts, and the indices of an element.
//!
//! A symbol is a quantity and its indices, never its spelling: the scalar `w_10` and the element
//! `w[10]` of a vector are two symbols, and so are `w[1, 0]` and either of them.

use std::borrow::Cow;
use std::fmt;

use crate::spell::parts;

/// A quantity, or an element of one: `t`, `w_fc`, `w[0, 1]`.
///
/// ```
/// use backproof::expr::Symbol;
/// let (element, scalar) = (Symbol::element("w", &[1, 0]), Symbol::named("w_10"));
/// assert_eq!(element.spelling(), scalar.spelling());    // in print they are alike
/// assert_ne!(element, scalar);                          // and are two
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol {
    /// The name, and right after it the indices with commas between them. No name holds a comma,
    /// and where the name ends says `name`, so that equal symbols are equal fields.
    text: String,
    name: u32,
}

impl Symbol {
    /// The symbol of a whole quantity, by its name.
    pub fn named(name: &str) -> Symbol {
        Symbol { text: name.to_string(), name: name.len() as u32 }
    }

    /// The symbol of an element of a tensor; of the tensor itself if `at` is empty.
    pub fn element(name: &str, at: &[usize]) -> Symbol {
        let digits: Vec<String> = at.iter().map(usize::to_string).collect();
        Symbol::indexed(name, &digits)
    }

    /// The symbol of elements whose indices are letters or sums of them: `i[2a+1−m, b]`.
    pub fn indexed(name: &str, indices: &[String]) -> Symbol {
        Symbol { text: format!("{name}{}", indices.join(",")), name: name.len() as u32 }
    }

    /// The name of the quantity.
    pub fn name(&self) -> &str {
        &self.text[..self.name as usize]
    }

    /// The indices with commas between them, if this is an element: `1,0` of `c[1, 0]`.
    pub fn indices(&self) -> Option<&str> {
        Some(&self.text[self.name as usize..]).filter(|indices| !indices.is_empty())
    }

    /// The indices as a subscript: `10` of `c[1, 0]`, with commas where one of them is no single
    /// digit, `0,10` of `c[0, 10]`.
    pub fn subscript(&self) -> Option<String> {
        let indices = self.indices()?;
        let short = indices.split(',').all(|i| i.len() == 1 && i.as_bytes()[0].is_ascii_digit());
        Some(if short { indices.replace(',', "") } else { indices.to_string() })
    }

    /// How a formula spells it: `w_fc`, `c_10` for the element c[1, 0], `w_0,10`. Two symbols may
    /// be spelt alike; a network refuses names where they would be.
    pub fn spelling(&self) -> Cow<'_, str> {
        match self.subscript() {
            None => Cow::Borrowed(&self.text),
            Some(subscript) => Cow::Owned(format!("{}_{subscript}", self.name())),
        }
    }

    /// What stands on the line: `w` of `w_fc` and its elements.
    pub fn stem(&self) -> &str {
        parts(self.name()).next().unwrap_or_default()
    }

    /// The subscripts of the name: `fc` of `w_fc` and its elements.
    pub fn subscripts(&self) -> impl Iterator<Item = &str> {
        parts(self.name()).skip(1)
    }

    /// Whether the name ends in a number, so that an index right after it would be read as a
    /// part of it: `h_1`, whose element 0 is no `h_10`.
    pub fn ends_in_number(&self) -> bool {
        let last = self.subscripts().last();
        last.is_some_and(|s| s.bytes().all(|b| b.is_ascii_digit()))
    }
}

/// As the language writes it: `w_fc`, `c[1, 0]`.
impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self.indices() {
            None => Ok(()),
            Some(indices) => write!(f, "[{}]", indices.replace(',', ", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_a_quantity_and_its_indices() {
        let alike = [
            Symbol::named("w_10"),
            Symbol::element("w", &[10]),
            Symbol::element("w", &[1, 0]),
            Symbol::named("w10"),
            Symbol::element("w1", &[0]),
            Symbol::element("w_1", &[0]),
        ];
        for (n, a) in alike.iter().enumerate() {
            assert!(alike[..n].iter().all(|b| a != b), "{a} is by itself");
        }
        assert_eq!(Symbol::element("c", &[]), Symbol::named("c"));
        assert_eq!(Symbol::element("c", &[1]), Symbol::indexed("c", &["1".to_string()]));
    }

    #[test]
    fn a_symbol_has_parts_and_a_spelling() {
        let element = Symbol::element("w_fc", &[3, 0]);
        assert_eq!((element.stem(), element.name(), element.indices()), ("w", "w_fc", Some("3,0")));
        assert_eq!(element.subscripts().collect::<Vec<_>>(), ["fc"]);
        assert_eq!((element.spelling().as_ref(), &*element.to_string()), ("w_fc_30", "w_fc[3, 0]"));
        assert_eq!(Symbol::element("w", &[0, 10]).spelling(), "w_0,10");
        let letters = Symbol::indexed("i", &["2a+1−m".to_string(), "b".to_string()]);
        assert_eq!(letters.spelling(), "i_2a+1−m,b");
        assert_eq!(
            ["h_1", "h1", "h_a1", "h"].map(|n| Symbol::named(n).ends_in_number()),
            [true, false, false, false]
        );
    }
}
