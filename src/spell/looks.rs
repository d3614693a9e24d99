//! How a name looks in print. In: a name. Out: what a reader sees of it in each format, so that
//! two names which nobody could tell apart can be refused together. What holds: names that look
//! different to a reader have different looks, except where two letters differ in a detail of
//! their shape (φ and ϕ).

use std::cell::OnceCell;

use super::{greek_command, greek_letter, hatted, latex_words, words};

/// The formats, as an error speaks of them.
const FORMATS: [&str; 3] = ["print", "ASCII", "LaTeX"];

/// What a reader sees of a name in one format.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Look {
    /// Which of [`FORMATS`].
    format: u8,
    shown: String,
}

impl Look {
    /// The format, as an error speaks of it.
    pub(crate) fn format(&self) -> &'static str {
        FORMATS[usize::from(self.format)]
    }

    /// The name as this format shows it, with look-alike letters replaced by the usual ones.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }
}

/// The parts of a name: what stands on the line, and the subscripts. Underscores in front belong
/// to the first part, others only separate.
pub(crate) fn parts(name: &str) -> impl Iterator<Item = &str> {
    let front = name.len() - name.trim_start_matches('_').len();
    let end = name[front..].find('_').map_or(name.len(), |n| front + n);
    let (stem, rest) = name.split_at(end);
    std::iter::once(stem).chain(rest.split('_').filter(|part| !part.is_empty()))
}

/// What a reader sees of a name in each format.
pub(crate) fn looks(name: &str) -> [Look; 3] {
    [look(name), set(name, 1, "_", ascii), set(name, 2, ",", latex)]
}

/// The look of a name where letters of every alphabet can be printed.
pub(crate) fn look(name: &str) -> Look {
    set(name, 0, ",", plain)
}

/// The parts of a name as `part` shows each, subscripts with `separator` between them.
fn set(name: &str, format: u8, separator: &str, part: fn(&str, &mut String)) -> Look {
    let mut shown = String::with_capacity(name.len());
    for (n, text) in parts(name).enumerate() {
        shown.push_str(match n {
            0 => "",
            1 => "_",
            _ => separator,
        });
        part(text, &mut shown);
    }
    Look { format, shown }
}

/// Whether some format shows two names alike.
pub(crate) fn alike(a: &str, b: &str) -> bool {
    Name::new(a).is_like(&Name::new(b))
}

/// A name that is held against many others.
pub(crate) struct Name<'a> {
    name: &'a str,
    /// Whether every format shows each of its parts as it is written, and so other names
    /// of this kind as other ones.
    is_plain: bool,
    looks: OnceCell<[Look; 3]>,
}

