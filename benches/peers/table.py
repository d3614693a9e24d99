"""Results to Markdown: the table, the growth by size, and what they were measured with.

What always holds: a cell comes from a measurement or says that there is none; "reached" is worked
out from the same numbers as the row, and is empty where a peer is missing.
"""

from statistics import median

import jobs

PEERS = {"casadi": "CasADi", "jax": "JAX", "symengine": "SymEngine", "sympy": "SymPy"}


def digits(number):
    """Three digits, without an exponent."""
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}" if number >= 1 else f"{number:.3f}"


def time(seconds):
    if seconds is None:
        return None
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size:
            return f"{digits(seconds / size)} {unit}"
    return f"{digits(seconds * 1e9)} ns"


def memory(held):
    return None if held is None else f"{digits(held / 2**20)} MB"


class Results:
    """Medians of what the jobs said, by the key of a job."""

    def __init__(self, results, missing):
        self.results, self.missing = results, missing

    def of(self, key, field="seconds"):
        runs = [run[field] for run in self.results.get(key, []) if run.get(field) is not None]
        return median(runs) if runs else None

    def last(self, key):
        runs = self.results.get(key)
        return runs[-1] if runs else {}

    def lacks(self, program):
        return f"{PEERS[program]}: {self.missing.get(program, 'not measured')}"


def within(ours, theirs, factor):
    """Whether `ours ≤ theirs · factor`, with the ratio that was found."""
    if not ours or not theirs:
        return ""
    ratio = ours / theirs
    found = f"1/{digits(1 / ratio)}" if ratio < 1 else f"{digits(ratio)} times"
    return f"{'yes' if ratio <= factor else 'no'}: {found}"


def both(*parts):
    return "; ".join(part for part in parts if part)


def gradients(r, work, before, net, factor, memory_factor=None):
    ours, theirs = f"backproof gradients {net}.bp", f"casadi gradients {net}"
    cells = [time(r.of(ours))], [time(r.of(theirs))]
    reach = f"≤ 1/{round(1 / factor)} of its time"
    reached = within(r.of(ours), r.of(theirs), factor)
    if memory_factor:
        for cell, key in zip(cells, (ours, theirs)):
            cell.append(memory(r.of(key, "memory")))
        reach += f", ≤ 1/{round(1 / memory_factor)} of its memory"
        reached = both(reached, within(r.of(ours, "memory"), r.of(theirs, "memory"), memory_factor))
    mine, peer = (", ".join(filter(None, cell)) for cell in cells)
    return [work, before, mine, f"CasADi {peer}" if peer else r.lacks("casadi"), reach, reached]


def evaluation(r, work, before, net):
    ours, theirs, tensors = (r.of(evaluated(p, net, 1)) for p in ("backproof", "casadi", "jax"))
    peers = both(f"CasADi {time(theirs)}" if theirs else r.lacks("casadi"),
                 f"JAX, in tensors, {time(tensors)}" if tensors else r.lacks("jax"))
    return [work, before, time(ours), peers, "no slower than CasADi", within(ours, theirs, 1.0)]


def evaluated(program, net, points):
    """The key of an evaluation."""
    text = f"{net}.bp" if program == "backproof" else net
    return f"{program} evaluate {text} {net}.values {net}-{points}.{program} {points}"


def batch(r, work, net):
    n = jobs.BATCH
    single, many = (r.of(evaluated("backproof", net, points)) for points in (1, n))
    wall = r.of(evaluated("backproof", net, n), "elapsed")
    theirs, tensors = (r.of(evaluated(program, net, n)) for program in ("casadi", "jax"))
    mine = f"{time(many)} a point, elapsed {time(wall)}" if many else None
    peers = both(f"CasADi {time(theirs)}" if theirs else r.lacks("casadi"),
                 f"JAX, in tensors, {time(tensors)}" if tensors else r.lacks("jax"))
    return [work, "", mine, peers, "≤ 1/4 of one evaluation", within(many, single, 0.25)]


def article(r, work, before, net):
    ours, theirs = r.of(f"backproof gradients {net}.bp"), r.of("symengine")
    peer = f"SymEngine {time(theirs)}" if theirs else r.lacks("symengine")
    return [work, before, time(ours), peer, "faster than SymEngine", within(ours, theirs, 1.0)]


def limit(measured, most):
    if measured is None:
        return ""
    return f"{'yes' if measured <= most else 'no'}: {time(measured)}"


