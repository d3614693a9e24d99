//! Whole numbers with letters, in checked arithmetic.
//!
//! In: letters as small numbers, and forms made of them. Out: sums, multiples, products and
//! substitutions, or the reason that 64 bits or the degree do not hold them. What always holds:
//! equal forms are equal data, and nothing saturates.

use super::Reason;

/// A letter: a size, a free index, a bound index by its height and place, or an index that was
/// just opened and is not named yet. The order is that of this list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Var(u32);

const KIND: u32 = 30;

impl Var {
    /// What stands for every letter that has no name yet.
    pub const BLOT: Var = Var(u32::MAX);

    /// The size of that number.
    pub fn size(id: usize) -> Var {
        Var(id as u32 + 1)
    }

    /// The free index of that number.
    pub fn free(id: usize) -> Var {
        Var((1 << KIND) + id as u32)
    }

    /// The bound index at a place of a sum of that height.
    pub fn bound(height: u16, place: u16) -> Var {
        Var((2 << KIND) + (u32::from(height) << 12) + u32::from(place))
    }

    /// An index that was never used before.
    pub fn open(id: u32) -> Var {
        Var((3 << KIND) + id)
    }

    /// The height and the place of a bound index.
    pub fn as_bound(self) -> Option<(u16, u16)> {
        let rest = self.0 & ((1 << KIND) - 1);
        (self.0 >> KIND == 2).then_some(((rest >> 12) as u16, (rest & 0xfff) as u16))
    }
}

/// A product of at most three letters, in order; 0 where there is none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Mono([u32; 3]);

impl Mono {
    /// The empty product.
    pub const ONE: Mono = Mono([0; 3]);

    /// One letter.
    pub fn of(v: Var) -> Mono {
        Mono([v.0, 0, 0])
    }

    /// The letters.
    pub fn vars(self) -> impl Iterator<Item = Var> {
        self.0.into_iter().filter(|v| *v != 0).map(Var)
    }

    /// The only letter, if it is one.
    pub fn single(self) -> Option<Var> {
        (self.0[0] != 0 && self.0[1] == 0).then_some(Var(self.0[0]))
    }

    /// How many letters.
    pub fn degree(self) -> usize {
        self.vars().count()
    }

    fn times(self, other: Mono) -> Result<Mono, Reason> {
        let (mut all, mut n) = ([0; 3], 0);
        for v in self.vars().chain(other.vars()) {
            *all.get_mut(n).ok_or(Reason::Arithmetic)? = v.0;
            n += 1;
        }
        all[..n].sort_unstable();
        Ok(Mono(all))
    }

    /// Without one of that letter, if it has one.
    pub fn without(self, v: Var) -> Option<Mono> {
        let place = self.0.iter().position(|w| *w == v.0)?;
        let mut all = self.0;
        all.copy_within(place + 1.., place);
        all[2] = 0;
        Some(Mono(all))
    }
}

/// A sum of multiples of products of letters, in the order of the products; no multiple is 0.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Linear(Vec<(Mono, i64)>);

/// Letters with what is put in for them.
pub type Put = [(Var, Linear)];

impl Linear {
    /// A number.
    pub fn number(n: i64) -> Linear {
        Linear(if n == 0 { Vec::new() } else { vec![(Mono::ONE, n)] })
    }

    /// A letter.
    pub fn var(v: Var) -> Linear {
        Linear(vec![(Mono::of(v), 1)])
    }

    /// The products of letters with their multiples.
    pub fn terms(&self) -> &[(Mono, i64)] {
        &self.0
    }

