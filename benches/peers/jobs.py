"""What is measured: the jobs of each program, and the files that they need.

Out: `Job`s, each a program with its words; `files(folder)` writes networks and values. A job says
what it took as a line of JSON, or is measured from outside as a whole process.
"""

import sys
from array import array
from dataclasses import dataclass
from pathlib import Path

import networks

HERE = Path(__file__).resolve().parent
IDENTITIES = HERE / "identities.txt"
# Points of a batch.
BATCH = 64
# Sides of the image by which time a node is followed; the last has about 2·10⁷ nodes in
# backproof. CasADi is followed to 4 million nodes of its own, which take it three seconds.
SIDES = [10, 28, 84, 134, 208]
CASADI_SIDES = [10, 28, 84]
# Larger ones are measured in so many rounds at most: they take seconds each.
FEW = 3


@dataclass
class Job:
    """`program` is what is run, `words` its arguments; `key` names it in the results."""

    program: str
    words: list
    whole: bool = False
    rounds: int = 1000

    @property
    def key(self):
        return " ".join([self.program, *(Path(word).name for word in self.words)])


def files(folder):
    """Writes the networks as text, and the values of those that are evaluated."""
    (folder / "article-scalars.bp").write_text(networks.shipped("article-scalars"))
    nets = [networks.lenet(), networks.article(), *map(networks.image, SIDES)]
    for net in nets:
        (folder / f"{net.name}.bp").write_text(net.text)
        if net.name in ("lenet5", "image28", "article"):
            values = array("d", net.values())
            if sys.byteorder == "big":
                values.byteswap()
            (folder / f"{net.name}.values").write_bytes(values.tobytes())


def evaluation(program, net, points, folder):
    """An evaluation writes its gradients where `agreement.py` looks for them."""
    name = str(folder / f"{net}.bp") if program == "backproof" else net
    out = folder / f"{net}-{points}.{program}"
    return Job(program, ["evaluate", name, str(folder / f"{net}.values"), str(out), str(points)])


def listed(folder, builtin):
    """Every job of a round, those of one row side by side."""
    text = lambda net: str(folder / f"{net}.bp")
    made = []
    for net in ("lenet5", "image28"):
        made += [Job("backproof", ["gradients", text(net)]), Job("casadi", ["gradients", net])]
        for points in (1, BATCH):
            for program in ("backproof", "casadi", "jax"):
                made.append(evaluation(program, net, points, folder))
    for net in ("article-scalars", "article"):
        made.append(Job("backproof", ["gradients", text(net)]))
    made.append(Job("symengine", []))
    made += [evaluation("backproof", "article", 1, folder)]
    made += [Job("cli", ["check", "lenet5", "--format", "json"], whole=True)]
    made += [Job("jax", ["check_grads", str(folder / "lenet5.values")], whole=True)]
    made += [Job("cli", ["derive", name, "--level", "outline"], whole=True) for name in builtin]
    for side in SIDES:
        rounds = FEW if side > CASADI_SIDES[-1] else 1000
        if side != 28:
            made.append(Job("backproof", ["gradients", text(f"image{side}")], rounds=rounds))
        if side in CASADI_SIDES and side != 28:
            made.append(Job("casadi", ["gradients", f"image{side}"]))
    made += [Job("backproof", ["prove", str(IDENTITIES)]), Job("sympy", [str(IDENTITIES)])]
    return made


def builtin_networks():
    """The names of the networks that backproof has built in: each is a file of `networks/`."""
    return sorted(path.stem for path in (networks.ROOT / "networks").glob("*.bp"))
