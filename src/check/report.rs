//! What a check found, as plain data: points, and for every parameter one [`Comparison`] with
//! the symbolic gradient for each source and precision.
//!
//! What always holds: a cell that was asked about is counted once in its comparison, as agreed,
//! differing, not judged (with the reason) or not sampled; nothing is left out in silence.

use std::fmt;

use crate::concrete::Values;
use crate::net::{QuantityId, Shape};
use crate::scalar::{Prime, Rational, Scalar};

use super::conventions::Framework;
use super::judge::Distance;
use super::rounding::Format;
use super::{Diagnosis, MAX_LISTED};

/// The result of [`check`](super::check) or [`check_gradients`](super::check_gradients).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The name of the loss.
    pub loss: String,
    /// The seed of the drawn values; none where every value was given.
    pub seed: Option<u64>,
    /// The points at which the sources were compared, at least one.
    pub points: Vec<Point>,
    /// What was found of supplied values of the forward pass, in the order of the definitions.
    pub forward: Vec<Value>,
    /// What was compared for each parameter, in the order of the source.
    pub parameters: Vec<Parameter>,
    /// The command that derives a gradient of this network, without `--wrt`; for the sentence
    /// that says how to go on. Whoever knows what the network is called may set it.
    pub derive: Option<String>,
}

/// What was found of a value of the forward pass that was supplied.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Value {
    /// Of which quantity.
    pub id: QuantityId,
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// What the numbers were taken to be.
    pub format: Format,
    /// Whether they are what the network gives.
    pub verdict: Verdict,
    /// How many of them are not.
    pub differing: usize,
    /// The first of these.
    pub first: Option<Mismatch>,
    /// What would have been noticed.
    pub noticed: Noticed,
}

/// One point at which gradients were compared.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Point {
    /// The exact values of the leaves.
    pub values: Values<Rational>,
    /// The names of the quantities whose values were drawn at random.
    pub drawn: Vec<String>,
    /// How many draws had to be thrown away first, because the network had no value there, or one
    /// beyond the range of `f64`.
    pub redrawn: usize,
    /// Drawn values are multiples of 1/unit; none where every value was given.
    pub unit: Option<i64>,
    /// In which numbers the exact comparison was made.
    pub arithmetic: Arithmetic,
    /// Why it was not made in the rationals, where it was not.
    pub inexact: Option<String>,
    /// The loss: exact in the rationals, else rounded.
    pub loss: Number,
    /// Whether the winners that the network assumes were used.
    pub assumptions: Assumptions,
    /// The kinks that the point lies on, the first [`MAX_LISTED`] of them.
    pub kinks: Vec<Kink>,
    /// How many kinks there are in all.
    pub kink_count: usize,
    /// What else a reader should know, as sentences without a full stop.
    pub notes: Vec<String>,
}

/// The numbers of an exact comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arithmetic {
    /// The rational numbers: an equality there is an equality.
    Rational,
    /// The field of 2^61 − 1 elements, with the decisions of an `f64` run. Functions such as exp
    /// are stand-ins there, so it confirms and never refutes by itself.
    Prime,
    /// None: only `f64` could be used.
    None,
}

/// What became of the network's assumed winners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Assumptions {
    /// The network assumes nothing.
    Absent,
    /// They agree with the values, and the symbolic gradients are those of the assumed case.
    Used,
    /// Values were drawn, which need not agree with them: every max went by its values.
    NotUsed,
}

/// A place where the loss has no gradient in the strict sense, and the convention that was used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kink {
    /// What has the kink: `r_p`, or `max(c)` where it bears no name.
    pub of: String,
    /// The cells that tie, or the argument that is 0; at most [`MAX_LISTED`].
    pub cells: Vec<String>,
    /// How many there are in all.
    pub cell_count: usize,
    /// Which kink, and so which convention.
    pub convention: Convention,
}

/// What is done at a kink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Convention {
    /// Several arguments are the greatest: the first of them takes the whole gradient.
    FirstWins,
    /// The same, but the network assumes which of them wins.
    AssumedWins,
    /// The argument of |x|, ReLU, sign or step is 0: the slope there is taken as 0.
    ZeroSlope,
}

