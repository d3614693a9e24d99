//! Names: how an author's name is spelled here, and which cell of the network it is.
//!
//! Invariant: a name stands for one cell or for none; two cells that it could mean are none.

use std::collections::BTreeSet;

use super::tex::syntax::Name;
use super::tex::written;
use crate::expr::ExprId;
use crate::lower::Lowered;
use crate::net::{Network, QuantityId, Role, Shape};

/// The canonical spelling: that of [`Symbol`](crate::expr::Symbol), so that `w_{1,0}` and
/// `w_{10}` are one name.
pub(super) fn spelled(name: &Name) -> String {
    // An index that stands above.
    if let (Some(stem), Some((above, below))) =
        (name.stem.strip_suffix('^'), name.below.split_first())
    {
        let above = Some(format!("({above})"));
        return spelled(&Name { stem: stem.to_string(), above, below: below.to_vec() });
    }
    let mut out = name.stem.clone();
    if let Some(above) = &name.above {
        out.push('^');
        out.push_str(above);
    }
    // P_{1,s} is not P_{s,1}: a number before a word keeps its place.
    let first = name.below.iter().position(|part| is_digits(part));
    if first.is_some_and(|first| name.below[first..].iter().any(|part| !is_digits(part))) {
        out.push('_');
        out.push_str(&name.below.join(","));
        return out;
    }
    let (words, digits): (Vec<&String>, Vec<&String>) =
        name.below.iter().partition(|part| !is_digits(part));
    for word in words {
        out.push('_');
        out.push_str(word);
    }
    if !digits.is_empty() {
        let separator = if digits.iter().all(|d| d.len() == 1) { "" } else { "," };
        let digits: Vec<&str> = digits.iter().map(|d| d.as_str()).collect();
        out.push('_');
        out.push_str(&digits.join(separator));
    }
    out
}

/// The name as LaTeX, for a repair.
pub(super) fn latex(name: &Name) -> String {
    if let (Some(stem), Some((above, below))) =
        (name.stem.strip_suffix('^'), name.below.split_first())
    {
        let above = Some(format!("({above})"));
        return latex(&Name { stem: stem.to_string(), above, below: below.to_vec() });
    }
    let stem = written(&name.stem);
    let above = name.above.as_ref().map_or(String::new(), |a| format!("^{{{}}}", written(a)));
    match name.below.is_empty() {
        true => format!("{stem}{above}"),
        false => {
            let separator =
                if name.below.iter().all(|b| b.chars().count() == 1) { "" } else { "," };
            let below: Vec<String> = name.below.iter().map(|part| written(part)).collect();
            format!("{stem}{above}_{{{}}}", below.join(separator))
        }
    }
}

pub(super) fn is_digits(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
}

/// How the author's indices are to be read: found out by trying (`convention.rs`).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Convention {
    /// The first row is row 1 rather than row 0.
    pub from_one: bool,
    /// The column comes first, in tensors of rank 2.
    pub columns_first: bool,
    /// Parameters of rank 2 whose rows and columns the author counts from the other end, as
    /// where a network says `flip: true` and the author does not turn the kernel.
    pub flipped: BTreeSet<QuantityId>,
}

/// A network with its cells, for looking names up.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    pub(super) net: &'a Network,
    pub(super) lowered: &'a Lowered,
}

/// What a name is in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) quantity: QuantityId,
    pub(super) cell: ExprId,
}

