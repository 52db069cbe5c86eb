"""Searches for one query, which take a third of the time when they make few objects."""

from __future__ import annotations

from ctypes import byref, c_uint64, sizeof
from typing import Any

from martlet import _buffers, _calls
from martlet._arrays import COMPONENTS
from martlet._ffi import Handle, check, prepared
from martlet._numpy import np
from martlet._results import Results
from martlet._structs import Matrix, SearchOptions, sized
from martlet.hits import Hits

_ARRAY = None if np is None else np.ndarray
_MATRIX_SIZE = sizeof(Matrix)
_search = prepared("martlet_search_matrix")
# Without its initializer, which is a call of its own.
_new_hits = Hits.__new__

#: The largest k for which memory is kept.
MOST = 1000

# ef, threads and a condition, as the library takes them.
Settings = tuple[int, int, "bytes | None"]


class Desks:
    """Searches for one query each, in memory that is used again and again.

    Parameters
    ----------
    dim : int
        Components per vector.
    """

    __slots__ = ("_free", "_largest_ef", "_largest_k", "_shapes")

    def __init__(self, dim: int) -> None:
        self._shapes = ((dim,), (1, dim))
        # Anything beyond takes so long that Ctrl-C must be able to stop it.
        self._largest_ef = (_calls.LONG - 1) // dim
        self._largest_k = min(MOST, self._largest_ef)
        # Taking one and putting one back are atomic, so each is in the hands of one search.
        self._free: list[_Desk] = []

    def again(self, handle: Handle, query: Any, k: Any, ef: Any) -> Hits | None:
        """Return the hits of a query, if it and all else is like the latest; else None.

        All was checked for the latest, then. It goes by identity, as what is refused may equal what
        is not: 3.0 and 3.

        Parameters
        ----------
        handle : Handle
        query, k, ef : object
            As a caller gave them, or the default ef. There are no other settings.
        """
        try:
            desk = self._free.pop()
        except IndexError:
            return None
        if (
            desk.k is not k
            or desk.ef is not ef
            or type(query) is not _ARRAY
            # Never copied into what has another shape or type, to which NumPy would adapt it.
            or query.shape != desk.query_shape
            or query.dtype != desk.query_type
        ):
            self._free.append(desk)
            return None
        desk.query[...] = query
        matrix, wanted, options, ids, distances, counts = desk.arguments
        status = _search(handle, matrix, wanted, options, ids, distances, counts)
        if status:
            check(status)
        hits = _new_hits(Hits)
        hits.ids = desk.ids.copy()
        hits.distances = desk.distances.copy()
        hits.counts = desk.counts.item() if desk.is_single else desk.counts.copy()
        hits.metadata = hits.explanation = None
        self._free.append(desk)
        return hits

    def search(self, handle: Handle, query: Any, k: int, settings: Settings) -> Hits | None:
        """Return the hits of a query; None if it must be searched for in another way.

        It is not one in an ndarray, or no short search, or another thread took what was prepared.
        """
        if type(query) is not _ARRAY or k > self._largest_k or settings[0] > self._largest_ef:
            return None
        try:
            desk = self._free.pop()
        except IndexError:
            desk = None
        if (
            desk is None
            or desk.k != k
            or desk.query_shape != query.shape
            or desk.query_type != query.dtype
        ):
            # Never copied into what has another shape or type, to which NumPy would adapt it.
            if query.shape not in self._shapes or query.dtype.str not in COMPONENTS:
                return None
            desk = _Desk(query, k)
        desk.k = k
        if desk.settings != settings:
            desk.set(settings)
        # No caller's ef is these settings.
        desk.ef = settings[0] if settings[1:] == (0, None) else settings
        self._free.append(desk)
        return self.again(handle, query, k, desk.ef)


class _Desk(Results):
    """Memory for a query and its hits, and what the library is given of them.

    Parameters
    ----------
    like : numpy.ndarray
        A query of the shape and the type of those to come.
    k : int
        Matches wanted.
    """

    __slots__ = (
        "_options",
        "arguments",
        "ef",
        "is_single",
        "k",
        "query",
        "query_shape",
        "query_type",
        "settings",
    )

    def __init__(self, like: Any, k: int) -> None:
        super().__init__(1, k, like.ndim == 1)
        self.is_single = like.ndim == 1
        self.k, self.query_shape, self.query_type = k, like.shape, like.dtype
        self.query = np.empty(like.shape, like.dtype)
        element, size = COMPONENTS[like.dtype.str]
        address = _buffers.start(self.query)
        matrix = Matrix(_MATRIX_SIZE, address, 1, like.shape[-1], 0, size, element)
        self._options = sized(SearchOptions)
        self.settings: Settings | None = None
        #: What `again` is given of them.
        self.ef: object = None
        outputs = (None if output is None else byref(output) for output in self.outputs)
        self.arguments = (byref(matrix), c_uint64.from_param(k), byref(self._options), *outputs)

    def set(self, settings: Settings) -> None:
        """Search with these settings from now on."""
        options = self._options
        options.ef, options.threads, options.filter = settings
        options.filter_size = 0 if options.filter is None else len(options.filter)
        self.settings = settings
