//! The language: what the article's network parses to, what each mistake is answered with, the
//! limits, and the laws (parse ∘ print = identity; no input panics).

use backproof::diag::{Error, Kind};
use backproof::expr::{Graph, Node};
use backproof::lang::{
    self, Overrides, Selection, network_of_formula, parse_formula, parse_network,
    parse_network_with, print_formula, select,
};
use backproof::net::{Builder, Network, Op, Range, Role, Shape, Window};
use backproof::scalar::Rational;

const ARTICLE: &str = "
input  i[4, 4]
param  w[2, 2], w_fc
target t

c    = conv(i, w, stride: 2, flip: true)
r_p  = max(c)
r_fc = w_fc * r_p
E    = (t - r_fc)^2 / 2
";

const SCALARS: &str = "
input i_00, i_01, i_02, i_03, i_10, i_11, i_12, i_13
input i_20, i_21, i_22, i_23, i_30, i_31, i_32, i_33
param w_00, w_01, w_10, w_11, w_fc
target t
c_00 = i_00*w_11 + i_10*w_01 + i_01*w_10 + i_11*w_00
c_01 = i_02*w_11 + i_12*w_01 + i_03*w_10 + i_13*w_00
c_10 = i_20*w_11 + i_30*w_01 + i_21*w_10 + i_31*w_00
c_11 = i_22*w_11 + i_32*w_01 + i_23*w_10 + i_33*w_00
r_p = max(c_00, c_01, c_10, c_11)
r_fc = w_fc*r_p
E = (t - r_fc)^2/2
assume r_p = c_10
";

fn op<'n>(network: &'n Network, name: &str) -> &'n Op {
    let node = network.quantity(network.find(name).unwrap()).node;
    match &network.node(node).op {
        Op::Define(_, value) => &network.node(*value).op,
        leaf => leaf,
    }
}

fn refused(text: &str) -> Error {
    match parse_network(text) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => {
            assert!(error.all().count() <= lang::MAX_ERRORS);
            error
        }
    }
}

/// The messages of every error, in order.
fn messages(text: &str) -> Vec<String> {
    refused(text).all().map(|e| e.message().to_string()).collect()
}

/// The one message that `text` after some declarations is answered with.
fn message(text: &str) -> String {
    let text = format!("input x[4, 4], v[3], s\nparam w[2, 2]\n{text}\nE = s^2");
    let all = messages(&text);
    assert_eq!(all.len(), 1, "{all:?}");
    all.into_iter().next().unwrap()
}

#[test]
fn the_articles_network_parses() {
    let network = parse_network(ARTICLE).unwrap();
    assert_eq!(network.quantity(network.loss()).name, "E");
    let params: Vec<&str> = network.params().map(|p| network.quantity(p).name.as_str()).collect();
    assert_eq!(params, ["w", "w_fc"]);
    let Op::Conv { window, .. } = op(&network, "c") else { panic!("c is a conv") };
    assert_eq!(*window, Window { stride: vec![2, 2], flip: true, ..Window::plain(2) });
    assert_eq!(network.shape(network.find("c").unwrap()).lengths(), [2, 2]);
    assert!(matches!(op(&network, "r_p"), Op::Max(..)));
    assert!(matches!(op(&network, "E"), Op::Div(..)));
    assert_eq!(network.quantity(network.find("t").unwrap()).role, Role::Target);
    for tensor in network.nodes() {
        tensor.op.for_operands(|o| assert!(o.index() < network.nodes().len()));
    }
}

#[test]
fn the_article_in_scalars_parses() {
    let network = parse_network(SCALARS).unwrap();
    let Op::MaxOf(cells) = op(&network, "r_p") else { panic!("r_p is a max") };
    assert_eq!(cells.len(), 4);
    assert!(matches!(op(&network, "c_00"), Op::Add(terms) if terms.len() == 4));
    assert_eq!(network.assumptions()[0].winner, 2);
}

#[test]
fn names_of_elements_mean_elements_unless_they_are_names() {
    let network = parse_network("param w[2, 2]\na = w_01 + w[0, 1]\nE = a*w_10").unwrap();
    let Op::Add(terms) = op(&network, "a") else { panic!("a is a sum") };
    assert_eq!(terms[0], terms[1]);
    // Two digits for a vector: no element, so a name of its own.
    let network = parse_network("param w[2], w_01\nE = w_1*w_01").unwrap();
    let Op::Mul(factors) = op(&network, "E") else { panic!("E is a product") };
    assert!(matches!(network.node(factors[0]).op, Op::Element(..)));
    assert!(matches!(network.node(factors[1]).op, Op::Leaf(_)));
}

#[test]
fn an_element_and_a_scalar_may_not_be_the_same_symbol() {
    let expected = ["`w_00` and the element w[0, 0] print alike"];
    assert_eq!(messages("param w[2, 2], w_00\nE = w_00^2"), expected);
    assert_eq!(messages("param w_00, w[2, 2]\nE = 2*w_00"), expected);
    assert!(parse_network("param w[2, 2], w_55\nE = w_55*w_00").is_ok());
}

