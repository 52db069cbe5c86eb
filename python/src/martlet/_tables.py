"""All that an index holds, as a table of pyarrow or a frame of pandas: no Python value is made."""

from __future__ import annotations

from array import array
from ctypes import c_float
from importlib import import_module
from typing import TYPE_CHECKING, Any

from martlet import _buffers, _ffi, _ids, _values
from martlet._ffi import Handle, check, lib
from martlet._ids import Ids
from martlet._values import Written

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def pandas(handle: Handle, dim: int, strings: bool) -> pd.DataFrame:
    """Return a frame with a row per vector."""
    library = _imported("pandas", "to_pandas")
    arrow_ = _imported("pyarrow", "to_pandas")
    nullable = {arrow_.int64(): library.Int64Dtype(), arrow_.bool_(): library.BooleanDtype()}
    return arrow(handle, dim, strings).to_pandas(types_mapper=nullable.get)


def arrow(handle: Handle, dim: int, strings: bool) -> pa.Table:
    """Return a table with a row per vector."""
    library = _imported("pyarrow", "to_arrow")
    rows = array("q", range(_ffi.count(handle, None)))
    ids, column = _id_column(library, handle, rows, strings)
    columns = {"id": column, "vector": _vectors(library, handle, dim, ids)}
    for name, type_ in _values.types(handle).items():
        values = _column(library, _values.fetch(handle, name, type_, rows))
        columns[f"metadata.{name}" if name in ("id", "vector") else name] = values
    return library.table(columns)


def _imported(library: str, method: str) -> Any:
    try:
        return import_module(library)
    except ImportError as error:
        raise ImportError(f"{method}() needs {library}: pip install {library}") from error


def _id_column(library: Any, handle: Handle, rows: array[int], strings: bool) -> tuple[Ids, Any]:
    count = len(rows)
    if strings:
        data, offsets = _ids.fetch_strings(handle, rows)
        return _ids.of_written(data, offsets), _text(library, None, data, offsets)
    integers = _ids.fetch_integers(handle, rows)
    address, _ = integers.buffer_info()
    column = _array(library, library.int64(), count, None, integers)
    return Ids(count, address, 8, integers), column


def _vectors(library: Any, handle: Handle, dim: int, ids: Ids) -> Any:
    components = _buffers.zeros("f", ids.count * dim)
    check(lib.martlet_get(handle, ids.struct, _buffers.pointer(c_float, components)))
    flat = _array(library, library.float32(), len(components), None, components)
    return library.FixedSizeListArray.from_arrays(flat, dim)


def _column(library: Any, written: Written) -> Any:
    """Return a metadata column as an array of pyarrow."""
    count = len(written.valid)
    valid = _buffers.bitmap(written.valid) if 0 in written.valid else None
    if written.type in ("string", "json"):
        return _text(library, valid, written.data, written.offsets)
    if written.type == "tags":
        tags = _text(library, None, written.data, written.offsets)
        lists = library.large_list(library.large_string())
        return _array(library, lists, count, valid, written.list_offsets, children=[tags])
    if written.type == "bool":
        flags = _buffers.bitmap(bytes(map(bool, written.values)))
        return _array(library, library.bool_(), count, valid, flags)
    types = {
        "int64": library.int64(),
        "float64": library.float64(),
        "datetime": library.timestamp("us", "UTC"),
    }
    return _array(library, types[written.type], count, valid, written.values)


def _text(library: Any, valid: bytes | None, data: Any, offsets: array[int]) -> Any:
    return _array(library, library.large_string(), len(offsets) - 1, valid, offsets, data)


def _array(
    library: Any, type_: Any, count: int, *buffers: Any, children: list[Any] | None = None
) -> Any:
    """Return an array of pyarrow around our memory."""
    wrapped = [None if buffer is None else library.py_buffer(buffer) for buffer in buffers]
    return library.Array.from_buffers(type_, count, wrapped, children=children)
