"""Ids on the way in and out: integers or strings, all of a batch at once.

Integers are read in place from int64 arrays and strings from Arrow arrays. Everything else is
copied once.
"""

from __future__ import annotations

import operator
from array import array
from ctypes import addressof, c_int64, sizeof
from typing import Any

from martlet import _arrow, _buffers, _structs, _texts
from martlet._arrow import Chunks
from martlet._errors import ID_KIND, InvalidArgumentError
from martlet._ffi import Handle, check, lib
from martlet._numpy import np
from martlet._sources import ENDIAN, Array, Source, opened
from martlet._structs import NO_ID, sized
from martlet._texts import Texts

_IDS_SIZE = sizeof(_structs.Ids)
_BOOLS = (bool,) if np is None else (bool, np.bool_)


class Ids:
    """Ids as the library takes them."""

    __slots__ = ("count", "source", "struct", "texts")

    def __init__(self, count: int, address: int, stride: int, source: Any) -> None:
        self.count = count
        #: Keeps the memory alive that the address is in.
        self.source = source
        self.texts: Texts | None = None
        self.struct = _structs.Ids(_IDS_SIZE, count, address, stride, None)

    @classmethod
    def of(cls, texts: Texts) -> Ids:
        """Return strings as ids."""
        ids = cls(texts.count, 0, 0, None)
        ids.texts, ids.struct.strings = texts, texts.address
        return ids

    @property
    def address(self) -> int:
        """Where the struct lies."""
        return addressof(self.struct)

    def at(self, row: int) -> int | str:
        """Return one of them as Python's."""
        if self.texts is not None:
            return self.texts.tolist()[row]
        return c_int64.from_address(self.struct.integers + row * self.struct.stride).value


def read(ids: Any, name: str = "ids") -> Ids:
    """Return a collection of integers or of strings."""
    return from_source(opened(ids, name), name)


def from_source(source: Source, name: str) -> Ids:
    """Return an opened collection of integers or of strings."""
    if isinstance(source, Array):
        return _from_array(source, name)
    if isinstance(source, tuple):
        return _from_arrow(source, name)
    return _from_list(source, name)


def of_one(item: Any) -> Ids | None:
    """Return one id; None for anything else, bool included, and for what no index can hold."""
    if isinstance(item, str):
        try:
            return Ids.of(_texts.encode([item], lambda row: "the id"))
        except ValueError:
            return None
    number = integer(item)
    if number is None or not _fits(number):
        return None
    return _from_list([number], "ids")


def _from_array(values: Array, name: str) -> Ids:
    if values.typestr == ENDIAN + "i8":
        return Ids(values.count, values.address, values.stride, values.source)
    if values.kind == "S":
        return Ids.of(_texts.from_bytes(values.tolist()))
    if values.kind not in "iuUOT":
        raise TypeError(f"{name} are an array of {values.dtype}; expected integers or strings")
    return _from_list(values.tolist(), name)


def _from_arrow(chunks: Chunks, name: str) -> Ids:
    if len(chunks) == 1 and chunks[0].nulls() == 0:
        vector = chunks[0]
        if vector.format == "l" and vector.dictionary is None:
            return Ids(vector.length, vector.at(1, 8) or 0, 8, vector)
        texts = _texts.from_arrow(vector)
        if texts is not None:
            return Ids.of(texts)
    return _from_list([value for chunk in chunks for value in _arrow.tolist(chunk)], name)


def _from_list(ids: list[Any], name: str) -> Ids:
    if ids and isinstance(ids[0], str):
        return Ids.of(_texts.encode(ids, lambda row: f"{name}[{row}]"))
    for kind, example in dict(zip(map(type, ids), ids)).items():
        if integer(example) is None:
            bad = next(row for row, value in enumerate(ids) if type(value) is kind)
            raise TypeError(
                f"{name}[{bad}] is {example!r} ({kind.__name__}); expected an integer"
                f"{'' if bad else ' or a string'}"
            )
    try:
        values = array("q", ids)
    except OverflowError:
        bad = next(row for row, value in enumerate(ids) if not _fits(value))
        raise InvalidArgumentError(
            f"{name}[{bad}] is {ids[bad]}, which int64 cannot hold"
        ) from None
    address, count = values.buffer_info()
    return Ids(count, address, 8, values)


def integer(value: Any) -> int | None:
    """Return an integer, NumPy's included, as an int; None for anything else, bool included."""
    if isinstance(value, _BOOLS):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def _fits(value: int) -> bool:
    """Tell whether an integer is in the range of ids, int64."""
    return -(2**63) <= value < 2**63


def are_strings(handle: Handle) -> bool | None:
    """Tell whether the ids of an index are strings; None if it has never had any."""
    if lib.martlet_get_integer_ids(handle, None, 0, None) == ID_KIND:
        return True
    offsets = _buffers.zeros("q", 1)
    text = sized(_structs.Text, offsets=_buffers.address(offsets), offset_capacity=1)
    return False if lib.martlet_get_ids(handle, None, 0, text) == ID_KIND else None


def fetch_strings(handle: Handle, rows: Any) -> tuple[bytearray, array[int]]:
    """Return the string ids of rows, "" for row -1: their bytes, and offsets into them.

    Parameters
    ----------
    rows : array of int64
        Row numbers, contiguous.
    """
    target, count = _buffers.pointer(c_int64, rows), len(rows)
    return _texts.fetch(lambda text: lib.martlet_get_ids(handle, target, count, text), count)


def names(handle: Handle, rows: Any) -> list[str | None]:
    """Return the string ids of rows, and None for row -1."""
    if np is not None:
        rows = rows.reshape(-1)
    found = _texts.decode(*fetch_strings(handle, rows))
    return [name if row != NO_ID else None for name, row in zip(found, rows.tolist())]


def fetch_integers(handle: Handle, rows: Any) -> array[int]:
    """Return the integer ids of rows."""
    found, count = _buffers.zeros("q", len(rows)), len(rows)
    source, target = (_buffers.pointer(c_int64, each) for each in (rows, found))
    check(lib.martlet_get_integer_ids(handle, source, count, target))
    return found


def of_written(data: bytearray, offsets: array[int]) -> Ids:
    """Return strings that the library has written as ids."""
    start = _buffers.address(offsets)
    return Ids.of(Texts(_buffers.start(data), start, len(offsets) - 1, 8, (data, offsets)))


#: An empty collection, for an index of strings. (One of integers is told by having no strings.)
NO_STRINGS = Ids.of(_texts.encode([], str))
