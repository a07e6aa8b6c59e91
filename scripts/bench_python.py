#!/usr/bin/env python3
"""What Python's own tools take for what benches/plan.rs measures; `make bench` runs both.

itertools is Python's; scikit-learn is measured where it is installed (pip install scikit-learn).
"""

import itertools
import statistics
import time

AXES = {"a": range(100), "b": range(100), "c": range(100)}


def measure(name, work, runs=5):
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    print(f"{name:<55} {statistics.median(times) * 1e3:10.3f} ms")


def consume(iterator):
    for _ in iterator:
        pass


measure("itertools.product, all 10^6 tuples", lambda: consume(itertools.product(*AXES.values())))
try:
    from sklearn.model_selection import ParameterGrid, ParameterSampler
except ImportError:
    print("scikit-learn is not installed: ParameterGrid and ParameterSampler are left out")
else:
    measure("ParameterGrid, all 10^6 dicts", lambda: consume(ParameterGrid(AXES)), runs=3)
    vast = {"a": range(10**6), "b": range(10**6)}
    # One axis of 10^9 would be listed first, which no machine here has the memory for.
    billion = {name: range(1000) for name in AXES}
    first = lambda: consume(itertools.islice(ParameterGrid(billion), 100))
    measure("ParameterGrid, the first 100 of 10^9", first)
    sample = lambda: consume(ParameterSampler(vast, 1000, random_state=1))
    measure("ParameterSampler, 1,000 of 10^12", sample)
