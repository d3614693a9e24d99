//! Everything that is known of the names of a document: cells of the network, the author's own
//! definitions, values, functions, what words say.
//!
//! Invariant: a name that stands for nothing is a free variable, and the scope remembers that it is.

mod definitions;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use definitions::{Certainty, Definition, Meaning, dropped, of_elements};

use super::build::AnyFunctions;
use super::claim::{names_in, statements};
use super::document::Document;
use super::givens::GivenSum;
use super::indices::Indices;
use super::losses::Loss;
use super::names::{Cells, Convention, spelled};
use super::properties::Property;
use super::prose::Outline;
use super::reach::Reach;
use super::tex::syntax::{Expr, FormulaKind, Name};
use super::tex::unaccented;
use super::values::Values;
use crate::expr::{ExprId, Graph, Node, Symbol, SymbolId, Winners};

/// How many definitions may stand inside one another.
pub const MAX_DEFINITION_DEPTH: usize = 200;

/// \bar{u} = ∂L/∂u, for each u.
#[derive(Clone, Debug)]
pub(super) struct Adjoint {
    /// In which item of the document it is said.
    pub(super) at: usize,
    /// The accent, as a combining sign.
    pub(super) mark: char,
    /// What is differentiated.
    pub(super) of: Expr,
}

/// Everything that names may stand for.
pub(super) struct Scope<'a> {
    pub(super) graph: Graph,
    pub(super) cells: Option<Cells<'a>>,
    pub(super) convention: Convention,
    pub(super) winners: Winners,
    /// Definitions by the spelling of their name, in the order of the document.
    pub(super) definitions: BTreeMap<String, Vec<Definition>>,
    /// Numbers that the document or the network gives to names.
    pub(super) values: Values,
    /// The spellings of names that are factors somewhere and functions nowhere: η of "η ∂E/∂w" is
    /// a quantity, and η(t − y) a product.
    pub(super) plain: BTreeSet<String>,
    /// What those are called apart from their indices.
    pub(super) plain_keys: BTreeSet<String>,
    /// What letters run over.
    pub(super) indices: Indices,
    /// The values of letters for the element that is being judged.
    pub(super) letters: BTreeMap<String, i64>,
    /// Whether what is built rests on a run that nothing says.
    pub(super) supposed: bool,
    /// Whether a sum went over a run of which it is not certain that it is meant.
    pub(super) loose: bool,
    /// Whether a δ was taken for Kronecker's without his name.
    pub(super) guessed: bool,
    /// Definitions that are too large to be built.
    pub(super) too_large: BTreeSet<(String, usize)>,
    /// How many operations were read for what is being built.
    pub(super) work: usize,
    /// Of each node of the graph, whether a derivative stands in it, as far as that was asked.
    pub(super) partials: Vec<bool>,
    /// How many were read in this document for what came to nothing, being too large.
    pub(super) wasted: usize,
    /// Those of `built` that do.
    pub(super) supposing: BTreeSet<(String, usize)>,
    /// Where each formula stands, and what the words before it make of it.
    pub(super) outline: Outline,
    /// The spellings of names that words declare as given.
    pub(super) spoken: BTreeSet<String>,
    /// Names that may be an element that another name is, with the stem of that.
    pub(super) unsettled: BTreeMap<String, String>,
    /// What words say of names, and no formula does.
    pub(super) properties: Vec<Property>,
    /// The spellings of names whose only definition could not be read: they may depend on anything.
    pub(super) unread: BTreeSet<String>,
    /// Those names themselves.
    pub(super) unread_names: Vec<Name>,
    /// What names are called, apart from their indices, that a definition is made of, or that
    /// something is differentiated by, each with the first and the last item that shows it.
    pub(super) introduced: BTreeMap<String, (usize, usize)>,
    /// What an accent means, where the document says it of every quantity: ū is ∂L/∂u.
    pub(super) adjoint: Option<Adjoint>,
    /// The stems of names that are arrays for certain: they are always bold.
    pub(super) bold: BTreeSet<String>,
    /// Whether the words speak of derivatives.
    pub(super) speaks_of_slopes: bool,
    /// What is known of who depends on whom.
    pub(super) reach: Reach,
    /// Letters with a usual meaning that words give another one.
    pub(super) otherwise: BTreeSet<char>,
    /// The functions that the document applies and nobody defines, and those of them that the words
    /// call any function.
    pub(super) functions: BTreeSet<String>,
    pub(super) said_any: BTreeSet<String>,
    /// What stands for those.
    pub(super) any_functions: AnyFunctions,
    /// What speaks against a refutation of what was built last: readings of it that are not
    /// certain.
    pub(super) doubts: Vec<String>,
    /// Where functions of several variables are defined, by the names of these.
    pub(super) variables: BTreeMap<String, Vec<usize>>,
    /// Whether a function of several examples is that of the last one before, where what is said of
    /// it does not hold of any function.
    pub(super) nearest: bool,
    /// What was taken for given in what was built last, that is no name: a function that has a slope.
    pub(super) taken: BTreeSet<String>,
    /// Whether the words speak of complex numbers, among which i is one.
    pub(super) complex: bool,
    /// Whether the words speak of Kronecker, whose δ has two indices.
    pub(super) kronecker: bool,
    /// How the author calls cells of the network, where he counts otherwise than it does.
    pub(super) authors: BTreeMap<SymbolId, String>,
    /// Symbols that are known to depend on nothing.
    pub(super) leaves: BTreeSet<SymbolId>,
    /// Equations, by their item and the name on their left, that say where something holds and
    /// do not define the name.
    pub(super) solved: BTreeSet<(usize, String)>,
    /// Those of the leaves that are declared in words, or by the network.
    pub(super) declared: BTreeSet<SymbolId>,
    /// Where a name is defined by its square, σ² = ….
    pub(super) squares: BTreeSet<(usize, String)>,
    /// Losses without a definition, by their variable.
    pub(super) losses: BTreeMap<ExprId, Loss>,
    /// What layers are made of, by what it is called apart from its indices: it has a first member
    /// that nothing defines.
    pub(super) starts: BTreeSet<String>,
    /// Costs that nobody defines, which are any function of the last layer, and whether words speak
    /// of a cost.
    pub(super) costs: BTreeMap<String, bool>,
    /// Sums that are given.
    pub(super) givens: Vec<GivenSum>,
    /// The maxima so far by their arguments, sorted: max{a, b} and max{b, a} are decided once.
    pub(super) maxima: BTreeMap<Vec<ExprId>, ExprId>,
    /// What each definition was built into.
    pub(super) built: BTreeMap<(String, usize), ExprId>,
    /// The definitions that are being built.
    pub(super) open: Vec<(String, usize)>,
}

