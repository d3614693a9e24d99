//! The page of a derivation in indices: the network at free indices, a section for each layer
//! from the loss down, each weight's gradient as one formula, and an element of it worked out.

mod depth;
pub(super) mod set;
mod ways;

use std::ops::Range;

use super::derivation::Level;
use super::math::{Math, Relation, relation};
use super::network::cast;
use super::words::{derivation, indexed as say, indexed_steps, paths};
use super::{Block, Inline, Label, Page, Row, Section, StepRecord};
use crate::calculus::Group;
use crate::expr::Symbol;
use crate::index::{Affine, Formula, IndexDerivation, IndexLemma};
use crate::lesson::{IndexedLesson, MAX_TARGETS, Terms, Ways, Worked};
use crate::lower::MAX_NODES;
use crate::net::{Network, Role};
use crate::spell::alike;

pub use depth::general_page;

/// The page of a lesson in indices.
pub fn indexed_page(lesson: &IndexedLesson, level: Level) -> Page {
    let mut composer = Composer {
        derivation: &lesson.derivation,
        set: set::Setter::of(&lesson.derivation.system),
        net: Some(&lesson.net),
        worked: &lesson.worked,
        ways: &lesson.ways,
        uncounted: lesson.uncounted,
        verdict: &|lemma, step| lesson.replay.verdict(lemma, step).name(),
        level,
        labels: Vec::new(),
        section: 0,
        row: 0,
    };
    let mut opening = composer.open(derivation::network());
    opening.blocks.push(Block::Text(cast(&lesson.net)));
    opening.blocks.push(Block::Text(say::how_to_read()));
    opening.blocks.push(composer.definitions());
    opening.blocks.extend(named_parts(&lesson.parts));
    if lesson.net.params().map(|id| lesson.net.shape(id).elements()).sum::<usize>() <= MAX_TARGETS {
        opening.blocks.push(Block::Text(say::other_form()));
    }
    let mut sections = vec![opening];
    sections.extend(composer.derivatives());
    if lesson.updates && level != Level::Outline {
        let is_param = |lemma: &&IndexLemma| {
            let quantity = lesson.net.find(&lemma.by.tensor.name);
            quantity.is_some_and(|q| lesson.net.quantity(q).role == Role::Param)
        };
        let first = lesson.derivation.lemmas.iter().find(is_param);
        sections.extend(first.map(|lemma| composer.update(lemma)));
    }
    sections.push(proof(lesson, level));
    let loss = &lesson.net.quantity(lesson.net.loss()).name;
    Page { title: say::title(loss), sections }
}

/// Says that parts of a formula have names of their own.
fn named_parts(parts: &[String]) -> Option<Block> {
    if parts.is_empty() {
        return None;
    }
    let symbols = parts.iter().map(|name| Math::Symbol(Symbol::named(name)));
    Some(Block::Text(say::named_parts(symbols.collect())))
}

