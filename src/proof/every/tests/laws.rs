//! Random claims against numbers: what is proved is true, and what is equal is mostly proved.
//!
//! Numbers are intervals that enclose every rounding error; sizes go from 0 or 1 to 5, elements
//! have a value at every subscript, and are small whole numbers, so that zeros and equal elements
//! are met. With `EVERY_SHOW=1`, equal pairs that stay open are shown.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::draw::{Dice, Drawn, Scene};
use crate::index::{Cell, Formula, Letter, NoValue, evaluate};
use crate::proof::every::{Budget, Every, Reason, form::Form, normal, prove_every};
use crate::scalar::{Interval, Rational, Scalar};

/// The value of a formula at a point; nothing where it has none, or none that is told well.
fn value(scene: &Scene, formula: &Formula, point: &[(Letter, i64)], seed: u64) -> Option<Interval> {
    let plain = seed.is_multiple_of(2);
    let drawn = |cell: &Cell| {
        let mut hash = seed;
        for n in cell.name.bytes().map(i64::from).chain(cell.at.iter().copied()) {
            hash = Dice::new(hash ^ (n as u64).wrapping_mul(0x1234_5678_9abc_def1)).next();
        }
        let n = hash % 5;
        let q = match plain {
            true => Rational::from(n as i64 - 1),
            // Above 0, where roots and logarithms have values.
            false => Rational::new(1 + (hash >> 8) as i64 % 40, 16).ok()?,
        };
        Interval::from_rational(&q).ok()
    };
    let found: Result<Interval, NoValue> = evaluate(&scene.system, formula, point.to_vec(), &drawn);
    found.ok().filter(|x| x.width() < 1e-3 && x.upper.abs() < 1e12)
}

/// The first point at which both have values, and these are apart.
fn apart(scene: &Scene, a: &Formula, b: &Formula, dice: &mut Dice, tries: usize) -> Option<String> {
    for k in 0..tries {
        let least = usize::from(!scene.from_0);
        let (n, m) = match k {
            0 => (least, least),
            1 => (least, 2),
            2 => (2, least),
            _ => (least + dice.below(6 - least), least + dice.below(6 - least)),
        };
        let mut point = vec![(scene.letter("N"), n as i64), (scene.letter("M"), m as i64)];
        // A free index is in its range, or there is none of it to speak of.
        for (name, length) in [("i", n), ("j", m)] {
            let at = match (scene.ranged, length) {
                (true, 0) => continue,
                (true, _) => dice.below(length) as i64,
                (false, _) => dice.below(8) as i64 - 2,
            };
            point.push((Letter::Index(name.into()), at));
        }
        if point.len() < 4 {
            continue;
        }
        let seed = dice.next();
        let (x, y) = (value(scene, a, &point, seed), value(scene, b, &point, seed));
        if let (Some(x), Some(y)) = (x, y)
            && (x.upper < y.lower || y.upper < x.lower)
        {
            return Some(format!("{point:?}, seed {seed}: {x:?} and {y:?}"));
        }
    }
    None
}

/// What became of random pairs.
#[derive(Default, Debug)]
struct Tally {
    equal: usize,
    proved: usize,
    reworded_false: usize,
    edited_false: usize,
    edited_equal: usize,
    edited_proved: usize,
    without_value: usize,
}

