//! Statements about arrays as statements about their elements, row by row. In go the rows of a
//! document and the shapes of its names; the rows are changed in place, and what is known of each
//! is noted.
//!
//! Invariants: the letters of new indices stand nowhere else in their formula; rows of one chain
//! have the same ones.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::element::Elements;
use super::infer::is_great;
use super::reading::{Functions, Reading};
use super::shape::{Shapes, Sight};
use super::speaks_of_arrays;
use super::term::{Kind, Term, Trouble};
use crate::review::document::Placed;
use crate::review::memberships::{is_space, memberships};
use crate::review::names::spelled;
use crate::review::read::Passage;
use crate::review::shapes::{Arrays, Layout, Length, Shape, Spread, Turned};
use crate::review::tex::syntax::{
    Expr, FormulaKind, Known, Name, Part, Relation, Statement, visit,
};

/// The letters of indices, the first to be taken first.
const LETTERS: [&str; 8] = ["i", "j", "k", "p", "q", "m", "n", "l"];
/// The most elements of a statement about written matrices.
const MAX_WRITTEN: usize = 64;

/// What rows are changed with.
pub(super) struct Spreader<'s> {
    shapes: &'s Shapes,
    functions: &'s Functions,
    /// How many elements a vector has of which nothing else is said.
    default: Option<i64>,
    pub(super) arrays: Arrays,
    seen: BTreeSet<(String, Option<String>, usize)>,
    chain: Option<Chain>,
}

/// A chain of equal arrays that the next row may go on with.
#[derive(Clone)]
struct Chain {
    last: Term,
    /// The letters of its elements.
    at: Vec<String>,
    /// Whether its elements were taken one by one.
    written: bool,
}

