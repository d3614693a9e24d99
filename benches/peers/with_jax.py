"""What JAX does of the table, in tensors of `f64` on the processor.

    with_jax.py evaluate NETWORK VALUES GRADIENTS POINTS
    with_jax.py check_grads VALUES

In: `lenet5` or `imageN` of `networks.py`. Out: a line of JSON, and for an evaluation the gradients
as a file of little-endian `f64`. An evaluation is compiled once (`jit`), a batch goes through
`vmap`. `check_grads` is called with its defaults, on all parameters of LeNet-5: one random
direction, forward and reverse.
"""

import json
import re
import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax.test_util import check_grads

import networks
import stopwatch

jax.config.update("jax_enable_x64", True)


def conv(x, w, padding):
    return jax.lax.conv_general_dilated(x[None], w, (1, 1), [(padding, padding)] * 2)[0]


def pooled(x):
    planes, rows, columns = x.shape
    return x.reshape(planes, rows // 2, 2, columns // 2, 2)


def lenet(params, x, t):
    """The loss of `networks/lenet5.bp`."""
    q = params
    s2 = pooled(jnp.tanh(conv(x, q["w_c1"], 2) + q["b_c1"][:, None, None])).mean((2, 4))
    s4 = pooled(jnp.tanh(conv(s2, q["w_c3"], 0) + q["b_c3"][:, None, None])).mean((2, 4))
    c5 = jnp.tanh(q["w_c5"] @ s4.reshape(-1) + q["b_c5"])
    f6 = jnp.tanh(q["w_f6"] @ c5 + q["b_f6"])
    return -jnp.dot(t, jax.nn.log_softmax(q["w_o"] @ f6 + q["b_o"]))


def image(params, x, t):
    """The loss of `networks.image`."""
    y = jnp.dot(params["v"], pooled(conv(x, params["w"], 0)).max((2, 4)).reshape(-1))
    return (t - y) ** 2 / 2


def named(name):
    if name == "lenet5":
        return networks.lenet(), lenet
    return networks.image(int(re.fullmatch(r"image(\d+)", name)[1])), image


def arguments(net, values):
    """Parameters, input and target as arrays, from all numbers in a row."""
    arrays, at = {}, 0
    for name, shape in net.shapes().items():
        size = int(np.prod(shape))
        arrays[name] = jnp.asarray(values[at:at + size].reshape(shape))
        at += size
    params = {name: arrays[name] for name in net.params}
    return params, *[arrays[name] for name in (*net.inputs, *net.targets)]


def evaluate(net, loss, values, out, points):
    """At each point `value · (1 + point/1024)`; the last one's gradients are written down."""
    values = np.fromfile(values, "<f8")
    batch = [arguments(net, values * (1 + k / 1024)) for k in range(points)]
    batch = jax.tree.map(lambda *arrays: jnp.stack(arrays), *batch)
    call = jax.jit(jax.vmap(jax.grad(loss)))
    prepare, made = stopwatch.spent(lambda: jax.block_until_ready(call(*batch)))
    took, _ = stopwatch.repeated(lambda: jax.block_until_ready(call(*batch)))
    last = np.concatenate([np.asarray(made[name][-1]).ravel() for name in net.params])
    last.astype("<f8").tofile(out)
    each = {key: took[key] / points for key in ("seconds", "elapsed")}
    return {**each, "memory": took["memory"], "prepare": prepare, "gradients": last.size}


def check(values):
    net = networks.lenet()
    params, x, t = arguments(net, np.fromfile(values, "<f8"))
    seconds, _ = stopwatch.spent(lambda: check_grads(lambda p: lenet(p, x, t), (params,), order=1))
    return {"seconds": seconds}


if __name__ == "__main__":
    job, *rest = sys.argv[1:]
    if job == "check_grads":
        found = check(rest[0])
    else:
        found = evaluate(*named(rest[0]), rest[1], rest[2], int(rest[3]))
    print(json.dumps(found))
