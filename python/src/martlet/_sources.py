"""What users give: arrays of NumPy and others, Arrow data, pandas's and Python's collections."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Set
from typing import Any, NoReturn, Union

from martlet import _arrow
from martlet._arrow import Chunks
from martlet._errors import InvalidArgumentError
from martlet._numpy import np

#: How an array interface marks native byte order.
ENDIAN = "<" if sys.byteorder == "little" else ">"

# They can be iterated, but hold text or have no order.
_NO_SEQUENCES = (str, bytes, bytearray, Mapping, Set)


class Array:
    """One value per row, in memory described by an array interface."""

    __slots__ = ("address", "count", "kind", "source", "stride", "typestr")

    def __init__(self, source: Any, interface: dict[str, Any], name: str) -> None:
        shape = interface["shape"]
        if len(shape) != 1:
            raise InvalidArgumentError(f"{name} are an array of shape {shape}; expected (rows,)")
        self.source = source
        self.typestr: str = interface["typestr"]
        #: NumPy's letter for the kind of value.
        self.kind: str = getattr(getattr(source, "dtype", None), "kind", self.typestr[1])
        self.address = address_of(source, interface, name)
        self.count: int = shape[0]
        strides = interface.get("strides")
        if strides:
            self.stride: int = strides[0]
        else:
            size = getattr(getattr(source, "dtype", None), "itemsize", None)
            self.stride = int(self.typestr[2:]) if size is None else size

    @property
    def dtype(self) -> str:
        """The type of the values, for errors."""
        return dtype_of(self.source, self.typestr)

    def tolist(self) -> list[Any]:
        """Return the values as Python's."""
        values: list[Any] = self.source.tolist()
        return values


Source = Union[Array, Chunks, "list[Any]"]


def opened(values: Any, name: str) -> Source:
    """Return a collection of one value per row as what it is: memory, or Python objects.

    Parameters
    ----------
    values : Any
        As a caller gave them.
    name : str
        What to call them in errors; a plural.

    Returns
    -------
    Array, tuple of Vector, or list
    """
    if hasattr(values, "isna"):
        return _from_pandas(values, name)
    interface = getattr(values, "__array_interface__", None)
    if interface is None:
        chunks = _arrow.read(values)
        if chunks is not None:
            return chunks
        interface, values = interface_of(values)
    if interface is not None:
        return Array(values, interface, name)
    return values if isinstance(values, list) else list(items_of(values, name))


def _from_pandas(values: Any, name: str) -> Source:
    """Open a Series or an Index of pandas: in place, through Arrow, or as a list with None."""
    if hasattr(values, "to_series"):
        values = values.to_series()
    kind = getattr(values.dtype, "kind", "O")
    if np is not None and isinstance(values.dtype, np.dtype):
        if kind != "O":
            array = values.to_numpy()
            return Array(array, array.__array_interface__, name)
    else:
        chunks = _arrow.read(_through_pyarrow(values))
        if chunks is not None:
            return chunks
    missing = values.isna().tolist()
    return [None if null else value for value, null in zip(values.tolist(), missing)]


def _through_pyarrow(values: Any) -> Any:
    """Return the values of a Series as pyarrow's; None if it is not there."""
    try:
        import pyarrow as pa
    except ImportError:
        return None
    return pa.table(values.reset_index(drop=True).to_frame("values"))["values"]


def interface_of(values: Any) -> tuple[dict[str, Any] | None, Any]:
    """Return the array interface of a value, if it has one, and the array that has it."""
    interface = getattr(values, "__array_interface__", None)
    if interface is None and hasattr(values, "__array__"):
        values = values.__array__()
        interface = getattr(values, "__array_interface__", None)
    return interface, values


def dtype_of(values: Any, typestr: str) -> str:
    """Return the type of an array's values as its user knows it."""
    return str(getattr(values, "dtype", typestr))


def address_of(values: Any, interface: dict[str, Any], name: str) -> int:
    """Return where an array begins."""
    if hasattr(values, "mask") or interface.get("mask") is not None:
        raise TypeError(f"{name} are a masked array, whose mask would be ignored; fill it first")
    data = interface.get("data")
    if not isinstance(data, tuple):
        raise TypeError(f"{name} are an array that does not tell its address")
    address: int = data[0]
    return address


def items_of(values: Any, name: str) -> Iterator[Any]:
    """Iterate what is an ordered collection."""
    if isinstance(values, memoryview):
        values = values.tolist()
    if isinstance(values, _NO_SEQUENCES):
        refuse(values, name)
    try:
        return iter(values)
    except TypeError:
        refuse(values, name)


def refuse(values: Any, name: str) -> NoReturn:
    """Raise the error for what is no ordered collection."""
    raise TypeError(f"{name}: expected a sequence, got {type(values).__name__}") from None
