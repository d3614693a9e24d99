//! The laws of set formulas. First, of parentheses: what is printed, read by somebody who knows
//! only the usual precedences, has the value of the tree. Then of width, length and depth.

use proptest::prelude::*;

use super::reader::{NAMES, Reader, indexed, marked, of_tree};
use super::sample::{add, d, frac, mul, n, neg, pow, q, s, sub};
use crate::expr::Symbol;
use crate::page::{Big, Block, Math, Page, Relation, Row, Section};
use crate::render::formula::Formula;
use crate::render::tex::{Reader as Audience, Tex};
use crate::render::{MAX_DEPTH, TextStyle, math_latex, math_text, text};
use crate::scalar::Function;

fn trees() -> impl Strategy<Value = Math> {
    let leaf = prop_oneof![
        4 => proptest::sample::select(&NAMES[..]).prop_map(s),
        2 => (-3i64..12).prop_map(n),
        1 => (-5i64..6, 2i64..5).prop_map(|(a, b)| q(a, b)),
        1 => proptest::sample::select(&["0.25", "-2.5"][..]).prop_map(|t| Math::Decimal(t.into())),
        1 => Just(indexed()),
        1 => Just(marked()),
    ];
    leaf.prop_recursive(5, 48, 4, |tree| {
        let boxed = tree.clone().prop_map(Box::new);
        let relation = proptest::sample::select(
            &[
                Relation::Equal,
                Relation::Approx,
                Relation::Becomes,
                Relation::LeadsTo,
                Relation::Greater,
                Relation::AtLeast,
                Relation::Less,
                Relation::AtMost,
                Relation::Differs,
            ][..],
        );
        prop_oneof![
            2 => boxed.clone().prop_map(Math::Neg),
            4 => prop::collection::vec((any::<bool>(), tree.clone()), 0..4).prop_map(Math::Sum),
            4 => prop::collection::vec(tree.clone(), 0..4).prop_map(Math::Product),
            3 => (tree.clone(), tree.clone()).prop_map(|(a, b)| frac(a, b)),
            3 => (tree.clone(), tree.clone()).prop_map(|(a, b)| pow(a, b)),
            2 => (tree.clone(), -2i64..4).prop_map(|(a, k)| pow(a, n(k))),
            3 => (tree.clone(), tree.clone()).prop_map(|(a, b)| d(a, b)),
            1 => boxed.clone().prop_map(Math::Delta),
            2 => (proptest::sample::select(&Function::ALL[..]), boxed.clone())
                .prop_map(|(f, a)| Math::Call(f, a)),
            1 => prop::collection::vec(tree, 1..4).prop_map(Math::Max),
            2 => (proptest::sample::select(&[Big::Sum, Big::Max][..]), boxed.clone())
                .prop_map(|(sign, body)| Math::Big { sign, over: vec![s("m"), s("n")], body }),
            1 => (0..3u32, boxed.clone())
                .prop_map(|(primes, of)| Math::Apply(Symbol::named("phi"), primes, of)),
            1 => (boxed.clone(), relation, boxed)
                .prop_map(|(a, r, b)| Math::Bracket(Box::new(Math::Relation(a, r, b)))),
        ]
    })
}

fn one_row(left: Math, right: Math) -> Page {
    let section = Section {
        number: None,
        heading: Vec::new(),
        blocks: vec![Block::Equations(vec![Row::new(Some(left), right)])],
    };
    Page { title: String::new(), sections: vec![section] }
}

fn has_its_value(tree: &Math) -> Result<(), TestCaseError> {
    if let Some(value) = of_tree(tree) {
        let inline = Tex::inline(tree, Audience::Latex).one_line();
        for printed in [math_text(tree, false), math_latex(tree), inline] {
            prop_assert_eq!(Reader::read(&printed), Ok(value), "{}", printed);
        }
    }
    Ok(())
}

/// What a draw once found.
#[test]
fn a_bracket_around_a_relation_in_a_sum_has_its_value() {
    let relation = Math::Relation(Box::new(s("x")), Relation::LeadsTo, Box::new(s("x")));
    let tree = Math::Sum(vec![(false, Math::Bracket(Box::new(relation)))]);
    has_its_value(&tree).unwrap();
}

proptest! {
    #![proptest_config(crate::laws::laws(400))]

    #[test]
    fn what_is_printed_has_the_value_of_the_tree(tree in trees()) {
        has_its_value(&tree)?;
    }

    #[test]
    fn a_line_is_no_wider_than_the_page_and_ends_in_no_space(
        left in trees(), right in trees(), width in 40usize..120, unicode: bool,
    ) {
        let unbreakable = [&left, &right].map(|math| Formula::new(math, unicode).narrowest());
        // The sign stands before a right side; a broken left side is indented.
        let limit = width.max(unbreakable[0].max(unbreakable[1]) + 7);
        let text = text(&one_row(left, right), &TextStyle { width, unicode, colour: false });
        prop_assert!(unicode || text.is_ascii());
        for line in text.lines() {
            let columns = unicode_width::UnicodeWidthStr::width(line);
            prop_assert!(columns <= limit, "{columns}: {line}");
            prop_assert!(!line.ends_with(' '), "{line:?}");
        }
    }
}

