#!/usr/bin/env python3
"""Measure the judgement of supplied gradients: right ones and planted wrong ones.

    measure.py BINARY FOLDER [--only REGEX] [--formats f32,bf16] [--right | --wrong]
                             [--plant all|one] [--list] [--json FILE]

In: a `backproof`, and a corpus that `make.py` wrote. Out: two tables. For right gradients, by
format: how many tensors and programs agree, differ, are not judged, and the greatest time and peak
memory. For wrong ones, by kind and format: how many tensors were caught, that is do not agree, and
how many of these were called different. A program agrees if every tensor does, and differs if one
does. With `--list`, a line for each right tensor that does not agree and each wrong one that does.

What always holds: a run ends after `--limit` seconds, and no more than `--jobs` run at a time; an
interrupt gives the tables of what ran. What is planted is drawn from a seed that the file's name
fixes, and rounded to the format of the file. A tensor counts as wrong only where what was planted
moves it, in that format. `all` plants a mistake into every tensor of a program, `one` into a single
one, drawn: then the others must agree. Needs NumPy alone.
"""

import argparse
import concurrent.futures
import json
import os
import re
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import arrays

VERDICTS = ["agree", "differ", "not-judged"]


def largest(g):
    return np.unravel_index(np.abs(g).argmax(), g.shape)


def off_by_a_percent(g, rng):
    wrong = g.copy()
    wrong[largest(g)] *= 1.01
    return wrong


def negated_element(g, rng):
    wrong = g.copy()
    wrong[largest(g)] *= -1
    return wrong


def drawn(g, rng):
    wrong = rng.normal(size=g.shape)
    return wrong * (np.linalg.norm(g) / np.linalg.norm(wrong))


def transposed(g, rng):
    return g.T if g.ndim == 2 and g.shape[0] == g.shape[1] > 1 else None


# Each takes a gradient that is not 0, and gives a wrong one, or None where it does not apply.
PLANTED = {
    "one element, 1% off": off_by_a_percent,
    "one element negated": negated_element,
    "×1.001": lambda g, rng: g * 1.001,
    "×1.01": lambda g, rng: g * 1.01,
    "×1.1": lambda g, rng: g * 1.1,
    "negated": lambda g, rng: -g,
    "doubled": lambda g, rng: 2 * g,
    "zeros": lambda g, rng: 0 * g,
    "random, same norm": drawn,
    "transposed": transposed,
}
# Gradients of wrong programs, as `make.py` wrote them.
PROGRAMS = {"a sample left out": "left-out", "a term missing": "missing"}
# A wrong program moves a tensor if it does so by this part of its norm in f64: less than that is
# below what rounding does in some networks.
MOVED = {"f64": 1e-3, "f32": 1e-3, "f16": 1e-2, "bf16": 1e-1}
# Random numbers for fewer elements than this are now and then near the right ones.
FEW = 8


def run(command, limit, memory):
    """Exit code (None past the limit), output, seconds, and peak memory in megabytes."""
    def bounded():
        resource.setrlimit(resource.RLIMIT_AS, (memory << 20, memory << 20))
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 preexec_fn=bounded)
        late = False
        # wait4 gives what this child used; a pidfd waits for it without polling.
        descriptor = os.pidfd_open(child.pid)
        try:
            if not select.select([descriptor], [], [], limit)[0]:
                late = True
                os.kill(child.pid, signal.SIGKILL)
        finally:
            os.close(descriptor)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        out.seek(0)
        err.seek(0)
        text, said = out.read().decode(), err.read().decode(errors="replace")
    code = None if late else child.returncode
    return code, text, said, seconds, used.ru_maxrss / 1024


def check(task):
    """One run of the binary: the verdict of each tensor."""
    options, name, fmt, framework, kind, path = task["where"]
    command = [options.binary, "check", str(options.folder / f"{name}.bp"),
               "--values", str(options.folder / f"{name}.{fmt}.v.safetensors"),
               "--against", str(path), "--from", framework, "--format", "json"]
    code, text, said, seconds, memory = run(command, options.limit, options.memory)
    found = {"name": name, "format": fmt, "framework": framework, "kind": kind,
             "wrong": task["wrong"], "seconds": round(seconds, 3), "memory": round(memory, 1),
             "code": code, "tensors": {}, "failed": None}
    try:
        report = json.loads(text)
        for parameter in report["parameters"]:
            found["tensors"][parameter["name"]] = [parameter["verdict"], parameter["reason"]]
        found["loss"] = report["points"][0]["loss"]["value"]
    except (ValueError, KeyError, IndexError):
        reason = "past the time limit" if code is None else said.strip().split("\n")[0]
        found["failed"] = f"exit {code}: {reason}"
        arrays_of, _ = arrays.load(path)
        found["tensors"] = {tensor: ["not-judged", found["failed"]] for tensor in arrays_of}
    if task["temporary"]:
        os.unlink(path)
    return found


