"""Networks of a layer or two: each loss, activation, window and term that a framework has.

Out: `nets()`, the networks of this family.
"""

import jax
import jax.numpy as jnp
import torch
import torch.nn.functional as F

from images import jax_avgpool, jax_conv, jax_maxpool
from network import Net, draw, generator, one_hot


def two_layers(name, line, torch_act, jax_act, gain=2.0):
    """x → dense → `line` of z → dense, squared error."""
    text = f"""input x[6,8]
param W1[12,8], b1[12], W2[5,12], b2[5]
target t[6,5]
z = dense(x,W1,b1)
a = {line}
E = mse(dense(a,W2,b2),t)
"""

    def torch_program(q, cut):
        z = F.linear(q["x"], q["W1"], q["b1"])
        return F.linear(torch_act(z, cut), q["W2"], q["b2"])

    def jax_program(q, cut):
        z = q["x"] @ q["W1"].T + q["b1"]
        return jax_act(z, cut) @ q["W2"].T + q["b2"]

    return Net(name, text, torch_program, jax_program, "mse", draw(name, text, gain=gain))


def activations():
    nn = jax.nn
    plain = lambda act: lambda z, cut: act(z)
    yield two_layers(
        "gelu", "gelu(z)",
        lambda z, cut: z * 0.5 * (1 + cut(torch.erf(z / 2 ** 0.5))) if cut.cuts else F.gelu(z),
        lambda z, cut: z * 0.5 * (1 + cut(jax.scipy.special.erf(z / 2 ** 0.5))) if cut.cuts else
        nn.gelu(z, approximate=False))
    yield two_layers(
        "silu", "silu(z)",
        lambda z, cut: z * cut(z.sigmoid()) if cut.cuts else F.silu(z),
        lambda z, cut: z * cut(nn.sigmoid(z)) if cut.cuts else nn.silu(z))
    yield two_layers("elu", "elu(z)", plain(F.elu), plain(nn.elu))
    yield two_layers("leaky_relu", "leaky_relu(z)", plain(F.leaky_relu), plain(nn.leaky_relu))
    yield two_layers("softplus", "softplus(z)", plain(F.softplus), plain(nn.softplus))
    yield two_layers("sigmoid", "sigmoid(z)", plain(torch.sigmoid), plain(nn.sigmoid))
    yield two_layers("exp_sqrt", "sqrt(1 + exp(z))", plain(lambda z: (1 + z.exp()).sqrt()),
                     plain(lambda z: jnp.sqrt(1 + jnp.exp(z))), gain=1.0)
    yield two_layers(
        "gated", "z*sigmoid(z) + tanh(z)*z",
        lambda z, cut: z * torch.sigmoid(z) + z.tanh() * cut(z),
        lambda z, cut: z * nn.sigmoid(z) + jnp.tanh(z) * cut(z))


def great_logits():
    """Logits of some hundreds: p is 0 or 1 but for e⁻¹⁰⁰, the loss some hundreds."""
    text = """input x[6,8]
param W[10,8], b[10]
target t[6,10]
E = cross_entropy(dense(x,W,b),t)
"""
    return Net("great_logits", text, lambda q, cut: F.linear(q["x"], q["W"], q["b"]),
               lambda q, cut: q["x"] @ q["W"].T + q["b"], "cross_entropy",
               draw("great_logits", text, scale=40.0, classes=True))


def logits():
    """A softmax classifier with the targets of a distribution, not one-hot."""
    text = """input x[6,8]
param W[10,8], b[10]
target t[6,10]
y = log_softmax(dense(x,W,b))
E = -sum(t*y)/6
"""

    def torch_program(q, cut):
        return -(q["t"] * F.log_softmax(F.linear(q["x"], q["W"], q["b"]), -1)).sum() / 6

    def jax_program(q, cut):
        return -(q["t"] * jax.nn.log_softmax(q["x"] @ q["W"].T + q["b"], axis=-1)).sum() / 6

    values = draw("log_softmax", text)
    rows = abs(values["t"])
    values["t"] = rows / rows.sum(-1, keepdims=True)
    return Net("log_softmax", text, torch_program, jax_program, "sum", values, batch=False)


