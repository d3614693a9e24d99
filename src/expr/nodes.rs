//! How a graph holds its nodes: nine bytes each, which say all of most nodes.
//!
//! In: nodes, one after the other. Out: the same nodes, by their numbers. What always holds: a
//! list of two arguments stands in the two words of its own node, so that a product takes no more
//! room than a difference; a longer or shorter one stands in the pool, where who fills a sum bit
//! by bit may reserve room for one of any length. Equal nodes that were given with their arguments
//! have equal words.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::node::{Args, ExprId, Node, NumberId, SymbolId};
use crate::scalar::Function;

/// All nodes of a graph.
#[derive(Clone, Default)]
pub(super) struct Nodes {
    tags: Vec<Tag>,
    words: Vec<[ExprId; 2]>,
    pool: Vec<ExprId>,
    /// How many lists of two stand in the words of their nodes.
    pairs: usize,
}

/// Which operation a node is. A pair is a list of two arguments.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Tag {
    Number,
    Var,
    Named,
    Neg,
    Sub,
    Div,
    Pow,
    Add,
    AddPair,
    Mul,
    MulPair,
    Max,
    MaxPair,
    Wins,
    Partial,
    Call(Function),
}

/// The operations that take a list of arguments.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Add,
    Mul,
    Max,
}

/// A node as it is held.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Packed {
    tag: Tag,
    words: [ExprId; 2],
}

impl Packed {
    /// A node without a list.
    ///
    /// # Panics
    /// If the node has a list: that comes by [`Packed::pair`], or into the pool.
    #[inline]
    pub(super) fn of(node: Node) -> Packed {
        let none = ExprId(0);
        let (tag, words) = match node {
            Node::Number(n) => (Tag::Number, [ExprId(n.0), none]),
            Node::Var(s) => (Tag::Var, [ExprId(s.0), none]),
            Node::Named(s, a) => (Tag::Named, [ExprId(s.0), a]),
            Node::Neg(a) => (Tag::Neg, [a, none]),
            Node::Sub(a, b) => (Tag::Sub, [a, b]),
            Node::Div(a, b) => (Tag::Div, [a, b]),
            Node::Pow(a, b) => (Tag::Pow, [a, b]),
            Node::Call(function, a) => (Tag::Call(function), [a, none]),
            Node::Wins { max, arg } => (Tag::Wins, [max, arg]),
            Node::Partial { of, by } => (Tag::Partial, [of, by]),
            Node::Add(_) | Node::Mul(_) | Node::Max(_) => unreachable!("lists come by themselves"),
        };
        Packed { tag, words }
    }

    /// A node with two arguments in a list.
    #[inline]
    pub(super) fn pair(list: List, words: [ExprId; 2]) -> Packed {
        let tag = match list {
            List::Add => Tag::AddPair,
            List::Mul => Tag::MulPair,
            List::Max => Tag::MaxPair,
        };
        Packed { tag, words }
    }

    pub(super) fn hash(self) -> u64 {
        hash(&self)
    }
}

