//! Shapes of arrays, and what is noted of statements that were said in elements.

use std::collections::{BTreeMap, BTreeSet};

use super::Mark;
use super::tex::syntax::{Name, Statement};

/// How many values an axis has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// So many.
    Number(i64),
    /// As many as this letter says.
    Named(String),
    /// Nobody says.
    Unknown,
}

impl Length {
    fn known(&self, other: &Length) -> Length {
        match self {
            Length::Unknown => other.clone(),
            Length::Named(_) if matches!(other, Length::Number(_)) => other.clone(),
            _ => self.clone(),
        }
    }

    /// Whether the two are different for certain.
    pub(super) fn clashes(&self, other: &Length) -> bool {
        matches!((self, other), (Length::Number(a), Length::Number(b)) if a != b)
    }

    fn said(&self) -> String {
        match self {
            Length::Number(n) => n.to_string(),
            Length::Named(letter) => letter.clone(),
            Length::Unknown => "?".to_string(),
        }
    }
}

/// The shape of a value. A vector is a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Scalar,
    Column(Length),
    Row(Length),
    Matrix(Length, Length),
}

impl Shape {
    pub(super) fn column() -> Shape {
        Shape::Column(Length::Unknown)
    }

    pub(super) fn matrix() -> Shape {
        Shape::Matrix(Length::Unknown, Length::Unknown)
    }

    /// How many indices an element has.
    pub(super) fn rank(&self) -> usize {
        match self {
            Shape::Scalar => 0,
            Shape::Column(_) | Shape::Row(_) => 1,
            Shape::Matrix(..) => 2,
        }
    }

    pub(super) fn is_array(&self) -> bool {
        self.rank() > 0
    }

    /// The lengths of its axes.
    pub(super) fn lengths(&self) -> Vec<&Length> {
        match self {
            Shape::Scalar => Vec::new(),
            Shape::Column(n) | Shape::Row(n) => vec![n],
            Shape::Matrix(m, n) => vec![m, n],
        }
    }

    /// The same with lengths of which nobody knows anything.
    pub(super) fn without_lengths(&self) -> Shape {
        match self {
            Shape::Scalar => Shape::Scalar,
            Shape::Column(_) => Shape::column(),
            Shape::Row(_) => Shape::Row(Length::Unknown),
            Shape::Matrix(..) => Shape::matrix(),
        }
    }

    /// The shape of the transpose.
    pub(super) fn turned(&self) -> Shape {
        match self.clone() {
            Shape::Scalar => Shape::Scalar,
            Shape::Column(n) => Shape::Row(n),
            Shape::Row(n) => Shape::Column(n),
            Shape::Matrix(m, n) => Shape::Matrix(n, m),
        }
    }

    /// What both are, if they may be the same.
    pub(super) fn with(&self, other: &Shape) -> Option<Shape> {
        let (ours, theirs) = (self.lengths(), other.lengths());
        let clash = ours.iter().zip(&theirs).any(|(a, b)| a.clashes(b));
        match (self, other) {
            _ if clash => None,
            (Shape::Scalar, Shape::Scalar) => Some(Shape::Scalar),
            (Shape::Column(a), Shape::Column(b)) => Some(Shape::Column(a.known(b))),
            (Shape::Row(a), Shape::Row(b)) => Some(Shape::Row(a.known(b))),
            (Shape::Matrix(a, b), Shape::Matrix(c, d)) => {
                Some(Shape::Matrix(a.known(c), b.known(d)))
            }
            _ => None,
        }
    }

    /// In words.
    pub(super) fn said(&self) -> String {
        match self {
            Shape::Scalar => "a number".to_string(),
            Shape::Column(Length::Unknown) => "a column".to_string(),
            Shape::Row(Length::Unknown) => "a row".to_string(),
            Shape::Matrix(Length::Unknown, Length::Unknown) => "a matrix".to_string(),
            Shape::Column(n) => format!("{} × 1", n.said()),
            Shape::Row(n) => format!("1 × {}", n.said()),
            Shape::Matrix(m, n) => format!("{} × {}", m.said(), n.said()),
        }
    }
}

/// What the elements of arrays are called, and how many there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrays {
    /// The stems of arrays with how many indices their elements have, and which of them it is, with
    /// its length.
    pub(super) axes: Vec<(Name, usize, Length)>,
    /// Letters that are quantities with indices of their own, as the i of i_t, and no indices.
    pub(super) gates: BTreeSet<char>,
    /// Letters that say which member of a family an array is, with its stem: the t of h_t.
    pub(super) letters: BTreeSet<(char, String)>,
    /// Statements that were said in elements, by their item and start.
    pub(super) spread: BTreeMap<(usize, usize), Spread>,
    /// A word that says more of arrays than is read.
    pub(super) more: Option<&'static str>,
    /// The layout that words tell.
    pub(super) told_layout: Option<Turned>,
    /// Items in sections whose words speak of matrices.
    pub(super) matrices: BTreeSet<usize>,
}

/// What is known of a statement that was said in elements.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread {
    /// A name of which custom alone says what it is.
    pub(super) unsure: Option<String>,
    /// An array beside a sum over others of which nothing is told.
    pub(super) untold: Option<String>,
    /// What is taken as given: "A symmetric".
    pub(super) given: Vec<String>,
    /// How its derivatives are laid out.
    pub(super) layout: Layout,
    /// Which derivatives by arrays it has.
    pub(super) has: Turned,
    /// Whether it differentiates a number by a matrix.
    pub(super) by_matrix: bool,
}

/// Which derivatives by arrays are laid out in the less usual way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Turned {
    /// Those of a vector by a vector have the variable's index first.
    pub(super) jacobians: bool,
    /// Those of a number are the transpose of its variable.
    pub(super) gradients: bool,
}

/// How derivatives by arrays are laid out in a statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Layout {
    /// It has none, or they are the same in both ways.
    #[default]
    Any,
    /// Only the usual way fits: ∂E/∂W is what W is, and ∂y/∂x has a row for each element of y.
    Usual,
    /// Only this other way fits.
    Turned(Turned),
    /// Both fit; this is the statement in the second way.
    Either(Turned, Vec<Statement>),
}

impl Arrays {
    /// The layouts of derivatives in which a statement may be meant, the usual one first.
    pub(super) fn layouts(&self) -> Vec<Turned> {
        let turned = |jacobians, gradients| Turned { jacobians, gradients };
        match self.told_layout {
            Some(told) => vec![told],
            None => vec![Turned::default(), turned(true, false), turned(false, true)],
        }
    }

    /// The mark of a statement of an item, with what it says of arrays in mind.
    pub(super) fn weighed(&self, at: usize, start: usize, mark: Mark) -> Mark {
        let Some(spread) = self.spread.get(&(at, start)) else { return mark };
        let open = |reason: String| Mark::Undecided { reason };
        match mark {
            Mark::Refuted(_) if let Some(name) = &spread.unsure => open(format!(
                "it is wrong by what {name} usually is, and nothing says what it is here"
            )),
            Mark::Refuted(_) if let Some(name) = &spread.untold => {
                open(format!("nothing says what {name} is"))
            }
            Mark::Refuted(_) if let Some(word) = self.more => {
                open(format!("words say more of the arrays here than is read: \"{word}\""))
            }
            Mark::Proved { error_bound, mut given } => {
                given.extend(spread.given.iter().cloned());
                Mark::Proved { error_bound, given }
            }
            mark => mark,
        }
    }
}
