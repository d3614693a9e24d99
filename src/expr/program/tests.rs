//! A program gives what the evaluator gives: every bit, and every fault.

use proptest::prelude::*;
use rustc_hash::FxHashMap;

use super::*;
use crate::expr::{Decision, Rest, Symbol, Winners, decisions};
use crate::scalar::{Ball, Dual, Function, Interval, Pair, Prime, Rational};

/// A stream of choices from a seed.
struct Choices(u64);

impl Choices {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// A graph of every kind of node, each made of what was made before, with some roots and assumed
/// winners. What is smooth alone has a value in a prime field, too.
fn random(seed: u64, size: usize, smooth: bool, partial: bool) -> (Graph, Vec<ExprId>, Winners) {
    let mut c = Choices(seed);
    let (mut g, mut winners) = (Graph::new(), Winners::new());
    let mut all: Vec<ExprId> = ["x", "y", "z", "a"].map(|name| g.var(name)).to_vec();
    all.extend([0, 1, 2, -1].map(|n| g.integer(n)));
    let mut maxima = Vec::new();
    for n in 0..size {
        // Most often something new, so that much is used once.
        let pick = |c: &mut Choices| match c.below(3) {
            0 => all[c.below(all.len())],
            _ => all[all.len() - 1 - c.below(8.min(all.len()))],
        };
        let list = |c: &mut Choices| -> Vec<ExprId> {
            (0..c.below(6) + usize::from(c.below(8) > 0)).map(|_| pick(c)).collect()
        };
        let id = match c.below(if smooth { 9 } else { 14 }) {
            0 | 1 => g.add(list(&mut c)),
            2 | 3 => g.mul(list(&mut c)),
            4 => g.neg(pick(&mut c)),
            5 => g.sub(pick(&mut c), pick(&mut c)),
            6 => g.named(&format!("n{n}"), pick(&mut c)),
            7 => {
                let whole = [-1, 0, 1, 2, 3][c.below(5)];
                let whole = g.integer(whole);
                g.pow(pick(&mut c), whole)
            }
            8 if partial && c.below(4) == 0 => g.partial(pick(&mut c), pick(&mut c)),
            8 => g.div(pick(&mut c), pick(&mut c)),
            9 | 10 => g.call(Function::ALL[c.below(Function::ALL.len())], pick(&mut c)),
            11 => {
                let mut args = list(&mut c);
                args.push(pick(&mut c));
                let max = g.max(&args);
                if c.below(3) == 0 {
                    winners.insert(max, args[c.below(args.len())]);
                }
                maxima.push(max);
                max
            }
            12 if !maxima.is_empty() => {
                let max = maxima[c.below(maxima.len())];
                let args = g.children(max);
                g.wins(max, args[c.below(args.len())])
            }
            _ => g.pow(pick(&mut c), pick(&mut c)),
        };
        all.push(id);
    }
    let roots = (0..4).map(|_| all[all.len() - 1 - c.below(12.min(all.len()))]).collect();
    (g, roots, winners)
}

/// The number that stands for a symbol, at one of several points.
fn at(g: &Graph, seed: u64, symbol: SymbolId) -> Option<i64> {
    let place = ["x", "y", "z", "a"].iter().position(|n| *g.symbol(symbol) == Symbol::named(n))?;
    let mut c = Choices(seed ^ (place as u64) << 32);
    // One in many is missing; many are alike, so that there are ties and zeros.
    (c.below(40) > 0).then(|| c.below(7) as i64 - 3)
}

fn same<T: Scalar>(
    g: &Graph,
    roots: &[ExprId],
    branches: Branches<'_>,
    env: &dyn Fn(SymbolId) -> Option<T>,
) -> Result<bool, TestCaseError> {
    let program = Program::new(g, roots, branches);
    let expected = evaluate_all(g, roots, env, branches);
    let found = program.evaluate(env);
    prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    Ok(expected.is_ok())
}

fn bits(values: &Result<Vec<f64>, EvalError>) -> Result<Vec<u64>, EvalError> {
    values.clone().map(|all| all.into_iter().map(f64::to_bits).collect())
}

/// How often there was a value, and how often a fault, are asserted of the usual draw.
fn both(found: &std::cell::RefCell<[usize; 2]>, least: usize) {
    let [faults, values] = *found.borrow();
    if crate::laws::usual_draw() {
        assert!(faults > least && values > least, "{faults} faults and {values} values");
    }
}

#[test]
fn a_program_equals_the_evaluator_in_every_number_system() {
    let count = std::cell::RefCell::new([0; 2]);
    proptest::test_runner::TestRunner::new(crate::laws::laws(1000))
        .run(&(any::<u64>(), 1usize..40), |(seed, size)| {
            let (g, roots, winners) = random(seed, size, false, seed % 5 == 0);
            let branches = Branches { winners: Some(&winners), ..Branches::default() };
            let value = |s| at(&g, seed, s);
            let exact = |s| value(s).map(Rational::from);
            count.borrow_mut()[usize::from(same(&g, &roots, branches, &exact)?)] += 1;
            same(&g, &roots, branches, &|s| value(s).map(|n| n as f64 * 0.37))?;
            same(&g, &roots, branches, &|s| {
                exact(s).map(|q| Interval::from_rational(&q).unwrap())
            })?;
            same::<Ball<Pair>>(&g, &roots, branches, &|s| {
                exact(s).map(|q| Ball::<Pair>::from_rational(&q).unwrap())
            })?;
            same(&g, &roots, branches, &|s| exact(s).map(Dual::variable))?;
            Ok(())
        })
        .unwrap();
    both(&count, 100);
}

#[test]
fn a_program_equals_the_evaluator_in_a_prime_field_and_on_recorded_kinks() {
    let count = std::cell::RefCell::new([0; 2]);
    proptest::test_runner::TestRunner::new(crate::laws::laws(1000))
        .run(&(any::<u64>(), 1usize..40, any::<bool>()), |(seed, size, smooth)| {
            let (g, roots, winners) = random(seed, size, smooth, false);
            let real = |s| at(&g, seed, s).map(|n| n as f64);
            let found = decisions(&g, &roots, &real, Some(&winners));
            let made: FxHashMap<ExprId, Decision> = found.unwrap_or_default();
            for rest in [Rest::Recorded(&made), Rest::Drawn(seed), Rest::ByValue] {
                let branches = Branches { winners: Some(&winners), rest, opaque: None };
                let prime = |s| at(&g, seed, s).map(|n| Prime::from_rational(&n.into()).unwrap());
                count.borrow_mut()[usize::from(same(&g, &roots, branches, &prime)?)] += 1;
                same(&g, &roots, branches, &real)?;
            }
            Ok(())
        })
        .unwrap();
    both(&count, 100);
}

#[test]
fn many_points_are_each_by_itself() {
    let count = std::cell::RefCell::new([0; 2]);
    let orders: [&[&str]; 4] =
        [&["x", "y", "z", "a"], &["a", "z", "n4", "x", "y", "n5", "x"], &["z", "x", "y"], &[]];
    proptest::test_runner::TestRunner::new(crate::laws::laws(500))
        .run(&(any::<u64>(), 1usize..60, 0usize..40), |(seed, size, points)| {
            let (mut g, roots, winners) = random(seed, size, false, seed % 9 == 0);
            // Most often all that is asked for has a column; and there are others.
            let order = orders[[0, 1, 0, 1, 0, 1, 0, 1, 2, 3][(seed % 10) as usize]];
            let columns: Vec<SymbolId> =
                order.iter().map(|name| g.intern_symbol(Symbol::named(name))).collect();
            let branches = Branches { winners: Some(&winners), ..Branches::default() };
            let program = Program::new(&g, &roots, branches);
            let number = |point: usize, s: SymbolId| {
                let value = at(&g, seed.wrapping_add(point as u64), s).unwrap_or(0) as f64;
                match point % 7 {
                    // Numbers that leave the range, and what is none.
                    3 => value * 1e200,
                    5 if value == 3.0 => f64::INFINITY,
                    6 if value == 3.0 => f64::NAN,
                    _ => value * 0.37,
                }
            };
            let all = (0..points).flat_map(|n| columns.iter().map(move |s| (n, *s)));
            let mut values: Vec<f64> = all.map(|(n, s)| number(n, s)).collect();
            // At times the last numbers are missing.
            values.truncate(
                values.len() - (seed % 5 / 4) as usize * columns.len().min(values.len()) / 2,
            );
            let mut batch = program.batch(&columns);
            let mut found = vec![7.0; 3];
            // A batch has a memory, and remembers nothing.
            batch.evaluate(points + 3, &values, &mut found);
            let faults = batch.evaluate(points, &values, &mut found);
            prop_assert_eq!(found.len(), points * roots.len());
            let mut faults = faults.into_iter().peekable();
            for (point, found) in found.chunks(roots.len()).enumerate() {
                let env = |s| {
                    let column = columns.iter().position(|other| *other == s)?;
                    values.get(point * columns.len() + column).copied()
                };
                let expected = evaluate_all(&g, &roots, &env, branches);
                let found = match faults.next_if(|fault| fault.0 == point) {
                    Some((_, error)) => {
                        prop_assert!(found.iter().all(|number| number.is_nan()));
                        Err(error)
                    }
                    None => Ok(found.to_vec()),
                };
                prop_assert_eq!(bits(&found), bits(&expected), "point {}", point);
                prop_assert_eq!(bits(&program.evaluate_f64(&env)), bits(&expected));
                count.borrow_mut()[usize::from(found.is_ok())] += 1;
            }
            prop_assert!(faults.next().is_none());
            Ok(())
        })
        .unwrap();
    both(&count, 1000);
}

/// However many threads there are, and whatever instructions the machine has: a long sum, of which
/// each term is rounded.
#[test]
fn the_instructions_of_the_machine_change_no_bit() {
    let mut g = Graph::new();
    let leaves: Vec<ExprId> = (0..300).map(|n| g.var(&format!("v{n}"))).collect();
    let mut all = leaves.clone();
    let mut c = Choices(17);
    for _ in 0..40 {
        let mut pick = || all[c.below(all.len())];
        let terms: Vec<ExprId> = (0..100).map(|_| g.mul([pick(), pick()])).collect();
        let sum = g.add(&terms);
        all.push(g.call(Function::Tanh, sum));
    }
    let product = |g: &mut Graph, pair: &[ExprId]| g.mul([pair[0], pair[1]]);
    let roots: Vec<ExprId> = all.windows(2).map(|pair| product(&mut g, pair)).collect();
    let program = Program::new(&g, &roots, Branches::default());
    let columns: Vec<SymbolId> = leaves.iter().filter_map(|leaf| g.symbol_of(*leaf)).collect();
    let points = 61;
    let values: Vec<f64> =
        (0..points * 300).map(|_| c.below(1 << 40) as f64 / (1u64 << 39) as f64 - 1.0).collect();
    let mut found = Vec::new();
    assert_eq!(program.batch(&columns).evaluate(points, &values, &mut found), []);
    for (row, found) in values.chunks(300).zip(found.chunks(roots.len())) {
        let env = |s: SymbolId| Some(row[columns.iter().position(|c| *c == s)?]);
        let expected = evaluate_all(&g, &roots, &env, Branches::default());
        assert_eq!(bits(&Ok(found.to_vec())), bits(&expected));
    }
}

/// A name that is not looked into is a leaf, and one symbol may then stand for two nodes.
#[test]
fn what_is_opaque_is_a_leaf() {
    let mut g = Graph::new();
    let x = g.var("x");
    let zero = g.integer(0);
    let broken = g.div(x, zero);
    let name = g.named("x", broken);
    let sum = g.add([x, name]);
    let opaque = [name].into();
    let branches = Branches { opaque: Some(&opaque), ..Branches::default() };
    let program = Program::new(&g, &[sum], branches);
    assert_eq!(program.evaluate_f64(&|_| Some(3.0)).unwrap(), [6.0]);
    assert!(Program::new(&g, &[sum], Branches::default()).evaluate_f64(&|_| Some(3.0)).is_err());
}

/// Of a sum of many products, everything is one step; the two that begin alike share what they
/// begin with; and a slot is used again.
#[test]
fn a_program_is_short() {
    let mut g = Graph::new();
    let leaves: Vec<ExprId> = (0..100).map(|n| g.var(&format!("v{n}"))).collect();
    let products: Vec<ExprId> = (1..100).map(|n| g.append().mul(&[leaves[0], leaves[n]])).collect();
    let sum = g.add(&products);
    assert_eq!(Program::new(&g, &[sum], Branches::default()).size(), (1, 100));
    let triples: Vec<ExprId> =
        (2..100).map(|n| g.append().mul(&[leaves[0], leaves[1], leaves[n]])).collect();
    let sum = g.add(&triples);
    // The product of the first two has a step, and takes the place of one of them.
    assert_eq!(Program::new(&g, &[sum], Branches::default()).size(), (2, 100));
    let mut chain = leaves[0];
    for _ in 0..1000 {
        chain = g.call(Function::Tanh, chain);
    }
    assert_eq!(Program::new(&g, &[chain], Branches::default()).size(), (1000, 1));
    // A max of many whose winner is asked for by all of them is looked for once.
    let max = g.max(&leaves);
    let wins: Vec<ExprId> = leaves.iter().map(|leaf| g.wins(max, *leaf)).collect();
    let program = Program::new(&g, &wins, Branches::default());
    assert_eq!(program.size().0, 102);
    let found = program.evaluate_f64(&|s| Some((s.index() % 7) as f64)).unwrap();
    assert_eq!(found.iter().position(|w| *w == 1.0), Some(6));
    assert_eq!(found.iter().sum::<f64>(), 1.0);
}

/// Layers whose cells are long sums of one shape: with a factor in common or with none, with terms
/// that are taken off, with a bias, and some of them made of the sums before.
fn layers(seed: u64) -> (Graph, Vec<ExprId>) {
    let mut c = Choices(seed);
    let mut g = Graph::new();
    let mut cells: Vec<ExprId> = (0..8 + c.below(20)).map(|n| g.var(&format!("x{n}"))).collect();
    let mut all = Vec::new();
    for layer in 0..3 {
        let (weights_first, own, minus) = (c.below(2) == 0, c.below(3) == 0, c.below(4));
        let mut next = Vec::new();
        for row in 0..3 + c.below(8) {
            let mut terms = Vec::new();
            for (n, cell) in cells.iter().enumerate() {
                let weight = g.var(&format!("w{layer}_{row}_{n}"));
                // With a cell of its own for each, nothing is shared.
                let cell = if own { g.var(&format!("y{layer}_{row}_{n}")) } else { *cell };
                let pair = if weights_first { [weight, cell] } else { [cell, weight] };
                let product = g.mul(pair);
                terms.push(if minus > 1 && n % 5 < minus { g.neg(product) } else { product });
            }
            terms.push(g.var(&format!("b{layer}_{row}")));
            // At times a sum has the one before among its terms.
            terms.extend(next.last().filter(|_| c.below(6) == 0));
            next.push(g.add(&terms));
        }
        all.extend_from_slice(&next);
        // Sums of few terms stand between those of many.
        let small = |g: &mut Graph, pair: &[ExprId]| g.add([pair[0], pair[1], pair[0]]);
        let more: Vec<ExprId> = next.windows(2).map(|pair| small(&mut g, pair)).collect();
        cells = [next, more].concat();
    }
    (g, all)
}

#[test]
fn sums_that_are_worked_out_together_are_those_of_each_by_itself() {
    let together = std::cell::Cell::new([0; 3]);
    proptest::test_runner::TestRunner::new(crate::laws::laws(100))
        .run(&any::<u64>(), |seed| {
            let (g, roots) = layers(seed);
            let program = Program::new(&g, &roots, Branches::default());
            let [mut sums, mut first, mut second] = together.get();
            for step in &program.code().unwrap().steps {
                if let run::Step::Sums { start, .. } = step {
                    let word = program.code().unwrap().operands[*start as usize + sums::TOGETHER];
                    let kind = sums::Terms::read(word).0;
                    sums += 1;
                    first += usize::from(kind == sums::Terms::FirstShared);
                    second += usize::from(kind == sums::Terms::SecondShared);
                }
            }
            together.set([sums, first, second]);
            let value = |s: SymbolId| ((s.index() * 37 + seed as usize % 11) % 23) as i64 - 11;
            same(&g, &roots, Branches::default(), &|s| Some(Rational::from(value(s))))?;
            same(&g, &roots, Branches::default(), &|s| {
                Some(Interval::from_rational(&Rational::new(value(s), 7).unwrap()).unwrap())
            })?;
            let real = |s: SymbolId| value(s) as f64 * 0.37;
            let expected = evaluate_all(&g, &roots, &|s| Some(real(s)), Branches::default());
            prop_assert_eq!(bits(&program.evaluate_f64(&|s| Some(real(s)))), bits(&expected));
            let columns: Vec<SymbolId> = (0..g.symbol_count() as u32).map(SymbolId).collect();
            let row: Vec<f64> = columns.iter().map(|s| real(*s)).collect();
            let mut found = Vec::new();
            let faults = program.batch(&columns).evaluate(9, &row.repeat(9), &mut found);
            prop_assert!(faults.is_empty());
            for found in found.chunks(roots.len()) {
                prop_assert_eq!(bits(&Ok(found.to_vec())), bits(&expected));
            }
            Ok(())
        })
        .unwrap();
    if crate::laws::usual_draw() {
        let [sums, first, second] = together.get();
        assert!(sums > 200 && first > 20 && second > 20, "{sums} {first} {second}");
    }
}
