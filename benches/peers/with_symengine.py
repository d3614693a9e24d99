"""The article's network in SymEngine: text to the gradients of its five weights.

    with_symengine.py

Out: a line of JSON, with the gradients as text. SymEngine reads formulas and no networks, and has
no winner of a max: it is given every definition of `article-scalars`, with the assumed winner put
in for `r_p`, and puts them into one another. It reads no declarations and no given numbers, which
backproof does in the same time.
"""

import json

import symengine

import stopwatch

CELLS = {
    "c_00": "i_00*w_11 + i_01*w_10 + i_10*w_01 + i_11*w_00",
    "c_01": "i_02*w_11 + i_03*w_10 + i_12*w_01 + i_13*w_00",
    "c_10": "i_20*w_11 + i_21*w_10 + i_30*w_01 + i_31*w_00",
    "c_11": "i_22*w_11 + i_23*w_10 + i_32*w_01 + i_33*w_00",
}
WINNER = "c_10"
OUTPUT = "w_fc*r_p"
LOSS = "(t - r_fc)**2/2"
WEIGHTS = ["w_00", "w_01", "w_10", "w_11", "w_fc"]


def gradients():
    cells = {name: symengine.sympify(text) for name, text in CELLS.items()}
    output = symengine.sympify(OUTPUT).subs({symengine.Symbol("r_p"): cells[WINNER]})
    loss = symengine.sympify(LOSS).subs({symengine.Symbol("r_fc"): output})
    return [loss.diff(symengine.Symbol(name)) for name in WEIGHTS]


if __name__ == "__main__":
    took, made = stopwatch.repeated(gradients)
    print(json.dumps({**took, "gradients": len(made), "formulas": [str(g) for g in made]}))
