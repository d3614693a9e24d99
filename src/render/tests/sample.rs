//! A page written by hand for the tests of the renderers: the derivation of a small
//! convolutional network, with something of everything that pages may hold.

use crate::page::{Block, Inline, Label, Math, Page, Relation, Row, Section, StepRecord, Table};
use crate::scalar::Rational;

/// A name.
pub(super) fn s(name: &str) -> Math {
    Math::symbol(name)
}

/// A whole number.
pub(super) fn n(n: i64) -> Math {
    Math::integer(n)
}

/// A fraction that is one number.
pub(super) fn q(above: i64, below: i64) -> Math {
    Math::Number(Rational::new(above, below).unwrap_or_else(|fault| panic!("{fault}")))
}

/// A sum.
pub(super) fn add(terms: Vec<Math>) -> Math {
    Math::Sum(terms.into_iter().map(|term| (false, term)).collect())
}

/// a − b.
pub(super) fn sub(a: Math, b: Math) -> Math {
    Math::Sum(vec![(false, a), (true, b)])
}

/// A product.
pub(super) fn mul(factors: Vec<Math>) -> Math {
    Math::Product(factors)
}

/// a/b.
pub(super) fn frac(a: Math, b: Math) -> Math {
    Math::Fraction(Box::new(a), Box::new(b))
}

/// A power.
pub(super) fn pow(base: Math, exponent: Math) -> Math {
    Math::Power(Box::new(base), Box::new(exponent))
}

/// −a.
pub(super) fn neg(a: Math) -> Math {
    Math::Neg(Box::new(a))
}

/// ∂of/∂by.
pub(super) fn d(of: Math, by: Math) -> Math {
    Math::Partial(Box::new(of), Box::new(by))
}

fn w(text: &str) -> Inline {
    Inline::Words(text.into())
}

fn m(math: Math) -> Inline {
    Inline::Math(math)
}

fn row(left: Option<Math>, right: Math, reason: Vec<Inline>, label: Option<(u32, u32)>) -> Row {
    Row {
        left,
        relation: Relation::Equal,
        right,
        reason,
        label: label.map(|(section, row)| Label { section, row }),
        steps: Vec::new(),
    }
}

fn eq(section: u32, row: u32) -> Inline {
    Inline::Reference(Label { section, row })
}

fn error() -> Math {
    sub(s("t"), s("r_fc"))
}

fn loss() -> Math {
    frac(pow(error(), n(2)), n(2))
}

/// c₁₀ and its like: i_ab·w_11 + …, as the flipped filter pairs them.
fn cell(a: u32, b: u32) -> Math {
    let pair = |i: u32, j: u32| {
        mul(vec![s(&format!("i_{}{}", 2 * a + i, 2 * b + j)), s(&format!("w_{}{}", 1 - i, 1 - j))])
    };
    add(vec![pair(0, 0), pair(1, 0), pair(0, 1), pair(1, 1)])
}

/// The page.
pub(super) fn page() -> Page {
    Page {
        title: "Every gradient of a small convolutional network".into(),
        sections: vec![network(), by_w_fc(), by_c10(), by_w00(), update(), cases(), by_hand()],
    }
}

/// A short page with one of every kind of block.
pub(super) fn short() -> Page {
    let (mut gradient, odd) = (by_w_fc(), by_hand());
    gradient.blocks.truncate(2);
    if let Some(Block::Equations(rows)) = gradient.blocks.first_mut() {
        rows.truncate(2);
    }
    gradient.blocks.push(Block::Code("E = (t - r_fc)^2 / 2".into()));
    gradient.blocks.extend(odd.blocks.into_iter().skip(1));
    Page { title: "A short page".into(), sections: vec![gradient] }
}

