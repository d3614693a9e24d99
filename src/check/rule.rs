//! Whether rounding explains the distance of supplied numbers from the exact gradient: the rule,
//! with its factors.
//!
//! Goes in: numbers, the exact gradient, by how much some passes of Monte Carlo arithmetic moved
//! it. Comes out: a finding for the tensor. What always holds: numbers that agree would not agree
//! if they were 0, doubled or negated; the finding says the smallest error that would have been
//! noticed; and what the passes cannot vouch for is open, with the reason.
//!
//! With e the distance, δₖ what pass k moved, s² the mean of δₖ² and σ² the same drawn towards the
//! mean of the tensor, numbers agree where every |eᵢ| ≤ c·σᵢ, ‖e‖ ≤ c₂·√Σs² (for few elements up to c·√Σs²) and, with the exact
//! gradient G, |e·G| ≤ c₃·√mean(δₖ·G)².

use super::reference::Element;
use super::rounding::Format;

/// c, c₂ and c₃; how many passes at first, and how many where these do not suffice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Factors {
    pub element: f64,
    pub norm: f64,
    pub scale: f64,
    pub passes: [usize; 2],
    /// The greatest error of an element, as a part of the greatest, that an agreement may hide.
    pub share: f64,
}

/// The factors of a format: what `f64` and `f32` resolve is enough to be generous to programs that
/// nobody measured; `f16` and `bf16` have none to spare.
pub(super) fn factors(format: Format) -> Factors {
    match format {
        Format::F64 | Format::F32 => {
            Factors { element: 32.0, norm: 16.0, scale: 32.0, passes: [3, 10], share: 1.0 / 128.0 }
        }
        Format::F16 | Format::Bf16 => {
            Factors { element: 10.0, norm: 5.0, scale: 8.0, passes: [10, 25], share: 1.0 }
        }
    }
}

/// What was found of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    pub outcome: Outcome,
    /// For each element, the greatest distance that rounding explains.
    pub slack: Vec<f64>,
    /// The smallest error of one element that would have been noticed, as a part of the greatest
    /// element; and of a common factor, as its distance from 1.
    pub noticed: [f64; 2],
}

/// The verdict on a tensor.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    Agree,
    Differ,
    Open(String),
}

/// Roundings that move a gradient by as much as it is large do not add up any more: now and then
/// they move it by so many times what they mostly do.
const LARGE: f64 = 8.0;

/// What is known to be as small as that, and no more of it, is told from 0 by no format.
const VANISHED: f64 = 1e-290;

impl Element {
    /// Whether it is 0 but for what underflows.
    pub fn vanishes(&self) -> bool {
        self.radius > 0.0 && self.may_be_zero() && self.value.abs() + self.radius < VANISHED / 4.0
    }
}

/// How many units in the last place a number may be off to be called right to its last digit.
const LAST_DIGITS: f64 = 4.0;

/// What passes in `f64` saw of one gradient.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// Without noise.
    pub base: &'a [f64],
    /// What each pass moved.
    pub moved: &'a [&'a [f64]],
    /// Whether it is 0 whatever the values are.
    pub zero: bool,
}

