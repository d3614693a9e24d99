//! Which letter an index gets: the one a textbook would take, or its next of kin where that is
//! taken.

use std::collections::BTreeSet;

/// Letters that stand for the same kind of index, in the order in which they are taken.
const KIN: &[&[&str]] = &[
    // Outputs, rows and columns; positions in a vector.
    &["i", "k", "q"],
    &["j", "l", "r"],
    &["k", "l", "q"],
    &["l", "q", "r"],
    // Offsets in a kernel or a window.
    &["m", "u", "f"],
    &["n", "v", "h"],
    // Cells of an input.
    &["a", "d"],
    &["b", "e"],
    // Channels, groups, the batch.
    &["c", "e", "d"],
    &["o", "k", "q"],
    &["g", "h"],
    &["f", "h"],
];

/// The letter itself where it is free, else the first of its kin that is, else the letter with
/// primes.
pub fn fresh(preferred: &str, taken: &BTreeSet<String>) -> String {
    let stem = preferred.trim_end_matches('′');
    let kin = KIN.iter().find(|row| row[0] == stem).copied().unwrap_or(&[]);
    const OTHERS: &[&str] = &["k", "l", "q", "r", "s", "u", "v"];
    let all = std::iter::once(preferred).chain(kin.iter().copied()).chain(OTHERS.iter().copied());
    let found = all.into_iter().find(|l| !taken.contains(*l));
    match found {
        Some(letter) => letter.to_string(),
        None => {
            let primed = (1..).map(|n| format!("{stem}{}", "′".repeat(n)));
            primed.into_iter().find(|l| !taken.contains(l)).unwrap_or_default()
        }
    }
}

/// Takes letters one after the other, none twice.
pub fn fresh_all(preferred: &[&str], taken: &mut BTreeSet<String>) -> Vec<String> {
    preferred
        .iter()
        .map(|letter| {
            let letter = fresh(letter, taken);
            taken.insert(letter.clone());
            letter
        })
        .collect()
}

/// The letters of a tensor that nothing else is known of, by its rank.
pub fn by_rank(rank: usize) -> Vec<&'static str> {
    const ROW: [&str; 8] = ["i", "j", "k", "l", "m", "n", "q", "r"];
    ROW[..rank.min(8)].to_vec()
}
