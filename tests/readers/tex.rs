//! Formulas in LaTeX. In go choices, out come the formulas of a document, written as tutorials
//! write them: definitions, derivatives, chain rules, sums, cases, matrices, rows, words, macros.
//!
//! Most have one reading: what stands at a fraction's side, in an exponent or behind a function
//! has its parentheses, and factors stand apart by a sign. Now and then one has not.

use super::choices::Choices;

/// How deep expressions nest before only names and numbers are left.
const DEEPEST: usize = 7;

const NAMES: &[&str] = &[
    "x",
    "w",
    "t",
    "E",
    "a_1",
    "w_{ij}",
    "net_{h1}",
    "\\hat{y}",
    "\\mathbf{W}",
    "\\theta_j",
    "z^{(2)}",
    "a_i^{[1]}",
    "\\delta_{21}",
    "\\text{out}_{o1}",
    "{\\rm net}_{h1}",
    "\\mathcal{L}",
    "h_{t-1}",
    "v_q",
    "\\bar x",
    "W^{(l)}_{jk}",
    "x^{(i)}",
    "\\Delta w",
    "b",
    "y_i",
    "\\eta",
    "ŷ",
    "w_{\\text{new}}",
    "c_{10}",
    "x_1",
    "\\lambda",
    "E_{total}",
    "\\beta",
    "S'",
    "\\tilde{z}_k",
];

const NUMBERS: &[&str] =
    &["2", "1", "0", "12", "0.5", ".25", "3.14", "\\frac12", "100", "1.5", "0.01"];

const MACROS: &[&str] = &[
    "\\newcommand{\\pd}[2]{\\frac{\\partial #1}{\\partial #2}}\n",
    "\\newcommand{\\half}{\\frac{1}{2}}\n",
    "\\def\\vw{\\mathbf{w}}\n",
    "\\DeclareMathOperator{\\relu}{ReLU}\n",
    "\\renewcommand{\\pd}[2]{\\frac{d #1}{d #2}}\n",
    "\\newcommand\\sq[1]{\\left(#1\\right)^2}\n",
    "\\def\\pair#1#2{#1 \\cdot #2}\n",
    "\\newcommand{\\loss}[1][E]{#1}\n",
    "\\let\\ph\\hat\n",
];

/// The formulas of one document, each ended by a blank line.
pub fn formulas(c: &mut Choices) -> String {
    let mut out = String::new();
    while c.chance(50) {
        out += c.pick(MACROS);
    }
    for _ in 0..1 + c.below(3) {
        block(c, &mut out);
        out += "\n\n";
    }
    out
}

/// One formula: a row, or an environment of rows.
pub fn block(c: &mut Choices, out: &mut String) {
    const ROWS: [(&str, &str); 7] = [
        ("\\begin{align}", "\\end{align}"),
        ("\\begin{align*}", "\\end{align*}"),
        ("\\begin{aligned}", "\\end{aligned}"),
        ("\\begin{eqnarray}", "\\end{eqnarray}"),
        ("\\begin{equation}\\begin{split}", "\\end{split}\\end{equation}"),
        ("\\begin{alignat}{2}", "\\end{alignat}"),
        ("\\left\\{\\begin{array}{ll}", "\\end{array}\\right."),
    ];
    match c.below(4) {
        0 | 1 => statements(c, out),
        2 => {
            let (open, close) = c.pick(&ROWS);
            *out += open;
            *out += "\n";
            for n in 0..1 + c.below(4) {
                if n > 0 {
                    *out += c.pick(&[" \\\\\n", "\\\\[2pt] ", " \\cr\n", " \\nonumber \\\\\n"]);
                }
                if n == 0 || c.below(3) > 0 {
                    expression(c, out, 2);
                }
                *out += c.pick(&[" &= ", "&=", " & = & ", " = "]);
                expression(c, out, 1);
                *out += c.pick(&[
                    "",
                    "",
                    "",
                    ",",
                    " \\tag{1}",
                    "\\label{eq:a}",
                    " & \\text{as } x = 1",
                ]);
            }
            *out += close;
        }
        _ => {
            for n in 0..1 + c.below(4) {
                if n > 0 {
                    *out += " \\\\ ";
                }
                statements(c, out);
            }
        }
    }
}

