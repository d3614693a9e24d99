//! What to do at each derivative that stands in a line, and doing it: one kind at a time, at every
//! place that was there.

use super::{Engine, Frame, MAX_LINE_PLACES, Progress, places_of};
use crate::calculus::path::sites;
use crate::calculus::rules::{self, Applied, Context, Rule};
use crate::calculus::step::Role;
use crate::expr::{ExprId, Node, Symbol};

/// What can be done at a place, in the order in which it is done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Turn {
    /// The slope of a power or a function at a bare variable.
    Slope,
    PutBack,
    Unfold,
    Split,
    Factor,
    Chain,
    Earlier,
    Constant,
    Identity,
}

impl Engine {
    /// One batch of the line: the first kind of turn that there is in it, everywhere.
    pub(super) fn advance(&mut self, frame: &mut Frame) -> Progress {
        let locals = frame.locals.clone();
        let mut places = sites(&self.g, frame.line, &mut |g, e| match g.node(e) {
            Node::Partial { .. } => true,
            Node::Named(s, _) => locals.contains(g.symbol(s)),
            _ => false,
        });
        // The update of a weight begins with the gradient, however long that is.
        if frame.role != Role::Update || !frame.steps.is_empty() {
            places.retain(|(_, e)| *e == frame.goal || !self.stays(*e));
        }
        let turns: Vec<(Turn, ExprId)> =
            places.iter().map(|(_, e)| (self.turn(frame, *e), *e)).collect();
        let Some(turn) = turns.iter().map(|(turn, _)| *turn).min() else {
            return self.tidy_and_finish(frame);
        };
        let redexes = turns.iter().filter(|(t, _)| *t == turn).map(|(_, e)| *e);
        let redexes: Vec<ExprId> = redexes.collect();
        if turn == Turn::Earlier
            && let Some(unknown) = redexes.iter().find(|e| !self.known.contains_key(e))
        {
            return Progress::Needs(*unknown);
        }
        self.batches += 1;
        for (nth, redex) in redexes.into_iter().enumerate() {
            self.places += places_of(&self.g, frame.line, MAX_LINE_PLACES);
            if self.places > self.most {
                return Progress::Went;
            }
            let mut found = sites(&self.g, frame.line, &mut |_, e| e == redex);
            if found.is_empty() {
                continue;
            }
            let (site, _) = found.swap_remove(0);
            self.carry_out(frame, turn, nth, site, redex);
        }
        if turn == Turn::PutBack {
            frame.locals.clear();
        }
        Progress::Went
    }

    /// What is to be done with a derivative, or a local name, that stands in the line.
    fn turn(&self, frame: &Frame, e: ExprId) -> Turn {
        let g = &self.g;
        let Node::Partial { of, by } = g.node(e) else { return Turn::PutBack };
        if of == by {
            return Turn::Identity;
        }
        if g.symbol_of(of).is_some_and(|s| frame.locals.contains(g.symbol(s))) {
            return Turn::PutBack;
        }
        if !crate::expr::depends_on(g, of, by, &self.winners) {
            return Turn::Constant;
        }
        if e != frame.goal && (self.known.contains_key(&e) || self.is_aside(frame, e, of, by)) {
            return Turn::Earlier;
        }
        match g.node(of) {
            Node::Named(..) | Node::Max(_) => Turn::Unfold,
            Node::Add(_) | Node::Sub(..) | Node::Neg(_) => Turn::Split,
            Node::Pow(u, v) if (u == by) != (v == by) => {
                let other = if u == by { v } else { u };
                match crate::expr::depends_on(g, other, by, &self.winners) {
                    false => Turn::Slope,
                    true => Turn::Factor,
                }
            }
            Node::Call(_, u) if u == by => Turn::Slope,
            Node::Call(..) => Turn::Chain,
            Node::Pow(u, v) => {
                let moves = |e| crate::expr::depends_on(g, e, by, &self.winners);
                if moves(u) && moves(v) { Turn::Factor } else { Turn::Chain }
            }
            _ => Turn::Factor,
        }
    }

