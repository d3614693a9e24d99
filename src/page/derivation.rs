//! The page of a lesson: the network, a section for each derivative, the updates, the cases.

mod brief;
mod forward;
mod layers;
mod paths;
mod updates;

use std::collections::BTreeMap;
use std::ops::Range;

use super::math::{Math, Relation, relation};
use super::network::{MAX_CELLS, definitions, geometry, legend};
use super::typeset::Typesetter;
use super::words::derivation as say;
use super::words::steps::reasons;
use super::{Block, Inline, Label, Page, Row, Section, StepRecord};
use crate::calculus::{Derivation, Group, Lemma, LemmaId, Role, Rule, Step};
use crate::expr::{ExprId, Node};
use crate::index;
use crate::lesson::{Lesson, Number};
use crate::ordered::Ordered;
use crate::proof::StepProof;
use crate::scalar::show_digits;

/// How much of a derivation a page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// One line for each result.
    Outline,
    /// As a textbook goes: kindred rewrites share a line.
    #[default]
    Textbook,
    /// One rewrite a line; the line of an update rule may stand for two.
    Every,
}

/// Results of one quantity past this number are folded into the first few.
pub const MAX_LISTED: usize = 40;

/// To how many significant digits a page rounds.
const DIGITS: usize = 6;

/// The page of a lesson.
///
/// ```
/// let net = backproof::parse_network(
///     "input x
///      param w
///      target t
///      y = w*x
///      E = (t - y)^2 / 2",
/// )?;
/// let lesson = backproof::lesson(net, &backproof::Ask::default())?;
/// let page = backproof::derivation_page(&lesson, backproof::Level::Outline);
/// assert!(backproof::render::markdown(&page).contains("(t - y)"));
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn derivation_page(lesson: &Lesson, level: Level) -> Page {
    let derivation = &lesson.derivation;
    let mut numbers: BTreeMap<ExprId, Math> =
        lesson.numbers.iter().map(|(e, n)| (*e, number(n))).into_map();
    // A result may speak of a derivative that has lines of its own.
    for lemma in &derivation.lemmas {
        if let Some(value) = numbers.get(&lemma.result).cloned() {
            numbers.entry(lemma.goal).or_insert(value);
        }
    }
    let t = Typesetter::new(&derivation.graph, &lesson.names);
    let mut composer = Composer {
        lesson,
        d: derivation,
        t: &t,
        numbers: &numbers,
        level,
        labels: BTreeMap::new(),
        section: 0,
        row: 0,
    };
    let mut sections = vec![composer.opening()];
    if level == Level::Outline {
        sections.extend(composer.outline());
    } else {
        sections.extend(composer.derivatives());
    }
    let other = other_form(lesson, &sections[1..]);
    sections[0].blocks.extend(other);
    sections.extend(composer.updates());
    sections.extend(super::winner_cases::cases_section(lesson, &t));
    let shown = rewrites(&sections);
    sections.push(proof_section(lesson, shown));
    Page { title: title(lesson), sections }
}

/// About as many rows of equations as fill a screen, each with its reason.
const SCREEN: usize = 20;

/// Where the derivatives take more than a screen: that they can be had layer by layer, if they can.
fn other_form(lesson: &Lesson, derivatives: &[Section]) -> Option<Block> {
    let rows = |block: &Block| match block {
        Block::Equations(rows) => rows.len(),
        _ => 0,
    };
    let rows: usize = derivatives.iter().flat_map(|s| &s.blocks).map(rows).sum();
    let has_cells = lesson.net.params().any(|id| !lesson.net.shape(id).is_scalar());
    if rows <= SCREEN || !has_cells || index::of_network(&lesson.net).is_err() {
        return None;
    }
    Some(Block::Text(say::other_form()))
}

fn title(lesson: &Lesson) -> String {
    say::title(&lesson.net.quantity(lesson.net.loss()).name)
}

/// How many rewrites have a line in these sections.
fn rewrites(sections: &[Section]) -> usize {
    let of_block = |block: &Block| match block {
        Block::Equations(rows) => rows.iter().map(|row| row.steps.len()).sum(),
        _ => 0,
    };
    sections.iter().flat_map(|section| &section.blocks).map(of_block).sum()
}

/// What was proved, and how; `shown` rewrites have a line on the page.
fn proof_section(lesson: &Lesson, shown: usize) -> Section {
    let proofs = [StepProof::Exact, StepProof::Assumed, StepProof::Probabilistic]
        .map(|proof| (proof, lesson.replay.count(proof)));
    let text = match lesson.replay.is_empty() {
        true => say::nothing_to_prove(),
        false => say::proved(lesson.replay.len(), shown, &proofs, !lesson.winners.is_empty()),
    };
    Section { number: None, heading: say::proof(), blocks: vec![Block::Text(text)] }
}

