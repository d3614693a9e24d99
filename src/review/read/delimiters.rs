//! What opens and what closes formulas in a stream, and which of them belong together.
//!
//! Everything is found in one pass and paired in another, so that a document full of openers
//! without closers costs no more than its length. A dollar within `\text{…}` is paired only
//! with another one within the same braces: `$x \text{ for $y$}$` is one formula.

use super::Setting;
use super::stream::{Rules, Settled, Stream, Wall};

/// The environments that open maths by themselves, or stand for a formula when they stand in
/// text. Each has a form with a star.
const ENVIRONMENTS: &[(&str, Setting)] = &[
    ("equation", Setting::Display),
    ("align", Setting::Display),
    ("alignat", Setting::Display),
    ("aligned", Setting::Display),
    ("alignedat", Setting::Display),
    ("gather", Setting::Display),
    ("gathered", Setting::Display),
    ("multline", Setting::Display),
    ("eqnarray", Setting::Display),
    ("split", Setting::Display),
    ("flalign", Setting::Display),
    ("xalignat", Setting::Display),
    ("dmath", Setting::Display),
    ("displaymath", Setting::Display),
    ("math", Setting::Inline),
];

/// The commands whose argument is words, in which dollars open maths anew.
const WORDS: &[&str] = &[
    "text",
    "mbox",
    "hbox",
    "fbox",
    "textrm",
    "textit",
    "textbf",
    "textsf",
    "texttt",
    "textnormal",
    "textup",
    "intertext",
    "shortintertext",
    "tag",
];

/// No token.
pub const NONE: usize = usize::MAX;

/// A delimiter, or a piece that is settled.
#[derive(Clone, Debug)]
pub struct Token {
    /// Where it begins in the stream.
    pub at: usize,
    /// Just past its end.
    pub end: usize,
    /// What it is.
    pub kind: Delimiter,
    /// The token that may close it: for a dollar the next one, for `\(` the next `\(` or `\)`,
    /// for a `\begin` its `\end`.
    pub next: usize,
    /// For a dollar, the next two in a row.
    pub next_pair: usize,
    /// Whether it stands in what looks like code, and cannot open anything.
    pub code: bool,
    /// In which block, paragraph and text it stands.
    pub within: [usize; 3],
    group: usize,
    mark: usize,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delimiter {
    /// A `$`.
    Dollar,
    /// `\(` and the like.
    Open(Shape),
    /// `\)` and the like.
    Close(Shape),
    /// `\begin{align}`: which environment, and how it stands.
    Begin(usize, Setting),
    /// `\end{align}`.
    End(usize),
    /// A piece that is settled: which mark.
    Settled(usize),
}

/// The shapes of TeX's brackets around formulas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `\( \)`.
    Round,
    /// `\[ \]`.
    Square,
    /// `\\( \\)`, of which Markdown makes `\( \)`.
    DoubleRound,
    /// `\\[ \\]`.
    DoubleSquare,
}

/// The delimiters of a stream, paired.
#[derive(Debug)]
pub struct Delimiters {
    /// In order.
    pub tokens: Vec<Token>,
    /// Where the blocks, the paragraphs and the texts end, by their numbers.
    ends: [Vec<usize>; 3],
    len: usize,
}

impl Delimiters {
    /// The delimiters of `stream` by the rules of its format.
    pub fn of(stream: &Stream, rules: Rules) -> Delimiters {
        let mut search = Search::new(stream, rules);
        search.run();
        let Search { mut tokens, ends, mut groups, .. } = search;
        groups.sort_unstable();
        assign(&mut tokens, &groups);
        unmark(&mut tokens, stream, &groups);
        pair(&mut tokens, groups.len() + 1);
        pair_environments(&mut tokens);
        Delimiters { tokens, ends, len: stream.len() }
    }

    /// Where the block, paragraph or text around a token ends.
    pub fn end_of(&self, token: &Token, wall: Wall) -> usize {
        let level = wall as usize;
        self.ends[level].get(token.within[level]).copied().unwrap_or(self.len)
    }

    /// The token at `other`, if it is one and no wall of this kind stands between.
    pub fn reach(&self, token: &Token, other: usize, wall: Wall) -> Option<&Token> {
        let level = wall as usize;
        self.tokens.get(other).filter(|o| o.within[level] == token.within[level])
    }
}

struct Search<'a> {
    stream: &'a Stream,
    text: &'a str,
    rules: Rules,
    tokens: Vec<Token>,
    within: [usize; 3],
    ends: [Vec<usize>; 3],
    /// Open braces: where the argument of a command for words begins, if it is one.
    braces: Vec<Option<usize>>,
    /// Arguments of commands for words, closed.
    groups: Vec<(usize, usize)>,
    wall: usize,
    mark: usize,
    margin: usize,
}

