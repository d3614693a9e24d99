//! The walk through a document: what each statement is, and its mark.
//!
//! Invariants: a statement gets its marks from what stood before it and from definitions
//! anywhere; each link of a chain a = b = c is one claim; a chain that was wrong once goes on
//! from where it is, and says so.

mod again;
mod each;
mod layout;
mod supposed;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::claim::{defined, is_equation};
use super::declared::conditions;
use super::document::{Document, Item, Placed};
use super::equation::Wrongly;
use super::indices::Condition;
use super::judge::Unknowns;
use super::names::{Cells, spelled};
use super::numbers::{Number, Rounded, is_numeric};
use super::prose::level;
use super::references;
use super::repair;
use super::scope::{Certainty, Definition, Scope};
use super::survey::{Survey, survey};
use super::tex::introduces;
use super::tex::syntax::{Expr, FormulaKind, Name, Part, Refused, Relation, Statement, visit};
use super::ways::Ways;
use super::{Claim, Mark, Note, NoteKind, Review, Row, Tally, Wrong};
use crate::expr::Winners;

/// Marks every row. Where indices run over what nothing says, twice, with other lengths: what is
/// proved holds with both.
pub(super) fn mark(document: &Document<'_>, cells: Option<Cells<'_>>) -> Review {
    let (mut review, supposes) = walk(document, cells, 0);
    if supposes {
        let (other, _) = walk(document, cells, 1);
        review.rows = review.rows.into_iter().zip(other.rows).map(|(a, b)| a.agreed(b)).collect();
        review.tally = tally(&review.rows);
    }
    review
}

/// One walk through a document, and whether anything of it was supposed.
fn walk(document: &Document<'_>, cells: Option<Cells<'_>>, round: usize) -> (Review, bool) {
    let Survey { scope, convention, unknowns } = survey(document, cells, round);
    let supposes = scope.indices.supposes();
    let won = scope.winners.clone();
    let mut marker = Marker {
        document,
        won,
        scope,
        unknowns,
        rounded: Rounded::default(),
        wrong: Vec::new(),
        last: None,
        aligned: None,
        introduced: false,
        constrained: BTreeSet::new(),
        columns: Vec::new(),
        beside: Vec::new(),
        turned: [None; 2],
        headings: Vec::new(),
        rows: Vec::new(),
        notes: Vec::new(),
        conditions: Vec::new(),
        conditioned: 0,
        chained: Vec::new(),
        points: Vec::new(),
        stated: BTreeMap::new(),
        used: false,
        vague: false,
        under: None,
        facts: Vec::new(),
        winner: None,
        slope: None,
        ways: None,
        repairs: repair::Budget::default(),
    };
    for (at, item) in document.items.iter().enumerate() {
        match item {
            Item::Words(passage) => marker.words(at, &passage.text),
            Item::Row(placed) => marker.row(at, placed),
        }
    }
    let Marker { scope, rows, mut notes, .. } = marker;
    let agrees =
        |row: &Row| row.claims.iter().any(|c| matches!(c.mark, Mark::Definition { agrees: true }));
    let defines =
        rows.iter().flat_map(|r| &r.claims).any(|c| matches!(c.mark, Mark::Definition { .. }));
    if scope.cells.is_some() && defines && !rows.iter().any(agrees) {
        let message = "none of the definitions here is one of the network's: are its names those \
                       of the document?";
        let (kind, source) = (NoteKind::Reading, rows.first().map_or(0..0, |r| r.source.clone()));
        let (line, column) = document.place(source.start);
        notes.push(Note { kind, source, line, column, message: message.to_string() });
    }
    references::check(document, &rows, &mut notes);
    notes.sort_by_key(|n| (n.source.start, n.kind));
    let tally = tally(&rows);
    (Review { rows, notes, convention, tally }, supposes)
}

