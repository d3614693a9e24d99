//! Formulas on a line, for the text output: how ∂, Σ, fractions and powers are spelt. In: a
//! [`Math`]. Out: its spelling in Unicode or ASCII, as a string or as a `pretty` document that
//! knows where it may break. What holds: no depth or length of formula
//! overflows the stack; the work grows in proportion to what is printed.

use pretty::{Arena, DocAllocator, DocBuilder};
use unicode_width::UnicodeWidthStr;

use super::MAX_DEPTH;
use super::line::Tone;
use crate::expr::Symbol;
use crate::page::{Big, Mark, Math, Relation, Slot};
use crate::scalar::{Function, Rational};
use crate::spell;

/// How far what breaks inside parentheses is indented.
const NEST: usize = 2;
/// How many levels of parentheses add to the indentation of a broken formula.
const MAX_NEST: usize = 3;

/// A formula in pieces, between which it may break.
pub(super) struct Formula {
    pieces: Vec<Piece>,
}

enum Piece {
    Text(String),
    /// A place to break; a space there if not.
    Break {
        space: bool,
    },
    /// What breaks together, or not at all.
    Open {
        parenthesis: bool,
    },
    Close {
        parenthesis: bool,
    },
}

/// How formulas are spelt.
#[derive(Clone, Copy)]
struct Spelling {
    unicode: bool,
    /// Inside a subscript: no spaces, and 2a for 2·a.
    tight: bool,
}

impl Formula {
    /// Spells `math`.
    pub(super) fn new(math: &Math, unicode: bool) -> Formula {
        let mut formula = Formula { pieces: Vec::new() };
        formula.set(math, Slot::Free, Spelling { unicode, tight: false }, 0);
        formula
    }

