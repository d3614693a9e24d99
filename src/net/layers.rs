//! The named functions of the language: one table. A row says how a function is called, what
//! it is for, and which operation it builds; the parser, the errors and the documentation all
//! read it, so a new layer is one row.

use super::builder::Builder;
use super::{NodeId, Window};
use crate::diag::{self, Error};
use crate::scalar::Function;

/// What a parameter of a [`Layer`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// One tensor; given by place or by name.
    Tensor,
    /// One tensor or more; given by place.
    Tensors,
    /// A whole number, or one for rows and one for columns: `2`, `[2, 1]`. Named.
    Pair {
        /// The smallest that is allowed.
        least: usize,
    },
    /// `true` or `false`. Named.
    Flag,
}

/// The setting of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Rows and columns.
    Pair([usize; 2]),
    /// Yes or no.
    Flag(bool),
}

/// One parameter of a [`Layer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// As a call names it.
    pub name: &'static str,
    /// What it takes.
    pub kind: ParameterKind,
    /// What holds where a call leaves it out; `None` for tensors, which a call must have.
    pub default: Option<Setting>,
}

/// A named function of the language.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// As the language spells it.
    pub name: &'static str,
    /// Tensors first, options after them.
    pub parameters: &'static [Parameter],
    /// What it computes, in a line.
    pub doc: &'static str,
    make: Make,
}

#[derive(Clone, Copy, Debug)]
enum Make {
    Elementary(Function),
    Built(fn(&mut Builder, &Arguments) -> Result<NodeId, Error>),
}

const TABLE: &[Layer] = &[
    Layer {
        name: "conv",
        parameters: &[
            tensor("input"),
            tensor("kernel"),
            pair("stride", 1, 1),
            pair("padding", 0, 0),
            flag("flip", false),
        ],
        doc: "the convolution of a rank-2 input with a rank-2 kernel: the sum over each window \
              of kernel times input; `flip` turns the kernel by 180°, the true convolution",
        make: Make::Built(|b, args| {
            let [rows, columns] = args.pair("padding")?;
            let window = Window {
                stride: args.pair("stride")?.to_vec(),
                padding: vec![[rows, rows], [columns, columns]],
                flip: args.flag("flip")?,
                ..Window::plain(2)
            };
            b.conv(args.tensor(0)?, args.tensor(1)?, window)
        }),
    },
    Layer {
        name: "max",
        parameters: &[tensors("values")],
        doc: "the greatest element of a tensor, or the greatest of several scalars; the first \
              of equals wins",
        make: Make::Built(|b, args| match args.tensors.as_slice() {
            [one] => b.max(*one),
            several => b.max_of(several),
        }),
    },
    Layer {
        name: "sum",
        parameters: &[tensor("values")],
        doc: "the sum of all elements of a tensor",
        make: Make::Built(|b, args| b.sum(args.tensor(0)?)),
    },
];

const fn tensor(name: &'static str) -> Parameter {
    Parameter { name, kind: ParameterKind::Tensor, default: None }
}

const fn tensors(name: &'static str) -> Parameter {
    Parameter { name, kind: ParameterKind::Tensors, default: None }
}

const fn pair(name: &'static str, least: usize, default: usize) -> Parameter {
    let default = Some(Setting::Pair([default, default]));
    Parameter { name, kind: ParameterKind::Pair { least }, default }
}

const fn flag(name: &'static str, default: bool) -> Parameter {
    Parameter { name, kind: ParameterKind::Flag, default: Some(Setting::Flag(default)) }
}

/// Every named function: the layers, then the elementary functions.
///
/// ```
/// let conv = backproof::net::layers().next().unwrap();
/// assert_eq!(conv.signature(), "conv(input, kernel, stride: 1, padding: 0, flip: false)");
/// ```
pub fn layers() -> impl Iterator<Item = Layer> {
    TABLE.iter().copied().chain(Function::ALL.into_iter().map(elementary))
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
    };
    const ONE: &[Parameter] = &[tensor("x")];
    Layer { name: function.name(), parameters: ONE, doc, make: Make::Elementary(function) }
}

impl Layer {
    /// How it is called, with the defaults of its options.
    pub fn signature(&self) -> String {
        let show = |p: &Parameter| match (p.kind, p.default) {
            (ParameterKind::Tensors, _) => format!("{}…", p.name),
            (_, None) => p.name.to_string(),
            (_, Some(Setting::Flag(yes))) => format!("{}: {yes}", p.name),
            (_, Some(Setting::Pair([r, c]))) if r == c => format!("{}: {r}", p.name),
            (_, Some(Setting::Pair([r, c]))) => format!("{}: [{r}, {c}]", p.name),
        };
        let shown: Vec<String> = self.parameters.iter().map(show).collect();
        format!("{}({})", self.name, shown.join(", "))
    }

