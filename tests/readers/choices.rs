//! Choices read off bytes: what a generator asks, the bytes of a fuzzer or of a law answer.
//!
//! What always holds: the same bytes give the same answers, and where they have ended each answer
//! is the first one. A generator whose first alternatives are the small ones therefore ends.

/// The bytes that are left.
pub struct Choices<'a> {
    bytes: &'a [u8],
}

impl<'a> Choices<'a> {
    pub fn of(bytes: &'a [u8]) -> Choices<'a> {
        Choices { bytes }
    }

    /// Whether every further answer is the first one.
    pub fn ended(&self) -> bool {
        self.bytes.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        *first
    }

    /// From 0 up to and without `n`.
    pub fn below(&mut self, n: usize) -> usize {
        match n {
            0 | 1 => 0,
            2..=256 => usize::from(self.byte()) % n,
            _ => (usize::from(self.byte()) << 8 | usize::from(self.byte())) % n,
        }
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Yes, about `times` in 256 times.
    pub fn chance(&mut self, times: u8) -> bool {
        // The end of the bytes says no.
        self.byte() > 255 - times
    }

    /// Eight bytes as a number.
    pub fn word(&mut self) -> u64 {
        (0..8).fold(0, |word, _| word << 8 | u64::from(self.byte()))
    }
}
