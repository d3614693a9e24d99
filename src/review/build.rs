//! An author's expression as an expression of the graph, in a scope.
//!
//! Invariants: the author's order is kept and nothing is simplified; what has no value in the
//! calculus of scalars is refused with its reason; a name that stands for nothing becomes a free
//! variable, and a derivative is never taken to be 0 because its variable was not found.

mod applied;
mod functions;
mod limits;
mod slopes;
mod sums;

use std::collections::BTreeMap;
use std::ops::Range;

pub(super) use functions::AnyFunctions;
pub(super) use limits::any_smooth;

use super::indices::Item;
use super::names::spelled;
use super::scope::{
    Adjoint, Certainty, Definition, MAX_DEFINITION_DEPTH, Meaning, Scope, dropped, sorted,
};
use super::tex::syntax::{Expr, FormulaKind, Known, Name, visit};
use crate::expr::{ExprId, Node, Symbol};
use crate::scalar::Function;

/// The most terms that a sum over an index is written out in.
pub const MAX_SUM_TERMS: usize = 1000;
/// The largest expression that a row may stand for, in nodes made while it is built. A side is given
/// up after 100 000 operations; where a document has ten such sides, the others after a sixteenth.
pub const MAX_ROW_NODES: usize = 50_000;
/// The most operations that are read for one side of a row, those of definitions with it.
const MAX_WORK: usize = 100_000;
/// The most operations in one document that are read for sides that are too large all the same;
/// behind that, each side gets a share.
const MAX_WASTED: usize = 1_000_000;
/// Which share that is.
const SHARE: usize = 16;
/// The most nodes that are looked through for what stands under a ∂ by its value.
const MAX_RENAMED: usize = 20_000;

/// Why an expression has no place in the graph.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unbuilt {
    /// It says something that is wrong whatever the names are: ∂E over w without its ∂.
    Malformed(String, Range<usize>),
    /// It lies beyond the calculus of scalars.
    OutOfScope(String),
    /// It cannot be decided, for this reason.
    Unclear(String),
}

type Built = Result<ExprId, Unbuilt>;

/// Values of the letters of sums that are being written out, and of a function's parameters.
#[derive(Clone, Default)]
struct Local {
    indices: BTreeMap<String, i64>,
    params: BTreeMap<String, ExprId>,
}

fn too_large() -> Unbuilt {
    Unbuilt::Unclear(format!("too large: it stands for more than {MAX_ROW_NODES} operations"))
}

fn unreadable(name: &str) -> Unbuilt {
    Unbuilt::Unclear(format!("{name} has a meaning that could not be read"))
}