impl Nodes {
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.tags.len()
    }

    /// How many arguments all lists hold together.
    pub(super) fn args_len(&self) -> usize {
        self.pool.len() + 2 * self.pairs
    }

    #[inline]
    pub(super) fn get(&self, id: ExprId) -> Node {
        let [a, b] = self.words[id.index()];
        let pool = Args { start: a.0, len: b.0 };
        let here = Args { start: id.0, len: 2 | Args::HERE };
        match self.tags[id.index()] {
            Tag::Number => Node::Number(NumberId(a.0)),
            Tag::Var => Node::Var(SymbolId(a.0)),
            Tag::Named => Node::Named(SymbolId(a.0), b),
            Tag::Neg => Node::Neg(a),
            Tag::Sub => Node::Sub(a, b),
            Tag::Div => Node::Div(a, b),
            Tag::Pow => Node::Pow(a, b),
            Tag::Add => Node::Add(pool),
            Tag::AddPair => Node::Add(here),
            Tag::Mul => Node::Mul(pool),
            Tag::MulPair => Node::Mul(here),
            Tag::Max => Node::Max(pool),
            Tag::MaxPair => Node::Max(here),
            Tag::Wins => Node::Wins { max: a, arg: b },
            Tag::Partial => Node::Partial { of: a, by: b },
            Tag::Call(function) => Node::Call(function, a),
        }
    }

    #[inline]
    pub(super) fn args(&self, args: Args) -> &[ExprId] {
        let start = args.start as usize;
        match args.len & Args::HERE {
            0 => &self.pool[start..start + args.len as usize],
            _ => &self.words[start],
        }
    }

    /// Whether that node is this one.
    #[inline]
    pub(super) fn is(&self, id: u32, packed: Packed) -> bool {
        self.tags[id as usize] == packed.tag && self.words[id as usize] == packed.words
    }

    /// Whether that node has this list, which is in the pool.
    #[inline]
    pub(super) fn is_list(&self, id: u32, list: List, args: &[ExprId]) -> bool {
        match (self.get(ExprId(id)), list) {
            (Node::Add(a), List::Add) | (Node::Mul(a), List::Mul) | (Node::Max(a), List::Max) => {
                self.args(a) == args
            }
            _ => false,
        }
    }

    /// Whether two nodes are equal.
    pub(super) fn same(&self, a: u32, b: u32) -> bool {
        let list = |id: u32| match self.get(ExprId(id)) {
            Node::Add(args) => Some((List::Add, self.args(args))),
            Node::Mul(args) => Some((List::Mul, self.args(args))),
            Node::Max(args) => Some((List::Max, self.args(args))),
            _ => None,
        };
        match list(a) {
            Some(found) => Some(found) == list(b),
            None => self.get(ExprId(a)) == self.get(ExprId(b)),
        }
    }

    #[inline]
    pub(super) fn push(&mut self, Packed { tag, words }: Packed) -> ExprId {
        let id = ExprId(u32::try_from(self.len()).expect("limits keep graphs below 2^32"));
        self.pairs += usize::from(matches!(tag, Tag::AddPair | Tag::MulPair | Tag::MaxPair));
        self.tags.push(tag);
        self.words.push(words);
        id
    }

    /// A node with a list of arguments, wherever that belongs.
    #[inline]
    pub(super) fn push_list(&mut self, list: List, args: &[ExprId]) -> ExprId {
        match *args {
            [a, b] => self.push(Packed::pair(list, [a, b])),
            _ => {
                let start = place(self.pool.len());
                self.pool.extend_from_slice(args);
                self.push_pooled(list, Args { start, len: args.len() as u32 })
            }
        }
    }

    /// A node whose list is in the pool already.
    pub(super) fn push_pooled(&mut self, list: List, args: Args) -> ExprId {
        let tag = match list {
            List::Add => Tag::Add,
            List::Mul => Tag::Mul,
            List::Max => Tag::Max,
        };
        self.push(Packed { tag, words: [ExprId(args.start), ExprId(args.len)] })
    }

    /// Takes memory for so many nodes and arguments in the pool at once, and not bit by bit.
    pub(super) fn reserve(&mut self, nodes: usize, args: usize) {
        self.tags.reserve(nodes);
        self.words.reserve(nodes);
        self.pool.reserve(args);
    }

    /// Room in the pool, to be filled by [`Nodes::put`]; until then, what stands there is any node.
    pub(super) fn room(&mut self, args: usize) -> u32 {
        let start = self.pool.len();
        self.pool.resize(start + args, ExprId(0));
        place(self.pool.len());
        place(start)
    }

    #[inline]
    pub(super) fn put(&mut self, place: u32, arg: ExprId) {
        self.pool[place as usize] = arg;
    }

    /// What a node is found by in a table.
    pub(super) fn hash(&self, id: u32) -> u64 {
        match self.get(ExprId(id)) {
            Node::Add(args) if !args.is_here() => hash_list(List::Add, self.args(args)),
            Node::Mul(args) if !args.is_here() => hash_list(List::Mul, self.args(args)),
            Node::Max(args) if !args.is_here() => hash_list(List::Max, self.args(args)),
            _ => Packed { tag: self.tags[id as usize], words: self.words[id as usize] }.hash(),
        }
    }
}

/// A place in the pool.
fn place(n: usize) -> u32 {
    u32::try_from(n).expect("limits keep pools below 2^32")
}

pub(super) fn hash<T: Hash>(value: &T) -> u64 {
    let mut h = FxHasher::default();
    value.hash(&mut h);
    h.finish()
}

/// What a node is found by whose list is in the pool.
pub(super) fn hash_list(list: List, args: &[ExprId]) -> u64 {
    let mut h = FxHasher::default();
    (list as u8).hash(&mut h);
    args.hash(&mut h);
    h.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Graph;

    #[test]
    fn a_node_takes_nine_bytes() {
        assert_eq!((size_of::<Tag>(), size_of::<[ExprId; 2]>()), (1, 8));
    }

    /// Lists of every length come back as they were given, are found again, and are counted.
    #[test]
    fn lists_of_every_length_are_kept() {
        let mut g = Graph::new();
        let all: Vec<ExprId> = (0..5).map(|n| g.var(&format!("v{n}"))).collect();
        let mut count = 0;
        for len in 1..=all.len() {
            let list = &all[..len];
            let made = [g.add(list), g.mul(list), g.max(list)];
            count += 3 * len;
            for id in made {
                assert_eq!(g.children(id), list);
                let (Node::Add(args) | Node::Mul(args) | Node::Max(args)) = g.node(id) else {
                    panic!("{:?} is no list", g.node(id))
                };
                assert_eq!((args.len(), args.is_empty(), g.args(args)), (len, false, list));
            }
            let same = |a: Node, b: Node| std::mem::discriminant(&a) == std::mem::discriminant(&b);
            assert!(!same(g.node(made[0]), g.node(made[1])));
            assert_eq!([g.add(list), g.mul(list), g.max(list)], made);
            assert_eq!(g.pool_len(), count);
        }
        let empty = g.add([]);
        assert_eq!((g.children(empty), g.add([])), (vec![], empty));
        let two = [all[0], all[1]];
        assert_ne!(g.add(two), g.add([two[1], two[0]]));
        assert_ne!(g.sub(two[0], two[1]), g.add(two));
    }

    /// A sum of two that was filled bit by bit is as good as any other.
    #[test]
    fn a_sum_that_was_filled_is_read_like_any_other() {
        let mut g = Graph::new();
        let two = [g.var("a"), g.var("b")];
        let start = g.append().room(2);
        (0..2).for_each(|n| g.append().put(start + n, two[n as usize]));
        let filled = g.append().sum_there(start, 2);
        assert_eq!(g.children(filled), two);
        let found = g.add(two);
        assert_eq!((g.children(found), g.add(two)), (two.to_vec(), found));
    }
}
