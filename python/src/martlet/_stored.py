"""What an index holds: looked up by id, counted and taken out."""

from __future__ import annotations

from array import array
from ctypes import c_float, c_int64
from typing import TYPE_CHECKING, Any, SupportsIndex

from martlet import _buffers, _ffi, _filters, _ids, _tables, _values
from martlet._errors import IdKindError, UnknownIdError
from martlet._ffi import Handle, check, lib
from martlet._ids import Ids
from martlet._saved import Saved
from martlet._structs import NO_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

    from martlet._arrays import ArrayLike


class Stored(Saved):
    """Vectors under ids, with metadata."""

    # Whether ids are strings: None until that is known, which the first add decides.
    _strings: bool | None = None

    @property
    def columns(self) -> dict[str, str]:
        """The types of the metadata columns by name, in the order in which they appeared.

        Types are "bool", "int64", "float64", "string", "datetime", "tags" (a list of strings) and
        "json" (anything else: kept, not filtered by).

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([3, 4], metadata=[{"lang": "sv", "tags": ["new", "short"]}])
        >>> index.columns
        {'lang': 'string', 'tags': 'tags'}
        """
        return _values.types(self._open())

    def get(self, ids: ArrayLike | SupportsIndex | str) -> npt.NDArray[np.float32]:
        """Return stored vectors, as they were given (after rounding to float32).

        With ``memory="compact"``, what is left of them: see Index.

        Parameters
        ----------
        ids : int or str, or array_like of them, shape (n,)

        Returns
        -------
        numpy.ndarray of float32, shape (dim,) or (n, dim)

        Raises
        ------
        UnknownIdError
            No vector has this id. A KeyError.
        IdKindError
            Integers for an index of strings, or the reverse. A TypeError.

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2, metric="cosine")
        >>> _ = index.add([[0, 1], [3, 4]], ids=["a", "b"])
        >>> index.get("b").tolist()
        [3.0, 4.0]
        >>> index.get(["b", "a"]).tolist()
        [[3.0, 4.0], [0.0, 1.0]]
        """
        handle = self._open()
        single, wanted = self._read_ids(handle, ids)
        shape = (self._dim,) if single else (wanted.count, self._dim)
        vectors = _buffers.empty("f4", shape)
        check(lib.martlet_get(handle, wanted.struct, _buffers.pointer(c_float, vectors)))
        result: npt.NDArray[np.float32] = _buffers.result(vectors, shape)
        return result

    def metadata(
        self, ids: ArrayLike | SupportsIndex | str | None = None
    ) -> dict[str, Any] | list[dict[str, Any]]:
        """Return stored metadata.

        Parameters
        ----------
        ids : int or str, or array_like of them, optional
            If left out, all, in the order in which they were added.

        Returns
        -------
        dict or list of dict
            One dict per id, with all columns of the index: None for null. Times are in UTC (and
            integers of microseconds since 1970 beyond the year 9999).

        Raises
        ------
        UnknownIdError, IdKindError
            As in get().

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> records = [{"lang": "sv", "year": 2020}, {"lang": "fi"}]
        >>> _ = index.add([[0, 1], [3, 4]], ids=["a", "b"], metadata=records)
        >>> index.metadata("b")
        {'lang': 'fi', 'year': None}
        """
        handle = _ffi.view(self._open())
        if ids is None:
            return _values.dicts(handle, array("q", range(_ffi.count(handle, None))))
        single, wanted = self._read_ids(handle, ids)
        found = _values.dicts(handle, self._find(handle, wanted))
        return found[0] if single else found

    def count(self, where: Mapping[str, Any] | None = None) -> int:
        """Return the number of vectors whose metadata match a condition.

        Parameters
        ----------
        where : dict, optional
            As in search(). If left out, all vectors count.

        Raises
        ------
        FilterError, TypeError
            As in search().

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([[0, 1], [3, 4]], metadata={"year": [2020, None]})
        >>> index.count({"year": {"$gte": 2000}}), index.count({"year": None}), index.count()
        (1, 1, 2)
        """
        return _ffi.count(self._open(), None if where is None else _filters.encode(where))

    def to_arrow(self) -> pa.Table:
        """Return all that is stored as a table of Apache Arrow; needs pyarrow.

        Returns
        -------
        pyarrow.Table
            A row per vector, in the order in which they were added. Columns are "id", "vector" (a
            fixed-size list of float32) and those of the metadata: "datetime" as timestamps in
            microseconds and UTC, "tags" as lists of strings, "json" as its text. A metadata column
            named "id" or "vector" is called "metadata.id" or "metadata.vector".

        Raises
        ------
        ImportError
            pyarrow is not installed.

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([[0, 1], [3, 4]], ids=["a", "b"], metadata={"year": [2020, None]})
        >>> index.to_arrow().to_pylist()[1]  # doctest: +SKIP
        {'id': 'b', 'vector': [3.0, 4.0], 'year': None}
        """
        handle = _ffi.view(self._open())
        return _tables.arrow(handle, self._dim, self._holds_strings(handle))

    def to_pandas(self) -> pd.DataFrame:
        """Return all that is stored as a frame of pandas; needs pandas and pyarrow.

        Returns
        -------
        pandas.DataFrame
            As in to_arrow(). Integers and booleans are of pandas's types with nulls.

        Raises
        ------
        ImportError
            pandas or pyarrow is not installed.

        Examples
        --------
        >>> import martlet
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([[0, 1], [3, 4]], ids=["a", "b"], metadata={"year": [2020, None]})
        >>> index.to_pandas().year.tolist()  # doctest: +SKIP
        [2020, <NA>]
        """
        handle = _ffi.view(self._open())
        return _tables.pandas(handle, self._dim, self._holds_strings(handle))

    def __contains__(self, item: object) -> bool:
        """Tell whether a vector has this id; nothing but an integer or a string is one."""
        handle = self._open()
        wanted = _ids.of_one(item)
        if wanted is None:
            return False
        row = c_int64()
        check(lib.martlet_find(handle, wanted.struct, row))
        return row.value != NO_ID

    def _read_ids(self, handle: Handle, ids: Any) -> tuple[bool, Ids]:
        """Return ids, and whether it is one that was given, not a collection."""
        single = isinstance(ids, str) or _ids.integer(ids) is not None
        return single, self._read_many(handle, [ids] if single else ids)

    def _read_many(self, handle: Handle, ids: Any) -> Ids:
        """Return a collection of ids; an empty one is of the index's kind."""
        wanted = _ids.read(ids)
        if wanted.count == 0 and self._holds_strings(handle):
            return _ids.NO_STRINGS
        return wanted

    def _find(self, handle: Handle, ids: Ids) -> array[int]:
        """Return the rows of ids."""
        rows = _buffers.zeros("q", ids.count)
        check(lib.martlet_find(handle, ids.struct, _buffers.pointer(c_int64, rows)))
        if NO_ID in rows:
            missing = ids.at(rows.index(NO_ID))
            strings = ids.texts is not None
            if self._holds_strings(handle) != strings and self._strings is not None:
                held = "integers" if strings else "strings"
                raise IdKindError(f"id {missing!r} is given, but the index's ids are {held}")
            raise UnknownIdError(f"id {missing!r} is not in the index")
        return rows

    def _holds_strings(self, handle: Handle) -> bool:
        """Tell whether ids are strings; the first add decides that for good."""
        if self._strings is None:
            self._strings = _ids.are_strings(handle)
        return bool(self._strings)