def plant(right, fmt, kind, seed, only=None):
    """The wrong gradients, and which tensors they moved; None where the kind moves none."""
    rng, wrong, moved = np.random.default_rng(seed), {}, []
    for tensor, g in right.items():
        wrong[tensor] = g
        if not g.any() or (kind == "random, same norm" and g.size < FEW):
            continue
        planted = PLANTED[kind](g, rng)
        planted = None if planted is None else arrays.rounded(planted, fmt)
        if planted is None or not np.isfinite(planted).all() or (planted == g).all():
            continue
        wrong[tensor] = planted
        moved.append(tensor)
    if only and moved:
        keep = moved[int(rng.integers(len(moved)))]
        wrong = {tensor: wrong[tensor] if tensor == keep else right[tensor] for tensor in right}
        moved = [keep]
    return (wrong, moved) if moved else None


def no_gradient(right):
    """Tensors whose gradient is 0 but for rounding: nothing that is planted there says anything."""
    norms = {tensor: np.linalg.norm(g) for tensor, g in right.items()}
    return {tensor for tensor, norm in norms.items() if norm < 1e-10 * max(norms.values())}


def tasks(options, scratch):
    """All runs, right ones first."""
    right, wrong = [], []
    for path in sorted(options.folder.glob("*.bp")):
        name = path.stem
        if not re.search(options.only, name):
            continue
        exact_path = options.folder / f"{name}.f64.torch.g.safetensors"
        exact = arrays.load(exact_path)[0] if exact_path.exists() else {}
        empty = no_gradient(exact) if exact else set()
        for fmt in options.formats:
            for framework in options.frameworks:
                file = options.folder / f"{name}.{fmt}.{framework}.g.safetensors"
                if file.exists():
                    right.append({"where": (options, name, fmt, framework, "right", file),
                                  "wrong": [], "temporary": False})
            file = options.folder / f"{name}.{fmt}.torch.g.safetensors"
            if not file.exists() or not exact:
                continue
            gradients, _ = arrays.load(file)
            kept = {tensor: g for tensor, g in gradients.items() if tensor not in empty}
            for kind in PLANTED:
                if not re.search(options.kinds, kind):
                    continue
                seed = zlib.crc32(f"{name} {fmt} {kind} {options.seed}".encode())
                found = plant(kept, fmt, kind, seed, options.plant == "one")
                if found:
                    target = scratch / f"{name}.{fmt}.{list(PLANTED).index(kind)}.g.safetensors"
                    wrong.append({"where": (options, name, fmt, "torch", kind, target),
                                  "wrong": found[1], "temporary": True,
                                  "write": (gradients, kept, fmt, kind, seed)})
            for kind, part in PROGRAMS.items():
                file = options.folder / f"{name}.{fmt}.{part}.torch.g.safetensors"
                reference = options.folder / f"{name}.f64.{part}.torch.g.safetensors"
                if not (file.exists() and reference.exists() and re.search(options.kinds, kind)):
                    continue
                other, _ = arrays.load(reference)
                moved = [tensor for tensor in exact if tensor not in empty and
                         np.linalg.norm(other[tensor] - exact[tensor])
                         > MOVED[fmt] * np.linalg.norm(exact[tensor])]
                if moved:
                    wrong.append({"where": (options, name, fmt, "torch", kind, file),
                                  "wrong": moved, "temporary": False})
    return ([] if options.wrong else right) + ([] if options.right else wrong)


def prepared(task):
    """Planted files are written only when their turn comes, and go when it is over."""
    if "write" in task:
        gradients, kept, fmt, kind, seed = task["write"]
        wrong, _ = plant(kept, fmt, kind, seed, task["where"][0].plant == "one")
        arrays.save(task["where"][-1], {**gradients, **wrong}, fmt)
    return check(task)


def share(part, whole):
    return f"{100 * part / whole:.1f}" if whole else "–"


def program(found):
    verdicts = [verdict for verdict, _ in found["tensors"].values()]
    return "differ" if "differ" in verdicts else \
        "agree" if all(v == "agree" for v in verdicts) else "not-judged"


def table(head, rows):
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    lines = [head, ["-" * w for w in widths], *rows]
    return "\n".join("| " + " | ".join(str(cell).ljust(w) for cell, w in zip(line, widths)) + " |"
                     for line in lines)


