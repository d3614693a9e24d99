//! The walk through a document: what each statement is, and its mark.
//!
//! Invariants: a statement gets its marks from what stood before it and from definitions
//! anywhere; each link of a chain a = b = c is one claim; a chain that was wrong once goes on
//! from where it is, and says so.

use std::collections::BTreeSet;
use std::ops::Range;

use super::build::Unbuilt;
use super::claim::{defined, holds_name, is_chain_rule, is_equation, statements};
use super::convention;
use super::declared::{declared, introduces};
use super::document::{Document, Item, Placed};
use super::judge::{Answer, Unknowns};
use super::names::{Cells, spelled};
use super::numbers::{Compared, Number, Rounded, compare, instance, is_numeric, printed, visit};
use super::references;
use super::repair;
use super::scope::{Definition, Meaning, Scope};
use super::suspects::unknowns;
use super::tex::syntax::{Expr, Kind, Name, Part, Relation, Statement};
use super::{Claim, Counterexample, Mark, Note, NoteKind, Review, Row, Tally, Wrong};
use crate::expr::{ExprId, Node};
use crate::proof::{How, Value, Witness};

/// Marks every row.
pub(super) fn mark(document: &Document<'_>, cells: Option<Cells<'_>>) -> Review {
    let mut scope = Scope::new(cells);
    for name in declared(document) {
        let symbol = scope.symbol(&name);
        scope.leaves.insert(symbol);
    }
    let convention = convention::settle(&mut scope, document);
    define_first(&mut scope, document);
    let unknowns = unknowns(&mut scope, document);
    let mut marker = Marker {
        document,
        scope,
        unknowns,
        rounded: Rounded::new(),
        last: None,
        aligned: None,
        introduced: false,
        headings: Vec::new(),
        rows: Vec::new(),
        notes: Vec::new(),
        repairs: repair::Budget::default(),
    };
    for (at, item) in document.items.iter().enumerate() {
        match item {
            Item::Words(passage) => marker.words(at, &passage.text),
            Item::Row(placed) => marker.row(at, placed),
        }
    }
    let Marker { rows, mut notes, .. } = marker;
    references::check(document, &rows, &mut notes);
    notes.sort_by_key(|n| (n.source.start, n.kind));
    let tally = tally(&rows);
    Review { rows, notes, convention, tally }
}

/// The first definition of each name is in force everywhere: authors define late.
fn define_first(scope: &mut Scope<'_>, document: &Document<'_>) {
    let mut seen = BTreeSet::new();
    for (at, _, statement) in statements(document) {
        let (Some(first), [(relation, value), ..]) = (&statement.first, &statement.rest[..]) else {
            continue;
        };
        let Some((name, params)) = defined(first) else { continue };
        let states = matches!(relation, Relation::Equal | Relation::Defines);
        if !states || holds_name(value, name) || matches!(value.kind, Kind::List(_)) {
            continue;
        }
        // w(x + 1) = … is no definition of a function if w is a quantity.
        if !params.is_empty() && scope.cell(name).is_some() {
            continue;
        }
        // A number is a value, and does not make its name a constant.
        if params.is_empty() && is_numeric(value) {
            continue;
        }
        if scope.cell(name).is_none() && seen.insert(spelled(name)) {
            let body = value.clone();
            scope.define(name, Definition { at, params, body, hides: false });
        }
    }
}

/// A chain of equal sides that later rows may carry on.
struct Chain {
    first: Expr,
    last: Expr,
    /// The line of the link that does not hold, if one does not.
    broken: Option<usize>,
}

pub(super) struct Marker<'d, 'n> {
    pub(super) document: &'d Document<'d>,
    pub(super) scope: Scope<'n>,
    pub(super) unknowns: Unknowns,
    rounded: Rounded,
    last: Option<Chain>,
    aligned: Option<Chain>,
    /// Whether the words before introduce names for the moment.
    introduced: bool,
    /// Items at which a new section starts.
    headings: Vec<usize>,
    rows: Vec<Row>,
    notes: Vec<Note>,
    pub(super) repairs: repair::Budget,
}

