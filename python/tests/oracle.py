"""Exact answers by plain NumPy in float64, and data to ask about. Shares nothing with Martlet."""

from __future__ import annotations

import numpy as np


def distances(vectors, queries, metric):
    """Return the distance of every query to every vector, shape (q, n)."""
    x, q = np.asarray(vectors, np.float64), np.atleast_2d(np.asarray(queries, np.float64))
    if metric == "l2":
        return ((q[:, None, :] - x[None, :, :]) ** 2).sum(axis=2)
    dots = q @ x.T
    if metric == "cosine":
        dots /= np.linalg.norm(q, axis=1)[:, None] * np.linalg.norm(x, axis=1)[None, :]
    return 1 - dots


def recall(vectors, queries, hits, metric):
    """Return the share of the true neighbors found; of several at one distance any will do.

    The ids of the hits must be row numbers.
    """
    exact = np.stack([distances(vectors, query, metric)[0] for query in queries])
    k = hits.ids.shape[1]
    limit = np.partition(exact, k - 1, axis=1)[:, k - 1 : k]
    found = np.take_along_axis(exact, hits.ids, axis=1)
    return float((found <= limit + 1e-6 * np.abs(limit)).mean())


def gaussian(count, dim, seed):
    """Return independent normal vectors, float32."""
    return np.random.default_rng(seed).standard_normal((count, dim), np.float32)


def clustered(count, dim, seed, clusters=50):
    """Return vectors around random centers, one cluster after the other, float32."""
    rng = np.random.default_rng(seed)
    centers = 4 * rng.standard_normal((clusters, dim))
    owners = np.sort(rng.integers(clusters, size=count))
    return (centers[owners] + rng.standard_normal((count, dim))).astype(np.float32)
