"""The index."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, SupportsIndex

from martlet import _arrays, _buffers, _calls, _columns, _ffi, _ids, _single, _values
from martlet._arguments import thread_count, unsigned
from martlet._errors import InvalidArgumentError
from martlet._extras import Extras
from martlet._ffi import Handle, check, lib
from martlet._results import Results
from martlet._stored import Stored
from martlet._structs import DEFAULT_EF, AddOptions, SearchOptions, sized
from martlet.hits import Hits
from martlet.statistics import AddTimes, Statistics, describe

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import numpy.typing as npt

    from martlet._arrays import ArrayLike
    from martlet._calls import Progress
    from martlet._ids import Ids


class Index(Stored):
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

    _add_times: AddTimes | None = None

    def add(
        self,
        vectors: ArrayLike,
        *,
        ids: ArrayLike | None = None,
        metadata: Any = None,
        threads: int | None = None,
        progress: Progress = False,
    ) -> npt.NDArray[Any]:
        """Add vectors: all of them or, if anything is wrong, none.

        Parameters
        ----------
        vectors : array_like, shape (n, dim) or (dim,)
            Finite numbers. Numeric arrays are read in place whatever their strides.
        ids : array_like of int or of str, shape (n,), optional
            All new: any int64 values, or any strings; the first add decides which. int64 arrays and
            Arrow's strings are read in place. If left out, integers are assigned, counting up from
            one more than the largest ever used (at least 0).
        metadata : dict of columns, list of dicts, or frame, optional
            A dict of n values per name; n dicts, in which what is missing is null; a frame of
            pandas or polars; or a table of Arrow data. Numeric arrays and Arrow data are read in
            place. See ``columns`` for the types; the first add that names a column decides its
            type. Columns that are left out are null for these vectors.
        threads : int, optional
            How many to use, 1 to 1024; if left out as many as processors, fewer for small batches.
        progress : bool or callable, default False
            True shows a progress bar (needs tqdm). A function is called as ``progress(done,
            total)``, in rows, about ten times a second; an exception in it cancels the add.

        Returns
        -------
        numpy.ndarray of int64 or of str (dtype object), shape (n,)
            The ids of the rows, in order.

        Raises
        ------
        DimensionError, NotFiniteError, VectorLengthError
            Of another shape, NaN or infinite, or too long to be measured or (under cosine) zero.
            The message names row and column. All are ValueErrors.
        DuplicateIdError
            An id is in the index, or twice in the batch. A ValueError.
        IdKindError
            Integers for an index of strings, or the reverse. A TypeError.
        ColumnTypeError
            Metadata of another type than the column has, or of two types in one column; the message
            names row and column. A TypeError.
        TypeError
            Vectors that are no numbers or in an array of another type, ids that are neither
            integers nor strings, or metadata of no known form.
        ValueError
            Ids or metadata of another length than the vectors, integers beyond int64, or strings
            that have no UTF-8.
        MemoryError, IndexFullError
            There is no room.
        KeyboardInterrupt
            Ctrl-C.

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> index.add([[0, 0], [3, 4]], ids=["a", "b"], metadata={"year": [2020, 2024]}).tolist()
        ['a', 'b']
        >>> index.add([6, 8], ids=["c"], metadata=[{"lang": "sv", "year": 2022}]).tolist()
        ['c']
        >>> index.metadata("a")
        {'year': 2020, 'lang': None}
        """
        return self._write(lib.martlet_add_matrix, vectors, ids, metadata, threads, progress)

    def upsert(
        self,
        vectors: ArrayLike,
        *,
        ids: ArrayLike | None = None,
        metadata: Any = None,
        threads: int | None = None,
        progress: Progress = False,
    ) -> npt.NDArray[Any]:
        """Add vectors in place of those that have their ids: all of them or none.

        What was stored under such an id is removed, metadata included, and the new vector counts as
        added last. A search sees either the old vectors or the new ones.

        Parameters, Returns, Raises
            As in add(), but ids may be in the index; DuplicateIdError: twice in the batch.

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([[0, 0], [3, 4]], ids=["a", "b"])
        >>> index.upsert([[1, 1], [5, 5]], ids=["b", "c"]).tolist()
        ['b', 'c']
        >>> len(index), index.get("b").tolist()
        (3, [1.0, 1.0])
        """
        return self._write(lib.martlet_upsert, vectors, ids, metadata, threads, progress)

    def remove(self, ids: ArrayLike | SupportsIndex | str, *, progress: Progress = False) -> None:
        """Remove vectors, their ids and their metadata: all of them or, if anything is wrong, none.

        No later search finds them. Their ids can be added again. Memory is used again, and given
        back once a tenth of it is unused; see also compact().

        Parameters
        ----------
        ids : int or str, or array_like of them, shape (n,)
            Each once.
        progress : bool or callable, default False
            As in add().

        Raises
        ------
        UnknownIdError
            No vector has this id. A KeyError.
        IdKindError
            Integers for an index of strings, or the reverse. A TypeError.
        DuplicateIdError
            An id stands twice among them. A ValueError.
        KeyboardInterrupt
            Ctrl-C.

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([[0, 0], [3, 4], [6, 8]], ids=["a", "b", "c"])
        >>> index.remove("b")
        >>> index.search([3, 4], k=2).ids.tolist()
        ['a', 'c']
        """
        handle = self._open()
        _, wanted = self._read_ids(handle, ids)

        def call(options: _calls.Watched) -> int:
            status: int = lib.martlet_remove(handle, wanted.struct, options.pointer())
            return status

        work = wanted.count * self._dim * self._ef_construction
        _calls.run(call, _calls.Watched(), wanted.count, work, progress)

    def clear(self) -> None:
        """Remove all vectors, with their ids and metadata, and the columns.

        The kind of the ids stays, and assigned ids go on counting up.

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([[0, 0], [3, 4]])
        >>> index.clear()
        >>> len(index), index.add([1, 1]).tolist()
        (0, [2])
        """
        check(lib.martlet_clear(self._open()))

    def compact(self) -> None:
        """Give back the memory of what was removed or replaced, down to the last place.

        Removing does most of that by itself. Copies the index: there must be room for both.

        Raises
        ------
        MemoryError
            There is not; the index is as it was.
        KeyboardInterrupt
            Ctrl-C; likewise.

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([[0, 0], [3, 4]])
        >>> index.remove(0)
        >>> index.compact()
        >>> index.stats()["removed"]
        0
        """
        handle = self._open()

        def call(options: _calls.Watched) -> int:
            status: int = lib.martlet_compact(handle, options.pointer())
            return status

        _calls.run(call, _calls.Watched(), 1, len(self) * self._dim, False)

    def _write(
        self,
        function: Any,
        vectors: ArrayLike,
        ids: ArrayLike | None,
        metadata: Any,
        threads: int | None,
        progress: Progress,
    ) -> npt.NDArray[Any]:
        times = AddTimes()
        handle = self._open()
        rows = _arrays.read_vectors(vectors, self._dim, "vectors")
        options = sized(AddOptions, threads=thread_count(threads))
        times.copied_ns = rows.copied_ns
        times.lap("vectors")
        given = None if ids is None else self._new_ids(handle, ids, rows.count)
        texts = None if given is None else given.texts
        if given is not None:
            options.ids = given.address
        added = None
        if texts is None:
            added = _buffers.empty("i8", (rows.count,))
            options.assigned_ids = _buffers.start(added)
        times.lap("ids")
        columns = None
        if metadata is not None:
            columns = _columns.read(metadata, rows.count, _values.types(handle))
            options.columns, options.column_count = columns.address, columns.count
        times.lap("metadata")

        def call(options: AddOptions) -> int:
            status: int = function(handle, rows.matrix, options)
            return status

        work = rows.count * self._dim * self._ef_construction
        _calls.run(call, options, rows.count, work, progress)
        times.lap("call")
        if rows.count > 0:
            self._strings = texts is not None
        shape = (rows.count,)
        result: npt.NDArray[Any] = (
            _buffers.result(added, shape)
            if texts is None
            else _buffers.objects(texts.tolist(), shape)
        )
        times.lap("ids")
        self._add_times = times
        return result

    def search(
        self,
        queries: ArrayLike,
        k: int = 10,
        *,
        ef: int | None = None,
        where: Mapping[str, Any] | None = None,
        allow: ArrayLike | None = None,
        include: Collection[str] = (),
        explain: bool = False,
        threads: int | None = None,
        progress: Progress = False,
    ) -> Hits:
        """Find the stored vectors nearest to each query, of all or of those that match.

        Parameters
        ----------
        queries : array_like, shape (dim,) or (q, dim)
            Finite numbers. Numeric arrays are read in place whatever their strides.
        k : int, default 10
            Matches wanted per query; 0, and more than exist, are allowed.
        ef : int, default 64
            Beam width, raised to k if less. More: better recall, slower.
        where : dict, optional
            Conditions on metadata, which must all hold: a value that a field equals (None for
            null), or a dict of operators: ``$eq $ne $gt $gte $lt $lte $in $nin $exists $contains``
            (tags) ``$startswith`` ``$not``. ``$and``, ``$or`` and ``$not`` combine conditions.
            Times are datetimes, or text in ISO 8601. A null or NaN passes only negated operators.
        allow : array_like, optional
            What may be returned: a bool for each vector in the order added, or ids (unknown ones
            are ignored). Together with where, what passes both.
        include : collection of str, optional
            "metadata" returns the matches' metadata.
        explain : bool, default False
            Return what the search decided, why, and what it cost.
        threads : int, optional
            How many to use, 1 to 1024; if left out one for a few queries, else as many as
            processors.
        progress : bool or callable, default False
            As in add().

        Returns
        -------
        Hits
            ``ids`` and ``distances`` of shape (q, k), nearest first, and ``counts`` of shape (q,):
            k, or as many as match if that is less. Equal distances come in the order in which the
            vectors were added. A query of shape (dim,) gives shape (k,). Also ``metadata`` and
            ``explanation``, if asked for.

        Raises
        ------
        DimensionError, NotFiniteError, VectorLengthError, TypeError
            As in add().
        FilterError
            A field, an operator or an operand of where is wrong. A ValueError.
        IdKindError
            allow has integers for an index of strings, or the reverse. A TypeError.
        InvalidArgumentError
            k, ef or threads is out of bounds, or allow has not a bool for each vector. A
            ValueError.
        KeyboardInterrupt
            Ctrl-C.

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([[0, 0], [3, 4]], ids=[7, 8], metadata={"year": [2020, 2024]})
        >>> ids, distances = index.search([0, 1], k=2)
        >>> ids.tolist(), distances.tolist()
        ([7, 8], [1.0, 18.0])
        >>> hits = index.search([0, 1], k=2, where={"year": {"$gt": 2020}}, include=["metadata"])
        >>> hits.ids.tolist(), hits.counts, hits.metadata
        ([8, -1], 1, [{'year': 2024}])
        """
        handle = self._open()
        if self._strings is not False or include or allow is not None:
            handle = _ffi.view(handle)
        k = unsigned("k", k)
        beam = DEFAULT_EF if ef is None else unsigned("ef", ef)
        options = _plain_options(beam, thread_count(threads))
        extras = None
        if where is not None or allow is not None or include or explain:
            options = SearchOptions.from_buffer_copy(options)
            extras = Extras(handle, options)
            extras.restrict(where, allow, self._holds_strings(handle))
            if explain:
                extras.explain()
        is_usual = not include and not explain and progress is False
        if is_usual and self._is_quick(handle, queries, k, beam, extras):
            return self._search_one(handle, queries, k, options)
        rows = _arrays.read_vectors(queries, self._dim, "queries")
        results = Results(rows.count, k, rows.single)
        if extras is not None:
            extras.include(include, results.shape)

        def call(options: SearchOptions) -> int:
            matrix, outputs = rows.matrix, results.outputs
            status: int = lib.martlet_search_matrix(handle, matrix, k, options, *outputs)
            return status

        scanned = 0 if extras is None else len(self)
        work = rows.count * self._dim * max(beam, k, scanned // _calls.SCANNED_PER_STEP)
        _calls.run(call, options, rows.count, work, progress)
        hits = results.hits(self._shown_ids(handle, results.ids, results.shape))
        if extras is not None:
            extras.add_to(hits, k)
        return hits

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

    def _is_quick(
        self, handle: Handle, queries: Any, k: int, beam: int, extras: Extras | None
    ) -> bool:
        """Tell whether a search is for one plain query, and short."""
        return (
            k <= _single.MOST
            and self._dim * max(beam, k) < _calls.LONG
            and _single.is_plain(queries, self._dim)
            # With conditions, all vectors may have to be compared.
            and (extras is None or self._dim * _ffi.count(handle, None) < _calls.LONG_SCAN)
        )

    def _search_one(self, handle: Handle, query: Any, k: int, options: SearchOptions) -> Hits:
        hits = self._desks.search(handle, query, k, options)
        if self._strings is not False:
            hits.ids = self._shown_ids(handle, hits.ids, hits.ids.shape)
        return hits

    def _shown_ids(self, handle: Handle, ids: Any, shape: tuple[int, ...]) -> Any:
        """Return ids as the user sees them; the library writes row numbers in place of strings."""
        if self._holds_strings(handle):
            return _buffers.objects(_ids.names(handle, ids), shape)
        return _buffers.result(ids, shape)

    def _new_ids(self, handle: Handle, ids: Any, rows: int) -> Ids:
        given = self._read_many(handle, ids)
        if given.count != rows:
            raise InvalidArgumentError(f"{given.count} ids for {rows} vectors; expected one each")
        return given


@lru_cache(maxsize=256)
def _plain_options(ef: int, threads: int) -> SearchOptions:
    """Return options, shared by all searches that have these, so not to be changed."""
    return sized(SearchOptions, ef=ef, threads=threads)
