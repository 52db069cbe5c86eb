"""What restricts a search, on the way in: conditions on metadata, masks and lists of ids."""

from __future__ import annotations

from collections.abc import Mapping
from ctypes import sizeof
from typing import Any

from martlet import _arrow, _buffers, _ids
from martlet._errors import FilterError, InvalidArgumentError
from martlet._ids import Ids
from martlet._json import dumps
from martlet._numpy import np
from martlet._sources import Array, Source, opened
from martlet._structs import FORMATS, Mask

_MASK_SIZE = sizeof(Mask)
_BITS, _BYTES = FORMATS.index("bits"), FORMATS.index("bytes")
_PLAIN = (str, int, float)
_BOOLS = (bool,) if np is None else (bool, np.bool_)


def encode(where: Any) -> bytes:
    """Return a condition as the library takes it: JSON text, which it checks."""
    if not isinstance(where, (dict, Mapping)):
        raise TypeError(f"where is {where!r}; expected a dict")
    try:
        _check_keys(where)
        return dumps(where).encode()
    except TypeError as error:
        raise TypeError(f"where: {error}") from None
    except (ValueError, RecursionError) as error:
        raise FilterError(f"where has no form in JSON: {error}") from None


def _check_keys(value: Any) -> None:
    """Refuse keys that JSON would make strings of."""
    # The usual types first: to ask for an abstract one takes long.
    if isinstance(value, (dict, Mapping)):
        for key, inner in value.items():
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r} is no string")
            if not isinstance(inner, _PLAIN):
                _check_keys(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            if not isinstance(inner, _PLAIN):
                _check_keys(inner)


class Allowed:
    """Rows or ids that may be returned, as the library takes them."""

    __slots__ = ("ids", "mask", "source")

    def __init__(self, ids: Ids | None, mask: Mask | None, source: Any) -> None:
        self.ids = ids
        self.mask = mask
        #: Keeps the memory alive that the mask points to.
        self.source = source


def read_allowed(allow: Any, rows: int) -> Allowed:
    """Return a mask of so many rows, or ids.

    Parameters
    ----------
    allow : Any
        As a caller gave it: booleans, integers or strings.
    rows : int
        How many booleans there must be.
    """
    source = opened(allow, "allow")
    found = _mask(source)
    if found is None:
        return Allowed(_ids.from_source(source, "allow"), None, None)
    mask, memory = found
    if mask.rows != rows:
        raise InvalidArgumentError(
            f"allow has {mask.rows} booleans; expected {rows}, one for each vector in the index"
        )
    return Allowed(None, mask, memory)


def _mask(source: Source) -> tuple[Mask, Any] | None:
    """Return booleans as a mask, and what keeps its memory alive; None for anything else."""
    if isinstance(source, Array):
        if source.kind != "b":
            return None
        return Mask(_MASK_SIZE, source.address, source.count, source.stride, _BYTES), source.source
    if isinstance(source, tuple):
        vector = source[0]
        if vector.format == "b" and len(source) == 1 and vector.nulls() == 0:
            address, offset = vector.buffers[1], vector.offset
            return Mask(_MASK_SIZE, address, vector.length, 0, _BITS, 0, offset), vector
        if vector.format != "b":
            return None
        source = [value for chunk in source for value in _arrow.tolist(chunk)]
    if not source or not isinstance(source[0], _BOOLS):
        return None
    for row, value in enumerate(source):
        if not isinstance(value, _BOOLS):
            raise TypeError(f"allow[{row}] is {value!r}; expected a bool, like those before it")
    flags = bytes(map(bool, source))
    return Mask(_MASK_SIZE, _buffers.address(flags), len(flags), 1, _BYTES), flags
