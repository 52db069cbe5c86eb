"""Memory that a search writes to, and the hits in it."""

from __future__ import annotations

from ctypes import c_float, c_int64, c_uint64
from typing import Any

from martlet import _buffers
from martlet._buffers import pointer
from martlet.hits import Hits


class Results:
    """Ids, distances and counts as the library writes them.

    Parameters
    ----------
    queries : int
        How many.
    k : int
        Matches wanted of each.
    single : bool
        Whether there is one query of shape (dim,), whose hits are of shape (k,).
    """

    __slots__ = ("counts", "distances", "ids", "outputs", "shape")

    def __init__(self, queries: int, k: int, single: bool) -> None:
        self.shape = (k,) if single else (queries, k)
        self.ids = _buffers.empty("i8", self.shape)
        self.distances = _buffers.empty("f4", self.shape)
        self.counts = _buffers.empty("i8", (queries,))
        #: The library's last three arguments.
        self.outputs = (
            pointer(c_int64, self.ids),
            pointer(c_float, self.distances),
            pointer(c_uint64, self.counts),
        )

    def hits(self, ids: Any) -> Hits:
        """Return the hits, with ids as the user sees them."""
        distances = _buffers.result(self.distances, self.shape)
        if len(self.shape) == 1:
            return Hits(ids, distances, self.counts.tolist()[0])
        return Hits(ids, distances, _buffers.result(self.counts, (len(self.counts),)))
