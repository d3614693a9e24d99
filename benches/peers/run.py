#!/usr/bin/env python3
"""backproof beside CasADi, SymEngine, SymPy and JAX: the same work, side by side, in one table.

    python3 benches/peers/run.py [FOLDER] [--rounds N] [--only REGEX] [--write docs/performance.md]
                                 [--build] [--test] [--save FILE] [--load FILE]

In: this source tree, cargo, Python from 3.11 up, and pip. FOLDER, by default `target/peers`, takes
the virtual environment of the peers. Out: a table in Markdown, and with `--write` in its place in
a file, between `<!-- begin table -->` and `<!-- end table -->`.

What always holds: each job is a process of its own; a round does every job once, in an order that
turns with the rounds; a cell is the median of all rounds. Times are CPU time, user and system, of
all threads. The gradients of all programs agree within 1e-9, or the run fails and says where. A
peer that does not install is named in its rows. At last, where `perf` is there, it shows in which
rooms of the source the time of four jobs goes.

`--build` measures the first build as well, and `--test` the tests from nothing: minutes each.
"""

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import agreement
import jobs
import table
import where

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MARKS = ("<!-- begin table -->", "<!-- end table -->")
# Longer than any job should take; one that does is stopped, and the run fails.
PATIENCE = 300


def arguments():
    about, *_ = __doc__.partition("\n")
    parser = argparse.ArgumentParser(description=about)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("folder", nargs="?", type=Path, default=target / "peers",
                        help="where the peers are installed (target/peers)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", metavar="REGEX", help="only jobs of such a name")
    parser.add_argument("--write", type=Path, help="put the table in its place in this file")
    parser.add_argument("--build", action="store_true", help="measure the first build, too")
    parser.add_argument("--test", action="store_true", help="measure the tests from nothing, too")
    parser.add_argument("--save", type=Path, help="keep all measurements in this file")
    parser.add_argument("--load", type=Path, help="measure nothing, show what was kept")
    args = parser.parse_args()
    if args.write and args.only:
        parser.error("--write takes the whole table, and --only makes a part of it")
    return args


def installed(folder):
    """The Python of the environment, what each peer's version is, and which are missing."""
    python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    wanted = (HERE / "requirements.txt").read_text().split("\n")
    wanted = [line for line in wanted if line and not line.startswith("#")]
    pip = [python, "-m", "pip", "--disable-pip-version-check"]

    def versions():
        listed = subprocess.run([*pip, "freeze"], capture_output=True, text=True, check=True)
        return dict(line.split("==") for line in listed.stdout.split() if "==" in line)

    def add(*words):
        return subprocess.run([*pip, "install", "--quiet", *words], stdout=sys.stderr).returncode

    have = versions()
    if any(have.get(line.split("==")[0]) != line.split("==")[1] for line in wanted):
        # All at once; where that fails, one by one, so that a single one can be missing.
        if add("--requirement", HERE / "requirements.txt") != 0:
            for line in wanted:
                add(line)
        have = versions()
    missing = {name: "does not install" for name in table.PEERS if name not in have}
    return python, have, missing


def built():
    """Builds the command line and the jobs of `main.rs`; their paths."""
    command = ["cargo", "build", "--release", "--bin", "backproof", "--bench", "peers"]
    made = subprocess.run([*command, "--message-format", "json"], cwd=ROOT, stdout=subprocess.PIPE,
                          text=True, check=True)
    paths = {}
    for line in made.stdout.splitlines():
        said = json.loads(line)
        if said.get("executable"):
            paths[said["target"]["name"]] = said["executable"]
    return paths["backproof"], paths["peers"]


