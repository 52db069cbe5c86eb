"""What a search from Python costs beside the same search from C.

Both search the same index in the same process, for the same queries with the same options, and
take turns: one query per call, in parts of some queries that each side takes right after the other;
and all queries in one call. Pairs are compared, so that a busy machine disturbs both sides of most
of them alike, and medians are shown. The exit status is 1 if a bar is missed.

    python benchmarks/calls.py                                     (GloVe words, cosine)
    python benchmarks/calls.py --base base.npy --query query.npy --metric l2
"""

from __future__ import annotations

import argparse
import ctypes
import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import martlet
import numpy as np
from martlet import _ffi

import dataset
import exact
import report

K = 10
EFS = (16, 64)
PART = 20
MOST_MICROSECONDS = 3.0
MOST_SHARE = 0.01
THREADS = sorted({1, report.PROCESSORS})


class Pair(NamedTuple):
    """Seconds of the same work from C and from Python, one right after the other."""

    c: float
    python: float


def main() -> int:
    """Measure, print, save, and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=30, help="over all queries")
    options = dataset.parse(parser)
    data = dataset.load(options)
    queries = data.queries[: len(data.queries) // PART * PART]
    index = martlet.Index(data.base.shape[1], data.metric)
    index.add(data.base)
    print(f"{data.name}: {len(index):,} vectors, {index.dim} dim, {data.metric}, k={K}")
    print(f"{len(queries):,} queries, {options.rounds} rounds; {report.machine()}")

    single = {ef: single_pairs(Caller(index, ef, 1), queries, options.rounds) for ef in EFS}
    batch = {
        (ef, threads): batch_pairs(Caller(index, ef, threads), queries, options.rounds)
        for ef in EFS
        for threads in THREADS
    }
    held = [*print_single(single), *print_batch(batch)]
    report.save(
        f"calls-{data.name}-{data.metric}",
        {
            "base": data.base.shape,
            "single": [{"ef": ef, "pairs": pairs} for ef, pairs in single.items()],
            "batch": [
                {"ef": ef, "threads": threads, "pairs": pairs}
                for (ef, threads), pairs in batch.items()
            ],
        },
    )
    return 0 if all(held) else 1


class Caller:
    """Searches of an index with one ef, from C and from Python; the first of them untimed."""

    def __init__(self, index: martlet.Index, ef: int, threads: int) -> None:
        self._index, self._ef, self._threads = index, ef, threads
        self._time = ctypes.CDLL(str(report.ROOT / "build" / "libcalls.so")).calls_time
        self._time.restype = ctypes.c_double
        pointers, numbers = [ctypes.c_void_p] * 3, [ctypes.c_uint64] * 6
        self._time.argtypes = [*pointers, *numbers]
        self._search = ctypes.cast(_ffi.lib.martlet_search, ctypes.c_void_p)

    def c(self, queries: exact.Floats, rows: int) -> float:
        """Return the seconds of calls from C, each with so many of the queries."""
        where, numbers = queries.ctypes.data, (*queries.shape[:1], rows, *queries.shape[1:])
        handle = self._index._handle
        options = K, self._ef, self._threads
        seconds: float = self._time(self._search, handle, where, *numbers, *options)
        assert seconds >= 0
        return seconds

    def python_single(self, queries: list[exact.Floats]) -> float:
        """Return the seconds of calls from Python, each with one query."""
        search, ef = self._index.search, self._ef
        search(queries[0], k=K, ef=ef)
        start = time.perf_counter()
        for query in queries:
            search(query, k=K, ef=ef)
        return time.perf_counter() - start

    def python_batch(self, queries: exact.Floats) -> float:
        """Return the seconds of one call from Python with all queries."""
        search, ef, threads = self._index.search, self._ef, self._threads
        search(queries, k=K, ef=ef, threads=threads)
        start = time.perf_counter()
        search(queries, k=K, ef=ef, threads=threads)
        return time.perf_counter() - start


def single_pairs(caller: Caller, queries: exact.Floats, rounds: int) -> list[Pair]:
    """Return pairs of seconds, of PART calls each."""
    parts = np.split(queries, len(queries) // PART)
    return [single_pair(caller, part, turn) for turn in range(rounds) for part in parts]


def single_pair(caller: Caller, part: exact.Floats, turn: int) -> Pair:
    """Return the seconds of one call per query."""
    rows = list(part)
    caller.c(part, 1)  # So that neither side is the first to touch what the part needs.
    return in_turn(turn, lambda: caller.c(part, 1), lambda: caller.python_single(rows))


def batch_pairs(caller: Caller, queries: exact.Floats, rounds: int) -> list[Pair]:
    """Return pairs of seconds, of one call each."""
    return [
        in_turn(turn, lambda: caller.c(queries, len(queries)), lambda: caller.python_batch(queries))
        for turn in range(rounds)
    ]


def in_turn(turn: int, c: Callable[[], float], python: Callable[[], float]) -> Pair:
    """Measure both, either side first in every other turn."""
    if turn % 2 == 0:
        return Pair(c=c(), python=python())
    return Pair(python=python(), c=c())


def print_single(measured: dict[int, list[Pair]]) -> list[bool]:
    """Print microseconds of a call; return for each row whether the bar holds."""
    report.heading("Microseconds of a call with one query")
    rows, held = [], []
    for ef, pairs in measured.items():
        scale = 1e6 / PART
        added = scale * statistics.median(pair.python - pair.c for pair in pairs)
        held.append(added <= MOST_MICROSECONDS)
        c, python = (scale * statistics.median(side) for side in zip(*pairs))
        rows.append((str(ef), f"{c:.2f}", f"{python:.2f}", f"{added:.2f}", verdict(held[-1])))
    report.table(("ef", "C", "Python", f"added (bar: {MOST_MICROSECONDS:g})", ""), rows)
    return held


def print_batch(measured: dict[tuple[int, int], list[Pair]]) -> list[bool]:
    """Print milliseconds of a batch; return for each row whether the bar holds."""
    report.heading("Milliseconds of a call with all queries")
    rows, held = [], []
    for (ef, threads), pairs in measured.items():
        added = statistics.median(pair.python / pair.c for pair in pairs) - 1
        held.append(added < MOST_SHARE)
        c, python = (f"{1e3 * statistics.median(side):.2f}" for side in zip(*pairs))
        rows.append((str(ef), str(threads), c, python, f"{added:.2%}", verdict(held[-1])))
    report.table(("ef", "threads", "C", "Python", f"added (bar: {MOST_SHARE:.0%})", ""), rows)
    return held


def verdict(held: bool) -> str:
    """Say whether a bar holds."""
    return "holds" if held else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
