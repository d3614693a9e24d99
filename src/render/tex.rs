//! Formulas in LaTeX. In: a [`Math`]. Out: its TeX, stacked for a display or on the line for
//! running text, whole or in lines of a given width. What holds: only commands of LaTeX and
//! `amsmath` that MathJax and KaTeX know, too; no backslash before a punctuation mark, which
//! Markdown would eat; braces balance; no depth or length overflows the stack.

use super::MAX_DEPTH;
use super::formula::short_indices;
use crate::expr::Symbol;
use crate::page::{Big, Mark, Math, Relation, Slot};
use crate::scalar::{Function, Rational};
use crate::spell;

/// Who reads the TeX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// LaTeX itself.
    Latex,
    /// MathJax or KaTeX, behind Markdown; their `\text` knows no commands.
    Web,
}

/// How a formula is set.
#[derive(Clone, Copy)]
struct How {
    reader: Reader,
    /// Fractions on the line, a/b.
    linear: bool,
    /// How many stacked fractions are around this.
    stacked: usize,
    /// In a subscript: 2a for 2·a.
    tight: bool,
    /// How many parentheses are open around this.
    level: usize,
    depth: usize,
}

/// A formula in pieces, between which a display may break.
pub(super) struct Tex {
    pieces: Vec<Piece>,
    /// Whether it is higher than a line, so that parentheses around it must grow.
    tall: bool,
}

struct Piece {
    tex: String,
    /// An estimate, in tenths of the width of a letter.
    width: usize,
    /// If the display may break before this: how many parentheses are open there.
    breaks: Option<usize>,
}

/// Fractions are stacked this deep, and set on the line inside of that. Stacks of stacks are hard
/// to read, and brackets in them double their height with each.
const MAX_STACK: usize = 2;

/// What stands between brackets and is no wider than this is not broken.
const UNBROKEN: usize = 400;

const LETTER: usize = 10;
const SMALL_LETTER: usize = 7;
const OPERATOR: usize = 26;
const DOT: usize = 18;

impl How {
    /// Above or below the line of a fraction.
    fn stacked(self) -> How {
        let stacked = self.stacked + 1;
        How { stacked, linear: self.linear || stacked >= MAX_STACK, ..self }
    }
}

impl Tex {
    /// Sets `math` for a display, with fractions stacked.
    pub(super) fn display(math: &Math, reader: Reader) -> Tex {
        Tex::new(math, reader, false)
    }

    /// Sets `math` for running text, with fractions on the line.
    pub(super) fn inline(math: &Math, reader: Reader) -> Tex {
        Tex::new(math, reader, true)
    }

    fn new(math: &Math, reader: Reader, linear: bool) -> Tex {
        let mut tex = Tex { pieces: Vec::new(), tall: false };
        let how = How { reader, linear, stacked: 0, tight: false, level: 0, depth: 0 };
        tex.set(math, Slot::Free, how);
        tex
    }

    /// The whole.
    pub(super) fn one_line(&self) -> String {
        self.pieces.iter().map(|piece| &piece.tex[..]).collect()
    }

    /// Its width, estimated in tenths of the width of a letter.
    pub(super) fn width(&self) -> usize {
        self.pieces.iter().map(|piece| piece.width).sum()
    }

    /// The whole in lines of about `limit`, broken outside parentheses rather than inside.
    pub(super) fn lines(&self, limit: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let mut from = 0;
        while from < self.pieces.len() {
            let to = self.line_end(from, limit);
            lines.push(self.pieces[from..to].iter().map(|piece| &piece.tex[..]).collect());
            from = to;
        }
        lines
    }

    /// Where the line that begins at piece `from` ends.
    fn line_end(&self, from: usize, limit: usize) -> usize {
        let mut width = 0;
        let mut best: Option<(usize, usize)> = None;
        for (at, piece) in self.pieces.iter().enumerate().skip(from) {
            if let Some(level) = piece.breaks
                && at > from
            {
                // Past the limit, the first chance is the best that is left.
                if width > limit && best.is_none() {
                    return at;
                }
                if width <= limit && best.is_none_or(|(least, _)| level <= least) {
                    best = Some((level, at));
                }
            }
            width += piece.width;
            if width > limit
                && let Some((_, at)) = best
            {
                return at;
            }
        }
        self.pieces.len()
    }

