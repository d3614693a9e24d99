//! Names as mathematics writes them: a stem and subscripts.

use std::fmt;

/// A name with its subscripts, in one canonical spelling: `t`, `w_fc`, `w_01` for the element
/// `w[0,1]`, `w_0,10` where an index has two digits. Element `w[0,1]` of a tensor and a scalar
/// written `w_01` are the same symbol, which is what lets a network be written either way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(String);

impl Symbol {
    /// The symbol of a name as the language spells it.
    pub fn named(name: &str) -> Symbol {
        Symbol(name.to_string())
    }

    /// The symbol of an element of a tensor; of the tensor itself if `at` is empty.
    pub fn element(name: &str, at: &[usize]) -> Symbol {
        if at.is_empty() {
            return Symbol::named(name);
        }
        let separator = if at.iter().all(|i| *i < 10) { "" } else { "," };
        let digits: Vec<String> = at.iter().map(usize::to_string).collect();
        Symbol(format!("{name}_{}", digits.join(separator)))
    }

    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands on the line: `w` of `w_fc_00`.
    pub fn stem(&self) -> &str {
        self.0.split('_').next().filter(|s| !s.is_empty()).unwrap_or(&self.0)
    }

    /// The subscripts: `fc`, `00` of `w_fc_00`.
    pub fn subscripts(&self) -> impl Iterator<Item = &str> {
        self.0.split('_').skip(1).filter(|s| !s.is_empty())
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_and_a_scalar_of_the_same_spelling_are_one_symbol() {
        assert_eq!(Symbol::element("c", &[1, 0]), Symbol::named("c_10"));
        assert_eq!(Symbol::element("w", &[0, 10]).as_str(), "w_0,10");
        assert_eq!(Symbol::element("w", &[0, 10]).to_string(), "w_0,10");
        assert_eq!(Symbol::element("w_fc", &[3]).stem(), "w");
        assert_eq!(Symbol::element("w_fc", &[3]).subscripts().collect::<Vec<_>>(), ["fc", "3"]);
    }
}
