"""usearch over float32 or over one byte per number, as the benchmark sees it."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray
from usearch.index import Index as Usearch

from adapters import BEAMS, Settings

_METRICS = {"l2": "l2sq", "ip": "ip", "cosine": "cos"}


class Index:
    version = importlib.metadata.version("usearch")
    efforts = BEAMS

    def __init__(self, settings: Settings) -> None:
        self._index: Any = Usearch(
            ndim=settings.dim,
            metric=_METRICS[settings.metric],
            dtype=settings.form,
            connectivity=settings.M,
            expansion_add=settings.ef_construction,
            enable_key_lookups=False,
        )

    def add(self, base: NDArray[np.float32], threads: int) -> None:
        self._index.add(np.arange(len(base)), base, threads=threads)

    def tune(self, k: int, effort: int, threads: int) -> None:
        self._k, self._threads = k, threads
        self._index.expansion_search = effort

    def search(self, queries: NDArray[np.float32]) -> NDArray[np.integer]:
        rows: NDArray[np.integer] = self._index.search(queries, self._k, threads=self._threads).keys
        return rows

    def search_one(self, query: NDArray[np.float32]) -> object:
        return self._index.search(query, self._k, threads=1)
