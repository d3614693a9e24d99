//! What a formula means, in numbers: an evaluator of other people's syntax that shares no code
//! with the review that it judges. Definitions are looked up by name, derivatives are central
//! differences of fourth order, in plain `f64`.

use std::collections::BTreeMap;

use backproof::review::tex::syntax::{Expr, Kind, Known, Name, Part, Relation, Row};

use crate::draw::Draw;

/// What names stand for.
#[derive(Default, Clone)]
pub struct World {
    definitions: BTreeMap<String, (Vec<String>, Expr)>,
    leaves: BTreeMap<String, f64>,
}

pub fn spelled(name: &Name) -> String {
    let above = name.above.as_deref().unwrap_or_default();
    format!("{}^{above}_{}", name.stem, name.below.concat())
}

impl World {
    /// The definitions of a document: the first equation that has each name alone on its left.
    pub fn of(rows: &[Row]) -> World {
        let mut world = World::default();
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
                let (name, params) = match &first.kind {
                    Kind::Name(name) => (spelled(name), Vec::new()),
                    Kind::Apply { head, primes: 0, args } => {
                        let params: Vec<String> = args
                            .iter()
                            .filter_map(|a| match &a.kind {
                                Kind::Name(n) => Some(spelled(n)),
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
                if matches!(value.kind, Kind::Number { .. } | Kind::List(_)) {
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
            Some((_, Expr { kind: Kind::Extreme { of, .. }, .. })) => {
                of.iter().any(|e| matches!(&e.kind, Kind::Name(n) if spelled(n) == spelled(other)))
            }
            _ => false,
        }
    }

    /// Fresh numbers for every name without a definition.
    pub fn draw(&mut self, draw: &mut Draw) {
        for value in self.leaves.values_mut() {
            *value = draw.real();
        }
    }

    /// Numbers for the names of an expression that have none.
    pub fn meet(&mut self, expr: &Expr, draw: &mut Draw) {
        let mut names = Vec::new();
        visit(expr, &mut |e| {
            if let Kind::Name(n) | Kind::Apply { head: n, .. } = &e.kind {
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

    pub fn value(&self, expr: &Expr) -> Option<f64> {
        self.at(expr, &[], 0)
    }

    fn at(&self, expr: &Expr, held: &[(String, f64)], depth: usize) -> Option<f64> {
        if depth > 60 {
            return None;
        }
        if !held.is_empty()
            && let Some((_, x)) = held.iter().rev().find(|(k, _)| *k == key(expr))
        {
            return Some(*x);
        }
        let of = |e: &Expr| self.at(e, held, depth + 1);
        Some(match &expr.kind {
            Kind::Number { value, .. } => value.to_f64(),
            Kind::Name(name) => {
                let name = spelled(name);
                match self.definitions.get(&name) {
                    Some((_, body)) => self.at(body, held, depth + 1)?,
                    None if name == "e^_" => std::f64::consts::E,
                    None => *self.leaves.get(&name)?,
                }
            }
            Kind::Neg(a) => -of(a)?,
            Kind::Sum(terms) => {
                let mut sum = 0.0;
                for (minus, term) in terms {
                    sum += if *minus { -of(term)? } else { of(term)? };
                }
                sum
            }
            Kind::Product(all) => {
                let mut product = 1.0;
                for e in all {
                    product *= of(e)?;
                }
                product
            }
            Kind::Quotient(a, b) => of(a)? / of(b)?,
            Kind::Power(a, b) => {
                let (a, b) = (of(a)?, of(b)?);
                if b.fract() == 0.0 { a.powi(b as i32) } else { a.powf(b) }
            }
            Kind::Call(known, a) => known_function(*known, of(a)?),
            Kind::Extreme { least, of: all } => {
                let mut best = of(all.first()?)?;
                for e in &all[1..] {
                    let x = of(e)?;
                    best = if *least { best.min(x) } else { best.max(x) };
                }
                best
            }
            Kind::Apply { head, primes, args } => {
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
                            self.at(body, &inner, depth + 1)
                        }
                        _ if name == "σ^_" => Some(known_function(Known::Sigmoid, *args.first()?)),
                        _ if *primes == 0 => {
                            // f(x) where f is a quantity is a product.
                            let head = Expr { kind: Kind::Name(head.clone()), span: 0..0 };
                            Some(self.at(&head, held, depth + 1)? * args.first()?)
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
            Kind::Derivative { of: a, by, order: 1 } => {
                let x = of(by)?;
                let by = key(by);
                slope(x, &|x| {
                    let mut inner = held.to_vec();
                    inner.push((by.clone(), x));
                    self.at(a, &inner, depth + 1)
                })?
            }
            _ => return None,
        })
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
        Known::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Known::Softplus => (1.0 + x.exp()).ln(),
        Known::Relu => x.max(0.0),
        Known::Abs => x.abs(),
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
        Kind::Number { value, .. } => value.to_string(),
        Kind::Name(n) => format!("n:{}", spelled(n)),
        Kind::Neg(a) => format!("-[{}]", key(a)),
        Kind::Sum(t) => {
            let t: Vec<String> = t.iter().map(|(m, e)| format!("{m}{}", key(e))).collect();
            format!("+[{}]", t.join(","))
        }
        Kind::Product(a) => format!("*[{}]", all(a)),
        Kind::Quotient(a, b) => format!("/[{},{}]", key(a), key(b)),
        Kind::Power(a, b) => format!("^[{},{}]", key(a), key(b)),
        Kind::Call(f, a) => format!("{f:?}[{}]", key(a)),
        Kind::Extreme { least, of } => format!("max{least}[{}]", all(of)),
        Kind::Apply { head, primes, args } => format!("{}{primes}({})", spelled(head), all(args)),
        Kind::Derivative { of, by, order } => format!("d{order}[{},{}]", key(of), key(by)),
        other => format!("{other:?}"),
    }
}

pub fn visit(expr: &Expr, see: &mut dyn FnMut(&Expr)) {
    see(expr);
    match &expr.kind {
        Kind::Neg(a) | Kind::Call(_, a) | Kind::Differential(a) => visit(a, see),
        Kind::Sum(t) => t.iter().for_each(|(_, e)| visit(e, see)),
        Kind::Product(all) | Kind::Extreme { of: all, .. } | Kind::List(all) => {
            all.iter().for_each(|e| visit(e, see));
        }
        Kind::Apply { args, .. } => args.iter().for_each(|e| visit(e, see)),
        Kind::Quotient(a, b)
        | Kind::Power(a, b)
        | Kind::Derivative { of: a, by: b, .. }
        | Kind::HalfDerivative { of: a, by: b } => {
            visit(a, see);
            visit(b, see);
        }
        _ => {}
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
        .flat_map(|s| s.first.iter().chain(s.rest.iter().map(|(_, e)| e)))
        .collect()
}
