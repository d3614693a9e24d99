"""CPU time, memory and files for what is measured inside a Python process.

In: work as a function. Out: what it took, as `main.rs` counts it: CPU time of the process, user
and system, all threads; memory as the peak of the first run over what the process held before
it. What a run made is dropped, and collected, after the clock has stopped.
"""

import gc
import time

# The least time that work is repeated for, in seconds; what takes longer is done once.
ENOUGH = 0.2


def memory_of(field):
    try:
        with open("/proc/self/status") as status:
            line = next((line for line in status if line.startswith(field)), None)
    except OSError:
        return None
    return int(line.split()[1]) * 1024 if line else None


def memory_now():
    """Bytes held now; the peak is counted from here on, where the system allows it."""
    gc.collect()
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass
    return memory_of("VmRSS:")


def repeated(work):
    """Seconds of one run, elapsed and CPU, memory of the first, and what the last one made."""
    base, memory, runs, spent, elapsed = memory_now(), None, 0, 0.0, 0.0
    made = None
    while spent < ENOUGH:
        made = None
        wall, cpu = time.perf_counter(), time.process_time()
        made = work()
        spent += time.process_time() - cpu
        elapsed += time.perf_counter() - wall
        if runs == 0:
            peak = memory_of("VmHWM:")
            memory = max(peak - base, 0) if peak and base else None
        runs += 1
    return {"seconds": spent / runs, "elapsed": elapsed / runs, "memory": memory}, made


def spent(work):
    """CPU seconds of something that is done once, and what it made."""
    cpu = time.process_time()
    made = work()
    return time.process_time() - cpu, made
