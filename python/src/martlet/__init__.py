"""Martlet: an in-process vector search index (HNSW) for NumPy arrays.

>>> import martlet
>>> index = martlet.Index(dim=2, metric="l2")
>>> _ = index.add([[0, 0], [3, 4]], ids=[7, 8])
>>> int(index.search([0, 1], k=1).ids[0])
7
"""

from martlet._durable import open  # noqa: A004 - as users call it: martlet.open
from martlet._errors import (
    ClosedIndexError,
    ColumnTypeError,
    DimensionError,
    DuplicateIdError,
    FilterError,
    FormatError,
    IdKindError,
    IndexFullError,
    InternalError,
    InvalidArgumentError,
    InvalidTextError,
    MartletError,
    NotFiniteError,
    OutOfMemoryError,
    UnknownIdError,
    VectorLengthError,
)
from martlet.hits import Explanation, Hits
from martlet.index import Index
from martlet.statistics import LastAdd, Statistics

__version__ = "0.1.0"

__all__ = [
    "ClosedIndexError",
    "ColumnTypeError",
    "DimensionError",
    "DuplicateIdError",
    "Explanation",
    "FilterError",
    "FormatError",
    "Hits",
    "IdKindError",
    "Index",
    "IndexFullError",
    "InternalError",
    "InvalidArgumentError",
    "InvalidTextError",
    "LastAdd",
    "MartletError",
    "NotFiniteError",
    "OutOfMemoryError",
    "Statistics",
    "UnknownIdError",
    "VectorLengthError",
    "open",
]
