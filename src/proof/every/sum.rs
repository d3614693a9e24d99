//! Sums over all whole numbers: opened, fixed by equations, counted, taken apart.
//!
//! In: letters and a form that holds brackets about them. Out: the form of its sum over these
//! letters. What always holds: a sum holds one connected product; a range goes only where its
//! brackets were put in for it; what may be without a value leaves a sum only if a point of its
//! range is shown.

use super::Reason;
use super::form::{Atom, Factor, Form, Kernel, Product, Sum};
use super::implied::implied;
use super::linear::{Linear, Var};
use super::maker::{Made, Maker};
use crate::scalar::Rational;

/// At most so many bound indices in one sum.
const MAX_BOUND: usize = 24;

/// At most so many points are tried as a point of a range.
const MAX_TRIED: usize = 64;

/// The factors that share bound indices, and these.
#[derive(Default)]
struct Part {
    letters: u32,
    factors: Vec<Factor>,
    exponent: Vec<(Product, Rational)>,
}

impl Part {
    /// The factors, the exponential among them.
    fn all(self) -> Vec<Factor> {
        let mut all = self.factors;
        if !self.exponent.is_empty() {
            let of = Form(self.exponent.into());
            all.push((Atom::Kernel(Kernel::Exp, of), Rational::from(1)));
            all.sort_by(|a, b| a.0.cmp(&b.0));
        }
        all
    }

    fn join(&mut self, other: Part) {
        self.letters |= other.letters;
        self.factors.extend(other.factors);
        self.exponent.extend(other.exponent);
        self.factors.sort_by(|a, b| a.0.cmp(&b.0));
        self.exponent.sort_by(|a, b| a.0.cmp(&b.0));
    }
}

