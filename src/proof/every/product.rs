//! The product of factors: like factors meet, brackets fix letters, exponentials are added, and
//! what leads a base is taken out of its powers.

use std::cmp::Ordering;

use super::form::{Atom, Factor, Form, Kernel, Product};
use super::implied::{implied, implied_by, impossible_all, near};
use super::linear::{Linear, Mono, Var};
use super::maker::{Made, Maker};
use crate::scalar::{Rational, Scalar};

/// How deep reductions by bases may stand in one another.
const MAX_REDUCTIONS: usize = 24;

/// What a bracket comes to.
enum Truth {
    Known(bool),
    Open(Atom),
}

/// Brackets that are simplified, and letters that equations among them fix.
struct Brackets {
    atoms: Vec<Atom>,
    fixed: Vec<(Var, Linear)>,
}

impl Maker<'_> {
    /// q times a product of factors in any order.
    pub fn product(&mut self, q: Rational, mut factors: Vec<Factor>) -> Made<Form> {
        self.charge()?;
        if q.is_zero() {
            return Ok(Form::zero());
        }
        if factors.len() > 1 {
            factors.sort_by(|a, b| a.0.cmp(&b.0));
        }
        let mut q = q;
        let (mut kept, mut brackets): (Vec<Factor>, Vec<Atom>) = (Vec::new(), Vec::new());
        let mut more: Vec<Form> = Vec::new();
        let mut exponent = Form::zero();
        let mut rest = factors.into_iter().peekable();
        while let Some((atom, mut e)) = rest.next() {
            while let Some((_, other)) = rest.next_if(|(next, _)| *next == atom) {
                e = e.add(&other)?;
            }
            match atom {
                Atom::AtLeast0(_) | Atom::Is0(_) => brackets.push(atom),
                Atom::Kernel(Kernel::Exp, of) => exponent = self.plus(&exponent, &e, &of)?,
                _ if e.is_zero() => {}
                Atom::Base(base) => {
                    let whole = floor(&e)?;
                    let number = base.as_number();
                    if whole > 0 || number.is_some() {
                        let whole = Rational::from(whole);
                        match number {
                            Some(c) => q = q.mul(&c.pow(&whole)?)?,
                            None => more.push(self.power(&base, &whole)?),
                        }
                        e = e.sub(&whole)?;
                    }
                    if !e.is_zero() {
                        kept.push((Atom::Base(base), e));
                    }
                }
                _ => kept.push((atom, e)),
            }
        }
        // exp(k·ln u) = u^k.
        let mut terms = Vec::with_capacity(exponent.0.len());
        for (product, k) in exponent.0.iter() {
            match product.0.as_ref() {
                [(Atom::Kernel(Kernel::Ln, u), one)] if one.is_one() => {
                    more.push(self.power(u, k)?);
                }
                _ => terms.push((product.clone(), k.clone())),
            }
        }
        if !terms.is_empty() {
            let of = Form(terms.into());
            place(&mut kept, (Atom::Kernel(Kernel::Exp, of), Rational::from(1)));
        }
        if !brackets.is_empty() {
            let Some(found) = self.brackets(brackets)? else { return Ok(Form::zero()) };
            let letters: Vec<Var> = found.fixed.iter().map(|(v, _)| *v).collect();
            let guards: Vec<Factor> =
                found.atoms.into_iter().map(|atom| (atom, Rational::from(1))).collect();
            if kept.iter().any(|(atom, _)| atom.has_any(&letters)) {
                let (factors, forms) = self.put_factors(&kept, &found.fixed)?;
                let made = self.product(q, [factors, guards].concat())?;
                let made = self.times_all(made, &forms)?;
                return self.times_all(made, &more);
            }
            kept.extend(guards);
        }
        let made = match self.reduced(&q, &kept)? {
            Some(made) => made,
            None => Form::term(q, Product::new(kept)),
        };
        self.times_all(made, &more)
    }

    /// lead·b^e = (b^(e+1) − rest·b^e)/c, where the lead of a base stands beside a negative power
    /// of it.
    fn reduced(&mut self, q: &Rational, factors: &[Factor]) -> Made<Option<Form>> {
        if self.reducing >= MAX_REDUCTIONS {
            return Ok(None);
        }
        for (n, (atom, e)) in factors.iter().enumerate() {
            let Atom::Base(base) = atom else { continue };
            if !e.is_negative() {
                continue;
            }
            let mut others = factors.to_vec();
            others.remove(n);
            let Some((lead, others)) = divided(base, others, self)? else { continue };
            let (_, c) = &base.0[lead];
            let mut rest = base.0.to_vec();
            rest.remove(lead);
            let q = q.div(c)?;
            self.reducing += 1;
            let made = self.put_back(&q, (base, e), &others, &Form(rest.into()));
            self.reducing -= 1;
            return made.map(Some);
        }
        Ok(None)
    }

    /// q·others·(b^(e+1) − rest·b^e).
    fn put_back(
        &mut self,
        q: &Rational,
        (base, e): (&Form, &Rational),
        others: &[Factor],
        rest: &Form,
    ) -> Made<Form> {
        let up = (Atom::Base(base.clone()), e.add(&Rational::from(1))?);
        let first = self.product(q.clone(), [others, &[up]].concat())?;
        let own = [others, &[(Atom::Base(base.clone()), e.clone())]].concat();
        let mut second = Form::zero();
        for (product, k) in rest.0.iter() {
            let factors = [product.0.as_ref(), &own].concat();
            let made = self.product(q.mul(k)?, factors)?;
            second = self.plus(&second, &Rational::from(1), &made)?;
        }
        self.plus(&first, &Rational::from(-1), &second)
    }

    /// Brackets in their simplest form; nothing where they never hold together.
    fn brackets(&mut self, atoms: Vec<Atom>) -> Made<Option<Brackets>> {
        let mut fixed: Vec<(Var, Linear)> = Vec::new();
        let mut equal: Vec<Linear> = Vec::new();
        let mut waiting = atoms;
        let mut least: Vec<Linear> = Vec::new();
        // Equations fix letters, one after the other; each is put into all others.
        while let Some(atom) = waiting.pop() {
            let atom = match atom {
                Atom::Is0(form) => Atom::Is0(form.put(&fixed)?),
                Atom::AtLeast0(form) => Atom::AtLeast0(form.put(&fixed)?),
                other => other,
            };
            match simplified(atom)? {
                Truth::Known(true) => {}
                Truth::Known(false) => return Ok(None),
                Truth::Open(Atom::AtLeast0(form)) => {
                    let opposite = form.times_number(-1)?;
                    if let Some(place) = least.iter().position(|f| *f == opposite) {
                        least.swap_remove(place);
                        waiting.push(Atom::Is0(form));
                    } else if !least.contains(&form) {
                        least.push(form);
                    }
                }
                Truth::Open(Atom::Is0(form)) => {
                    let greatest = form.vars().filter(|v| form.unit(*v).is_some()).max();
                    if let Some(v) = greatest
                        && let Some(value) = form.solved(v)
                    {
                        let put = [(v, value?)];
                        for (_, other) in &mut fixed {
                            *other = other.put(&put)?;
                        }
                        fixed.extend(put);
                        waiting.extend(equal.drain(..).map(Atom::Is0));
                        waiting.extend(least.drain(..).map(Atom::AtLeast0));
                    } else if !equal.contains(&form) {
                        equal.push(form);
                    }
                }
                Truth::Open(_) => {}
            }
        }
        for (v, value) in &fixed {
            let form = Linear::var(*v).minus(value)?;
            if let Truth::Open(Atom::Is0(form)) = simplified(Atom::Is0(form))? {
                equal.push(form);
            }
        }
        self.decided(equal, least, fixed)
    }

    /// What of simplified brackets is not known from the facts and the others.
    fn decided(
        &mut self,
        mut equal: Vec<Linear>,
        mut least: Vec<Linear>,
        fixed: Vec<(Var, Linear)>,
    ) -> Made<Option<Brackets>> {
        equal.sort_unstable();
        least.sort_unstable();
        let mut both = Vec::new();
        for form in &equal {
            both.extend([form.clone(), form.times_number(-1)?]);
        }
        let speaks = least.iter().chain(&equal);
        let mut about = Linear::default();
        let mut seen: Vec<Var> = Vec::new();
        for v in speaks.flat_map(Linear::vars) {
            if !seen.contains(&v) {
                seen.push(v);
                about = about.plus(&Linear::var(v))?;
            }
        }
        let facts = near(&self.facts, &about);
        let known: Vec<&Linear> = facts.iter().chain(&both).collect();
        if impossible_all(&known.iter().copied().chain(&least).collect::<Vec<_>>()) {
            return Ok(None);
        }
        for n in (0..least.len()).rev() {
            let goal = least.remove(n);
            let others: Vec<&Linear> = known.iter().copied().chain(&least).collect();
            if !implied_by(&others, &goal) {
                least.insert(n, goal);
            }
        }
        if !facts.is_empty() {
            let mut n = 0;
            while n < equal.len() {
                let opposite = equal[n].times_number(-1)?;
                if implied(&facts, &equal[n]) && implied(&facts, &opposite) {
                    equal.remove(n);
                } else {
                    n += 1;
                }
            }
        }
        let least = least.into_iter().map(Atom::AtLeast0);
        let atoms = least.chain(equal.into_iter().map(Atom::Is0)).collect();
        Ok(Some(Brackets { atoms, fixed }))
    }
}

