//! Tables: what commands and signs of LaTeX mean. In goes a name or a sign, out comes its
//! meaning; nothing here knows about places.

use super::syntax::Relation;

/// The letters that have a command of their own. Each is a name by itself, and never a part of
/// a longer one.
const LETTERS: &[(&str, char)] = &[
    ("alpha", 'α'),
    ("beta", 'β'),
    ("gamma", 'γ'),
    ("delta", 'δ'),
    ("epsilon", 'ε'),
    ("varepsilon", 'ε'),
    ("zeta", 'ζ'),
    ("eta", 'η'),
    ("theta", 'θ'),
    ("vartheta", 'ϑ'),
    ("iota", 'ι'),
    ("kappa", 'κ'),
    ("lambda", 'λ'),
    ("mu", 'μ'),
    ("nu", 'ν'),
    ("xi", 'ξ'),
    ("pi", 'π'),
    ("rho", 'ρ'),
    ("varrho", 'ϱ'),
    ("sigma", 'σ'),
    ("varsigma", 'ς'),
    ("tau", 'τ'),
    ("upsilon", 'υ'),
    ("phi", 'φ'),
    ("varphi", 'φ'),
    ("chi", 'χ'),
    ("psi", 'ψ'),
    ("omega", 'ω'),
    ("Gamma", 'Γ'),
    ("Delta", 'Δ'),
    ("Theta", 'Θ'),
    ("Lambda", 'Λ'),
    ("Xi", 'Ξ'),
    ("Pi", 'Π'),
    ("Sigma", 'Σ'),
    ("Upsilon", 'Υ'),
    ("Phi", 'Φ'),
    ("Psi", 'Ψ'),
    ("Omega", 'Ω'),
    ("ell", 'ℓ'),
    ("hbar", 'ħ'),
    ("partial", '∂'),
    ("nabla", '∇'),
    ("infty", '∞'),
];

/// The command of a letter, without its backslash.
pub(super) fn command(letter: char) -> Option<&'static str> {
    LETTERS.iter().find(|(_, c)| *c == letter).map(|(name, _)| *name)
}

/// The letter of a command, `\alpha` without its backslash.
pub(in crate::review) fn letter(command: &str) -> Option<char> {
    LETTERS.iter().find(|(name, _)| *name == command).map(|(_, c)| *c)
}

/// Commands that are signs, each as the sign that means the same.
const SIGNS: &[(&str, char)] = &[
    ("cdot", '·'),
    ("times", '·'),
    ("ast", '*'),
    ("cdotp", '·'),
    ("centerdot", '·'),
    ("div", '/'),
    ("slash", '/'),
    ("lbrace", '⦃'),
    ("rbrace", '⦄'),
    ("{", '⦃'),
    ("}", '⦄'),
    ("lbrack", '['),
    ("rbrack", ']'),
    ("lparen", '('),
    ("rparen", ')'),
    ("vert", '|'),
    ("lvert", '|'),
    ("rvert", '|'),
    ("mid", '|'),
    ("|", '‖'),
    ("Vert", '‖'),
    ("lVert", '‖'),
    ("rVert", '‖'),
    ("lt", '<'),
    ("gt", '>'),
    ("colon", ':'),
    ("prime", '\''),
    ("dots", '…'),
    ("ldots", '…'),
    ("cdots", '…'),
    ("dotsb", '…'),
    ("dotsc", '…'),
    ("vdots", '…'),
    ("ddots", '…'),
    ("%", '%'),
    ("&", '＆'),
];

/// The sign of a command.
pub(super) fn sign(command: &str) -> Option<char> {
    SIGNS.iter().find(|(name, _)| *name == command).map(|(_, c)| *c)
}

/// The sign of an indicator function: `\mathbb{1}`, `\mathbf{1}`.
pub(super) const INDICATOR: char = '𝟙';

/// Signs that are written as two where a keyboard has no other.
pub(super) const PAIRS: &[(&str, char)] =
    &[("==", '='), (">=", '≥'), ("=>", '⇒'), ("<=", '≤'), ("!=", '≠'), ("->", '→'), ("...", '…')];

/// A raised or lowered sign of Unicode: whether it is raised, and which sign it is.
pub(super) fn script(c: char) -> Option<(bool, char)> {
    const RAISED: (&str, &str) = ("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱ⁽⁾", "0123456789+-ni()");
    const LOWERED: (&str, &str) = ("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-aeijklmnoprstuvx");
    [(true, RAISED), (false, LOWERED)].into_iter().find_map(|(up, (signs, plain))| {
        let at = signs.chars().position(|s| s == c)?;
        plain.chars().nth(at).map(|plain| (up, plain))
    })
}

