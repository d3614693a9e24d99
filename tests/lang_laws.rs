//! Laws of the language: what is printed parses to the same thing, and nothing panics, whatever
//! the text.

#[path = "draw/laws.rs"]
mod laws;

use backproof::diag::Span;
use backproof::expr::{ExprId, Graph};
use backproof::lang::{
    Arg, Call, Expr, ExprKind, MAX_ERRORS, Name, Overrides, Statement, Subscript,
    network_of_formula, parse, parse_formula, parse_network, parse_network_with, print,
    print_formula, select,
};
use backproof::net::Role;
use backproof::scalar::Function;
use laws::laws;
use proptest::prelude::*;

const NAMES: [&str; 8] = ["w", "w_fc", "c_10", "η", "input", "loss", "max", "_x1"];
const NUMBERS: [&str; 7] = ["0", "1", "12", "0.5", ".25", "1e-3", "2.50E+7"];

const SOURCES: [&str; 4] = [
    "input  i[4, 4]\nparam  w[2, 2], w_fc\ntarget t\nc = conv(i, w, stride: 2, flip: true)\n\
     r_p = max(c)\nr_fc = w_fc * r_p\nE = (t - r_fc)^2 / 2\nassume r_p = c[1,0]\n\
     given w = [[1, 2], [3, -7/2]]\nloss E\n",
    "const η; param a, b # two\nm = max(a, b, 0); E = (exp(-a)·m − 1e-3)^2^1; assume m = 0",
    "input x[2, 4, 4]\nparam k[3, 2, 3, 3], b[3], W[2, 12], γ[2], β[2]\ntarget t[2]\n\
     h = maxpool(leaky_relu(conv(x, k, b, padding: same), slope: 1e-1), window: [2, 2])\n\
     z = layer_norm(W @ flatten(h) + 0*x[0, 1:3, -1], γ, β, eps: 1e-3)\n\
     E = cross_entropy(z, t)\nF = mean(max(x[:, ::2], axis: [-1], keep: true)*2 - 1)\n\
     c = conv(x, k, padding: [[1, 0], [0, 2]])\np = maxpool(c, window: 3)\n\
     assume p[2, 0, 0] = c[2, 1, 2]\nassume sum(t) = 1\nassume sum(t, axis: 0) = 1\nloss E",
    "input x[3]\nparam k[3]\ny = sigmoid(x*k) + 1\nE = sum(y - x/2)\ngiven x = [.1, 1/3,\n 2]",
];

fn name(text: &'static str) -> Name<'static> {
    Name { text, span: Span::default() }
}

fn expr(kind: ExprKind<'static>) -> Expr<'static> {
    Expr { kind, span: Span::default() }
}

fn any_name() -> impl Strategy<Value = Name<'static>> {
    prop::sample::select(&NAMES[..]).prop_map(name)
}

fn any_subscript() -> impl Strategy<Value = Subscript> {
    let bound = || prop::option::of(-12i64..12);
    prop_oneof![
        (-12i64..12).prop_map(Subscript::At),
        (bound(), bound(), bound()).prop_map(|(start, stop, step)| Subscript::Range {
            start,
            stop,
            step
        }),
    ]
}

fn any_expr() -> impl Strategy<Value = Expr<'static>> {
    let leaf = prop_oneof![
        prop::sample::select(&NAMES[..]).prop_map(|n| expr(ExprKind::Name(n))),
        prop::sample::select(&NUMBERS[..]).prop_map(|n| expr(ExprKind::Number(n))),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let many = || prop::collection::vec(inner.clone(), 2..4);
        let pair = || (inner.clone(), inner.clone()).prop_map(|(a, b)| Box::new([a, b]));
        let arg = (prop::option::of(any_name()), inner.clone())
            .prop_map(|(label, value)| Arg { label, value });
        prop_oneof![
            inner.clone().prop_map(|a| ExprKind::Neg(Box::new(a))),
            many().prop_map(ExprKind::Add),
            many().prop_map(ExprKind::Mul),
            pair().prop_map(ExprKind::Sub),
            pair().prop_map(ExprKind::Div),
            pair().prop_map(ExprKind::Pow),
            pair().prop_map(ExprKind::MatMul),
            many().prop_map(ExprKind::List),
            (inner.clone(), prop::collection::vec(any_subscript(), 1..4))
                .prop_map(|(a, at)| ExprKind::Index(Box::new(a), at)),
            (any_name(), prop::collection::vec(arg, 0..3))
                .prop_map(|(name, args)| ExprKind::Call(Box::new(Call { name, args }))),
        ]
        .prop_map(expr)
    })
}

fn any_statement() -> impl Strategy<Value = Statement<'static>> {
    let role = prop::sample::select(vec![Role::Input, Role::Param, Role::Target, Role::Const]);
    prop_oneof![
        (role, any_name(), prop::collection::vec(0usize..100, 0..3))
            .prop_map(|(role, name, lengths)| Statement::Declare { role, name, lengths }),
        (any_name(), any_expr()).prop_map(|(name, value)| Statement::Define { name, value }),
        (any_name(), any_expr()).prop_map(|(name, value)| Statement::Given { name, value }),
        (prop::option::of(any_expr()), any_expr())
            .prop_map(|(of, value)| Statement::Assume { of, value }),
        any_name().prop_map(|name| Statement::Loss { name }),
    ]
}

