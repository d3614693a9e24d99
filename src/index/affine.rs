//! Whole numbers with letters: 2i + m − 1, H·i + j. What subscripts and ranges are made of.
//!
//! An [`Affine`] is a polynomial with integer coefficients over index variables and sizes, in
//! one canonical form: no zero coefficient is kept, so equal forms are equal data. It is affine
//! in the indices wherever the layers of a network make it; sizes may multiply (H·W·c).

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

/// A letter that stands for a whole number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Letter {
    /// A length, a stride, a padding: at least [`Letter::least`], the same wherever it stands.
    Size(String),
    /// A size that may be 0, such as a padding.
    Offset(String),
    /// An index variable, bound by a sum or free in the line.
    Index(String),
}

impl Letter {
    /// The letter itself.
    pub fn name(&self) -> &str {
        match self {
            Letter::Size(name) | Letter::Offset(name) | Letter::Index(name) => name,
        }
    }

    /// The least value that a size or an offset may take; an index starts at 0.
    pub fn least(&self) -> i64 {
        match self {
            Letter::Size(_) => 1,
            Letter::Offset(_) | Letter::Index(_) => 0,
        }
    }

    /// Whether this is an index variable.
    pub fn is_index(&self) -> bool {
        matches!(self, Letter::Index(_))
    }
}

/// A sum of integer multiples of products of letters, in the order of the products, each once; the
/// empty product is the constant.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Affine(Vec<(Vec<Letter>, i64)>);

impl Affine {
    /// A known number.
    pub fn number(n: i64) -> Affine {
        Affine::monomial(Vec::new(), n)
    }

    /// An index variable.
    pub fn index(name: &str) -> Affine {
        Affine::monomial(vec![Letter::Index(name.to_string())], 1)
    }

    /// A size of at least 1.
    pub fn size(name: &str) -> Affine {
        Affine::monomial(vec![Letter::Size(name.to_string())], 1)
    }

    /// A size that may be 0.
    pub fn offset(name: &str) -> Affine {
        Affine::monomial(vec![Letter::Offset(name.to_string())], 1)
    }

    fn monomial(letters: Vec<Letter>, n: i64) -> Affine {
        Affine(if n == 0 { Vec::new() } else { vec![(letters, n)] })
    }

    /// `self + other`.
    pub fn plus(&self, other: &Affine) -> Affine {
        let mut sum = Vec::with_capacity(self.0.len() + other.0.len());
        let (mut left, mut right) = (self.0.as_slice(), other.0.as_slice());
        while let ([a, after_a @ ..], [b, after_b @ ..]) = (left, right) {
            match a.0.cmp(&b.0) {
                Ordering::Less => {
                    sum.push(a.clone());
                    left = after_a;
                }
                Ordering::Greater => {
                    sum.push(b.clone());
                    right = after_b;
                }
                Ordering::Equal => {
                    let n = a.1.saturating_add(b.1);
                    if n != 0 {
                        sum.push((a.0.clone(), n));
                    }
                    (left, right) = (after_a, after_b);
                }
            }
        }
        sum.extend_from_slice(left);
        sum.extend_from_slice(right);
        Affine(sum)
    }

    /// `self − other`.
    pub fn minus(&self, other: &Affine) -> Affine {
        self.plus(&other.times_number(-1))
    }

    /// `self · n`.
    pub fn times_number(&self, n: i64) -> Affine {
        let scaled = self.0.iter().map(|(l, c)| (l.clone(), c.saturating_mul(n)));
        Affine(scaled.filter(|(_, c)| *c != 0).collect())
    }

    /// `self / n`, where every coefficient is a multiple of n.
    pub fn divided(&self, n: i64) -> Option<Affine> {
        if n == 0 || self.0.iter().any(|(_, c)| c % n != 0) {
            return None;
        }
        Some(Affine(self.0.iter().map(|(l, c)| (l.clone(), c / n)).collect()))
    }

    /// `self · other`.
    pub fn times(&self, other: &Affine) -> Affine {
        if let Some(n) = other.as_number() {
            return self.times_number(n);
        }
        let mut sum = Affine::default();
        for (letters, n) in &self.0 {
            for (more, k) in &other.0 {
                let mut product = [letters.as_slice(), more].concat();
                product.sort();
                sum = sum.plus(&Affine::monomial(product, n.saturating_mul(*k)));
            }
        }
        sum
    }

    /// `self + n`.
    pub fn plus_number(&self, n: i64) -> Affine {
        self.plus(&Affine::number(n))
    }

    /// The number that this is, where no letter stands in it.
    pub fn as_number(&self) -> Option<i64> {
        match self.0.as_slice() {
            [] => Some(0),
            [(letters, n)] if letters.is_empty() => Some(*n),
            _ => None,
        }
    }

    /// The index variable that this is, where it is nothing else.
    pub fn as_index(&self) -> Option<&str> {
        match self.0.as_slice() {
            [(letters, 1)] => match letters.as_slice() {
                [Letter::Index(name)] => Some(name),
                _ => None,
            },
            _ => None,
        }
    }

    /// The products of letters with their coefficients, in canonical order.
    pub fn terms(&self) -> impl Iterator<Item = (&[Letter], i64)> {
        self.0.iter().map(|(letters, n)| (letters.as_slice(), *n))
    }