/// Judges the numbers of one tensor.
pub(super) fn judge(format: Format, numbers: &[f64], exact: &[Element], seen: Seen<'_>) -> Finding {
    let Seen { base, moved, zero } = seen;
    let sizes = exact.iter().map(|g| g.value.abs().max(g.radius));
    let sizes = sizes.chain(moved.iter().flat_map(|m| m.iter().map(|d| d.abs())));
    let greatest = sizes.fold(0.0, f64::max);
    let mut found = match squared(greatest) {
        0 => by_passes(format, numbers, exact, seen),
        power => {
            let to = |x: f64| libm::scalbn(x, power);
            let all = |all: &[f64]| all.iter().map(|x| to(*x)).collect::<Vec<f64>>();
            let element = |g: &Element| {
                let radius = if g.radius > 0.0 { to(g.radius).max(f64::MIN_POSITIVE) } else { 0.0 };
                Element { value: to(g.value), rest: to(g.rest), radius }
            };
            let moved: Vec<Vec<f64>> = moved.iter().map(|m| all(m)).collect();
            let moved: Vec<&[f64]> = moved.iter().map(Vec::as_slice).collect();
            let exact: Vec<Element> = exact.iter().map(element).collect();
            let seen = Seen { base: &all(base), moved: &moved, zero };
            let mut found = by_passes(format, &all(numbers), &exact, seen);
            found.slack.iter_mut().for_each(|slack| *slack = libm::scalbn(*slack, -power));
            found
        }
    };
    // Right to the last digit, whatever a program would typically lose.
    let unit = 1.0 / (1u64 << format.bits()) as f64;
    let off: Vec<f64> = numbers.iter().zip(exact).map(|(x, g)| g.off(*x)).collect();
    let last = |n: usize| match exact[n].vanishes() {
        true => VANISHED,
        false => LAST_DIGITS * unit * exact[n].value.abs(),
    };
    if found.outcome != Outcome::Agree
        && (0..numbers.len()).all(|n| off[n].abs() + exact[n].radius <= last(n))
    {
        let slack = (0..numbers.len()).map(last).collect();
        let greatest = exact.iter().map(|g| g.value.abs()).fold(0.0, f64::max);
        let seen = last_of(&off, exact, unit);
        let part = if greatest > 0.0 { seen / greatest } else { 0.0 };
        // Of what vanishes, nothing that vanishes as well would be noticed.
        let noticed = match exact.iter().any(Element::vanishes) {
            true => [part.max(1.0), 1.0],
            false => [part, 2.0 * LAST_DIGITS * unit],
        };
        found = Finding { outcome: Outcome::Agree, slack, noticed };
    }
    found
}

/// By which power of two numbers of this size are multiplied, so that their squares are in range.
fn squared(size: f64) -> i32 {
    match size == 0.0 || !size.is_finite() || (1e-120..1e120).contains(&size) {
        true => 0,
        false if size < 1.0 => -350 - libm::ilogb(size),
        false => 350 - libm::ilogb(size),
    }
}

/// The root of the mean of the squares.
pub(super) fn root_mean_square(all: impl Iterator<Item = f64> + Clone) -> f64 {
    let power = squared(all.clone().fold(0.0, |greatest, x| greatest.max(x.abs())));
    let (mut sum, mut count) = (0.0, 0u32);
    for x in all {
        let x = libm::scalbn(x, power);
        (sum, count) = (sum + x * x, count + 1);
    }
    libm::scalbn((sum / f64::from(count.max(1))).sqrt(), -power)
}