/// A gradient's origin, beside the symbolic gradient that all are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Source {
    /// The backward pass over tensors.
    Backward,
    /// Dual numbers, one forward pass for a cell.
    Dual,
    /// Dual numbers along a direction that moves every element of every parameter at once, held
    /// against the backward pass: where a network is too large for formulas in scalars.
    Direction,
    /// Central differences with several steps; in a network that is too large for formulas in
    /// scalars, along a direction.
    Differences,
    /// What the caller handed in.
    Supplied,
}

/// How exactly two gradients were compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Precision {
    /// In the [`Arithmetic`] of the point.
    Exact,
    /// In `f64`, against an error bound.
    F64,
}

/// What was found for one parameter.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Parameter {
    /// Which.
    pub id: QuantityId,
    /// Its name.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// The comparisons, by source and precision.
    pub comparisons: Vec<Comparison>,
    /// A known mistake that reproduces the supplied numbers.
    pub diagnosis: Option<Diagnosis>,
    /// What the supplied numbers were taken to be; none where none were supplied.
    pub format: Option<Format>,
    /// What they do at a kink, where that matters to them.
    pub at_kinks: Option<AtKinks>,
    /// What would have been noticed in them; none where none were supplied.
    pub noticed: Option<Noticed>,
    /// How sure it is that numbers that differ are wrong.
    pub certainty: Option<Certainty>,
}

/// The smallest errors of a tensor that its verdict would have noticed.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Noticed {
    /// Of one element, as a part of the greatest.
    pub element: f64,
    /// Of a common factor, as its distance from 1.
    pub factor: f64,
}

/// How sure a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certainty {
    /// No order of the operations in that format gives such a number: a running error analysis
    /// bounds what rounding may do.
    Certain,
    /// Rounding typically does far less, by Monte Carlo arithmetic; no bound excludes it.
    Unlikely,
}

/// What supplied numbers do where the loss has no gradient in the strict sense.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AtKinks {
    /// Where they stand to the subdifferential.
    pub choice: Choice,
    /// Whose conventions give these numbers.
    pub frameworks: Vec<Framework>,
    /// What these frameworks do at these kinks, as clauses; or, where the numbers are nobody's,
    /// nothing.
    pub rules: Vec<String>,
    /// The framework that they were said to come from, if its convention gives other numbers.
    pub unexpected: Option<Framework>,
}

/// Where numbers stand to the subdifferential at a kink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// They are what the formula gives: slope 0, the first winner takes all.
    Ours,
    /// Another choice of slopes and winners, inside the subdifferential, gives them.
    Another,
    /// No kink is there, but in the format of the numbers a value is too near to one for its
    /// side to be certain, and they follow the other side, or the kink.
    OtherSide,
    /// They lie between what the choices give, and no single choice was found that gives them.
    Undecided,
    /// No choice gives them: they lie outside the subdifferential.
    Outside,
    /// Every choice that occurs near the point gives the same gradient, so the derivative exists
    /// there, and they are not it.
    Smooth,
}

/// One source held against the symbolic gradient, over all points.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// Where the other gradient comes from.
    pub source: Source,
    /// How they were compared.
    pub precision: Precision,
    /// How many cells there are to compare: those of the parameter, at every point.
    pub cells: usize,
    /// In how many the two agree.
    pub agreed: usize,
    /// In how many they differ.
    pub differing: usize,
    /// The first [`MAX_LISTED`] cells in which they differ.
    pub mismatches: Vec<Mismatch>,
    /// How many cells were not judged, by reason, in the order in which the reasons came up.
    pub unjudged: Vec<Unjudged>,
    /// How many cells were left out because there are too many; the others are evenly spread.
    pub unsampled: usize,
    /// How many steps of a difference were not used because they cross a kink.
    pub crossed: usize,
    /// The agreeing cell with the largest absolute error.
    pub worst_absolute: Option<Worst>,
    /// The agreeing cell with the largest relative error, of those that have one.
    pub worst_relative: Option<Worst>,
    /// The largest error bound of an agreeing cell.
    pub bound: f64,
}

/// An error in a cell, and what it was judged by.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Worst {
    /// The position in [`Report::points`].
    pub point: usize,
    /// The cell.
    pub cell: Cell,
    /// The distance of the two values, or of one of them from the exact one if that is more.
    pub absolute: f64,
    /// The same, divided by the exact value, or by the symbolic one where there is no exact one;
    /// none where that is 0 and the error is not.
    pub relative: Option<f64>,
    /// The largest error that rounding, or the step of a difference, explains.
    pub bound: f64,
}

