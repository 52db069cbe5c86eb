"""What a search returns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Explanation(NamedTuple):
    """What a search decided, why, and what it cost.

    Examples
    --------
    >>> import martlet
    >>> index = martlet.Index(dim=2)
    >>> _ = index.add([[0, 0], [3, 4]], metadata={"year": [2020, 2021]})
    >>> explanation = index.search([0, 1], where={"year": 2021}, explain=True).explanation
    >>> explanation.plan, explanation.matching, explanation.rows
    ('exact', 1, 2)
    """

    #: "plain" (a walk over the graph; what does not match is left out at the end), "bridged" (a
    #: walk over matching nodes, bridging over others) or "exact" (every match is compared).
    plan: str
    #: Vectors in the index,
    rows: int
    #: and those that may be returned.
    matching: int
    #: The beam's width; 0 for an exact scan.
    beam_width: int
    #: Distances computed for all queries.
    distances: int
    #: Queries whose beam found too few, so that an exact scan answered them.
    fallbacks: int
    #: What the walk was expected to cost per query, in distances of an exact scan,
    beam_cost: float
    #: and what an exact scan was.
    scan_cost: float


class Hits:
    """The matches of each query, nearest first.

    Unpacks into two: ``ids, distances = hits``.

    Attributes
    ----------
    ids : numpy.ndarray of int64 or of str (dtype object), shape (q, k)
        -1 where there is no match (which may also be an id: see ``counts``); or None.
    distances : numpy.ndarray of float32, shape (q, k)
        Smaller is nearer; inf where there is no match. See Index for their meaning.
    counts : numpy.ndarray of int64, shape (q,)
        Matches in each row: k, or as many as there are if that is less.
    metadata : list of list of dict, or None
        A dict per match, if the search included metadata.
    explanation : Explanation or None
        If the search was to explain itself.

    Notes
    -----
    The hits of a query of shape (dim,) are of shape (k,), their metadata a list of dicts, and their
    count an int. Without NumPy the arrays are (nested) lists.

    Examples
    --------
    >>> import martlet
    >>> index = martlet.Index(dim=2)
    >>> _ = index.add([[0, 0], [3, 4]], ids=[7, 8])
    >>> hits = index.search([[0, 0], [3, 3]], k=3)
    >>> hits.ids.tolist()
    [[7, 8, -1], [8, 7, -1]]
    >>> hits.counts.tolist()
    [2, 2]
    >>> ids, distances = hits
    >>> distances[1].tolist()
    [1.0, 18.0, inf]
    """

    __slots__ = ("counts", "distances", "explanation", "ids", "metadata")

    def __init__(
        self,
        ids: npt.NDArray[Any],
        distances: npt.NDArray[np.float32],
        counts: npt.NDArray[np.int64] | int,
    ) -> None:
        self.ids = ids
        self.distances = distances
        self.counts = counts
        self.metadata: list[Any] | None = None
        self.explanation: Explanation | None = None

    def __iter__(self) -> Iterator[Any]:
        """Yield ids, then distances."""
        yield self.ids
        yield self.distances

    def __repr__(self) -> str:
        return f"Hits(ids={self.ids!r}, distances={self.distances!r}, counts={self.counts!r})"
