//! Characters. In: names and words as somebody wrote them. Out: the same in Unicode, in 7-bit
//! ASCII, or in LaTeX. What holds: ASCII output is 7-bit; LaTeX output compiles with `amsmath`
//! and `inputenc` whatever went in; no control character survives.

mod looks;

pub(crate) use looks::{Look, Name, alike, look, looks, parts};

use std::borrow::Cow;

/// A Greek letter: its name, the letter, how LaTeX spells it in a formula.
const GREEK: [(&str, char, &str); 48] = [
    ("alpha", 'α', "\\alpha"),
    ("beta", 'β', "\\beta"),
    ("gamma", 'γ', "\\gamma"),
    ("delta", 'δ', "\\delta"),
    ("epsilon", 'ε', "\\varepsilon"),
    ("zeta", 'ζ', "\\zeta"),
    ("eta", 'η', "\\eta"),
    ("theta", 'θ', "\\theta"),
    ("iota", 'ι', "\\iota"),
    ("kappa", 'κ', "\\kappa"),
    ("lambda", 'λ', "\\lambda"),
    ("mu", 'μ', "\\mu"),
    ("nu", 'ν', "\\nu"),
    ("xi", 'ξ', "\\xi"),
    ("omicron", 'ο', "o"),
    ("pi", 'π', "\\pi"),
    ("rho", 'ρ', "\\rho"),
    ("sigma", 'σ', "\\sigma"),
    ("tau", 'τ', "\\tau"),
    ("upsilon", 'υ', "\\upsilon"),
    ("phi", 'φ', "\\varphi"),
    ("chi", 'χ', "\\chi"),
    ("psi", 'ψ', "\\psi"),
    ("omega", 'ω', "\\omega"),
    ("Alpha", 'Α', "\\mathrm{A}"),
    ("Beta", 'Β', "\\mathrm{B}"),
    ("Gamma", 'Γ', "\\Gamma"),
    ("Delta", 'Δ', "\\Delta"),
    ("Epsilon", 'Ε', "\\mathrm{E}"),
    ("Zeta", 'Ζ', "\\mathrm{Z}"),
    ("Eta", 'Η', "\\mathrm{H}"),
    ("Theta", 'Θ', "\\Theta"),
    ("Iota", 'Ι', "\\mathrm{I}"),
    ("Kappa", 'Κ', "\\mathrm{K}"),
    ("Lambda", 'Λ', "\\Lambda"),
    ("Mu", 'Μ', "\\mathrm{M}"),
    ("Nu", 'Ν', "\\mathrm{N}"),
    ("Xi", 'Ξ', "\\Xi"),
    ("Omicron", 'Ο', "\\mathrm{O}"),
    ("Pi", 'Π', "\\Pi"),
    ("Rho", 'Ρ', "\\mathrm{P}"),
    ("Sigma", 'Σ', "\\Sigma"),
    ("Tau", 'Τ', "\\mathrm{T}"),
    ("Upsilon", 'Υ', "\\Upsilon"),
    ("Phi", 'Φ', "\\Phi"),
    ("Chi", 'Χ', "\\mathrm{X}"),
    ("Psi", 'Ψ', "\\Psi"),
    ("Omega", 'Ω', "\\Omega"),
];

/// Signs that stand among words: in Unicode, in ASCII, in the text of a LaTeX document.
const SIGNS: [(char, &str, &str); 47] = [
    ('\u{a0}', " ", "~"),
    ('−', "-", "\\ensuremath{-}"),
    ('·', "*", "\\ensuremath{\\cdot}"),
    ('×', "x", "\\ensuremath{\\times}"),
    ('÷', "/", "\\ensuremath{\\div}"),
    ('±', "+/-", "\\ensuremath{\\pm}"),
    ('∂', "d", "\\ensuremath{\\partial}"),
    ('∇', "grad ", "\\ensuremath{\\nabla}"),
    ('∑', "sum", "\\ensuremath{\\sum}"),
    ('∏', "prod", "\\ensuremath{\\prod}"),
    ('√', "sqrt", "\\ensuremath{\\surd}"),
    ('∞', "inf", "\\ensuremath{\\infty}"),
    ('≤', "<=", "\\ensuremath{\\le}"),
    ('≥', ">=", "\\ensuremath{\\ge}"),
    ('≠', "!=", "\\ensuremath{\\ne}"),
    ('≈', "~", "\\ensuremath{\\approx}"),
    ('≡', "==", "\\ensuremath{\\equiv}"),
    ('∈', "in", "\\ensuremath{\\in}"),
    ('⊙', "(.)", "\\ensuremath{\\odot}"),
    ('⊕', "(+)", "\\ensuremath{\\oplus}"),
    ('∘', "o", "\\ensuremath{\\circ}"),
    ('→', "->", "\\ensuremath{\\rightarrow}"),
    ('←', "<-", "\\ensuremath{\\leftarrow}"),
    ('↦', "|->", "\\ensuremath{\\mapsto}"),
    ('⇒', "=>", "\\ensuremath{\\Rightarrow}"),
    ('⇔', "<=>", "\\ensuremath{\\Leftrightarrow}"),
    ('✓', "ok", "\\ensuremath{\\surd}"),
    ('✗', "x", "\\ensuremath{\\times}"),
    ('•', "*", "\\ensuremath{\\bullet}"),
    ('…', "...", "\\ldots{}"),
    ('⋯', "...", "\\ensuremath{\\cdots}"),
    ('‐', "-", "-"),
    ('‑', "-", "-"),
    ('–', "-", "--"),
    ('—', "--", "---"),
    ('‘', "'", "`"),
    ('’', "'", "'"),
    ('“', "\"", "``"),
    ('”', "\"", "''"),
    ('′', "'", "\\ensuremath{'}"),
    ('°', " deg", "\\ensuremath{^\\circ}"),
    ('§', "S.", "\\ensuremath{\\mathsection}"),
    ('½', "1/2", "\\ensuremath{\\frac12}"),
    ('¼', "1/4", "\\ensuremath{\\frac14}"),
    ('⁻', "^-", "\\ensuremath{^-}"),
    ('ᵀ', "^T", "\\ensuremath{^T}"),
    ('ₙ', "_n", "\\ensuremath{_n}"),
];

