"""Metadata on the way in: from columns, dicts, frames or tables to columns.

Numeric arrays and Arrow data are read in place, whatever library they are of. All else is copied
once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ctypes import addressof
from itertools import chain
from typing import Any

from martlet import _arrow, _buffers, _lists, _structs, _texts
from martlet._arrow import Chunks, Vector
from martlet._column import Column
from martlet._errors import InvalidArgumentError, InvalidTextError
from martlet._numpy import np
from martlet._sources import ENDIAN, Array, Source, items_of, opened
from martlet._structs import ARROW_FORMATS, FORMATS, UNITS

# How arrays say what their values are, and what that is to the library.
_INTERFACE_FORMATS = {
    "|b1": "bytes",
    "|i1": "int8",
    "|u1": "uint8",
    **{f"{ENDIAN}i{size}": f"int{8 * size}" for size in (2, 4, 8)},
    **{f"{ENDIAN}u{size}": f"uint{8 * size}" for size in (2, 4, 8)},
    **{f"{ENDIAN}f{size}": f"float{8 * size}" for size in (2, 4, 8)},
}
_TYPES = {"b": "bool", "i": "int64", "u": "int64", "f": "float64"}  # by a format's first letter
_INTERFACE_UNITS = dict(zip(("D", "s", "ms", "us", "ns"), UNITS))
_ARROW_UNITS = dict(zip(("tdD", "tss", "tsm", "tsu", "tsn"), UNITS), tdm="milliseconds")
_FINE_UNITS = ("ps", "fs", "as")


class Columns:
    """Metadata as the library takes it."""

    __slots__ = ("columns", "count", "structs")

    def __init__(self, columns: list[Column]) -> None:
        #: Keeps the memory alive that the structs point to.
        self.columns = columns
        self.count = len(columns)
        self.structs = (_structs.Column * self.count)(*(column.struct for column in columns))

    @property
    def address(self) -> int:
        """Where the structs lie."""
        return addressof(self.structs)


def read(metadata: Any, rows: int, types: Mapping[str, str]) -> Columns:
    """Return metadata for so many rows.

    Parameters
    ----------
    metadata : Any
        As a caller gave it.
    rows : int
        How many there must be.
    types : mapping
        Names and types of the columns that the index has.
    """
    columns: dict[str, Column] = {}
    for name, source in _fields(metadata, rows):
        if name in columns:
            raise InvalidArgumentError(f"metadata has column {name!r} twice")
        column = columns[name] = _column(name, source, types.get(name))
        _check_rows(f"metadata column {name!r} has {column.rows} values", column.rows, rows)
        _set_name(column, name)
    # Of a column of nulls alone, nothing is known if the index does not have it.
    return Columns([column for column in columns.values() if column.type is not None])


def _check_rows(given: str, count: int, rows: int) -> None:
    if count != rows:
        raise InvalidArgumentError(f"{given}; expected {rows}, one for each vector")


def _set_name(column: Column, name: str) -> None:
    try:
        data = name.encode()
    except UnicodeEncodeError:
        raise InvalidTextError(f"the name of metadata column {name!r} has no UTF-8") from None
    column.sources = (column.sources, data)
    column.struct.name, column.struct.name_size = _buffers.address(data), len(data)


def _fields(metadata: Any, rows: int) -> Iterator[tuple[str, Source]]:
    """Yield the names and values of columns."""
    if isinstance(metadata, Mapping) or hasattr(metadata, "isna"):  # the latter is pandas's frame
        fields = metadata.items()
    else:
        chunks = _arrow.read(metadata)
        if chunks is not None:
            yield from _of_table(chunks)
            return
        fields = _pivoted(list(items_of(metadata, "metadata")), rows)
    for name, values in fields:
        if not isinstance(name, str):
            raise TypeError(f"the key {name!r} of metadata is no string")
        yield name, opened(values, f"the values of metadata column {name!r}")


def _of_table(chunks: Chunks) -> Iterator[tuple[str, Chunks]]:
    if chunks[0].format != "+s" or any(chunk.nulls() for chunk in chunks):
        raise TypeError("metadata is Arrow data, but no table without null rows")
    for columns in zip(*(chunk.columns() for chunk in chunks)):
        yield columns[0].name, columns


def _pivoted(dicts: list[Any], rows: int) -> list[tuple[Any, list[Any]]]:
    """Return columns of a dict per row; what a dict does not have is null."""
    for type_ in set(map(type, dicts)):
        if not issubclass(type_, Mapping):
            bad = next(row for row, value in enumerate(dicts) if type(value) is type_)
            raise TypeError(f"metadata[{bad}] is {dicts[bad]!r}; expected a dict")
    _check_rows(f"metadata has {len(dicts)} dicts", len(dicts), rows)
    names = dict.fromkeys(chain.from_iterable(dicts))
    return [(name, [row.get(name) for row in dicts]) for name in names]


def _column(name: str, source: Source, known: str | None) -> Column:
    if isinstance(source, Array):
        return _from_array(name, source, known)
    if isinstance(source, tuple):
        return _from_arrow(name, source, known)
    return _lists.from_list(name, source, known)


def _from_array(name: str, values: Array, known: str | None) -> Column:
    if values.kind == "T":
        # What is no string stands for a missing one.
        texts = [text if isinstance(text, str) else None for text in values.tolist()]
        return _lists.from_list(name, texts, known)
    if values.kind in "UO" or known == "json":
        return _lists.from_list(name, values.tolist(), known)
    if values.kind == "S":
        strings = _texts.from_bytes(values.tolist())
        return Column("string", values.count, strings, strings=strings.address)
    if values.kind == "M":
        return _times(name, values)
    if values.kind in "iu" and known == "float64":
        return _from_array(name, _as_type(values, "f8"), known)
    if values.typestr in _INTERFACE_FORMATS:
        return _fixed(values, _INTERFACE_FORMATS[values.typestr])
    if values.kind in "iuf" and values.typestr[0] != ENDIAN:
        return _from_array(name, _as_type(values, "=" + values.typestr[1:]), known)
    raise TypeError(
        f"metadata column {name!r} is an array of {values.dtype}; expected booleans, integers, "
        "floats up to float64, datetimes or strings"
    )


def _as_type(values: Array, dtype: str) -> Array:
    """Return an array of another type, copied."""
    copy = np.asarray(values.source).astype(dtype)
    return Array(copy, copy.__array_interface__, "metadata")


def _fixed(values: Array, format_: str) -> Column:
    return Column(
        _TYPES[format_[0]],
        values.count,
        values.source,
        format=FORMATS.index(format_),
        values=values.address,
        stride=values.stride,
    )


def _times(name: str, values: Array) -> Column:
    unit, multiple = np.datetime_data(values.source.dtype)
    if unit not in _INTERFACE_UNITS or multiple != 1:
        unit = "us" if unit in (*_INTERFACE_UNITS, *_FINE_UNITS) else "s"
    if values.typestr != f"{ENDIAN}M8[{unit}]":
        given, values = values, _as_type(values, f"M8[{unit}]")
        lost = np.flatnonzero(_lists.are_lost(given.source, values.source))
        if len(lost) > 0:
            raise _lists.beyond_times(name, int(lost[0]), given.source[lost[0]])
    column = Column(
        "datetime",
        values.count,
        values.source,
        format=FORMATS.index("int64"),
        unit=UNITS.index(_INTERFACE_UNITS[unit]),
        values=values.address,
        stride=values.stride,
    )
    missing = np.isnat(values.source)
    if missing.any():
        column.set_validity((~missing).tobytes())
    return column


def _from_arrow(name: str, chunks: Chunks, known: str | None) -> Column:
    vector = chunks[0]
    if vector.format == "n":
        return Column(None, sum(chunk.length for chunk in chunks))
    column = None
    as_floats = known == "float64" and vector.format not in "efg"
    if len(chunks) == 1 and known != "json" and not as_floats:
        column = _in_place(vector)
    if column is None:
        values = [value for chunk in chunks for value in _arrow.tolist(chunk)]
        return _lists.from_list(name, values, known)
    if vector.null_count:
        column.struct.validity = vector.buffers[0]
    column.struct.bit_offset = vector.offset
    return column


def _in_place(vector: Vector) -> Column | None:
    """Return a column that the library reads where Arrow has it; None for other layouts."""
    kind, rows = vector.format, vector.length
    texts = _texts.from_arrow(vector)
    if texts is not None:
        return Column("string", rows, texts, strings=texts.address)
    if vector.dictionary is not None:
        return None
    if kind == "b":
        format_ = FORMATS.index("bits")
        return Column("bool", rows, vector, format=format_, values=vector.buffers[1])
    if kind in ARROW_FORMATS:
        return _numbers(vector, _TYPES[ARROW_FORMATS[kind][0]], kind)
    if kind[:3] in _ARROW_UNITS:
        column = _numbers(vector, "datetime", _arrow.TIMES[kind[:3]][0])
        column.struct.unit = UNITS.index(_ARROW_UNITS[kind[:3]])
        return column
    return _tags(vector) if kind in ("+l", "+L") else None


def _numbers(vector: Vector, type_: str, number: str) -> Column:
    size = _arrow.NUMBERS[number][1]
    return Column(
        type_,
        vector.length,
        vector,
        format=FORMATS.index(ARROW_FORMATS[number]),
        values=vector.at(1, size),
        stride=size,
    )


def _tags(vector: Vector) -> Column | None:
    items = vector.children[0]
    texts = None if items.nulls() else _texts.from_arrow(items)
    if texts is None or vector.length == 0:
        return None
    size = _arrow.OFFSETS[vector.format][1]
    return Column(
        "tags",
        vector.length,
        (texts, vector),
        strings=texts.address,
        list_offsets=vector.at(1, size),
        list_offset_bytes=size,
    )
