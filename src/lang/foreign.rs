//! What people type who come from another language: names of functions, options and statements
//! there, and what they are called here.
//!
//! Goes in: a name that the language does not have. Comes out: the hint that says how it is
//! written here, if the name is known from anywhere. What always holds: no name of a table is one
//! of ours, and what a row offers is accepted by the language, which a test runs.

use crate::net::layers;

/// A function as it is called elsewhere, and how the same is written here. Where that is one
/// function of the same arguments, only its name differs. Spellings that differ in capitals, `_`,
/// a `2d` or a `loss` at their end need no row of their own.
const FUNCTIONS: &[(&str, &str)] = &[
    // Elementary functions.
    ("log(x)", "ln(x)"),
    ("loge(x)", "ln(x)"),
    ("logarithm(x)", "ln(x)"),
    ("lg(x)", "ln(x)/ln(10)"),
    ("log10(x)", "ln(x)/ln(10)"),
    ("log2(x)", "ln(x)/ln(2)"),
    ("ld(x)", "ln(x)/ln(2)"),
    ("log1p(x)", "ln(1 + x)"),
    ("expm1(x)", "exp(x) - 1"),
    ("exp2(x)", "2^x"),
    ("e(x)", "exp(x)"),
    ("square_root(x)", "sqrt(x)"),
    ("root(x)", "sqrt(x)"),
    ("rsqrt(x)", "1/sqrt(x)"),
    ("cbrt(x)", "x^(1/3)"),
    ("reciprocal(x)", "1/x"),
    ("sqr(x)", "square(x)"),
    ("fabs(x)", "abs(x)"),
    ("absolute(x)", "abs(x)"),
    ("modulus(x)", "abs(x)"),
    ("sgn(x)", "sign(x)"),
    ("signum(x)", "sign(x)"),
    ("heaviside(x)", "step(x)"),
    ("tgh(x)", "tanh(x)"),
    ("th(x)", "tanh(x)"),
    ("sine(x)", "sin(x)"),
    ("cosine(x)", "cos(x)"),
    ("sh(x)", "sinh(x)"),
    ("ch(x)", "cosh(x)"),
    ("tan(x)", "sin(x)/cos(x)"),
    ("tg(x)", "sin(x)/cos(x)"),
    ("cot(x)", "cos(x)/sin(x)"),
    ("sec(x)", "1/cos(x)"),
    ("csc(x)", "1/sin(x)"),
    ("sech(x)", "1/cosh(x)"),
    ("coth(x)", "cosh(x)/sinh(x)"),
    ("sinc(x)", "sin(x)/x"),
    ("erfc(x)", "1 - erf(x)"),
    // Arithmetic.
    ("pow(a, b)", "a^b"),
    ("power(a, b)", "a^b"),
    ("add(a, b)", "a + b"),
    ("sub(a, b)", "a - b"),
    ("subtract(a, b)", "a - b"),
    ("mul(a, b)", "a*b"),
    ("multiply(a, b)", "a*b"),
    ("hadamard(a, b)", "a*b"),
    ("div(a, b)", "a/b"),
    ("divide(a, b)", "a/b"),
    ("neg(x)", "-x"),
    ("negative(x)", "-x"),
    ("minimum(a, b)", "min(a, b)"),
    ("maximum(a, b)", "max(a, b)"),
    ("fmax(a, b)", "max(a, b)"),
    ("fmin(a, b)", "min(a, b)"),
    ("amax(x)", "max(x)"),
    ("amin(x)", "min(x)"),
    ("clamp(x, a, b)", "clip(x, a, b)"),
    ("clip_by_value(x, a, b)", "clip(x, a, b)"),
    // Activations.
    ("sigm(x)", "sigmoid(x)"),
    ("logistic(x)", "sigmoid(x)"),
    ("expit(x)", "sigmoid(x)"),
    ("logsig(x)", "sigmoid(x)"),
    ("log_sigmoid(x)", "-softplus(-x)"),
    ("logit(x)", "ln(x/(1 - x))"),
    ("softsign(x)", "x/(1 + abs(x))"),
    ("swish(x)", "silu(x)"),
    ("mish(x)", "x*tanh(softplus(x))"),
    ("rectifier(x)", "relu(x)"),
    ("ramp(x)", "relu(x)"),
    ("relu6(x)", "relu(x) - relu(x - 6)"),
    ("hardtanh(x)", "relu(x + 1) - relu(x - 1) - 1"),
    ("hard_sigmoid(x)", "relu(x/6 + 1/2) - relu(x/6 - 1/2)"),
    ("celu(x)", "elu(x)"),
    ("lrelu(x)", "leaky_relu(x)"),
    ("tansig(x)", "tanh(x)"),
    ("identity(x)", "x"),
    ("logsumexp(x)", "ln(sum(exp(x)))"),
    // Tensors.
    ("reduce_sum(x)", "sum(x)"),
    ("reduce_mean(x)", "mean(x)"),
    ("reduce_max(x)", "max(x)"),
    ("average(x)", "mean(x)"),
    ("avg(x)", "mean(x)"),
    ("var(x)", "mean((x - mean(x))^2)"),
    ("variance(x)", "mean((x - mean(x))^2)"),
    ("std(x)", "sqrt(mean((x - mean(x))^2))"),
    ("norm(x)", "sqrt(sum(x^2))"),
    ("dot(x, y)", "sum(x*y)"),
    ("inner(x, y)", "sum(x*y)"),
    ("vdot(x, y)", "sum(x*y)"),
    ("mm(W, V)", "matmul(W, V)"),
    ("bmm(W, V)", "matmul(W, V)"),
    ("mv(W, x)", "matmul(W, x)"),
    ("cat(x, y)", "concat(x, y)"),
    ("concatenate(x, y)", "concat(x, y)"),
    ("permute(W)", "transpose(W)"),
    ("swapaxes(W)", "transpose(W)"),
    ("ravel(W)", "flatten(W)"),
    // Layers.
    ("linear(x, W)", "dense(x, W)"),
    ("fully_connected(x, W)", "dense(x, W)"),
    ("fc(x, W)", "dense(x, W)"),
    ("affine(x, W)", "dense(x, W)"),
    ("convolution(V, K)", "conv(V, K)"),
    ("correlate(V, K)", "conv(V, K)"),
    ("max_pooling(V)", "maxpool(V)"),
    ("average_pool(V)", "avgpool(V)"),
    ("average_pooling(V)", "avgpool(V)"),
    ("mean_pool(V)", "avgpool(V)"),
    ("global_average_pooling(V)", "global_avgpool(V)"),
    ("global_max_pooling(V)", "global_maxpool(V)"),
    ("adaptive_avg_pool(V)", "global_avgpool(V)"),
    ("adaptive_max_pool(V)", "global_maxpool(V)"),
    ("layer_normalization(x)", "layer_norm(x)"),
    ("batch_normalization(V)", "batch_norm(V)"),
    ("rms_norm(x)", "x/sqrt(mean(x^2) + 1e-5)"),
    // Losses.
    ("mean_squared_error(y, t)", "mse(y, t)"),
    ("quadratic(y, t)", "half_squared_error(y, t)"),
    ("sse(y, t)", "sum((y - t)^2)"),
    ("rmse(y, t)", "sqrt(mse(y, t))"),
    ("mae(y, t)", "mean(abs(y - t))"),
    ("l1(y, t)", "mean(abs(y - t))"),
    ("mean_absolute_error(y, t)", "mean(abs(y - t))"),
    ("ce(y, t)", "cross_entropy(y, t)"),
    ("xent(y, t)", "cross_entropy(y, t)"),
    ("categorical_crossentropy(y, t)", "nll(y, t)"),
    ("softmax_cross_entropy(y, t)", "cross_entropy(y, t)"),
    ("softmax_cross_entropy_with_logits(y, t)", "cross_entropy(y, t)"),
    ("sparse_categorical_crossentropy(y, t)", "nll(y, t)"),
    ("negative_log_likelihood(y, t)", "nll(y, t)"),
    ("binary_cross_entropy(y, t)", "bce(y, t)"),
    ("bce_with_logits(y, t)", "bce_logits(y, t)"),
    ("binary_cross_entropy_with_logits(y, t)", "bce_logits(y, t)"),
    ("sigmoid_cross_entropy(y, t)", "bce_logits(y, t)"),
    ("sigmoid_binary_cross_entropy(y, t)", "bce_logits(y, t)"),
    ("sigmoid_cross_entropy_with_logits(y, t)", "bce_logits(y, t)"),
    ("hinge_embedding(y, t)", "hinge(y, t)"),
    ("kl_div(y, t)", "sum(t*(ln(t) - y))"),
];

