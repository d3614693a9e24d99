//! Lines and columns of offsets.

/// A place of a text, as people count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
}

/// Every so many bytes of a long line its characters are counted in advance.
const STRIDE: usize = 512;

/// The lines of a text, found once, so that each place is found in logarithmic time, on a line
/// of any length.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    source: &'a str,
    /// Places known in advance: the beginnings of the lines, and points of long lines.
    known: Vec<(usize, Place)>,
}

impl<'a> Lines<'a> {
    /// The lines of `source`.
    pub fn of(source: &'a str) -> Lines<'a> {
        let mut here = Place { line: 1, column: 1 };
        let mut known = vec![(0, here)];
        let mut last = 0;
        for (at, c) in source.char_indices() {
            if at - last >= STRIDE {
                known.push((at, here));
                last = at;
            }
            here.column += 1;
            if c == '\n' {
                here = Place { line: here.line + 1, column: 1 };
                known.push((at + 1, here));
                last = at + 1;
            }
        }
        Lines { source, known }
    }

    /// The place of a byte; of the end, if the offset lies past it, and of the character, if it
    /// lies within one.
    pub fn place(&self, offset: usize) -> Place {
        let mut offset = offset.min(self.source.len());
        while !self.source.is_char_boundary(offset) {
            offset -= 1;
        }
        let nth = self.known.partition_point(|(at, _)| *at <= offset) - 1;
        let (at, place) = self.known[nth];
        Place { column: place.column + self.source[at..offset].chars().count(), ..place }
    }
}
