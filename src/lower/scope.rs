//! Formulas that speak of a network's quantities: `(t - r_fc)*(-w_fc)*i_31`.

use rustc_hash::FxHashMap;

use super::Lowered;
use crate::diag::{Error, Kind, nearest};
use crate::expr::{ExprId, Node, Symbol};
use crate::lang::parse_formula;
use crate::net::split_subscript;

impl Lowered {
    /// Reads a formula in which the names of the network stand for its quantities: `r_fc` is
    /// the network's r_fc with its definition, `c[1,0]` or `c_10` that cell.
    ///
    /// # Errors
    /// Those of [`parse_formula`], and of kind `Name` for a name that the network does not have.
    ///
    /// ```
    /// let net = backproof::parse_network("input x\nparam w\ny = w*x\nE = y^2")?;
    /// let mut lowered = backproof::lower(&net)?;
    /// let claim = lowered.parse("2*y*x")?;
    /// let w = lowered.parse("w")?;
    /// let slope = lowered.graph.partial(lowered.loss, w);
    /// let context = backproof::proof::Context {
    ///     winners: &lowered.winners,
    ///     leaves: backproof::proof::Leaves::All,
    /// };
    /// assert!(backproof::prove_in(&lowered.graph, slope, claim, &context).is_proved());
    /// # Ok::<(), backproof::Error>(())
    /// ```
    pub fn parse(&mut self, text: &str) -> Result<ExprId, Error> {
        let formula = parse_formula(&mut self.graph, text)?;
        let g = &self.graph;
        let mut known: FxHashMap<&Symbol, ExprId> = FxHashMap::default();
        for cell in self.cells.iter().flatten() {
            if let Some(symbol) = g.symbol_of(*cell) {
                known.insert(g.symbol(symbol), *cell);
            }
        }
        // As in the language: `c_10` is the quantity of that name, or else the element c[1, 0].
        let element = |symbol: &Symbol| {
            let (stem, at) = split_subscript(symbol.name())?;
            known.get(&Symbol::element(stem, &at)).copied()
        };
        let order = g.reachable(&[formula]);
        let mut resolved: FxHashMap<ExprId, ExprId> = FxHashMap::default();
        for id in &order {
            let Node::Var(s) = g.node(*id) else { continue };
            let symbol = g.symbol(s);
            let Some(cell) = known.get(symbol).copied().or_else(|| element(symbol)) else {
                let name = &*symbol.spelling();
                let error = Error::new(Kind::Name, format!("the network has no {name}"));
                let names = self.cells.iter().flatten().filter_map(|c| g.symbol_of(*c));
                let names: Vec<_> = names.map(|s| g.symbol(s).spelling()).collect();
                return Err(match nearest(name, names.iter().map(|n| &**n)) {
                    Some(near) => error.hint(format!("did you mean {near}?")),
                    None => error,
                });
            };
            resolved.insert(*id, cell);
        }
        for id in order {
            if resolved.contains_key(&id) {
                continue;
            }
            let children = self.graph.children(id);
            let new: Vec<ExprId> = children.iter().map(|c| resolved[c]).collect();
            let same = new == children;
            resolved.insert(id, if same { id } else { self.graph.rebuild(id, &new) });
        }
        Ok(resolved[&formula])
    }
}