impl<'a> Search<'a> {
    fn new(stream: &'a Stream, rules: Rules) -> Search<'a> {
        Search {
            stream,
            text: &stream.text.text,
            rules,
            tokens: Vec::new(),
            within: [0; 3],
            ends: [Vec::new(), Vec::new(), Vec::new()],
            braces: Vec::new(),
            groups: Vec::new(),
            wall: 0,
            mark: 0,
            margin: 0,
        }
    }

    fn run(&mut self) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            self.walls_to(at);
            if let Some(past) = self.settled(at) {
                // Blank lines in what is passed over end paragraphs all the same.
                while at < past {
                    self.walls_to(at);
                    if bytes[at] == b'\n' {
                        self.line_end(at);
                    }
                    at += 1;
                }
                continue;
            }
            at = match bytes[at] {
                b'\n' => {
                    self.line_end(at);
                    at + 1
                }
                b'\\' if self.rules.delimiters => self.backslash(at),
                b'$' if self.rules.delimiters => {
                    self.token(at, at + 1, Delimiter::Dollar);
                    at + 1
                }
                b'{' => {
                    self.braces.push(None);
                    at + 1
                }
                b'}' => {
                    if let Some(Some(open)) = self.braces.pop() {
                        self.groups.push((open, at));
                    }
                    at + 1
                }
                _ => at + 1,
            };
        }
    }

    fn walls_to(&mut self, at: usize) {
        while let Some(&(place, wall)) = self.stream.walls.get(self.wall)
            && place <= at
        {
            self.wall += 1;
            self.end(place, wall);
        }
    }

    fn end(&mut self, at: usize, wall: Wall) {
        for level in 0..=wall as usize {
            self.within[level] += 1;
            self.ends[level].push(at);
        }
        if wall >= Wall::Paragraph {
            self.braces.clear();
        }
    }

    /// At the beginning of something settled that is passed over, where it ends.
    fn settled(&mut self, at: usize) -> Option<usize> {
        while self.stream.marks.get(self.mark).is_some_and(|m| m.range.end <= at) {
            self.mark += 1;
        }
        let mark = self.stream.marks.get(self.mark).filter(|m| m.range.contains(&at))?;
        match mark.kind {
            Settled::Code => {}
            Settled::LooksLikeCode => return None,
            Settled::Piece(_) => self.token(at, mark.range.end, Delimiter::Settled(self.mark)),
        }
        Some(mark.range.end)
    }

    fn line_end(&mut self, at: usize) {
        let bytes = self.text.as_bytes();
        if !self.rules.blank_lines {
            return;
        }
        let mut quotes = 0;
        if self.rules.markdown {
            while self.stream.margins.get(self.margin + 1).is_some_and(|(from, _)| *from <= at) {
                self.margin += 1;
            }
            let margin = self.stream.margins.get(self.margin).filter(|(from, _)| *from <= at);
            quotes = margin.map_or(0, |(_, m)| m.quotes);
        }
        let mut next = at + 1;
        loop {
            match bytes.get(next) {
                Some(b' ' | b'\t' | b'\r' | b'\x0c') => {}
                Some(b'>') if quotes > 0 => quotes -= 1,
                Some(b'\n') => break,
                _ => return,
            }
            next += 1;
        }
        self.end(at + 1, Wall::Paragraph);
    }

    fn token(&mut self, at: usize, end: usize, kind: Delimiter) {
        let looks = |m: &super::stream::Mark| m.range.contains(&at);
        let code = !matches!(kind, Delimiter::Settled(_))
            && self.stream.marks.get(self.mark).is_some_and(looks);
        self.tokens.push(Token {
            at,
            end,
            kind,
            next: NONE,
            next_pair: NONE,
            code,
            within: self.within,
            group: 0,
            mark: self.mark,
        });
    }

    /// A row of backslashes and what follows it; where to go on.
    fn backslash(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut row = at;
        while bytes.get(row) == Some(&b'\\') {
            row += 1;
        }
        let count = row - at;
        let Some(next) = bytes.get(row).copied() else { return row };
        let round = matches!(next, b'(' | b')');
        let double = match count % 4 {
            1 | 3 => false,
            2 if self.rules.markdown => true,
            _ => return row,
        };
        if round || matches!(next, b'[' | b']') {
            let shape = match (round, double) {
                (true, false) => Shape::Round,
                (false, false) => Shape::Square,
                (true, true) => Shape::DoubleRound,
                (false, true) => Shape::DoubleSquare,
            };
            let open = matches!(next, b'(' | b'[');
            let kind = if open { Delimiter::Open(shape) } else { Delimiter::Close(shape) };
            self.token(row - if double { 2 } else { 1 }, row + 1, kind);
            return row + 1;
        }
        if double {
            return row;
        }
        let letters = bytes[row..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
        if letters == 0 {
            // An escaped character, as `\$` and `\{`: it means itself.
            return row + next_len(next);
        }
        let name = &self.text[row..row + letters];
        let past = row + letters;
        if name == "begin" || name == "end" {
            if let Some((environment, setting, end)) = environment(self.text, past) {
                let kind = match name {
                    "begin" => Delimiter::Begin(environment, setting),
                    _ => Delimiter::End(environment),
                };
                self.token(row - 1, end, kind);
                return end;
            }
        } else if WORDS.contains(&name) {
            let spaces = bytes[past..].iter().take_while(|b| **b == b' ').count();
            if bytes.get(past + spaces) == Some(&b'{') {
                self.braces.push(Some(past + spaces));
                return past + spaces + 1;
            }
        }
        past
    }
}

