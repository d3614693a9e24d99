//! The shapes that formulas show: z = Wx + b makes z and b columns where W is a matrix and x a
//! column. In go statements and what is told, out come the shapes of more names.
//!
//! Invariants: what a formula shows is passed on only where it cannot be otherwise; custom, which
//! calls columns by small letters and matrices by great ones, decides where a name is an array for
//! certain, and says nothing of others.

use std::collections::BTreeSet;

use super::reading::{Functions, Reading};
use super::shape::{Shapes, Sight};
use crate::review::shapes::{Length, Shape, Turned};
use crate::review::tex::syntax::{Array, Expr, FormulaKind, Known, Name, Run, Statement, visit};

/// The most rounds in which one formula tells another.
const MAX_ROUNDS: usize = 8;

/// Learns the shapes that statements show.
pub(super) fn infer(
    statements: &[&Statement],
    shapes: &mut Shapes,
    functions: &Functions,
    bold: &BTreeSet<String>,
) {
    for custom in Custom::ALL {
        for _ in 0..MAX_ROUNDS {
            let mut news = false;
            for statement in statements {
                let mut learner = Learner { shapes, functions, bold, allowed: custom, news: false };
                learner.statement(statement);
                news |= learner.news;
            }
            if !news {
                break;
            }
        }
    }
}

/// What custom may decide.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Custom {
    None,
    /// What is an array for certain is a column by a small letter and a matrix by a great one.
    Arrays,
    /// So is what is transposed at the end of a product, δ xᵀ.
    Behind,
    /// So is what is transposed elsewhere.
    Turned,
    /// A great letter before a column is a matrix, and a small one behind a matrix a column.
    Products,
}

impl Custom {
    const ALL: [Custom; 5] =
        [Custom::None, Custom::Arrays, Custom::Behind, Custom::Turned, Custom::Products];
}

struct Learner<'s> {
    shapes: &'s mut Shapes,
    functions: &'s Functions,
    bold: &'s BTreeSet<String>,
    allowed: Custom,
    news: bool,
}

