"""Metadata on the way out: columns as the library writes them, and dicts of Python values."""

from __future__ import annotations

import json
from array import array
from ctypes import addressof, c_int32, c_int64, sizeof
from datetime import datetime, timedelta, timezone
from typing import Any, Callable

from martlet import _buffers, _structs, _texts
from martlet._ffi import Handle, check, lib
from martlet._structs import TYPES

_VALUES_SIZE = sizeof(_structs.Values)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_TYPECODES = {"bool": "B", "int64": "q", "float64": "d", "datetime": "q"}


class Written:
    """The values of one column as the library writes them.

    Attributes
    ----------
    valid : bytes
        1 per value, and 0 per null.
    values : array.array
        Of a type of fixed width: a value per row.
    data, offsets : bytearray and array.array
        Of other types: strings, end to end, and where each begins and the last one ends.
    list_offsets : array.array
        Of tags: where those of each row begin among the strings, and where the last ones end.
    """

    __slots__ = ("data", "list_offsets", "offsets", "type", "valid", "values")

    def __init__(self, type_: str) -> None:
        self.type = type_
        self.valid = b""
        self.values: array[Any] = array("q")
        self.data = bytearray()
        self.offsets: array[int] = array("q")
        self.list_offsets: array[int] = array("q")

    def tolist(self) -> list[Any]:
        """Return the values as Python's: None for null."""
        values = _READERS[self.type](self)
        if 0 not in self.valid:
            return values
        return [value if valid else None for value, valid in zip(values, self.valid)]


def types(handle: Handle) -> dict[str, str]:
    """Return the types of an index's columns by name."""
    found: Any = None

    def fill(text: _structs.Text) -> int:
        nonlocal found
        found = (c_int32 * max(text.offset_capacity - 1, 1))()
        status: int = lib.martlet_get_columns(handle, text, found)
        return status

    names = _texts.decode(*_texts.fetch(fill, 8))
    return {name: TYPES[type_] for name, type_ in zip(names, found)}


def fetch(handle: Handle, name: str, type_: str, rows: array[int]) -> Written:
    """Return the values of one column.

    Parameters
    ----------
    name, type_ : str
        The column's.
    rows : array.array of int64
        Row numbers; -1 gives a null.
    """
    written = Written(type_)
    count = len(rows)
    encoded = name.encode()
    target = _buffers.pointer(c_int64, rows)
    valid = bytearray(count)
    values = _structs.Values(_VALUES_SIZE, _buffers.start(valid))

    def fill(text: _structs.Text | None) -> int:
        values.text = None if text is None else addressof(text)
        status: int = lib.martlet_get_values(handle, encoded, len(encoded), target, count, values)
        return status

    if type_ in _TYPECODES:
        written.values = _buffers.zeros(_TYPECODES[type_], count)
        values.values = _buffers.start(written.values)
        check(fill(None))
    else:
        if type_ == "tags":
            written.list_offsets = _buffers.zeros("q", count + 1)
            values.list_offsets = _buffers.start(written.list_offsets)
        written.data, written.offsets = _texts.fetch(fill, count)
    written.valid = bytes(valid)
    return written


def dicts(handle: Handle, rows: array[int]) -> list[dict[str, Any]]:
    """Return the metadata of rows: a dict each, with None for null."""
    columns = types(handle)
    values = [fetch(handle, name, type_, rows).tolist() for name, type_ in columns.items()]
    if not values:
        return [{} for _ in rows]
    return [dict(zip(columns, row)) for row in zip(*values)]


def _fixed(written: Written) -> list[Any]:
    return written.values.tolist()


def _bools(written: Written) -> list[Any]:
    return [value != 0 for value in written.values]


def _times(written: Written) -> list[Any]:
    return [_time(value) for value in written.values]


def _time(microseconds: int) -> datetime | int:
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:  # Python's times end with the year 9999.
        return microseconds


def _strings(written: Written) -> list[Any]:
    return _texts.decode(written.data, written.offsets)


def _tags(written: Written) -> list[Any]:
    tags, starts = _strings(written), written.list_offsets
    return [tags[start:end] for start, end in zip(starts, starts[1:])]


def _json(written: Written) -> list[Any]:
    texts = zip(_strings(written), written.valid)
    return [json.loads(text) if valid else None for text, valid in texts]


_READERS: dict[str, Callable[[Written], list[Any]]] = {
    "bool": _bools,
    "int64": _fixed,
    "float64": _fixed,
    "string": _strings,
    "datetime": _times,
    "tags": _tags,
    "json": _json,
}
