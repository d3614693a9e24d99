//! The gradients that a program may give at a point: with its own rounding, and at a kink with
//! its own choice.
//!
//! Goes in: a point and a format of numbers. Comes out: for every gradient the interval of all
//! that arithmetic in this format may give, for our convention, for each framework's, for any
//! choice in the subdifferential. What always holds: numbers are called inside the
//! subdifferential only where one choice at every kink gives all of them, and outside only where
//! no choice does; what is neither is undecided.

use crate::concrete::{self, Kink, KinkKind, Shares};
use crate::diag::Error;
use crate::net::{Network, NodeId, Op, QuantityId};
use crate::scalar::{Function, Interval};

use super::MAX_PASS_WORK;
use super::bounds::{Bounds, bounds, forward, in_format, is_step};
use super::conventions::{Framework, corner, rule, shares};
use super::point::Point;
use super::report::{AtKinks, Choice};
use super::rounding::Format;
use super::values::work;

/// The most combinations of choices at kinks that are tried one by one.
pub const MAX_CHOICES: usize = 64;
/// In a large network, where [`super::MAX_PASS_WORK`] allows fewer, so many are
/// tried all the same.
pub const MIN_CHOICES: usize = 4;

/// What a format of numbers makes possible at a point.
pub(super) struct Study {
    /// With the decisions of the point.
    pub ours: Bounds,
    frameworks: Vec<(Framework, Bounds)>,
    /// The kinks that the point lies on, and then those that the format cannot tell from one.
    kinks: Vec<Kink>,
    exact: usize,
}

/// Looks at a point in a format. The gradients are by the quantities `by`.
pub(super) fn study(net: &Network, at: &Point, by: &[QuantityId], format: Format) -> Study {
    let ours = bounds(net, at, by, format, &Shares::new());
    let has_corner = |kink: &&Kink| corner(net, kink).is_some();
    let mut kinks: Vec<Kink> = at.kinks.iter().filter(has_corner).cloned().collect();
    let exact = kinks.len();
    let of_framework = |f: Framework| {
        let shares = shares(net, &kinks, f)?;
        Some((f, bounds(net, at, by, format, &shares)))
    };
    let frameworks = match exact {
        0 => Vec::new(),
        _ => Framework::ALL.into_iter().filter_map(of_framework).collect(),
    };
    let near = in_format!(format, close_calls(net, at)).unwrap_or_default();
    kinks.extend(near.into_iter().filter(|kink| has_corner(&kink)));
    Study { ours, frameworks, kinks, exact }
}

/// Where a program with this rounding may have decided otherwise than the exact values do.
fn close_calls<const P: u32>(net: &Network, at: &Point) -> Result<Vec<Kink>, Error> {
    let forward = forward::<P>(net, at, &at.decisions)?;
    let of = |node: NodeId| -> Vec<Interval> {
        let values = forward.value(node).unwrap_or_default();
        values.iter().filter_map(|x| x.enclosure().ok()).collect()
    };
    let known = |node: NodeId, element: usize| {
        at.kinks.iter().find(|k| k.node == node && k.element == element)
    };
    let mut found = Vec::new();
    for index in 0..net.nodes().len() {
        let node = NodeId(index as u32);
        if forward.value(node).is_none() {
            continue;
        }
        match &net.node(node).op {
            Op::Call(f, a) if f.has_kink() => {
                for (element, x) in of(*a).iter().enumerate() {
                    if x.contains(0.0) && !x.is_point() && known(node, element).is_none() {
                        found.push(Kink { node, element, kind: KinkKind::Zero(*f) });
                    }
                }
            }
            op => {
                let Some(candidates) = concrete::candidates(net, node) else { continue };
                let mut arguments = Vec::new();
                op.for_operands(|a| arguments.extend(of(a)));
                for (element, all) in candidates.iter().enumerate() {
                    // Without a bound nothing is said, here as elsewhere.
                    let all: Vec<(usize, Interval)> =
                        all.iter().filter_map(|n| Some((*n, *arguments.get(*n)?))).collect();
                    let lowers = all.iter().map(|(_, x)| x.lower);
                    let least = lowers.fold(f64::NEG_INFINITY, f64::max);
                    let may_win = all.iter().filter(|(_, x)| x.upper >= least);
                    let tied: Vec<usize> = may_win.map(|(n, _)| *n).collect();
                    let kind = KinkKind::Tie(tied.clone());
                    if tied.len() > 1 && known(node, element).is_none_or(|k| k.kind != kind) {
                        found.push(Kink { node, element, kind });
                    }
                }
            }
        }
    }
    Ok(found)
}

impl Study {
    /// Whether the point has, or in this format may have, a kink.
    pub fn has_kinks(&self) -> bool {
        !self.kinks.is_empty()
    }