/// The judgement of numbers whose squares are in range.
fn by_passes(
    format: Format,
    numbers: &[f64],
    exact: &[Element],
    Seen { base, moved, zero }: Seen<'_>,
) -> Finding {
    let Factors { element, norm, scale, .. } = factors(format);
    let unit = 1.0 / (1u64 << format.bits()) as f64;
    let passes = moved.len().max(1) as f64;
    // A result is rounded once at least.
    let least = |n: usize| (exact[n].value * unit).powi(2) / 3.0;
    let squares: Vec<f64> = (0..numbers.len())
        .map(|n| moved.iter().map(|m| m[n] * m[n]).sum::<f64>() / passes + least(n))
        .collect();
    let mean = squares.iter().sum::<f64>() / squares.len().max(1) as f64;
    let sigma: Vec<f64> =
        squares.iter().map(|s| ((passes * s + 4.0 * mean) / (passes + 4.0)).sqrt()).collect();
    let off: Vec<f64> = numbers.iter().zip(exact).map(|(x, g)| g.off(*x)).collect();
    let greatest = exact.iter().map(|g| g.value.abs()).fold(0.0, f64::max);
    let of_sigma = sigma.iter().copied().fold(0.0, f64::max);
    let radius = exact.iter().map(|g| g.radius).fold(0.0, f64::max);
    let size: f64 = exact.iter().map(|g| g.value * g.value).sum();
    // Nothing lies along a gradient of zeros.
    let along = |m: &[f64]| match size > 0.0 {
        true => m.iter().zip(exact).map(|(d, g)| d * g.value).sum::<f64>() / size,
        false => 0.0,
    };
    let moves = moved.iter().map(|m| along(m).powi(2)).sum::<f64>() / passes;
    let moves = (moves + unit * unit / 3.0).sqrt();
    let slack: Vec<f64> = sigma.iter().map(|s| element * s).collect();
    let part = |x: f64| if greatest > 0.0 { x / greatest } else { 0.0 };
    // It is 0 but for rounding, as far as one can see far below what rounding does.
    let may_be_nothing = exact.iter().all(Element::may_be_zero);
    let nothing = may_be_nothing && (radius == 0.0 || zero && radius <= of_sigma * NOTHING);
    let hides = part(element * of_sigma);
    // Of what is nothing, no factor is noticed before an element is.
    let noticed = [hides, if nothing { hides } else { scale * moves }];
    let radius_known = |n: usize| exact[n].radius <= (sigma[n] / 4.0).max(unit / 8.0 * greatest);
    let typical = || {
        if numbers.iter().any(|x| !x.is_finite()) {
            return Outcome::Differ;
        }
        let mut far = base.iter().zip(exact).zip(&slack);
        if far.any(|((x, g), slack)| g.off(*x).abs() > *slack) {
            let why = "f64 itself keeps no digit of it, so what rounding does cannot be foreseen";
            return Outcome::Open(why.to_string());
        }
        // Far from every value that it may have, however many digits of that are known.
        let factor = if size > 0.0 { noticed[1] } else { 0.0 };
        let hidden = hidden(format, [noticed[0], factor]).filter(|_| !nothing);
        let times = if hidden.is_some() { LARGE } else { 1.0 };
        let beyond = |n: usize| off[n].abs() - exact[n].radius > times * slack[n];
        if (0..numbers.len()).any(beyond) {
            return Outcome::Differ;
        }
        // What is not seen to be 0 may be as small as one likes, and numbers near 0 say nothing of it.
        let unseen = may_be_nothing && radius > 0.0 && !nothing;
        if unseen || !(0..numbers.len()).all(radius_known) {
            let why = "its exact value would take more digits than are computed";
            return Outcome::Open(why.to_string());
        }
        let whole = off.iter().map(|e| e * e).sum::<f64>().sqrt();
        // The norm of a single element is that element.
        let norm = norm + (element - norm) / (numbers.len().max(1) as f64).sqrt();
        let by_norm = whole > norm * squares.iter().sum::<f64>().sqrt() + radius * 1e3;
        let by_scale = !nothing && size > 0.0 && along(&off).abs() > scale * moves;
        match hidden {
            Some(why) => Outcome::Open(why),
            None if by_norm || by_scale => Outcome::Differ,
            None => Outcome::Agree,
        }
    };
    Finding { outcome: typical(), slack, noticed }
}

/// Why an agreement would say nothing, where rounding hides as much as `noticed` says; with that,
/// zeros, doubled and negated gradients never agree.
pub(super) fn hidden(format: Format, noticed: [f64; 2]) -> Option<String> {
    let Factors { scale, share, .. } = factors(format);
    if noticed[1] > 0.5 {
        let moves = match noticed[1] / scale {
            m if m >= 1.0 => "by more than its size".to_string(),
            m => format!("by {}%", crate::scalar::show_digits(100.0 * m, 2)),
        };
        return Some(format!("rounding in {format} moves this gradient {moves}"));
    }
    (noticed[0] > share).then(|| {
        let hidden = crate::scalar::show_digits(100.0 * noticed[0], 2);
        format!("rounding in {format} would hide an error of {hidden}% of its greatest element")
    })
}

/// A gradient that is 0 whatever the values are is known well enough where its enclosure is this
/// much narrower than what rounding does.
pub(super) const NOTHING: f64 = 1.0 / (1u64 << 40) as f64;

