"""What searches feel of a writer: queries per second and latency, idle and beside continuous adds.

As many threads as there are processors search, one query per call, while another adds batches of
200 vectors without a pause, on as many threads as the library likes. Idle and busy phases take
turns on one index, which is renewed before every pair of them, so that both search as many vectors
at first. The exit status is 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import martlet
import numpy as np

import report
from corpora import glove

K = 10
BATCH = 200
LEAST_THROUGHPUT = 0.40
MOST_LATENCY = 5.0


class Phase(NamedTuple):
    """Searches of one phase, and vectors added meanwhile."""

    seconds: float
    latencies: list[float]
    added: int

    @property
    def rate(self) -> float:
        """Queries per second."""
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the milliseconds that `share` percent of the queries do not exceed."""
        return 1e3 * float(np.percentile(self.latencies, share))


def main() -> int:
    """Measure, print, save, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--rows", type=int, default=50_000, help="in the index before the adds")
    add("--seconds", type=float, default=4.0, help="of each phase")
    add("--turns", type=int, default=5)
    options = parser.parse_args()
    words = glove.load()
    print(f"GloVe: {options.rows:,} vectors, {words.base.shape[1]} dim, cosine, k={K}, ef=64")
    print(f"{report.count(report.PROCESSORS, 'searching thread')}; {report.machine()}")
    phases: dict[str, list[Phase]] = {"idle": [], "beside adds": []}
    for _ in range(options.turns):
        index = martlet.Index(words.base.shape[1], "cosine")
        index.add(words.base[: options.rows])
        for name, found in phases.items():
            more = words.base[options.rows :] if name != "idle" else None
            found.append(measure(index, words.queries, more, options.seconds))
    held = print_phases(phases)
    rows = {
        name: [(p.rate, p.percentile(99), p.added) for p in each] for name, each in phases.items()
    }
    report.save("threads", {"options": vars(options), "phases": rows})
    return 0 if held else 1


def measure(index: martlet.Index, queries: Any, more: Any, seconds: float) -> Phase:
    """Search for some seconds, and add what there is more, if there is any, again and again."""
    finished = threading.Event()

    def search(first: int) -> list[float]:
        latencies = []
        turn = first
        while not finished.is_set():
            start = time.perf_counter()
            index.search(queries[turn % len(queries)], K)
            latencies.append(time.perf_counter() - start)
            turn += 1
        return latencies

    def add() -> int:
        added = 0
        while not finished.is_set():
            start = added % (len(more) - BATCH)
            index.add(more[start : start + BATCH])
            added += BATCH
        return added

    with ThreadPoolExecutor(report.PROCESSORS + 1) as pool:
        start = time.perf_counter()
        searches = [pool.submit(search, 97 * thread) for thread in range(report.PROCESSORS)]
        adds = None if more is None else pool.submit(add)
        time.sleep(seconds)
        finished.set()
        elapsed = time.perf_counter() - start
        latencies = [latency for searched in searches for latency in searched.result()]
        return Phase(elapsed, latencies, 0 if adds is None else adds.result())


def print_phases(phases: dict[str, list[Phase]]) -> bool:
    """Print all phases together and the bars; return whether these hold."""
    whole = {
        name: Phase(
            sum(phase.seconds for phase in each),
            [latency for phase in each for latency in phase.latencies],
            sum(phase.added for phase in each),
        )
        for name, each in phases.items()
    }
    report.heading("Searches")
    report.table(
        ("", "queries/s", "median, ms", "p99, ms", "p99.9, ms", "vectors added/s"),
        [
            (
                name,
                f"{phase.rate:,.0f}",
                *(f"{phase.percentile(share):.3f}" for share in (50, 99, 99.9)),
                f"{phase.added / phase.seconds:,.0f}",
            )
            for name, phase in whole.items()
        ],
    )
    idle, busy = whole.values()
    throughput, latency = busy.rate / idle.rate, busy.percentile(99) / idle.percentile(99)
    report.heading("Bars")
    print(f"  at least {LEAST_THROUGHPUT:.0%} of the idle throughput: {throughput:.0%}")
    print(f"  p99 at most {MOST_LATENCY:.0f} times the idle one: {latency:.1f}")
    return throughput >= LEAST_THROUGHPUT and latency <= MOST_LATENCY


if __name__ == "__main__":
    sys.exit(main())
