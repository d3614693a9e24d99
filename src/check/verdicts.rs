//! The verdict on supplied gradients: by the exact gradient and typical rounding.
//!
//! Goes in: a place, its kinks, numbers for some gradients in one format. Comes out: a finding for
//! each. Here is what one way of deciding the kinks gives, a [`Way`]; at a kink `choices.rs` asks
//! which ways there are, and near one `sides.rs` which side the program may have taken. What
//! always holds: the exact gradient has the digits that the verdict takes, or nothing is judged.

use crate::concrete::{Decisions, Kink, Shares};
use crate::diag::Error;
use crate::scalar::Interval;

use super::choices::at_kinks;
use super::conventions::{Framework, corner};
use super::estimate;
use super::reference::{self, DIGITS, Element, Gradients, Place, Witness};
use super::report::{AtKinks, Choice};
use super::rounding::{Accumulate, Format};
use super::rule::{Finding, NOTHING, Outcome, Seen, factors, judge, root_mean_square};
use super::sides::plain;
use super::supplied::LONG_WORK;
use super::typical::{How, Spread, Unit, called, spread};
use super::values::work;

/// What is to be judged.
pub(super) struct Asked<'a> {
    pub at: Place<'a>,
    pub kinks: &'a [Kink],
    pub format: Format,
    pub accumulate: Accumulate,
    /// Which quantity of the place, and its numbers.
    pub numbers: &'a [(usize, &'a [f64])],
    pub from: Option<Framework>,
}

/// What was found.
pub(super) struct Judged {
    /// For each of the numbers that were asked about.
    pub tensors: Vec<Tensor>,
    pub loss: Element,
    /// Whether the exact gradients have no bound of their error but an estimate.
    pub estimated: bool,
}

/// What was found of one gradient.
pub(super) struct Tensor {
    pub finding: Finding,
    pub exact: Vec<Element>,
    pub at_kinks: Option<AtKinks>,
    /// Whether `exact` is what the network's own convention gives.
    pub ours: bool,
    /// Whether the numbers would be right if they had been computed in `f32`.
    pub right_in_f32: bool,
}

/// One way to decide at the kinks, with what it gives.
#[derive(Clone)]
pub(super) struct Way {
    pub exact: Gradients,
    pub findings: Vec<Finding>,
    /// Units near a kink, whose side the format does not tell for certain.
    pub open: Vec<Unit>,
    pub loss: Element,
    /// Whether the exact gradients have no bound of their error but an estimate.
    pub estimated: bool,
}

impl Way {
    pub fn agreeing(&self) -> usize {
        self.findings.iter().filter(|f| f.outcome == Outcome::Agree).count()
    }

    /// In how many it is known whether they agree.
    pub fn judged(&self) -> usize {
        self.findings.iter().filter(|f| !matches!(f.outcome, Outcome::Open(_))).count()
    }

    pub fn all_agree(&self) -> bool {
        self.agreeing() == self.findings.len()
    }
}

/// Judges the numbers.
pub(super) fn judged(asked: &Asked<'_>) -> Result<Judged, Error> {
    let ours = way(asked, asked.at.decisions, &Shares::new())?;
    let (loss, estimated) = (ours.loss, ours.estimated);
    let wrong_in_f64: Vec<bool> =
        ours.findings.iter().map(|f| f.outcome == Outcome::Differ).collect();
    let has_corner = |kink: &&Kink| corner(asked.at.net, kink).is_some();
    let kinks: Vec<Kink> = asked.kinks.iter().filter(has_corner).cloned().collect();
    let mut tensors = match kinks.is_empty() {
        true => plain(asked, ours)?,
        false => at_kinks(asked, &kinks, ours)?,
    };
    let double = asked.format == Format::F64;
    if double && tensors.iter().any(|t| t.finding.outcome == Outcome::Differ) {
        let single = Asked { format: Format::F32, ..*asked };
        if let Ok(way) = way(&single, asked.at.decisions, &Shares::new()) {
            for ((tensor, finding), wrong) in
                tensors.iter_mut().zip(&way.findings).zip(wrong_in_f64)
            {
                tensor.right_in_f32 = wrong && finding.outcome == Outcome::Agree;
            }
        }
    }
    if asked.format.is_coarse() && asked.at.decisions.iter().next().is_some() {
        tensors.iter_mut().for_each(|tensor| reopen(tensor, asked.format));
    }
    Ok(Judged { tensors, loss, estimated })
}

