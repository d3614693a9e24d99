//! A formula made ready for its loops: letters are places on a stack, and subscripts are sums of
//! multiples of what stands there.
//!
//! In: a formula, and the letters that have values. Out: its value, in any [`Algebra`]. What always
//! holds: the stack has one place for each letter that is free, and then one for each index that
//! is bound around a part, the outermost first; what has no value is an error where it is reached,
//! and not before.

mod loops;

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::super::affine::{Affine, Letter};
use super::super::formula::{Condition, Element, Formula, Range};
use super::{Algebra, Cell, Letters, MAX_VISITS, NoValue};
use crate::scalar::{Function, Rational};
use loops::whole;

/// The values of the letters, the innermost last.
pub struct Slots {
    values: Vec<i64>,
    visits: u64,
    /// Lists that were used, for the next cells.
    spare: Vec<Vec<i64>>,
}

impl Slots {
    pub(super) fn new(values: Vec<i64>, visits: u64) -> Slots {
        Slots { values, visits, spare: Vec::new() }
    }

    pub(super) fn values(&self) -> &[i64] {
        &self.values
    }

    pub(super) fn visits(&self) -> u64 {
        self.visits
    }

    /// The element that stands at a place; its list is used again once it is given back.
    fn cell(&mut self, place: &Place) -> Result<Cell, NoValue> {
        let mut at = self.list();
        for form in &place.at {
            at.push(form.value(&self.values)?);
        }
        let layer = match &place.layer {
            Some(layer) => Some(layer.value(&self.values)?),
            None => None,
        };
        Ok(Cell { name: place.name.clone(), delta: place.delta, layer, at })
    }

    /// What a sum depends on: its number, and the values of the letters in it.
    fn key(&mut self, recurs: &Recurs) -> Vec<i64> {
        let mut key = self.list();
        key.push(recurs.number);
        key.extend(recurs.letters.iter().map(|place| self.values[*place]));
        key
    }

    fn list(&mut self) -> Vec<i64> {
        let mut list = self.spare.pop().unwrap_or_default();
        list.clear();
        list
    }

    fn give(&mut self, list: Vec<i64>) {
        self.spare.push(list);
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
    /// The place of the letter that it is, where it is one letter and no more.
    letter: Option<usize>,
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
        let letter = match linear.as_slice() {
            [(place, 1)] if constant == 0 && products.is_empty() && unknown.is_none() => {
                Some(*place)
            }
            _ => None,
        };
        Form { letter, constant, linear, products, unknown }
    }

    #[inline]
    fn value(&self, values: &[i64]) -> Result<i64, NoValue> {
        match self.letter {
            Some(place) => Ok(values[place]),
            None => self.sum(values),
        }
    }

    fn sum(&self, values: &[i64]) -> Result<i64, NoValue> {
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
    number: PlaceNumber,
    name: Rc<str>,
    delta: bool,
    layer: Option<Form>,
    at: Vec<Form>,
}

/// Which place of all formulas that are made ready for one algebra it is: what stands there is of
/// one tensor. None where the place is not numbered, or the tensor depends on a letter.
pub type PlaceNumber = Option<u32>;

impl Place {
    fn new(e: &Element, scope: &mut Scope<'_>) -> Place {
        let number = match (&mut scope.numbers, &e.tensor.layer) {
            (Some(next), None) => {
                next.places += 1;
                Some(next.places - 1)
            }
            _ => None,
        };
        let scope = &scope.letters;
        Place {
            number,
            name: e.tensor.name.as_str().into(),
            delta: e.tensor.delta,
            layer: e.tensor.layer.as_ref().map(|layer| Form::new(layer, scope)),
            at: e.at.iter().map(|form| Form::new(form, scope)).collect(),
        }
    }
}

/// A sum that does not speak of every letter with a value: in the loops over the others it comes
/// to the same again and again, and so does an equal sum elsewhere.
struct Recurs {
    number: i64,
    /// The places of the letters that it speaks of, in the order of these letters.
    letters: Vec<usize>,
}

/// The sums, and how many places of elements there are, in the formulas that are ready so far.
#[derive(Default)]
pub(crate) struct Numbers {
    /// The number of each sum: one line says again most of what the line before it said.
    sums: FxHashMap<Formula, i64>,
    places: u32,
}

/// The letters that have values where a part stands.
struct Scope<'n> {
    letters: Vec<Letter>,
    /// The numbers of what comes next, where the algebra is to know it again.
    numbers: Option<&'n mut Numbers>,
}

impl Scope<'_> {
    fn recurs(&mut self, sum: &Formula) -> Option<Recurs> {
        let numbers = self.numbers.as_mut()?;
        let sizes = sum.sizes();
        let speaks_of = |place: &usize| {
            let letter = &self.letters[*place];
            // The innermost binding of a letter counts.
            !self.letters[*place + 1..].contains(letter)
                && match letter {
                    Letter::Index(name) => sum.mentions(name),
                    other => sizes.contains(other.name()),
                }
        };
        let mut letters: Vec<usize> = (0..self.letters.len()).filter(speaks_of).collect();
        if letters.len() == self.letters.len() {
            return None;
        }
        // Wherever an equal sum stands, the values come in the same order.
        letters.sort_by(|a, b| self.letters[*a].cmp(&self.letters[*b]));
        let next = numbers.sums.len() as i64;
        let number = match numbers.sums.get(sum) {
            Some(number) => *number,
            None => *numbers.sums.entry(sum.clone()).or_insert(next),
        };
        Some(Recurs { number, letters })
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
        recurs: Option<Recurs>,
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
    pub(super) fn new(formula: &'f Formula, letters: Vec<Letter>) -> Compiled<'f> {
        Compiled { root: node(formula, &mut Scope { letters, numbers: None }) }
    }

    pub(super) fn value<A: Algebra>(
        &self,
        algebra: &mut A,
        slots: &mut Slots,
    ) -> Result<A::Value, NoValue> {
        whole(algebra, &self.root, slots)
    }
}

/// A formula made ready for many values of the same letters, in an algebra that keeps values: a
/// sum is worked out once for all values of the letters that it does not speak of.
pub(crate) struct Ready<'f> {
    formula: &'f Formula,
    letters: Vec<Letter>,
    compiled: Compiled<'f>,
}

