//! From a formula to its form: sums are opened, brackets are read, names may be put in.
//!
//! In: a formula and what its letters stand for. Out: its form. What always holds: a factor that
//! may be without a value stands under every bracket and in every sum that keeps it from being
//! evaluated, as the evaluation of formulas has it.

use super::Reason;
use super::form::{Atom, Factor, Form, Kernel};
use super::implied::implied;
use super::linear::{Linear, Var};
use super::maker::{Made, Maker};
use crate::index::{Affine, Condition, Element, Formula, Letter, Range};
use crate::scalar::{Rational, Scalar};

/// How deep formulas may stand in one another.
const MAX_DEPTH: usize = 200;

/// What the indices of a formula stand for, the innermost last.
#[derive(Clone, Default)]
pub struct Scope {
    known: Vec<(String, Linear)>,
    depth: usize,
}

impl Scope {
    /// Indices with forms for them.
    pub fn new(known: Vec<(String, Linear)>) -> Scope {
        Scope { known, depth: 0 }
    }

    fn with(&self, more: impl IntoIterator<Item = (String, Linear)>) -> Scope {
        let mut inner = self.clone();
        inner.known.extend(more);
        inner
    }
}

impl Maker<'_> {
    /// Takes the letters of a form in; of sizes it is then known how great they are at least.
    pub fn register(&mut self, form: &Affine) -> Made<()> {
        for letter in form.letters() {
            if letter.is_index() || self.letters.contains(letter) {
                continue;
            }
            self.letters.push(letter.clone());
            let v = Var::size(self.letters.len() - 1);
            self.facts.push(Linear::var(v).plus_number(-letter.least())?);
        }
        Ok(())
    }

    /// Takes the sizes of a formula in.
    pub fn register_all(&mut self, formula: &Formula) -> Made<()> {
        for form in formula.affines() {
            self.register(form)?;
        }
        formula.children().into_iter().try_for_each(|child| self.register_all(child))
    }

    /// A form in letters, in checked arithmetic.
    pub fn linear(&mut self, form: &Affine, scope: &Scope) -> Made<Linear> {
        let mut sum = Linear::default();
        for (letters, n) in form.terms() {
            let mut product = Linear::number(n);
            for letter in letters {
                let own = self.letter(letter, scope)?;
                product = product.times(&own)?;
            }
            sum = sum.plus(&product)?;
        }
        Ok(sum)
    }

    fn letter(&mut self, letter: &Letter, scope: &Scope) -> Made<Linear> {
        if let Letter::Index(name) = letter
            && let Some((_, form)) = scope.known.iter().rev().find(|(own, _)| own == name)
        {
            return Ok(form.clone());
        }
        let known = self.letters.iter().position(|own| own == letter);
        Ok(Linear::var(match (letter.is_index(), known) {
            (true, Some(n)) => Var::free(n),
            (false, Some(n)) => Var::size(n),
            (true, None) => {
                self.letters.push(letter.clone());
                Var::free(self.letters.len() - 1)
            }
            (false, None) => return Err(Reason::Letter),
        }))
    }

    /// A length, in which no index stands.
    pub fn length(&mut self, form: &Affine) -> Made<Linear> {
        self.linear(form, &Scope::default())
    }

    /// The form of a formula.
    pub fn read(&mut self, formula: &Formula, scope: &Scope) -> Made<Form> {
        let mut inner = scope.clone();
        inner.depth += 1;
        if inner.depth > MAX_DEPTH {
            return Err(Reason::Terms);
        }
        self.read_in(formula, &inner)
    }

    fn read_in(&mut self, formula: &Formula, scope: &Scope) -> Made<Form> {
        let one = Rational::from(1);
        match formula {
            Formula::Number(q) => Ok(Form::number(q.clone())),
            Formula::Whole(a) => {
                let form = self.linear(a, scope)?;
                self.whole(&form)
            }
            Formula::Element(e) => {
                let atom = self.element(e, scope)?;
                Ok(Form::atom(atom))
            }
            Formula::Neg(a) => {
                let a = self.read(a, scope)?;
                self.scaled(&one.neg(), &a)
            }
            Formula::Add(all) => {
                let mut sum = Form::zero();
                for term in all {
                    let term = self.read(term, scope)?;
                    sum = self.plus(&sum, &one, &term)?;
                }
                Ok(sum)
            }
            Formula::Sub(a, b) => {
                let (a, b) = (self.read(a, scope)?, self.read(b, scope)?);
                self.plus(&a, &one.neg(), &b)
            }
            Formula::Mul(_) | Formula::Div(..) => {
                let (mut factors, mut negative) = (Vec::new(), false);
                flat(formula, &mut factors, &mut negative);
                let made = self.read_product(&factors, scope)?;
                self.scaled(&if negative { one.neg() } else { one }, &made)
            }
            Formula::Pow(a, b) => {
                let (a, b) = (self.read(a, scope)?, self.read(b, scope)?);
                match b.as_number() {
                    Some(e) => self.power(&a, &e),
                    None if self.positive(&a) => {
                        let ln = self.kernel(Kernel::Ln, &a)?;
                        let product = self.times(&b, &ln)?;
                        self.kernel(Kernel::Exp, &product)
                    }
                    None => Err(Reason::Unread),
                }
            }
            Formula::Call(function, a) => {
                let a = self.read(a, scope)?;
                self.call(*function, &a)
            }
            Formula::Apply { name, primes, argument } => {
                let a = self.read(argument, scope)?;
                let number = self.function(name)?;
                self.kernel(Kernel::Apply(number, *primes), &a)
            }
            Formula::Bracket(condition) => {
                let factors = self.condition(condition, scope)?;
                self.product(one, factors)
            }
            Formula::Sum { ranges, body } => self.read_sum(ranges, scope, &[(body, false)]),
            Formula::Partial { of, by } => self.partial(of, by, scope),
            Formula::Max { .. } | Formula::MaxOf(_) | Formula::Wins { .. } => Err(Reason::Unread),
        }
    }

    /// An element as an atom.
    pub fn element(&mut self, e: &Element, scope: &Scope) -> Made<Atom> {
        if e.tensor.layer.as_ref().is_some_and(|l| l.letters().iter().any(|l| l.is_index())) {
            return Err(Reason::Unread);
        }
        let at = e.at.iter().map(|a| self.linear(a, scope)).collect::<Made<Vec<_>>>()?;
        Ok(Atom::Element(self.tensor(&e.tensor)?, at.into()))
    }

    /// What a bracket says, as factors.
    fn condition(&mut self, condition: &Condition, scope: &Scope) -> Made<Vec<Factor>> {
        let one = Rational::from(1);
        Ok(match condition {
            Condition::Equal(a, b) => {
                let (a, b) = (self.linear(a, scope)?, self.linear(b, scope)?);
                vec![(Atom::Is0(a.minus(&b)?), one)]
            }
            Condition::Within { value, length } => {
                let (value, length) = (self.linear(value, scope)?, self.linear(length, scope)?);
                let last = length.minus(&value)?.plus_number(-1)?;
                vec![(Atom::AtLeast0(value), one.clone()), (Atom::AtLeast0(last), one)]
            }
        })
    }

    /// New letters for ranges, what their indices stand for, and their brackets.
    fn ranged(&mut self, ranges: &[Range], scope: &Scope) -> Made<(Vec<Var>, Scope, Vec<Linear>)> {
        let (mut vars, mut inner, mut ends) = (Vec::new(), scope.clone(), Vec::new());
        for range in ranges {
            let length = self.linear(&range.length, &inner)?;
            let v = self.fresh();
            let form = Linear::var(v);
            ends.extend([form.clone(), length.minus(&form)?.plus_number(-1)?]);
            inner = inner.with([(range.index.clone(), form)]);
            vars.push(v);
        }
        Ok((vars, inner, ends))
    }

    /// The sum over ranges of a product.
    fn read_sum(
        &mut self,
        ranges: &[Range],
        scope: &Scope,
        factors: &[(&Formula, bool)],
    ) -> Made<Form> {
        let (vars, inner, ends) = self.ranged(ranges, scope)?;
        let (mut all, mut negative) = (Vec::new(), false);
        for (formula, below) in factors {
            if *below { all.push((*formula, true)) } else { flat(formula, &mut all, &mut negative) }
        }
        let body = self.with_facts(ends.clone(), |maker| maker.read_product(&all, &inner))?;
        let one = Rational::from(1);
        let body = self.scaled(&if negative { one.neg() } else { one.clone() }, &body)?;
        let brackets: Vec<Factor> =
            ends.into_iter().map(|form| (Atom::AtLeast0(form), one.clone())).collect();
        let body = self.times_factors(&body, &brackets)?;
        self.sum(&vars, &body)
    }

    /// A product of factors, some of which stand below.
    fn read_product(&mut self, factors: &[(&Formula, bool)], scope: &Scope) -> Made<Form> {
        let one = Rational::from(1);
        let mut brackets = Vec::new();
        for (formula, below) in factors {
            if let (Formula::Bracket(condition), false) = (formula, below) {
                brackets.extend(self.condition(condition, scope)?);
            }
        }
        let rest: Vec<(&Formula, bool)> = factors
            .iter()
            .filter(|(formula, below)| *below || !matches!(formula, Formula::Bracket(_)))
            .copied()
            .collect();
        let facts: Vec<Linear> = brackets.iter().filter_map(|(atom, _)| at_least(atom)).collect();
        let body = self.with_facts(facts, |maker| maker.read_factors(&rest, scope))?;
        let guard = self.product(one, brackets)?;
        self.times(&guard, &body)
    }

    fn read_factors(&mut self, factors: &[(&Formula, bool)], scope: &Scope) -> Made<Form> {
        let minus_one = Rational::from(-1);
        let mut forms = Vec::with_capacity(factors.len());
        for (formula, below) in factors {
            let form = self.read(formula, scope)?;
            forms.push(if *below { self.power(&form, &minus_one)? } else { form });
        }
        let lacking: Vec<bool> = forms.iter().map(|form| self.form_may_lack(form)).collect();
        for (n, (formula, below)) in factors.iter().enumerate() {
            let others = (0..factors.len()).any(|k| k != n && lacking[k]);
            if *below || !others || self.surely(formula, scope)? {
                continue;
            }
            // Where this factor is nothing, the others are not evaluated.
            let mut rest = factors.to_vec();
            rest.remove(n);
            return self.distributed(formula, &rest, scope);
        }
        let mut made = Form::integer(1);
        for form in &forms {
            made = self.times(&made, form)?;
        }
        Ok(made)
    }

    /// A product of a sum and others, term by term.
    fn distributed(
        &mut self,
        formula: &Formula,
        others: &[(&Formula, bool)],
        scope: &Scope,
    ) -> Made<Form> {
        let one = Rational::from(1);
        let terms: Vec<(&Formula, Rational)> = match formula {
            Formula::Sum { ranges, body } => {
                let all = [&[(body.as_ref(), false)], others].concat();
                // The indices of the others are those outside.
                let bound = |r: &Range| others.iter().any(|(f, _)| f.mentions(&r.index));
                if ranges.iter().any(bound) {
                    return Err(Reason::Capture);
                }
                return self.read_sum(ranges, scope, &all);
            }
            Formula::Add(all) => all.iter().map(|term| (term, one.clone())).collect(),
            Formula::Sub(a, b) => vec![(a.as_ref(), one.clone()), (b.as_ref(), one.neg())],
            _ => return Err(Reason::Unread),
        };
        let mut sum = Form::zero();
        for (term, q) in terms {
            let (mut all, mut negative) = (others.to_vec(), false);
            flat(term, &mut all, &mut negative);
            let made = self.read_product(&all, scope)?;
            sum = self.plus(&sum, &if negative { q.neg() } else { q }, &made)?;
        }
        Ok(sum)
    }

    /// Whether a formula is never left out as a product with a bracket that does not hold, or as
    /// a sum of nothing.
    fn surely(&mut self, formula: &Formula, scope: &Scope) -> Made<bool> {
        Ok(match formula {
            Formula::Bracket(condition) => {
                let factors = self.condition(condition, scope)?;
                factors.iter().all(|(atom, _)| match atom {
                    Atom::AtLeast0(form) => implied(&self.facts, form),
                    _ => false,
                })
            }
            Formula::Neg(a) | Formula::Div(a, _) => self.surely(a, scope)?,
            Formula::Mul(all) => {
                for one in all {
                    if !self.surely(one, scope)? {
                        return Ok(false);
                    }
                }
                true
            }
            Formula::Add(all) => {
                for one in all {
                    if self.surely(one, scope)? {
                        return Ok(true);
                    }
                }
                false
            }
            Formula::Sub(a, b) => self.surely(a, scope)? || self.surely(b, scope)?,
            Formula::Sum { ranges, body } => {
                let (vars, inner, ends) = self.ranged(ranges, scope)?;
                let terms = match body.as_ref() {
                    Formula::Add(all) => all.iter().collect(),
                    Formula::Sub(a, b) => vec![a.as_ref(), b.as_ref()],
                    other => vec![other],
                };
                for term in terms {
                    if self.term_somewhere(term, &vars, &inner, &ends)? {
                        return Ok(true);
                    }
                }
                false
            }
            Formula::Wins { .. } => false,
            _ => true,
        })
    }

    /// Whether a term of a sum is there for some values of the indices.
    fn term_somewhere(
        &mut self,
        term: &Formula,
        vars: &[Var],
        inner: &Scope,
        ends: &[Linear],
    ) -> Made<bool> {
        let (mut factors, mut negative) = (Vec::new(), false);
        flat(term, &mut factors, &mut negative);
        let mut atoms: Vec<Atom> = ends.iter().cloned().map(Atom::AtLeast0).collect();
        let mut rest = Vec::new();
        for (formula, below) in factors {
            match formula {
                Formula::Bracket(condition) if !below => {
                    let own = self.condition(condition, inner)?;
                    atoms.extend(own.into_iter().map(|(atom, _)| atom));
                }
                _ if !below => rest.push(formula),
                _ => {}
            }
        }
        let facts: Vec<Linear> = atoms.iter().filter_map(at_least).collect();
        let there = self.with_facts(facts, |maker| -> Made<bool> {
            for formula in rest {
                if !maker.surely(formula, inner)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
        let atoms: Vec<&Atom> = atoms.iter().collect();
        Ok(there && self.has_point(vars, &atoms))
    }

    /// ∂of/∂by.
    fn partial(&mut self, of: &Formula, by: &Element, scope: &Scope) -> Made<Form> {
        let at = by.at.iter().map(|a| self.linear(a, scope)).collect::<Made<Vec<_>>>()?;
        let tensor = self.tensor(&by.tensor)?;
        let form = match of {
            Formula::Element(e) if e.tensor == self.system.loss => {
                if by.tensor == self.system.loss {
                    return Ok(Form::integer(1));
                }
                let delta = Element { tensor: by.tensor.delta(), at: by.at.clone() };
                let atom = self.element(&delta, scope)?;
                return Ok(Form::atom(atom));
            }
            Formula::Element(e) if e.tensor != by.tensor => {
                let at = e.at.iter().map(|a| self.linear(a, scope)).collect::<Made<Vec<_>>>()?;
                self.defined(&e.tensor, &at)?.ok_or(Reason::Unread)?
            }
            other => self.read(other, scope)?,
        };
        self.slope(&form, tensor, &at)
    }

    /// What an element is defined as.
    pub fn defined(
        &mut self,
        name: &crate::index::TensorName,
        at: &[Linear],
    ) -> Made<Option<Form>> {
        let system = self.system;
        let tensor = system.tensor(name).and_then(|t| t.definition.as_ref());
        let Some(definition) = tensor else { return Ok(None) };
        if definition.axes.len() != at.len() {
            return Err(Reason::Unread);
        }
        let known = definition.axes.iter().map(|r| r.index.clone()).zip(at.iter().cloned());
        let scope = Scope::new(known.collect());
        self.read(&definition.body, &scope).map(Some)
    }
}

/// What a bracket says is at least 0.
pub fn at_least(atom: &Atom) -> Option<Linear> {
    match atom {
        Atom::AtLeast0(form) => Some(form.clone()),
        _ => None,
    }
}

/// The factors of a product, those below marked.
fn flat<'f>(formula: &'f Formula, out: &mut Vec<(&'f Formula, bool)>, negative: &mut bool) {
    match formula {
        Formula::Mul(all) => all.iter().for_each(|one| flat(one, out, negative)),
        Formula::Neg(a) => {
            *negative = !*negative;
            flat(a, out, negative);
        }
        Formula::Div(a, b) => {
            flat(a, out, negative);
            out.push((b, true));
        }
        other => out.push((other, false)),
    }
}
