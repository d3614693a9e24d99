//! The law of parentheses: what is printed, read by somebody who knows only the usual
//! precedences, has the value of the tree. The reader below is written for this test alone, for
//! the ASCII form and for LaTeX displays; powers, derivatives and functions are opaque mixtures
//! of their arguments, so that no two readings agree by accident.

use proptest::prelude::*;

use super::formula::Formula;
use super::sample::{add, d, frac, mul, n, neg, pow, q, s, sub};
use super::tex::{Reader as Audience, Tex};
use super::{MAX_DEPTH, TextStyle, math_latex, math_text, text};
use crate::expr::Symbol;
use crate::page::{Block, Math, Page, Relation, Row, Section};
use crate::scalar::{Function, Prime, Rational, Scalar};

const NAMES: [&str; 9] = ["x", "y", "t", "w_00", "w_0,10", "r_fc", "net_h1", "eta", "sigma"];

fn value(k: i64) -> Prime {
    Prime::from_rational(&Rational::from(k)).unwrap_or_else(|fault| panic!("{fault}"))
}

/// k·a³ + (k + 1)·b² + k + 2: differs when its arguments are swapped, and from every other k.
fn mix(k: i64, a: &Prime, b: &Prime) -> Prime {
    let get = |r: Result<Prime, _>| -> Prime { r.unwrap_or_else(|fault| panic!("{fault}")) };
    let a = get(get(a.powi(3)).mul(&value(k)));
    let b = get(get(b.powi(2)).mul(&value(k + 1)));
    get(get(a.add(&b)).add(&value(k + 2)))
}

const POWER: i64 = 1_000_003;
const PARTIAL: i64 = 2_000_003;
const DELTA: i64 = 3_000_017;
const MAX: i64 = 4_000_037;
const BRACKET: i64 = 5_000_011;
const FUNCTION: i64 = 6_000_011;

fn function(f: Function, x: &Prime) -> Prime {
    match f {
        Function::Step => bracket(x, ">", &value(0)),
        f => mix(FUNCTION + 10 * f as i64, x, x),
    }
}

fn bracket(a: &Prime, sign: &str, b: &Prime) -> Prime {
    mix(BRACKET + 100 * i64::from(sign.as_bytes()[0]), a, b)
}

fn of_tree(math: &Math) -> Option<Prime> {
    Some(match math {
        Math::Number(q) => Prime::from_rational(q).ok()?,
        Math::Decimal(text) => Prime::from_rational(&text.parse().ok()?).ok()?,
        Math::Symbol(symbol) => {
            value(77 + NAMES.iter().position(|name| *name == symbol.as_str())? as i64)
        }
        Math::Indexed(..) => value(7),
        Math::Neg(a) => of_tree(a)?.neg(),
        Math::Sum(terms) => terms.iter().try_fold(value(0), |sum, (minus, term)| {
            let term = of_tree(term)?;
            if *minus { sum.sub(&term).ok() } else { sum.add(&term).ok() }
        })?,
        Math::Product(factors) => {
            factors.iter().try_fold(value(1), |product, f| product.mul(&of_tree(f)?).ok())?
        }
        Math::Fraction(a, b) => of_tree(a)?.div(&of_tree(b)?).ok()?,
        Math::Power(a, b) => mix(POWER, &of_tree(a)?, &of_tree(b)?),
        Math::Call(f, a) => function(*f, &of_tree(a)?),
        Math::Max(items) => {
            items.iter().try_fold(value(0), |acc, item| Some(mix(MAX, &acc, &of_tree(item)?)))?
        }
        Math::Bracket(inside) => match &**inside {
            Math::Relation(a, relation, b) => bracket(&of_tree(a)?, relation.sign(), &of_tree(b)?),
            _ => return None,
        },
        Math::Partial(a, b) => mix(PARTIAL, &of_tree(a)?, &of_tree(b)?),
        Math::Delta(a) => mix(DELTA, &of_tree(a)?, &value(0)),
        Math::Words(_) | Math::Ellipsis | Math::Relation(..) => return None,
    })
}

