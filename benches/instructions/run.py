#!/usr/bin/env python3
"""How much work the program does, in instructions, which are the same whatever else a machine does.

    python3 benches/instructions/run.py target/release/backproof [--bless]

Valgrind counts. Two things are held:

- five fixed jobs take no more than `counts.json` says, with a margin of MARGIN; `--bless` writes
  the file anew, which is right after a change that is worth its price, or that made a job cheaper;
- the work grows as it should: each kind of input in GROWTH is made at one size and at the double,
  and doubling it may not multiply the work by more than the factor that stands beside it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
COUNTS = HERE / "counts.json"
# What the compiler puts into its callers changes with how it cuts the crate into pieces; that alone
# moved one job by 22%.
MARGIN = 1.25

JOBS = {
    "derive the article's network": ["derive"],
    "derive a convolution in indices": ["derive", "networks/channels.bp", "--form", "indices"],
    "derive xor as JSON": ["derive", "networks/xor.bp", "--format", "json"],
    "check xor": ["check", "networks/xor.bp"],
    "review a page": ["review", "tests/review/two-layers.tex"],
}


def chain(n):
    """A chain of n functions of one weight."""
    lines = ["input x", "param w", "a0 = w*x"]
    lines += [f"a{i + 1} = tanh(a{i})" for i in range(n)]
    return "derive", ".bp", "\n".join([*lines, f"E = a{n}^2 / 2"])


def width(n):
    """A hidden layer of n cells."""
    return "show", ".bp", (
        f"input x[4]\nparam w[{n}, 4], v[{n}]\ntarget t\n"
        "h = tanh(w @ x)\ny = sum(v * h)\nE = (t - y)^2 / 2"
    )


def layers(n):
    """n dense layers of four cells, in indices."""
    lines = ["input x[4]", "target t[4]"]
    lines += [f"param w{i}[4, 4]" for i in range(n)]
    lines += [f"a{i + 1} = tanh(w{i} @ {'x' if i == 0 else f'a{i}'})" for i in range(n)]
    text = "\n".join([*lines, f"E = sum((t - a{n})^2) / 2"])
    return ["derive", "--form", "indices", "--level", "outline"], ".bp", text


def weights(n):
    """A convolution with a kernel of n weights, checked."""
    return "check", ".bp", (
        f"input x[{2 * n}]\nparam u[{n}]\ntarget t\n"
        "c = conv(x, u)\ny = sum(tanh(c))\nE = (t - y)^2 / 2"
    )


def elements_of_a_max(n):
    """A max over n elements."""
    return "check", ".bp", (
        f"input x[{n}]\nparam w[{n}]\ntarget t\nm = max(w * x)\nE = (t - m)^2 / 2"
    )


HEAD = "Let $y = wx$ and $E = (t - y)^2/2$, with weight $w$.\n\n"


def rows(n):
    """n displays, each right."""
    right = "$$\\frac{\\partial E}{\\partial w} = -(t - y) x$$\n\n"
    return "review", ".md", HEAD + right * n


def wrong_rows(n):
    """n displays, each wrong."""
    wrong = "$$\\frac{\\partial E}{\\partial w} = (t - y) x$$\n\n"
    return "review", ".md", HEAD + wrong * n


def macros(n):
    """n macros, each made of the one before, and one row with the last."""
    lines = ["\\newcommand{\\ma}{\\frac{\\partial E}{\\partial w}}"]
    names = ["a"] + [letters(i) for i in range(1, n)]
    lines += [f"\\newcommand{{\\m{b}}}{{\\m{a}}}" for a, b in zip(names, names[1:])]
    body = f"Let $y = wx$ and $E = (t - y)^2/2$. Then $$\\m{names[-1]} = -(t - y) x$$\n"
    return "review", ".tex", "\n".join([*lines, body])


def letters(i):
    """A name of letters alone, one for each number."""
    return "".join(chr(ord("a") + int(d)) for d in f"{i:04}")


# Each kind: how to make it, the size, and the factor that doubling may cost.
GROWTH = [
    (chain, 16, 4.5),
    (width, 1000, 2.3),
    (layers, 3, 3.0),
    (weights, 16, 5.0),
    (elements_of_a_max, 32, 5.0),
    (rows, 80, 2.3),
    # A repair is confirmed by the rows around it, of which there are at most 4,000.
    (wrong_rows, 80, 4.2),
    (macros, 10, 2.5),
]


def count(binary, arguments, folder):
    """The instructions of one run, and its exit code."""
    environment = {"PATH": os.environ["PATH"], "COLUMNS": "80", "LC_ALL": "C"}
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary, *arguments]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True,
                         errors="replace")
    found = re.search(r"Collected : (\d+)", run.stderr)
    if not found or run.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(arguments)} ended with {run.returncode}:\n{run.stderr[-2000:]}")
    return int(found.group(1))


def main():
    binary = str(Path(sys.argv[1]).resolve())
    bless = "--bless" in sys.argv[2:]
    faults = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        def at(make, n):
            command, ending, text = make(n)
            path = Path(folder) / f"{make.__name__}{n}{ending}"
            path.write_text(text)
            words = [command] if isinstance(command, str) else command
            return count(binary, [words[0], path.name, *words[1:]], folder)

        jobs = {name: pool.submit(count, binary, words, ROOT) for name, words in JOBS.items()}
        sizes = [[pool.submit(at, make, k * n) for k in (1, 2)] for make, n, _ in GROWTH]
        base = count(binary, ["--version"], ROOT)

        held = json.loads(COUNTS.read_text()) if COUNTS.exists() else {}
        print(f"{'job':32} {'now':>9} {'held':>9}  million instructions")
        now = {name: job.result() for name, job in jobs.items()}
        for name, found in now.items():
            before = held.get(name, 0)
            print(f"{name:32} {found / 1e6:9.1f} {before / 1e6:9.1f}")
            if found > before * MARGIN:
                faults.append(f"{name}: {found:,} instructions, and {before:,} were held")
        print(f"\n{'kind':20} {'size':>5} {'once':>9} {'doubled':>9} {'factor':>7} {'at most':>8}")
        for (make, n, most), (once, twice) in zip(GROWTH, sizes):
            once, twice = once.result() - base, twice.result() - base
            factor = twice / once
            name = make.__name__.replace("_", " ")
            print(f"{name:20} {n:5} {once / 1e6:9.1f} {twice / 1e6:9.1f} {factor:7.2f} {most:8.1f}")
            if factor > most:
                faults.append(f"{name}: doubling {n} multiplies the work by {factor:.2f}")
    if bless:
        COUNTS.write_text(json.dumps(now, indent=1) + "\n")
        faults = [fault for fault in faults if "doubling" in fault]
    for fault in faults:
        print("FAULT", fault)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
