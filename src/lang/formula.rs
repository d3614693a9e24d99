//! Lone formulas, without a file: as a network with one definition, or as an expression of a
//! graph; and the text of an expression.

use num_bigint::BigInt;
use rustc_hash::{FxHashMap, FxHashSet};

use super::elaborate::Elaborator;
use super::overrides::{Overrides, Said, finish};
use super::parse::parse_lone;
use super::print::{Look, write};
use super::scope::{Scope, unknown_function};
use super::syntax::{Call, Expr, ExprKind, Name, Subscript};
use super::{MAX_PRINTED_BYTES, exact};
use crate::diag::{Error, Kind, nearest};
use crate::expr::{ExprId, Graph, Node, Symbol};
use crate::net::{Arithmetic, Network, Role, Shape, fold};
use crate::scalar::{Function, Rational};

/// The network of one scalar formula, such as `(t - w*max(a, b))^2 / 2`. Every name in it is a
/// scalar: a parameter if `wrt` names it or `wrt` is empty, else a constant. The loss is called
/// as the formula says (`L = …`), or else `E`, or `f` where `E` is one of its variables. Errors:
/// those of the formula, with places in it; a name in `wrt` that it does not have.
///
/// ```
/// use backproof::lang::{Overrides, network_of_formula};
/// let wrt = ["w".to_string()];
/// let network = network_of_formula("(t - w*x)^2 / 2", &wrt, &Overrides::default())?;
/// assert_eq!(network.params().count(), 1);
/// assert_eq!(network.quantity(network.loss()).name, "E");
/// # Ok::<(), backproof::diag::Error>(())
/// ```
pub fn network_of_formula(
    text: &str,
    wrt: &[String],
    overrides: &Overrides,
) -> Result<Network, Error> {
    let said = Said::new(overrides);
    let (own, value) = parse_lone(text)?;
    let mut names = Vec::new();
    free_names(&value, &mut FxHashSet::default(), &mut names);
    if names.is_empty() {
        return Err(Error::new(Kind::Name, "the formula has no variable to differentiate by")
            .at(value.span));
    }
    if let Some(name) = wrt.iter().find(|w| !names.iter().any(|n| n.text == w.as_str())) {
        return Err(no_variable(name, &names));
    }
    let taken = |name: &str| names.iter().any(|n| n.text == name);
    if let Some(own) = own.filter(|own| taken(own.text)) {
        let message = format!("`{}` is used in its own definition", own.text);
        return Err(Error::new(Kind::Name, message).at(own.span));
    }
    let unused = || {
        let numbered = (1..).map(|n| format!("f_{n}"));
        ["E", "f"].iter().map(ToString::to_string).chain(numbered).find(|n| !taken(n))
    };
    let unnamed = unused().unwrap_or_default();
    let loss = own.unwrap_or(Name { text: &unnamed, span: value.span });
    let mut elaborator = Elaborator::new(Scope::default(), Vec::new());
    elaborator.builder.reserve(loss.text);
    for name in &names {
        let is_param = wrt.is_empty() || wrt.iter().any(|w| w == name.text);
        let role = if is_param { Role::Param } else { Role::Const };
        let result = elaborator.builder.at(name.span).declare(role, name.text, Shape::scalar());
        elaborator.report(result, name.span);
    }
    elaborator.define(loss, &value);
    finish(elaborator, &[], &said, overrides)
}

fn no_variable(name: &str, names: &[Name]) -> Error {
    const SHOWN: usize = 12;
    let error = Error::new(Kind::Name, format!("`{name}` is no variable of the formula"));
    let shown: Vec<&str> = names.iter().take(SHOWN).map(|n| n.text).collect();
    match nearest(name, shown.iter().copied()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("its variables: {}", shown.join(", "))),
    }
}

/// The names in an expression, each once, in the order of the text.
fn free_names<'a>(expr: &Expr<'a>, seen: &mut FxHashSet<&'a str>, names: &mut Vec<Name<'a>>) {
    let mut each = |all: &[Expr<'a>]| all.iter().for_each(|e| free_names(e, seen, names));
    match &expr.kind {
        ExprKind::Number(_) => {}
        ExprKind::Name(text) => {
            if seen.insert(text) {
                names.push(Name { text, span: expr.span });
            }
        }
        ExprKind::Index(a, _) | ExprKind::Neg(a) => free_names(a, seen, names),
        ExprKind::List(all) | ExprKind::Add(all) | ExprKind::Mul(all) => each(all),
        ExprKind::Sub(ab) | ExprKind::Div(ab) | ExprKind::Pow(ab) | ExprKind::MatMul(ab) => {
            each(ab.as_slice());
        }
        ExprKind::Call(call) => {
            let tensors = call.args.iter().filter(|a| a.label.is_none());
            tensors.for_each(|a| free_names(&a.value, seen, names));
        }
    }
}

/// A scalar formula as an expression of `g`. Names are free variables, and so are elements:
/// `w[0, 1]` is one, and `w_01` is another. Errors: as for a network, except that nothing needs a
/// declaration; functions of tensors are refused.
///
/// ```
/// use backproof::{expr::Graph, lang::{parse_formula, print_formula}};
/// let mut g = Graph::new();
/// let e = parse_formula(&mut g, "(t - w[0, 0]*max(a, b))^2 / 2")?;
/// assert_eq!(print_formula(&g, e), "(t - w[0, 0]*max(a, b))^2/2");
/// # Ok::<(), backproof::diag::Error>(())
/// ```
pub fn parse_formula(g: &mut Graph, text: &str) -> Result<ExprId, Error> {
    let (name, value) = parse_lone(text)?;
    if let Some(name) = name {
        let error = Error::new(Kind::Syntax, "expected a formula, found a definition");
        return Err(error.at(name.span).hint("leave out the name and its `=`"));
    }
    Formula { g, constants: FxHashMap::default() }.expr(&value)
}

struct Formula<'g> {
    g: &'g mut Graph,
    /// The values of constant expressions, for the limits on exponents.
    constants: FxHashMap<ExprId, Rational>,
}

