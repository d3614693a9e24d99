use super::Role;
use super::phrases::{Cue, TABLE};
use crate::review::document;
use crate::review::prose::Outline;
use crate::review::read::DocumentFormat;

/// The place of the last formula of some Markdown.
fn last(text: &str) -> super::Place {
    let document = document::read(text, DocumentFormat::Markdown, None).unwrap();
    let mut formulas = document.items.iter().enumerate().rev();
    let nth = formulas.find(|(_, item)| matches!(item, document::Item::Row(_)));
    Outline::of(&document).at(nth.map_or(0, |(nth, _)| nth))
}

#[test]
fn each_phrase_does_what_its_row_says() {
    for phrase in TABLE {
        let (yes, no) = (last(phrase.example), last(phrase.not));
        match phrase.cue {
            Cue::Role(role) => {
                assert_eq!(yes.role, role, "{}", phrase.example);
                assert_ne!(no.role, role, "{}", phrase.not);
            }
            Cue::General => {
                assert!(yes.general, "{}", phrase.example);
                assert!(!no.general, "{}", phrase.not);
            }
            Cue::Drops(role) => {
                assert!(yes.drops || role == Role::Plain, "{}", phrase.example);
                assert!(yes.role == role || role == Role::Plain, "{}", phrase.example);
                assert!(!no.drops, "{}", phrase.not);
            }
            Cue::Otherwise => {
                assert!(yes.otherwise, "{}", phrase.example);
                assert!(!no.otherwise, "{}", phrase.not);
            }
            Cue::Joins => {
                assert_eq!(yes.role, Role::Definition, "{}", phrase.example);
                assert_ne!(no.role, Role::Definition, "{}", phrase.not);
            }
        }
    }
}

#[test]
fn phrases_are_distinct_and_in_lower_case() {
    for (nth, phrase) in TABLE.iter().enumerate() {
        assert_eq!(phrase.words, phrase.words.to_lowercase());
        assert!(TABLE[..nth].iter().all(|other| other.words != phrase.words), "{}", phrase.words);
    }
}

#[test]
fn a_phrase_acts_in_its_own_sentence() {
    assert_eq!(last("Let $x = 1$. It is $y = 2$.").role, Role::Plain);
    assert_eq!(last("If this holds, cf. eq. 3, then so. $y = 2$").role, Role::Plain);
    assert_eq!(last("Suppose\n\n$$y = 2$$").role, Role::Supposition);
    assert_eq!(last("Let it be so.\n\n$$y = 2$$").role, Role::Plain);
    assert_eq!(last("If $x = 1$ then $y = 2$").role, Role::Conclusion);
    assert_eq!(last("If $x = 1$ and $y = 2$").role, Role::Condition);
}

#[test]
fn places_follow_headings_items_and_sentences() {
    let places = |text: &str| {
        let document = document::read(text, DocumentFormat::Markdown, None).unwrap();
        let outline = Outline::of(&document);
        let rows = document.items.iter().enumerate();
        let rows = rows.filter(|(_, item)| matches!(item, document::Item::Row(_)));
        rows.map(|(nth, _)| outline.at(nth)).collect::<Vec<_>>()
    };
    let all = places("# A\n\n$a = 1$ and $b = 1$. Then $c = 1$.\n\n# B\n\n$d = 1$");
    assert_eq!(all[0].sentence, all[1].sentence);
    assert_ne!(all[1].sentence, all[2].sentence);
    assert_eq!(all[1].block, all[2].block);
    assert_ne!(all[2].section, all[3].section);
    let all = places("- one: $a = 1$ with $b = 1$\n- two: $c = 1$");
    assert!(all.iter().all(|place| place.listed));
    assert_eq!(all[0].block, all[1].block);
    assert_ne!(all[1].block, all[2].block);
}
