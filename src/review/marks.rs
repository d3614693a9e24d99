//! The marks of a document: what is known of each row, and what a reader is shown of it.
//!
//! Plain data. What always holds: of several marks of a row the gravest counts; what several walks
//! through a document find is joined by [`Review::agreed`], in which only what all of them find is
//! a verdict.

use std::ops::Range;

/// A document with its marks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Review {
    /// Every row that states something or could not be read, in the order of the document.
    pub rows: Vec<Row>,
    /// What else there is to say, in the order of the document.
    pub notes: Vec<Note>,
    /// How the author's indices were read, if a network was given and they are not its own.
    pub convention: Option<String>,
    /// How many rows there are of each kind.
    pub tally: Tally,
}

/// A row of the document with the marks of what it states.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// Its bytes in the document.
    pub source: Range<usize>,
    /// Line and column of its first character, from 1.
    pub line: usize,
    /// The column, in characters, from 1.
    pub column: usize,
    /// The row as it was written.
    pub text: String,
    /// What it is called by, if it has a number.
    pub label: Option<String>,
    /// The cell of a notebook in which it stands.
    pub cell: Option<Cell>,
    /// A mark for each thing that it states; the first says most.
    pub claims: Vec<Claim>,
}

/// A cell of a notebook.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cell {
    /// Which of all cells it is, from 1.
    pub number: usize,
    /// Its id, where the notebook gives it one.
    pub id: Option<String>,
}

/// One thing that a row states, and its mark.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Claim {
    /// Its bytes in the document.
    pub source: Range<usize>,
    /// As it was written.
    pub text: String,
    /// As it was understood, where it was read.
    pub reading: Option<Reading>,
    /// What is known of it.
    pub mark: Mark,
    /// The next line, where it was refuted or its right side is left out.
    pub hint: Option<Hint>,
}

/// The line that comes next in a derivation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hint {
    /// The line in plain text: `∂E/∂w = ∂E/∂y·∂y/∂w`. It was proved.
    pub line: String,
    /// The rule that it is by.
    pub rule: &'static str,
}

/// How a statement was understood, so that a misreading can be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reading {
    /// The statement in one line of plain text, with a sign for each product: `∂E/∂w = −(t − y)·x`.
    /// What was said of arrays is said of their elements. A long one is cut.
    pub text: String,
    /// The names in it that stand for something, in their order.
    pub names: Vec<Named>,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Named {
    /// The name.
    pub name: String,
    /// The line of its definition; none where it is the network's.
    pub line: Option<usize>,
}

/// The mark of one statement.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Mark {
    /// It holds.
    Proved {
        /// The bound on the probability of an error, where it was proved at random points.
        error_bound: Option<f64>,
        /// What was taken as given: names without a definition (`x`), values (`W = 4`).
        given: Vec<String>,
    },
    /// It follows correctly from a row that does not hold.
    Follows {
        /// The line of that row.
        line: usize,
    },
    /// It does not hold.
    Refuted(Box<Wrong>),
    /// Nobody knows.
    Undecided {
        /// Why, a sentence without its full stop.
        reason: String,
    },
    /// It says what a name stands for; with a network, this was held against it.
    Definition {
        /// Whether a network says the same.
        agrees: bool,
    },
    /// It is assumed: who wins a max, what a value is.
    Assumption {
        /// What is assumed, a sentence without its full stop.
        what: String,
    },
    /// A rule in general letters, as the chain rule.
    Rule {
        /// Its name.
        name: &'static str,
    },
    /// A new value for an old name.
    Update,
    /// Beyond the calculus of scalars.
    OutOfScope {
        /// What is, a sentence without its full stop.
        what: String,
    },
    /// It could not be read.
    Unread {
        /// Why, a sentence without its full stop.
        reason: String,
    },
}

/// What is wrong with a statement.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Wrong {
    /// A sentence without its full stop.
    pub message: String,
    /// A point where it fails, where there is one.
    pub counterexample: Option<Counterexample>,
    /// The smallest change that makes it true, proved.
    pub repair: Option<Repair>,
}

