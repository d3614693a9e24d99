//! What there is to say about a document, place by place. Goes in: a review. Comes out: a list of
//! remarks in the order of the document, which every output for people is made of.
//!
//! A wrong row is complained of once: rows that follow correctly from it are part of its remark.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::{Counterexample, Hint, Mark, NoteKind, Repair, Review, Row};
use super::words::{lines, shortened};

/// The most values of a counterexample that are written out; the rest is counted.
const MAX_VALUES: usize = 12;

/// What a remark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Refuted,
    Undecided,
    Unread,
    Follows,
    OutOfScope,
    Reference,
    Repeated,
    Reading,
    NewMeaning,
}

/// How grave a remark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gravity {
    Error,
    Warning,
    Note,
}

/// What holds for all remarks of a topic.
pub(super) struct Facts {
    pub topic: Topic,
    /// As programs call it.
    pub id: &'static str,
    /// As it stands before a remark.
    pub word: &'static str,
    /// As it stands in a margin.
    pub sign: char,
    pub gravity: Gravity,
    /// What it says, a sentence with its full stop.
    pub short: &'static str,
    /// What it means and what to do.
    pub full: &'static str,
}

/// The topics, one a row.
pub(super) const TOPICS: &[Facts] = &[
    Facts {
        topic: Topic::Refuted,
        id: "refuted",
        word: "refuted",
        sign: '✗',
        gravity: Gravity::Error,
        short: "The row does not hold.",
        full: "There is a point at which the two sides have different values, or the row cannot \
               mean anything. Where one small change makes it true, the change is offered; it was \
               proved before. Rows that follow correctly from this one are not complained of.",
    },
    Facts {
        topic: Topic::Undecided,
        id: "undecided",
        word: "undecided",
        sign: '?',
        gravity: Gravity::Warning,
        short: "The row could be neither proved nor refuted.",
        full: "Most often a name in it has no definition in the document, so that nothing is \
               known of its derivatives. Define the name before the row, or give the network.",
    },
    Facts {
        topic: Topic::Unread,
        id: "unread",
        word: "not read",
        sign: '?',
        gravity: Gravity::Warning,
        short: "The row could not be read.",
        full: "What cannot be read for certain is not guessed. The message says what stands in \
               the way; nothing is known of the row.",
    },
    Facts {
        topic: Topic::Follows,
        id: "follows",
        word: "follows",
        sign: '✓',
        gravity: Gravity::Note,
        short: "The row is correct, given an earlier row that is not.",
        full: "Mend the earlier row, and carry the change through this one.",
    },
    Facts {
        topic: Topic::OutOfScope,
        id: "out-of-scope",
        word: "out of scope",
        sign: '–',
        gravity: Gravity::Note,
        short: "The row is beyond what is judged.",
        full: "It was understood what it is, and it was not judged.",
    },
    Facts {
        topic: Topic::Reference,
        id: "dangling-reference",
        word: "reference",
        sign: '!',
        gravity: Gravity::Warning,
        short: "A reference leads nowhere, or to another equation than is meant.",
        full: "Correct the number, or number the equation that is meant.",
    },
    Facts {
        topic: Topic::Repeated,
        id: "repeated-element",
        word: "repeated",
        sign: '!',
        gravity: Gravity::Warning,
        short: "An element stands twice in a list.",
        full: "Often another element is missing in its place.",
    },
    Facts {
        topic: Topic::Reading,
        id: "reading",
        word: "reading",
        sign: '!',
        gravity: Gravity::Note,
        short: "Something was read otherwise than it is written.",
        full: "The author's meaning was plain, but the notation is not. If the reading is wrong, \
               so are the marks that rest on it; write it out.",
    },
    Facts {
        topic: Topic::NewMeaning,
        id: "new-meaning",
        word: "new meaning",
        sign: '!',
        gravity: Gravity::Note,
        short: "A name has a new meaning from here on.",
        full: "Rows below are judged by the new meaning. Another name would spare the reader.",
    },
];

impl Topic {
    pub(super) fn facts(self) -> &'static Facts {
        TOPICS.iter().find(|facts| facts.topic == self).unwrap_or(&TOPICS[0])
    }

    fn of(kind: NoteKind) -> Topic {
        match kind {
            NoteKind::Reading => Topic::Reading,
            NoteKind::Reference => Topic::Reference,
            NoteKind::Repeated => Topic::Repeated,
            NoteKind::NewMeaning => Topic::NewMeaning,
        }
    }
}

/// One thing that there is to say.
pub(super) struct Remark<'r> {
    pub topic: Topic,
    /// The place in the document.
    pub source: Range<usize>,
    /// A sentence without its full stop.
    pub message: String,
    /// What stands there, if it is part of a row.
    pub text: &'r str,
    pub counterexample: Option<&'r Counterexample>,
    pub repair: Option<&'r Repair>,
    pub hint: Option<&'r Hint>,
    /// The rows that follow correctly from this one.
    pub following: Vec<&'r Row>,
}