/// A sign of Unicode that LaTeX has as a command.
pub(super) fn named(c: char) -> Option<&'static str> {
    Some(match c {
        '∑' => "sum",
        '∏' => "prod",
        '√' => "sqrt",
        '∫' => "int",
        _ => return None,
    })
}

/// A fraction that Unicode has as one sign: its digits.
pub(super) fn fraction(c: char) -> Option<[char; 2]> {
    const SIGNS: &[(char, [char; 2])] = &[
        ('½', ['1', '2']),
        ('⅓', ['1', '3']),
        ('⅔', ['2', '3']),
        ('¼', ['1', '4']),
        ('¾', ['3', '4']),
        ('⅕', ['1', '5']),
        ('⅙', ['1', '6']),
        ('⅛', ['1', '8']),
    ];
    SIGNS.iter().find(|(sign, _)| *sign == c).map(|(_, digits)| *digits)
}

/// A sign of Unicode as the sign that means the same.
pub(super) fn plain(c: char) -> char {
    match c {
        '−' | '–' => '-',
        '×' | '⋅' | '∙' | '·' => '·',
        '÷' | '∕' => '/',
        '′' | '’' => '\'',
        '⋯' => '…',
        '∣' => '|',
        '∥' => '‖',
        _ => c,
    }
}

/// Commands that only say how something looks, and take no argument.
pub(super) const LOOKS: &[&str] = &[
    "displaystyle",
    "textstyle",
    "scriptstyle",
    "scriptscriptstyle",
    "limits",
    "nolimits",
    "nonumber",
    "notag",
    "hline",
    "tiny",
    "scriptsize",
    "footnotesize",
    "small",
    "normalsize",
    "large",
    "Large",
    "LARGE",
    "huge",
    "Huge",
    "rm",
    "bf",
    "it",
    "sf",
    "tt",
    "cal",
    "mathstrut",
    "strut",
    "relax",
    "allowbreak",
    "nobreak",
    "break",
    "hfill",
    "hfil",
    "big",
    "Big",
    "bigg",
    "Bigg",
    "bigl",
    "Bigl",
    "biggl",
    "Biggl",
    "bigr",
    "Bigr",
    "biggr",
    "Biggr",
    "bigm",
    "Bigm",
    "biggm",
    "Biggm",
    "qed",
    "blacksquare",
    "noindent",
    "centering",
    "par",
    "unicode",
    "protect",
];

/// Commands for spaces so wide that they part formulas.
pub(super) const WIDE: &[&str] = &["quad", "qquad", "enspace", "hskip", "enskip"];

/// Commands for narrow spaces.
pub(super) const NARROW: &[&str] = &[
    ",",
    ";",
    ":",
    "!",
    ">",
    " ",
    "thinspace",
    "medspace",
    "thickspace",
    "negthinspace",
    "negmedspace",
    "negthickspace",
    "/",
    "-",
    "\n",
    "\t",
    "space",
    "nobreakspace",
];

/// Environments that are rows of formulas.
pub(super) fn holds_rows(environment: &str) -> bool {
    const ROWS: &[&str] = &[
        "align",
        "aligned",
        "alignat",
        "alignedat",
        "flalign",
        "gather",
        "gathered",
        "multline",
        "multlined",
        "split",
        "eqnarray",
        "equation",
        "displaymath",
        "math",
        "dmath",
        "dgroup",
        "subequations",
        "IEEEeqnarray",
        "darray",
        "center",
    ];
    ROWS.contains(&environment.trim_end_matches('*'))
}

/// Environments that are a matrix.
pub(super) fn is_matrix(environment: &str) -> bool {
    const MATRICES: &[&str] = &["matrix", "pmatrix", "bmatrix", "Bmatrix", "smallmatrix", "array"];
    MATRICES.contains(&environment.trim_end_matches('*'))
}

/// Environments with arguments for their columns after their name.
pub(super) fn has_columns(environment: &str) -> bool {
    const COLUMNS: &[&str] =
        &["array", "alignat", "alignedat", "tabular", "subarray", "IEEEeqnarray", "darray"];
    COLUMNS.contains(&environment.trim_end_matches('*'))
}