/// Where a statement stands.
#[derive(Clone, Copy)]
struct Context<'p> {
    at: usize,
    placed: &'p Placed,
    /// Whether it introduces a name for the moment.
    local: bool,
    /// Whether the left side of the link stands in this row, and not in one before.
    own_left: bool,
}

impl Marker<'_, '_> {
    fn words(&mut self, at: usize, words: &str) {
        let heading = |line: &str| {
            let line = line.trim_start();
            line.starts_with('#') || line.starts_with("\\section") || line.starts_with("\\subsection")
        };
        if words.lines().any(heading) {
            self.headings.push(at);
        }
        let sentence = words.rsplit(['.', ';', '\n']).find(|s| !s.trim().is_empty());
        self.introduced = sentence.is_some_and(introduces);
    }

    fn row(&mut self, at: usize, placed: &Placed) {
        for warning in &placed.row.warnings {
            let source = placed.source(&warning.span);
            self.note(NoteKind::Reading, source, warning.message.clone());
        }
        let equations = placed
            .row
            .parts
            .iter()
            .filter(|part| matches!(part, Part::Statement(s) if !s.aside && !s.rest.is_empty()))
            .count();
        let mut local = self.introduced;
        let mut claims = Vec::new();
        for part in &placed.row.parts {
            match part {
                Part::Words(words, _) => local |= introduces(words),
                Part::Unread(note) => claims.push(self.claim(
                    placed,
                    &note.span,
                    Mark::Unread { reason: note.message.clone() },
                )),
                Part::OutOfScope(note) => claims.push(self.claim(
                    placed,
                    &note.span,
                    Mark::OutOfScope { what: note.message.clone() },
                )),
                Part::Statement(statement) => {
                    let several = equations > 1 && !statement.aligned;
                    let context = Context { at, placed, local: local || several, own_left: false };
                    self.statement(statement, context, &mut claims);
                }
            }
        }
        if placed.inline {
            // "Let z = …, x = …": each formula of the sentence is introduced.
        } else {
            self.introduced = false;
        }
        if claims.is_empty() {
            return;
        }
        let source = placed.source(&placed.row.span);
        let (line, column) = self.document.place(source.start);
        let text = self.document.text(&source);
        let label = placed.row.labels.first().map(|l| l.name.clone());
        self.rows.push(Row { source, line, column, text, label, claims });
    }

    fn claim(&self, placed: &Placed, span: &Range<usize>, mark: Mark) -> Claim {
        let source = placed.source(span);
        let text = self.document.text(&source);
        Claim { source, text, mark }
    }

    fn note(&mut self, kind: NoteKind, source: Range<usize>, message: String) {
        let (line, column) = self.document.place(source.start);
        self.notes.push(Note { kind, source, line, column, message });
    }

    fn statement(&mut self, statement: &Statement, here: Context<'_>, claims: &mut Vec<Claim>) {
        let found = claims.len();
        self.malformed(statement, here, claims);
        if statement.rest.is_empty() {
            self.repeated(statement, here);
            return;
        }
        if claims.len() > found {
            return;
        }
        let carried = match (&statement.first, statement.aside) {
            (Some(first), _) => {
                Chain { first: first.clone(), last: first.clone(), broken: None }
            }
            (None, false) => {
                let aligned = statement.aligned && self.aligned.is_some();
                let slot = if aligned { &mut self.aligned } else { &mut self.last };
                match slot.take() {
                    Some(chain) => chain,
                    None => {
                        let reason = "no left side carries over to it".to_string();
                        let mark = Mark::Undecided { reason };
                        claims.push(self.claim(here.placed, &statement.span, mark));
                        return;
                    }
                }
            }
            (None, true) => {
                let reason = "an equation without a left side".to_string();
                claims.push(self.claim(
                    here.placed,
                    &statement.span,
                    Mark::Undecided { reason },
                ));
                return;
            }
        };
        let mut chain = carried;
        for (nth, (relation, side)) in statement.rest.iter().enumerate() {
            let names = nth == 0 && statement.first.is_some();
            let span = match nth {
                0 => statement.span.start..side.span.end,
                _ => side.span.clone(),
            };
            let here = Context { own_left: names, ..here };
            if let Some(mark) = self.link(&mut chain, *relation, side, names, here) {
                claims.push(self.claim(here.placed, &span, mark));
            }
            if is_equation(*relation) {
                chain.last = side.clone();
            }
        }
        if !statement.aside {
            let copy = Chain {
                first: chain.first.clone(),
                last: chain.last.clone(),
                broken: chain.broken,
            };
            if statement.aligned || self.aligned.is_none() {
                self.aligned = Some(copy);
            }
            self.last = Some(chain);
        }
    }

