//! The strategy: which rule goes where, so that a derivation reads as a textbook's.
//!
//! A lemma in the making is a [`Frame`]. Each turn of [`Engine::advance`] looks at the
//! derivatives that stand in its line, sorts them by what applies, and carries out the first
//! kind at every place that was there: one batch, one line of a textbook. A heavy inner
//! derivative is not worked out in place; its frame goes on a stack, and its result is put in
//! as an earlier one. So nothing recurses, however deep the network.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::path::{is_sealed, replace_at, sites};
use super::plan::{Frontier, Plan};
use super::rules::{self, Applied, Context, Group, Rule};
use super::step::{Derivation, Lemma, LemmaId, Role, Step};
use crate::diag::{Error, Kind};
use crate::expr::{ExprId, Graph, Node, Symbol, Winners};
use crate::lower::Lowered;

/// The largest number of nodes that the lines of a derivation may add to the graph.
pub const MAX_LINES: usize = 1 << 22;

/// The largest number of places that are looked at in all lines of a derivation together.
pub const MAX_PLACES: usize = 1 << 22;

/// An earlier result with more places than this is not put in: the line goes on to say ∂u/∂x,
/// which has lines of its own. What is used twice at every one of twenty levels would otherwise
/// be written a million times.
pub const MAX_PUT_IN: usize = 64;

/// How often a result is finished, so that rules which undo each other could not go on for ever.
const MAX_FINISHING: usize = 64;

/// What to derive.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// By what to differentiate: cells of inputs, weights or intermediate quantities.
    pub by: Vec<ExprId>,
    /// Whether to end with the update rule of each weight among them.
    pub updates: bool,
}

/// Derives ∂loss/∂x for each x of the request.
///
/// # Errors
/// Of kind `Limit`, where the lines would be longer than [`MAX_LINES`], or rewriting them would
/// look at more than [`MAX_PLACES`].
///
/// ```
/// let net = backproof::parse_network(
///     "input x
///      param w
///      target t
///      y = w*x
///      E = (t - y)^2 / 2",
/// )?;
/// let lowered = backproof::lower(&net)?;
/// let by = lowered.of(net.find("w").unwrap()).to_vec();
/// let derivation = backproof::derive(lowered, &backproof::Request { by, updates: false })?;
/// let lemma = derivation.lemma(derivation.targets[0]);
/// assert_eq!(lemma.steps[0].rule.name(), "definition");        // every step is data
/// let result = backproof::print_formula(&derivation.graph, lemma.result);
/// assert_eq!(result, "(t - y)*(-x)");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn derive(lowered: Lowered, request: &Request) -> Result<Derivation, Error> {
    let Lowered { graph, loss, winners, params, values, distributions, .. } = lowered;

    let plan = Plan::new(&graph, loss, &winners, &params);
    let mut engine = Engine {
        locals: unused(&graph, &["z", "u", "v", "s", "q"]),
        start: graph.len() + graph.pool_len(),
        g: graph,
        loss,
        winners,
        plan,
        distributions,
        lemmas: Vec::new(),
        known: FxHashMap::default(),
        batches: 0,
        places: 0,
    };
    let mut targets = Vec::with_capacity(request.by.len());
    for x in &request.by {
        targets.push(engine.target(*x)?);
    }
    let mut updates = Vec::new();
    let mut rate = None;
    if request.updates {
        let symbol = unused(&engine.g, &["eta", "alpha", "rate"]).swap_remove(0);
        let eta = engine.g.var_symbol(symbol);
        rate = Some(eta);
        for x in request.by.iter().filter(|x| params.contains(x)) {
            let slope = engine.g.partial(engine.loss, *x);
            let product = engine.g.mul([eta, slope]);
            let goal = engine.g.neg(product);
            updates.push(engine.run(Frame::new(Role::Update, goal))?);
        }
    }
    let Engine { g, loss, winners, distributions, lemmas, .. } = engine;
    Ok(Derivation {
        graph: g,
        loss,
        winners,
        values,
        distributions,
        lemmas,
        targets,
        updates,
        rate,
    })
}

/// The error of a derivation that no reader would finish.
fn too_long(what: String) -> Error {
    Error::new(Kind::Limit, format!("this derivation is too long: its lines {what}"))
        .hint("--wrt asks for fewer derivatives; a smaller network of the same kind shows the way")
        .hint("`backproof check` compares the gradients of a large network without deriving them")
}