#[test]
fn parentheses_stand_where_a_book_puts_them() {
    let (a, b, c, w, x, z) = (s("a"), s("b"), s("c"), s("w"), s("x"), s("z"));
    let cases = [
        (neg(add(vec![a.clone(), b.clone()])), "−(a + b)"),
        (mul(vec![neg(a.clone()), b.clone()]), "(−a)·b"),
        (mul(vec![a.clone(), neg(b.clone())]), "a·(−b)"),
        (neg(mul(vec![a.clone(), b.clone()])), "−a·b"),
        (frac(frac(a.clone(), b.clone()), c.clone()), "(a/b)/c"),
        (frac(a.clone(), frac(b.clone(), c.clone())), "a/(b/c)"),
        (frac(mul(vec![a.clone(), b.clone()]), c.clone()), "a·b/c"),
        (frac(a.clone(), mul(vec![b.clone(), c.clone()])), "a/(b·c)"),
        (pow(q(1, 2), n(2)), "(1/2)²"),
        (pow(neg(a.clone()), n(2)), "(−a)²"),
        (neg(pow(a.clone(), n(2))), "−a²"),
        (pow(pow(a.clone(), n(2)), n(3)), "(a²)³"),
        (pow(a.clone(), n(-1)), "a⁻¹"),
        (pow(a.clone(), q(1, 2)), "a^(1/2)"),
        (mul(vec![n(2), q(1, 2)]), "2 · (1/2)"),
        (mul(vec![q(1, 2), a.clone()]), "1/2 · a"),
        (d(mul(vec![w, x.clone()]), s("w")), "∂(w·x)/∂w"),
        (d(pow(z.clone(), n(2)), z.clone()), "∂z²/∂z"),
        (pow(d(z.clone(), x.clone()), n(2)), "(∂z/∂x)²"),
        (mul(vec![a.clone(), frac(b.clone(), c.clone()), x.clone()]), "a · (b/c) · x"),
        (mul(vec![a.clone(), d(z.clone(), x.clone())]), "a · ∂z/∂x"),
        (frac(d(z.clone(), x.clone()), a.clone()), "(∂z/∂x)/a"),
        (d(z, pow(x, n(2))), "∂z/∂(x²)"),
        (sub(a.clone(), sub(b.clone(), c.clone())), "a − (b − c)"),
        (sub(sub(a.clone(), b.clone()), c.clone()), "a − b − c"),
        (add(vec![a.clone(), n(-1)]), "a + (−1)"),
        (mul(vec![a, mul(vec![b, c])]), "a·b·c"),
    ];
    for (math, printed) in cases {
        assert_eq!(math_text(&math, true), printed);
    }
}

#[test]
fn names_are_set_as_mathematics_writes_them() {
    let set = |name: &str| {
        let math = s(name);
        (math_text(&math, true), math_text(&math, false), math_latex(&math))
    };
    let row = |a: &str, b: &str, c: &str| (a.to_string(), b.to_string(), c.to_string());
    assert_eq!(set("w_00"), row("w₀₀", "w_00", "w_{00}"));
    assert_eq!(set("w_0,10"), row("w₀,₁₀", "w_{0,10}", "w_{0,10}"));
    assert_eq!(set("w_fc"), row("w_fc", "w_fc", "w_{\\mathrm{fc}}"));
    assert_eq!(set("w_fc_00"), row("w_fc₀₀", "w_fc_00", "w_{\\mathrm{fc},00}"));
    assert_eq!(set("r_p"), row("r_p", "r_p", "r_p"));
    assert_eq!(set("eta"), row("η", "eta", "\\eta"));
    assert_eq!(set("w_alpha"), row("w_α", "w_alpha", "w_{\\alpha}"));
    assert_eq!(set("net_h1"), row("net_h1", "net_h1", "\\mathit{net}_{\\mathrm{h1}}"));
    assert_eq!(set("é"), row("é", "e", "\\text{é}"));
    assert_eq!(set("Ж"), row("Ж", "U+0416", "\\text{U+0416}"));
    assert_eq!(math_text(&indexed(), true), "i_{2a+1−m, b}");
    let z = Math::indexed(Symbol::named("z"), vec![s("i"), s("j")]);
    assert_eq!((math_text(&z, true), math_latex(&z)), ("z_ij".into(), "z_{ij}".into()));
}

#[test]
fn a_sum_of_a_hundred_thousand_terms_is_set() {
    let sum = add((0..100_000).map(|k| mul(vec![s(&format!("x_{k}")), s("w")])).collect());
    let page = one_row(s("y"), sum);
    let text = text(&page, &TextStyle::default());
    assert!(text.lines().count() > 10_000 && text.contains("x₉₉₉₉₉·w"));
    assert!(crate::render::markdown(&page).contains("x_{99999}"));
}

#[test]
fn a_formula_too_deep_to_read_ends_in_an_ellipsis() {
    let mut math = s("x");
    for _ in 0..200 {
        math = Math::Call(Function::Sigmoid, Box::new(frac(n(1), math)));
    }
    assert_eq!(math_text(&math, true).matches('σ').count(), MAX_DEPTH / 2);
    assert!(math_text(&math, false).ends_with(&format!("...{}", ")".repeat(MAX_DEPTH / 2))));
    assert!(math_latex(&math).contains("\\ldots"));
    let lines = text(&one_row(s("y"), math), &TextStyle::default());
    assert!(lines.contains('…'));
    // Sums and products that lean to the left are one level, however long.
    let mut math = s("x");
    for _ in 0..500 {
        math = sub(math, s("y"));
    }
    assert_eq!(math_text(&math, true).matches('y').count(), 500);
}

#[test]
fn long_formulas_break_outside_parentheses_first() {
    let pair = |k: usize| mul(vec![s(&format!("alpha_{k}")), add(vec![s("x"), s("y"), s("z")])]);
    let text = text(
        &one_row(s("E"), add((0..5).map(pair).collect())),
        &TextStyle { width: 44, ..TextStyle::default() },
    );
    assert_eq!(
        text,
        "  E = α₀·(x + y + z) + α₁·(x + y + z)\n      \
         + α₂·(x + y + z) + α₃·(x + y + z)\n      + α₄·(x + y + z)\n"
    );
}