/// A chain of equal sides that later rows may carry on.
#[derive(Clone)]
pub(super) struct Chain {
    pub(super) first: Expr,
    pub(super) last: Expr,
    /// Whether a row was not read since the last link.
    pub(super) gap: bool,
    /// The line of the link that does not hold, if one does not.
    pub(super) broken: Option<usize>,
    /// What is held in it where the chain rule went over several ways.
    pub(super) ways: Option<Ways>,
}

impl Chain {
    fn at(side: Expr) -> Chain {
        Chain { first: side.clone(), last: side, gap: false, broken: None, ways: None }
    }
}

pub(super) struct Marker<'d, 'n> {
    pub(super) document: &'d Document<'d>,
    pub(super) scope: Scope<'n>,
    pub(super) unknowns: Unknowns,
    pub(super) rounded: Rounded,
    /// What wrong lines said of derivatives.
    pub(super) wrong: Vec<Wrongly>,
    last: Option<Chain>,
    aligned: Option<Chain>,
    /// Whether the words before introduce names for the moment.
    introduced: bool,
    /// For which elements the rows are meant, as is said beside or before them.
    pub(super) conditions: Vec<Condition>,
    /// What is supposed for the moment.
    under: Option<supposed::Under>,
    /// What is said to be greater than what, with the section where it is said.
    facts: Vec<(usize, String, (Expr, Expr))>,
    /// Who wins which max before anybody says so.
    won: Winners,
    /// Who wins a max, said with letters: r_p = r_{ab} in formulas with a and b.
    pub(super) winner: Option<(Expr, Expr)>,
    /// By what the left side of the chain that is being judged is differentiated.
    pub(super) slope: Option<String>,
    /// What is held in the chain that is being judged.
    pub(super) ways: Option<Ways>,
    /// In which sentence they are said.
    conditioned: usize,
    /// For which elements the chain at hand is meant, as its first row says.
    chained: Vec<Condition>,
    /// The values of names at a point of which a paragraph speaks, with that paragraph.
    pub(super) points: Vec<(usize, Expr, Expr)>,
    /// What numbers rows say that names come to, where nobody can tell whether they do.
    pub(super) stated: BTreeMap<String, Number>,
    /// Whether there is another condition on indices, which is not understood.
    vague: bool,
    /// Whether a formula on its own has stood under them.
    used: bool,
    /// The stems of names for which words give an equation that defines none of them.
    constrained: BTreeSet<String>,
    /// The chains of the row before, where several stand beside one another.
    columns: Vec<Chain>,
    /// Those of this row.
    beside: Vec<Chain>,
    /// Whether derivatives of vectors by vectors, and of numbers by arrays, are laid out as
    /// transposes, where a row has shown it.
    turned: [Option<bool>; 2],
    /// Items at which a new section starts.
    pub(super) headings: Vec<usize>,
    rows: Vec<Row>,
    notes: Vec<Note>,
    pub(super) repairs: repair::Budget,
}

/// Where a statement stands.
#[derive(Clone, Copy)]
pub(super) struct Standing<'p> {
    pub(super) at: usize,
    pub(super) placed: &'p Placed,
    /// Whether it introduces a name for the moment.
    pub(super) local: bool,
    /// Whether the left side of the link stands in this row, and not in one before.
    pub(super) own_left: bool,
    /// Whether it was said in elements, in which no repair is written.
    pub(super) in_elements: bool,
}

impl Marker<'_, '_> {
    fn words(&mut self, at: usize, words: &str) {
        if self.used {
            self.conditions.clear();
            self.vague = false;
        }
        if words.lines().any(|line| level(line).is_some()) {
            self.headings.push(at);
        }
        let sentence = words.rsplit(['.', ';', '\n']).find(|s| !s.trim().is_empty());
        self.introduced = sentence.is_some_and(introduces);
    }