    /// What has no meaning whatever its names are.
    fn malformed(&mut self, statement: &Statement, here: Context<'_>, claims: &mut Vec<Claim>) {
        let sides = statement.first.iter().chain(statement.rest.iter().map(|(_, side)| side));
        for side in sides {
            let mut found: Vec<(Range<usize>, Range<usize>, bool)> = Vec::new();
            visit(side, &mut |e| {
                if let Kind::HalfDerivative { by, .. } = &e.kind {
                    found.push((e.span.clone(), by.span.clone(), true));
                }
            });
            for (whole, below, _) in found {
                let source = here.placed.source(&below);
                let from = self.document.text(&source);
                let wrong = Wrong {
                    message: "the ∂ below is missing: ∂ of something over a plain name is no \
                              derivative"
                        .to_string(),
                    counterexample: None,
                    repair: Some(super::Repair {
                        source,
                        to: format!("\\partial {from}"),
                        from,
                    }),
                };
                claims.push(self.claim(here.placed, &whole, Mark::Refuted(Box::new(wrong))));
            }
        }
    }

    /// Notes an element that stands twice in a list.
    fn repeated(&mut self, statement: &Statement, here: Context<'_>) {
        let Some(Expr { kind: Kind::List(all), .. }) = &statement.first else { return };
        let mut seen = BTreeSet::new();
        for one in all {
            if let Kind::Name(name) = &one.kind
                && !seen.insert(spelled(name))
            {
                let message = format!("{} stands twice in this list", spelled(name));
                self.note(NoteKind::Repeated, here.placed.source(&one.span), message);
            }
        }
    }

    /// The mark of one link of a chain; none if it is a condition, which states nothing.
    fn link(
        &mut self,
        chain: &mut Chain,
        relation: Relation,
        side: &Expr,
        first: bool,
        here: Context<'_>,
    ) -> Option<Mark> {
        match relation {
            Relation::Other | Relation::Differs => return None,
            Relation::Becomes => return Some(Mark::Update),
            Relation::Equal | Relation::Defines | Relation::About => {}
        }
        if let Some(wrong) = self.repeated_in_max(side, here) {
            return Some(Mark::Refuted(Box::new(wrong)));
        }
        if first
            && let Some((name, params)) = defined(&chain.first)
            && let Some(mark) = self.naming(name, params, side, relation, here)
        {
            return Some(mark);
        }
        Some(self.equation(chain, side, relation, here))
    }

    /// The mark of "name = value" where that says what the name stands for; none where it is an
    /// equation like any other.
    fn naming(
        &mut self,
        name: &Name,
        params: Vec<Name>,
        value: &Expr,
        relation: Relation,
        here: Context<'_>,
    ) -> Option<Mark> {
        let at = here.at;
        if let Some(mark) = self.winner(name, value, at) {
            return Some(mark);
        }
        if holds_name(value, name) {
            // w = w + Δw gives w a new value; x = x says nothing new.
            let update = params.is_empty() && !matches!(value.kind, Kind::Name(_));
            return update.then_some(Mark::Update);
        }
        if params.is_empty() && is_numeric(value) {
            return self.value(name, value, at);
        }
        if let Some(cell) = self.scope.cell(name)
            && params.is_empty()
            && !self.is_hidden(name, at)
        {
            return self.held_against(name, cell, value, here);
        }
        let (definition, _) = self.scope.definition(&spelled(name), at)?;
        if definition.at == at && definition.body == *value {
            let unclear = self.built_or_mark(value, here);
            return Some(unclear.err().unwrap_or(Mark::Definition { agrees: false }));
        }
        if definition.at > at {
            return None;
        }
        let since = self.headings.iter().any(|h| *h > definition.at && *h <= at);
        let renews = here.local || since || relation == Relation::Defines;
        if renews { self.again(name, params, value, here) } else { None }
    }

