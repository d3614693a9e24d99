//! What a call gives a layer. In go tensors and settings as somebody wrote them, out come
//! numbers, axes and lengths for the operation, or the error that says what is wrong with them.

use std::fmt;

use super::Layer;
use crate::diag::{Error, Kind};
use crate::net::{Builder, NodeId};
use crate::scalar::Rational;

/// What a parameter of a [`Layer`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// One tensor; given by place or by name.
    Tensor,
    /// One tensor or none.
    Optional,
    /// One tensor or more; given by place.
    Tensors,
    /// A whole number: `groups: 2`.
    Whole {
        /// The smallest that is allowed.
        least: usize,
    },
    /// A whole number for all spatial axes, or a list with one for each: `stride: [2, 1]`.
    PerAxis {
        /// The smallest that is allowed.
        least: usize,
    },
    /// As `PerAxis` from 0; or a pair for each axis, `[[1, 2], [0, 1]]`; or `same`.
    Padding,
    /// An exact number: `slope: 0.1`.
    Number,
    /// An axis by its number; a negative one counts from the last.
    Axis,
    /// An axis or a list of them.
    Axes,
    /// The lengths of a shape; a −1 stands for what is left.
    Lengths,
    /// `true` or `false`.
    Flag,
}

/// What holds where a call leaves an option out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// A whole number.
    Whole(i64),
    /// A number, as the language spells it.
    Number(&'static str),
    /// Yes or no.
    Flag(bool),
    /// What the word says: `all` axes, the `window`'s lengths.
    Word(&'static str),
}

/// The setting of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// A number.
    Number(Rational),
    /// Whole numbers.
    List(Vec<i64>),
    /// Pairs: before and after.
    Pairs(Vec<[usize; 2]>),
    /// Yes or no.
    Flag(bool),
    /// `same`, or the word of a [`Preset`].
    Word(String),
}

impl Setting {
    /// The whole number that this is.
    fn whole(&self) -> Option<i64> {
        match self {
            Setting::Number(q) if q.is_integer() => q.numer().try_into().ok(),
            _ => None,
        }
    }
}

/// One parameter of a [`Layer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// As a call names it.
    pub name: &'static str,
    /// What it takes.
    pub kind: ParameterKind,
    /// What holds where a call leaves it out; tensors have none, and options that a call must
    /// set.
    pub default: Option<Preset>,
}

impl ParameterKind {
    /// Whether it takes tensors.
    pub fn is_tensor(self) -> bool {
        matches!(self, ParameterKind::Tensor | ParameterKind::Optional | ParameterKind::Tensors)
    }
}

impl Parameter {
    pub(super) const fn tensor(name: &'static str) -> Parameter {
        Parameter { name, kind: ParameterKind::Tensor, default: None }
    }

    pub(super) const fn optional(name: &'static str) -> Parameter {
        Parameter { name, kind: ParameterKind::Optional, default: None }
    }

    pub(super) const fn tensors(name: &'static str) -> Parameter {
        Parameter { name, kind: ParameterKind::Tensors, default: None }
    }

    pub(super) const fn option(
        name: &'static str,
        kind: ParameterKind,
        default: Preset,
    ) -> Parameter {
        Parameter { name, kind, default: Some(default) }
    }

    pub(super) const fn required(name: &'static str, kind: ParameterKind) -> Parameter {
        Parameter { name, kind, default: None }
    }

    /// What it takes, in words.
    pub fn takes(&self) -> String {
        let words = match self.kind {
            ParameterKind::Tensor | ParameterKind::Optional | ParameterKind::Tensors => {
                "a tensor".to_string()
            }
            ParameterKind::Whole { least } => format!("a whole number from {least}"),
            ParameterKind::PerAxis { least } => {
                format!("a whole number from {least}, or a list with one for each axis")
            }
            ParameterKind::Padding => {
                "a whole number from 0, a list with one or with [before, after] for each axis, \
                 or `same`"
                    .to_string()
            }
            ParameterKind::Number => "a number".to_string(),
            ParameterKind::Axis => {
                "the number of an axis, from 0, or from -1 counted from the last".to_string()
            }
            ParameterKind::Axes => {
                "the number of an axis (-1 is the last), or a list of them".to_string()
            }
            ParameterKind::Lengths => {
                "a list of lengths, of which one may be -1 for what is left".to_string()
            }
            ParameterKind::Flag => "`true` or `false`".to_string(),
        };
        match self.default {
            Some(Preset::Word(word)) => format!("{words}, or `{word}`"),
            _ => words,
        }
    }

