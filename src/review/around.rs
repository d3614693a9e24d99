//! What the words around a row make of it: a definition for what stands above, a solution, a
//! condition.

use super::document::{Document, Item};
use super::tex;

impl Document<'_> {
    /// Whether the words before a row say "where" or "with", so that it belongs to what stands
    /// before them.
    pub(super) fn says_where(&self, at: usize) -> bool {
        let mut before = self.items[..at].iter().rev();
        let words = before.find_map(|item| match item {
            Item::Words(passage) => Some(passage.text.as_str()),
            Item::Row(_) => None,
        });
        let sentence = words.unwrap_or_default().rsplit(['.', ';']).next().unwrap_or_default();
        let first = sentence.split_whitespace().next().unwrap_or_default();
        let first = first.trim_matches([',', ':']).to_lowercase();
        let last = sentence.split_whitespace().next_back().unwrap_or_default();
        matches!(first.as_str(), "where" | "with" | "here" | "and")
            || last == "and"
            || tex::introduces(sentence)
    }

    /// Whether the words right before a formula set it against another one of the same sentence: "in
    /// the second model", "whereas".
    pub(super) fn contrasts(&self, at: usize) -> bool {
        const WORDS: &[&str] = &[
            "second",
            "third",
            "other",
            "another",
            "whereas",
            "while",
            "but",
            "versus",
            "vs",
            "instead",
            "alternatively",
            "respectively",
            "or",
            "later",
            "else",
            "otherwise",
        ];
        const HEADS: &[&str] = &["for", "in", "with", "under", "on", "without"];
        let Some(Item::Words(passage)) = at.checked_sub(1).and_then(|at| self.items.get(at)) else {
            return false;
        };
        let sentence = passage.text.rsplit(['.', ';']).next().unwrap_or_default();
        let all: Vec<String> = sentence
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let last = all.len().saturating_sub(1);
        all.iter().enumerate().any(|(nth, word)| {
            WORDS.contains(&word.as_str()) || nth < last && HEADS.contains(&word.as_str())
        })
    }

    /// Whether the sentence before a formula speaks of a step from one value to the next.
    pub(super) fn speaks_of_a_step(&self, at: usize) -> bool {
        const WORDS: &[&str] = &[
            "step",
            "steps",
            "iteration",
            "iterations",
            "iterate",
            "epoch",
            "round",
            "update",
            "updates",
            "updated",
            "next",
            "again",
            "afterwards",
            "second",
            "third",
            "new",
            "after",
            "later",
            "repeat",
            "repeating",
            "once",
            "twice",
            "momentum",
            "moves",
            "pass",
        ];
        let Some(Item::Words(passage)) = at.checked_sub(1).and_then(|at| self.items.get(at)) else {
            return false;
        };
        let sentence = passage.text.rsplit(['.', ';']).next().unwrap_or_default();
        let mut all = sentence.split(|c: char| !c.is_alphanumeric());
        all.any(|word| WORDS.contains(&word.to_lowercase().as_str()))
    }

    /// Whether the words before a row say that it solves something: "the optimum is".
    pub(super) fn says_solution(&self, at: usize) -> bool {
        const WORDS: &[&str] =
            &["optimum", "optimal", "minimum", "maximum", "vanishes", "solution", "solving"];
        let words = at.checked_sub(1).and_then(|before| match &self.items[before] {
            Item::Words(passage) => Some(passage.text.as_str()),
            Item::Row(_) => None,
        });
        let sentence = words.unwrap_or_default().rsplit(['.', ';']).next().unwrap_or_default();
        // Chinese has no blanks between its words.
        const CHINESE: &[&str] = &["可得", "解得", "等于0", "等于零", "最优解"];
        CHINESE.iter().any(|word| sentence.contains(word))
            || sentence.split(|c: char| !c.is_alphabetic()).any(|word| WORDS.contains(&word))
    }

    /// Whether the words around an inline formula make it a condition of what follows: "If $i = j$,
    /// then". `Some(false)` where they make something else of it, as "unless" does.
    pub(super) fn introduces_a_condition(&self, at: usize) -> Option<bool> {
        const WORDS: &[&str] =
            &["if", "when", "whenever", "for", "case", "where", "suppose", "assume", "assuming"];
        const OTHERS: &[&str] = &["unless", "not", "both", "either", "except", "or"];
        const GLUE: &[&str] = &[
            "then",
            "we",
            "have",
            "get",
            "obtain",
            "find",
            "this",
            "gives",
            "is",
            "it",
            "so",
            "that",
            "the",
            "derivative",
            "derivatives",
            "slope",
            "becomes",
            "are",
            "in",
            "case",
        ];
        let tokens = |text: &str| -> Vec<String> {
            let apart = |c: char| c.is_whitespace() || ",.:;()".contains(c);
            let words = text.split(apart).filter(|w| !w.is_empty());
            words.map(str::to_lowercase).collect()
        };
        let words_at = |at: Option<usize>| match at.and_then(|at| self.items.get(at)) {
            Some(Item::Words(passage)) => Some(passage.text.as_str()),
            _ => None,
        };
        let before = words_at(at.checked_sub(1))?;
        let sentence = before.rsplit(['.', ';', '\n']).next().unwrap_or_default();
        let said = tokens(sentence);
        if !WORDS.contains(&said.last()?.as_str()) && said.last()? != "unless" {
            return None;
        }
        let behind = tokens(words_at(Some(at + 1)).unwrap_or_default());
        let other = said.iter().any(|word| OTHERS.contains(&word.as_str()));
        let glued = behind.iter().all(|word| GLUE.contains(&word.as_str()));
        match (other, glued) {
            (false, true) => Some(true),
            (true, _) => Some(false),
            // "for $i = j$ and 0 elsewhere": it belongs to those words.
            (false, false) => None,
        }
    }
}
