//! What follows from inequalities between whole numbers, by the elimination of Fourier and
//! Motzkin.
//!
//! In: forms that are at least 0. Out: whether they can hold together, and whether another one
//! follows. What always holds: "impossible" and "implied" are proved; whatever is given up (too
//! many rows, numbers too large) is neither. Products of letters are unknowns of their own.

use super::linear::{Linear, Mono, Var, gcd};

/// At most so many rows at once.
const MAX_ROWS: usize = 120;

/// At most so many unknowns.
const MAX_UNKNOWNS: usize = 40;

/// Multiples of the unknowns, and what is added: their sum is at least 0.
struct Row {
    of: Vec<i64>,
    plus: i64,
}

/// Whether these forms cannot all be at least 0.
pub fn impossible(forms: &[Linear]) -> bool {
    impossible_all(&forms.iter().collect::<Vec<_>>())
}

/// The same for forms from several places.
pub fn impossible_all(forms: &[&Linear]) -> bool {
    if forms.iter().any(|f| f.as_number().is_some_and(|n| n < 0)) {
        return true;
    }
    let more = products(forms);
    let all = || forms.iter().copied().chain(&more);
    let mut unknowns: Vec<Mono> = Vec::new();
    for (mono, _) in all().flat_map(Linear::terms) {
        if *mono != Mono::ONE && !unknowns.contains(mono) {
            unknowns.push(*mono);
        }
    }
    if unknowns.len() > MAX_UNKNOWNS {
        return false;
    }
    let mut rows = Vec::with_capacity(forms.len());
    for form in all() {
        let mut row = Row { of: vec![0; unknowns.len()], plus: form.constant() };
        for (mono, n) in form.terms() {
            if let Some(place) = unknowns.iter().position(|u| u == mono) {
                row.of[place] = *n;
            }
        }
        if add(&mut rows, row) {
            return true;
        }
    }
    eliminate(rows, unknowns.len())
}

/// Whether a form is at least 0 wherever the others are.
pub fn implied(forms: &[Linear], goal: &Linear) -> bool {
    implied_by(&forms.iter().collect::<Vec<_>>(), goal)
}

/// The same for forms from several places.
pub fn implied_by(forms: &[&Linear], goal: &Linear) -> bool {
    if let Some(n) = goal.as_number() {
        return n >= 0;
    }
    if plainly(forms, goal) {
        return true;
    }
    let Ok(less) = goal.times_number(-1).and_then(|f| f.plus_number(-1)) else { return false };
    let mut all = near_all(forms, &less);
    all.push(&less);
    impossible_all(&all)
}

/// The forms that speak of what a form speaks of, or of what those speak of.
pub fn near(forms: &[Linear], goal: &Linear) -> Vec<Linear> {
    near_all(&forms.iter().collect::<Vec<_>>(), goal).into_iter().cloned().collect()
}

fn near_all<'f>(forms: &[&'f Linear], goal: &Linear) -> Vec<&'f Linear> {
    let mut known: Vec<Var> = goal.vars().collect();
    let mut taken = vec![false; forms.len()];
    let mut more = true;
    while more {
        more = false;
        for (form, taken) in forms.iter().zip(&mut taken) {
            if !*taken && form.has_any(&known) {
                *taken = true;
                more = true;
                known.extend(form.vars());
            }
        }
    }
    forms.iter().zip(taken).filter(|(_, taken)| *taken).map(|(form, _)| *form).collect()
}

/// Whether each letter's own least value is enough to see it.
fn plainly(forms: &[&Linear], goal: &Linear) -> bool {
    let mut least = goal.constant();
    for (mono, n) in goal.terms().iter().filter(|(mono, _)| *mono != Mono::ONE) {
        if *n < 0 {
            return false;
        }
        let mut product = *n;
        for v in mono.vars() {
            let Some(own) = forms.iter().filter_map(|f| at_least(f, v)).max() else { return false };
            let Some(next) = product.checked_mul(own).filter(|_| own >= 0) else { return false };
            product = next;
        }
        match least.checked_add(product) {
            Some(sum) => least = sum,
            None => return false,
        }
    }
    least >= 0
}

/// The least value of a letter that a form by itself says.
fn at_least(form: &Linear, v: Var) -> Option<i64> {
    match form.terms() {
        [(mono, 1)] if mono.single() == Some(v) => Some(0),
        [(Mono::ONE, c), (mono, 1)] if mono.single() == Some(v) => c.checked_neg(),
        _ => None,
    }
}

