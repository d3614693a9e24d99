//! Syntax to network. In go statements, out comes a [`Builder`] with what they define, and the
//! errors of those that are wrong. Shapes and limits are the builder's to check; this module
//! gives its errors a place, and goes on after each.
//!
//! What always holds: a part that failed yields `None` and has been reported, once.

use super::foreign;
use super::scope::{Scope, Unresolved, unknown_function};
use super::syntax::{Arg, Call, Expr, ExprKind, Name, Statement};
use super::values::number;
use super::{MAX_ERRORS, exact, subscript};
use crate::diag::{Error, Kind, Span};
use crate::net::{self, Builder, Layer, NodeId, Parameter, Setting, Shape, split_subscript};
use crate::scalar::Rational;

/// The options of a call, as they were set.
pub(super) type Options = Vec<(&'static str, Setting)>;

/// A network in the making, and what was wrong so far.
pub(super) struct Elaborator<'a> {
    pub builder: Builder,
    pub scope: Scope<'a>,
    pub errors: Vec<Error>,
}

impl<'a> Elaborator<'a> {
    pub fn new(scope: Scope<'a>, errors: Vec<Error>) -> Elaborator<'a> {
        let mut builder = Builder::new();
        // The parts of a composite must not take a name that stands further down, nor that of a
        // tensor one of whose elements such a name would be.
        for name in scope.names() {
            builder.reserve(name);
            if let Some((stem, _)) = split_subscript(name) {
                builder.reserve(stem);
            }
        }
        Elaborator { builder, scope, errors }
    }

    /// Whether so many errors were found that further ones would not be shown.
    pub fn is_full(&self) -> bool {
        self.errors.len() >= MAX_ERRORS
    }

    /// Declarations and definitions; the other statements are passed over.
    pub fn define_all(&mut self, statements: &[Statement<'a>]) {
        for statement in statements {
            if self.is_full() {
                return;
            }
            match statement {
                Statement::Declare { role, name, lengths } => {
                    let shape = Shape::new(lengths.as_slice());
                    let result = self.builder.at(name.span).declare(*role, name.text, shape);
                    self.named(*name, result);
                }
                Statement::Define { name, value } => self.define(*name, value),
                _ => {}
            }
        }
    }

    /// One definition.
    pub fn define(&mut self, name: Name<'a>, value: &Expr<'a>) {
        self.scope.defining(Some(name.text));
        self.builder.within(Some(name.text));
        let value = self.expr(value);
        self.builder.within(None);
        self.scope.defining(None);
        match value {
            Some(node) => {
                let result = self.builder.at(name.span).define(name.text, node);
                self.named(name, result);
            }
            None => {
                let free = self.builder.check_free(name.text);
                self.named(name, free);
                self.scope.lose(name.text);
            }
        }
    }

    /// What is defined twice keeps its first meaning; what is defined wrongly has none.
    fn named<T>(&mut self, name: Name<'a>, result: Result<T, Error>) {
        if self.report(result, name.span).is_none() && self.builder.find(name.text).is_none() {
            self.scope.lose(name.text);
        }
    }

    /// The value, or `None` and the error on record.
    pub fn report<T>(&mut self, result: Result<T, Error>, span: Span) -> Option<T> {
        result.map_err(|error| self.errors.push(error.at(span))).ok()
    }

    /// The tensor that a name stands for.
    pub fn name(&mut self, name: &'a str, span: Span) -> Option<NodeId> {
        if self.is_full() {
            return None;
        }
        match self.scope.resolve(&mut self.builder, name, span) {
            Ok(node) => Some(node),
            Err(Unresolved::Lost) => None,
            Err(Unresolved::Error(error)) => {
                self.errors.push(error.at(span));
                None
            }
        }
    }

    /// The tensor that an expression computes. Recurses as deep as the tree is high, which
    /// parsing limits.
    pub fn expr(&mut self, expr: &Expr<'a>) -> Option<NodeId> {
        let span = expr.span;
        let result = match &expr.kind {
            ExprKind::Number(text) => {
                exact(text, span).and_then(|q| self.builder.at(span).number(&q))
            }
            ExprKind::Name(name) => return self.name(name, span),
            ExprKind::Index(base, at) => {
                let base = self.expr(base)?;
                subscript::part(self.builder.at(span), base, at)
            }
            ExprKind::List(_) => Err(Error::new(Kind::Syntax, "a list is no value here").hint(
                "lists go in `given w = [[1, 2], [3, 4]]` and in options such as `stride: [2, 1]`",
            )),
            ExprKind::Neg(a) => {
                let a = self.expr(a)?;
                self.builder.at(span).neg(a)
            }
            ExprKind::Add(all) => {
                let all = self.all(all)?;
                self.builder.at(span).add(&all)
            }
            ExprKind::Mul(all) => {
                let all = self.all(all)?;
                self.builder.at(span).mul(&all)
            }
            ExprKind::Sub(ab) => {
                let (a, b) = self.both(ab)?;
                self.builder.at(span).sub(a, b)
            }
            ExprKind::Div(ab) => {
                let (a, b) = self.both(ab)?;
                self.builder.at(span).div(a, b)
            }
            ExprKind::MatMul(ab) => {
                let (a, b) = self.both(ab)?;
                self.builder.at(span).matmul(a, b)
            }
            ExprKind::Pow(ab) => {
                let (a, b) = self.both(ab)?;
                self.builder.at(span).pow(a, b)
            }
            ExprKind::Call(call) => return self.call(call, span),
        };
        self.report(result, span)
    }

    /// Every part, so that each reports its own errors, or none.
    fn all(&mut self, all: &[Expr<'a>]) -> Option<Vec<NodeId>> {
        let nodes: Vec<Option<NodeId>> = all.iter().map(|e| self.expr(e)).collect();
        nodes.into_iter().collect()
    }

    fn both(&mut self, ab: &[Expr<'a>; 2]) -> Option<(NodeId, NodeId)> {
        let (a, b) = (self.expr(&ab[0]), self.expr(&ab[1]));
        a.zip(b)
    }

    fn call(&mut self, call: &Call<'a>, span: Span) -> Option<NodeId> {
        let Some(layer) = net::layer(call.name.text) else {
            let error = unknown_function(call.name.text);
            // The arguments are looked at all the same, for errors of their own.
            for arg in call.args.iter().filter(|a| a.label.is_none()) {
                self.expr(&arg.value);
            }
            return self.report(Err(error), call.name.span);
        };
        let sorted = self.sort_arguments(layer, call, span);
        let (inputs, options) = self.report(sorted, call.name.span)?;
        let tensors: Vec<Option<NodeId>> = inputs.iter().map(|e| self.expr(e)).collect();
        let tensors: Vec<NodeId> = tensors.into_iter().collect::<Option<_>>()?;
        let result = layer.build(self.builder.at(span), &tensors, &options);
        self.report(result, span)
    }

    /// The arguments of a call: tensors in the order of the parameters, and options.
    pub fn sort_arguments<'c>(
        &self,
        layer: Layer,
        call: &'c Call<'a>,
        span: Span,
    ) -> Result<(Vec<&'c Expr<'a>>, Options), Error> {
        let mut by_place: Vec<&Expr> = Vec::new();
        let mut named: Vec<(&'static str, &Arg)> = Vec::new();
        let mut options = Options::new();
        for arg in &call.args {
            let Some(label) = arg.label else {
                by_place.push(&arg.value);
                continue;
            };
            let parameter = layer.parameters.iter().find(|p| p.name == label.text);
            let Some(parameter) = parameter.filter(|p| p.kind != net::ParameterKind::Tensors)
            else {
                return Err(no_option(layer, label.text).at(label.span));
            };
            if let Some((_, first)) = named.iter().find(|(name, _)| *name == parameter.name) {
                let first = first.label.map(|l| l.span).unwrap_or_default();
                return Err(Error::new(Kind::Name, format!("`{}` is set twice", label.text))
                    .at(label.span)
                    .also(first, "first set here"));
            }
            named.push((parameter.name, arg));
            if !parameter.kind.is_tensor() {
                options.push((parameter.name, setting(layer, parameter, &arg.value)?));
            }
        }
        if layer.is_variadic() {
            layer.check_count(by_place.len()).map_err(|e| e.at(span))?;
            return Ok((by_place, options));
        }
        let given = by_place.len() + named.len() - options.len();
        layer.check_count(given).map_err(|e| e.at(span))?;
        // A tensor given by name takes the place of its parameter, the others fill what is left.
        let mut by_place = by_place.into_iter();
        let mut tensors = Vec::with_capacity(given);
        for parameter in layer.inputs() {
            let by_name = named.iter().find(|(name, _)| *name == parameter.name);
            match by_name.map(|(_, arg)| &arg.value).or_else(|| by_place.next()) {
                Some(tensor) => tensors.push(tensor),
                None if tensors.len() == given => break,
                None => {
                    let message = format!("{}: `{}` is missing", layer.name, parameter.name);
                    return Err(Error::new(Kind::Shape, message)
                        .at(span)
                        .hint(format!("it is called as {}", layer.signature())));
                }
            }
        }
        Ok((tensors, options))
    }
}

/// The error for an option that a function has not; elsewhere it may go by that name.
fn no_option(layer: Layer, name: &str) -> Error {
    let has = |ours: &str| layer.options().any(|p| p.name == ours);
    match foreign::option(name, has) {
        Some(ours) => {
            let message = format!("{} has no option `{name}`", layer.name);
            Error::new(Kind::Name, message).hint(format!("did you mean `{ours}`?"))
        }
        None => layer.no_option(name),
    }
}

/// The setting that an option is given.
fn setting(layer: Layer, parameter: &Parameter, value: &Expr) -> Result<Setting, Error> {
    read_setting(value).filter(|setting| parameter.accepts(setting)).ok_or_else(|| {
        let wanted = parameter.takes();
        Error::new(
            Kind::Value,
            format!(
                "{}: `{}` must be {wanted}, found `{}`",
                layer.name,
                parameter.name,
                super::print::brief(value)
            ),
        )
        .at(value.span)
    })
}

/// A setting as it is written: a number, a list of whole numbers or of pairs, a word.
fn read_setting(value: &Expr) -> Option<Setting> {
    let whole = |e: &Expr| -> Option<i64> {
        let q = number(e).ok().filter(Rational::is_integer)?;
        q.numer().try_into().ok()
    };
    let pair = |e: &Expr| match &e.kind {
        ExprKind::List(items) => match items.as_slice() {
            [before, after] => {
                let size = |e| usize::try_from(whole(e)?).ok();
                Some([size(before)?, size(after)?])
            }
            _ => None,
        },
        _ => None,
    };
    match &value.kind {
        ExprKind::Name("true") => Some(Setting::Flag(true)),
        ExprKind::Name("false") => Some(Setting::Flag(false)),
        ExprKind::Name(word) => Some(Setting::Word(word.to_string())),
        ExprKind::List(items) => {
            let list: Option<Vec<i64>> = items.iter().map(whole).collect();
            let pairs = || items.iter().map(pair).collect::<Option<Vec<_>>>();
            list.map(Setting::List).or_else(|| pairs().map(Setting::Pairs))
        }
        _ => number(value).ok().map(Setting::Number),
    }
}