/// Signs, names and numbers, of either form, in the spelling of the ASCII form.
fn tokens(text: &str) -> Vec<String> {
    let text = text.replace("\\leftarrow", "<-").replace("\\left", "").replace("\\right", "");
    let chars: Vec<char> = text.chars().collect();
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let from = at;
        at += 1;
        match chars[from] {
            ' ' => continue,
            '0'..='9' => {
                while at < chars.len() && (chars[at].is_ascii_digit() || chars[at] == '.') {
                    at += 1;
                }
            }
            c if c.is_ascii_alphabetic() || c == '\\' => {
                // In ASCII a name runs on; in LaTeX one letter is one name.
                let runs_on = c == '\\' || !text.contains('\\');
                let in_name = |c: char| c.is_ascii_alphanumeric() && runs_on;
                while at < chars.len() && (in_name(chars[at]) || chars[at] == '_') {
                    let lowers = chars[at] == '_';
                    at += 1;
                    if lowers && chars[at] == '{' {
                        let mut open = 0;
                        loop {
                            open += i32::from(chars[at] == '{') - i32::from(chars[at] == '}');
                            at += 1;
                            if open == 0 {
                                break;
                            }
                        }
                    } else if lowers {
                        at += 1;
                    }
                }
                let name: String = chars[from..at].iter().collect();
                if name == "\\mathit" || name == "\\mathrm" {
                    while chars[at] != '}' {
                        at += 1;
                    }
                    at += 1;
                    // The subscripts of a name of several letters.
                    if chars.get(at) == Some(&'_') {
                        at += "_{\\mathrm{h1}}".len();
                    }
                }
            }
            '<' | '!' | '>' if chars.get(at).is_some_and(|c| "=-".contains(*c)) => at += 1,
            _ => {}
        }
        out.push(chars[from..at].iter().collect());
    }
    out
}

struct Reader {
    tokens: Vec<String>,
    at: usize,
    names: Vec<(String, Prime)>,
}

type Read = Result<Prime, String>;

