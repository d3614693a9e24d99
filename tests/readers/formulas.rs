//! Formulas of scalars. In go choices, out comes a text that mostly is one.

use backproof::scalar::Function;

use super::choices::Choices;

pub const NAMES: &[&str] =
    &["w", "x", "a", "t", "w_fc", "net_h1", "η", "γ_1", "b", "loss", "input", "_k", "c_10", "x1"];
pub const NUMBERS: &[&str] = &[
    "2",
    "1",
    "0",
    "0.5",
    ".25",
    "3",
    "1e-3",
    "12",
    "2.50E+7",
    "1e308",
    "1e-308",
    "123456789012345678901234567890",
    "7",
    "1000",
];

/// How deep expressions nest before only names and numbers are left.
const DEEPEST: usize = 12;

/// A formula, perhaps with a name of its own.
pub fn formula(c: &mut Choices) -> String {
    let mut out = String::new();
    if c.chance(24) {
        out += c.pick(&["E = ", "L=", "y  =  ", "f = "]);
    }
    expression(c, &mut out, 0);
    out
}

fn expression(c: &mut Choices, out: &mut String, depth: usize) {
    if depth >= DEEPEST || c.ended() {
        return atom(c, out);
    }
    let both = |c: &mut Choices, out: &mut String, sign: &str| {
        operand(c, out, depth);
        *out += blank(c);
        *out += sign;
        *out += blank(c);
        operand(c, out, depth);
    };
    match c.below(16) {
        0..=2 => atom(c, out),
        3 | 4 => {
            let sign = c.pick(&["+", "-", " + ", " − "]);
            both(c, out, sign);
        }
        5 | 6 => {
            let sign = c.pick(&["*", "·", "×", " * "]);
            both(c, out, sign);
        }
        7 => both(c, out, "/"),
        8 => {
            operand(c, out, depth);
            *out += c.pick(&["^", " ^ "]);
            match c.below(4) {
                0 | 1 => *out += c.pick(&["2", "-1", "3", "0.5", "-2", "1000", "0"]),
                _ => operand(c, out, depth),
            }
        }
        9 => {
            *out += "-";
            operand(c, out, depth);
        }
        // A long row of terms or factors.
        10 => {
            let sign = c.pick(&[" + ", "*", " - "]);
            for n in 0..2 + c.below(12) {
                if n > 0 {
                    *out += sign;
                }
                operand(c, out, depth + 3);
            }
        }
        11 | 12 => {
            *out += Function::ALL[c.below(Function::ALL.len())].name();
            *out += "(";
            expression(c, out, depth + 1);
            *out += ")";
        }
        13 => {
            *out += "max(";
            for n in 0..1 + c.below(5) {
                if n > 0 {
                    *out += c.pick(&[", ", ",", ",\n  "]);
                }
                expression(c, out, depth + 1);
            }
            *out += ")";
        }
        _ => {
            *out += "(";
            expression(c, out, depth + 1);
            *out += ")";
        }
    }
}

/// An expression that mostly stands in parentheses where it needs them.
fn operand(c: &mut Choices, out: &mut String, depth: usize) {
    match c.below(4) {
        0 | 1 => atom(c, out),
        2 => {
            *out += "(";
            expression(c, out, depth + 1);
            *out += ")";
        }
        _ => expression(c, out, depth + 1),
    }
}

fn atom(c: &mut Choices, out: &mut String) {
    match c.below(8) {
        0..=4 => *out += c.pick(NAMES),
        5 => {
            *out += c.pick(NAMES);
            *out += c.pick(&["[0]", "[1, 0]", "[ 12 ]", "[0,0,3]", "[4]"]);
        }
        _ => *out += c.pick(NUMBERS),
    }
}

pub fn blank(c: &mut Choices) -> &'static str {
    c.pick(&["", " ", " ", "", "  ", "\t"])
}