    /// The letters, with repetitions.
    pub fn vars(&self) -> impl Iterator<Item = Var> + '_ {
        self.0.iter().flat_map(|(mono, _)| mono.vars())
    }

    /// Whether the letter stands in it.
    pub fn has(&self, v: Var) -> bool {
        self.vars().any(|w| w == v)
    }

    /// Whether one of the letters stands in it.
    pub fn has_any(&self, vars: &[Var]) -> bool {
        self.vars().any(|w| vars.contains(&w))
    }

    /// The number that it is.
    pub fn as_number(&self) -> Option<i64> {
        match self.0.as_slice() {
            [] => Some(0),
            [(Mono::ONE, n)] => Some(*n),
            _ => None,
        }
    }

    /// The letter that it is.
    pub fn as_var(&self) -> Option<Var> {
        match self.0.as_slice() {
            [(mono, 1)] => mono.single(),
            _ => None,
        }
    }

    /// What is added to the products of letters.
    pub fn constant(&self) -> i64 {
        match self.0.first() {
            Some((Mono::ONE, n)) => *n,
            _ => 0,
        }
    }

    /// self + n·other.
    pub fn plus_times(&self, n: i64, other: &Linear) -> Result<Linear, Reason> {
        let mut all = Vec::with_capacity(self.0.len() + other.0.len());
        let (mut a, mut b) = (self.0.iter().peekable(), other.0.iter().peekable());
        loop {
            let next = match (a.peek(), b.peek()) {
                (None, None) => break,
                (Some(x), None) => (**x, a.next()).0,
                (Some(x), Some(y)) if x.0 < y.0 => (**x, a.next()).0,
                (Some(x), Some(y)) if x.0 == y.0 => {
                    let product = y.1.checked_mul(n).ok_or(Reason::Arithmetic)?;
                    let sum = x.1.checked_add(product).ok_or(Reason::Arithmetic)?;
                    let mono = x.0;
                    a.next();
                    b.next();
                    (mono, sum)
                }
                (_, Some(y)) => {
                    let product = y.1.checked_mul(n).ok_or(Reason::Arithmetic)?;
                    let mono = y.0;
                    b.next();
                    (mono, product)
                }
            };
            match next.1 {
                0 => {}
                // It has no negation.
                i64::MIN => return Err(Reason::Arithmetic),
                _ => all.push(next),
            }
        }
        Ok(Linear(all))
    }

    /// self + other.
    pub fn plus(&self, other: &Linear) -> Result<Linear, Reason> {
        self.plus_times(1, other)
    }

    /// self − other.
    pub fn minus(&self, other: &Linear) -> Result<Linear, Reason> {
        self.plus_times(-1, other)
    }

    /// self + n.
    pub fn plus_number(&self, n: i64) -> Result<Linear, Reason> {
        self.plus_times(1, &Linear::number(n))
    }

    /// n·self.
    pub fn times_number(&self, n: i64) -> Result<Linear, Reason> {
        Linear::default().plus_times(n, self)
    }

    /// self·other.
    pub fn times(&self, other: &Linear) -> Result<Linear, Reason> {
        let mut sum = Linear::default();
        for (mono, n) in &self.0 {
            let mut row = Vec::with_capacity(other.0.len());
            for (more, k) in &other.0 {
                row.push((mono.times(*more)?, n.checked_mul(*k).ok_or(Reason::Arithmetic)?));
            }
            row.sort_unstable();
            sum = sum.plus(&Linear(row))?;
        }
        Ok(sum)
    }

    /// Every multiple over n, which divides them.
    pub fn over(&self, n: i64) -> Linear {
        Linear(self.0.iter().map(|(mono, k)| (*mono, k / n)).collect())
    }

    /// ±1, where the letter stands in it once, alone, and with that multiple.
    pub fn unit(&self, v: Var) -> Option<i64> {
        let mut found = None;
        for (mono, n) in &self.0 {
            if mono.vars().any(|w| w == v) {
                if found.is_some() || *mono != Mono::of(v) || n.abs() != 1 {
                    return None;
                }
                found = Some(*n);
            }
        }
        found
    }

    /// What the letter is where self is 0, if it is a unit in it.
    pub fn solved(&self, v: Var) -> Option<Result<Linear, Reason>> {
        let unit = self.unit(v)?;
        // s·v + r = 0: v = −s·r.
        let rest = self.plus_times(-unit, &Linear::var(v));
        Some(rest.and_then(|rest| rest.times_number(-unit)))
    }

    /// The form with others in the place of letters, all at once.
    pub fn put(&self, put: &Put) -> Result<Linear, Reason> {
        if !self.vars().any(|v| put.iter().any(|(w, _)| *w == v)) {
            return Ok(self.clone());
        }
        let mut sum = Linear::default();
        for (mono, n) in &self.0 {
            let mut product = Linear::number(*n);
            for v in mono.vars() {
                let found = put.iter().find(|(w, _)| *w == v);
                let own = found.map_or_else(|| Linear::var(v), |(_, form)| form.clone());
                product = product.times(&own)?;
            }
            sum = sum.plus(&product)?;
        }
        Ok(sum)
    }

    /// The greatest common divisor of the multiples of letters; 0 where there are none.
    pub fn divisor(&self) -> i64 {
        let letters = self.0.iter().filter(|(mono, _)| *mono != Mono::ONE);
        letters.fold(0, |g, (_, n)| gcd(g, n.unsigned_abs() as i64))
    }
}

/// The greatest common divisor of two numbers that are not negative.
pub fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