fn network() -> Section {
    Section {
        number: Some(1),
        heading: vec![w("The network")],
        blocks: vec![
            Block::Text(vec![
                w("A 4×4 input "),
                m(s("i")),
                w(", a 2×2 filter "),
                m(s("w")),
                w(" laid over it at stride 2, a max-pool and one weight "),
                m(s("w_fc")),
                w(" behind it; the loss compares "),
                m(s("r_fc")),
                w(" with the target "),
                m(s("t")),
                w(". It was read from "),
                Inline::Code("cnn.bp".into()),
                w(":"),
            ]),
            Block::Code("param  w[2, 2], w_fc\nc    = conv(i, w, stride: 2, flip: true)\nE    = (t - r_fc)^2 / 2".into()),
            Block::Text(vec![
                w("The convolution has "),
                m(s("N")),
                w(" rows and as many columns, with "),
                m(s("W")),
                w(" the size of the input, "),
                m(s("F")),
                w(" of the filter, "),
                m(s("P")),
                w(" the padding and "),
                m(s("S")),
                w(" the stride:"),
            ]),
            Block::Equations(vec![
                row(
                    Some(s("N")),
                    add(vec![
                        frac(
                            Math::Sum(vec![
                                (false, s("W")),
                                (true, s("F")),
                                (false, mul(vec![n(2), s("P")])),
                            ]),
                            s("S"),
                        ),
                        n(1),
                    ]),
                    vec![],
                    Some((1, 1)),
                ),
                row(
                    None,
                    add(vec![
                        frac(
                            Math::Sum(vec![
                                (false, n(4)),
                                (true, n(2)),
                                (false, mul(vec![n(2), n(0)])),
                            ]),
                            n(2),
                        ),
                        n(1),
                    ]),
                    vec![w("the numbers put in")],
                    None,
                ),
                row(None, n(2), vec![], None),
            ]),
            Block::Text(vec![w("Written out, each cell and what follows it is")]),
            Block::Equations(vec![
                row(Some(s("c_00")), cell(0, 0), vec![], Some((1, 2))),
                row(Some(s("c_01")), cell(0, 1), vec![], Some((1, 3))),
                row(Some(s("c_10")), cell(1, 0), vec![], Some((1, 4))),
                row(Some(s("c_11")), cell(1, 1), vec![], Some((1, 5))),
                row(
                    Some(s("r_p")),
                    Math::Max(vec![s("c_00"), s("c_01"), s("c_10"), s("c_11")]),
                    vec![],
                    Some((1, 6)),
                ),
                row(Some(s("r_fc")), mul(vec![s("w_fc"), s("r_p")]), vec![], Some((1, 7))),
                row(Some(s("E")), loss(), vec![], Some((1, 8))),
            ]),
            Block::Text(vec![
                Inline::Strong("Given: ".into()),
                w("the winner of the max is "),
                m(s("c_10")),
                w(", so "),
                m(Math::Relation(Box::new(s("r_p")), Relation::Equal, Box::new(s("c_10")))),
                w(" near this point."),
            ]),
        ],
    }
}

fn by_w_fc() -> Section {
    let half = || q(1, 2);
    let by = || s("w_fc");
    Section {
        number: Some(2),
        heading: vec![m(d(s("E"), by()))],
        blocks: vec![
            Block::Equations(vec![
                Row {
                    steps: vec![StepRecord {
                        rule: "definition",
                        redex: s("E"),
                        contractum: loss(),
                        line: d(loss(), by()),
                        verdict: "exact",
                    }],
                    ..row(
                        Some(d(s("E"), by())),
                        d(loss(), by()),
                        vec![w("definition of "), m(s("E"))],
                        None,
                    )
                },
                row(
                    None,
                    mul(vec![half(), d(pow(error(), n(2)), by())]),
                    vec![w("constant factor")],
                    Some((2, 1)),
                ),
                row(
                    None,
                    mul(vec![half(), d(pow(s("z"), n(2)), s("z")), d(s("z"), by())]),
                    vec![
                        w("chain rule, "),
                        m(Math::Relation(Box::new(s("z")), Relation::Equal, Box::new(error()))),
                    ],
                    None,
                ),
                row(
                    None,
                    mul(vec![half(), d(pow(error(), n(2)), error()), d(error(), by())]),
                    vec![w("with "), m(s("z")), w(" put in")],
                    None,
                ),
                row(
                    None,
                    mul(vec![half(), n(2), error(), d(error(), by())]),
                    vec![w("power rule")],
                    None,
                ),
                row(None, mul(vec![error(), d(error(), by())]), vec![], Some((2, 2))),
            ]),
            Block::Text(vec![w("The inner derivative in "), eq(2, 2), w(" is")]),
            Block::Equations(vec![
                row(
                    Some(d(error(), by())),
                    d(sub(s("t"), mul(vec![s("w_fc"), s("r_p")])), by()),
                    vec![w("definition of "), m(s("r_fc"))],
                    None,
                ),
                row(
                    None,
                    sub(d(s("t"), by()), d(mul(vec![s("w_fc"), s("r_p")]), by())),
                    vec![w("sum rule")],
                    None,
                ),
                row(
                    None,
                    sub(d(s("t"), by()), mul(vec![s("r_p"), d(by(), by())])),
                    vec![w("constant factor")],
                    None,
                ),
                row(
                    None,
                    sub(n(0), mul(vec![s("r_p"), n(1)])),
                    vec![m(s("t")), w(" does not depend on "), m(by())],
                    None,
                ),
                row(None, neg(s("r_p")), vec![], Some((2, 3))),
            ]),
            Block::Text(vec![w("With "), eq(2, 3), w(" in "), eq(2, 2), w(",")]),
            Block::Equations(vec![
                row(Some(d(s("E"), by())), mul(vec![error(), neg(s("r_p"))]), vec![], Some((2, 4))),
                row(
                    None,
                    mul(vec![sub(n(1), q(7, 2)), n(-2)]),
                    vec![w("the numbers put in")],
                    None,
                ),
                row(None, n(5), vec![], None),
            ]),
        ],
    }
}