def right_table(results, formats):
    rows = []
    for fmt in formats:
        runs = [r for r in results if r["kind"] == "right" and r["format"] == fmt]
        if not runs:
            continue
        tensors = Counter(v for r in runs for v, _ in r["tensors"].values())
        programs = Counter(program(r) for r in runs)
        slowest = max(runs, key=lambda r: r["seconds"])
        largest_run = max(runs, key=lambda r: r["memory"])
        rows.append([fmt, tensors.total()]
                    + [share(tensors[v], tensors.total()) for v in VERDICTS] + [len(runs)]
                    + [share(programs[v], len(runs)) for v in VERDICTS]
                    + [f"{slowest['seconds']:.1f} s ({slowest['name']})",
                       f"{largest_run['memory']:.0f} MB ({largest_run['name']})"])
    return table(["format", "tensors", "agree %", "differ %", "not judged %", "programs",
                  "agree %", "differ %", "not judged %", "greatest time", "peak memory"], rows)


def wrong_table(results, formats):
    """By kind and format: caught (not agree), of these called different, in % of tensors."""
    counts = defaultdict(Counter)
    for r in results:
        for tensor in r["wrong"]:
            verdict = r["tensors"].get(tensor, ["not-judged", "missing"])[0]
            counts[r["kind"], r["format"]][verdict] += 1
    rows = []
    for kind in [*PLANTED, *PROGRAMS]:
        row = [kind]
        for fmt in formats:
            c = counts[kind, fmt]
            n = c.total()
            row.append(f"{share(n - c['agree'], n)} ({share(c['differ'], n)}) of {n}" if n else "–")
        if any(cell != "–" for cell in row[1:]):
            rows.append(row)
    return table(["planted: caught % (differ %)", *formats], rows)


def losses_apart(results, options):
    """Right f64 programs whose loss is not that of the text: then the corpus is wrong."""
    for r in results:
        file = options.folder / f"{r['name']}.losses.json"
        if r["kind"] != "right" or r["format"] != "f64" or r.get("loss") is None \
                or not file.exists():
            continue
        theirs = json.loads(file.read_text())["f64"][r["framework"]]
        if abs(theirs - r["loss"]) > 1e-10 * max(abs(theirs), 1e-3):
            yield f"{r['name']}: the text's loss is {r['loss']}, {r['framework']}'s is {theirs}"


def listing(results):
    for r in results:
        where = f"{r['name']}.{r['format']}.{r['framework']}"
        if r["failed"]:
            yield f"{where}: {r['kind']}: {r['failed']}"
            continue
        for tensor, (verdict, reason) in r["tensors"].items():
            if r["kind"] == "right" and verdict != "agree":
                yield f"{where}: right {tensor}: {verdict}: {reason}"
            if tensor in r["wrong"] and verdict == "agree":
                yield f"{where}: {r['kind']} {tensor}: agrees"
            others = r["kind"] in PLANTED and len(r["wrong"]) == 1 and tensor not in r["wrong"]
            if others and verdict == "differ":
                yield f"{where}: {r['kind']} of {r['wrong'][0]}: right {tensor} differs"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="networks whose name this finds")
    parser.add_argument("--kinds", default="", help="planted mistakes whose name this finds")
    parser.add_argument("--formats", default=arrays.FORMATS, type=lambda s: s.split(","))
    parser.add_argument("--frameworks", default=["torch", "jax"], type=lambda s: s.split(","))
    parser.add_argument("--right", action="store_true", help="right gradients alone")
    parser.add_argument("--wrong", action="store_true", help="wrong gradients alone")
    parser.add_argument("--plant", choices=["all", "one"], default="all")
    parser.add_argument("--seed", default=1, type=int, help="of what is planted")
    parser.add_argument("--limit", default=60, type=float, help="seconds a run may take")
    parser.add_argument("--memory", default=8192, type=int, help="megabytes a run may take")
    parser.add_argument("--jobs", default=2, type=int, choices=[1, 2])
    parser.add_argument("--list", action="store_true", help="what was judged wrongly or not")
    parser.add_argument("--json", type=Path, help="a file for every verdict")
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        todo = tasks(options, Path(scratch))
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            try:
                for found in pool.map(prepared, todo):
                    results.append(found)
                    if len(results) % 100 == 0:
                        print(f"{len(results)} of {len(todo)} runs", file=sys.stderr, flush=True)
            except KeyboardInterrupt:
                pool.shutdown(cancel_futures=True)
                print(f"interrupted: {len(results)} of {len(todo)} runs", file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps(results, indent=0, ensure_ascii=False) + "\n")
    if options.list:
        print("\n".join(listing(results)) + "\n")
    for line in losses_apart(results, options):
        print(line)
    if any(r["kind"] == "right" for r in results):
        print(right_table(results, options.formats) + "\n")
    if any(r["wrong"] for r in results):
        print(wrong_table(results, options.formats))


if __name__ == "__main__":
    main()
