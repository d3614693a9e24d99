//! Sums over ranges that meet: terms of one summand, held against each other cell by cell.
//!
//! In: a form without brackets. Out: whether its terms cancel. Terms c·Σ_w \[P\]·core(w) with the
//! same core add up to 0 if Σ c·\[P\] is 0 on every cell into which the brackets cut the whole
//! numbers. A term with fewer indices is read into the core of one with more: x₀ is Σ_w \[w = 0\]x_w.
//! What always holds: a term is replaced by one of the same value.

use super::form::{Atom, Factor, Form, Kernel, Product};
use super::implied::{impossible, near};
use super::linear::{Linear, Var};
use super::maker::{Made, Maker};
use crate::scalar::{Rational, Scalar};

/// At most so many indices, forms that cut, and ways to read a term into a core.
const MAX_INDICES: usize = 5;
const MAX_CUTS: usize = 14;
const MAX_WAYS: usize = 24;

/// A term with its sums opened: factors one by one, and the brackets of its indices.
struct Opened {
    q: Rational,
    vars: Vec<Var>,
    factors: Vec<Atom>,
    exponents: Vec<Rational>,
    brackets: Vec<Atom>,
}

/// A multiple of brackets.
#[derive(Clone)]
struct Weighted {
    q: Rational,
    least: Vec<Linear>,
    equal: Vec<Linear>,
}