/// Through deep networks a coarse format may carry a unit to its other side from afar, and open the
/// way to a gradient that exact numbers close: that it is not 0 there refutes nothing.
fn reopen(tensor: &mut Tensor, format: Format) {
    let closed = tensor.exact.iter().all(|g| g.value == 0.0 && g.radius == 0.0);
    if closed && tensor.finding.outcome == Outcome::Differ {
        tensor.finding.outcome = Outcome::Open(format!(
            "no path leads to it past the units that are off, and rounding in {format} may turn one \
             of them on"
        ));
    }
}

/// By how much more than the first passes of a long network the others may let pass: of a few random
/// moves the mean square is at times this much too small.
const FEW_PASSES: f64 = 16.0;

/// The exact gradients and the findings where the kinks are decided in one way.
pub(super) fn way(
    asked: &Asked<'_>,
    decisions: &Decisions,
    shares: &Shares<Interval>,
) -> Result<Way, Error> {
    let at = Place { decisions, ..asked.at };
    let [few, more] = factors(asked.format).passes;
    let how =
        |passes, first| How { format: asked.format, accumulate: asked.accumulate, passes, first };
    let reason = |error: Error| format!("{}: {}", asked.format, error.message());
    let is_long = work(asked.at.net) > LONG_WORK;
    let first = if is_long { few } else { more };
    let mut noise = spread(at, how(first, 0), shares, &[]).map_err(reason);
    let mut exact: Option<(Gradients, Element)> = None;
    let mut why = None;
    let (mut level, mut open) = (0, true);
    while let Some(bits) = DIGITS.get(level) {
        if level > 0 && is_long {
            break;
        }
        match reference::gradients(at, *bits, shares, Witness::Called) {
            Ok((gradients, loss)) => {
                let wanted = wanted(asked, &gradients, noise.as_ref().ok());
                exact = Some((gradients, loss));
                open = wanted > 0.0;
                if !open {
                    break;
                }
                // As many more bits as are missing, and a few.
                let needed = f64::from(*bits) + wanted + 8.0;
                level = DIGITS.iter().position(|b| f64::from(*b) >= needed).unwrap_or(DIGITS.len());
            }
            Err(error) if error.kind() == crate::diag::Kind::Internal => return Err(error),
            Err(error) => {
                why = Some(error);
                level += 1;
            }
        }
    }
    let mut estimated = false;
    if open
        && is_long
        && let Ok(found) = estimate::gradients(at, shares)
    {
        (exact, estimated) = (Some(found), true);
    }
    let Some((exact, loss)) = exact else {
        return Err(why.unwrap_or_else(|| {
            Error::new(crate::diag::Kind::Limit, "the exact gradient was not found")
        }));
    };
    let mut findings = findings(asked, &exact, &noise);
    let all_agree = findings.iter().all(|f| f.outcome == Outcome::Agree);
    if is_long && all_agree {
        // More passes may have been more generous.
        let noticed = findings.iter_mut().flat_map(|finding| &mut finding.noticed);
        noticed.for_each(|noticed| *noticed *= FEW_PASSES);
    } else if is_long
        && let Ok(first) = &mut noise
        && let Ok(second) = spread(at, how(more - few, few as u64), shares, &[])
    {
        first.moved.extend(second.moved);
        first.overflow = first.overflow.or(second.overflow);
        findings = self::findings(asked, &exact, &noise);
    }
    let open = noise.map(|noise| noise.open).unwrap_or_default();
    Ok(Way { exact, findings, open, loss, estimated })
}

/// How far below what rounding does a gradient is looked for that is not known to be 0: 2⁻³⁰⁰.
const UNSEEN: f64 = 4.9e-91;

