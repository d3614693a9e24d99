//! What a formula means, in numbers: an evaluator of other people's syntax that shares no code
//! with the review that it judges. Definitions are looked up by name, derivatives are central
//! differences of fourth order, in plain `f64`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use backproof::review::tex::syntax::{Expr, FormulaKind, Known, Name, Part, Relation, Row, visit};

use crate::draw::Draw;

/// What names stand for.
#[derive(Default, Clone)]
pub struct World {
    definitions: BTreeMap<String, (Vec<String>, Expr)>,
    /// Definitions of all elements, z_j = …: by stem and number of indices, the indices with the
    /// body.
    families: BTreeMap<String, (Vec<String>, Expr)>,
    leaves: BTreeMap<String, f64>,
    /// What every index runs over, in a document with letters for indices.
    pub range: Option<RangeInclusive<i64>>,
    /// The stem of the names whose sum is 1, if there are such.
    pub whole: Option<&'static str>,
}

/// The values of letters.
pub type Letters = BTreeMap<String, i64>;

/// The indices of a name one by one: `jk` is j and k.
fn items(name: &Name) -> Vec<String> {
    let apart = |part: &String| part.chars().map(String::from).collect::<Vec<_>>();
    name.below.iter().flat_map(apart).collect()
}

/// Whether a name in an expression has single letters for indices.
pub fn has_letters(expr: &Expr) -> bool {
    let mut found = false;
    visit(expr, &mut |e| {
        if let FormulaKind::Name(name) = &e.kind {
            let index = |c: char| matches!(c, 'a' | 'b' | 'i' | 'j' | 'k' | 'm' | 'n');
            let lettered = |part: &String| part.chars().count() == 1 && part.chars().all(index);
            found |= name.below.iter().any(|part| lettered(part) || part.contains(['+', '-']));
        }
    });
    found
}

fn is_letter(item: &str) -> bool {
    item.len() == 1 && item.bytes().all(|b| b.is_ascii_lowercase())
}

pub fn spelled(name: &Name) -> String {
    let above = name.above.as_deref().unwrap_or_default();
    format!("{}^{above}_{}", name.stem, name.below.concat())
}

impl World {
    /// The definitions of a document: the first equation that has each name alone on its left.
    pub fn of(rows: &[Row], range: Option<RangeInclusive<i64>>) -> World {
        let mut world = World { range, ..World::default() };
        for row in rows {
            for part in &row.parts {
                let Part::Statement(statement) = part else { continue };
                let (Some(first), [(relation, value), ..]) =
                    (&statement.first, &statement.rest[..])
                else {
                    continue;
                };
                if !matches!(relation, Relation::Equal | Relation::Defines) {
                    continue;
                }
                if let FormulaKind::Name(name) = &first.kind
                    && world.range.is_some()
                    && items(name).iter().any(|item| is_letter(item))
                {
                    let body = (items(name), value.clone());
                    world.families.entry(family(name)).or_insert(body);
                    continue;
                }
                let (name, params) = match &first.kind {
                    FormulaKind::Name(name) => (spelled(name), Vec::new()),
                    FormulaKind::Apply { head, primes: 0, args } => {
                        let params: Vec<String> = args
                            .iter()
                            .filter_map(|a| match &a.kind {
                                FormulaKind::Name(n) => Some(spelled(n)),
                                _ => None,
                            })
                            .collect();
                        if params.len() != args.len() {
                            continue;
                        }
                        (spelled(head), params)
                    }
                    _ => continue,
                };
                if matches!(value.kind, FormulaKind::Number { .. } | FormulaKind::List(_)) {
                    continue;
                }
                world.definitions.entry(name).or_insert((params, value.clone()));
            }
        }
        world
    }

    /// Whether a name is defined as a max that lists the other.
    pub fn chooses(&self, name: &Name, other: &Name) -> bool {
        match self.definitions.get(&spelled(name)) {
            Some((_, Expr { kind: FormulaKind::Extreme { of, .. }, .. })) => of
                .iter()
                .any(|e| matches!(&e.kind, FormulaKind::Name(n) if spelled(n) == spelled(other))),
            _ => false,
        }
    }

    /// Fresh numbers for every name without a definition.
    pub fn draw(&mut self, draw: &mut Draw) {
        for value in self.leaves.values_mut() {
            *value = draw.real();
        }
        if let Some(stem) = self.whole {
            let start = format!("{stem}^_");
            let mut all: Vec<&mut f64> = self
                .leaves
                .iter_mut()
                .filter(|(k, _)| k.starts_with(&start))
                .map(|(_, v)| v)
                .collect();
            if let Some((last, others)) = all.split_last_mut() {
                **last = 1.0 - others.iter().map(|x| **x).sum::<f64>();
            }
        }
    }

