"""Where the time goes: the share of each room in the CPU time of four jobs, by `perf`.

In: a command. Out: shares by the room of the source in which a sample fell, or None where there
is no `perf`. What the compiler inlined counts for the function that it went into; the standard
library and hash tables count for themselves.
"""

import re
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

# What is said of a symbol that lies in no room of ours; the first that fits.
OTHERS = [
    (r"^\[k\]", "the kernel: fresh memory"),
    (r"malloc|free|calloc|realloc", "the allocator"),
    (r"memmove|memcpy|memset", "copying"),
    (r"hashbrown", "hash tables"),
    (r"", "the standard library"),
]


def room(symbol):
    """`expr::graph` of `[.] backproof::expr::graph::Graph::add`."""
    named = re.search(r"\bbackproof::([a-z_]+(?:::[a-z_]+)?)", symbol)
    if named:
        return f"`{named[1]}`"
    return next(said for pattern, said in OTHERS if re.search(pattern, symbol))


def shares(command):
    """[(room, share)], the greatest first."""
    if not shutil.which("perf"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        data = str(Path(folder) / "perf.data")
        record = ["perf", "record", "--quiet", "--freq", "997", "--output", data, "--", *command]
        done = subprocess.run(record, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            return None
        report = ["perf", "report", "--stdio", "--sort", "symbol", "--input", data]
        lines = subprocess.run(report, capture_output=True, text=True).stdout.splitlines()
    counted = Counter()
    for line in lines:
        found = re.match(r"\s*([0-9.]+)%\s+(\[.\] .*)", line)
        if found:
            counted[room(found[2])] += float(found[1]) / 100
    return counted.most_common() or None
