//! Inputs that are drawn without looking at what they reach: half of them choices of a generator,
//! half of them inputs of the corpus with a few bytes changed. As many as libFuzzer makes in ten
//! seconds are made in one, since nothing of it looks at coverage.
//!
//! Environment: `FUZZ_SEED`, a number; `FUZZ_CORPUS`, the folder of the corpus. An input that
//! ends the process is written to `FUZZ_ARTIFACTS` first.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

/// SplitMix64.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
}

/// The longest input, in bytes.
const LONGEST: usize = 240;

static CURRENT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Calls `run` with so many inputs.
pub fn drawn(name: &str, executions: u64, run: impl Fn(&[u8])) {
    let variable = |name: &str| std::env::var(name).ok();
    let seed = variable("FUZZ_SEED").and_then(|n| n.parse().ok()).unwrap_or(0);
    let corpus = variable("FUZZ_CORPUS").map_or(Vec::new(), |folder| inputs(&folder));
    let folder = PathBuf::from(variable("FUZZ_ARTIFACTS").unwrap_or_else(|| ".".into()));
    let file = folder.join(format!("plain-{name}-{seed}"));
    std::panic::set_hook(Box::new(move |panic| {
        let input = CURRENT.lock().map_or(Vec::new(), |input| input.clone());
        let written = fs::write(&file, input);
        eprintln!("{panic}\nthe input is in {}: {written:?}", file.display());
        std::process::abort();
    }));
    let mut draw = Draw(seed);
    let mut input = Vec::new();
    for _ in 0..executions {
        input.clear();
        match corpus.len() {
            n if n > 0 && draw.below(2) == 0 => changed(&mut draw, &corpus, &mut input),
            _ => fresh(&mut draw, &mut input),
        }
        if let Ok(mut current) = CURRENT.lock() {
            current.clone_from(&input);
        }
        run(&input);
    }
}

fn inputs(folder: &str) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.flatten().map(|e| e.path()).collect();
    files.sort();
    let read = |path: &PathBuf| fs::read(path).ok().filter(|bytes| bytes.len() <= 4 * LONGEST);
    files.iter().filter_map(read).collect()
}

/// Choices; of four inputs, one is damaged after it was made.
fn fresh(draw: &mut Draw, input: &mut Vec<u8>) {
    let first = if draw.below(4) == 0 { 64 } else { 128 };
    input.push(first + draw.below(64) as u8);
    let most = 1 + draw.below(LONGEST);
    for _ in 0..1 + draw.below(most) {
        input.push(draw.next() as u8);
    }
}

fn changed(draw: &mut Draw, corpus: &[Vec<u8>], input: &mut Vec<u8>) {
    input.extend(&corpus[draw.below(corpus.len())]);
    for _ in 0..1 + draw.below(4) {
        let at = draw.below(input.len());
        match draw.below(5) {
            0 if !input.is_empty() => drop(input.remove(at)),
            1 => input.insert(at, draw.next() as u8),
            2 => input.truncate(at + 1),
            3 => {
                let other = &corpus[draw.below(corpus.len())];
                let from = draw.below(other.len());
                let to = (from + 1 + draw.below(20)).min(other.len());
                input.splice(at..at, other.get(from..to).unwrap_or_default().iter().copied());
            }
            _ => input.iter_mut().skip(at).take(1).for_each(|byte| *byte = draw.next() as u8),
        }
    }
}