    /// The letters of some expressions that no sum binds, where the document has letters.
    pub fn letters(&self, exprs: &[&Expr]) -> Vec<String> {
        let mut found = Vec::new();
        if self.range.is_some() {
            exprs.iter().for_each(|e| free(e, &mut Vec::new(), &mut found));
        }
        found
    }

    /// Numbers for the names of an expression that have none.
    pub fn meet(&mut self, expr: &Expr, draw: &mut Draw) {
        if let Some(range) = self.range.clone() {
            // Every element of every name that has letters somewhere.
            let mut names = Vec::new();
            visit(expr, &mut |e| {
                if let FormulaKind::Name(n) | FormulaKind::Apply { head: n, .. } = &e.kind {
                    names.push(n.clone());
                }
            });
            for name in names {
                let mut all = vec![name.clone()];
                let count = items(&name).iter().filter(|item| is_letter(item)).count();
                for _ in 0..count.min(3) {
                    all = all.iter().flat_map(|n| range.clone().map(|v| put_first(n, v))).collect();
                }
                for name in all {
                    self.leaves.entry(spelled(&name)).or_insert_with(|| draw.real());
                }
            }
        }
        let mut names = Vec::new();
        visit(expr, &mut |e| {
            if let FormulaKind::Name(n) | FormulaKind::Apply { head: n, .. } = &e.kind {
                names.push(spelled(n));
            }
        });
        for name in names {
            match self.definitions.get(&name).cloned() {
                Some((_, body)) if !self.leaves.contains_key(&name) => {
                    // Marks it as met; the value is never looked at.
                    self.leaves.insert(name, f64::NAN);
                    self.meet(&body, draw);
                }
                _ => {
                    self.leaves.entry(name).or_insert_with(|| draw.real());
                }
            }
        }
    }

    pub fn value(&self, expr: &Expr, letters: &Letters) -> Option<f64> {
        self.at(expr, &[], letters, 0)
    }

