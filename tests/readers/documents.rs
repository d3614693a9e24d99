//! Documents. In go choices, out comes a text of a format: paragraphs, lists, quotes, tables and
//! code, with formulas between the delimiters of that format.

use super::choices::Choices;
use super::tex;

const WORDS: &[&str] = &[
    "The loss is ",
    "so that ",
    "where ",
    "as above, ",
    "by eq. (2) ",
    "costs $5 and ",
    "Größe ",
    "a*b* ",
    "x_1 and ",
    "(see below) ",
    "let ",
    "* ",
    "I_am ",
    "\u{201c}so\u{201d} ",
    "we get ",
];

/// The text of a formula on one line, most often a small one.
fn formula(c: &mut Choices) -> String {
    const SMALL: &[&str] = &[
        "x",
        "w_1",
        "E = (t - y)^2/2",
        "\\frac{\\partial E}{\\partial w} = x",
        "a < b",
        "f(x) = x",
        "\\text{if } x > 0",
        "a_1*b_1",
        "\\begin{align} a &= b \\\\ c &= d \\end{align}",
    ];
    if c.below(3) > 0 {
        return c.pick(SMALL).to_string();
    }
    let mut out = String::new();
    tex::block(c, &mut out);
    out
}

fn words(c: &mut Choices, out: &mut String) {
    for _ in 0..1 + c.below(3) {
        *out += c.pick(WORDS);
    }
}

/// Blocks one after the other, with a blank line between most of them.
fn blocks(c: &mut Choices, block: fn(&mut Choices, &mut String)) -> String {
    let mut out = String::new();
    for _ in 0..1 + c.below(6) {
        block(c, &mut out);
        out += c.pick(&["\n\n", "\n\n", "\n", "\r\n\r\n", "\n\n\n"]);
    }
    out
}

/// A document of LaTeX, its preamble perhaps with macros.
pub fn latex(c: &mut Choices) -> String {
    let mut out = String::new();
    let whole = c.chance(60);
    if whole {
        out += "\\documentclass{article}\n\\usepackage{amsmath}\n\\begin{document}\n";
    }
    let formulas = tex::formulas(c);
    for formula in formulas.split("\n\n").filter(|f| !f.is_empty()) {
        if c.chance(100) {
            words(c, &mut out);
        }
        let (open, close) = match formula.starts_with("\\begin") && c.chance(170) {
            true => ("", ""),
            false => c.pick(&[
                ("$$", "$$"),
                ("\\[", "\\]"),
                ("$", "$"),
                ("\\(", "\\)"),
                ("\\begin{equation}\n", "\n\\end{equation}"),
                ("\\[\n", "\n\\]"),
            ]),
        };
        // Macros stand before the formula, as they stand in a preamble.
        let at = formula.rfind("}\n").filter(|_| formula.starts_with(['\\']) && is_macro(formula));
        let (macros, body) = formula.split_at(at.map_or(0, |at| at + 2));
        out += macros;
        out += &format!("{open}{body}{close}");
        out += c.pick(&[
            "\n\n",
            "\n",
            " ",
            ".\n% a comment with $\n",
            "\n\\begin{verbatim}$x\\end{verbatim}\n",
        ]);
    }
    if whole {
        out += "\\end{document}\n";
    }
    out
}

fn is_macro(formula: &str) -> bool {
    ["\\newcommand", "\\def", "\\let", "\\Declare", "\\renew"]
        .iter()
        .any(|m| formula.starts_with(m))
}

/// A document in Markdown.
pub fn markdown(c: &mut Choices) -> String {
    let front = if c.chance(20) { "---\ntitle: $a$\n---\n\n" } else { "" };
    format!("{front}{}", blocks(c, markdown_block))
}

fn markdown_block(c: &mut Choices, out: &mut String) {
    match c.below(12) {
        0..=4 => paragraph(c, out),
        5 => *out += &format!("$$\n{}\n$$", formula(c)),
        6 => *out += &format!("```{}\n{}\n```", c.pick(&["math", "", "py", "latex"]), formula(c)),
        7 => {
            for _ in 0..1 + c.below(3) {
                *out += c.pick(&["- ", "1. ", "> ", "* ", "  - ", "> > ", "   1) "]);
                paragraph(c, out);
                *out += "\n";
            }
        }
        8 => {
            *out += c.pick(&["# ", "### ", "    "]);
            paragraph(c, out);
        }
        9 => {
            *out += "| a | b |\n|---|---|\n| ";
            paragraph(c, out);
            *out += " | ";
            paragraph(c, out);
            *out += " |";
        }
        10 => {
            let (open, close) = c.pick(&[
                ("<div>", "</div>"),
                ("<p>\n\n", "\n\n</p>"),
                ("<pre>", "</pre>"),
                ("<!-- ", " -->"),
                ("<details><summary>", "</summary></details>"),
                ("<script type=\"math/tex\">", "</script>"),
            ]);
            *out += open;
            paragraph(c, out);
            *out += close;
        }
        _ => *out += &formula(c),
    }
}

fn paragraph(c: &mut Choices, out: &mut String) {
    words(c, out);
    for _ in 0..c.below(3) {
        let (open, close) = c.pick(&[
            ("$", "$"),
            ("$$", "$$"),
            ("\\(", "\\)"),
            ("\\\\(", "\\\\)"),
            ("\\[", "\\]"),
            ("\\\\[", "\\\\]"),
            ("`$", "$`"),
            ("$`", "`$"),
            ("`", "`"),
            ("``", "``"),
            ("*$", "$*"),
            ("[$", "$](http://y/$2)"),
            ("<em>$", "$</em>"),
            ("&lt;$", "$&gt;"),
        ]);
        *out += &format!("{open}{}{close} ", formula(c));
        if c.chance(90) {
            words(c, out);
        }
        if c.chance(40) {
            *out += "\n";
        }
    }
}

