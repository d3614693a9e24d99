//! Tables of names: which spellings are functions, and how letters look with an accent or in
//! another font.

use super::symbols;
use super::syntax::Known;

/// A function that is known by its spelling, with or without a backslash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    /// Of one argument.
    Of(Known),
    /// The quotient of two functions of the same argument; without the first, 1 over the second.
    Quotient(Option<Known>, Known),
    /// max or min.
    Extreme {
        /// Whether it is min.
        least: bool,
    },
    /// The error function, 2Φ(√2·x) − 1.
    Error,
    /// A limit, with what approaches what below it.
    Limit,
    /// Known by name, and not in the calculus.
    Beyond,
}

/// The function of that spelling.
pub(super) fn function(name: &str) -> Option<Function> {
    Some(match name {
        "exp" => Function::Of(Known::Exp),
        "ln" | "log" => Function::Of(Known::Ln),
        "tanh" => Function::Of(Known::Tanh),
        "sin" => Function::Of(Known::Sin),
        "cos" => Function::Of(Known::Cos),
        "sinh" => Function::Of(Known::Sinh),
        "cosh" => Function::Of(Known::Cosh),
        "tan" => Function::Quotient(Some(Known::Sin), Known::Cos),
        "cot" => Function::Quotient(Some(Known::Cos), Known::Sin),
        "sec" => Function::Quotient(None, Known::Cos),
        "csc" => Function::Quotient(None, Known::Sin),
        "coth" => Function::Quotient(Some(Known::Cosh), Known::Sinh),
        "sech" => Function::Quotient(None, Known::Cosh),
        "sqrt" => Function::Of(Known::Sqrt),
        "sigmoid" | "Sigmoid" | "logistic" | "sigm" => Function::Of(Known::Sigmoid),
        "softplus" | "Softplus" => Function::Of(Known::Softplus),
        "relu" | "ReLU" | "ReLu" | "Relu" | "RELU" => Function::Of(Known::Relu),
        "abs" => Function::Of(Known::Abs),
        "sign" | "sgn" => Function::Of(Known::Sign),
        "erf" => Function::Error,
        "max" | "Max" => Function::Extreme { least: false },
        "min" | "Min" => Function::Extreme { least: true },
        "lim" => Function::Limit,
        "arcsin" | "arccos" | "arctan" | "sup" | "inf" | "limsup" | "liminf" | "det" | "arg"
        | "argmax" | "argmin" | "dim" | "ker" | "deg" | "gcd" | "Pr" | "log2" | "rank" | "atan" => {
            Function::Beyond
        }
        _ => return None,
    })
}

/// Commands for accents, and the sign that each adds to a letter.
const ACCENTS: &[(&str, char)] = &[
    ("hat", '\u{302}'),
    ("widehat", '\u{302}'),
    ("bar", '\u{304}'),
    ("overline", '\u{304}'),
    ("tilde", '\u{303}'),
    ("widetilde", '\u{303}'),
    ("vec", '\u{20d7}'),
    ("overrightarrow", '\u{20d7}'),
    ("dot", '\u{307}'),
    ("ddot", '\u{308}'),
    ("check", '\u{30c}'),
    ("breve", '\u{306}'),
];

/// The sign that an accent adds to a letter.
pub(super) fn accent(command: &str) -> Option<char> {
    ACCENTS.iter().find(|(name, _)| *name == command).map(|(_, mark)| *mark)
}