impl Maker<'_> {
    /// Whether the terms of a form cancel cell by cell.
    pub fn in_cells(&mut self, form: &Form) -> Made<bool> {
        let mut all = Vec::new();
        for (product, q) in form.0.iter() {
            match self.opened(product, q)? {
                Some(opened) => all.push((opened, product, q)),
                None => return Ok(false),
            }
        }
        while !all.is_empty() {
            let count = |n: &usize| all[*n].0.vars.len();
            let Some(first) = (0..all.len()).max_by_key(count) else { break };
            let (core, product, q) = all.swap_remove(first);
            if core.vars.is_empty() || core.vars.len() > MAX_INDICES {
                return Ok(false);
            }
            let mut terms = Vec::new();
            // The term itself, with other letters.
            let Some(own) = self.opened(product, q)? else { return Ok(false) };
            if !self.read_into(&core, &own, &mut terms)? {
                return Ok(false);
            }
            let mut rest = Vec::new();
            for term in all {
                if !self.read_into(&core, &term.0, &mut terms)? {
                    rest.push(term);
                }
            }
            if !self.cancel(&terms)? {
                return Ok(false);
            }
            all = rest;
        }
        Ok(true)
    }

    fn opened(&mut self, product: &Product, q: &Rational) -> Made<Option<Opened>> {
        let mut made = Form::term(q.clone(), Product::one());
        let (mut vars, mut plain): (Vec<Var>, Vec<Factor>) = (Vec::new(), Vec::new());
        for (atom, e) in product.0.iter() {
            match (atom, e.to_i32()) {
                (Atom::Sum(sum), Some(n @ 1..=3)) => {
                    for _ in 0..n {
                        let (opens, body) = self.open(sum)?;
                        vars.extend(opens);
                        made = self.times(&made, &body)?;
                    }
                }
                _ => plain.push((atom.clone(), e.clone())),
            }
        }
        let made = self.times_factors(&made, &plain)?;
        let Some((product, q)) = made.as_term() else { return Ok(None) };
        let (mut factors, mut exponents, mut brackets) = (Vec::new(), Vec::new(), Vec::new());
        for (atom, e) in product.0.iter() {
            if atom.is_bracket() {
                brackets.push(atom.clone());
                continue;
            }
            if let Atom::Kernel(Kernel::Exp, of) = atom {
                // Term by term, so that each finds its own.
                for (product, q) in of.0.iter() {
                    let one = Form::term(q.clone(), product.clone());
                    factors.push(Atom::Kernel(Kernel::Exp, one));
                    exponents.push(Rational::from(1));
                }
                continue;
            }
            let times = e.to_i32().filter(|n| (1..=4).contains(n)).unwrap_or(1);
            let own = if times > 1 { Rational::from(1) } else { e.clone() };
            for _ in 0..times {
                factors.push(atom.clone());
                exponents.push(own.clone());
            }
        }
        Ok(Some(Opened { q: q.clone(), vars, factors, exponents, brackets }))
    }

    /// Reads a term into a core in every way, with equal shares; false where there is none.
    fn read_into(&mut self, core: &Opened, term: &Opened, into: &mut Vec<Weighted>) -> Made<bool> {
        if core.factors.len() != term.factors.len() {
            return Ok(false);
        }
        let mut ways = Vec::new();
        let mut used = vec![false; term.factors.len()];
        matched(core, term, &mut used, &mut Vec::new(), &mut ways)?;
        let mut read = Vec::new();
        for equations in ways {
            if let Some(one) = brackets_in_core(core, term, &equations)? {
                read.push(one);
            }
        }
        if read.is_empty() {
            return Ok(false);
        }
        let share = term.q.div(&Rational::from(read.len() as i64))?;
        for (least, equal) in read {
            into.push(Weighted { q: share.clone(), least, equal });
        }
        Ok(true)
    }

    /// Whether multiples of brackets add up to 0 on every cell.
    fn cancel(&mut self, terms: &[Weighted]) -> Made<bool> {
        let mut cuts: Vec<(Linear, bool)> = Vec::new();
        for term in terms {
            let own = term.least.iter().map(|form| (form, false));
            for (form, equation) in own.chain(term.equal.iter().map(|form| (form, true))) {
                let opposite = form.times_number(-1)?;
                match cuts.iter_mut().find(|(other, _)| other == form || *other == opposite) {
                    Some((other, equal)) => *equal |= equation || other != form,
                    None => cuts.push((form.clone(), equation)),
                }
            }
        }
        if cuts.len() > MAX_CUTS {
            return Ok(false);
        }
        let mut about = Linear::default();
        for v in cuts.iter().flat_map(|(form, _)| form.vars()) {
            if !about.has(v) {
                about = about.plus(&Linear::var(v))?;
            }
        }
        let mut known = near(&self.facts, &about);
        self.cell(&cuts, terms, &mut Vec::new(), &mut known)
    }

    fn cell(
        &mut self,
        cuts: &[(Linear, bool)],
        terms: &[Weighted],
        sides: &mut Vec<(Linear, Side)>,
        known: &mut Vec<Linear>,
    ) -> Made<bool> {
        self.charge()?;
        if impossible(known) {
            return Ok(true);
        }
        // What does not hold here is gone; where nothing is left, the cell is done.
        let mut left = Vec::new();
        for term in terms {
            if !term.fails(sides)? {
                left.push(term.clone());
            }
        }
        let total = left.iter().try_fold(Rational::from(0), |sum, term| sum.add(&term.q))?;
        let alike =
            left.windows(2).all(|two| two[0].least == two[1].least && two[0].equal == two[1].equal);
        if left.is_empty() || alike && total.is_zero() {
            return Ok(true);
        }
        let Some(((form, equation), rest)) = cuts.split_first() else {
            // Every bracket of what is left holds here.
            return Ok(total.is_zero());
        };
        let opposite = form.times_number(-1)?;
        let below = (Side::Below, vec![opposite.plus_number(-1)?]);
        let all = match equation {
            true => vec![
                (Side::Zero, vec![form.clone(), opposite]),
                (Side::Above, vec![form.plus_number(-1)?]),
                below,
            ],
            false => vec![(Side::AtLeast, vec![form.clone()]), below],
        };
        for (side, facts) in all {
            let before = known.len();
            known.extend(facts);
            sides.push((form.clone(), side));
            let done = self.cell(rest, &left, sides, known);
            sides.pop();
            known.truncate(before);
            if !done? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// On which side of 0 a form is in a cell.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Below,
    Zero,
    Above,
    AtLeast,
}

impl Weighted {
    /// Whether one of the brackets does not hold, as far as is decided.
    fn fails(&self, sides: &[(Linear, Side)]) -> Made<bool> {
        let side = |form: &Linear| -> Made<Option<Side>> {
            let opposite = form.times_number(-1)?;
            Ok(sides.iter().find_map(|(cut, side)| match side {
                _ if cut == form => Some(*side),
                Side::Below if *cut == opposite => Some(Side::Above),
                Side::Above if *cut == opposite => Some(Side::Below),
                Side::Zero if *cut == opposite => Some(Side::Zero),
                _ => None,
            }))
        };
        for form in &self.least {
            if side(form)? == Some(Side::Below) {
                return Ok(true);
            }
        }
        for form in &self.equal {
            if matches!(side(form)?, Some(Side::Below | Side::Above)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Pairs of forms that have to be equal for the factors of a term to be those of a core.
type Equations = Vec<(Linear, Linear)>;

fn matched(
    core: &Opened,
    term: &Opened,
    used: &mut Vec<bool>,
    so_far: &mut Equations,
    ways: &mut Vec<Equations>,
) -> Made<()> {
    let n = used.iter().filter(|u| **u).count();
    if n == core.factors.len() {
        if !ways.contains(so_far) {
            ways.push(so_far.clone());
        }
        return Ok(());
    }
    for k in 0..term.factors.len() {
        if used[k] || core.exponents[n] != term.exponents[k] || ways.len() >= MAX_WAYS {
            continue;
        }
        let before = so_far.len();
        if paired(&core.factors[n], &term.factors[k], so_far) {
            used[k] = true;
            matched(core, term, used, so_far, ways)?;
            used[k] = false;
        }
        so_far.truncate(before);
    }
    Ok(())
}

/// Whether two atoms are made alike; the forms in which they differ are noted.
fn paired(a: &Atom, b: &Atom, equations: &mut Equations) -> bool {
    let mut form = |a: &Linear, b: &Linear| {
        if a != b {
            equations.push((a.clone(), b.clone()));
        }
        true
    };
    match (a, b) {
        (Atom::Whole(v), Atom::Whole(w)) => form(&Linear::var(*v), &Linear::var(*w)),
        (Atom::Element(t, x), Atom::Element(u, y)) => {
            t == u && x.len() == y.len() && x.iter().zip(y.iter()).all(|(x, y)| form(x, y))
        }
        (Atom::AtLeast0(x), Atom::AtLeast0(y)) | (Atom::Is0(x), Atom::Is0(y)) => form(x, y),
        (Atom::Kernel(f, x), Atom::Kernel(g, y)) => f == g && forms_paired(x, y, equations),
        (Atom::Base(x), Atom::Base(y)) => forms_paired(x, y, equations),
        (Atom::Sum(x), Atom::Sum(y)) => {
            x.height == y.height && x.bound == y.bound && products_paired(&x.of, &y.of, equations)
        }
        _ => false,
    }
}

fn forms_paired(a: &Form, b: &Form, equations: &mut Equations) -> bool {
    a.0.len() == b.0.len()
        && a.0
            .iter()
            .zip(b.0.iter())
            .all(|((x, p), (y, q))| p == q && products_paired(x, y, equations))
}

fn products_paired(a: &Product, b: &Product, equations: &mut Equations) -> bool {
    a.0.len() == b.0.len()
        && a.0.iter().zip(b.0.iter()).all(|((x, p), (y, q))| p == q && paired(x, y, equations))
}

/// The brackets of a term as brackets of the core's indices, if each determines the other's.
fn brackets_in_core(
    core: &Opened,
    term: &Opened,
    equations: &Equations,
) -> Made<Option<(Vec<Linear>, Vec<Linear>)>> {
    // From inside of a sum no letter may come out.
    let bound = |form: &Linear| form.vars().any(|v| v.as_bound().is_some());
    if equations.iter().any(|(a, b)| bound(a) || bound(b)) {
        return Ok(None);
    }
    let mut differences = Vec::with_capacity(equations.len());
    for (a, b) in equations {
        differences.push(a.minus(b)?);
    }
    // The indices of the core follow from those of the term, and nothing else does.
    let mut rest = differences.clone();
    for v in &core.vars {
        let Some(n) = rest.iter().position(|form| form.unit(*v).is_some()) else {
            return Ok(None);
        };
        let Some(value) = rest.swap_remove(n).solved(*v) else { return Ok(None) };
        let put = [(*v, value?)];
        for form in &mut rest {
            *form = form.put(&put)?;
        }
    }
    if rest.iter().any(|form| form.as_number() != Some(0)) {
        return Ok(None);
    }
    // And those of the term from those of the core.
    let (mut equal, mut least) = (differences, Vec::new());
    let mut put_all: Vec<(Var, Linear)> = Vec::new();
    for v in &term.vars {
        let Some(n) = equal.iter().position(|form| form.unit(*v).is_some()) else {
            return Ok(None);
        };
        let Some(value) = equal.swap_remove(n).solved(*v) else { return Ok(None) };
        let put = [(*v, value?)];
        for form in &mut equal {
            *form = form.put(&put)?;
        }
        for (_, form) in &mut put_all {
            *form = form.put(&put)?;
        }
        put_all.extend(put);
    }
    equal.retain(|form| form.as_number() != Some(0));
    for atom in &term.brackets {
        match atom {
            Atom::AtLeast0(form) => least.push(form.put(&put_all)?),
            Atom::Is0(form) => equal.push(form.put(&put_all)?),
            _ => {}
        }
    }
    least.sort_unstable();
    equal.sort_unstable();
    Ok(Some((least, equal)))
}
