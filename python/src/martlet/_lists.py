"""A column of metadata from Python values, whose type is found from all of them."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from datetime import date, datetime, timedelta, timezone
from itertools import chain
from numbers import Integral
from typing import Any, Callable

from martlet import _buffers, _texts
from martlet._column import Column, place
from martlet._errors import ColumnTypeError, InvalidArgumentError
from martlet._json import dumps
from martlet._numpy import np
from martlet._structs import FORMATS, UNITS

# What each type of column takes; the first that takes all values of a new column is its type.
_ACCEPTED = {
    "bool": {"bool"},
    "int64": {"int"},
    "float64": {"int", "float"},
    "string": {"str"},
    "datetime": {"time"},
    "tags": {"list"},
}
_NOT_SCALAR = {"list", "other"}
_EPOCH = datetime(1970, 1, 1)
_UTC_EPOCH = _EPOCH.replace(tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)

# What Python's types are to us; the first that fits counts.
_KINDS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (Integral,),
    "float": (float,),
    "str": (str,),
    "time": (date,),
    "list": (list, tuple),
}
if np is not None:
    _KINDS["bool"] += (np.bool_,)
    _KINDS["float"] += (np.floating,)
    _KINDS["time"] += (np.datetime64,)
    _KINDS["list"] += (np.ndarray,)


def _kind(type_: type) -> str:
    """Return what the values of a Python type are to us."""
    if type_.__name__ in ("NoneType", "NaTType", "NAType"):  # the latter two are pandas's
        return "null"
    return next((kind for kind, types in _KINDS.items() if issubclass(type_, types)), "other")


def from_list(name: str, values: list[Any], known: str | None) -> Column:
    """Return a column of Python values.

    Parameters
    ----------
    name : str
        The field's.
    values : list
        None, and pandas's NaT and NA, for null.
    known : str or None
        The type that the index has under this name, if it has any.
    """
    types = set(map(type, values))
    if any(_is_exotic(type_) for type_ in types):
        values = [None if _is_null(value) else value for value in values]
        types = set(map(type, values))
    has_nulls = type(None) in types
    kinds = {_kind(type_) for type_ in types} - {"null"}
    type_ = _type_of(name, values, kinds, known) if kinds else known
    if type_ is None:
        return Column(None, len(values))
    make, filler = _MAKERS[type_]
    filled = [filler if value is None else value for value in values] if has_nulls else values
    column = make(name, filled)
    if has_nulls:
        column.set_validity(bytes([value is not None for value in values]))
    return column


def _is_exotic(type_: type) -> bool:
    """Tell whether values of a type may be null and yet not be None."""
    return type_.__name__ in ("NaTType", "NAType", "datetime64")


def _is_null(value: Any) -> bool:
    if _kind(type(value)) == "null":
        return True
    return type(value).__name__ == "datetime64" and bool(np.isnat(value))


def _type_of(name: str, values: list[Any], kinds: set[str], known: str | None) -> str:
    """Return the type of a column that takes values of all these kinds."""
    if known == "json":
        return known
    for type_ in _ACCEPTED if known is None else (known,):
        if kinds <= _ACCEPTED[type_]:
            return type_ if known or type_ != "tags" or _are_tags(values) else "json"
    if known is None and kinds & _NOT_SCALAR:
        return "json"
    raise _refusal(name, values, known)


def _are_tags(values: list[Any]) -> bool:
    items = chain.from_iterable(value for value in values if value is not None)
    return all(issubclass(type_, str) for type_ in set(map(type, items)))


def _refusal(name: str, values: list[Any], known: str | None) -> ColumnTypeError:
    """Return the error that names the first value which is not like the others."""
    kinds = [_kind(type(value)) for value in values]
    first = next(row for row, kind in enumerate(kinds) if kind != "null")
    if known is not None:
        accepted, expected = _ACCEPTED[known], f"the column is of type {known}"
    else:
        accepted = {"int", "float"} if kinds[first] in ("int", "float") else {kinds[first]}
        expected = f"row {first} is {values[first]!r} ({type(values[first]).__name__})"
    bad = next(row for row, kind in enumerate(kinds) if kind not in accepted | {"null"})
    value = values[bad]
    return ColumnTypeError(
        f"{place(name, bad)} is {value!r} ({type(value).__name__}), but {expected}"
    )


def _bools(name: str, values: list[Any]) -> Column:
    flags = bytes(map(bool, values))
    return _fixed("bool", "bytes", 1, flags, len(values))


def _integers(name: str, values: list[Any]) -> Column:
    return _fixed("int64", "int64", 8, _packed("q", name, values), len(values))


def _floats(name: str, values: list[Any]) -> Column:
    return _fixed("float64", "float64", 8, _packed("d", name, values), len(values))


def _packed(typecode: str, name: str, values: list[Any]) -> array[Any]:
    try:
        return array(typecode, values)
    except OverflowError:
        for row, value in enumerate(values):
            try:
                array(typecode, [value])
            except OverflowError:
                type_ = "int64" if typecode == "q" else "float64"
                raise InvalidArgumentError(
                    f"{place(name, row)} is {value}, which {type_} cannot hold"
                ) from None
        raise


def _times(name: str, values: list[Any]) -> Column:
    try:
        microseconds = array("q", map(_microseconds, values))
    except OverflowError:
        bad = next(row for row, value in enumerate(values) if _is_lost(value))
        raise beyond_times(name, bad, values[bad]) from None
    return _fixed("datetime", "int64", 8, microseconds, len(values))


def _microseconds(value: Any) -> int:
    """Return a time since 1970-01-01 00:00 UTC; a naive time is taken as UTC."""
    if not isinstance(value, date):  # a datetime64
        if _is_lost(value):
            raise OverflowError
        return int(value.astype("M8[us]").astype("i8"))
    if not isinstance(value, datetime):
        return (value.toordinal() - _EPOCH.toordinal()) * 86_400 * 10**6
    epoch = _EPOCH if value.tzinfo is None else _UTC_EPOCH
    return (value - epoch) // _MICROSECOND


def _is_lost(value: Any) -> bool:
    """Tell whether a time is a datetime64 that has no place among microseconds."""
    return not isinstance(value, date) and bool(are_lost(value, value.astype("M8[us]")))


def are_lost(given: Any, times: Any) -> Any:
    """Tell which of NumPy's times have wrapped around on the way to a unit that is no coarser."""
    if np.datetime_data(given.dtype)[0] in ("ns", "ps", "fs", "as"):
        return np.zeros(given.shape, bool)
    return (times.astype(given.dtype) != given) & ~np.isnat(given)