fn by_c10() -> Section {
    let by = || s("c_10");
    Section {
        number: Some(3),
        heading: vec![m(d(s("E"), by()))],
        blocks: vec![
            Block::Text(vec![
                w("By the steps that led to "),
                eq(2, 2),
                w(", with "),
                m(by()),
                w(" in the place of "),
                m(s("w_fc")),
                w(","),
            ]),
            Block::Equations(vec![
                row(
                    Some(d(s("E"), by())),
                    mul(vec![error(), d(error(), by())]),
                    vec![w("as "), eq(2, 2)],
                    Some((3, 1)),
                ),
                row(
                    None,
                    mul(vec![
                        error(),
                        Math::Sum(vec![
                            (false, d(s("t"), by())),
                            (true, mul(vec![s("w_fc"), d(s("r_p"), by())])),
                        ]),
                    ]),
                    vec![w("definition of "), m(s("r_fc")), w(", sum rule, constant factor")],
                    None,
                ),
                row(
                    None,
                    mul(vec![error(), sub(n(0), s("w_fc"))]),
                    vec![
                        w("since "),
                        m(Math::Relation(Box::new(s("r_p")), Relation::Equal, Box::new(by()))),
                    ],
                    None,
                ),
                row(None, mul(vec![error(), neg(s("w_fc"))]), vec![], Some((3, 2))),
            ]),
        ],
    }
}

fn by_w00() -> Section {
    let by = || s("w_00");
    let pair = |i: &str, w: &str| mul(vec![s(i), s(w)]);
    Section {
        number: Some(4),
        heading: vec![m(d(s("E"), by()))],
        blocks: vec![
            Block::Equations(vec![row(
                Some(d(s("E"), by())),
                mul(vec![d(s("E"), s("c_10")), d(s("c_10"), by())]),
                vec![w("chain rule")],
                Some((4, 1)),
            )]),
            Block::Text(vec![w("The second factor is")]),
            Block::Equations(vec![
                row(
                    Some(d(s("c_10"), by())),
                    d(cell(1, 0), by()),
                    vec![w("definition of "), m(s("c_10"))],
                    None,
                ),
                row(
                    None,
                    add(vec![
                        d(pair("i_20", "w_11"), by()),
                        d(pair("i_30", "w_01"), by()),
                        d(pair("i_21", "w_10"), by()),
                        d(pair("i_31", "w_00"), by()),
                    ]),
                    vec![w("sum rule")],
                    None,
                ),
                row(
                    None,
                    add(vec![n(0), n(0), n(0), mul(vec![s("i_31"), d(by(), by())])]),
                    vec![w("three terms do not depend on "), m(by())],
                    None,
                ),
                row(None, s("i_31"), vec![], Some((4, 2))),
            ]),
            Block::Text(vec![w("and so, from "), eq(3, 2), w(" and "), eq(4, 2), w(",")]),
            Block::Equations(vec![row(
                Some(d(s("E"), by())),
                mul(vec![error(), neg(s("w_fc")), s("i_31")]),
                vec![],
                Some((4, 3)),
            )]),
        ],
    }
}

fn update() -> Section {
    let delta = |name: &str| Math::Delta(Box::new(s(name)));
    Section {
        number: Some(5),
        heading: vec![w("The update rule")],
        blocks: vec![
            Block::Text(vec![w("With "), m(s("eta")), w(" the learning rate,")]),
            Block::Equations(vec![
                row(
                    Some(delta("w_fc")),
                    mul(vec![neg(s("eta")), d(s("E"), s("w_fc"))]),
                    vec![],
                    None,
                ),
                row(
                    None,
                    neg(mul(vec![s("eta"), error(), neg(s("r_p"))])),
                    vec![w("from "), eq(2, 4)],
                    None,
                ),
                row(None, mul(vec![s("eta"), error(), s("r_p")]), vec![], Some((5, 1))),
                Row {
                    relation: Relation::Becomes,
                    ..row(Some(s("w_fc")), add(vec![s("w_fc"), delta("w_fc")]), vec![], None)
                },
                row(
                    Some(delta("w_00")),
                    mul(vec![s("eta"), error(), s("w_fc"), s("i_31")]),
                    vec![w("from "), eq(4, 3)],
                    Some((5, 2)),
                ),
            ]),
        ],
    }
}

