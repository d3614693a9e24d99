//! The readers on inputs that are hostile, and on inputs that are right and go deep.
//!
//! Goes in: the bytes of a fuzzer or of a law. The first says what the others are: up to 63, the
//! input itself; up to 127, choices of a generator whose text is damaged; above, choices of the
//! generator alone. Comes out how deep the reader went. What always holds is asserted here: places
//! lie in the text and on its characters, errors say something, what is printed is read the same.

mod arrays;
mod calls;
mod choices;
mod damage;
mod documents;
mod formulas;
mod lessons;
mod networks;
mod tex;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use backproof::diag::{Error, Kind};
use backproof::expr::Graph;
use backproof::lang::{
    MAX_ERRORS, Overrides, network_of_formula, parse, parse_formula, parse_network,
    parse_network_with, print, print_formula, select,
};
use backproof::net::{Network, Role};
use backproof::review::read::{self, DocumentFormat as Format, Piece};
use backproof::review::tex::{Dots, Lexicon, Macros, Part, Row, rows, visit};
use backproof::review::{Mark, report, review as marked};
use backproof::values;
use choices::Choices;

/// How deep a reader went into an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// It said no.
    Refused,
    /// Some of it was read, and some not.
    Partly,
    /// All of it was read.
    Whole,
}

/// The text that an input stands for.
fn text(data: &[u8], generator: fn(&mut Choices) -> String) -> Cow<'_, str> {
    let Some((first, rest)) = data.split_first() else { return "".into() };
    if *first < 64 {
        return String::from_utf8_lossy(rest);
    }
    let mut c = Choices::of(rest);
    let text = generator(&mut c);
    if *first < 128 { damage::damaged(&mut c, text).into() } else { text.into() }
}

/// What holds for every error in a text.
fn told(error: &Error, text: &str) {
    assert!(error.all().count() <= MAX_ERRORS, "{text:?}: {error:?}");
    for e in error.all() {
        assert!(!e.message().is_empty(), "{text:?}: {e:?}");
        if let Some(span) = e.span() {
            let place = span.start as usize..span.end as usize;
            assert!(text.get(place.clone()).is_some(), "{text:?}: {place:?} of {e:?}");
        }
    }
    // A picture takes ten times as long as the text that it shows took to be read.
    if text.len().is_multiple_of(16) {
        assert!(!error.snippet("f", text, false).is_empty(), "{text:?}");
    }
}

/// `lang`, a lone formula: as an expression of a graph, and as a network.
pub fn formula(data: &[u8]) -> Depth {
    let text = text(data, formulas::formula);
    let mut depth = Depth::Refused;
    let mut g = Graph::new();
    match parse_formula(&mut g, &text) {
        Ok(id) => {
            depth = Depth::Whole;
            let printed = print_formula(&g, id);
            assert_eq!(parse_formula(&mut g, &printed), Ok(id), "{text:?} is printed {printed:?}");
        }
        Err(error) => told(&error, &text),
    }
    match network_of_formula(&text, &[], &Overrides::default()) {
        Ok(_) => depth = Depth::Whole,
        Err(error) => told(&error, &text),
    }
    depth
}

/// `lang`, a network.
pub fn network(data: &[u8]) -> Depth {
    let text = text(data, networks::network);
    match parse_network(&text) {
        Ok(net) => {
            // What is printed is the same; not every time, for it takes as long again.
            if data.len().is_multiple_of(8) {
                let parsed = parse(&text);
                let printed = print(&parsed.statements);
                assert_eq!(parse(&printed).statements, parsed.statements, "{text:?}");
                assert!(parse_network(&printed).is_ok(), "{text:?} is printed {printed:?}");
            }
            assert!(net.quantity(net.loss()).role == Role::Defined, "{text:?}");
            Depth::Whole
        }
        Err(error) => {
            told(&error, &text);
            if error.all().any(|e| e.kind() == Kind::Syntax) {
                Depth::Refused
            } else {
                Depth::Partly
            }
        }
    }
}