impl Scope<'_> {
    /// The expression that `expr` is in item `at` of the document.
    pub(super) fn build(&mut self, expr: &Expr, at: usize) -> Built {
        let most = self.graph.len() + MAX_ROW_NODES;
        let local = Local { indices: self.letters.clone(), ..Local::default() };
        self.work = 0;
        let built = self.expression(expr, at, &local, most);
        if built == Err(too_large()) {
            self.wasted += self.work;
        }
        built
    }

    /// The most operations that are read for a side. Where a document has many sides that are too
    /// large, less is spent on finding that out.
    fn most_work(&self) -> usize {
        match self.wasted < MAX_WASTED {
            true => MAX_WORK,
            false => MAX_WORK / SHARE,
        }
    }

    fn expression(&mut self, expr: &Expr, at: usize, local: &Local, most: usize) -> Built {
        self.work += 1;
        if self.graph.len() > most || self.work > self.most_work() {
            return Err(too_large());
        }
        let of = |scope: &mut Self, e: &Expr| scope.expression(e, at, local, most);
        match &expr.kind {
            FormulaKind::Number { value, .. } => Ok(self.graph.number(value)),
            FormulaKind::Name(name) => self.name(name, at, local),
            FormulaKind::Neg(a) => {
                let a = of(self, a)?;
                Ok(self.graph.neg(a))
            }
            FormulaKind::Sum(terms) => {
                let mut args = Vec::with_capacity(terms.len());
                for (minus, term) in terms {
                    let term = of(self, term)?;
                    args.push(if *minus { self.graph.neg(term) } else { term });
                }
                if let ([(false, _), (true, _)], [a, b]) = (&terms[..], &args[..]) {
                    let (a, b) = (*a, self.graph.children(*b)[0]);
                    return Ok(self.graph.sub(a, b));
                }
                Ok(self.graph.add(args))
            }
            FormulaKind::Product(factors) => {
                if factors.iter().filter(|f| self.holds_an_array(f)).count() > 1 {
                    let what = "a product of arrays, which cannot be exchanged";
                    return Err(Unbuilt::OutOfScope(what.to_string()));
                }
                let factors: Result<Vec<ExprId>, Unbuilt> =
                    factors.iter().map(|f| of(self, f)).collect();
                Ok(self.graph.mul(factors?))
            }
            FormulaKind::Quotient(a, b) => {
                let (a, b) = (of(self, a)?, of(self, b)?);
                Ok(self.graph.div(a, b))
            }
            FormulaKind::Power(a, b) => {
                let (a, b) = (of(self, a)?, of(self, b)?);
                Ok(self.graph.pow(a, b))
            }
            FormulaKind::Call(Known::Norm, a) if !super::numbers::is_numeric(a) => {
                Err(Unbuilt::OutOfScope("a norm is a function of arrays".to_string()))
            }
            FormulaKind::Call(known, a) => {
                let a = of(self, a)?;
                Ok(self.graph.call(function(*known), a))
            }
            FormulaKind::Extreme { least, of: all } => {
                let all = match &all[..] {
                    [Expr { kind: FormulaKind::BigSum { indices, body, .. }, .. }] => {
                        self.terms(indices, [&None, &None], body, at, local, most)?
                    }
                    [one] if !super::numbers::is_numeric(one) => {
                        let what = "the greatest of what an index runs over is not read";
                        return Err(Unbuilt::OutOfScope(what.to_string()));
                    }
                    all => all.iter().map(|e| of(self, e)).collect::<Result<Vec<_>, _>>()?,
                };
                if all.is_empty() {
                    return Err(Unbuilt::Unclear("nothing is the greatest of nothing".into()));
                }
                if !*least {
                    let known = self.maxima.get(&sorted(&all)).copied();
                    return Ok(known.unwrap_or_else(|| {
                        let max = self.graph.max(&all);
                        self.maxima.insert(sorted(&all), max);
                        max
                    }));
                }
                let minus: Vec<ExprId> = all.into_iter().map(|e| self.graph.neg(e)).collect();
                let max = self.graph.max(minus);
                Ok(self.graph.neg(max))
            }
            // σ(1 − σ) is a product: no function stands in its own argument.
            FormulaKind::Apply { head, primes: 0, args } if stands_bare(head, args) => {
                let value = self.name(head, at, local)?;
                let arg = of(self, &args[0])?;
                Ok(self.graph.mul([value, arg]))
            }
            // E(3) of an E with a definition may be its value at 3, and E times 3.
            FormulaKind::Apply { head, primes: 0, args }
                if is_number(args) && self.may_be_a_function(head, at) =>
            {
                let (name, at) = (spelled(head), &args[0]);
                let FormulaKind::Number { value, .. } = &at.kind else { return Err(too_large()) };
                Err(Unbuilt::Unclear(format!("{name}({value}) may be {name} at {value}")))
            }
            FormulaKind::Apply { head, primes: 0, args } if self.is_of(head, args, at) => {
                self.name(head, at, local)
            }
            FormulaKind::Apply { head, primes, args } => {
                let args: Result<Vec<ExprId>, Unbuilt> = args.iter().map(|e| of(self, e)).collect();
                self.apply(head, *primes, &args?, at, local, most)
            }
            FormulaKind::Derivative { of: a, by, order } => {
                let element = matches!(&by.kind, FormulaKind::Name(name) if self.has_index(name));
                let (a, by) = (of(self, a)?, of(self, by)?);
                match self.derivative(a, by, *order) {
                    // ∂y_k/∂z_j where y_k is made of z_k: they are apart.
                    Err(Unbuilt::Unclear(_)) if element => Ok(self.graph.partial(a, by)),
                    built => built,
                }
            }
            FormulaKind::Differential(_) => Err(Unbuilt::Malformed(
                "∂ of something has no value without a ∂ below it".to_string(),
                expr.span.clone(),
            )),
            FormulaKind::HalfDerivative { by, .. } => {
                Err(Unbuilt::Malformed("the ∂ below is missing".to_string(), by.span.clone()))
            }
            FormulaKind::Limit { of, by, to } => self.limit([of, by, to], at, local, most),
            FormulaKind::BigSum { .. } => self.sum(expr, false, at, local, most),
            FormulaKind::BigProduct(sum) => self.sum(sum, true, at, local, most),
            FormulaKind::Cases(cases) => self.cases(cases, at, local, most),
            FormulaKind::List(_) => Err(Unbuilt::Unclear("a list is no value".to_string())),
            FormulaKind::Matrix(_) => {
                Err(Unbuilt::OutOfScope("matrices are not multiplied".to_string()))
            }
            FormulaKind::Array(_) => {
                Err(Unbuilt::OutOfScope("this is an operation on arrays".to_string()))
            }
        }
    }

    /// Whether J(θ) is what the document defines by that, a quantity.
    fn is_of(&self, head: &Name, args: &[Expr], at: usize) -> bool {
        let Meaning::Defined(definition, _) = self.meaning(head, at) else { return false };
        !definition.of.is_empty()
            && definition.of.len() == args.len()
            && definition.of.iter().zip(args).all(|(of, arg)| {
                matches!(&arg.kind, FormulaKind::Name(name) if spelled(name) == spelled(of))
            })
    }

    /// Whether an array stands in an expression.
    fn holds_an_array(&self, expr: &Expr) -> bool {
        let mut found = false;
        if !self.bold.is_empty() {
            visit(expr, &mut |e| {
                found |= matches!(&e.kind, FormulaKind::Name(n)
                    if self.bold.contains(&n.stem) && !self.indices.is_element(n));
            });
        }
        found
    }

    fn name(&mut self, name: &Name, at: usize, local: &Local) -> Built {
        if let Some(value) = local.params.get(&spelled(name)) {
            return Ok(*value);
        }
        if let Some(by) = self.adjoint_of(name)
            && let Some(Adjoint { of, .. }) = self.adjoint.clone()
        {
            let of = self.expression(&of, at, local, self.graph.len() + MAX_ROW_NODES)?;
            let by = self.name(&by, at, local)?;
            return self.partial(of, by);
        }
        if name.below.is_empty()
            && let Some(value) = local.indices.get(&name.stem)
        {
            return Ok(self.graph.integer(*value));
        }
        if let Some((value, supposed)) = self.indices.size(name)
            && matches!(self.meaning(name, at), Meaning::Free)
        {
            self.supposed |= supposed;
            return Ok(self.graph.integer(value));
        }
        self.supposed |= self.indices.rests_on_a_size(name);
        let written = name;
        let name = &self.indices.at(name, &local.indices);
        // x_{−1} lies before the first, and is what it is.
        if name.below.iter().any(|part| part.starts_with('-'))
            && matches!(self.meaning(name, at), Meaning::Free)
            && self.cells.is_none()
        {
            return Ok(self.graph.var(&spelled(name)));
        }
        match self.meaning(name, at) {
            Meaning::Cell(cell) => Ok(cell),
            Meaning::Element(definition, nth, letters) => {
                let definition = definition.clone();
                self.element_value(name, &definition, nth, letters)
            }
            Meaning::Defined(definition, nth) => {
                // E of "E(w) = …" by itself is its value at w.
                let definition = definition.clone();
                let section = |at| self.outline.at(at).section;
                if !definition.params.is_empty() && section(definition.at) != section(at) {
                    let name = spelled(name);
                    self.doubts.push(format!("{name} is a function in another section"));
                }
                self.definition_value(name, &definition, nth)
            }
            Meaning::Free if self.slope_of(name, at).is_some() => {
                let (base, variable) = self.slope_of(name, at).ok_or_else(too_large)?;
                let arg = self.name(&variable, at, local)?;
                let most = self.graph.len() + MAX_ROW_NODES;
                self.apply(&base, 1, &[arg], at, local, most)
            }
            Meaning::Free if name.stem == "e" && name.below.is_empty() => {
                let one = self.graph.integer(1);
                Ok(self.graph.call(Function::Exp, one))
            }
            Meaning::Free => {
                if self.cells.as_ref().is_some_and(|cells| cells.is_tensor(name)) {
                    return Err(Unbuilt::OutOfScope(format!(
                        "{} is a whole tensor, not one of its elements",
                        spelled(name)
                    )));
                }
                if self.has_index(name)
                    || self.cells.as_ref().is_some_and(|cells| cells.has_letters(name))
                {
                    return Err(Unbuilt::OutOfScope(format!(
                        "{} has a letter for an index",
                        spelled(name)
                    )));
                }
                if self.lies_outside(written, name) {
                    let reason = match &self.cells {
                        Some(cells) if cells.has_no_such_cell(name, &self.convention) => {
                            format!("the network has no {}", spelled(name))
                        }
                        _ => format!("{} lies beyond the values of its index", spelled(name)),
                    };
                    return Err(Unbuilt::Unclear(reason));
                }
                if let Some(equal) = self.kronecker(name) {
                    self.guessed |= !self.kronecker;
                    return Ok(self.graph.integer(i64::from(equal)));
                }
                if written != name
                    && let Some(cells) = &self.cells
                    && cells.has_no_such_cell(name, &self.convention)
                {
                    let reason = format!("the network has no {}", spelled(name));
                    return Err(Unbuilt::Unclear(reason));
                }
                if name.stem == "δ" && self.otherwise.contains(&'δ') {
                    let name = spelled(name);
                    self.doubts.push(format!("{name} is told in words that no formula says"));
                }
                Ok(self.graph.var(&spelled(name)))
            }
        }
    }

    /// Whether the two indices of Kronecker's δ are equal. A δ with two indices that nothing else
    /// defines is his, and whoever has not heard his name has guessed it.
    fn kronecker(&self, name: &Name) -> Option<bool> {
        if name.stem != "δ" || name.above.is_some() || self.otherwise.contains(&'δ') {
            return None;
        }
        match &self.indices.items(name).1[..] {
            [Item::Number(a), Item::Number(b)] => Some(a == b),
            _ => None,
        }
    }

    /// The named node of a definition.
    fn definition_value(&mut self, name: &Name, definition: &Definition, nth: usize) -> Built {
        let key = (spelled(name), nth);
        self.defined_value(key, definition, Local::default())
    }

    /// The named node of an element of a definition with letters.
    fn element_value(
        &mut self,
        name: &Name,
        definition: &Definition,
        nth: usize,
        letters: BTreeMap<String, i64>,
    ) -> Built {
        // No name has a bracket in it, so that this is no other definition's.
        let key = (format!("{}[]", spelled(name)), nth);
        self.defined_value(key, definition, Local { indices: letters, ..Local::default() })
    }

    fn defined_value(
        &mut self,
        key: (String, usize),
        definition: &Definition,
        local: Local,
    ) -> Built {
        if let Some(built) = self.built.get(&key) {
            self.supposed |= self.supposing.contains(&key);
            return Ok(*built);
        }
        if self.open.contains(&key) {
            return Err(Unbuilt::Unclear(format!("{} is defined by itself", key.0)));
        }
        if self.open.len() >= MAX_DEFINITION_DEPTH {
            return Err(Unbuilt::Unclear(format!(
                "too large: more than {MAX_DEFINITION_DEPTH} definitions stand inside one another"
            )));
        }
        let name = key.0.strip_suffix("[]").unwrap_or(&key.0);
        match definition.standing {
            Certainty::Unreadable => return Err(unreadable(name)),
            Certainty::Dropped => return Err(Unbuilt::Unclear(dropped(name))),
            Certainty::Certain | Certainty::Perhaps | Certainty::Conditional => {}
        }
        if self.too_large.contains(&key) {
            return Err(too_large());
        }
        self.open.push(key.clone());
        let before = std::mem::take(&mut self.supposed);
        let most = self.graph.len() + MAX_ROW_NODES;
        let value = self.expression(&definition.body, definition.at, &local, most);
        self.open.pop();
        if self.supposed {
            self.supposing.insert(key.clone());
        }
        self.supposed |= before;
        if value == Err(too_large()) {
            self.too_large.insert(key.clone());
        }
        let value = value?;
        // A name for a name is that name, so that ∂/∂y is ∂/∂w after "y = w".
        let named = match self.graph.node(value) {
            Node::Var(_) | Node::Named(..) => value,
            _ => {
                let name = key.0.strip_suffix("[]").unwrap_or(&key.0);
                self.graph.named_symbol(Symbol::named(name), value)
            }
        };
        self.built.insert(key, named);
        Ok(named)
    }

    /// ∂of/∂by, where `by` may be named in `of` by its value and not by its name.
    fn partial(&mut self, of: ExprId, by: ExprId) -> Built {
        let is_name = matches!(self.graph.node(by), Node::Var(_));
        if is_name || self.depends(of, by) {
            return Ok(self.graph.partial(of, by));
        }
        let value = match self.graph.node(by) {
            Node::Named(_, value) => value,
            Node::Number(_) => return Err(Unbuilt::Unclear("a number does not change".into())),
            _ => by,
        };
        // ∂/∂z of (t − r)² where z = t − r: the expression is given its name.
        if value != by && self.depends(of, value) {
            let renamed = self
                .substituted(&[of], &BTreeMap::from([(value, by)]))
                .ok_or_else(|| Unbuilt::Unclear("too large".to_string()))?;
            return Ok(self.graph.partial(renamed[0], by));
        }
        if self.cells.is_some() && self.graph.symbol_of(by).is_some() {
            return Ok(self.graph.partial(of, by));
        }
        let below = self.graph.reachable(&[by]);
        self.work += below.len();
        let variables = below.iter().filter(|id| matches!(self.graph.node(**id), Node::Var(_)));
        match variables.into_iter().any(|id| self.depends(of, *id)) {
            true => Err(Unbuilt::Unclear(
                "what it is differentiated by does not stand in what is differentiated".to_string(),
            )),
            false => Ok(self.graph.partial(of, by)),
        }
    }
}

