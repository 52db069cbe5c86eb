"""The earlier system's measurement, repeated: 2,000 vectors of 128 numbers, added in one call.

Both paths, from NumPy arrays with a column per metadata field and from Python lists with a dict per
vector, take turns with a fresh index each. The vectors are independent normal numbers from a fixed
seed (without structure: the hardest data for a graph), the ids strings, and each vector has five
fields of metadata: a string, an integer, a float, a boolean and a time. Where the time goes is what
the library itself counts, see Index.stats(); reading ids and metadata in Python is part of it. The
exit status is 1 if a floor is missed.
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
EARLIER_SHARES = {"graph": "~70 %", "records": "~20 %", "boundary": "~10 %", "reading": "~0 %"}

FLOORS = {"array": 20_000, "list": 15_000}
MOST_OVERHEAD = 0.02
MOST_RECORDS = {"array": 0.05, "list": 0.15}

PATHS = {"array": "arrays and columns", "list": "lists and dicts"}
LANGUAGES = ("sv", "fi", "de", "fr", "en")
PARTS = {
    "graph": "building the graph",
    "records": "ids and metadata",
    "ids": "  of which ids",
    "metadata": "  of which metadata",
    "boundary": "entering and leaving the library",
    "reading": "reading the caller's memory",
    "copying": "copying lists",
    "rest": "all else in the library",
}

DETAILS = ("ids", "metadata")

Seconds = dict[str, float]  # by part, and in total


def main() -> int:
    """Measure, print, and return the exit status."""
    print(f"Martlet {martlet.__version__} on {report.machine()}")
    print(f"{ROWS:,} x {DIM} normal float32 numbers (seed {SEED}), string ids and five fields")
    print("of metadata each, in one call;")
    print(f"l2, M=16, ef_construction=200. Medians of {REPETITIONS}, the paths taking turns.")
    runs = measure()
    medians = {
        path: {part: statistics.median(run[part] for run in runs[path]) for part in runs[path][0]}
        for path in PATHS
    }
    rates = {path: ROWS / medians[path]["total"] for path in PATHS}
    print_rates(rates)
    print_parts(medians)
    held = print_floors(rates, medians)
    report.save("seed", {"rows": ROWS, "dim": DIM, "seconds": runs})
    return 0 if held else 1


def measure() -> dict[str, list[Seconds]]:
    """Return the seconds of every add, by path."""
    rng = np.random.default_rng(SEED)
    array = rng.standard_normal((ROWS, DIM), np.float32)
    names = [f"document-{row:05d}" for row in range(ROWS)]
    seconds_of_day = rng.integers(86_400, size=ROWS).astype("m8[s]")
    columns = {
        "language": rng.choice(LANGUAGES, ROWS),
        "year": rng.integers(1990, 2026, ROWS),
        "score": rng.random(ROWS),
        "draft": rng.random(ROWS) < 0.1,
        "changed": np.datetime64("2025-10-01") + seconds_of_day,
    }
    dicts = [
        dict(zip(columns, row)) for row in zip(*(column.tolist() for column in columns.values()))
    ]
    inputs: dict[str, tuple[Any, Any, Any]] = {
        "array": (array, np.array(names), columns),
        "list": (array.tolist(), names, dicts),
    }
    runs: dict[str, list[Seconds]] = {path: [] for path in PATHS}
    for _ in range(REPETITIONS):
        for path, given in inputs.items():
            runs[path].append(seconds_of_add(*given))
    return runs


def seconds_of_add(vectors: Any, ids: Any, metadata: Any) -> Seconds:
    """Add to a new index and return where the time went."""
    index = martlet.Index(DIM)
    index.add(vectors, ids=ids, metadata=metadata)
    last_add = index.stats()["last_add"]
    assert last_add is not None
    seconds = last_add["seconds"]
    seconds["records"] = seconds["ids"] + seconds["metadata"]
    known = sum(seconds[part] for part in PARTS if part in seconds and part not in DETAILS)
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
    report.table(("", "earlier system", "arrays, ms", "share", "lists, ms", "share"), rows)


def print_floors(rates: Mapping[str, float], medians: Mapping[str, Seconds]) -> bool:
    """Print whether every floor holds, and return whether all do."""
    array = medians["array"]
    floors = []
    for path, name in PATHS.items():
        promise = f"{name}: at least {FLOORS[path]:,} vectors/s"
        floors.append((promise, f"{rates[path]:,.0f}", rates[path] >= FLOORS[path]))
    overhead = (array["boundary"] + array["reading"]) / array["total"]
    promise = f"{PATHS['array']}: entering, leaving and reading under {MOST_OVERHEAD:.0%}"
    floors.append((promise, f"{overhead:.2%}", overhead < MOST_OVERHEAD))
    for path, name in PATHS.items():
        share = medians[path]["records"] / medians[path]["total"]
        promise = f"{name}: ids and metadata under {MOST_RECORDS[path]:.0%}"
        floors.append((promise, f"{share:.2%}", share < MOST_RECORDS[path]))
    report.heading("Floors")
    rows = [(promise, found, "holds" if held else "MISSED") for promise, found, held in floors]
    report.table(("", "measured", ""), rows)
    return all(held for _, _, held in floors)


if __name__ == "__main__":
    sys.exit(main())