const RELATIONS: &[(&str, Relation)] = &[
    ("equiv", Relation::Defines),
    ("triangleq", Relation::Defines),
    ("coloneqq", Relation::Defines),
    ("coloneq", Relation::Defines),
    ("eqdef", Relation::Defines),
    ("approx", Relation::About),
    ("approxeq", Relation::About),
    ("simeq", Relation::About),
    ("cong", Relation::About),
    ("doteq", Relation::About),
    ("leftarrow", Relation::Becomes),
    ("gets", Relation::Becomes),
    ("longleftarrow", Relation::Becomes),
    ("neq", Relation::Differs),
    ("ne", Relation::Differs),
    ("le", Relation::Other),
    ("leq", Relation::Other),
    ("leqslant", Relation::Other),
    ("ge", Relation::Other),
    ("geq", Relation::Other),
    ("geqslant", Relation::Other),
    ("ll", Relation::Other),
    ("gg", Relation::Other),
    ("in", Relation::Other),
    ("notin", Relation::Other),
    ("subset", Relation::Other),
    ("subseteq", Relation::Other),
    ("propto", Relation::Other),
    ("sim", Relation::Other),
    ("mapsto", Relation::Other),
];

/// The relation of a command.
pub(super) fn relation(command: &str) -> Option<Relation> {
    RELATIONS.iter().find(|(name, _)| *name == command).map(|(_, r)| *r)
}

/// The relation of a sign.
pub(super) fn relation_sign(c: char) -> Option<Relation> {
    Some(match c {
        '=' => Relation::Equal,
        '≡' | '≜' | '≔' => Relation::Defines,
        '≈' | '≃' | '≅' => Relation::About,
        '←' => Relation::Becomes,
        '≠' => Relation::Differs,
        '<' | '>' | '≤' | '≥' | '∈' | '∝' | '∼' | '≪' | '≫' => Relation::Other,
        _ => return None,
    })
}

/// `<`, `<=`, … of a sign or a command, for the conditions of a case distinction.
pub(super) fn comparison(text: &str) -> Option<&'static str> {
    Some(match text {
        "<" | "lt" => "<",
        ">" | "gt" => ">",
        "≤" | "le" | "leq" | "leqslant" => "<=",
        "≥" | "ge" | "geq" | "geqslant" => ">=",
        "=" => "=",
        "≠" | "ne" | "neq" => "!=",
        _ => return None,
    })
}

/// What an arrow between formulas says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrow {
    /// What follows is a consequence.
    Implies,
    /// What follows is a reason.
    Because,
    /// Either a consequence or a change of value: `\to` and `\rightarrow`.
    Leads,
}

/// The arrow of a command.
pub(super) fn arrow(command: &str) -> Option<Arrow> {
    Some(match command {
        "Rightarrow" | "implies" | "therefore" | "Longrightarrow" | "iff" | "Leftrightarrow"
        | "Longleftrightarrow" | "leadsto" | "rightsquigarrow" | "Downarrow" => Arrow::Implies,
        "because" | "impliedby" | "Leftarrow" => Arrow::Because,
        "to" | "rightarrow" | "longrightarrow" => Arrow::Leads,
        _ => return None,
    })
}

/// The arrow of a sign.
pub(super) fn arrow_sign(c: char) -> Option<Arrow> {
    Some(match c {
        '⇒' | '⟹' | '⇔' | '∴' => Arrow::Implies,
        '∵' | '⇐' => Arrow::Because,
        '→' | '⟶' => Arrow::Leads,
        _ => return None,
    })
}

/// Words that join formulas and are never names.
pub(super) fn joins(word: &str) -> bool {
    const JOINING: &[&str] = &[
        "and",
        "or",
        "where",
        "so",
        "thus",
        "hence",
        "if",
        "for",
        "with",
        "let",
        "as",
        "since",
        "then",
        "because",
        "when",
        "otherwise",
        "else",
        "here",
        "therefore",
        "but",
        "we",
        "is",
        "are",
        "from",
        "by",
        "using",
        "in",
        "given",
        "know",
        "get",
        "have",
        "which",
        "that",
        "also",
        "similarly",
        "finally",
        "of",
        "the",
        "a",
        "an",
        "to",
        "assume",
        "constant",
        "eq",
        "equation",
        "note",
        "now",
        "because",
        "substituting",
        "putting",
        "gives",
        "implies",
        "i.e",
        "e.g",
        "while",
        "unless",
        "such",
        "on",
        "at",
        "this",
        "it",
    ];
    let lower = word.to_lowercase();
    JOINING.contains(&lower.as_str())
}
