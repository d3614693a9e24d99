//! Powers and elementary functions of series. Each comes from an equation between its slope and its
//! argument's: y′ = w·a′ for the coefficients of y, one after the other.

use super::series::{Expanded, Expansion, Series, grows, too_short};
use crate::expr::ExprId;
use crate::scalar::Function;

/// The greatest whole exponent that is multiplied out.
const MAX_EXPONENT: i32 = 8;

impl Expansion<'_, '_, '_, '_> {
    /// A power, whose exponent may move as well.
    pub(super) fn power(&mut self, base: Series, exponent: ExprId) -> Expanded {
        if let Some(n @ 0..=MAX_EXPONENT) = self.graph.as_whole(exponent) {
            let mut product = Series { start: 0, terms: self.padded(self.one) };
            for _ in 0..n {
                product = self.product(&product, &base);
            }
            return Ok(product);
        }
        if self.moves(exponent) {
            let exponent = self.series_of(exponent);
            let ln = self.called(Function::Ln, base)?;
            let product = self.product(&exponent, &ln);
            return self.called(Function::Exp, product);
        }
        let (start, base) = match self.graph.as_whole(exponent) {
            Some(n) => {
                let base = self.leading(base)?;
                let start = base.start.checked_mul(n).filter(|s| s.abs() < 1000);
                (start.ok_or_else(grows)?, base)
            }
            None => (0, self.with_constant(base)?),
        };
        let first = match base.terms[0] == self.one {
            true => self.one,
            false => self.graph.pow(base.terms[0], exponent),
        };
        let terms = self.raised(&base.terms, exponent, first);
        Ok(Series { start, terms })
    }

    /// The coefficients of b^r, by n·b₀·c_n = Σ (k·r − (n − k))·b_k·c_{n−k}.
    fn raised(&mut self, b: &[ExprId], r: ExprId, first: ExprId) -> Vec<ExprId> {
        let mut terms = vec![first];
        for n in 1..b.len() {
            let mut sum = self.zero;
            for k in 1..=n {
                let (k_, rest) = (self.graph.integer(k as i64), self.graph.integer((n - k) as i64));
                let times = self.times(k_, r);
                let factor = self.minus(times, rest);
                let term = self.times(b[k], terms[n - k]);
                let term = self.times(factor, term);
                sum = self.plus(sum, term);
            }
            let n = self.graph.integer(n as i64);
            let below = self.times(n, b[0]);
            terms.push(self.over(sum, below));
        }
        terms
    }

    /// The coefficients y with y′ = w·a′ and a first one: n·y_n = Σ k·a_k·w_{n−k}.
    fn next(&mut self, a: &[ExprId], w: &[ExprId], n: usize) -> ExprId {
        let mut sum = self.zero;
        for k in 1..=n {
            let factor = self.graph.integer(k as i64);
            let term = self.times(a[k], w[n - k]);
            let term = self.times(factor, term);
            sum = self.plus(sum, term);
        }
        let n = self.graph.integer(n as i64);
        self.over(sum, n)
    }

    fn value_at(&mut self, function: Function, at: ExprId) -> ExprId {
        let zero = self.is(at, 0);
        match function {
            Function::Sin | Function::Sinh | Function::Tanh if zero => self.zero,
            Function::Cos | Function::Cosh | Function::Exp if zero => self.one,
            Function::Ln if at == self.one => self.zero,
            _ => self.graph.call(function, at),
        }
    }

    /// An elementary function of a series.
    pub(super) fn called(&mut self, function: Function, argument: Series) -> Expanded {
        let kink = || Err("a kink stands there, or what has a value on one side alone".to_string());
        match function {
            Function::Ln => {
                let b = self.with_constant(argument)?.terms;
                let mut terms = vec![self.value_at(Function::Ln, b[0])];
                for n in 1..b.len() {
                    let mut above = self.zero;
                    for k in 1..n {
                        let (k_, n_) = (self.graph.integer(k as i64), self.graph.integer(n as i64));
                        let share = self.over(k_, n_);
                        let term = self.times(terms[k], b[n - k]);
                        let term = self.times(share, term);
                        above = self.plus(above, term);
                    }
                    let above = self.minus(b[n], above);
                    terms.push(self.over(above, b[0]));
                }
                return Ok(Series { start: 0, terms });
            }
            Function::Sqrt => {
                let b = self.with_constant(argument)?.terms;
                let two = self.graph.integer(2);
                let half = self.over(self.one, two);
                let first = match b[0] == self.one {
                    true => self.one,
                    false => self.graph.call(Function::Sqrt, b[0]),
                };
                return Ok(Series { start: 0, terms: self.raised(&b, half, first) });
            }
            Function::Abs | Function::Relu | Function::Sign | Function::Step => return kink(),
            _ => {}
        }
        let a = self.without_poles(argument)?.terms;
        let Some(at) = a.first().copied() else { return Err(too_short()) };
        let first = self.value_at(function, at);
        let mut y = vec![first];
        // The other function, whose slope this one is or that is made of this one.
        let mut w = vec![match function {
            Function::Exp => first,
            Function::Sin => self.value_at(Function::Cos, at),
            Function::Cos => self.value_at(Function::Sin, at),
            Function::Sinh => self.value_at(Function::Cosh, at),
            Function::Cosh => self.value_at(Function::Sinh, at),
            Function::Softplus => self.graph.call(Function::Sigmoid, at),
            Function::NormalCdf => self.graph.call(Function::NormalPdf, at),
            _ => self.zero,
        }];
        for n in 1..a.len() {
            let y_n = match function {
                Function::Exp | Function::Sin | Function::Sinh | Function::Cosh => {
                    self.next(&a, &w, n)
                }
                Function::Cos => {
                    let next = self.next(&a, &w, n);
                    self.minus(self.zero, next)
                }
                Function::Tanh | Function::Sigmoid => {
                    w = self.own_slope(function, &y);
                    self.next(&a, &w, n)
                }
                Function::NormalPdf => {
                    w = (0..n).map(|m| self.convolved(&a, &y, 0, m)).collect();
                    let next = self.next(&a, &w, n);
                    self.minus(self.zero, next)
                }
                Function::Softplus | Function::NormalCdf => self.next(&a, &w, n),
                _ => return kink(),
            };
            let w_n = match function {
                Function::Exp => y_n,
                Function::Sin => {
                    let next = self.next(&a, &y, n);
                    self.minus(self.zero, next)
                }
                Function::Cos | Function::Sinh | Function::Cosh => self.next(&a, &y, n),
                Function::Softplus => {
                    let slope = self.own_slope(Function::Sigmoid, &w);
                    self.next(&a, &slope, n)
                }
                Function::NormalCdf => {
                    let slope: Vec<ExprId> = (0..n).map(|m| self.convolved(&a, &w, 0, m)).collect();
                    let next = self.next(&a, &slope, n);
                    self.minus(self.zero, next)
                }
                _ => self.zero,
            };
            y.push(y_n);
            w.push(w_n);
        }
        Ok(Series { start: 0, terms: y })
    }

    /// 1 − t² of tanh, s − s² of the sigmoid, as far as their coefficients are known.
    fn own_slope(&mut self, function: Function, y: &[ExprId]) -> Vec<ExprId> {
        (0..y.len())
            .map(|m| {
                let square = self.convolved(y, y, 0, m);
                let before = match (function, m) {
                    (Function::Tanh, 0) => self.one,
                    (Function::Tanh, _) => self.zero,
                    _ => y[m],
                };
                self.minus(before, square)
            })
            .collect()
    }
}
