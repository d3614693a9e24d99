//! The walk through a document: what each statement is, and its mark.
//!
//! Invariants: a statement gets its marks from what stood before it and from definitions
//! anywhere; each link of a chain a = b = c is one claim; a chain that was wrong once goes on
//! from where it is, and says so.

mod again;
mod each;
mod given;
mod layout;
mod links;
mod supposed;
mod understood;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::claim::defined;
use super::declared::conditions;
use super::document::{Document, Item, Placed};
use super::equation::Wrongly;
use super::indices::Condition;
use super::judge::Unknowns;
use super::labels;
use super::marks::{CLASSES, LENGTHS};
use super::names::{Cells, spelled};
use super::numbers::{Number, Rounded};
use super::prose::level;
use super::references;
use super::repair;
use super::scope::{Certainty, Definition, Scope};
use super::survey::{Survey, survey};
use super::tex::introduces;
use super::tex::syntax::{Expr, FormulaKind, Part, Refused, Relation, Statement};
use super::ways::Ways;
use super::{Claim, Mark, Note, NoteKind, Review, Row, Tally, Wrong};
use crate::expr::Winners;

/// Marks every row. Where an index is the number of a class, once for each class: what is proved
/// holds for all of them, and what is refuted for none.
pub(super) fn mark(document: &Document<'_>, cells: Option<Cells<'_>>) -> Review {
    let indexed = || labels::Indexed::of(&survey(document, None, 0).scope, document);
    let classes = match cells {
        Some(_) => Vec::new(),
        None => labels::find(document, indexed),
    };
    let mut all = classes.iter().map(|numbers| for_lengths(&labels::put(document, numbers), cells));
    let Some(first) = all.next() else { return for_lengths(document, cells) };
    all.fold(first, |review, other| review.agreed(other, CLASSES))
}

/// Marks every row. Where indices run over what nothing says, twice, with other lengths: what is
/// proved holds with both.
fn for_lengths(document: &Document<'_>, cells: Option<Cells<'_>>) -> Review {
    match walk(document, cells, 0) {
        (review, true) => review.agreed(walk(document, cells, 1).0, LENGTHS),
        (review, false) => review,
    }
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
        zeroed: Vec::new(),
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
        hints: 0,
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
    let tally = Tally::of(&rows);
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
    /// What was set to 0 to be solved, with the item where it stands.
    pub(super) zeroed: Vec<(usize, Expr)>,
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
    /// How many hints were looked for.
    pub(super) hints: usize,
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
    /// Where the statement begins in its formula.
    pub(super) start: usize,
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
                    // "∂E/∂w = ?": somebody asks.
                    let asked = left.as_ref().filter(|_| relation.is_some());
                    let hint = asked.and_then(|left| self.hint(left, at));
                    let claim = self.claim(placed, &note.span, mark);
                    claims.push(Claim { hint, ..claim });
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
                    let start = statement.span.start;
                    let context =
                        Standing { at, placed, local, own_left: false, in_elements, start };
                    match self.apart(statement, context) {
                        Some(mark) => {
                            let reading = self.reading(statement, context);
                            let claim = self.claim(placed, &statement.span, mark);
                            claims.push(Claim { reading, ..claim });
                        }
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
        Claim { source, text, reading: None, mark, hint: None }
    }

    pub(super) fn note(&mut self, kind: NoteKind, source: Range<usize>, message: String) {
        let (line, column) = self.document.place(source.start);
        self.notes.push(Note { kind, source, line, column, message });
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

/// One claim for what is said of each element of a written array: the gravest mark counts.
fn of_all_elements(claims: Vec<Claim>) -> Vec<Claim> {
    let mut all: Vec<Claim> = Vec::with_capacity(claims.len());
    for claim in claims {
        match all.last_mut() {
            Some(last) if last.source == claim.source => {
                // What is shown is the element that the mark is about.
                if claim.mark.gravity() > last.mark.gravity() {
                    (last.reading, last.hint) = (claim.reading, claim.hint);
                }
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
