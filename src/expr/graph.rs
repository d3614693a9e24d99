//! The expression graph: an arena of small, interned, inert nodes.
//!
//! Invariants: children precede parents, so a pass is a loop over ids and nothing recurses;
//! constructors never simplify and keep the author's order of arguments; equal nodes made by
//! the constructors have equal ids; nodes never change. Hash tables are probed, never iterated,
//! so no output depends on hashing. A node that its maker knows to be new comes into the table
//! when a constructor next looks for one, so that a large network that nobody adds to has none.

use hashbrown::HashTable;

use super::Symbol;
use super::append::{Append, Fresh};
use super::descend::descend;
use super::node::{Args, ExprId, Node, NumberId, SymbolId};
use super::nodes::{List, Nodes, Packed, hash, hash_list};
use super::symbols::Symbols;
use crate::scalar::{Function, Rational};

/// An arena of expressions, with its symbols, numbers and argument lists.
///
/// ```
/// use backproof::expr::Graph;
/// let mut g = Graph::new();
/// let (w, x) = (g.var("w"), g.var("x"));
/// let wx = g.mul([w, x]);
/// assert_eq!(wx, g.mul([w, x]));          // equal expressions are one node
/// assert_ne!(wx, g.mul([x, w]));          // the author's order is kept
/// let zero = g.integer(0);
/// assert_ne!(g.add([zero, wx]), wx);      // nothing is simplified
/// ```
#[derive(Clone, Default)]
pub struct Graph {
    nodes: Nodes,
    symbols: Symbols,
    numbers: Vec<Rational>,
    /// The node of each number.
    number_nodes: Vec<ExprId>,
    number_table: HashTable<u32>,
    node_table: HashTable<u32>,
    /// From where to where there are nodes that the table still lacks.
    unlisted: Vec<(u32, u32)>,
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Graph {
        Graph::default()
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Every node but the first `from`, children before parents.
    pub(crate) fn ids_from(&self, from: usize) -> impl Iterator<Item = ExprId> + use<> {
        // Nodes are numbered by 32 bits.
        (from as u32..self.len() as u32).map(ExprId)
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[doc(hidden)]
    /// How many arguments all lists of arguments hold together.
    pub fn pool_len(&self) -> usize {
        self.nodes.args_len()
    }

    /// The node of `id`.
    #[inline]
    pub fn node(&self, id: ExprId) -> Node {
        self.nodes.get(id)
    }

    /// The arguments of a sum, product or max.
    #[inline]
    pub fn args(&self, args: Args) -> &[ExprId] {
        self.nodes.args(args)
    }

    /// The number behind its handle.
    pub fn number_of(&self, id: NumberId) -> &Rational {
        &self.numbers[id.0 as usize]
    }

    /// The symbol behind its handle.
    pub fn symbol(&self, id: SymbolId) -> &Symbol {
        self.symbols.get(id)
    }

    /// Every symbol, in the order in which they were first used.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.symbols.all()
    }

    #[doc(hidden)]
    /// How many symbols there are.
    pub fn symbol_count(&self) -> usize {
        self.symbols.len()
    }

    /// The handle of a symbol that is in use.
    pub fn find_symbol(&self, symbol: &Symbol) -> Option<SymbolId> {
        self.symbols.find(symbol)
    }

    /// The value, if this is a number literal.
    #[inline]
    pub fn as_number(&self, id: ExprId) -> Option<&Rational> {
        match self.node(id) {
            Node::Number(n) => Some(self.number_of(n)),
            _ => None,
        }
    }

    /// The whole number that this is, if it is written as one, perhaps with a sign or under a
    /// name: as an exponent it asks for no more than multiplication.
    pub fn as_whole(&self, id: ExprId) -> Option<i32> {
        let (mut e, mut sign) = (id, 1);
        loop {
            match self.node(e) {
                Node::Named(_, value) => e = value,
                Node::Neg(a) => (e, sign) = (a, -sign),
                Node::Number(n) => return self.number_of(n).to_i32()?.checked_mul(sign),
                _ => return None,
            }
        }
    }

    /// The symbol of a variable or a named quantity.
    #[inline]
    pub fn symbol_of(&self, id: ExprId) -> Option<SymbolId> {
        match self.node(id) {
            Node::Var(s) | Node::Named(s, _) => Some(s),
            _ => None,
        }
    }

    #[doc(hidden)]
    /// Calls `visit` with each child, in the author's order. `Partial` has two children, `of`
    /// and `by`; `Wins` has `max` and `arg`.
    pub fn for_children(&self, id: ExprId, mut visit: impl FnMut(ExprId)) {
        match self.node(id) {
            Node::Number(_) | Node::Var(_) => {}
            Node::Named(_, a) | Node::Neg(a) | Node::Call(_, a) => visit(a),
            Node::Sub(a, b)
            | Node::Div(a, b)
            | Node::Pow(a, b)
            | Node::Wins { max: a, arg: b }
            | Node::Partial { of: a, by: b } => {
                visit(a);
                visit(b);
            }
            Node::Add(args) | Node::Mul(args) | Node::Max(args) => {
                self.args(args).iter().copied().for_each(visit)
            }
        }
    }

    /// The children, in the author's order.
    pub fn children(&self, id: ExprId) -> Vec<ExprId> {
        match self.node(id) {
            Node::Number(_) | Node::Var(_) => Vec::new(),
            Node::Named(_, a) | Node::Neg(a) | Node::Call(_, a) => vec![a],
            Node::Sub(a, b)
            | Node::Div(a, b)
            | Node::Pow(a, b)
            | Node::Wins { max: a, arg: b }
            | Node::Partial { of: a, by: b } => vec![a, b],
            Node::Add(args) | Node::Mul(args) | Node::Max(args) => self.args(args).to_vec(),
        }
    }

    /// The child of that number, if there are so many.
    pub(crate) fn child(&self, id: ExprId, n: usize) -> Option<ExprId> {
        match self.node(id) {
            Node::Number(_) | Node::Var(_) => None,
            Node::Named(_, a) | Node::Neg(a) | Node::Call(_, a) => [a].get(n).copied(),
            Node::Sub(a, b)
            | Node::Div(a, b)
            | Node::Pow(a, b)
            | Node::Wins { max: a, arg: b }
            | Node::Partial { of: a, by: b } => [a, b].get(n).copied(),
            Node::Add(args) | Node::Mul(args) | Node::Max(args) => self.args(args).get(n).copied(),
        }
    }

    #[doc(hidden)]
    /// Everything below `roots` and the roots themselves, children before parents, each once.
    pub fn reachable(&self, roots: &[ExprId]) -> Vec<ExprId> {
        descend(roots, |id, mark| self.for_children(id, mark))
    }

    /// Interns a node that has no argument list.
    pub(super) fn intern(&mut self, node: Node) -> ExprId {
        self.intern_packed(Packed::of(node))
    }

    fn intern_packed(&mut self, packed: Packed) -> ExprId {
        self.list();
        let key = packed.hash();
        if let Some(found) = self.node_table.find(key, |id| self.nodes.is(*id, packed)) {
            return ExprId(*found);
        }
        let id = self.nodes.push(packed);
        self.node_table.insert_unique(key, id.0, |id| self.nodes.hash(*id));
        id
    }

    /// Brings the table up to date.
    #[inline]
    fn list(&mut self) {
        if !self.unlisted.is_empty() {
            self.list_all();
        }
    }

    #[cold]
    fn list_all(&mut self) {
        let nodes = &self.nodes;
        let rehash = |id: &u32| nodes.hash(*id);
        let ranges = std::mem::take(&mut self.unlisted);
        let count = ranges.iter().map(|(start, end)| (end - start) as usize).sum();
        self.node_table.reserve(count, rehash);
        for id in ranges.into_iter().flat_map(|(start, end)| start..end) {
            let key = rehash(&id);
            debug_assert!(
                self.node_table.find(key, |other| nodes.same(*other, id)).is_none(),
                "{id} was taken for new: {:?}",
                nodes.get(ExprId(id))
            );
            self.node_table.insert_unique(key, id, rehash);
        }
    }

    /// Notes that the table lacks a node that is new and to be found.
    pub(super) fn list_later(&mut self, id: ExprId) -> ExprId {
        match self.unlisted.last_mut() {
            Some((_, end)) if *end == id.0 => *end += 1,
            _ => self.unlisted.push((id.0, id.0 + 1)),
        }
        id
    }

    #[inline]
    pub(super) fn push(&mut self, node: Node) -> ExprId {
        self.nodes.push(Packed::of(node))
    }

    /// Interns an n-ary node: looks the arguments up before it copies them into the pool.
    pub(super) fn intern_args(&mut self, list: List, args: &[ExprId]) -> ExprId {
        if let [a, b] = *args {
            return self.intern_packed(Packed::pair(list, [a, b]));
        }
        self.list();
        let key = hash_list(list, args);
        let same = |id: &u32| self.nodes.is_list(*id, list, args);
        if let Some(found) = self.node_table.find(key, same) {
            return ExprId(*found);
        }
        let id = self.nodes.push_list(list, args);
        self.node_table.insert_unique(key, id.0, |id| self.nodes.hash(*id));
        id
    }

    /// What is appended goes into this.
    #[inline]
    pub(super) fn nodes_mut(&mut self) -> &mut Nodes {
        &mut self.nodes
    }

    #[doc(hidden)]
    /// Constructors that do not look whether there is an equal node, for whoever makes many that
    /// are new by construction.
    ///
    /// ```
    /// let mut g = backproof::Graph::new();
    /// let (w, x) = (g.var("w"), g.var("x"));
    /// let wx = g.append().mul(&[w, x]);
    /// assert_eq!(backproof::print_formula(&g, wx), "w*x");
    /// assert_ne!(g.mul([w, x]), wx);          // the one is not found when the other is made
    /// ```
    pub fn append(&mut self) -> Append<'_> {
        self.making(false)
    }

