//! The strategy: which rule goes where, so that a derivation reads as a textbook's.
//!
//! A lemma in the making is a [`Frame`]. Each turn of [`Engine::advance`] looks at the
//! derivatives that stand in its line, sorts them by what applies, and carries out the first
//! kind at every place that was there: one batch, one line of a textbook. A heavy inner
//! derivative is not worked out in place; its frame goes on a stack, and its result is put in
//! as an earlier one. So nothing recurses, however deep the network.

mod finish;
mod turns;

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::path::{is_sealed, replace_at};
use super::plan::{Frontier, Plan};
use super::rules::{Applied, Rule};
use super::step::{Derivation, Lemma, LemmaId, Role, Step};
use crate::diag::{Error, Kind};
use crate::expr::{ExprId, Graph, Symbol, Winners};
use crate::lower::Lowered;
use crate::spell::{Look, Name, looks};

/// The largest number of nodes that the lines of a derivation may add to the graph.
pub const MAX_LINES: usize = 1 << 22;

/// The largest number of places that are looked at in all lines of a derivation together.
pub const MAX_PLACES: usize = 1 << 22;

/// The largest number of places in one line.
pub const MAX_LINE_PLACES: usize = 1 << 14;

/// An earlier result with more places than this is not put in: the line goes on to say ∂u/∂x,
/// which has lines of its own. What is used twice at every one of twenty levels would otherwise
/// be written a million times.
pub const MAX_PUT_IN: usize = 64;

/// What to derive.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Request {
    /// By what to differentiate: cells of inputs, weights or intermediate quantities.
    pub by: Vec<ExprId>,
    /// Whether to end with the update rule of each weight among them.
    pub updates: bool,
}

impl Request {
    /// The same with a change: `Request::default().with(|request| request.updates = true)`.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Request)) -> Request {
        change(&mut self);
        self
    }
}

/// Derives ∂loss/∂x for each x of the request.
///
/// # Errors
/// Of kind `Limit`, where the lines together would be longer than [`MAX_LINES`], or one of them
/// than [`MAX_LINE_PLACES`], or rewriting them would look at more than [`MAX_PLACES`].
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
/// let derivation = backproof::derive(lowered, &backproof::Request::default().with(|ask| ask.by = by))?;
/// let lemma = derivation.lemma(derivation.targets[0]);
/// assert_eq!(lemma.steps[0].rule.name(), "definition");        // every step is data
/// let result = backproof::print_formula(&derivation.graph, lemma.result);
/// assert_eq!(result, "(t - y)*(-x)");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn derive(lowered: Lowered, request: &Request) -> Result<Derivation, Error> {
    derive_within(lowered, request, MAX_PLACES)
}

/// As [`derive`](fn@derive), looking at no more than `most` places: for whoever asks only
/// whether a derivation is short.
pub(crate) fn derive_within(
    lowered: Lowered,
    request: &Request,
    most: usize,
) -> Result<Derivation, Error> {
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
        most,
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
        .hint("--form indices derives each layer once, with letters for the cells")
        .hint("--wrt asks for fewer derivatives; a smaller network of the same kind shows the way")
        .hint("`backproof check` compares the gradients of a large network without deriving them")
}

/// How many places a line has, as far as rewriting looks; counting stops past `most`.
pub(crate) fn places_of(g: &Graph, line: ExprId, most: usize) -> usize {
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

/// Those of `wanted` that nothing in the graph looks like, also not with a subscript (beside z₀
/// and z₁, a z would look like their vector), and enough numbered ones after them.
fn unused(g: &Graph, wanted: &[&str]) -> Vec<Symbol> {
    let stems: BTreeSet<&str> = g.symbols().map(Symbol::stem).collect();
    let seen: BTreeSet<Look> = stems.into_iter().flat_map(looks).collect();
    let free = wanted.iter().filter(|name| looks(name).iter().all(|look| !seen.contains(look)));
    let mut all: Vec<Symbol> = free.map(|name| Symbol::named(name)).collect();
    let mut last = 0;
    while all.len() < wanted.len() {
        // As many as are lacking at once, which are mostly all that it takes.
        let is_new = |name: &String| g.find_symbol(&Symbol::named(name)).is_none();
        let numbers = (last + 1..).map(|n| (n, format!("{}_{n}", wanted[0])));
        let tried: Vec<(u64, String)> =
            numbers.filter(|(_, name)| is_new(name)).take(wanted.len() - all.len()).collect();
        last = tried.last().map_or(last, |(n, _)| *n);
        let names: Vec<&str> = tried.iter().map(|(_, name)| name.as_str()).collect();
        let unseen = are_unseen(g, &names);
        let found = names.iter().zip(unseen).filter(|(_, unseen)| *unseen);
        all.extend(found.map(|(name, _)| Symbol::named(name)));
    }
    all
}

/// Whether no quantity and no element of one prints as this name does.
fn is_unseen(g: &Graph, name: &str) -> bool {
    are_unseen(g, &[name])[0]
}

/// The same of several names, each by itself.
fn are_unseen(g: &Graph, names: &[&str]) -> Vec<bool> {
    let own: Vec<Name<'_>> = names.iter().map(|name| Name::new(name)).collect();
    let mut unseen = vec![true; names.len()];
    for symbol in g.symbols() {
        let whole = symbol.indices().is_none().then(|| Name::new(symbol.name()));
        for ((name, own), unseen) in names.iter().zip(&own).zip(&mut unseen) {
            // Every spelling begins with the name.
            let spelt = name.starts_with(symbol.name()) && symbol.spelling() == *name;
            *unseen &= !spelt && !whole.as_ref().is_some_and(|n| n.is_like(own));
        }
    }
    unseen
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
    /// How many may be.
    most: usize,
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
            if self.places > self.most {
                return Err(too_long(format!(
                    "hold more than {} places, at each of which every rule is tried",
                    self.most
                )));
            }
            // Before anybody lists the places of a line, which takes memory for each.
            if places_of(&self.g, frame.line, MAX_LINE_PLACES) > MAX_LINE_PLACES {
                return Err(too_long(format!("have more than {MAX_LINE_PLACES} parts each")));
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

    /// Whether this derivative is known and too long to be put in.
    fn stays(&self, e: ExprId) -> bool {
        self.known.get(&e).is_some_and(|lemma| self.is_long(self.lemmas[lemma.0].result))
    }

    fn is_long(&self, result: ExprId) -> bool {
        places_of(&self.g, result, MAX_PUT_IN) > MAX_PUT_IN
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A local name is none that a quantity has, with or without a subscript.
    #[test]
    fn local_names_are_apart_from_all_that_there_are() {
        let names = |taken: &[&str], wanted: &[&str]| -> Vec<String> {
            let mut g = Graph::new();
            taken.iter().for_each(|name| {
                g.var(name);
            });
            unused(&g, wanted).iter().map(Symbol::spelling).map(|s| s.to_string()).collect()
        };
        assert_eq!(names(&[], &["z", "u"]), ["z", "u"]);
        assert_eq!(names(&["u"], &["z", "u"]), ["z", "z_1"]);
        assert_eq!(names(&["z", "u"], &["z", "u"]), ["z_1", "z_2"]);
        assert_eq!(names(&["z", "z_1", "u"], &["z", "u"]), ["z_2", "z_3"]);
        assert_eq!(names(&["z_2", "u"], &["z", "u"]), ["z_1", "z_3"]);
        // As the first element of a tensor.
        let mut g = Graph::new();
        g.var_symbol(Symbol::element("z", &[1]));
        assert_eq!(unused(&g, &["z"])[0].spelling(), "z_2");
    }
}