/// The greatest distance of what is right to its last digits, and what would not be.
fn last_of(off: &[f64], exact: &[Element], unit: f64) -> f64 {
    let each = off.iter().zip(exact).map(|(e, g)| e.abs().max(LAST_DIGITS * unit * g.value.abs()));
    each.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(values: &[f64]) -> Vec<Element> {
        values.iter().map(|x| Element { value: *x, rest: 0.0, radius: 0.0 }).collect()
    }

    fn judged(format: Format, numbers: &[f64], right: &[f64], sigma: f64) -> Outcome {
        let noise: Vec<Vec<f64>> = (0..10)
            .map(|k| {
                (0..right.len()).map(|n| if (n + k) % 2 == 0 { sigma } else { -sigma }).collect()
            })
            .collect();
        let moved: Vec<&[f64]> = noise.iter().map(Vec::as_slice).collect();
        judge(format, numbers, &exact(right), Seen { base: right, moved: &moved, zero: false })
            .outcome
    }

    #[test]
    fn what_is_within_typical_rounding_agrees_and_what_is_not_differs() {
        let right = [1.0, -2.0, 0.5, 3.0];
        let near = right.map(|x| x + 3e-7);
        assert_eq!(judged(Format::F32, &near, &right, 1e-7), Outcome::Agree);
        for wrong in [[1.0, -2.0, 0.5, 3.03], [0.0; 4], right.map(|x| 2.0 * x), right.map(|x| -x)] {
            assert_eq!(judged(Format::F32, &wrong, &right, 1e-7), Outcome::Differ, "{wrong:?}");
        }
        // A common factor that no single element shows.
        assert_eq!(
            judged(Format::F32, &right.map(|x| x * 1.000_02), &right, 1e-6),
            Outcome::Differ
        );
    }

    #[test]
    fn where_rounding_is_as_large_as_the_gradient_nothing_is_judged() {
        let right = [1.0, -2.0, 0.5, 3.0, 1.0, 1.5, -1.0, 2.0];
        let open = judged(Format::Bf16, &right.map(|x| 1.2 * x), &right, 2.0);
        assert!(
            matches!(&open, Outcome::Open(why) if why.contains("rounding in bf16")),
            "{open:?}"
        );
        // Numbers that are right to the last digit are right all the same.
        assert_eq!(judged(Format::Bf16, &right, &right, 2.0), Outcome::Agree);
    }

    #[test]
    fn what_f64_loses_is_open() {
        let right = [1.0, 2.0];
        let moved: Vec<&[f64]> = vec![&[1e-16, 1e-16]; 3];
        let seen = Seen { base: &[1.0, 2.4], moved: &moved, zero: false };
        let found = judge(Format::F64, &[1.0, 2.5], &exact(&right), seen);
        assert!(matches!(&found.outcome, Outcome::Open(why) if why.contains("no digit")));
    }

    #[test]
    fn a_gradient_that_is_0_but_for_rounding_is_judged_by_its_noise() {
        let zero = vec![Element { value: 1e-33, rest: 0.0, radius: 1e-32 }; 2];
        let moved: Vec<&[f64]> = vec![&[1e-8, -2e-8]; 3];
        let seen = |zero: bool| Seen { base: &[0.0; 2], moved: &moved, zero };
        let found = |x: f64| judge(Format::F32, &[x, 0.0], &zero, seen(true)).outcome;
        assert_eq!(found(2e-8), Outcome::Agree);
        assert_eq!(found(1e-5), Outcome::Differ);
        // What is not known to be 0 may be anything as small as that.
        let found = judge(Format::F32, &[0.0, 0.0], &zero, seen(false)).outcome;
        assert!(matches!(found, Outcome::Open(_)), "{found:?}");
        // A small number that is known not to be 0 is more than that.
        let small = vec![Element { value: 1e-12, rest: 0.0, radius: 1e-32 }; 2];
        let found = judge(Format::F32, &[0.0, 0.0], &small, seen(true)).outcome;
        assert!(matches!(found, Outcome::Open(_)), "{found:?}");
    }

    #[test]
    fn a_dead_gradient_has_to_be_0() {
        let moved: Vec<&[f64]> = vec![&[0.0]; 3];
        let seen = Seen { base: &[0.0], moved: &moved, zero: false };
        let found = |x: f64| judge(Format::F32, &[x], &exact(&[0.0]), seen).outcome;
        assert_eq!(found(0.0), Outcome::Agree);
        assert_eq!(found(1e-30), Outcome::Differ);
    }

    /// Without a pass that says how rounding moves them, numbers are right to the last digit or
    /// not judged here.
    #[test]
    fn what_is_right_to_the_last_digit_needs_no_pass() {
        let right = [1.0, -2.0];
        let seen = Seen { base: &right, moved: &[], zero: false };
        let found = |numbers: &[f64]| judge(Format::F64, numbers, &exact(&right), seen);
        assert_eq!(found(&right).outcome, Outcome::Agree);
        assert_ne!(found(&[1.0, -2.1]).outcome, Outcome::Agree);
        assert!(found(&right).slack.iter().all(|slack| *slack > 0.0 && *slack < 1e-12));
    }
}