    fn push(&mut self, tex: &str, width: usize) {
        match self.pieces.last_mut() {
            Some(last) => {
                last.tex.push_str(tex);
                last.width += width;
            }
            None => self.pieces.push(Piece { tex: tex.to_string(), width, breaks: None }),
        }
    }

    fn sign(&mut self, tex: &str, width: usize, how: How) {
        let breaks = Some(how.level);
        self.pieces.push(Piece { tex: format!(" {tex} "), width, breaks });
    }

    /// What stands in braces of its own, where nothing may break.
    fn part(math: &Math, slot: Slot, how: How) -> Tex {
        let mut tex = Tex { pieces: Vec::new(), tall: false };
        tex.set(math, slot, how);
        tex
    }

    fn set(&mut self, math: &Math, slot: Slot, how: How) {
        let math = math.alone();
        if how.depth >= MAX_DEPTH {
            self.push("\\ldots ", 2 * LETTER);
            return;
        }
        let how = How { depth: how.depth + 1, ..how };
        if slot.needs_parens(math, how.linear) {
            self.enclosed("(", ")", how, |tex, how| tex.bare(math, how));
        } else {
            self.bare(math, how);
        }
    }

    /// Puts brackets around what `inside` sets, which grow if it is tall.
    fn enclosed(
        &mut self,
        before: &str,
        after: &str,
        how: How,
        inside: impl FnOnce(&mut Tex, How),
    ) {
        let mut part = Tex { pieces: Vec::new(), tall: false };
        inside(&mut part, How { level: how.level + 1, ..how });
        // No line ends between brackets that a reader takes in at a glance, nor in Iverson's.
        if !part.tall && (before == "[" || part.width() <= UNBROKEN) {
            let gap = if before.starts_with('\\') { " " } else { "" };
            self.push(
                &format!("{before}{gap}{}{after}", part.one_line()),
                part.width() + 2 * LETTER,
            );
            return;
        }
        if part.tall {
            let (tex, width) = (part.one_line(), part.width());
            self.push(&format!("\\left{before} {tex} \\right{after}"), width + 2 * LETTER);
            self.tall = true;
            return;
        }
        self.push(&format!("{before}{}", if before.starts_with('\\') { " " } else { "" }), LETTER);
        let mut pieces = part.pieces.into_iter();
        if let Some(first) = pieces.next() {
            self.push(&first.tex, first.width);
        }
        self.pieces.extend(pieces);
        self.push(after, LETTER);
    }

    fn bare(&mut self, math: &Math, how: How) {
        match math {
            Math::Number(q) => self.number(q, how),
            Math::Decimal(text) => self.decimal(text, how),
            Math::Symbol(symbol) => {
                let (tex, width) = symbol_tex(symbol, None, None, how.reader);
                self.push(&tex, width);
            }
            Math::Indexed { symbol, upper, lower } => {
                self.indexed(symbol, upper.as_ref(), lower, how)
            }
            Math::Big { sign, over, body } => {
                let (command, width) = match sign {
                    Big::Sum => ("\\sum", 2 * LETTER),
                    Big::Max => ("\\max", 3 * LETTER),
                };
                let (list, list_width) = Tex::index_list(over, ", ", how);
                self.push(&format!("{command}_{} ", braced(&list)), width.max(list_width));
                self.tall |= !how.linear;
                self.set(body, Slot::Summand, How { level: how.level + 1, ..how });
            }
            Math::Apply(symbol, primes, of) => {
                let (tex, width) = symbol_tex(symbol, None, None, how.reader);
                self.push(&format!("{tex}{}", "'".repeat(*primes as usize)), width + LETTER / 2);
                self.enclosed("(", ")", how, |tex, how| tex.set(of, Slot::Free, how));
            }
            Math::Words(text) => {
                self.push(&words_tex(text, how.reader), LETTER * text.chars().count());
            }
            Math::Neg(of) => {
                self.push("-", LETTER);
                self.set(of, Slot::Negated, how);
            }
            Math::Sum(terms) if terms.is_empty() => self.push("0", LETTER),
            Math::Sum(_) => self.sum(&math.terms(), how),
            Math::Product(factors) if factors.is_empty() => self.push("1", LETTER),
            Math::Product(_) => self.product(&math.factors(), how),
            Math::Fraction(above, below) if how.linear => {
                self.set(above, Slot::LinearNumerator, how);
                self.push("/", LETTER);
                self.set(below, Slot::LinearDenominator, how);
            }
            Math::Fraction(above, below) => {
                let how = how.stacked();
                let above = Tex::part(above, Slot::Free, how);
                let below = Tex::part(below, Slot::Free, how);
                self.stack(&above.one_line(), &below.one_line(), above.width().max(below.width()));
            }
            Math::Power(base, exponent) => self.power(base, exponent, how),
            Math::Call(function, of) => self.call(*function, of, how),
            Math::Max(of) => {
                self.push("\\max", 3 * LETTER);
                self.enclosed("\\lbrace", "\\rbrace", how, |tex, how| tex.list(of, how));
            }
            Math::Ellipsis => self.push("\\ldots ", 2 * LETTER),
            Math::Bracket(of) => {
                self.enclosed("[", "]", how, |tex, how| tex.set(of, Slot::Free, how));
            }
            Math::Partial(of, by) => self.partial(of, by, how),
            Math::Floor(of) => {
                self.enclosed("\\lfloor ", "\\rfloor ", how, |tex, how| {
                    tex.set(of, Slot::Free, how);
                });
            }
            Math::Delta(of) => {
                self.push("\\Delta ", LETTER);
                self.atom(of, Slot::Whole, how);
            }
            Math::Relation(left, relation, right) => {
                self.set(left, Slot::Free, how);
                self.sign(sign(*relation), OPERATOR, how);
                self.set(right, Slot::Free, how);
            }
        }
    }

