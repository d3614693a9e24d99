"""Networks that read sequences: an LSTM, attention, and GPTs of a few layers.

Out: `nets()`, the networks of this family.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F

from chains import jax_layer_norm, torch_layer_norm
from network import Net, draw, generator, one_hot


def gpt(depth, scale, masked=-math.inf, length=8, vocabulary=11, width=16, heads=4):
    """Learned positions, norms before attention and before the perceptron, the table tied."""
    name = f"gpt_{depth}" + ("" if scale == 0.02 else "_trained")
    name += "" if math.isinf(masked) else "_finite_mask"
    size, T, V, n, H = width // heads, length, vocabulary, width, heads
    text = [f"input e[{T},{V}]", f"const m[{T},{T}]",
            f"param wte[{V},{n}], wpe[{T},{n}], gf[{n}], sf[{n}]"]
    for i in range(1, depth + 1):
        text.append(f"param ga{i}[{n}], sa{i}[{n}], Wq{i}[{n},{n}], Wk{i}[{n},{n}], "
                    f"Wv{i}[{n},{n}], Wo{i}[{n},{n}], gp{i}[{n}], sp{i}[{n}], U{i}[{4*n},{n}], "
                    f"u{i}[{4*n}], D{i}[{n},{4*n}], d{i}[{n}]")
    text += [f"target t[{T},{V}]", "x0 = e@wte + wpe"]
    for i in range(1, depth + 1):
        text += [f"h{i} = layer_norm(x{i-1},ga{i},sa{i})"]
        for part, axes in [("q", "[1,0,2]"), ("k", "[1,2,0]"), ("v", "[1,0,2]")]:
            text.append(f"{part}{i} = transpose(reshape(dense(h{i},W{part}{i}), "
                        f"shape: [{T},{H},{size}]), axes: {axes})")
        text += [f"o{i} = softmax(q{i}@k{i}/{math.isqrt(size)} + m)@v{i}",
                 f"y{i} = x{i-1} + dense(reshape(transpose(o{i}, axes: [1,0,2]), "
                 f"shape: [{T},{n}]),Wo{i})",
                 f"n{i} = layer_norm(y{i},gp{i},sp{i})",
                 f"x{i} = y{i} + dense(gelu(dense(n{i},U{i},u{i})),D{i},d{i})"]
    text.append(f"E = cross_entropy(layer_norm(x{depth},gf,sf)@transpose(wte),t)")
    text = "\n".join(text) + "\n"

    def torch_program(q, cut):
        x = F.embedding(q["e"].argmax(-1), q["wte"]) + q["wpe"]
        for i in range(1, depth + 1):
            once = cut if i == depth else cut.never
            h = torch_layer_norm(x, q[f"ga{i}"], q[f"sa{i}"], cut.never)
            query, key, value = (F.linear(h, q[f"W{part}{i}"]).view(T, H, size).transpose(0, 1)
                                 for part in "qkv")
            scores = query @ once(key).transpose(1, 2) / math.sqrt(size) + q["m"]
            o = scores.softmax(-1) @ value
            x = x + F.linear(o.transpose(0, 1).reshape(T, n), q[f"Wo{i}"])
            h = torch_layer_norm(x, q[f"gp{i}"], q[f"sp{i}"], cut.never)
            x = x + F.linear(F.gelu(F.linear(h, q[f"U{i}"], q[f"u{i}"])), q[f"D{i}"], q[f"d{i}"])
        return torch_layer_norm(x, q["gf"], q["sf"], cut.never) @ q["wte"].T

    def jax_program(q, cut):
        x = q["wte"][q["e"].argmax(-1)] + q["wpe"]
        for i in range(1, depth + 1):
            once = cut if i == depth else cut.never
            h = jax_layer_norm(x, q[f"ga{i}"], q[f"sa{i}"], cut.never)
            query, key, value = (((h @ q[f"W{part}{i}"].T).reshape(T, H, size)).swapaxes(0, 1)
                                 for part in "qkv")
            scores = query @ once(key).swapaxes(1, 2) / math.sqrt(size) + q["m"]
            o = jax.nn.softmax(scores, axis=-1) @ value
            x = x + o.swapaxes(0, 1).reshape(T, n) @ q[f"Wo{i}"].T
            h = jax_layer_norm(x, q[f"gp{i}"], q[f"sp{i}"], cut.never)
            h = jax.nn.gelu(h @ q[f"U{i}"].T + q[f"u{i}"], approximate=False)
            x = x + h @ q[f"D{i}"].T + q[f"d{i}"]
        return jax_layer_norm(x, q["gf"], q["sf"], cut.never) @ q["wte"].T

    mask = np.where(np.tri(T) > 0, 0, masked)
    given = {"e": one_hot(generator(name + " words"), (T, V)), "m": mask}
    values = draw(name, text, scale=scale, classes=True, given=given)
    return Net(name, text, torch_program, jax_program, "cross_entropy", values)


def lstm(steps=10, batch=3, inputs=4, size=8):
    """One layer of LSTM, the gates in PyTorch's order, squared error at the last step."""
    n, k = size, batch
    text = [f"input x[{steps},{k},{inputs}], h0[{k},{n}], c0[{k},{n}]",
            f"param W[{4*n},{inputs}], U[{4*n},{n}], bw[{4*n}], bu[{4*n}]", f"target t[{k},{n}]"]
    for i in range(1, steps + 1):
        text += [f"g{i} = dense(x[{i-1}],W,bw) + dense(h{i-1},U,bu)",
                 f"c{i} = sigmoid(g{i}[:,{n}:{2*n}])*c{i-1} "
                 f"+ sigmoid(g{i}[:,:{n}])*tanh(g{i}[:,{2*n}:{3*n}])",
                 f"h{i} = sigmoid(g{i}[:,{3*n}:])*tanh(c{i})"]
    text = "\n".join(text + [f"E = mse(h{steps},t)"]) + "\n"

    def torch_program(q, cut):
        if cut.cuts:
            h, c = q["h0"], q["c0"]
            for i in range(steps):
                now = cut if i == steps // 2 else cut.never
                g = F.linear(q["x"][i], q["W"], q["bw"]) + F.linear(now(h), q["U"], q["bu"])
                a, f, z, o = g.chunk(4, 1)
                c = f.sigmoid() * c + a.sigmoid() * z.tanh()
                h = o.sigmoid() * c.tanh()
            return h
        cell = torch.nn.LSTM(inputs, n, dtype=q["W"].dtype)
        weights = {"weight_ih_l0": q["W"], "weight_hh_l0": q["U"], "bias_ih_l0": q["bw"],
                   "bias_hh_l0": q["bu"]}
        start = (q["h0"][None], q["c0"][None])
        _, (h, _) = torch.func.functional_call(cell, weights, (q["x"], start))
        return h[0]

    def jax_program(q, cut):
        def step(state, x):
            h, c = state
            g = x @ q["W"].T + q["bw"] + h @ q["U"].T + q["bu"]
            a, f, z, o = jnp.split(g, 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(a) * jnp.tanh(z)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), None
        (h, _), _ = jax.lax.scan(step, (q["h0"], q["c0"]), q["x"])
        return h

    name = f"lstm_{steps}"
    return Net(name, text, torch_program, jax_program, "mse", draw(name, text))


def attention():
    """One head without a mask, the scores unscaled and far apart."""
    text = """input x[6,8]
param Wq[8,8], Wk[8,8], Wv[8,8]
target t[6,8]
q = dense(x,Wq)
k = dense(x,Wk)
v = dense(x,Wv)
E = mse(softmax(q@transpose(k))@v,t)
"""

    def torch_program(q, cut):
        query, key, value = (F.linear(q["x"], q["W" + part]) for part in "qkv")
        return (query @ cut(key).T).softmax(-1) @ value

    def jax_program(q, cut):
        query, key, value = (q["x"] @ q["W" + part].T for part in "qkv")
        return jax.nn.softmax(query @ cut(key).T, axis=-1) @ value

    # The error of a row is a term of the loss, but the row was read by all others, too.
    return Net("attention", text, torch_program, jax_program, "mse", draw("attention", text))


def nets():
    yield lstm()
    yield attention()
    yield gpt(1, 0.02)
    yield gpt(1, 0.2, masked=-10000.0)
    yield gpt(2, 0.02)
    yield gpt(2, 0.2)
    yield gpt(6, 0.02)
    yield gpt(6, 0.2)