    fn is_hidden(&self, name: &Name, at: usize) -> bool {
        matches!(self.scope.meaning(name, at), Meaning::Defined(d, _) if d.hides)
    }

    /// "name = value" for a name that has a definition already.
    fn again(
        &mut self,
        name: &Name,
        params: Vec<Name>,
        value: &Expr,
        here: Context<'_>,
    ) -> Option<Mark> {
        let at = here.at;
        if params.is_empty() {
            let old = match self.scope.meaning(name, at) {
                Meaning::Defined(..) => {
                    let expr = Expr { kind: Kind::Name(name.clone()), span: value.span.clone() };
                    self.scope.build(&expr, at).ok()
                }
                _ => None,
            };
            let new = self.scope.build(value, at).ok();
            if let (Some(old), Some(new)) = (old, new)
                && (old == new || self.scope.judge(old, new, &self.unknowns).is_proved())
            {
                return Some(Mark::Definition { agrees: false });
            }
        }
        let body = value.clone();
        let hides = self.scope.cell(name).is_some();
        self.scope.define(name, Definition { at, params, body, hides });
        let source = here.placed.source(&value.span);
        let message = format!("{} has a new meaning from here on", spelled(name));
        self.note(NoteKind::NewMeaning, source, message);
        Some(Mark::Definition { agrees: false })
    }

    /// "r_p = c_10" and "c_10 = max{…, c_10, …}" say who wins a max.
    fn winner(&mut self, name: &Name, value: &Expr, at: usize) -> Option<Mark> {
        let left = Expr { kind: Kind::Name(name.clone()), span: value.span.clone() };
        let (max, winner) = match &value.kind {
            Kind::Name(_) => {
                let Node::Named(_, max) = self.scope.build(&left, at).ok().map(|id| self.scope.graph.node(id))?
                else {
                    return None;
                };
                (max, self.scope.build(value, at).ok()?)
            }
            Kind::Extreme { least: false, .. } => {
                (self.scope.build(value, at).ok()?, self.scope.build(&left, at).ok()?)
            }
            _ => return None,
        };
        let Node::Max(args) = self.scope.graph.node(max) else { return None };
        if !self.scope.graph.args(args).contains(&winner) {
            return None;
        }
        self.scope.winners.insert(max, winner);
        let shown = |id| match self.scope.graph.symbol_of(id) {
            Some(s) => self.scope.graph.symbol(s).as_str().to_string(),
            None => "this element".to_string(),
        };
        Some(Mark::Assumption { what: format!("{} is the greatest", shown(winner)) })
    }

    /// "x = 2" gives a name without a definition its value.
    fn value(&mut self, name: &Name, value: &Expr, at: usize) -> Option<Mark> {
        let left = Expr { kind: Kind::Name(name.clone()), span: value.span.clone() };
        let id = self.scope.build(&left, at).ok()?;
        let Node::Var(symbol) = self.scope.graph.node(id) else { return None };
        let Ok(Number::Exact(q)) = super::numbers::value(value, &Rounded::new()) else {
            return None;
        };
        if printed(value).is_none() {
            return None;
        }
        let what = format!("{} is {q}", spelled(name));
        self.scope.values.insert(symbol, q);
        Some(Mark::Assumption { what })
    }