/// Composes sections of one derivation in indices.
struct Composer<'a> {
    derivation: &'a IndexDerivation,
    set: set::Setter,
    /// The network; none in the equations for any depth.
    net: Option<&'a Network>,
    worked: &'a [Worked],
    ways: &'a [Ways],
    uncounted: bool,
    /// How a step of a lemma was proved.
    verdict: &'a dyn Fn(usize, usize) -> &'static str,
    level: Level,
    /// Where each lemma's result stands.
    labels: Vec<Label>,
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

    /// Every quantity on the way at free indices.
    fn definitions(&mut self) -> Block {
        let system = &self.derivation.system;
        let reached = system.reached();
        let unknown = system.tensor(&system.loss).is_none_or(|t| t.definition.is_none());
        let mut rows = Vec::new();
        // Where nobody knows what the loss is made of, everything is on the way.
        for tensor in system.tensors.iter().filter(|t| unknown || reached.contains(&t.name)) {
            let Some(definition) = &tensor.definition else { continue };
            // An axis of length 1 has the subscript 0 and no letter.
            let is_long = |r: &&crate::index::Range| r.length.as_number() != Some(1);
            let long: Vec<crate::index::Range> =
                definition.axes.iter().filter(is_long).cloned().collect();
            let at = definition
                .axes
                .iter()
                .map(|r| if is_long(&r) { r.affine() } else { Affine::number(0) })
                .collect();
            let element = crate::index::Element { tensor: tensor.name.clone(), at };
            let mut row = Row::new(Some(set::element(&element)), self.set.math(&definition.body));
            row.reason = say::for_all(set::ranges(&long));
            row.label = Some(self.next_label());
            rows.push(row);
        }
        Block::Equations(rows)
    }

    /// The derivatives: a line for each in an outline, else a section.
    fn derivatives(&mut self) -> Vec<Section> {
        match self.level {
            Level::Outline => vec![self.outline()],
            _ => (0..self.derivation.lemmas.len()).map(|place| self.lemma(place)).collect(),
        }
    }

    fn outline(&mut self) -> Section {
        let mut section = self.open(derivation::gradients());
        section.blocks.push(Block::Text(say::outline(self.what_delta_is())));
        let mut rows = Vec::new();
        for (place, lemma) in self.derivation.lemmas.iter().enumerate() {
            let mut row = Row::new(Some(self.name(lemma)), self.set.math(&lemma.result));
            // The ranges are those of the tensor, which its definition gives.
            let label = self.next_label();
            row.label = Some(label);
            self.labels.push(label);
            row.steps = self.records(place, 0..lemma.steps.len());
            rows.push(row);
        }
        section.blocks.push(Block::Equations(rows));
        section
    }

    /// `δ^c_{ij}` and `∂E/∂c_{ij}` for the first layer whose derivative is called δ.
    fn what_delta_is(&self) -> Option<(Math, Math)> {
        let lemma = self.derivation.lemmas.iter().find(|lemma| self.has_delta(lemma))?;
        Some((set::element(&delta(lemma)), self.set.math(&lemma.goal)))
    }

    /// Whether the derivative by a layer is called δ.
    fn has_delta(&self, lemma: &IndexLemma) -> bool {
        let system = &self.derivation.system;
        let name = &lemma.by.tensor;
        system.tensor(name).is_some_and(|t| t.definition.is_some())
            && !system.written_out.contains(name)
    }

    /// The left side of a lemma's result: δ for a layer, the derivative itself for a weight.
    fn name(&self, lemma: &IndexLemma) -> Math {
        match self.has_delta(lemma) {
            true => set::element(&delta(lemma)),
            false => self.set.math(&lemma.goal),
        }
    }

    /// A section for one derivative.
    fn lemma(&mut self, place: usize) -> Section {
        let lemma = &self.derivation.lemmas[place];
        let mut section = self.open(vec![Inline::Math(self.set.math(&lemma.goal))]);
        section.blocks.push(Block::Text(self.lead(lemma)));
        let mut rows = Vec::new();
        for range in self.lines(lemma) {
            let steps = &lemma.steps[range.clone()];
            let left = rows.is_empty().then(|| self.set.math(&lemma.goal));
            let right = steps.last().map_or(Math::Ellipsis, |s| self.set.math(&s.after));
            let mut row = Row::new(left, right);
            row.reason =
                indexed_steps::reasons(steps, &self.set, &|used| self.labels.get(used).copied());
            row.steps = self.records(place, range);
            rows.push(row);
        }
        let label = self.next_label();
        self.labels.push(label);
        if rows.is_empty() {
            rows.push(Row::new(Some(self.set.math(&lemma.goal)), self.set.math(&lemma.result)));
        }
        if let Some(last) = rows.last_mut() {
            last.label = Some(label);
        }
        section.blocks.push(Block::Equations(rows));
        for worked in self.worked.iter().filter(|w| w.element.tensor == lemma.by.tensor) {
            section.blocks.extend(self.worked(worked));
        }
        section
    }

    fn lead(&self, lemma: &IndexLemma) -> Vec<Inline> {
        let system = &self.derivation.system;
        let loss = set::element(&system.loss_element());
        let users = system.users(&lemma.by.tensor).map(|t| set::tensor(&t.name)).collect();
        let mut text = say::acts_through(set::tensor(&lemma.by.tensor), loss, users);
        if self.has_delta(lemma) {
            let delta = set::element(&delta(lemma));
            text.extend(say::we_write(relation(
                delta,
                Relation::Equal,
                self.set.math(&lemma.goal),
            )));
        }
        text.extend(say::holds_for(set::ranges(&lemma.free)));
        text
    }

    /// One element, term by term.
    fn worked(&self, worked: &Worked) -> Vec<Block> {
        let loss = self.derivation.system.loss_element();
        let goal = Formula::Element(loss).partial(&worked.element);
        let mut rows = vec![Row::new(Some(self.set.math(&goal)), self.set.math(&worked.formula))];
        let count = |terms: &Terms| {
            terms.first.len() as u64 + terms.omitted + u64::from(terms.last.is_some())
        };
        let element = set::element(&worked.element);
        let said = say::one_element(element, worked.terms.as_ref().map(count));
        if let Some(terms) = &worked.terms {
            let mut shown: Vec<(bool, Math)> =
                terms.first.iter().map(|t| (terms.negated, self.set.math(t))).collect();
            if terms.omitted > 0 {
                shown.push((terms.negated, Math::Ellipsis));
            }
            shown.extend(terms.last.iter().map(|t| (terms.negated, self.set.math(t))));
            rows.push(Row::new(None, Math::Sum(shown)));
        }
        let mut blocks = vec![Block::Text(said), Block::Equations(rows)];
        if worked.terms.as_ref().is_some_and(|t| t.omitted > 0) {
            blocks.push(Block::Text(say::more_terms()));
        }
        if let Some(full) = &worked.full {
            if let Some(ways) = self.ways_from(worked) {
                blocks.extend(self.ways(ways));
            } else if self.uncounted {
                blocks.push(Block::Text(paths::uncounted(MAX_NODES)));
            }
            blocks.extend(self.full(worked, full));
        }
        blocks
    }

    /// The paths from a worked element.
    fn ways_from(&self, worked: &Worked) -> Option<&Ways> {
        let net = self.net?;
        let id = net.find(&worked.element.tensor.name)?;
        let at = worked.element.at.iter().map(|a| usize::try_from(a.as_number()?).ok());
        let position = net.shape(id).position(&at.collect::<Option<Vec<usize>>>()?)?;
        self.ways.iter().find(|w| w.from == (id, position))
    }

    /// Which steps share a line at this level.
    fn lines(&self, lemma: &IndexLemma) -> Vec<Range<usize>> {
        let mut lines: Vec<Range<usize>> = Vec::new();
        for (n, step) in lemma.steps.iter().enumerate() {
            let joins = n > 0 && self.level != Level::Every && {
                let before = &lemma.steps[n - 1];
                let both = |group| before.rule.group() == group && step.rule.group() == group;
                before.batch == step.batch || both(Group::Vanish) || both(Group::Tidy)
            };
            match lines.last_mut() {
                Some(line) if joins => line.end = n + 1,
                _ => lines.push(n..n + 1),
            }
        }
        lines
    }

    fn records(&self, place: usize, range: Range<usize>) -> Vec<StepRecord> {
        let lemma = &self.derivation.lemmas[place];
        range
            .map(|n| {
                let step = &lemma.steps[n];
                StepRecord {
                    rule: step.rule.name(),
                    redex: self.set.math(&step.redex),
                    contractum: self.set.math(&step.contractum),
                    line: self.set.math(&step.after),
                    verdict: (self.verdict)(place, n),
                }
            })
            .collect()
    }

    /// The update rule, once for all weights, with one of them as the example.
    fn update(&mut self, lemma: &IndexLemma) -> Section {
        let mut section = self.open(derivation::update_rule());
        let w = || set::element(&lemma.by);
        let rate = || Math::Symbol(rate(self.net));
        let step = Math::Product(vec![rate(), self.set.math(&lemma.goal)]);
        let rule = Math::Sum(vec![(false, w()), (true, step)]);
        let text = say::update(rate(), set::tensor(&lemma.by.tensor));
        section.blocks.push(Block::Text(text));
        section.blocks.push(Block::Equations(vec![Row {
            relation: Relation::Becomes,
            label: Some(self.next_label()),
            ..Row::new(Some(w()), rule)
        }]));
        section
    }
}

