//! Names that the words of a document declare: "where C is a constant", "the input x".
//!
//! A declared name depends on nothing. Only plain turns of phrase are understood; where they are
//! missing, a name without a definition stays unknown.

use super::claim::{defined, is_equation, statements};
use super::document::{Document, Item};
use super::names::spelled;
use super::numbers::is_numeric;
use super::tex::syntax::{Expr, FormulaKind, Part, Statement};

/// Words that say of a name that nothing in the network changes it.
const GIVEN: &[&str] = &[
    "constant",
    "constants",
    "input",
    "inputs",
    "target",
    "targets",
    "given",
    "fixed",
    "label",
    "labels",
    "weight",
    "weights",
    "bias",
    "biases",
    "parameter",
    "parameters",
    "rate",
    "data",
    "pixel",
    "pixels",
    "hyperparameter",
    "hyperparameters",
    "desired",
    "expected",
    "known",
];
/// How many words may lie between a name and what is said of it.
const REACH: usize = 7;

/// The spellings of all names that are declared, in the order of the document.
pub(super) fn declared(document: &Document<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut labelled: Vec<String> = Vec::new();
    let mut before: Vec<String> = Vec::new();
    // Whether a list of what is given stands here: "Inputs: $x$ (4×2), $t$".
    let mut listed = false;
    let mut words_before = String::new();
    for item in &document.items {
        match item {
            Item::Words(passage) => {
                spoken(&passage.text, &mut found);
                heard(&passage.text, &mut before, &mut found);
                listed = lists(&passage.text) || listed && joins(&passage.text);
                words_before.clone_from(&passage.text);
            }
            Item::Row(placed) => {
                for part in &placed.row.parts {
                    match part {
                        Part::Words(words, _) => {
                            spoken(words, &mut found);
                            heard(words, &mut before, &mut found);
                            listed = lists(words) || listed && joins(words);
                            words_before.clone_from(words);
                        }
                        Part::Statement(statement) if statement.rest.is_empty() => {
                            let all = statement.first.as_ref().map(names).unwrap_or_default();
                            if leads_to(&words_before) {
                                found.extend(all.iter().cloned());
                            } else if listed {
                                labelled.extend(all.iter().cloned());
                            }
                            // A list goes on over "and".
                            if !joins(&words_before) {
                                before.clear();
                            }
                            before.extend(all);
                        }
                        _ => {
                            before.clear();
                            listed = false;
                        }
                    }
                }
            }
        }
    }
    // "Inputs: $x$, $y$. Prediction: $y = w x$": what has a formula is no input.
    let formulas: Vec<String> = statements(document).filter_map(|(.., s)| formula_of(s)).collect();
    labelled.retain(|name| !formulas.contains(name));
    found.append(&mut labelled);
    found
}

/// The name that an equation says to be something other than a number.
fn formula_of(statement: &Statement) -> Option<String> {
    let (name, _) = defined(statement.first.as_ref()?)?;
    let (relation, side) = statement.rest.first()?;
    (is_equation(*relation) && !is_numeric(side)).then(|| spelled(name))
}

/// What words say of the names before them: that they are given, that more are to come, or
/// nothing.
fn heard(words: &str, before: &mut Vec<String>, found: &mut Vec<String>) {
    if said_of(words) {
        found.append(before);
    } else if !joins(words) {
        before.clear();
    }
}

/// Whether words only lead from one name of a list to the next: ", ", "and the label", "(4×2),".
fn joins(words: &str) -> bool {
    let small = ["and", "or", "the", "a", "an", "its", "with"];
    let sizes = |t: &str| t.chars().all(|c| c.is_ascii_digit() || "×x".contains(c));
    let plain =
        |t: &&str| small.contains(t) || sizes(t) || is_given(t) && !t.ends_with(['.', ';', ':']);
    tokens(words).iter().all(plain)
}

/// The names of an expression that is a name or a list of names.
fn names(expr: &Expr) -> Vec<String> {
    let one = |e: &Expr| match &e.kind {
        FormulaKind::Name(name) => Some(spelled(name)),
        _ => None,
    };
    match &expr.kind {
        FormulaKind::List(all) => all.iter().filter_map(one).collect(),
        _ => one(expr).into_iter().collect(),
    }
}

fn tokens(words: &str) -> Vec<&str> {
    words
        .split(|c: char| c.is_whitespace() || ",()".contains(c))
        .filter(|token| !token.is_empty())
        .collect()
}

fn is_given(token: &str) -> bool {
    let plain = token.trim_end_matches(['.', ':', ';']).to_ascii_lowercase();
    GIVEN.contains(&plain.as_str())
}