    fn stack(&mut self, above: &str, below: &str, width: usize) {
        self.push(&format!("\\frac{{{above}}}{{{below}}}"), width + LETTER / 2);
        self.tall = true;
    }

    fn number(&mut self, q: &Rational, how: How) {
        if q.is_integer() || how.linear {
            let digits = q.to_string();
            self.push(&digits, LETTER * digits.len());
            return;
        }
        let (above, below) = (q.numer().magnitude().to_string(), q.denom().to_string());
        if q.is_negative() {
            self.push("-", LETTER);
        }
        self.stack(&above, &below, LETTER * above.len().max(below.len()));
    }

    fn decimal(&mut self, text: &str, how: How) {
        let (digits, power) = text.split_once('e').unwrap_or((text, "0"));
        if digits.parse::<f64>().is_err() || power.parse::<i32>().is_err() {
            let tex = words_tex(text, how.reader);
            self.push(&tex, LETTER * text.len());
            return;
        }
        self.push(digits, LETTER * digits.len());
        if power != "0" {
            self.push(&format!(" \\cdot 10^{{{power}}}"), DOT + 4 * LETTER);
        }
    }

    fn sum(&mut self, terms: &[(bool, &Math)], how: How) {
        for (at, (subtracted, term)) in terms.iter().enumerate() {
            let slot = match (at, subtracted) {
                (0, true) => Slot::Negated,
                (at, _) => Slot::Term { first: at == 0 },
            };
            match (at, subtracted) {
                (0, true) => self.push("-", LETTER),
                (0, false) => {}
                (_, minus) if how.tight => self.push(if *minus { "-" } else { "+" }, LETTER),
                (_, minus) => self.sign(if *minus { "-" } else { "+" }, OPERATOR, how),
            }
            self.set(term, slot, how);
        }
    }

    fn product(&mut self, factors: &[&Math], how: How) {
        for (at, factor) in factors.iter().enumerate() {
            let joined = at > 0
                && how.tight
                && matches!(factors[at - 1].alone(), Math::Number(q) if q.is_integer())
                && matches!(factor.alone(), Math::Symbol(_));
            if at > 0 && !joined {
                // A break at a dot is worse than one at a sign beside it.
                self.sign("\\cdot", DOT, How { level: how.level + 1, ..how });
            }
            let slot = Slot::Factor { first: at == 0, last: at + 1 == factors.len() };
            self.set(factor, slot, how);
        }
    }

    fn power(&mut self, base: &Math, exponent: &Math, how: How) {
        self.atom(base, Slot::Base, how);
        self.raise(exponent, how);
    }

    /// What must be one thing to the eye. The exponential function is set as exp(x) there, for
    /// of eˣ an exponent or a prefix would take only a part.
    fn atom(&mut self, math: &Math, slot: Slot, how: How) {
        match math.alone() {
            Math::Call(Function::Exp, of) if how.depth < MAX_DEPTH => {
                self.push("\\exp", 3 * LETTER);
                self.enclosed("(", ")", how, |tex, how| tex.set(of, Slot::Free, how));
            }
            math => self.set(math, slot, how),
        }
    }

