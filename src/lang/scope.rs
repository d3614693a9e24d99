//! Names to nodes. In goes a name as the source spells it, out comes the tensor it stands for,
//! or the one error that says why there is none.
//!
//! A name is a quantity, or `c_10` where `c` is a tensor and no quantity `c_10` exists: then it
//! is the element c[1, 0]. A name that an earlier error was about is not reported again.

use rustc_hash::{FxHashMap, FxHashSet};

use super::foreign;
use super::syntax::Statement;
use crate::diag::{Error, Kind, Span, nearest};
use crate::net::{Builder, NodeId, layer, layers, split_subscript};

/// What is known of names besides what the builder holds.
#[derive(Default)]
pub(super) struct Scope<'a> {
    /// Every name that the text defines somewhere, and where first.
    places: FxHashMap<&'a str, Span>,
    /// Names in the order of the text, for the nearest one to be the same each time.
    order: Vec<&'a str>,
    /// The name that is being defined.
    current: Option<&'a str>,
    /// Names that were reported, or whose definition was.
    lost: FxHashSet<&'a str>,
}

/// Why a name has no node.
pub(super) enum Unresolved {
    /// Reported already.
    Lost,
    /// To be reported.
    Error(Error),
}

impl<'a> Scope<'a> {
    /// The names that `statements` define, and those that were lost to errors.
    pub fn new(statements: &[Statement<'a>], lost: &[&'a str]) -> Scope<'a> {
        let mut scope = Scope { lost: lost.iter().copied().collect(), ..Scope::default() };
        for statement in statements {
            if let Statement::Declare { name, .. } | Statement::Define { name, .. } = statement {
                scope.places.entry(name.text).or_insert_with(|| {
                    scope.order.push(name.text);
                    name.span
                });
            }
        }
        scope
    }

    /// Every name that the text defines somewhere, in its order.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.order.iter().copied()
    }

    /// What follows defines `name`.
    pub fn defining(&mut self, name: Option<&'a str>) {
        self.current = name;
    }

    /// No more errors about this name.
    pub fn lose(&mut self, name: &'a str) {
        self.lost.insert(name);
    }

    /// Whether some name has no meaning because of an error.
    pub fn has_lost(&self) -> bool {
        !self.lost.is_empty()
    }

    /// The tensor that `name` stands for at `span`.
    pub fn resolve(
        &mut self,
        builder: &mut Builder,
        name: &'a str,
        span: Span,
    ) -> Result<NodeId, Unresolved> {
        if let Some(id) = builder.find(name) {
            return Ok(builder.node_of(id));
        }
        if self.lost.contains(name) {
            return Err(Unresolved::Lost);
        }
        if let Some((stem, at)) = split_subscript(name)
            && !self.places.contains_key(name)
        {
            if self.lost.contains(stem) {
                return Err(Unresolved::Lost);
            }
            if let Some(id) = builder.find(stem) {
                let node = builder.node_of(id);
                if builder.shape(node).rank() == at.len() {
                    return builder.at(span).element(node, &at).map_err(Unresolved::Error);
                }
            } else if let Some(place) = self.places.get(stem) {
                return Err(Unresolved::Error(too_early(stem, *place)));
            }
        }
        let error = match self.places.get(name) {
            _ if self.current == Some(name) => {
                Error::new(Kind::Name, format!("`{name}` is used in its own definition"))
            }
            Some(place) => too_early(name, *place),
            None => self.unknown(builder, name),
        };
        self.lost.insert(name);
        Err(Unresolved::Error(error))
    }

    /// The error for a name that nothing defines.
    pub fn unknown(&self, builder: &Builder, name: &str) -> Error {
        // Comparing with every name of a huge text would take longer than reading it.
        const COMPARED: usize = 2000;
        let error = Error::new(Kind::Name, format!("nothing is called `{name}`"));
        // `e` and `T` mean something elsewhere, whatever else is called so here.
        let (error, known) = match foreign::value(name) {
            Some(hint) => (error.hint(hint), true),
            None => (error, false),
        };
        let folded = name.to_lowercase();
        if let Some(twin) = self.order.iter().take(COMPARED).find(|k| k.to_lowercase() == folded) {
            return error.hint(format!("names tell capitals apart: did you mean `{twin}`?"));
        }
        if let Some(near) = nearest(name, self.order.iter().copied().take(COMPARED)) {
            return error.hint(format!("did you mean `{near}`?"));
        }
        if let Some(function) = layer(name) {
            return error.hint(format!("{} is a function: {}", name, function.signature()));
        }
        if let Some((stem, at)) = split_subscript(name)
            && let Some(id) = builder.find(stem)
        {
            let shape = builder.shape(builder.node_of(id)).described();
            return error.hint(format!("`{stem}` is {shape}, and {name} has {} digits", at.len()));
        }
        if known {
            return error;
        }
        error.hint(format!(
            "declare it: `input {name}`, `param {name}`, `target {name}` or `const {name}`"
        ))
    }
}

/// The error for a function that the language does not have.
pub(super) fn unknown_function(name: &str) -> Error {
    let error = Error::new(Kind::Name, format!("there is no function `{name}`"));
    if let Some(hint) = foreign::function(name) {
        return error.hint(hint);
    }
    let names: Vec<&str> = layers().map(|l| l.name).collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error
            .hint(format!("there are {}", names.join(", ")))
            .hint("a product is written with `*`: a*(b + c)"),
    }
}

fn too_early(name: &str, place: Span) -> Error {
    Error::new(Kind::Name, format!("`{name}` is used before it is defined"))
        .also(place, format!("`{name}` is defined here"))
        .hint("definitions go in the order in which they are computed")
}
