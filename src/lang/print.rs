//! Trees to text. In goes a syntax tree, or an expression of a graph, out comes its text in
//! the language, with no more parentheses than needed; parsing it gives the same tree again.
//!
//! One writer serves both, since parentheses depend on what an expression looks like and not on
//! where it is kept. It works from a list of what is still to write, so a deep graph is no
//! deeper for it, and stops at a limit, since a graph that shares its parts may
//! stand for more text than there is memory.

use std::borrow::Cow;
use std::fmt::Write;

use super::syntax::{Expr, ExprKind, Statement, Subscript};
use crate::net::Role;

/// What an expression looks like, one level deep; `T` is a handle to its parts.
pub(super) enum Look<T> {
    /// Text that holds together: a name, a call of nothing, a number.
    Atom(String),
    /// Text with a minus in front.
    Minus(String),
    /// Text with a fraction stroke inside.
    Ratio(String),
    /// With what stands between the brackets.
    Index(T, String),
    List(Vec<T>),
    Neg(T),
    Add(Vec<T>),
    Sub(T, T),
    Mul(Vec<T>),
    Div(T, T),
    MatMul(T, T),
    Pow(T, T),
    Call(String, Vec<(Option<String>, T)>),
}

/// The place that a part is written in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    /// Between brackets or commas, or alone.
    Free,
    /// The first term of a sum.
    FirstTerm,
    /// A later term, or what a minus stands before.
    Term,
    /// The first factor, or what is divided, after which a product would run on.
    FirstFactor,
    /// What is divided.
    Above,
    /// A later factor, or a divisor.
    Factor,
    /// What is raised to a power, or indexed.
    Base,
    /// An exponent.
    Exponent,
}

impl Slot {
    fn needs_parens<T>(self, look: &Look<T>) -> bool {
        let is_sum = matches!(look, Look::Add(_) | Look::Sub(..));
        let is_minus = matches!(look, Look::Neg(_) | Look::Minus(_));
        let is_product = matches!(look, Look::Mul(_));
        let is_quotient = matches!(look, Look::Div(..) | Look::MatMul(..) | Look::Ratio(_));
        let is_power = matches!(look, Look::Pow(..));
        match self {
            Slot::Free => false,
            Slot::FirstTerm => is_sum,
            Slot::Term => is_sum || is_minus,
            Slot::FirstFactor => is_sum || is_minus || is_product,
            Slot::Above => is_sum || is_minus,
            Slot::Factor => is_sum || is_minus || is_product || is_quotient,
            Slot::Base => is_sum || is_minus || is_product || is_quotient || is_power,
            Slot::Exponent => is_sum || is_minus || is_product || is_quotient,
        }
    }
}

