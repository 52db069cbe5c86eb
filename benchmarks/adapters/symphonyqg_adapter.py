"""SymphonyQG of rabitqlib, as the benchmark sees it: R is 2 M, as on layer 0 of HNSW.

It takes 64 dimensions or more, so that fewer are filled up with zeros, which no metric feels.
"""

from __future__ import annotations

import importlib.metadata

import numpy as np
import rabitqlib
from numpy.typing import NDArray

from adapters import BEAMS, Settings

_LEAST_DIM = 64


class Index:
    version = importlib.metadata.version("rabitqlib")
    efforts = BEAMS

    def __init__(self, settings: Settings) -> None:
        # Vectors for cosine come at unit length; of its two metrics, l2 finds far more of them.
        metric = "ip" if settings.metric == "ip" else "l2"
        self._missing = max(0, _LEAST_DIM - settings.dim)
        dim = settings.dim + self._missing
        self._index = rabitqlib.SymqgIndex(dim, 2 * settings.M, metric)
        self._ef_construction = settings.ef_construction

    def add(self, base: NDArray[np.float32], threads: int) -> None:
        self._index.build(self._filled(base), self._ef_construction, num_threads=threads)

    def tune(self, k: int, effort: int, threads: int) -> None:
        self._k, self._ef, self._threads = k, effort, threads

    def search(self, queries: NDArray[np.float32]) -> NDArray[np.integer]:
        rows: NDArray[np.integer]
        asked = self._filled(queries)
        rows, _ = self._index.search_batch(asked, self._k, self._ef, num_threads=self._threads)
        return rows

    def search_one(self, query: NDArray[np.float32]) -> object:
        return self._index.search_batch(self._filled(query[None]), self._k, self._ef)

    def _filled(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._missing == 0:
            return vectors
        filled = np.zeros((len(vectors), vectors.shape[1] + self._missing), np.float32)
        filled[:, : vectors.shape[1]] = vectors
        return filled