    fn row(&mut self, at: usize, placed: &Placed) {
        let about = statements_of(placed).all(|s| self.scope.is_about_indices(s));
        if about && statements_of(placed).next().is_some() {
            // "If $i = j$, then": of the rows that follow, up to the next words behind them.
            let mut all = statements_of(placed).map(|s| Condition::of(s, &self.scope));
            match self.document.introduces_a_condition(at) {
                Some(true) => {
                    // "If i ≠ j:" of another sentence is another condition.
                    let sentence = self.scope.outline.at(at).sentence;
                    if self.conditioned != sentence {
                        (self.conditions, self.vague) = (Vec::new(), false);
                    }
                    self.conditioned = sentence;
                    let known: Option<Vec<Condition>> = all.collect();
                    self.vague |= known.is_none();
                    self.conditions.extend(known.unwrap_or_default());
                }
                // "If $i \\ne j$ and $k = j$": one more of them.
                None if !self.used && !self.conditions.is_empty() => {
                    let known: Option<Vec<Condition>> = all.collect();
                    self.vague |= known.is_none();
                    self.conditions.extend(known.unwrap_or_default());
                }
                // "Unless $i = j$": whatever that leaves.
                Some(false) => (self.vague, self.conditions) = (true, Vec::new()),
                // "δ is 1 for i = j and 0 elsewhere. Then": a mention.
                None if all.any(|condition| condition.is_none()) => self.vague = true,
                None => return,
            }
            self.used = false;
            return;
        }
        self.columns = std::mem::take(&mut self.beside);
        self.used |= !placed.inline;
        self.leave(at, placed);
        self.claims(at, placed);
        if placed.carries() {
            // The next row is about the same left side, by way of what was not read.
            for chain in [&mut self.last, &mut self.aligned].into_iter().flatten() {
                chain.gap = true;
            }
        } else if !placed.is_whole() {
            // Nobody knows what the next row would go on from.
            (self.last, self.aligned) = (None, None);
        }
    }

