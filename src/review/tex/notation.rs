//! The notation of LaTeX that has operands, as a table. In goes a command, out comes how many
//! arguments it takes, where it stands, and what it makes or why it is not read. A command that
//! stands in no row, and is no letter, sign, relation, font or function, is not known.

/// A row: commands that are one notation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notation {
    pub commands: &'static [&'static str],
    /// How many arguments follow, each a group or a single token.
    pub arguments: usize,
    pub stands: Stands,
    pub makes: Makes,
    /// A formula with it, for the tests.
    #[cfg_attr(not(test), allow(dead_code, reason = "a test reads each row's example"))]
    pub example: &'static str,
}

/// Where a notation stands, which says how it binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// It is an operand with its arguments, and binds as a factor does.
    Operand,
    /// Before a product, which it takes in up to the next + or −.
    Product,
    /// Between two factors.
    Between,
}

/// What a notation makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Makes {
    /// A quotient, or a derivative.
    Fraction,
    /// A square root.
    Root,
    /// A sum over an index.
    Sum,
    /// A product over an index.
    Multiple,
    /// Its argument, with words below or above it.
    Braced,
    /// A limit, where one stands over what approaches what.
    Under,
    /// Its argument, as if that stood there by itself.
    Inside,
    /// A product element by element.
    Elementwise,
    /// Nothing: it is not read, for this reason.
    Refused(&'static str),
    /// Nothing: it lies outside of scalar calculus, as this.
    Beyond(&'static str),
}

/// All notation with operands.
pub(super) const TABLE: &[Notation] = &[
    Notation {
        commands: &["frac", "dfrac", "tfrac", "cfrac", "sfrac", "nicefrac"],
        arguments: 2,
        stands: Stands::Operand,
        makes: Makes::Fraction,
        example: "\\frac{a}{b}",
    },
    Notation {
        commands: &["sqrt"],
        arguments: 1,
        stands: Stands::Operand,
        makes: Makes::Root,
        example: "\\sqrt{a}",
    },
    Notation {
        commands: &["sum"],
        arguments: 0,
        stands: Stands::Product,
        makes: Makes::Sum,
        example: "\\sum_{i=1}^{2} a_i",
    },
    Notation {
        commands: &["underbrace", "overbrace"],
        arguments: 1,
        stands: Stands::Operand,
        makes: Makes::Braced,
        example: "\\underbrace{a}_{b}",
    },
    Notation {
        commands: &[
            "mathbf",
            "bm",
            "boldsymbol",
            "pmb",
            "boxed",
            "fbox",
            "cancel",
            "bcancel",
            "xcancel",
            "mathord",
            "mathbin",
            "mathrel",
            "mathop",
            "mathclose",
            "mathopen",
            "mathpunct",
            "ensuremath",
            "mathnormal",
            "smash",
            "Bbbk",
            "underline",
            "symbf",
            "symbfit",
            "mathinner",
            "mathfrak",
        ],
        arguments: 1,
        stands: Stands::Operand,
        makes: Makes::Inside,
        example: "\\boldsymbol{a}",
    },
    Notation {
        commands: &["underset", "overset"],
        arguments: 2,
        stands: Stands::Operand,
        makes: Makes::Under,
        example: "\\underset{a \\to 0}{\\lim} a",
    },
    Notation {
        commands: &["prod"],
        arguments: 0,
        stands: Stands::Product,
        makes: Makes::Multiple,
        example: "\\prod_{i=1}^{2} a_i",
    },
    Notation {
        commands: &["int", "iint", "oint"],
        arguments: 0,
        stands: Stands::Product,
        makes: Makes::Beyond("integrals are not read"),
        example: "\\int a",
    },
    Notation {
        commands: &["binom", "dbinom", "tbinom"],
        arguments: 2,
        stands: Stands::Operand,
        makes: Makes::Beyond("a binomial coefficient is not read"),
        example: "\\binom{a}{b}",
    },
    Notation {
        commands: &["odot", "circ"],
        arguments: 0,
        stands: Stands::Between,
        makes: Makes::Elementwise,
        example: "a \\odot b",
    },
    Notation {
        commands: &["otimes", "oplus", "star", "bullet", "wedge"],
        arguments: 0,
        stands: Stands::Between,
        makes: Makes::Beyond("this is an operation on arrays"),
        example: "a \\otimes b",
    },
    Notation {
        commands: &["pm", "mp"],
        arguments: 0,
        stands: Stands::Between,
        makes: Makes::Refused("± says two things at once"),
        example: "a \\pm b",
    },
];

/// The notation of a command.
pub(super) fn of(command: &str) -> Option<&'static Notation> {
    TABLE.iter().find(|row| row.commands.contains(&command))
}

/// The notation of a sign that Unicode has for such a command.
pub(super) fn of_sign(sign: char) -> Option<&'static Notation> {
    of(match sign {
        '⊙' => "odot",
        '⊗' => "otimes",
        '⊕' => "oplus",
        '∘' => "circ",
        '∗' => "star",
        '±' => "pm",
        '∓' => "mp",
        _ => return None,
    })
}

/// Whether a command only says how its argument looks.
pub(super) fn is_look(command: &str) -> bool {
    of(command).is_some_and(|row| row.makes == Makes::Inside)
}
