//! Which slot each value of a program lives in: it is free again after the last step that reads
//! it.

use super::run::{Code, Held, Step};
use super::sums::{TOGETHER, Terms};

/// A value that is read until the end, and one that no step reads.
const END: u32 = u32::MAX;
const NEVER: u32 = u32::MAX - 1;

/// Puts slots in place of the numbers of values, of which there are `values`, everywhere in the
/// code. Leaves and constants are there from the beginning, what roots are made of until the end.
pub(super) fn assign(code: &mut Code, values: usize) {
    let mut last = vec![NEVER; values];
    for (n, step) in code.steps.iter().enumerate() {
        let mut step = *step;
        step.for_operands(&mut code.operands, |value| last[*value as usize] = n as u32);
    }
    for root in &mut code.roots {
        root.for_operands(|value| last[*value as usize] = END);
    }
    let mut slots = Slots { of: vec![0; values], free: Vec::new(), count: 0 };
    for (value, _) in &mut code.leaves {
        *value = slots.take(*value);
    }
    for (value, _) in &mut code.constants {
        *value = slots.take(*value);
    }
    for n in 0..code.steps.len() {
        let step = &mut code.steps[n];
        step.for_operands(&mut code.operands, |value| {
            let (slot, until) = (slots.of[*value as usize], &mut last[*value as usize]);
            if *until == n as u32 {
                // A step that reads it twice frees it once.
                *until = END;
                slots.free.push(slot);
            }
            *value = slot;
        });
        step.for_results(&mut code.operands, |to| {
            let (value, slot) = (*to, slots.take(*to));
            *to = slot;
            if last[value as usize] == NEVER {
                slots.free.push(slot);
            }
        });
    }
    for root in &mut code.roots {
        root.for_operands(|value| *value = slots.of[*value as usize]);
    }
    code.slots = slots.count as usize;
}

struct Slots {
    of: Vec<u32>,
    free: Vec<u32>,
    count: u32,
}

impl Slots {
    fn take(&mut self, value: u32) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        });
        self.of[value as usize] = slot;
        slot
    }
}

impl Held {
    fn for_operands(&mut self, mut visit: impl FnMut(&mut u32)) {
        match self {
            Held::Value(a) | Held::Minus(a) => visit(a),
            Held::Product(a, b) | Held::MinusProduct(a, b) => {
                visit(a);
                visit(b);
            }
        }
    }
}

impl Step {
    /// Calls `visit` with everything that the step writes.
    pub(super) fn for_results(&mut self, operands: &mut [u32], mut visit: impl FnMut(&mut u32)) {
        match self {
            Step::Sums { start, .. } => {
                operands[*start as usize..][..TOGETHER].iter_mut().for_each(visit);
            }
            Step::Sum { to, .. }
            | Step::Mul { to, .. }
            | Step::Sub { to, .. }
            | Step::Div { to, .. }
            | Step::Neg { to, .. }
            | Step::Power { to, .. }
            | Step::Pow { to, .. }
            | Step::Call { to, .. }
            | Step::Kink { to, .. }
            | Step::Max { to, .. }
            | Step::Winner { to, .. }
            | Step::Wins { to, .. } => visit(to),
        }
    }

    /// Where its list of operands begins and ends, if it has one.
    pub(super) fn list(&mut self) -> Option<(&mut u32, &mut u32)> {
        match self {
            Step::Sum { start, end, .. }
            | Step::Sums { start, end }
            | Step::Max { start, end, .. }
            | Step::Winner { start, end, .. } => Some((start, end)),
            _ => None,
        }
    }

    /// Calls `visit` with everything that the step reads.
    pub(super) fn for_operands(&mut self, operands: &mut [u32], mut visit: impl FnMut(&mut u32)) {
        match self {
            Step::Mul { a, b, .. }
            | Step::Sub { a, b, .. }
            | Step::Div { a, b, .. }
            | Step::Pow { a, b, .. } => {
                visit(a);
                visit(b);
            }
            Step::Neg { a, .. }
            | Step::Power { a, .. }
            | Step::Call { a, .. }
            | Step::Kink { a, .. }
            | Step::Wins { a, .. } => visit(a),
            Step::Max { start, end, .. } | Step::Winner { start, end, .. } => {
                operands[*start as usize..*end as usize].iter_mut().for_each(visit);
            }
            Step::Sum { start, end, .. } => {
                for_runs(&mut operands[*start as usize..*end as usize], 1, visit);
            }
            Step::Sums { start, end } => {
                let list = &mut operands[*start as usize..*end as usize];
                for_runs(&mut list[TOGETHER..], TOGETHER, visit);
            }
        }
    }
}

/// Calls `visit` with every operand in the runs of so many sums.
fn for_runs(mut rest: &mut [u32], sums: usize, mut visit: impl FnMut(&mut u32)) {
    while let [word, after @ ..] = rest {
        let (kind, count) = Terms::read(*word);
        let (run, next) = after.split_at_mut(count * kind.operands(sums));
        run.iter_mut().for_each(&mut visit);
        rest = next;
    }
}