    /// The parameters that take tensors, in their order.
    pub fn inputs(&self) -> impl Iterator<Item = &'static Parameter> {
        self.parameters.iter().filter(|p| p.default.is_none())
    }

    /// The parameters that have defaults.
    pub fn options(&self) -> impl Iterator<Item = &'static Parameter> {
        self.parameters.iter().filter(|p| p.default.is_some())
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

    /// Builds a call. Errors: another number of tensors than it takes, an option that it has
    /// not, and whatever the operation itself refuses.
    pub fn build(
        &self,
        builder: &mut Builder,
        tensors: &[NodeId],
        options: &[(&str, Setting)],
    ) -> Result<NodeId, Error> {
        self.check_count(tensors.len())?;
        if let Some((name, _)) = options.iter().find(|(n, _)| !self.options().any(|p| p.name == *n))
        {
            return Err(self.no_option(name));
        }
        match self.make {
            Make::Elementary(function) => builder.call(function, tensors[0]),
            Make::Built(make) => {
                let tensors = tensors.to_vec();
                make(builder, &Arguments { layer: *self, tensors, options })
            }
        }
    }

    /// Whether it takes `count` tensors.
    pub(crate) fn check_count(&self, count: usize) -> Result<(), Error> {
        let names: Vec<&str> = self.inputs().map(|p| p.name).collect();
        if count == names.len() || self.is_variadic() && count > 0 {
            return Ok(());
        }
        let wanted = match names.as_slice() {
            _ if self.is_variadic() => "at least 1 argument".to_string(),
            [one] => format!("1 argument ({one})"),
            several => format!("{} arguments ({})", several.len(), several.join(", ")),
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

/// A call's arguments, checked against the row.
struct Arguments<'a> {
    layer: Layer,
    tensors: Vec<NodeId>,
    options: &'a [(&'a str, Setting)],
}

impl Arguments<'_> {
    fn tensor(&self, place: usize) -> Result<NodeId, Error> {
        self.tensors.get(place).copied().ok_or_else(|| self.mistaken("a tensor"))
    }

    fn pair(&self, name: &str) -> Result<[usize; 2], Error> {
        match self.setting(name) {
            Some(Setting::Pair(pair)) => Ok(pair),
            _ => Err(self.mistaken(name)),
        }
    }

    fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.setting(name) {
            Some(Setting::Flag(yes)) => Ok(yes),
            _ => Err(self.mistaken(name)),
        }
    }

    fn setting(&self, name: &str) -> Option<Setting> {
        let given = self.options.iter().rfind(|(n, _)| *n == name).map(|(_, s)| *s);
        given.or_else(|| self.layer.options().find(|p| p.name == name)?.default)
    }

    fn mistaken(&self, name: &str) -> Error {
        Error::new(
            diag::Kind::Value,
            format!("{}: `{name}` has a value of the wrong kind", self.layer.name),
        )
        .hint(format!("it is called as {}", self.layer.signature()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Role, Shape};

    #[test]
    fn every_row_can_be_found_and_says_what_it_does() {
        for row in layers() {
            assert_eq!(layer(row.name).map(|l| l.name), Some(row.name));
            assert!(row.doc.len() > 5 && !row.doc.ends_with('.'), "{}", row.name);
            assert!(row.inputs().count() > 0, "{} takes a tensor", row.name);
        }
        assert!(layer("Conv").is_none());
    }

    #[test]
    fn a_call_fills_its_defaults() {
        let mut b = Builder::new();
        let x = b.declare(Role::Input, "x", Shape::new([5, 5])).unwrap();
        let k = b.declare(Role::Param, "k", Shape::new([3, 3])).unwrap();
        let (x, k) = (b.node_of(x), b.node_of(k));
        let conv = layer("conv").unwrap();
        let plain = conv.build(&mut b, &[x, k], &[]).unwrap();
        assert_eq!(b.shape(plain).lengths(), [3, 3]);
        let stride = ("stride", Setting::Pair([2, 1]));
        let strided = conv.build(&mut b, &[x, k], &[stride]).unwrap();
        assert_eq!(b.shape(strided).lengths(), [2, 3]);
    }

    #[test]
    fn a_wrong_call_says_what_is_right() {
        let mut b = Builder::new();
        let x = b.declare(Role::Input, "x", Shape::new([5, 5])).unwrap();
        let x = b.node_of(x);
        let conv = layer("conv").unwrap();
        let error = conv.build(&mut b, &[x], &[]).unwrap_err();
        assert_eq!(error.message(), "conv takes 2 arguments (input, kernel), found 1");
        let error = conv.build(&mut b, &[x, x], &[("strid", Setting::Flag(true))]).unwrap_err();
        assert_eq!(error.hints(), ["did you mean `stride`?"]);
        let error = conv.build(&mut b, &[x, x], &[("flip", Setting::Pair([1, 1]))]).unwrap_err();
        assert_eq!(error.message(), "conv: `flip` has a value of the wrong kind");
    }
}
