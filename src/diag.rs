//! Errors, spans and hints (floor 0).
//!
//! Every failure of the library is one [`Error`]: a kind, a sentence, where in the text, what
//! was wrong there, hints, and any further errors of the same run. Nothing here prints; the
//! command line asks [`Error::snippet`] for the picture with carets.

use std::fmt;

/// A half-open range of bytes in a source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset just past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of bytes `start..end`; offsets past `u32::MAX` are clamped.
    pub fn new(start: usize, end: usize) -> Span {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// What sort of mistake an [`Error`] reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The text does not follow the grammar.
    Syntax,
    /// A name is unknown, used twice, or used for the wrong thing.
    Name,
    /// Shapes, ranks or indices do not fit together.
    Shape,
    /// A named limit was passed.
    Limit,
    /// A value is missing, not exact, or not a number.
    Value,
    /// An operation is undefined at the given point (division by zero, ln of −1).
    Domain,
    /// An assumption contradicts the network or the values.
    Assumption,
    /// A file or a terminal could not be read or written.
    Io,
    /// backproof caught itself in an error; nothing was printed that it could not prove.
    Internal,
}

/// One failure, or several of one run. Reads as a sentence; see [`Error::snippet`] for the
/// picture with the source line.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: Kind,
    message: String,
    span: Option<Span>,
    label: Option<String>,
    also: Vec<(Span, String)>,
    hints: Vec<String>,
    more: Vec<Error>,
}

impl Error {
    /// An error of `kind` that says `message`, a sentence without its full stop.
    pub fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            span: None,
            label: None,
            also: Vec::new(),
            hints: Vec::new(),
            more: Vec::new(),
        }))
    }

    /// The same error at a place of the source, unless it has one already.
    #[must_use]
    pub fn at(mut self, span: Span) -> Error {
        self.0.span.get_or_insert(span);
        self
    }

    /// The same error with words under its carets.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Error {
        self.0.label = Some(label.into());
        self
    }

    /// The same error with a second place that explains it ("first defined here").
    #[must_use]
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Error {
        self.0.also.push((span, label.into()));
        self
    }

    /// The same error with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hints.push(hint.into());
        self
    }

    /// All `errors` as one, in order; `None` if there are none.
    pub fn collect(errors: Vec<Error>) -> Option<Error> {
        let mut errors = errors.into_iter();
        let mut first = errors.next()?;
        first.0.more.extend(errors);
        Some(first)
    }

    /// What sort of mistake this is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The sentence, without its place and hints.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where in the source, if it is somewhere.
    pub fn span(&self) -> Option<Span> {
        self.0.span
    }

    /// What may help.
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }

    /// This error and the further ones of the same run, in order.
    pub fn all(&self) -> impl Iterator<Item = &Error> {
        std::iter::once(self).chain(self.0.more.iter().flat_map(|e| {
            let boxed: Box<dyn Iterator<Item = &Error>> = Box::new(e.all());
            boxed
        }))
    }

    /// The errors as a compiler prints them: file, line, carets, hints; `source` is the text
    /// that the spans refer to. `colour` adds terminal escapes.
    ///
    /// ```
    /// let text = "param w\nE = (t - w)^2 / 2";
    /// let error = backproof::parse_network(text).unwrap_err();
    /// assert!(error.snippet("net.bp", text, false).contains("net.bp:2:6"));
    /// ```
    pub fn snippet(&self, name: &str, source: &str, colour: bool) -> String {
        let mut out = String::new();
        for (nth, error) in self.all().enumerate() {
            if nth > 0 {
                out.push('\n');
            }
            out.push_str(&error.one_snippet(name, source, colour));
            out.push('\n');
        }
        out
    }

    fn one_snippet(&self, name: &str, source: &str, colour: bool) -> String {
        use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let title = Level::ERROR.primary_title(self.0.message.as_str());
        let mut group = annotate_snippets::Group::with_title(title);
        let hints = self.0.hints.iter().map(|h| Level::HELP.message(h.as_str()));
        if let Some(span) = self.0.span {
            let window = Window::around(source, span);
            let mut primary = AnnotationKind::Primary.span(window.clip(source, span));
            if let Some(label) = &self.0.label {
                primary = primary.label(label.as_str());
            }
            let mut snippet = Snippet::source(window.text(source))
                .path(name)
                .line_start(window.line)
                .fold(true)
                .annotation(primary);
            for (span, label) in &self.0.also {
                if window.holds(*span) {
                    let range = window.clip(source, *span);
                    snippet = snippet
                        .annotation(AnnotationKind::Context.span(range).label(label.as_str()));
                }
            }
            group = group.element(snippet);
        }
        renderer.render(&[group.elements(hints)])
    }
}

