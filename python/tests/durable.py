"""A durable index that every kind of change has been made to, and what it was in between."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Callable

import numpy as np

import martlet

DIM = 6


def content(index: martlet.Index) -> bytes:
    """Return all that an index is, byte for byte."""
    file = io.BytesIO()
    index.save(file)
    return file.getvalue()


def vectors(count: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(count, DIM)).astype("f4")


def names(start: int, end: int) -> list[str]:
    return [f"document {number} \N{BIRD}" for number in range(start, end)]


def records(count: int) -> dict[str, Any]:
    rows = range(count)
    return {
        "year": [None if row % 7 == 0 else row - 40 for row in rows],
        "score": np.arange(count) / 3,
        "new": np.arange(count) % 2 == 0,
        "lang": [None if row % 5 == 0 else f"l{row % 3}" for row in rows],
        "tags": [None if row % 4 == 0 else ["a"] * (row % 3) + [f"t{row}"] for row in rows],
        "when": np.array(["2024-05-31", "NaT"] * count, dtype="datetime64[us]")[:count],
        "rest": [None if row % 3 == 0 else {"row": [row]} for row in rows],
    }


CHANGES: list[Callable[[martlet.Index], Any]] = [
    lambda index: index.add(vectors(40), ids=names(0, 40), metadata=records(40)),
    lambda index: index.add(vectors(5, 1), ids=names(40, 45)),
    lambda index: index.remove(names(3, 30)),
    lambda index: index.upsert(vectors(9, 2), ids=names(38, 47), metadata={"extra": range(9)}),
    lambda index: index.update_metadata(names(40, 42), {"lang": ["sv", None]}),
    lambda index: index.compact(),
    lambda index: index.convert("fast"),
    lambda index: index.add(vectors(3, 3), ids=names(3, 6), metadata=records(3)),
]


def changed(folder: Path) -> list[bytes]:
    """Make an index by all changes; return what it was before, between and behind them."""
    with martlet.open(folder, DIM, "cosine", M=4, ef_construction=20) as index:
        states = [content(index)]
        for change in CHANGES:
            change(index)
            states.append(content(index))
    return states


def reopened(folder: Path) -> bytes:
    with martlet.open(folder) as index:
        return content(index)