/// What a row rests on: see the fields of the same names of [`Scope`].
pub(super) struct Rests {
    supposed: bool,
    loose: bool,
    guessed: bool,
    doubts: Vec<String>,
    taken: BTreeSet<String>,
}

impl<'a> Scope<'a> {
    /// A scope without a definition of the author's.
    pub(super) fn new(cells: Option<Cells<'a>>) -> Scope<'a> {
        let lowered = cells.as_ref().map(|c| c.lowered);
        let graph = lowered.map_or_else(Graph::new, |l| l.graph.clone());
        let winners = lowered.map_or_else(Winners::new, |l| l.winners.clone());
        let values = lowered.map_or_else(BTreeMap::new, |l| l.values.clone());
        let values = Values::of_network(values);
        let mut leaves = BTreeSet::new();
        if let Some(cells) = &cells {
            for (id, _) in cells.net.quantities() {
                if cells.is_leaf(id) {
                    let all = cells.lowered.of(id).iter();
                    leaves.extend(all.filter_map(|cell| graph.symbol_of(*cell)));
                }
            }
        }
        let mut maxima = BTreeMap::new();
        for maximum in lowered.map_or(&[][..], |l| &l.maxima) {
            if let Node::Max(args) = graph.node(maximum.max) {
                maxima.insert(sorted(graph.args(args)), maximum.max);
            }
        }
        Scope {
            graph,
            cells,
            convention: Convention::default(),
            winners,
            definitions: BTreeMap::new(),
            values,
            plain: BTreeSet::new(),
            plain_keys: BTreeSet::new(),
            indices: Indices::default(),
            letters: BTreeMap::new(),
            supposed: false,
            guessed: false,
            loose: false,
            too_large: BTreeSet::new(),
            work: 0,
            wasted: 0,
            partials: Vec::new(),
            supposing: BTreeSet::new(),
            outline: Outline::default(),
            spoken: BTreeSet::new(),
            introduced: BTreeMap::new(),
            unsettled: BTreeMap::new(),
            properties: Vec::new(),
            speaks_of_slopes: false,
            reach: Reach::default(),
            unread: BTreeSet::new(),
            unread_names: Vec::new(),
            otherwise: BTreeSet::new(),
            adjoint: None,
            bold: BTreeSet::new(),
            functions: BTreeSet::new(),
            said_any: BTreeSet::new(),
            any_functions: AnyFunctions::new(),
            doubts: Vec::new(),
            variables: BTreeMap::new(),
            nearest: false,
            taken: BTreeSet::new(),
            complex: false,
            kronecker: false,
            authors: BTreeMap::new(),
            leaves,
            solved: BTreeSet::new(),
            squares: BTreeSet::new(),
            declared: BTreeSet::new(),
            losses: BTreeMap::new(),
            starts: BTreeSet::new(),
            costs: BTreeMap::new(),
            givens: Vec::new(),
            maxima,
            built: BTreeMap::new(),
            open: Vec::new(),
        }
    }

    /// Notes how the author calls the cells of the network.
    pub(super) fn know_authors(&mut self, document: &Document<'_>) {
        if self.convention == Convention::default() {
            return;
        }
        for name in statements(document).flat_map(|(_, _, s)| names_in(s)) {
            if let Some(symbol) = self.cell(&name).and_then(|cell| self.graph.symbol_of(cell)) {
                self.authors.entry(symbol).or_insert_with(|| spelled(&name));
            }
        }
    }

    /// The name of a symbol, as the author has it.
    pub(super) fn shown(&self, symbol: SymbolId) -> String {
        match self.authors.get(&symbol) {
            Some(name) => name.clone(),
            None => self.graph.symbol(symbol).spelling().into_owned(),
        }
    }

    /// The symbol of a name, if it has one: that of its cell in the network, or its own.
    pub(super) fn known_symbol(&self, name: &Name) -> Option<SymbolId> {
        match self.cell(name).and_then(|cell| self.graph.symbol_of(cell)) {
            Some(symbol) => Some(symbol),
            None => self.graph.find_symbol(&Symbol::named(&spelled(name))),
        }
    }

    /// The same, made where there is none.
    pub(super) fn symbol_of(&mut self, name: &Name) -> SymbolId {
        match self.known_symbol(name) {
            Some(symbol) => symbol,
            None => self.symbol(&spelled(name)),
        }
    }

    /// The names of the elements that a name stands for, itself where it has no letter for an
    /// index.
    pub(super) fn each_element(&self, name: &Name) -> Vec<Name> {
        if !self.has_index(name) {
            return vec![name.clone()];
        }
        let expr = Expr { kind: FormulaKind::Name(name.clone()), span: 0..0 };
        self.elements(&[&expr], &[]).all.iter().map(|e| self.indices.at(name, e)).collect()
    }

    /// The cell of the network that a name stands for.
    pub(super) fn cell(&self, name: &Name) -> Option<ExprId> {
        self.cells.as_ref()?.find(name, &self.convention).map(|found| found.cell)
    }

    /// What the row that is being judged rests on so far.
    pub(super) fn rests(&self) -> Rests {
        Rests {
            supposed: self.supposed,
            loose: self.loose,
            guessed: self.guessed,
            doubts: self.doubts.clone(),
            taken: self.taken.clone(),
        }
    }

    /// Goes back to what a row rested on.
    pub(super) fn rest_on(&mut self, rests: Rests) {
        let Rests { supposed, loose, guessed, doubts, taken } = rests;
        self.taken = taken;
        (self.supposed, self.loose, self.guessed, self.doubts) = (supposed, loose, guessed, doubts);
    }

    /// Forgets the numbers that the document told for an example.
    pub(super) fn forget_told(&mut self, at: usize) {
        self.values.end(at);
    }

    /// Whether a name without a definition is a quantity of the document for certain: words
    /// declare it, a definition is made of it, or something is differentiated by it. The row at
    /// hand says nothing of that: y = σ(wx) = σ(z) tells what z is.
    pub(super) fn is_introduced(&self, name: &Name, at: usize) -> bool {
        let key = self.indices.items(name).0;
        let elsewhere = |(first, last): &(usize, usize)| *first != at || *last != at;
        self.spoken.contains(&spelled(name))
            || self.introduced.get(&key).is_some_and(elsewhere)
            || self
                .known_symbol(name)
                .is_some_and(|symbol| self.leaves.contains(&symbol) || self.values.has(symbol))
    }

    /// Whether an equation of the document says where something holds by a value of this name, or
    /// what it is in a way that could not be read: it is no constant, whatever it is.
    pub(super) fn is_solved(&self, symbol: SymbolId) -> bool {
        let name = self.graph.symbol(symbol).spelling();
        self.unread.contains(&*name) || self.solved.iter().any(|(_, solved)| *solved == *name)
    }

    /// The quantity by which a name with the accent of derivatives says that something is
    /// differentiated.
    pub(super) fn adjoint_of(&self, name: &Name) -> Option<Name> {
        let adjoint = self.adjoint.as_ref()?;
        let (stem, mark) = unaccented(&name.stem)?;
        (mark == adjoint.mark).then(|| Name { stem, ..name.clone() })
    }

    /// Whether another element of what a variable is an element of stands in an expression: z_1 is
    /// made of w_11 and w_12, and so the document says where w_21 acts, and that it is not here.
    pub(super) fn reaches_family(&self, of: ExprId, by: ExprId) -> bool {
        let family = |id: ExprId| {
            let name = self.graph.symbol_of(id).map(|s| self.graph.symbol(s).spelling());
            name.and_then(|name| name.rsplit_once('_').map(|(stem, _)| stem.to_string()))
        };
        let Some(own) = family(by) else { return false };
        self.graph.reachable(&[of]).into_iter().any(|id| {
            matches!(self.graph.node(id), Node::Var(_)) && family(id).as_ref() == Some(&own)
        })
    }

    /// Whether the value of `of` can change when `by` is moved.
    pub(super) fn depends(&self, of: ExprId, by: ExprId) -> bool {
        self.reach.depends(&self.graph, of, by)
    }
}

/// A set of arguments, whatever their order.
pub(super) fn sorted(args: &[ExprId]) -> Vec<ExprId> {
    let mut all = args.to_vec();
    all.sort_unstable();
    all.dedup();
    all
}
