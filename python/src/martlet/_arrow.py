"""Arrow data of any library, through the Arrow C data interface: no library is needed for it.

https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html. Memory is read in place
where the library can; tolist() gives Python values for all else.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from copy import copy
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    addressof,
    byref,
    c_char,
    c_char_p,
    c_int,
    c_int64,
    c_void_p,
    py_object,
    pythonapi,
    string_at,
)
from datetime import datetime, timedelta, timezone
from typing import Any

from martlet._errors import InvalidArgumentError


class _Schema(Structure):
    """ArrowSchema: a type."""

    _fields_ = [
        ("format", c_char_p),
        ("name", c_char_p),
        ("metadata", c_void_p),
        ("flags", c_int64),
        ("n_children", c_int64),
        ("children", POINTER(c_void_p)),
        ("dictionary", c_void_p),
        ("release", c_void_p),
        ("private_data", c_void_p),
    ]


class _Array(Structure):
    """ArrowArray: values of a type."""

    _fields_ = [
        ("length", c_int64),
        ("null_count", c_int64),
        ("offset", c_int64),
        ("n_buffers", c_int64),
        ("n_children", c_int64),
        ("buffers", POINTER(c_void_p)),
        ("children", POINTER(c_void_p)),
        ("dictionary", c_void_p),
        ("release", c_void_p),
        ("private_data", c_void_p),
    ]


class _Stream(Structure):
    """ArrowArrayStream: arrays of one type, one after the other."""

    _fields_ = [
        ("get_schema", CFUNCTYPE(c_int, c_void_p, POINTER(_Schema))),
        ("get_next", CFUNCTYPE(c_int, c_void_p, POINTER(_Array))),
        ("get_last_error", CFUNCTYPE(c_char_p, c_void_p)),
        ("release", c_void_p),
        ("private_data", c_void_p),
    ]


class _Owned:
    """A struct that was given to us, and is released with its last reference."""

    __slots__ = ("struct",)
    # Held by the class, as the module's names may be gone when the interpreter exits.
    _release, _address = CFUNCTYPE(None, c_void_p), staticmethod(addressof)

    def __init__(self, empty: Any) -> None:
        self.struct = empty

    def __del__(self) -> None:
        if self.struct.release:
            self._release(self.struct.release)(self._address(self.struct))


class Vector:
    """Values of one type in Arrow's layout: a column, or a table, whose columns are its children.

    Attributes
    ----------
    format : str
        The type, as the C data interface writes it.
    buffers : list of int or None
        Addresses. The first is that of the validity, a bit per value, if there are nulls.
    offset : int
        Values to skip in the buffers.
    """

    __slots__ = (
        "buffers",
        "children",
        "dictionary",
        "format",
        "length",
        "name",
        "null_count",
        "offset",
        "source",
    )

    def __init__(self, schema: _Schema, values: _Array | None, source: Any) -> None:
        self.format: str = schema.format.decode()
        self.name: str = (schema.name or b"").decode()
        self.source = source
        self.length: int = values.length if values else 0
        self.offset: int = values.offset if values else 0
        self.null_count: int = values.null_count if values else 0
        self.buffers: list[int | None] = (
            values.buffers[: values.n_buffers] if values else [None] * 3
        )
        self.children = [
            Vector(
                _Schema.from_address(schema.children[i]),
                _Array.from_address(values.children[i]) if values else None,
                source,
            )
            for i in range(schema.n_children)
        ]
        self.dictionary: Vector | None = None
        if schema.dictionary:
            words = _Array.from_address(values.dictionary) if values else None
            self.dictionary = Vector(_Schema.from_address(schema.dictionary), words, source)

    def at(self, buffer: int, size: int) -> int | None:
        """Return the address of the first value in a buffer of values of `size` bytes."""
        base = self.buffers[buffer]
        return None if base is None else base + self.offset * size

    def columns(self) -> list[Vector]:
        """Return the columns of a table."""
        return [child.part(self.offset, self.length) for child in self.children]

    def part(self, start: int, length: int) -> Vector:
        """Return some of the values."""
        part = copy(self)
        part.offset, part.length = self.offset + start, length
        part.null_count = -1 if self.null_count else 0
        return part

    def nulls(self) -> int:
        """Return how many values are null."""
        if self.null_count < 0:
            self.null_count = _validity(self).count(0)
        return self.null_count


Chunks = tuple[Vector, ...]


def read(source: Any) -> Chunks | None:
    """Return a source in one piece or, where it cannot be, more; None if it is not Arrow's."""
    chunks = _read(source)
    if chunks is not None and len(chunks) > 1:
        for method in ("combine_chunks", "rechunk"):  # pyarrow's, polars's
            if hasattr(source, method):
                return _read(getattr(source, method)())
    return chunks


