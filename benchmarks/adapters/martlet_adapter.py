"""Martlet, as the benchmark sees it."""

from __future__ import annotations

import martlet
import numpy as np
from numpy.typing import NDArray

from adapters import BEAMS, Settings


class Index:
    version = martlet.__version__
    efforts = BEAMS

    def __init__(self, settings: Settings) -> None:
        self._index = martlet.Index(
            settings.dim,
            metric=settings.metric,
            M=settings.M,
            ef_construction=settings.ef_construction,
            memory=settings.form,
        )

    def add(self, base: NDArray[np.float32], threads: int) -> None:
        self._index.add(base, threads=threads)

    def tune(self, k: int, effort: int, threads: int) -> None:
        self._k, self._ef, self._threads = k, effort, threads

    def search(self, queries: NDArray[np.float32]) -> NDArray[np.integer]:
        return self._index.search(queries, k=self._k, ef=self._ef, threads=self._threads).ids

    def search_one(self, query: NDArray[np.float32]) -> object:
        return self._index.search(query, k=self._k, ef=self._ef)