enum Piece<T> {
    Text(Cow<'static, str>),
    Part(T, Slot),
}

/// The text of `root`, whose parts look as `look` says; past `limit` bytes it ends in `…`.
pub(super) fn write<T: Copy>(root: T, limit: usize, look: impl Fn(T) -> Look<T>) -> String {
    let mut out = String::new();
    let mut todo = vec![Piece::Part(root, Slot::Free)];
    while let Some(piece) = todo.pop() {
        if out.len() > limit {
            out.push('…');
            break;
        }
        match piece {
            Piece::Text(text) => out.push_str(&text),
            Piece::Part(part, slot) => {
                let seen = look(part);
                let parens = slot.needs_parens(&seen);
                let mut pieces = pieces(seen, &look);
                if parens {
                    pieces.insert(0, text("("));
                    pieces.push(text(")"));
                }
                todo.extend(pieces.into_iter().rev());
            }
        }
    }
    out
}

fn text<T>(text: impl Into<Cow<'static, str>>) -> Piece<T> {
    Piece::Text(text.into())
}

fn pieces<T: Copy>(seen: Look<T>, look: impl Fn(T) -> Look<T>) -> Vec<Piece<T>> {
    use Piece::Part;
    match seen {
        Look::Atom(t) | Look::Minus(t) | Look::Ratio(t) => vec![text(t)],
        Look::Index(a, at) => vec![Part(a, Slot::Base), text(format!("[{at}]"))],
        Look::List(all) => {
            let mut pieces = vec![text("[")];
            pieces.extend(separated(all.into_iter().map(|a| (None, a))));
            pieces.push(text("]"));
            pieces
        }
        Look::Neg(a) => vec![text("-"), Part(a, Slot::Term)],
        Look::Sub(a, b) => vec![Part(a, Slot::FirstTerm), text(" - "), Part(b, Slot::Term)],
        Look::Add(all) => terms(&all, look),
        Look::Mul(all) if all.is_empty() => vec![text("1")],
        Look::Mul(all) => {
            let mut pieces = Vec::with_capacity(all.len() * 2);
            for (nth, a) in all.into_iter().enumerate() {
                if nth > 0 {
                    pieces.push(text("*"));
                }
                pieces.push(Part(a, if nth == 0 { Slot::FirstFactor } else { Slot::Factor }));
            }
            pieces
        }
        Look::Div(a, b) => vec![Part(a, Slot::Above), text("/"), Part(b, Slot::Factor)],
        Look::MatMul(a, b) => vec![Part(a, Slot::Above), text(" @ "), Part(b, Slot::Factor)],
        Look::Pow(a, b) => vec![Part(a, Slot::Base), text("^"), Part(b, Slot::Exponent)],
        Look::Call(name, args) => {
            let mut pieces = vec![text(name), text("(")];
            pieces.extend(separated(args));
            pieces.push(text(")"));
            pieces
        }
    }
}

/// A sum. A later `Neg` is written as a difference, except in a sum of two, where that would
/// read as a `Sub`.
fn terms<T: Copy>(all: &[T], look: impl Fn(T) -> Look<T>) -> Vec<Piece<T>> {
    let Some((first, later)) = all.split_first() else { return vec![text("0")] };
    let mut pieces = vec![Piece::Part(*first, Slot::FirstTerm)];
    for term in later {
        match look(*term) {
            Look::Neg(inner) if all.len() > 2 => {
                pieces.extend([text(" - "), Piece::Part(inner, Slot::Term)]);
            }
            _ => pieces.extend([text(" + "), Piece::Part(*term, Slot::Term)]),
        }
    }
    pieces
}

fn separated<T>(all: impl IntoIterator<Item = (Option<String>, T)>) -> Vec<Piece<T>> {
    let mut pieces = Vec::new();
    for (nth, (label, part)) in all.into_iter().enumerate() {
        if nth > 0 {
            pieces.push(text(", "));
        }
        pieces.extend(label.map(|label| text(format!("{label}: "))));
        pieces.push(Piece::Part(part, Slot::Free));
    }
    pieces
}

/// The text of an expression.
pub fn print_expr(expr: &Expr) -> String {
    write(expr, usize::MAX, look)
}

/// The text of an expression for an error, not all of it if it is long.
pub(super) fn brief(expr: &Expr) -> String {
    const SHOWN: usize = 40;
    write(expr, SHOWN, look)
}

fn look<'s, 'a>(expr: &'s Expr<'a>) -> Look<&'s Expr<'a>> {
    match &expr.kind {
        ExprKind::Number(t) | ExprKind::Name(t) => Look::Atom(t.to_string()),
        ExprKind::Index(a, at) => Look::Index(a, between(at)),
        ExprKind::List(all) => Look::List(all.iter().collect()),
        ExprKind::Neg(a) => Look::Neg(a),
        ExprKind::Add(all) => Look::Add(all.iter().collect()),
        ExprKind::Mul(all) => Look::Mul(all.iter().collect()),
        ExprKind::Sub(ab) => Look::Sub(&ab[0], &ab[1]),
        ExprKind::Div(ab) => Look::Div(&ab[0], &ab[1]),
        ExprKind::MatMul(ab) => Look::MatMul(&ab[0], &ab[1]),
        ExprKind::Pow(ab) => Look::Pow(&ab[0], &ab[1]),
        ExprKind::Call(call) => {
            let label = |n: Option<super::syntax::Name>| n.map(|n| n.text.to_string());
            let args = call.args.iter().map(|a| (label(a.label), &a.value)).collect();
            Look::Call(call.name.text.to_string(), args)
        }
    }
}

/// What stands between the brackets after a tensor.
pub(super) fn between(at: &[Subscript]) -> String {
    let shown: Vec<String> = at.iter().map(Subscript::to_string).collect();
    shown.join(", ")
}

/// The text of a network, a statement a line.
pub fn print(statements: &[Statement]) -> String {
    let mut out = String::new();
    for statement in statements {
        // Writing to a string cannot fail.
        let _ = match statement {
            Statement::Declare { role, name, lengths } => {
                let role = match role {
                    Role::Input => "input",
                    Role::Param => "param",
                    Role::Target => "target",
                    Role::Const | Role::Defined => "const",
                };
                let shape = if lengths.is_empty() { String::new() } else { format!("{lengths:?}") };
                writeln!(out, "{role} {}{shape}", name.text)
            }
            Statement::Define { name, value } => {
                writeln!(out, "{} = {}", name.text, print_expr(value))
            }
            Statement::Given { name, value } => {
                writeln!(out, "given {} = {}", name.text, print_expr(value))
            }
            Statement::Assume { of: Some(of), value } => {
                writeln!(out, "assume {} = {}", print_expr(of), print_expr(value))
            }
            Statement::Assume { of: None, value } => {
                writeln!(out, "assume {}", print_expr(value))
            }
            Statement::Loss { name } => writeln!(out, "loss {}", name.text),
        };
    }
    out
}
