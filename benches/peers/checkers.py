#!/usr/bin/env python3
"""What gradcheck, check_grads and backproof say about the same right and wrong gradients.

    checkers.py BINARY [--peers FILE] [--write docs/checking.md] [--layers] [--only REGEX]

In: a `backproof`, and the networks of `benches/corpus` with at most `MOST` parameters; `kinks.py`
has those that lie at a kink. Out: a table in Markdown, or with `--write` in its place in a file,
between `<!-- begin peers -->` and `<!-- end peers -->`; `--layers` prints what each said of each.

What always holds: a program is the same for all three, and so is the mistake, which is planted in
the first tensor (`transposed`: the first square one). gradcheck meets it in the backward of a
`torch.autograd.Function`, check_grads in a `jax.custom_vjp`, backproof in the file. What the two
say is kept in `--peers FILE`, if it is given, and computed again only for a new layer.

Where tolerances are set: `as they come` is the function's defaults; `loosened` is a step that fits
the format, and of `TOLERANCES` the least at which nine tenths of the right layers pass.
"""

import argparse
import datetime
import json
import re
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "corpus")]

import jax
import jax.numpy as jnp
import numpy as np
import torch
from jax.test_util import check_grads

import arrays
import chains
import images
import kinks
import make
import sequences
import single

MOST = 2500
FORMATS = ["f64", "f32", "bf16"]
MISTAKES = ["×1.001", "sign", "transposed", "missing term"]
TOLERANCES = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]
# A step for differences that the format still tells from its rounding.
STEP = {"f64": 1e-6, "f32": 1e-3, "bf16": 2.0 ** -4}


def layers(only):
    """The networks, and whether each lies at a kink."""
    families = [chains.nets(), images.nets(), sequences.nets(), single.nets()]
    small = lambda net: sum(net.values[name].size for name in net.params) <= MOST
    for net in [net for family in families for net in family if small(net)]:
        if re.search(only, net.name):
            yield net, False
    for net in kinks.nets():
        if re.search(only, net.name):
            yield net, True


def planted_in(net, mistake):
    """The tensor that the mistake is made in, or None."""
    if mistake != "transposed":
        return net.params[0]
    square = [name for name in net.params if net.values[name].ndim == 2
              and len(set(net.values[name].shape)) == 1 and net.values[name].shape[0] > 1]
    return square[0] if square else None


def mangled(g, mistake):
    return {"×1.001": lambda: g * 1.001, "sign": lambda: -g, "transposed": lambda: g.T,
            "missing term": lambda: g, "right": lambda: g}[mistake]()


def torch_program(net, values, fmt, mistake):
    """A function of the parameters, and the parameters."""
    q = {name: torch.tensor(a, dtype=make.TORCH[fmt]) for name, a in values.items()}

    def loss(params, cuts):
        cut = make.Cut(lambda value: value.detach(), cuts)
        result = net.torch({**q, **dict(zip(net.params, params))}, cut)
        result, penalty = result if isinstance(result, tuple) else (result, None)
        E = make.torch_loss(net, result, q.get("t"), False)
        return E if penalty is None else E + penalty

    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *params):
            ctx.save_for_backward(*params)
            return loss(params, False)

        @staticmethod
        def backward(ctx, upstream):
            params = [p.detach().requires_grad_() for p in ctx.saved_tensors]
            with torch.enable_grad():
                E = loss(params, mistake == "missing term")
            found = torch.autograd.grad(E, params, allow_unused=True)
            found = [torch.zeros_like(p) if g is None else g for p, g in zip(params, found)]
            at = net.params.index(planted_in(net, mistake))
            found[at] = mangled(found[at], mistake)
            return tuple(upstream * g for g in found)

    params = tuple(q[name].clone().requires_grad_() for name in net.params)
    if mistake == "right":
        return lambda *params: loss(params, False), params
    return Planted.apply, params


def by_gradcheck(f, params, eps=None, tolerance=None):
    how = {} if eps is None else {"eps": eps, "atol": tolerance, "rtol": tolerance}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.autograd.gradcheck(f, params, raise_exception=False, **how)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        return f"error: {str(error).splitlines()[0]}"