/// How many places a line has, as far as rewriting looks; counting stops past `most`.
fn places_of(g: &Graph, line: ExprId, most: usize) -> usize {
    let mut count = 0;
    let mut stack = vec![line];
    while let Some(id) = stack.pop() {
        count += 1;
        if count > most {
            break;
        }
        if !is_sealed(g, id) {
            g.for_children(id, |c| stack.push(c));
        }
    }
    count
}

/// Those of `wanted` that the graph does not use, also not with a subscript (beside z₀ and z₁, a z
/// would look like their vector), and enough numbered ones after them.
fn unused(g: &Graph, wanted: &[&str]) -> Vec<Symbol> {
    let stems: BTreeSet<&str> = g.symbols().map(Symbol::stem).collect();
    let numbered = (1..).map(|n| format!("{}_{n}", wanted[0]));
    wanted
        .iter()
        .filter(|name| !stems.contains(*name))
        .map(|s| s.to_string())
        .chain(numbered)
        .map(|name| Symbol::named(&name))
        .filter(|symbol| g.find_symbol(symbol).is_none())
        .take(wanted.len())
        .collect()
}

/// A lemma in the making.
struct Frame {
    role: Role,
    goal: ExprId,
    line: ExprId,
    steps: Vec<Step>,
    /// The inner derivatives that the chain rule left, which may become asides.
    inner: FxHashSet<ExprId>,
    /// The local names in the line: those that the chain rule gave and nobody put back.
    locals: Vec<Symbol>,
}

impl Frame {
    fn new(role: Role, goal: ExprId) -> Frame {
        Frame {
            role,
            goal,
            line: goal,
            steps: Vec::new(),
            inner: FxHashSet::default(),
            locals: Vec::new(),
        }
    }
}

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

/// What a turn came to.
enum Progress {
    /// A batch of steps was made.
    Went,
    /// This derivative is to be derived first.
    Needs(ExprId),
    /// The line is the result.
    Done,
}

struct Engine {
    g: Graph,
    start: usize,
    loss: ExprId,
    winners: Winners,
    plan: Plan,
    lemmas: Vec<Lemma>,
    known: FxHashMap<ExprId, LemmaId>,
    locals: Vec<Symbol>,
    distributions: Vec<Vec<ExprId>>,
    batches: u32,
    /// How many places were looked at so far.
    places: usize,
}

impl Engine {
    /// ∂loss/∂x, after everything that it needs.
    fn target(&mut self, x: ExprId) -> Result<LemmaId, Error> {
        let mut waiting = vec![(x, Role::Target)];
        while let Some((x, role)) = waiting.last().copied() {
            let goal = self.g.partial(self.loss, x);
            if let Some(known) = self.known.get(&goal).copied() {
                // What was on the way for one may be asked for by itself.
                if role == Role::Target {
                    self.lemmas[known.0].role = Role::Target;
                }
                waiting.pop();
                continue;
            }
            let frontier = if x == self.loss {
                Frontier::Open
            } else {
                self.plan.frontier(&self.g, x, self.loss, &self.winners)
            };
            let Frontier::Cut(cut) = frontier else {
                self.run(Frame::new(role, goal))?;
                continue;
            };
            let before = waiting.len();
            for q in cut.iter().rev() {
                let through = self.g.partial(self.loss, *q);
                if !self.known.contains_key(&through) {
                    waiting.push((*q, Role::Shared));
                }
            }
            if waiting.len() == before {
                let mut frame = Frame::new(role, goal);
                self.cross(&mut frame, x, &cut);
                self.run(frame)?;
            }
        }
        let goal = self.g.partial(self.loss, x);
        Ok(self.known[&goal])
    }

    /// The first step of a derivative by way of junctions.
    fn cross(&mut self, frame: &mut Frame, x: ExprId, cut: &[ExprId]) {
        let mut terms = Vec::with_capacity(cut.len());
        let mut bindings = vec![("x", x)];
        for q in cut {
            let (outer, inner) = (self.g.partial(self.loss, *q), self.g.partial(*q, x));
            frame.inner.insert(inner);
            bindings.push(("q", *q));
            terms.push(self.g.mul([outer, inner]));
        }
        let rule = if cut.len() == 1 { Rule::Through } else { Rule::Paths };
        let contractum = if let [one] = terms.as_slice() { *one } else { self.g.add(terms) };
        let applied = Applied { contractum, bindings, given: None };
        self.batches += 1;
        self.write(frame, rule, Vec::new(), frame.goal, applied, None);
    }