/// What the learning rate is called: by a name that no quantity looks like, nor the elements of
/// one.
fn rate(net: Option<&Network>) -> Symbol {
    let stems = |name: &str| {
        let mut names = net.into_iter().flat_map(Network::quantities);
        names.any(|(_, q)| alike(Symbol::named(&q.name).stem(), name))
    };
    let numbered = (1..).map(|n| format!("rate{n}"));
    let wanted = ["eta", "alpha", "rate"].into_iter().map(str::to_string);
    let name = wanted.chain(numbered).find(|name| !stems(name));
    Symbol::named(&name.unwrap_or_default())
}

/// What was proved, and how.
fn proof(lesson: &IndexedLesson, level: Level) -> Section {
    let (rewrites, layers) = (lesson.replay.len(), lesson.derivation.lemmas.len());
    let smaller = (0..layers).filter(|lemma| lesson.replay.smaller_sizes(*lemma) > 0).count();
    let text = match level {
        Level::Outline => say::proved_in_brief(rewrites, layers, smaller, lesson.witnessed),
        _ => say::proved(rewrites, layers, smaller, lesson.witnessed),
    };
    Section { number: None, heading: derivation::proof(), blocks: vec![Block::Text(text)] }
}

/// δ at the free indices of a lemma.
fn delta(lemma: &IndexLemma) -> crate::index::Element {
    crate::index::Element { tensor: lemma.by.tensor.delta(), ..lemma.by.clone() }
}
