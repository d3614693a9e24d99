//! How long a page that goes cell by cell would be, before anything of it is proved.
//!
//! In: a network and what is asked for. Out: about how many lines of 80 columns, or nothing
//! where the derivation alone passes its own limits. What always holds: the derivation behind
//! the number looks at few places, so that asking costs less than any page that is written.

use std::collections::{BTreeMap, BTreeSet};

use super::{MAX_TARGETS, cells_of, in_order_of_lesson, winners_of, within_reach};
use crate::calculus::{Derivation, Group, LemmaId, Request, Role, Rule, derive_within};
use crate::expr::{ExprId, Node};
use crate::lower::lower;
use crate::net::{Network, QuantityId};
use crate::ordered::Ordered;

/// A page of more lines than this, cell by cell, is better read in indices: it passes a few
/// screens.
pub const READABLE_LINES: usize = 330;

/// How many places are looked at for the answer.
const MOST: usize = 1 << 19;

/// After so many derivatives it is asked whether their lines are enough.
const FIRST: [usize; 3] = [8, 32, 128];

/// About as many parts of a formula as stand on a line of 80 columns.
const PARTS: usize = 14;

/// Of results that go the same way a page lists no more.
const LISTED: usize = 40;

/// About how many lines the derivatives take cell by cell; `None` where they take too many to be
/// counted.
pub fn predicted_lines(net: &Network, by: &[(QuantityId, Option<usize>)]) -> Option<usize> {
    predicted(net, by, None)
}

/// Whether the derivatives take more than `most` lines cell by cell, or too many to be counted.
pub(super) fn passes(net: &Network, by: &[(QuantityId, Option<usize>)], most: usize) -> bool {
    predicted(net, by, Some(most)).is_none_or(|lines| lines > most)
}

/// The lines, or those of the first few derivatives where they are `enough`.
fn predicted(
    net: &Network,
    by: &[(QuantityId, Option<usize>)],
    enough: Option<usize>,
) -> Option<usize> {
    let mut lowered = lower(net).ok()?;
    let by = match by {
        [] => in_order_of_lesson(net, &lowered),
        some => cells_of(&lowered, some),
    };
    if by.len() > MAX_TARGETS || within_reach(&lowered, by.len()).is_err() {
        return None;
    }
    // Numbers that contradict a winner are an error, which the form cell by cell tells.
    let Ok(winners) = winners_of(net, &lowered) else { return Some(0) };
    lowered.winners = winners.iter().map(|w| (w.max, w.winner)).into_map();
    if let Some(enough) = enough {
        for count in FIRST.into_iter().filter(|count| *count < by.len()) {
            let request = Request { by: by[..count].to_vec(), updates: false };
            let derivation = derive_within(lowered.clone(), &request, MOST).ok()?;
            let lines = lines_of(&derivation);
            if lines > enough && stands(&derivation) {
                return Some(lines);
            }
        }
    }
    let derivation = derive_within(lowered, &Request { by, updates: false }, MOST).ok()?;
    Some(lines_of(&derivation))
}

/// Whether further derivatives add lines and take none away: they do where nothing that was put
/// into a line may be asked for by itself, and so get a place of its own.
fn stands(derivation: &Derivation) -> bool {
    derivation.ids().all(|id| {
        let lemma = derivation.lemma(id);
        let of_loss = match derivation.graph.node(lemma.goal) {
            Node::Partial { of, .. } => of == derivation.loss,
            _ => false,
        };
        lemma.role != Role::Aside || !of_loss
    })
}

/// A derivative of each kind is written in full, the others of its kind by their results.
fn lines_of(derivation: &Derivation) -> usize {
    let mut kinds: BTreeMap<(String, Vec<BTreeSet<Rule>>), usize> = BTreeMap::new();
    let mut shown = BTreeSet::new();
    let mut lines = 0;
    for id in derivation.ids() {
        let lemma = derivation.lemma(id);
        if !matches!(lemma.role, Role::Target | Role::Shared) {
            continue;
        }
        let asides = with_asides(derivation, id);
        let rules = asides.iter().flat_map(|id| rows(derivation, *id).into_iter().map(|r| r.0));
        let kind = (stem(derivation, id), rules.collect());
        let alike = kinds.entry(kind).or_default();
        *alike += 1;
        match *alike {
            1 => {
                // A heading, a lead, and the numbers.
                lines += 8;
                for id in asides.into_iter().filter(|id| shown.insert(*id)) {
                    lines += rows(derivation, id).iter().map(|r| r.1).sum::<usize>() + 4;
                }
            }
            n if n <= LISTED => {
                for id in asides.into_iter().filter(|id| shown.insert(*id)) {
                    lines += height(derivation, derivation.lemma(id).result) + 1;
                }
            }
            _ => {}
        }
    }
    lines
}