    /// The whole on one line.
    pub(super) fn one_line(&self) -> String {
        let mut line = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => line.push_str(text),
                Piece::Break { space: true } => line.push(' '),
                _ => {}
            }
        }
        line
    }

    /// How many columns it takes on one line.
    pub(super) fn width(&self) -> usize {
        let columns = |piece: &Piece| match piece {
            Piece::Text(text) => text.width(),
            Piece::Break { space } => usize::from(*space),
            _ => 0,
        };
        self.pieces.iter().map(columns).sum()
    }

    /// How many columns it needs at least, broken wherever it can be.
    pub(super) fn narrowest(&self) -> usize {
        let (mut widest, mut run, mut parentheses) = (0, 0, 0);
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => run += text.width(),
                Piece::Break { .. } => run = NEST * parentheses.min(MAX_NEST),
                Piece::Open { parenthesis } => parentheses += usize::from(*parenthesis),
                Piece::Close { parenthesis } => parentheses -= usize::from(*parenthesis),
            }
            widest = widest.max(run);
        }
        widest
    }

    /// A document that breaks outside parentheses rather than inside, at signs rather than at
    /// dots.
    pub(super) fn doc<'a>(
        &'a self,
        arena: &'a Arena<'a, Tone>,
    ) -> DocBuilder<'a, Arena<'a, Tone>, Tone> {
        let mut open = vec![arena.nil()];
        let mut parentheses = 0;
        for piece in &self.pieces {
            let next = match *piece {
                Piece::Text(ref text) => arena.text(&text[..]),
                Piece::Break { space: true } => arena.line(),
                Piece::Break { space: false } => arena.line_(),
                Piece::Open { parenthesis } => {
                    parentheses += usize::from(parenthesis);
                    open.push(arena.nil());
                    continue;
                }
                Piece::Close { parenthesis } => {
                    let inside = open.pop().unwrap_or_else(|| arena.nil()).group();
                    let nests = parenthesis && parentheses <= MAX_NEST;
                    parentheses -= usize::from(parenthesis);
                    if nests { inside.nest(NEST as isize) } else { inside }
                }
            };
            let before = open.pop().unwrap_or_else(|| arena.nil());
            open.push(before.append(next));
        }
        let whole = open.into_iter().reduce(|outer, inner| outer.append(inner));
        whole.unwrap_or_else(|| arena.nil()).group()
    }

    fn text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_string())),
        }
    }

    fn space_or_break(&mut self) {
        self.pieces.push(Piece::Break { space: true });
    }

    fn group(&mut self, inside: impl FnOnce(&mut Formula)) {
        self.pieces.push(Piece::Open { parenthesis: false });
        inside(self);
        self.pieces.push(Piece::Close { parenthesis: false });
    }

    fn enclosed(&mut self, before: &str, after: &str, inside: impl FnOnce(&mut Formula)) {
        self.text(before);
        self.pieces.push(Piece::Open { parenthesis: true });
        inside(self);
        self.pieces.push(Piece::Close { parenthesis: true });
        self.text(after);
    }

    fn set(&mut self, math: &Math, slot: Slot, how: Spelling, depth: usize) {
        let math = math.alone();
        if depth >= MAX_DEPTH {
            self.text(ellipsis(how));
        } else if slot.needs_parens(math, true) {
            self.enclosed("(", ")", |f| f.bare(math, how, depth));
        } else {
            self.bare(math, how, depth);
        }
    }

    fn bare(&mut self, math: &Math, how: Spelling, depth: usize) {
        let deeper = depth + 1;
        match math {
            Math::Number(q) => self.text(&number(q, how.unicode)),
            Math::Decimal(text) => self.text(&decimal(text, how.unicode)),
            Math::Symbol(symbol) => self.text(&symbol_text(symbol, how.unicode)),
            Math::Indexed { symbol, upper, lower } => {
                self.indexed(symbol, upper.as_ref(), lower, how, deeper)
            }
            Math::Big { sign, over, body } => self.big(*sign, over, body, how, deeper),
            Math::Apply(symbol, primes, of) => {
                self.text(&symbol_text(symbol, how.unicode));
                self.text(&prime(how).repeat(*primes as usize));
                self.enclosed("(", ")", |f| f.set(of, Slot::Free, how, deeper));
            }
            Math::Words(text) => self.text(&spell::words(text, how.unicode)),
            Math::Neg(of) => {
                self.text(minus(how));
                self.set(of, Slot::Negated, how, deeper);
            }
            Math::Sum(terms) if terms.is_empty() => self.text("0"),
            Math::Sum(_) => self.sum(&math.terms(), how, deeper),
            Math::Product(factors) if factors.is_empty() => self.text("1"),
            Math::Product(_) => self.product(&math.factors(), how, deeper),
            Math::Fraction(above, below) => {
                self.set(above, Slot::LinearNumerator, how, deeper);
                self.text("/");
                self.set(below, Slot::LinearDenominator, how, deeper);
            }
            Math::Power(base, exponent) => self.power(base, exponent, how, deeper),
            Math::Call(function, of) => self.call(*function, of, how, deeper),
            Math::Max(of) => {
                self.enclosed("max{", "}", |f| f.list(of, how, deeper));
            }
            Math::Ellipsis => self.text(ellipsis(how)),
            Math::Bracket(of) => {
                self.enclosed("[", "]", |f| f.set(of, Slot::Free, how, deeper));
            }
            Math::Partial(of, by) => self.partial(of, by, how, deeper),
            Math::Floor(of) => {
                let (before, after) = if how.unicode { ("⌊", "⌋") } else { ("floor(", ")") };
                self.enclosed(before, after, |f| f.set(of, Slot::Free, how, deeper));
            }
            Math::Delta(of) => {
                self.text(if how.unicode { "Δ" } else { "Delta " });
                self.set(of, Slot::Whole, how, deeper);
            }
            Math::Relation(left, relation, right) => {
                self.set(left, Slot::Free, how, deeper);
                self.group(|f| {
                    f.space_or_break();
                    f.text(sign(*relation, how.unicode));
                    f.text(" ");
                    f.group(|f| f.set(right, Slot::Free, how, deeper));
                });
            }
        }
    }

    fn sum(&mut self, terms: &[(bool, &Math)], how: Spelling, depth: usize) {
        for (at, (subtracted, term)) in terms.iter().enumerate() {
            if at == 0 {
                if *subtracted {
                    self.text(minus(how));
                }
                let slot = if *subtracted { Slot::Negated } else { Slot::Term { first: true } };
                self.group(|f| f.set(term, slot, how, depth));
                continue;
            }
            let sign = if *subtracted { minus(how) } else { "+" };
            if how.tight {
                self.text(sign);
                self.set(term, Slot::Term { first: false }, how, depth);
                continue;
            }
            self.group(|f| {
                f.space_or_break();
                f.text(sign);
                f.text(" ");
                f.group(|f| f.set(term, Slot::Term { first: false }, how, depth));
            });
        }
    }

    /// w·x, but 1/2 · ∂x/∂y: where a factor has a slash, spaces show how far it reaches.
    fn product(&mut self, factors: &[&Math], how: Spelling, depth: usize) {
        let loose = !how.tight && factors.iter().any(|factor| factor.has_slash());
        let dot = if how.unicode { "·" } else { "*" };
        for (at, factor) in factors.iter().enumerate() {
            let slot = Slot::Factor { first: at == 0, last: at + 1 == factors.len() };
            if at == 0 {
                self.group(|f| f.set(factor, slot, how, depth));
                continue;
            }
            let joined = how.tight
                && matches!(factors[at - 1].alone(), Math::Number(q) if q.is_integer())
                && matches!(factor.alone(), Math::Symbol(_));
            if joined {
                self.set(factor, slot, how, depth);
                continue;
            }
            self.group(|f| {
                f.pieces.push(Piece::Break { space: loose });
                f.text(dot);
                if loose {
                    f.text(" ");
                }
                f.group(|f| f.set(factor, slot, how, depth));
            });
        }
    }

    fn power(&mut self, base: &Math, exponent: &Math, how: Spelling, depth: usize) {
        self.set(base, Slot::Base, how, depth);
        match exponent.alone() {
            Math::Number(q) if how.unicode && q.is_integer() => {
                self.text(&spell::superscript(&q.to_string()));
            }
            exponent => {
                self.text("^");
                self.set(exponent, Slot::LinearExponent, how, depth);
            }
        }
    }

    fn call(&mut self, function: Function, of: &Math, how: Spelling, depth: usize) {
        let name = match function {
            Function::Abs => {
                return self.enclosed("|", "|", |f| f.set(of, Slot::Free, how, depth));
            }
            Function::Step => {
                return self.enclosed("[", "]", |f| {
                    f.set(of, Slot::Free, how, depth);
                    f.text(" > 0");
                });
            }
            Function::Sigmoid if how.unicode => "σ",
            Function::NormalCdf if how.unicode => "Φ",
            Function::NormalPdf if how.unicode => "φ",
            Function::Relu => "ReLU",
            Function::Sign => "sgn",
            other => other.name(),
        };
        self.text(name);
        self.enclosed("(", ")", |f| f.set(of, Slot::Free, how, depth));
    }

    fn partial(&mut self, of: &Math, by: &Math, how: Spelling, depth: usize) {
        let d = if how.unicode { "∂" } else { "d" };
        self.text(d);
        // `dexp(x)` would read as one name; ∂exp(x) does not.
        let runs_on = !how.unicode
            && !Slot::Differentiated.needs_parens(of, true)
            && !starts_plainly(of.alone());
        if runs_on {
            self.enclosed("(", ")", |f| f.set(of, Slot::Free, how, depth));
        } else {
            self.set(of, Slot::Differentiated, how, depth);
        }
        self.text("/");
        self.text(d);
        let runs_on =
            !how.unicode && !Slot::Whole.needs_parens(by, true) && !starts_plainly(by.alone());
        if runs_on {
            self.enclosed("(", ")", |f| f.set(by, Slot::Free, how, depth));
        } else {
            self.set(by, Slot::Whole, how, depth);
        }
    }

    fn list(&mut self, items: &[Math], how: Spelling, depth: usize) {
        for (at, item) in items.iter().enumerate() {
            if at == 0 {
                self.group(|f| f.set(item, Slot::Free, how, depth));
                continue;
            }
            self.text(",");
            self.group(|f| {
                f.space_or_break();
                f.set(item, Slot::Free, how, depth);
            });
        }
    }

    /// Σ_{m,n} w_mn·x_mn.
    fn big(&mut self, big: Big, over: &[Math], body: &Math, how: Spelling, depth: usize) {
        self.text(match (big, how.unicode) {
            (Big::Sum, true) => "Σ_",
            (Big::Sum, false) => "sum_",
            (Big::Max, _) => "max_",
        });
        let inner = Spelling { tight: true, ..how };
        let braces = !(over.len() == 1 && short_indices(over));
        self.text(if braces { "{" } else { "" });
        for (at, index) in over.iter().enumerate() {
            self.text(if at > 0 { "," } else { "" });
            self.set(index, Slot::Free, inner, depth);
        }
        self.text(if braces { "} " } else { " " });
        self.group(|f| f.set(body, Slot::Summand, how, depth));
    }

    /// z_ij where every index is one letter or digit, i_{2a+1−m, 2b+1−n} otherwise; a mark above
    /// stands before them, δ^c_ij.
    fn indexed(
        &mut self,
        symbol: &Symbol,
        upper: Option<&Mark>,
        indices: &[Math],
        how: Spelling,
        depth: usize,
    ) {
        let how = Spelling { tight: true, ..how };
        let short = short_indices(indices) && symbol.subscripts().next().is_none();
        self.text(&part(symbol.stem(), how.unicode));
        if let Some(upper) = upper {
            self.text("^");
            match upper {
                Mark::Name(name) => self.text(&symbol_text(name, how.unicode)),
                Mark::Layer(layer) => {
                    self.enclosed("(", ")", |f| f.set(layer, Slot::Free, how, depth));
                }
            }
        }
        if indices.is_empty() && symbol.subscripts().next().is_none() {
            return;
        }
        let digits = |index: &Math| matches!(index.alone(), Math::Number(_));
        if short && how.unicode && indices.iter().all(digits) {
            for index in indices {
                if let Math::Number(q) = index.alone() {
                    self.text(&spell::subscript(&q.to_string()));
                }
            }
            return;
        }
        // A name with subscripts of its own takes its indices in brackets, as the language does:
        // in w_c5[i, j] no c5 is taken for an index.
        let bracketed = symbol.subscripts().next().is_some();
        for subscript in symbol.subscripts() {
            self.text("_");
            self.text(&part(subscript, how.unicode));
        }
        if indices.is_empty() {
            return;
        }
        self.text(if bracketed {
            "["
        } else if short {
            "_"
        } else {
            "_{"
        });
        for (at, index) in indices.iter().enumerate() {
            if at > 0 && !short {
                self.text(", ");
            }
            self.set(index, Slot::Free, how, depth);
        }
        if !short {
            self.text(if bracketed { "]" } else { "}" });
        }
    }
}

