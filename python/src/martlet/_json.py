"""JSON text, of what users hold: NumPy's scalars and arrays and times too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from json import JSONEncoder
from typing import Any


def _plain(value: Any) -> Any:
    """Return what JSON has for a value that it does not know."""
    if isinstance(value, date):  # and so a datetime
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind == "M":
        return value.astype(str).tolist()
    if kind is not None and hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{value!r} ({type(value).__name__}) has no form in JSON")


# Raises TypeError for what has no form in JSON, ValueError for NaN, infinity and cycles, and
# RecursionError for what is nested too deeply.
dumps = JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain
).encode