/// The part of a source that a picture may show: whole lines where they are short, and a piece
/// of the line where it is very long.
struct Window {
    from: usize,
    to: usize,
    line: usize,
}

/// A source longer than this is cut to the neighbourhood of the error before it is drawn.
const MAX_SNIPPET: usize = 4000;
const SNIPPET_LINE: usize = 120;

impl Window {
    fn around(source: &str, span: Span) -> Window {
        if source.len() <= MAX_SNIPPET && source.lines().all(|l| l.len() <= SNIPPET_LINE * 2) {
            return Window { from: 0, to: source.len(), line: 1 };
        }
        let at = boundary(source, span.start as usize);
        let line_start = source[..at].rfind('\n').map_or(0, |n| n + 1);
        let line_end = source[at..].find('\n').map_or(source.len(), |n| at + n);
        Window {
            from: boundary(source, line_start.max(at.saturating_sub(SNIPPET_LINE / 2))),
            to: boundary(source, line_end.min(at + SNIPPET_LINE)),
            line: source[..at].matches('\n').count() + 1,
        }
    }

    fn text<'a>(&self, source: &'a str) -> &'a str {
        &source[self.from..self.to]
    }

    fn holds(&self, span: Span) -> bool {
        self.from <= span.start as usize && span.end as usize <= self.to
    }

    /// The span inside the window, on character boundaries and never past the end.
    fn clip(&self, source: &str, span: Span) -> std::ops::Range<usize> {
        let inside = |n: u32| boundary(source, (n as usize).clamp(self.from, self.to)) - self.from;
        let start = inside(span.start);
        start..inside(span.end).max(start)
    }
}

fn boundary(source: &str, mut at: usize) -> usize {
    at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, error) in self.all().enumerate() {
            if nth > 0 {
                f.write_str("; ")?;
            }
            f.write_str(&error.0.message)?;
            for hint in &error.0.hints {
                write!(f, " ({hint})")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)?;
        match self.0.span {
            Some(span) => write!(f, " at {}..{}", span.start, span.end),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

#[doc(hidden)]
/// The nearest of `known` to `word`, if it is near enough to be what was meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = word.chars().count();
    let allowed = (letters / 3).max(1);
    known
        .into_iter()
        .map(|k| (distance(word, k), k))
        // Something of the word must be left: one letter is near to no other letter.
        .filter(|(d, _)| *d <= allowed && *d < letters)
        .min_by_key(|(d, _)| *d)
        .map(|(_, k)| k)
}

/// The edit distance in characters, where two neighbours that changed places are one mistake.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut before = None;
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let change = row[j] + usize::from(x != *y);
            let mut least = change.min(row[j + 1] + 1).min(next[j] + 1);
            if j > 0 && before == Some(*y) && b[j - 1] == x {
                least = least.min(above[j - 1] + 1);
            }
            next.push(least);
        }
        above = std::mem::replace(&mut row, next);
        before = Some(x);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_within_a_third_of_its_letters() {
        assert_eq!(nearest("maxpol", ["relu", "maxpool"]), Some("maxpool"));
        assert_eq!(nearest("w_fd", ["w_fc", "t"]), Some("w_fc"));
        assert_eq!(nearest("banana", ["relu", "maxpool"]), None);
        assert_eq!(nearest("q", ["w", "t"]), None);
        // Two letters that changed places are one mistake.
        assert_eq!(nearest("plian", ["plain", "wide"]), Some("plain"));
        assert_eq!((distance("ab", "ba"), distance("abc", "ca"), distance("", "ab")), (1, 3, 2));
    }

    #[test]
    fn a_snippet_survives_any_span() {
        let text = "α = 1\nβ";
        for start in 0..12 {
            for end in 0..12 {
                let error = Error::new(Kind::Syntax, "x").at(Span { start, end }).label("here");
                assert!(error.snippet("f", text, false).contains("error: x"));
            }
        }
    }
}