impl<'a> Name<'a> {
    pub(crate) fn new(name: &'a str) -> Name<'a> {
        let written = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let as_it_is = |part| greek_letter(part).is_none() && hatted(part).is_none();
        Name { name, is_plain: written && parts(name).all(as_it_is), looks: OnceCell::new() }
    }

    fn looks(&self) -> &[Look; 3] {
        self.looks.get_or_init(|| looks(self.name))
    }

    /// Whether some format shows the two alike.
    pub(crate) fn is_like(&self, other: &Name<'_>) -> bool {
        if self.is_plain && other.is_plain {
            return parts(self.name).eq(parts(other.name));
        }
        self.name == other.name || self.looks().iter().zip(other.looks()).any(|(a, b)| a == b)
    }
}

fn plain(part: &str, out: &mut String) {
    if let Some(letter) = greek_letter(part) {
        return out.push(usual(letter));
    }
    if let Some(letter) = hatted(part) {
        return out.extend([letter, '\u{302}']);
    }
    // No ASCII letter looks like another character that is in the tables.
    if part.is_ascii() {
        return out.push_str(part);
    }
    for c in part.chars() {
        if c.is_ascii() {
            out.push(c);
        } else if let Some((_, letters)) = JOINED.iter().find(|row| row.0 == c) {
            out.push_str(letters);
        } else if let Some(at) = UNDER_HATS.0.chars().position(|hat| hat == c) {
            out.extend(UNDER_HATS.1.chars().nth(at));
            out.push('\u{302}');
        } else if !INVISIBLE.contains(&c) {
            out.push(usual(c));
        }
    }
}

fn ascii(part: &str, out: &mut String) {
    out.push_str(&words(part, false));
}

fn latex(part: &str, out: &mut String) {
    match (greek_command(part), hatted(part)) {
        // \mathrm{A} is an upright A.
        (Some(command), _) => {
            out.push_str(command.trim_start_matches("\\mathrm{").trim_end_matches('}'));
        }
        (None, Some(letter)) => out.extend(["\\hat{", letter.encode_utf8(&mut [0; 4]), "}"]),
        (None, None) if part.bytes().all(|b| b.is_ascii_alphanumeric()) => out.push_str(part),
        (None, None) => out.push_str(&latex_words(part)),
    }
}

/// The letter that `c` cannot be told from, or itself.
fn usual(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    let code = u32::from(c);
    let ascii = |first: char, n: u32| char::from_u32(u32::from(first) + n).unwrap_or(c);
    let found = match code {
        // Wide letters.
        0xFF21..=0xFF3A => ascii('A', code - 0xFF21),
        0xFF41..=0xFF5A => ascii('a', code - 0xFF41),
        // Mathematical alphabets: those that a formula uses for plain letters. Bold, script,
        // Fraktur and double-struck ones are told apart.
        0x1D400..=0x1D6A3 if [1, 8, 10, 12].contains(&((code - 0x1D400) / 52)) => {
            match (code - 0x1D400) % 52 {
                n @ 0..=25 => ascii('A', n),
                n => ascii('a', n - 26),
            }
        }
        0x1D6E2..=0x1D71B => match code - 0x1D6E2 {
            n @ 0..=24 => ascii('Α', n),
            n @ 26..=50 => ascii('α', n - 26),
            _ => c,
        },
        _ => c,
    };
    let row = |c: char| ALIKE.iter().find(|row| row.1.contains(c)).map(|row| row.0);
    row(found).unwrap_or(found)
}

/// Letters that no reader sees.
const INVISIBLE: [char; 4] = ['\u{115F}', '\u{1160}', '\u{3164}', '\u{FFA0}'];

/// Two letters in one character.
const JOINED: [(char, &str); 11] = [
    ('ﬀ', "ff"),
    ('ﬁ', "fi"),
    ('ﬂ', "fl"),
    ('ﬃ', "ffi"),
    ('ﬄ', "ffl"),
    ('ĳ', "ij"),
    ('Ĳ', "IJ"),
    ('ǆ', "dž"),
    ('ǉ', "lj"),
    ('ǌ', "nj"),
    ('ǳ', "dz"),
];

/// Letters with a circumflex, which `xhat` is printed with, and the letters under it.
const UNDER_HATS: (&str, &str) = ("âêîôûŷẑĉĝĥĵŝŵÂÊÎÔÛŶẐĈĜĤĴŜŴ", "aeiouyzcghjswAEIOUYZCGHJSW");

/// A letter, and those of other alphabets and other uses that look like it.
const ALIKE: [(char, &str); 72] = [
    ('A', "ΑАᎪꓮⲀ"),
    ('B', "ΒВᏴꓐⲂ"),
    ('C', "СᏟꓚϹⲤⅭ"),
    ('D', "ᎠꓓⅮ"),
    ('E', "ΕЕᎬꓰⲈ"),
    ('F', "ꓝϜ"),
    ('G', "ԌꓖᏀ"),
    ('H', "ΗНᎻꓧⲎ"),
    ('I', "ΙІӀꓲⲒⅠᎥ"),
    ('J', "ЈꓙᎫͿ"),
    ('K', "ΚКᏦꓗⲔ\u{212A}"),
    ('L', "ᏞꓡԼⅬ"),
    ('M', "ΜМᎷꓟⲘϺⅯ"),
    ('N', "ΝꓠⲚ"),
    ('O', "ΟОꓳՕⲞ"),
    ('P', "ΡРᏢꓑⲢ"),
    ('Q', "Ԛ"),
    ('R', "ᎡꓣᏒ"),
    ('S', "ЅՏᏚꓢ"),
    ('T', "ΤТᎢꓔⲦ"),
    ('U', "Սꓴ"),
    ('V', "ѴᏙꓦⅤ"),
    ('W', "ԜᎳꓪ"),
    ('X', "ΧХꓫⲬⅩ"),
    ('Y', "ΥҮꓬϒⲨ"),
    ('Z', "ΖᏃꓜⲌ"),
    ('a', "а"),
    ('c', "сϲⲥⅽ"),
    ('d', "ԁⅾ"),
    ('e', "е"),
    ('g', "ɡց"),
    ('h', "һհℎ"),
    ('i', "іıⅰ"),
    ('j', "јϳȷ"),
    ('l', "ӏǀⅼ"),
    ('m', "ⅿ"),
    ('n', "ո"),
    ('o', "οоօⲟ"),
    ('p', "рⲣ"),
    ('q', "ԛզ"),
    ('s', "ѕ"),
    ('u', "ս"),
    ('v', "ѵⅴ"),
    ('w', "ԝա"),
    ('x', "хⅹ"),
    ('y', "уү"),
    ('Γ', "Г"),
    ('Λ', "Л"),
    ('Π', "П"),
    ('Φ', "Ф"),
    ('Ω', "\u{2126}"),
    ('Θ', "ϴѲ"),
    ('Δ', "∆"),
    ('α', "ɑ"),
    ('γ', "ɣ"),
    ('ε', "ϵɛє"),
    ('θ', "ϑѳ"),
    ('ι', "ɩ"),
    ('κ', "ϰк"),
    ('μ', "\u{B5}"),
    ('π', "ϖ"),
    ('ρ', "ϱ"),
    ('φ', "ϕфɸ"),
    ('υ', "ʋ"),
    ('ω', "ѡ"),
    ('β', "ꞵ"),
    ('χ', "ꭓ"),
    ('ß', "ẞ"),
    ('æ', "ӕ"),
    ('Æ', "Ӕ"),
    ('ə', "ә"),
    ('Å', "\u{212B}"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_print_alike_are_alike() {
        let alike_pairs = [
            ("eta", "η"),
            ("a", "а"),
            ("w_a", "w_а"),
            ("w_eta", "w_η"),
            ("é", "e"),
            ("ηx", "etax"),
            ("omicron", "o"),
            ("Alpha", "A"),
            ("ehat", "ê"),
            ("w_", "w"),
            ("a__b", "a_b"),
            ("µ", "mu"),
            ("ϕ", "phi"),
            ("ｗ", "w"),
            ("𝑤", "w"),
            ("𝜂", "eta"),
            ("w\u{3164}", "w"),
            ("ß", "ss"),
            ("ﬁt", "fit"),
            ("xₙ", "x_n"),
        ];
        for (a, b) in alike_pairs {
            assert!(alike(a, b), "{a} and {b}");
        }
    }

    /// Names in plain letters are told apart by their parts, and that is what their looks say.
    #[test]
    fn plain_names_are_alike_where_their_looks_are() {
        let parts =
            ["", "_", "z", "Z", "z1", "1", "01", "xhat", "chat", "alpha", "Delta", "α", "é"];
        let names: Vec<String> = parts
            .iter()
            .flat_map(|a| parts.iter().map(move |b| format!("{a}{b}")))
            .flat_map(|stem| parts.iter().map(move |c| format!("{stem}_{c}")))
            .collect();
        let own: Vec<[Look; 3]> = names.iter().map(|name| looks(name)).collect();
        for (n, a) in names.iter().enumerate().step_by(3) {
            for (m, b) in names.iter().enumerate() {
                let same = n == m || own[n].iter().zip(&own[m]).any(|(a, b)| a == b);
                assert_eq!(alike(a, b), same, "{a} and {b}");
            }
        }
    }

    #[test]
    fn names_that_print_apart_are_not() {
        let apart = [
            ("w", "W"),
            ("α", "a"),
            ("ρ", "p"),
            ("σ", "o"),
            ("ν", "v"),
            ("eta", "theta"),
            ("w_10", "w_1_0"),
            ("w1_0", "w_10"),
            ("_w", "w"),
            ("𝐱", "x"),
            ("ж", "з"),
            ("beta", "b"),
            ("l", "I"),
            ("hat", "h"),
            ("é", "è2"),
        ];
        for (a, b) in apart {
            assert!(!alike(a, b), "{a} and {b}");
        }
    }

    #[test]
    fn a_row_of_the_table_is_no_letter_of_another() {
        for (n, (letter, others)) in ALIKE.iter().enumerate() {
            for c in others.chars().filter(|c| c != letter) {
                let rows = ALIKE.iter().filter(|row| row.1.contains(c)).count();
                assert_eq!((rows, usual(c)), (1, *letter), "{c} in row {n}");
            }
            assert_eq!(usual(*letter), *letter);
        }
    }
}
