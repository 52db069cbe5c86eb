"""How what an index holds is changed: added to, replaced, removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, SupportsIndex

from martlet import _arrays, _buffers, _calls, _columns, _values
from martlet._arguments import thread_count
from martlet._base import number_of
from martlet._errors import InvalidArgumentError
from martlet._ffi import Handle, check, lib
from martlet._stored import Stored
from martlet._structs import MEMORIES, AddOptions, sized
from martlet.statistics import AddTimes

if TYPE_CHECKING:
    import numpy.typing as npt

    from martlet._arrays import ArrayLike
    from martlet._calls import Progress
    from martlet._ids import Ids


class Changeable(Stored):
    """Vectors under ids, and every way to change them."""

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

    def update_metadata(self, ids: ArrayLike | SupportsIndex | str, metadata: Any) -> None:
        """Replace metadata of stored vectors: all of it or, if anything is wrong, none.

        Parameters
        ----------
        ids : int or str, or array_like of them, shape (n,)
            Each once.
        metadata : dict of columns, list of dicts, or frame
            As in add(), for these ids; for one id also its dict. Nulls replace what there was;
            columns that are not given keep theirs.

        Raises
        ------
        UnknownIdError, IdKindError
            As in get().
        DuplicateIdError, ColumnTypeError, TypeError, ValueError
            As in add().

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([[0, 1], [3, 4]], metadata={"lang": ["sv", "fi"], "year": [2020, 2021]})
        >>> index.update_metadata([0], {"year": [2024]})
        >>> index.metadata(0)
        {'lang': 'sv', 'year': 2024}
        """
        handle = self._open()
        single, wanted = self._read_ids(handle, ids)
        if single and isinstance(metadata, Mapping):
            metadata = [metadata]
        columns = _columns.read(metadata, wanted.count, _values.types(handle))
        check(lib.martlet_update_metadata(handle, wanted.struct, columns.structs, columns.count))

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

    def convert(self, memory: str) -> None:
        """Change the form of memory, while searches go on.

        Later changes, files and folders have the new form. Between "balanced" and "fast", an index
        whose vectors came in one call is then, byte for byte, what it would be if it had been made
        in that form.

        Parameters
        ----------
        memory : {"balanced", "fast", "compact"}
            As in Index. From "compact", vectors stay as they were rounded.

        Raises
        ------
        InvalidArgumentError
            There is no such form. A ValueError.
        MemoryError
            There is no room for what the new form has more; the index is as it was.
        KeyboardInterrupt
            Ctrl-C; likewise.

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([[0, 0], [3, 4]])
        >>> index.convert("fast")
        >>> index.memory
        'fast'
        """
        handle = self._open()
        form = number_of("memory", memory, MEMORIES)

        def call(options: _calls.Watched) -> int:
            status: int = lib.martlet_convert(handle, form, options.pointer())
            return status

        rows = len(self)
        _calls.run(call, _calls.Watched(), rows, rows * self._dim * self._M, False)

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
            self._note_size(handle)
        shape = (rows.count,)
        result: npt.NDArray[Any] = (
            _buffers.result(added, shape)
            if texts is None
            else _buffers.objects(texts.tolist(), shape)
        )
        times.lap("ids")
        self._add_times = times
        return result

    def _new_ids(self, handle: Handle, ids: Any, rows: int) -> Ids:
        given = self._read_many(handle, ids)
        if given.count != rows:
            raise InvalidArgumentError(f"{given.count} ids for {rows} vectors; expected one each")
        return given