def bce_logits():
    text = """input x[8,6]
param W[3,6], b[3]
target t[8,3]
E = bce_logits(dense(x,W,b),t)
"""

    def torch_program(q, cut):
        return F.binary_cross_entropy_with_logits(F.linear(q["x"], q["W"], q["b"]), q["t"])

    def jax_program(q, cut):
        z, t = q["x"] @ q["W"].T + q["b"], q["t"]
        return (-t * jax.nn.log_sigmoid(z) - (1 - t) * jax.nn.log_sigmoid(-z)).mean()

    values = draw("bce_logits", text)
    values["t"] = (values["t"] > 0).astype(float)
    return Net("bce_logits", text, torch_program, jax_program, "sum", values, batch=False)


def windows(name, input_size, kernel, call, torch_layer, jax_layer):
    """A convolution with options, tanh, and a sum of cubes, whose terms have both signs."""
    text = f"""input x[{input_size}]
param k[{kernel}], b[{kernel.split(",")[0]}]
y = tanh({call})
E = sum(y^2*y) / 4
"""

    def torch_program(q, cut):
        return (torch_layer(q).tanh() ** 3).sum() / 4

    def jax_program(q, cut):
        return (jnp.tanh(jax_layer(q)) ** 3).sum() / 4

    return Net(name, text, torch_program, jax_program, "sum", draw(name, text), batch=False)


def convolutions():
    for name, size, kernel, call, how in [
        ("conv_stride", "2,3,11,10", "5,3,3,3", "stride: 2, padding: 1",
         {"stride": 2, "padding": 1}),
        ("conv_groups", "2,6,8,8", "6,2,3,3", "groups: 3", {"groups": 3}),
        ("conv_dilated", "2,3,12,12", "4,3,3,2", "dilation: 2, padding: [2, 1]",
         {"dilation": 2, "padding": (2, 1)}),
    ]:
        yield windows(name, size, kernel, f"conv(x,k,b,{call})",
                      lambda q, how=how: F.conv2d(q["x"], q["k"], q["b"], **how),
                      lambda q, how=how: jax_conv(q["x"], q["k"], q["b"], **how))
    yield windows("conv_1d", "2,4,20", "6,4,5", "conv(x,k,b,stride: 2)",
                  lambda q: F.conv1d(q["x"], q["k"], q["b"], stride=2),
                  lambda q: jax_conv(q["x"], q["k"], q["b"], stride=2))
    yield windows("maxpool", "2,3,12,12", "4,3,3,3",
                  "maxpool(conv(x,k,b), window: 3, stride: 2)",
                  lambda q: F.max_pool2d(F.conv2d(q["x"], q["k"], q["b"]), 3, 2),
                  lambda q: jax_maxpool(jax_conv(q["x"], q["k"], q["b"]), 3, 2))
    yield windows("avgpool", "2,3,12,12", "4,3,3,3", "avgpool(conv(x,k,b), window: 2)",
                  lambda q: F.avg_pool2d(F.conv2d(q["x"], q["k"], q["b"]), 2),
                  lambda q: jax_avgpool(jax_conv(q["x"], q["k"], q["b"]), 2, 2))