impl Maker<'_> {
    /// The sum of a form over letters.
    pub fn sum(&mut self, vars: &[Var], form: &Form) -> Made<Form> {
        let mut sum = Form::zero();
        for (product, q) in form.0.iter() {
            let made = self.sum_of(vars, q, product)?;
            sum = self.plus(&sum, &Rational::from(1), &made)?;
        }
        Ok(sum)
    }

    fn sum_of(&mut self, vars: &[Var], q: &Rational, product: &Product) -> Made<Form> {
        if vars.is_empty() {
            return Ok(Form::term(q.clone(), product.clone()));
        }
        if vars.len() > MAX_BOUND {
            return Err(Reason::Terms);
        }
        self.charge()?;
        // A sum inside that speaks of these letters becomes one with this one.
        let inner = |(atom, e): &Factor| {
            matches!(atom, Atom::Sum(_)) && atom.has_any(vars) && e.is_integer() && !e.is_negative()
        };
        if product.0.iter().any(inner) {
            return self.merged(vars, q, product, &inner);
        }
        for (n, (atom, _)) in product.0.iter().enumerate() {
            let Atom::Is0(form) = atom else { continue };
            let Some(v) = vars.iter().find(|v| form.unit(**v).is_some()) else { continue };
            let Some(value) = form.solved(*v) else { continue };
            let mut rest = product.0.to_vec();
            rest.remove(n);
            let (factors, more) = self.put_factors(&rest, &[(*v, value?)])?;
            let made = self.product(q.clone(), factors)?;
            let made = self.times_all(made, &more)?;
            let left: Vec<Var> = vars.iter().filter(|w| *w != v).copied().collect();
            return self.sum(&left, &made);
        }
        for v in vars {
            let one = match self.sums_to_one(*v, product)? {
                None => self.counted(*v, product)?,
                found => found,
            };
            if let Some((rest, number)) = one {
                let made = self.product(q.clone(), rest)?;
                let made = self.times(&made, &number)?;
                let left: Vec<Var> = vars.iter().filter(|w| *w != v).copied().collect();
                return self.sum(&left, &made);
            }
        }
        self.apart(vars, q, product)
    }

    fn merged(
        &mut self,
        vars: &[Var],
        q: &Rational,
        product: &Product,
        inner: &dyn Fn(&Factor) -> bool,
    ) -> Made<Form> {
        let (sums, rest): (Vec<Factor>, Vec<Factor>) =
            product.0.iter().cloned().partition(|factor| inner(factor));
        let mut made = self.product(q.clone(), rest)?;
        let mut all = vars.to_vec();
        for (atom, e) in sums {
            let Atom::Sum(sum) = &atom else { continue };
            let copies = e.to_i32().filter(|n| (*n as usize) <= MAX_BOUND).ok_or(Reason::Terms)?;
            for _ in 0..copies {
                let (opens, body) = self.open(sum)?;
                all.extend(opens);
                made = self.times(&made, &body)?;
            }
        }
        self.sum(&all, &made)
    }

    /// Σ_v of a product in which the letter stands in a lower and an upper end alone, and as a
    /// number: the other factors, and how often, or its powers added up.
    fn counted(&mut self, v: Var, product: &Product) -> Made<Option<(Vec<Factor>, Form)>> {
        let (mut low, mut high, mut power) = (None, None, 0);
        let mut rest = Vec::new();
        let mut known = self.facts.clone();
        for (atom, e) in product.0.iter() {
            if !atom.has_any(&[v]) {
                if let Atom::AtLeast0(form) = atom {
                    known.push(form.clone());
                }
                rest.push((atom.clone(), e.clone()));
                continue;
            }
            match atom {
                Atom::AtLeast0(form) => {
                    let Some(unit) = form.unit(v) else { return Ok(None) };
                    let end = if unit > 0 { &mut low } else { &mut high };
                    if end.is_some() {
                        return Ok(None);
                    }
                    // v + r ≥ 0: v ≥ −r; −v + r ≥ 0: v ≤ r.
                    let rest = form.plus_times(-unit, &Linear::var(v))?;
                    *end = Some(rest.times_number(-unit)?);
                }
                Atom::Whole(_) => match e.to_i32() {
                    Some(n @ 1..=3) => power = n,
                    _ => return Ok(None),
                },
                _ => return Ok(None),
            }
        }
        let (Some(low), Some(high)) = (low, high) else { return Ok(None) };
        let length = high.minus(&low)?.plus_number(1)?;
        let lacks = rest.iter().any(|(atom, e)| self.may_lack(atom, e));
        if lacks || !implied(&known, &length) {
            // A range of negative length is empty, and in an empty one nothing is evaluated.
            rest.push((Atom::AtLeast0(length.plus_number(-1)?), Rational::from(1)));
        }
        let up = self.powers_to(&high, power)?;
        let down = self.powers_to(&low.plus_number(-1)?, power)?;
        Ok(Some((rest, self.plus(&up, &Rational::from(-1), &down)?)))
    }

    /// 1^k + … + m^k, continued to all whole m.
    fn powers_to(&mut self, m: &Linear, power: i32) -> Made<Form> {
        let (m, next) = (self.whole(m)?, self.whole(&m.plus_number(1)?)?);
        let half = Rational::new(1, 2)?;
        match power {
            0 => Ok(m),
            1 => {
                let product = self.times(&m, &next)?;
                self.scaled(&half, &product)
            }
            2 => {
                let product = self.times(&m, &next)?;
                let sum = self.plus(&m, &Rational::from(1), &next)?;
                let product = self.times(&product, &sum)?;
                self.scaled(&Rational::new(1, 6)?, &product)
            }
            _ => {
                let product = self.times(&m, &next)?;
                let product = self.times(&product, &product)?;
                self.scaled(&Rational::new(1, 4)?, &product)
            }
        }
    }

    /// Σ_v t_v = 1 for a distribution, over exactly its axis.
    fn sums_to_one(&mut self, v: Var, product: &Product) -> Made<Option<(Vec<Factor>, Form)>> {
        if !self.distributions {
            return Ok(None);
        }
        let (mut rest, mut ends, mut found) = (Vec::new(), Vec::new(), None);
        for (atom, e) in product.0.iter() {
            if !atom.has_any(&[v]) {
                rest.push((atom.clone(), e.clone()));
                continue;
            }
            match atom {
                Atom::AtLeast0(form) => ends.push(form.clone()),
                Atom::Element(tensor, at) if e.is_one() && found.is_none() => {
                    found = Some((*tensor, at.clone()));
                }
                _ => return Ok(None),
            }
        }
        let Some((tensor, at)) = found else { return Ok(None) };
        let name = &self.tensors[usize::from(tensor)];
        let own = self.system.distributions.iter().find(|(other, _)| other == name);
        let Some((_, axes)) = own else { return Ok(None) };
        let ([axis], Some(whole)) = (axes.as_slice(), self.system.tensor(name)) else {
            return Ok(None);
        };
        let lengths = whole.lengths.clone();
        let mut other = at.iter().enumerate().filter(|(n, _)| n != axis);
        if at.len() != lengths.len()
            || at.get(*axis).and_then(Linear::as_var) != Some(v)
            || other.any(|(_, form)| form.has(v))
        {
            return Ok(None);
        }
        let axis = *axis;
        let mut wanted = Vec::new();
        let mut inside = Vec::new();
        for (n, length) in lengths.iter().enumerate() {
            let last = self.length(length)?.plus_number(-1)?;
            let range = [at[n].clone(), last.minus(&at[n])?];
            if n == axis { wanted.extend(range) } else { inside.extend(range) }
        }
        ends.sort_unstable();
        wanted.sort_unstable();
        let mut known = self.facts.clone();
        known.extend(rest.iter().filter_map(|(atom, _)| match atom {
            Atom::AtLeast0(form) => Some(form.clone()),
            _ => None,
        }));
        let right = ends == wanted && inside.iter().all(|form| implied(&known, form));
        Ok(right.then(|| (rest, Form::integer(1))))
    }

    /// The sum of a product, taken apart where its factors share no bound index.
    fn apart(&mut self, vars: &[Var], q: &Rational, product: &Product) -> Made<Form> {
        let letters = |has: &dyn Fn(&[Var]) -> bool| {
            (0..vars.len()).filter(|n| has(&[vars[*n]])).fold(0u32, |all, n| all | 1 << n)
        };
        let mut outer = Part::default();
        let mut parts: Vec<Part> = Vec::new();
        let mut enter = |new: Part| {
            if new.letters == 0 {
                outer.join(new);
                return;
            }
            let mut new = new;
            let mut n = 0;
            while n < parts.len() {
                if parts[n].letters & new.letters != 0 {
                    new.join(parts.swap_remove(n));
                    n = 0;
                } else {
                    n += 1;
                }
            }
            parts.push(new);
        };
        for (atom, e) in product.0.iter() {
            if let Atom::Kernel(Kernel::Exp, of) = atom {
                for (product, k) in of.0.iter() {
                    let own = letters(&|v| product.has_any(v));
                    let exponent = vec![(product.clone(), k.clone())];
                    enter(Part { letters: own, factors: Vec::new(), exponent });
                }
            } else {
                let own = letters(&|v| atom.has_any(v));
                let factors = vec![(atom.clone(), e.clone())];
                enter(Part { letters: own, factors, exponent: Vec::new() });
            }
        }
        let all = parts.iter().fold(0u32, |all, part| all | part.letters);
        if all.count_ones() as usize != vars.len() {
            // A letter that no bracket bounds.
            return Err(Reason::Unbounded);
        }
        let of = |part: &Part| -> Vec<Var> {
            (0..vars.len()).filter(|n| part.letters >> n & 1 == 1).map(|n| vars[n]).collect()
        };
        self.keep_guarded(&mut outer, &mut parts, &of);
        parts.sort_by(|a, b| (&a.factors, &a.exponent).cmp(&(&b.factors, &b.exponent)));
        let mut made = self.product(q.clone(), outer.all())?;
        for part in parts {
            let own = of(&part);
            let sum = self.named(&own, part.all())?;
            made = self.times(&made, &sum)?;
        }
        Ok(made)
    }

    /// Where a part may be a sum of nothing, and another may be without a value, they stay
    /// together.
    fn keep_guarded(
        &mut self,
        outer: &mut Part,
        parts: &mut Vec<Part>,
        of: &dyn Fn(&Part) -> Vec<Var>,
    ) {
        let lacks = |maker: &Self, part: &Part| {
            part.factors.iter().any(|(atom, e)| maker.may_lack(atom, e))
                || maker.form_may_lack(&Form(part.exponent.clone().into()))
        };
        if parts.len() == 1 && outer.factors.is_empty() && outer.exponent.is_empty() {
            return;
        }
        let lacking: Vec<bool> = parts.iter().map(|part| lacks(self, part)).collect();
        let outer_lacks = lacks(self, outer);
        if !outer_lacks && !lacking.contains(&true) {
            return;
        }
        let empty: Vec<bool> = parts
            .iter()
            .map(|part| {
                let atoms: Vec<&Atom> = part.factors.iter().map(|(atom, _)| atom).collect();
                !self.has_point(&of(part), &atoms)
            })
            .collect();
        let guarded = (0..parts.len())
            .any(|n| empty[n] && (outer_lacks || (0..parts.len()).any(|k| k != n && lacking[k])));
        if !guarded {
            return;
        }
        let mut together = Part::default();
        let mut left = Vec::new();
        for (n, part) in std::mem::take(parts).into_iter().enumerate() {
            if empty[n] || lacking[n] { together.join(part) } else { left.push(part) }
        }
        let (out, inside): (Vec<Factor>, Vec<Factor>) = std::mem::take(&mut outer.factors)
            .into_iter()
            .partition(|(atom, e)| !self.may_lack(atom, e));
        let (plain, other): (Vec<_>, Vec<_>) = std::mem::take(&mut outer.exponent)
            .into_iter()
            .partition(|(p, _)| !p.0.iter().any(|(atom, e)| self.may_lack(atom, e)));
        (outer.factors, outer.exponent) = (out, plain);
        together.join(Part { letters: 0, factors: inside, exponent: other });
        left.push(together);
        *parts = left;
    }

    /// Whether a point is found that satisfies the brackets of a sum.
    pub fn has_point_of(&self, sum: &Sum) -> bool {
        let vars: Vec<Var> = (0..sum.bound).map(|n| Var::bound(sum.height, n)).collect();
        let atoms: Vec<&Atom> = sum.of.0.iter().map(|(atom, _)| atom).collect();
        self.has_point(&vars, &atoms)
    }

    /// Whether values of the letters are found at which all of the brackets that speak of them
    /// hold.
    pub fn has_point(&self, vars: &[Var], atoms: &[&Atom]) -> bool {
        let (mut least, mut equal) = (Vec::new(), Vec::new());
        for atom in atoms {
            match atom {
                Atom::AtLeast0(form) => least.push(form.clone()),
                Atom::Is0(form) => equal.push(form.clone()),
                _ => {}
            }
        }
        let mut tried = 0;
        self.found(vars, &least, &equal, &mut tried)
    }

    fn found(&self, vars: &[Var], least: &[Linear], equal: &[Linear], tried: &mut usize) -> bool {
        let Some((v, rest)) = vars.split_first() else {
            *tried += 1;
            let zero = |form: &Linear| {
                let opposite = form.times_number(-1);
                implied(&self.facts, form) && opposite.is_ok_and(|f| implied(&self.facts, &f))
            };
            return least.iter().all(|form| implied(&self.facts, form)) && equal.iter().all(zero);
        };
        let values = equal.iter().chain(least).filter_map(|form| form.solved(*v));
        for value in values.flatten() {
            if *tried >= MAX_TRIED {
                return false;
            }
            let put = [(*v, value)];
            let all =
                |forms: &[Linear]| forms.iter().map(|f| f.put(&put)).collect::<Made<Vec<_>>>();
            let (Ok(least), Ok(equal)) = (all(least), all(equal)) else { return false };
            if self.found(rest, &least, &equal, tried) {
                return true;
            }
        }
        false
    }
}
