//! The readers hold their laws on inputs that a generator makes of random bytes: networks that are
//! right, formulas in LaTeX, documents, files of arrays; as they are, and damaged. The same
//! generators and laws stand behind the fuzz targets in `fuzz/`.

#[path = "draw/laws.rs"]
mod laws;
#[path = "readers/mod.rs"]
mod readers;

use std::cell::Cell;

use laws::{laws, usual_draw};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use readers::{Depth, READERS};

/// The reader of that name.
fn reader(name: &str) -> fn(&[u8]) -> Depth {
    READERS.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("no reader {name}")).1
}

/// Reads so many inputs that begin with one of these bytes, and returns in how many of a hundred
/// all was read.
fn read(name: &str, cases: u32, first: std::ops::RangeInclusive<u8>) -> usize {
    let (all, whole) = (Cell::new(0), Cell::new(0));
    let bytes = (first, proptest::collection::vec(any::<u8>(), 0..400));
    let read = reader(name);
    let result = TestRunner::new(laws(cases)).run(&bytes, |(first, mut data)| {
        data.insert(0, first);
        all.set(all.get() + 1);
        whole.set(whole.get() + usize::from(read(&data) == Depth::Whole));
        Ok(())
    });
    result.unwrap_or_else(|fault| panic!("{name}: {fault}"));
    100 * whole.get() / all.get().max(1)
}

/// What generators make is mostly right, or it would be refused at its first mistake; what is
/// damaged, and raw bytes, hold the same laws.
fn holds(name: &str, least: usize) {
    let whole = read(name, 500, 128..=255);
    if usual_draw() {
        assert!(whole >= least, "{name}: {whole}% were read wholly");
    }
    read(name, 500, 64..=127);
    read(name, 200, 0..=63);
}

#[test]
fn formulas() {
    holds("formula", 60);
}

#[test]
fn networks() {
    holds("network", 60);
}

#[test]
fn overrides() {
    holds("overrides", 30);
}

#[test]
fn latex() {
    holds("latex", 15);
}

#[test]
fn markdown() {
    holds("markdown", 40);
}

#[test]
fn html() {
    holds("html", 40);
}

#[test]
fn rst() {
    holds("rst", 40);
}

#[test]
fn notebooks() {
    holds("notebook", 40);
}

#[test]
fn arrays() {
    holds("arrays", 30);
}

#[test]
fn json() {
    holds("json", 30);
}

/// What was found once: a file and, beside it, how deep its reader goes.
#[test]
fn what_was_found_stays_mended() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/readers");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut cases = 0;
    for file in files {
        let ending = file.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let (name, first) = match ending {
            "expect" => continue,
            "bp" => ("network", b' '),
            "tex" => ("latex", b' '),
            "md" => ("markdown", b' '),
            "ipynb" => ("notebook", b' '),
            "npz" => ("arrays", b' '),
            "safetensors" => ("arrays", b'!'),
            same => (same, b' '),
        };
        // The first byte says that the others are the input itself.
        let mut input = vec![first];
        input.extend(std::fs::read(&file).unwrap());
        let depth = format!("{:?}\n", reader(name)(&input)).to_lowercase();
        let expected = std::fs::read_to_string(file.with_extension("expect")).unwrap();
        assert_eq!(depth, expected, "{}", file.display());
        cases += 1;
    }
    assert!(cases > 3, "{cases} cases");
}
