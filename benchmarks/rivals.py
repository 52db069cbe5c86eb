"""Martlet and its rivals: speed of builds, and of searches at equal recall.

Every library works in a process of its own on the same float32 rows (at unit length for cosine, so
that none need scale them), and repetitions take turns. Recall is measured against exact search, on
queries that are not in the base, by distance: whatever is as near as the k-th true neighbor counts.
Queries per second at a recall are read off between the neighboring points of the curve, straight in
their logarithm. A library that does not work here is left out, with the reason.

    python benchmarks/rivals.py                            (GloVe words, cosine)
    python benchmarks/rivals.py --base base.npy --query query.npy --metric l2
    python benchmarks/rivals.py --libraries martlet-64 hnswlib-64 faiss-sq8-200 scann
    python benchmarks/rivals.py --rows 20000 --repetitions 1         (all of them, in minutes)

A library's name takes its form and ef_construction after dashes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import dataset
import report
from adapters import contender
from curves import LATENCY_TARGETS, TARGETS, Curve, Mode, draw
from runs import THREADS, Plan, race
from worker import Task

K = 10
#: A sweep ends with the first recall above.
ENOUGH = 0.995
MODES = [Mode(call, threads) for threads in THREADS for call in ("single", "batch")]
CONTENDERS = (
    "martlet-40", "martlet-48", "martlet-64", "martlet-200",
    "martlet-fast-64", "martlet-fast-200", "martlet-compact-64", "martlet-compact-200",
    "hnswlib-40", "hnswlib-64", "hnswlib-200",
    "faiss-flat-200", "faiss-sq8-200",
    "usearch-f32-200", "usearch-i8-200",
    "svs-64", "svs-200", "zvec-int8-200", "scann",
    "symphonyqg-50", "symphonyqg-200",
)  # fmt: skip


def main() -> None:
    """Measure, print, save and draw."""
    options = parse_options()
    name, task = load_task(options)
    introduce(name, task)
    plan = Plan(MODES, options.repetitions, options.builds, enough=ENOUGH)
    curves, left_out = race(options.libraries, task, plan)

    print_rates(curves)
    print_latencies(curves)
    for library, reason in left_out.items():
        print(f"\nleft out: {library}: {reason}")
    results = {
        "options": {**vars(options), "libraries": [each.name for each in options.libraries]},
        "base": task.base.shape,
        "queries": task.queries.shape,
        "left_out": left_out,
        "curves": [curve.as_json() for curve in curves],
    }
    path = report.save(f"rivals-{name}-{task.metric}", results, options.output)
    if curves:
        draw(curves, f"{name}, {task.metric}; {report.machine()}", path.with_suffix(".png"))
        print(f"Curves: {path.with_suffix('.png')}")


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--M", type=int, default=16, help="links per node; twice as many on layer 0")
    add("--repetitions", type=int, default=3, help="of every search; medians are shown")
    add("--builds", type=int, default=1, help="by every number of threads; medians are shown")
    defaults = [contender(name) for name in CONTENDERS]
    add("--libraries", nargs="+", type=contender, default=defaults, metavar="NAME")
    add("--output", type=Path, default=report.FOLDER, help="folder of the JSON and the PNG")
    return dataset.parse(parser)


def load_task(options: argparse.Namespace) -> tuple[str, Task]:
    """Load the data; return its name and what every library is given."""
    data = dataset.load(options)
    base, queries = data.base, data.queries
    if data.metric == "cosine":
        base, queries = (
            rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (base, queries)
        )
    return data.name, Task(base, queries, data.metric, options.M, K)


def introduce(name: str, task: Task) -> None:
    """Say what is compared on what."""
    rows, dim = task.base.shape
    print(f"{name}: {rows:,} vectors, {dim} dimensions, {task.metric}; M={task.M}, k={task.k}")
    print(f"{len(task.queries):,} held-out queries, exact neighbors by NumPy")
    print(report.machine(), flush=True)


def print_rates(curves: Sequence[Curve]) -> None:
    """Print queries per second at the recalls of interest."""
    for mode in MODES:
        report.heading(f"Queries per second at recall@{K}: {mode}")
        rows = []
        for curve in curves:
            rates = [curve.rate(mode, target) for target in TARGETS]
            best = max(point.recall for point in curve.points)
            cells = ["never" if rate is None else f"{rate:,.0f}" for rate in rates]
            used = f"{curve.processors(mode):.2f}"
            rows.append((f"{curve.name} ({curve.version})", *cells, f"{best:.4f}", used))
        targets = (f"{target:.2f}" for target in TARGETS)
        report.table(("", *targets, "best recall", "processors used"), rows)


def print_latencies(curves: Sequence[Curve]) -> None:
    """Print the latencies of single calls on one thread."""
    for target in LATENCY_TARGETS:
        report.heading(f"Microseconds of a call at the point nearest above recall {target}")
        rows = []
        for curve in curves:
            point = curve.point_above(target)
            if point is None:
                rows.append((curve.name, "never", "", "", "", ""))
                continue
            p50, p99 = point.latency(MODES[0])
            cells = f"{1e6 * p50:.0f}", f"{1e6 * p99:.0f}", f"{p99 / p50:.1f}"
            rows.append((curve.name, str(point.effort), f"{point.recall:.4f}", *cells))
        report.table(("", "effort", "recall", "p50", "p99", "p99 / p50"), rows)


if __name__ == "__main__":
    main()