    /// Whether a derivative deserves lines of its own: it is the inner one of a chain or used in
    /// several places, and takes more than a step or two.
    fn is_aside(&self, frame: &Frame, e: ExprId, of: ExprId, by: ExprId) -> bool {
        let shared = matches!(self.g.node(of), Node::Named(..)) && self.plan.is_shared(of);
        (shared || frame.inner.contains(&e)) && self.is_heavy(of, by)
    }

    /// Whether more than one operation stands between `by` and `of`.
    fn is_heavy(&self, of: ExprId, by: ExprId) -> bool {
        let mut operations = 0;
        let mut stack = vec![of];
        while let Some(id) = stack.pop() {
            if id <= by || !crate::expr::depends_on(&self.g, id, by, &self.winners) {
                continue;
            }
            operations += 1;
            if operations > 1 {
                return true;
            }
            match self.winners.get(&id) {
                Some(winner) => stack.push(*winner),
                None => self.g.for_children(id, |c| stack.push(c)),
            }
        }
        false
    }

    fn carry_out(&mut self, frame: &mut Frame, turn: Turn, nth: usize, site: Vec<u32>, e: ExprId) {
        if turn == Turn::Earlier {
            let lemma = self.known[&e];
            let applied = Applied {
                contractum: self.lemmas[lemma.0].result,
                bindings: Vec::new(),
                given: None,
            };
            self.write(frame, Rule::EarlierResult, site, e, applied, Some(lemma));
            return;
        }
        let candidates: &[Rule] = match turn {
            Turn::Slope => &[Rule::Power, Rule::Exponential, Rule::Elementary],
            Turn::PutBack => &[Rule::PutBack],
            Turn::Unfold => &[Rule::Definition, Rule::MaxWinner, Rule::MaxCases],
            Turn::Split => &[Rule::ConstantTerms, Rule::Sum, Rule::Difference, Rule::Negation],
            Turn::Factor => &[
                Rule::ConstantFactor,
                Rule::Product,
                Rule::Reciprocal,
                Rule::Quotient,
                Rule::GeneralPower,
            ],
            Turn::Chain => &[Rule::Chain],
            Turn::Constant => &[Rule::Constant],
            Turn::Identity => &[Rule::Identity],
            Turn::Earlier => &[],
        };
        let locals: Vec<Symbol> = match turn {
            Turn::PutBack => frame.locals.clone(),
            _ => vec![self.local(nth)],
        };
        for local in locals {
            let context = Context {
                winners: &self.winners,
                names: &self.plan.names,
                local: &local,
                fractions: &self.plan.fractions,
                distributions: &self.distributions,
            };
            for rule in candidates {
                if let Some(applied) = rules::apply(&mut self.g, *rule, e, &context) {
                    if *rule == Rule::Chain {
                        self.note_inner(frame, &applied, &local);
                    }
                    self.write(frame, *rule, site, e, applied, None);
                    return;
                }
            }
        }
        unreachable!("the strategy chose {turn:?} for an expression that no rule of it matches");
    }

    /// The nth local name of a line: z, u, v, …, then numbered ones.
    fn local(&mut self, nth: usize) -> Symbol {
        while self.locals.len() <= nth {
            let stem = self.locals[0].stem().to_string();
            let fresh = (self.locals.len()..)
                .map(|n| format!("{stem}_{n}"))
                .filter(|name| super::is_unseen(&self.g, name))
                .map(|name| Symbol::named(&name))
                .find(|s| !self.locals.contains(s));
            self.locals.extend(fresh);
        }
        self.locals[nth].clone()
    }

    /// Remembers what the chain rule left behind: the inner derivative and the local name.
    fn note_inner(&mut self, frame: &mut Frame, applied: &Applied, local: &Symbol) {
        let bound = |letter| applied.bindings.iter().find(|(l, _)| *l == letter).map(|(_, e)| *e);
        if let (Some(z), Some(u), Some(x)) = (bound("z"), bound("u"), bound("x")) {
            let inner = self.g.partial(u, x);
            frame.inner.insert(inner);
            if z != u {
                frame.locals.push(local.clone());
            }
        }
    }
}
