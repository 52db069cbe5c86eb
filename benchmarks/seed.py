"""The earlier system's measurement, repeated: 2,000 vectors of 128 numbers, added in one call.

Both paths, from a NumPy array and from Python lists, take turns with a fresh index each. The
vectors are independent normal numbers from a fixed seed (without structure: the hardest data for a
graph), the ids integers (the earlier system's were strings, and came with metadata). Where the time
goes is what the library itself counts, see Index.stats(). The exit status is 1 if a floor is
missed.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Mapping
from typing import Any

import martlet
import numpy as np

import report

ROWS = 2_000
DIM = 128
SEED = 0
REPETITIONS = 15

# "Zero-Copy FFI Analysis", October 2025: an embedded vector database written in Mojo.
EARLIER_RATES = {"array": 427, "list": 298}
EARLIER_SHARES = {"graph": "~70 %", "ids": "~20 %", "boundary": "~10 %", "reading": "~0 %"}

FLOORS = {"array": 20_000, "list": 15_000}
MOST_OVERHEAD = 0.02

PATHS = {"array": "NumPy array", "list": "list of lists"}
PARTS = {
    "graph": "building the graph",
    "ids": "ids (and metadata, then)",
    "boundary": "entering and leaving the library",
    "reading": "reading the caller's memory",
    "copying": "copying lists",
    "rest": "all else in the library",
}

Seconds = dict[str, float]  # by part, and in total


def main() -> int:
    """Measure, print, and return the exit status."""
    print(f"Martlet {martlet.__version__} on {report.machine()}")
    print(f"{ROWS:,} x {DIM} normal float32 numbers (seed {SEED}), integer ids, in one call;")
    print(f"l2, M=16, ef_construction=200. Medians of {REPETITIONS}, the paths taking turns.")
    runs = measure()
    medians = {
        path: {part: statistics.median(run[part] for run in runs[path]) for part in runs[path][0]}
        for path in PATHS
    }
    rates = {path: ROWS / medians[path]["total"] for path in PATHS}
    print_rates(rates)
    print_parts(medians)
    held = print_floors(rates, medians["array"])
    report.save("seed", {"rows": ROWS, "dim": DIM, "seconds": runs})
    return 0 if held else 1


def measure() -> dict[str, list[Seconds]]:
    """Return the seconds of every add, by path."""
    array = np.random.default_rng(SEED).standard_normal((ROWS, DIM), np.float32)
    ids = np.arange(ROWS)
    inputs: dict[str, tuple[Any, Any]] = {
        "array": (array, ids),
        "list": (array.tolist(), ids.tolist()),
    }
    runs: dict[str, list[Seconds]] = {path: [] for path in PATHS}
    for _ in range(REPETITIONS):
        for path, (vectors, its_ids) in inputs.items():
            runs[path].append(seconds_of_add(vectors, its_ids))
    return runs


def seconds_of_add(vectors: Any, ids: Any) -> Seconds:
    """Add to a new index and return where the time went."""
    index = martlet.Index(DIM)
    index.add(vectors, ids=ids)
    last_add = index.stats()["last_add"]
    assert last_add is not None
    seconds = last_add["seconds"]
    known = sum(seconds[part] for part in PARTS if part in seconds)
    return {**seconds, "rest": seconds["total"] - known}


def print_rates(rates: Mapping[str, float]) -> None:
    """Print vectors per second beside the earlier system's."""
    report.heading("Vectors per second")
    rows = []
    for path, name in PATHS.items():
        earlier, rate = EARLIER_RATES[path], rates[path]
        rows.append((name, f"{earlier:,}", f"{rate:,.0f}", f"{rate / earlier:,.0f}x"))
    earlier_gain, gain = (each["array"] / each["list"] for each in (EARLIER_RATES, rates))
    rows.append(("array over list", f"{earlier_gain:.2f}x", f"{gain:.2f}x", ""))
    report.table(("", "earlier system", "Martlet", "times"), rows)


def print_parts(medians: Mapping[str, Seconds]) -> None:
    """Print where the time goes on both paths."""
    report.heading("Where the time goes")
    rows = []
    for part, name in PARTS.items():
        cells = []
        for seconds in medians.values():
            cells += [f"{1e3 * seconds[part]:.3f}", f"{seconds[part] / seconds['total']:.2%}"]
        rows.append((name, EARLIER_SHARES.get(part, ""), *cells))
    report.table(("", "earlier system", "array, ms", "share", "list, ms", "share"), rows)


def print_floors(rates: Mapping[str, float], array: Seconds) -> bool:
    """Print whether every floor holds, and return whether all do."""
    overhead = (array["boundary"] + array["reading"]) / array["total"]
    held = [rates[path] >= FLOORS[path] for path in PATHS] + [overhead < MOST_OVERHEAD]
    promises = [f"{name}: at least {FLOORS[path]:,} vectors/s" for path, name in PATHS.items()]
    promises.append(f"{PATHS['array']}: entering, leaving and reading under {MOST_OVERHEAD:.0%}")
    measured = [f"{rates[path]:,.0f}" for path in PATHS] + [f"{overhead:.2%}"]
    verdicts = ["holds" if each else "MISSED" for each in held]
    report.heading("Floors")
    report.table(("", "measured", ""), zip(promises, measured, verdicts))
    return all(held)


if __name__ == "__main__":
    sys.exit(main())
