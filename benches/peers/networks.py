"""The networks that all are measured on: text for backproof, shapes and values for its peers.

Out: `Network`s. The values of one are a list of numbers in the order of its quantities, each
row-major, drawn from a seed, so that every program computes with the same ones.
"""

import random
from dataclasses import dataclass
from math import prod
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEED = 1998


@dataclass
class Network:
    """A network: its text, and the shapes of its inputs, parameters and target, in its order."""

    name: str
    text: str
    inputs: dict
    params: dict
    targets: dict

    def shapes(self):
        return {**self.inputs, **self.params, **self.targets}

    def weights(self):
        return sum(prod(shape) for shape in self.params.values())

    def values(self):
        """A value for each element: of a size that keeps sums of products near 1."""
        draw = random.Random(SEED)
        numbers = []
        for name, shape in self.shapes().items():
            if name in self.targets:
                drawn = [draw.random() for _ in range(prod(shape))]
                numbers += [number / sum(drawn) for number in drawn]
            else:
                size = prod(shape[1:]) ** -0.5 if name in self.params and len(shape) > 1 else 1.0
                numbers += [draw.uniform(-size, size) for _ in range(prod(shape))]
        return numbers


def shipped(name):
    """The text of a network that backproof has built in."""
    return (ROOT / "networks" / f"{name}.bp").read_text()


def lenet():
    """LeNet-5, as it is shipped: 61,706 parameters."""
    text = shipped("lenet5")
    params = {
        "w_c1": (6, 1, 5, 5), "b_c1": (6,), "w_c3": (16, 6, 5, 5), "b_c3": (16,),
        "w_c5": (120, 400), "b_c5": (120,), "w_f6": (84, 120), "b_f6": (84,),
        "w_o": (10, 84), "b_o": (10,),
    }
    return Network("lenet5", text, {"x": (1, 28, 28)}, params, {"t": (10,)})


def image(side):
    """A square image, six 5×5 filters, max-pooling over 2×2, a weight for each cell; with 28
    pixels a side it has 6·25 + 6·144 = 1,014 weights."""
    pooled = 6 * ((side - 4) // 2) ** 2
    text = f"""input  x[1, {side}, {side}]
param  w[6, 1, 5, 5], v[{pooled}]
target t
c = conv(x, w)
p = maxpool(c)
y = sum(v * flatten(p))
E = (t - y)^2 / 2
"""
    params = {"w": (6, 1, 5, 5), "v": (pooled,)}
    return Network(f"image{side}", text, {"x": (1, side, side)}, params, {"t": ()})


def article():
    """The article's network: a 4×4 image, a 2×2 filter, max-pooling, an output weight."""
    text = shipped("article")
    return Network("article", text, {"i": (4, 4)}, {"w": (2, 2), "w_fc": ()}, {"t": ()})
