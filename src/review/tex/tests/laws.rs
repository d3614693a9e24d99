//! What must hold for any text: nothing panics, every place lies in the formula, and the work
//! grows with its length.

use std::ops::Range;

use proptest::prelude::*;

use crate::review::tex::*;

const PIECES: &[&str] = &[
    "x",
    "y",
    "net",
    "d",
    "e",
    "dE",
    "E",
    "w_{1}",
    "_",
    "^",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "|",
    "\\|",
    "\\{",
    "\\}",
    "\\left(",
    "\\right)",
    "\\left.",
    "\\right|",
    "\\left\\{",
    "\\right.",
    "+",
    "-",
    "*",
    "/",
    ".",
    ",",
    ";",
    ":",
    "=",
    "<",
    "'",
    "!",
    "&",
    "\\\\",
    "\\\\[2pt]",
    "\\cr",
    " ",
    "\\quad",
    "\\,",
    "~",
    "0",
    "1",
    "12",
    "2.0",
    ".5",
    "\\frac",
    "\\frac12",
    "\\over",
    "\\partial",
    "∂",
    "\\partial x",
    "\\cdot",
    "\\times",
    "\\sum",
    "\\sum_{i=1}^{n}",
    "\\max",
    "\\max\\{a,b\\}",
    "\\exp",
    "\\ln",
    "\\sqrt",
    "\\sigma",
    "\\sigma'",
    "\\Delta",
    "\\hat",
    "\\mathbf",
    "\\mathrm{d}",
    "\\mathrm",
    "\\text{ and }",
    "\\text{ (as, }",
    "\\text{)}",
    "\\text{net}",
    "\\text{ eq.(1.2)}",
    "\\tag{1}",
    "\\label{a}",
    "\\eqref{a}",
    "\\begin{align}",
    "\\end{align}",
    "\\begin{cases}",
    "\\end{cases}",
    "\\begin{pmatrix}",
    "\\end{pmatrix}",
    "\\begin{array}{ll}",
    "\\end{array}",
    "\\Rightarrow",
    "\\to",
    "\\because",
    "\\nabla",
    "\\odot",
    "\\foo",
    "\\pd",
    "\\pd{x}{y}",
    "\\loop",
    "\\underbrace",
    "\\boxed",
    "\\color{red}",
    "\\stackrel",
    "\\intertext{so}",
    "%",
    "#1",
    "$",
    "\\",
    "é",
    "ŷ",
    "\u{302}",
    "\u{1d49c}",
    "…",
    "\\ldots",
    "\\left",
    "\\begin",
    "\\text",
    "\\operatorname*{f}",
    "\\not",
    "\\newcommand",
    "\n",
    "{x}",
    "{a+b}",
    "\\frac{a}{b}",
    "\\frac{\\partial E}{\\partial w}",
    "\\frac{\\partial}{\\partial w}",
];

fn soup(longest: usize) -> impl Strategy<Value = String> {
    let piece =
        prop_oneof![8 => prop::sample::select(PIECES).prop_map(String::from), 1 => ".{0,3}"];
    prop::collection::vec(piece, 0..longest).prop_map(|pieces| pieces.concat())
}

fn read(formula: &str) -> (Vec<Row>, usize) {
    let macros = Macros::of(
        ["\\newcommand{\\pd}[2]{\\frac{\\partial #1}{\\partial #2}} \\def\\loop{\\loop}"]
            .into_iter(),
    );
    let lexicon = Lexicon::of(&[formula], &macros, &["net_h1"]);
    let dots = Dots::after("2.P", &macros);
    counted(formula, &macros, &lexicon, &dots)
}

