//! The end of a lemma: its line is tidied, and what makes a result shorter or like the
//! definitions is carried out as long as there is something.

use super::{Engine, Frame, MAX_LINE_PLACES, Progress, places_of};
use crate::calculus::path::{Turn, Walk, is_sealed, replace_at};
use crate::calculus::rules::{self, Applied, Context, Group, Rule};
use crate::expr::{ExprId, Graph};

/// How often a result is finished, so that rules which undo each other could not go on for ever.
const MAX_FINISHING: usize = 64;

impl Engine {
    /// Tidies the line, and finishes it as long as there is something to finish.
    pub(super) fn tidy_and_finish(&mut self, frame: &mut Frame) -> Progress {
        for _ in 0..MAX_FINISHING {
            if places_of(&self.g, frame.line, MAX_LINE_PLACES) > MAX_LINE_PLACES {
                return Progress::Went;
            }
            self.tidy(frame);
            if self.places > self.most {
                return Progress::Went;
            }
            if !self.finish(frame) {
                break;
            }
        }
        Progress::Done
    }

    /// Carries out the first of the finishing rules that matches anywhere: one batch.
    fn finish(&mut self, frame: &mut Frame) -> bool {
        const FINISHING: [Rule; 5] = [
            Rule::RecogniseName,
            Rule::SplitFraction,
            Rule::CommonFactor,
            Rule::SumsToOne,
            Rule::MultiplyOut,
        ];
        for rule in FINISHING {
            let mut went: Vec<Vec<u32>> = Vec::new();
            for _ in 0..MAX_FINISHING {
                self.places += places_of(&self.g, frame.line, MAX_LINE_PLACES);
                let context = Context {
                    winners: &self.winners,
                    names: &self.plan.names,
                    local: &self.locals[0],
                    fractions: &self.plan.fractions,
                    distributions: &self.distributions,
                };
                // What was just rewritten is tidied before more is done with it.
                let fresh: &[Vec<u32>] = if rule == Rule::RecogniseName { &[] } else { &went };
                let found = first_tidying(&mut self.g, frame.line, &[rule], &context, fresh);
                let Some((rule, site, redex, applied)) = found else { break };
                self.batches += u32::from(went.is_empty());
                went.push(site.clone());
                self.write(frame, rule, site, redex, applied, None);
            }
            if !went.is_empty() {
                return true;
            }
        }
        false
    }

    /// Tidies the whole line: one batch.
    fn tidy(&mut self, frame: &mut Frame) {
        let context = Context {
            winners: &self.winners,
            names: &self.plan.names,
            local: &self.locals[0],
            fractions: &self.plan.fractions,
            distributions: &self.distributions,
        };
        let rules: Vec<Rule> = rules::TABLE
            .iter()
            .filter(|row| row.group == Group::Tidy)
            .map(|row| row.rule)
            .collect();
        let mut went = Vec::new();
        let mut line = frame.line;
        while let Some((rule, site, redex, applied)) =
            first_tidying(&mut self.g, line, &rules, &context, &[])
        {
            self.places += places_of(&self.g, line, MAX_LINE_PLACES);
            if self.places > self.most {
                return;
            }
            let after = replace_at(&mut self.g, line, &site, applied.contractum);
            went.push((rule, site, redex, applied));
            line = after;
        }
        if went.is_empty() {
            return;
        }
        // Signs that a result brings along are put in order where it is put in.
        let with_result = frame.steps.last().is_some_and(|s| s.rule == Rule::EarlierResult);
        if !(with_result && went.iter().all(|(rule, ..)| *rule == Rule::Signs)) {
            self.batches += 1;
        }
        for (rule, site, redex, applied) in went {
            self.write(frame, rule, site, redex, applied, None);
        }
    }
}

/// The first place, innermost and leftmost, where a tidying rule applies; not one of those that
/// were just rewritten, nor inside or around one.
fn first_tidying(
    g: &mut Graph,
    line: ExprId,
    rules: &[Rule],
    context: &Context<'_>,
    fresh: &[Vec<u32>],
) -> Option<(Rule, Vec<u32>, ExprId, Applied)> {
    let mut walk = Walk::from(line);
    while let Some((id, turn)) = walk.next(g) {
        let site = &walk.site;
        match turn {
            Turn::Down if is_sealed(g, id) => walk.skip(),
            Turn::Down => {}
            Turn::Up if fresh.iter().any(|f| f.starts_with(site) || site.starts_with(f)) => {}
            Turn::Up => {
                for rule in rules {
                    if let Some(applied) = rules::apply(g, *rule, id, context) {
                        return Some((*rule, walk.site, id, applied));
                    }
                }
            }
        }
    }
    None
}