def ran(command, patience=PATIENCE, **settings):
    """Runs a process: what it printed, and its CPU and elapsed seconds."""
    # The system tells of all children together; they are waited for one at a time.
    spent = lambda: sum(getrusage(RUSAGE_CHILDREN)[:2])
    cpu, wall = spent(), time.perf_counter()
    shown = " ".join(map(str, command))
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=patience,
                              **settings)
    except subprocess.TimeoutExpired:
        sys.exit(f"{shown}\nstopped after {patience} s")
    took = {"seconds": spent() - cpu, "elapsed": time.perf_counter() - wall}
    if done.returncode != 0:
        sys.exit(f"{shown}\nexit code {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout, took


def said(job, out, took):
    """What a job says of itself; of a whole process, what was measured from outside."""
    if not job.whole:
        return json.loads(out)
    return {**took, "said": json.loads(out) if out.startswith("{") else None}


def rounds(made, programs, count):
    results = {}
    for n in range(count):
        # Every other round the other way round, so that no job always follows the same one.
        for job in made if n % 2 == 0 else reversed(made):
            if job.program in programs and n < job.rounds:
                show(f"round {n + 1} of {count}: {job.key}")
                out, took = ran([*programs[job.program], *job.words])
                results.setdefault(job.key, []).append(said(job, out, took))
    show("")
    return results


def show(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def from_nothing(results, test):
    """The first build, and with `test` the tests after it, in one empty target folder."""
    with tempfile.TemporaryDirectory() as target:
        settings = {"env": {**os.environ, "CARGO_TARGET_DIR": target}}
        for name, *words in [("run", "run", "--release"), ("test", "test")][:1 + test]:
            show(f"cargo {' '.join(words)}")
            results[f"build {name}"] = [ran(["cargo", *words], patience=3600, **settings)[1]]
    show("")


def places(programs, work):
    """Shares of the rooms of the source in the time of each job that is looked into."""
    looked = [
        ("LeNet-5, text → gradients", "backproof", ["gradients", str(work / "lenet5.bp")]),
        ("LeNet-5, evaluations", "backproof",
         jobs.evaluation("backproof", "lenet5", 1, work).words),
        ("`check lenet5`", "cli", ["check", "lenet5"]),
        ("`derive lenet5 --level outline`", "cli", ["derive", "lenet5", "--level", "outline"]),
    ]
    return {name: where.shares([*programs[program], *words]) for name, program, words in looked}


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip()
    except OSError:
        return ""


def machine():
    """The processor, as far as the system tells."""
    try:
        info = Path("/proc/cpuinfo").read_text()
    except OSError:
        info = ""
    model = re.search(r"^model name\s*:\s*(.*)$", info, re.M)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = model[1] if model else platform.machine()
    return f"{name}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}"


def about(have, count, busy, held):
    """A paragraph: with what, when and how it was measured."""
    version = re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M)[1]
    commit = output("git", "describe", "--always", "--dirty", "--abbrev=10")
    programs = [f"backproof {version} ({commit})"]
    programs += [f"{table.PEERS[name]} {have[name]}" for name in table.PEERS if name in have]
    programs += [f"Python {platform.python_version()}", output("rustc", "--version")]
    quiet = max(busy) <= os.cpu_count()
    _, compared, greatest = held
    return (f"{machine()}; {', '.join(programs)}; {datetime.date.today()}; load average "
            f"{busy[0]:.1f} before and {busy[1]:.1f} after"
            f"{'' if quiet else ': **the machine was busy with other work**'}. "
            f"Medians of {count} rounds, of {min(count, jobs.FEW)} for images past 84×84. "
            f"{compared:,} gradients were compared with those of the peers; the greatest relative "
            f"difference is {greatest:.0e}.")


def write(path, text):
    whole = path.read_text()
    before, begin, rest = whole.partition(MARKS[0])
    _, end, after = rest.partition(MARKS[1])
    if not begin or not end:
        sys.exit(f"{path}: no {MARKS[0]} … {MARKS[1]}")
    path.write_text(f"{before}{begin}\n{text}{end}{after}")


def measured(args, work, programs, have, missing):
    """Everything that a page is made of, and what does not agree."""
    jobs.files(work)
    made = [job for job in jobs.listed(work, jobs.builtin_networks())
            if re.search(args.only, job.key)]
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    before = os.getloadavg()[0]
    results = rounds(made, programs, args.rounds)
    busy = before, os.getloadavg()[0]
    found = agreement.found(work, results)
    if args.build or args.test:
        from_nothing(results, args.test)
    kept = {"about": about(have, args.rounds, busy, found), "missing": missing,
            "results": results, "where": places(programs, work)}
    return kept, found[0]


def main():
    args = arguments()
    if args.load:
        kept, held = json.loads(args.load.read_text()), []
    else:
        args.folder.mkdir(parents=True, exist_ok=True)
        folder = args.folder.resolve()
        python, have, missing = installed(folder)
        cli, ours = built()
        programs = {name: [python, HERE / f"with_{name}.py"] for name in table.PEERS
                    if name not in missing}
        programs |= {"backproof": [ours], "cli": [cli]}
        with tempfile.TemporaryDirectory() as work:
            kept, held = measured(args, Path(work), programs, have, missing)
        if args.save:
            args.save.write_text(json.dumps(kept, ensure_ascii=False))
    text = table.page(**kept)
    print(text)
    if held:
        sys.exit("\n".join(["NOT THE SAME:", *held]))
    if args.write:
        write(args.write, text)


if __name__ == "__main__":
    main()