/// How long the character is that begins with this byte, for the ones that TeX escapes.
fn next_len(byte: u8) -> usize {
    usize::from(byte.is_ascii() && byte != b'\n')
}

/// The environment named in braces at `at`: its number, how it stands, and where the brace ends.
fn environment(text: &str, at: usize) -> Option<(usize, Setting, usize)> {
    let rest = text[at..].trim_start_matches([' ', '\t']);
    let inside = rest.strip_prefix('{')?;
    let letters = inside.bytes().take_while(|b| b.is_ascii_alphabetic()).count();
    let star = usize::from(inside[letters..].starts_with('*'));
    inside[letters + star..].strip_prefix('}')?;
    let nth = ENVIRONMENTS.iter().position(|(name, _)| *name == &inside[..letters])?;
    let end = at + (text.len() - at - rest.len()) + 1 + letters + star + 1;
    Some((2 * nth + star, ENVIRONMENTS[nth].1, end))
}

/// Which argument of a command for words each token stands in; 0 is none.
fn assign(tokens: &mut [Token], groups: &[(usize, usize)]) {
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut next = 0;
    for token in tokens {
        while let Some((from, to)) = groups.get(next).filter(|(from, _)| *from < token.at) {
            while open.last().is_some_and(|(end, _)| end < from) {
                open.pop();
            }
            open.push((*to, next + 1));
            next += 1;
        }
        while open.last().is_some_and(|(end, _)| *end < token.at) {
            open.pop();
        }
        token.group = open.last().map_or(0, |(_, group)| *group);
    }
}

/// What begins within the words of a formula, as their quotation marks, is no code.
fn unmark(tokens: &mut [Token], stream: &Stream, groups: &[(usize, usize)]) {
    // Groups are nested or apart: the furthest end so far tells whether a place is in any.
    let mut furthest = Vec::with_capacity(groups.len());
    let mut end = 0;
    for (_, to) in groups {
        end = end.max(*to);
        furthest.push(end);
    }
    for token in tokens.iter_mut().filter(|t| t.code) {
        let start = stream.marks[token.mark].range.start;
        let before = groups.partition_point(|(from, _)| *from < start);
        token.code = !(before > 0 && furthest[before - 1] > start);
    }
}

fn pair(tokens: &mut [Token], groups: usize) {
    let mut seen = vec![[NONE; 6]; groups];
    for nth in (0..tokens.len()).rev() {
        let doubled = matches!(tokens.get(nth + 1),
            Some(t) if t.kind == Delimiter::Dollar && t.at == tokens[nth].end);
        let token = &mut tokens[nth];
        let seen = &mut seen[token.group];
        match token.kind {
            Delimiter::Dollar => {
                (token.next, token.next_pair) = (seen[0], seen[1]);
                if !token.code {
                    seen[0] = nth;
                }
                if doubled {
                    seen[1] = nth;
                }
            }
            Delimiter::Open(shape) | Delimiter::Close(shape) => {
                let slot = &mut seen[2 + shape as usize];
                token.next = *slot;
                if !(token.code && matches!(token.kind, Delimiter::Open(_))) {
                    *slot = nth;
                }
            }
            Delimiter::Begin(..) | Delimiter::End(_) | Delimiter::Settled(_) => {}
        }
    }
}

fn pair_environments(tokens: &mut [Token]) {
    let mut open = vec![Vec::new(); 2 * ENVIRONMENTS.len()];
    for nth in 0..tokens.len() {
        match tokens[nth].kind {
            Delimiter::Begin(environment, _) if !tokens[nth].code => open[environment].push(nth),
            Delimiter::End(environment) => {
                // Those of another text are not closed here, nor anywhere.
                if let Some(begin) = open[environment].pop()
                    && tokens[begin].within[2] == tokens[nth].within[2]
                {
                    tokens[begin].next = nth;
                }
            }
            _ => {}
        }
    }
}
