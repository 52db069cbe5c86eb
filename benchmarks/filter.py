"""Filtered search beside the rivals': queries per second at equal recall, by selectivity.

A filter lets through the given share of the vectors: at random; or those nearest to one point of
the data, asked for by the queries nearest to it (positive correlation) or farthest from it
(negative). Every library works in a process of its own on one thread, one query per call. The least
ef with recall@10 of at least 0.95 counts. All are timed in turn again and again, and the best time
counts: others are longer for what else the machine does.

    python benchmarks/filter.py                            (GloVe words, cosine)
    python benchmarks/filter.py --base base.npy --query query.npy --metric l2
    python benchmarks/filter.py ... --table rows.csv.gz --column bytes  (the least of a real column)
"""

from __future__ import annotations

import argparse
import csv
import gzip
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import dataset
import exact
import report
from adapters.filtered import LIBRARIES, Search

K = 10
EFS = (10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256)
SELECTIVITIES = (0.0001, 0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.9)
#: The column that a filter is on, by how it and the queries belong together.
CORRELATIONS = {
    "random": "shuffled",
    "positive": "near",
    "negative": "near",
    "real": "table",
}
DEFAULT_EF = 64
QUERIES = 100
RECALL = 0.95
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "LANCE_CPU_THREADS", "RAYON_NUM_THREADS")
#: All queries are answered for their recall. Of slow libraries, as many as this allows.
SECONDS_TO_ANSWER = 1.0
#: For their time, they are asked again and again for about so long.
SECONDS_TO_TIME = 0.1


class Cell(NamedTuple):
    """One filter, its queries of shape (q, dim), and the distances of their true neighbors."""

    correlation: str
    selectivity: float
    column: str
    bound: int
    queries: NDArray[np.float32]
    nearest: NDArray[np.float64]


class Point(NamedTuple):
    """One library at one ef: recall@10, and queries per second at best; 0: not timed."""

    ef: int
    recall: float
    rate: float


def main() -> None:
    """Measure, print and save."""
    options = parse_options()
    name, base, queries, _ = dataset.load(options)
    print(f"{name}: {len(base):,} vectors, {base.shape[1]} dimensions, {options.metric}")
    print(f"one thread, one query per call, k={K}; {report.machine()}")
    columns = make_columns(base, options.metric)
    if options.table:
        columns["table"] = ranks(np.array(read_column(options.table, options.column)))
    cells = list(make_cells(base, queries, columns, options.metric))
    workers = start(options.libraries, base, columns, options.metric)
    points = [sweep(cell, workers, base, options.metric) for cell in cells]
    for _ in range(options.repetitions):
        for cell, found in zip(cells, points):
            time_best(cell, found, workers)
    usual = [default_recall(cell, workers, base, options.metric) for cell in cells]
    versions = {name: worker.version for name, worker in workers.items()}
    for worker in workers.values():
        worker.close()
    print_rates(cells, points)
    print(f"\nmartlet's recall at its default ef, {DEFAULT_EF}: {min(usual):.3f} or more in each")
    result = {
        "data": name,
        "base": base.shape,
        "metric": options.metric,
        "versions": versions,
        "cells": [
            {
                **{field: getattr(cell, field) for field in Cell._fields[:4]},
                "default_recall": recall_,
                "points": {name: [p._asdict() for p in each] for name, each in found.items()},
            }
            for cell, found, recall_ in zip(cells, points, usual)
        ],
    }
    report.save(f"filter-{name}", result)
    if options.plot:
        plot(cells, points, name, options.plot)


def parse_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=8)
    parser.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=list(LIBRARIES))
    parser.add_argument("--table", type=Path, help="a CSV file, gzipped, of a line per vector")
    parser.add_argument("--column", help="the column of numbers to filter on")
    parser.add_argument("--plot", type=Path, help="a PNG to draw the rates to")
    return dataset.parse(parser)


