//! The next true line, and its rule: what a student who is stuck is told.
//!
//! Goes in: the side that a row goes on from, with a derivative in it. Comes out: the same side
//! with one rule of calculus used on that derivative. What always holds: the line was proved
//! before it is offered, as a repair is; it is one rule, and not the rest of the derivation; no
//! hint is given of what has letters for its indices.

use super::Hint;
use super::claim::names_of;
use super::marker::Marker;
use super::names::spelled;
use super::repair::put_in;
use super::say::say;
use super::tex::syntax::{Expr, FormulaKind, Known, Name, visit};
use crate::scalar::{Rational, Scalar};

/// The most hints of one document.
const MAX_HINTS: usize = 200;

impl Marker<'_, '_> {
    /// The line that follows from `from` by one rule.
    pub(super) fn hint(&mut self, from: &Expr, at: usize) -> Option<Hint> {
        if self.hints >= MAX_HINTS || !self.scope.free_letters(&[from]).is_empty() {
            return None;
        }
        self.hints += 1;
        let mut slope = None;
        visit(from, &mut |e| {
            if let FormulaKind::Derivative { of, by, order: 1 } = &e.kind
                && let FormulaKind::Name(by) = &by.kind
                && slope.is_none()
            {
                slope = Some((e, &**of, by));
            }
        });
        let (whole, of, by) = slope?;
        let (next, rule) = self.next(of, by, at)?;
        let next = put_in(from, whole, &next);
        let line = format!("{} = {}", say(from), say(&next));
        self.holds(from, &next, at).then_some(Hint { line, rule })
    }

    /// What ∂of/∂by is by one rule, and the name of the rule.
    fn next(&mut self, of: &Expr, by: &Name, at: usize) -> Option<(Expr, &'static str)> {
        let slope = |of: &Expr| slope(of.clone(), by);
        let moves = |marker: &mut Self, e: &Expr| marker.moves(e, by, at);
        Some(match &of.kind {
            FormulaKind::Name(name) if spelled(name) == spelled(by) => {
                (number(1), "the derivative of a variable by itself is 1")
            }
            FormulaKind::Name(name) => {
                let (definition, _) = self.scope.definition(&spelled(name), at)?;
                if !definition.params.is_empty() || !definition.indices.is_empty() {
                    return None;
                }
                let body = definition.body.clone();
                let mut through = Vec::new();
                let mut direct = false;
                for inner in names_of(&body) {
                    match spelled(&inner) == spelled(by) {
                        true => direct = true,
                        false if self.moves(&named(&inner), by, at) => through.push(named(&inner)),
                        false => {}
                    }
                }
                match (direct, through.is_empty()) {
                    (false, true) => (number(0), "it does not depend on the variable"),
                    (false, false) => {
                        let way = |inner: &Expr| {
                            let FormulaKind::Name(middle) = &inner.kind else { return None };
                            Some(product(vec![self::slope(of.clone(), middle), slope(inner)]))
                        };
                        let ways: Option<Vec<Expr>> = through.iter().map(way).collect();
                        (sum(ways?.into_iter().map(|way| (false, way)).collect()), "chain rule")
                    }
                    (true, _) => (slope(&body), "its definition"),
                }
            }
            FormulaKind::Neg(a) => (negative(slope(a)), "constant factor"),
            FormulaKind::Sum(terms) => {
                let mut all = Vec::new();
                for (minus, term) in terms {
                    if moves(self, term) {
                        all.push((*minus, slope(term)));
                    }
                }
                (sum(all), "sum rule")
            }
            FormulaKind::Product(factors) => {
                let mut terms = Vec::new();
                for (nth, factor) in factors.iter().enumerate() {
                    if moves(self, factor) {
                        let mut all = factors.clone();
                        all[nth] = slope(factor);
                        terms.push((false, product(all)));
                    }
                }
                let rule = if terms.len() == 1 { "constant factor" } else { "product rule" };
                (sum(terms), rule)
            }
            FormulaKind::Quotient(a, b) if !moves(self, b) => {
                (quotient(slope(a), (**b).clone()), "constant factor")
            }
            FormulaKind::Quotient(a, b) => {
                let first = product(vec![slope(a), (**b).clone()]);
                let second = product(vec![(**a).clone(), slope(b)]);
                let above = sum(vec![(false, first), (true, second)]);
                (quotient(above, power((**b).clone(), number(2))), "quotient rule")
            }
            FormulaKind::Power(a, n) => {
                let FormulaKind::Number { value, decimals: 0 } = &n.kind else { return None };
                let less = value.sub(&Rational::from(1)).ok()?;
                let rest = match less == Rational::from(1) {
                    true => (**a).clone(),
                    false => power((**a).clone(), of_value(less)),
                };
                self.chained(vec![(**n).clone(), rest], a, by, "power rule")
            }
            FormulaKind::Call(known, a) => {
                let (outer, rule) = outer(*known, of, a)?;
                self.chained(outer, a, by, rule)
            }
            _ => return None,
        })
    }

