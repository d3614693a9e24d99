//! One expression, and the handles that it is made of. They mean something in the [`Graph`] that
//! gave them alone.

use std::fmt;

#[cfg(doc)]
use super::{Graph, Symbol};
use crate::scalar::Function;

/// A handle to a node of one [`Graph`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExprId(pub(super) u32);

impl ExprId {
    /// The position in the arena; children have smaller ones.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Debug for ExprId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A handle to a [`Symbol`] of one [`Graph`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SymbolId(pub(super) u32);

impl SymbolId {
    /// The position in the symbol table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A handle to an exact number in the side table of one [`Graph`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NumberId(pub(super) u32);

/// A run of arguments of one [`Graph`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Args {
    /// A place in the pool, or a node.
    pub(super) start: u32,
    pub(super) len: u32,
}

impl Args {
    /// In the length of a list that stands in the words of its node.
    pub(super) const HERE: u32 = 1 << 31;

    /// How many arguments.
    #[inline]
    pub fn len(self) -> usize {
        (self.len & !Args::HERE) as usize
    }

    /// Whether they stand in the words of the node.
    #[inline]
    pub(super) fn is_here(self) -> bool {
        self.len & Args::HERE != 0
    }

    /// Whether there are none (an empty sum is 0, an empty product 1).
    pub fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// One expression. `Named` is transparent: its value is that of its definition; it is there so
/// that text can say r_p where the value is max{…}, and so that ∂E/∂r_p has a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Node {
    /// An exact number.
    Number(NumberId),
    /// A free variable.
    Var(SymbolId),
    /// A quantity with a name and a definition.
    Named(SymbolId, ExprId),
    /// −a.
    Neg(ExprId),
    /// a − b.
    Sub(ExprId, ExprId),
    /// a / b.
    Div(ExprId, ExprId),
    /// a to the power b.
    Pow(ExprId, ExprId),
    /// a + b + …; a `Neg` among the later arguments reads as a difference.
    Add(Args),
    /// a · b · ….
    Mul(Args),
    /// The greatest of the arguments; the first of equals wins.
    Max(Args),
    /// An elementary function.
    Call(Function, ExprId),
    /// Iverson's bracket: 1 where `arg` is the winner of `max` (the first of its greatest
    /// arguments), else 0.
    Wins {
        /// A `Max` node.
        max: ExprId,
        /// One of its arguments.
        arg: ExprId,
    },
    /// ∂of/∂by, not carried out. `by` is any node; it is held as the variable: wherever it
    /// occurs in `of` it counts as independent, whatever its own definition.
    Partial {
        /// What is differentiated.
        of: ExprId,
        /// By what.
        by: ExprId,
    },
}
