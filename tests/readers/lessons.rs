//! Derivations as somebody writes them, for a whole review. In go choices, out come definitions
//! that rest on each other, and rows about their derivatives, right ones and wrong ones.

use super::choices::Choices;
use super::tex;

const LEAVES: &[&str] = &["x", "w", "t", "b", "w_1", "\\theta", "x_1"];
const DEFINED: &[&str] = &["y", "z", "h", "u", "v", "a"];

/// A document in Markdown.
pub fn lesson(c: &mut Choices) -> String {
    let mut out = String::new();
    let mut known: Vec<&str> = vec![c.pick(LEAVES), c.pick(LEAVES), "w"];
    let mut chain = Vec::new();
    for name in &DEFINED[..1 + c.below(DEFINED.len())] {
        let value = value(c, &known, 3);
        out += &format!("{}$${name} = {value}$$\n", c.pick(&["", "Let ", "with ", "so that\n"]));
        known.push(name);
        chain.push(*name);
    }
    let loss = match c.below(3) {
        0 => format!("(t - {})^2/2", known[known.len() - 1]),
        1 => format!("\\frac{{1}}{{2}}(t - {})^2", known[known.len() - 1]),
        _ => value(c, &known, 3),
    };
    out += &format!("and the loss is $E = {loss}$.\n\n");
    known.push("E");
    for _ in 0..1 + c.below(4) {
        row(c, &mut out, &known);
        out += "\n\n";
    }
    out
}

fn row(c: &mut Choices, out: &mut String, known: &[&str]) {
    let (of, by) = (c.pick(known), c.pick(known));
    match c.below(6) {
        0 => {
            *out += "$$";
            tex::block(c, out);
            *out += "$$";
        }
        1 => {
            let through = c.pick(known);
            *out += &format!(
                "$$\\frac{{\\partial {of}}}{{\\partial {by}}} = \\frac{{\\partial {of}}}{{\\partial \
                 {through}}} \\cdot \\frac{{\\partial {through}}}{{\\partial {by}}}$$"
            );
        }
        2 => {
            let (a, b) = (value(c, known, 3), value(c, known, 2));
            *out += &format!(
                "\\begin{{align}} \\frac{{\\partial {of}}}{{\\partial {by}}} &= {a} \\\\ &= {b} \
                 \\end{{align}}"
            );
        }
        3 => {
            let (a, b) = (value(c, known, 3), value(c, known, 3));
            *out += &format!("$${a} = {b}$$");
        }
        4 => *out += &format!("With ${} = {}$ and ${} = 0.5$:", of, c.below(9), by),
        _ => {
            let value = value(c, known, 3);
            *out += &format!("$$\\frac{{d{of}}}{{d{by}}} = {value}$$");
        }
    }
}

fn value(c: &mut Choices, known: &[&str], depth: usize) -> String {
    if depth == 0 || c.ended() {
        return c.pick(known).to_string();
    }
    let one = |c: &mut Choices| match c.below(3) {
        0 => value(c, known, depth - 1),
        1 => c.pick(known).to_string(),
        _ => c.pick(&["2", "1", "0.5", "3", "-1"]).to_string(),
    };
    match c.below(12) {
        0 | 1 => format!("{} + {}", one(c), one(c)),
        2 | 3 => format!("({}) \\cdot ({})", one(c), one(c)),
        4 => format!("{} - ({})", one(c), one(c)),
        5 => format!("\\frac{{{}}}{{{}}}", one(c), one(c)),
        6 => format!("({})^2", one(c)),
        7 => format!("\\{}({})", c.pick(&["exp", "ln", "tanh", "sigma"]), one(c)),
        8 => format!("\\max\\{{{}, {}\\}}", one(c), one(c)),
        9 => format!("-({})", one(c)),
        10 => format!("\\sum_{{i=1}}^{{{}}} i \\cdot ({})", c.pick(&["3", "n", "2"]), one(c)),
        _ => format!("({})^{{{}}}", one(c), c.pick(&["3", "-1", "n", "\\frac12", "10"])),
    }
}