    /// The outer derivative, times the inner one where the argument is not the variable itself.
    fn chained(
        &self,
        mut outer: Vec<Expr>,
        inner: &Expr,
        by: &Name,
        rule: &'static str,
    ) -> (Expr, &'static str) {
        if !matches!(&inner.kind, FormulaKind::Name(name) if spelled(name) == spelled(by)) {
            outer.push(slope(inner.clone(), by));
        }
        (product(outer), rule)
    }

    /// Whether a variable moves an expression.
    fn moves(&mut self, expr: &Expr, by: &Name, at: usize) -> bool {
        let sides = (self.scope.build(expr, at), self.scope.build(&named(by), at));
        matches!(sides, (Ok(of), Ok(by)) if self.scope.depends(of, by))
    }
}

/// The factors of f′(a), and what its rule is called.
fn outer(known: Known, whole: &Expr, a: &Expr) -> Option<(Vec<Expr>, &'static str)> {
    let one = || number(1);
    let less = |e: Expr| sum(vec![(false, one()), (true, e)]);
    let (whole, a) = (whole.clone(), a.clone());
    Some(match known {
        Known::Exp => (vec![whole], "derivative of exp"),
        Known::Ln => (vec![quotient(one(), a)], "derivative of ln"),
        Known::Sqrt => {
            (vec![quotient(one(), product(vec![number(2), whole]))], "derivative of the root")
        }
        Known::Tanh => (vec![less(power(whole, number(2)))], "derivative of tanh"),
        Known::Sigmoid => (vec![whole.clone(), less(whole)], "derivative of σ"),
        Known::Sin => (vec![call(Known::Cos, a)], "derivative of sin"),
        Known::Cos => (vec![negative(call(Known::Sin, a))], "derivative of cos"),
        Known::Softplus => (vec![call(Known::Sigmoid, a)], "derivative of softplus"),
        _ => return None,
    })
}

fn expr(kind: FormulaKind) -> Expr {
    Expr { kind, span: 0..0 }
}

fn of_value(value: Rational) -> Expr {
    expr(FormulaKind::Number { value, decimals: 0 })
}

fn number(n: i64) -> Expr {
    expr(FormulaKind::whole(n))
}

fn named(name: &Name) -> Expr {
    expr(FormulaKind::Name(name.clone()))
}

fn slope(of: Expr, by: &Name) -> Expr {
    expr(FormulaKind::Derivative { of: Box::new(of), by: Box::new(named(by)), order: 1 })
}

fn negative(a: Expr) -> Expr {
    expr(FormulaKind::Neg(Box::new(a)))
}

fn quotient(a: Expr, b: Expr) -> Expr {
    expr(FormulaKind::Quotient(Box::new(a), Box::new(b)))
}

fn power(a: Expr, b: Expr) -> Expr {
    expr(FormulaKind::Power(Box::new(a), Box::new(b)))
}

fn call(known: Known, a: Expr) -> Expr {
    expr(FormulaKind::Call(known, Box::new(a)))
}

fn product(mut factors: Vec<Expr>) -> Expr {
    match factors.len() {
        1 => factors.swap_remove(0),
        _ => expr(FormulaKind::Product(factors)),
    }
}

/// A sum; 0 where there is no term.
fn sum(mut terms: Vec<(bool, Expr)>) -> Expr {
    match &terms[..] {
        [] => number(0),
        [(false, _)] => terms.swap_remove(0).1,
        [(true, _)] => negative(terms.swap_remove(0).1),
        _ => expr(FormulaKind::Sum(terms)),
    }
}

#[cfg(test)]
mod tests {
    use crate::review::{DocumentFormat, Mark, review};

    /// What the last row of a document is told: the next line, and its rule.
    fn told(document: &str) -> Option<String> {
        let review = review(document, DocumentFormat::Markdown, None).unwrap();
        let claim = review.rows.last().and_then(|row| row.claims.last()).unwrap();
        claim.hint.as_ref().map(|hint| format!("{} | {}", hint.line, hint.rule))
    }