def beyond_times(name: str, row: int, time: Any) -> ColumnTypeError:
    """Return the error for a time that has no place among microseconds."""
    return ColumnTypeError(f"{place(name, row)} is {time}, more microseconds than int64 can hold")


def _fixed(type_: str, format_: str, size: int, values: Any, rows: int) -> Column:
    address = _buffers.address(values)
    return Column(
        type_,
        rows,
        values,
        format=FORMATS.index(format_),
        values=address,
        stride=size,
        unit=UNITS.index("microseconds"),
    )


def _strings(name: str, values: list[Any]) -> Column:
    texts = _texts.encode(values, lambda row: place(name, row))
    return Column("string", len(values), texts, strings=texts.address)


def _json(name: str, values: list[Any]) -> Column:
    texts = _texts.encode(
        [_dumped(name, row, value) for row, value in enumerate(values)],
        lambda row: place(name, row),
    )
    return Column("json", len(values), texts, strings=texts.address)


def _dumped(name: str, row: int, value: Any) -> str:
    try:
        return dumps(value)
    except (TypeError, ValueError, RecursionError) as error:
        kind = TypeError if isinstance(error, TypeError) else InvalidArgumentError
        raise kind(f"{place(name, row)} cannot be kept as JSON: {error}") from None


def _tags(name: str, values: list[Any]) -> Column:
    starts = _texts.ends(map(len, values))
    texts = _texts.encode(
        list(chain.from_iterable(values)),
        lambda item: f"a tag in {place(name, bisect_right(starts, item) - 1)}",
    )
    return Column(
        "tags",
        len(values),
        (texts, starts),
        strings=texts.address,
        list_offsets=_buffers.address(starts),
        list_offset_bytes=8,
    )


# How a column of each type is made, and what stands in it for a null.
_MAKERS: dict[str, tuple[Callable[[str, list[Any]], Column], Any]] = {
    "bool": (_bools, False),
    "int64": (_integers, 0),
    "float64": (_floats, 0.0),
    "string": (_strings, ""),
    "datetime": (_times, _EPOCH),
    "tags": (_tags, ()),
    "json": (_json, None),
}