    /// The same as it is read: what is added before what is subtracted, the number last unless it
    /// alone is added: a − m + 1, 1 − m. Indices with great factors before those with small ones,
    /// as in 12i + 4j + k, but offsets in a window after its place, as in 2i + 3m; sizes after
    /// indices.
    pub fn in_order(&self) -> Vec<(&[Letter], i64)> {
        let mut terms: Vec<(&[Letter], i64)> = self.terms().collect();
        let led = terms.iter().any(|(letters, n)| !letters.is_empty() && *n > 0);
        terms.sort_by_key(|(letters, n)| {
            let sizes = letters.iter().filter(|l| !l.is_index()).count();
            let plain = sizes == letters.len();
            let offset = letters.iter().any(|l| l.is_index() && OFFSETS.contains(&l.name()));
            let great = std::cmp::Reverse((sizes, n.unsigned_abs()));
            (letters.is_empty() && led, *n < 0, letters.is_empty(), plain, offset, great)
        });
        terms
    }

    /// Every letter in it.
    pub fn letters(&self) -> BTreeSet<&Letter> {
        self.0.iter().flat_map(|(letters, _)| letters).collect()
    }

    /// Whether an index variable stands in it.
    pub fn mentions(&self, index: &str) -> bool {
        let is_it = |l: &Letter| matches!(l, Letter::Index(name) if name == index);
        self.0.iter().any(|(letters, _)| letters.iter().any(is_it))
    }

    /// `(c, rest)` with self = c·index + rest, where the index stands in neither; `None` where it
    /// is multiplied by itself.
    pub fn split(&self, index: &str) -> Option<(Affine, Affine)> {
        let (mut factor, mut rest) = (Affine::default(), Affine::default());
        for (letters, n) in &self.0 {
            let is_it = |l: &&Letter| matches!(l, Letter::Index(name) if name == index);
            match letters.iter().filter(is_it).count() {
                0 => rest.0.push((letters.clone(), *n)),
                1 => {
                    let others = letters.iter().filter(|l| !is_it(l)).cloned().collect();
                    factor = factor.plus(&Affine::monomial(others, *n));
                }
                _ => return None,
            }
        }
        Some((factor, rest))
    }

    /// The form with other forms in the place of letters, all at once.
    pub fn substitute(&self, put: &dyn Fn(&Letter) -> Option<Affine>) -> Affine {
        let mut sum = Affine::default();
        for (letters, n) in &self.0 {
            let mut product = Affine::number(*n);
            for letter in letters {
                let value =
                    put(letter).unwrap_or_else(|| Affine::monomial(vec![letter.clone()], 1));
                product = product.times(&value);
            }
            sum = sum.plus(&product);
        }
        sum
    }

    /// Its value, where every letter has one and the sum stays within 64 bits.
    pub fn value(&self, of: &dyn Fn(&Letter) -> Option<i64>) -> Option<i64> {
        self.0.iter().try_fold(0i64, |sum, (letters, n)| {
            let product = letters.iter().try_fold(*n, |p, l| p.checked_mul(of(l)?))?;
            sum.checked_add(product)
        })
    }
}

/// Indices that go over a window.
const OFFSETS: [&str; 4] = ["m", "n", "u", "v"];

impl From<usize> for Affine {
    fn from(n: usize) -> Affine {
        Affine::number(i64::try_from(n).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Affine {
    /// `2i + m − 1`: what is added before what is subtracted, the number last.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms = self.in_order();
        if terms.is_empty() {
            return f.write_str("0");
        }
        for (place, (letters, n)) in terms.into_iter().enumerate() {
            match (place, n < 0) {
                (0, true) => f.write_str("−")?,
                (0, false) => {}
                (_, true) => f.write_str(" − ")?,
                (_, false) => f.write_str(" + ")?,
            }
            let size = n.unsigned_abs();
            if letters.is_empty() || size != 1 {
                write!(f, "{size}")?;
            }
            for (k, letter) in letters.iter().enumerate() {
                let long = |l: &Letter| l.name().chars().count() > 1;
                if k > 0 && (long(letter) || long(&letters[k - 1])) {
                    f.write_str("·")?;
                }
                f.write_str(letter.name())?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Affine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_canonical_and_read_as_a_textbook_writes_them() {
        let (i, m, s, p) =
            (Affine::index("i"), Affine::index("m"), Affine::size("s"), Affine::offset("p"));
        let at = s.times(&i).plus(&m).minus(&p);
        assert_eq!(at.to_string(), "si + m − p");
        assert_eq!(at.minus(&m).plus(&m), at);
        assert_eq!(at.minus(&at), Affine::number(0));
        assert_eq!(i.times_number(2).plus(&m).plus_number(-1).to_string(), "2i + m − 1");
        assert_eq!(Affine::number(1).minus(&m).to_string(), "1 − m");
        // What is multiplied by nothing is gone, and products stand in one order.
        assert_eq!(at.times(&Affine::number(0)), Affine::number(0));
        let (one, other) = (s.plus(&i).times(&m.plus(&p)), m.plus(&p).times(&i.plus(&s)));
        assert_eq!((&one, one.terms().count()), (&other, 4));
        assert!(one.terms().map(|(letters, _)| letters).is_sorted());
        assert_eq!(one.minus(&other), Affine::number(0));
        let (factor, rest) = at.split("i").expect("i stands alone");
        assert_eq!((factor, rest), (s, m.minus(&p)));
    }
}
