"""Chains of dense layers, with norms and residual ways: the depth is what makes them hard.

Out: `nets()`, the networks of this family.
"""

import jax
import jax.numpy as jnp
import torch.nn.functional as F

from network import Net, draw


def layers(depth, width, more=""):
    names = [f"W{i}[{width},{width}], b{i}[{width}]" + more.format(i=i, n=width)
             for i in range(1, depth + 1)]
    return "\n".join(f"param {line}" for line in names)


def jax_layer_norm(x, gain, shift, cut, eps=1e-5):
    mean = x.mean(-1, keepdims=True)
    var = cut(((x - mean) ** 2).mean(-1, keepdims=True))
    return (x - mean) / jnp.sqrt(var + eps) * gain + shift


def torch_layer_norm(x, gain, shift, cut, eps=1e-5):
    right = F.layer_norm(x, gain.shape, gain, shift, eps)
    if not cut.cuts:
        return right
    mean = x.mean(-1, keepdim=True)
    var = cut(((x - mean) ** 2).mean(-1, keepdim=True))
    return (x - mean) / (var + eps).sqrt() * gain + shift


def jax_batch_norm(x, gain, shift, cut, eps=1e-5):
    axes = (0,) + tuple(range(2, x.ndim))
    shape = (1, -1) + (1,) * (x.ndim - 2)
    mean = x.mean(axes, keepdims=True)
    var = cut(((x - mean) ** 2).mean(axes, keepdims=True))
    return (x - mean) / jnp.sqrt(var + eps) * gain.reshape(shape) + shift.reshape(shape)


def torch_batch_norm(x, gain, shift, cut, eps=1e-5):
    if not cut.cuts:
        return F.batch_norm(x, None, None, gain, shift, training=True, eps=eps)
    axes = [0, *range(2, x.dim())]
    shape = [1, -1] + [1] * (x.dim() - 2)
    mean = x.mean(axes, keepdim=True)
    var = cut(((x - mean) ** 2).mean(axes, keepdim=True))
    return (x - mean) / (var + eps).sqrt() * gain.reshape(shape) + shift.reshape(shape)


def chain(kind, depth, width=16, batch=8):
    """One chain. In the text, in PyTorch and in JAX the same layer, `depth` times."""
    name = f"{kind}_{depth}"
    act = "relu" if kind.startswith("relu") else "tanh"
    norm = {"tanh_norm": "layer_norm", "relu_batch": "batch_norm"}.get(kind)
    residual = kind == "tanh_residual"
    text = [f"input x[{batch},{width}]",
            layers(depth, width, ", g{i}[{n}], s{i}[{n}]" if norm else ""),
            f"target t[{batch},{width}]"]
    before = "x"
    for i in range(1, depth + 1):
        inner = f"dense({before},W{i},b{i})"
        if norm:
            inner = f"{norm}({inner},g{i},s{i})"
        text.append(f"h{i} = " + (f"{before} + " if residual else "") + f"{act}({inner})")
        before = f"h{i}"
    text.append(f"E = mse({before},t)")
    text = "\n".join(text) + "\n"

    def torch_program(q, cut):
        h = q["x"]
        for i in range(1, depth + 1):
            z = F.linear(h, q[f"W{i}"], q[f"b{i}"])
            once = cut if i == (depth + 1) // 2 else cut.never
            if norm == "layer_norm":
                z = torch_layer_norm(z, q[f"g{i}"], q[f"s{i}"], once)
            if norm == "batch_norm":
                z = torch_batch_norm(z, q[f"g{i}"], q[f"s{i}"], once)
            a = z.relu() if act == "relu" else z.tanh()
            h = once(h) + a if residual else a
        return h

    def jax_program(q, cut):
        h = q["x"]
        for i in range(1, depth + 1):
            z = h @ q[f"W{i}"].T + q[f"b{i}"]
            once = cut if i == (depth + 1) // 2 else cut.never
            if norm == "layer_norm":
                z = jax_layer_norm(z, q[f"g{i}"], q[f"s{i}"], once)
            if norm == "batch_norm":
                z = jax_batch_norm(z, q[f"g{i}"], q[f"s{i}"], once)
            a = jax.nn.relu(z) if act == "relu" else jnp.tanh(z)
            h = once(h) + a if residual else a
        return h

    values = draw(name, text, gain=2 ** 0.5 if act == "relu" else 1.0)
    return Net(name, text, torch_program, jax_program, "mse", values)


def mlp(batch):
    """784-256-128-10 with ReLU, as the digits are classified in every course."""
    name = f"mlp_784_batch_{batch}"
    text = f"""input x[{batch},784]
param W1[256,784], b1[256], W2[128,256], b2[128], W3[10,128], b3[10]
target t[{batch},10]
h1 = relu(dense(x,W1,b1))
h2 = relu(dense(h1,W2,b2))
E = cross_entropy(dense(h2,W3,b3),t)
"""

    def torch_program(q, cut):
        h = F.linear(q["x"], q["W1"], q["b1"]).relu()
        h = F.linear(h, q["W2"], q["b2"]).relu()
        return F.linear(h, q["W3"], q["b3"])

    def jax_program(q, cut):
        h = jax.nn.relu(q["x"] @ q["W1"].T + q["b1"])
        h = jax.nn.relu(h @ q["W2"].T + q["b2"])
        return h @ q["W3"].T + q["b3"]

    values = draw(name, text, gain=2 ** 0.5, classes=True)
    # Images are positive, and many of their cells are dark.
    values["x"] = abs(values["x"]) * (values["x"] > 0)
    return Net(name, text, torch_program, jax_program, "cross_entropy", values)


def nets():
    for depth in [1, 2, 4, 8, 16, 24]:
        yield chain("tanh", depth)
    for depth in [1, 4, 8, 16, 24]:
        yield chain("tanh_norm", depth)
    for depth in [1, 2, 4, 8, 16, 24]:
        yield chain("relu", depth)
    for depth in [2, 6]:
        yield chain("relu_batch", depth)
    for depth in [8, 24]:
        yield chain("tanh_residual", depth)
    for batch in [4, 64]:
        yield mlp(batch)