    /// A definition held against the network's.
    fn held_against(
        &mut self,
        name: &Name,
        cell: ExprId,
        value: &Expr,
        here: Context<'_>,
    ) -> Option<Mark> {
        let at = here.at;
        if matches!(self.scope.graph.node(cell), Node::Var(_)) {
            // The network has a leaf of this name; the author means something else by it.
            if !here.local {
                return None;
            }
            let body = value.clone();
            self.scope.define(name, Definition { at, params: Vec::new(), body, hides: true });
            let source = here.placed.source(&value.span);
            let message =
                format!("{} is not the network's from here on, but this", spelled(name));
            self.note(NoteKind::NewMeaning, source, message);
            return Some(Mark::Definition { agrees: false });
        }
        let value_id = match self.built_or_mark(value, here) {
            Ok(id) => id,
            Err(mark) => return Some(mark),
        };
        let answer = self.scope.judge(cell, value_id, &self.unknowns);
        Some(match answer {
            Answer::Proved { .. } => Mark::Definition { agrees: true },
            Answer::Refuted { witness, .. } => {
                let left = Expr { kind: Kind::Name(name.clone()), span: 0..0 };
                let message =
                    format!("the network defines {} otherwise", spelled(name));
                self.refuted(message, &witness, &left, value, here)
            }
            Answer::Undecided(reason) => Mark::Undecided { reason },
        })
    }

    fn built_or_mark(&mut self, expr: &Expr, here: Context<'_>) -> Result<ExprId, Mark> {
        self.scope.build(expr, here.at).map_err(|unbuilt| self.unbuilt(unbuilt, here))
    }

    fn unbuilt(&self, unbuilt: Unbuilt, _here: Context<'_>) -> Mark {
        match unbuilt {
            Unbuilt::Malformed(message, _) => {
                Mark::Refuted(Box::new(Wrong { message, counterexample: None, repair: None }))
            }
            Unbuilt::OutOfScope(what) => Mark::OutOfScope { what },
            Unbuilt::Unclear(reason) => Mark::Undecided { reason },
        }
    }

    /// The mark of "last = side" in a chain.
    fn equation(
        &mut self,
        chain: &mut Chain,
        side: &Expr,
        relation: Relation,
        here: Context<'_>,
    ) -> Mark {
        let line = self.document.place(here.placed.source(&side.span).start).0;
        let last = chain.last.clone();
        let mark = self.equal(&last, side, relation, here);
        let Some(broken) = chain.broken else {
            if matches!(mark, Mark::Refuted(_)) {
                chain.broken = Some(line);
            }
            return mark;
        };
        // After a wrong link: is the left side reached again, or is it carried along?
        let first = chain.first.clone();
        let whole = self.equal(&first, side, relation, here);
        if matches!(whole, Mark::Proved { .. }) {
            chain.broken = None;
            return whole;
        }
        match mark {
            Mark::Proved { .. } => Mark::Follows { line: broken },
            Mark::Refuted(_) => {
                chain.broken = Some(line);
                mark
            }
            other => other,
        }
    }

    fn equal(&mut self, left: &Expr, right: &Expr, relation: Relation, here: Context<'_>) -> Mark {
        if is_numeric(left) && is_numeric(right) {
            let found = super::numbers::value(left, &self.rounded);
            return match found {
                Ok(found) => self.compared(&found, right, relation, Vec::new(), here),
                Err(fault) => Mark::Undecided { reason: fault.to_string() },
            };
        }
        if let Some(mark) = self.elsewhere(left, right, here) {
            return mark;
        }
        let sides = (self.built_or_mark(left, here), self.built_or_mark(right, here));
        let (lhs, rhs) = match sides {
            (Ok(lhs), Ok(rhs)) => (lhs, rhs),
            (Err(mark), _) | (_, Err(mark)) => return mark,
        };
        if relation == Relation::About {
            return self.in_numbers(left, lhs, right, relation, here).unwrap_or_else(|| {
                Mark::Undecided { reason: "an approximation of what has no value here".into() }
            });
        }
        match self.scope.judge(lhs, rhs, &self.unknowns) {
            Answer::Proved { how, given } => proved(how, given),
            Answer::Refuted { witness, given } => {
                if let Some(mark) = self.in_numbers(left, lhs, right, relation, here) {
                    return mark;
                }
                let message = match given.is_empty() {
                    true => "the two sides are not equal".to_string(),
                    false => format!(
                        "the two sides are not equal, {} being given",
                        given.join(", ")
                    ),
                };
                self.refuted(message, &witness, left, right, here)
            }
            Answer::Undecided(reason) => {
                if is_chain_rule(left, right) {
                    return Mark::Rule { name: "chain rule" };
                }
                if let Some(mark) = self.in_numbers(left, lhs, right, relation, here) {
                    return mark;
                }
                Mark::Undecided { reason }
            }
        }
    }