    /// Whether a setting is of the right kind.
    pub fn accepts(&self, setting: &Setting) -> bool {
        if let (Setting::Word(word), Some(Preset::Word(preset))) = (setting, self.default)
            && word == preset
        {
            return true;
        }
        let from = |least: usize| move |n: &i64| usize::try_from(*n).is_ok_and(|n| n >= least);
        let list = |least: usize| match setting {
            Setting::List(all) => !all.is_empty() && all.iter().all(from(least)),
            other => other.whole().is_some_and(|n| from(least)(&n)),
        };
        match self.kind {
            ParameterKind::Tensor | ParameterKind::Optional | ParameterKind::Tensors => false,
            ParameterKind::Whole { least } => setting.whole().is_some_and(|n| from(least)(&n)),
            ParameterKind::PerAxis { least } => list(least),
            ParameterKind::Padding => match setting {
                Setting::Pairs(all) => !all.is_empty(),
                Setting::Word(word) => word == "same",
                _ => list(0),
            },
            ParameterKind::Number => matches!(setting, Setting::Number(_)),
            ParameterKind::Axis => setting.whole().is_some(),
            ParameterKind::Axes => {
                setting.whole().is_some()
                    || matches!(setting, Setting::List(all) if !all.is_empty())
            }
            ParameterKind::Lengths => match setting {
                Setting::List(all) => {
                    all.iter().all(|n| *n >= -1) && all.iter().filter(|n| **n == -1).count() <= 1
                }
                other => other.whole().is_some_and(|n| n >= -1),
            },
            ParameterKind::Flag => matches!(setting, Setting::Flag(_)),
        }
    }
}

impl fmt::Display for Parameter {
    /// `x`, `bias?`, `values…`, `stride: 1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, self.default) {
            (ParameterKind::Optional, _) => write!(f, "{}?", self.name),
            (ParameterKind::Tensors, _) => write!(f, "{}…", self.name),
            (ParameterKind::Tensor, _) => f.write_str(self.name),
            (_, None) => write!(f, "{}: …", self.name),
            (_, Some(Preset::Whole(n))) => write!(f, "{}: {n}", self.name),
            (_, Some(Preset::Number(text) | Preset::Word(text))) => {
                write!(f, "{}: {text}", self.name)
            }
            (_, Some(Preset::Flag(yes))) => write!(f, "{}: {yes}", self.name),
        }
    }
}

/// A call's arguments, checked against the row.
pub(super) struct Arguments<'a> {
    pub layer: Layer,
    pub tensors: &'a [NodeId],
    pub options: &'a [(&'a str, Setting)],
}