/// Whether each index is one letter or one digit, so that they can stand together: ij, i0.
pub(super) fn short_indices(indices: &[Math]) -> bool {
    !indices.is_empty()
        && indices.iter().all(|index| match index.alone() {
            Math::Symbol(symbol) => symbol.spelling().chars().count() == 1,
            Math::Number(q) => q.to_i32().is_some_and(|n| (0..10).contains(&n)),
            _ => false,
        })
}

/// Whether a formula may stand right after an ASCII `d`.
fn starts_plainly(math: &Math) -> bool {
    match math {
        Math::Symbol(_) | Math::Indexed { .. } => true,
        Math::Power(base, _) => {
            Slot::Base.needs_parens(base, true)
                || matches!(base.alone(), Math::Symbol(_) | Math::Indexed { .. })
        }
        _ => false,
    }
}

/// A name: `w_fc[0, 0]` as w_fc₀₀, `w[0, 10]` as w₀,₁₀, the scalar `w_1_0` as w₁,₀; in ASCII
/// w_fc_00, w_{0,10}, w_1_0. After a number that belongs to the name, indices stand in brackets:
/// h₁[0] is no h₁₀.
fn symbol_text(symbol: &Symbol, unicode: bool) -> String {
    let mut out = part(symbol.stem(), unicode);
    let mut lowered = false;
    let mut below = |subscript: &str| {
        let digits = subscript.chars().all(|c| c.is_ascii_digit() || c == ',');
        if digits && unicode {
            out.push_str(if lowered { "," } else { "" });
            out.push_str(&spell::subscript(subscript));
        } else if subscript.contains(',') {
            out.push_str(&format!("_{{{}}}", part(subscript, unicode)));
        } else {
            out.push('_');
            out.push_str(&part(subscript, unicode));
        }
        lowered = digits;
    };
    symbol.subscripts().for_each(&mut below);
    match (symbol.subscript(), symbol.indices()) {
        (Some(_), Some(indices)) if symbol.ends_in_number() => {
            out.push_str(&format!("[{}]", spell::words(indices, unicode).replace(',', ", ")));
        }
        (Some(subscript), _) => below(&subscript),
        (None, _) => {}
    }
    out
}