/// Options of functions.
const OPTIONS: &[(&str, &str)] = &[
    ("dim", "axis"),
    ("dims", "axis"),
    ("axes", "axis"),
    ("start_dim", "from"),
    ("perm", "axes"),
    ("keepdim", "keep"),
    ("keepdims", "keep"),
    ("kernel_size", "window"),
    ("pool_size", "window"),
    ("size", "window"),
    ("window_shape", "window"),
    ("strides", "stride"),
    ("step", "stride"),
    ("pad", "padding"),
    ("pads", "padding"),
    ("dilation_rate", "dilation"),
    ("feature_group_count", "groups"),
    ("count_include_pad", "count_padding"),
    ("epsilon", "eps"),
    ("negative_slope", "slope"),
    ("alpha", "slope"),
    ("p", "rate"),
    ("weight", "gain"),
    ("gamma", "gain"),
    ("scale", "gain"),
    ("beta", "shift"),
    ("bias", "shift"),
    ("newshape", "shape"),
];

/// Words that begin a statement elsewhere.
const STATEMENTS: &[(&str, &str)] = &[
    ("parameter", "param"),
    ("parameters", "param"),
    ("variable", "param"),
    ("variables", "param"),
    ("var", "param"),
    ("weight", "param"),
    ("weights", "param"),
    ("bias", "param"),
    ("placeholder", "input"),
    ("data", "input"),
    ("inputs", "input"),
    ("label", "target"),
    ("labels", "target"),
    ("constant", "const"),
    ("minimize", "loss"),
    ("minimise", "loss"),
    ("objective", "loss"),
    ("where", "given"),
    ("with", "given"),
    ("set", "given"),
    ("assuming", "assume"),
];

