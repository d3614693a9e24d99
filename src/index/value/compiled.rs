//! A formula made ready for its loops: letters are places on a stack, and subscripts are sums of
//! multiples of what stands there.
//!
//! In: a formula, and the letters that have values. Out: its value, in any [`Algebra`]. What always
//! holds: the stack has one place for each letter that is free, and then one for each index that
//! is bound around a part, the outermost first; what has no value is an error where it is reached,
//! and not before.

use std::rc::Rc;

use super::super::affine::{Affine, Letter};
use super::super::formula::{Condition, Element, Formula, Range};
use super::{Algebra, Cell, Letters, MAX_VISITS, NoValue};
use crate::scalar::{Function, Rational, Scalar};

/// The values of the letters, the innermost last.
pub struct Slots {
    values: Vec<i64>,
    visits: u64,
}

impl Slots {
    pub(super) fn new(values: Vec<i64>, visits: u64) -> Slots {
        Slots { values, visits }
    }

    pub(super) fn values(&self) -> &[i64] {
        &self.values
    }

    pub(super) fn visits(&self) -> u64 {
        self.visits
    }

    fn count(&mut self) -> Result<(), NoValue> {
        self.visits += 1;
        if self.visits > MAX_VISITS { Err(NoValue::TooLarge) } else { Ok(()) }
    }

    /// Calls `visit` for all values of indices of these lengths, row-major.
    pub(super) fn each(
        &mut self,
        lengths: &[Form],
        visit: &mut dyn FnMut(&mut Slots) -> Result<(), NoValue>,
    ) -> Result<(), NoValue> {
        let Some((first, rest)) = lengths.split_first() else {
            self.count()?;
            return visit(self);
        };
        let place = self.values.len();
        self.values.push(0);
        let done = (0..first.value(&self.values)?).try_for_each(|value| {
            self.values[place] = value;
            self.each(rest, visit)
        });
        self.values.truncate(place);
        done
    }
}

/// A whole number that follows from the letters.
#[derive(Debug)]
pub(super) struct Form {
    constant: i64,
    /// Multiples of single letters.
    linear: Vec<(usize, i64)>,
    /// Multiples of products of letters.
    products: Vec<(Vec<usize>, i64)>,
    /// A letter that has no value.
    unknown: Option<String>,
}

impl Form {
    fn new(form: &Affine, scope: &[Letter]) -> Form {
        let (mut linear, mut products, mut constant) = (Vec::new(), Vec::new(), 0);
        let mut unknown = None;
        for (letters, n) in form.terms() {
            let mut places = Vec::with_capacity(letters.len());
            for letter in letters {
                // The innermost binding of a letter counts.
                match scope.iter().rposition(|own| own == letter) {
                    Some(place) => places.push(place),
                    None => unknown = unknown.or(Some(letter.name().to_string())),
                }
            }
            match places.as_slice() {
                [] => constant = n,
                [one] => linear.push((*one, n)),
                _ => products.push((places, n)),
            }
        }
        Form { constant, linear, products, unknown }
    }

    fn value(&self, values: &[i64]) -> Result<i64, NoValue> {
        if let Some(letter) = &self.unknown {
            return Err(NoValue::Letter(letter.clone()));
        }
        let mut sum = Some(self.constant);
        for (place, n) in &self.linear {
            sum = sum.and_then(|sum| sum.checked_add(values[*place].checked_mul(*n)?));
        }
        for (places, n) in &self.products {
            let product = places.iter().try_fold(*n, |p, place| p.checked_mul(values[*place]));
            sum = sum.and_then(|sum| sum.checked_add(product?));
        }
        sum.ok_or(NoValue::TooLarge)
    }
}

enum Test {
    Equal(Form, Form),
    Within { value: Form, length: Form },
}

impl Test {
    fn new(condition: &Condition, scope: &[Letter]) -> Test {
        match condition {
            Condition::Equal(a, b) => Test::Equal(Form::new(a, scope), Form::new(b, scope)),
            Condition::Within { value, length } => {
                Test::Within { value: Form::new(value, scope), length: Form::new(length, scope) }
            }
        }
    }

    fn holds(&self, values: &[i64]) -> Result<bool, NoValue> {
        Ok(match self {
            Test::Equal(a, b) => a.value(values)? == b.value(values)?,
            Test::Within { value, length } => {
                (0..length.value(values)?).contains(&value.value(values)?)
            }
        })
    }
}

/// Where an element stands.
struct Place {
    name: Rc<str>,
    delta: bool,
    layer: Option<Form>,
    at: Vec<Form>,
}

