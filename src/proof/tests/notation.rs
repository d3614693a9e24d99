//! Expressions for the tables of the tests: `a*b^2 - max(a, -b)/2`, functions by their names,
//! `d(e, x)` for ∂e/∂x not carried out, `wins(max(a, b), a)`, `name:e` for a named quantity.

use crate::expr::{ExprId, Graph};
use crate::scalar::{Function, Rational};

/// The expression that `text` says.
pub(super) fn read(g: &mut Graph, text: &str) -> ExprId {
    let mut reader = Reader { g, rest: text };
    let e = reader.sum();
    assert!(reader.rest.trim().is_empty(), "left over in {text}: {}", reader.rest);
    e
}

struct Reader<'a> {
    g: &'a mut Graph,
    rest: &'a str,
}

impl Reader<'_> {
    fn eat(&mut self, sign: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn sum(&mut self) -> ExprId {
        let mut left = self.product();
        loop {
            if self.eat("+") {
                let right = self.product();
                left = self.g.add([left, right]);
            } else if self.eat("-") {
                let right = self.product();
                left = self.g.sub(left, right);
            } else {
                return left;
            }
        }
    }

    fn product(&mut self) -> ExprId {
        let mut left = self.unary();
        loop {
            if self.eat("*") {
                let right = self.unary();
                left = self.g.mul([left, right]);
            } else if self.eat("/") {
                let right = self.unary();
                left = self.g.div(left, right);
            } else {
                return left;
            }
        }
    }

    fn unary(&mut self) -> ExprId {
        if self.eat("-") {
            let a = self.unary();
            return self.g.neg(a);
        }
        let base = self.primary();
        if self.eat("^") {
            let exponent = self.unary();
            return self.g.pow(base, exponent);
        }
        base
    }

    fn primary(&mut self) -> ExprId {
        if self.eat("(") {
            let e = self.sum();
            assert!(self.eat(")"), "no ) before {}", self.rest);
            return e;
        }
        self.rest = self.rest.trim_start();
        let ends = |c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.';
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        assert!(!word.is_empty(), "an operand is missing before {rest:?}");
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            let q: Rational = word.parse().unwrap();
            return self.g.number(&q);
        }
        if self.eat(":") {
            let value = self.primary();
            return self.g.named(word, value);
        }
        if !self.eat("(") {
            return self.g.var(word);
        }
        let mut args = vec![self.sum()];
        while self.eat(",") {
            args.push(self.sum());
        }
        assert!(self.eat(")"), "no ) before {}", self.rest);
        match (word, args.as_slice()) {
            ("max", all) => self.g.max(all),
            ("d", [of, by]) => self.g.partial(*of, *by),
            ("wins", [max, arg]) => self.g.wins(*max, *arg),
            (name, [a]) => self.g.call(Function::named(name).expect(name), *a),
            _ => panic!("no function {word}"),
        }
    }
}
