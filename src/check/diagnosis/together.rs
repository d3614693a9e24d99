//! The causes of all gradients of a check that are wrong, looked for together.
//!
//! Goes in: a network, the values, the gradients that were supplied, with which of them are wrong.
//! Comes out: a diagnosis for each that is wrong, or nothing. First what needs no pass; then other
//! networks and mistakes of the backward pass, each tried once for all gradients; then what one
//! gradient alone has to do with. What always holds: the work is counted, so that the same check
//! ends with the same words everywhere; and a number that was fitted had to explain others.

use super::mistakes::Candidate;
use super::rebuilt::Rebuilt;
use super::variants::{Variant, variants};
use super::{Case, Cause, Diagnosis, Difference, Fit, MAX_MISTAKES, MAX_OTHER_CAUSES};
use super::{altered, fitted, mistakes, rearranged};
use crate::check::overflow::shifted;
use crate::check::values::work;
use crate::concrete::{Forward, Values, backward};
use crate::net::{Network, QuantityId};
use crate::scalar::Interval;

/// What is looked at.
pub(crate) struct Matter<'a> {
    /// As it was written.
    pub net: &'a Network,
    pub values: &'a Values<f64>,
    /// The same, with exponentials that do not overflow, and its run.
    pub stable: &'a Network,
    pub run: &'a Forward<f64>,
    /// About how many elements are computed.
    pub budget: usize,
}

/// A gradient that was supplied.
pub(crate) struct Suspect<'a> {
    pub by: QuantityId,
    pub right: Vec<Interval>,
    /// For each element, the greatest distance that rounding explains.
    pub slack: &'a [f64],
    pub theirs: &'a [f64],
    /// Whether it is wrong, and not right.
    pub is_wrong: bool,
}

/// A forward and a backward pass cost about so many forward passes.
const PASSES: usize = 4;
/// A number is fitted only where so many elements speak of it.
const MIN_TELLING: usize = 4;
/// Nobody writes a number that is this near to ours, as a part of it, and is not ours.
const NEAR: f64 = 1e-4;
/// At most so many steps lead to a fitted number.
const MAX_STEPS: usize = 8;

/// Why each of the wrong gradients is wrong, in the order of the suspects.
pub(crate) fn diagnose(matter: &Matter<'_>, suspects: &[Suspect<'_>]) -> Vec<Option<Diagnosis>> {
    let wrong: Vec<usize> = (0..suspects.len()).filter(|k| suspects[*k].is_wrong).collect();
    let mut found: Vec<Vec<Cause>> = vec![Vec::new(); suspects.len()];
    for k in &wrong {
        found[*k] = rearranged::causes(&suspects[*k].case(matter));
    }
    let mut decays: Vec<Cause> = Vec::new();
    // Twice: of a single number the rate is known only when others have told it.
    for _ in 0..2 {
        for k in wrong.iter().copied() {
            if found[k].is_empty() {
                found[k] = fitted::at_once(&suspects[k].case(matter), &decays);
                decays.extend(found[k].iter().cloned());
            }
        }
    }
    let one = |causes: &Vec<Cause>| causes.first().cloned();
    let first = wrong.first().and_then(|k| one(&found[*k]));
    let settled = first.is_some() && wrong.iter().all(|k| one(&found[*k]) == first);
    if !settled || wrong.len() == 1 {
        let mut trial = Trial {
            matter,
            suspects,
            left: matter.budget,
            all: Vec::new(),
            alone: vec![Vec::new(); suspects.len()],
        };
        trial.run(&wrong);
        let (all, alone, left) = (trial.all, trial.alone, trial.left);
        let is_joint = wrong.len() > 1 && !all.is_empty();
        for k in &wrong {
            match is_joint {
                true => found[*k] = all.clone(),
                false => found[*k].extend(alone[*k].iter().cloned()),
            }
        }
        let each = left / wrong.len().max(1);
        for k in &wrong {
            if found[*k].is_empty() {
                let case = Case { budget: each, ..suspects[*k].case(matter) };
                found[*k] = fitted::causes(&case);
            }
        }
    }
    let diagnosis = |causes: Vec<Cause>| {
        let mut unlike: Vec<Cause> = Vec::new();
        causes.into_iter().for_each(|cause| {
            if !unlike.contains(&cause) {
                unlike.push(cause);
            }
        });
        let mut causes = unlike.into_iter();
        let cause = causes.next()?;
        Some(Diagnosis { cause, others: causes.take(MAX_OTHER_CAUSES).collect() })
    };
    found.into_iter().map(diagnosis).collect()
}