impl Formula<'_> {
    fn expr(&mut self, expr: &Expr) -> Result<ExprId, Error> {
        let (op, id) = match &expr.kind {
            ExprKind::Number(text) => {
                let q = exact(text, expr.span)?;
                let id = self.g.number(&q);
                self.constants.insert(id, q);
                return Ok(id);
            }
            ExprKind::Name(name) => return Ok(self.g.var(name)),
            ExprKind::Index(base, at) => match base.kind {
                ExprKind::Name(name) => {
                    let index = |s: &Subscript| match *s {
                        Subscript::At(n) => usize::try_from(n).ok(),
                        Subscript::Range { .. } => None,
                    };
                    let at: Option<Vec<usize>> = at.iter().map(index).collect();
                    let error = Error::new(Kind::Shape, "expected an element such as w[0, 1]");
                    let at = at.ok_or_else(|| {
                        error.at(expr.span).hint("a formula knows no lengths to count from")
                    })?;
                    return Ok(self.g.var_symbol(Symbol::element(name, &at)));
                }
                _ => {
                    let error = Error::new(Kind::Shape, "only a name has elements here");
                    return Err(error.at(expr.span));
                }
            },
            ExprKind::MatMul(_) => {
                let error = Error::new(Kind::Shape, "`@` multiplies matrices, not scalars");
                return Err(error.at(expr.span).hint("a formula is about scalars"));
            }
            ExprKind::List(_) => {
                let error = Error::new(Kind::Syntax, "a list is no scalar").at(expr.span);
                return Err(error.hint("the greatest of several is max(a, b)"));
            }
            ExprKind::Neg(a) => {
                let a = self.expr(a)?;
                (Arithmetic::Neg, self.g.neg(a))
            }
            ExprKind::Add(all) => {
                let all = self.all(all)?;
                (Arithmetic::Add, self.g.add(all))
            }
            ExprKind::Mul(all) => {
                let all = self.all(all)?;
                (Arithmetic::Mul, self.g.mul(all))
            }
            ExprKind::Sub(ab) => {
                let [a, b] = self.both(ab)?;
                (Arithmetic::Sub, self.g.sub(a, b))
            }
            ExprKind::Div(ab) => {
                let [a, b] = self.both(ab)?;
                (Arithmetic::Div, self.g.div(a, b))
            }
            ExprKind::Pow(ab) => {
                let [a, b] = self.both(ab)?;
                (Arithmetic::Pow, self.g.pow(a, b))
            }
            ExprKind::Call(call) => self.call(call)?,
        };
        self.check(op, id).map_err(|e| e.at(expr.span))?;
        Ok(id)
    }

    fn all(&mut self, all: &[Expr]) -> Result<Vec<ExprId>, Error> {
        all.iter().map(|e| self.expr(e)).collect()
    }

    fn both(&mut self, ab: &[Expr; 2]) -> Result<[ExprId; 2], Error> {
        Ok([self.expr(&ab[0])?, self.expr(&ab[1])?])
    }

    fn call(&mut self, call: &Call) -> Result<(Arithmetic, ExprId), Error> {
        let name = call.name.text;
        let Some(layer) = crate::net::layer(name) else {
            return Err(unknown_function(name).at(call.name.span));
        };
        if layer.function().is_none() && name != "max" {
            let error = Error::new(Kind::Shape, format!("{name} is a function of tensors"));
            return Err(error.at(call.name.span).hint("a formula is about scalars"));
        }
        if let Some(label) = call.args.iter().find_map(|a| a.label) {
            return Err(layer.no_option(label.text).at(label.span));
        }
        layer.check_count(call.args.len()).map_err(|e| e.at(call.name.span))?;
        let mut args = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            args.push(self.expr(&arg.value)?);
        }
        Ok(match Function::named(name) {
            Some(function) => (Arithmetic::Call(function), self.g.call(function, args[0])),
            None => (Arithmetic::Max, self.g.max(args)),
        })
    }

    /// Refuses a constant that has no value or a huge one, and remembers any other.
    fn check(&mut self, op: Arithmetic, id: ExprId) -> Result<(), Error> {
        let children = self.g.children(id);
        let known: Vec<Option<&Rational>> =
            children.iter().map(|c| self.constants.get(c)).collect();
        if let Some(q) = fold(op, &known)? {
            self.constants.insert(id, q);
        }
        Ok(())
    }
}

