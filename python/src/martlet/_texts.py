"""Strings across the boundary: all of a batch in one UTF-8 buffer, with offsets into it."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from ctypes import addressof, sizeof, string_at
from itertools import accumulate
from typing import Any, Callable, NoReturn

from martlet import _arrow, _buffers, _errors, _structs
from martlet._arrow import Vector
from martlet._errors import InvalidTextError
from martlet._ffi import check

# Says which string a row's is, in errors.
Place = Callable[[int], str]

_STRINGS_SIZE = sizeof(_structs.Strings)
_TEXT_SIZE = sizeof(_structs.Text)


class Texts:
    """Strings as the library takes them."""

    __slots__ = ("address", "count", "given", "sources", "strings")

    def __init__(
        self, data: int | None, offsets: int | None, count: int, offset_bytes: int, sources: Any
    ) -> None:
        self.strings = _structs.Strings(_STRINGS_SIZE, data, offsets, count, offset_bytes, 0)
        self.address = addressof(self.strings)
        self.count = count
        #: Keeps the memory alive that the addresses are in.
        self.sources = sources
        #: The strings, if they were Python's.
        self.given: Sequence[str] | None = None

    def tolist(self) -> list[str]:
        """Return them as Python's."""
        if self.given is not None:
            return list(self.given)
        size = self.strings.offset_bytes
        offsets = array("q" if size == 8 else "i")
        offsets.frombytes(string_at(self.strings.offsets or 0, size * (self.count + 1)))
        first = offsets[0]
        data = string_at((self.strings.data or 0) + first, offsets[-1] - first)
        return decode(data, [offset - first for offset in offsets])


def encode(texts: Sequence[str], place: Place) -> Texts:
    """Return strings for the library."""
    try:
        joined = "".join(texts)
        data = joined.encode()
        ascii_ = len(data) == len(joined)
        encoded = _joined(data, texts) if ascii_ else from_bytes(list(map(str.encode, texts)))
    except (TypeError, UnicodeEncodeError):
        _blame(texts, place)
    encoded.given = texts
    return encoded


def from_bytes(texts: Sequence[bytes]) -> Texts:
    """Return strings for the library that are in UTF-8, which it checks."""
    return _joined(b"".join(texts), texts)


def from_arrow(vector: Vector) -> Texts | None:
    """Return Arrow's strings for the library, in place if it can read them; None for others."""
    if vector.format not in ("u", "U", "vu") or vector.dictionary is not None:
        return None
    if vector.format == "vu" or vector.length == 0:
        return from_bytes(_arrow.texts(vector))
    size = _arrow.OFFSETS[vector.format][1]
    return Texts(vector.buffers[2], vector.at(1, size), vector.length, size, vector)


def _joined(data: bytes, texts: Sequence[str] | Sequence[bytes]) -> Texts:
    offsets = ends(map(len, texts))
    address, start = _buffers.address(data), _buffers.address(offsets)
    return Texts(address, start, len(texts), 8, (data, offsets))


def ends(lengths: Any) -> array[int]:
    """Return where each of several stretches begins, and where the last one ends."""
    return array("q", accumulate(lengths, initial=0))


def _blame(texts: Sequence[Any], place: Place) -> NoReturn:
    """Raise the error that names what is no string, or has no UTF-8."""
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            kind = type(text).__name__
            raise TypeError(f"{place(row)} is {text!r} ({kind}); expected a string") from None
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidTextError(
                f"{place(row)} has a lone surrogate at {error.start}, which is no character"
            ) from None
    raise AssertionError("all are strings")


def fetch(fill: Callable[[_structs.Text], int], count: int) -> tuple[bytearray, array[int]]:
    """Return the strings that a call of the library writes: their bytes, and offsets into them.

    Parameters
    ----------
    fill : callable
        Makes the call. It is made again with more room if there was too little.
    count : int
        About how many strings.
    """
    text = _structs.Text(_TEXT_SIZE, size=16 * count, count=count)
    while True:
        data, offsets = bytearray(text.size), _buffers.zeros("q", text.count + 1)
        text.data, text.capacity = _buffers.start(data), len(data)
        text.offsets, text.offset_capacity = _buffers.address(offsets), len(offsets)
        status = fill(text)
        if status != _errors.BUFFER_TOO_SMALL:
            check(status)
            return data[: text.size], offsets[: text.count + 1]


def decode(data: bytes | bytearray, offsets: Sequence[int]) -> list[str]:
    """Return strings: UTF-8 bytes, and where in them each begins and the last one ends."""
    text = data.decode()
    if len(text) == len(data):
        return [text[start:end] for start, end in zip(offsets, offsets[1:])]
    return [data[start:end].decode() for start, end in zip(offsets, offsets[1:])]
