"""Networks of convolutions: LeNet, a VGG block, residual blocks, and single layers of each kind.

Out: `nets()`, the networks of this family.
"""

import jax
import numpy as np
import torch.nn.functional as F
from jax import lax

from chains import jax_batch_norm, torch_batch_norm
from network import Net, draw, draw_default


def jax_conv(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """The convolution of PyTorch's `conv2d`, by JAX."""
    rank = x.ndim - 2
    spread = lambda n: (n,) * rank if isinstance(n, int) else tuple(n)
    y = lax.conv_general_dilated(
        x, w, spread(stride), [(p, p) for p in spread(padding)], rhs_dilation=spread(dilation),
        feature_group_count=groups)
    return y if b is None else y + b.reshape((1, -1) + (1,) * rank)


def jax_maxpool(x, window, stride, padding=0):
    edge = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    return lax.reduce_window(x, np.array(-np.inf, x.dtype), lax.max, (1, 1, window, window),
                             (1, 1, stride, stride), edge)


def jax_avgpool(x, window, stride):
    total = lax.reduce_window(x, np.array(0, x.dtype), lax.add, (1, 1, window, window),
                              (1, 1, stride, stride), "VALID")
    return total / (window * window)


def lenet():
    text = """input x[4,1,28,28]
param k1[6,1,5,5], b1[6], k2[16,6,5,5], b2[16]
param W3[120,400], b3[120], W4[84,120], b4[84], W5[10,84], b5[10]
target t[4,10]
c1 = maxpool(relu(conv(x,k1,b1,padding: 2)))
c2 = maxpool(relu(conv(c1,k2,b2)))
h3 = relu(dense(flatten(c2,from: 1),W3,b3))
h4 = relu(dense(h3,W4,b4))
E = cross_entropy(dense(h4,W5,b5),t)
"""

    def torch_program(q, cut):
        h = F.max_pool2d(F.conv2d(q["x"], q["k1"], q["b1"], padding=2).relu(), 2)
        h = F.max_pool2d(F.conv2d(h, q["k2"], q["b2"]).relu(), 2).flatten(1)
        h = F.linear(h, q["W3"], q["b3"]).relu()
        h = F.linear(h, q["W4"], q["b4"]).relu()
        return F.linear(h, q["W5"], q["b5"])

    def jax_program(q, cut):
        h = jax_maxpool(jax.nn.relu(jax_conv(q["x"], q["k1"], q["b1"], padding=2)), 2, 2)
        h = jax_maxpool(jax.nn.relu(jax_conv(h, q["k2"], q["b2"])), 2, 2)
        h = h.reshape(len(h), -1)
        h = jax.nn.relu(h @ q["W3"].T + q["b3"])
        h = jax.nn.relu(h @ q["W4"].T + q["b4"])
        return h @ q["W5"].T + q["b5"]

    return Net("lenet", text, torch_program, jax_program, "cross_entropy",
               draw_default("lenet", text))


def vgg_block():
    text = """input x[2,3,16,16]
param k1[8,3,3,3], b1[8], k2[8,8,3,3], b2[8], W[10,512], b[10]
target t[2,10]
c1 = relu(conv(x,k1,b1,padding: 1))
c2 = relu(conv(c1,k2,b2,padding: 1))
E = cross_entropy(dense(flatten(maxpool(c2),from: 1),W,b),t)
"""

    def torch_program(q, cut):
        h = F.conv2d(q["x"], q["k1"], q["b1"], padding=1).relu()
        h = F.conv2d(h, q["k2"], q["b2"], padding=1).relu()
        return F.linear(F.max_pool2d(h, 2).flatten(1), q["W"], q["b"])

    def jax_program(q, cut):
        h = jax.nn.relu(jax_conv(q["x"], q["k1"], q["b1"], padding=1))
        h = jax.nn.relu(jax_conv(h, q["k2"], q["b2"], padding=1))
        return jax_maxpool(h, 2, 2).reshape(len(h), -1) @ q["W"].T + q["b"]

    return Net("vgg_block", text, torch_program, jax_program, "cross_entropy",
               draw("vgg_block", text, gain=2 ** 0.5, classes=True))


def residual_blocks():
    text = """input x[4,3,10,10]
param k0[4,3,3,3], g0[4], s0[4], k1[4,4,3,3], g1[4], s1[4], k2[4,4,3,3], g2[4], s2[4]
param k3[8,4,3,3], g3[8], s3[8], k4[8,8,3,3], g4[8], s4[8], k5[8,4,1,1], g5[8], s5[8]
param W[5,8], b[5]
target t[4,5]
h0 = relu(batch_norm(conv(x,k0,padding: 1),g0,s0))
m1 = relu(batch_norm(conv(h0,k1,padding: 1),g1,s1))
h1 = relu(h0 + batch_norm(conv(m1,k2,padding: 1),g2,s2))
m2 = relu(batch_norm(conv(h1,k3,stride: 2,padding: 1),g3,s3))
h2 = relu(batch_norm(conv(h1,k5,stride: 2),g5,s5) + batch_norm(conv(m2,k4,padding: 1),g4,s4))
E = cross_entropy(dense(global_avgpool(h2),W,b),t)
"""

    def torch_program(q, cut):
        def unit(h, i, **how):
            return torch_batch_norm(F.conv2d(h, q[f"k{i}"], **how), q[f"g{i}"], q[f"s{i}"],
                                    cut.never)
        h0 = unit(q["x"], 0, padding=1).relu()
        h1 = (cut(h0) + unit(unit(h0, 1, padding=1).relu(), 2, padding=1)).relu()
        m2 = unit(h1, 3, stride=2, padding=1).relu()
        h2 = (unit(h1, 5, stride=2) + unit(m2, 4, padding=1)).relu()
        return F.linear(h2.mean((2, 3)), q["W"], q["b"])

    def jax_program(q, cut):
        def unit(h, i, **how):
            return jax_batch_norm(jax_conv(h, q[f"k{i}"], **how), q[f"g{i}"], q[f"s{i}"], cut.never)
        relu = jax.nn.relu
        h0 = relu(unit(q["x"], 0, padding=1))
        h1 = relu(cut(h0) + unit(relu(unit(h0, 1, padding=1)), 2, padding=1))
        m2 = relu(unit(h1, 3, stride=2, padding=1))
        h2 = relu(unit(h1, 5, stride=2) + unit(m2, 4, padding=1))
        return h2.mean((2, 3)) @ q["W"].T + q["b"]

    return Net("residual_blocks", text, torch_program, jax_program, "cross_entropy",
               draw("residual_blocks", text, gain=2 ** 0.5, classes=True))


def nets():
    yield lenet()
    yield vgg_block()
    yield residual_blocks()