/// Names of numbers, and how these are written.
const NUMBERS: &[(&str, &str)] = &[
    ("pi", "3.141592653589793"),
    ("π", "3.141592653589793"),
    ("e", "exp(1)"),
    ("ℯ", "exp(1)"),
    ("euler", "exp(1)"),
];

/// Where functions come from that have a name with dots.
const MODULES: &[&str] = &[
    "nn",
    "F",
    "torch",
    "np",
    "numpy",
    "jnp",
    "jax",
    "lax",
    "tf",
    "keras",
    "K",
    "layers",
    "losses",
    "activations",
    "math",
    "scipy",
    "special",
    "optax",
    "flax",
    "mx",
    "functional",
    "cmath",
    "Math",
    "sympy",
    "sp",
    "self",
    "f64",
    "f32",
];

/// The hint for a function that the language does not have, where another one has it.
pub(super) fn function(name: &str) -> Option<String> {
    let (theirs, ours) = match row(name) {
        Row::Own(ours) => return Some(format!("did you mean `{ours}`?")),
        Row::Written(theirs, ours) => (theirs, ours),
        Row::Unknown => return None,
    };
    let args = theirs.split_once('(').map_or("", |(_, args)| args);
    let args = args.trim_end_matches(')');
    Some(format!("`{name}({args})` is written `{ours}` here"))
}

/// Whether a table has a function of just this name.
pub(super) fn is_function(name: &str) -> bool {
    FUNCTIONS.iter().any(|(theirs, _)| called(theirs) == name)
}

/// The name of an option of ours for one of theirs; `ours` are those that the function has.
pub(super) fn option<'a>(name: &str, ours: impl Fn(&str) -> bool) -> Option<&'a str> {
    let meant = |(theirs, here): &&(&str, &str)| *theirs == name && ours(here);
    OPTIONS.iter().find(meant).map(|(_, here)| *here)
}