impl Place {
    fn new(e: &Element, scope: &[Letter]) -> Place {
        Place {
            name: e.tensor.name.as_str().into(),
            delta: e.tensor.delta,
            layer: e.tensor.layer.as_ref().map(|layer| Form::new(layer, scope)),
            at: e.at.iter().map(|form| Form::new(form, scope)).collect(),
        }
    }

    fn cell(&self, values: &[i64]) -> Result<Cell, NoValue> {
        let layer = self.layer.as_ref().map(|layer| layer.value(values)).transpose()?;
        let at = self.at.iter().map(|form| form.value(values)).collect::<Result<_, _>>()?;
        Ok(Cell { name: self.name.clone(), delta: self.delta, layer, at })
    }
}

/// The values that are compared, and which of them counts.
enum Compared<'f> {
    Few(Vec<Node<'f>>),
    Over {
        lengths: Vec<Form>,
        within: Vec<Test>,
        body: Box<Node<'f>>,
    },
    /// Of what is no max, nothing is the greatest.
    Nothing,
}

enum Node<'f> {
    Number(&'f Rational),
    Whole(Form),
    Element(Place),
    Partial {
        of: Box<Derived<'f>>,
        by: Place,
    },
    Sum {
        lengths: Vec<Form>,
        body: Box<Node<'f>>,
    },
    Max(Compared<'f>),
    Wins {
        max: Compared<'f>,
        at: Vec<Form>,
    },
    Bracket(Test),
    Neg(Box<Node<'f>>),
    Add(Vec<Node<'f>>),
    Sub(Box<[Node<'f>; 2]>),
    /// Conditions are looked at first, then who wins, then what both guard.
    Mul {
        tests: Vec<Test>,
        winners: Vec<Node<'f>>,
        others: Vec<Node<'f>>,
    },
    Div(Box<[Node<'f>; 2]>),
    Pow(Box<[Node<'f>; 2]>, Option<i32>),
    Call(Function, Box<Node<'f>>),
    Apply {
        name: &'f str,
        primes: u32,
        argument: Box<Node<'f>>,
    },
}

/// What a derivative that is only written down is of.
struct Derived<'f> {
    formula: &'f Formula,
    node: Node<'f>,
    place: Option<Place>,
    scope: Vec<Letter>,
}

/// A formula that is ready.
pub(super) struct Compiled<'f> {
    root: Node<'f>,
}

impl<'f> Compiled<'f> {
    pub(super) fn new(formula: &'f Formula, mut scope: Vec<Letter>) -> Compiled<'f> {
        Compiled { root: node(formula, &mut scope) }
    }

    pub(super) fn value<A: Algebra>(
        &self,
        algebra: &mut A,
        slots: &mut Slots,
    ) -> Result<A::Value, NoValue> {
        whole(algebra, &self.root, slots)
    }
}

/// What a derivative is of, at the values that the letters have where it stands.
pub struct Written<'a, 'f> {
    derived: &'a Derived<'f>,
    slots: &'a mut Slots,
}

impl Written<'_, '_> {
    /// The formula.
    pub fn formula(&self) -> &Formula {
        self.derived.formula
    }

    /// Which element it is, if it is one.
    ///
    /// # Errors
    /// Where a letter has no value.
    pub fn cell(&self) -> Result<Option<Cell>, NoValue> {
        self.derived.place.as_ref().map(|place| place.cell(&self.slots.values)).transpose()
    }

    /// Its value.
    ///
    /// # Errors
    /// As [`interpret`](super::interpret).
    pub fn value<A: Algebra>(&mut self, algebra: &mut A) -> Result<A::Value, NoValue> {
        whole(algebra, &self.derived.node, self.slots)
    }

    /// The value of another formula, with these values of the letters and of some more.
    pub(super) fn value_of<A: Algebra>(
        &mut self,
        algebra: &mut A,
        formula: &Formula,
        more: impl Iterator<Item = (Letter, i64)>,
    ) -> Result<A::Value, NoValue> {
        let own = self.derived.scope.iter().cloned().zip(self.slots.values.iter().copied());
        let mut letters = Letters { values: own.chain(more).collect(), visits: self.slots.visits };
        let value = super::interpret(algebra, formula, &mut letters);
        self.slots.visits = letters.visits;
        value
    }
}

/// The lengths of indices, which are then letters with places of their own.
pub(super) fn lengths(ranges: &[Range], scope: &mut Vec<Letter>) -> Vec<Form> {
    let mut lengths = Vec::with_capacity(ranges.len());
    for range in ranges {
        // A place of its own, of which its length does not speak.
        lengths.push(Form::new(&range.length, scope));
        scope.push(Letter::Index(range.index.clone()));
    }
    lengths
}

fn bound<T>(
    ranges: &[Range],
    scope: &mut Vec<Letter>,
    inner: impl FnOnce(&mut Vec<Letter>) -> T,
) -> (Vec<Form>, T) {
    let outside = scope.len();
    let lengths = lengths(ranges, scope);
    let inner = inner(scope);
    scope.truncate(outside);
    (lengths, inner)
}

fn compared<'f>(max: &'f Formula, scope: &mut Vec<Letter>) -> Compared<'f> {
    match max {
        Formula::MaxOf(all) => Compared::Few(all.iter().map(|one| node(one, scope)).collect()),
        Formula::Max { ranges, within, body } => {
            let (lengths, (within, body)) = bound(ranges, scope, |scope| {
                let within = within.iter().map(|test| Test::new(test, scope)).collect();
                (within, Box::new(node(body, scope)))
            });
            Compared::Over { lengths, within, body }
        }
        _ => Compared::Nothing,
    }
}

fn node<'f>(formula: &'f Formula, scope: &mut Vec<Letter>) -> Node<'f> {
    let boxed = |a: &'f Formula, scope: &mut Vec<Letter>| Box::new(node(a, scope));
    let both = |a: &'f Formula, b: &'f Formula, scope: &mut Vec<Letter>| {
        Box::new([node(a, scope), node(b, scope)])
    };
    match formula {
        Formula::Number(q) => Node::Number(q),
        Formula::Whole(a) => Node::Whole(Form::new(a, scope)),
        Formula::Element(e) => Node::Element(Place::new(e, scope)),
        Formula::Partial { of, by } => Node::Partial {
            of: Box::new(Derived {
                formula: of,
                node: node(of, scope),
                place: match of.as_ref() {
                    Formula::Element(e) => Some(Place::new(e, scope)),
                    _ => None,
                },
                scope: scope.clone(),
            }),
            by: Place::new(by, scope),
        },
        Formula::Sum { ranges, body } => {
            let (lengths, body) = bound(ranges, scope, |scope| Box::new(node(body, scope)));
            Node::Sum { lengths, body }
        }
        Formula::Max { .. } | Formula::MaxOf(_) => Node::Max(compared(formula, scope)),
        Formula::Wins { max, at, .. } => Node::Wins {
            at: at.iter().map(|a| Form::new(a, scope)).collect(),
            max: compared(max, scope),
        },
        Formula::Bracket(test) => Node::Bracket(Test::new(test, scope)),
        Formula::Neg(a) => Node::Neg(boxed(a, scope)),
        Formula::Add(all) => Node::Add(all.iter().map(|one| node(one, scope)).collect()),
        Formula::Sub(a, b) => Node::Sub(both(a, b, scope)),
        Formula::Mul(all) => {
            let (mut tests, mut winners, mut others) = (Vec::new(), Vec::new(), Vec::new());
            for one in all {
                match one {
                    Formula::Bracket(test) => tests.push(Test::new(test, scope)),
                    Formula::Wins { .. } => winners.push(node(one, scope)),
                    _ => others.push(node(one, scope)),
                }
            }
            Node::Mul { tests, winners, others }
        }
        Formula::Div(a, b) => Node::Div(both(a, b, scope)),
        Formula::Pow(a, b) => {
            let exponent = match b.as_ref() {
                Formula::Number(q) => q.to_i32(),
                _ => None,
            };
            Node::Pow(both(a, b, scope), exponent)
        }
        Formula::Call(function, a) => Node::Call(*function, boxed(a, scope)),
        Formula::Apply { name, primes, argument } => {
            Node::Apply { name, primes: *primes, argument: boxed(argument, scope) }
        }
    }
}

/// The value, 0 where a bracket makes it so.
fn whole<A: Algebra>(
    algebra: &mut A,
    node: &Node<'_>,
    slots: &mut Slots,
) -> Result<A::Value, NoValue> {
    match value(algebra, node, slots)? {
        Some(value) => Ok(value),
        None => algebra.number(&Rational::zero()),
    }
}

/// What is compared, and which of it stands at `at`.
fn candidates<A: Algebra>(
    algebra: &mut A,
    max: &Compared<'_>,
    at: Option<&[i64]>,
    slots: &mut Slots,
) -> Result<(Vec<A::Value>, Option<usize>), NoValue> {
    let (mut all, mut place) = (Vec::new(), None);
    match max {
        Compared::Few(parts) => {
            for part in parts {
                all.push(whole(algebra, part, slots)?);
            }
            if let Some([n]) = at {
                place = usize::try_from(*n).ok().filter(|n| *n < parts.len());
            }
        }
        Compared::Over { lengths, within, body } => {
            let outside = slots.values.len();
            slots.each(lengths, &mut |slots| {
                for test in within {
                    if !test.holds(&slots.values)? {
                        return Ok(());
                    }
                }
                if at.is_some_and(|at| slots.values[outside..] == *at) {
                    place = Some(all.len());
                }
                all.push(whole(algebra, body, slots)?);
                Ok(())
            })?;
        }
        Compared::Nothing => {}
    }
    if all.is_empty() { Err(NoValue::Empty) } else { Ok((all, place)) }
}

/// The value, or `None` where a bracket makes it 0 whatever the rest is.
fn value<A: Algebra>(
    algebra: &mut A,
    node: &Node<'_>,
    slots: &mut Slots,
) -> Result<Option<A::Value>, NoValue> {
    slots.count()?;
    Ok(Some(match node {
        Node::Number(q) => algebra.number(q)?,
        Node::Whole(a) => algebra.number(&Rational::from(a.value(&slots.values)?))?,
        Node::Element(place) => {
            let cell = place.cell(&slots.values)?;
            algebra.element(&cell)?
        }
        Node::Partial { of, by } => {
            let by = by.cell(&slots.values)?;
            algebra.partial(Written { derived: of, slots }, &by)?
        }
        Node::Sum { lengths, body } => {
            let mut terms = Vec::new();
            slots.each(lengths, &mut |slots| {
                terms.extend(value(algebra, body, slots)?);
                Ok(())
            })?;
            return total(algebra, terms);
        }
        Node::Max(max) => {
            let (mut all, _) = candidates(algebra, max, None, slots)?;
            if all.len() == 1 { all.swap_remove(0) } else { algebra.max(all)? }
        }
        Node::Wins { max, at } => {
            let at = at.iter().map(|a| a.value(&slots.values)).collect::<Result<Vec<_>, _>>()?;
            let (all, place) = candidates(algebra, max, Some(&at), slots)?;
            match place {
                None => return Ok(None),
                Some(_) if all.len() == 1 => algebra.number(&Rational::one())?,
                Some(place) => algebra.wins(all, place)?,
            }
        }
        Node::Bracket(test) => match test.holds(&slots.values)? {
            true => algebra.number(&Rational::one())?,
            false => return Ok(None),
        },
        Node::Neg(a) => match value(algebra, a, slots)? {
            Some(a) => algebra.neg(a)?,
            None => return Ok(None),
        },
        Node::Add(all) => {
            let mut terms = Vec::with_capacity(all.len());
            for one in all {
                terms.extend(value(algebra, one, slots)?);
            }
            return total(algebra, terms);
        }
        Node::Sub(both) => {
            match (value(algebra, &both[0], slots)?, value(algebra, &both[1], slots)?) {
                (None, None) => return Ok(None),
                (Some(a), None) => a,
                (None, Some(b)) => algebra.neg(b)?,
                (Some(a), Some(b)) => algebra.sub(a, b)?,
            }
        }
        Node::Mul { tests, winners, others } => {
            for test in tests {
                if !test.holds(&slots.values)? {
                    return Ok(None);
                }
            }
            let mut guards = Vec::with_capacity(winners.len());
            for one in winners {
                match value(algebra, one, slots)? {
                    Some(guard) => guards.push(guard),
                    None => return Ok(None),
                }
            }
            let mut factors = Vec::with_capacity(others.len() + guards.len());
            for one in others {
                match value(algebra, one, slots)? {
                    Some(factor) => factors.push(factor),
                    None => return Ok(None),
                }
            }
            factors.extend(guards);
            match factors.len() {
                0 => algebra.number(&Rational::one())?,
                1 => factors.swap_remove(0),
                _ => algebra.mul(factors)?,
            }
        }
        Node::Div(both) => match value(algebra, &both[0], slots)? {
            Some(a) => {
                let b = whole(algebra, &both[1], slots)?;
                algebra.div(a, b)?
            }
            None => return Ok(None),
        },
        Node::Pow(both, exponent) => {
            let a = whole(algebra, &both[0], slots)?;
            let b = whole(algebra, &both[1], slots)?;
            algebra.pow(a, b, *exponent)?
        }
        Node::Call(function, a) => {
            let a = whole(algebra, a, slots)?;
            algebra.call(*function, a)?
        }
        Node::Apply { name, primes, argument } => {
            let a = whole(algebra, argument, slots)?;
            algebra.apply(name, *primes, a)?
        }
    }))
}

fn total<A: Algebra>(
    algebra: &mut A,
    mut terms: Vec<A::Value>,
) -> Result<Option<A::Value>, NoValue> {
    Ok(match terms.len() {
        0 => None,
        1 => terms.pop(),
        _ => Some(algebra.add(terms)?),
    })
}
