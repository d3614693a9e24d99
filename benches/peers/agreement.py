"""Whether all programs found the same: gradients, verdicts, proofs.

In: the folder where evaluations wrote their gradients, and what the jobs said. Out: a list of
what does not agree, empty where all is well, and of how many numbers it was asked.
"""

from array import array
import sys

import jobs
import networks

# Two gradients are the same within this, relative to the greater; and what is smaller than a
# millionth of the greatest of all is measured by that, for its own digits have cancelled.
SAME = 1e-9
SMALL = 1e-6


def read(path):
    numbers = array("d")
    numbers.frombytes(path.read_bytes())
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def worst(ours, theirs):
    """The greatest relative difference; infinite where one has more numbers, or no number."""
    if len(ours) != len(theirs):
        return float("inf")
    floor = SMALL * max(map(abs, ours), default=0.0)
    found = 0.0
    for a, b in zip(ours, theirs):
        if a != b:
            apart = abs(a - b) / max(abs(a), abs(b), floor)
            found = apart if apart >= found else found
            if apart != apart:
                return float("inf")
    return found


def of_formulas(formulas):
    """Gradients that are given as text, at the values of the article's network."""
    net, at, known = networks.article(), 0, {}
    values = net.values()
    for name, shape in net.shapes().items():
        rows, columns = (*shape, 1, 1)[:2]
        for cell in range(rows * columns):
            index = f"_{cell // columns}{cell % columns}" if shape else ""
            known[name + index] = values[at]
            at += 1
    return [eval(formula, {"__builtins__": {}}, known) for formula in formulas]


def found(folder, results):
    """(faults, how many gradients were compared, the greatest difference)."""
    faults, compared, greatest = [], 0, 0.0

    def hold(what, ours, theirs):
        nonlocal compared, greatest
        apart = worst(ours, theirs)
        compared, greatest = compared + len(ours), max(greatest, apart)
        if apart > SAME:
            faults.append(f"{what}: gradients differ by {apart:.1e}")

    for net in ("lenet5", "image28"):
        for points in (1, jobs.BATCH):
            ours = folder / f"{net}-{points}.backproof"
            for program in ("casadi", "jax"):
                theirs = folder / f"{net}-{points}.{program}"
                if ours.exists() and theirs.exists():
                    hold(f"{net}, {points} points, {program}", read(ours), read(theirs))
    said = results.get("symengine")
    ours = folder / "article-1.backproof"
    if said and ours.exists():
        hold("article, symengine", read(ours), of_formulas(said[-1]["formulas"]))
    for run in results.get("cli check lenet5 --format json", []):
        if not run["said"]["agrees"]:
            faults.append("check lenet5: its own sources do not agree")
    for run in results.get("backproof prove identities.txt", []):
        faults += [f"refuted, and true: {claim}" for claim in run["denied"]]
    return sorted(set(faults)), compared, greatest
