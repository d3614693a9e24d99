//! A reader of printed formulas, for the tests: it knows the usual precedences and nothing of
//! the printer, and reads the ASCII form and both LaTeX forms. Powers, derivatives and functions
//! are opaque mixtures of their arguments, so that no two readings agree by accident.

use super::sample::{mul, n, s};
use crate::expr::Symbol;
use crate::page::{Big, Mark, Math};
use crate::render::{math_latex, math_text};
use crate::scalar::{Function, Prime, Rational, Scalar};

/// The names that formulas in tests are made of.
pub(super) const NAMES: [&str; 9] =
    ["x", "y", "t", "w_00", "w_0,10", "r_fc", "net_h1", "eta", "sigma"];

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

/// What stands for [`marked`] in the text that is read.
const MARKED: &str = "i_{marked}";

const POWER: i64 = 1_000_003;
const PARTIAL: i64 = 2_000_003;
const DELTA: i64 = 3_000_017;
const MAX: i64 = 4_000_037;
const BRACKET: i64 = 5_000_011;
const FUNCTION: i64 = 6_000_011;
const BIG: i64 = 7_000_003;
const APPLY: i64 = 8_000_009;

fn function(f: Function, x: &Prime) -> Prime {
    match f {
        Function::Step => bracket(x, ">", &value(0)),
        f => mix(FUNCTION + 10 * f as i64, x, x),
    }
}

fn bracket(a: &Prime, sign: &str, b: &Prime) -> Prime {
    mix(BRACKET + 100 * sign.bytes().map(i64::from).sum::<i64>(), a, b)
}

/// The value of a tree; none where it divides by zero or says no value.
pub(super) fn of_tree(math: &Math) -> Option<Prime> {
    Some(match math {
        Math::Number(q) => Prime::from_rational(q).ok()?,
        Math::Decimal(text) => Prime::from_rational(&text.parse().ok()?).ok()?,
        Math::Symbol(symbol) => {
            value(77 + NAMES.iter().position(|name| *name == symbol.spelling())? as i64)
        }
        Math::Indexed { upper: None, .. } => value(7),
        Math::Indexed { upper: Some(_), .. } => value(11),
        Math::Big { sign, over, body } if *over == [s("m"), s("n")] => {
            mix(BIG + 10 * *sign as i64, &of_tree(body)?, &value(0))
        }
        Math::Apply(symbol, primes, of) if symbol.spelling() == "phi" => {
            mix(APPLY + 10 * i64::from(*primes), &of_tree(of)?, &value(0))
        }
        Math::Big { .. } | Math::Apply(..) => return None,
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
        // ⌊a⌋ brings its own brackets; the field has no floor.
        Math::Words(_) | Math::Ellipsis | Math::Relation(..) | Math::Floor(_) => return None,
    })
}

/// Signs, names and numbers, of either form, in the spelling of the ASCII form.
fn tokens(text: &str) -> Vec<String> {
    // A mark between a name and its subscripts makes no name of its own kind here.
    let text = text.replace(&math_text(&marked(), false), MARKED);
    let text = text.replace(&math_latex(&marked()), MARKED);
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
            '-' if chars.get(at) == Some(&'>') => at += 1,
            '<' | '!' | '>' if chars.get(at).is_some_and(|c| "=-".contains(*c)) => at += 1,
            _ => {}
        }
        out.push(chars[from..at].iter().collect());
    }
    out
}

pub(super) struct Reader {
    tokens: Vec<String>,
    at: usize,
    names: Vec<(String, Prime)>,
}

pub(super) type Read = Result<Prime, String>;

impl Reader {
    /// The value of a printed formula.
    pub(super) fn read(text: &str) -> Read {
        let mut names = Vec::new();
        for name in NAMES {
            let math = s(name);
            let value = of_tree(&math).ok_or("no value")?;
            names.extend([math_text(&math, false), math_latex(&math)].map(|n| (n, value)));
        }
        names.extend([math_text(&indexed(), false), math_latex(&indexed())].map(|n| (n, value(7))));
        names.push((MARKED.to_string(), value(11)));
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
                    "->" | "\\to" => "→",
                    ">=" | "\\ge" => "≥",
                    "<=" | "\\le" => "≤",
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
        let big = [("sum_", Big::Sum), ("max_", Big::Max)]
            .into_iter()
            .find(|(name, _)| token.trim_start_matches('\\').starts_with(name));
        if let Some((_, sign)) = big {
            return Ok(mix(BIG + 10 * sign as i64, &self.product()?, &value(0)));
        }
        if token == "phi" || token == "\\varphi" {
            let mut primes = 0;
            while self.skip("'") {
                primes += 1;
            }
            return Ok(mix(APPLY + 10 * primes, &self.enclosed("(", ")")?, &value(0)));
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
        let from = self.at;
        let derivative = self.skip("\\partial");
        let of = if !derivative || self.peek() == "}" { None } else { Some(self.power()?) };
        // With a slash after it, this ∂ was part of a derivative on the line.
        if !derivative || self.peek() != "}" {
            self.at = from;
            let above = self.sum()?;
            self.expect("}")?;
            return above.div(&self.enclosed("{", "}")?).map_err(|fault| fault.to_string());
        }
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
        "\\Phi" => Function::NormalCdf,
        "\\phi" => Function::NormalPdf,
        "\\mathrm{softplus}" => Function::Softplus,
        token => Function::named(token.trim_start_matches('\\'))?,
    })
}

/// The one indexed name of the tests, i_{2a+1−m, b}.
pub(super) fn indexed() -> Math {
    let affine = Math::Sum(vec![(false, mul(vec![n(2), s("a")])), (false, n(1)), (true, s("m"))]);
    Math::indexed(Symbol::named("i"), vec![affine, s("b")])
}

/// The one with a mark above, δ^(l+1)_ij.
pub(super) fn marked() -> Math {
    let next = Math::Sum(vec![(false, s("l")), (false, n(1))]);
    Math::Indexed {
        symbol: Symbol::named("delta"),
        upper: Some(Mark::Layer(Box::new(next))),
        lower: vec![s("i"), s("j")],
    }
}