#[test]
fn sums_and_products_are_flat_and_a_difference_of_two_is_one() {
    let mut g = Graph::new();
    let mut node = |text: &str| {
        let id = parse_formula(&mut g, text).unwrap();
        (g.node(id), g.children(id).len(), print_formula(&g, id))
    };
    assert!(matches!(node("a - b"), (Node::Sub(..), 2, _)));
    assert!(matches!(node("a + b - c + d"), (Node::Add(_), 4, _)));
    assert!(matches!(node("a - b - c"), (Node::Add(_), 3, _)));
    assert!(matches!(node("(a - b) - c"), (Node::Sub(..), 2, _)));
    assert!(matches!(node("a*b*c"), (Node::Mul(_), 3, _)));
    assert!(matches!(node("-a*b"), (Node::Neg(_), 1, _)));
    assert!(matches!(node("-x^2"), (Node::Neg(_), 1, _)));
    assert!(matches!(node("-a - b"), (Node::Sub(..), 2, _)));
    let (mul, factors, _) = node("a*b/c*d");
    assert!(matches!((mul, factors), (Node::Mul(_), 2)));
    assert_eq!(node("a^b^c"), node("a^(b^c)"));
    assert_eq!(node("a·b×c − d"), node("a*b*c - d"));
    assert_eq!(node("a * -b").2, "a*(-b)");
    assert_eq!(node("2^-x^2").2, "2^(-x^2)");
    assert_eq!(node("a + -b").2, "a + (-b)");
    assert_eq!(node("((a))/(b*c)").2, "a/(b*c)");
    assert_eq!(node("w[0, 10] + w[0, 1]").2, "w[0, 10] + w[0, 1]");
}

#[test]
fn statements_may_share_a_line_or_span_several() {
    let network = parse_network(
        "param w[2,\n  2] # a comment [ with a bracket\ngiven w = [[1, 2], # one row\n [3, 4]]; \
         a = sum(w); E = a^2",
    )
    .unwrap();
    let values = &network.values()[&network.find("w").unwrap()];
    assert_eq!(values.iter().map(|v| v.to_string()).collect::<Vec<_>>(), ["1", "2", "3", "4"]);
}

#[test]
fn keywords_are_names_before_an_equals_sign() {
    let network = parse_network("input input\ntarget target\nloss = (target - input)^2\nloss loss");
    assert_eq!(network.map(|n| n.quantity(n.loss()).name.clone()), Ok("loss".to_string()));
}

#[test]
fn values_are_exact() {
    let text = "param a, b, c, d[2]\nE = a\ngiven a = 0.1, b = -7/2, c = 1e-3\ngiven d = [−3, .5]";
    let network = parse_network(text).unwrap();
    let shown: Vec<String> = network.values().values().flatten().map(|v| v.to_string()).collect();
    assert_eq!(shown, ["1/10", "-7/2", "1/1000", "-3", "1/2"]);
}

#[test]
fn winners_are_found_by_any_name() {
    let winner = |text: &str| {
        let network = parse_network(text)?;
        Ok::<usize, Error>(network.assumptions()[0].winner)
    };
    for assume in ["assume r_p = c[1,0]", "assume r_p = c_10", "assume c_10", "assume c[1, 0]"] {
        assert_eq!(winner(&format!("{ARTICLE}{assume}")), Ok(2), "{assume}");
    }
    assert_eq!(winner("param a, b\nr = max(a, b, 0)\nE = r\nassume r = 0"), Ok(2));
    assert_eq!(winner("param c[2]\na = c[1]\nr = max(c)\nE = r\nassume r = a"), Ok(1));
    assert_eq!(winner("param c[2]\nr = max(0, c[1])\nE = r\nassume c_1"), Ok(1));
}

#[test]
fn a_wrong_winner_is_refused() {
    let with = |assume: &str| {
        let all: Vec<String> = messages(&format!("{ARTICLE}{assume}"));
        assert_eq!(all.len(), 1, "{all:?}");
        all.into_iter().next().unwrap()
    };
    assert_eq!(with("assume r_fc = c_10"), "`r_fc` is no max");
    assert_eq!(with("assume r_p = c[2, 0]"), "`c` is 2×2 and has no element [2, 0]");
    assert_eq!(with("assume r_p = w[0, 0]"), "`w[0, 0]` is no argument of the max `r_p`");
    assert_eq!(with("assume w_00"), "no max has the argument `w_00`");
    assert_eq!(with("assume r_p = 1 + 1"), "expected the name of an argument, found `1 + 1`");
    assert_eq!(with("r_q = max(c)\nF = r_q\nassume c_10"), "2 maxima have the argument `c_10`");
    assert_eq!(with("assume c_10\nassume r_p = c_00"), "the winner of this max is assumed twice");
}

