"""ScaNN, as the benchmark sees it: a tree of partitions, 4-bit codes, float32 reordering.

It has no graph. As its documentation advises, there are about as many partitions as the root of
the number of rows, and codes of two dimensions each; where the metric is a product, anisotropic,
and with every row in a second partition (SOAR).
"""

from __future__ import annotations

import importlib.metadata
import math

import numpy as np
import scann
from numpy.typing import NDArray

from adapters import Settings

_SAMPLE = 250_000


class Index:
    version = importlib.metadata.version("scann")
    #: Partitions searched, of which each gives some candidates to reorder.
    efforts = (2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256)

    def __init__(self, settings: Settings) -> None:
        # Vectors for cosine come at unit length.
        self._distance = "squared_l2" if settings.metric == "l2" else "dot_product"
        self._threshold = math.nan if settings.metric == "l2" else 0.2
        self._soar = None if settings.metric == "l2" else 1.5

    def add(self, base: NDArray[np.float32], threads: int) -> None:
        builder = scann.scann_ops_pybind.builder(base, 10, self._distance)
        builder.tree(
            round(math.sqrt(len(base))),
            self.efforts[0],
            training_sample_size=min(len(base), _SAMPLE),
            soar_lambda=self._soar,
        )
        builder.score_ah(2, anisotropic_quantization_threshold=self._threshold)
        builder.reorder(100)
        builder.set_n_training_threads(threads)
        self._index = builder.build()

    def tune(self, k: int, effort: int, threads: int) -> None:
        self._parameters = (k, 4 * k + effort, effort)
        self._threads = threads
        self._index.set_num_threads(threads)

    def search(self, queries: NDArray[np.float32]) -> NDArray[np.integer]:
        index = self._index
        search = index.search_batched if self._threads == 1 else index.search_batched_parallel
        rows: NDArray[np.integer]
        rows, _ = search(queries, *self._parameters)
        return rows

    def search_one(self, query: NDArray[np.float32]) -> object:
        return self._index.search(query, *self._parameters)
