//! Where the points come from at which a claim is tried.
//!
//! Goes in: a claim. Comes out: numbers that depend on all of it, by SHA-256: every operation and
//! how they hang together, every name, every number by its numerator and denominator, every
//! assumed winner. Nobody can choose a claim that just fits its points, for each change of the
//! claim moves all of them; and on every machine they are the same.

use std::cell::Cell;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use crate::expr::{ExprId, Graph, Node, Symbol, Winners};
use crate::scalar::during;

/// What the points of one claim are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seed([u8; 32]);

/// What is drawn, so that no two draws of a claim are the same number.
#[derive(Clone, Copy)]
pub(super) enum Draw {
    /// A coordinate of a point of the reals, small or at large.
    Small,
    Large,
    /// A residue: of a variable, of an unknown of one kind, of a function's value.
    Variable,
    Unknown(u8),
    Function,
}

impl Draw {
    fn tag(self) -> [u8; 2] {
        match self {
            Draw::Small => [0, 0],
            Draw::Large => [1, 0],
            Draw::Variable => [2, 0],
            Draw::Unknown(kind) => [3, kind],
            Draw::Function => [4, 0],
        }
    }
}

thread_local! {
    /// The seed of the claim that is being evaluated. The operations of a `Scalar` see nothing
    /// but their operands, and a function that stands for exp has to differ from claim to claim.
    static CURRENT: Cell<Seed> = const { Cell::new(Seed([0; 32])) };
}

impl Seed {
    /// The seed of what `roots` say. What `hidden` hides counts as a variable of its own.
    pub(super) fn of(
        g: &Graph,
        roots: &[ExprId],
        winners: &Winners,
        hidden: &dyn Fn(ExprId) -> bool,
    ) -> Seed {
        let mut hash = Hash::new();
        // In the order in which a walk in depth meets the operations, which no other content of
        // the graph changes.
        let mut places: FxHashMap<ExprId, u64> = FxHashMap::default();
        let mut stack: Vec<ExprId> = roots.iter().rev().copied().collect();
        while let Some(id) = stack.pop() {
            if let Some(place) = places.get(&id) {
                hash.tag(0);
                hash.number(*place);
                continue;
            }
            places.insert(id, places.len() as u64);
            if hidden(id) {
                hash.tag(1);
                hash.number(id.index() as u64);
                continue;
            }
            let from = stack.len();
            match winners.get(&id) {
                Some(winner) => {
                    hash.tag(2);
                    stack.push(*winner);
                }
                None => {
                    hash.node(g, id);
                    g.for_children(id, |child| stack.push(child));
                }
            }
            hash.number((stack.len() - from) as u64);
            stack[from..].reverse();
        }
        hash.number(roots.len() as u64);
        hash.seed()
    }

    /// A number of this seed: the one of `place` at the point of number `nth`.
    pub(super) fn draw(&self, what: Draw, nth: u64, place: &[u64]) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(what.tag());
        hash.update(nth.to_le_bytes());
        for word in place {
            hash.update(word.to_le_bytes());
        }
        let digest = hash.finalize();
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        u64::from_le_bytes(first)
    }

    /// Runs `job` with this as the seed of [`Seed::current`].
    pub(super) fn during<T>(self, job: impl FnOnce() -> T) -> T {
        during(&CURRENT, self, job)
    }

    /// The seed of the claim that is being evaluated.
    pub(super) fn current() -> Seed {
        CURRENT.get()
    }
}

/// SHA-256 of pieces, each with its length or of a fixed one, so that no two claims are the same
/// row of bytes. They are short, and are put together before they are hashed.
struct Hash {
    hash: Sha256,
    waiting: Vec<u8>,
}

impl Hash {
    /// So many bytes are hashed at once.
    const AT_ONCE: usize = 4096;

