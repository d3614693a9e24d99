"""Networks whose arguments lie at a kink, as they do in practice.

A row of weights that begins at 0, a bias of 0 with an empty sample, pixels that are all alike, a
margin that is met: there the loss has no gradient, a program makes a choice, and each of these
choices is right. Out: `nets()`, as `Net`s of `benches/corpus`.
"""

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F

from images import jax_conv, jax_maxpool
from network import Net, draw


def activation(name, call, torch_act, jax_act, empty):
    """Two layers, where a row of weights or a sample is 0, and with it what goes in."""
    text = f"""input x[6,8]
param W1[12,8], b1[12], W2[5,12], b2[5]
target t[6,5]
z = dense(x,W1,b1)
E = mse(dense({call},W2,b2),t)
"""
    values = draw(name, text)
    if empty == "sample":
        values["x"][0] = 0
        values["b1"][:] = 0
    else:
        values["W1"][3] = 0
        values["b1"][3] = 0
    return Net(
        name, text,
        lambda q, cut: F.linear(torch_act(F.linear(q["x"], q["W1"], q["b1"])), q["W2"], q["b2"]),
        lambda q, cut: jax_act(q["x"] @ q["W1"].T + q["b1"]) @ q["W2"].T + q["b2"], "mse", values)


def sparse():
    """A penalty |W|, some of whose weights are 0 already."""
    text = """input x[6,8]
param W[5,8], b[5]
target t[6,5]
E = mse(dense(x,W,b),t) + 0.125*sum(abs(W))
"""
    values = draw("penalty", text)
    values["W"][::2, ::3] = 0
    return Net("penalty", text,
               lambda q, cut: (F.linear(q["x"], q["W"], q["b"]), 0.125 * q["W"].abs().sum()),
               lambda q, cut: (q["x"] @ q["W"].T + q["b"], 0.125 * abs(q["W"]).sum()), "mse", values)


def alike():
    """An image with an empty half: there all cells of a pool tie."""
    text = """input x[2,1,10,10]
param k[3,1,3,3], b[3], W[4,48], c[4]
target t[2,4]
y = maxpool(tanh(conv(x,k,b)))
E = cross_entropy(dense(flatten(y,from: 1),W,c),t)
"""
    values = draw("empty_half", text, classes=True)
    values["x"][:, :, 5:] = 0

    def torch_program(q, cut):
        h = F.max_pool2d(F.conv2d(q["x"], q["k"], q["b"]).tanh(), 2)
        return F.linear(h.flatten(1), q["W"], q["c"])

    def jax_program(q, cut):
        h = jax_maxpool(jnp.tanh(jax_conv(q["x"], q["k"], q["b"])), 2, 2)
        return h.reshape(len(h), -1) @ q["W"].T + q["c"]

    return Net("empty_half", text, torch_program, jax_program, "cross_entropy", values)


def ties():
    """The greatest of each row, where two units are equal: their weights begin alike."""
    text = """input x[6,8]
param W[5,8], b[5]
y = max(dense(x,W,b), axis: 1)
E = sum(y^2)/12
"""
    values = draw("twin_units", text)
    values["W"][1], values["b"][1] = values["W"][0], values["b"][0]
    return Net("twin_units", text,
               lambda q, cut: (F.linear(q["x"], q["W"], q["b"]).max(1).values ** 2).sum() / 12,
               lambda q, cut: ((q["x"] @ q["W"].T + q["b"]).max(1) ** 2).sum() / 12, "sum", values,
               batch=False)


def margin():
    """A hinge loss of whole numbers, some of which meet the margin."""
    text = """input x[8,4]
param w[1,4], b[1]
target t[8,1]
E = hinge(dense(x,w,b),t)
"""
    values = draw("margin", text)
    values["x"] = np.round(values["x"])
    values["w"] = np.array([[1.0, -1.0, 0.5, 0.5]])
    values["b"] = np.array([0.0])
    values["x"][0], values["x"][1] = [1, 0, 0, 0], [0, 1, 0, 0]
    values["t"] = np.sign(values["t"])
    values["t"][0], values["t"][1] = 1, -1

    def torch_program(q, cut):
        return (1 - q["t"] * F.linear(q["x"], q["w"], q["b"])).relu().mean()

    def jax_program(q, cut):
        return jax.nn.relu(1 - q["t"] * (q["x"] @ q["w"].T + q["b"])).mean()

    return Net("margin", text, torch_program, jax_program, "sum", values, batch=False)


def nets():
    yield activation("relu_empty_row", "relu(z)", torch.relu, jax.nn.relu, "row")
    yield activation("relu_empty_sample", "relu(z)", torch.relu, jax.nn.relu, "sample")
    yield activation("leaky_relu_empty_row", "leaky_relu(z)", F.leaky_relu, jax.nn.leaky_relu,
                     "row")
    yield activation("abs_empty_row", "abs(z)", torch.abs, jnp.abs, "row")
    yield sparse()
    yield alike()
    yield ties()
    yield margin()
