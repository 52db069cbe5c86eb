"""Martlet, as the benchmark sees it."""

from __future__ import annotations

import martlet
import numpy as np
from numpy.typing import NDArray


class Index:
    version = martlet.__version__

    def __init__(self, dim: int, metric: str, M: int, ef_construction: int) -> None:
        self._index = martlet.Index(dim, metric=metric, M=M, ef_construction=ef_construction)

    def add(self, base: NDArray[np.float32], threads: int) -> None:
        self._index.add(base, threads=threads)

    def search(
        self, queries: NDArray[np.float32], k: int, ef: int, threads: int
    ) -> NDArray[np.integer]:
        return self._index.search(queries, k=k, ef=ef, threads=threads).ids