/// A cell in which two gradients differ.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The position in [`Report::points`].
    pub point: usize,
    /// The cell.
    pub cell: Cell,
    /// The symbolic gradient.
    pub symbolic: Number,
    /// The other one.
    pub other: Number,
    /// The exact symbolic gradient, where the comparison was a rounded one.
    pub exact: Option<Rational>,
    /// The error bound that was passed; 0 in an exact comparison.
    pub bound: f64,
}

/// One element of a quantity. Displays as the language spells it: `w[0,1]`, and `t` for a scalar.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cell {
    /// The name of the quantity.
    pub name: String,
    /// The index, empty for a scalar.
    pub index: Vec<usize>,
}

/// Cells that were not judged, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unjudged {
    /// Why, as words without a full stop.
    pub reason: String,
    /// How many cells.
    pub cells: usize,
}

/// A number of one of the systems.
#[derive(Clone, Debug, PartialEq)]
pub enum Number {
    /// Exact.
    Rational(Rational),
    /// An element of the field of 2^61 − 1 elements.
    Residue(Prime),
    /// Rounded.
    F64(f64),
}

/// The outcome for a comparison or a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every cell that was judged agrees, and for a parameter: every cell was judged.
    Agree,
    /// At least one cell differs.
    Differ,
    /// Nothing could be judged, or for a parameter: too little.
    NotJudged(String),
}

impl Cell {
    pub(super) fn new(name: &str, shape: &Shape, position: usize) -> Cell {
        Cell { name: name.to_string(), index: shape.index(position) }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.index.is_empty() {
            return Ok(());
        }
        let index: Vec<String> = self.index.iter().map(usize::to_string).collect();
        write!(f, "[{}]", index.join(","))
    }
}

impl Report {
    /// Whether every parameter agrees, by [`Parameter::verdict`], and every value of the forward
    /// pass that was supplied.
    pub fn agrees(&self) -> bool {
        self.parameters.iter().all(|p| p.verdict() == Verdict::Agree)
            && self.forward.iter().all(|v| v.verdict == Verdict::Agree)
    }

    /// The first value of the forward pass that differs.
    pub fn first_value(&self) -> Option<&Value> {
        self.forward.iter().find(|v| v.verdict == Verdict::Differ)
    }

    /// How many single gradients the report is about: the cells of all parameters.
    pub fn gradients(&self) -> usize {
        self.parameters.iter().map(|p| p.shape.elements()).sum()
    }

    /// The command that derives one element: [`Report::derive`] and its `--wrt`.
    pub fn command(&self, cell: &Cell) -> Option<String> {
        self.derive.as_ref().map(|derive| format!("{derive} --wrt '{cell}'"))
    }

    /// The first element in which supplied numbers differ, or, without any, any source.
    pub fn first_mismatch(&self) -> Option<(&Parameter, &Mismatch)> {
        let all = || self.parameters.iter().flat_map(|p| p.comparisons.iter().map(move |c| (p, c)));
        let first = |supplied: bool| {
            let mut of = all().filter(|(_, c)| !supplied || c.source == Source::Supplied);
            of.find_map(|(p, c)| Some((p, c.mismatches.first()?)))
        };
        first(true).or_else(|| first(false))
    }
}

impl Parameter {
    /// The comparison with a source at a precision, if it was made.
    pub fn comparison(&self, source: Source, precision: Precision) -> Option<&Comparison> {
        self.comparisons.iter().find(|c| c.source == source && c.precision == precision)
    }

    /// `Differ` if any source differs; `Agree` if besides the whole gradient was confirmed in
    /// every cell at every point, exactly or in `f64`, by what the check is about: the supplied
    /// numbers if there are any, else the backward pass, or the direction that it was held
    /// against. Dual numbers and differences, which may
    /// be sampled, can only refute.
    pub fn verdict(&self) -> Verdict {
        if self.comparisons.iter().any(|c| c.differing > 0) {
            return Verdict::Differ;
        }
        let supplied = self.comparisons.iter().any(|c| c.source == Source::Supplied);
        let main = match self.comparisons.iter().any(|c| c.source == Source::Backward) {
            _ if supplied => Source::Supplied,
            true => Source::Backward,
            false => Source::Direction,
        };
        let mut all = self.comparisons.iter().filter(|c| c.source == main);
        if all.clone().any(|c| c.agreed == c.cells) {
            return Verdict::Agree;
        }
        let reason = all.find_map(|c| c.unjudged.first()).map(|u| u.reason.clone());
        Verdict::NotJudged(reason.unwrap_or_else(|| "nothing was compared".to_string()))
    }
}