def _read(source: Any) -> Chunks | None:
    if hasattr(source, "__arrow_c_array__"):
        capsules = source.__arrow_c_array__()
        schema = _Schema.from_address(_pointer(capsules[0], b"arrow_schema"))
        values = _Array.from_address(_pointer(capsules[1], b"arrow_array"))
        return (Vector(schema, values, capsules),)
    if hasattr(source, "__arrow_c_stream__"):
        return tuple(_chunks(source.__arrow_c_stream__()))
    return None


_pointer = pythonapi.PyCapsule_GetPointer
_pointer.restype = c_void_p
_pointer.argtypes = [py_object, c_char_p]


def _chunks(capsule: Any) -> Iterator[Vector]:
    stream = _Stream.from_address(_pointer(capsule, b"arrow_array_stream"))
    schema = _Owned(_Schema())
    _check(stream, stream.get_schema(addressof(stream), byref(schema.struct)))
    count = 0
    while True:
        values = _Owned(_Array())
        _check(stream, stream.get_next(addressof(stream), byref(values.struct)))
        if not values.struct.release:
            break
        yield Vector(schema.struct, values.struct, values)
        count += 1
    if count == 0:
        yield Vector(schema.struct, None, None)


def _check(stream: _Stream, status: int) -> None:
    if status != 0:
        said: bytes | None = stream.get_last_error(addressof(stream))
        raise OSError(status, (said or b"an Arrow stream failed").decode("utf-8", "replace"))


# Types of fixed width, as the C data interface and as the module struct write them, and bytes.
NUMBERS = {
    "c": ("b", 1),
    "C": ("B", 1),
    "s": ("h", 2),
    "S": ("H", 2),
    "i": ("i", 4),
    "I": ("I", 4),
    "l": ("q", 8),
    "L": ("Q", 8),
    "e": ("e", 2),
    "f": ("f", 4),
    "g": ("d", 8),
}
# Types of time: the type of number that they are, and how many make a day.
TIMES = {
    "tdD": ("i", 1),
    "tdm": ("l", 86_400 * 10**3),
    "tss": ("l", 86_400),
    "tsm": ("l", 86_400 * 10**3),
    "tsu": ("l", 86_400 * 10**6),
    "tsn": ("l", 86_400 * 10**9),
}
OFFSETS = {"u": ("i", 4), "U": ("q", 8), "+l": ("i", 4), "+L": ("q", 8)}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
VIEW = 16  # bytes of a string view, of which it holds short strings
_INLINE = 12  # in these
_FLAGS = bytes.maketrans(b"01", b"\0\1")


def tolist(vector: Vector) -> list[Any]:
    """Return the values as Python's: None for null, datetimes in UTC, dicts for structs."""
    values = _values(vector)
    if vector.nulls() == 0:
        return values
    return [value if valid else None for value, valid in zip(values, _validity(vector))]


def _values(vector: Vector) -> list[Any]:
    kind = vector.format
    if vector.dictionary is not None:
        return _looked_up(vector, tolist(vector.dictionary))
    if kind in NUMBERS:
        return _numbers(vector)
    if kind[:3] in TIMES:
        return _times(vector)
    if kind == "b":
        return [bit == 1 for bit in _bits(vector, 1)]
    if kind in ("u", "U", "vu"):
        return [text.decode() for text in _texts(vector)]
    if kind.startswith("+"):
        return _nested(vector)
    if kind == "n":
        return [None] * vector.length
    raise TypeError(f"values of Arrow's type {kind!r} are not supported")


def _looked_up(vector: Vector, words: list[Any]) -> list[Any]:
    """Return the values of a dictionary that a vector's numbers stand for."""
    found = [None] * vector.length
    for row, (number, valid) in enumerate(zip(_numbers(vector), _validity(vector))):
        if valid:
            if not 0 <= number < len(words):
                raise InvalidArgumentError(
                    f"Arrow's values: row {row} is {number} of a dictionary of {len(words)}"
                )
            found[row] = words[number]
    return found