/// Every place in a reading.
fn places(rows: &[Row]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut exprs = Vec::new();
    for row in rows {
        out.push(row.span.clone());
        out.extend(row.labels.iter().chain(&row.references).map(|m| m.span.clone()));
        out.extend(row.warnings.iter().map(|n| n.span.clone()));
        for part in &row.parts {
            match part {
                Part::Words(_, span) => out.push(span.clone()),
                Part::Unread(refused) | Part::OutOfScope(refused) => {
                    out.push(refused.note.span.clone());
                    refused.left.iter().for_each(|e| visit(e, &mut |e| out.push(e.span.clone())));
                }
                Part::Statement(s) => {
                    out.push(s.span.clone());
                    exprs.extend(s.sides());
                }
            }
        }
    }
    while let Some(expr) = exprs.pop() {
        out.push(expr.span.clone());
        match &expr.kind {
            FormulaKind::Number { .. } | FormulaKind::Name(_) => {}
            FormulaKind::Neg(a) | FormulaKind::Call(_, a) | FormulaKind::Differential(a) => {
                exprs.push(a)
            }
            FormulaKind::Sum(terms) => exprs.extend(terms.iter().map(|(_, e)| e)),
            FormulaKind::Product(list)
            | FormulaKind::Extreme { of: list, .. }
            | FormulaKind::List(list) => exprs.extend(list),
            FormulaKind::Apply { args, .. } => exprs.extend(args),
            FormulaKind::Quotient(a, b) | FormulaKind::Power(a, b) => exprs.extend([&**a, &**b]),
            FormulaKind::Derivative { of, by, .. } | FormulaKind::HalfDerivative { of, by } => {
                exprs.extend([&**of, &**by])
            }
            FormulaKind::Limit { of, by, to } => exprs.extend([&**of, &**by, &**to]),
            FormulaKind::BigProduct(sum) => exprs.push(sum),
            FormulaKind::BigSum { from, to, body, .. } => {
                exprs.extend(from.iter().chain(to).map(|b| &**b));
                exprs.push(body);
            }
            FormulaKind::Cases(cases) => {
                for (value, condition) in cases {
                    exprs.push(value);
                    exprs.extend(condition.iter().flat_map(|c| [&*c.left, &*c.right]));
                }
            }
            FormulaKind::Matrix(rows) => exprs.extend(rows.iter().flatten()),
            FormulaKind::Array(array) => exprs.extend(array.parts()),
        }
    }
    out
}

/// The most looks at a token for each byte of the formula: some for each level of nesting.
const LOOKS: usize = 40 * MAX_DEPTH;

proptest! {
    #![proptest_config(crate::laws::laws(3000))]

    #[test]
    fn any_text_is_read_or_refused(formula in soup(60)) {
        let (rows, work) = read(&formula);
        for place in places(&rows) {
            prop_assert!(formula.get(place.clone()).is_some(), "{place:?} in {formula:?}");
        }
        prop_assert!(work <= LOOKS * (formula.len() + 10), "{work} looks for {} bytes", formula.len());
    }

    #[test]
    fn words_are_searched_without_panic(words in "[eq(). 0-9a-zß~,\\\\{}]{0,60}") {
        for mention in references(&words) {
            prop_assert_eq!(words.get(mention.span), Some(mention.name.as_str()));
        }
    }
}

/// Ten times the text is no more than ten and some times the work.
#[test]
fn the_work_grows_with_the_length() {
    let units = [
        "a + ",
        "a \\cdot ",
        "{a}",
        "(a)",
        "x_1^2",
        "\\partial ",
        "d",
        "da/d",
        "\\partial a/",
        "&",
        "\\quad ",
        "a, ",
        "\\text{a}",
        "\\to ",
        "a \\to ",
        "|",
        "a = ",
        "\\frac12",
        "\\exp ",
        "-",
        "\\hat ",
        "a_",
        "'",
        "\\sum ",
        "abc",
        "\\label{a}",
        "\\text{(}",
        "(",
        ")",
        "[",
        "\\\\",
        "& \\\\",
        "a \\\\ + ",
        "\\over ",
        "\\Delta ",
        "2.0",
        "a/",
        "{}=",
        "\\{",
        "1",
        "\\text{eq.(1)}",
        ".",
        "\\boxed{a}",
        "{a=b}",
        "(a=b)",
        "\\frac{\\partial}{\\partial x}",
        "\\quad (1) ",
        "\\underbrace{a}_b",
        "\\begin{align}a\\end{align}",
    ];
    for unit in units {
        let work = |times: usize| {
            let formula = unit.repeat(times);
            let (rows, work) = read(&formula);
            assert!(rows.len() <= formula.len());
            work
        };
        let (small, large) = (work(100), work(1000));
        assert!(large <= 15 * small + 500, "{unit:?}: {small} looks for 100, {large} for 1000");
    }
}

