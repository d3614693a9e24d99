//! Sums and products over an index, and case distinctions.

use super::{Built, Local, MAX_SUM_TERMS, Unbuilt};
use crate::expr::ExprId;
use crate::review::scope::Scope;
use crate::review::tex::syntax::{Comparison, Expr, FormulaKind};
use crate::scalar::{Function, Scalar};

impl Scope<'_> {
    /// Σ, or Π where `multiplies`.
    pub(super) fn sum(
        &mut self,
        sum: &Expr,
        multiplies: bool,
        at: usize,
        local: &Local,
        most: usize,
    ) -> Built {
        let FormulaKind::BigSum { indices, from, to, body } = &sum.kind else {
            return self.expression(sum, at, local, most);
        };
        let bounds = [from, to];
        if !indices.is_empty() {
            let terms = self.terms(indices, bounds, body, at, local, most)?;
            return Ok(self.joined(terms, multiplies));
        }
        // \sum (t_i − y_i)² goes over the one letter that there is.
        let mut free = self.free_letters(&[body]);
        free.retain(|letter, _| !local.indices.contains_key(letter));
        match (bounds, free.len()) {
            ([None, None], 1) => {
                let letters: Vec<String> = free.into_keys().collect();
                let terms = self.terms(&letters, bounds, body, at, local, most)?;
                Ok(self.joined(terms, multiplies))
            }
            _ => Err(Unbuilt::OutOfScope("a sum that does not say over what".to_string())),
        }
    }

    fn joined(&mut self, terms: Vec<ExprId>, multiplies: bool) -> ExprId {
        match (terms.is_empty(), multiplies) {
            (true, true) => self.graph.integer(1),
            (false, true) => self.graph.mul(terms),
            (_, false) => self.graph.add(terms),
        }
    }

    /// What is summed or multiplied, for all values of the indices.
    pub(super) fn terms(
        &mut self,
        indices: &[String],
        [from, to]: [&Option<Box<Expr>>; 2],
        body: &Expr,
        at: usize,
        local: &Local,
        most: usize,
    ) -> Result<Vec<ExprId>, Unbuilt> {
        let bound = |scope: &mut Self, e: &Option<Box<Expr>>| -> Option<i64> {
            let e = e.as_deref()?;
            if let Some((n, supposed)) = scope.whole(e) {
                scope.supposed |= supposed;
                return Some(n);
            }
            if let Some(n) = of_letters(e, local) {
                return Some(n);
            }
            let id = scope.expression(e, at, local, most).ok()?;
            let known = scope.graph.as_number(id).cloned();
            let symbol = scope.graph.symbol_of(id);
            let value = known.or_else(|| symbol.and_then(|s| scope.values.at(s, at).cloned()));
            value.and_then(|q| q.to_i32()).map(i64::from)
        };
        let Some((index, others)) = indices.split_first() else {
            return Ok(vec![self.expression(body, at, local, most)?]);
        };
        let mut letters = index.chars();
        let run = match (letters.next(), letters.next()) {
            (Some(letter), None) => {
                let run = self.run_in(letter, body);
                // What it runs over elsewhere it need not run over here.
                self.loose |= from.is_none() && self.run_in_places(letter, body).is_none();
                run
            }
            _ => None,
        };
        let found = match (from, to, run) {
            (None, None, Some(run)) if !run.torn => {
                self.supposed |= run.supposed;
                self.loose |= run.loose;
                Some((run.first, run.last))
            }
            (None, Some(_), Some(run)) => bound(self, to).map(|to| (run.first, to)),
            _ => bound(self, from).zip(bound(self, to)),
        };
        let Some((from, to)) = found else {
            return Err(Unbuilt::OutOfScope("a sum whose bounds are no numbers".to_string()));
        };
        if to.saturating_sub(from) >= MAX_SUM_TERMS as i64 {
            return Err(Unbuilt::Unclear(format!(
                "too large: a sum of more than {MAX_SUM_TERMS} terms"
            )));
        }
        let mut terms = Vec::new();
        for value in from..=to {
            let mut inner = local.clone();
            inner.indices.insert(index.clone(), value);
            terms.extend(self.terms(others, [&None, &None], body, at, &inner, most)?);
        }
        Ok(terms)
    }

    /// Which case holds, where all conditions up to it compare numbers, as those on indices do;
    /// an error where none does.
    fn decided(
        &mut self,
        cases: &[(Expr, Option<Comparison>)],
        at: usize,
        local: &Local,
        most: usize,
    ) -> Option<Result<usize, Unbuilt>> {
        for (nth, (_, condition)) in cases.iter().enumerate() {
            let Some(condition) = condition else { return (nth > 0).then_some(Ok(nth)) };
            let left = self.expression(&condition.left, at, local, most).ok()?;
            let right = self.expression(&condition.right, at, local, most).ok()?;
            let (left, right) = (self.graph.as_number(left)?, self.graph.as_number(right)?);
            let order = left.compare(right).ok()?;
            let holds = match condition.sign {
                ">" => order.is_gt(),
                "<" => order.is_lt(),
                ">=" => order.is_ge(),
                "<=" => order.is_le(),
                "=" => order.is_eq(),
                "!=" => order.is_ne(),
                _ => return None,
            };
            if holds {
                return Some(Ok(nth));
            }
        }
        Some(Err(Unbuilt::Unclear("no case of it holds here".to_string())))
    }

    /// A case distinction with one comparison: x where x > y and 0 elsewhere.
    pub(super) fn cases(
        &mut self,
        cases: &[(Expr, Option<Comparison>)],
        at: usize,
        local: &Local,
        most: usize,
    ) -> Built {
        let refused = || {
            Unbuilt::OutOfScope(
                "a case distinction that is not one comparison and its opposite".to_string(),
            )
        };
        if let Some(nth) = self.decided(cases, at, local, most) {
            return self.expression(&cases[nth?].0, at, local, most);
        }
        let [(first, Some(condition)), (second, other)] = cases else { return Err(refused()) };
        let zero = self.graph.integer(0);
        let left = self.expression(&condition.left, at, local, most)?;
        let right = self.expression(&condition.right, at, local, most)?;
        let (mut yes, mut no) =
            (self.expression(first, at, local, most)?, self.expression(second, at, local, most)?);
        // a ≥ b is "not b > a": where a and b are equal throughout a region, that is no kink.
        let (over, under) = match condition.sign {
            ">" => (left, right),
            "<" => (right, left),
            ">=" => (right, left),
            "<=" => (left, right),
            _ => return Err(refused()),
        };
        if condition.sign.len() == 2 {
            std::mem::swap(&mut yes, &mut no);
        }
        if let Some(other) = other {
            let again = [
                self.expression(&other.left, at, local, most)?,
                self.expression(&other.right, at, local, most)?,
            ];
            let opposite = matches!(
                (condition.sign, other.sign),
                (">", "<=" | "<") | (">=", "<" | "<=") | ("<", ">=" | ">") | ("<=", ">" | ">=")
            );
            if again != [left, right] || !opposite {
                return Err(refused());
            }
        }
        // yes·[x > 0] + no·(1 − [x > 0]); at 0 itself a convention decides, and claims are
        // judged off the kinks.
        let over = match (over == zero, under == zero) {
            (_, true) => over,
            (true, false) => self.graph.neg(under),
            (false, false) => self.graph.sub(over, under),
        };
        let step = self.graph.call(Function::Step, over);
        let one = self.graph.integer(1);
        let rest = self.graph.sub(one, step);
        let (a, b) = (self.graph.mul([yes, step]), self.graph.mul([no, rest]));
        Ok(self.graph.add([a, b]))
    }
}

/// A bound made of numbers and letters that have values, as j = i + 1.
fn of_letters(e: &Expr, local: &Local) -> Option<i64> {
    match &e.kind {
        FormulaKind::Number { value, .. } => value.to_i32().map(i64::from),
        FormulaKind::Name(name) if name.below.is_empty() && name.above.is_none() => {
            local.indices.get(&name.stem).copied()
        }
        FormulaKind::Sum(terms) => terms.iter().try_fold(0i64, |sum, (minus, term)| {
            let n = of_letters(term, local)?;
            sum.checked_add(if *minus { -n } else { n })
        }),
        _ => None,
    }
}
