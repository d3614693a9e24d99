"""SymPy on the identities that backproof proves: each by `simplify(left - right) == 0`.

    with_sympy.py IDENTITIES

Out: a line of JSON: the seconds for all, and those that `simplify` left open. Every name is a
positive symbol, so that powers and logarithms may be taken apart.
"""

import json
import re
import sys
from pathlib import Path

import sympy

import stopwatch


def judged(claims):
    """A list of the claims that were not simplified to 0."""
    # SymPy would else answer from its cache, as no first question is.
    sympy.core.cache.clear_cache()
    open_claims = []
    for claim, names in claims:
        symbols = {name: sympy.Symbol(name, positive=True) for name in names}
        left, right = (sympy.sympify(side, locals=symbols) for side in claim.split(" = "))
        if sympy.simplify(left - right) != 0:
            open_claims.append(claim)
    return open_claims


def main(path):
    lines = [line.strip() for line in Path(path).read_text().splitlines()]
    claims = [line for line in lines if line and not line.startswith("#")]
    functions = {"exp", "ln", "tanh", "sqrt"}
    named = [(claim, set(re.findall(r"[a-z]+", claim)) - functions) for claim in claims]
    took, left_open = stopwatch.repeated(lambda: judged(named))
    print(json.dumps({**took, "claims": len(claims), "open": left_open}))


if __name__ == "__main__":
    main(sys.argv[1])