/// Statements of one row, with what stands between them.
fn statements(c: &mut Choices, out: &mut String) {
    const BETWEEN: &[&str] = &[
        ", ",
        " \\quad ",
        " \\Rightarrow ",
        ", \\text{ and } ",
        " \\implies ",
        "; ",
        " \\text{ so that } ",
        " \\qquad \\text{where } ",
        ",\\; ",
        " \\iff ",
        " \\because ",
    ];
    if c.chance(20) {
        *out += c.pick(&["\\text{Now } ", "\\therefore ", "\\displaystyle ", "\\boxed{x = y}, "]);
    }
    let mut first = true;
    while first || c.chance(60) {
        if !first {
            *out += c.pick(BETWEEN);
        }
        first = false;
        statement(c, out);
    }
    if c.chance(30) {
        *out +=
            c.pick(&[" \\tag{2.1}", " \\quad (3)", ".", " \\text{ by eq.(2)}", "\\label{eq:b}"]);
    }
}

fn statement(c: &mut Choices, out: &mut String) {
    match c.below(8) {
        0 => expression(c, out, 1),
        1..=3 => derivative(c, out, 1),
        4 => {
            *out += c.pick(&["f(x)", "\\sigma(z)", "f(x, y)", "g(x)", "h_\\theta(x^{(i)})"]);
        }
        _ => *out += c.pick(NAMES),
    }
    for _ in 0..1 + c.below(3) {
        *out += c.pick(&[
            " = ",
            "=",
            " = ",
            " := ",
            " \\approx ",
            " \\equiv ",
            " \\leftarrow ",
            " &= ",
            " \\neq ",
            " \\stackrel{!}{=} ",
            " < ",
        ]);
        expression(c, out, 0);
    }
}

/// An expression; a sum stands here without parentheses.
fn expression(c: &mut Choices, out: &mut String, depth: usize) {
    if c.chance(20) {
        *out += "-";
    }
    term(c, out, depth);
    while depth < DEEPEST && c.chance(70) {
        *out += c.pick(&[" + ", " - ", "+", "-", " − "]);
        term(c, out, depth + 1);
    }
}

fn term(c: &mut Choices, out: &mut String, depth: usize) {
    factor(c, out, depth);
    while depth < DEEPEST && c.chance(90) {
        *out +=
            c.pick(&[" \\cdot ", " \\times ", " * ", "·", " \\cdot ", ".", " ", "\\,", " \\odot "]);
        factor(c, out, depth + 1);
    }
}