def make_columns(base: Any, metric: str) -> dict[str, Any]:
    """Return the ranks of all rows: shuffled, and by the distance from one of them."""
    anchor = base[len(base) // 2]
    ids = np.arange(len(base))[None]
    near = ranks(exact.distances(base, anchor[None], metric, ids)[0])
    shuffled = np.random.default_rng(1).permutation(len(base)).astype(np.int64)
    return {"shuffled": shuffled, "near": near}


def ranks(values: Any) -> NDArray[np.int64]:
    """Return each value's place in the order of all; equal ones stay in theirs."""
    places = np.empty(len(values), np.int64)
    places[np.argsort(values, kind="stable")] = np.arange(len(values))
    return places


def read_column(path: Path, name: str) -> list[float]:
    """Return the numbers of one column of a table; NaN, the largest, where there is none."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [float(line[name] or "nan") for line in csv.DictReader(file)]


def make_cells(base: Any, queries: Any, columns: dict[str, Any], metric: str) -> Iterator[Cell]:
    """Yield every filter with its queries and their true neighbors."""
    anchor = base[len(base) // 2]
    ids = np.arange(len(queries))[None]
    order = np.argsort(exact.distances(queries, anchor[None], metric, ids)[0])
    chosen = {"positive": order[:QUERIES], "negative": order[-QUERIES:]}
    for correlation, column in CORRELATIONS.items():
        if column not in columns:
            continue
        asked = np.ascontiguousarray(queries[chosen.get(correlation, slice(QUERIES))])
        for selectivity in SELECTIVITIES:
            bound = max(K, round(selectivity * len(base)))
            matching = base[columns[column] < bound]
            _, nearest = exact.exact_search(matching, asked, metric, K)
            yield Cell(correlation, selectivity, column, bound, asked, nearest)


class Worker:
    """A library in a process of its own."""

    def __init__(self, name: str, *data: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, far_end = context.Pipe()
        self._process = context.Process(target=serve, args=(far_end, name, *data), daemon=True)
        self._process.start()
        far_end.close()
        self.version: str = self._connection.recv()

    def answer(self, cell: Cell, ef: int) -> NDArray[np.int64]:
        """Return the ids found, -1 for none, of as many queries as there is time for."""
        self._connection.send((answer, cell.column, cell.bound, cell.queries, ef))
        found: NDArray[np.int64] = self._connection.recv()
        return found

    def time(self, cell: Cell, ef: int) -> float:
        """Return the seconds per query, of as many queries as there is time for."""
        self._connection.send((seconds_per_query, cell.column, cell.bound, cell.queries, ef))
        taken: float = self._connection.recv()
        return taken

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join()


def serve(connection: Connection, name: str, base: Any, columns: Any, metric: str) -> None:
    """Build the index and answer searches until the other end closes."""
    index = LIBRARIES[name](base, columns, metric)
    connection.send(index.version)
    while True:
        try:
            task, column, bound, queries, ef = connection.recv()
        except EOFError:
            return
        connection.send(task(index.condition(column, bound, K), queries, ef))


def answer(search: Search, queries: NDArray[np.float32], ef: int) -> NDArray[np.int64]:
    """Return the ids found, of as many queries as there is time for."""
    found = np.full((len(queries), K), -1, np.int64)
    start = time.perf_counter()
    for row, query in enumerate(queries):
        ids = search(query, ef)
        found[row, : len(ids)] = ids
        if time.perf_counter() - start > SECONDS_TO_ANSWER:
            return found[: row + 1]
    return found


def seconds_per_query(search: Search, queries: NDArray[np.float32], ef: int) -> float:
    """Return the mean time of a call."""
    asked, taken, start = 0, 0.0, time.perf_counter()
    while taken < SECONDS_TO_TIME:
        search(queries[asked % len(queries)], ef)
        asked += 1
        taken = time.perf_counter() - start
    return taken / asked


def start(libraries: list[str], base: Any, columns: Any, metric: str) -> dict[str, Worker]:
    """Build all indexes, one after the other."""
    # Inherited by the workers, whose libraries read it when they are loaded.
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    workers = {}
    report.heading("Build")
    for name in libraries:
        begun = time.perf_counter()
        workers[name] = Worker(name, base, columns, metric)
        print(f"  {name} {workers[name].version}: {time.perf_counter() - begun:.0f} s", flush=True)
    return workers


def sweep(cell: Cell, workers: dict[str, Worker], base: Any, metric: str) -> dict[str, list[Point]]:
    """Return every library's points for one filter, not timed yet, up to the first that counts."""
    points: dict[str, list[Point]] = {name: [] for name in workers}
    for name, worker in workers.items():
        for ef in EFS:
            reached = recall(worker.answer(cell, ef), cell, base, metric)
            points[name].append(Point(ef, reached, 0))
            if reached >= RECALL:
                break
    return points


def time_best(cell: Cell, points: dict[str, list[Point]], workers: dict[str, Worker]) -> None:
    """Time every library's point that counts once more, and keep the best rate of it."""
    for name, found in points.items():
        ef, reached, rate = found[-1]
        if reached >= RECALL:
            found[-1] = Point(ef, reached, max(rate, 1 / workers[name].time(cell, ef)))


def default_recall(cell: Cell, workers: dict[str, Worker], base: Any, metric: str) -> float:
    """Return the recall of Martlet when nobody says how wide its beam is to be."""
    return recall(workers["martlet"].answer(cell, DEFAULT_EF), cell, base, metric)


def recall(found: NDArray[np.int64], cell: Cell, base: Any, metric: str) -> float:
    """Return recall@10 of the answered queries, by distance; a missing result is a miss."""
    queries, nearest = cell.queries[: len(found)], cell.nearest[: len(found)]
    distances = exact.distances(base, queries, metric, found)
    distances[found < 0] = np.inf
    return exact.recall(found, distances, nearest)


def best(points: list[Point]) -> Point | None:
    """Return the point with enough recall, the last if there is one."""
    return points[-1] if points[-1].recall >= RECALL else None


def print_rates(cells: list[Cell], points: list[dict[str, list[Point]]]) -> None:
    """Print queries per second at recall 0.95; in brackets the best recall where none reach it."""
    names = list(points[0])
    for correlation in dict.fromkeys(cell.correlation for cell in cells):
        report.heading(f"Queries per second at recall@10 >= {RECALL}, {correlation} correlation")
        rows = []
        for cell, found in zip(cells, points):
            if cell.correlation != correlation:
                continue
            row = [f"{cell.selectivity:.2%}"]
            for name in names:
                fastest = best(found[name])
                most = max(p.recall for p in found[name])
                row.append(f"({most:.2f})" if fastest is None else f"{fastest.rate:,.0f}")
            rows.append(row)
        report.table(("passes", *names), rows)


def plot(cells: list[Cell], points: list[dict[str, list[Point]]], name: str, path: Path) -> None:
    """Draw the rates over selectivity."""
    import matplotlib.pyplot as plt

    correlations = list(dict.fromkeys(cell.correlation for cell in cells))
    size = (5 * len(correlations), 4.5)
    figure, axes = plt.subplots(1, len(correlations), figsize=size, sharey=True)
    for axis, correlation in zip(axes, correlations):
        for library in points[0]:
            at = [
                (cell.selectivity, fastest.rate)
                for cell, found in zip(cells, points)
                if cell.correlation == correlation and (fastest := best(found[library]))
            ]
            axis.plot(*zip(*at) if at else ([], []), marker="o", label=library)
        axis.set(xscale="log", yscale="log", xlabel="share that passes", title=correlation)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel(f"queries/s at recall@10 >= {RECALL}")
    axes[-1].legend(fontsize="small")
    figure.suptitle(f"Filtered search, {name}, one thread")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    sys.exit(main())
