//! The table of layers and losses. The order is that of the documentation.

use super::Make::Built;
use super::arguments::{Parameter, ParameterKind as K, Preset as P};
use super::{Layer, elementwise, losses, norms, shapes, windows};

const X: Parameter = Parameter::tensor("x");
const Y: Parameter = Parameter::tensor("y");
const Z: Parameter = Parameter::tensor("z");
const T: Parameter = Parameter::tensor("t");
const PROBABILITY: Parameter = Parameter::tensor("p");
const INPUT: Parameter = Parameter::tensor("input");
const BIAS: Parameter = Parameter::optional("bias");
const GAIN: Parameter = Parameter::optional("gain");
const SHIFT: Parameter = Parameter::optional("shift");
const STRIDE: Parameter = Parameter::option("stride", K::PerAxis { least: 1 }, P::Whole(1));
const PADDING: Parameter = Parameter::option("padding", K::Padding, P::Whole(0));
const DILATION: Parameter = Parameter::option("dilation", K::PerAxis { least: 1 }, P::Whole(1));
const GROUPS: Parameter = Parameter::option("groups", K::Whole { least: 1 }, P::Whole(1));
const FLIP: Parameter = Parameter::option("flip", K::Flag, P::Flag(false));
const WINDOW: Parameter = Parameter::option("window", K::PerAxis { least: 1 }, P::Whole(2));
const BY_WINDOW: Parameter =
    Parameter::option("stride", K::PerAxis { least: 1 }, P::Word("window"));
const COUNT_PADDING: Parameter = Parameter::option("count_padding", K::Flag, P::Flag(true));
const AXES: Parameter = Parameter::option("axis", K::Axes, P::Word("all"));
const KEEP: Parameter = Parameter::option("keep", K::Flag, P::Flag(false));
const LAST: Parameter = Parameter::option("axis", K::Axis, P::Whole(-1));
const EPS: Parameter = Parameter::option("eps", K::Number, P::Number("1e-5"));