#[test]
fn names_are_checked() {
    assert_eq!(message("a = w_fd"), "nothing is called `w_fd`");
    assert_eq!(message("a = convv(x, w)"), "there is no function `convv`");
    assert_eq!(message("a = s + a"), "`a` is used in its own definition");
    assert_eq!(
        messages("param s, t\nt = z\nE = s"),
        ["`t` is defined twice", "nothing is called `z`"]
    );
    assert_eq!(refused("param w\ne = W").hints(), ["names tell capitals apart: did you mean `w`?"]);
    assert!(refused("param w\ne = q").hints()[0].starts_with("declare it"));
    assert_eq!(message("a = b\nb = s"), "`b` is used before it is defined");
    assert_eq!(message("a = b_0\nb = v"), "`b` is used before it is defined");
    assert_eq!(message("x = s"), "`x` is defined twice");
    assert_eq!(message("a = conv(x, w, strid: 2)"), "conv has no option `strid`");
    assert_eq!(message("a = max(x, values: x)"), "max has no option `values`");
    assert_eq!(message("a = conv(x, w, flip: true, flip: false)"), "`flip` is set twice");
    assert_eq!(message("loss F"), "nothing is called `F`");
    assert_eq!(refused("param w\nE = w_fc").hints().len(), 1);
    assert_eq!(refused("param alpha\nE = alpa").hints(), ["did you mean `alpha`?"]);
    assert_eq!(refused("param c\nE = maxx(c, 0)").hints(), ["did you mean `max`?"]);
}

#[test]
fn shapes_are_checked() {
    assert_eq!(
        message("a = x + w"),
        "`+` needs shapes that broadcast, and `x` is 4×4 but `w` is 2×2"
    );
    assert_eq!(message("a = w[0, 0, 0]"), "`w` is 2×2 and takes 2 indices, found 3");
    assert_eq!(message("a = w[0, -3]"), "`w` is 2×2 and has no element [0, -3]");
    assert_eq!(message("a = w[1:3]"), "`w` is 2×2 and has no part [1:3]");
    assert_eq!(message("a = w[:, 1:1]"), "`w` is 2×2 and has no part [:, 1:1]");
    assert_eq!(message("a = s[:]"), "`s` is a scalar and has no elements");
    assert_eq!(message("a = v[:, 0]"), "`v` is a vector of 3 and takes 1 index, found 2");
    assert_eq!(
        message("a = x @ v"),
        "`@`: `x` is 4×4 and `v` is a vector of 3, so 4 columns meet 3 rows"
    );
    assert_eq!(message("a = v[0, 1]"), "`v` is a vector of 3 and takes 1 index, found 2");
    assert_eq!(message("a = w[0, 2]"), "`w` is 2×2 and has no element [0, 2]");
    assert_eq!(message("a = w_02"), "`w` is 2×2 and has no element [0, 2]");
    assert_eq!(message("a = s[0]"), "`s` is a scalar and has no elements");
    assert_eq!(message("a = max(s)"), "max of one scalar is the scalar itself");
    assert_eq!(
        message("a = max(x, s)"),
        "max: element by element, all have the same shape; `x` is 4×4 and `s` is a scalar"
    );
    assert_eq!(
        message("a = conv(v, w)"),
        "conv: the input of a kernel with 2 axes must have 2 axes, and `v` is a vector of 3"
    );
    assert_eq!(message("a = conv(w, x)"), "conv: the 4×4 kernel is larger than the 2×2 input");
    assert_eq!(
        message("a = conv(w, x, padding: [0, 1])"),
        "conv: the 4×4 kernel is larger than the 2×2 input, 2×4 with its padding"
    );
    assert_eq!(
        message("a = conv(x)"),
        "conv takes 2 or 3 arguments (input, kernel, bias?), found 1"
    );
    assert_eq!(message("a = relu(x, w)"), "relu takes 1 argument (x), found 2");
    assert_eq!(message("a = max()"), "max takes at least 1 argument, found 0");
    for stride in ["0", "-1", "1.5", "true", "[1]", "[1, 0]", "1e400"] {
        let said = message(&format!("a = conv(x, w, stride: {stride})"));
        assert!(said.contains("stride") || said.contains("±308"), "{said}");
    }
    assert_eq!(
        message("a = conv(x, w, flip: 1)"),
        "conv: `flip` must be `true` or `false`, found `1`"
    );
    assert_eq!(message("loss x"), "the loss `x` has no definition");
    assert_eq!(message("a = x*2\nloss a"), "the loss must be a scalar, and `a` is 4×4");
    assert_eq!(message("a = [1, 2]"), "a list is no value here");
    assert_eq!(message("input n[0]"), "every axis must have at least 1 element");
    assert_eq!(
        messages("param w[2]\na = 2*w"),
        ["no definition is a scalar, so there is no loss to differentiate"]
    );
}

