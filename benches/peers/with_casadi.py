"""What CasADi does of the table, in scalars (`SX`), as backproof does it.

    with_casadi.py gradients NETWORK
    with_casadi.py evaluate NETWORK VALUES GRADIENTS POINTS

In: `lenet5` or `imageN` of `networks.py`. Out: a line of JSON, and for an evaluation the gradients
as a file of little-endian `f64`. Expressions are built by CasADi's own operations on matrices of
scalars, without a loop over elements in Python; an evaluation reads and writes arrays in place.
"""

import json
import re
import sys

import casadi as ca
import numpy as np

import networks
import stopwatch


def flat(matrix):
    """The elements, row by row."""
    return ca.vec(matrix.T)


def square(vector, rows, columns):
    """A matrix of elements that are given row by row."""
    return ca.reshape(vector, columns, rows).T


def conv(planes, weights, out, size):
    """Cross-correlation: `planes` as matrices, `weights` flat, `out` filters of `size`²."""
    rows, columns = planes[0].shape[0] - size + 1, planes[0].shape[1] - size + 1
    made = []
    for k in range(out):
        total = ca.SX(rows, columns)
        for c, plane in enumerate(planes):
            for u in range(size):
                for v in range(size):
                    weight = weights[((k * len(planes) + c) * size + u) * size + v]
                    total += weight * plane[u:u + rows, v:v + columns]
        made.append(total)
    return made


def quarters(plane):
    return plane[0::2, 0::2], plane[0::2, 1::2], plane[1::2, 0::2], plane[1::2, 1::2]


def average(plane):
    a, b, c, d = quarters(plane)
    return (a + b + c + d) / 4


def greatest(plane):
    a, b, c, d = quarters(plane)
    return ca.fmax(ca.fmax(a, b), ca.fmax(c, d))


def lenet(q):
    """The loss of `networks/lenet5.bp`."""
    padded = ca.SX(32, 32)
    padded[2:30, 2:30] = square(q["x"], 28, 28)
    c1 = [ca.tanh(p + q["b_c1"][k]) for k, p in enumerate(conv([padded], q["w_c1"], 6, 5))]
    s2 = [average(p) for p in c1]
    c3 = [ca.tanh(p + q["b_c3"][k]) for k, p in enumerate(conv(s2, q["w_c3"], 16, 5))]
    s4 = ca.vertcat(*[flat(average(p)) for p in c3])
    c5 = ca.tanh(ca.mtimes(square(q["w_c5"], 120, 400), s4) + q["b_c5"])
    f6 = ca.tanh(ca.mtimes(square(q["w_f6"], 84, 120), c5) + q["b_f6"])
    z = ca.mtimes(square(q["w_o"], 10, 84), f6) + q["b_o"]
    return -ca.dot(q["t"], z - ca.log(ca.sum1(ca.exp(z))))


def image(q):
    """The loss of `networks.image`."""
    side = round(q["x"].numel() ** 0.5)
    pooled = [flat(greatest(p)) for p in conv([square(q["x"], side, side)], q["w"], 6, 5)]
    return (q["t"] - ca.dot(q["v"], ca.vertcat(*pooled))) ** 2 / 2


def named(name):
    if name == "lenet5":
        return networks.lenet(), lenet
    return networks.image(int(re.fullmatch(r"image(\d+)", name)[1])), image


def swept(net, loss):
    """Symbols of all quantities, and the gradients by all parameters in one column."""
    q = {name: ca.SX.sym(name, int(np.prod(shape))) for name, shape in net.shapes().items()}
    by = ca.vertcat(*[q[name] for name in net.params])
    return list(q.values()), ca.gradient(loss(q), by)


def gradients(net, loss):
    took, (_, made) = stopwatch.repeated(lambda: swept(net, loss))
    return {**took, "nodes": ca.n_nodes(made), "gradients": made.numel()}


def evaluate(net, loss, values, out, points):
    """At each point `value · (1 + point/1024)`; the last one's gradients are written down."""
    symbols, made = swept(net, loss)
    values = np.fromfile(values, "<f8")
    points = [np.ascontiguousarray(values * (1 + k / 1024)) for k in range(points)]

    def compiled():
        whole = ca.vertcat(*symbols)
        function = ca.Function("gradients", [whole], [ca.densify(made)])
        return function, *function.buffer()

    prepare, (function, buffer, call) = stopwatch.spent(compiled)
    result = np.empty(made.numel())
    buffer.set_res(0, memoryview(result))

    def run():
        for point in points:
            buffer.set_arg(0, memoryview(point))
            call()

    run()
    took, _ = stopwatch.repeated(run)
    result.astype("<f8").tofile(out)
    each = {key: took[key] / len(points) for key in ("seconds", "elapsed")}
    return {**each, "memory": took["memory"], "prepare": prepare, "gradients": result.size}


if __name__ == "__main__":
    job, name, *rest = sys.argv[1:]
    if job == "gradients":
        found = gradients(*named(name))
    else:
        found = evaluate(*named(name), rest[0], rest[1], int(rest[2]))
    print(json.dumps(found))
