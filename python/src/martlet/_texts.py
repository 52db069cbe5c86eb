"""Strings across the boundary: all of a batch in one UTF-8 buffer, with offsets into it."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from ctypes import addressof, c_void_p, sizeof, string_at
from itertools import accumulate
from typing import Any, Callable, NoReturn

from martlet import _arrow, _buffers, _errors, _structs
from martlet._arrow import Vector
from martlet._errors import InvalidTextError
from martlet._ffi import check
from martlet._structs import ARROW_FORMATS, FORMATS

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
        self.strings = _structs.Strings(_STRINGS_SIZE, data, offsets, count, offset_bytes)
        self.address = addressof(self.strings)
        self.count = count
        #: Keeps the memory alive that the addresses are in.
        self.sources = sources
        #: The strings, if they were Python's, or of Arrow in another layout than offsets.
        self.given: Sequence[str] | Vector | None = None

    def tolist(self) -> list[str]:
        """Return them as Python's."""
        if isinstance(self.given, Vector):
            return _arrow.tolist(self.given)
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
    """Return Arrow's strings for the library, which reads them in place; None for other values."""
    words = vector if vector.dictionary is None else vector.dictionary
    if words.format == "vu":
        texts = _from_views(words, vector)
    elif words.format in ("u", "U"):
        size = _arrow.OFFSETS[words.format][1]
        texts = Texts(words.buffers[2], words.at(1, size), vector.length, size, vector)
    else:
        return None
    if words is not vector:
        if words.nulls():
            return None
        texts.given = vector
        texts.strings.indices = vector.at(1, _arrow.NUMBERS[vector.format][1])
        texts.strings.index_format = FORMATS.index(ARROW_FORMATS[vector.format])
        texts.strings.dictionary_count = words.length
    return texts


def _from_views(words: Vector, vector: Vector) -> Texts:
    """Return the strings of a vector, which are views or have a dictionary, `words`, of views."""
    pools = (c_void_p * (len(words.buffers) - 3))(*words.buffers[2:-1])
    texts = Texts(None, None, vector.length, 8, (vector, pools))
    texts.given = vector
    texts.strings.views = words.at(1, _arrow.VIEW)
    texts.strings.buffers = addressof(pools)
    texts.strings.buffer_sizes, texts.strings.buffer_count = words.buffers[-1], len(pools)
    return texts


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
