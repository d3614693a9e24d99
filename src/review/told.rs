//! Numbers that words tell: given to a name, chosen for one that stands for something, or said in
//! passing.
//!
//! Goes in: a document and a place. Comes out: what the words make of a number there. What always
//! holds: only plain turns of phrase are understood.

use super::document::{Document, Item};
use super::numbers::is_numeric;
use super::tex::syntax::{Part, Relation, Statement};
use crate::scalar::Rational;

impl Document<'_> {
    /// Whether the word before an item makes what stands in it one choice of several: "at y = 1".
    pub(super) fn is_chosen(&self, at: usize) -> bool {
        const CHOICES: &[&str] = &["for", "at", "with", "near", "around", "say", "of", "in"];
        let words = self.words_at(at.checked_sub(1)).unwrap_or_default();
        let last = words.split_whitespace().last().map(str::to_lowercase);
        last.is_some_and(|last| CHOICES.contains(&last.as_str()))
    }

    /// Whether the word before an item makes its formula one of several: "or $x = 2$".
    pub(super) fn is_alternative(&self, at: usize) -> bool {
        let words = self.words_at(at.checked_sub(1)).unwrap_or_default();
        words.split_whitespace().last().is_some_and(|last| last.eq_ignore_ascii_case("or"))
    }

    fn words_at(&self, at: Option<usize>) -> Option<&str> {
        match self.items.get(at?) {
            Some(Item::Words(passage)) => Some(passage.text.as_str()),
            _ => None,
        }
    }

    /// The number that words give to the name before them: "which we set to 0.5", "is $3$".
    pub(super) fn spoken_number(&self, at: usize) -> Option<Rational> {
        const GLUE: &[&str] = &[
            "which", "that", "we", "is", "are", "be", "set", "fixed", "chosen", "taken", "fix",
            "choose", "take", "to", "at", "as", "equals", "equal", "being", "has", "have", "the",
            "value",
        ];
        const VERBS: &[&str] =
            &["is", "set", "fixed", "chosen", "taken", "fix", "equals", "equal", "value", "being"];
        let words = self.words_at(Some(at + 1))?;
        let all = words.split(|c: char| c.is_whitespace() || c == ',').filter(|w| !w.is_empty());
        let mut says = false;
        for word in all {
            let bare = word.trim_end_matches(['.', ';', ':']);
            if let Ok(number) = bare.parse::<Rational>() {
                return says.then_some(number);
            }
            let bare = bare.to_lowercase();
            says |= VERBS.contains(&bare.as_str());
            if !GLUE.contains(&bare.as_str()) || word.ends_with(['.', ';', ':']) {
                return None;
            }
        }
        // The number is a formula of its own.
        let Some(Item::Row(next)) = self.items.get(at + 2).filter(|_| says) else { return None };
        match (&next.row.parts[..], next.inline) {
            ([Part::Statement(Statement { first: Some(value), rest, .. })], true)
                if rest.is_empty() && is_numeric(value) =>
            {
                super::numbers::printed(value).map(|(q, _)| q)
            }
            _ => None,
        }
    }

    /// Whether a statement without a left side is said in passing: "it is low (≈ 0)".
    pub(super) fn is_in_passing(&self, at: usize, inline: bool, statement: &Statement) -> bool {
        let about = statement.rest.iter().all(|(relation, _)| *relation == Relation::About);
        let bracket = self
            .words_at(at.checked_sub(1))
            .is_some_and(|words| words.trim_end().ends_with(['(', '[']));
        inline && (about || bracket) && statement.rest.iter().all(|(_, side)| is_numeric(side))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::{DocumentFormat, document};

    fn read(text: &str) -> Document<'_> {
        document::read(text, DocumentFormat::Markdown, None).unwrap()
    }

    #[test]
    fn words_give_numbers_to_names() {
        let spoken = |text| read(text).spoken_number(1).map(|q| q.to_string());
        assert_eq!(spoken("The rate $r$, which we set to 0.5, is"), Some("1/2".to_string()));
        assert_eq!(spoken("The rate $r$ is $3$ here"), Some("3".to_string()));
        assert_eq!(spoken("The rate $r$ is small, 3 times less"), None);
        assert_eq!(spoken("The rate $r$ of 3 layers"), None);
    }
}