impl Arguments<'_> {
    pub fn tensor(&self, place: usize) -> Result<NodeId, Error> {
        self.optional(place).ok_or_else(|| self.mistaken("a tensor"))
    }

    pub fn optional(&self, place: usize) -> Option<NodeId> {
        self.tensors.get(place).copied()
    }

    /// Whether a call sets an option itself.
    pub fn sets(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    pub fn whole(&self, name: &str) -> Result<usize, Error> {
        let whole = self.setting(name)?.and_then(|s| s.whole());
        whole.and_then(|n| usize::try_from(n).ok()).ok_or_else(|| self.mistaken(name))
    }

    pub fn number(&self, name: &str) -> Result<Rational, Error> {
        match self.setting(name)? {
            Some(Setting::Number(q)) => Ok(q),
            _ => Err(self.mistaken(name)),
        }
    }

    pub fn flag(&self, name: &str) -> Result<bool, Error> {
        match self.setting(name)? {
            Some(Setting::Flag(yes)) => Ok(yes),
            _ => Err(self.mistaken(name)),
        }
    }

    /// One number for each of `axes` axes, as a list or as one for all; `None` for a preset word.
    pub fn per_axis(&self, name: &str, axes: usize) -> Result<Option<Vec<usize>>, Error> {
        let list = self.list(name, axes)?;
        self.check_axes(name, list.as_ref().map_or(axes, Vec::len), axes)?;
        Ok(list)
    }

    /// Whether an option that has `found` entries has one for each of `axes` axes.
    pub fn check_axes(&self, name: &str, found: usize, axes: usize) -> Result<(), Error> {
        if found == axes {
            return Ok(());
        }
        let plural = if axes == 1 { "axis" } else { "axes" };
        let message = format!(
            "{}: the window moves over {axes} {plural}, and `{name}` is set for {found}",
            self.layer.name
        );
        Err(Error::new(Kind::Shape, message)
            .hint("one number holds for every axis; a list has one for each"))
    }

    /// A list of whole numbers as it is, and a lone one `count` times; `None` for a preset word.
    pub fn list(&self, name: &str, count: usize) -> Result<Option<Vec<usize>>, Error> {
        let list = match self.setting(name)? {
            None => return Ok(None),
            Some(Setting::List(all)) => all,
            Some(other) => vec![other.whole().ok_or_else(|| self.mistaken(name))?; count],
        };
        let lengths: Result<Vec<usize>, _> = list.into_iter().map(usize::try_from).collect();
        lengths.map(Some).map_err(|_| self.mistaken(name))
    }

    /// The setting of an option, that of its preset where a call leaves it out; `None` for the
    /// preset's word.
    pub fn setting(&self, name: &str) -> Result<Option<Setting>, Error> {
        let row = self.layer.options().find(|p| p.name == name);
        let Some(row) = row else { return Err(self.mistaken(name)) };
        if let Some(given) = self.given(name) {
            let word = matches!((given, row.default),
                (Setting::Word(word), Some(Preset::Word(preset))) if word == preset);
            return Ok((!word).then(|| given.clone()));
        }
        match row.default {
            Some(Preset::Whole(n)) => Ok(Some(Setting::Number(Rational::from(n)))),
            Some(Preset::Number(text)) => match text.parse() {
                Ok(q) => Ok(Some(Setting::Number(q))),
                Err(_) => Err(self.mistaken(name)),
            },
            Some(Preset::Flag(yes)) => Ok(Some(Setting::Flag(yes))),
            Some(Preset::Word(_)) => Ok(None),
            None => {
                let message = format!("{} needs `{name}`: {}", self.layer.name, row.takes());
                Err(Error::new(Kind::Value, message)
                    .hint(format!("it is called as {}", self.layer.signature())))
            }
        }
    }

    /// The axis of a tensor that an option names, counted from the first.
    pub fn axis(&self, b: &Builder, name: &str, of: NodeId) -> Result<usize, Error> {
        let axis = self.setting(name)?.and_then(|s| s.whole());
        self.counted(b, of, axis.ok_or_else(|| self.mistaken(name))?)
    }

    /// The axes of a tensor that an option names, counted from the first; `None` for its word.
    pub fn axes(&self, b: &Builder, name: &str, of: NodeId) -> Result<Option<Vec<usize>>, Error> {
        let axes = match self.setting(name)? {
            None => return Ok(None),
            Some(Setting::List(axes)) => axes,
            Some(other) => vec![other.whole().ok_or_else(|| self.mistaken(name))?],
        };
        axes.into_iter().map(|axis| self.counted(b, of, axis)).collect::<Result<_, _>>().map(Some)
    }

    fn counted(&self, b: &Builder, of: NodeId, axis: i64) -> Result<usize, Error> {
        let shape = b.shape(of);
        let rank = shape.rank();
        let place = if axis < 0 { axis.checked_add_unsigned(rank as u64) } else { Some(axis) };
        let place = place.and_then(|axis| usize::try_from(axis).ok()).filter(|axis| *axis < rank);
        place.ok_or_else(|| {
            let (what, name) = (self.layer.name, b.called(of));
            let message = format!("{what}: {name} is {} and has no axis {axis}", shape.described());
            let error = Error::new(Kind::Shape, message);
            match rank {
                0 => error.hint("a scalar has no axes"),
                1 => error.hint("its only axis is number 0, or -1"),
                _ => error.hint(format!(
                    "its axes are numbered from 0 to {}, or from -{rank} to -1",
                    rank - 1
                )),
            }
        })
    }

    /// The error for an option that cannot have its value.
    pub fn refuse(&self, name: &str, wanted: &str) -> Error {
        Error::new(Kind::Value, format!("{}: `{name}` must be {wanted}", self.layer.name))
    }

    fn given(&self, name: &str) -> Option<&Setting> {
        self.options.iter().rfind(|(n, _)| *n == name).map(|(_, s)| s)
    }

    fn mistaken(&self, name: &str) -> Error {
        let message = format!("{}: `{name}` has a value of the wrong kind", self.layer.name);
        Error::new(Kind::Value, message).hint(format!("it is called as {}", self.layer.signature()))
    }
}
