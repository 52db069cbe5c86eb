"""The index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from martlet import _arrays, _buffers, _calls, _ffi, _filters, _ids
from martlet._arguments import thread_count, unsigned
from martlet._changes import Changeable
from martlet._extras import Extras
from martlet._ffi import Handle, lib
from martlet._results import Results
from martlet._structs import DEFAULT_EF, SearchOptions, sized
from martlet.hits import Hits
from martlet.statistics import Statistics, describe

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from martlet._arrays import ArrayLike
    from martlet._calls import Progress


class Index(Changeable):
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
    memory : {"balanced", "fast", "compact"}, default "balanced"
        How much memory to spend on speed and accuracy. "fast" also keeps codes of the links:
        searches of vectors of about 100 components or more are faster, for about twice the memory
        and slower small adds. "compact" keeps nothing but codes of the vectors, a byte per
        component, as soon as there are 1024 vectors: a fourth of the memory or less, but vectors
        and distances are approximate (see Notes). Under "ip" all are the same.

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

    With ``memory="compact"`` a vector is rounded in each component of a random rotation of it, by
    half a step at most, where 127 steps are the range of all vectors. Under "cosine" its length is
    kept. Distances are those to the rounded vectors, and ``get()`` returns these. A batch that lies
    outside the range makes the steps larger, and vectors are rounded once more. Vectors that do not
    bear such rounding, for some lie far away or crowd together, are all kept as float32, which
    ``stats()`` tells: there are no codes then.

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
        handle = self._handle or self._open()
        is_usual = allow is None and not include and not explain and progress is False
        if is_usual and where is None and threads is None and self._strings is False:
            hits = self._desks.again(handle, queries, k, DEFAULT_EF if ef is None else ef)
            if hits is not None:
                return hits
        if self._strings is not False or include or allow is not None:
            handle = _ffi.view(handle)
        k = unsigned("k", k)
        beam = DEFAULT_EF if ef is None else unsigned("ef", ef)
        workers = 0 if threads is None else thread_count(threads)
        condition = None if where is None else _filters.encode(where)
        # With a condition, all vectors may have to be compared.
        is_long = condition is not None and self._is_long
        if is_usual and not is_long:
            hits = self._desks.search(handle, queries, k, (beam, workers, condition))
            if hits is not None:
                if self._strings is not False:
                    hits.ids = self._shown_ids(handle, hits.ids, hits.ids.shape)
                return hits
        options = sized(SearchOptions, ef=beam, threads=workers)
        extras = None
        if not is_usual or condition is not None:
            extras = Extras(handle, options)
            extras.restrict(condition, allow, self._holds_strings(handle))
            if explain:
                extras.explain()
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

    def _shown_ids(self, handle: Handle, ids: Any, shape: tuple[int, ...]) -> Any:
        """Return ids as the user sees them; the library writes row numbers in place of strings."""
        if self._holds_strings(handle):
            return _buffers.objects(_ids.names(handle, ids), shape)
        return _buffers.result(ids, shape)