/// Letters with marks that TeX's oldest fonts can build, and the letter they are built on.
const MARKED: [(&str, &str); 18] = [
    ("àáâãäå", "a"),
    ("ç", "c"),
    ("èéêë", "e"),
    ("ìíîï", "i"),
    ("ñ", "n"),
    ("òóôõöø", "o"),
    ("ùúûü", "u"),
    ("ýÿ", "y"),
    ("ÀÁÂÃÄÅ", "A"),
    ("Ç", "C"),
    ("ÈÉÊË", "E"),
    ("ÌÍÎÏ", "I"),
    ("Ñ", "N"),
    ("ÒÓÔÕÖØ", "O"),
    ("ÙÚÛÜ", "U"),
    ("ß", "ss"),
    ("æ", "ae"),
    ("Æ", "Ae"),
];

const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
const SUBSCRIPTS: [char; 10] = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'];

/// The Greek letter of that name: `eta` → η.
pub(crate) fn greek_letter(name: &str) -> Option<char> {
    // The shortest of their names are `mu` and its like, and all are letters.
    if name.len() < 2 || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    GREEK.iter().find(|row| row.0 == name).map(|row| row.1)
}

/// What LaTeX writes in a formula for the Greek letter of that name, or for the letter itself.
pub(crate) fn greek_command(name: &str) -> Option<&'static str> {
    if name.len() < 2 || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut letters = name.chars();
    let only = letters.next().filter(|_| letters.next().is_none());
    GREEK.iter().find(|row| row.0 == name || Some(row.1) == only).map(|row| row.2)
}

/// The letter that a name puts a hat on: `xhat` is x̂, as statistics writes what is estimated and
/// batch normalisation what is normalised.
pub(crate) fn hatted(name: &str) -> Option<char> {
    let mut letters = name.strip_suffix("hat")?.chars();
    let letter = letters.next().filter(|_| letters.next().is_none())?;
    // `chat`, `that` and `what` are words.
    (letter.is_ascii_alphabetic() && !matches!(letter, 'c' | 't' | 'w')).then_some(letter)
}

/// Raised digits: `-12` → ⁻¹².
pub(crate) fn superscript(digits: &str) -> String {
    digits
        .chars()
        .map(|c| digit(c, &SUPERSCRIPTS).unwrap_or(if c == '-' { '⁻' } else { c }))
        .collect()
}

/// Lowered digits: `01` → ₀₁; what is no digit stays.
pub(crate) fn subscript(digits: &str) -> String {
    digits.chars().map(|c| digit(c, &SUBSCRIPTS).unwrap_or(c)).collect()
}

fn digit(c: char, digits: &[char; 10]) -> Option<char> {
    c.to_digit(10).map(|d| digits[d as usize])
}

/// Words on one line, in Unicode or in ASCII: line ends and tabs become spaces, other control
/// characters go.
pub(crate) fn words(text: &str, unicode: bool) -> Cow<'_, str> {
    if text.chars().all(|c| !c.is_control() && (unicode || c.is_ascii())) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '\n' | '\t' | '\r' => out.push(' '),
            c if c.is_control() => {}
            c if unicode || c.is_ascii() => out.push(c),
            c => push_ascii(c, before, &mut out),
        }
        before = c;
    }
    Cow::Owned(out)
}

