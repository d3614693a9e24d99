//! What was proved before under other names.
//!
//! In: a claim, the two sides of a line. Out: how strong an earlier proof of it is, where one of
//! the claims before it was the same but for the names of its variables and the order of terms
//! and factors. What always holds: two claims have one pattern only where the one becomes the
//! other, to the letter, when its symbols are renamed, different ones differently, and terms and
//! factors change places. A proof says nothing of what a variable is called, and a sum has its
//! value in any order, so it proves both. Patterns are compared whole: no hash decides.

use rustc_hash::{FxHashMap, FxHashSet};

use super::StepProof;
use crate::expr::{ExprId, Graph, Node, SymbolId, descend};
use crate::proof::survey::mixed;
use crate::scalar::Rational;

/// A claim with more operations and operands than this has no pattern.
const MAX_PATTERN: usize = 1 << 14;

/// So many words of patterns are kept.
const MAX_KEPT: usize = 1 << 23;

/// A claim without its names: what a walk in depth meets. An operation is an even word and what
/// belongs to it; what was met before is an odd word, its place. A symbol is how many were met
/// before it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Pattern(Vec<u32>);

/// The proofs so far. An exact one holds everywhere. Of one by random points the strength may hang
/// on the names, which have an order: it is taken for the same line of the same lemma only, which
/// it has made as weak already.
#[derive(Default)]
pub(super) struct Renamed {
    exact: FxHashSet<Pattern>,
    random: FxHashSet<(usize, Pattern)>,
    kept: usize,
    /// The numbers of all claims, each once.
    numbers: FxHashMap<Rational, u32>,
    /// The place of each node in the claim that is looked at; 0 where it is in none.
    places: Vec<u32>,
}

impl Renamed {
    /// Begins another lemma.
    pub(super) fn begin(&mut self) {
        self.random.clear();
    }

    /// How a claim of that pattern, in the line of that number, was proved.
    pub(super) fn proof(&self, line: usize, pattern: &Pattern) -> Option<StepProof> {
        if self.exact.contains(pattern) {
            return Some(StepProof::Exact);
        }
        let random = !self.random.is_empty() && self.random.contains(&(line, pattern.clone()));
        random.then_some(StepProof::Probabilistic)
    }

    /// Notes that a claim of that pattern was proved.
    pub(super) fn note(&mut self, line: usize, pattern: Pattern, proof: StepProof) {
        self.kept += pattern.0.len();
        if self.kept > MAX_KEPT {
            return;
        }
        match proof {
            StepProof::Exact => _ = self.exact.insert(pattern),
            StepProof::Probabilistic => _ = self.random.insert((line, pattern)),
            StepProof::Assumed => {}
        }
    }

    /// The pattern of a claim; none of one that is too large.
    pub(super) fn pattern(&mut self, g: &Graph, claim: (ExprId, ExprId)) -> Option<Pattern> {
        let nodes = descend(&[claim.0, claim.1], |id, mark| g.for_children(id, mark));
        self.places.resize(self.places.len().max(g.len()), 0);
        for (n, id) in nodes.iter().enumerate() {
            self.places[id.index()] = n as u32;
        }
        let mut shape = Shape { nodes, starts: vec![0], below: Vec::new(), what: Vec::new() };
        for id in &shape.nodes {
            shape.what.push(self.what(g, *id));
            g.for_children(*id, |child| shape.below.push(self.places[child.index()]));
            shape.starts.push(shape.below.len() as u32);
            if shape.below.len() + shape.what.len() > MAX_PATTERN {
                return None;
            }
        }
        let roots = [claim.0, claim.1].map(|id| self.places[id.index()] as usize);
        shape.sort(g, roots);
        Some(Pattern(shape.words(g, roots)))
    }

    /// The kind of an operation and what belongs to it apart from its operands and its name.
    fn what(&mut self, g: &Graph, id: ExprId) -> [u32; 2] {
        match g.node(id) {
            Node::Number(n) => [0, self.number(g.number_of(n))],
            Node::Var(_) => [1, 0],
            Node::Named(..) => [2, 0],
            Node::Neg(_) => [3, 0],
            Node::Sub(..) => [4, 0],
            Node::Div(..) => [5, 0],
            Node::Pow(..) => [6, 0],
            Node::Add(args) => [7, args.len() as u32],
            Node::Mul(args) => [8, args.len() as u32],
            Node::Max(args) => [9, args.len() as u32],
            Node::Wins { .. } => [10, 0],
            Node::Partial { .. } => [11, 0],
            Node::Call(f, _) => [12, f as u32],
        }
    }