    fn new() -> Hash {
        Hash { hash: Sha256::new(), waiting: Vec::with_capacity(256) }
    }

    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= Hash::AT_ONCE {
            self.hash.update(&self.waiting);
            self.waiting.clear();
        }
    }

    fn seed(mut self) -> Seed {
        self.hash.update(&self.waiting);
        Seed(self.hash.finalize().into())
    }

    fn tag(&mut self, tag: u8) {
        self.put(&[tag]);
    }

    fn number(&mut self, n: u64) {
        self.put(&n.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.put(bytes);
    }

    fn symbol(&mut self, symbol: &Symbol) {
        self.bytes(symbol.name().as_bytes());
        self.bytes(symbol.indices().unwrap_or_default().as_bytes());
    }

    /// What a node is, without its children.
    fn node(&mut self, g: &Graph, id: ExprId) {
        let tag = match g.node(id) {
            Node::Number(_) => 10,
            Node::Var(_) => 11,
            Node::Named(..) => 12,
            Node::Neg(_) => 13,
            Node::Sub(..) => 14,
            Node::Div(..) => 15,
            Node::Pow(..) => 16,
            Node::Add(_) => 17,
            Node::Mul(_) => 18,
            Node::Max(_) => 19,
            Node::Wins { .. } => 20,
            Node::Partial { .. } => 21,
            Node::Call(f, _) => 32 + f as u8,
        };
        self.tag(tag);
        match g.node(id) {
            Node::Number(n) => {
                let q = g.number_of(n);
                self.bytes(&q.numer().to_signed_bytes_le());
                self.bytes(&q.denom().to_signed_bytes_le());
            }
            Node::Var(s) | Node::Named(s, _) => self.symbol(g.symbol(s)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::parse_formula;

    fn seed(left: &str, right: &str) -> Seed {
        let mut g = Graph::new();
        let sides = [left, right].map(|text| parse_formula(&mut g, text).unwrap());
        Seed::of(&g, &sides, &Winners::new(), &|_| false)
    }

    #[test]
    fn every_part_of_a_claim_moves_its_points() {
        let digits = "0.1234567890123456789012345678901234567890";
        let claims = [
            (format!("x + {digits}1"), "y"),
            (format!("x + {digits}2"), "y"),
            (format!("x - {digits}1"), "y"),
            (format!("z + {digits}1"), "y"),
            (format!("y + {digits}1"), "x"),
            (format!("{digits}1 + x"), "y"),
            (format!("x + {digits}1"), "x"),
            (format!("x[0] + {digits}1"), "y"),
            (format!("x_0 + {digits}1"), "y"),
            (format!("exp(x) + {digits}1"), "y"),
            (format!("ln(x) + {digits}1"), "y"),
            ("x + 1e300".to_string(), "y"),
            ("x + 1e300 + 1".to_string(), "y"),
        ];
        let seeds: Vec<Seed> = claims.iter().map(|(left, right)| seed(left, right)).collect();
        for (n, a) in seeds.iter().enumerate() {
            assert_eq!(*a, seed(&claims[n].0, claims[n].1), "the same on every run");
            assert!(seeds[..n].iter().all(|b| a != b), "{:?}", claims[n]);
        }
    }

    #[test]
    fn how_parts_are_shared_and_who_wins_counts_and_what_else_there_is_does_not() {
        let mut g = Graph::new();
        let [a, b, x] =
            ["max(x, y)", "max(x, y)*2", "x"].map(|t| parse_formula(&mut g, t).unwrap());
        let none = Winners::new();
        let of = |g: &Graph, roots: &[ExprId], winners: &Winners| {
            Seed::of(g, roots, winners, &|_| false)
        };
        let free = of(&g, &[a, b], &none);
        assert_ne!(free, of(&g, &[a, b], &Winners::from([(a, x)])), "an assumed winner");
        assert_ne!(of(&g, &[a, x], &none), Seed::of(&g, &[a, x], &none, &|id| id == a));
        assert_ne!(free, of(&g, &[b, a], &none), "which side is which");
        assert_ne!(of(&g, &[a, a], &none), of(&g, &[a], &none));
        let mut other = Graph::new();
        parse_formula(&mut other, "q*7 + x").unwrap();
        let sides = ["max(x, y)", "max(x, y)*2"].map(|t| parse_formula(&mut other, t).unwrap());
        assert_eq!(free, of(&other, &sides, &none));
    }

    #[test]
    fn draws_differ_by_what_they_are_for() {
        let seed = seed("x", "y");
        let mut all = vec![
            seed.draw(Draw::Small, 0, &[0]),
            seed.draw(Draw::Large, 0, &[0]),
            seed.draw(Draw::Variable, 0, &[0]),
            seed.draw(Draw::Variable, 1, &[0]),
            seed.draw(Draw::Variable, 0, &[1]),
            seed.draw(Draw::Variable, 0, &[0, 0]),
            seed.draw(Draw::Unknown(1), 0, &[0]),
            seed.draw(Draw::Unknown(2), 0, &[0]),
            seed.draw(Draw::Function, 0, &[0]),
        ];
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(seed.during(Seed::current), seed);
        assert_ne!(Seed::current(), seed, "and afterwards not");
    }

    /// However pieces are put together, what is hashed is one after the other.
    #[test]
    fn pieces_are_hashed_in_their_order_whatever_their_lengths() {
        let long = vec![7u8; 3 * Hash::AT_ONCE + 5];
        let (mut hash, mut whole) = (Hash::new(), Vec::new());
        for n in 0..2_000u64 {
            let bytes = &long[..(n as usize * 37) % 90];
            let bytes = if n % 500 == 499 { long.as_slice() } else { bytes };
            hash.tag(n as u8);
            hash.number(n);
            hash.bytes(bytes);
            whole.push(n as u8);
            whole.extend(n.to_le_bytes());
            whole.extend((bytes.len() as u64).to_le_bytes());
            whole.extend(bytes);
        }
        assert_eq!(hash.seed(), Seed(Sha256::digest(&whole).into()));
        assert_eq!(Hash::new().seed(), Seed(Sha256::digest([]).into()));
    }
}
