"""Checks of numbers that ctypes would cut to size without a word."""

from __future__ import annotations

import operator
from typing import SupportsIndex

from martlet._errors import InvalidArgumentError


def unsigned(name: str, value: SupportsIndex, bits: int = 64) -> int:
    """Return an integer that the C side can hold; the library knows narrower bounds."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}; expected an integer") from None
    if number >> bits != 0:
        raise InvalidArgumentError(f"{name} is {number}; expected 0 to 2**{bits} - 1")
    return number


def thread_count(value: SupportsIndex | None) -> int:
    """Return a number of threads as the library takes it, where 0 stands for its own choice."""
    if value is None:
        return 0
    number = unsigned("threads", value)
    if number == 0:
        raise InvalidArgumentError("threads is 0; expected 1 to 1024, or None")
    return number
