"""One exception per meaning; each also is the built-in that a user would catch.

The status numbers are the library's and never change (see martlet.h).
"""

from __future__ import annotations


class MartletError(Exception):
    """Base of every error that Martlet defines.

    Examples
    --------
    >>> import martlet
    >>> index = martlet.Index(dim=3)
    >>> try:
    ...     _ = index.add([[1.0, 2.0]])
    ... except martlet.MartletError as error:
    ...     print(type(error).__name__)
    DimensionError
    """


class InvalidArgumentError(MartletError, ValueError):
    """A size, a name or an option is out of bounds."""


class ClosedIndexError(MartletError, ValueError):
    """The index was closed."""


class DimensionError(MartletError, ValueError):
    """Vectors of another dimension or rank than the index takes."""


class NotFiniteError(MartletError, ValueError):
    """A component is NaN, infinite or beyond the range of float32."""


class VectorLengthError(MartletError, ValueError):
    """A vector is too long to be measured or, under cosine, has no direction."""


class InvalidTextError(MartletError, ValueError):
    """A string has no UTF-8, or is no JSON where that is expected."""


class DuplicateIdError(MartletError, ValueError):
    """An added id is in the index, or twice in the batch."""


class UnknownIdError(MartletError, KeyError):
    """No vector has this id."""

    # KeyError shows the repr of its argument, which puts a sentence in quotes.
    __str__ = Exception.__str__


class IdKindError(MartletError, TypeError):
    """Integer ids for an index of string ids, or the reverse."""


class ColumnTypeError(MartletError, TypeError):
    """A column of another type than the index has under its name, or a value it cannot hold."""


class FilterError(MartletError, ValueError):
    """Not a filter: a field, an operator or an operand is wrong."""


class FormatError(MartletError, ValueError):
    """Not a file of Martlet's, a damaged one, or one of a later version."""


class OutOfMemoryError(MartletError, MemoryError):
    """The library could not allocate memory."""


class IndexFullError(MartletError):
    """The index holds as many vectors as it can, or no id is left to assign."""


class InternalError(MartletError, RuntimeError):
    """A defect of the library. Please report it."""


OK = 0
ID_KIND = 22
BUFFER_TOO_SMALL = 33
_CANCELLED = 31
_IO = 51

_CLASSES: dict[int, type[BaseException]] = {
    1: InvalidArgumentError,
    10: DimensionError,
    11: NotFiniteError,
    12: VectorLengthError,
    13: InvalidTextError,
    20: DuplicateIdError,
    21: UnknownIdError,
    ID_KIND: IdKindError,
    30: OutOfMemoryError,
    _CANCELLED: KeyboardInterrupt,
    32: IndexFullError,
    40: ColumnTypeError,
    41: FilterError,
    50: FormatError,
    90: InternalError,
}


def from_status(status: int, message: str, code: int = 0) -> BaseException:
    """Return the exception for a failed call; an unknown status is an InternalError.

    The system's refusals are OSErrors as Python itself raises them: FileNotFoundError and so on.
    """
    if status == _IO:
        return OSError(code, message)
    return _CLASSES.get(status, InternalError)(message)
