//! A network in indices: its tensors with their lengths, and what each is defined as at free
//! indices.

use std::collections::{BTreeMap, BTreeSet};

use super::affine::Affine;
use super::formula::{Element, Formula, Range, TensorName};
use super::letters::{fresh_all, reserved};
use crate::ordered::Ordered;

/// What a tensor is, cell by cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// The free indices of the body, one for each axis; an axis of length 1 has one, too.
    pub axes: Vec<Range>,
    /// The cell at these indices, down to named tensors.
    pub body: Formula,
}

/// A named tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name.
    pub name: TensorName,
    /// Its lengths; a scalar has none.
    pub lengths: Vec<Affine>,
    /// The letters that its free indices get where it is differentiated by.
    pub letters: Vec<String>,
    /// What it is; `None` for inputs, weights and targets.
    pub definition: Option<Definition>,
}

/// A network in indices. Definitions use tensors that stand before them.
#[derive(Clone, Debug, PartialEq)]
pub struct System {
    /// The tensors, each after those that its definition uses.
    pub tensors: Vec<Tensor>,
    /// What is differentiated; a scalar.
    pub loss: TensorName,
    /// Tensors whose elements sum to 1 along some axes, as those of a distribution do.
    pub distributions: Vec<(TensorName, Vec<usize>)>,
    /// Forms in the sizes that are at least 0.
    pub facts: Vec<Affine>,
    /// Tensors whose δ gets no name: what was derived of it is put in.
    pub written_out: Vec<TensorName>,
}

impl System {
    /// The tensor of that name.
    pub fn tensor(&self, name: &TensorName) -> Option<&Tensor> {
        self.tensors.iter().find(|t| t.name == *name)
    }

    /// The loss as an element.
    pub fn loss_element(&self) -> Element {
        Element { tensor: self.loss.clone(), at: Vec::new() }
    }

    /// The tensors whose definitions mention `name`, in order.
    pub fn users<'a>(&'a self, name: &'a TensorName) -> impl Iterator<Item = &'a Tensor> {
        self.tensors.iter().filter(move |t| t.uses(name))
    }

    /// The letters that an index must not have: those that are names or stand in one.
    pub fn reserved(&self) -> BTreeSet<String> {
        reserved(self.tensors.iter().map(|t| t.name.name.as_str()))
    }

    /// The names of the tensors on which the loss depends, itself included.
    pub fn reached(&self) -> BTreeSet<TensorName> {
        let mut reached = BTreeSet::from([self.loss.clone()]);
        for tensor in self.tensors.iter().rev().filter(|t| t.definition.is_some()) {
            if let (true, Some(definition)) = (reached.contains(&tensor.name), &tensor.definition) {
                definition.body.tensors(&mut reached);
            }
        }
        reached
    }
}

impl Tensor {
    /// Whether its definition mentions that tensor.
    pub fn uses(&self, name: &TensorName) -> bool {
        self.definition.as_ref().is_some_and(|d| d.body.depends_on(name))
    }

    /// The body of the definition at given subscripts, with every bound index renamed so that it
    /// is none of `taken`.
    pub fn cell(&self, at: &[Affine], taken: &BTreeSet<String>) -> Option<Formula> {
        let definition = self.definition.as_ref()?;
        let mut taken = taken.clone();
        taken.extend(definition.axes.iter().map(|r| r.index.clone()));
        taken.extend(definition.body.sizes());
        for form in at {
            taken.extend(form.letters().into_iter().map(|l| l.name().to_string()));
        }
        let body = apart(&definition.body, &mut taken);
        let put: BTreeMap<String, Affine> =
            definition.axes.iter().map(|r| r.index.clone()).zip(at.iter().cloned()).into_map();
        Some(body.substitute(&put))
    }
}

/// The formula with every bound index renamed that is taken; the new ones are then taken, too.
pub fn apart(formula: &Formula, taken: &mut BTreeSet<String>) -> Formula {
    let mut own = formula.clone();
    if !formula.binds().is_empty() {
        let old: Vec<&str> = formula.binds().iter().map(|r| r.index.as_str()).collect();
        let new = fresh_all(&old, taken);
        let names = old.iter().map(|s| s.to_string()).zip(new).filter(|(a, b)| a != b).into_map();
        own = formula.rename(&names);
    }
    let children = own.children().into_iter().map(|c| apart(c, taken)).collect();
    own.rebuild(children)
}
