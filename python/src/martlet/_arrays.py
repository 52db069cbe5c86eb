"""What crosses the boundary: vectors and ids on the way in, results on the way out.

Numeric arrays go in by address and byte strides, through ``__array_interface__``, whatever their
layout: nothing is copied. Everything else is copied once, into float64 (which holds a float32 and
every small integer exactly, so that the library rounds a list and an array alike).
"""

from __future__ import annotations

import math
import operator
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Set
from ctypes import sizeof
from itertools import chain
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, NoReturn, Union

from martlet import _ffi
from martlet._errors import DimensionError, InvalidArgumentError, NotFiniteError

try:
    import numpy as np
except ImportError:
    np = None  # type: ignore[assignment,unused-ignore]

if TYPE_CHECKING:
    import numpy.typing as npt

    ArrayLike = Union[npt.ArrayLike, Iterable[Any]]

_ENDIAN = "<" if sys.byteorder == "little" else ">"
_FLOAT64 = _ffi.ELEMENTS.index("float64")

# How an array interface says what its components are: the library's element type, and bytes.
_COMPONENTS = {
    _ENDIAN + "f4": (_ffi.ELEMENTS.index("float32"), 4),
    _ENDIAN + "f8": (_FLOAT64, 8),
    _ENDIAN + "f2": (_ffi.ELEMENTS.index("float16"), 2),
    "|i1": (_ffi.ELEMENTS.index("int8"), 1),
    "|u1": (_ffi.ELEMENTS.index("uint8"), 1),
}
_ID = _ENDIAN + "i8"
_MATRIX_SIZE = sizeof(_ffi.Matrix)
_TYPECODES = {"i8": "q", "f4": "f"}
_NOTHING = object()

_BOOLS = (bool,) if np is None else (bool, np.bool_)

# They can be iterated, but hold text or have no order.
_NO_SEQUENCES = (str, bytes, bytearray, Mapping, Set)


class Rows:
    """Vectors as the library takes them."""

    __slots__ = ("copied_ns", "count", "matrix", "single", "source")

    def __init__(self, matrix: _ffi.Matrix, count: int, single: bool, source: Any) -> None:
        self.matrix = matrix
        self.count = count
        #: One vector of shape (dim,), not a matrix of one row.
        self.single = single
        #: Keeps the memory alive that the matrix points into.
        self.source = source
        #: Nanoseconds spent copying; None if the memory is the caller's.
        self.copied_ns: int | None = None


def read_vectors(vectors: Any, dim: int, name: str) -> Rows:
    """Return vectors, in place if they are a numeric array, else copied.

    Parameters
    ----------
    vectors : array_like, shape (dim,) or (n, dim)
        As a caller gave them.
    dim : int
        Components that a copied row must have. (The library checks arrays.)
    name : str
        What to call them in errors.
    """
    interface, vectors = _interface(vectors)
    if interface is not None:
        return _in_place(vectors, interface, name)
    started = perf_counter_ns()
    rows = _copied(vectors, dim, name)
    rows.copied_ns = perf_counter_ns() - started
    return rows


def _interface(values: Any) -> tuple[dict[str, Any] | None, Any]:
    """Return the array interface of a value, if it has one, and the array that has it."""
    interface = getattr(values, "__array_interface__", None)
    if interface is None and hasattr(values, "__array__"):
        values = values.__array__()
        interface = getattr(values, "__array_interface__", None)
    return interface, values


def _in_place(vectors: Any, interface: dict[str, Any], name: str) -> Rows:
    shape = interface["shape"]
    if interface["typestr"] not in _COMPONENTS:
        raise TypeError(
            f"{name} are an array of {_dtype(vectors, interface)}; expected float32, float64, "
            "float16, int8 or uint8 in native byte order"
        )
    element, size = _COMPONENTS[interface["typestr"]]
    strides = interface.get("strides")
    if len(shape) == 2:
        count, columns = shape
        row_stride, stride = strides or (columns * size, size)
    elif len(shape) == 1:
        count, columns, row_stride = 1, shape[0], 0
        stride = strides[0] if strides else size
    else:
        raise DimensionError(
            f"{name} are an array of shape {shape}; expected (dim,) or (rows, dim)"
        )
    address = _address(vectors, interface, name)
    matrix = _ffi.Matrix(_MATRIX_SIZE, address, count, columns, row_stride, stride, element, 0)
    return Rows(matrix, count, len(shape) == 1, vectors)


def _dtype(values: Any, interface: dict[str, Any]) -> str:
    return str(getattr(values, "dtype", interface["typestr"]))


def _address(values: Any, interface: dict[str, Any], name: str) -> int:
    if hasattr(values, "mask") or interface.get("mask") is not None:
        raise TypeError(f"{name} are a masked array, whose mask would be ignored; fill it first")
    data = interface.get("data")
    if not isinstance(data, tuple):
        raise TypeError(f"{name} are an array that does not tell its address")
    address: int = data[0]
    return address