impl Reader {
    fn read(text: &str) -> Read {
        let mut names = Vec::new();
        for name in NAMES {
            let math = s(name);
            let value = of_tree(&math).ok_or("no value")?;
            names.extend([math_text(&math, false), math_latex(&math)].map(|n| (n, value)));
        }
        names.extend([math_text(&indexed(), false), math_latex(&indexed())].map(|n| (n, value(7))));
        let mut reader = Reader { tokens: tokens(text), at: 0, names };
        let value = reader.sum()?;
        if reader.at < reader.tokens.len() {
            return Err(format!("left over: {:?}", &reader.tokens[reader.at..]));
        }
        Ok(value)
    }

    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", |token| token)
    }

    fn next(&mut self) -> String {
        self.at += 1;
        self.tokens.get(self.at - 1).cloned().unwrap_or_default()
    }

    fn skip(&mut self, token: &str) -> bool {
        let there = self.peek() == token;
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.skip(token) { Ok(()) } else { Err(format!("{token}, not {:?}", self.peek())) }
    }

    fn sum(&mut self) -> Read {
        let mut sum = if self.skip("-") { self.product()?.neg() } else { self.product()? };
        loop {
            sum = if self.skip("+") {
                sum.add(&self.product()?)
            } else if self.skip("-") {
                sum.sub(&self.product()?)
            } else {
                return Ok(sum);
            }
            .map_err(|fault| fault.to_string())?;
        }
    }

    fn product(&mut self) -> Read {
        let mut product = self.power()?;
        loop {
            product = if self.skip("*") || self.skip("\\cdot") {
                product.mul(&self.power()?)
            } else if self.skip("/") {
                product.div(&self.power()?)
            } else {
                return Ok(product);
            }
            .map_err(|fault| fault.to_string())?;
        }
    }

    fn power(&mut self) -> Read {
        if self.tokens.get(self.at + 1).is_some_and(|t| t == "^") && self.skip("e") {
            self.expect("^")?;
            return Ok(function(Function::Exp, &self.exponent()?));
        }
        let base = self.atom()?;
        if !self.skip("^") {
            return Ok(base);
        }
        Ok(mix(POWER, &base, &self.exponent()?))
    }

    fn exponent(&mut self) -> Read {
        if self.peek() == "{" { self.enclosed("{", "}") } else { self.atom() }
    }

    fn enclosed(&mut self, before: &str, after: &str) -> Read {
        self.expect(before)?;
        let inside = self.sum()?;
        self.expect(after)?;
        Ok(inside)
    }

    fn atom(&mut self) -> Read {
        match self.peek() {
            "(" => return self.enclosed("(", ")"),
            "|" => return Ok(function(Function::Abs, &self.enclosed("|", "|")?)),
            "\\lvert" => {
                return Ok(function(Function::Abs, &self.enclosed("\\lvert", "\\rvert")?));
            }
            "[" => {
                self.next();
                let a = self.sum()?;
                let sign = self.next();
                let sign = match &sign[..] {
                    "~" | "\\approx" => "≈",
                    "<-" | "\\leftarrow" => "←",
                    ">=" | "\\ge" => "≥",
                    "!=" | "\\ne" => "≠",
                    sign => sign,
                };
                let b = self.sum()?;
                self.expect("]")?;
                return Ok(bracket(&a, sign, &b));
            }
            "\\frac" => return self.fraction(),
            "\\partial" => {
                self.next();
                let of = self.power()?;
                self.expect("/")?;
                self.expect("\\partial")?;
                return Ok(mix(PARTIAL, &of, &self.atom()?));
            }
            _ => {}
        }
        let token = self.next();
        if let Ok(number) = token.parse::<Rational>() {
            return Prime::from_rational(&number).map_err(|fault| fault.to_string());
        }
        if (token == "max" && self.skip("{")) || (token == "\\max" && self.skip("\\lbrace")) {
            let mut acc = mix(MAX, &value(0), &self.sum()?);
            while self.skip(",") {
                acc = mix(MAX, &acc, &self.sum()?);
            }
            return if self.skip("}") || self.skip("\\rbrace") { Ok(acc) } else { Err("}".into()) };
        }
        if token == "Delta" || token == "\\Delta" {
            return Ok(mix(DELTA, &self.atom()?, &value(0)));
        }
        if token == "\\sqrt" {
            return Ok(function(Function::Sqrt, &self.enclosed("{", "}")?));
        }
        if self.peek() == "("
            && let Some(f) = function_named(&token)
        {
            return Ok(function(f, &self.enclosed("(", ")")?));
        }
        if let Some((_, value)) = self.names.iter().find(|(name, _)| *name == token) {
            return Ok(*value);
        }
        let Some(rest) = token.strip_prefix('d') else { return Err(format!("name {token:?}")) };
        let of = self.differentiated(rest)?;
        self.expect("/")?;
        let by = self.next();
        let by = by.strip_prefix('d').ok_or("d")?.to_string();
        let by = if by.is_empty() { self.atom()? } else { self.named(&by)? };
        Ok(mix(PARTIAL, &of, &by))
    }

    fn named(&self, name: &str) -> Read {
        let found = self.names.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| *value).ok_or_else(|| format!("name {name:?}"))
    }

    /// What follows `d`: a name that the `d` is written to, or parentheses; perhaps a power.
    fn differentiated(&mut self, name: &str) -> Read {
        let base = if name.is_empty() { self.atom()? } else { self.named(name)? };
        if self.skip("^") { Ok(mix(POWER, &base, &self.exponent()?)) } else { Ok(base) }
    }

    fn fraction(&mut self) -> Read {
        self.next();
        self.expect("{")?;
        if !self.skip("\\partial") {
            let above = self.sum()?;
            self.expect("}")?;
            return above.div(&self.enclosed("{", "}")?).map_err(|fault| fault.to_string());
        }
        let of = if self.peek() == "}" { None } else { Some(self.power()?) };
        self.expect("}")?;
        self.expect("{")?;
        self.expect("\\partial")?;
        let by = self.atom()?;
        self.expect("}")?;
        let of = match of {
            Some(of) => of,
            None => self.enclosed("(", ")")?,
        };
        Ok(mix(PARTIAL, &of, &by))
    }
}

fn function_named(token: &str) -> Option<Function> {
    Some(match token {
        "ReLU" | "\\mathrm{ReLU}" => Function::Relu,
        "sgn" | "\\mathrm{sgn}" => Function::Sign,
        "\\sigma" => Function::Sigmoid,
        token => Function::named(token.trim_start_matches('\\'))?,
    })
}

fn indexed() -> Math {
    let affine = Math::Sum(vec![(false, mul(vec![n(2), s("a")])), (false, n(1)), (true, s("m"))]);
    Math::Indexed(Symbol::named("i"), vec![affine, s("b")])
}

