"""Recall, speed and memory of Martlet beside hnswlib, at the same M, ef_construction and ef.

Every library works in a process of its own on the same float32 rows, and repetitions take turns.
Recall is measured against exact search, on queries that are not in the base, by distance: whatever
is as near as the k-th true neighbor counts.

    python benchmarks/recall_vs_hnswlib.py                 (GloVe words, cosine)
    python benchmarks/recall_vs_hnswlib.py --base base.npy --query query.npy --metric l2
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

import dataset
import exact
import report
from adapters import Contender
from worker import Build, Task, Worker

LIBRARIES = ("martlet", "hnswlib")
EFS = (10, 16, 32, 64, 128, 256)
K = 10
INSERTION_SEED = 7


class Searches(NamedTuple):
    """One library at one ef: recall@10, and the seconds of every repetition on one thread."""

    library: str
    ef: int
    recall: float
    single_seconds: list[float]
    batch_seconds: list[float]


def main() -> None:
    """Measure, print and save."""
    options = parse_options()
    name, task = load_task(options)
    introduce(name, task, options)
    contenders = [Contender(each, each, "", options.ef_construction) for each in options.libraries]
    workers, builds = measure_builds(contenders, task)
    searches = measure_searches(workers, task, options.repetitions)
    for worker in workers:
        worker.close()

    print_builds(builds, len(task.base))
    print_searches(searches, len(task.queries))
    results = {
        "options": vars(options),
        "base": task.base.shape,
        "queries": task.queries.shape,
        "versions": {worker.name: worker.version for worker in workers},
        "builds": [build._asdict() for build in builds],
        "searches": [search._asdict() for search in searches],
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


def measure_builds(contenders: Sequence[Contender], task: Task) -> tuple[list[Worker], list[Build]]:
    """Build with all processors, then with one; return the workers that hold the latter indexes."""
    workers: list[Worker] = []
    builds: list[Build] = []
    for threads in sorted({1, report.PROCESSORS}, reverse=True):
        # Afresh, as memory that an earlier build gave back would hide what the next one takes.
        for worker in workers:
            worker.close()
        workers = [Worker(each, task) for each in contenders]
        builds += [worker.build(threads) for worker in workers]
    return workers, builds


def measure_searches(workers: Sequence[Worker], task: Task, repetitions: int) -> list[Searches]:
    """Measure recall and speed at every ef."""
    _, nearest = exact.exact_search(task.base, task.queries, task.metric, K)
    searches = []
    for ef in EFS:
        here = []
        for worker in workers:
            ids = worker.search(ef)
            found = exact.distances(task.base, task.queries, task.metric, ids)
            here.append(Searches(worker.name, ef, exact.recall(ids, found, nearest), [], []))
        for _ in range(repetitions):
            for worker, search in zip(workers, here):
                search.single_seconds.append(worker.time_single(ef, 1).seconds)
                search.batch_seconds.append(worker.time_batch(ef, 1).seconds)
        searches += here
    return searches


def print_builds(builds: Sequence[Build], rows: int) -> None:
    """Print speed and memory of the builds."""
    report.heading("Build")
    report.table(
        ("", "threads", "vectors/s", "bytes/vector", "at the peak"),
        [
            (
                build.name,
                str(build.threads),
                f"{rows / build.seconds:,.0f}",
                f"{build.bytes / rows:,.0f}",
                f"{build.peak_bytes / rows:,.0f}",
            )
            for build in builds
        ],
    )


def print_searches(searches: Sequence[Searches], queries: int) -> None:
    """Print recall and median speed."""
    report.heading("Search, one thread")
    report.table(
        ("", "ef", "recall@10", "queries/s, one per call", "queries/s, one call"),
        [
            (
                search.library,
                str(search.ef),
                f"{search.recall:.4f}",
                f"{queries / statistics.median(search.single_seconds):,.0f}",
                f"{queries / statistics.median(search.batch_seconds):,.0f}",
            )
            for search in searches
        ],
    )


if __name__ == "__main__":
    main()
