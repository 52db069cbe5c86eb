"""Vectors on the way in.

Numeric arrays go in by address and byte strides, through ``__array_interface__``, whatever their
layout: nothing is copied. Everything else is copied once, into float64 (which holds a float32 and
every small integer exactly, so that the library rounds a list and an array alike).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from ctypes import sizeof
from itertools import chain
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, NoReturn, Union

from martlet._errors import DimensionError, NotFiniteError
from martlet._sources import ENDIAN, address_of, dtype_of, interface_of, items_of, refuse
from martlet._structs import ELEMENTS, Matrix

if TYPE_CHECKING:
    import numpy.typing as npt

    ArrayLike = Union[npt.ArrayLike, Iterable[Any]]

_FLOAT64 = ELEMENTS.index("float64")

# How an array interface says what its components are: the library's element type, and bytes.
COMPONENTS = {
    ENDIAN + "f4": (ELEMENTS.index("float32"), 4),
    ENDIAN + "f8": (_FLOAT64, 8),
    ENDIAN + "f2": (ELEMENTS.index("float16"), 2),
    "|i1": (ELEMENTS.index("int8"), 1),
    "|u1": (ELEMENTS.index("uint8"), 1),
}
_MATRIX_SIZE = sizeof(Matrix)
_NOTHING = object()


class Rows:
    """Vectors as the library takes them."""

    __slots__ = ("copied_ns", "count", "matrix", "single", "source")

    def __init__(self, matrix: Matrix, count: int, single: bool, source: Any) -> None:
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
    interface, vectors = interface_of(vectors)
    if interface is not None:
        return _in_place(vectors, interface, name)
    started = perf_counter_ns()
    rows = _copied(vectors, dim, name)
    rows.copied_ns = perf_counter_ns() - started
    return rows


def _in_place(vectors: Any, interface: dict[str, Any], name: str) -> Rows:
    shape = interface["shape"]
    if interface["typestr"] not in COMPONENTS:
        raise TypeError(
            f"{name} are an array of {dtype_of(vectors, interface['typestr'])}; expected float32, "
            "float64, float16, int8 or uint8 in native byte order"
        )
    element, size = COMPONENTS[interface["typestr"]]
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
    address = address_of(vectors, interface, name)
    matrix = Matrix(_MATRIX_SIZE, address, count, columns, row_stride, stride, element, 0)
    return Rows(matrix, count, len(shape) == 1, vectors)


def _copied(vectors: Any, dim: int, name: str) -> Rows:
    values = array("d")
    items = items_of(vectors, name)
    first = next(items, _NOTHING)
    single = first is not _NOTHING and not hasattr(first, "__iter__")
    count = 0
    if first is not _NOTHING:
        rows: Iterable[Any] = chain([first], items)
        for row in [list(rows)] if single else rows:
            _append(values, row, dim, f"{name}, row {count}")
            count += 1
    address, _ = values.buffer_info()
    matrix = Matrix(_MATRIX_SIZE, address, count, dim, 8 * dim, 8, _FLOAT64, 0)
    return Rows(matrix, count, single, values)


def _append(values: array[float], row: Any, dim: int, name: str) -> None:
    if not isinstance(row, list):
        row = row.tolist() if hasattr(row, "tolist") else list(items_of(row, name))
    try:
        values.fromlist(row)
    except (TypeError, OverflowError):
        _blame(row, name)
    if len(row) != dim:
        raise DimensionError(f"{name} has {len(row)} components; expected {dim}")


def _blame(row: Any, name: str) -> NoReturn:
    """Raise the error that names the component of a row which is not a float64."""
    for column, value in enumerate(items_of(row, name)):
        try:
            array("d", [value])
        except TypeError:
            raise TypeError(f"{name}, column {column}: expected a number, got {value!r}") from None
        except OverflowError:
            raise NotFiniteError(f"{name}, column {column}: beyond the range of float32") from None
    refuse(row, name)