impl<'f> Ready<'f> {
    /// The formula, for values of the letters of `like`. Its sums and places get numbers that
    /// formulas before it in the same algebra have not, but for sums that these have, too.
    pub(crate) fn new(formula: &'f Formula, like: &Letters, numbers: &mut Numbers) -> Ready<'f> {
        let letters: Vec<Letter> = like.values.iter().map(|(letter, _)| letter.clone()).collect();
        let mut scope = Scope { letters: letters.clone(), numbers: Some(numbers) };
        let compiled = Compiled { root: node(formula, &mut scope) };
        Ready { formula, letters, compiled }
    }

    /// Its value.
    ///
    /// # Errors
    /// As [`interpret`](super::interpret).
    pub(crate) fn value<A: Algebra>(
        &self,
        algebra: &mut A,
        letters: &mut Letters,
    ) -> Result<A::Value, NoValue> {
        if !letters.values.iter().map(|(letter, _)| letter).eq(&self.letters) {
            return super::interpret(algebra, self.formula, letters);
        }
        super::run(algebra, &self.compiled, letters)
    }
}

/// What a derivative is of, at the values that the letters have where it stands.
pub struct Written<'a, 'f> {
    derived: &'a Derived<'f>,
    by: PlaceNumber,
    slots: &'a mut Slots,
}

impl Written<'_, '_> {
    /// The formula.
    pub fn formula(&self) -> &Formula {
        self.derived.formula
    }

    /// At which place the element stands that it is, if it is one, and at which that by which it
    /// is differentiated.
    pub fn places(&self) -> [PlaceNumber; 2] {
        [self.derived.place.as_ref().and_then(|place| place.number), self.by]
    }

    /// Which element it is, if it is one.
    ///
    /// # Errors
    /// Where a letter has no value.
    pub fn cell(&mut self) -> Result<Option<Cell>, NoValue> {
        self.derived.place.as_ref().map(|place| self.slots.cell(place)).transpose()
    }

    /// Takes an element back, whose list is used for the next one.
    pub fn give(&mut self, cell: Cell) {
        self.slots.give(cell.at);
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
    scope: &mut Scope<'_>,
    inner: impl FnOnce(&mut Scope<'_>) -> T,
) -> (Vec<Form>, T) {
    let outside = scope.letters.len();
    let lengths = lengths(ranges, &mut scope.letters);
    let inner = inner(scope);
    scope.letters.truncate(outside);
    (lengths, inner)
}

fn compared<'f>(max: &'f Formula, scope: &mut Scope<'_>) -> Compared<'f> {
    match max {
        Formula::MaxOf(all) => Compared::Few(all.iter().map(|one| node(one, scope)).collect()),
        Formula::Max { ranges, within, body } => {
            let (lengths, (within, body)) = bound(ranges, scope, |scope| {
                let within = within.iter().map(|test| Test::new(test, &scope.letters)).collect();
                (within, Box::new(node(body, scope)))
            });
            Compared::Over { lengths, within, body }
        }
        _ => Compared::Nothing,
    }
}

fn node<'f>(formula: &'f Formula, scope: &mut Scope<'_>) -> Node<'f> {
    let boxed = |a: &'f Formula, scope: &mut Scope| Box::new(node(a, scope));
    let both = |a: &'f Formula, b: &'f Formula, scope: &mut Scope| {
        Box::new([node(a, scope), node(b, scope)])
    };
    match formula {
        Formula::Number(q) => Node::Number(q),
        Formula::Whole(a) => Node::Whole(Form::new(a, &scope.letters)),
        Formula::Element(e) => Node::Element(Place::new(e, scope)),
        Formula::Partial { of, by } => Node::Partial {
            of: Box::new(Derived {
                formula: of,
                node: node(of, scope),
                place: match of.as_ref() {
                    Formula::Element(e) => Some(Place::new(e, scope)),
                    _ => None,
                },
                scope: scope.letters.clone(),
            }),
            by: Place::new(by, scope),
        },
        Formula::Sum { ranges, body } => {
            let recurs = scope.recurs(formula);
            let (lengths, body) = bound(ranges, scope, |scope| Box::new(node(body, scope)));
            Node::Sum { lengths, body, recurs }
        }
        Formula::Max { .. } | Formula::MaxOf(_) => Node::Max(compared(formula, scope)),
        Formula::Wins { max, at, .. } => Node::Wins {
            at: at.iter().map(|a| Form::new(a, &scope.letters)).collect(),
            max: compared(max, scope),
        },
        Formula::Bracket(test) => Node::Bracket(Test::new(test, &scope.letters)),
        Formula::Neg(a) => Node::Neg(boxed(a, scope)),
        Formula::Add(all) => Node::Add(all.iter().map(|one| node(one, scope)).collect()),
        Formula::Sub(a, b) => Node::Sub(both(a, b, scope)),
        Formula::Mul(all) => {
            let (mut tests, mut winners, mut others) = (Vec::new(), Vec::new(), Vec::new());
            for one in all {
                match one {
                    Formula::Bracket(test) => tests.push(Test::new(test, &scope.letters)),
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