    /// What numbers for quantity `k` of `by` do at the kinks; none where there is nothing to
    /// choose, or every choice gives them. With it the interval of each element: of what the
    /// choice gives that was found, or where none was, of what all choices give.
    pub fn place(
        &self,
        net: &Network,
        at: &Point,
        by: &[QuantityId],
        (k, format): (usize, Format),
        numbers: &[f64],
        from: Option<Framework>,
    ) -> Option<(AtKinks, Option<Vec<Interval>>)> {
        let gives = |bounds: &Bounds| {
            let inside = |(x, all): (&f64, &Interval)| all.contains(*x);
            bounds.as_ref().is_ok_and(|all| numbers.iter().zip(&all[k]).all(inside))
        };
        let ours = gives(&self.ours);
        let follows = |(f, bounds): &(Framework, Bounds)| gives(bounds).then_some(*f);
        let frameworks: Vec<Framework> = self.frameworks.iter().filter_map(follows).collect();
        let proper = frameworks.iter().find(|f| self.is_proper(net, **f));
        if !self.has_kinks() || ours && frameworks.len() == self.frameworks.len() {
            return None;
        }
        let unexpected = from.filter(|from| {
            !frameworks.contains(from) && self.frameworks.iter().any(|(f, _)| f == from)
        });
        let try_one = |shares: &Shares<Interval>| bounds(net, at, by, format, shares);
        let mut all = None;
        let choice = if ours {
            Choice::Ours
        } else if let Some(first) = proper {
            let same = self.frameworks.iter().find(|(f, _)| f == first);
            all = same.and_then(|(_, bounds)| Some(bounds.as_ref().ok()?[k].clone()));
            Choice::Another
        } else {
            match self.search(net, &[(k, numbers)], &try_one) {
                Search::Found(choice, bounds) => {
                    all = Some(bounds);
                    choice
                }
                Search::None => Choice::Outside,
                Search::Open => {
                    let hull = self.hull(net).and_then(|hull| try_one(&hull).ok());
                    all = hull.map(|mut all| all.swap_remove(k));
                    let inside = |all: &Vec<Interval>| {
                        numbers.iter().zip(all).all(|(x, all)| all.contains(*x))
                    };
                    match all.as_ref().is_none_or(inside) {
                        true => Choice::Undecided,
                        false => Choice::Outside,
                    }
                }
            }
        };
        let rules = self.rules(net, &frameworks);
        Some((AtKinks { choice, frameworks, rules, unexpected }, all))
    }

    /// Whether all that a framework does at the kinks are subgradients.
    fn is_proper(&self, net: &Network, framework: Framework) -> bool {
        let mut corners = self.kinks[..self.exact].iter().filter_map(|kink| corner(net, kink));
        corners.all(|c| rule(framework, c).is_some_and(|rule| rule.is_subgradient(c)))
    }

    /// What frameworks do at the kinks, each rule once.
    fn rules(&self, net: &Network, frameworks: &[Framework]) -> Vec<String> {
        let Some(first) = frameworks.first() else { return Vec::new() };
        let mut rules = Vec::new();
        for kink in &self.kinks[..self.exact] {
            let Some(corner) = corner(net, kink) else { continue };
            let words = rule(*first, corner).map(|rule| rule.words(corner));
            rules.extend(words.filter(|words| !rules.contains(words)));
        }
        rules
    }

    /// Whether it is certain that no one choice gives all of these gradients, which are numbers for
    /// quantities of `by`: a program makes its choice at a kink once.
    pub fn contradict(
        &self,
        net: &Network,
        at: &Point,
        by: &[QuantityId],
        format: Format,
        asked: &[(usize, &[f64])],
    ) -> bool {
        let given = |bounds: &Bounds| {
            bounds.as_ref().is_ok_and(|all| {
                asked.iter().all(|(k, numbers)| {
                    numbers.iter().zip(&all[*k]).all(|(x, all)| all.contains(*x))
                })
            })
        };
        let known = self.frameworks.iter().any(|(f, all)| self.is_proper(net, *f) && given(all));
        if !self.has_kinks() || asked.len() < 2 || known || given(&self.ours) {
            return false;
        }
        let try_one = |shares: &Shares<Interval>| bounds(net, at, by, format, shares);
        matches!(self.search(net, asked, &try_one), Search::None)
    }