    fn at(
        &self,
        expr: &Expr,
        held: &[(String, f64)],
        letters: &Letters,
        depth: usize,
    ) -> Option<f64> {
        if depth > 60 {
            return None;
        }
        let put = in_numbers(expr, letters);
        let expr = put.as_ref().unwrap_or(expr);
        if !held.is_empty()
            && let Some((_, x)) = held.iter().rev().find(|(k, _)| *k == key(expr))
        {
            return Some(*x);
        }
        let of = |e: &Expr| self.at(e, held, letters, depth + 1);
        Some(match &expr.kind {
            FormulaKind::Number { value, .. } => value.to_f64(),
            FormulaKind::Name(letter)
                if letters.contains_key(&letter.stem) && letter.below.is_empty() =>
            {
                letters[&letter.stem] as f64
            }
            // Kronecker's δ.
            FormulaKind::Name(Name { stem, above: None, below })
                if self.range.is_some() && stem == "δ" && below.len() == 2 =>
            {
                f64::from(u8::from(below[0] == below[1]))
            }
            FormulaKind::Name(name) => {
                if self.range.is_some()
                    && !name.below.is_empty()
                    && let Some((params, body)) = self.families.get(&family(name))
                {
                    let values: Option<Vec<i64>> =
                        items(name).iter().map(|item| item.parse().ok()).collect();
                    let inner: Letters = params.iter().cloned().zip(values?).collect();
                    return self.at(body, held, &inner, depth + 1);
                }
                let name = spelled(name);
                match self.definitions.get(&name) {
                    Some((_, body)) => self.at(body, held, &Letters::new(), depth + 1)?,
                    None if name == "e^_" => std::f64::consts::E,
                    None => *self.leaves.get(&name)?,
                }
            }
            FormulaKind::Neg(a) => -of(a)?,
            FormulaKind::Sum(terms) => {
                let mut sum = 0.0;
                for (minus, term) in terms {
                    sum += if *minus { -of(term)? } else { of(term)? };
                }
                sum
            }
            FormulaKind::Product(all) => {
                let mut product = 1.0;
                for e in all {
                    product *= of(e)?;
                }
                product
            }
            FormulaKind::Quotient(a, b) => of(a)? / of(b)?,
            FormulaKind::Power(a, b) => {
                let (a, b) = (of(a)?, of(b)?);
                if b.fract() == 0.0 { a.powi(b as i32) } else { a.powf(b) }
            }
            FormulaKind::Call(known, a) => known_function(*known, of(a)?),
            FormulaKind::Extreme { least, of: all } => {
                let mut best = of(all.first()?)?;
                for e in &all[1..] {
                    let x = of(e)?;
                    best = if *least { best.min(x) } else { best.max(x) };
                }
                best
            }
            FormulaKind::Apply { head, primes, args } => {
                let args: Option<Vec<f64>> = args.iter().map(of).collect();
                let args = args?;
                let name = spelled(head);
                let call = |args: &[f64]| -> Option<f64> {
                    match self.definitions.get(&name) {
                        Some((params, body)) if params.len() == args.len() => {
                            let mut inner = held.to_vec();
                            inner.extend(
                                params.iter().map(|p| format!("n:{p}")).zip(args.iter().copied()),
                            );
                            self.at(body, &inner, letters, depth + 1)
                        }
                        _ if name == "σ^_" => Some(known_function(Known::Sigmoid, *args.first()?)),
                        _ if *primes == 0 => {
                            // f(x) where f is a quantity is a product.
                            let head = Expr { kind: FormulaKind::Name(head.clone()), span: 0..0 };
                            Some(self.at(&head, held, letters, depth + 1)? * args.first()?)
                        }
                        _ => None,
                    }
                };
                match primes {
                    0 => call(&args)?,
                    1 => slope(args[0], &|x| call(&[&[x], &args[1..]].concat()))?,
                    _ => return None,
                }
            }
            FormulaKind::Derivative { of: a, by, order: 1 } => {
                let x = of(by)?;
                let by = key(in_numbers(by, letters).as_ref().unwrap_or(by));
                slope(x, &|x| {
                    let mut inner = held.to_vec();
                    inner.push((by.clone(), x));
                    self.at(a, &inner, letters, depth + 1)
                })?
            }
            FormulaKind::BigSum { indices, from, body, .. } => {
                let mut range = self.range.clone()?;
                // Sums of these documents begin with 1; one that begins later leaves terms out.
                if let Some(from) = from
                    && let FormulaKind::Number { value, .. } = &from.kind
                {
                    let left_out = value.to_i32()?.checked_sub(1).filter(|n| *n >= 0)?;
                    range = range.start() + i64::from(left_out)..=*range.end();
                }
                let mut all = vec![letters.clone()];
                for index in indices {
                    let with = |l: &Letters, v: i64| {
                        let mut l = l.clone();
                        l.insert(index.clone(), v);
                        l
                    };
                    all = all.iter().flat_map(|l| range.clone().map(|v| with(l, v))).collect();
                }
                let mut sum = 0.0;
                for letters in all {
                    sum += self.at(body, held, &letters, depth + 1)?;
                }
                sum
            }
            FormulaKind::Cases(cases) => {
                for (value, condition) in cases {
                    let holds = match condition {
                        None => true,
                        Some(c) => {
                            let (a, b) = (of(&c.left)?, of(&c.right)?);
                            match c.sign {
                                "=" => a == b,
                                "!=" => a != b,
                                ">" => a > b,
                                "<" => a < b,
                                _ => return None,
                            }
                        }
                    };
                    if holds {
                        return of(value);
                    }
                }
                return None;
            }
            _ => return None,
        })
    }
}

/// What the definitions of all elements of a name are found under.
fn family(name: &Name) -> String {
    format!("{}^{}[{}]", name.stem, name.above.as_deref().unwrap_or_default(), items(name).len())
}

/// A name with a number in the place of its first letter.
fn put_first(name: &Name, value: i64) -> Name {
    let mut all = items(name);
    if let Some(item) = all.iter_mut().find(|item| is_letter(item)) {
        *item = value.to_string();
    }
    Name { below: all, ..name.clone() }
}

/// A name with numbers for its letters; none where nothing changes.
fn in_numbers(expr: &Expr, letters: &Letters) -> Option<Expr> {
    let FormulaKind::Name(name) = &expr.kind else { return None };
    if letters.is_empty() || name.below.is_empty() {
        return None;
    }
    let below: Vec<String> = items(name)
        .into_iter()
        .map(|item| letters.get(&item).map_or(item, ToString::to_string))
        .collect();
    let name = Name { below, ..name.clone() };
    Some(Expr { kind: FormulaKind::Name(name), span: expr.span.clone() })
}

