"""One small module per library, so that the benchmark treats them all alike.

A module has a class `Index` of the shape below. Adding a library takes such a module, its name in
`FORMS` and its pinned version in requirements-bench.txt.
"""

from __future__ import annotations

import importlib
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

#: Every library, and the forms in which it stores vectors, the default first.
FORMS: dict[str, tuple[str, ...]] = {
    "martlet": ("balanced", "fast", "compact"),
    "hnswlib": ("",),
    "faiss": ("flat", "sq8"),
    "usearch": ("f32", "i8"),
    "svs": ("",),
    "zvec": ("int8",),
    "scann": ("",),
    "symphonyqg": ("",),
}

#: Efforts of the libraries that search with a beam: its width.
BEAMS = (10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 192, 256, 400)


class Settings(NamedTuple):
    """What an index is made with; a library leaves aside what it has no notion of."""

    dim: int
    #: "l2", "ip" or "cosine".
    metric: str
    M: int
    ef_construction: int
    #: One of the library's `FORMS`.
    form: str


class Adapter(Protocol):
    """An index over the rows of an array; row numbers are the ids."""

    version: str
    #: How hard to search, rising: what the sweep for a curve tries.
    efforts: tuple[int, ...]

    def __init__(self, settings: Settings) -> None:
        """Make an empty index."""

    def add(self, base: NDArray[np.float32], threads: int) -> None:
        """Add all rows in one go."""

    def tune(self, k: int, effort: int, threads: int) -> None:
        """Prepare the searches that follow; not timed."""

    def search(self, queries: NDArray[np.float32]) -> NDArray[np.integer]:
        """Return the row numbers of the k nearest rows per query, shape (queries, k)."""

    def search_one(self, query: NDArray[np.float32]) -> object:
        """Search for one query of shape (dim,), by the library's cheapest call for it."""


class Contender(NamedTuple):
    """A library in one of its forms, building with one ef_construction."""

    name: str
    library: str
    form: str
    ef_construction: int


def contender(name: str) -> Contender:
    """Return what a name like "faiss-sq8-64" means; form and ef_construction may be left out."""
    library, *rest = name.split("-")
    ef_construction = int(rest.pop()) if rest and rest[-1].isdigit() else 200
    forms = FORMS.get(library, ())
    form = rest.pop() if rest else next(iter(forms), "")
    if rest or form not in forms:
        raise ValueError(f"{name}: give LIBRARY[-FORM][-EF_CONSTRUCTION] of {FORMS}")
    return Contender(name, library, form, ef_construction)


def adapter(library: str) -> type[Adapter]:
    """Return the adapter of a library."""
    module = importlib.import_module(f"adapters.{library}_adapter")
    index: type[Adapter] = module.Index
    return index