def _copied(vectors: Any, dim: int, name: str) -> Rows:
    values = array("d")
    items = _items(vectors, name)
    first = next(items, _NOTHING)
    single = first is not _NOTHING and not hasattr(first, "__iter__")
    count = 0
    if first is not _NOTHING:
        rows: Iterable[Any] = chain([first], items)
        for row in [list(rows)] if single else rows:
            _append(values, row, dim, f"{name}, row {count}")
            count += 1
    address, _ = values.buffer_info()
    matrix = _ffi.Matrix(_MATRIX_SIZE, address, count, dim, 8 * dim, 8, _FLOAT64, 0)
    return Rows(matrix, count, single, values)


def _items(values: Any, name: str) -> Iterator[Any]:
    """Iterate what is an ordered collection of numbers or of rows."""
    if isinstance(values, memoryview):
        values = values.tolist()
    if isinstance(values, _NO_SEQUENCES):
        _refuse(values, name)
    try:
        return iter(values)
    except TypeError:
        _refuse(values, name)


def _refuse(values: Any, name: str) -> NoReturn:
    raise TypeError(
        f"{name}: expected a sequence of numbers, got {type(values).__name__}"
    ) from None


def _append(values: array[float], row: Any, dim: int, name: str) -> None:
    if not isinstance(row, list):
        row = row.tolist() if hasattr(row, "tolist") else list(_items(row, name))
    try:
        values.fromlist(row)
    except (TypeError, OverflowError):
        _blame(row, name)
    if len(row) != dim:
        raise DimensionError(f"{name} has {len(row)} components; expected {dim}")


def _blame(row: Any, name: str) -> NoReturn:
    """Raise the error that names the component of a row which is not a float64."""
    for column, value in enumerate(_items(row, name)):
        try:
            array("d", [value])
        except TypeError:
            raise TypeError(f"{name}, column {column}: expected a number, got {value!r}") from None
        except OverflowError:
            raise NotFiniteError(f"{name}, column {column}: beyond the range of float32") from None
    _refuse(row, name)


class Ids:
    """Ids as the library takes them."""

    __slots__ = ("address", "count", "source", "stride")

    def __init__(self, address: int, count: int, stride: int, source: Any) -> None:
        self.address = address
        self.count = count
        self.stride = stride
        #: Keeps the memory alive that the address is in.
        self.source = source


def read_ids(ids: Any) -> Ids:
    """Return a sequence of ids: an int64 array in place, anything else copied."""
    interface, ids = _interface(ids)
    if interface is None:
        return _copied_ids(list(_items(ids, "ids")))
    shape, typestr = interface["shape"], interface["typestr"]
    if typestr[1] not in "iu":
        raise TypeError(f"ids are an array of {_dtype(ids, interface)}; expected integers")
    if len(shape) != 1:
        raise InvalidArgumentError(f"ids are an array of shape {shape}; expected (rows,)")
    address = _address(ids, interface, "ids")
    if typestr != _ID:
        return _copied_ids(ids.tolist())
    (stride,) = interface.get("strides") or (8,)
    return Ids(address, shape[0], stride, ids)


def _copied_ids(ids: list[Any]) -> Ids:
    for kind, example in dict(zip(map(type, ids), ids)).items():
        if integer(example) is None:
            bad = next(i for i, value in enumerate(ids) if type(value) is kind)
            raise TypeError(f"ids[{bad}] is {ids[bad]!r} ({kind.__name__}); expected an integer")
    try:
        values = array("q", ids)
    except OverflowError:
        bad = next(i for i, value in enumerate(ids) if not fits_id(value))
        raise InvalidArgumentError(f"ids[{bad}] is {ids[bad]}, which int64 cannot hold") from None
    address, count = values.buffer_info()
    return Ids(address, count, 8, values)


def integer(value: Any) -> int | None:
    """Return an integer, NumPy's included, as an int; None for anything else, bool included."""
    if isinstance(value, _BOOLS):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def fits_id(value: int) -> bool:
    """Tell whether an integer is in the range of ids, int64."""
    return -(2**63) <= value < 2**63


def empty(dtype: str, shape: tuple[int, ...]) -> Any:
    """Return memory for a result: an ndarray or, without NumPy, a flat array.array.

    Parameters
    ----------
    dtype : {"i8", "f4"}
        Ids and counts, or components and distances.
    shape : tuple of int
    """
    if np is not None:
        return np.empty(shape, dtype)
    return array(_TYPECODES[dtype], [0]) * math.prod(shape)


def pointer(ctype: Any, values: Any) -> Any:
    """Return what the library is given to write to: NULL if there is nothing to write."""
    try:
        return ctype.from_buffer(values)
    except ValueError:
        return None


def result(values: Any, shape: tuple[int, ...]) -> Any:
    """Return a written result to the user: the ndarray or, without NumPy, nested lists."""
    if np is not None:
        return values
    flat = values.tolist()
    if len(shape) == 1:
        return flat
    rows, columns = shape
    return [flat[row * columns : (row + 1) * columns] for row in range(rows)]