/// A number as a formula.
pub(super) fn number(n: &Number) -> Math {
    match n {
        Number::Exact(q) => Math::Number(q.clone()),
        Number::Rounded(x) => Math::Decimal(show_digits(*x, DIGITS)),
    }
}

struct Composer<'a> {
    lesson: &'a Lesson,
    d: &'a Derivation,
    t: &'a Typesetter<'a>,
    numbers: &'a BTreeMap<ExprId, Math>,
    level: Level,
    /// Where each lemma's result stands.
    labels: BTreeMap<LemmaId, Label>,
    section: u32,
    row: u32,
}

impl Composer<'_> {
    fn open(&mut self, heading: Vec<Inline>) -> Section {
        self.section += 1;
        self.row = 0;
        Section { number: Some(self.section), heading, blocks: Vec::new() }
    }

    fn next_label(&mut self) -> Label {
        self.row += 1;
        Label { section: self.section, row: self.row }
    }

    /// The network and what is assumed of it.
    fn opening(&mut self) -> Section {
        let mut section = self.open(say::network());
        section.blocks.extend(geometry(&self.lesson.net));
        let Lesson { net, cells, .. } = self.lesson;
        let blocks = definitions(net, cells, &self.d.graph, self.t, MAX_CELLS);
        section.blocks.extend(blocks);
        section.blocks.extend(legend(&self.d.graph, self.d.loss));
        for winner in &self.lesson.winners {
            let max =
                self.t.math(self.lesson.names.get(&winner.max).copied().unwrap_or(winner.max));
            let cell = self.t.math(winner.winner);
            section.blocks.push(Block::Text(say::winner(winner.why, cell.clone())));
            let mut row = Row::new(Some(max), cell);
            row.label = Some(self.next_label());
            section.blocks.push(Block::Equations(vec![row]));
        }
        section.blocks.extend(self.forward());
        for kink in &self.lesson.kinks {
            let is_zero = relation(self.t.math(*kink), Relation::Equal, Math::integer(0));
            section.blocks.push(Block::Text(say::kink(is_zero)));
        }
        section
    }

    /// A section for each derivative, layer by layer; those that go by the same steps as one
    /// before them share one.
    fn derivatives(&mut self) -> Vec<Section> {
        let mut sections = Vec::new();
        for layer in self.layers() {
            let kinds = match self.level {
                Level::Every => layer.into_iter().map(|id| (id, Vec::new())).collect(),
                _ => self.kinds(layer),
            };
            for (first, others) in kinds {
                sections.push(self.derivative(first));
                sections.extend(self.alike(others));
            }
        }
        sections
    }

    fn derivative(&mut self, id: LemmaId) -> Section {
        let lemma = self.d.lemma(id);
        let mut section = self.open(vec![Inline::Math(self.t.math(lemma.goal))]);
        let lead = match lemma.role {
            Role::Shared => self.why_shared(id),
            _ => self.lead(lemma),
        };
        section.blocks.extend(self.paths(id));
        section.blocks.push(Block::Text(lead));
        self.lemma(id, &mut section.blocks);
        section.blocks.extend(self.with_numbers(id).map(|row| Block::Equations(vec![row])));
        section
    }

    /// Where a derivative that was asked for starts from.
    fn lead(&self, lemma: &Lemma) -> Vec<Inline> {
        let Node::Partial { of, by } = self.d.graph.node(lemma.goal) else { return Vec::new() };
        let (of, by) = (self.t.math(of), self.t.math(by));
        let Some(step) =
            lemma.steps.first().filter(|s| matches!(s.rule, Rule::Through | Rule::Paths))
        else {
            return say::from_definition(of, by);
        };
        let through = step.bindings.iter().filter(|(letter, _)| *letter == "q");
        say::chain(of, by, through.map(|(_, q)| self.t.math(*q)).collect())
    }

    /// Why a derivative that nobody asked for comes first.
    fn why_shared(&self, id: LemmaId) -> Vec<Inline> {
        let lemma = self.d.lemma(id);
        let Node::Partial { of, by } = self.d.graph.node(lemma.goal) else { return Vec::new() };
        if of != self.d.loss {
            return say::needed_more_than_once(self.t.math(lemma.goal));
        }
        let users: Vec<ExprId> = self
            .d
            .lemmas
            .iter()
            .filter(|l| matches!(l.role, Role::Target | Role::Shared))
            .filter(|l| {
                let speaks_of = || self.d.graph.reachable(&[l.result]).contains(&lemma.goal);
                l.goal != lemma.goal && (l.steps.iter().any(|s| s.uses == Some(id)) || speaks_of())
            })
            .filter_map(|l| match self.d.graph.node(l.goal) {
                Node::Partial { by, .. } => Some(by),
                _ => None,
            })
            .collect();
        let users = users.iter().map(|x| self.t.math(*x)).collect();
        say::worked_out_first(self.t.math(of), users, self.t.math(by))
    }

    /// The lines of a lemma, its asides where they are needed.
    fn lemma(&mut self, id: LemmaId, blocks: &mut Vec<Block>) {
        let lemma = self.d.lemma(id);
        let mut rows: Vec<Row> = Vec::new();
        let mut first = true;
        for range in self.lines(lemma) {
            let steps = &lemma.steps[range.clone()];
            let asides = self.unseen(steps);
            let interrupted = !asides.is_empty();
            if interrupted {
                let mut open = None;
                if let Some(last) = rows.last_mut() {
                    open = Some(self.next_label());
                    last.label = open;
                    blocks.push(Block::Equations(std::mem::take(&mut rows)));
                }
                for aside in asides {
                    let goal = self.t.math(self.d.lemma(aside).goal);
                    blocks.push(Block::Text(say::still_to_be_found(goal)));
                    self.lemma(aside, blocks);
                }
                blocks.push(Block::Text(self.put_in(steps, open)));
                first = true;
            }
            let mut row = Row::new(first.then(|| self.t.math(lemma.goal)), self.line(steps));
            // After an interruption the sentence above the line has said what is put in.
            if !interrupted {
                row.reason = reasons(self.t, steps, &|s| self.label_of(s));
            }
            row.steps = self.records(id, range);
            rows.push(row);
            first = false;
        }
        if let Some(last) = rows.last_mut() {
            let label = self.next_label();
            last.label = Some(label);
            self.labels.insert(id, label);
            blocks.push(Block::Equations(rows));
        }
    }

    /// The line that some steps end in.
    fn line(&self, steps: &[Step]) -> Math {
        steps.last().map(|s| self.t.math(s.after)).unwrap_or(Math::Ellipsis)
    }

    fn label_of(&self, step: &Step) -> Option<Label> {
        step.uses.and_then(|id| self.labels.get(&id)).copied()
    }

    /// The asides that these steps put in and nobody has seen yet.
    fn unseen(&self, steps: &[Step]) -> Vec<LemmaId> {
        let mut ids: Vec<LemmaId> = Vec::new();
        for id in steps.iter().filter_map(|s| s.uses) {
            if !self.labels.contains_key(&id) && !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    /// `Put (2.2) and (3.3) into (4.1):`
    fn put_in(&self, steps: &[Step], open: Option<Label>) -> Vec<Inline> {
        let mut labels: Vec<Label> = steps.iter().filter_map(|s| self.label_of(s)).collect();
        labels.dedup();
        say::put_in(labels, open)
    }

    /// Which steps share a line at this level.
    fn lines(&self, lemma: &Lemma) -> Vec<Range<usize>> {
        let steps = &lemma.steps;
        let mut lines: Vec<Range<usize>> = Vec::new();
        for n in 0..steps.len() {
            let joins = match (self.level, n.checked_sub(1).map(|m| &steps[m])) {
                (Level::Every, _) | (_, None) => false,
                (_, Some(before)) => {
                    let both =
                        |group| before.rule.group() == group && steps[n].rule.group() == group;
                    before.batch == steps[n].batch || both(Group::Vanish)
                }
            };
            match lines.last_mut() {
                Some(line) if joins => line.end = n + 1,
                _ => lines.push(n..n + 1),
            }
        }
        lines
    }

    /// The single rewrites behind a line, for those who want every step.
    fn records(&self, id: LemmaId, range: Range<usize>) -> Vec<StepRecord> {
        let lemma = self.d.lemma(id);
        range
            .map(|n| {
                let step = &lemma.steps[n];
                StepRecord {
                    rule: step.rule.name(),
                    redex: self.t.math(step.redex),
                    contractum: self.t.math(step.contractum),
                    line: self.t.math(step.after),
                    verdict: self.lesson.replay.verdict(id, n).name(),
                }
            })
            .collect()
    }

    /// A result once more, with the numbers put in.
    fn with_numbers(&self, id: LemmaId) -> Option<Row> {
        let lemma = self.d.lemma(id);
        let value = self.numbers.get(&lemma.result)?.clone();
        let left = self.t.math(lemma.goal);
        // A result that is one name has nothing to put numbers into.
        let plain = self.d.graph.symbol_of(lemma.result).is_some();
        let filled = self.t.with_numbers(self.numbers).inside(lemma.result);
        let sign = match value {
            Math::Decimal(_) => Relation::Approx,
            _ => Relation::Equal,
        };
        let mut row = Row::new(Some(left), if plain { value.clone() } else { filled.clone() });
        if plain || filled == value {
            row.right = value;
            row.relation = sign;
        } else {
            row.right = relation(filled, sign, value);
        }
        row.reason = say::with_numbers();
        Some(row)
    }

    /// The numbers of a result, as a line under it.
    fn numbers_below(&self, id: LemmaId) -> Option<Row> {
        // A number stays what it is.
        if self.d.graph.as_number(self.d.lemma(id).result).is_some() {
            return None;
        }
        self.with_numbers(id).map(|row| Row { left: None, ..row })
    }
}