/// Letters as LaTeX has them, by the tables that they are read with: `Γ` is `\Gamma`, `ŷ` is
/// `\hat{y}`, `ℒ` is `\mathcal{L}`. What has no command stays as it is.
pub fn written(text: &str) -> String {
    let accented = |mark: char, inner: String| {
        let name = ACCENTS.iter().find(|(_, m)| *m == mark).map(|(name, _)| *name);
        name.map(|name| format!("\\{name}{{{inner}}}"))
    };
    let one = |c: char| {
        let composed = COMPOSED.iter().find_map(|(mark, bare, with)| {
            let at = with.chars().position(|w| w == c)?;
            accented(*mark, bare.chars().nth(at)?.to_string())
        });
        let font = |font: &'static str| {
            let mut letters = ('A'..='Z').chain('a'..='z');
            letters.find(|l| styled(font, *l) == Some(c)).map(|l| format!("\\{font}{{{l}}}"))
        };
        let command = || symbols::command(c).map(|name| format!("\\{name}"));
        match c.is_ascii() {
            true => None,
            false => {
                composed.or_else(command).or_else(|| font("mathcal")).or_else(|| font("mathbb"))
            }
        }
    };
    let mut out: Vec<String> = Vec::new();
    for c in text.chars() {
        let mark = ACCENTS.iter().any(|(_, mark)| *mark == c);
        let next = match out.pop() {
            Some(last) if mark => accented(c, last.clone()).unwrap_or(last),
            last => {
                out.extend(last);
                one(c).unwrap_or_else(|| c.to_string())
            }
        };
        // A command ends before the next letter.
        if let Some(last) = out.last_mut()
            && last.len() > 1
            && last.ends_with(|c: char| c.is_ascii_alphabetic())
            && next.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            last.push(' ');
        }
        out.push(next);
    }
    out.concat()
}

/// Letters that Unicode has with their accent on.
const COMPOSED: &[(char, &str, &str)] = &[
    ('\u{302}', "aceghijosuwyzACEGHIJOSUWYZ", "âĉêĝĥîĵôŝûŵŷẑÂĈÊĜĤÎĴÔŜÛŴŶẐ"),
    ('\u{304}', "aegiouyAEGIOUY", "āēḡīōūȳĀĒḠĪŌŪȲ"),
    ('\u{303}', "aeinouvyAEINOUVY", "ãẽĩñõũṽỹÃẼĨÑÕŨṼỸ"),
];

/// A stem with an accent: `y` with `\hat` is `ŷ`.
pub(super) fn accented(stem: &str, mark: char) -> String {
    let mut chars = stem.chars();
    if let (Some(c), None) = (chars.next(), chars.next())
        && let Some((_, bare, with)) = COMPOSED.iter().find(|(m, ..)| *m == mark)
        && let Some(at) = bare.chars().position(|b| b == c)
        && let Some(found) = with.chars().nth(at)
    {
        return found.to_string();
    }
    format!("{stem}{mark}")
}

/// A stem without its accent, and that: `ŷ` is `y` with `\hat`.
pub(in crate::review) fn unaccented(stem: &str) -> Option<(String, char)> {
    let last = stem.chars().next_back()?;
    let bare = stem.strip_suffix(last)?;
    if ('\u{300}'..='\u{36f}').contains(&last) || last == '\u{20d7}' {
        return (!bare.is_empty()).then(|| (bare.to_string(), last));
    }
    COMPOSED.iter().find_map(|(mark, without, with)| {
        let at = with.chars().position(|c| c == last).filter(|_| bare.is_empty())?;
        Some((without.chars().nth(at)?.to_string(), *mark))
    })
}

/// A letter of `\mathcal` or `\mathbb`, as Unicode has it.
pub(super) fn styled(font: &str, c: char) -> Option<char> {
    let script = matches!(font, "mathcal" | "mathscr");
    let special = if script {
        ("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ")
    } else {
        ("CHNPQRZ", "ℂℍℕℙℚℝℤ")
    };
    if let Some(at) = special.0.chars().position(|s| s == c) {
        return special.1.chars().nth(at);
    }
    let (upper, lower) = if script { (0x1d49c, 0x1d4b6) } else { (0x1d538, 0x1d552) };
    let code = match c {
        'A'..='Z' => upper + (c as u32 - 'A' as u32),
        'a'..='z' => lower + (c as u32 - 'a' as u32),
        _ => return None,
    };
    char::from_u32(code)
}