    #[test]
    fn each_rule_gives_the_next_line() {
        let cases = [
            (r"$y = w x$ and $E = y^2$", "∂E/∂w", "∂E/∂w = ∂E/∂y·∂y/∂w | chain rule"),
            (r"$y = w x$", "∂y/∂w", "∂y/∂w = ∂(w·x)/∂w | its definition"),
            (
                r"$a = w^2$, $b = w^3$ and $E = a b$",
                "∂E/∂w",
                "∂E/∂w = ∂E/∂a·∂a/∂w + ∂E/∂b·∂b/∂w | chain rule",
            ),
            ("", "∂(3 w^2)/∂w", "∂(3·w^2)/∂w = 3·∂(w^2)/∂w | constant factor"),
            ("", "∂(w^3)/∂w", "∂(w^3)/∂w = 3·w^2 | power rule"),
            ("", "∂((t - w)^2)/∂w", "∂((t − w)^2)/∂w = 2·(t − w)·∂(t − w)/∂w | power rule"),
            ("", "∂(t - w^2)/∂w", "∂(t − w^2)/∂w = −∂(w^2)/∂w | sum rule"),
            ("", r"∂(w \\ln(w))/∂w", "∂(w·ln(w))/∂w = ∂w/∂w·ln(w) + w·∂ln(w)/∂w | product rule"),
            (
                "",
                r"∂(\\frac{w}{1 + w})/∂w",
                "∂(w/(1 + w))/∂w = (∂w/∂w·(1 + w) − w·∂(1 + w)/∂w)/((1 + w)^2) | quotient rule",
            ),
            ("", r"∂(\\sigma(w))/∂w", "∂σ(w)/∂w = σ(w)·(1 − σ(w)) | derivative of σ"),
        ];
        for (definitions, slope, hint) in cases {
            let (of, by) = slope.rsplit_once("/∂").unwrap();
            let of = of.strip_prefix('∂').unwrap().replace(r"\\", "\\");
            let definitions = match definitions.is_empty() {
                true => String::new(),
                false => format!("Let {definitions}."),
            };
            for answer in ["17 w", "?", ""] {
                let row = format!(r"\frac{{\partial {of}}}{{\partial {by}}} = {answer}");
                let document = format!("{definitions} Here $t$ and $x$ are given.\n\n$${row}$$\n");
                assert_eq!(told(&document).as_deref(), Some(hint), "{document}");
            }
        }
    }

    #[test]
    fn where_nothing_is_wrong_or_known_nothing_is_told() {
        let right = r"Let $y = w x$. Then $\frac{\partial y}{\partial w} = x$.";
        assert_eq!(told(right), None);
        assert_eq!(told(r"$$\frac{\partial q}{\partial w} = ?$$"), None);
        assert_eq!(told(r"Let $y = w x$. Then $y = ?$."), None);
    }

    /// A slip that is planted is the slip that is named.
    #[test]
    fn the_slip_is_named() {
        let definitions = r"Let $z = w x$, $y = \sigma(z)$, $E = \frac{1}{2}(t - y)^2$, \
                            where $x$ and $t$ are given.";
        let cases = [
            (r"\frac{\partial E}{\partial w} = (t - y) y (1 - y) x", "a wrong sign"),
            (r"\frac{\partial E}{\partial w} = -(t - y) x", "a missing factor of the chain rule"),
            (r"\frac{\partial E}{\partial w} = -(t - y) y (1 - y)", "a missing factor"),
            (r"\frac{\partial E}{\partial w} = -w x (t - y) y (1 - y)", "a factor too many"),
            (r"\frac{\partial E}{\partial w} = -(t - y) y (1 - y) z", "a wrong name"),
            (r"\frac{\partial E}{\partial w} = -(t - y) y (1 - y) x^2", "a wrong power"),
            (r"\frac{\partial E}{\partial w} = -(t - y) y (1 - y) x + y", "a term too many"),
        ];
        for (row, slip) in cases {
            let document = format!("{definitions}\n\n$${row}$$\n");
            let review = review(&document, DocumentFormat::Markdown, None).unwrap();
            let Some(Mark::Refuted(wrong)) = review.rows.last().and_then(|row| row.mark()) else {
                panic!("{row}")
            };
            let named = wrong.repair.as_ref().and_then(|repair| repair.slip);
            assert_eq!(named.map(|slip| slip.says()), Some(slip), "{row}");
        }
    }
}
