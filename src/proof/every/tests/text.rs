//! Index formulas as a line of text, for cases that can be read.
//!
//! `sum(i<N, j<i+1) W[i,j]*x[j]` reaches as far as its product; `[i = j]`, `[0 <= i-1 < N]` and
//! `[i < j]`, which is `[0 <= i < j]`, are brackets; `d(u, x[i])` is a derivative; `f'(u)` is one
//! of a function that is not told. A letter alone is a size, an index or a tensor without axes.

use std::collections::BTreeSet;

use crate::index::{
    Affine, Condition, Definition, Element, Formula, Letter, Range, System, Tensor, TensorName,
};
use crate::proof::every::Facts;
use crate::scalar::{Function, Rational};

/// What a file says before its claims.
#[derive(Clone)]
pub struct Given {
    sizes: BTreeSet<String>,
    offsets: BTreeSet<String>,
    pub system: System,
    pub facts: Facts,
}

impl Given {
    pub fn new() -> Given {
        let system = super::without_tensors();
        Given { sizes: BTreeSet::new(), offsets: BTreeSet::new(), system, facts: Facts::default() }
    }

    /// Takes a line in that says something of letters or tensors.
    pub fn take(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "sizes" => self.sizes.extend(rest.split_whitespace().map(str::to_string)),
            "offsets" => self.offsets.extend(rest.split_whitespace().map(str::to_string)),
            "free" => {
                let ranges = self.parser(rest).ranges();
                self.facts.free = ranges;
            }
            "fact" => {
                let fact = self.parser(rest).affine();
                self.facts.nonnegative.push(fact);
            }
            "sums" | "leaf" => {
                let (name, lengths) = {
                    let mut parser = self.parser(rest);
                    let name = parser.name().unwrap_or_else(|| panic!("a name in {line}"));
                    (name, if parser.is("[") { parser.list("]") } else { Vec::new() })
                };
                let name = TensorName::new(&name);
                if word == "sums" {
                    self.system.distributions.push((name.clone(), vec![lengths.len() - 1]));
                }
                let letters = lengths.iter().map(|_| "i".to_string()).collect();
                self.system.tensors.push(Tensor { name, lengths, letters, definition: None });
            }
            "def" => {
                let (left, right) = rest.split_once(" = ").unwrap_or_else(|| panic!("= in {line}"));
                let (name, axes) = {
                    let mut parser = self.parser(left);
                    let name = parser.name().unwrap_or_else(|| panic!("a name in {line}"));
                    let axes = if parser.is("[") { parser.ranges() } else { Vec::new() };
                    (name, axes)
                };
                let body = self.formula(right);
                self.system.tensors.push(Tensor {
                    name: TensorName::new(&name),
                    lengths: axes.iter().map(|r| r.length.clone()).collect(),
                    letters: axes.iter().map(|r| r.index.clone()).collect(),
                    definition: Some(Definition { axes, body }),
                });
            }
            other => panic!("what is {other}?"),
        }
    }

    /// The two sides of a claim.
    pub fn claim(&self, text: &str) -> (Formula, Formula) {
        let (left, right) = text.split_once(" == ").unwrap_or_else(|| panic!("== in {text}"));
        (self.formula(left), self.formula(right))
    }

    pub fn formula(&self, text: &str) -> Formula {
        let mut parser = self.parser(text);
        let formula = parser.sum();
        assert!(parser.at == parser.tokens.len(), "read to the end: {text}, {:?}", parser.rest());
        formula
    }

    fn parser(&self, text: &str) -> Parser<'_> {
        let mut tokens: Vec<String> = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c.is_whitespace() {
                continue;
            }
            let mut token = c.to_string();
            if c.is_alphanumeric() || c == '_' || c == '.' {
                while let Some(next) =
                    chars.next_if(|n| n.is_alphanumeric() || *n == '_' || *n == '\'' || *n == '.')
                {
                    // 2i is 2 times i.
                    if c.is_ascii_digit() && !next.is_ascii_digit() && next != '.' {
                        tokens.push(std::mem::take(&mut token));
                        tokens.push("*".to_string());
                    }
                    token.push(next);
                }
            } else if c == '<' && chars.next_if_eq(&'=').is_some() {
                token.push('=');
            }
            tokens.push(token);
        }
        Parser { given: self, tokens, at: 0 }
    }
}

struct Parser<'a> {
    given: &'a Given,
    tokens: Vec<String>,
    at: usize,
}