    fn claims(&mut self, at: usize, placed: &Placed) {
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
        let whole = placed.is_whole();
        // "x = 2y ⟹ …": what stands before the arrow holds for what stands behind it.
        let premise = statements_of(placed).find(|s| s.implied).map(|s| s.span.clone());
        let premise = premise.as_ref();
        // "… chain rule with z = t − r": what a row says of its names comes before their use.
        let introduced = |part: &&Part| matches!(part, Part::Statement(s) if s.introduced);
        let (early, late): (Vec<&Part>, Vec<&Part>) = placed.row.parts.iter().partition(introduced);
        let spoken = self.conditions.clone();
        for part in early.into_iter().chain(late) {
            self.conditions = spoken.clone();
            let mut beside = beside(&placed.row.parts, part, &self.scope);
            if let Part::Statement(statement) = part
                && !statement.rest.is_empty()
                && Condition::of(statement, &self.scope).is_none()
            {
                // "If i = j, a = b \\\\ = c": what the first row says goes for the rows that carry on.
                match statement.first {
                    None if beside.is_empty() => beside.clone_from(&self.chained),
                    _ => self.chained.clone_from(&beside),
                }
            }
            self.conditions.extend(beside);
            match part {
                Part::Words(words, _) => local |= introduces(words),
                Part::Unread(Refused { note, left, relation, .. }) => {
                    self.forget(left.as_ref(), *relation, at, local);
                    let mark = Mark::Unread { reason: note.message.clone() };
                    claims.push(self.claim(placed, &note.span, mark));
                }
                Part::OutOfScope(Refused { note, left, relation, misfit, .. }) => {
                    self.forget(left.as_ref(), *relation, at, local);
                    let message = note.message.clone();
                    let mark = match misfit {
                        true => Mark::Refuted(Box::new(Wrong {
                            message,
                            counterexample: None,
                            repair: None,
                        })),
                        false => Mark::OutOfScope { what: message },
                    };
                    claims.push(self.claim(placed, &note.span, mark));
                }
                Part::Statement(statement) if self.scope.is_about_indices(statement) => {}
                // A fragment of a row that was not read states nothing.
                Part::Statement(s) if !whole => {
                    let relation = s.rest.first().map(|(relation, _)| *relation);
                    self.forget(s.first.as_ref(), relation, at, local);
                }
                Part::Statement(statement) => {
                    let several = equations > 1 && !statement.aligned;
                    let local = local || several || statement.introduced;
                    let key = (at, statement.span.start);
                    let in_elements = self.document.arrays.spread.contains_key(&key);
                    let context = Standing { at, placed, local, own_left: false, in_elements };
                    match self.apart(statement, context) {
                        Some(mark) => claims.push(self.claim(placed, &statement.span, mark)),
                        None => {
                            let found = claims.len();
                            self.statement(statement, context, &mut claims);
                            let premise =
                                premise.is_some_and(|span| statement.span.start < span.start);
                            let arrays = &self.document.arrays;
                            for claim in &mut claims[found..] {
                                let mark = self.weighed(claim, premise, statement);
                                claim.mark = arrays.weighed(at, statement.span.start, mark);
                                if matches!(claim.mark, Mark::Refuted(_))
                                    && let Some(name) = self.constrained_in(statement, at)
                                {
                                    let reason =
                                        format!("a condition is given for {name} that is not used");
                                    claim.mark = Mark::Undecided { reason };
                                }
                            }
                            self.laid_out(statement, context, &mut claims, found);
                        }
                    }
                }
            }
        }
        if premise.is_some() {
            self.under = None;
        }
        self.conditions = spoken;
        claims.sort_by_key(|c| c.source.start);
        let mut claims = of_all_elements(claims);
        // "Let $z = …$, $x = …$": each formula of the sentence is introduced.
        self.introduced &= placed.inline;
        let unclear = statements_of(placed)
            .any(|s| self.scope.is_about_indices(s) && Condition::of(s, &self.scope).is_none());
        let otherwise = placed.row.parts.iter().any(
            |part| matches!(part, Part::Words(words, _) if words.trim().starts_with("otherwise")),
        );
        let open = if self.vague || unclear || otherwise || self.is_conditional(at, placed) {
            Some("it is said to hold under a condition, and does not without it".to_string())
        } else {
            let case = self.scope.outline.case(at);
            case.map(|case| format!("it is said \"{case}\", and does not hold everywhere"))
        };
        for claim in claims.iter_mut().filter(|_| open.is_some()) {
            if matches!(claim.mark, Mark::Refuted(_)) {
                claim.mark = Mark::Undecided { reason: open.clone().unwrap_or_default() };
            }
        }
        if claims.is_empty() {
            return;
        }
        let source = placed.source(&placed.row.span);
        let (line, column) = self.document.place(source.start);
        let text = self.document.text(&source);
        let label = placed.row.labels.first().map(|l| l.name.clone());
        self.rows.push(Row { source, line, column, text, label, cell: None, claims });
    }

    /// "Now let f = …" that cannot be read: from here on nobody knows what f is.
    fn forget(&mut self, left: Option<&Expr>, relation: Option<Relation>, at: usize, local: bool) {
        let Some((name, params)) = left.and_then(defined) else { return };
        let renews = local || relation == Some(Relation::Defines);
        if !renews || self.scope.definition(&spelled(name), at).is_none() {
            return;
        }
        let body = Expr { kind: FormulaKind::Name(name.clone()), span: 0..0 };
        let standing = Certainty::Unreadable;
        let hides = self.scope.cell(name).is_some();
        let new = Definition { standing, params, hides, ..Definition::new(at, body) };
        self.scope.define(name, new);
    }