fn trees() -> impl Strategy<Value = Math> {
    let leaf = prop_oneof![
        4 => proptest::sample::select(&NAMES[..]).prop_map(s),
        2 => (-3i64..12).prop_map(n),
        1 => (-5i64..6, 2i64..5).prop_map(|(a, b)| q(a, b)),
        1 => proptest::sample::select(&["0.25", "-2.5"][..]).prop_map(|t| Math::Decimal(t.into())),
        1 => Just(indexed()),
    ];
    leaf.prop_recursive(5, 48, 4, |tree| {
        let boxed = tree.clone().prop_map(Box::new);
        let relation = proptest::sample::select(
            &[
                Relation::Equal,
                Relation::Approx,
                Relation::Becomes,
                Relation::Greater,
                Relation::AtLeast,
                Relation::Differs,
            ][..],
        );
        prop_oneof![
            2 => boxed.clone().prop_map(Math::Neg),
            4 => prop::collection::vec((any::<bool>(), tree.clone()), 0..4).prop_map(Math::Sum),
            4 => prop::collection::vec(tree.clone(), 0..4).prop_map(Math::Product),
            3 => (tree.clone(), tree.clone()).prop_map(|(a, b)| frac(a, b)),
            3 => (tree.clone(), tree.clone()).prop_map(|(a, b)| pow(a, b)),
            2 => (tree.clone(), -2i64..4).prop_map(|(a, k)| pow(a, n(k))),
            3 => (tree.clone(), tree.clone()).prop_map(|(a, b)| d(a, b)),
            1 => boxed.clone().prop_map(Math::Delta),
            2 => (proptest::sample::select(&Function::ALL[..]), boxed.clone())
                .prop_map(|(f, a)| Math::Call(f, a)),
            1 => prop::collection::vec(tree, 1..4).prop_map(Math::Max),
            1 => (boxed.clone(), relation, boxed)
                .prop_map(|(a, r, b)| Math::Bracket(Box::new(Math::Relation(a, r, b)))),
        ]
    })
}

fn one_row(left: Math, right: Math) -> Page {
    let section = Section {
        number: None,
        heading: Vec::new(),
        blocks: vec![Block::Equations(vec![Row::new(Some(left), right)])],
    };
    Page { title: String::new(), sections: vec![section] }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_printed_has_the_value_of_the_tree(tree in trees()) {
        if let Some(value) = of_tree(&tree) {
            let inline = Tex::inline(&tree, Audience::Latex).one_line();
            for printed in [math_text(&tree, false), math_latex(&tree), inline] {
                prop_assert_eq!(Reader::read(&printed), Ok(value), "{}", printed);
            }
        }
    }

    #[test]
    fn a_line_is_no_wider_than_the_page_and_ends_in_no_space(
        left in trees(), right in trees(), width in 40usize..120, unicode: bool,
    ) {
        let unbreakable = [&left, &right].map(|math| Formula::new(math, unicode).narrowest());
        // The sign stands before a right side; a broken left side is indented.
        let limit = width.max(unbreakable[0].max(unbreakable[1]) + 7);
        let text = text(&one_row(left, right), &TextStyle { width, unicode, colour: false });
        prop_assert!(unicode || text.is_ascii());
        for line in text.lines() {
            let columns = unicode_width::UnicodeWidthStr::width(line);
            prop_assert!(columns <= limit, "{columns}: {line}");
            prop_assert!(!line.ends_with(' '), "{line:?}");
        }
    }
}

#[test]
fn parentheses_stand_where_a_book_puts_them() {
    let (a, b, c, w, x, z) = (s("a"), s("b"), s("c"), s("w"), s("x"), s("z"));
    let cases = [
        (neg(add(vec![a.clone(), b.clone()])), "−(a + b)"),
        (mul(vec![neg(a.clone()), b.clone()]), "(−a)·b"),
        (mul(vec![a.clone(), neg(b.clone())]), "a·(−b)"),
        (neg(mul(vec![a.clone(), b.clone()])), "−a·b"),
        (frac(frac(a.clone(), b.clone()), c.clone()), "(a/b)/c"),
        (frac(a.clone(), frac(b.clone(), c.clone())), "a/(b/c)"),
        (frac(mul(vec![a.clone(), b.clone()]), c.clone()), "a·b/c"),
        (frac(a.clone(), mul(vec![b.clone(), c.clone()])), "a/(b·c)"),
        (pow(q(1, 2), n(2)), "(1/2)²"),
        (pow(neg(a.clone()), n(2)), "(−a)²"),
        (neg(pow(a.clone(), n(2))), "−a²"),
        (pow(pow(a.clone(), n(2)), n(3)), "(a²)³"),
        (pow(a.clone(), n(-1)), "a⁻¹"),
        (pow(a.clone(), q(1, 2)), "a^(1/2)"),
        (mul(vec![n(2), q(1, 2)]), "2 · (1/2)"),
        (mul(vec![q(1, 2), a.clone()]), "1/2 · a"),
        (d(mul(vec![w, x.clone()]), s("w")), "∂(w·x)/∂w"),
        (d(pow(z.clone(), n(2)), z.clone()), "∂z²/∂z"),
        (pow(d(z.clone(), x.clone()), n(2)), "(∂z/∂x)²"),
        (mul(vec![a.clone(), frac(b.clone(), c.clone()), x.clone()]), "a · (b/c) · x"),
        (mul(vec![a.clone(), d(z.clone(), x.clone())]), "a · ∂z/∂x"),
        (frac(d(z.clone(), x.clone()), a.clone()), "(∂z/∂x)/a"),
        (d(z, pow(x, n(2))), "∂z/∂(x²)"),
        (sub(a.clone(), sub(b.clone(), c.clone())), "a − (b − c)"),
        (sub(sub(a.clone(), b.clone()), c.clone()), "a − b − c"),
        (add(vec![a.clone(), n(-1)]), "a + (−1)"),
        (mul(vec![a, mul(vec![b, c])]), "a·b·c"),
    ];
    for (math, printed) in cases {
        assert_eq!(math_text(&math, true), printed);
    }
}