/// A stem or a subscript, with `eta` as η.
fn part(name: &str, unicode: bool) -> String {
    match (spell::greek_letter(name), spell::hatted(name)) {
        (Some(letter), _) if unicode => letter.to_string(),
        (_, Some(letter)) if unicode => format!("{letter}\u{302}"),
        _ => spell::words(name, unicode).into_owned(),
    }
}

fn number(q: &Rational, unicode: bool) -> String {
    let text = q.to_string();
    if unicode { text.replace('-', "−") } else { text }
}

/// 1.5e-7 as 1.5·10⁻⁷.
fn decimal(text: &str, unicode: bool) -> String {
    let text = spell::words(text, unicode);
    if !unicode {
        return text.into_owned();
    }
    match text.split_once('e').filter(|(_, power)| power.parse::<i32>().is_ok()) {
        Some((digits, power)) => {
            format!("{}·10{}", digits.replace('-', "−"), spell::superscript(power))
        }
        None => text.replace('-', "−"),
    }
}

fn prime(how: Spelling) -> &'static str {
    if how.unicode { "′" } else { "'" }
}

fn minus(how: Spelling) -> &'static str {
    if how.unicode { "−" } else { "-" }
}

fn ellipsis(how: Spelling) -> &'static str {
    if how.unicode { "…" } else { "..." }
}

/// The sign of a relation.
pub(super) fn sign(relation: Relation, unicode: bool) -> &'static str {
    match relation {
        relation if unicode => relation.sign(),
        Relation::Equal => "=",
        Relation::Approx => "~",
        Relation::Becomes => "<-",
        Relation::LeadsTo => "->",
        Relation::Greater => ">",
        Relation::AtLeast => ">=",
        Relation::Less => "<",
        Relation::AtMost => "<=",
        Relation::Differs => "!=",
    }
}
