//! The rules that carry a derivative inwards until none is left.

use super::super::affine::Affine;
use super::super::formula::{Element, Formula, Range};
use super::super::letters::fresh_all;
use super::super::system::apart;
use super::{Applied, Context};
use crate::ordered::Ordered;
use crate::scalar::{Function, Rational, Scalar};

fn partial(f: &Formula) -> Option<(&Formula, &Element)> {
    match f {
        Formula::Partial { of, by } => Some((of, by)),
        _ => None,
    }
}

/// ∂E/∂x, where E stands as a name: the whole derivative.
fn of_loss<'a>(f: &'a Formula, c: &Context<'_>) -> Option<&'a Element> {
    match partial(f)? {
        (Formula::Element(e), by) if e.tensor == c.system.loss => Some(by),
        _ => None,
    }
}

/// One sum for each tensor that uses x. Where the loss itself does, its definition stands
/// there at once, since ∂E/∂E is 1.
pub fn chain_rule_over_elements(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    let by = of_loss(f, c)?;
    if by.tensor != *c.by || by.tensor == c.system.loss {
        return None;
    }
    let mut taken = c.taken.clone();
    let mut terms = Vec::new();
    for user in c.system.users(&by.tensor).filter(|u| c.reached.contains(&u.name)) {
        if user.name == c.system.loss {
            terms.push(user.cell(&[], &taken)?.partial(by));
            continue;
        }
        let axes = &user.definition.as_ref()?.axes;
        // An axis of length 1 needs no index.
        let long: Vec<&Range> = axes.iter().filter(|r| r.length.as_number() != Some(1)).collect();
        let preferred: Vec<&str> = long.iter().map(|r| r.index.as_str()).collect();
        // Each term has indices of its own.
        let letters = fresh_all(&preferred, &mut taken);
        let ranges: Vec<Range> =
            letters.iter().zip(&long).map(|(l, r)| Range::new(l, r.length.clone())).collect();
        let mut next = ranges.iter();
        let at: Vec<Affine> = axes
            .iter()
            .map(|r| match r.length.as_number() {
                Some(1) => Affine::number(0),
                _ => next.next().map(Range::affine).unwrap_or_default(),
            })
            .collect();
        let element = Element { tensor: user.name.clone(), at };
        let outer = Formula::Element(c.system.loss_element()).partial(&element);
        let inner = Formula::Element(element).partial(by);
        terms.push(Formula::sum(ranges, Formula::Mul(vec![outer, inner])));
    }
    Some(Formula::total(terms).into())
}

/// ∂E/∂y_a is δ^y_a, where y is not what the line differentiates by.
pub fn name_delta(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    let by = of_loss(f, c).filter(|by| by.tensor != *c.by)?;
    Some(Formula::Element(Element { tensor: by.tensor.delta(), at: by.at.clone() }).into())
}

/// ∂E/∂y_a = −t_a/y_a is put in, since the slope of y will cancel the y below, and whatever the
/// network wants written out; any other is better named δ.
pub fn earlier_result(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    let y = of_loss(f, c).filter(|by| by.tensor != *c.by)?;
    let place = c.lemmas.iter().position(|l| l.by.tensor == y.tensor)?;
    let lemma = &c.lemmas[place];
    let below = |part: &Formula| matches!(part, Formula::Div(_, v) if v.depends_on(&y.tensor));
    let has_sum = lemma.result.any(&|p| matches!(p, Formula::Sum { .. }));
    let cancels = !has_sum && lemma.result.any(&below);
    if !cancels && !c.system.written_out.contains(&y.tensor) {
        return None;
    }
    let mut taken = c.taken.clone();
    let result = apart(&lemma.result, &mut taken);
    let axes = lemma.by.at.iter().zip(&y.at);
    let put = axes.filter_map(|(l, at)| Some((l.as_index()?.to_string(), at.clone()))).into_map();
    Some(Applied { contractum: result.substitute(&put), uses: Some(place) })
}

/// ∂y_a/∂x_b, where y is not x.
pub fn definition(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    let (Formula::Element(e), by) = partial(f)? else { return None };
    if e.tensor == by.tensor || e.tensor == c.system.loss {
        return None;
    }
    let tensor = c.system.tensor(&e.tensor)?;
    if !tensor.uses(&by.tensor) {
        return None;
    }
    Some(tensor.cell(&e.at, &c.taken)?.partial(by).into())
}

/// ∂Σu = Σ∂u.
pub fn linearity_of_the_sum(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let (Formula::Sum { ranges, body }, by) = partial(f)? else { return None };
    let body = Box::new(body.as_ref().clone().partial(by));
    Some(Formula::Sum { ranges: ranges.clone(), body }.into())
}

