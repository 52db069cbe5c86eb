"""What string ids cost: 1,000,000 of them, added with their vectors in one call.

Counted by the library and the package, not guessed: entering ids, and everything between the call
and the library that is not the vectors' (see Index.stats()), against the whole add. The exit status
is 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import martlet
import numpy as np

import report

DIM = 32
SEED = 0
MOST_SHARE = 0.03
MOST_BYTES = 60


def main() -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows: int = parser.parse_args().rows
    print(f"Martlet {martlet.__version__} on {report.machine()}")
    print(f"{rows:,} x {DIM} normal float32 numbers, M=16, ef_construction=200, in one call")
    vectors = np.random.default_rng(SEED).standard_normal((rows, DIM), np.float32)
    names = [f"document-{row:08}" for row in range(rows)]
    text = sum(map(len, names))

    run = measure(vectors, names)
    report.heading("Seconds")
    report.table(
        ("the add", "entering ids", "between call and library"),
        [[f"{run[part]:.3f}" for part in ("total", "ids", "boundary")]],
        left=0,
    )
    share = (run["ids"] + run["boundary"]) / run["total"]
    extra = (run["bytes"] - text) / rows
    held = share < MOST_SHARE and extra < MOST_BYTES
    report.heading("Bars")
    print(f"  under {MOST_SHARE:.0%} of the add: {share:.2%}")
    print(f"  under {MOST_BYTES} bytes beyond the text: {extra:.1f}")
    report.save("ids", {"rows": rows, "dim": DIM, "text": text, "run": run})
    return 0 if held else 1


def measure(vectors: Any, ids: Any) -> dict[str, float]:
    """Add to a new index; return where the time went and the bytes of all ids."""
    index = martlet.Index(vectors.shape[1])
    index.add(vectors, ids=ids)
    stats = index.stats()
    last_add = stats["last_add"]
    assert last_add is not None
    return {**last_add["seconds"], "bytes": stats["bytes"]["ids"]}


if __name__ == "__main__":
    sys.exit(main())