#[test]
fn names_are_set_as_mathematics_writes_them() {
    let set = |name: &str| {
        let math = s(name);
        (math_text(&math, true), math_text(&math, false), math_latex(&math))
    };
    let row = |a: &str, b: &str, c: &str| (a.to_string(), b.to_string(), c.to_string());
    assert_eq!(set("w_00"), row("w₀₀", "w_00", "w_{00}"));
    assert_eq!(set("w_0,10"), row("w₀,₁₀", "w_{0,10}", "w_{0,10}"));
    assert_eq!(set("w_fc"), row("w_fc", "w_fc", "w_{\\mathrm{fc}}"));
    assert_eq!(set("w_fc_00"), row("w_fc₀₀", "w_fc_00", "w_{\\mathrm{fc},00}"));
    assert_eq!(set("r_p"), row("r_p", "r_p", "r_p"));
    assert_eq!(set("eta"), row("η", "eta", "\\eta"));
    assert_eq!(set("w_alpha"), row("w_α", "w_alpha", "w_{\\alpha}"));
    assert_eq!(set("net_h1"), row("net_h1", "net_h1", "\\mathit{net}_{\\mathrm{h1}}"));
    assert_eq!(set("é"), row("é", "e", "\\text{é}"));
    assert_eq!(set("Ж"), row("Ж", "U+0416", "\\text{U+0416}"));
    assert_eq!(math_text(&indexed(), true), "i_{2a+1−m, b}");
    let z = Math::Indexed(Symbol::named("z"), vec![s("i"), s("j")]);
    assert_eq!((math_text(&z, true), math_latex(&z)), ("z_ij".into(), "z_{ij}".into()));
}

#[test]
fn a_sum_of_a_hundred_thousand_terms_is_set() {
    let sum = add((0..100_000).map(|k| mul(vec![s(&format!("x_{k}")), s("w")])).collect());
    let page = one_row(s("y"), sum);
    let text = text(&page, &TextStyle::default());
    assert!(text.lines().count() > 10_000 && text.contains("x₉₉₉₉₉·w"));
    assert!(super::markdown(&page).contains("x_{99999}"));
}

#[test]
fn a_formula_too_deep_to_read_ends_in_an_ellipsis() {
    let mut math = s("x");
    for _ in 0..200 {
        math = Math::Call(Function::Sigmoid, Box::new(frac(n(1), math)));
    }
    assert_eq!(math_text(&math, true).matches('σ').count(), MAX_DEPTH / 2);
    assert!(math_text(&math, false).ends_with(&format!("...{}", ")".repeat(MAX_DEPTH / 2))));
    assert!(math_latex(&math).contains("\\ldots"));
    let lines = text(&one_row(s("y"), math), &TextStyle::default());
    assert!(lines.contains('…'));
    // Sums and products that lean to the left are one level, however long.
    let mut math = s("x");
    for _ in 0..500 {
        math = sub(math, s("y"));
    }
    assert_eq!(math_text(&math, true).matches('y').count(), 500);
}

#[test]
fn long_formulas_break_outside_parentheses_first() {
    let pair = |k: usize| mul(vec![s(&format!("alpha_{k}")), add(vec![s("x"), s("y"), s("z")])]);
    let text = text(
        &one_row(s("E"), add((0..5).map(pair).collect())),
        &TextStyle { width: 44, ..TextStyle::default() },
    );
    assert_eq!(
        text,
        "  E = α₀·(x + y + z) + α₁·(x + y + z)\n      \
         + α₂·(x + y + z) + α₃·(x + y + z)\n      + α₄·(x + y + z)\n"
    );
}