/// How many bits the exact gradients lack for a verdict; 0 where they suffice.
fn wanted(asked: &Asked<'_>, exact: &Gradients, noise: Option<&Spread>) -> f64 {
    let unit = 1.0 / (1u64 << asked.format.bits()) as f64;
    let mut most = 0.0f64;
    for (k, _) in asked.numbers {
        let greatest = exact[*k].iter().map(|g| g.value.abs()).fold(0.0, f64::max);
        let radius = exact[*k].iter().map(|g| g.radius).fold(0.0, f64::max);
        let own = unit / 16.0 * greatest;
        let typical = noise.map_or(0.0, |noise| {
            let all = noise.moved.iter().flat_map(|m| &m[*k]).copied();
            root_mean_square(all) / 64.0
        });
        if exact[*k].iter().all(|g| g.radius == 0.0 || g.vanishes()) {
            continue;
        }
        // A gradient that may be nothing has to be shown to be far less than rounding moves it by.
        let nothing = exact[*k].iter().all(Element::may_be_zero);
        let enough = match (nothing, noise.is_some_and(|noise| noise.zero[*k])) {
            (true, true) => typical * 16.0 * NOTHING,
            // Most of what is not 0 shows itself with so many digits.
            (true, false) => typical * UNSEEN,
            (false, _) => own.max(typical),
        };
        if radius > enough {
            let missing = if enough > 0.0 { (radius / enough).log2() } else { 1e9 };
            most = most.max(missing.max(1.0));
        }
    }
    most
}

pub(super) fn findings(
    asked: &Asked<'_>,
    exact: &Gradients,
    noise: &Result<Spread, String>,
) -> Vec<Finding> {
    let one = |(k, numbers): &(usize, &[f64])| match noise {
        Ok(noise) => {
            let moved: Vec<&[f64]> = noise.moved.iter().map(|m| m[*k].as_slice()).collect();
            let seen = Seen { base: &noise.base[*k], moved: &moved, zero: noise.zero[*k] };
            let mut finding = judge(asked.format, numbers, &exact[*k], seen);
            if let (Some(node), false) = (noise.overflow, finding.outcome == Outcome::Agree) {
                let place = called(asked.at.net, node);
                let why = format!("the values overflow {} at {place}", asked.format);
                finding.outcome = Outcome::Open(why);
            }
            finding
        }
        // Without passes only what is right to its last digits can be told.
        Err(why) => {
            let base: Vec<f64> = exact[*k].iter().map(|g| g.value).collect();
            let seen = Seen { base: &base, moved: &[], zero: false };
            let mut finding = judge(asked.format, numbers, &exact[*k], seen);
            if finding.outcome != Outcome::Agree {
                finding.outcome = Outcome::Open(why.clone());
            }
            finding
        }
    };
    asked.numbers.iter().map(one).collect()
}

pub(super) fn told(asked: &Asked<'_>, way: Way, choice: Option<Choice>, ours: bool) -> Vec<Tensor> {
    let each = asked.numbers.iter().zip(way.findings);
    each.map(|((k, _), finding)| Tensor {
        exact: way.exact[*k].clone(),
        at_kinks: choice.filter(|_| finding.outcome == Outcome::Agree).map(AtKinks::only),
        finding,
        ours,
        right_in_f32: false,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What may be nothing has to be narrower than its noise by 2^36 and some, and for each halving
    /// of that a bit more is wanted.
    #[test]
    fn the_bits_that_a_verdict_lacks_are_counted() {
        let net = crate::lang::parse_network("param w[4]\nE = sum(w)").unwrap();
        let by: Vec<_> = net.params().collect();
        let decisions = Decisions::new();
        let at = Place { net: &net, values: net.values(), decisions: &decisions, by: &by };
        let zeros = [0.0; 4];
        let asked = Asked {
            at,
            kinks: &[],
            format: Format::F64,
            accumulate: Accumulate::default(),
            numbers: &[(0, &zeros)],
            from: None,
        };
        // A power of two, so that nothing is rounded below.
        let far = 2.0f64.powi(-27);
        let moved = vec![far, -far, far, -far];
        let noise = Spread {
            base: vec![vec![0.0; 4]],
            moved: vec![vec![moved]; 4],
            overflow: None,
            open: Vec::new(),
            zero: vec![true],
        };
        let enough = far / 64.0 / (1u64 << 36) as f64;
        let bits = |radius: f64| {
            let exact = vec![vec![Element { value: 0.0, rest: 0.0, radius }; 4]];
            wanted(&asked, &exact, Some(&noise))
        };
        assert_eq!(bits(enough / 1.5), 0.0);
        // As narrow as that is enough; what is wider lacks a bit at least.
        assert_eq!((bits(enough), bits(enough.next_up())), (0.0, 1.0));
        assert!(
            (bits(4.0 * enough) - 2.0).abs() < 1e-9 && (bits(32.0 * enough) - 5.0).abs() < 1e-9
        );
    }
}