/// A point where the two sides of an equation have different values.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Counterexample {
    /// Names and their values.
    pub point: Vec<(String, String)>,
    /// The value of the left side.
    pub left: String,
    /// The value of the right side.
    pub right: String,
}

/// A change of the document that makes a statement true.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Repair {
    /// The bytes to be replaced.
    pub source: Range<usize>,
    /// What stands there.
    pub from: String,
    /// What is meant.
    pub to: String,
    /// What was done wrong, where it is one of the usual slips.
    pub slip: Option<Slip>,
}

/// A usual slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Slip {
    /// + for − or the other way round.
    Sign,
    /// Another index of the same quantity.
    Index,
    /// The same indices in the other order, as of a transposed matrix.
    TurnedIndices,
    /// Another quantity.
    Name,
    /// Another number.
    Number,
    /// Another power.
    Power,
    /// A factor too many, or a denominator.
    ExtraFactor,
    /// A term too many.
    ExtraTerm,
    /// A factor too few.
    MissingFactor,
    /// A factor of the chain rule too few: an inner derivative.
    ChainFactor,
    /// Numerator and denominator in each other's place.
    UpsideDown,
}

impl Slip {
    /// In a few words.
    pub fn says(self) -> &'static str {
        match self {
            Slip::Sign => "a wrong sign",
            Slip::Index => "a wrong index",
            Slip::TurnedIndices => "indices in the wrong order",
            Slip::Name => "a wrong name",
            Slip::Number => "a wrong number",
            Slip::Power => "a wrong power",
            Slip::ExtraFactor => "a factor too many",
            Slip::ExtraTerm => "a term too many",
            Slip::MissingFactor => "a missing factor",
            Slip::ChainFactor => "a missing factor of the chain rule",
            Slip::UpsideDown => "a fraction upside down",
        }
    }
}

/// A remark about a place.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Note {
    /// What sort of remark.
    pub kind: NoteKind,
    /// Its bytes in the document.
    pub source: Range<usize>,
    /// Line of its first character, from 1.
    pub line: usize,
    /// The column, in characters, from 1.
    pub column: usize,
    /// A sentence without its full stop.
    pub message: String,
}

/// What sort of remark a [`Note`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NoteKind {
    /// Something was read otherwise than written.
    Reading,
    /// A reference leads nowhere or to something else.
    Reference,
    /// An element stands twice in a list.
    Repeated,
    /// A name has a new meaning from here on.
    NewMeaning,
}

/// How many rows of each kind a document has. A row counts once, by the gravest of its marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Rows that state something or could not be read.
    pub rows: usize,
    /// Those that were read.
    pub read: usize,
    /// Proved.
    pub proved: usize,
    /// Correct, given a row that is not.
    pub following: usize,
    /// Refuted.
    pub refuted: usize,
    /// Undecided.
    pub undecided: usize,
    /// Definitions and updates.
    pub definitions: usize,
    /// Assumptions.
    pub assumptions: usize,
    /// Rules in general letters.
    pub rules: usize,
    /// Beyond the calculus of scalars.
    pub out_of_scope: usize,
}

impl Tally {
    /// How many of these there are of each kind.
    pub(super) fn of(rows: &[Row]) -> Tally {
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

    /// Rows that ask for a verdict: all but definitions, assumptions, rules and updates.
    pub fn asking(&self) -> usize {
        self.rows.saturating_sub(self.definitions + self.assumptions + self.rules)
    }

    /// Of those, the ones that have a verdict: proved, refuted, or correct given a row that is not.
    pub fn judged(&self) -> usize {
        self.proved + self.following + self.refuted
    }
}

/// What two walks with other lengths differ in.
pub(super) const LENGTHS: &str = "how many values an index takes";
/// What two walks with other numbers of a class differ in.
pub(super) const CLASSES: &str = "which class is meant";

impl Review {
    /// Whether nothing was refuted.
    pub fn is_good(&self) -> bool {
        self.tally.refuted == 0
    }