/// What the command line says of a network: values, winners, a loss, a selection.
pub fn overrides(data: &[u8]) -> Depth {
    let text = text(data, |c| {
        let mut text = formulas::formula(c);
        if c.chance(128) {
            text = format!("{} = {text}", c.pick(&["r_p", "w", "i", "c[1, 0]", "sum(t)", "w_fc"]));
        }
        c.pick(&["r_p = c_10", "c[1, 1]", "w = [[1, 2], [3, 4]]", "t = 3", "w[0, 1], w_fc", "E"])
            .to_string()
            + if c.chance(128) { "" } else { &text }
    });
    const ARTICLE: &str = "input i[4, 4]\nparam w[2, 2], w_fc\ntarget t\n\
        c = conv(i, w, stride: 2)\nr_p = max(c)\nE = (t - w_fc*r_p)^2 / 2\ngiven w_fc = 2";
    let mut depth = Depth::Refused;
    let one = || vec![text.to_string()];
    for overrides in [
        Overrides::default().with(|o| o.given = one()),
        Overrides::default().with(|o| o.winners = one()),
        Overrides::default().with(|o| o.loss = Some(text.to_string())),
    ] {
        match parse_network_with(ARTICLE, &overrides) {
            Ok(_) => depth = Depth::Whole,
            // It has no place in the text of the network.
            Err(error) => assert!(error.all().all(|e| e.span().is_none()), "{text:?}: {error:?}"),
        }
    }
    static NETWORK: LazyLock<Network> = LazyLock::new(|| parse_network(ARTICLE).unwrap());
    match select(&NETWORK, &text) {
        Ok(_) => depth = Depth::Whole,
        Err(error) => assert!(!error.message().is_empty(), "{text:?}"),
    }
    depth
}

/// `review`'s reader of LaTeX: a document to the rows of its formulas.
pub fn latex(data: &[u8]) -> Depth {
    let text = text(data, documents::latex);
    let Ok(pieces) = pieces_of(&text, Format::Latex) else { return Depth::Refused };
    let formulas: Vec<&str> = pieces
        .iter()
        .filter(|p| matches!(p, Piece::Formula(..)))
        .map(|p| p.passage().text.as_str())
        .collect();
    let macros = Macros::of(std::iter::once(&*text));
    let lexicon = Lexicon::of(&formulas, &macros, &["net_h1", "out"]);
    let mut dots = Dots::default();
    let (mut read, mut unread) = (0, 0);
    for formula in formulas {
        for row in rows(formula, &macros, &lexicon, &dots) {
            for place in places(&row) {
                assert!(formula.get(place.clone()).is_some(), "{place:?} in {formula:?}");
            }
            for part in &row.parts {
                match part {
                    Part::Statement(_) => read += 1,
                    Part::Unread(_) | Part::OutOfScope(_) => unread += 1,
                    Part::Words(..) => {}
                }
            }
        }
        dots = Dots::after(formula, &macros);
    }
    match (read, unread) {
        (0, _) => Depth::Refused,
        (_, 0) => Depth::Whole,
        _ => Depth::Partly,
    }
}

/// Every place in a row.
fn places(row: &Row) -> Vec<Range<usize>> {
    let mut out = vec![row.span.clone()];
    out.extend(row.labels.iter().chain(&row.references).map(|m| m.span.clone()));
    out.extend(row.warnings.iter().map(|n| n.span.clone()));
    for part in &row.parts {
        match part {
            Part::Words(_, span) => out.push(span.clone()),
            Part::Unread(refused) | Part::OutOfScope(refused) => {
                out.push(refused.note.span.clone())
            }
            Part::Statement(s) => {
                out.push(s.span.clone());
                for side in s.sides() {
                    visit(side, &mut |e| out.push(e.span.clone()));
                }
            }
        }
    }
    out
}

/// The pieces of a document, whose places are in order and on its characters.
fn pieces_of(source: &str, format: Format) -> Result<Vec<Piece>, Depth> {
    let pieces = match read::pieces(source, format) {
        Ok(pieces) => pieces,
        Err(error) => {
            told(&error, source);
            return Err(Depth::Refused);
        }
    };
    let mut last = 0;
    for piece in &pieces {
        let passage = piece.passage();
        let whole = passage.source(0..passage.text.len());
        assert!(last <= whole.start && whole.end <= source.len(), "{source:?} {piece:?}");
        last = whole.end;
        for (at, c) in passage.text.char_indices() {
            let place = passage.source(at..at + c.len_utf8());
            let inside = whole.start <= place.start && place.end <= whole.end;
            assert!(inside && !place.is_empty(), "{source:?} {piece:?}");
            assert!(source.get(place).is_some(), "{source:?} {piece:?}");
        }
    }
    Ok(pieces)
}

fn document(data: &[u8], generator: fn(&mut Choices) -> String, format: Format) -> Depth {
    let text = text(data, generator);
    Format::guess(&text);
    let Ok(pieces) = pieces_of(&text, format) else { return Depth::Refused };
    let unclosed = pieces.iter().any(|p| matches!(p, Piece::Unclosed(..)));
    let formula = pieces.iter().any(|p| matches!(p, Piece::Formula(..)));
    match (formula, unclosed) {
        (true, false) => Depth::Whole,
        (true, true) => Depth::Partly,
        (false, _) => Depth::Refused,
    }
}

/// A document in Markdown to its pieces.
pub fn markdown(data: &[u8]) -> Depth {
    document(data, documents::markdown, Format::Markdown)
}

/// A document in HTML to its pieces.
pub fn html(data: &[u8]) -> Depth {
    document(data, documents::html, Format::Html)
}

/// A document in reStructuredText to its pieces.
pub fn rst(data: &[u8]) -> Depth {
    document(data, documents::rst, Format::Rst)
}