    fn raise(&mut self, exponent: &Math, how: How) {
        let exponent = Tex::part(exponent, Slot::Free, How { linear: true, ..how });
        let tex = exponent.one_line();
        let width = exponent.width() * SMALL_LETTER / LETTER;
        self.push(&format!("^{}", braced(&tex)), width);
    }

    fn call(&mut self, function: Function, of: &Math, how: How) {
        let (name, width) = match function {
            Function::Exp => {
                self.push("e", LETTER);
                return self.raise(of, how);
            }
            Function::Sqrt => {
                let of = Tex::part(of, Slot::Free, how);
                self.push(&format!("\\sqrt{{{}}}", of.one_line()), of.width() + LETTER);
                self.tall |= of.tall;
                return;
            }
            Function::Abs => {
                return self.enclosed("\\lvert", "\\rvert", how, |tex, how| {
                    tex.set(of, Slot::Free, how);
                });
            }
            Function::Step => {
                return self.enclosed("[", "]", how, |tex, how| {
                    tex.set(of, Slot::Free, how);
                    tex.push(" > 0", OPERATOR);
                });
            }
            Function::Ln => ("\\ln", 2),
            Function::Sin => ("\\sin", 3),
            Function::Cos => ("\\cos", 3),
            Function::Sinh => ("\\sinh", 4),
            Function::Cosh => ("\\cosh", 4),
            Function::Tanh => ("\\tanh", 4),
            Function::Sigmoid => ("\\sigma", 1),
            Function::NormalCdf => ("\\Phi", 1),
            Function::NormalPdf => ("\\phi", 1),
            Function::Softplus => ("\\mathrm{softplus}", 8),
            // GitHub forbids \operatorname.
            Function::Relu => ("\\mathrm{ReLU}", 4),
            Function::Sign => ("\\mathrm{sgn}", 3),
        };
        self.push(name, width * LETTER);
        self.enclosed("(", ")", how, |tex, how| tex.set(of, Slot::Free, how));
    }

    fn partial(&mut self, of: &Math, by: &Math, how: How) {
        if how.linear {
            self.push("\\partial ", LETTER);
            self.set(of, Slot::Differentiated, how);
            self.push("/\\partial ", 2 * LETTER);
            self.atom(by, Slot::Whole, how);
            return;
        }
        let mut below = Tex { pieces: Vec::new(), tall: false };
        below.atom(by, Slot::Whole, how.stacked());
        let below = (format!("\\partial {}", below.one_line()), below.width() + LETTER);
        let part = Tex::part(of, Slot::Differentiated, how.stacked());
        if !part.tall {
            let above = format!("\\partial {}", part.one_line());
            self.stack(&above, &below.0, below.1.max(part.width() + LETTER));
            return;
        }
        // A fraction in a numerator is hard to read, so ∂/∂w stands before it.
        self.stack("\\partial", &below.0, below.1);
        self.push(" ", 0);
        self.enclosed("(", ")", how, |tex, how| tex.set(of, Slot::Free, how));
    }

    fn list(&mut self, items: &[Math], how: How) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.push(",", LETTER / 2);
                let breaks = Some(how.level);
                self.pieces.push(Piece { tex: " ".into(), width: LETTER / 2, breaks });
            }
            self.set(item, Slot::Free, how);
        }
    }

    fn indexed(&mut self, symbol: &Symbol, upper: Option<&Mark>, indices: &[Math], how: How) {
        let separator = if short_indices(indices) { "" } else { ", " };
        let (list, width) = Tex::index_list(indices, separator, how);
        let upper = upper.map(|mark| match mark {
            Mark::Name(name) => symbol_tex(name, None, None, how.reader),
            Mark::Layer(layer) => {
                let how = How { linear: true, tight: true, ..how };
                let tex = Tex::part(layer, Slot::Free, how);
                (format!("({})", tex.one_line()), tex.width() + LETTER)
            }
        });
        let indices = Some((&list[..], width)).filter(|_| !indices.is_empty());
        let (tex, width) = symbol_tex(symbol, upper.as_ref(), indices, how.reader);
        self.push(&tex, width);
    }

    /// Indices one after the other, and their width.
    fn index_list(indices: &[Math], separator: &str, how: How) -> (String, usize) {
        let mut list = String::new();
        let mut width = 0;
        for (at, index) in indices.iter().enumerate() {
            let index = Tex::part(index, Slot::Free, How { linear: true, tight: true, ..how });
            if at > 0 {
                list.push_str(separator);
            }
            // \delta must not run into the letter after it.
            if list.ends_with(|c: char| c.is_ascii_alphabetic()) && list.contains('\\') {
                list.push(' ');
            }
            list.push_str(&index.one_line());
            width += index.width() + separator.len() * LETTER / 2;
        }
        (list, width)
    }
}