    /// What two walks agree on; what they differ in depends on `why`.
    pub(super) fn agreed(self, other: Review, why: &str) -> Review {
        let rows = self.rows.into_iter().zip(other.rows);
        let rows: Vec<Row> = rows.map(|(a, b)| a.agreed(b, why)).collect();
        Review { tally: Tally::of(&rows), rows, ..self }
    }
}

impl Row {
    /// The gravest of its marks.
    pub fn mark(&self) -> Option<&Mark> {
        self.claims.iter().map(|c| &c.mark).max_by_key(|m| m.gravity())
    }

    /// The row with marks on which two walks agree; what they differ in depends on `why`.
    fn agreed(self, other: Row, why: &str) -> Row {
        let same = self.claims.len() == other.claims.len();
        let claims = self.claims.into_iter().zip(other.claims);
        let claims = claims
            .map(|(claim, other)| Claim {
                mark: match same && claim.source == other.source {
                    true => claim.mark.agreed(other.mark, why),
                    false => Mark::depends(why),
                },
                // What stands for a class is a number in each walk.
                reading: claim.reading.filter(|reading| other.reading.as_ref() == Some(reading)),
                hint: claim.hint.filter(|hint| other.hint.as_ref() == Some(hint)),
                ..claim
            })
            .collect();
        Row { claims, ..self }
    }
}

impl Mark {
    /// The mark on which two walks agree.
    fn agreed(self, other: Mark, why: &str) -> Mark {
        match (&self, &other) {
            (Mark::Proved { .. }, Mark::Proved { .. }) => self.and(other),
            // A change that repairs it for one length only is no repair.
            (Mark::Refuted(a), Mark::Refuted(b)) => {
                let repair = a.repair.clone().filter(|_| a.repair == b.repair);
                Mark::Refuted(Box::new(Wrong { repair, ..(**a).clone() }))
            }
            _ if std::mem::discriminant(&self) == std::mem::discriminant(&other) => self,
            // What is open is open.
            (Mark::Undecided { .. } | Mark::OutOfScope { .. }, _) => self,
            (_, Mark::Undecided { .. } | Mark::OutOfScope { .. }) => other,
            _ => Mark::depends(why),
        }
    }

    /// The mark of what holds in one walk and not in another.
    fn depends(why: &str) -> Mark {
        Mark::Undecided { reason: format!("it depends on {why}, which nothing says") }
    }

    /// The mark of what holds for one length of a sum and not for another.
    pub(crate) fn of_no_length() -> Mark {
        Mark::depends(LENGTHS)
    }

    /// How much a mark says against its row.
    pub(super) fn gravity(&self) -> u8 {
        match self {
            Mark::Rule { .. } => 0,
            Mark::Definition { .. } | Mark::Update => 1,
            Mark::Assumption { .. } => 2,
            Mark::Proved { .. } => 3,
            Mark::OutOfScope { .. } => 4,
            Mark::Follows { .. } => 5,
            Mark::Unread { .. } => 6,
            Mark::Undecided { .. } => 7,
            Mark::Refuted(_) => 8,
        }
    }

    /// The mark of two claims together: the graver one, with what was given for either.
    pub(super) fn and(self, other: Mark) -> Mark {
        match (self, other) {
            (
                Mark::Proved { error_bound: a, given: mut all },
                Mark::Proved { error_bound: b, given },
            ) => {
                all.extend(given);
                all.sort();
                all.dedup();
                let bound = a.unwrap_or(0.0) + b.unwrap_or(0.0);
                let error_bound = (a.is_some() || b.is_some()).then_some(bound);
                Mark::Proved { error_bound, given: all }
            }
            (a, b) => {
                if b.gravity() > a.gravity() {
                    b
                } else {
                    a
                }
            }
        }
    }

    /// In a word or two, as a margin would say it.
    pub fn word(&self) -> &'static str {
        match self {
            Mark::Proved { .. } => "proved",
            Mark::Follows { .. } => "follows",
            Mark::Refuted(_) => "refuted",
            Mark::Undecided { .. } => "undecided",
            Mark::Definition { .. } => "definition",
            Mark::Assumption { .. } => "assumption",
            Mark::Rule { .. } => "rule",
            Mark::Update => "update",
            Mark::OutOfScope { .. } => "out of scope",
            Mark::Unread { .. } => "not read",
        }
    }
}