/// Everything there is to say, in the order of the document.
pub(super) fn remarks(review: &Review) -> Vec<Remark<'_>> {
    let mut all: Vec<Remark<'_>> = Vec::new();
    // The last refuted remark of each line.
    let mut refuted: BTreeMap<usize, usize> = BTreeMap::new();
    for row in &review.rows {
        for claim in &row.claims {
            if let Mark::Follows { line } = claim.mark
                && let Some(nth) = refuted.get(&line)
            {
                let following = &mut all[*nth].following;
                // What follows in the wrong row itself needs no mention.
                if row.line != line && following.last().is_none_or(|last| last != &row) {
                    following.push(row);
                }
                continue;
            }
            let Some((topic, message)) = said(&claim.mark) else { continue };
            if topic == Topic::Refuted {
                refuted.insert(row.line, all.len());
            }
            let wrong = match &claim.mark {
                Mark::Refuted(wrong) => Some(wrong),
                _ => None,
            };
            all.push(Remark {
                topic,
                source: claim.source.clone(),
                message,
                text: &claim.text,
                counterexample: wrong.and_then(|w| w.counterexample.as_ref()),
                repair: wrong.and_then(|w| w.repair.as_ref()),
                hint: claim.hint.as_ref(),
                following: Vec::new(),
            });
        }
    }
    all.extend(review.notes.iter().map(|note| Remark {
        topic: Topic::of(note.kind),
        source: note.source.clone(),
        message: note.message.clone(),
        text: "",
        counterexample: None,
        repair: None,
        hint: None,
        following: Vec::new(),
    }));
    all.sort_by_key(|remark| remark.source.start);
    all
}

/// What is to be said of a mark; nothing where all is well.
fn said(mark: &Mark) -> Option<(Topic, String)> {
    match mark {
        Mark::Refuted(wrong) => Some((Topic::Refuted, wrong.message.clone())),
        Mark::Undecided { reason } => Some((Topic::Undecided, reason.clone())),
        Mark::Unread { reason } => Some((Topic::Unread, reason.clone())),
        Mark::OutOfScope { what } => Some((Topic::OutOfScope, what.clone())),
        Mark::Follows { line } => Some((Topic::Follows, format!("correct, given line {line}"))),
        Mark::Proved { .. }
        | Mark::Definition { .. }
        | Mark::Assumption { .. }
        | Mark::Rule { .. }
        | Mark::Update => None,
    }
}

/// Where a statement fails: `at x = 2, t = 3: the left side is 6, the right side is 10`.
pub(super) fn counterexample(found: &Counterexample) -> String {
    let values = found.point.iter().take(MAX_VALUES);
    let mut point: Vec<String> =
        values.map(|(name, value)| format!("{name} = {}", shortened(value))).collect();
    match found.point.len().saturating_sub(MAX_VALUES) {
        0 => {}
        1 => point.push("and one value more".to_string()),
        more => point.push(format!("and {more} values more")),
    }
    let (left, right) = (shortened(&found.left), shortened(&found.right));
    let sides = format!("the left side is {left}, the right side is {right}");
    match point.is_empty() {
        true => sides,
        false => format!("at {}: {sides}", point.join(", ")),
    }
}

/// What is to be done: `w_{00} should be w_{10}`; `quoted` puts a piece of the document.
pub(super) fn repair(repair: &Repair, quoted: impl Fn(&str) -> String) -> String {
    let (from, to) = (repair.from.trim(), repair.to.trim());
    let change = match (from.is_empty(), to.is_empty()) {
        (true, _) => format!("{} is missing here", quoted(to)),
        (false, true) => format!("{} should go", quoted(from)),
        (false, false) => format!("{} should be {}", quoted(from), quoted(to)),
    };
    match repair.slip {
        Some(slip) => format!("{change} ({})", slip.says()),
        None => change,
    }
}

/// The line that comes next: `the next line is ∂E/∂w = ∂E/∂y·∂y/∂w (chain rule)`.
pub(super) fn hint(hint: &Hint) -> String {
    format!("the next line is {} ({})", hint.line, hint.rule)
}

/// Which rows follow: `line 8 follows correctly from it`.
pub(super) fn following(rows: &[&Row]) -> Option<String> {
    let mut at: Vec<usize> = rows.iter().map(|row| row.line).collect();
    at.dedup();
    let verb = if at.len() == 1 { "follows" } else { "follow" };
    (!at.is_empty()).then(|| format!("{} {verb} correctly from it", lines(&at)))
}