/// A name with its subscripts, `w_fc[0, 0]` as `w_{\mathrm{fc},00}`, and its width.
fn symbol_tex(
    symbol: &Symbol,
    upper: Option<&(String, usize)>,
    indices: Option<(&str, usize)>,
    reader: Reader,
) -> (String, usize) {
    let stem = symbol.stem();
    let mut width = LETTER * stem.chars().count().min(8);
    let mut tex = name_tex(stem, "\\mathit", reader);
    let mut below: Vec<String> = Vec::new();
    // After a number that belongs to the name, indices stand in brackets: h_{1}[0] is no h_{10}.
    let bracketed = symbol.ends_in_number();
    let own = symbol.subscript();
    for subscript in symbol.subscripts().chain(own.as_deref().filter(|_| !bracketed)) {
        width += SMALL_LETTER * (subscript.chars().count());
        let is_formula = |c: char| c.is_ascii_alphanumeric() || matches!(c, ',' | '+' | '−');
        if subscript.chars().all(|c| c.is_ascii_digit() || c == ',') {
            below.push(subscript.to_string());
        } else if subscript.contains([',', '+', '−']) && subscript.chars().all(is_formula) {
            // Letters for indices: i_{2a+1-m,2b+1-n}.
            below.push(subscript.replace('−', "-"));
        } else {
            // Beside indices a letter of the name stands upright.
            let letter = subscript.len() == 1 && subscript.chars().all(|c| c.is_ascii_alphabetic());
            below.push(match indices {
                Some(_) if letter => format!("\\mathrm{{{subscript}}}"),
                _ => name_tex(subscript, "\\mathrm", reader),
            });
        }
    }
    let mut after = symbol.indices().filter(|_| bracketed).map(|indices| {
        width += LETTER * (indices.chars().count() + 2);
        format!("[{}]", indices.replace('−', "-"))
    });
    if let Some((list, list_width)) = indices {
        if bracketed {
            after = Some(format!("[{list}]"));
            width += list_width + 2 * LETTER;
        } else {
            below.push(list.to_string());
            width += list_width * SMALL_LETTER / LETTER;
        }
    }
    if let Some((above, above_width)) = upper {
        tex.push_str(&format!("^{}", braced(above)));
        width += above_width * SMALL_LETTER / LETTER;
    }
    if !below.is_empty() {
        tex.push_str(&format!("_{}", braced(&below.join(","))));
    }
    tex.push_str(after.as_deref().unwrap_or_default());
    (tex, width)
}

/// One letter as it is, a Greek name as its letter, more letters upright or italic.
fn name_tex(name: &str, face: &str, reader: Reader) -> String {
    if let Some(command) = spell::greek_command(name) {
        return command.to_string();
    }
    if let Some(letter) = spell::hatted(name) {
        return format!("\\hat{{{letter}}}");
    }
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return if name.len() == 1 { name.to_string() } else { format!("{face}{{{name}}}") };
    }
    words_tex(name, reader)
}

/// Words in a formula.
pub(super) fn words_tex(text: &str, reader: Reader) -> String {
    match reader {
        Reader::Latex => format!("\\text{{{}}}", spell::latex_words(text)),
        Reader::Web => format!("\\text{{{}}}", spell::web_words(text)),
    }
}

fn braced(tex: &str) -> String {
    if tex.chars().count() == 1 { tex.to_string() } else { format!("{{{tex}}}") }
}

/// The sign of a relation.
pub(super) fn sign(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "=",
        Relation::Approx => "\\approx",
        Relation::Becomes => "\\leftarrow",
        Relation::LeadsTo => "\\to",
        Relation::Greater => ">",
        Relation::AtLeast => "\\ge",
        Relation::Less => "<",
        Relation::AtMost => "\\le",
        Relation::Differs => "\\ne",
    }
}