    /// The constructors of [`Graph::append`], which find an equal node if they are to `look`.
    #[inline]
    pub(crate) fn making(&mut self, look: bool) -> Append<'_> {
        Append { g: self, look }
    }

    /// Constructors for whoever knows that there is no equal node, and wants the node to be found
    /// later on: as the others, but for what they cost.
    pub(crate) fn fresh(&mut self) -> Fresh<'_> {
        Fresh { g: self }
    }

    #[doc(hidden)]
    /// The handle of `symbol`, new or known.
    pub fn intern_symbol(&mut self, symbol: Symbol) -> SymbolId {
        self.symbols.intern(symbol)
    }

    /// The free variables that are the cells of a tensor, row-major.
    pub(crate) fn cells(&mut self, name: &str, lengths: &[usize]) -> Vec<ExprId> {
        self.for_cells(name, lengths, |_, symbol| Node::Var(symbol))
    }

    /// `values` as the cells of a tensor, row-major.
    pub(crate) fn named_cells(
        &mut self,
        name: &str,
        lengths: &[usize],
        values: &[ExprId],
    ) -> Vec<ExprId> {
        self.for_cells(name, lengths, |n, symbol| Node::Named(symbol, values[n]))
    }

    fn for_cells(
        &mut self,
        name: &str,
        lengths: &[usize],
        node: impl Fn(usize, SymbolId) -> Node,
    ) -> Vec<ExprId> {
        let before = self.symbols.len();
        let (symbols, new) = match lengths {
            [] => {
                let symbol = self.symbols.intern(Symbol::named(name));
                (vec![symbol], self.symbols.len() > before)
            }
            _ => self.symbols.cells(name, lengths),
        };
        let nodes = symbols.into_iter().enumerate().map(|(n, symbol)| node(n, symbol));
        match new {
            // What has a symbol that was not there is not there.
            true => nodes.map(|node| self.fresh().push(node)).collect(),
            false => nodes.map(|node| self.intern(node)).collect(),
        }
    }

    /// An exact number.
    pub fn number(&mut self, q: &Rational) -> ExprId {
        let key = hash(q);
        let known = self.number_table.find(key, |i| self.numbers[*i as usize] == *q).copied();
        if let Some(id) = known {
            return self.number_nodes[id as usize];
        }
        let id = self.numbers.len() as u32;
        self.numbers.push(q.clone());
        let numbers = &self.numbers;
        self.number_table.insert_unique(key, id, |i| hash(&numbers[*i as usize]));
        // A number is found by its own table, and by no other.
        let node = self.push(Node::Number(NumberId(id)));
        self.number_nodes.push(node);
        node
    }

    /// A whole number.
    pub fn integer(&mut self, n: i64) -> ExprId {
        self.number(&Rational::from(n))
    }

    /// The free variable of that name.
    pub fn var(&mut self, name: &str) -> ExprId {
        self.var_symbol(Symbol::named(name))
    }

    /// The free variable of that symbol.
    pub fn var_symbol(&mut self, symbol: Symbol) -> ExprId {
        let s = self.intern_symbol(symbol);
        self.intern(Node::Var(s))
    }

    /// `value` under a name: text prints the name, evaluation the value.
    pub fn named(&mut self, name: &str, value: ExprId) -> ExprId {
        self.named_symbol(Symbol::named(name), value)
    }

    /// `value` under a symbol.
    pub fn named_symbol(&mut self, symbol: Symbol, value: ExprId) -> ExprId {
        let s = self.intern_symbol(symbol);
        self.intern(Node::Named(s, value))
    }

    /// −a.
    pub fn neg(&mut self, a: ExprId) -> ExprId {
        self.intern(Node::Neg(a))
    }

    /// a − b.
    pub fn sub(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.intern(Node::Sub(a, b))
    }

    /// a / b.
    pub fn div(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.intern(Node::Div(a, b))
    }

    /// a to the power b.
    pub fn pow(&mut self, a: ExprId, b: ExprId) -> ExprId {
        self.intern(Node::Pow(a, b))
    }

    /// The sum of `args` in their order, however many.
    pub fn add(&mut self, args: impl AsRef<[ExprId]>) -> ExprId {
        self.intern_args(List::Add, args.as_ref())
    }

    /// The product of `args` in their order, however many.
    pub fn mul(&mut self, args: impl AsRef<[ExprId]>) -> ExprId {
        self.intern_args(List::Mul, args.as_ref())
    }

    /// The greatest of `args`.
    ///
    /// # Panics
    /// If `args` is empty: nothing is the greatest of nothing.
    pub fn max(&mut self, args: impl AsRef<[ExprId]>) -> ExprId {
        assert!(!args.as_ref().is_empty(), "a max needs an argument");
        self.intern_args(List::Max, args.as_ref())
    }

    /// An elementary function of `a`.
    pub fn call(&mut self, function: Function, a: ExprId) -> ExprId {
        self.intern(Node::Call(function, a))
    }

    /// 1 where `arg` wins `max`, else 0.
    ///
    /// # Panics
    /// If `max` is no `Max` node; in debug builds, if `arg` is none of its arguments. (The reverse
    /// sweep asks for every argument of a max, which would take n² comparisons.)
    pub fn wins(&mut self, max: ExprId, arg: ExprId) -> ExprId {
        let Node::Max(args) = self.node(max) else { panic!("wins() is about a max") };
        debug_assert!(self.args(args).contains(&arg), "wins() is about an argument of its max");
        self.intern(Node::Wins { max, arg })
    }

    #[doc(hidden)]
    /// The node of `like` over other children, as many as it has.
    pub fn rebuild(&mut self, like: ExprId, children: &[ExprId]) -> ExprId {
        match self.node(like) {
            Node::Number(_) | Node::Var(_) => like,
            Node::Named(s, _) => self.intern(Node::Named(s, children[0])),
            Node::Neg(_) => self.neg(children[0]),
            Node::Call(f, _) => self.call(f, children[0]),
            Node::Sub(..) => self.sub(children[0], children[1]),
            Node::Div(..) => self.div(children[0], children[1]),
            Node::Pow(..) => self.pow(children[0], children[1]),
            Node::Wins { .. } => self.wins(children[0], children[1]),
            Node::Partial { .. } => self.partial(children[0], children[1]),
            Node::Max(_) => self.max(children),
            Node::Add(_) => self.add(children),
            Node::Mul(_) => self.mul(children),
        }
    }

    /// ∂of/∂by, not carried out.
    pub fn partial(&mut self, of: ExprId, by: ExprId) -> ExprId {
        self.intern(Node::Partial { of, by })
    }
}