    /// Finishes a lemma, and every aside that it turns out to need.
    fn run(&mut self, frame: Frame) -> Result<LemmaId, Error> {
        let mut stack = vec![frame];
        loop {
            let mut frame = stack.pop().expect("the outermost lemma is on the stack until done");
            if self.g.len() + self.g.pool_len() - self.start > MAX_LINES {
                return Err(too_long(format!("have more than {MAX_LINES} parts")));
            }
            if self.places > MAX_PLACES {
                return Err(too_long(format!("take more than {MAX_PLACES} looks at a place")));
            }
            match self.advance(&mut frame) {
                Progress::Went => stack.push(frame),
                Progress::Needs(goal) => {
                    stack.push(frame);
                    stack.push(Frame::new(Role::Aside, goal));
                }
                Progress::Done => {
                    let Frame { mut role, goal, line, steps, .. } = frame;
                    let id = LemmaId(self.lemmas.len());
                    // What nobody puts in has a place of its own.
                    if role == Role::Aside && self.is_long(line) {
                        role = Role::Shared;
                    }
                    self.lemmas.push(Lemma { role, goal, result: line, steps });
                    self.known.insert(goal, id);
                    if stack.is_empty() {
                        return Ok(id);
                    }
                }
            }
        }
    }

    fn advance(&mut self, frame: &mut Frame) -> Progress {
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
            self.places += places_of(&self.g, frame.line, MAX_PLACES);
            if self.places > MAX_PLACES {
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

    /// Whether this derivative is known and too long to be put in.
    fn stays(&self, e: ExprId) -> bool {
        self.known.get(&e).is_some_and(|lemma| self.is_long(self.lemmas[lemma.0].result))
    }

    fn is_long(&self, result: ExprId) -> bool {
        places_of(&self.g, result, MAX_PUT_IN) > MAX_PUT_IN
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
                .map(|n| Symbol::named(&format!("{stem}_{n}")))
                .find(|s| self.g.find_symbol(s).is_none() && !self.locals.contains(s));
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

    /// Tidies the line, and finishes it as long as there is something to finish.
    fn tidy_and_finish(&mut self, frame: &mut Frame) -> Progress {
        for _ in 0..MAX_FINISHING {
            self.tidy(frame);
            if self.places > MAX_PLACES {
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
                self.places += places_of(&self.g, frame.line, MAX_PLACES);
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
            self.places += places_of(&self.g, line, MAX_PLACES);
            if self.places > MAX_PLACES {
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

    /// Puts a step on record and makes its line the current one.
    fn write(
        &mut self,
        frame: &mut Frame,
        rule: Rule,
        site: Vec<u32>,
        redex: ExprId,
        applied: Applied,
        uses: Option<LemmaId>,
    ) {
        let before = frame.line;
        let after = replace_at(&mut self.g, before, &site, applied.contractum);
        frame.line = after;
        frame.steps.push(Step {
            rule,
            site,
            redex,
            contractum: applied.contractum,
            before,
            after,
            bindings: applied.bindings,
            given: applied.given.into_iter().collect(),
            uses,
            batch: self.batches,
        });
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
    // A place is visited twice: on the way down, to push its children, and on the way up.
    let mut stack = vec![(Vec::new(), line, false)];
    while let Some((site, id, ready)) = stack.pop() {
        if ready {
            if fresh.iter().any(|f| f.starts_with(&site) || site.starts_with(f)) {
                continue;
            }
            for rule in rules {
                if let Some(applied) = rules::apply(g, *rule, id, context) {
                    return Some((*rule, site, id, applied));
                }
            }
            continue;
        }
        stack.push((site.clone(), id, true));
        if is_sealed(g, id) {
            continue;
        }
        for (n, child) in g.children(id).into_iter().enumerate().rev() {
            let mut below = site.clone();
            below.push(n as u32);
            stack.push((below, child, false));
        }
    }
    None
}