    /// Whether words behind a row, or on it, say under what condition it holds: "if x > 0".
    fn is_conditional(&self, at: usize, placed: &Placed) -> bool {
        let items = &self.document.items;
        let mut parts: Vec<&Part> = placed.row.parts.iter().collect();
        let mut behind = None;
        if let (Some(Item::Words(passage)), Some(Item::Row(next))) =
            (items.get(at + 1), items.get(at + 2))
        {
            behind = Some((conditions(&passage.text), next.row.parts.first()));
        } else if let Some(Item::Row(next)) = items.get(at + 1) {
            parts.extend(next.row.parts.first());
        }
        let on_it = parts.windows(2).map(|pair| match pair {
            [Part::Words(words, _), then] => (conditions(words), Some(*then)),
            _ => (None, None),
        });
        on_it.chain(behind).any(|(word, then)| match (word, then) {
            (Some(_), Some(Part::Statement(then))) if self.scope.is_about_indices(then) => false,
            (Some(word), Some(Part::Statement(then))) => {
                let compares =
                    then.rest.iter().any(|(r, _)| matches!(r, Relation::Other | Relation::Differs));
                compares || (word != "for" && !then.rest.is_empty())
            }
            _ => false,
        })
    }

    fn claim(&self, placed: &Placed, span: &Range<usize>, mark: Mark) -> Claim {
        let source = placed.source(span);
        let text = self.document.text(&source);
        Claim { source, text, mark }
    }

    pub(super) fn note(&mut self, kind: NoteKind, source: Range<usize>, message: String) {
        let (line, column) = self.document.place(source.start);
        self.notes.push(Note { kind, source, line, column, message });
    }