    /// A row of numbers that stands for the names on its left.
    fn in_numbers(
        &mut self,
        left: &Expr,
        lhs: ExprId,
        right: &Expr,
        relation: Relation,
        here: Context<'_>,
    ) -> Option<Mark> {
        let numeric = is_numeric(right);
        if !numeric {
            let fewer = super::claim::names_of(right);
            let all = super::claim::names_of(left);
            let subset = fewer.iter().all(|n| all.contains(n)) && fewer.len() < all.len();
            if !subset {
                return None;
            }
        }
        let found = self.scope.number(lhs);
        if let Some(found) = found {
            let given = vec!["the given numbers".to_string()];
            if numeric {
                return Some(self.compared(&found, right, relation, given, here));
            }
            let rhs = self.scope.build(right, here.at).ok()?;
            let other = self.scope.number(rhs)?;
            let equal = match (&found, &other) {
                (Number::Exact(a), Number::Exact(b)) => a == b,
                _ => return None,
            };
            return equal.then_some(Mark::Proved { error_bound: None, given });
        }
        // "N = (W − F)/S + 1" and then "N = (4 − 2)/2 + 1": the same formula with numbers.
        let Kind::Name(name) = &left.kind else { return None };
        let Meaning::Defined(definition, _) = self.scope.meaning(name, here.at) else {
            return None;
        };
        let body = definition.body.clone();
        let bindings = instance(&body, right)?;
        let given = bindings.iter().map(|(n, q)| format!("{} = {q}", spelled(n))).collect();
        Some(Mark::Proved { error_bound: None, given })
    }

    fn compared(
        &mut self,
        found: &Number,
        right: &Expr,
        relation: Relation,
        given: Vec<String>,
        here: Context<'_>,
    ) -> Mark {
        let loose = relation == Relation::About;
        match compare(found, right, &mut self.rounded, loose) {
            Compared::Equal | Compared::Rounded => Mark::Proved { error_bound: None, given },
            Compared::Unknown(reason) => Mark::Undecided { reason },
            Compared::Different(theirs, ours) => {
                let counterexample =
                    Counterexample { point: Vec::new(), left: theirs.clone(), right: ours };
                let repair = self.number_repair(found, right, here.placed);
                Mark::Refuted(Box::new(Wrong {
                    message: format!("the two sides are not equal: the left side is {theirs}"),
                    counterexample: Some(counterexample),
                    repair,
                }))
            }
        }
    }