/// A graph's expression from a recipe: each entry combines earlier ones.
fn build(g: &mut Graph, recipe: &[(u8, usize, usize, usize)]) -> ExprId {
    let mut made = vec![g.var("x"), g.var("w_00"), g.integer(2)];
    for (kind, a, b, c) in recipe {
        let at = |n: &usize| made[n % made.len()];
        let (a, b, c) = (at(a), at(b), at(c));
        let next = match kind % 14 {
            0 => g.neg(a),
            1 => g.sub(a, b),
            2 => g.div(a, b),
            3 => g.pow(a, b),
            4 => g.add([a, b]),
            5 => g.add([a, b, c]),
            6 => g.mul([a, b]),
            7 => g.mul([a, b, c]),
            8 => g.max([a, b]),
            9 => g.call(Function::ALL[usize::from(*kind) % Function::ALL.len()], a),
            10 => g.number(&"0.125".parse().unwrap()),
            11 => g.number(&"1e-40".parse().unwrap()),
            12 => g.number(&"123456789e30".parse().unwrap()),
            _ => g.var_symbol(backproof::expr::Symbol::element("w", &[0, 10])),
        };
        made.push(next);
    }
    made[made.len() - 1]
}

/// Everything that reads text, on the same text; a panic is the only failure.
fn read_every_way(text: &str) {
    let parsed = parse(text);
    assert!(parsed.errors.len() <= MAX_ERRORS);
    if let Err(error) = parse_network(text) {
        assert!(error.all().count() <= MAX_ERRORS);
        assert!(error.all().all(|e| !e.message().is_empty()));
        assert!(!error.snippet("f", text, false).is_empty());
    }
    let network = parse_network(SOURCES[0]).unwrap();
    let _ = select(&network, text);
    let _ = network_of_formula(text, &[], &Overrides::default());
    let mut g = Graph::new();
    if let Ok(id) = parse_formula(&mut g, text) {
        let printed = print_formula(&g, id);
        assert_eq!(parse_formula(&mut g, &printed), Ok(id));
    }
    let overrides = Overrides::default().with(|o| {
        o.given = vec![text.to_string()];
        o.winners = vec![text.to_string()];
        o.loss = Some(text.to_string());
    });
    let _ = parse_network_with(SOURCES[1], &overrides);
}

proptest! {
    #![proptest_config(laws(256))]

    #[test]
    fn a_printed_network_parses_to_itself(
        statements in prop::collection::vec(any_statement(), 0..5)
    ) {
        let text = print(&statements);
        let parsed = parse(&text);
        prop_assert_eq!(&parsed.errors, &[], "{}", text);
        prop_assert_eq!(&parsed.statements, &statements, "{}", text);
    }

    #[test]
    fn a_printed_formula_parses_to_itself(
        recipe in prop::collection::vec(any::<(u8, usize, usize, usize)>(), 1..12)
    ) {
        let mut g = Graph::new();
        let id = build(&mut g, &recipe);
        let text = print_formula(&g, id);
        match parse_formula(&mut g, &text) {
            Ok(again) => prop_assert_eq!(again, id, "{}", text),
            // A random constant may have no value, or a huge one; nothing else is wrong with it.
            Err(error) => {
                use backproof::diag::Kind::{Domain, Limit};
                prop_assert!(matches!(error.kind(), Domain | Limit), "{}: {:?}", text, error);
            }
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        read_every_way(&text);
    }

    #[test]
    fn no_soup_of_tokens_panics(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "param ", "input ", "given ", "assume ", "loss ", "w", "x_0", "E", "=", "+", "-",
                "*", "/", "^", "(", ")", "[", "]", "{", "}", ",", ":", "\n", ";", "2", "0", "1e9",
                "max", "conv", "stride", "true", "#", "@", "−", "sum", "ln", " ", "softmax", "axis",
                "mse", "dense",
            ]),
            0..30,
        )
    ) {
        read_every_way(&words.concat());
    }

    #[test]
    fn no_damaged_network_panics(
        which in 0..SOURCES.len(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<char>(), 0..3u8), 1..6)
    ) {
        let mut text: Vec<char> = SOURCES[which].chars().collect();
        for (at, c, how) in cuts {
            let at = at.index(text.len());
            match how {
                0 => drop(text.remove(at)),
                1 => text.insert(at, c),
                _ => {
                    let other = text[text.len() - 1 - at];
                    text.insert(at, other);
                }
            }
        }
        read_every_way(&text.into_iter().collect::<String>());
    }
}

#[test]
fn the_sources_of_these_tests_are_right() {
    for text in SOURCES {
        assert_eq!(parse_network(text).err(), None);
        let parsed = parse(text);
        let printed = print(&parsed.statements);
        assert_eq!(parse(&printed).statements, parsed.statements);
    }
}