def judged(said):
    """How many parameters central differences judged, and how many there are."""
    done = whole = 0
    for parameter in said.get("parameters", []):
        size = 1
        for length in parameter["shape"]:
            size *= length
        points = len(said["points"])
        whole += size
        kept = [c for c in parameter["comparisons"] if c["source"] == "differences"]
        done += max((c["agreed"] + c["differing"] for c in kept), default=0) // max(points, 1)
    return done, whole


def check(r):
    key = "cli check lenet5 --format json"
    ours, wall = r.of(key), r.of(key, "elapsed")
    done, whole = judged(r.last(key).get("said", {}))
    theirs = r.of("jax check_grads lenet5.values")
    alone = r.last("jax check_grads lenet5.values").get("said", {}).get("seconds")
    peer = (f"JAX check_grads {time(theirs)}, of it {time(alone)} in the call; one random direction"
            if theirs and alone else r.lacks("jax"))
    mine = ours and f"{time(ours)}, elapsed {time(wall)}; differences judge {done:,} of {whole:,}"
    reached = both(limit(ours, 1.0), ours and f"{'yes' if done == whole else 'no'}: {done:,}")
    return ["`check lenet5`, every source, the whole process", "13.9 s; 1 of 150 of `w_c1`", mine,
            peer, "≤ 1 s, and differences judged for every parameter", reached]


def outlines(r):
    took = {name: r.of(f"cli derive {name} --level outline") for name in jobs.builtin_networks()}
    took = {name: seconds for name, seconds in took.items() if seconds is not None}
    lenet = took.pop("lenet5", None)
    slow = sorted(took, key=took.get, reverse=True)[:3]
    shown = ", ".join(f"{name} {time(took[name])}" for name in slow)
    over = sum(seconds > 0.1 for seconds in took.values())
    whole = len(took) == len(jobs.builtin_networks()) - 1
    return [
        ["`derive lenet5 --level outline`, the whole process", "5.1 s", time(lenet), "",
         "≤ 0.5 s", limit(lenet, 0.5)],
        [f"`derive --level outline` of {len(took)} other built-in networks; the slowest", "", shown,
         "", "each ≤ 0.1 s", f"{'no' if over else 'yes'}: {over} take longer" if whole else ""],
    ]


def sizes(r, program, sides):
    """(nodes, seconds a node), or the nodes as None and why it was refused, for each side."""
    found = []
    for side in sides:
        name = f"image{side}.bp" if program == "backproof" else f"image{side}"
        key = f"{program} gradients {name}"
        refused = r.last(key).get("refused")
        nodes = r.of(key, "nodes")
        found.append((side, nodes, r.of(key) / nodes if nodes else None, refused))
    return found


def short(nodes):
    return f"{digits(nodes / 1e6)} M" if nodes >= 1e6 else f"{digits(nodes / 1e3)} k"


def span(measured):
    kept = [(nodes, each) for _, nodes, each, _ in measured if nodes]
    if not kept:
        return None
    cells = ", ".join(f"{each * 1e9:.0f}" for _, each in kept)
    return f"{cells} ({short(kept[0][0])} to {short(kept[-1][0])} nodes)"


def growth(r):
    ours, theirs = sizes(r, "backproof", jobs.SIDES), sizes(r, "casadi", jobs.CASADI_SIDES)
    each = [each for _, _, each, _ in ours if each]
    refused = [why for *_, why in ours if why]
    reached = ""
    if each and len(each) + len(refused) == len(ours):
        ratio = max(each) / each[0]
        good = ratio <= 1.5 and not refused
        reached = f"{'yes' if good else 'no'}: {digits(ratio)} times"
        reached += f"; {len(refused)} of {len(ours)} sizes refused" if refused else ""
    peer = span(theirs)
    return ["lower + sweep, ns a node, each by its own count", "74 → 326, to 8 M", span(ours),
            f"CasADi {peer}" if peer else r.lacks("casadi"),
            "within 1.5 of the smallest up to 2·10⁷ nodes", reached]


# How many times as fast as `simplify` proofs were before the work on speed, and what is left of
# it when it is called kept: a ratio, since it hardly depends on the machine.
PROOFS_BEFORE, PROOFS_KEPT = 850, 750