    fn number(&mut self, q: &Rational) -> u32 {
        if let Some(known) = self.numbers.get(q) {
            return *known;
        }
        let new = self.numbers.len() as u32;
        self.numbers.insert(q.clone(), new);
        new
    }
}

/// The operations of a claim, operands before what they are operands of.
struct Shape {
    nodes: Vec<ExprId>,
    /// Where the operands of each begin, as places in `nodes`.
    starts: Vec<u32>,
    below: Vec<u32>,
    what: Vec<[u32; 2]>,
}

impl Shape {
    fn below(&self, n: usize) -> &[u32] {
        &self.below[self.starts[n] as usize..self.starts[n + 1] as usize]
    }

    /// Puts terms and factors into an order that no name decides: by what they are made of, and
    /// by what is made of them. Where that leaves a tie, the order stays, and two claims that are
    /// the same may have two patterns.
    fn sort(&mut self, g: &Graph, roots: [usize; 2]) {
        let sums: Vec<bool> = self.nodes.iter().map(|id| is_sum(g, *id)).collect();
        let count = self.nodes.len();
        let (mut own, mut above) = (vec![0u64; count], vec![0u64; count]);
        for _ in 0..ROUNDS {
            for n in 0..count {
                let [kind, more] = self.what[n];
                let mut all = mixed(u64::from(kind) << 32 | u64::from(more));
                // Two variables differ by where they stand, as far as that is known.
                if self.below(n).is_empty() {
                    all = mixed(all ^ above[n]);
                }
                for (place, child) in self.below(n).iter().enumerate() {
                    let place = if sums[n] { 0 } else { place as u64 + 1 };
                    all = all.wrapping_add(mixed(own[*child as usize].wrapping_add(place)));
                }
                own[n] = mixed(all);
            }
            above.fill(0);
            for (side, root) in roots.into_iter().enumerate() {
                above[root] = above[root].wrapping_add(mixed(side as u64 + 1));
            }
            for n in (0..count).rev() {
                let from = mixed(above[n]) ^ own[n];
                for place in 0..self.below(n).len() {
                    let child = self.below(n)[place] as usize;
                    let place = if sums[n] { 0 } else { place as u64 + 1 };
                    above[child] = above[child].wrapping_add(mixed(from.wrapping_add(place)));
                }
            }
        }
        for n in (0..count).filter(|n| sums[*n]) {
            let range = self.starts[n] as usize..self.starts[n + 1] as usize;
            self.below[range].sort_by_key(|child| (own[*child as usize], above[*child as usize]));
        }
    }

    /// The words of the pattern.
    fn words(&self, g: &Graph, roots: [usize; 2]) -> Vec<u32> {
        let mut words = Vec::with_capacity(self.below.len() + 2 * self.what.len());
        let mut met = vec![0u32; self.nodes.len()];
        let mut symbols: FxHashMap<SymbolId, u32> = FxHashMap::default();
        let mut count = 0;
        let mut stack = vec![roots[1] as u32, roots[0] as u32];
        while let Some(n) = stack.pop() {
            let n = n as usize;
            if met[n] != 0 {
                words.push(2 * met[n] + 1);
                continue;
            }
            count += 1;
            met[n] = count;
            let [kind, more] = self.what[n];
            let more = match g.symbol_of(self.nodes[n]) {
                Some(symbol) => {
                    let next = symbols.len() as u32;
                    *symbols.entry(symbol).or_insert(next)
                }
                None => more,
            };
            words.extend([2 * kind, more]);
            stack.extend(self.below(n).iter().rev());
        }
        words
    }
}

/// How often what stands above and what stands below are looked at, each in the light of the
/// other.
const ROUNDS: usize = 3;

