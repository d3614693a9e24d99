//! An expression in one line of plain text, as it was understood: `∂E/∂w = (y − t)·x`.
//!
//! Goes in: what the parser made of a formula, or what was made of that. Comes out: text for
//! people; nothing reads it again. What always holds: every product has its sign and every
//! argument its parentheses, so that two expressions that were read differently look different.

use super::tex::syntax::{Array, Comparison, Expr, FormulaKind, Known, Name, Relation};
use crate::scalar::Rational;

/// How tightly the parts of an expression hold together: a looser one needs parentheses inside a
/// tighter one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bond {
    Sum,
    Product,
    Power,
    Atom,
}

/// An expression.
pub(super) fn say(expr: &Expr) -> String {
    part(expr).0
}

/// A relation between two sides.
pub(super) fn say_relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "=",
        Relation::Defines => ":=",
        Relation::About => "≈",
        Relation::Becomes => "←",
        Relation::Differs => "≠",
        Relation::Other => "…",
    }
}

/// The name of a quantity: `w_fc`, `c_1,0`, `a^(2)_1`.
pub(super) fn say_name(name: &Name) -> String {
    let above = name.above.as_ref().map_or(String::new(), |above| format!("^{above}"));
    let below = match name.below.is_empty() {
        true => String::new(),
        false if name.below.iter().any(|part| part.contains(['+', '-', '−'])) => {
            format!("_({})", name.below.join(","))
        }
        false => format!("_{}", name.below.join(",")),
    };
    format!("{}{above}{below}", name.stem)
}

fn part(expr: &Expr) -> (String, Bond) {
    match &expr.kind {
        FormulaKind::Number { value, decimals } => number(value, *decimals),
        FormulaKind::Name(name) => (say_name(name), Bond::Atom),
        FormulaKind::Neg(a) => (format!("−{}", inside(a, Bond::Product)), Bond::Sum),
        FormulaKind::Sum(terms) => (sum(terms), Bond::Sum),
        FormulaKind::Product(factors) => {
            let all: Vec<String> = factors.iter().map(|f| inside(f, Bond::Power)).collect();
            (all.join("·"), Bond::Product)
        }
        FormulaKind::Quotient(a, b) => {
            let text = format!("{}/{}", inside(a, Bond::Power), inside(b, Bond::Atom));
            (text, Bond::Product)
        }
        FormulaKind::Power(a, b) => {
            (format!("{}^{}", inside(a, Bond::Atom), inside(b, Bond::Atom)), Bond::Power)
        }
        FormulaKind::Call(known, a) => (call(*known, a), Bond::Atom),
        FormulaKind::Extreme { least, of } => {
            (format!("{}({})", if *least { "min" } else { "max" }, list(of)), Bond::Atom)
        }
        FormulaKind::Apply { head, primes, args } => {
            let primes = "′".repeat(*primes as usize);
            (format!("{}{primes}({})", say_name(head), list(args)), Bond::Atom)
        }
        FormulaKind::Derivative { of, by, order } => {
            let power = if *order == 1 { String::new() } else { format!("^{order}") };
            let (of, by) = (inside(of, Bond::Atom), inside(by, Bond::Atom));
            (format!("∂{power}{of}/∂{by}{power}"), Bond::Power)
        }
        FormulaKind::Differential(a) => (format!("∂{}", inside(a, Bond::Atom)), Bond::Power),
        FormulaKind::HalfDerivative { of, by } => {
            (format!("∂{}/{}", inside(of, Bond::Atom), inside(by, Bond::Atom)), Bond::Product)
        }
        FormulaKind::Limit { of, by, to } => {
            let run = format!("{} → {}", say(by), say(to));
            (format!("lim_({run}) {}", inside(of, Bond::Product)), Bond::Product)
        }
        FormulaKind::BigSum { .. } => (over("Σ", expr), Bond::Product),
        FormulaKind::BigProduct(sum) => (over("∏", sum), Bond::Product),
        FormulaKind::Cases(cases) => (format!("{{{}}}", distinguished(cases)), Bond::Atom),
        FormulaKind::List(items) => (format!("[{}]", list(items)), Bond::Atom),
        FormulaKind::Matrix(rows) => {
            let rows: Vec<String> = rows.iter().map(|row| list(row)).collect();
            (format!("[{}]", rows.join("; ")), Bond::Atom)
        }
        FormulaKind::Array(array) => of_arrays(array),
    }
}

/// An expression where something holds it that binds so tightly.
fn inside(expr: &Expr, least: Bond) -> String {
    match part(expr) {
        (text, bond) if bond < least => format!("({text})"),
        (text, _) => text,
    }
}

fn list(all: &[Expr]) -> String {
    all.iter().map(say).collect::<Vec<_>>().join(", ")
}

fn sum(terms: &[(bool, Expr)]) -> String {
    let mut out = String::new();
    for (nth, (minus, term)) in terms.iter().enumerate() {
        out += match (nth, minus) {
            (0, true) => "−",
            (0, false) => "",
            (_, true) => " − ",
            (_, false) => " + ",
        };
        out += &inside(term, Bond::Product);
    }
    out
}

/// 0.50 stays as it was printed; a fraction has a slash.
fn number(value: &Rational, decimals: u32) -> (String, Bond) {
    let text = match (decimals, value.in_decimals(decimals)) {
        (1.., Some(text)) => text,
        _ => value.to_string(),
    };
    let bond = match text.contains(['/', '-']) {
        true => Bond::Sum,
        false => Bond::Atom,
    };
    (text.replace('-', "−"), bond)
}

