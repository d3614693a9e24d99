"""What a network of the corpus is, and how its numbers are drawn.

In: a text in the language of backproof, and the same program written by hand for PyTorch and for
JAX. Out: a `Net` with values from a seed that its name fixes.

What always holds: both programs take a dict `q` of the values under the text's names, and a
function `cut`. They return what the loss is taken of, or that and a penalty. `cut` is the identity
in a right program, and lets no gradient through in a wrong one: it stands on one of several ways by
which a gradient arrives, where the network has such a place.
"""

import math
import re
import zlib
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Net:
    name: str
    text: str
    torch: object
    jax: object
    # How the result becomes a number: mse, cross_entropy, or sum (the result is the loss).
    loss: str
    values: dict = field(default_factory=dict)
    # Whether the loss is a mean over a batch, of which a sample may be left out.
    batch: bool = True

    @property
    def params(self):
        return list(declared(self.text, "param"))


def declared(text, keyword):
    """The shapes of what `keyword` declares, in the order of the text."""
    found = {}
    for line in text.splitlines():
        words = line.strip()
        if words.startswith(keyword + " "):
            for name, sizes in re.findall(r"(\w+)\s*(?:\[([\d,\s]*)\])?", words[len(keyword):]):
                found[name] = tuple(int(n) for n in sizes.split(",")) if sizes else ()
    return found


def generator(name):
    return np.random.default_rng(zlib.crc32(name.encode()))


def draw(name, text, gain=1.0, scale=None, bias=0.1, classes=False, given=None):
    """Values of everything that the text declares.

    Weights are normal with deviation gain/√fan-in, or `scale`; vectors are biases, gains of norms
    (`g…`) near 1, shifts (`s…`) near 0. Targets are normal, or one-hot rows.
    """
    rng, values = generator(name), {}
    for role in ["input", "const", "param", "target"]:
        for key, shape in declared(text, role).items():
            if given and key in given:
                values[key] = np.asarray(given[key], np.float64)
            elif role == "target" and classes:
                values[key] = one_hot(rng, shape)
            elif role != "param":
                values[key] = rng.normal(size=shape)
            elif key[0] == "g" and len(shape) == 1:
                values[key] = 1 + 0.1 * rng.normal(size=shape)
            elif len(shape) < 2:
                values[key] = bias * rng.normal(size=shape)
            else:
                deviation = scale or gain / math.sqrt(math.prod(shape[1:]))
                values[key] = deviation * rng.normal(size=shape)
    return values


def draw_default(name, text, classes=True):
    """The same, with the weights and biases as PyTorch draws them: even, within 1/√fan-in."""
    values = draw(name, text, classes=classes)
    rng, bound = generator(name + " weights"), 1.0
    for key, shape in declared(text, "param").items():
        if len(shape) > 1:
            bound = 1 / math.sqrt(math.prod(shape[1:]))
        if key[0] not in "gs":
            values[key] = rng.uniform(-bound, bound, size=shape)
    return values


def one_hot(rng, shape):
    rows = np.zeros(shape).reshape(-1, shape[-1])
    rows[np.arange(len(rows)), rng.integers(shape[-1], size=len(rows))] = 1
    return rows.reshape(shape)