#[test]
fn depth_is_refused() {
    let bombs = [
        "{",
        "\\frac{",
        "\\left(",
        "x^{",
        "\\sqrt{",
        "\\begin{align}",
        "\\hat{",
        "(",
        "|",
        "-",
        "\\exp ",
        "\\partial a/\\partial{",
        "\\partial ",
        "\\frac{\\partial}{\\partial x}",
        "\\Delta ",
        "\\sum ",
        "a/",
        "\\frac",
        "x_{",
        "\\mathrm{",
        "\\max\\{",
        "f(",
        "[",
    ];
    let closing = |unit: &str| match unit {
        "\\begin{align}" => "\\end{align}",
        "\\left(" => "\\right)",
        "\\max\\{" => "\\}",
        _ if unit.ends_with('{') => "}",
        _ if unit.ends_with('(') => ")",
        _ if unit.ends_with('[') => "]",
        _ => "",
    };
    for unit in bombs {
        for times in [MAX_DEPTH, 100_000] {
            let open = unit.repeat(times);
            for formula in [open.clone(), format!("{open}x{}", closing(unit).repeat(times))] {
                let (rows, _) = read(&formula);
                let refused = |p: &Part| matches!(p, Part::Unread(_) | Part::OutOfScope(_));
                let read = rows.iter().flat_map(|r| &r.parts).all(|p| !refused(p));
                assert!(times == MAX_DEPTH || !read, "{unit:?} {times} times");
            }
        }
    }
}

#[test]
fn nesting_within_the_limit_is_read() {
    for (open, close) in
        [("(", ")"), ("{", "}"), ("\\left(", "\\right)"), ("\\sqrt{", "}"), ("\\exp(", ")")]
    {
        let formula = format!("{}x{}", open.repeat(25), close.repeat(25));
        let (rows, _) = read(&formula);
        assert!(matches!(rows[0].parts.as_slice(), [Part::Statement(_)]), "{formula}");
    }
}

#[test]
fn each_limit_has_its_own_sentence() {
    let message = |formula: &str| match read(formula).0.first().map(|r| r.parts.as_slice()) {
        Some([Part::Unread(refused)]) => refused.note.message.clone(),
        other => format!("{other:?}"),
    };
    assert!(message(&"x".repeat(MAX_LENGTH + 1)).contains(&MAX_LENGTH.to_string()));
    assert!(message(&"+".repeat(MAX_TOKENS + 1)).contains(&MAX_TOKENS.to_string()));
    assert!(message(&"+".repeat(MAX_ROW + 1)).contains(&MAX_ROW.to_string()));
    assert!(message(&"{".repeat(MAX_DEPTH + 1)).contains(&MAX_DEPTH.to_string()));
    assert!(message(&"x".repeat(MAX_NAME + 1)).contains(&MAX_NAME.to_string()));
    assert!(message("\\loop").contains(&MAX_MACRO_DEPTH.to_string()));
    let grow = "\\newcommand{\\g}[1]{#1#1#1#1#1#1#1#1#1#1}";
    let macros = Macros::of([grow].into_iter());
    let bomb = format!("{}x{}", "\\g{".repeat(7), "}".repeat(7));
    let lexicon = Lexicon::of(&[&bomb], &macros, &[]);
    let rows = rows(&bomb, &macros, &lexicon, Dots::NONE);
    let Some([Part::Unread(Refused { note, .. })]) = rows.first().map(|r| r.parts.as_slice())
    else {
        panic!("{rows:?}")
    };
    assert!(note.message.contains(&MAX_EXPANSION.to_string()), "{}", note.message);
}
