"""One column of metadata as the library takes it."""

from __future__ import annotations

from typing import Any

from martlet import _buffers, _structs
from martlet._structs import TYPES, sized


class Column:
    """Values of one field, one per row.

    Parameters
    ----------
    type_ : str or None
        One of TYPES; None if nothing but nulls is known of the column.
    rows : int
        How many values.
    sources : Any
        What keeps the memory alive that the struct points to.
    **fields
        More of martlet_column.
    """

    __slots__ = ("rows", "sources", "struct", "type")

    def __init__(self, type_: str | None, rows: int, sources: Any = None, **fields: Any) -> None:
        self.type = type_
        self.rows = rows
        self.sources = sources
        self.struct = sized(_structs.Column, rows=rows, **fields)
        if type_ is not None:
            self.struct.type = TYPES.index(type_)

    def set_validity(self, flags: bytes) -> None:
        """Set which values are null: 0 for those, 1 for all others."""
        validity = _buffers.bitmap(flags)
        self.sources = (self.sources, validity)
        self.struct.validity = _buffers.address(validity)


def place(name: str, row: int) -> str:
    """Return what to call one value in errors."""
    return f"metadata column {name!r}, row {row}"