/// What follows where a product of letters stands somewhere: one of them that is not negative,
/// times what is known of the other.
fn products(forms: &[&Linear]) -> Vec<Linear> {
    let mut wanted: Vec<Mono> = Vec::new();
    for (mono, _) in forms.iter().flat_map(|form| form.terms()) {
        if mono.degree() >= 2 && !wanted.contains(mono) {
            wanted.push(*mono);
        }
    }
    let mut found: Vec<Linear> = Vec::new();
    for mono in wanted {
        for v in mono.vars() {
            if !forms.iter().any(|f| at_least(f, v).is_some_and(|least| least >= 0)) {
                continue;
            }
            let Some(rest) = mono.without(v) else { continue };
            for form in forms.iter().filter(|f| f.terms().iter().any(|(m, _)| *m == rest)) {
                if forms.len() + found.len() >= MAX_ROWS / 2 {
                    return found;
                }
                if let Ok(product) = form.times(&Linear::var(v))
                    && !found.contains(&product)
                {
                    found.push(product);
                }
            }
        }
    }
    found
}

/// Takes a row in, tightened to whole numbers; true where it can never hold.
fn add(rows: &mut Vec<Row>, mut row: Row) -> bool {
    let divisor = row.of.iter().fold(0, |g, n| gcd(g, n.saturating_abs()));
    if divisor == 0 {
        return row.plus < 0;
    }
    row.of.iter_mut().for_each(|n| *n /= divisor);
    row.plus = row.plus.div_euclid(divisor);
    match rows.iter_mut().find(|other| other.of == row.of) {
        Some(other) => other.plus = other.plus.min(row.plus),
        None => rows.push(row),
    }
    false
}

fn eliminate(mut rows: Vec<Row>, unknowns: usize) -> bool {
    let mut left: Vec<usize> = (0..unknowns).collect();
    while !left.is_empty() && rows.len() > 1 {
        let cost = |u: usize| {
            let up = rows.iter().filter(|r| r.of[u] > 0).count();
            let down = rows.iter().filter(|r| r.of[u] < 0).count();
            up * down
        };
        let Some(place) = (0..left.len()).min_by_key(|n| cost(left[*n])) else { break };
        let unknown = left.swap_remove(place);
        let (with, mut next): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|r| r.of[unknown] != 0);
        let (up, down): (Vec<Row>, Vec<Row>) = with.into_iter().partition(|r| r.of[unknown] > 0);
        for a in &up {
            for b in &down {
                let Some(row) = combined(a, b, unknown) else { return false };
                if add(&mut next, row) {
                    return true;
                }
                if next.len() > MAX_ROWS {
                    return false;
                }
            }
        }
        rows = next;
    }
    false
}

fn combined(a: &Row, b: &Row, unknown: usize) -> Option<Row> {
    let (x, y) = (a.of[unknown], b.of[unknown].checked_neg()?);
    let of =
        a.of.iter().zip(&b.of).map(|(p, q)| {
            p.checked_mul(y)?.checked_add(q.checked_mul(x)?).filter(|n| *n != i64::MIN)
        });
    let plus = a.plus.checked_mul(y)?.checked_add(b.plus.checked_mul(x)?)?;
    Some(Row { of: of.collect::<Option<_>>()?, plus })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(terms: &[(usize, i64)], plus: i64) -> Linear {
        let mut sum = Linear::number(plus);
        for (v, n) in terms {
            sum = sum.plus_times(*n, &Linear::var(Var::size(*v))).expect("it is small");
        }
        sum
    }

    #[test]
    fn what_follows_over_whole_numbers_is_seen() {
        // i ≥ 0, n − 1 − i ≥ 0: n ≥ 1.
        let facts = [form(&[(0, 1)], 0), form(&[(1, 1), (0, -1)], -1)];
        assert!(implied(&facts, &form(&[(1, 1)], -1)));
        assert!(!implied(&facts, &form(&[(1, 1)], -2)));
        // 2i ≥ 1 and 2i ≤ 1 have no whole solution.
        assert!(impossible(&[form(&[(0, 2)], -1), form(&[(0, -2)], 1)]));
    }

    #[test]
    fn products_of_letters_are_multiplied_with_what_is_known() {
        let (s, i, n) = (Var::size(0), Var::free(0), Var::size(1));
        let at = |v| Linear::var(v);
        let last = at(n).minus(&at(i)).and_then(|f| f.plus_number(-1)).expect("small");
        let facts = [at(s).plus_number(-1).expect("small"), at(i), last];
        // s·i ≤ s·(n − 1).
        let goal = at(s).times(&at(n)).and_then(|f| f.minus(&at(s))).expect("small");
        let goal = goal.minus(&at(s).times(&at(i)).expect("small")).expect("small");
        assert!(implied(&facts, &goal));
        assert!(!implied(&facts, &goal.plus_number(-1).expect("small")));
    }
}