/// Whether the order of the operands is nothing but a matter of writing.
fn is_sum(g: &Graph, id: ExprId) -> bool {
    matches!(g.node(id), Node::Add(_) | Node::Mul(_))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lang::parse_formula;

    fn patterns(claims: &[(&str, &str)]) -> Vec<Option<Pattern>> {
        let mut renamed = Renamed::default();
        let mut g = Graph::new();
        let mut pattern = |(left, right): &(&str, &str)| {
            let sides = [left, right].map(|text| parse_formula(&mut g, text).unwrap());
            renamed.pattern(&g, (sides[0], sides[1]))
        };
        claims.iter().map(&mut pattern).collect()
    }

    #[test]
    fn claims_are_one_where_names_are_all_that_differs() {
        let one = patterns(&[
            ("x*(y + 2) + tanh(x)", "x*y + 2*x + tanh(x)"),
            ("b*(a + 2) + tanh(b)", "b*a + 2*b + tanh(b)"),
            ("y*(x + 2) + tanh(y)", "y*x + 2*y + tanh(y)"),
        ]);
        assert!(one.iter().all(|p| p.is_some() && *p == one[0]));
        let other = patterns(&[
            ("x*(y + 2) + tanh(x)", "x*y + 2*x + tanh(x)"),
            ("x*(x + 2) + tanh(x)", "x*x + 2*x + tanh(x)"),
            ("x*(y + 3) + tanh(x)", "x*y + 3*x + tanh(x)"),
            ("x*(y + 2) + exp(x)", "x*y + 2*x + exp(x)"),
            ("x*(y + 2) + tanh(y)", "x*y + 2*x + tanh(x)"),
            ("x*(y - 2) + tanh(x)", "x*y + 2*x + tanh(x)"),
            ("x*(y + 2) + tanh(z)", "x*y + 2*x + tanh(x)"),
            ("x*y + 2*x + tanh(x)", "x*(y + 2) + tanh(x)"),
        ]);
        for (n, a) in other.iter().enumerate() {
            assert!(other[..n].iter().all(|b| a != b), "claim {n} is another one");
        }
    }

    #[test]
    fn names_with_definitions_and_derivatives_are_told_apart() {
        let mut g = Graph::new();
        let mut renamed = Renamed::default();
        let [x, y] = ["x", "y"].map(|name| g.var(name));
        let product = g.mul([x, y]);
        let [p, q] = ["p", "q"].map(|name| g.named(name, product));
        let twice = g.named("p", x);
        let slopes = [(p, x), (q, x), (product, x), (p, y), (twice, x)];
        let slopes = slopes.map(|(of, by)| g.partial(of, by));
        let mut of = |a, b| renamed.pattern(&g, (a, b));
        assert!(of(slopes[0], y) == of(slopes[1], y), "p and q are names of the same");
        for other in &slopes[2..] {
            assert!(of(slopes[0], y) != of(*other, y));
        }
        assert!(of(p, p) != of(p, q));
        assert!(of(p, x) == of(p, y), "the factors change places");
        // Each claim is by itself.
        assert!(of(x, y) == of(y, x) && of(x, x) != of(x, y));
    }

    #[test]
    fn numbers_count_with_all_their_digits() {
        let digits = "0.1234567890123456789012345678901234567890";
        let [a, b] = [1, 2].map(|n| format!("x + {digits}{n}"));
        let found = patterns(&[(&a, "y"), (&b, "y"), (&a, "y")]);
        assert!(found[0] != found[1] && found[0] == found[2]);
    }

    /// Which of the terms is the one that counts, and in which place it stands, makes no other
    /// claim.
    #[test]
    fn terms_and_factors_change_places() {
        let one = patterns(&[
            ("r*(0*x + 0*y + 0*z) + s*(0*x + 1*y + 0*z)", "s*y"),
            ("r*(0*x + 0*y + 0*z) + s*(0*x + 0*y + 1*z)", "s*z"),
            ("r*(1*x + 0*y + 0*z) + s*(0*x + 0*y + 0*z)", "r*x"),
            ("(0*x + 0*y + 0*z)*r + s*(0*y + 1*x + 0*z)", "x*s"),
        ]);
        assert!(one.iter().all(|p| p.is_some() && *p == one[0]), "{one:?}");
        let other = patterns(&[
            ("r*(0*x + 0*y + 0*z) + s*(0*x + 1*y + 0*z)", "s*y"),
            ("r*(0*x + 0*y + 0*z) + s*(0*x + 1*y + 0*z)", "s*x"),
            ("r*(0*x + 0*y + 0*z) + s*(0*x + 1*y + 0*z)", "r*y"),
            ("r*(0*x + 1*y + 0*z) + s*(0*x + 1*y + 0*z)", "s*y"),
            ("r*(0*x + 0*y + 0*z) + s*(0*x + 1*y + 1*z)", "s*y"),
            ("r*(0*x + 0*y + 0*x) + s*(0*x + 1*y + 0*z)", "s*y"),
            ("s*y", "r*(0*x + 0*y + 0*z) + s*(0*x + 1*y + 0*z)"),
        ]);
        for (n, a) in other.iter().enumerate() {
            assert!(other[..n].iter().all(|b| a != b), "claim {n} is another one");
        }
        // Of a difference, a quotient, a power and a max the order counts.
        for (a, b) in [("a - b", "b - a"), ("a/2", "2/a"), ("a^2", "2^a")] {
            let found = patterns(&[(a, "a"), (b, "a")]);
            assert_ne!(found[0], found[1], "{a}");
        }
    }

    #[test]
    fn what_was_noted_is_found_and_nothing_else() {
        let mut renamed = Renamed::default();
        let found = patterns(&[("x + y", "y + x"), ("x + y", "x + x")]);
        let [Some(one), Some(other)] = &found[..] else { panic!("they are short") };
        let (exact, random) = (Some(StepProof::Exact), Some(StepProof::Probabilistic));
        assert_eq!(renamed.proof(3, one), None);
        renamed.note(3, one.clone(), StepProof::Probabilistic);
        assert_eq!([renamed.proof(3, one), renamed.proof(4, one)], [random, None]);
        assert_eq!(renamed.proof(3, other), None);
        renamed.begin();
        assert_eq!(renamed.proof(3, one), None);
        renamed.note(3, one.clone(), StepProof::Exact);
        renamed.begin();
        assert_eq!([renamed.proof(3, one), renamed.proof(4, one)], [exact, exact]);
    }

    proptest! {
        #![proptest_config(crate::laws::laws(64))]

        /// Claims of one pattern have the same values wherever their variables have, under the
        /// renaming that the patterns say.
        #[test]
        fn a_pattern_is_that_of_its_shuffled_claim(
            shape in proptest::collection::vec((0..6usize, 0..4usize, 0..4usize), 1..12),
            turn in 0..24usize, flip: bool,
        ) {
            let mut names: Vec<&str> = vec!["a", "b", "c", "d"];
            for n in 0..3 {
                names.swap(n, n + (turn >> (2 * n)) % (4 - n));
            }
            let build = |names: &[&str], flip: bool| {
                let mut f = names[0].to_string();
                for (how, x, y) in &shape {
                    let (x, y) = (names[*x], names[*y]);
                    f = match (how, flip) {
                        (0, false) => format!("2*({f}) + {x}*{y}"),
                        (0, true) => format!("{y}*{x} + 2*({f})"),
                        (1, false) => format!("(({f}) + 1)*{x}"),
                        (1, true) => format!("{x}*(({f}) + 1)"),
                        (2, _) => format!("tanh({f})"),
                        (3, _) => format!("{x} - ({f})"),
                        (4, _) => format!("({f})/({y}^2 + 1)"),
                        (_, _) => format!("({f})^3"),
                    };
                }
                f
            };
            let [one, other] = [build(&["a", "b", "c", "d"], false), build(&names, flip)];
            // What both are compared with tells the names apart.
            let right = |names: &[&str]| {
                names.iter().zip(2..).map(|(name, n)| format!("{n}*{name}")).collect::<Vec<_>>()
            };
            let [rights, others] = [right(&["a", "b", "c", "d"]), right(&names)];
            let found = patterns(&[
                (&one, &rights.join(" + ")), (&other, &others.join(" + ")),
                (&format!("({one}) + 1"), &rights.join(" + ")),
            ]);
            prop_assert!(found[0].is_some() && found[0] == found[1], "{one}  {other}");
            prop_assert!(found[0] != found[2]);
        }
    }
}
