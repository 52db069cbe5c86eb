"""What a search may be asked for beyond the nearest: conditions, metadata, an explanation."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from ctypes import addressof
from itertools import accumulate
from typing import Any

from martlet import _buffers, _ffi, _filters, _ids, _structs, _values
from martlet._errors import InvalidArgumentError
from martlet._ffi import Handle
from martlet._structs import PLANS, SearchOptions, sized
from martlet.hits import Explanation, Hits


class Extras:
    """Fills in the options of one search, keeps alive what they point to, and adds to its hits."""

    __slots__ = ("_explanation", "_handle", "_options", "_rows", "_sources")

    def __init__(self, handle: Handle, options: SearchOptions) -> None:
        self._handle = handle
        self._options = options
        self._sources: list[Any] = []
        self._rows: Any = None
        self._explanation: _structs.Explanation | None = None

    def restrict(self, condition: bytes | None, allow: Any, strings: bool) -> None:
        """Set which vectors may be returned.

        Parameters
        ----------
        condition : bytes or None
            On metadata, as the library takes it; None for no restriction.
        allow : Any
            As a caller gave it; None for no restriction.
        strings : bool
            Whether the ids of the index are strings.
        """
        if condition is not None:
            self._options.filter = condition
            self._options.filter_size = len(condition)
        if allow is not None:
            allowed = _filters.read_allowed(allow, _ffi.count(self._handle, None))
            if allowed.mask is not None:
                self._options.allow = addressof(allowed.mask)
            elif allowed.ids is not None:
                if strings and allowed.ids.count == 0:
                    allowed.ids = _ids.NO_STRINGS
                self._options.allow_ids = allowed.ids.address
            self._sources.append(allowed)

    def include(self, parts: Iterable[str], shape: tuple[int, ...]) -> None:
        """Ask for parts of the matches' records, of hits of a shape."""
        for part in parts:
            if part != "metadata":
                raise InvalidArgumentError(f"include has {part!r}; expected 'metadata'")
            self._rows = _buffers.empty("i8", shape)
            self._options.rows = _buffers.start(self._rows)

    def explain(self) -> None:
        """Ask for an explanation."""
        self._explanation = sized(_structs.Explanation)
        self._options.explanation = addressof(self._explanation)

    def add_to(self, hits: Hits, k: int) -> None:
        """Add to hits what was asked for."""
        found = self._explanation
        if found is not None:
            fields = (getattr(found, name) for name in Explanation._fields[1:])
            hits.explanation = Explanation(PLANS[found.plan], *fields)
        if self._rows is not None:
            hits.metadata = self._metadata(hits.counts, k)

    def _metadata(self, counts: Any, k: int) -> list[Any]:
        rows = array("q", self._rows.tobytes())
        if isinstance(counts, int):
            return _values.dicts(self._handle, array("q", rows[:counts]))
        wanted = array("q")
        for query, count in enumerate(counts):
            wanted.extend(rows[query * k : query * k + int(count)])
        found = _values.dicts(self._handle, wanted)
        ends = list(accumulate(map(int, counts), initial=0))
        return [found[start:end] for start, end in zip(ends, ends[1:])]