fn free(expr: &Expr, bound: &mut Vec<String>, found: &mut Vec<String>) {
    if let FormulaKind::Name(name) | FormulaKind::Apply { head: name, .. } = &expr.kind {
        for item in items(name) {
            if is_letter(&item) && !bound.contains(&item) && !found.contains(&item) {
                found.push(item);
            }
        }
    }
    if let FormulaKind::Cases(cases) = &expr.kind {
        for side in cases.iter().filter_map(|(_, c)| c.as_ref()).flat_map(|c| [&c.left, &c.right]) {
            if let FormulaKind::Name(name) = &side.kind
                && is_letter(&name.stem)
                && name.below.is_empty()
                && !bound.contains(&name.stem)
                && !found.contains(&name.stem)
            {
                found.push(name.stem.clone());
            }
        }
    }
    if let FormulaKind::BigSum { indices, body, .. } = &expr.kind {
        let before = bound.len();
        bound.extend(indices.iter().cloned());
        free(body, bound, found);
        bound.truncate(before);
    } else {
        expr.children().into_iter().for_each(|e| free(e, bound, found));
    }
}

/// The derivative of f at x, by five points.
fn slope(x: f64, f: &dyn Fn(f64) -> Option<f64>) -> Option<f64> {
    let h = 1e-3;
    let (a, b, c, d) = (f(x - 2.0 * h)?, f(x - h)?, f(x + h)?, f(x + 2.0 * h)?);
    Some((a - 8.0 * b + 8.0 * c - d) / (12.0 * h))
}

fn known_function(known: Known, x: f64) -> f64 {
    match known {
        Known::Exp => x.exp(),
        Known::Ln => x.ln(),
        Known::Sqrt => x.sqrt(),
        Known::Tanh => x.tanh(),
        Known::Sin => x.sin(),
        Known::Cos => x.cos(),
        Known::Sinh => x.sinh(),
        Known::Cosh => x.cosh(),
        Known::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Known::Softplus => (1.0 + x.exp()).ln(),
        Known::Relu => x.max(0.0),
        Known::Abs | Known::Norm => x.abs(),
        Known::Sign => x.signum(),
        Known::NormalCdf => normal_cdf(x),
        Known::NormalPdf => (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt(),
    }
}

/// Φ by its series, for arguments that are not large.
fn normal_cdf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / (2.0 * f64::from(n));
        sum += term / f64::from(2 * n + 1);
    }
    0.5 + sum / (2.0 * std::f64::consts::PI).sqrt()
}

/// An expression as a string in which its place does not count.
pub fn key(expr: &Expr) -> String {
    let all = |es: &[Expr]| es.iter().map(key).collect::<Vec<_>>().join(",");
    match &expr.kind {
        FormulaKind::Number { value, .. } => value.to_string(),
        FormulaKind::Name(n) => format!("n:{}", spelled(n)),
        FormulaKind::Neg(a) => format!("-[{}]", key(a)),
        FormulaKind::Sum(t) => {
            let t: Vec<String> = t.iter().map(|(m, e)| format!("{m}{}", key(e))).collect();
            format!("+[{}]", t.join(","))
        }
        FormulaKind::Product(a) => format!("*[{}]", all(a)),
        FormulaKind::Quotient(a, b) => format!("/[{},{}]", key(a), key(b)),
        FormulaKind::Power(a, b) => format!("^[{},{}]", key(a), key(b)),
        FormulaKind::Call(f, a) => format!("{f:?}[{}]", key(a)),
        FormulaKind::Extreme { least, of } => format!("max{least}[{}]", all(of)),
        FormulaKind::Apply { head, primes, args } => {
            format!("{}{primes}({})", spelled(head), all(args))
        }
        FormulaKind::Derivative { of, by, order } => format!("d{order}[{},{}]", key(of), key(by)),
        other => format!("{other:?}"),
    }
}

/// The sides of what a row claims, in order: formulas that claim nothing, and new values for old
/// names, mean nothing that could be wrong.
pub fn sides(row: &Row) -> Vec<&Expr> {
    row.parts
        .iter()
        .filter_map(|part| match part {
            Part::Statement(s) => Some(s),
            _ => None,
        })
        .filter(|s| s.rest.iter().any(|(r, _)| matches!(r, Relation::Equal | Relation::Defines)))
        .flat_map(|s| s.sides())
        .collect()
}
