//! The named functions of the language: one table. A row says how a function is called, what
//! it is for, and which operations it builds; the parser, the errors and the documentation all
//! read it, so a new layer is one row.
//!
//! What always holds: a function is built from the builder's own operations, so whoever knows
//! those knows every layer. A composite gives names to its parts by [`Builder::part`].

mod arguments;
mod elementwise;
mod losses;
mod norms;
mod shapes;
mod table;
mod windows;

pub use arguments::{Parameter, ParameterKind, Preset, Setting};

use super::NodeId;
use super::builder::Builder;
use crate::diag::{self, Error};
use crate::scalar::Function;
use arguments::Arguments;

/// A named function of the language.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// As the language spells it.
    pub name: &'static str,
    /// Tensors first, options after them.
    pub parameters: &'static [Parameter],
    /// What it computes, in a line.
    pub doc: &'static str,
    /// The parts that it gives names to, in a line; empty where it has none.
    pub parts: &'static str,
    make: Make,
}

#[derive(Clone, Copy, Debug)]
enum Make {
    Elementary(Function),
    Built(fn(&mut Builder, &Arguments) -> Result<NodeId, Error>),
}

/// Every named function: the layers and losses, then the elementary functions.
///
/// ```
/// let softmax = backproof::net::layer("softmax").unwrap();
/// assert_eq!(softmax.signature(), "softmax(x, axis: -1)");
/// ```
pub fn layers() -> impl Iterator<Item = Layer> {
    table::TABLE.iter().copied().chain(Function::ALL.into_iter().map(elementary))
}

/// The function of that name.
pub fn layer(name: &str) -> Option<Layer> {
    layers().find(|l| l.name == name)
}

fn elementary(function: Function) -> Layer {
    let doc = match function {
        Function::Exp => "eˣ, elementwise",
        Function::Ln => "the natural logarithm, elementwise; for x > 0",
        Function::Sqrt => "√x, elementwise; for x ≥ 0",
        Function::Tanh => "the hyperbolic tangent, elementwise",
        Function::Sigmoid => "1/(1 + e⁻ˣ), elementwise",
        Function::Softplus => "ln(1 + eˣ), elementwise",
        Function::NormalCdf => {
            "Φ(x) = (1 + erf(x/√2))/2, the normal distribution, elementwise; x·Φ(x) is GELU"
        }
        Function::NormalPdf => "φ(x) = e^(−x²/2)/√(2π), the density of Φ, elementwise",
        Function::Abs => "|x|, elementwise; has a kink at 0",
        Function::Relu => "max(x, 0), elementwise; has a kink at 0",
        Function::Sign => "−1, 0 or 1 by the sign of x, elementwise",
        Function::Step => "1 where x > 0, else 0, elementwise",
        Function::Sin => "the sine of an angle in radians, elementwise",
        Function::Cos => "the cosine of an angle in radians, elementwise",
        Function::Sinh => "(eˣ − e⁻ˣ)/2, elementwise",
        Function::Cosh => "(eˣ + e⁻ˣ)/2, elementwise",
    };
    const ONE: &[Parameter] = &[Parameter::tensor("x")];
    let make = Make::Elementary(function);
    Layer { name: function.name(), parameters: ONE, doc, parts: "", make }
}

impl Layer {
    /// How it is called: a tensor that may be left out has a `?`, an option its default.
    pub fn signature(&self) -> String {
        let shown: Vec<String> = self.parameters.iter().map(Parameter::to_string).collect();
        format!("{}({})", self.name, shown.join(", "))
    }

    /// The parameters that take tensors, in their order.
    pub fn inputs(&self) -> impl Iterator<Item = &'static Parameter> {
        self.parameters.iter().filter(|p| p.kind.is_tensor())
    }

    /// The parameters that take anything else.
    pub fn options(&self) -> impl Iterator<Item = &'static Parameter> {
        self.parameters.iter().filter(|p| !p.kind.is_tensor())
    }

    /// Whether it takes any number of tensors.
    pub fn is_variadic(&self) -> bool {
        self.parameters.iter().any(|p| p.kind == ParameterKind::Tensors)
    }

    /// The elementary function that this is, if it is one.
    pub fn function(&self) -> Option<Function> {
        match self.make {
            Make::Elementary(function) => Some(function),
            Make::Built(_) => None,
        }
    }

    /// Builds a call; tensors that may be left out are the last ones. Errors: another number of
    /// tensors than it takes, an option that it has not or cannot take, and whatever the
    /// operation itself refuses.
    pub fn build(
        &self,
        builder: &mut Builder,
        tensors: &[NodeId],
        options: &[(&str, Setting)],
    ) -> Result<NodeId, Error> {
        self.check_count(tensors.len())?;
        let args = self.arguments(tensors, options)?;
        match self.make {
            Make::Elementary(function) => builder.call(function, args.tensor(0)?),
            Make::Built(make) => make(builder, &args),
        }
    }

    /// The axes that an option names of a tensor, counted from its first; `None` where it is left
    /// out. Errors: as for [`Layer::build`]; an axis that the tensor has not.
    pub(crate) fn axes(
        &self,
        builder: &Builder,
        option: &str,
        of: NodeId,
        options: &[(&str, Setting)],
    ) -> Result<Option<Vec<usize>>, Error> {
        self.arguments(&[], options)?.axes(builder, option, of)
    }

    fn arguments<'a>(
        &self,
        tensors: &'a [NodeId],
        options: &'a [(&'a str, Setting)],
    ) -> Result<Arguments<'a>, Error> {
        for (name, setting) in options {
            match self.options().find(|p| p.name == *name) {
                None => return Err(self.no_option(name)),
                Some(p) if !p.accepts(setting) => {
                    let message = format!("{}: `{name}` must be {}", self.name, p.takes());
                    return Err(Error::new(diag::Kind::Value, message)
                        .hint(format!("it is called as {}", self.signature())));
                }
                Some(_) => {}
            }
        }
        Ok(Arguments { layer: *self, tensors, options })
    }

    /// Whether it takes `count` tensors.
    pub(crate) fn check_count(&self, count: usize) -> Result<(), Error> {
        let names: Vec<String> = self.inputs().map(Parameter::to_string).collect();
        let least = self.inputs().filter(|p| p.kind != ParameterKind::Optional).count();
        if (least..=names.len()).contains(&count) || self.is_variadic() && count > 0 {
            return Ok(());
        }
        let wanted = match names.as_slice() {
            _ if self.is_variadic() => "at least 1 argument".to_string(),
            [one] => format!("1 argument ({one})"),
            all if least < all.len() => {
                let to = if all.len() == least + 1 { "or" } else { "to" };
                format!("{least} {to} {} arguments ({})", all.len(), all.join(", "))
            }
            all => format!("{} arguments ({})", all.len(), all.join(", ")),
        };
        Err(Error::new(diag::Kind::Shape, format!("{} takes {wanted}, found {count}", self.name))
            .hint(format!("it is called as {}", self.signature())))
    }

    /// The error for an option that it has not.
    pub(crate) fn no_option(&self, name: &str) -> Error {
        let message = format!("{} has no option `{name}`", self.name);
        let error = Error::new(diag::Kind::Name, message);
        match diag::nearest(name, self.parameters.iter().map(|p| p.name)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("it is called as {}", self.signature())),
        }
    }
}

#[cfg(test)]
mod tests;