/// Terms without x are left out at once.
pub fn sum(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let (Formula::Add(terms), by) = partial(f)? else { return None };
    let moving = terms.iter().filter(|t| t.depends_on(&by.tensor));
    let moving: Vec<Formula> = moving
        .map(|t| match t {
            // A difference stays one: ∂(u − v) = ∂u − ∂v.
            Formula::Neg(v) => v.as_ref().clone().partial(by).negative(),
            other => other.clone().partial(by),
        })
        .collect();
    (!moving.is_empty()).then(|| Formula::total(moving).into())
}

/// ∂(u − v) = ∂u − ∂v; a side without x is left out at once.
pub fn difference(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let (Formula::Sub(u, v), by) = partial(f)? else { return None };
    let slope = |of: &Formula| of.depends_on(&by.tensor).then(|| of.clone().partial(by));
    Some(match (slope(u), slope(v)) {
        (Some(u), Some(v)) => u.less(v).into(),
        (Some(u), None) => u.into(),
        (None, Some(v)) => v.negative().into(),
        (None, None) => return None,
    })
}

/// ∂(−u) = −∂u.
pub fn negation(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let (Formula::Neg(u), by) = partial(f)? else { return None };
    Some(u.as_ref().clone().partial(by).negative().into())
}

/// The one factor with x is differentiated where it stands.
pub fn constant_factor(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    match partial(f)? {
        (Formula::Mul(factors), by) => {
            let moves = |u: &&Formula| u.depends_on(&by.tensor);
            if factors.iter().filter(moves).count() != 1 {
                return None;
            }
            let each = |u: &Formula| match moves(&u) {
                true => u.clone().partial(by),
                false => u.clone(),
            };
            Some(Formula::Mul(factors.iter().map(each).collect()).into())
        }
        (Formula::Div(u, v), by) if !v.depends_on(&by.tensor) => {
            Some(u.as_ref().clone().partial(by).over(v.as_ref().clone()).into())
        }
        _ => None,
    }
}

/// A term for each factor with x.
pub fn product(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let (Formula::Mul(factors), by) = partial(f)? else { return None };
    let moving: Vec<usize> =
        (0..factors.len()).filter(|n| factors[*n].depends_on(&by.tensor)).collect();
    if moving.len() < 2 {
        return None;
    }
    let term = |n: &usize| {
        let mut term = factors.clone();
        term[*n] = term[*n].clone().partial(by);
        Formula::Mul(term)
    };
    Some(Formula::Add(moving.iter().map(term).collect()).into())
}

/// With the quotient itself kept together, so that its name can be put back.
pub fn quotient(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let (Formula::Div(u, v), by) = partial(f)? else { return None };
    if !v.depends_on(&by.tensor) {
        return None;
    }
    let slope = v.as_ref().clone().partial(by).over(v.as_ref().clone());
    let second = Formula::Mul(vec![Formula::Div(u.clone(), v.clone()), slope]);
    if !u.depends_on(&by.tensor) {
        return Some(second.negative().into());
    }
    let first = u.as_ref().clone().partial(by).over(v.as_ref().clone());
    Some(first.less(second).into())
}

/// n·uⁿ⁻¹·∂u; with a number n, n − 1 is worked out, and u¹ is u.
pub fn power(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let (Formula::Pow(u, n), by) = partial(f)? else { return None };
    if n.depends_on(&by.tensor) || !u.depends_on(&by.tensor) {
        return None;
    }
    let below = match n.as_ref() {
        Formula::Number(q) => Formula::Number(q.sub(&Rational::from(1)).ok()?),
        other => other.clone().less(Formula::integer(1)),
    };
    let base = match below.is_integer(1) {
        true => u.as_ref().clone(),
        false => u.as_ref().clone().power(below),
    };
    let slope = u.as_ref().clone().partial(by);
    Some(Formula::Mul(vec![n.as_ref().clone(), base, slope]).into())
}

/// cᵛ·ln c·∂v.
pub fn exponential(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let (whole @ Formula::Pow(u, v), by) = partial(f)? else { return None };
    if u.depends_on(&by.tensor) {
        return None;
    }
    let ln = Formula::Call(Function::Ln, u.clone());
    Some(Formula::Mul(vec![whole.clone(), ln, v.as_ref().clone().partial(by)]).into())
}

/// v·uᵛ⁻¹·∂u + uᵛ·ln u·∂v.
pub fn general_power(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let (whole @ Formula::Pow(u, v), by) = partial(f)? else { return None };
    if !u.depends_on(&by.tensor) || !v.depends_on(&by.tensor) {
        return None;
    }
    let below = v.as_ref().clone().less(Formula::integer(1));
    let first = Formula::Mul(vec![
        v.as_ref().clone(),
        u.as_ref().clone().power(below),
        u.as_ref().clone().partial(by),
    ]);
    let ln = Formula::Call(Function::Ln, u.clone());
    let second = Formula::Mul(vec![whole.clone(), ln, v.as_ref().clone().partial(by)]);
    Some(Formula::Add(vec![first, second]).into())
}