/// A notebook to its pieces.
pub fn notebook(data: &[u8]) -> Depth {
    document(data, documents::notebook, Format::Notebook)
}

/// `values`, arrays in bytes: `.npz` and `.safetensors`, matched to a network.
pub fn arrays(data: &[u8]) -> Depth {
    let Some((first, rest)) = data.split_first() else { return Depth::Refused };
    let (name, generator): (_, fn(&mut Choices) -> Vec<u8>) = match first % 2 {
        0 => ("v.npz", arrays::npz),
        _ => ("v.safetensors", arrays::safetensors),
    };
    if *first < 64 {
        return matched(name, rest);
    }
    let mut c = Choices::of(rest);
    let mut bytes = generator(&mut c);
    if *first < 128 {
        for _ in 0..1 + c.below(6) {
            let at = c.below(bytes.len().max(1));
            match c.below(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at.min(bytes.len()), c.byte()),
                2 if at < bytes.len() => drop(bytes.remove(at)),
                _ => bytes.iter_mut().skip(at).take(1).for_each(|b| *b = c.byte()),
            }
        }
    }
    matched(name, &bytes)
}

/// `values`, arrays in JSON, matched to a network.
pub fn json(data: &[u8]) -> Depth {
    matched("v.json", text(data, arrays::json).as_bytes())
}

fn matched(name: &str, bytes: &[u8]) -> Depth {
    static NETWORK: LazyLock<Network> = LazyLock::new(|| parse_network(arrays::NETWORK).unwrap());
    let file = match values::read(name, bytes) {
        Ok(file) => file,
        Err(error) => {
            assert!(error.all().all(|e| e.message().starts_with(name)), "{error:?}");
            return Depth::Refused;
        }
    };
    for array in &file.arrays {
        assert_eq!(array.shape.elements(), array.numbers.len(), "{}", array.name);
        assert!(array.numbers.to_f64().iter().all(|x| !x.is_nan()), "{}", array.name);
    }
    let files = [file];
    let given = values::values(&NETWORK, &files).is_ok();
    let both = values::values_and_forward(&NETWORK, &files).is_ok();
    let against = values::against(&NETWORK, &files).is_ok();
    assert!(both || !given, "what gives values gives values and perhaps more");
    if both || against { Depth::Whole } else { Depth::Partly }
}

/// A whole review, with its reports: of a short document, for each row is proved or refuted.
pub fn review(data: &[u8]) -> Depth {
    static NETWORK: LazyLock<Network> = LazyLock::new(|| {
        parse_network("input x\nparam w, b\ntarget t\ny = w*x + b\nE = (t - y)^2 / 2").unwrap()
    });
    let Some((first, rest)) = data.split_first() else { return Depth::Refused };
    let (generator, format): (fn(&mut Choices) -> String, _) = match first % 8 {
        0 => (documents::latex, Format::Latex),
        1 => (documents::html, Format::Html),
        2 => (documents::rst, Format::Rst),
        3 => (documents::markdown, Format::Markdown),
        _ => (lessons::lesson, Format::Markdown),
    };
    let network = rest.len().is_multiple_of(4).then_some(&*NETWORK);
    let source = text(data, generator);
    let review = match marked(&source, format, network) {
        Ok(review) => review,
        Err(error) => {
            told(&error, &source);
            return Depth::Refused;
        }
    };
    for row in &review.rows {
        assert!(source.get(row.source.clone()).is_some(), "{source:?}: {row:?}");
        for claim in &row.claims {
            assert!(source.get(claim.source.clone()).is_some(), "{source:?}: {claim:?}");
        }
    }
    assert_eq!(review.tally.rows, review.rows.len(), "{source:?}");
    assert!(!report::json(&review).is_empty());
    report::annotated(&review, &source, format);
    report::text(&review, &source, "notes.md", report::Style::default().with(|s| s.all = true));
    report::sarif(&review, report::Artifact::new("notes.md", &source, format));
    let is = |what: fn(&Mark) -> bool| review.rows.iter().any(|r| r.mark().is_some_and(what));
    match () {
        () if is(|m| matches!(m, Mark::Proved { .. } | Mark::Refuted(_))) => Depth::Whole,
        () if is(|m| !matches!(m, Mark::Unread { .. })) => Depth::Partly,
        () => Depth::Refused,
    }
}

/// What is done with the bytes of an input, and how deep it went.
pub type Reader = fn(&[u8]) -> Depth;

/// Every reader by its name.
pub const READERS: &[(&str, Reader)] = &[
    ("formula", formula),
    ("network", network),
    ("overrides", overrides),
    ("latex", latex),
    ("markdown", markdown),
    ("html", html),
    ("rst", rst),
    ("notebook", notebook),
    ("arrays", arrays),
    ("json", json),
    ("review", review),
];