impl Mismatch {
    /// How far the other value is from the exact one, or from the formula's where that is not
    /// known, and that as a part of it; none where they are numbers of a field, or it is 0.
    pub fn error(&self) -> (Option<f64>, Option<f64>) {
        let rational = |n: &Number| match n {
            Number::Rational(q) => Some(q.clone()),
            Number::F64(x) => Rational::from_f64(*x).ok(),
            Number::Residue(_) => None,
        };
        let right = self.exact.clone().or_else(|| rational(&self.symbolic));
        let (Some(right), Some(other)) = (right, rational(&self.other)) else {
            return (None, None);
        };
        let absolute = other.sub(&right).map_or(f64::INFINITY, |d| d.abs().to_f64());
        (Some(absolute), super::judge::relative(absolute, right.to_f64()))
    }
}

impl AtKinks {
    /// A choice that is no framework's.
    pub(super) fn only(choice: Choice) -> AtKinks {
        AtKinks { choice, frameworks: Vec::new(), rules: Vec::new(), unexpected: None }
    }
}

impl Choice {
    /// As JSON spells it: `ours`, `other-side`.
    pub fn name(self) -> &'static str {
        match self {
            Choice::Ours => "ours",
            Choice::Another => "another",
            Choice::OtherSide => "other-side",
            Choice::Undecided => "undecided",
            Choice::Outside => "outside",
            Choice::Smooth => "smooth",
        }
    }
}

impl Comparison {
    pub(super) fn new(source: Source, precision: Precision) -> Comparison {
        Comparison {
            source,
            precision,
            cells: 0,
            agreed: 0,
            differing: 0,
            mismatches: Vec::new(),
            unjudged: Vec::new(),
            unsampled: 0,
            crossed: 0,
            worst_absolute: None,
            worst_relative: None,
            bound: 0.0,
        }
    }

    /// Whether all cells that were judged agree, and at least one was.
    pub fn verdict(&self) -> Verdict {
        match (self.differing, self.agreed, self.unjudged.first()) {
            (0, 0, Some(first)) => Verdict::NotJudged(first.reason.clone()),
            (0, 0, None) => Verdict::NotJudged("no cell was compared".to_string()),
            (0, _, _) => Verdict::Agree,
            _ => Verdict::Differ,
        }
    }

    /// How many cells were not judged, for any reason but sampling.
    pub fn unjudged_cells(&self) -> usize {
        self.unjudged.iter().map(|u| u.cells).sum()
    }

    /// Counts a cell that agrees; it is named only where it is the worst so far.
    pub(super) fn agree(&mut self, point: usize, found: &Distance, cell: impl Fn() -> Cell) {
        self.cells += 1;
        self.agreed += 1;
        self.bound = self.bound.max(found.bound);
        let Distance { absolute, relative, bound, .. } = *found;
        let worst = || Some(Worst { point, cell: cell(), absolute, relative, bound });
        // Without a reference there is no relative error; such cells count in absolute terms.
        let more = |w: &Worst| relative > w.relative;
        if relative.is_some() && self.worst_relative.as_ref().is_none_or(more) {
            self.worst_relative = worst();
        }
        if self.worst_absolute.as_ref().is_none_or(|w| absolute > w.absolute) {
            self.worst_absolute = worst();
        }
    }

    /// Counts cells of which no number is known but that all are right.
    pub(super) fn confirm(&mut self, cells: usize) {
        self.cells += cells;
        self.agreed += cells;
    }

    pub(super) fn differ(&mut self, mismatch: Mismatch) {
        self.cells += 1;
        self.differing += 1;
        if self.mismatches.len() < MAX_LISTED {
            self.mismatches.push(mismatch);
        }
    }

    pub(super) fn skip(&mut self, reason: &str, cells: usize) {
        self.cells += cells;
        match self.unjudged.iter_mut().find(|u| u.reason == reason) {
            Some(known) => known.cells += cells,
            None => self.unjudged.push(Unjudged { reason: reason.to_string(), cells }),
        }
    }

    pub(super) fn leave_out(&mut self, cells: usize) {
        self.cells += cells;
        self.unsampled += cells;
    }
}