#[test]
fn parts_of_a_tensor_are_taken_as_in_numpy() {
    let of = |part: &str| {
        let network = parse_network(&format!("param x[4, 6]\na = x{part}\nE = sum(a*1 + 0)"));
        let network = network.unwrap_or_else(|e| panic!("{part}: {e}"));
        let a = network.find("a").unwrap();
        (network.shape(a).lengths().to_vec(), op(&network, "a").clone())
    };
    let range = |start, step, count| Range { start, step, count };
    assert_eq!(of("[1]").0, [6]);
    assert_eq!(of("[:, -1]").0, [4]);
    assert_eq!(of("[1:3, 0]").0, [2]);
    assert!(matches!(of("[1:3, 0]").1, Op::Reshape(_)));
    assert_eq!(of("[:2, 1::3]").0, [2, 2]);
    let Op::Slice(_, ranges) = of("[::2, -3:]").1 else { panic!("a slice") };
    assert_eq!(ranges, [range(0, 2, 2), range(3, 1, 3)]);
    assert_eq!(of("[:, :]").0, [4, 6]);
    // An element is one however it is written.
    let text = "param x[4, 6]\na = x[-1, -6] + x[3, 0] + x_30\nE = a";
    let network = parse_network(text).unwrap();
    let Op::Add(terms) = op(&network, "a") else { panic!("a is a sum") };
    assert!(terms.iter().all(|t| t == &terms[0]));
}

#[test]
fn a_matrix_product_binds_like_a_product() {
    let shape = |formula: &str| {
        let text = format!("param A[2, 3], B[3, 2], v[3], s\na = {formula}\nE = sum(a)");
        let network = parse_network(&text).unwrap_or_else(|e| panic!("{formula}: {e}"));
        network.shape(network.find("a").unwrap()).lengths().to_vec()
    };
    assert_eq!(shape("A @ v"), [2]);
    assert_eq!(shape("A @ B @ A + s*A @ B @ A"), [2, 3]);
    assert_eq!(shape("-2*A @ v / s"), [2]);
    assert_eq!(shape("transpose(v) @ B"), [2]);
    assert_eq!(shape("matmul(A, B)^2 @ (A @ v)"), [2]);
    let network = parse_network("param A[2, 2], v[2], s\na = s*A @ v\nE = sum(a)").unwrap();
    assert!(matches!(op(&network, "a"), Op::MatMul(..)), "(s·A) @ v, from left to right");
}

#[test]
fn one_element_of_a_pooling_or_a_max_has_its_winner() {
    let text = "input c[4, 4]\nparam w\np = maxpool(w*c)\nq = c*w\nr = max(q, axis: -1, keep: \
                true)\nu = maxpool(q, window: 3, stride: 1)\nE = sum(p) + sum(r) + sum(u)\n";
    let decided = |assume: &str| {
        let network = parse_network(&format!("{text}{assume}"))?;
        let all = network.assumptions().iter();
        Ok::<_, Error>(all.map(|a| (a.element, a.winner)).collect::<Vec<_>>())
    };
    assert_eq!(decided("assume r[2, 0] = q[2, 3]"), Ok(vec![(2, 11)]));
    assert_eq!(decided("assume r_20 = q_23, u_01 = q[0, -1]"), Ok(vec![(2, 11), (1, 3)]));
    let message = |assume: &str| decided(assume).unwrap_err().message().to_string();
    assert_eq!(message("assume r = q_23"), "`r` is 4×1, each element a max of its own");
    assert_eq!(message("assume r_20 = q_13"), "`q_13` is no argument of the max `r_20`");
    assert_eq!(message("assume u_00 = q_03"), "`q_03` is no argument of the max `u_00`");
    assert_eq!(message("assume q_11"), "5 maxima have the argument `q_11`");
    assert_eq!(message("assume p_00 = c_00"), "`c_00` is no argument of the max `p_00`");
    let overrides = Overrides::default().with(|o| o.winners = vec!["r[2, 0] = q[2, 1]".into()]);
    let both = format!("{text}assume r_20 = q_23, r_10 = q_10");
    let network = parse_network_with(&both, &overrides).unwrap();
    let winners: Vec<usize> = network.assumptions().iter().map(|a| a.winner).collect();
    assert_eq!(winners, [9, 4]);
}

#[test]
fn a_target_may_be_a_distribution() {
    let text = "param z[2, 3]\ntarget t[2, 3]\nE = cross_entropy(z, t)\n";
    let axes = |assume: &str| {
        let network = parse_network(&format!("{text}{assume}"))?;
        Ok::<_, Error>(network.normalised().iter().map(|n| n.axes.clone()).collect::<Vec<_>>())
    };
    assert_eq!(axes("assume sum(t) = 1"), Ok(vec![vec![0, 1]]));
    assert_eq!(axes("assume sum(t, axis: -1) = 1, sum(t, axis: 1) = 1"), Ok(vec![vec![1]]));
    let message = |assume: &str| axes(assume).unwrap_err().message().to_string();
    let other = "of a sum it can be assumed that it is 1, and of a quantity by its name";
    assert_eq!(message("assume sum(t) = 2"), other);
    assert_eq!(message("assume sum(t*t) = 1"), other);
    assert_eq!(
        message("assume sum(E) = 1"),
        "`E` has a definition, so what it sums to is not free"
    );
    assert_eq!(message("assume sum(t, axis: 2) = 1"), "sum: `t` is 2×3 and has no axis 2");
    assert_eq!(message("assume sum(t, axes: 1) = 1"), "sum has no option `axes`");
    assert_eq!(
        message("assume sum(t, axis: 1) = 1\ngiven t = [[0, 1, 0], [1/2, 0, 0]]"),
        "`t` is assumed to sum to 1, and its values sum to 1/2"
    );
    // `--winner none` drops winners, and this is none.
    let dropped = Overrides::default().with(|o| o.drop_assumptions = true);
    let network = parse_network_with(&format!("{text}assume sum(t) = 1"), &dropped).unwrap();
    assert_eq!(network.normalised().len(), 1);
}

