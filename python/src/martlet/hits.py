"""What a search returns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Hits:
    """The matches of each query, nearest first.

    Unpacks into two: ``ids, distances = hits``.

    Attributes
    ----------
    ids : numpy.ndarray of int64, shape (q, k)
        -1 where there is no match (which may also be an id: see ``counts``).
    distances : numpy.ndarray of float32, shape (q, k)
        Smaller is nearer; inf where there is no match. See Index for their meaning.
    counts : numpy.ndarray of int64, shape (q,)
        Matches in each row: k, or all the index holds if that is less.

    Notes
    -----
    The hits of a query of shape (dim,) are of shape (k,), and their count is an int. Without NumPy
    the arrays are (nested) lists.

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

    __slots__ = ("counts", "distances", "ids")

    def __init__(
        self,
        ids: npt.NDArray[np.int64],
        distances: npt.NDArray[np.float32],
        counts: npt.NDArray[np.int64] | int,
    ) -> None:
        self.ids = ids
        self.distances = distances
        self.counts = counts

    def __iter__(self) -> Iterator[Any]:
        """Yield ids, then distances."""
        yield self.ids
        yield self.distances

    def __repr__(self) -> str:
        return f"Hits(ids={self.ids!r}, distances={self.distances!r}, counts={self.counts!r})"