impl Parser<'_> {
    fn rest(&self) -> &[String] {
        &self.tokens[self.at..]
    }

    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn is(&mut self, token: &str) -> bool {
        let found = self.peek() == token;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &str) {
        assert!(self.is(token), "{token} before {:?} in {:?}", self.rest(), self.tokens);
    }

    fn name(&mut self) -> Option<String> {
        let token = self.peek();
        let first = token.chars().next()?;
        if !first.is_alphabetic() && first != '_' {
            return None;
        }
        let name = token.to_string();
        self.at += 1;
        Some(name)
    }

    fn ranges(&mut self) -> Vec<Range> {
        let mut all = Vec::new();
        while let Some(index) = self.name() {
            self.expect("<");
            let length = self.affine();
            all.push(Range { index, length });
            self.is(",");
        }
        self.is("]");
        all
    }

    fn list(&mut self, end: &str) -> Vec<Affine> {
        let mut all = Vec::new();
        while !self.is(end) {
            all.push(self.affine());
            self.is(",");
        }
        all
    }

    fn letter(&self, name: &str) -> Affine {
        if self.given.sizes.contains(name) {
            Affine::size(name)
        } else if self.given.offsets.contains(name) {
            Affine::offset(name)
        } else {
            Affine::index(name)
        }
    }

    fn affine(&mut self) -> Affine {
        let mut sum = Affine::number(0);
        let mut sign = if self.is("-") { -1 } else { 1 };
        loop {
            let mut product = self.affine_factor();
            while self.is("*") {
                product = product.times(&self.affine_factor());
            }
            sum = sum.plus(&product.times_number(sign));
            sign = match self.peek() {
                "+" => 1,
                "-" => -1,
                _ => return sum,
            };
            self.at += 1;
        }
    }

    fn affine_factor(&mut self) -> Affine {
        if self.is("(") {
            let inner = self.affine();
            self.expect(")");
            return inner;
        }
        if let Some(name) = self.name() {
            return self.letter(&name);
        }
        let number = self.peek().parse().unwrap_or_else(|_| panic!("a number: {:?}", self.rest()));
        self.at += 1;
        Affine::number(number)
    }

    fn sum(&mut self) -> Formula {
        let mut terms = vec![self.product()];
        loop {
            match self.peek() {
                "+" => {
                    self.at += 1;
                    terms.push(self.product());
                }
                "-" => {
                    self.at += 1;
                    let next = self.product();
                    let left = Formula::total(std::mem::take(&mut terms));
                    terms.push(left.less(next));
                }
                _ => return Formula::total(terms),
            }
        }
    }

    fn product(&mut self) -> Formula {
        if self.is("-") {
            return self.product().negative();
        }
        let mut factors = vec![self.power()];
        loop {
            if self.is("*") {
                factors.push(self.power());
            } else if self.is("/") {
                let below = self.power();
                factors = vec![Formula::product(factors).over(below)];
            } else if self.peek() == "[" || self.goes_on(&factors) {
                factors.push(self.power());
            } else {
                return Formula::product(factors);
            }
        }
    }

    /// After a bracket a factor needs no sign.
    fn goes_on(&self, factors: &[Formula]) -> bool {
        matches!(factors.last(), Some(Formula::Bracket(_)))
            && self.peek().starts_with(|c: char| c.is_alphanumeric() || c == '(')
    }

    fn power(&mut self) -> Formula {
        let base = self.primary();
        if !self.is("^") {
            return base;
        }
        let negative = self.is("-");
        let exponent = self.primary();
        base.power(if negative { exponent.negative() } else { exponent })
    }

    fn primary(&mut self) -> Formula {
        if self.is("(") {
            let inner = self.sum();
            self.expect(")");
            return inner;
        }
        if self.is("[") {
            let a = self.affine();
            let condition = if self.is("=") {
                Condition::Equal(a, self.affine())
            } else if self.is("<=") {
                assert_eq!(a, Affine::number(0), "brackets begin at 0");
                let value = self.affine();
                self.expect("<");
                Condition::Within { value, length: self.affine() }
            } else {
                self.expect("<");
                Condition::Within { value: a, length: self.affine() }
            };
            self.expect("]");
            return Formula::Bracket(condition);
        }
        let Some(name) = self.name() else {
            let number: Rational =
                self.peek().parse().unwrap_or_else(|_| panic!("{:?}", self.rest()));
            self.at += 1;
            return Formula::Number(number);
        };
        if name == "sum" {
            self.expect("(");
            let ranges = self.ranges();
            self.expect(")");
            return Formula::sum(ranges, self.product());
        }
        if name == "d" && self.is("(") {
            let of = self.sum();
            self.expect(",");
            let Formula::Element(by) = self.primary() else { panic!("by an element") };
            self.expect(")");
            return of.partial(&by);
        }
        if self.is("[") {
            let at = self.list("]");
            return Formula::Element(Element { tensor: tensor(&name), at });
        }
        if self.is("(") {
            let argument = Box::new(self.sum());
            self.expect(")");
            let known = Function::ALL.iter().find(|f| f.to_string() == name);
            return match known {
                Some(function) => Formula::Call(*function, argument),
                None => Formula::Apply {
                    primes: name.matches('\'').count() as u32,
                    name: name.trim_end_matches('\'').to_string(),
                    argument,
                },
            };
        }
        let letter = self.letter(&name);
        let own = letter.letters().into_iter().next().cloned();
        match own {
            Some(Letter::Index(_))
                if !name.starts_with(char::is_lowercase)
                    || name.len() > 1
                    || self.is_tensor(&name) =>
            {
                Formula::Element(Element { tensor: tensor(&name), at: Vec::new() })
            }
            _ => Formula::Whole(letter),
        }
    }

    /// Scalars among the one-letter names: those of the alphabet's end, and what was declared.
    fn is_tensor(&self, name: &str) -> bool {
        let declared = self.given.system.tensors.iter().any(|t| t.name.name == name);
        declared || matches!(name, "s" | "t" | "u" | "v" | "w" | "x" | "y" | "z" | "e" | "c")
    }
}

/// dy is the δ of y.
fn tensor(name: &str) -> TensorName {
    match name.strip_prefix("delta_") {
        Some(of) => TensorName::new(of).delta(),
        None => TensorName::new(name),
    }
}