    /// Looks for a choice that gives the numbers of some quantities: any of the combinations of
    /// whole ones, or something between them where that is certain. Found are the intervals of
    /// all these numbers, one quantity after the other.
    fn search(
        &self,
        net: &Network,
        asked: &[(usize, &[f64])],
        try_one: &dyn Fn(&Shares<Interval>) -> Bounds,
    ) -> Search {
        let options: Vec<Vec<Share>> = self.kinks.iter().map(|kink| sides(net, kink)).collect();
        let count = options.iter().try_fold(1usize, |n, o| n.checked_mul(o.len()));
        let most = (MAX_PASS_WORK / work(net)).clamp(MIN_CHOICES, MAX_CHOICES);
        let Some(count) = count.filter(|n| *n <= most) else { return Search::Open };
        // Near a kink, rounding may also have led right onto it.
        let found = if self.exact == 0 { Choice::OtherSide } else { Choice::Another };
        let numbers: Vec<f64> = asked.iter().flat_map(|(_, numbers)| *numbers).copied().collect();
        let mut corners = Vec::new();
        for mut n in 0..count {
            let mut shares = Shares::new();
            for (kink, options) in self.kinks.iter().zip(&options) {
                shares.insert((kink.node, kink.element), options[n % options.len()].clone());
                n /= options.len();
            }
            let Ok(bounds) = try_one(&shares) else { return Search::Open };
            let bounds: Vec<Interval> =
                asked.iter().flat_map(|(k, _)| &bounds[*k]).copied().collect();
            if numbers.iter().zip(&bounds).all(|(x, all)| all.contains(*x)) {
                return Search::Found(found, bounds);
            }
            corners.push(bounds);
        }
        // Between two corners the gradient goes along a straight line; and a single number, which
        // moves without a gap from corner to corner, takes every value between two of them.
        let inside = match (corners.as_slice(), numbers.as_slice()) {
            ([a, b], numbers) => between(a, b, numbers),
            (_, [x]) => {
                let all = corners.iter().map(|bounds| bounds[0]);
                all.clone().any(|c| c.lower <= *x) && all.clone().any(|c| *x <= c.upper)
            }
            _ => return Search::Open,
        };
        let here = numbers.iter().map(|x| Interval { lower: *x, upper: *x });
        if inside { Search::Found(found, here.collect()) } else { Search::None }
    }

    /// Every choice at once: intervals of weights. None where two pieces meet, for of these one or
    /// the other is taken.
    fn hull(&self, net: &Network) -> Option<Shares<Interval>> {
        let mut shares = Shares::new();
        for kink in &self.kinks {
            if is_step(net, kink.node) {
                return None;
            }
            let mut hull: Share = Vec::new();
            for side in sides(net, kink) {
                for (n, weight) in side {
                    match hull.iter_mut().find(|(m, _)| *m == n) {
                        Some((_, all)) => {
                            all.lower = all.lower.min(weight.lower);
                            all.upper = all.upper.max(weight.upper);
                        }
                        // On the other sides it has none.
                        None => hull.push((n, weight)),
                    }
                }
            }
            if matches!(kink.kind, KinkKind::Tie(_)) {
                hull.iter_mut().for_each(|(_, all)| all.lower = 0.0);
            }
            shares.insert((kink.node, kink.element), hull);
        }
        Some(shares)
    }
}

type Share = Vec<(usize, Interval)>;

/// What a search for a choice ended with.
enum Search {
    /// A choice, and what it gives.
    Found(Choice, Vec<Interval>),
    /// There is none.
    None,
    /// Not all of them could be tried.
    Open,
}

/// The whole choices at a kink: the slope on either side, or each winner.
fn sides(net: &Network, kink: &Kink) -> Vec<Share> {
    let point = |x: f64| Interval { lower: x, upper: x };
    match &kink.kind {
        KinkKind::Tie(tied) => tied.iter().map(|n| vec![(*n, point(1.0))]).collect(),
        KinkKind::Zero(_) => {
            let below = match &net.node(kink.node).op {
                Op::Call(Function::Abs, _) => -1.0,
                _ => 0.0,
            };
            vec![vec![(0, point(below))], vec![(0, point(1.0))]]
        }
    }
}

/// Whether for one t between 0 and 1 every number may be (1 − t)·a + t·b: each gives two linear
/// inequalities for t, and all of them must have a solution.
fn between(a: &[Interval], b: &[Interval], numbers: &[f64]) -> bool {
    let (mut from, mut to) = (0.0f64, 1.0f64);
    // p + t·q ≥ 0.
    let mut hold = |p: f64, q: f64| match q {
        0.0 => {
            if p < 0.0 {
                to = -1.0;
            }
        }
        q if q > 0.0 => from = from.max(-p / q),
        q => to = to.min(-p / q),
    };
    for (x, (a, b)) in numbers.iter().zip(a.iter().zip(b)) {
        hold(x - a.lower, a.lower - b.lower);
        hold(a.upper - x, b.upper - a.upper);
    }
    from <= to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_t_has_to_serve_all_numbers() {
        let around = |x: f64| Interval { lower: x - 1e-6, upper: x + 1e-6 };
        let (a, b) = ([0.0, 2.0].map(around), [1.0, 4.0].map(around));
        assert!(between(&a, &b, &[0.25, 2.5]));
        assert!(between(&a, &b, &[0.0, 2.0]));
        assert!(between(&a, &b, &[1.0, 4.0]));
        assert!(!between(&a, &b, &[0.25, 3.0]));
        assert!(!between(&a, &b, &[1.5, 5.0]));
        assert!(!between(&a, &b, &[-0.1, 1.8]));
    }
}