/// The whole part of an exponent.
fn floor(e: &Rational) -> Made<i64> {
    let whole = num_integer::Integer::div_floor(&e.numer(), &e.denom());
    num_traits::ToPrimitive::to_i64(&whole).ok_or(super::Reason::Arithmetic)
}

/// Puts a factor at its place.
fn place(factors: &mut Vec<Factor>, new: Factor) {
    let at = factors.partition_point(|(atom, _)| *atom < new.0);
    factors.insert(at, new);
}

/// A bracket tightened to whole numbers.
fn simplified(atom: Atom) -> Made<Truth> {
    Ok(match atom {
        Atom::AtLeast0(form) => match form.divisor() {
            0 => Truth::Known(form.constant() >= 0),
            1 => Truth::Open(Atom::AtLeast0(form)),
            g => {
                let c = form.constant();
                // A multiple of g stands below.
                let even = form.plus_number(
                    c.div_euclid(g).checked_mul(g).ok_or(super::Reason::Arithmetic)? - c,
                )?;
                Truth::Open(Atom::AtLeast0(even.over(g)))
            }
        },
        Atom::Is0(form) => match form.divisor() {
            0 => Truth::Known(form.constant() == 0),
            g if form.constant() % g != 0 => Truth::Known(false),
            g => {
                let form = form.over(g);
                let first = form.terms().iter().find(|(mono, _)| *mono != Mono::ONE);
                let negative = first.is_some_and(|(_, n)| *n < 0);
                Truth::Open(Atom::Is0(if negative { form.times_number(-1)? } else { form }))
            }
        },
        other => Truth::Open(other),
    })
}