/// A lemma and what it puts in, itself or by what it puts in.
fn with_asides(derivation: &Derivation, id: LemmaId) -> Vec<LemmaId> {
    let (mut all, mut seen, mut stack) = (Vec::new(), BTreeSet::from([id]), vec![id]);
    while let Some(id) = stack.pop() {
        all.push(id);
        for used in derivation.lemma(id).steps.iter().filter_map(|s| s.uses) {
            if derivation.lemma(used).role == Role::Aside && seen.insert(used) {
                stack.push(used);
            }
        }
    }
    all
}

/// The lines of a lemma: the rules of each, and how high it is.
fn rows(derivation: &Derivation, id: LemmaId) -> Vec<(BTreeSet<Rule>, usize)> {
    let mut rows: Vec<(BTreeSet<Rule>, usize, u32, Group)> = Vec::new();
    for step in &derivation.lemma(id).steps {
        let (group, height) = (step.rule.group(), height(derivation, step.after));
        let vanishing = |g| g == Group::Vanish && group == Group::Vanish;
        match rows.last_mut() {
            Some(row) if row.2 == step.batch || vanishing(row.3) => {
                row.0.insert(step.rule);
                (row.1, row.2, row.3) = (height, step.batch, group);
            }
            _ => rows.push((BTreeSet::from([step.rule]), height, step.batch, group)),
        }
    }
    rows.into_iter().map(|(rules, height, ..)| (rules, height)).collect()
}

fn height(derivation: &Derivation, line: ExprId) -> usize {
    crate::calculus::places_of(&derivation.graph, line, 1 << 14).div_ceil(PARTS)
}

/// By which quantity, without the index of a cell.
fn stem(derivation: &Derivation, id: LemmaId) -> String {
    let symbol = derivation.by(id).and_then(|x| derivation.graph.symbol_of(x));
    symbol.map(|s| derivation.graph.symbol(s).stem().to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn predicted(text: &str) -> Option<usize> {
        predicted_lines(&crate::parse_network(text).unwrap(), &[])
    }

    #[test]
    fn a_classifier_passes_a_few_screens_and_one_weight_does_not() {
        let classifier = "input x[3]\nparam W1[4, 3], b1[4], W2[3, 4], b2[3]\ntarget t[3]\n\
                          h = relu(W1 @ x + b1)\nz = W2 @ h + b2\nE = cross_entropy(z, t)";
        assert!(predicted(classifier).is_none_or(|n| n > READABLE_LINES));
        let small = "input x\nparam w\ntarget t\ny = w*x\nE = (t - y)^2 / 2";
        assert!(predicted(small).is_some_and(|n| n < 60));
    }

    #[test]
    fn the_first_derivatives_say_no_more_than_all() {
        for example in crate::examples::EXAMPLES {
            let net = crate::parse_network(example.text).unwrap();
            let lines = predicted_lines(&net, &[]);
            for most in [20, 60, 150, READABLE_LINES] {
                let long = lines.is_none_or(|lines| lines > most);
                assert_eq!(passes(&net, &[], most), long, "{} and {most}", example.name);
            }
        }
    }

    /// Many derivatives of a large loss are refused before they are derived, with the way out; one
    /// of them is not.
    #[test]
    fn what_takes_minutes_is_refused_at_once() {
        use crate::lesson::{Ask, lesson};
        let text = "input x[784]\nparam W[128, 784], b[128], V[10, 128]\ntarget t[10]\n\
                    E = cross_entropy(V @ relu(W @ x + b), t)";
        let net = crate::parse_network(text).unwrap();
        for name in ["W", "b", "V"] {
            let by = vec![(net.find(name).unwrap(), None)];
            assert_eq!(predicted_lines(&net, &by), None, "{name}");
            let ask = Ask { by, ..Ask::default() };
            let error = lesson(net.clone(), &ask).err().expect("it is too much");
            assert_eq!(error.kind(), crate::diag::Kind::Limit);
            let hints = error.hints().join(" ");
            assert!(hints.contains("--form indices"), "{name}: {hints}");
        }
        let one = vec![(net.find("V").unwrap(), Some(0))];
        assert!(lesson(net, &Ask { by: one, ..Ask::default() }).is_ok());
    }

    #[test]
    fn numbers_that_contradict_a_winner_stay_with_the_form_that_says_so() {
        let text = "param a, b\nm = max(a, b)\nE = m^2\nassume m = a\ngiven a = 1, b = 2";
        assert_eq!(predicted(text), Some(0));
    }

    #[test]
    fn what_doubles_at_every_level_is_counted_within_bounds() {
        // Squares of squares, exponentials of exponentials, residual chains.
        for step in ["h#*h#", "exp(h#)", "h# + w*tanh(h#)", "h#*sigmoid(h#) + h#"] {
            let mut text = "param w\nh0 = w\n".to_string();
            for n in 0..30 {
                text += &format!("h{} = {}\n", n + 1, step.replace('#', &n.to_string()));
            }
            text += "E = h30 + w";
            // An answer of either kind: what matters is that there is one.
            assert!(predicted(&text).is_none_or(|n| n > 30), "{step}");
        }
    }
}
