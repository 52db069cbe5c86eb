"""zvec's HNSW over int8 codes, as the benchmark sees it.

Its cheapest search, `query_internal_ids`, wants a collection opened read-only; rows that are
inserted in order have their row numbers as internal ids. It has no search of several queries.
"""

from __future__ import annotations

import importlib.metadata
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import zvec
from numpy.typing import NDArray

from adapters import BEAMS, Settings

_ROWS_PER_INSERT = 1000
#: At most so many times k candidates are refined with float32 distances. The default, all of ef,
#: takes far longer; and ef is at least as many.
_REFINED = 2.0


class Index:
    version = importlib.metadata.version("zvec")
    efforts = BEAMS

    def __init__(self, settings: Settings) -> None:
        # Vectors for cosine come at unit length.
        metric = zvec.MetricType.L2 if settings.metric == "l2" else zvec.MetricType.IP
        graph = zvec.HnswIndexParam(
            metric,
            m=settings.M,
            ef_construction=settings.ef_construction,
            quantize_type=getattr(zvec.QuantizeType, settings.form.upper()),
        )
        vectors = zvec.VectorSchema("vector", zvec.DataType.VECTOR_FP32, settings.dim, graph)
        self._schema = zvec.CollectionSchema("bench", [], vectors)
        self._folder = tempfile.TemporaryDirectory()

    def add(self, base: NDArray[np.float32], threads: int) -> None:
        # A query takes one thread; how many callers there may be is left open.
        zvec.init(log_level=zvec.LogLevel.ERROR, optimize_threads=threads)
        path = f"{self._folder.name}/bench"
        collection = zvec.create_and_open(path, self._schema)
        for first in range(0, len(base), _ROWS_PER_INSERT):
            rows = range(first, min(first + _ROWS_PER_INSERT, len(base)))
            collection.insert([zvec.Doc(str(row), vectors={"vector": base[row]}) for row in rows])
        collection.optimize(zvec.OptimizeOption(concurrency=threads))
        collection.close()
        self._collection = zvec.open(path, zvec.CollectionOption(read_only=True))

    def tune(self, k: int, effort: int, threads: int) -> None:
        self._k, self._threads = k, threads
        refined = min(_REFINED, effort / k)
        self._parameters = zvec.HnswQueryParam(
            ef=effort, is_using_refiner=True, scale_factor=refined
        )

    def search(self, queries: NDArray[np.float32]) -> NDArray[np.integer]:
        if self._threads == 1:
            return np.stack([self.search_one(query) for query in queries])
        with ThreadPoolExecutor(self._threads) as pool:
            found = pool.map(
                lambda part: [self.search_one(query) for query in part],
                np.array_split(queries, self._threads),
            )
            return np.concatenate([np.stack(rows) for rows in found])

    def search_one(self, query: NDArray[np.float32]) -> Any:
        asked = zvec.Query("vector", vector=query, param=self._parameters)
        return self._collection.query_internal_ids(asked, topk=self._k)