fn factor(c: &mut Choices, out: &mut String, depth: usize) {
    if depth >= DEEPEST || c.ended() {
        return *out += c.pick(NAMES);
    }
    let inside = |c: &mut Choices, out: &mut String, open: &str, close: &str| {
        *out += open;
        expression(c, out, depth + 1);
        *out += close;
    };
    match c.below(22) {
        0..=4 => *out += c.pick(NAMES),
        5 | 6 => *out += c.pick(NUMBERS),
        7 | 8 => {
            let (open, close) = c.pick(&[
                ("(", ")"),
                ("\\left(", "\\right)"),
                ("\\big(", "\\big)"),
                ("\\left[", "\\right]"),
                ("\\Bigl(", "\\Bigr)"),
            ]);
            inside(c, out, open, close);
            *out += c.pick(&["", "", "^2", "^{-1}", "^{3}"]);
        }
        9 | 10 => {
            *out += c.pick(&["\\frac{", "\\dfrac{", "\\tfrac{", "\\frac {"]);
            expression(c, out, depth + 1);
            inside(c, out, "}{", "}");
        }
        11 => {
            *out += "{";
            expression(c, out, depth + 1);
            inside(c, out, " \\over ", "}");
        }
        12 | 13 => derivative(c, out, depth + 1),
        14 => {
            let (open, close) = c.pick(&[
                ("\\exp(", ")"),
                ("\\ln(", ")"),
                ("\\log\\left(", "\\right)"),
                ("\\tanh(", ")"),
                ("\\sigma(", ")"),
                ("\\sqrt{", "}"),
                ("\\operatorname{sigmoid}(", ")"),
                ("\\mathrm{ReLU}(", ")"),
                ("e^{", "}"),
                ("|", "|"),
                ("\\left|", "\\right|"),
                ("\\tanh^2(", ")"),
                ("\\sigma'(", ")"),
                ("f(", ")"),
            ]);
            inside(c, out, open, close);
        }
        15 => {
            *out += c.pick(&[
                "\\sum_{i=1}^{n} ",
                "\\sum_i ",
                "\\sum_{j=0}^{3}",
                "\\sum_{i,j} ",
                "\\sum\\limits_{k}^{K} ",
                "\\sum ",
                "\\frac{1}{n}\\sum_{i=1}^n ",
            ]);
            factor(c, out, depth + 1);
        }
        16 => {
            let (open, close) = c.pick(&[
                ("\\max\\{", "\\}"),
                ("\\max(", ")"),
                ("\\min\\left(", "\\right)"),
                ("max(", ")"),
            ]);
            *out += open;
            for n in 0..1 + c.below(3) {
                if n > 0 {
                    *out += ", ";
                }
                expression(c, out, depth + 2);
            }
            *out += close;
        }
        17 => {
            *out += c.pick(NAMES);
            *out += c.pick(&["^2", "^{2}", "^{-1}", "^T", "^{n-1}", "^{\\frac12}", "'", "_k"]);
        }
        18 => cases(c, out, depth),
        19 => matrix(c, out, depth),
        20 => {
            let (open, close) = c.pick(&[
                ("\\boxed{", "}"),
                ("\\underbrace{", "}_{\\text{error}}"),
                ("\\color{red}{", "}"),
                ("\\mathbf{", "}"),
                ("{", "}"),
                ("\\overbrace{", "}^{=c}"),
                ("\\cancel{", "}"),
            ]);
            inside(c, out, open, close);
        }
        // Macros, which the document may have or not.
        _ => {
            *out += c.pick(&[
                "\\pd{E}{w}",
                "\\half",
                "\\vw",
                "\\sq{x}",
                "\\pair ab",
                "\\loss",
                "\\ph y",
            ]);
        }
    }
}

fn derivative(c: &mut Choices, out: &mut String, depth: usize) {
    let (of, by) = (c.pick(NAMES), c.pick(NAMES));
    let text = match c.below(9) {
        0..=2 => format!("\\frac{{\\partial {of}}}{{\\partial {by}}}"),
        3 => format!("{{\\partial {of} \\over \\partial {by}}}"),
        4 => format!("\\frac{{d{of}}}{{d{by}}}"),
        5 => format!("\\frac{{\\mathrm{{d}} {of}}}{{\\mathrm{{d}} {by}}}"),
        6 => format!("\\partial {of} / \\partial {by}"),
        7 => format!("\\frac{{\\partial^2 {of}}}{{\\partial {by}^2}}"),
        _ => {
            *out += &format!("\\frac{{\\partial}}{{\\partial {by}}}\\left(");
            if depth < DEEPEST {
                expression(c, out, depth + 1);
            }
            "\\right)".into()
        }
    };
    *out += &text;
}

fn cases(c: &mut Choices, out: &mut String, depth: usize) {
    *out += "\\begin{cases} ";
    for n in 0..1 + c.below(3) {
        if n > 0 {
            *out += " \\\\ ";
        }
        expression(c, out, depth + 2);
        *out += c.pick(&[
            " & \\text{if } x > 0",
            " & x \\le 0",
            ", & x < 0,",
            " & \\text{otherwise}",
            " & \\text{else}",
            " & 0 < x",
        ]);
    }
    *out += " \\end{cases}";
}

fn matrix(c: &mut Choices, out: &mut String, depth: usize) {
    let (open, close) = c.pick(&[
        ("\\begin{pmatrix} ", " \\end{pmatrix}"),
        ("\\begin{bmatrix} ", " \\end{bmatrix}"),
        ("\\left[\\begin{array}{cc} ", " \\end{array}\\right]"),
        ("\\begin{matrix} ", " \\end{matrix}"),
    ]);
    *out += open;
    let (rows, columns) = (1 + c.below(3), 1 + c.below(3));
    for row in 0..rows {
        for column in 0..columns {
            if row + column > 0 {
                *out += if column == 0 { " \\\\ " } else { " & " };
            }
            expression(c, out, depth + 3);
        }
    }
    *out += close;
}