fn pair(seed: u64, tally: &mut Tally) -> Result<(), TestCaseError> {
    let mut dice = Dice::new(seed);
    let scene = Scene::new(dice.chance(50), dice.chance(60));
    let free = scene.free.clone();
    let mut drawn = Drawn::new(dice.next(), &scene, false);
    let depth = 2 + drawn.dice.below(3);
    let formula = drawn.formula(depth, &free);
    let mut other = formula.clone();
    for _ in 0..2 + drawn.dice.below(9) {
        if other.size() < 120 {
            other = drawn.reworded(&other, &free);
        }
    }
    let edited = drawn.dice.chance(50);
    if edited {
        other = drawn.edited(&other, &free);
    }
    let (mut a, mut b) = (formula, other);
    if drawn.dice.chance(15)
        && let Formula::Element(by) = Formula::element("x", [free[0].affine()])
    {
        (a, b) = (a.partial(&by), b.partial(&by));
    }
    let found = prove_every(&a, &b, &scene.system, &scene.facts, Budget::default());
    let proved = matches!(found, Every::Proved { .. });
    let differ = apart(&scene, &a, &b, &mut dice, if proved { 16 } else { 10 });
    if proved && let Some(at) = differ {
        return Err(TestCaseError::fail(format!("{a} = {b} is proved, and differs at {at}")));
    }
    // Neither a value at any point that is tried, nor a proof: nothing to prove.
    if matches!(found, Every::NoAnswer(Reason::NoPoint | Reason::NoValue)) {
        tally.without_value += 1;
        return Ok(());
    }
    // Numbers that are not exact may be apart at the point, those of intervals are not.
    if found == Every::NoAnswer(Reason::Disagree)
        && let Some(at) = &differ
    {
        let of = format!("{a} = {b} has one normal form, and differs at {at}");
        return Err(TestCaseError::fail(of));
    }
    match (edited, differ.is_some()) {
        // Where a sum of nothing keeps a factor from being evaluated, other words may differ.
        (false, true) => tally.reworded_false += 1,
        (false, false) => {
            tally.equal += 1;
            tally.proved += usize::from(proved);
            if !proved && std::env::var("EVERY_SHOW").is_ok() {
                eprintln!("OPEN {found:?} {a} = {b}");
            }
        }
        (true, true) => tally.edited_false += 1,
        (true, false) => {
            tally.edited_equal += 1;
            tally.edited_proved += usize::from(proved);
        }
    }
    Ok(())
}

/// Runs a law on many seeds.
fn run(cases: u32, mut law: impl FnMut(u64) -> Result<(), TestCaseError>) {
    let config = crate::laws::laws(cases);
    let mut runner = proptest::test_runner::TestRunner::new(config.clone());
    let mut dice = Dice::new(runner.rng().next_u64());
    for n in 0..config.cases {
        let seed = dice.next();
        if let Err(error) = law(seed) {
            panic!("case {n}, seed {seed}: {error}");
        }
    }
}

#[test]
fn random_pairs_are_proved_if_they_are_equal() {
    let mut tally = Tally::default();
    run(200, |seed| pair(seed, &mut tally));
    eprintln!("{tally:?}");
    assert!(tally.proved * 100 >= tally.equal * 98, "98 of 100 equal pairs are proved: {tally:?}");
}

/// Small formulas of one normal form have the same numbers.
#[test]
fn formulas_of_one_normal_form_have_one_value() {
    let (mut forms, mut pairs, mut without) = (0, 0, 0);
    let mut known: BTreeMap<(bool, bool), BTreeMap<Form, Vec<Formula>>> = BTreeMap::new();
    let mut count = 0;
    run(1000, |seed| {
        count += 1;
        if count % 100_000 == 0 {
            known.clear();
        }
        let mut dice = Dice::new(seed);
        let scene = Scene::new(!dice.chance(20), dice.chance(30));
        let free = scene.free.clone();
        let mut drawn = Drawn::new(dice.next(), &scene, true);
        let depth = 1 + drawn.dice.below(3);
        let mut formula = drawn.formula(depth, &free);
        if drawn.dice.chance(15)
            && let Formula::Element(by) = Formula::element("x", [free[0].affine()])
        {
            formula = formula.partial(&by);
        }
        let Ok(form) = normal(&scene.all(), &formula, &scene.system, &scene.facts) else {
            without += 1;
            return Ok(());
        };
        let all = known.entry((scene.from_0, scene.ranged)).or_default().entry(form).or_default();
        forms += usize::from(all.is_empty());
        if all.contains(&formula) || all.len() > 12 {
            return Ok(());
        }
        for other in all.iter() {
            pairs += 1;
            if let Some(at) = apart(&scene, &formula, other, &mut dice, 8) {
                let of = format!("{formula} and {other} have one form, and differ at {at}");
                return Err(TestCaseError::fail(of));
            }
        }
        all.push(formula);
        Ok(())
    });
    eprintln!("{forms} forms, {pairs} pairs of one form, {without} without a form");
    if crate::laws::usual_draw() {
        assert!(pairs > 50, "some formulas have one form: {pairs}");
    }
}