fn push_ascii(c: char, before: char, out: &mut String) {
    // One mark before a run of raised or lowered digits: w₀₁ is w_01.
    for (digits, mark) in [(&SUPERSCRIPTS, '^'), (&SUBSCRIPTS, '_')] {
        if let Some(d) = digits.iter().position(|x| *x == c) {
            if !digits.contains(&before) && before != '⁻' {
                out.push(mark);
            }
            out.push(char::from(b'0' + d as u8));
            return;
        }
    }
    if let Some(row) = SIGNS.iter().find(|row| row.0 == c) {
        out.push_str(row.1);
    } else if let Some(row) = GREEK.iter().find(|row| row.1 == c) {
        out.push_str(row.0);
    } else if let Some(row) = MARKED.iter().find(|row| row.0.contains(c)) {
        out.push_str(row.1);
    } else {
        out.push_str(&format!("U+{:04X}", u32::from(c)));
    }
}

/// Words for the text of a LaTeX document, or of `\text{…}`.
pub(crate) fn latex_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' | '\r' => out.push(' '),
            c if c.is_control() => {}
            '#' | '$' | '%' | '&' | '_' => {
                out.push('\\');
                out.push(c);
            }
            '{' => out.push_str("\\textbraceleft{}"),
            '}' => out.push_str("\\textbraceright{}"),
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            '|' => out.push_str("\\textbar{}"),
            '"' => out.push_str("''"),
            c if c.is_ascii() || MARKED.iter().any(|row| row.0.contains(c)) => out.push(c),
            c => push_latex(c, &mut out),
        }
    }
    out
}

/// Code for `\texttt`, whose font has every ASCII character in its place.
pub(crate) fn latex_code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_graphic() && !c.is_ascii_alphanumeric() && !".,:;=+-*/()[]?!@".contains(c) {
            out.push_str(&format!("\\char{}{{}}", u32::from(c)));
        } else {
            out.push_str(&latex_words(c.encode_utf8(&mut [0; 4])));
        }
    }
    out
}

/// Words for `\text{…}` as MathJax and KaTeX read it: no command works there in both, so the
/// characters that TeX or Markdown would take for something else are replaced by their wide
/// twins.
pub(crate) fn web_words(text: &str) -> String {
    let wide = |c: char| match c {
        '\n' | '\t' | '\r' => Some(' '),
        c if c.is_control() => None,
        '#' | '$' | '%' | '&' | '_' | '{' | '}' | '\\' | '~' | '^' | '<' | '|' | '`' | '*' => {
            char::from_u32(u32::from(c) + 0xFEE0)
        }
        c => Some(c),
    };
    text.chars().filter_map(wide).collect()
}

fn push_latex(c: char, out: &mut String) {
    if let Some(d) = SUPERSCRIPTS.iter().position(|x| *x == c) {
        out.push_str(&format!("\\ensuremath{{^{d}}}"));
    } else if let Some(d) = SUBSCRIPTS.iter().position(|x| *x == c) {
        out.push_str(&format!("\\ensuremath{{_{d}}}"));
    } else if let Some(row) = SIGNS.iter().find(|row| row.0 == c) {
        out.push_str(row.2);
    } else if let Some(row) = GREEK.iter().find(|row| row.1 == c) {
        out.push_str(&format!("\\ensuremath{{{}}}", row.2));
    } else {
        out.push_str(&format!("U+{:04X}", u32::from(c)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_spells_out_what_it_lacks() {
        assert_eq!(words("∂E/∂w₀₁ — “slope” of η·x²", false), "dE/dw_01 -- \"slope\" of eta*x^2");
        assert_eq!(words("naïve Ж\u{1b}[31m", false), "naive U+0416[31m");
        assert_eq!(words("a\tb\u{7}", true), "a b");
    }

    #[test]
    fn latex_escapes_every_special_character() {
        assert_eq!(
            latex_words("50% of $x_1 {#}"),
            "50\\% of \\$x\\_1 \\textbraceleft{}\\#\\textbraceright{}"
        );
        assert_eq!(
            latex_words("η ≈ 0…é中"),
            "\\ensuremath{\\eta} \\ensuremath{\\approx} 0\\ldots{}éU+4E2D"
        );
    }

    #[test]
    fn every_sign_of_the_tables_is_spelt_in_ascii() {
        let signs: String =
            SIGNS.iter().map(|row| row.0).chain(GREEK.iter().map(|row| row.1)).collect();
        let ascii = words(&signs, false);
        assert!(ascii.is_ascii() && !ascii.contains("U+"), "{ascii}");
    }

    #[test]
    fn one_letter_takes_a_hat() {
        assert_eq!(hatted("xhat"), Some('x'));
        assert_eq!([hatted("hat"), hatted("what"), hatted("xxhat")], [None; 3]);
    }

    #[test]
    fn digits_are_raised_and_lowered() {
        assert_eq!(superscript("-12"), "⁻¹²");
        assert_eq!(subscript("0,10"), "₀,₁₀");
    }
}