/// The text of an expression in the language. Parsing it gives the same node again, if the
/// expression could be parsed at all: numbers below 0 or such as 1/3 come back as operations,
/// named quantities as variables, and derivatives, written `d(E, w)`, and winners,
/// `wins(m, a)`, not at all. Longer text than [`MAX_PRINTED_BYTES`] ends in `…`.
///
/// ```
/// let mut g = backproof::Graph::new();
/// let formula = backproof::parse_formula(&mut g, "(a + b)*w[0,1]^2")?;
/// assert_eq!(backproof::print_formula(&g, formula), "(a + b)*w[0, 1]^2");
/// # Ok::<(), backproof::Error>(())
/// ```
pub fn print_formula(g: &Graph, id: ExprId) -> String {
    write(id, MAX_PRINTED_BYTES, |id| look(g, id))
}

fn look(g: &Graph, id: ExprId) -> Look<ExprId> {
    let call = |name: &str, args: &[ExprId]| {
        Look::Call(name.to_string(), args.iter().map(|a| (None, *a)).collect())
    };
    match g.node(id) {
        Node::Number(n) => number(g.number_of(n)),
        Node::Var(s) | Node::Named(s, _) => Look::Atom(g.symbol(s).to_string()),
        Node::Neg(a) => Look::Neg(a),
        Node::Sub(a, b) => Look::Sub(a, b),
        Node::Div(a, b) => Look::Div(a, b),
        Node::Pow(a, b) => Look::Pow(a, b),
        Node::Add(args) => Look::Add(g.args(args).to_vec()),
        Node::Mul(args) => Look::Mul(g.args(args).to_vec()),
        Node::Max(args) => call("max", g.args(args)),
        Node::Call(function, a) => call(function.name(), &[a]),
        Node::Wins { max, arg } => call("wins", &[max, arg]),
        Node::Partial { of, by } => call("d", &[of, by]),
    }
}

/// A number as a literal of the language where there is one: 12, 0.5, 1e300.
fn number(q: &Rational) -> Look<ExprId> {
    let text = decimal(&q.abs()).unwrap_or_else(|| q.abs().to_string());
    match (q.is_negative(), text.contains('/')) {
        (false, false) => Look::Atom(text),
        (false, true) => Look::Ratio(text),
        (true, _) => Look::Minus(format!("-{text}")),
    }
}

/// The digits of a number that has finitely many: short ones with a point, others with an
/// exponent; `None` where there are infinitely many, or more than a literal may have.
fn decimal(q: &Rational) -> Option<String> {
    const SHORT: usize = 20;
    let most = super::MAX_NUMBER_DIGITS + super::MAX_NUMBER_EXPONENT as usize;
    let (mut rest, mut places) = (q.denom(), 0);
    // A denominator of twos and fives divides the power of ten with as many of either.
    for prime in [2u32, 5] {
        let mut count = 0;
        while (&rest % prime) == BigInt::ZERO {
            rest /= prime;
            count += 1;
            if count > most {
                return None;
            }
        }
        places = places.max(count);
    }
    if rest != BigInt::from(1) {
        return None;
    }
    let digits = q.numer() * BigInt::from(10).pow(places as u32) / q.denom();
    let digits = digits.to_string();
    if digits.len() <= SHORT && places <= SHORT {
        if places == 0 {
            return Some(digits);
        }
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        return Some(format!("{whole}.{fraction}"));
    }
    let short = digits.trim_end_matches('0');
    let power = (digits.len() - short.len()) as i64 - places as i64;
    // As much of the power of ten as an exponent may be; zeros or a point say what is left.
    let most = i64::from(super::MAX_NUMBER_EXPONENT);
    let exponent = power.clamp(-most, most);
    let mantissa = match usize::try_from(power - exponent) {
        Ok(zeros) => format!("{short}{:0<zeros$}", ""),
        Err(_) => {
            let places = (exponent - power) as usize;
            let padded = format!("{short:0>places$}");
            let (whole, fraction) = padded.split_at(padded.len() - places);
            format!("{whole}.{fraction}")
        }
    };
    let written = mantissa.bytes().filter(u8::is_ascii_digit).count();
    match exponent {
        _ if written > super::MAX_NUMBER_DIGITS => None,
        0 => Some(mantissa),
        _ => Some(format!("{mantissa}e{exponent}")),
    }
}