def _numbers(vector: Vector) -> list[Any]:
    code, size = NUMBERS[vector.format]
    return _unpack(vector.at(1, size), vector.length, code)


def _unpack(address: int | None, count: int, code: str) -> list[Any]:
    layout = struct.Struct(f"={count}{code}")
    return list(layout.unpack(string_at(address or 0, layout.size if address else 0)))


def _times(vector: Vector) -> list[Any]:
    code, day = TIMES[vector.format[:3]]
    numbers = _unpack(vector.at(1, NUMBERS[code][1]), vector.length, NUMBERS[code][0])
    valid = zip(numbers, _validity(vector))
    return [_time(number * 86_400 * 10**6 // day) if flag else None for number, flag in valid]


def _time(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _nested(vector: Vector) -> list[Any]:
    if vector.format == "+s":
        columns = vector.columns()
        names = [column.name for column in columns]
        return [dict(zip(names, row)) for row in zip(*map(tolist, columns))]
    items = tolist(vector.children[0])
    if vector.format.startswith("+w:"):
        size = int(vector.format[3:])
        starts = [size * (vector.offset + row) for row in range(vector.length + 1)]
    else:
        starts = _starts(vector)
    return [items[start:end] for start, end in zip(starts, starts[1:])]


def _starts(vector: Vector) -> list[int]:
    """Return where each string or list begins, and where the last one ends."""
    if vector.format not in OFFSETS:
        raise TypeError(f"values of Arrow's type {vector.format!r} are not supported")
    code, size = OFFSETS[vector.format]
    return _unpack(vector.at(1, size), vector.length + 1, code) if vector.length else [0]


def _texts(vector: Vector) -> list[bytes]:
    """Return strings as they are in memory, in UTF-8; empty ones for nulls."""
    if vector.format == "vu":
        return _views(vector)
    starts = _starts(vector)
    data = string_at(vector.buffers[2] or 0, starts[-1])
    rows = zip(starts, starts[1:], _validity(vector))
    return [data[start:end] if valid else b"" for start, end, valid in rows]


def _views(vector: Vector) -> list[bytes]:
    """Return the strings of views: their size, then themselves or their buffer and start in it."""
    count = vector.length
    memory = string_at(vector.at(1, VIEW) or 0, VIEW * count)
    words = struct.unpack(f"={4 * count}i", memory)
    pools = _pools(vector)
    found = []
    rows = zip(words[::4], words[2::4], words[3::4], _validity(vector))
    for row, (size, pool, start, valid) in enumerate(rows):
        if not valid:
            found.append(b"")
        elif 0 <= size <= _INLINE:
            found.append(memory[VIEW * row + 4 : VIEW * row + 4 + size])
        elif 0 <= pool < len(pools) and 0 <= start <= len(pools[pool]) - size < len(pools[pool]):
            found.append(pools[pool][start : start + size])
        else:
            raise InvalidArgumentError(f"Arrow's strings: row {row} is in none of their buffers")
    return found


def _pools(vector: Vector) -> list[Any]:
    """Return the buffers of views."""
    count = max(len(vector.buffers) - 3, 0)
    sizes = _unpack(vector.buffers[-1], count, "q") if count else []
    return [
        (c_char * (size if address else 0)).from_address(address or 0)
        for address, size in zip(vector.buffers[2:], sizes)
    ]


def _validity(vector: Vector) -> bytes:
    """Return 1 per value and 0 per null."""
    if vector.null_count == 0 or vector.buffers[0] is None:
        return b"\1" * vector.length
    return _bits(vector, 0)


def _bits(vector: Vector, buffer: int) -> bytes:
    """Return the bits of a buffer, a byte each."""
    first, count = vector.offset, vector.length
    address = vector.buffers[buffer]
    if address is None or count == 0:
        return bytes(count)
    memory = string_at(address + first // 8, (first % 8 + count + 7) // 8)
    number = (int.from_bytes(memory, "little") >> (first % 8)) & ((1 << count) - 1)
    return format(number, f"0{count}b").encode()[::-1].translate(_FLAGS)
