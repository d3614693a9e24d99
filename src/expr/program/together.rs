//! Sums that are worked out together: four at a time, term by term, so that none waits for the
//! other's last addition.
//!
//! In: steps over values, each written once. Out: the same steps, each after those that it reads,
//! with four sums of one shape as a single step. What always holds: each sum has its terms in their
//! order, so that its value is the same to the last bit.

use std::collections::VecDeque;

use super::run::{Code, Step};
use super::sums::{TOGETHER, Terms};

/// A sum of fewer operands is soon over.
const WORTH: u32 = 16;

/// So many steps may wait for a sum that waits for others.
const PATIENCE: usize = 64;

/// Puts sums of one shape together, in steps over `values` values.
pub(super) fn put_together(code: &mut Code, values: usize) {
    let steps = std::mem::take(&mut code.steps);
    let operands = std::mem::take(&mut code.operands);
    let made = Code {
        steps: Vec::with_capacity(steps.len()),
        operands: Vec::with_capacity(operands.len()),
        ..std::mem::take(code)
    };
    let mut made = Together {
        operands,
        code: made,
        late: vec![false; values],
        sums: Vec::with_capacity(TOGETHER),
        waiting: Vec::new(),
    };
    let (mut steps, mut next) = (steps.into_iter(), VecDeque::new());
    loop {
        let Some(step) = next.pop_front().or_else(|| steps.next()) else {
            if made.sums.is_empty() {
                break;
            }
            made.release(&mut next);
            continue;
        };
        if let Some(step) = made.take(step) {
            next.push_front(step);
            made.release(&mut next);
        } else if made.sums.len() == TOGETHER || made.waiting.len() > PATIENCE {
            made.release(&mut next);
        }
    }
    *code = made.code;
}

struct Together {
    /// The lists of the steps that come in.
    operands: Vec<u32>,
    code: Code,
    /// Whether a value is written by a step that waits.
    late: Vec<bool>,
    /// Sums of one shape, which wait for others: result and list.
    sums: Vec<(u32, u32, u32)>,
    /// Steps that read what is late.
    waiting: Vec<Step>,
}

impl Together {
    /// Writes a step down, or lets it wait; a sum of another shape than those that wait comes back.
    fn take(&mut self, mut step: Step) -> Option<Step> {
        let (mut late, known) = (false, &mut self.late);
        step.for_operands(&mut self.operands, |value| late |= known[*value as usize]);
        if late {
            step.for_results(&mut self.operands, |to| known[*to as usize] = true);
            self.waiting.push(step);
            return None;
        }
        match step {
            Step::Sum { to, start, end } if end - start >= WORTH => {
                let list = |start: u32, end: u32| &self.operands[start as usize..end as usize];
                let alike = |(_, first, last): &(u32, u32, u32)| {
                    same_shape(list(*first, *last), list(start, end))
                };
                if !self.sums.first().is_none_or(alike) {
                    return Some(step);
                }
                self.late[to as usize] = true;
                self.sums.push((to, start, end));
            }
            _ => self.emit(step),
        }
        None
    }

    /// Writes down what waits for no value, and has the other steps come again before all others.
    fn release(&mut self, next: &mut VecDeque<Step>) {
        self.emit_sums();
        for mut step in self.waiting.drain(..).rev() {
            step.for_results(&mut self.operands, |to| self.late[*to as usize] = false);
            next.push_front(step);
        }
    }

    /// Writes the sums down that wait: together, or each by itself where there are too few.
    fn emit_sums(&mut self) {
        let sums = std::mem::take(&mut self.sums);
        for (to, ..) in &sums {
            self.late[*to as usize] = false;
        }
        let Ok(sums) = <[_; TOGETHER]>::try_from(sums.as_slice()) else {
            for (to, start, end) in sums {
                self.emit(Step::Sum { to, start, end });
            }
            return;
        };
        let start = self.code.operands.len();
        self.code.operands.extend(sums.iter().map(|(to, ..)| to));
        let lists = sums.map(|(_, start, end)| &self.operands[start as usize..end as usize]);
        let mut at = 0;
        while at < lists[0].len() {
            let (kind, count) = Terms::read(lists[0][at]);
            let end = at + 1 + count * kind.operands(1);
            side_by_side(&mut self.code.operands, kind, lists.map(|list| &list[at + 1..end]));
            at = end;
        }
        let (start, end) = self.code.list_from(start);
        self.code.steps.push(Step::Sums { start, end });
    }

    /// Writes a step down, and its list behind those that are there.
    fn emit(&mut self, mut step: Step) {
        if let Some((start, end)) = step.list() {
            let from = self.code.operands.len();
            self.code.operands.extend_from_slice(&self.operands[*start as usize..*end as usize]);
            (*start, *end) = self.code.list_from(from);
        }
        self.code.steps.push(step);
    }
}

/// Writes down a run of each of several sums, term by term; a factor that all have at the same
/// place, only once.
fn side_by_side(operands: &mut Vec<u32>, kind: Terms, runs: [&[u32]; TOGETHER]) {
    let size = kind.operands(1);
    let all_share = |n: usize| {
        let of = |run: usize, term: usize| runs[run][term * size + n];
        (0..runs[0].len() / size).all(|term| (1..TOGETHER).all(|run| of(run, term) == of(0, term)))
    };
    let shared = match kind {
        Terms::Products if all_share(0) => Some((Terms::FirstShared, 0)),
        Terms::Products if all_share(1) => Some((Terms::SecondShared, 1)),
        _ => None,
    };
    let (word, count) = (shared.map_or(kind, |(kind, _)| kind), runs[0].len() / size);
    operands.push(word.word(count as u32));
    for term in 0..count {
        let terms = runs.map(|run| &run[term * size..][..size]);
        match shared {
            Some((_, n)) => {
                operands.push(terms[0][n]);
                operands.extend(terms.map(|pair| pair[1 - n]));
            }
            None => terms.iter().for_each(|term| operands.extend_from_slice(term)),
        }
    }
}

/// Whether two sums have runs of the same kinds and lengths.
fn same_shape(a: &[u32], b: &[u32]) -> bool {
    let mut at = 0;
    while at < a.len() && a.len() == b.len() && a[at] == b[at] {
        let (kind, count) = Terms::read(a[at]);
        at += 1 + count * kind.operands(1);
    }
    at == a.len() && a.len() == b.len()
}