/// How much a term counts in the order of reduction.
fn degree(product: &Product) -> Made<Rational> {
    let mut sum = Rational::from(0);
    for (atom, e) in product.0.iter() {
        if !matches!(atom, Atom::Kernel(Kernel::Exp, _)) && !atom.is_bracket() {
            sum = sum.add(e)?;
        }
    }
    Ok(sum)
}

/// The product with the greater power of the greatest atom in which two differ is the greater.
fn exponents(a: &Product, b: &Product) -> Ordering {
    let (mut a, mut b) = (a.0.iter().rev().peekable(), b.0.iter().rev().peekable());
    loop {
        match (a.peek(), b.peek()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => match x.0.cmp(&y.0).then_with(|| x.1.cmp(&y.1)) {
                Ordering::Equal => {
                    a.next();
                    b.next();
                }
                other => return other,
            },
        }
    }
}

fn exponential(product: &Product) -> Option<&Form> {
    product.0.iter().find_map(|(atom, _)| match atom {
        Atom::Kernel(Kernel::Exp, of) => Some(of),
        _ => None,
    })
}

/// Which term of a base divides the factors, and what is left of them.
fn divided(
    base: &Form,
    factors: Vec<Factor>,
    maker: &mut Maker<'_>,
) -> Made<Option<(usize, Vec<Factor>)>> {
    let mut lead: Option<(bool, Rational, usize)> = None;
    for (n, (product, _)) in base.0.iter().enumerate() {
        let own = (exponential(product).is_none(), degree(product)?, n);
        let greater =
            lead.as_ref().is_none_or(|best| match (best.0, &best.1).cmp(&(own.0, &own.1)) {
                Ordering::Equal => exponents(&base.0[best.2].0, product) == Ordering::Less,
                other => other == Ordering::Less,
            });
        if greater {
            lead = Some(own);
        }
    }
    let Some((plain, most, place)) = lead else { return Ok(None) };
    if plain
        && !most.is_zero()
        && let Some(left) = without(&factors, &base.0[place].0)
    {
        return Ok(Some((place, left)));
    }
    ends(base, factors, maker)
}