/// What each row makes of some shapes: as PyTorch, or NumPy, would.
#[test]
fn layers_have_pytorchs_shapes() {
    let shape = |call: &str| {
        let text = format!(
            "input x[2, 4, 6, 6], v[8], m[5, 8], W[3, 8]\nparam k[6, 2, 3, 3], k1[3, 4, 2], b[6], \
             g[4], h[8], d[3]\na = {call}\nE = sum(v)"
        );
        let network = parse_network(&text).unwrap_or_else(|e| panic!("{call}: {e}"));
        network.shape(network.find("a").unwrap()).lengths().to_vec()
    };
    assert_eq!(shape("conv(x, k, b, groups: 2, stride: [2, 1])"), [2, 6, 2, 4]);
    assert_eq!(shape("conv(x, k, groups: 2, padding: same, stride: 4)"), [2, 6, 2, 2]);
    assert_eq!(shape("conv(x, k, groups: 2, padding: [[1, 2], [0, 1]])"), [2, 6, 7, 5]);
    assert_eq!(shape("conv(x[:, :, 0], k1, d, dilation: 2)"), [2, 3, 4]);
    assert_eq!(shape("conv(x[0, :, 0], k1, bias: d)"), [3, 5]);
    assert_eq!(shape("maxpool(x)"), [2, 4, 3, 3]);
    assert_eq!(shape("maxpool(x, window: 3, stride: 2, padding: 1)"), [2, 4, 3, 3]);
    assert_eq!(shape("maxpool(x, window: [2])"), [2, 4, 6, 3]);
    assert_eq!(shape("avgpool(v, window: 3, padding: 1, count_padding: false)"), [3]);
    assert_eq!(shape("global_avgpool(x)"), [2, 4]);
    assert_eq!(shape("global_maxpool(m)"), [0usize; 0]);
    assert_eq!(shape("dense(v, W, d)"), [3]);
    assert_eq!(shape("dense(m, W)"), [5, 3]);
    assert_eq!(shape("batch_norm(x, g, g)"), [2, 4, 6, 6]);
    assert_eq!(shape("layer_norm(m, h, h, eps: 0.001)"), [5, 8]);
    assert_eq!(shape("softmax(m, axis: 0)"), [5, 8]);
    assert_eq!(shape("concat(m, W, axis: 0)"), [8, 8]);
    assert_eq!(shape("reshape(v, shape: [2, -1])"), [2, 4]);
    assert_eq!(shape("dropout(m, m, rate: 1/4)"), [5, 8]);
    assert_eq!(shape("cross_entropy(m, 2*m)"), [0usize; 0]);
}

#[test]
fn floors_are_no_errors() {
    let network = parse_network("input x[4, 4]\nparam k[3, 3]\nE = sum(conv(x, k, stride: 2))");
    assert!(network.is_ok());
    let text = "input x[4, 6]\nparam k[3, 3]\nE = sum(a)\n"
        .replace("E", "a = conv(kernel: k, x, stride: [2, 1], padding: 1)\nE");
    let network = parse_network(&text).unwrap();
    assert_eq!(network.shape(network.find("a").unwrap()).lengths(), [2, 6]);
}

#[test]
fn values_are_checked() {
    assert_eq!(message("given y = 1"), "nothing is called `y`");
    assert_eq!(
        message("a = s\ngiven a = 1"),
        "`a` has a definition, so it cannot be given a value as well"
    );
    assert_eq!(message("given s = [1]"), "`s` is a scalar, and the value given is a vector of 1");
    assert_eq!(
        message("given w = [[1, 2], [3]]"),
        "this list is ragged: its first item is a vector of 2 and this one is a vector of 1"
    );
    assert_eq!(
        message("given w = [1, 2, 3, 4]"),
        "`w` is 2×2, and the value given is a vector of 4"
    );
    assert_eq!(message("given s = NaN"), "`NaN` cannot be given: only exact finite numbers can");
    assert_eq!(message("given s = -inf"), "`inf` cannot be given: only exact finite numbers can");
    assert_eq!(message("given s = 1/0"), "this is no number: division by zero");
    assert_eq!(message("given s = 2*3"), "expected a number, found `2*3`");
    assert_eq!(
        message("given w_00 = 1"),
        "`w_00` is an element; values are given to whole tensors"
    );
    assert_eq!(message("given s = 1\ngiven s = 2"), "`s` is given twice");
}