impl<'a> Suspect<'a> {
    fn case(&'a self, matter: &'a Matter<'a>) -> Case<'a> {
        Case {
            net: matter.stable,
            run: matter.run,
            by: self.by,
            right: &self.right,
            slack: self.slack,
            theirs: self.theirs,
            budget: matter.budget,
        }
    }

    /// Whether it is what was predicted, within what rounding does to numbers of that size.
    fn is(&self, predicted: &[f64], slack: f64) -> bool {
        let all = self.theirs.iter().zip(predicted).zip(self.slack);
        predicted.len() == self.theirs.len() && { all }
            .all(|((x, p), s)| (x - p).abs() <= s * slack)
    }
}

struct Trial<'a> {
    matter: &'a Matter<'a>,
    suspects: &'a [Suspect<'a>],
    /// The work that is left.
    left: usize,
    /// What explains every wrong gradient, and no right one otherwise.
    all: Vec<Cause>,
    /// What explains a wrong gradient, whatever it says of others.
    alone: Vec<Vec<Cause>>,
}

/// Gradients by all suspects.
type Predicted = Vec<Vec<f64>>;

impl Trial<'_> {
    fn run(&mut self, wrong: &[usize]) {
        let by = self.by();
        let mistakes = mistakes::candidates(self.matter.stable, &by, |node| {
            self.matter.run.value(node).is_some()
        });
        let variants = variants(self.matter.net, self.matter.values);
        // One gradient alone says more of an operation than of a network.
        match self.suspects.len() {
            1 => {
                self.mistakes(mistakes);
                self.networks(variants, wrong);
            }
            _ => {
                self.networks(variants, wrong);
                self.mistakes(mistakes);
            }
        }
        if self.all.is_empty() {
            self.stepped(wrong);
        }
    }

    fn by(&self) -> Vec<QuantityId> {
        self.suspects.iter().map(|s| s.by).collect()
    }

    fn is_done(&self) -> bool {
        self.all.len() > MAX_OTHER_CAUSES
    }

    /// Takes the work of one trial from the budget, if that is still there.
    fn pays(&mut self) -> bool {
        let cost = work(self.matter.stable).saturating_mul(PASSES);
        let pays = self.left >= cost;
        self.left = self.left.saturating_sub(cost);
        pays
    }

    fn mistakes(&mut self, candidates: Vec<Candidate>) {
        let by = self.by();
        for candidate in candidates.into_iter().take(MAX_MISTAKES) {
            if self.is_done() || !self.pays() {
                return;
            }
            let (net, run) = (self.matter.stable, self.matter.run);
            if let Some(all) = altered::gradients(net, run, &by, &candidate.changes) {
                self.enter(&candidate.cause, &all);
            }
        }
    }

    fn networks(&mut self, variants: Vec<Variant>, wrong: &[usize]) {
        let cause = |variant: &Variant, t: f64| Cause::Network {
            difference: (variant.difference)(t),
            place: variant.place.clone(),
        };
        for variant in &variants {
            for t in &variant.known {
                if self.is_done() {
                    return;
                }
                if let Some(all) = self.gradients(variant, *t) {
                    self.enter(&cause(variant, *t), &all);
                }
            }
        }
        // Numbers that are not the usual ones, where nothing else explains all.
        for variant in &variants {
            let Some(ours) = variant.ours.filter(|_| self.all.is_empty()) else { continue };
            if let Some((t, all)) = self.fitted(variant, ours, wrong) {
                self.enter(&cause(variant, t), &all);
            }
        }
    }

    /// All parameters one step of descent later.
    fn stepped(&mut self, wrong: &[usize]) {
        let matter = self.matter;
        let params: Vec<QuantityId> = matter.net.params().collect();
        let params: Vec<QuantityId> =
            params.into_iter().filter(|id| matter.run.of(*id).is_some()).collect();
        let Ok(slopes) = backward(matter.stable, matter.run, &params) else { return };
        let step =
            |id: &QuantityId| Some((*id, matter.values.get(id)?.clone(), slopes.of(*id)?.to_vec()));
        let Some(steps) = params.iter().map(step).collect::<Option<Vec<_>>>() else { return };
        let variant = Variant {
            difference: std::rc::Rc::new(Difference::Stepped),
            place: None,
            sites: Vec::new(),
            leaves: Some(std::rc::Rc::new(move |rate| {
                let moved = |(id, values, slopes): &(QuantityId, Vec<f64>, Vec<f64>)| {
                    (*id, values.iter().zip(slopes).map(|(x, g)| x - rate * g).collect())
                };
                steps.iter().map(moved).collect()
            })),
            known: Vec::new(),
            ours: Some(0.0),
        };
        self.networks(vec![variant], wrong);
    }

    /// The gradients of another network.
    fn gradients(&mut self, variant: &Variant, t: f64) -> Option<Predicted> {
        if !self.pays() {
            return None;
        }
        let by = self.by();
        let mut values = self.matter.values.clone();
        if let Some(leaves) = &variant.leaves {
            values.extend(leaves(t));
        }
        let net = Rebuilt::network(self.matter.net, &variant.sites, t)?;
        let (net, run) = shifted(&net, &values, &by).ok()?;
        let found = backward(&net, &run, &by).ok()?;
        by.iter().map(|id| found.of(*id).map(<[f64]>::to_vec)).collect()
    }

    /// Takes a cause down, if it explains something.
    fn enter(&mut self, cause: &Cause, predicted: &Predicted) {
        let (mut joint, mut all) = (true, Fit { telling: 0, bits: 0.0 });
        for (k, suspect) in self.suspects.iter().enumerate() {
            if !suspect.is_wrong {
                joint &= suspect.is(&predicted[k], 2.0);
                continue;
            }
            let of = |n: usize| super::point(predicted[k].get(n));
            let fit = suspect.case(self.matter).fit(of).filter(|fit| fit.telling > 0);
            let Some(fit) = fit else {
                joint = false;
                continue;
            };
            all.telling += fit.telling;
            all.bits += fit.bits;
            if fit.is_clear() && self.alone[k].len() <= MAX_OTHER_CAUSES {
                self.alone[k].push(cause.clone());
            }
        }
        if joint && all.is_clear() {
            self.all.push(cause.clone());
        }
    }

    /// The number with which a family of networks explains the element that it moves most, if that
    /// explains all the others.
    fn fitted(
        &mut self,
        variant: &Variant,
        ours: f64,
        wrong: &[usize],
    ) -> Option<(f64, Predicted)> {
        let right = |k: usize, n: usize| {
            let right = &self.suspects[k].right[n];
            right.lower / 2.0 + right.upper / 2.0
        };
        let cells = |k: &usize| (0..self.suspects[*k].theirs.len()).map(|n| (*k, n)).collect();
        let cells: Vec<(usize, usize)> =
            wrong.iter().flat_map(|k| -> Vec<_> { cells(k) }).collect();
        let gaps: Vec<f64> =
            cells.iter().map(|(k, n)| self.suspects[*k].theirs[*n] - right(*k, *n)).collect();
        let away = if ours == 0.0 { 0.01 } else { ours * 1.25 };
        let rights: Vec<f64> = cells.iter().map(|(k, n)| right(*k, *n)).collect();
        let moved = self.gradients(variant, away)?;
        let ways: Vec<f64> =
            cells.iter().zip(&rights).map(|((k, n), right)| moved[*k][*n] - right).collect();
        // Nothing else than the way of this number leads to theirs, even if it is no straight one.
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let alike = dot(&gaps, &ways).abs() / (dot(&gaps, &gaps) * dot(&ways, &ways)).sqrt();
        if alike.is_nan() || alike < 0.7 || cells.len() < MIN_TELLING {
            return None;
        }
        let most = (0..ways.len()).max_by(|a, b| ways[*a].abs().total_cmp(&ways[*b].abs()))?;
        let (k, n) = cells[most];
        if gaps[most].abs() < fitted::CLEAR * self.suspects[k].slack[n] {
            return None;
        }
        let off =
            |all: &Predicted, suspects: &[super::Suspect<'_>]| all[k][n] - suspects[k].theirs[n];
        // The secant's way to the number.
        let (mut t, mut error) = (away, off(&moved, self.suspects));
        let (mut before, mut error_before) = (ours, -gaps[most]);
        let mut last = None;
        for _ in 0..MAX_STEPS {
            let next = t - error * (t - before) / (error - error_before);
            if !next.is_finite() || (ours > 0.0 && next < 0.0) {
                return None;
            }
            let all = self.gradients(variant, next)?;
            (before, error_before) = (t, error);
            (t, error) = (next, off(&all, self.suspects));
            last = Some(all);
            if error.abs() <= self.suspects[k].slack[n] / 4.0 || t == before {
                break;
            }
        }
        let all = last?;
        let least = if ours == 0.0 { fitted::MIN_RATE } else { NEAR * ours.abs() };
        if (t - ours).abs() < least || !self.explains(&all) {
            return None;
        }
        // A number of few digits, if it explains them as well.
        for digits in 1..=4 {
            let round = fitted::rounded(t, digits);
            if (round - t).abs() <= 1e-3 * t.abs()
                && let Some(all) = self.gradients(variant, round)
                && self.explains(&all)
            {
                return Some((round, all));
            }
        }
        Some((t, all))
    }

    /// Whether a prediction explains every wrong gradient, by more elements than could be chance.
    fn explains(&self, predicted: &Predicted) -> bool {
        let mut telling = 0;
        for (k, suspect) in self.suspects.iter().enumerate().filter(|(_, s)| s.is_wrong) {
            let all = &predicted[k];
            let Some(fit) = suspect.case(self.matter).fit(|n| super::point(all.get(n))) else {
                return false;
            };
            telling += fit.telling;
        }
        telling >= MIN_TELLING
    }
}