/// The keyword for a word that begins a statement elsewhere.
pub(super) fn statement(word: &str) -> Option<&'static str> {
    let word = word.to_lowercase();
    STATEMENTS.iter().find(|(theirs, _)| *theirs == word).map(|(_, ours)| *ours)
}

/// The hint for a name that stands for something wherever mathematics is written.
pub(super) fn value(name: &str) -> Option<String> {
    match name {
        "T" => Some("the transposed of W is written `transpose(W)`".to_string()),
        _ => number(name),
    }
}

/// The hint for the name of a number.
fn number(name: &str) -> Option<String> {
    let (_, ours) = NUMBERS.iter().find(|(theirs, _)| *theirs == name)?;
    Some(format!("the number is written `{ours}`"))
}

/// The hint for a name with dots, `torch.nn.ReLU` or `x.sum`. `receiver` is what stands before
/// the last dot where that is a value, and `called` whether a bracket follows.
pub(super) fn dotted(path: &str, receiver: &str, called: bool) -> String {
    let (before, last) = path.rsplit_once('.').unwrap_or(("", path));
    let head = before.split('.').next().unwrap_or_default();
    if !before.is_empty() && MODULES.contains(&head) {
        return function(last)
            .or_else(|| number(last))
            .or_else(|| near(last))
            .unwrap_or_else(|| format!("names have no dots: `{last}`"));
    }
    // A method, called or not: a name after a value that is no name, or of a function of ours.
    match row(last) {
        _ if last == "T" || last == "mT" => format!("write `transpose({receiver})`"),
        Row::Own(ours) if called || before.is_empty() => {
            format!("a function goes around what it is of: `{ours}({receiver})`")
        }
        Row::Written(theirs, ours) if called || before.is_empty() => {
            format!("`{theirs}` is written `{ours}` here")
        }
        _ if before.is_empty() => "values have no methods and no fields".to_string(),
        _ => format!("names have no dots: `{}`", path.replace('.', "_")),
    }
}

fn near(name: &str) -> Option<String> {
    let names: Vec<&str> = layers().map(|l| l.name).collect();
    let near = crate::diag::nearest(name, names.iter().copied())?;
    Some(format!("did you mean `{near}`?"))
}

enum Row {
    /// A function of ours.
    Own(&'static str),
    /// As it is called there, and as the same is written here.
    Written(&'static str, &'static str),
    Unknown,
}

fn row(name: &str) -> Row {
    let wanted = folded(name);
    if let Some(own) = layers().find(|l| folded(l.name) == wanted) {
        return Row::Own(own.name);
    }
    let named = |(theirs, _): &&(&'static str, &'static str)| folded(called(theirs)) == wanted;
    if let Some((theirs, ours)) = FUNCTIONS.iter().find(named) {
        // The same arguments: it is another name and nothing else.
        let arguments = |call: &'static str| call.split_once('(').map(|(_, args)| args);
        let own = layers().find(|l| l.name == called(ours));
        return match own {
            Some(own) if arguments(theirs) == arguments(ours) => Row::Own(own.name),
            _ => Row::Written(theirs, ours),
        };
    }
    // The beginning of one name of ours and of no other.
    let mut begun = layers().filter(|l| folded(l.name).starts_with(&wanted));
    match (wanted.chars().count() >= 3, begun.next(), begun.next()) {
        (true, Some(own), None) => Row::Own(own.name),
        _ => Row::Unknown,
    }
}

/// `log` of `log(x)`.
fn called(call: &'static str) -> &'static str {
    call.split('(').next().unwrap_or(call)
}

/// A name without what makes no difference between frameworks.
fn folded(name: &str) -> String {
    let plain = name.to_lowercase().replace('_', "");
    let mut rest = plain.as_str();
    for ending in ["layer", "activation", "loss", "1d", "2d", "3d"] {
        rest = rest.strip_suffix(ending).filter(|rest| !rest.is_empty()).unwrap_or(rest);
    }
    rest.to_string()
}

#[cfg(test)]
mod tests;