#[test]
fn syntax_errors_say_what_was_expected() {
    assert_eq!(message("a = s +"), "expected a number, a name or `(`, found the end of the line");
    assert_eq!(message("a = s ** 2"), "expected a number, a name or `(`, found `*`");
    assert_eq!(
        message("a = 2 s"),
        "expected an operator or the end of the line, found the name `s`"
    );
    assert_eq!(message("a = (s + 1"), "this `(` is never closed");
    assert_eq!(message("a = (s + 1]"), "expected `)`, found `]`");
    assert_eq!(
        message("a = conv(x, w, stride = 2)"),
        "expected an operator, `,` or `)`, found `=`"
    );
    assert_eq!(message("a == s"), "expected a number, a name or `(`, found `=`");
    assert_eq!(message("s + 1"), "expected `=` after the name `s`, found `+`");
    assert_eq!(message("imput y"), "no statement begins with `imput`");
    assert_eq!(
        message("a = w[s, 0]"),
        "expected an index (a whole number) or a range such as 1:3, found the name `s`"
    );
    assert_eq!(message("a = w[-, 0]"), "expected a whole number, found `,`");
    assert_eq!(message("a = {s}"), "expected a number, a name or `(`, found `{`");
    assert_eq!(message("a = 1."), "`.` is no part of the language");
    assert_eq!(messages(""), ["nothing is defined, so there is nothing to derive"]);
    assert_eq!(messages("param w, x[3]"), ["nothing is defined, so there is nothing to derive"]);
}

#[test]
fn several_errors_are_reported_in_one_run_and_none_twice() {
    let all = messages(
        "input x[4, 4\nparam w[2, 2]\na = conv(x, w\nb = max(a)\nc = q*q + 1\nd = c\nE = w[0, 0, 0]\n",
    );
    assert_eq!(
        all,
        [
            "this `[` is never closed",
            "this `(` is never closed",
            "nothing is called `q`",
            "`w` is 2×2 and takes 2 indices, found 3",
        ]
    );
    let many: String = (0..100).map(|n| format!("a{n} = z{n}\n")).collect();
    assert_eq!(messages(&many).len(), lang::MAX_ERRORS);
}

#[test]
fn constants_are_limited() {
    assert_eq!(message("a = 2^2^2^2^2"), "the exponent 65536 is beyond ±1000");
    assert_eq!(message("n = 1001\na = s^(-n)"), "the exponent -1001 is beyond ±1000");
    assert_eq!(message("a = (10^300)^1000"), "the value of this constant has more than 4096 bits");
    assert_eq!(message("a = s/(1 - 1)"), "this divides by 0, whatever the values are");
    assert_eq!(message("a = ln(-1)"), "this constant has no value: ln is not defined there");
    assert_eq!(message("a = 1e400"), "the exponent of this number is beyond ±308");
    assert!(parse_network("param x, y\nE = x^y + 2^(1/2) + exp(1)^x + x^1000").is_ok());
    let mut g = Graph::new();
    let error = parse_formula(&mut g, "2^2^2^2^2").unwrap_err();
    assert_eq!(error.message(), "the exponent 65536 is beyond ±1000");
}