pub(super) fn function(known: Known) -> Function {
    match known {
        Known::Exp => Function::Exp,
        Known::Ln => Function::Ln,
        Known::Sqrt => Function::Sqrt,
        Known::Tanh => Function::Tanh,
        Known::Sin => Function::Sin,
        Known::Cos => Function::Cos,
        Known::Sinh => Function::Sinh,
        Known::Cosh => Function::Cosh,
        Known::Sigmoid => Function::Sigmoid,
        Known::Softplus => Function::Softplus,
        Known::Relu => Function::Relu,
        Known::Abs | Known::Norm => Function::Abs,
        Known::Sign => Function::Sign,
        Known::NormalCdf => Function::NormalCdf,
        Known::NormalPdf => Function::NormalPdf,
    }
}

impl Scope<'_> {
    /// The expressions with others in the place of some of their nodes; none if they are too
    /// large. Nothing above a replaced node is looked up again: what was assumed of a max is
    /// assumed of its copy.
    pub(super) fn substituted(
        &mut self,
        roots: &[ExprId],
        others: &BTreeMap<ExprId, ExprId>,
    ) -> Option<Vec<ExprId>> {
        let order = self.graph.reachable(roots);
        if order.len() > MAX_RENAMED {
            return None;
        }
        let mut made: BTreeMap<ExprId, ExprId> = BTreeMap::new();
        for id in order {
            let copy = match others.get(&id) {
                Some(other) => *other,
                None => {
                    let children = self.graph.children(id);
                    let copies: Vec<ExprId> = children.iter().map(|c| made[c]).collect();
                    match copies == children {
                        true => id,
                        false => self.graph.rebuild(id, &copies),
                    }
                }
            };
            if copy != id
                && let Some(winner) = self.winners.get(&id).and_then(|w| made.get(w)).copied()
                && let Node::Max(args) = self.graph.node(copy)
                && self.graph.args(args).contains(&winner)
            {
                self.winners.insert(copy, winner);
            }
            made.insert(id, copy);
        }
        roots.iter().map(|root| made.get(root).copied()).collect()
    }
}

/// Whether the only argument is a plain number.
fn is_number(args: &[Expr]) -> bool {
    matches!(args, [Expr { kind: FormulaKind::Number { .. }, .. }])
}

/// Whether a name stands by itself in the only argument that it is followed by.
fn stands_bare(head: &Name, args: &[Expr]) -> bool {
    let [arg] = args else { return false };
    let mut found = false;
    visit(arg, &mut |e| {
        found |= matches!(&e.kind, FormulaKind::Name(name) if spelled(name) == spelled(head));
    });
    found
}