pub(super) const TABLE: &[Layer] = &[
    Layer {
        name: "conv",
        parameters: &[
            INPUT,
            Parameter::tensor("kernel"),
            BIAS,
            STRIDE,
            PADDING,
            DILATION,
            GROUPS,
            FLIP,
        ],
        doc: "the convolution of an input with a kernel: the sum over each window of kernel times \
              input; `flip` turns the kernel by 180°, the true convolution",
        parts: "",
        make: Built(windows::conv),
    },
    Layer {
        name: "maxpool",
        parameters: &[X, WINDOW, BY_WINDOW, PADDING, DILATION],
        doc: "the greatest under each window over the last axes, padding left out; of cells that are \
              equal, the first wins",
        parts: "",
        make: Built(windows::maxpool),
    },
    Layer {
        name: "avgpool",
        parameters: &[X, WINDOW, BY_WINDOW, PADDING, DILATION, COUNT_PADDING],
        doc: "the sum under each window over the last axes, divided by the window's size, or by \
              how many of its cells lie inside",
        parts: "",
        make: Built(windows::avgpool),
    },
    Layer {
        name: "global_maxpool",
        parameters: &[X],
        doc: "the greatest along the last two axes, which go; of a vector, its greatest element",
        parts: "",
        make: Built(windows::global_maxpool),
    },
    Layer {
        name: "global_avgpool",
        parameters: &[X],
        doc: "the mean along the last two axes, which go; of a vector, the mean of its elements",
        parts: "",
        make: Built(windows::global_avgpool),
    },
    Layer {
        name: "matmul",
        parameters: &[Parameter::tensor("a"), Parameter::tensor("b")],
        doc: "`a @ b`, NumPy's matrix product",
        parts: "",
        make: Built(windows::matmul),
    },
    Layer {
        name: "dense",
        parameters: &[X, Parameter::tensor("weights"), BIAS],
        doc: "`weights @ x + bias` with weights [out, in] and bias [out]; row by row for x \
              […, in]: x Wᵀ + b",
        parts: "",
        make: Built(windows::dense),
    },
    Layer {
        name: "max",
        parameters: &[Parameter::tensors("values"), AXES, KEEP],
        doc: "the greatest element of a tensor, along some axes or all; of several tensors of one \
              shape the greatest element by element; of those that are equal, the first wins",
        parts: "",
        make: Built(shapes::max),
    },
    Layer {
        name: "min",
        parameters: &[Parameter::tensors("values"), AXES, KEEP],
        doc: "the least in the same ways, −max(−x); of those that are equal, the first wins",
        parts: "",
        make: Built(shapes::min),
    },
    Layer {
        name: "sum",
        parameters: &[X, AXES, KEEP],
        doc: "the sum along some axes, or of all elements; `keep` keeps the axes with length 1",
        parts: "",
        make: Built(shapes::sum),
    },
    Layer {
        name: "mean",
        parameters: &[X, AXES, KEEP],
        doc: "the same sum divided by how many elements there are in it",
        parts: "",
        make: Built(shapes::mean),
    },
    Layer {
        name: "prod",
        parameters: &[X, AXES, KEEP],
        doc: "the product along some axes, or of all elements; of at most 64 factors",
        parts: "",
        make: Built(shapes::prod),
    },
    Layer {
        name: "flatten",
        parameters: &[X, Parameter::option("from", K::Axis, P::Whole(0))],
        doc: "the elements in row-major order, the axes from number `from` on made one",
        parts: "",
        make: Built(shapes::flatten),
    },
    Layer {
        name: "reshape",
        parameters: &[X, Parameter::required("shape", K::Lengths)],
        doc: "the elements in row-major order in another shape",
        parts: "",
        make: Built(shapes::reshape),
    },
    Layer {
        name: "transpose",
        parameters: &[X, Parameter::option("axes", K::Axes, P::Word("reversed"))],
        doc: "the axes in another order: axis i of the result is axis number `axes[i]` of x",
        parts: "",
        make: Built(shapes::transpose),
    },
    Layer {
        name: "concat",
        parameters: &[Parameter::tensors("parts"), Parameter::option("axis", K::Axis, P::Whole(0))],
        doc: "tensors one after the other along an axis",
        parts: "",
        make: Built(shapes::concat),
    },
    Layer {
        name: "softmax",
        parameters: &[X, LAST],
        doc: "eˣ/Σeˣ along an axis",
        parts: "s = Σeˣ",
        make: Built(norms::softmax),
    },
    Layer {
        name: "log_softmax",
        parameters: &[X, LAST],
        doc: "its logarithm, x − ln Σeˣ",
        parts: "s = Σeˣ",
        make: Built(norms::log_softmax),
    },
    Layer {
        name: "layer_norm",
        parameters: &[X, GAIN, SHIFT, EPS],
        doc: "gain·(x − μ)/√(v + eps) + shift, with mean μ and variance v along the last axis; \
              gain and shift are vectors, and go together",
        parts: "μ = mean x, v = mean (x − μ)², s = √(v + eps); with a gain, xhat = (x − μ)/s",
        make: Built(norms::layer_norm),
    },
    Layer {
        name: "batch_norm",
        parameters: &[X, GAIN, SHIFT, EPS],
        doc: "the same in training mode for a batch [N, C] or [N, C, …]: along all axes but \
              number 1, with the biased variance of the batch",
        parts: "μ = mean x, v = mean (x − μ)², s = √(v + eps); with a gain, xhat = (x − μ)/s",
        make: Built(norms::batch_norm),
    },
    Layer {
        name: "dropout",
        parameters: &[
            X,
            Parameter::tensor("mask"),
            Parameter::option("rate", K::Number, P::Number("0.5")),
        ],
        doc: "x·mask/(1 − rate) for a mask of zeros and ones, which is an input",
        parts: "",
        make: Built(elementwise::dropout),
    },
    Layer {
        name: "half_squared_error",
        parameters: &[Y, T],
        doc: "Σ(t − y)²/2",
        parts: "",
        make: Built(losses::half_squared_error),
    },
    Layer {
        name: "mse",
        parameters: &[Y, T],
        doc: "the mean of (y − t)²",
        parts: "",
        make: Built(losses::mse),
    },
    Layer {
        name: "cross_entropy",
        parameters: &[Z, T],
        doc: "−Σ t·ln p with p = softmax(z), for a target t that is one-hot or a distribution \
              along the last axis; the mean over the other axes, the batch",
        parts: "s = Σeᶻ, p = eᶻ/s",
        make: Built(losses::cross_entropy),
    },
    Layer {
        name: "nll",
        parameters: &[PROBABILITY, T],
        doc: "−Σ t·ln p along the last axis; the mean over the others, the batch",
        parts: "",
        make: Built(losses::nll),
    },
    Layer {
        name: "bce",
        parameters: &[PROBABILITY, T],
        doc: "the mean of −(t·ln p + (1 − t)·ln(1 − p)), for probabilities p",
        parts: "",
        make: Built(losses::bce),
    },
    Layer {
        name: "bce_logits",
        parameters: &[Z, T],
        doc: "the same of p = σ(z), for logits z, as the mean of ln(1 + eᶻ) − t·z",
        parts: "",
        make: Built(losses::bce_logits),
    },
    Layer {
        name: "hinge",
        parameters: &[Y, T],
        doc: "the mean of max(1 − t·y, 0), for a target of −1 and 1",
        parts: "",
        make: Built(losses::hinge),
    },
    Layer {
        name: "huber",
        parameters: &[Y, T, Parameter::option("delta", K::Number, P::Whole(1))],
        doc: "the mean of d²/2 where |d| ≤ delta, else of delta·(|d| − delta/2), for d = y − t",
        parts: "d = y − t",
        make: Built(losses::huber),
    },
    Layer {
        name: "square",
        parameters: &[X],
        doc: "x², elementwise",
        parts: "",
        make: Built(elementwise::square),
    },
    Layer {
        name: "leaky_relu",
        parameters: &[X, Parameter::option("slope", K::Number, P::Number("0.01"))],
        doc: "x where x > 0, else slope·x, elementwise; has a kink at 0",
        parts: "",
        make: Built(elementwise::leaky_relu),
    },
    Layer {
        name: "clip",
        parameters: &[X, Parameter::tensor("low"), Parameter::tensor("high")],
        doc: "x, but not below low nor above high, elementwise: x + relu(low − x) − relu(x − high); \
              has a kink at each bound, where its slope is 1",
        parts: "",
        make: Built(elementwise::clip),
    },
    Layer {
        name: "elu",
        parameters: &[X, Parameter::option("alpha", K::Number, P::Whole(1))],
        doc: "x where x > 0, else alpha·(eˣ − 1), elementwise; has a kink at 0",
        parts: "",
        make: Built(elementwise::elu),
    },
    Layer {
        name: "gelu",
        parameters: &[X],
        doc: "x·Φ(x), that is x/2·(1 + erf(x/√2)), elementwise",
        parts: "",
        make: Built(elementwise::gelu),
    },
    Layer {
        name: "erf",
        parameters: &[X],
        doc: "the error function, 2·Φ(√2·x) − 1, elementwise",
        parts: "",
        make: Built(elementwise::erf),
    },
    Layer {
        name: "silu",
        parameters: &[X],
        doc: "x·σ(x), elementwise",
        parts: "",
        make: Built(elementwise::silu),
    },
];