def jax_program(net, values, fmt, mistake):
    q = {name: jnp.asarray(a, make.JAX[fmt]) for name, a in values.items()}
    rest = {name: a for name, a in q.items() if name not in net.params}

    def loss(params, cuts):
        cut = make.Cut(jax.lax.stop_gradient, cuts)
        result = net.jax({**rest, **dict(zip(net.params, params))}, cut)
        result, penalty = result if isinstance(result, tuple) else (result, None)
        E = make.jax_loss(net, result, rest.get("t"), False)
        return E if penalty is None else E + penalty

    params = tuple(q[name] for name in net.params)
    right = jax.jit(lambda *params: loss(params, False))
    if mistake == "right":
        return right, params
    gradient = jax.jit(jax.grad(lambda params: loss(params, mistake == "missing term")))

    @jax.custom_vjp
    def planted(*params):
        return right(*params)

    def backward(params, upstream):
        found = list(gradient(params))
        at = net.params.index(planted_in(net, mistake))
        found[at] = mangled(found[at], mistake)
        return tuple(upstream * g for g in found)

    planted.defvjp(lambda *params: (right(*params), params), backward)
    return planted, params


def by_check_grads(f, params, eps=None, tolerance=None):
    how = {} if eps is None else {"eps": eps, "atol": tolerance, "rtol": tolerance}
    try:
        check_grads(f, params, order=1, modes=["rev"], **how)
        return True
    except AssertionError:
        return False
    except (TypeError, ValueError) as error:
        return f"error: {str(error).splitlines()[0]}"


def gradients(net, values, fmt, mistake):
    """What goes into the file; None where the mistake cannot be made, or changes nothing."""
    if planted_in(net, mistake) is None:
        return None
    right = make.by_torch(net, values, fmt)[1]
    if mistake == "right":
        return right
    if mistake == "missing term":
        wrong = make.by_torch(net, values, fmt, cuts=True)
        if wrong is None:
            return None
        moved = max(np.linalg.norm(wrong[1][n] - right[n]) / (np.linalg.norm(right[n]) or 1)
                    for n in net.params)
        return wrong[1] if moved > 1e-3 else None
    name = planted_in(net, mistake)
    wrong = arrays.rounded(mangled(right[name], mistake), fmt)
    return None if (wrong == right[name]).all() else {**right, name: wrong}


