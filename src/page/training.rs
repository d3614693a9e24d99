//! The page of a run of gradient descent.

use std::collections::BTreeMap;

use super::derivation::number;
use super::math::{Math, Relation, relation};
use super::typeset::Typesetter;
use super::words::{plain, training as say};
use super::{Block, Inline, Page, Section, Table};
use crate::lesson::{Number, State, Training};

/// A run with more steps than this shows the first and the last ones.
const MAX_ROWS: usize = 24;
/// With more weights than this, the table of steps shows the loss alone.
const MAX_COLUMNS: usize = 5;
/// Past this many digits a fraction is shown rounded.
const MAX_DIGITS: usize = 12;

/// Short numbers as they are, long ones rounded.
fn short(n: &Number) -> Math {
    match n {
        Number::Exact(q) if q.to_string().len() > MAX_DIGITS => {
            number(&Number::Rounded(q.to_f64()))
        }
        _ => number(n),
    }
}

/// The page of a run: the first step in full, then the loss after each.
///
/// ```
/// let net = backproof::parse_network(
///     "input x
///      param w
///      target t
///      y = w*x
///      E = (t - y)^2 / 2
///      given x = 2, w = 3, t = 1",
/// )?;
/// let run = backproof::training(&net, &"1/8".parse().unwrap(), 3)?;
/// let page = backproof::training_page(&run);
/// assert!(backproof::render::text(&page, &Default::default()).contains("7/4"));
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn training_page(run: &Training) -> Page {
    let names = BTreeMap::new();
    let t = Typesetter::new(&run.graph, &names);
    let mut sections = Vec::new();
    if let [first, second, ..] = run.states.as_slice() {
        sections.push(first_step(run, &t, first, second));
    }
    sections.push(fall(run, &t));
    Page { title: say::title(), sections }
}

fn first_step(run: &Training, t: &Typesetter<'_>, first: &State, second: &State) -> Section {
    let w = || Math::symbol("w");
    let slope = Math::Partial(Box::new(t.math(run.loss)), Box::new(w()));
    let rule = Math::Sum(vec![
        (false, w()),
        (true, Math::Product(vec![Math::Number(run.rate.clone()), slope])),
    ]);
    let header = say::columns();
    let rows = (0..run.weights.len())
        .map(|n| {
            let step = match (&first.weights[n], &second.weights[n]) {
                (Number::Exact(a), Number::Exact(b)) => {
                    use crate::scalar::Scalar;
                    b.sub(a).map(Number::Exact).unwrap_or(Number::Rounded(f64::NAN))
                }
                (a, b) => Number::Rounded(b.to_f64() - a.to_f64()),
            };
            let cell = |m: Math| vec![Inline::Math(m)];
            vec![
                cell(t.math(run.weights[n])),
                cell(short(&first.weights[n])),
                cell(short(&first.slopes[n])),
                cell(short(&step)),
                cell(short(&second.weights[n])),
            ]
        })
        .collect();
    let loss = t.math(run.loss);
    Section {
        number: None,
        heading: say::first_step(),
        blocks: vec![
            Block::Text(say::every_weight(relation(w(), Relation::Becomes, rule), loss.clone())),
            Block::Table(Table { header, rows }),
            Block::Text(say::first_fall(
                loss,
                short(&first.loss),
                short(&second.loss),
                second.loss.to_f64() < first.loss.to_f64(),
            )),
        ],
    }
}

fn fall(run: &Training, t: &Typesetter<'_>) -> Section {
    let with_weights = run.weights.len() <= MAX_COLUMNS;
    let mut header = vec![say::step_column(), vec![Inline::Math(t.math(run.loss))]];
    if with_weights {
        header.extend(run.weights.iter().map(|w| vec![Inline::Math(t.math(*w))]));
    }
    let count = run.states.len();
    let shown: Vec<Option<usize>> = if count <= MAX_ROWS {
        (0..count).map(Some).collect()
    } else {
        let half = MAX_ROWS / 2;
        (0..half).map(Some).chain([None]).chain((count - half..count).map(Some)).collect()
    };
    let rows = shown
        .into_iter()
        .map(|n| {
            let Some(n) = n else {
                return vec![vec![Inline::Math(Math::Ellipsis)]; header.len()];
            };
            let state = &run.states[n];
            let mut row = vec![plain(n), vec![Inline::Math(decimal(&state.loss))]];
            if with_weights {
                row.extend(state.weights.iter().map(|w| vec![Inline::Math(decimal(w))]));
            }
            row
        })
        .collect();
    let mut blocks = vec![Block::Table(Table { header, rows })];
    let (first, last) = (&run.states[0].loss, &run.states[count - 1].loss);
    let rises = run.states.windows(2).position(|s| s[1].loss.to_f64() > s[0].loss.to_f64());
    let loss = t.math(run.loss);
    blocks.push(Block::Text(match rises {
        Some(n) => say::rises(loss, n + 1),
        None => say::falls(count - 1, loss, decimal(first), decimal(last)),
    }));
    blocks.extend(match run.rounded_from {
        Some(0) => Some(Block::Text(say::all_rounded())),
        Some(n) => Some(Block::Text(say::exact_up_to(n - 1))),
        None => None,
    });
    Section { number: None, heading: say::step_by_step(), blocks }
}

/// A number to six significant digits, for a column.
fn decimal(n: &Number) -> Math {
    match n {
        Number::Exact(q) if q.to_string().len() <= 7 => Math::Number(q.clone()),
        _ => Math::Decimal(crate::scalar::show_digits(n.to_f64(), 6)),
    }
}
