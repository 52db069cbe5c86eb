"""Memory of ours that the library reads, and results that it writes."""

from __future__ import annotations

import math
from array import array
from ctypes import addressof, c_char, c_char_p, c_void_p, cast
from typing import Any, Union

from martlet._numpy import np

Buffer = Union[bytes, "array[Any]"]

_TYPECODES = {"i8": "q", "f4": "f"}
_DIGITS = bytes.maketrans(b"\0\1", b"01")


def address(buffer: Buffer) -> int:
    """Return where a buffer lies: while it lives, if it is not written to."""
    if isinstance(buffer, bytes):
        return cast(c_char_p(buffer), c_void_p).value or 0
    return buffer.buffer_info()[0]


def zeros(typecode: str, count: int) -> array[Any]:
    """Return an array of so many zeros."""
    return array(typecode, [0]) * count


def bitmap(flags: bytes) -> bytes:
    """Return a bit per byte, lowest bit first; the bytes are 0 or 1."""
    digits = flags[::-1].translate(_DIGITS)
    return int(digits or b"0", 2).to_bytes((len(flags) + 7) // 8, "little")


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
    return zeros(_TYPECODES[dtype], math.prod(shape))


def pointer(ctype: Any, values: Any) -> Any:
    """Return what the library is given to write to: NULL if there is nothing to write."""
    try:
        return ctype.from_buffer(values)
    except ValueError:
        return None


def start(values: Any) -> int | None:
    """Return the address of memory for a result: NULL if there is nothing to write."""
    target = pointer(c_char, values)
    return None if target is None else addressof(target)


def result(values: Any, shape: tuple[int, ...]) -> Any:
    """Return a written result to the user: the ndarray or, without NumPy, nested lists."""
    if np is not None:
        return values
    return nested(values.tolist(), shape)


def objects(values: list[Any], shape: tuple[int, ...]) -> Any:
    """Return Python objects as a result: an object ndarray or, without NumPy, nested lists."""
    if np is None:
        return nested(values, shape)
    array_ = np.empty(len(values), object)
    array_[:] = values
    return array_.reshape(shape)


def nested(flat: list[Any], shape: tuple[int, ...]) -> list[Any]:
    """Return a flat list in the shape of one or two dimensions."""
    if len(shape) == 1:
        return flat
    rows, columns = shape
    return [flat[row * columns : (row + 1) * columns] for row in range(rows)]
