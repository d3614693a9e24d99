//! Which letter an index gets: the one a textbook would take, or its next of kin where that is
//! taken.

use std::collections::{BTreeMap, BTreeSet};

use crate::spell::{look, parts};

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
    const OTHERS: &[&str] =
        &["k", "l", "q", "r", "s", "u", "v", "d", "e", "f", "g", "h", "i", "j", "m", "n"];
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

/// Letters that belong together, and others of the same kind, in the order in which they are
/// taken where one of the first is a name of the network.
const FAMILIES: &[&[&[&str]]] = &[
    &[&["i", "j"], &["k", "l"], &["q", "r"], &["u", "v"]],
    &[&["a", "b"], &["p", "q"], &["d", "e"], &["g", "h"]],
    &[&["m", "n"], &["u", "v"], &["f", "h"]],
];

/// What to take in the place of letters of [`FAMILIES`] of which one is reserved.
pub fn instead(reserved: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for rows in FAMILIES {
        let free = |row: &&&[&str]| row.iter().all(|l| !reserved.contains(*l) && !used.contains(l));
        let Some(row) = rows.iter().find(free) else { continue };
        all.extend(rows[0].iter().zip(*row).map(|(a, b)| (a.to_string(), b.to_string())));
        used.extend(*row);
    }
    all.retain(|a, b| a != b);
    all
}

/// The letters that are a name, or stand alone in one: of `i`, `w_o` and `b_c1` these are `i`,
/// `w`, `o` and `b`; and those of `w_ij` beside a `w`, whose elements would look like it. A letter
/// of another alphabet that looks like one of ours reserves ours.
pub fn reserved<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let names: BTreeSet<&str> = names.collect();
    let mut all = BTreeSet::new();
    for name in &names {
        for part in parts(name) {
            let look = look(part);
            let shown = [part, look.shown()].into_iter();
            all.extend(shown.filter(|s| s.chars().count() == 1).map(str::to_string));
        }
        if let Some((stem, letters)) = name.rsplit_once('_')
            && names.contains(stem)
        {
            all.extend(letters.chars().map(String::from));
        }
    }
    all
}

/// The letters of a tensor that nothing else is known of, by its rank.
pub fn by_rank(rank: usize) -> Vec<&'static str> {
    const ROW: [&str; 8] = ["i", "j", "k", "l", "m", "n", "q", "r"];
    ROW[..rank.min(8)].to_vec()
}