/// Whether words say of the name before them that it is given: "is the input".
fn said_of(words: &str) -> bool {
    let all = tokens(words);
    let mut all = all.iter().copied();
    let verb = all.next().is_some_and(|t| {
        matches!(t.to_ascii_lowercase().as_str(), "is" | "are" | "being" | "denotes" | "denote")
    });
    verb && within_a_sentence(all)
}

fn within_a_sentence<'w>(all: impl Iterator<Item = &'w str>) -> bool {
    let mut all = all.take(2 * REACH).enumerate().map(|(at, token)| (at < REACH, token)).peekable();
    while let Some((true, token)) = all.next() {
        if matches!(token.to_ascii_lowercase().as_str(), "not" | "no") {
            return false;
        }
        if is_given(token) {
            // "are given by" says that their formulas follow.
            let follows = all.peek().is_some_and(|(_, next)| {
                let next = next.trim_end_matches([':', '.', ';']).to_ascii_lowercase();
                matches!(next.as_str(), "as" | "by" | "below")
            });
            // "are the input, forget and output gates" says what kind of gates.
            let rest = all.map(|(_, token)| token.trim_end_matches(['.', ';', ':']));
            let gates = rest
                .take_while(|token| !matches!(*token, "of" | "to" | "at" | "for" | "is" | "are"))
                .any(|token| matches!(token, "gate" | "gates"));
            return !(gates || follows && token.eq_ignore_ascii_case("given"));
        }
        if token.ends_with(['.', ';', ':']) {
            return false;
        }
    }
    false
}

/// Whether words end in what the name behind them is: "the input".
fn leads_to(words: &str) -> bool {
    tokens(words).last().is_some_and(|last| is_given(last) && !last.ends_with(['.', ';', ':']))
}

/// Whether words end in a label of the names behind them: "Weights to learn:".
fn lists(words: &str) -> bool {
    let line = words.rsplit(['.', ';', '\n']).find(|line| !line.trim().is_empty());
    let label = line.unwrap_or_default().trim().trim_matches(['*', '-', '_']).trim();
    let Some(label) = label.strip_suffix(':') else { return false };
    let small = ["to", "learn", "the", "and", "or", "of", "network", "trainable"];
    let all = tokens(label);
    all.iter().any(|token| is_given(token))
        && all.iter().all(|token| is_given(token) || small.contains(&&*token.to_ascii_lowercase()))
}

/// Names of one letter that are declared in words alone: "C is a constant", "constant C".
fn spoken(words: &str, found: &mut Vec<String>) {
    let all = tokens(words);
    for (at, token) in all.iter().enumerate() {
        let bare = token.trim_end_matches(['.', ';', ':']);
        let mut letters = bare.chars();
        let (Some(letter), None) = (letters.next(), letters.next()) else { continue };
        // "a" and "I" are words.
        if !letter.is_alphabetic() || matches!(letter, 'a' | 'A' | 'I') {
            continue;
        }
        let verb = all.get(at + 1).is_some_and(|t| matches!(*t, "is" | "are" | "being"));
        let after = verb && within_a_sentence(all[at + 2..].iter().copied());
        let before = at > 0 && is_given(all[at - 1]) && !all[at - 1].ends_with(['.', ';', ':']);
        if after || before {
            found.push(letter.to_string());
        }
    }
}

/// The word at the beginning of `words` that makes a condition of the formula behind them: "if",
/// "for".
pub(super) fn conditions(words: &str) -> Option<&'static str> {
    const ALL: &[&str] = &["if", "when", "whenever", "for", "provided", "unless"];
    let first = tokens(words).first().map(|t| t.to_ascii_lowercase())?;
    ALL.iter().find(|word| **word == first).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_turns_of_phrase_declare_names() {
        let mut found = Vec::new();
        spoken("where C is a constant), and t is given(expected) output", &mut found);
        spoken("can be treated as a constant K", &mut found);
        assert_eq!(found, ["C", "t", "K"]);
        assert!(said_of(" is the target") && said_of("are the inputs of the layer"));
        assert!(!said_of(" is not constant") && !said_of(" is large. The input"));
        assert!(!said_of(" is the input gate") && said_of(" is the input of the gate"));
        assert!(!said_of(" are the input, forget and output gates at time"));
        assert!(!said_of("are given as follows") && !said_of(" is given by the formula"));
        assert!(leads_to("for the input") && !leads_to("is given."));
        assert!(lists("A network.\nInput:") && lists("**Weights to learn:** "));
        assert!(!lists("The inputs are:") && !lists("Output:") && !lists("It is given:"));
        assert!(joins(" (4×2), ") && joins(" (2), the label ") && !joins(" (2). Target: "));
    }
}
