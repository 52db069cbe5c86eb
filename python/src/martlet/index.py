"""The index."""

from __future__ import annotations

from ctypes import addressof, c_float, c_int64, c_uint8, c_uint64, pointer, sizeof
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, NoReturn, SupportsIndex

from martlet import _arrays, _calls, _ffi
from martlet._arguments import thread_count, unsigned
from martlet._errors import ClosedIndexError, InvalidArgumentError
from martlet._ffi import check, lib
from martlet.hits import Hits
from martlet.statistics import AddTimes, Statistics, describe

if TYPE_CHECKING:
    import types

    import numpy as np
    import numpy.typing as npt

    from martlet._arrays import ArrayLike
    from martlet._calls import Progress

_ADD_OPTIONS_SIZE = sizeof(_ffi.AddOptions)
_SEARCH_OPTIONS_SIZE = sizeof(_ffi.SearchOptions)


class Index:
    """Vectors, and a graph that finds the nearest of them (HNSW, Malkov & Yashunin 2018).

    Parameters
    ----------
    dim : int
        Components per vector, 1 to 65536.
    metric : {"l2", "ip", "cosine"}, default "l2"
        What "near" means. A distance is the squared Euclidean distance, 1 - inner product (which
        may be negative), or 1 - cosine of the angle. Smaller is nearer, always.
    M : int, default 16
        Links per node above the base layer, which has up to twice as many, 2 to 512. More: better
        recall, more memory, slower.
    ef_construction : int, default 200
        Beam width while adding. More: better recall, slower.
    seed : int, default 0
        The same vectors, seed and parameters give the same index, byte for byte, with any number
        of threads.

    Raises
    ------
    InvalidArgumentError
        A parameter is out of bounds.

    Notes
    -----
    Any number of threads may use an index at once. Adds run one after the other. A search sees
    every add that finished before it began, never half of one, and waits for none. After ``fork()``
    both processes may go on, unless another thread was adding at that moment: the child may then
    search but not add.

    ``vectors`` and ``queries`` are read in place if they are numeric arrays: float32, float64,
    float16, int8 or uint8 in native byte order, with any strides. Everything else is copied: lists,
    tuples and iterables of numbers, of arrays or of each other. All are rounded to float32.

    Results are NumPy arrays or, if NumPy cannot be imported, (nested) lists.

    Examples
    --------
    >>> import martlet
    >>> index = martlet.Index(dim=2, metric="cosine")
    >>> index.add([[1, 0], [0, 2], [3, 3]]).tolist()
    [0, 1, 2]
    >>> index.search([1, 1], k=2).ids.tolist()
    [2, 0]
    """

    def __init__(
        self,
        dim: int,
        metric: str = "l2",
        *,
        M: int = 16,
        ef_construction: int = 200,
        seed: int = 0,
    ) -> None:
        if metric not in _ffi.METRICS:
            names = ", ".join(map(repr, _ffi.METRICS))
            raise InvalidArgumentError(f"metric is {metric!r}; expected one of {names}")
        self._dim = unsigned("dim", dim)
        self._metric = metric
        self._M = unsigned("M", M, bits=32)
        self._ef_construction = unsigned("ef_construction", ef_construction)
        self._seed = unsigned("seed", seed)
        self._add_times: AddTimes | None = None
        self._handle: _ffi.Handle | None = _ffi.create(
            _ffi.IndexOptions(
                sizeof(_ffi.IndexOptions),
                self._dim,
                _ffi.METRICS[metric],
                self._M,
                self._ef_construction,
                self._seed,
            )
        )

    @property
    def dim(self) -> int:
        """Components per vector."""
        return self._dim

    @property
    def metric(self) -> str:
        """What "near" means: "l2", "ip" or "cosine"."""
        return self._metric

    @property
    def M(self) -> int:
        """Links per node above the base layer, which has up to twice as many."""
        return self._M

    @property
    def ef_construction(self) -> int:
        """Beam width while adding."""
        return self._ef_construction

    @property
    def seed(self) -> int:
        """What makes the index reproducible."""
        return self._seed

    def add(
        self,
        vectors: ArrayLike,
        *,
        ids: ArrayLike | None = None,
        threads: int | None = None,
        progress: Progress = False,
    ) -> npt.NDArray[np.int64]:
        """Add vectors: all of them or, if anything is wrong, none.

        Parameters
        ----------
        vectors : array_like, shape (n, dim) or (dim,)
            Finite numbers. Numeric arrays are read in place whatever their strides.
        ids : array_like of int, shape (n,), optional
            Any int64 values, all new. If left out, ids are assigned, counting up from one more than
            the largest ever used (at least 0).
        threads : int, optional
            How many to use, 1 to 1024; if left out as many as processors, fewer for small batches.
        progress : bool or callable, default False
            True shows a progress bar (needs tqdm). A function is called as ``progress(done,
            total)``, in rows, about ten times a second; an exception in it cancels the add.

        Returns
        -------
        numpy.ndarray of int64, shape (n,)
            The ids of the rows, in order.

        Raises
        ------
        DimensionError, NotFiniteError, VectorLengthError
            Of another shape, NaN or infinite, or too long to be measured or (under cosine) zero.
            The message names row and column. All are ValueErrors.
        DuplicateIdError
            An id is in the index, or twice in the batch. A ValueError.
        TypeError
            Vectors that are no numbers or in an array of another type, or ids that are no integers.
        ValueError
            Ids of another length than the vectors or beyond int64.
        MemoryError, IndexFullError
            There is no room.
        KeyboardInterrupt
            Ctrl-C.

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> index.add([[0, 0], [3, 4]], ids=[70, 80]).tolist()
        [70, 80]
        >>> index.add([6, 8]).tolist()
        [81]
        """
        started = perf_counter_ns()
        handle = self._open()
        rows = _arrays.read_vectors(vectors, self._dim, "vectors")
        given = None if ids is None else _read_ids(ids, rows.count)
        used = thread_count(threads)
        added = _arrays.empty("i8", (rows.count,))
        target = _arrays.pointer(c_int64, added)

        def call(control: _ffi.Control | None) -> None:
            options = _ffi.AddOptions(_ADD_OPTIONS_SIZE, threads=used)
            if target is not None:
                options.assigned_ids = addressof(target)
            if given is not None:
                options.ids, options.id_stride = given.address, given.stride
            if control is not None:
                options.control = pointer(control)
            check(lib.martlet_add_matrix(handle, rows.matrix, options))

        _calls.run(call, rows.count, rows.count * self._dim * self._ef_construction, progress)
        self._add_times = AddTimes(perf_counter_ns() - started, rows.copied_ns)
        result: npt.NDArray[np.int64] = _arrays.result(added, (rows.count,))
        return result

    def search(
        self,
        queries: ArrayLike,
        k: int = 10,
        *,
        ef: int | None = None,
        threads: int | None = None,
        progress: Progress = False,
    ) -> Hits:
        """Find the stored vectors nearest to each query.

        Parameters
        ----------
        queries : array_like, shape (dim,) or (q, dim)
            Finite numbers. Numeric arrays are read in place whatever their strides.
        k : int, default 10
            Matches wanted per query; 0, and more than exist, are allowed.
        ef : int, default 64
            Beam width, raised to k if less. More: better recall, slower.
        threads : int, optional
            How many to use, 1 to 1024; if left out one for a few queries, else as many as
            processors.
        progress : bool or callable, default False
            As in add().

        Returns
        -------
        Hits
            ``ids`` and ``distances`` of shape (q, k), nearest first, and ``counts`` of shape (q,).
            Equal distances come in the order in which the vectors were added. A query of shape
            (dim,) gives shape (k,).

        Raises
        ------
        DimensionError, NotFiniteError, VectorLengthError, TypeError
            As in add().
        InvalidArgumentError
            k, ef or threads is out of bounds. A ValueError.
        KeyboardInterrupt
            Ctrl-C.

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([[0, 0], [3, 4]], ids=[7, 8])
        >>> ids, distances = index.search([0, 1], k=2)
        >>> ids.tolist(), distances.tolist()
        ([7, 8], [1.0, 18.0])
        """
        handle = self._open()
        rows = _arrays.read_vectors(queries, self._dim, "queries")
        k = unsigned("k", k)
        beam = _ffi.DEFAULT_EF if ef is None else unsigned("ef", ef)
        used = thread_count(threads)
        shape = (k,) if rows.single else (rows.count, k)
        ids, distances = _arrays.empty("i8", shape), _arrays.empty("f4", shape)
        count = c_uint64()
        counts = None if rows.single else _arrays.empty("i8", (rows.count,))

        def call(control: _ffi.Control | None) -> None:
            options = _ffi.SearchOptions(_SEARCH_OPTIONS_SIZE, beam, used)
            if control is not None:
                options.control = pointer(control)
            check(
                lib.martlet_search_matrix(
                    handle,
                    rows.matrix,
                    k,
                    options,
                    _arrays.pointer(c_int64, ids),
                    _arrays.pointer(c_float, distances),
                    count if rows.single else _arrays.pointer(c_uint64, counts),
                )
            )

        _calls.run(call, rows.count, rows.count * self._dim * max(beam, k), progress)
        return Hits(
            _arrays.result(ids, shape),
            _arrays.result(distances, shape),
            count.value if rows.single else _arrays.result(counts, (rows.count,)),
        )

    def get(self, ids: ArrayLike | SupportsIndex) -> npt.NDArray[np.float32]:
        """Return stored vectors, as they were given (after rounding to float32).

        Parameters
        ----------
        ids : int, or array_like of int, shape (n,)

        Returns
        -------
        numpy.ndarray of float32, shape (dim,) or (n, dim)

        Raises
        ------
        UnknownIdError
            No vector has this id. A KeyError.

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2, metric="cosine")
        >>> _ = index.add([[0, 1], [3, 4]], ids=[7, 8])
        >>> index.get(8).tolist()
        [3.0, 4.0]
        >>> index.get([8, 7]).tolist()
        [[3.0, 4.0], [0.0, 1.0]]
        """
        handle = self._open()
        single = _arrays.integer(ids)
        wanted = _arrays.read_ids(ids if single is None else [single])
        shape = (wanted.count, self._dim) if single is None else (self._dim,)
        vectors = _arrays.empty("f4", shape)
        check(
            lib.martlet_get(
                handle,
                c_int64.from_address(wanted.address),
                wanted.count,
                wanted.stride,
                _arrays.pointer(c_float, vectors),
            )
        )
        result: npt.NDArray[np.float32] = _arrays.result(vectors, shape)
        return result

    def __contains__(self, item: object) -> bool:
        """Tell whether a vector has this id; nothing but an integer is one."""
        handle = self._open()
        wanted = _arrays.integer(item)
        if wanted is None or not _arrays.fits_id(wanted):
            return False
        found = c_uint8()
        check(lib.martlet_contains(handle, c_int64(wanted), 1, 8, found))
        return bool(found.value)

    def __len__(self) -> int:
        """Return the number of vectors."""
        count = c_uint64()
        check(lib.martlet_count(self._open(), count))
        return count.value

    def stats(self) -> Statistics:
        """Return what the index consists of, and where the latest add spent its time.

        Walks the whole graph: O(n * M). If several threads add, the times of the latest add may
        come from two of them.

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([[0, 0], [3, 4]])
        >>> stats = index.stats()
        >>> stats["count"], stats["reachable"], stats["last_add"]["path"]
        (2, 2, 'list')
        """
        return describe(_ffi.statistics(self._open()), self._add_times)

    def close(self) -> None:
        """Release the memory, once no thread is in a call. Closing again does nothing.

        Leaving a ``with`` block and losing the last reference do the same.

        Examples
        --------
        >>> import martlet
        >>> with martlet.Index(dim=2) as index:
        ...     _ = index.add([3, 4])
        >>> index
        <martlet.Index dim=2 metric='l2' M=16 ef_construction=200 seed=0: closed>
        """
        self._handle = None

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a martlet.Index cannot be copied or pickled in this version")

    def __repr__(self) -> str:
        state = "closed" if self._handle is None else f"{len(self)} vectors"
        return (
            f"<martlet.Index dim={self._dim} metric={self._metric!r} M={self._M} "
            f"ef_construction={self._ef_construction} seed={self._seed}: {state}>"
        )

    def _open(self) -> _ffi.Handle:
        handle = self._handle
        if handle is None:
            raise ClosedIndexError("the index is closed")
        return handle


def _read_ids(ids: Any, rows: int) -> _arrays.Ids:
    given = _arrays.read_ids(ids)
    if given.count != rows:
        raise InvalidArgumentError(f"{given.count} ids for {rows} vectors; expected one each")
    return given