impl<'s> Spreader<'s> {
    pub(super) fn new(
        (shapes, functions): (&'s Shapes, &'s Functions),
        default: Option<i64>,
        arrays: Arrays,
    ) -> Spreader<'s> {
        Spreader { shapes, functions, default, arrays, seen: BTreeSet::new(), chain: None }
    }

    /// Goes on in a section with shapes of its own.
    pub(super) fn enter(&mut self, shapes: &'s Shapes, functions: &'s Functions) {
        (self.shapes, self.functions, self.chain) = (shapes, functions, None);
    }

    /// The row with its statements said in elements.
    pub(super) fn row(&mut self, at: usize, placed: &mut Placed) {
        let passage = placed.passage.clone();
        let mut parts = Vec::with_capacity(placed.row.parts.len());
        for part in std::mem::take(&mut placed.row.parts) {
            match part {
                Part::Statement(statement) => {
                    parts.extend(self.statement(at, statement, &passage));
                }
                other => {
                    if matches!(other, Part::Unread(_) | Part::OutOfScope(_)) {
                        self.chain = None;
                    }
                    parts.push(other);
                }
            }
        }
        placed.row.parts = parts;
    }

    /// A statement in elements; itself where it has no array.
    fn statement(&mut self, at: usize, statement: Statement, passage: &Rc<Passage>) -> Vec<Part> {
        // z ∈ ℝ³ claims nothing.
        let text = passage.text.get(statement.span.clone()).unwrap_or_default();
        let belongs =
            matches!(statement.rest[..], [(Relation::Other, _)]) && !memberships(text).is_empty();
        if belongs {
            return vec![Part::Words(text.to_string(), statement.span)];
        }
        // Nor does it in the middle of a chain: G ∈ ℝ³ = ….
        let mut statement = statement;
        if statement.rest.len() > 1 {
            statement.rest.retain(|(relation, side)| {
                let text = passage.text.get(side.span.clone()).unwrap_or_default();
                *relation != Relation::Other || !is_space(text)
            });
        }
        let carried = statement.first.is_none();
        let speaks = speaks_of_arrays(&statement) || carried && self.chain.is_some();
        if statement.rest.is_empty() {
            return match speaks {
                // An array by itself claims nothing.
                true => vec![Part::Words(text.to_string(), statement.span)],
                false => vec![Part::Statement(statement)],
            };
        }
        let (mut last, mut why) = (None, None);
        let chain = self.chain.clone();
        let mut usual: Option<(Vec<Statement>, Option<Chain>)> = None;
        let mut others = Vec::new();
        for turned in self.arrays.layouts() {
            self.chain.clone_from(&chain);
            match self.spread(at, &statement, passage, turned) {
                Ok(Some(all)) if usual.is_none() && turned == Turned::default() => {
                    usual = Some((all, self.chain.clone()));
                }
                Ok(Some(all)) => others.push((turned, all, self.chain.clone())),
                Ok(None) => {
                    self.chain = None;
                    return self.plain(at, statement);
                }
                Err(trouble) => {
                    why = why.or(Some(trouble.clone()));
                    last = Some(trouble);
                }
            }
        }
        let parts = |all: Vec<Statement>| {
            all.into_iter().filter(says_something).map(Part::Statement).collect()
        };
        if let Some((all, after)) = usual {
            let same = others.iter().all(|(_, other, _)| *other == all);
            let failed = last.is_some();
            let other = others.into_iter().find(|(_, other, _)| *other != all);
            let layout = match other {
                Some((turned, other, _)) => Layout::Either(turned, other),
                None if same && !failed => Layout::Any,
                None => Layout::Usual,
            };
            self.chain = after;
            self.note_layout(at, &statement, layout);
            return parts(all);
        }
        if let Some((turned, all, after)) = others.into_iter().next() {
            self.chain = after;
            let layout = match self.arrays.told_layout {
                Some(_) => Layout::Any,
                None => Layout::Turned(turned),
            };
            self.note_layout(at, &statement, layout);
            return parts(all);
        }
        self.chain = None;
        // A formula about single elements may have a name of the network for a number.
        if !speaks && !self.names_arrays(&statement) {
            return self.plain(at, statement);
        }
        // A written matrix may give its name a new size.
        let mut written = false;
        for side in statement.sides() {
            visit(side, &mut |e| written |= matches!(e.kind, FormulaKind::Matrix(_)));
        }
        let misfit = why.iter().chain(&last).all(|t| matches!(t, Trouble::Misfit(_))) && !written;
        let refused = |message: &str, misfit: bool| {
            let mut refused = statement.clone().refused(message);
            refused.misfit = misfit;
            // A side with arrays in it says nothing to those who know only numbers.
            refused.left = refused.left.filter(|left| {
                let mut plain = true;
                visit(left, &mut |e| plain &= !matches!(e.kind, FormulaKind::Array(_)));
                plain
            });
            vec![Part::OutOfScope(refused)]
        };
        match why {
            Some(Trouble::Misfit(message)) if misfit => refused(&message, true),
            Some(Trouble::Misfit(message) | Trouble::Beyond(message)) => refused(&message, false),
            Some(Trouble::Mixed(message)) => refused(message, false),
            None => vec![Part::Statement(statement)],
        }
    }

    /// A statement about numbers as it stands, unless its great letters may be matrices, of which
    /// words speak here.
    fn plain(&self, at: usize, statement: Statement) -> Vec<Part> {
        if !self.arrays.matrices.contains(&at) || !multiplies_great_letters(&statement) {
            return vec![Part::Statement(statement)];
        }
        let why = "words speak of matrices here, and nothing says which letters are some";
        vec![Part::OutOfScope(statement.refused(why))]
    }

    /// Notes how a statement lays derivatives out.
    fn note_layout(&mut self, at: usize, statement: &Statement, layout: Layout) {
        if let Some(spread) = self.arrays.spread.get_mut(&(at, statement.span.start)) {
            spread.layout = layout;
        }
    }

    /// The statements about elements that a statement about arrays is; none if it has no array.
    fn spread(
        &mut self,
        at: usize,
        statement: &Statement,
        passage: &Rc<Passage>,
        turned: Turned,
    ) -> Result<Option<Vec<Statement>>, Trouble> {
        let mut reading = Reading::new(self.shapes, self.functions, passage.text.as_str(), turned);
        let carries_on = statement.first.is_none() && self.chain.is_some();
        reading.arrays_here = self.shapes.means_arrays(statement) || carries_on;
        let carried = statement.first.is_none();
        let mut sides = Vec::new();
        let mut trouble = None;
        for side in statement.sides() {
            match reading.term(side) {
                Ok(term) => sides.push(term),
                // What does not fit counts before what is not known.
                Err(misfit @ Trouble::Misfit(_)) => return Err(misfit),
                Err(other) => trouble = trouble.or(Some(other)),
            }
        }
        if let Some(trouble) = trouble {
            return Err(trouble);
        }
        let chain = self.chain.take().filter(|_| carried);
        if !sides.iter().any(Term::has_array) && chain.is_none() && !speaks_of_arrays(statement) {
            return Ok(None);
        }
        if statement
            .rest
            .iter()
            .any(|(relation, _)| matches!(relation, Relation::Other | Relation::Differs))
        {
            return Err(Trouble::Beyond("a comparison of arrays is not read".to_string()));
        }
        let unsure = reading.unsure.first().cloned();
        let untold = self.untold_beside_a_sum(&sides, chain.as_ref());
        let by = |kind: fn(&Kind) -> bool| sides.iter().any(|side| side.has(kind));
        let has = Turned {
            jacobians: by(
                |k| matches!(k, Kind::Slope(of, by, ..) if of.shape.is_array() && by.shape.is_array()),
            ),
            gradients: by(
                |k| matches!(k, Kind::Slope(of, by, ..) if !of.shape.is_array() && by.shape.is_array()),
            ),
        };
        let by_matrix = by(
            |k| matches!(k, Kind::Slope(of, by, ..) if !of.shape.is_array() && by.shape.rank() == 2),
        );
        let mut given = std::mem::take(&mut reading.said);
        given.sort();
        given.dedup();
        let mut shape = chain.as_ref().map_or(sides[0].shape.clone(), |c| c.last.shape.clone());
        // 0 is the array of zeros beside an array.
        if chain.is_none()
            && sides[0].is_zero()
            && let Some(other) = sides.iter().find(|side| !side.is_zero())
        {
            shape = other.shape.clone();
        }
        for side in sides.iter_mut().filter(|side| !side.is_zero()) {
            // ∇f(x, y) may be written out as a row.
            let text = passage.text.get(side.span.start..).unwrap_or_default();
            let first = passage.text.get(statement.span.start..).unwrap_or_default();
            let nabla = |text: &str| text.starts_with("\\nabla") || text.starts_with('∇');
            let written = |t: &Term| matches!(t.kind, Kind::Literal(_));
            if let (Shape::Column(_), Shape::Row(_)) = (&shape, &side.shape)
                && (nabla(first) && written(side))
                && !nabla(text)
            {
                let inner = side.clone();
                let shape = inner.shape.turned();
                *side =
                    Term { shape, kind: Kind::Transpose(Box::new(inner)), span: side.span.clone() };
            }
            // Whoever lays derivatives out in rows has the transpose of what we have.
            let turned = shape.turned().with(&side.shape).is_some();
            if turned && shape.with(&side.shape).is_none() {
                let why = "one side is the transpose of the other by its shape, as where a \
                           derivative is laid out in rows";
                return Err(Trouble::Beyond(why.to_string()));
            }
            match shape.with(&side.shape) {
                Some(both) => shape = both,
                None if shape.rank() != side.shape.rank() => {
                    return Err(Trouble::Mixed("one side is an array and the other a number"));
                }
                None => {
                    let (one, other) = (shape.said(), side.shape.said());
                    return Err(Trouble::Misfit(format!(
                        "the left side is {one} and the right side is {other}"
                    )));
                }
            }
        }
        let literal =
            sides.iter().any(Term::has_literal) || chain.as_ref().is_some_and(|c| c.written);
        let free = self.free_letters(passage, statement);
        let Some(last) = sides.last().cloned() else { return Ok(None) };
        let found = match literal {
            true => self.written(statement, &sides, &shape, chain.as_ref())?,
            false => {
                let rank = shape.rank();
                let (own, rest) = match &chain {
                    Some(chain) => {
                        let rest = free.into_iter().filter(|l| !chain.at.contains(l)).collect();
                        (chain.at.clone(), rest)
                    }
                    None if free.len() < rank => {
                        let why = "this has more indices than there are letters for them";
                        return Err(Trouble::Beyond(why.to_string()));
                    }
                    None => (free[..rank].to_vec(), free[rank..].to_vec()),
                };
                let letters: Vec<String> = rest.into_iter().rev().collect();
                let mut with = Elements { letters, numbers: false };
                let one = in_elements(statement, &sides, &own, &mut with)?;
                self.chain = Some(Chain { last: last.clone(), at: own, written: false });
                vec![one]
            }
        };
        if literal {
            self.chain = Some(Chain { last, at: Vec::new(), written: true });
        }
        for side in &sides {
            self.note_axes(side);
        }
        self.arrays.spread.insert(
            (at, statement.span.start),
            Spread { unsure, untold, given, layout: Layout::Any, has, by_matrix },
        );
        Ok(Some(found))
    }

    /// An array of which nothing is told in an equation with a sum over an index and without a
    /// derivative, or with dots: μ beside Σ_i x_i may be their mean.
    fn untold_beside_a_sum(&self, sides: &[Term], chain: Option<&Chain>) -> Option<String> {
        let has = |kind: fn(&Kind) -> bool| sides.iter().any(|side| side.has(kind));
        let run = |k: &Kind| matches!(k, Kind::Run(..));
        // Beside elements with dots, X may be what stands in their place.
        let runs = has(run) || chain.is_some_and(|chain| chain.last.has(run));
        if !runs && (!has(|k| matches!(k, Kind::Over(..))) || has(|k| matches!(k, Kind::Slope(..))))
        {
            return None;
        }
        let mut all = Vec::new();
        sides.iter().for_each(|side| side.names(&mut all));
        let untold = |(base, of, _): &&(&Name, &[String], &Shape)| {
            let name = Name { below: of.to_vec(), ..(*base).clone() };
            !matches!(self.shapes.of(&name), Sight::Known(_, known) if known.told)
        };
        all.iter().find(untold).map(|(base, ..)| base.stem.clone())
    }

    /// Whether a name stands in a statement of which the document says that it is an array.
    fn names_arrays(&self, statement: &Statement) -> bool {
        let mut found = false;
        for side in statement.sides() {
            visit(side, &mut |e| {
                if let FormulaKind::Name(name) = &e.kind {
                    found |= match self.shapes.of(name) {
                        Sight::Known(_, known) => {
                            known.shape.is_array() && known.told && !known.network
                        }
                        Sight::Element | Sight::Torn(..) | Sight::Unknown(_) => false,
                    };
                }
            });
        }
        found
    }

    /// A statement about written matrices, one for each element.
    fn written(
        &self,
        statement: &Statement,
        sides: &[Term],
        shape: &Shape,
        chain: Option<&Chain>,
    ) -> Result<Vec<Statement>, Trouble> {
        let mut places: Vec<Vec<String>> = vec![Vec::new()];
        for length in shape.lengths() {
            let Length::Number(n) = length else {
                let why = "how long a vector is beside a written matrix is not said";
                return Err(Trouble::Beyond(why.to_string()));
            };
            places = places
                .into_iter()
                .flat_map(|place| {
                    (1..=*n).map(move |k| {
                        let mut longer = place.clone();
                        longer.push(k.to_string());
                        longer
                    })
                })
                .collect();
            if places.len() > MAX_WRITTEN {
                return Err(Trouble::Beyond(format!(
                    "more than {MAX_WRITTEN} elements are written"
                )));
            }
        }
        let mut all = Vec::new();
        for place in places {
            let mut with = Elements { letters: Vec::new(), numbers: true };
            let mut one = in_elements(statement, sides, &place, &mut with)?;
            if let Some(chain) = chain {
                one.first = Some(chain.last.at(&place, &mut with)?);
            }
            all.push(one);
        }
        Ok(all)
    }

    /// Letters that stand in no row of a formula, nor in this statement.
    fn free_letters(&self, passage: &Rc<Passage>, statement: &Statement) -> Vec<String> {
        let mut used: BTreeSet<String> = BTreeSet::new();
        // A letter alone in the text of the formula, an index among others.
        let text = passage.text.as_str();
        let mut word = String::new();
        for c in text.chars().chain([' ']) {
            if c.is_ascii_alphabetic() || c == '\\' {
                word.push(c);
                continue;
            }
            if !word.starts_with('\\') && word.len() <= 2 {
                used.extend(word.chars().map(String::from));
            }
            word.clear();
        }
        for side in statement.sides() {
            visit(side, &mut |e| {
                if let FormulaKind::Name(name) = &e.kind {
                    used.insert(name.stem.clone());
                    used.extend(name.below.iter().flat_map(|p| p.chars()).map(String::from));
                }
                if let FormulaKind::BigSum { indices, .. } = &e.kind {
                    used.extend(indices.iter().cloned());
                }
            });
        }
        LETTERS.iter().filter(|l| !used.contains(**l)).map(|l| (*l).to_string()).collect()
    }

    /// Notes what the elements of arrays are called, and how many there are.
    fn note_axes(&mut self, term: &Term) {
        let mut all = Vec::new();
        term.names(&mut all);
        for (base, of, shape) in all {
            let letters = of.iter().flat_map(|part| part.chars()).filter(|c| c.is_alphabetic());
            self.arrays.letters.extend(letters.map(|c| (c, base.stem.clone())));
            if !self.seen.insert((base.stem.clone(), base.above.clone(), of.len())) {
                continue;
            }
            for (axis, length) in shape.lengths().into_iter().enumerate() {
                let length = match (length, self.default) {
                    (Length::Unknown, Some(n)) if shape.rank() == 1 => Length::Number(n),
                    (length, _) => length.clone(),
                };
                self.arrays.axes.push((base.clone(), of.len() + axis, length));
            }
        }
    }
}

