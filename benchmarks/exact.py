"""The benchmarks' yardstick: exact neighbors by NumPy alone, and recall measured against them.

Distances are Martlet's: squared Euclidean (l2), 1 - dot (ip), 1 - cosine (cosine).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ids = NDArray[np.int64]

# float32 products choose this many candidates beyond k; float64 puts them in order.
_MARGIN = 32
_BLOCK_BYTES = 1 << 28


def exact_search(base: Floats, queries: Floats, metric: str, k: int) -> tuple[Ids, Doubles]:
    """Return the k nearest rows of `base` per query and their distances, nearest first.

    Both results have shape (queries, k). Equal distances are ordered by row number.
    """
    kept = min(k + _MARGIN, len(base))
    if metric == "cosine":
        base, queries = _unit(base), _unit(queries)
    half_norms = (0.5 * np.einsum("nd,nd->n", base, base)) if metric == "l2" else np.float32(0)
    ids = np.empty((len(queries), k), np.int64)
    block = max(1, _BLOCK_BYTES // (4 * len(base)))
    for start in range(0, len(queries), block):
        rows = slice(start, start + block)
        keys = half_norms - queries[rows] @ base.T
        candidates = np.argpartition(keys, kept - 1, axis=1)[:, :kept]
        ids[rows] = _nearest_first(base, queries[rows], metric, candidates)[:, :k]
    return ids, distances(base, queries, metric, ids)


def distances(base: Floats, queries: Floats, metric: str, ids: Ids) -> Doubles:
    """Return the distance of every query to each of its row numbers `ids`, shape (queries, k)."""
    found, wanted = base[ids].astype(np.float64), queries.astype(np.float64)
    if metric == "cosine":
        found, wanted = _unit(found), _unit(wanted)
    if metric == "l2":
        found -= wanted[:, None]
        squares: Doubles = np.einsum("qkd,qkd->qk", found, found)
        return squares
    products: Doubles = np.einsum("qkd,qd->qk", found, wanted)
    return 1.0 - products


def recall(ids: Ids, found: Doubles, nearest: Doubles) -> float:
    """Return the share of found rows that are as near as the k-th true neighbor.

    Parameters
    ----------
    ids : shape (queries, k)
        The found rows. One that comes twice counts once.
    found, nearest : shape (queries, k)
        Distances of the found rows and of the true neighbors, from `distances`. A difference that
        float32 arithmetic cannot see is a tie.
    """
    furthest = nearest[:, -1:]
    hits = found <= furthest + 1e-6 * np.maximum(np.abs(furthest), 1.0)
    order = np.argsort(ids, axis=1)
    ids, hits = np.take_along_axis(ids, order, axis=1), np.take_along_axis(hits, order, axis=1)
    hits[:, 1:] &= ids[:, 1:] != ids[:, :-1]
    return float(hits.mean())


def _nearest_first(base: Floats, queries: Floats, metric: str, candidates: Ids) -> Ids:
    order = np.lexsort((candidates, distances(base, queries, metric, candidates)), axis=1)
    return np.take_along_axis(candidates, order, axis=1)


def _unit(vectors: NDArray[Float]) -> NDArray[Float]:
    unit: NDArray[Float] = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return unit