fn call(known: Known, argument: &Expr) -> String {
    let name = match known {
        Known::Abs => return format!("|{}|", say(argument)),
        Known::Norm => return format!("‖{}‖", say(argument)),
        Known::Exp => "exp",
        Known::Ln => "ln",
        Known::Sqrt => "√",
        Known::Tanh => "tanh",
        Known::Sin => "sin",
        Known::Cos => "cos",
        Known::Sinh => "sinh",
        Known::Cosh => "cosh",
        Known::Sigmoid => "σ",
        Known::Softplus => "softplus",
        Known::Relu => "relu",
        Known::Sign => "sign",
        Known::NormalCdf => "Φ",
        Known::NormalPdf => "φ",
    };
    format!("{name}({})", say(argument))
}

/// A sum or a product over an index, with what it runs over where that is written.
fn over(sign: &str, sum: &Expr) -> String {
    let FormulaKind::BigSum { indices, from, to, body } = &sum.kind else {
        return format!("{sign} {}", inside(sum, Bond::Power));
    };
    let letters = indices.join(",");
    let run = match (from, to) {
        (Some(from), Some(to)) => format!("{letters}={}..{}", say(from), say(to)),
        (Some(from), None) => format!("{letters}≥{}", say(from)),
        (None, Some(to)) => format!("{letters}≤{}", say(to)),
        (None, None) => letters,
    };
    format!("{sign}_({run}) {}", inside(body, Bond::Product))
}

fn distinguished(cases: &[(Expr, Option<Comparison>)]) -> String {
    let case = |(value, condition): &(Expr, Option<Comparison>)| match condition {
        Some(Comparison { left, sign, right }) => {
            format!("{} if {} {sign} {}", say(value), say(left), say(right))
        }
        None => format!("{} otherwise", say(value)),
    };
    cases.iter().map(case).collect::<Vec<_>>().join("; ")
}

fn of_arrays(array: &Array) -> (String, Bond) {
    match array {
        Array::Transpose(a) => (format!("{}ᵀ", inside(a, Bond::Atom)), Bond::Power),
        Array::Elementwise(factors) => {
            let all: Vec<String> = factors.iter().map(|f| inside(f, Bond::Power)).collect();
            (all.join(" ⊙ "), Bond::Product)
        }
        Array::Gradient(a) => (format!("∇{}", inside(a, Bond::Atom)), Bond::Power),
        Array::Frobenius(a) => (format!("‖{}‖_F", say(a)), Bond::Atom),
        Array::Run(run) => (format!("[{}, …]", say(&run.body)), Bond::Atom),
        Array::Element(a, below) => (format!("[{}]_{}", say(a), below.join(",")), Bond::Atom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::tex::syntax::Part;
    use crate::review::tex::{Dots, Lexicon, Macros, rows};

    /// What a formula of one row and one statement says.
    fn said(formula: &str) -> String {
        let macros = Macros::of(std::iter::once(formula));
        let lexicon = Lexicon::of(&[formula], &macros, &[]);
        let rows = rows(formula, &macros, &lexicon, &Dots::default());
        let [Part::Statement(statement)] = &rows[0].parts[..] else { panic!("{rows:?}") };
        let relations = statement.rest.iter().map(|(relation, _)| say_relation(*relation));
        let sides: Vec<String> = statement.sides().map(say).collect();
        let mut text = sides[0].clone();
        for (relation, side) in relations.zip(&sides[1..]) {
            text += &format!(" {relation} {side}");
        }
        text
    }

    #[test]
    fn what_was_read_is_said() {
        let cases = [
            (r"\frac{\partial E}{\partial w_{fc}} = -(t - y) x", "∂E/∂w_fc = −(t − y)·x"),
            (r"\frac{1}{2}(t-y)^2", "(1/2)·(t − y)^2"),
            (r"y = 0.50 + \frac{a}{b c}", "y = 0.50 + a/(b·c)"),
            (r"(-a) b - (c - d)", "(−a)·b − (c − d)"),
            (r"-a b", "−a·b"),
            (
                r"\frac{dy}{dx} = (\frac{dx}{dy})^{-1} \cdot \frac{1}{\frac{dx}{dy}}",
                "∂y/∂x = (∂x/∂y)^(−1)·(1/(∂x/∂y))",
            ),
            (r"s = \sum_{i=1}^{n} w_i x_i + b", "s = Σ_(i=1..n) w_i·x_i + b"),
            (r"\sum_j (a_j + 1)", "Σ_(j) (a_j + 1)"),
            (r"\lim_{h \to 0} \frac{a h}{h} = a", "lim_(h → 0) (a·h)/h = a"),
            (r"\sigma'(z) = e^{-z}", "σ′(z) = exp(−z)"),
            (r"\ln\left|x\right| \approx \max(a, b)", "ln(|x|) ≈ max(a, b)"),
            (r"(x^2)^3 = x^{2^3}", "(x^2)^3 = x^(2^3)"),
            (r"a^{(2)}_1 := \hat{y}", "a^(2)_1 := ŷ"),
        ];
        for (formula, text) in cases {
            assert_eq!(said(formula), text, "{formula}");
        }
    }
}
