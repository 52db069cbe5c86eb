"""Searches for one plain query, which take a third of the time when they make few objects."""

from __future__ import annotations

from ctypes import addressof, c_char, sizeof
from typing import Any

from martlet._ffi import Handle, check, lib
from martlet._numpy import np
from martlet._results import Results
from martlet._structs import ELEMENTS, Matrix, SearchOptions, sized
from martlet.hits import Hits

_ARRAY, _FLOAT32 = (None, None) if np is None else (np.ndarray, np.dtype("float32"))
_MATRIX_SIZE = sizeof(Matrix)
_search = lib.martlet_search_matrix

#: The largest k for which memory is kept.
MOST = 1000


def is_plain(query: Any, dim: int) -> bool:
    """Tell whether a query is one of the most usual kind: float32, end to end, in an ndarray."""
    return (
        type(query) is _ARRAY
        # Arrays that were pickled have dtypes of their own.
        and (query.dtype is _FLOAT32 or query.dtype == _FLOAT32)
        and query.shape in ((dim,), (1, dim))
        and query.flags.carray
    )


class Desks:
    """Searches for one query each, in memory that is used again and again."""

    __slots__ = ("_dim", "_free")

    def __init__(self, dim: int) -> None:
        self._dim = dim
        # Taking one and putting one back are atomic, so each is in the hands of one search.
        self._free: list[_Desk] = []

    def search(
        self, handle: Handle, query: Any, k: int, ef: int, threads: int, condition: bytes | None
    ) -> Hits:
        """Return the hits of a plain query, of all or of those that match."""
        try:
            desk = self._free.pop()
        except IndexError:
            desk = _Desk(self._dim, k, query.ndim)
        if desk.k != k or desk.ndim != query.ndim:
            desk = _Desk(self._dim, k, query.ndim)
        memory = c_char.from_buffer(query)
        desk.matrix.data = addressof(memory)
        options = desk.options
        options.ef, options.threads, options.filter = ef, threads, condition
        options.filter_size = 0 if condition is None else len(condition)
        check(_search(handle, desk.matrix, k, options, *desk.outputs))
        hits = desk.copied()
        self._free.append(desk)
        return hits


class _Desk(Results):
    """Memory for one search, and what the library is given of it."""

    __slots__ = ("k", "matrix", "ndim", "options")

    def __init__(self, dim: int, k: int, ndim: int) -> None:
        super().__init__(1, k, ndim == 1)
        self.k, self.ndim = k, ndim
        self.matrix = Matrix(_MATRIX_SIZE, None, 1, dim, 0, 4, ELEMENTS.index("float32"))
        self.options = sized(SearchOptions)

    def copied(self) -> Hits:
        """Return the hits, in memory of their own."""
        counts = self.counts.item() if self.ndim == 1 else self.counts.copy()
        return Hits(self.ids.copy(), self.distances.copy(), counts)