impl Cells<'_> {
    /// The cell that a name stands for.
    pub(super) fn find(&self, name: &Name, convention: &Convention) -> Option<Cell> {
        // A network that is written in scalars has the name as it stands.
        let whole = spelled(name);
        if let Some(found) = self.scalar(&whole) {
            return Some(found);
        }
        let (words, digits): (Vec<&String>, Vec<&String>) =
            name.below.iter().partition(|part| !is_digits(part));
        for base in bases(name, &words) {
            if digits.is_empty()
                && let Some(found) = self.scalar(&base)
            {
                return Some(found);
            }
            let Some(quantity) = self.net.find(&base) else { continue };
            let shape = self.net.shape(quantity);
            let at = indices(&digits, shape.rank())?;
            let at = reread(at, quantity, shape, convention)?;
            let position = shape.position(&at)?;
            return Some(Cell { quantity, cell: self.lowered.of(quantity)[position] });
        }
        None
    }

    fn scalar(&self, name: &str) -> Option<Cell> {
        let quantity = self.net.find(name)?;
        let all = self.lowered.of(quantity);
        (all.len() == 1).then(|| Cell { quantity, cell: all[0] })
    }

    /// Whether the name is that of a whole tensor, which has no value of its own.
    pub(super) fn is_tensor(&self, name: &Name) -> bool {
        name.below.iter().all(|part| !is_digits(part))
            && self.net.find(&spelled(name)).is_some_and(|q| self.net.shape(q).elements() > 1)
    }

    /// The tensor of a name with so many indices.
    pub(super) fn tensor(&self, name: &Name, rank: usize) -> Option<QuantityId> {
        let words: Vec<&String> = Vec::new();
        let found = bases(name, &words).iter().find_map(|base| self.net.find(base))?;
        (rank > 0 && self.net.shape(found).rank() == rank).then_some(found)
    }

    /// Whether the name is that of an element of a tensor with letters for its indices: `w_{ij}`.
    pub(super) fn has_letters(&self, name: &Name) -> bool {
        let Some(quantity) = self.net.find(&name.stem) else { return false };
        let rank = self.net.shape(quantity).rank();
        let letters = |part: &String| part.chars().all(|c| c.is_alphanumeric());
        let count: usize = name.below.iter().map(|part| part.chars().count()).sum();
        rank > 0
            && name.below.iter().all(letters)
            && (name.below.len() == rank || count == rank)
            && name.below.iter().any(|part| !is_digits(part))
    }

    /// Whether the name has the indices of an element of a tensor that has no such element.
    pub(super) fn has_no_such_cell(&self, name: &Name, convention: &Convention) -> bool {
        let digits = name.below.iter().any(|part| is_digits(part));
        let words: Vec<&String> = name.below.iter().filter(|part| !is_digits(part)).collect();
        let tensor = bases(name, &words)
            .iter()
            .any(|base| self.net.find(base).is_some_and(|q| self.net.shape(q).rank() > 0));
        digits && tensor && self.find(name, convention).is_none()
    }

    /// The parameters of rank 2, which an author may have turned.
    pub(super) fn kernels(&self) -> Vec<QuantityId> {
        let kernel =
            |id: &QuantityId| self.net.shape(*id).rank() == 2 && self.net.shape(*id).elements() > 1;
        self.net.params().filter(kernel).collect()
    }

    /// Whether this quantity has no definition.
    pub(super) fn is_leaf(&self, id: QuantityId) -> bool {
        !matches!(self.net.quantity(id).role, Role::Defined)
    }
}

/// The names that a stem with a layer above it and words below it may have in a network:
/// `a^{(2)}` is `a2` or `a_2`, `r_{fc}` is `r_fc`.
fn bases(name: &Name, words: &[&String]) -> Vec<String> {
    let mut stems = vec![name.stem.clone()];
    if let Some(above) = &name.above {
        let inner = above.trim_matches(['(', ')', '[', ']']);
        stems = match inner == above {
            true => vec![format!("{}^{above}", name.stem)],
            false => vec![format!("{}{inner}", name.stem), format!("{}_{inner}", name.stem)],
        };
    }
    let tail: String = words.iter().map(|w| format!("_{w}")).collect();
    stems.into_iter().map(|stem| format!("{stem}{tail}")).collect()
}

/// The indices of a cell: `10` is row 1 and column 0 of a matrix, and place 10 of a vector.
fn indices(digits: &[&String], rank: usize) -> Option<Vec<usize>> {
    let number = |text: &str| text.parse::<usize>().ok();
    if digits.len() == rank {
        return digits.iter().map(|d| number(d)).collect();
    }
    let [run] = digits else { return None };
    if run.len() != rank {
        return None;
    }
    run.char_indices().map(|(at, c)| number(&run[at..at + c.len_utf8()])).collect()
}

/// The cell's indices as the network counts them.
fn reread(
    mut at: Vec<usize>,
    quantity: QuantityId,
    shape: &Shape,
    convention: &Convention,
) -> Option<Vec<usize>> {
    if convention.from_one {
        for index in &mut at {
            *index = index.checked_sub(1)?;
        }
    }
    if convention.columns_first && at.len() == 2 {
        at.swap(0, 1);
    }
    if convention.flipped.contains(&quantity) {
        for (index, length) in at.iter_mut().zip(shape.lengths()) {
            *index = length.checked_sub(*index + 1)?;
        }
    }
    Some(at)
}
