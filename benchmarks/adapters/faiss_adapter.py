"""faiss's HNSW over float32 or over one byte per number, as the benchmark sees it."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from adapters import BEAMS, Settings


class Index:
    version = faiss.__version__
    efforts = BEAMS

    def __init__(self, settings: Settings) -> None:
        # Vectors for cosine come at unit length.
        kind = faiss.METRIC_L2 if settings.metric == "l2" else faiss.METRIC_INNER_PRODUCT
        self._index: Any
        if settings.form == "flat":
            self._index = faiss.IndexHNSWFlat(settings.dim, settings.M, kind)
        else:
            code: Any = faiss.ScalarQuantizer.QT_8bit
            self._index = faiss.IndexHNSWSQ(settings.dim, code, settings.M, kind)
        self._index.hnsw.efConstruction = settings.ef_construction

    def add(self, base: NDArray[np.float32], threads: int) -> None:
        faiss.omp_set_num_threads(threads)
        self._index.train(base)
        self._index.add(base)

    def tune(self, k: int, effort: int, threads: int) -> None:
        self._k = k
        self._index.hnsw.efSearch = effort
        faiss.omp_set_num_threads(threads)

    def search(self, queries: NDArray[np.float32]) -> NDArray[np.integer]:
        rows: NDArray[np.integer]
        _, rows = self._index.search(queries, self._k)
        return rows

    def search_one(self, query: NDArray[np.float32]) -> object:
        return self._index.search(query[None], self._k)