def proving(r):
    ours, theirs = "backproof prove identities.txt", "sympy identities.txt"
    rate = lambda key: r.last(key)["claims"] / r.of(key) if r.of(key) else None
    say = lambda key: f"{digits(rate(key))}/s, {len(r.last(key)['open'])} left open"
    reached = ""
    if rate(ours) and rate(theirs):
        times = rate(ours) / rate(theirs)
        reached = f"{'yes' if times >= PROOFS_KEPT else 'no'}: {digits(times)} times"
    return [f"`prove`, {r.last(ours).get('claims', '?')} identities of a tutorial",
            f"{PROOFS_BEFORE} times SymPy", say(ours) if rate(ours) else None,
            f"SymPy simplify {say(theirs)}" if rate(theirs) else r.lacks("sympy"),
            f"kept: ≥ {PROOFS_KEPT} times SymPy", reached]


def building(r):
    made = []
    run = r.last("build run")
    if run:
        made.append(["first `cargo run --release`, elapsed and CPU", "2 min 40 s, 243 CPU s",
                     f"{time(run['elapsed'])}, {time(run['seconds'])}", "", "≤ 75 s, ≤ 130 CPU s",
                     both(limit(run["elapsed"], 75), limit(run["seconds"], 130))])
    test = r.last("build test")
    if test and run:
        whole = run["elapsed"] + test["elapsed"]
        made.append(["`cargo test` from nothing, with the run", "5 min and more", time(whole), "",
                     "≤ 4 min", limit(whole, 240)])
    return made


def rows(r):
    return [
        gradients(r, "LeNet-5 in scalars, text → all 61,706 gradients; time, memory over base",
                  "147 ms, 65 MB", "lenet5", 1 / 10, 1 / 4),
        gradients(r, "28×28 image, 6 filters, 1,014 weights, the same", "19.8 ms", "image28",
                  1 / 15),
        evaluation(r, "one evaluation of all gradients of LeNet-5, f64", "29.1 ms", "lenet5"),
        evaluation(r, "the same of the 28×28 image", "4.6 ms", "image28"),
        batch(r, f"LeNet-5, a batch of {jobs.BATCH} points", "lenet5"),
        batch(r, f"28×28 image, a batch of {jobs.BATCH} points", "image28"),
        article(r, "the article's network in process, text → gradients; written in scalars",
                "0.120 ms", "article-scalars"),
        article(r, "the same network, written in tensors", "", "article"),
        check(r),
        *outlines(r),
        growth(r),
        proving(r),
        *building(r),
    ]


HEAD = ["work", "before", "backproof", "peers", "to reach", "reached"]
GROWTH = ["image", "nodes", "a node", "memory", "CasADi nodes", "CasADi, a node"]


def markdown(head, lines):
    cells = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(cell or '—' for cell in line)} |" for line in cells)


def growth_table(r):
    theirs = {side: (nodes, each) for side, nodes, each, _ in sizes(r, "casadi", jobs.CASADI_SIDES)}
    lines = []
    for side, nodes, each, refused in sizes(r, "backproof", jobs.SIDES):
        held = memory(r.of(f"backproof gradients image{side}.bp", "memory"))
        other, other_each = theirs.get(side, (None, None))
        count = short(nodes) if nodes else refused and f"refused: {refused}"
        lines.append([f"{side}×{side}", count, time(each), held,
                      short(other) if other else None, time(other_each)])
    return markdown(GROWTH, lines)


def parts(r, net):
    """How a run from text to gradients divides, in words."""
    found = r.last(f"backproof gradients {net}.bp").get("parse, lower, sweep")
    if not found:
        return None
    whole = sum(found)
    words = zip(("parse", "lower", "sweep"), found)
    return ", ".join(f"{word} {part / whole:.0%}" for word, part in words)


# Shares below this are not listed.
LEAST = 0.04


def where_table(r, where):
    lines = []
    for name, shares in where.items():
        kept = [f"{room} {share:.0%}" for room, share in shares or [] if share >= LEAST]
        lines.append([name, ", ".join(kept) or "no `perf` to tell"])
    for name, net in [("LeNet-5", "lenet5"), ("the 28×28 image", "image28"),
                      ("the article's network in scalars", "article-scalars")]:
        lines.append([f"{name}, its three phases", parts(r, net)])
    return markdown(["job", "share of its CPU time"], lines)


def page(results, missing, about, where):
    """All that stands between the marks of `docs/performance.md`."""
    r = Results(results, missing)
    return f"""{about}

{markdown(HEAD, rows(r))}

The same image at other sizes, text → gradients:

{growth_table(r)}

Where the time goes:

{where_table(r, where)}
"""