    /// A derivative by a name that the network does not have, in terms of others that it does
    /// not have either, is about something else.
    fn elsewhere(&mut self, left: &Expr, right: &Expr, here: Context<'_>) -> Option<Mark> {
        self.scope.cells.as_ref()?;
        let Kind::Derivative { by, .. } = &left.kind else { return None };
        let Kind::Name(by) = &by.kind else { return None };
        let unknown = |scope: &Scope<'_>, n: &Name| {
            let whole = scope.cells.as_ref().is_some_and(|cells| cells.is_tensor(n));
            !whole && !scope.is_known(n, here.at)
        };
        let others: Vec<String> = super::claim::names_of(right)
            .iter()
            .filter(|n| unknown(&self.scope, n))
            .map(spelled)
            .collect();
        if !unknown(&self.scope, by) || others.is_empty() {
            return None;
        }
        let what = format!(
            "it is not about this network, which has no {} and no {}",
            spelled(by),
            others.join(", ")
        );
        Some(Mark::Assumption { what })
    }

    /// A max that lists an element twice and lacks another, where the network has all of them.
    fn repeated_in_max(&mut self, side: &Expr, here: Context<'_>) -> Option<Wrong> {
        let cells = self.scope.cells.as_ref()?;
        let mut found: Option<(Vec<Expr>, usize)> = None;
        visit(side, &mut |e| {
            if let Kind::Extreme { least: false, of } = &e.kind
                && found.is_none()
            {
                let mut seen = BTreeSet::new();
                let twice = of.iter().position(|one| match &one.kind {
                    Kind::Name(name) => !seen.insert(spelled(name)),
                    _ => false,
                });
                if let Some(twice) = twice {
                    found = Some((of.clone(), twice));
                }
            }
        });
        let (of, twice) = found?;
        let mut listed = BTreeSet::new();
        for one in &of {
            let Kind::Name(name) = &one.kind else { return None };
            listed.insert(cells.find(name, &self.scope.convention)?.cell);
        }
        let maximum = cells.lowered.maxima.iter().find_map(|m| {
            let Node::Max(args) = self.scope.graph.node(m.max) else { return None };
            let args = self.scope.graph.args(args);
            let all = listed.iter().all(|cell| args.contains(cell));
            (all && args.len() == of.len()).then(|| args.to_vec())
        })?;
        let missing: Vec<ExprId> =
            maximum.iter().filter(|arg| !listed.contains(arg)).copied().collect();
        let named = |id: &ExprId| {
            let symbol = self.scope.graph.symbol_of(*id)?;
            Some(self.scope.graph.symbol(symbol).as_str().to_string())
        };
        let Kind::Name(name) = &of[twice].kind else { return None };
        let lacking: Vec<String> = missing.iter().filter_map(named).collect();
        let first = lacking.first()?.clone();
        let source = here.placed.source(&of[twice].span);
        let from = self.document.text(&source);
        let repair = (missing.len() == 1)
            .then(|| repair::like(name, &first, &self.scope.convention))
            .flatten()
            .map(|to| super::Repair { source, from, to });
        Some(Wrong {
            message: format!(
                "{} stands twice in this max, and {} is missing; where {first} is the greatest, \
                 the max is not",
                spelled(name),
                lacking.join(", ")
            ),
            counterexample: None,
            repair,
        })
    }

    fn refuted(
        &mut self,
        message: String,
        witness: &Witness,
        left: &Expr,
        right: &Expr,
        here: Context<'_>,
    ) -> Mark {
        let counterexample = Some(self.counterexample(witness));
        let repair = self.repair(left, right, here.own_left, here.at, here.placed);
        Mark::Refuted(Box::new(Wrong { message, counterexample, repair }))
    }

    fn counterexample(&self, witness: &Witness) -> Counterexample {
        let name = |s| self.scope.graph.symbol(s).as_str().to_string();
        let shown = |v: &Value| match v {
            Value::Exact(q) => Number::Exact(q.clone()).shown(),
            Value::Enclosed(i) => Number::Enclosed(*i).shown(),
        };
        Counterexample {
            point: witness.point.iter().map(|(s, q)| (name(*s), q.to_string())).collect(),
            left: shown(&witness.lhs),
            right: shown(&witness.rhs),
        }
    }
}

fn proved(how: How, given: Vec<String>) -> Mark {
    let error_bound = match how {
        How::Exact => None,
        How::Probabilistic { error_bound } => Some(error_bound),
    };
    Mark::Proved { error_bound, given }
}

fn tally(rows: &[Row]) -> Tally {
    let mut tally = Tally { rows: rows.len(), ..Tally::default() };
    for row in rows {
        let unread = row.claims.iter().any(|c| matches!(c.mark, Mark::Unread { .. }));
        tally.read += usize::from(!unread);
        match row.mark() {
            Some(Mark::Proved { .. }) => tally.proved += 1,
            Some(Mark::Follows { .. }) => tally.following += 1,
            Some(Mark::Refuted(_)) => tally.refuted += 1,
            Some(Mark::Undecided { .. }) => tally.undecided += 1,
            Some(Mark::Definition { .. } | Mark::Update) => tally.definitions += 1,
            Some(Mark::Assumption { .. }) => tally.assumptions += 1,
            Some(Mark::Rule { .. }) => tally.rules += 1,
            Some(Mark::OutOfScope { .. }) => tally.out_of_scope += 1,
            Some(Mark::Unread { .. }) | None => {}
        }
    }
    tally
}