/// A document in HTML.
pub fn html(c: &mut Choices) -> String {
    let body = blocks(c, |c, out| elements(c, out, 0));
    match c.below(3) {
        0 => format!(
            "<!DOCTYPE html><html><head><title>$a$</title></head><body>{body}</body></html>"
        ),
        _ => body,
    }
}

fn elements(c: &mut Choices, out: &mut String, depth: usize) {
    const TAGS: &[&str] =
        &["p", "div", "em", "b", "li", "ul", "td", "table", "span", "h1", "pre", "code"];
    if depth > 5 || c.ended() {
        return words(c, out);
    }
    match c.below(10) {
        0..=2 => {
            let tag = c.pick(TAGS);
            let attribute =
                c.pick(&["", "", " class=\"math\"", " id=x", " title='$a$'", " a=\"&lt;"]);
            *out += &format!("<{tag}{attribute}>");
            for _ in 0..1 + c.below(3) {
                elements(c, out, depth + 1);
            }
            *out += &format!("</{tag}>");
        }
        3..=5 => {
            words(c, out);
            let (open, close) = c.pick(&[("$", "$"), ("$$", "$$"), ("\\(", "\\)"), ("\\[", "\\]")]);
            let formula = formula(c);
            let formula = match c.below(2) {
                0 => formula.replace('&', "&amp;").replace('<', "&lt;"),
                _ => formula,
            };
            *out += &format!("{open}{formula}{close} ");
        }
        6 => {
            let display = c.pick(&["", "; mode=display"]);
            *out += &format!("<script type=\"math/tex{display}\">{}</script>", formula(c));
        }
        7 => {
            let formula = formula(c).replace('&', "&amp;").replace('<', "&lt;");
            *out += &format!(
                "<math><semantics><mi>x</mi><annotation encoding=\"application/x-tex\">{formula}\
                 </annotation></semantics></math>"
            );
        }
        8 => {
            *out += c.pick(&[
                "<br>",
                "<br/>",
                "&nbsp;",
                "&#8722;",
                "&#x3b7;",
                "&notin;",
                "<!-- $a$ -->",
                "<hr>",
            ])
        }
        _ => words(c, out),
    }
}

/// A document in reStructuredText.
pub fn rst(c: &mut Choices) -> String {
    blocks(c, rst_block)
}

fn rst_block(c: &mut Choices, out: &mut String) {
    let margin = c.pick(&["", "", "", "   ", "\t", "  "]);
    match c.below(9) {
        0..=3 => {
            *out += margin;
            words(c, out);
            for _ in 0..c.below(3) {
                *out += &format!(":math:`{}` ", formula(c));
                words(c, out);
            }
        }
        4 | 5 => {
            let options = c.pick(&["", "\n{m}   :label: eq1", "\n{m}   :nowrap:\n"]);
            let lines = formula(c).replace('\n', &format!("\n{margin}   "));
            *out += &format!(
                "{margin}.. math::{}\n\n{margin}   {lines}",
                options.replace("{m}", margin)
            );
        }
        6 => *out += &format!("{margin}.. math:: {}", formula(c)),
        7 => {
            *out += &format!(
                "{margin}.. {}\n\n{margin}   $x$ :math:`y`",
                c.pick(&["code-block:: py", "note::", "a comment", "raw:: html"])
            )
        }
        _ => {
            *out +=
                &format!("{margin}so it is::\n\n{margin}   :math:`y`\n\n{margin}and ``:math:`z```")
        }
    }
}

/// A notebook, with cells in Markdown.
pub fn notebook(c: &mut Choices) -> String {
    let mut cells = Vec::new();
    for _ in 0..1 + c.below(4) {
        let text = blocks(c, markdown_block);
        let source = match c.below(3) {
            0 => quoted(c, &text),
            1 => {
                let lines: Vec<String> = text.split_inclusive('\n').map(|l| quoted(c, l)).collect();
                format!("[{}]", lines.join(", "))
            }
            _ => format!("[{}]", quoted(c, &text)),
        };
        let kind = c.pick(&["markdown", "markdown", "code", "raw", "heading", "mark\\u0064own"]);
        let more = c.pick(&["", ", \"metadata\": {}", ", \"outputs\": [{\"a\": [1, 2.5e3]}]"]);
        cells.push(format!("{{\"cell_type\": \"{kind}\", \"source\": {source}{more}}}"));
    }
    let cells = cells.join(c.pick(&[", ", ",\n  "]));
    match c.below(4) {
        0 => format!("{{\"worksheets\": [{{\"cells\": [{cells}]}}], \"nbformat\": 3}}"),
        _ => format!("{{\"cells\": [{cells}], \"nbformat\": 4}}"),
    }
}

/// A JSON string; some of its characters escaped that need not be.
fn quoted(c: &mut Choices, text: &str) -> String {
    let mut out = String::from("\"");
    let often = c.below(4) == 0;
    for sign in text.chars() {
        match sign {
            '"' | '\\' => out.extend(['\\', sign]),
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            '\r' => out += "\\r",
            _ if often && c.chance(60) => {
                let mut units = [0; 2];
                for unit in sign.encode_utf16(&mut units) {
                    out += &format!("\\u{unit:04x}");
                }
            }
            _ => out.push(sign),
        }
    }
    out + "\""
}
