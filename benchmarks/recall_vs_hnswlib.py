"""Recall, speed and memory of Martlet beside hnswlib, at the same M, ef_construction and ef.

Every library works in a process of its own on the same float32 rows, and repetitions take turns.
Recall is measured against exact search, on queries that are not in the base, by distance: whatever
is as near as the k-th true neighbor counts.

    python benchmarks/recall_vs_hnswlib.py                 (GloVe words, cosine)
    python benchmarks/recall_vs_hnswlib.py --base base.npy --query query.npy --metric l2
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np

import dataset
import report
from adapters import contender
from curves import Curve, Mode
from runs import Plan, race
from worker import Task

LIBRARIES = ("martlet", "hnswlib")
EFS = (10, 16, 32, 64, 128, 256)
K = 10
MODES = (Mode("single", 1), Mode("batch", 1))
INSERTION_SEED = 7


def main() -> None:
    """Measure, print and save."""
    options = parse_options()
    name, task = load_task(options)
    introduce(name, task, options)
    contenders = [contender(f"{each}-{options.ef_construction}") for each in options.libraries]
    curves, left_out = race(contenders, task, Plan(MODES, options.repetitions, efforts=EFS))
    print_points(curves)
    results = {
        "options": vars(options),
        "base": task.base.shape,
        "queries": task.queries.shape,
        "left_out": left_out,
        "curves": [curve.as_json() for curve in curves],
    }
    report.save(f"recall-{name}-{task.metric}", results)


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--M", type=int, default=16)
    add("--ef-construction", type=int, default=200)
    add("--insertion", choices=("given", "random"), default="given", help="order of the rows")
    add("--repetitions", type=int, default=5, help="of every search; medians are shown")
    add("--libraries", nargs="+", choices=LIBRARIES, default=LIBRARIES)
    return dataset.parse(parser)


def load_task(options: argparse.Namespace) -> tuple[str, Task]:
    """Load the data; return its name and what every library is given."""
    name, base, queries, metric = dataset.load(options)
    if options.insertion == "random":
        base = np.random.default_rng(INSERTION_SEED).permutation(base)
    return name, Task(base, queries, metric, options.M, K)


def introduce(name: str, task: Task, options: argparse.Namespace) -> None:
    """Say what is compared on what."""
    rows, dim = task.base.shape
    print(f"{name}: {rows:,} vectors, {dim} dimensions, {task.metric}")
    print(f"{len(task.queries):,} held-out queries, exact neighbors by NumPy")
    print(
        f"M={task.M}, ef_construction={options.ef_construction},"
        f" {options.insertion} insertion order"
    )
    print(f"{report.machine()}")


def print_points(curves: Sequence[Curve]) -> None:
    """Print recall and median speed at every ef, the libraries beside each other."""
    report.heading("Search, one thread")
    report.table(
        ("", "ef", "recall@10", *map(str, MODES)),
        [
            (
                curve.name,
                str(point.effort),
                f"{point.recall:.4f}",
                *(f"{curve.queries / point.seconds(mode):,.0f}" for mode in MODES),
            )
            for points in zip(*(curve.points for curve in curves))
            for curve, point in zip(curves, points)
        ],
    )


if __name__ == "__main__":
    main()