def weight_decay():
    text = """input x[6,8]
param W1[12,8], b1[12], W2[5,12], b2[5]
target t[6,5]
y = dense(tanh(dense(x,W1,b1)),W2,b2)
E = mse(y,t) + 0.25*(sum(W1^2) + sum(W2^2))/2 + 0.125*sum(abs(b1))
"""

    def torch_program(q, cut):
        y = F.linear(F.linear(q["x"], q["W1"], q["b1"]).tanh(), q["W2"], q["b2"])
        decay = (cut(q["W1"]) ** 2).sum() + (q["W2"] ** 2).sum()
        return y, 0.25 * decay / 2 + 0.125 * q["b1"].abs().sum()

    def jax_program(q, cut):
        y = jnp.tanh(q["x"] @ q["W1"].T + q["b1"]) @ q["W2"].T + q["b2"]
        decay = (cut(q["W1"]) ** 2).sum() + (q["W2"] ** 2).sum()
        return y, 0.25 * decay / 2 + 0.125 * abs(q["b1"]).sum()

    return Net("weight_decay", text, torch_program, jax_program, "mse", draw("weight_decay", text))


def embedding():
    """Words looked up in a table and averaged; the text writes the look-up as a product."""
    text = """input e[4,6,20]
param table[20,8], W[5,8], b[5]
target t[4,5]
h = mean(e@table, axis: 1)
E = cross_entropy(dense(h,W,b),t)
"""

    def torch_program(q, cut):
        h = F.embedding(q["e"].argmax(-1), q["table"]).mean(1)
        return F.linear(h, q["W"], q["b"])

    def jax_program(q, cut):
        return q["table"][q["e"].argmax(-1)].mean(1) @ q["W"].T + q["b"]

    given = {"e": one_hot(generator("words"), (4, 6, 20))}
    return Net("embedding", text, torch_program, jax_program, "cross_entropy",
               draw("embedding", text, scale=1.0, classes=True, given=given))


def small():
    """A linear layer, a softmax read as it is, its logarithm, and a dropout with its mask."""
    line = "input x[6,8]\nparam W[5,8], b[5]\ntarget t[6,5]\n"
    z_torch = lambda q: F.linear(q["x"], q["W"], q["b"])
    z_jax = lambda q: q["x"] @ q["W"].T + q["b"]
    text = line + "E = mse(dense(x,W,b),t)\n"
    yield Net("linear", text, lambda q, cut: z_torch(q), lambda q, cut: z_jax(q), "mse",
              draw("linear", text))
    text = line + "E = mse(softmax(dense(x,W,b)/2),t)\n"
    yield Net("softmax", text, lambda q, cut: (z_torch(q) / 2).softmax(-1),
              lambda q, cut: jax.nn.softmax(z_jax(q) / 2, axis=-1), "mse", draw("softmax", text))
    text = line + "E = nll(softmax(dense(x,W,b)),t)\n"

    def torch_program(q, cut):
        p = z_torch(q).softmax(-1)
        return F.nll_loss(p.log(), q["t"].argmax(-1))

    def jax_program(q, cut):
        p = jax.nn.softmax(z_jax(q), axis=-1)
        return -(q["t"] * jnp.log(p)).sum(-1).mean()

    yield Net("log_of_softmax", text, torch_program, jax_program, "sum",
              draw("log_of_softmax", text, classes=True), batch=False)
    text = """input x[6,8], m[6,12]
param W1[12,8], b1[12], W2[5,12], b2[5]
target t[6,5]
h = dropout(tanh(dense(x,W1,b1)), m, rate: 0.5)
E = mse(dense(h,W2,b2),t)
"""

    def torch_program(q, cut):
        h = F.linear(q["x"], q["W1"], q["b1"]).tanh() * q["m"] / 0.5
        return F.linear(h, q["W2"], q["b2"])

    def jax_program(q, cut):
        h = jnp.where(q["m"] > 0, jnp.tanh(q["x"] @ q["W1"].T + q["b1"]) / 0.5, 0)
        return h @ q["W2"].T + q["b2"]

    values = draw("dropout", text)
    values["m"] = (values["m"] > 0).astype(float)
    yield Net("dropout", text, torch_program, jax_program, "mse", values)


def nets():
    yield from activations()
    yield from small()
    yield great_logits()
    yield logits()
    yield bce_logits()
    yield from convolutions()
    yield weight_decay()
    yield embedding()