fn cases() -> Section {
    let gradient = |i: &str| vec![m(mul(vec![error(), neg(s("w_fc")), s(i)]))];
    let table = |short: bool| {
        let factor = |i: &str| if short { vec![m(s(i))] } else { gradient(i) };
        let line = |winner: &str, of: [&str; 4]| {
            let mut cells = vec![vec![m(s(winner))]];
            cells.extend(of.map(factor));
            cells
        };
        let head = |by: &str| {
            let of = if short { "c_ab" } else { "E" };
            vec![m(d(s(of), s(by)))]
        };
        Table {
            header: vec![vec![w("winner")], head("w_00"), head("w_01"), head("w_10"), head("w_11")],
            rows: vec![
                line("c_00", ["i_11", "i_10", "i_01", "i_00"]),
                line("c_10", ["i_31", "i_30", "i_21", "i_20"]),
            ],
        }
    };
    Section {
        number: None,
        heading: vec![w("Which cell wins")],
        blocks: vec![
            Block::Text(vec![
                w("The max takes one cell; here is each case. A tie has no derivative, and "),
                Inline::Strong("no case".into()),
                w(" is chosen silently."),
            ]),
            Block::Table(table(true)),
            Block::Text(vec![w("In full:")]),
            Block::Table(table(false)),
        ],
    }
}

/// What the derivation does not show: long rows, escapes, words in tables.
fn by_hand() -> Section {
    let index = |a: Math, b: Math| Math::indexed(crate::expr::Symbol::named("i"), vec![a, b]);
    let affine = |a: &str, m: &str| {
        Math::Sum(vec![(false, mul(vec![n(2), s(a)])), (false, n(1)), (true, s(m))])
    };
    let long = (0..9)
        .map(|k| mul(vec![s(&format!("x_{k}")), s(&format!("w_{k},10"))]))
        .collect::<Vec<_>>();
    let sigmoid = |of: Math| Math::Call(crate::scalar::Function::Sigmoid, Box::new(of));
    Section {
        number: None,
        heading: vec![w("Odds & ends: 100% of {them}")],
        blocks: vec![
            Block::Equations(vec![
                row(
                    Some(s("net_h1")),
                    add(long.clone()),
                    vec![w(
                        "a long sum, with a reason that is long, too, and has to find its place somewhere",
                    )],
                    Some((9, 1)),
                ),
                row(
                    Some(d(
                        pow(add(vec![s("alpha"), sigmoid(mul(long[..4].to_vec()))]), n(2)),
                        add(long[..3].to_vec()),
                    )),
                    frac(n(1), add(vec![n(1), pow(s("x"), q(1, 2))])),
                    vec![w("a long left side")],
                    None,
                ),
                Row {
                    relation: Relation::Approx,
                    ..row(
                        Some(index(affine("a", "m"), affine("b", "n"))),
                        Math::Decimal("1.5e-7".into()),
                        vec![],
                        None,
                    )
                },
                row(
                    Some(Math::Bracket(Box::new(Math::Relation(
                        Box::new(s("r_p")),
                        Relation::Equal,
                        Box::new(s("c_10")),
                    )))),
                    Math::Call(crate::scalar::Function::Abs, Box::new(frac(s("a"), s("b")))),
                    vec![w("Iverson's bracket | bar")],
                    None,
                ),
            ]),
            Block::Table(Table {
                header: vec![vec![w("rule")], vec![w("meaning")], vec![w("lines")]],
                rows: vec![
                    vec![
                        vec![Inline::Code("constant|factor".into())],
                        vec![
                            w(
                                "A factor that does not depend on the variable is taken out of the derivative: ",
                            ),
                            m(d(mul(vec![s("a"), s("x")]), s("x"))),
                            w(" is "),
                            m(mul(vec![s("a"), d(s("x"), s("x"))])),
                            w("."),
                        ],
                        vec![m(n(12))],
                    ],
                    vec![vec![Inline::Code("sum".into())], vec![w("Term by term.")], vec![m(n(7))]],
                ],
            }),
        ],
    }
}
