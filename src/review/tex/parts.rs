//! A row as parts: statements, words between them, labels and references.
//!
//! At depth 0 of a row, a comma, a semicolon, a wide space, words, an arrow and a column end a
//! statement. Expressions with nothing but commas between them are a list; a list beside an
//! equation has two readings and is refused. A parenthesis that words open makes asides.

mod differentials;
mod signs;

use std::ops::Range;

use super::expression::whole;
use super::lex::Tok;
use super::lists::{Link, listed};
use super::rows::{Stretch, relates};
use super::symbols::Arrow;
use super::syntax::{Expr, Mention, Note, Part, Refused, Relation, Row, Statement};
use super::tokens::{Problem, Source, Tokens, ends_operand, is_space, refuse};
use super::{MAX_ASIDES, MAX_ROW, words};

struct Walk<'s, 'a> {
    of: &'s Source<'a>,
    parts: Vec<(Part, Link)>,
    labels: Vec<Mention>,
    references: Vec<Mention>,
    /// How many parentheses with words in them are open.
    asides: usize,
    implied: bool,
    /// Whether the next statement follows a comma.
    link: Link,
}

/// A statement on its way: where it begins, and its relations so far.
struct Pending {
    from: usize,
    relations: Vec<(Stretch, Relation)>,
    /// An arrow between bare expressions.
    leads: Option<usize>,
}

impl Pending {
    fn at(from: usize) -> Pending {
        Pending { from, relations: Vec::new(), leads: None }
    }
}

/// One row.
pub(super) fn row(of: &Source, stretch: Stretch) -> Row {
    let span = of.matched.span(stretch.from, stretch.to);
    let mut walk = Walk {
        of,
        parts: Vec::new(),
        labels: Vec::new(),
        references: Vec::new(),
        asides: 0,
        implied: false,
        link: Link::Other,
    };
    if stretch.to - stretch.from > MAX_ROW {
        let message = format!("this row has more than {MAX_ROW} signs");
        let refused = Refused::because(Note { message, span: span.clone() });
        walk.parts.push((Part::Unread(refused), Link::Other));
    } else {
        walk.walk(stretch.from, stretch.to, 0);
    }
    let extra = std::mem::take(&mut *of.words.borrow_mut());
    walk.parts.extend(extra.into_iter().map(|(text, span)| (Part::Words(text, span), Link::Other)));
    let mut warnings = std::mem::take(&mut *of.warnings.borrow_mut());
    warnings.sort_by(|a, b| {
        (a.span.start, a.span.end, &a.message).cmp(&(b.span.start, b.span.end, &b.message))
    });
    warnings.dedup();
    Row {
        span,
        parts: whole_or_not(listed(walk.parts)),
        labels: walk.labels,
        references: walk.references,
        warnings,
    }
}

fn scripts(tok: Tok) -> bool {
    matches!(tok, Tok::Sub | Tok::Sup)
}

/// A row is read whole or not at all: beside a part that is not, no other states anything.
fn whole_or_not(parts: Vec<Part>) -> Vec<Part> {
    let unread = parts.iter().any(|part| matches!(part, Part::Unread(_)));
    let beyond = parts.iter().any(|part| matches!(part, Part::OutOfScope(_)));
    let message = "another part of this row was not read";
    let apart = |part| match part {
        // A mention states nothing, and is none of it.
        Part::Statement(s) if s.rest.is_empty() => Part::Statement(s),
        Part::Statement(s) if unread => Part::Unread(s.refused(message)),
        Part::Statement(s) if beyond => Part::OutOfScope(s.refused(message)),
        part => part,
    };
    parts.into_iter().map(apart).collect()
}