/// f′(u)·∂u.
pub fn elementary(f: &Formula, _: &Context<'_>) -> Option<Applied> {
    let (slope, u, by) = match partial(f)? {
        (Formula::Call(function, u), by) => (slope(*function, u)?, u, by),
        (Formula::Apply { name, primes, argument: u }, by) => {
            let primes = primes.checked_add(1)?;
            (Formula::Apply { name: name.clone(), primes, argument: u.clone() }, u, by)
        }
        _ => return None,
    };
    Some(Formula::Mul(vec![slope, u.as_ref().clone().partial(by)]).into())
}

fn slope(function: Function, u: &Formula) -> Option<Formula> {
    let value = Formula::call(function, u.clone());
    let one = Formula::integer(1);
    Some(match function {
        Function::Exp => value,
        Function::Ln => one.over(u.clone()),
        Function::Sqrt => one.over(Formula::Mul(vec![Formula::integer(2), value])),
        Function::Tanh => one.less(value.power(Formula::integer(2))),
        Function::Sigmoid => Formula::Mul(vec![value.clone(), one.less(value)]),
        Function::Softplus => Formula::call(Function::Sigmoid, u.clone()),
        Function::NormalCdf => Formula::call(Function::NormalPdf, u.clone()),
        Function::NormalPdf => Formula::Neg(Box::new(Formula::Mul(vec![u.clone(), value]))),
        Function::Abs => Formula::call(Function::Sign, u.clone()),
        Function::Relu => Formula::call(Function::Step, u.clone()),
        Function::Sign | Function::Step => return Some(Formula::integer(0)),
        Function::Sin => Formula::call(Function::Cos, u.clone()),
        Function::Cos => Formula::Neg(Box::new(Formula::call(Function::Sin, u.clone()))),
        Function::Sinh => Formula::call(Function::Cosh, u.clone()),
        Function::Cosh => Formula::call(Function::Sinh, u.clone()),
    })
}

/// The bracket says which values of the indices win; padding never does.
pub fn max_winner(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    match partial(f)? {
        (whole @ Formula::Max { ranges, .. }, by) => {
            // The bracket keeps the max; what is summed has letters of its own.
            let mut taken = c.taken.clone();
            let old: Vec<&str> = ranges.iter().map(|r| r.index.as_str()).collect();
            let new = fresh_all(&old, &mut taken);
            let names = old.iter().map(|s| s.to_string()).zip(new.clone()).into_map();
            let kept = whole.rename(&names);
            let Formula::Max { ranges, within, body } = whole else { return None };
            let at = ranges.iter().map(Range::affine).collect();
            let of = super::names::named(whole, c);
            // A cell of the padding may be as great, and counts for nothing.
            let mut factors = vec![Formula::Wins { max: Box::new(kept), at, of }];
            factors.extend(within.iter().cloned().map(Formula::Bracket));
            factors.push(body.as_ref().clone().partial(by));
            let product = Formula::Mul(factors);
            Some(Formula::sum(ranges.clone(), product).into())
        }
        (whole @ Formula::MaxOf(all), by) => {
            let of = super::names::named(whole, c);
            let moving = all.iter().enumerate().filter(|(_, u)| u.depends_on(&by.tensor));
            let terms = moving.map(|(n, u)| {
                let max = Box::new(whole.clone());
                let wins = Formula::Wins { max, at: vec![Affine::from(n)], of: of.clone() };
                Formula::Mul(vec![wins, u.clone().partial(by)])
            });
            Some(Formula::total(terms.collect()).into())
        }
        _ => None,
    }
}

/// A bracket for each axis.
pub fn independence_of_elements(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    let (Formula::Element(e), by) = partial(f)? else { return None };
    if e.tensor != by.tensor || e.at.len() != by.at.len() {
        return None;
    }
    let lengths = c.system.tensor(&e.tensor).map(|t| t.lengths.as_slice()).unwrap_or(&[]);
    let mut pairs: Vec<(Affine, Affine)> =
        e.at.iter().cloned().zip(by.at.iter().cloned()).collect();
    // Along an axis of length 1 there is nothing to tell apart.
    let mut lengths = lengths.iter();
    pairs.retain(|_| lengths.next().is_none_or(|l| l.as_number() != Some(1)));
    let brackets = pairs.into_iter().map(|(a, b)| Formula::equal(a, b)).collect();
    Some(Formula::product(brackets).into())
}

/// ∂c/∂x = 0. An element of another tensor, as it stands in a definition that was written out, is
/// held fixed; as the user of x that the chain rule went through it is not.
pub fn constant(f: &Formula, c: &Context<'_>) -> Option<Applied> {
    let (of, by) = partial(f)?;
    if let Formula::Element(e) = of
        && c.system.tensor(&e.tensor).is_some_and(|t| t.uses(&by.tensor) || t.name == c.system.loss)
    {
        return None;
    }
    (!of.depends_on(&by.tensor)).then(|| Formula::integer(0).into())
}
