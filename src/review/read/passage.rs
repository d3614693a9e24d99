//! Text that knows, for every byte, where in the source it was written.
//!
//! The places are piecewise linear: a run of text is either a copy of a stretch of the source
//! (then each of its bytes has a byte of its own), or it stands for a stretch as a whole, as `<`
//! does for `&lt;`. Runs are in the order of the text and of the source.

use std::ops::Range;

/// Text with, for every byte, its place in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The text, without what the document's format puts into it: entities and JSON escapes are
    /// resolved, marks of quotation and comments are gone.
    pub text: String,
    /// Never empty; the first begins at 0.
    runs: Vec<Run>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Run {
    /// Where it begins in the text; it goes on to where the next one begins.
    at: usize,
    source: Range<usize>,
    /// Whether it is a copy of its stretch of the source.
    copy: bool,
}

impl Passage {
    /// No text, at a place.
    pub fn empty(at: usize) -> Passage {
        Passage { text: String::new(), runs: vec![Run { at: 0, source: at..at, copy: true }] }
    }

    /// A copy of a stretch of the source.
    ///
    /// # Panics
    ///
    /// If the range does not lie in the source on character boundaries.
    pub fn copy(source: &str, range: Range<usize>) -> Passage {
        let mut passage = Passage::empty(range.start);
        passage.push(source, range);
        passage
    }

    /// The range of the source from which a range of the text was made: the smallest one that
    /// holds the places of all of its bytes. An empty range has an empty place, and what lies
    /// past the end of the text is at its end.
    pub fn source(&self, range: Range<usize>) -> Range<usize> {
        let start = range.start.min(self.text.len());
        let end = range.end.clamp(start, self.text.len());
        let first = self.run_at(start);
        let from = match first.copy {
            true => first.source.start + (start - first.at),
            false if start == self.text.len() && start > 0 => first.source.end,
            false => first.source.start,
        };
        if start == end {
            return from..from;
        }
        let last = self.run_at(end - 1);
        let to = if last.copy { last.source.start + (end - last.at) } else { last.source.end };
        from..to.max(from)
    }

    /// The part of the passage at a range of its text.
    ///
    /// # Panics
    ///
    /// If the range does not lie in the text on character boundaries.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Passage {
        let mut part = Passage::empty(self.source(range.start..range.start).start);
        part.push_slice(self, range);
        part
    }

    /// The same text, where this passage was made from the text of `outer`, with its places in
    /// the source of `outer`.
    #[must_use]
    pub(super) fn through(&self, outer: &Passage) -> Passage {
        let start = self.runs[0].source.start;
        let mut through = Passage::empty(outer.source(start..start).start);
        for (nth, run) in self.runs.iter().enumerate() {
            if run.copy {
                through.push_slice(outer, run.source.clone());
            } else {
                let text = &self.text[run.at..self.end_of(nth)];
                through.push_as(text, outer.source(run.source.clone()));
            }
        }
        through
    }

    /// Adds a copy of a stretch of the source.
    pub(super) fn push(&mut self, source: &str, range: Range<usize>) {
        self.push_copy(&source[range.clone()], range);
    }

    /// Adds a text that stands for a stretch of the source as a whole.
    pub(super) fn push_as(&mut self, text: &str, range: Range<usize>) {
        if !text.is_empty() {
            self.push_run(Run { at: self.text.len(), source: range, copy: false });
            self.text.push_str(text);
        }
    }

    /// Adds a part of another passage of the same source.
    pub(super) fn push_slice(&mut self, other: &Passage, range: Range<usize>) {
        let Range { start, end } = range;
        if start >= end {
            return;
        }
        let first = other.runs.partition_point(|r| r.at <= start) - 1;
        for (nth, run) in other.runs.iter().enumerate().skip(first) {
            if run.at >= end {
                break;
            }
            let (from, to) = (run.at.max(start), other.end_of(nth).min(end));
            let text = &other.text[from..to];
            if run.copy {
                let at = run.source.start + (from - run.at);
                self.push_copy(text, at..at + text.len());
            } else {
                self.push_as(text, run.source.clone());
            }
        }
    }

    /// Takes back what was added after the text was `len` bytes long.
    pub(super) fn truncate(&mut self, len: usize) {
        self.text.truncate(len);
        while self.runs.len() > 1 && self.runs.last().is_some_and(|r| r.at >= len) {
            self.runs.pop();
        }
        if let Some(run) = self.runs.last_mut()
            && run.copy
        {
            run.source.end = run.source.start + (len - run.at);
        }
    }

    fn push_copy(&mut self, text: &str, range: Range<usize>) {
        if text.is_empty() {
            return;
        }
        match self.runs.last_mut() {
            Some(run) if run.copy && run.source.end == range.start => run.source.end = range.end,
            _ => self.push_run(Run { at: self.text.len(), source: range, copy: true }),
        }
        self.text.push_str(text);
    }

    fn push_run(&mut self, run: Run) {
        if self.text.is_empty() {
            self.runs.clear();
        }
        self.runs.push(run);
    }

    fn run_at(&self, offset: usize) -> &Run {
        &self.runs[self.runs.partition_point(|r| r.at <= offset).saturating_sub(1)]
    }

    fn end_of(&self, nth: usize) -> usize {
        self.runs.get(nth + 1).map_or(self.text.len(), |next| next.at)
    }
}