/// Elements that are written out with dots, perhaps turned.
fn written_out(expr: &Expr) -> Option<&Run> {
    match &expr.kind {
        FormulaKind::Array(array) => match &**array {
            Array::Run(run) => Some(run),
            Array::Transpose(inner) => written_out(inner),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the stem is a great letter.
pub(super) fn is_great(name: &Name) -> bool {
    name.stem.trim_end_matches('^').chars().next().is_some_and(char::is_uppercase)
}

impl Learner<'_> {
    fn statement(&mut self, statement: &Statement) {
        let sides: Vec<&Expr> = statement.sides().collect();
        for side in &sides {
            self.within(side);
        }
        for pair in sides.windows(2) {
            // x = [x_1, …, x_n] says what x is.
            if let FormulaKind::Name(name) = &pair[0].kind
                && let Some(run) = written_out(pair[1])
                && matches!(&run.body.kind, FormulaKind::Name(own) if own.stem == name.stem)
                && let Some(shape) = self.shape(pair[1])
                && !matches!(self.shapes.of(name), Sight::Known(_, known) if known.told)
            {
                self.shapes.tell(name, shape, false);
                self.news = true;
            }
            for [one, other] in [[pair[0], pair[1]], [pair[1], pair[0]]] {
                if let Some(shape) = self.shape(one) {
                    self.expect(other, &shape, true);
                }
            }
        }
    }

    /// The shape of an expression, where all of it is known.
    fn shape(&self, expr: &Expr) -> Option<Shape> {
        let mut reading = Reading::new(self.shapes, self.functions, "", Turned::default());
        let term = reading.term(expr).ok()?;
        reading.unsure.is_empty().then_some(term.shape)
    }

    fn unknown(&self, expr: &Expr) -> bool {
        matches!(&expr.kind, FormulaKind::Name(name)
            if matches!(self.shapes.of(name), Sight::Unknown(_)))
    }

    fn learn(&mut self, name: &Name, shape: &Shape, certain: bool) {
        // The identity has the shape that it needs.
        if name.stem == "I" && name.below.is_empty() {
            return;
        }
        match self.shapes.of(name) {
            Sight::Unknown(member) | Sight::Known(member, _) => {
                self.news |= self.shapes.learn(&member, shape, certain);
            }
            Sight::Element | Sight::Torn(..) => {}
        }
    }

    /// What is said of the parts of an expression by what they stand beside.
    fn within(&mut self, expr: &Expr) {
        let custom = self.allowed;
        match &expr.kind {
            FormulaKind::Sum(terms) => {
                let all: Vec<&Expr> = terms.iter().map(|(_, t)| t).collect();
                self.alike(&all);
            }
            FormulaKind::Array(array) => match &**array {
                Array::Elementwise(all) => {
                    let all: Vec<&Expr> = all.iter().collect();
                    self.alike(&all);
                    all.iter().for_each(|e| self.custom(e));
                }
                Array::Transpose(a) if custom >= Custom::Turned => self.custom(a),
                Array::Transpose(_) => {}
                Array::Frobenius(a) => {
                    if let FormulaKind::Name(name) = &a.kind
                        && custom >= Custom::Arrays
                        && self.unknown(a)
                    {
                        self.learn(name, &Shape::matrix(), true);
                    }
                }
                Array::Gradient(of) => {
                    if let FormulaKind::Apply { args, .. } = &of.kind
                        && let [arg] = &args[..]
                    {
                        self.custom(arg);
                    }
                }
                Array::Element(..) | Array::Run(_) => {}
            },
            FormulaKind::Apply { head, primes: 0, args }
                if head.stem.to_lowercase() == "softmax" =>
            {
                args.iter().for_each(|e| self.custom(e));
            }
            // The greatest of what has a name is that of a vector.
            FormulaKind::Extreme { of, .. } if custom >= Custom::Arrays => {
                if let [one] = &of[..]
                    && let FormulaKind::Name(name) = &one.kind
                    && self.unknown(one)
                {
                    self.learn(name, &Shape::column(), true);
                }
            }
            FormulaKind::Call(Known::Norm, a) => match &a.kind {
                FormulaKind::Sum(terms) => terms.iter().for_each(|(_, t)| self.custom(t)),
                _ => self.custom(a),
            },
            FormulaKind::Product(factors) => {
                if let Some(Expr { kind: FormulaKind::Array(array), .. }) = factors.last()
                    && let Array::Transpose(a) = &**array
                    && custom >= Custom::Behind
                {
                    self.custom(a);
                }
                if custom < Custom::Products {
                    expr.children().into_iter().for_each(|e| self.within(e));
                    return;
                }
                for pair in factors.windows(2) {
                    if let FormulaKind::Name(name) = &pair[0].kind
                        && is_great(name)
                        && self.unknown(&pair[0])
                        && let Some(Shape::Column(n)) = self.shape(&pair[1])
                    {
                        self.learn(name, &Shape::Matrix(Length::Unknown, n), false);
                    }
                    for (own, other) in [(0, 1), (1, 0)] {
                        if let FormulaKind::Name(name) = &pair[own].kind
                            && is_great(name)
                            && self.unknown(&pair[own])
                            && let Some(Shape::Matrix(..)) = self.shape(&pair[other])
                        {
                            self.learn(name, &Shape::matrix(), false);
                        }
                    }
                    if let FormulaKind::Name(name) = &pair[1].kind
                        && !is_great(name)
                        && self.unknown(&pair[1])
                        && let Some(Shape::Matrix(_, n)) = self.shape(&pair[0])
                    {
                        self.learn(name, &Shape::Column(n), false);
                    }
                }
            }
            // What stands in a written matrix is a number.
            FormulaKind::Matrix(rows) => {
                for part in rows.iter().flatten() {
                    if self.unknown(part)
                        && let FormulaKind::Name(name) = &part.kind
                        && !(is_great(name) && name.below.is_empty())
                        && custom >= Custom::Arrays
                    {
                        self.learn(name, &Shape::Scalar, true);
                    }
                }
            }
            // What is bold is an array.
            FormulaKind::Name(name)
                if custom >= Custom::Arrays
                    && (self.bold.contains(&name.stem) || name.stem.contains('\u{20d7}')) =>
            {
                self.custom(expr);
            }
            _ => {}
        }
        expr.children().into_iter().for_each(|e| self.within(e));
    }

    /// An array of which only custom says whether it is a column or a matrix.
    fn custom(&mut self, expr: &Expr) {
        if self.allowed < Custom::Arrays || !self.unknown(expr) {
            return;
        }
        let FormulaKind::Name(name) = &expr.kind else { return };
        let shape = if is_great(name) { Shape::matrix() } else { Shape::column() };
        self.learn(name, &shape, true);
    }

    /// Parts that have one shape.
    fn alike(&mut self, all: &[&Expr]) {
        let known = all.iter().filter_map(|e| self.shape(e)).find(Shape::is_array);
        let Some(shape) = known else { return };
        for part in all {
            if !matches!(part.kind, FormulaKind::Number { .. }) {
                self.expect(part, &shape, true);
            }
        }
    }

    /// What follows for the names of an expression that has a shape.
    fn expect(&mut self, expr: &Expr, shape: &Shape, certain: bool) {
        match &expr.kind {
            FormulaKind::Name(name) if shape.is_array() || self.unknown(expr) => {
                self.learn(name, shape, certain);
            }
            FormulaKind::Neg(a) => self.expect(a, shape, certain),
            FormulaKind::Sum(terms) => {
                for (_, term) in terms {
                    if !matches!(term.kind, FormulaKind::Number { .. }) {
                        self.expect(term, shape, certain);
                    }
                }
            }
            FormulaKind::Array(array) => match &**array {
                Array::Transpose(a) => self.expect(a, &shape.turned(), certain),
                Array::Elementwise(all) if shape.is_array() => {
                    all.iter().for_each(|e| self.expect(e, shape, certain));
                }
                _ => {}
            },
            FormulaKind::Quotient(a, _) if shape.is_array() => self.expect(a, shape, certain),
            FormulaKind::Call(known, a) if *known != Known::Norm && shape.is_array() => {
                self.expect(a, shape, certain);
            }
            FormulaKind::Apply { head, args, .. }
                if shape.is_array() && !self.functions.scalars.contains_key(&head.stem) =>
            {
                if let [arg] = &args[..] {
                    self.expect(arg, shape, certain);
                }
            }
            FormulaKind::Derivative { of, by, order: 1 } if shape.is_array() => {
                // ∂E/∂W is what W is, where E is a number.
                let number = match &of.kind {
                    FormulaKind::Name(name) => {
                        is_great(name)
                            || matches!(self.shapes.of(name), Sight::Known(_, k) if !k.shape.is_array())
                    }
                    _ => self.shape(of) == Some(Shape::Scalar),
                };
                if number {
                    self.expect(by, shape, certain);
                }
            }
            FormulaKind::Product(factors) if shape.is_array() => {
                self.factor(factors, shape, certain)
            }
            _ => {}
        }
    }

    /// The one factor of a product of which nobody says what it is.
    fn factor(&mut self, factors: &[Expr], shape: &Shape, certain: bool) {
        let shapes: Vec<Option<Shape>> = factors.iter().map(|f| self.shape(f)).collect();
        let missing: Vec<usize> = (0..factors.len()).filter(|k| shapes[*k].is_none()).collect();
        // U x where only custom says that both are arrays.
        if let ([one, other], Shape::Column(m), true) =
            (&missing[..], shape, self.allowed >= Custom::Products)
            && one + 1 == *other
            && let (FormulaKind::Name(great), FormulaKind::Name(small)) =
                (&factors[*one].kind, &factors[*other].kind)
            && is_great(great)
            && !is_great(small)
            && shapes.iter().flatten().all(|s| !s.is_array())
        {
            self.learn(great, &Shape::Matrix(m.clone(), Length::Unknown), certain);
            self.learn(small, &Shape::column(), certain);
            return;
        }
        let [at] = missing[..] else { return };
        let known = |range: std::ops::Range<usize>| {
            let mut all = shapes[range].iter().flatten().filter(|s| s.is_array());
            (all.next(), all.next())
        };
        let (before, behind) = (known(0..at), known(at + 1..factors.len()));
        if before.1.is_some() || behind.1.is_some() {
            return;
        }
        // A great letter, or a transpose; a small one may be a number beside what has the shape.
        let mut great = false;
        visit(&factors[at], &mut |e| {
            great |= match &e.kind {
                FormulaKind::Name(name) => is_great(name),
                FormulaKind::Array(array) => matches!(**array, Array::Transpose(_)),
                _ => false,
            };
        });
        let found = match (shape, before.0, behind.0) {
            (_, None, None) => shape.clone(),
            (Shape::Column(_), Some(Shape::Matrix(_, n)), None) => Shape::Column(n.clone()),
            (Shape::Matrix(_, n), Some(Shape::Column(_)), None) => Shape::Row(n.clone()),
            (Shape::Matrix(m, _), None, Some(Shape::Row(_))) => Shape::Column(m.clone()),
            (Shape::Row(_), None, Some(Shape::Matrix(k, _))) => Shape::Row(k.clone()),
            (Shape::Matrix(_, n), Some(Shape::Matrix(_, k)), None) if great => {
                Shape::Matrix(k.clone(), n.clone())
            }
            (Shape::Row(n), Some(Shape::Row(k)), None) if great => {
                Shape::Matrix(k.clone(), n.clone())
            }
            (Shape::Matrix(m, _), None, Some(Shape::Matrix(k, _))) if great => {
                Shape::Matrix(m.clone(), k.clone())
            }
            (Shape::Column(m), None, Some(Shape::Column(k))) if great => {
                Shape::Matrix(m.clone(), k.clone())
            }
            _ => return,
        };
        self.expect(&factors[at], &found, certain);
    }
}