def by_backproof(binary, net, values, fmt, found):
    """The verdict of the whole: agree, differ or not judged."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        (where / "net.bp").write_text(net.text)
        arrays.save(where / "v.safetensors", values, fmt)
        arrays.save(where / "g.safetensors", found, fmt)
        command = [binary, "check", "net.bp", "--values", "v.safetensors", "--against",
                   "g.safetensors", "--from", "torch", "--format", "json"]
        try:
            ran = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=60)
        except subprocess.TimeoutExpired:
            return "not judged"
    if not ran.stdout:
        print(f"{net.name} {fmt}: {ran.stderr.strip()}", file=sys.stderr)
        return "not judged"
    verdicts = [p["verdict"] for p in json.loads(ran.stdout)["parameters"]]
    return "differ" if "differ" in verdicts else \
        "agree" if all(v == "agree" for v in verdicts) else "not judged"


PEERS = {"gradcheck": (torch_program, by_gradcheck), "check_grads": (jax_program, by_check_grads)}


def ask_peers(net, values, fmt, mistake, kept):
    """What both say, with their defaults and with each tolerance; computed once."""
    key = f"{net.name} {fmt} {mistake}"
    if key in kept:
        return kept[key]
    said = {}
    for peer, (program, ask) in PEERS.items():
        began = time.perf_counter()
        f, params = program(net, values, fmt, mistake)
        said[peer] = {"default": ask(f, params)}
        said[peer]["seconds"] = time.perf_counter() - began
        for tolerance in TOLERANCES if fmt != "f64" else []:
            answer = ask(f, params, STEP[fmt], tolerance)
            said[peer][str(tolerance)] = answer
            if answer is True:
                # What passes here passes with every wider tolerance.
                said[peer].update({str(wider): True for wider in TOLERANCES if wider > tolerance})
                break
    kept[key] = said
    return said


def everything(options):
    kept = {}
    if options.peers and options.peers.exists():
        kept = json.loads(options.peers.read_text())
    rows = []
    for net, kink in layers(options.only):
        for fmt in FORMATS:
            values = {name: arrays.rounded(a, fmt) for name, a in net.values.items()}
            for mistake in ["right", *MISTAKES]:
                found = gradients(net, values, fmt, mistake)
                if found is None:
                    continue
                said = ask_peers(net, values, fmt, mistake, kept)
                began = time.perf_counter()
                verdict = by_backproof(options.binary, net, values, fmt, found)
                rows.append({"layer": net.name, "kink": kink, "format": fmt, "mistake": mistake,
                             "backproof": verdict, "seconds": time.perf_counter() - began, **said})
        if options.peers:
            options.peers.write_text(json.dumps(kept))
        print(net.name, file=sys.stderr, flush=True)
    return rows


def least_tolerance(rows, peer):
    """The least tolerance at which nine tenths of the right smooth layers pass."""
    right = [row[peer] for row in rows if row["mistake"] == "right" and not row["kink"]]
    for tolerance in TOLERANCES:
        if sum(said[str(tolerance)] is True for said in right) >= 0.9 * len(right):
            return tolerance
    return TOLERANCES[-1]


def cells(rows, verdict):
    """What `verdict` (agree, differ, not judged) makes of the right layers and of each mistake.

    A mistake counts as seen only where the right layer is accepted: to refuse all is no merit.
    """
    def counted(answers, good):
        open_ones = answers.count("not judged")
        return f"{answers.count(good)} of {len(answers)}" + (f", {open_ones} open" * bool(open_ones))

    right = {row["layer"]: verdict(row) for row in rows if row["mistake"] == "right"}
    out = [counted([right[row["layer"]] for row in rows
                    if row["mistake"] == "right" and row["kink"] == kink], "agree")
           for kink in [False, True]]
    for mistake in MISTAKES:
        asked = [row for row in rows if row["mistake"] == mistake and not row["kink"]]
        out.append(counted([verdict(row) if right[row["layer"]] == "agree" else "refused"
                            for row in asked], "differ") if asked else "–")
    return out


def markdown(rows, options):
    head = ["", "right accepted", "at a kink", "×1.001 told", "sign told", "transposed told",
            "missing term told", "seconds"]
    lines = []
    for fmt in FORMATS:
        here = [row for row in rows if row["format"] == fmt]
        smooth = [row for row in here if row["mistake"] == "right" and not row["kink"]]
        for peer in PEERS:
            settings = [("default", "")]
            if fmt != "f64":
                tolerance = least_tolerance(here, peer)
                settings.append((str(tolerance), f", step {STEP[fmt]:g}, tolerance {tolerance:g}"))
            for setting, words in settings:
                verdict = lambda row: "agree" if row[peer][setting] is True else "differ"
                seconds = sum(row[peer]["seconds"] for row in smooth)
                took = f"{seconds:.1f}" if setting == "default" else ""
                lines.append([f"{fmt}: `{peer}`{words}", *cells(here, verdict), took])
        seconds = sum(row["seconds"] for row in smooth)
        lines.append([f"{fmt}: **`backproof check`**", *cells(here, lambda row: row["backproof"]),
                      f"{seconds:.1f}"])
    table = [head, ["---"] * len(head), *lines]
    count = len({row["layer"] for row in rows if not row["kink"]})
    at_kinks = len({row["layer"] for row in rows if row["kink"]})
    version = subprocess.run([options.binary, "--version"], capture_output=True, text=True).stdout
    about = (f"{count} layers and small networks of at most {MOST} parameters, and {at_kinks} at a "
             f"kink; PyTorch {torch.__version__.split('+')[0]}, JAX {jax.__version__}, "
             f"{version.strip()}; {datetime.date.today()}; "
             "`python benches/peers/checkers.py target/release/backproof --write "
             "docs/checking.md`.")
    return about + "\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in table)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary", type=lambda path: str(Path(path).resolve()))
    parser.add_argument("--peers", type=Path, help="where what the two others say is kept")
    parser.add_argument("--write", type=Path, help="the file whose table is replaced")
    parser.add_argument("--layers", action="store_true", help="what each said of each layer")
    parser.add_argument("--only", default="", help="layers whose name this finds")
    options = parser.parse_args()
    rows = everything(options)
    if options.layers:
        short = {True: "passes", False: "fails"}
        for row in rows:
            print(row["layer"], row["format"], row["mistake"],
                  *(f"{peer}: {short.get(row[peer]['default'], row[peer]['default'])};"
                    for peer in PEERS), f"backproof: {row['backproof']}")
    text = markdown(rows, options)
    if not options.write:
        print(text)
        return
    page = options.write.read_text()
    begin, end = "<!-- begin peers -->\n", "<!-- end peers -->"
    before, rest = page.split(begin)
    options.write.write_text(before + begin + text + "\n" + end + rest.split(end)[1])


if __name__ == "__main__":
    main()