/// Whether great letters stand in a statement as only numbers may: two of them in a product, one
/// beside a derivative, under a root or bars, or above e.
fn multiplies_great_letters(statement: &Statement) -> bool {
    let great = |e: &Expr| {
        let base = match &e.kind {
            FormulaKind::Power(base, _) => base,
            _ => e,
        };
        match &base.kind {
            FormulaKind::Name(name) if is_great(name) => Some(spelled(name)),
            _ => None,
        }
    };
    let mut found = false;
    for side in statement.sides() {
        visit(side, &mut |e| match &e.kind {
            FormulaKind::Product(factors) => {
                let letters: BTreeSet<String> = factors.iter().filter_map(great).collect();
                let slope =
                    factors.iter().any(|f| matches!(f.kind, FormulaKind::Derivative { .. }));
                found |= letters.len() > 1 || slope && !letters.is_empty();
            }
            FormulaKind::Power(base, power) => {
                let inverse = matches!(power.kind, FormulaKind::Neg(_));
                found |= inverse && matches!(&base.kind, FormulaKind::Name(n) if is_great(n));
            }
            FormulaKind::Call(Known::Abs | Known::Exp | Known::Ln | Known::Sqrt, a) => {
                visit(a, &mut |e| found |= great(e).is_some());
            }
            _ => {}
        });
    }
    found
}

/// Whether a statement is more than x_1 = x_1, which x = (x_1, x_2) is in elements.
fn says_something(statement: &Statement) -> bool {
    let plain = |e: &Expr| match &e.kind {
        FormulaKind::Name(name) => Some(spelled(name)),
        _ => None,
    };
    let names: Option<Vec<String>> = statement.sides().map(plain).collect();
    names.is_none_or(|names| names.windows(2).any(|two| two[0] != two[1]))
}

/// A statement about the elements at some indices.
fn in_elements(
    statement: &Statement,
    sides: &[Term],
    at: &[String],
    with: &mut Elements,
) -> Result<Statement, Trouble> {
    let mut all = Vec::new();
    for side in sides {
        let letters = with.letters.clone();
        let at: &[String] = if side.shape.is_array() { at } else { &[] };
        all.push(side.at(at, with)?);
        with.letters = letters;
    }
    let mut all = all.into_iter();
    let first = statement.first.as_ref().and_then(|_| all.next());
    let rest = statement.rest.iter().map(|(relation, _)| *relation).zip(all).collect();
    Ok(Statement { first, rest, ..statement.clone() })
}