impl<'s, 'a> Walk<'s, 'a> {
    fn tok(&self, i: usize) -> Option<Tok<'a>> {
        self.of.tokens().get(i).map(|t| t.tok)
    }

    /// All parts between two tokens. `depth` counts the parentheses around them.
    fn walk(&mut self, from: usize, to: usize, depth: usize) {
        let mut pending = Pending::at(from);
        let mut i = from;
        while i < to {
            let Some(tok) = self.tok(i) else { break };
            let next = self.of.matched.past(i);
            let end = match tok {
                // `w_\textrm{in}`
                Tok::Text(..) if i > pending.from && self.tok(i - 1).is_some_and(scripts) => i + 1,
                Tok::Text(_, text) if !self.is_name(from, i, to, pending.from) => {
                    self.close(&mut pending, i, i + 1, Link::Other);
                    self.words(text, i, to);
                    i + 1
                }
                Tok::Aside(text) => {
                    self.close(&mut pending, i, i + 1, Link::Other);
                    self.words(text, i, to);
                    i + 1
                }
                Tok::Label(name) | Tok::Ref(name) => {
                    self.close(&mut pending, i, i + 1, Link::Other);
                    let name = name.trim().to_string();
                    let mention = Mention { name, span: self.of.tokens()[i].span() };
                    if matches!(tok, Tok::Label(_)) {
                        self.labels.push(mention);
                    } else {
                        self.references.push(mention);
                    }
                    i + 1
                }
                // 1,000 and 0,5: neither is a list for certain, and the parser says so.
                Tok::Sign(',') if self.between_digits(i) && next < to => i + 1,
                Tok::Sign(',' | ';') => {
                    let link = if tok == Tok::Sign(',') { Link::Comma } else { Link::Other };
                    self.close(&mut pending, i, i + 1, link);
                    i + 1
                }
                Tok::Wide | Tok::Amp | Tok::Break => {
                    let end = (i..to).find(|k| !self.tok(*k).is_some_and(is_space)).unwrap_or(to);
                    // `& &=`: the next of two columns.
                    let columns = (i..end).filter(|k| self.tok(*k) == Some(Tok::Amp)).count();
                    let next = columns > 1 && i > pending.from && end < to;
                    if tok != Tok::Break && (next || self.parts_formulas(i, end, to, &pending)) {
                        self.close(&mut pending, i, end, Link::Other);
                        if let Some(after) = self.number_behind(end, to) {
                            pending.from = after;
                            i = after;
                            continue;
                        }
                    }
                    end
                }
                Tok::Sign('(') | Tok::Fence(true, '(')
                    if next > i + 1
                        && !self.is_indicator(i, next - 1)
                        && self.is_aside(i, next - 1, pending.from)
                        && !self.is_argument(i, next - 1, pending.from)
                        && depth < MAX_ASIDES =>
                {
                    self.close(&mut pending, i, next, Link::Other);
                    self.asides += 1;
                    self.walk(i + 1, next - 1, depth + 1);
                    self.asides = self.asides.saturating_sub(1);
                    next
                }
                // A frame or braces around a whole statement.
                Tok::Open | Tok::Command(_)
                    if depth < MAX_ASIDES
                        && self.trimmed(pending.from, i).is_none()
                        && self.wraps(i, to).is_some() =>
                {
                    let (open, end) = self.wraps(i, to).unwrap_or((i, i + 1));
                    self.walk(open + 1, end - 1, depth + 1);
                    pending = Pending::at(end);
                    end
                }
                Tok::Sign('(')
                    if next == i + 1 && matches!(self.tok(next), Some(Tok::Text(..))) =>
                {
                    self.close(&mut pending, i, i + 1, Link::Other);
                    self.asides += 1;
                    i + 1
                }
                Tok::Sign(')') if self.asides > 0 && self.of.matched.mate(i).is_none() => {
                    self.close(&mut pending, i, i + 1, Link::Other);
                    self.asides -= 1;
                    i + 1
                }
                _ => match self.relation(i, to) {
                    Some((relation, end)) => {
                        pending.relations.push((Stretch { from: i, to: end }, relation));
                        end
                    }
                    None => match self.arrow(i) {
                        Some(Arrow::Leads) if self.leads(i, to, &pending) => {
                            pending.leads = Some(i);
                            i + 1
                        }
                        Some(arrow) => {
                            self.close(&mut pending, i, i + 1, Link::Other);
                            self.implied = arrow != Arrow::Because;
                            i + 1
                        }
                        None => next,
                    },
                },
            };
            i = end.max(i + 1);
        }
        self.close(&mut pending, to, to, Link::Other);
    }

    /// Whether a wide space or an alignment mark ends the statement before it.
    fn parts_formulas(&self, i: usize, end: usize, to: usize, pending: &Pending) -> bool {
        let open = |t: Option<Tok>| match t {
            None => true,
            Some(Tok::Sign('+' | '-' | '·' | '*' | '/')) => true,
            Some(t) => relates(t),
        };
        let before = if i > pending.from { self.tok(i - 1) } else { None };
        let after = if end < to { self.tok(end) } else { None };
        !(open(before) || open(after) || self.relation(end, to).is_some())
    }

    /// `(2.1)` at the end of the row, behind a wide space: the number of the row.
    fn number_behind(&mut self, from: usize, to: usize) -> Option<usize> {
        let at = from;
        let close = self.of.matched.mate(at).filter(|m| *m > at && *m < to)?;
        let opens = matches!(self.tok(at), Some(Tok::Sign('(')));
        let rest =
            (close + 1..to).all(|k| matches!(self.tok(k), Some(Tok::Wide | Tok::Sign('.' | ','))));
        let mut name = String::new();
        for k in at + 1..close {
            match self.tok(k)? {
                Tok::Digit(c) | Tok::Letter(c) => name.push(c),
                Tok::Sign(c @ ('.' | '*' | '\'' | '-')) => name.push(c),
                _ => return None,
            }
        }
        let number =
            name.len() <= 8 && (name.contains(|c: char| c.is_ascii_digit()) || name == "*");
        if !(opens && rest && number) {
            return None;
        }
        let span = self.of.matched.span(at, close + 1);
        self.labels.push(Mention { name, span });
        Some(to)
    }

    fn words(&mut self, text: &'a str, i: usize, to: usize) {
        let span = self.of.tokens()[i].span();
        let last = (i + 1..to)
            .all(|k| matches!(self.tok(k), Some(Tok::Sign('.' | ',') | Tok::Wide | Tok::Label(_))));
        let base = self.inside(text, &span);
        let (mut references, label) =
            words::of_row(text, base.unwrap_or(0), last && self.asides == 0);
        let mut labels: Vec<Mention> = label.into_iter().collect();
        if base.is_none() {
            // The words of a macro stand where it was called.
            references.iter_mut().chain(&mut labels).for_each(|m| m.span = span.clone());
        }
        self.references.extend(references);
        self.labels.extend(labels);
        let (closing, opening) = words::parentheses(text);
        self.asides = self.asides.saturating_sub(closing) + opening.min(to);
        let shown = words::tidy(text);
        if !shown.is_empty() {
            let place = base.map_or(span, |base| words::place(text, base..base + text.len()));
            self.parts.push((Part::Words(shown, place), Link::Other));
        }
    }

    /// Where a text stands in the formula, if it is a piece of it.
    fn inside(&self, text: &str, span: &Range<usize>) -> Option<usize> {
        let start = (text.as_ptr() as usize).checked_sub(self.of.text.as_ptr() as usize)?;
        (start >= span.start && start + text.len() <= span.end).then_some(start)
    }

    /// Ends the statement that is on its way at `at`; the next one begins at `next`.
    fn close(&mut self, pending: &mut Pending, at: usize, next: usize, link: Link) {
        let before = std::mem::replace(&mut self.link, link);
        let done = std::mem::replace(pending, Pending::at(next));
        let Some((from, to)) = self.trimmed(done.from, at) else {
            if before == Link::Comma && link == Link::Other && at >= next {
                self.link = Link::Other;
            }
            return;
        };
        // Dots between commas stand for elements of a list.
        let dots = (from..to).all(|i| self.tok(i) == Some(Tok::Sign('…')));
        if dots && (before == Link::Comma || link == Link::Comma) {
            let words = Part::Words("…".to_string(), self.of.matched.span(from, to));
            self.parts.push((words, before));
            return;
        }
        let arrow = done.leads.map(|i| self.of.tokens()[i].span());
        let read = match arrow {
            Some(span) => {
                refuse(span, "this arrow may be a change of value, a limit or a conclusion")
            }
            None => self.statement(from, to, &done.relations),
        };
        let part = match read {
            // (2 × 3)(3 × 1) = (2 × 1) says which arrays fit together.
            Ok(statement) if self.is_sizes(from, to) => {
                Part::OutOfScope(statement.refused("these are sizes of arrays, and no numbers"))
            }
            // W = {w_ij} says what the elements are called.
            Ok(statement) if self.is_of_a_set(from, to, &done.relations) => {
                Part::OutOfScope(statement.refused("a set of elements is no number"))
            }
            Ok(statement) if differentials::relates(&statement) => {
                let refused = statement.refused("an equation between differentials is not read");
                Part::OutOfScope(refused)
            }
            Ok(statement) => Part::Statement(statement),
            // (x_1, x_2) and y ∈ {0, 1} claim nothing.
            Err(_) if self.is_tuple(from, to) || self.is_membership(from, to, &done.relations) => {
                self.as_words(from, to)
            }
            Err(nom::Err::Incomplete(_)) => return,
            Err(nom::Err::Failure(problem)) => self.refused(problem, from, &done.relations),
            Err(nom::Err::Error(mut problem)) => {
                if !problem.beyond {
                    problem.note.message = "a value was expected here".to_string();
                }
                self.refused(problem, from, &done.relations)
            }
        };
        self.implied = false;
        self.parts.push((part, before));
    }

    /// What claims nothing, as it was written.
    fn as_words(&self, from: usize, to: usize) -> Part {
        let span = self.of.matched.span(from, to);
        let text = self.of.text.get(span.clone()).unwrap_or_default();
        Part::Words(words::tidy(text), span)
    }

    /// A statement that is not read, with its left side where at least that can be.
    fn refused(&self, problem: Problem, from: usize, relations: &[(Stretch, Relation)]) -> Part {
        let Problem { note, beyond } = problem;
        let first = relations.first();
        let end = first.map_or(from, |(at, _)| at.from);
        let left = if end > from { self.side(from, end).ok() } else { None };
        let relation = first.map(|(_, relation)| *relation);
        let carries = relation.is_some() && self.trimmed(from, end).is_none();
        let refused = Refused { note, left, relation, carries, misfit: false };
        match beyond {
            true => Part::OutOfScope(refused),
            false => Part::Unread(refused),
        }
    }

    /// One side of a statement.
    fn side(&self, from: usize, to: usize) -> Result<Expr, nom::Err<Problem>> {
        let (mut from, mut to) = (from, to.max(from));
        while from < to && self.tok(from).is_some_and(is_space) {
            from += 1;
        }
        while from < to && self.tok(to - 1).is_some_and(is_space) {
            to -= 1;
        }
        whole(Tokens::of(self.of, from, to)).map(|value| value.expr)
    }

    /// The statement without what only ends or begins it in print.
    fn trimmed(&self, from: usize, to: usize) -> Option<(usize, usize)> {
        // A full stop, a colon, or dots that lead to the number of the equation.
        let ends = |from: usize, i: usize| match self.tok(i) {
            Some(Tok::Sign('.' | ':')) => true,
            Some(Tok::Sign('…')) if i > from => {
                let before = self.tok(i - 1);
                before.is_some_and(|t| t == Tok::Sign('…') || is_space(t) || ends_operand(&t))
                    && !matches!(before, Some(Tok::Digit(_)))
            }
            t => t.is_some_and(is_space),
        };
        let (mut from, mut to) = (from, to);
        while from < to && self.tok(from).is_some_and(is_space) {
            from += 1;
        }
        while from < to && ends(from, to - 1) {
            to -= 1;
        }
        (from < to).then_some((from, to))
    }

    fn statement(
        &self,
        from: usize,
        to: usize,
        relations: &[(Stretch, Relation)],
    ) -> Result<Statement, nom::Err<Problem>> {
        let (mut from, mut to) = (from, to);
        let lone = |i: usize, c: char| {
            self.tok(i) == Some(Tok::Sign(c)) && self.of.matched.mate(i).is_none()
        };
        if lone(from, '(') && to - from > 1 {
            self.of.warn(
                self.of.tokens()[from].span(),
                "this parenthesis is not closed in the formula; it is left out",
            );
            from += 1;
        } else if lone(to - 1, ')') && to - from > 1 {
            self.of.warn(
                self.of.tokens()[to - 1].span(),
                "this parenthesis is not opened in the formula; it is left out",
            );
            to -= 1;
        }
        // Z ∈ ℝ^n = XW: of Z, in its space, it says what it is.
        let member =
            |at: &Stretch| matches!(self.tok(at.from), Some(Tok::Command("in") | Tok::Sign('∈')));
        let (membership, relations) = match relations {
            [(at, Relation::Other), rest @ ..] if !rest.is_empty() && member(at) => {
                (Some(at.from), rest)
            }
            all => (None, all),
        };
        let amp = |i: usize| self.tok(i) == Some(Tok::Amp);
        let first_end = membership.or(relations.first().map(|(at, _)| at.from)).unwrap_or(to);
        let start = (from..first_end).find(|i| !self.tok(*i).is_some_and(is_space));
        let first = match start {
            None if !relations.is_empty() => None,
            _ => Some(self.side(from, first_end)?),
        };
        let mut rest = Vec::new();
        for (k, (at, relation)) in relations.iter().enumerate() {
            let end = relations.get(k + 1).map_or(to, |(next, _)| next.from);
            rest.push((*relation, self.side(at.to, end)?));
        }
        let aligned = relations
            .first()
            .is_some_and(|(at, _)| (at.from > 0 && amp(at.from - 1)) || (at.to < to && amp(at.to)));
        let span = self.of.matched.span(from, to);
        let (aside, implied) = (self.asides > 0, self.implied);
        Ok(Statement { span, aside, implied, aligned, introduced: false, first, rest })
    }
}