#[test]
fn sizes_are_limited() {
    let kind = |text: &str| refused(text).kind();
    assert_eq!(kind(&"(".repeat(100_000)), Kind::Syntax);
    for text in [
        format!("E = {}1{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("E = {}1", "(".repeat(100_000)),
        format!("E = {}1", "[".repeat(100_000)),
        format!("E = {}1", "-".repeat(100_000)),
        format!("E = {}1", "max(".repeat(100_000)),
        format!("E = 1{}", "^2".repeat(100_000)),
        format!("E = 1{}", "/2".repeat(100_000)),
        format!("param w[2]\nE = w{}", "[0]".repeat(100_000)),
    ] {
        let error = refused(&text);
        assert_eq!(error.message(), "this is nested more than 200 levels deep");
        assert!(error.snippet("f", &text, false).len() < 2000);
    }
    assert_eq!(kind("input x[2000, 2000]\nE = sum(x)"), Kind::Limit);
    assert_eq!(kind("input x[1, 1, 1, 1, 1, 1, 1, 1, 1]\nE = sum(x)"), Kind::Limit);
    let huge = "input x[1000, 1000]\nparam w[500, 500]\nE = sum(conv(x, w))";
    assert_eq!(
        messages(huge),
        ["the network stands for more than 268435456 operations on scalars"]
    );
    let padded = "input x[4, 4]\nparam w[2, 2]\nE = sum(conv(x, w, padding: 4294967295))";
    assert_eq!(kind(padded), Kind::Limit);
    assert_eq!(kind(&" ".repeat(lang::MAX_SOURCE_BYTES + 1)), Kind::Limit);
    assert_eq!(kind(&"1 ".repeat(lang::MAX_TOKENS + 1)), Kind::Limit);
}

#[test]
fn nesting_up_to_the_limit_is_fine() {
    let deep = |n: usize| format!("param x\nE = {}x{}", "(1 + ".repeat(n), ")".repeat(n));
    assert!(parse_network(&deep(lang::MAX_NESTING - 1)).is_ok());
    let calls = |n: usize| format!("param x\nE = {}x{}", "tanh(".repeat(n), ")".repeat(n));
    assert!(parse_network(&calls(lang::MAX_NESTING - 1)).is_ok());
    // As many frames a level as there can be; 3 is the height that one level adds.
    let mixed = |n: usize| format!("param x\nE = {}x{}", "1 + 2*tanh(".repeat(n), ")".repeat(n));
    assert!(parse_network(&mixed(lang::MAX_NESTING / 3)).is_ok());
    assert_eq!(refused(&mixed(lang::MAX_NESTING)).kind(), Kind::Limit);
    let unclosed = format!("param x\nE = {}", "1 + 2*tanh(1, ".repeat(lang::MAX_NESTING));
    assert_eq!(refused(&unclosed).kind(), Kind::Syntax);
    let powers = |n: usize| format!("param x\nE = {}x{}", "x^(-".repeat(n), ")".repeat(n));
    assert!(parse_network(&powers(lang::MAX_NESTING / 3)).is_ok());
}

#[test]
fn a_long_flat_sum_is_not_deep() {
    let terms: Vec<String> = (0..100_000).map(|n| format!("a*{n}")).collect();
    let text = format!("param a\nE = {}", terms.join(" - "));
    let network = parse_network(&text).unwrap();
    assert!(matches!(op(&network, "E"), Op::Add(all) if all.len() == 100_000));
    let mut g = Graph::new();
    let sum = parse_formula(&mut g, &terms[..10_000].join("+")).unwrap();
    assert_eq!(g.children(sum).len(), 10_000);
    let again = print_formula(&g, sum);
    assert_eq!(parse_formula(&mut g, &again), Ok(sum));
}

#[test]
fn overrides_replace_what_the_text_says() {
    let text = format!("{ARTICLE}given w = [[1, 2], [3, 4]], w_fc = 2\nassume r_p = c_10\nF = r_p");
    let overrides = Overrides::default().with(|o| {
        o.given = vec!["w = [[5, 6], [7, 8]]".into(), "t = 1".into()];
        o.winners = vec!["r_p = c[0,1]".into()];
        o.loss = Some("E".into());
    });
    let network = parse_network_with(&text, &overrides).unwrap();
    let value = |name: &str| network.values()[&network.find(name).unwrap()][0].to_string();
    assert_eq!((value("w"), value("w_fc"), value("t")), ("5".into(), "2".into(), "1".into()));
    assert_eq!(network.assumptions().iter().map(|a| a.winner).collect::<Vec<_>>(), [1]);
    assert_eq!(network.quantity(network.loss()).name, "E");
    let dropped = Overrides::default().with(|o| o.drop_assumptions = true);
    assert!(parse_network_with(&text, &dropped).unwrap().assumptions().is_empty());
    let dropped = Overrides::default().with(|o| {
        o.given = overrides.given;
        o.drop_values = true;
    });
    let network = parse_network_with(&text, &dropped).unwrap();
    assert_eq!(network.values().len(), 2, "those of the overrides, and w_fc has none");
    assert_eq!(parse_network(&text).unwrap().assumptions()[0].winner, 2);
}

#[test]
fn an_error_in_an_override_names_it_and_points_nowhere() {
    let with = |overrides: Overrides| {
        let error = parse_network_with(ARTICLE, &overrides).unwrap_err();
        assert!(error.all().all(|e| e.span().is_none()), "{error:?}");
        error.message().to_string()
    };
    let given = |t: &str| with(Overrides::default().with(|o| o.given = vec![t.into()]));
    let winner = |t: &str| with(Overrides::default().with(|o| o.winners = vec![t.into()]));
    assert_eq!(winner("c[9,9]"), "in --winner `c[9,9]`: `c` is 2×2 and has no element [9, 9]");
    assert_eq!(
        winner("r_p ="),
        "in --winner `r_p =`: expected a number, a name or `(`, found the end of the text"
    );
    assert_eq!(given("w_fd = 1"), "in --given `w_fd = 1`: nothing is called `w_fd`");
    assert_eq!(
        given("w_fc = 1; E = 2"),
        "in --given `w_fc = 1; E = 2`: only one statement goes here"
    );
    assert_eq!(
        with(Overrides::default().with(|o| o.loss = Some("c".into()))),
        "in --loss `c`: the loss must be a scalar, and `c` is 2×2"
    );
}

#[test]
fn a_formula_is_a_network_of_scalars() {
    let of = |text: &str, wrt: &[&str]| {
        let wrt: Vec<String> = wrt.iter().map(ToString::to_string).collect();
        network_of_formula(text, &wrt, &Overrides::default())
    };
    let network = of("(t - w*max(a, b))^2 / 2", &["w"]).unwrap();
    let roles: Vec<(&str, Role)> =
        network.quantities().map(|(_, q)| (q.name.as_str(), q.role)).collect();
    let expected = [
        ("t", Role::Const),
        ("w", Role::Param),
        ("a", Role::Const),
        ("b", Role::Const),
        ("E", Role::Defined),
    ];
    assert_eq!(roles, expected);
    let loss = |n: Network| n.quantity(n.loss()).name.clone();
    assert_eq!(of("L = x^2", &[]).map(loss), Ok("L".to_string()));
    assert_eq!(of("E*x", &[]).map(loss), Ok("f".to_string()));
    assert_eq!(of("E*f", &[]).map(loss), Ok("f_1".to_string()));
    let message = |text: &str, wrt: &[&str]| of(text, wrt).unwrap_err().message().to_string();
    assert_eq!(message("x*y", &["z"]), "`z` is no variable of the formula");
    assert_eq!(message("2 + 3", &[]), "the formula has no variable to differentiate by");
    assert_eq!(message("E = E + 1", &[]), "`E` is used in its own definition");
    assert_eq!(message("", &[]), "expected a formula, found nothing");
    assert_eq!(message("a; b", &[]), "expected one formula, found several");
    let given = Overrides::default().with(|o| o.given = vec!["x = 3".into()]);
    assert_eq!(network_of_formula("x^2", &[], &given).unwrap().values().len(), 1);
    // The max has no name, and its arguments have.
    let winner = Overrides::default().with(|o| o.winners = vec!["b".into()]);
    let network = network_of_formula("(t - w*max(a, b))^2", &[], &winner).unwrap();
    assert_eq!(network.assumptions()[0].winner, 1);
}

#[test]
fn what_to_differentiate_by_is_selected_by_name() {
    let network = parse_network(ARTICLE).unwrap();
    let chosen = |text: &str| select(&network, text);
    let at = |name: &str, position| Selection { quantity: network.find(name).unwrap(), position };
    assert_eq!(chosen("w"), Ok(at("w", None)));
    assert_eq!(chosen("w_fc"), Ok(at("w_fc", None)));
    assert_eq!(chosen("w[0,1]"), Ok(at("w", Some(1))));
    assert_eq!(chosen("w_10"), Ok(at("w", Some(2))));
    assert_eq!(chosen("i[1,2]"), Ok(at("i", Some(6))));
    assert_eq!(chosen("c_10"), Ok(at("c", Some(2))));
    let message = |text: &str| chosen(text).unwrap_err().to_string();
    assert_eq!(message("w_fd"), "nothing in the network is called `w_fd` (did you mean `w_fc`?)");
    assert_eq!(
        message("w[0]"),
        "`w` is 2×2 and takes 2 indices, found 1 (indices count from 0, one for each axis: w[0, 1])"
    );
    assert!(message("w+1").starts_with("expected a quantity or an element, found `w+1`"));
    assert!(message("w[2,0]").contains("has no element [2, 0]"));
    assert!(message("").starts_with("expected a quantity"));
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let message = |bytes: &[u8]| lang::decode(bytes).unwrap_err().message().to_string();
    assert_eq!(lang::decode("\u{feff}E = 1".as_bytes()), Ok("E = 1"));
    assert_eq!(message(b"ab\xC3"), "the text is not UTF-8: byte 2 is 0xC3");
    assert!(message(&vec![b'a'; 100 << 20]).contains("104857600 bytes"));
    assert_eq!(
        messages("E = \0\0\u{1}@@"),
        ["byte 4 is the control character U+0000, so this is no text"]
    );
}

#[test]
fn a_network_built_by_hand_is_checked_too() {
    let mut b = Builder::new();
    let message = |e: Error| e.message().to_string();
    let refused = b.declare(Role::Defined, "x", Shape::scalar()).map_err(message);
    assert_eq!(refused, Err("`x` has no definition".to_string()));
    let refused = b.declare(Role::Input, "2x", Shape::scalar()).map_err(message);
    assert_eq!(refused, Err("`2x` is no name: names are letters, digits and `_`".to_string()));
    let x = b.declare(Role::Input, "x", Shape::new([2, 2])).unwrap();
    let refused = b.give(x, vec![Rational::from(1)]).map_err(message);
    assert_eq!(refused, Err("`x` has 4 elements, and 1 are given".to_string()));
    let node = b.node_of(x);
    assert_eq!(b.add(&[]).map_err(message), Err("`+` of nothing".to_string()));
    assert_eq!(b.element(node, &[1, 0]), b.element(node, &[1, 0]), "one element is one node");
    let top = b.max(node).unwrap();
    assert!(
        b.assume(node, 0, 0).is_err()
            && b.assume(top, 0, 4).is_err()
            && b.assume(top, 0, 3).is_ok()
    );
    assert!(b.define("x", top).is_err());
    let e = b.define("E", top).unwrap();
    assert!(b.give(e, vec![Rational::from(1)]).is_err() && b.set_loss(x).is_err());
    let network = b.finish().unwrap();
    assert_eq!((network.loss(), network.assumptions()[0].winner), (e, 3));
}