    fn statement(&mut self, statement: &Statement, here: Standing<'_>, claims: &mut Vec<Claim>) {
        let found = claims.len();
        self.malformed(statement, here, claims);
        if statement.rest.is_empty() {
            self.repeated(statement, here);
            self.spoken(statement, here.at);
            return;
        }
        if claims.len() > found {
            return;
        }
        if self.scope.is_given(statement, here.at) {
            let what = "it is given".to_string();
            claims.push(self.claim(here.placed, &statement.span, Mark::Assumption { what }));
            return;
        }
        if self.is_constraint(statement, here) {
            let names = statement.sides().flat_map(super::claim::names_of);
            self.constrained.extend(names.map(|name| name.stem));
            let what = "it is given".to_string();
            claims.push(self.claim(here.placed, &statement.span, Mark::Assumption { what }));
            return;
        }
        let carried = match (&statement.first, statement.aside) {
            (Some(first), _) => Chain::at(first.clone()),
            (None, false) => {
                if self.document.is_in_passing(here.at, here.placed.inline, statement) {
                    return;
                }
                // Of two columns each goes on with its own.
                if let Some(nth) = beside_others(here.placed, statement)
                    && self.columns.len() > 1
                {
                    self.last = self.columns.get(nth).cloned();
                    self.aligned = None;
                }
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
                claims.push(self.claim(here.placed, &statement.span, Mark::Undecided { reason }));
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
            let here = Standing { own_left: names, ..here };
            if let Some(mark) = self.link(&mut chain, *relation, side, names, here) {
                claims.push(self.claim(here.placed, &span, mark));
            }
            if is_equation(*relation) {
                chain.last = side.clone();
            } else if *relation == Relation::Becomes {
                // What follows is about the new value.
                let value = self.value_of(&chain.first, here);
                chain = Chain::at(value.unwrap_or_else(|| side.clone()));
            }
        }
        if beside_others(here.placed, statement).is_some() {
            self.beside.push(chain.clone());
        }
        if !statement.aside {
            if statement.aligned || self.aligned.is_none() {
                self.aligned = Some(chain.clone());
            }
            self.last = Some(chain);
        }
    }

    /// A name that a statement is made of, by way of definitions too, for which an equation is given.
    fn constrained_in(&self, statement: &Statement, at: usize) -> Option<String> {
        if self.constrained.is_empty() {
            return None;
        }
        let mut open: Vec<Name> = statement.sides().flat_map(super::claim::names_of).collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = open.pop() {
            if self.constrained.contains(&name.stem) {
                return Some(name.stem);
            }
            let key = self.scope.indices.items(&name).0;
            if !seen.insert(key) {
                continue;
            }
            if let Some(definition) = self.scope.in_force(&name, at) {
                open.extend(super::claim::names_of(&definition.body));
            }
        }
        None
    }

    /// Whether words give an equation that defines nothing: "with uᵀu = 1".
    fn is_constraint(&self, statement: &Statement, here: Standing<'_>) -> bool {
        const GIVE: &[&str] = &["let", "with", "where", "that", "assume", "suppose", "given", "to"];
        let before = here.at.checked_sub(1).and_then(|at| self.document.items.get(at));
        let Some(Item::Words(passage)) = before else { return false };
        let last = passage.text.split_whitespace().last().unwrap_or_default().to_lowercase();
        let names = |e: &Expr| matches!(e.kind, FormulaKind::Name(_) | FormulaKind::Apply { .. });
        let slope = |e: &Expr| matches!(e.kind, FormulaKind::Derivative { .. });
        here.placed.inline
            && GIVE.contains(&last.as_str())
            && matches!(statement.rest[..], [(Relation::Equal, _)])
            && statement.sides().all(|side| !names(side) && !slope(side) && !is_numeric_sum(side))
    }

    /// What has no meaning whatever its names are.
    fn malformed(&mut self, statement: &Statement, here: Standing<'_>, claims: &mut Vec<Claim>) {
        let sides = statement.sides();
        for side in sides {
            let mut found: Vec<(Range<usize>, Range<usize>, bool)> = Vec::new();
            visit(side, &mut |e| {
                if let FormulaKind::HalfDerivative { by, .. } = &e.kind {
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
                    repair: Some(super::Repair { source, to: format!("\\partial {from}"), from }),
                };
                claims.push(self.claim(here.placed, &whole, Mark::Refuted(Box::new(wrong))));
            }
        }
    }

    /// Notes an element that stands twice in a list.
    fn repeated(&mut self, statement: &Statement, here: Standing<'_>) {
        let Some(Expr { kind: FormulaKind::List(all), .. }) = &statement.first else { return };
        let mut seen = BTreeSet::new();
        for one in all {
            if let FormulaKind::Name(name) = &one.kind
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
        here: Standing<'_>,
    ) -> Option<Mark> {
        match relation {
            Relation::Other | Relation::Differs => return None,
            Relation::Becomes => {
                self.updated(&chain.first, side, here);
                return Some(Mark::Update);
            }
            Relation::Equal | Relation::Defines | Relation::About => {}
        }
        if let Some(wrong) = self.repeated_in_max(side, here) {
            return Some(Mark::Refuted(Box::new(wrong)));
        }
        if first
            && let FormulaKind::Power(base, _) = &chain.first.kind
            && let FormulaKind::Name(name) = &base.kind
            && self.scope.squares.contains(&(here.at, spelled(name)))
        {
            return Some(Mark::Definition { agrees: false });
        }
        if first
            && let Some((name, params)) = defined(&chain.first)
            && let Some(mark) = self.naming(name, params, side, relation, here)
        {
            return Some(mark);
        }
        // "(1/m) Σ x_i = x̄" is what defines x̄.
        if first
            && let FormulaKind::Name(name) = &side.kind
            && let Some((definition, _)) = self.scope.definition(&spelled(name), here.at)
            && definition.at == here.at
            && definition.body == chain.first
        {
            return Some(Mark::Definition { agrees: false });
        }
        // "at t = j = 0": a number for a name, and no claim of it.
        if !first
            && let FormulaKind::Name(name) = &chain.last.kind
            && is_numeric(side)
            && self.document.is_chosen(here.at)
            && let Some(mark) = self.value(&name.clone(), side, here)
        {
            return Some(mark);
        }
        let square = first
            && matches!(&chain.first.kind, FormulaKind::Power(base, _) if matches!(base.kind, FormulaKind::Name(_)));
        let mark = self.equation(chain, side, relation, here);
        if let Mark::Refuted(_) = mark
            && first
            && let Some(reason) = self.is_another_rule(&chain.first, side, here)
        {
            chain.broken = None;
            return Some(Mark::Undecided { reason });
        }
        if let Mark::Refuted(_) = mark
            && first
            && self.may_mean_anew(&chain.first, side, here)
            && let Some((name, params)) = defined(&chain.first.clone())
        {
            chain.broken = None;
            return self.again(name, params, side, Certainty::Perhaps, here);
        }
        if let (Mark::Refuted(_), true) = (&mark, chain.gap) {
            // Whoever calls it wrong has read what it goes on from.
            chain.broken = None;
            let reason = "the row that it goes on from could not be read".to_string();
            return Some(Mark::Undecided { reason });
        }
        match mark {
            Mark::Proved { .. } => chain.gap = false,
            // What stands behind a side that was not judged goes on from it.
            Mark::OutOfScope { .. } => chain.gap = true,
            _ => {}
        }
        match mark {
            // "z^2_j = …" may be about the second z.
            Mark::Refuted(_) if square => {
                let reason = "it is wrong if this is a power, and it may be a name".to_string();
                Some(Mark::Undecided { reason })
            }
            mark => Some(mark),
        }
    }
}

/// The conditions that stand beside a statement: those behind it up to the next statement that has
/// some of its own; where there are none, those before all statements.
fn beside(parts: &[Part], part: &Part, scope: &Scope<'_>) -> Vec<Condition> {
    let condition = |part: &Part| match part {
        Part::Statement(s) => Condition::of(s, scope),
        _ => None,
    };
    let states = |part: &&Part| {
        matches!(part, Part::Statement(s) if !s.rest.is_empty()) && condition(part).is_none()
    };
    let Some(place) = parts.iter().position(|p| std::ptr::eq(p, part)) else { return Vec::new() };
    let behind: Vec<Condition> = parts[place + 1..]
        .iter()
        .skip_while(|p| condition(p).is_none())
        .map_while(|p| match p {
            p if states(&p) => None,
            p => Some(condition(p)),
        })
        .flatten()
        .collect();
    match behind.is_empty() {
        true => parts.iter().take_while(|p| !states(p)).filter_map(condition).collect(),
        false => behind,
    }
}

/// Which of several equations of a row a statement is; none where there is one.
fn beside_others(placed: &Placed, statement: &Statement) -> Option<usize> {
    let mut all: Vec<usize> = statements_of(placed)
        .filter(|s| !s.aside && s.rest.iter().any(|(relation, _)| is_equation(*relation)))
        .map(|s| s.span.start)
        .collect();
    all.dedup();
    let nth = all.iter().position(|start| *start == statement.span.start)?;
    (all.len() > 1 && !placed.inline).then_some(nth)
}

/// Whether a side is made of numbers and operations alone, other than a number.
fn is_numeric_sum(side: &Expr) -> bool {
    !matches!(side.kind, FormulaKind::Number { .. }) && super::numbers::is_numeric(side)
}

/// One claim for what is said of each element of a written array: the gravest mark counts.
fn of_all_elements(claims: Vec<Claim>) -> Vec<Claim> {
    let mut all: Vec<Claim> = Vec::with_capacity(claims.len());
    for claim in claims {
        match all.last_mut() {
            Some(last) if last.source == claim.source => {
                last.mark = last.mark.clone().and(claim.mark);
            }
            _ => all.push(claim),
        }
    }
    all
}

fn statements_of(placed: &Placed) -> impl Iterator<Item = &Statement> {
    placed.row.parts.iter().filter_map(|part| match part {
        Part::Statement(statement) => Some(statement),
        _ => None,
    })
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