/// The factors without those of a product, if it divides them.
fn without(factors: &[Factor], product: &Product) -> Option<Vec<Factor>> {
    let mut left = factors.to_vec();
    for (atom, e) in product.0.iter() {
        if e.is_negative() {
            return None;
        }
        let own = left.iter().position(|(other, have)| other == atom && have >= e)?;
        if atom.is_bracket() {
            continue;
        }
        let rest = left[own].1.sub(e).ok()?;
        if rest.is_zero() {
            left.remove(own);
        } else {
            left[own].1 = rest;
        }
    }
    Some(left)
}

/// c + d·eᵘ beside an exponential, and c + d·a beside a negative power of a: from both ends.
fn ends(
    base: &Form,
    factors: Vec<Factor>,
    maker: &mut Maker<'_>,
) -> Made<Option<(usize, Vec<Factor>)>> {
    let [a, b] = base.0.as_ref() else { return Ok(None) };
    let (constant, power) = match (a.0.0.is_empty(), b.0.0.is_empty()) {
        (true, false) => (0, 1),
        (false, true) => (1, 0),
        _ => return Ok(None),
    };
    if let [(atom, e)] = base.0[power].0.0.as_ref()
        && e.is_one()
        && factors.iter().any(|(own, e)| own == atom && e.is_negative())
    {
        // c·(c + a)^e/a = (c + a)^(e+1)/a − (c + a)^e.
        return Ok(Some((constant, factors)));
    }
    let [(Atom::Kernel(Kernel::Exp, u), _)] = base.0[power].0.0.as_ref() else { return Ok(None) };
    let Some(n) = factors.iter().position(|(atom, _)| matches!(atom, Atom::Kernel(Kernel::Exp, _)))
    else {
        return Ok(None);
    };
    let Atom::Kernel(_, w) = &factors[n].0 else { return Ok(None) };
    let Some((first, of_u)) = u.0.first() else { return Ok(None) };
    let Some((_, of_w)) = w.0.iter().find(|(product, _)| product == first) else { return Ok(None) };
    let times = of_w.div(of_u)?;
    let one = Rational::from(1);
    if times >= one {
        let rest = maker.plus(w, &Rational::from(-1), u)?;
        let mut left = factors;
        left.remove(n);
        if !rest.is_zero() {
            self::place(&mut left, (Atom::Kernel(Kernel::Exp, rest), one));
        }
        return Ok(Some((power, left)));
    }
    Ok((times <= Rational::from(-1)).then_some((constant, factors)))
}
