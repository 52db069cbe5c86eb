"""What an index says about itself."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TypedDict

from martlet import _ffi, _structs


class LastAdd(TypedDict):
    """How the latest successful add went.

    ``seconds`` has ``total``, the time from call to return, and its parts: ``boundary`` (entering
    and leaving the library: all that is no other part), ``copying`` (vectors in lists and other
    input that is not an array; else 0), ``reading`` (checking and converting the vectors),
    ``encoding`` (computing their codes), ``ids`` and ``metadata`` (reading what was given and
    storing it) and ``graph`` (building it).
    """

    path: str  #: "array" if the vectors were read in place, "list" if they were copied first.
    element: str  #: The element type that the library read.
    rows: int
    threads: int
    distances: int  #: Distances computed while building the graph.
    seconds: dict[str, float]


class Statistics(TypedDict):
    """What an index consists of. Returned by Index.stats().

    Examples
    --------
    >>> import martlet
    >>> index = martlet.Index(dim=2)
    >>> _ = index.add([[0, 0], [3, 4], [6, 8]])
    >>> stats = index.stats()
    >>> stats["count"], stats["reachable"], sum(stats["levels"])
    (3, 3, 3)
    >>> stats["bytes"]["total"] > 3 * 2 * 4
    True
    """

    count: int  #: Vectors in the index.
    removed: int  #: Places of removed vectors that compact() would give back.
    memory: str  #: "balanced", "fast" or "compact".
    id_kind: str | None  #: "int" or "str"; None before the first add.
    columns: int  #: Columns of metadata.
    bytes: dict[str, int]
    """In use, by part: vectors (next to nothing if memory is "compact" and there are codes), codes
    (of vectors), links (and their codes, if memory is "fast"), ids, metadata, other; and the total.
    """
    levels: list[int]  #: Nodes by level (their highest layer), up to the highest level in use.
    links: dict[str, float]  #: On the base layer: total, and max and mean of a node.
    reachable: int  #: Nodes reached on the base layer from the entry point.
    kernels: str  #: Instruction set of the distance kernels.
    last_add: LastAdd | None  #: None before the first add.


class AddTimes:
    """What only the Python side knows of an add."""

    __slots__ = ("_latest", "copied_ns", "laps", "total_ns")

    def __init__(self) -> None:
        self._latest = perf_counter_ns()
        #: Copying vectors; None if they were read in place.
        self.copied_ns: int | None = None
        #: By part.
        self.laps: dict[str, int] = {}
        self.total_ns = 0

    def lap(self, part: str) -> None:
        """Count the time since the latest lap as time of a part."""
        now = perf_counter_ns()
        self.laps[part] = self.laps.get(part, 0) + now - self._latest
        self.total_ns += now - self._latest
        self._latest = now


def describe(found: _structs.Statistics, times: AddTimes | None) -> Statistics:
    """Return the library's statistics as a user reads them."""
    parts = {
        "vectors": found.vector_bytes,
        "codes": found.code_bytes,
        "links": found.link_bytes,
        "ids": found.id_bytes,
        "metadata": found.metadata_bytes,
        "other": found.other_bytes,
    }
    levels = list(found.levels)
    while levels and levels[-1] == 0:
        levels.pop()
    return {
        "count": found.count,
        "removed": found.removed,
        "memory": list(_structs.MEMORIES)[found.memory],
        "id_kind": _structs.ID_KINDS[found.id_kind],
        "columns": found.columns,
        "bytes": {**parts, "total": sum(parts.values())},
        "levels": levels,
        "links": {
            "total": found.links,
            "max": found.max_links,
            "mean": found.links / max(found.count, 1),
        },
        "reachable": found.reachable,
        "kernels": _ffi.text("martlet_kernels"),
        "last_add": None if times is None else _last_add(found, times),
    }


def _last_add(found: _structs.Statistics, times: AddTimes) -> LastAdd:
    copied_ns = times.copied_ns or 0
    ids_ns, metadata_ns = times.laps["ids"], times.laps["metadata"]
    known_ns = copied_ns + ids_ns + metadata_ns + found.add_total_ns
    nanoseconds = {
        "total": times.total_ns,
        "boundary": max(0, times.total_ns - known_ns),
        "copying": copied_ns,
        "reading": found.add_read_ns,
        "encoding": found.add_encode_ns,
        "ids": ids_ns + found.add_ids_ns,
        "metadata": metadata_ns + found.add_metadata_ns,
        "graph": found.add_graph_ns,
    }
    return {
        "path": "array" if times.copied_ns is None else "list",
        "element": _structs.ELEMENTS[found.add_element],
        "rows": found.add_rows,
        "threads": found.add_threads,
        "distances": found.add_distances,
        "seconds": {part: time / 1e9 for part, time in nanoseconds.items()},
    }
