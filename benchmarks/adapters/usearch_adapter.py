"""usearch over float32 or over one byte per number, as the benchmark sees it.

Its own conversion to one byte is made for vectors of unit length and loses much of others, so that
bytes are given to it: all numbers at one scale, and for l2 shifted, which distances do not feel.
"""

from __future__ import annotations

import importlib.metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray
from usearch.index import Index as Usearch

from adapters import BEAMS, Settings

# Vectors for cosine come at unit length.
_METRICS = {"l2": "l2sq", "ip": "ip", "cosine": "ip"}
_FIRST, _LAST = -127, 127
_BLOCK_ROWS = 10_000


class Index:
    version = importlib.metadata.version("usearch")
    efforts = BEAMS

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._index: Any = Usearch(
            ndim=settings.dim,
            metric=_METRICS[settings.metric],
            dtype=settings.form,
            connectivity=settings.M,
            expansion_add=settings.ef_construction,
            enable_key_lookups=False,
        )

    def add(self, base: NDArray[np.float32], threads: int) -> None:
        least, most = float(base.min()), float(base.max())
        if self._settings.metric != "l2":  # Zero stays where it is.
            least, most = -max(-least, most), max(-least, most)
        self._scale = np.float32((_LAST - _FIRST) / (most - least))
        self._shift = np.float32(_FIRST) - self._scale * np.float32(least)
        for first in range(0, len(base), _BLOCK_ROWS):
            rows = np.arange(first, min(first + _BLOCK_ROWS, len(base)))
            stored = self._stored(base[rows[0] : rows[-1] + 1])
            self._index.add(rows, stored, threads=threads)

    def tune(self, k: int, effort: int, threads: int) -> None:
        self._k, self._threads = k, threads
        self._index.expansion_search = effort

    def search(self, queries: NDArray[np.float32]) -> NDArray[np.integer]:
        asked = self._stored(queries)
        rows: NDArray[np.integer] = self._index.search(asked, self._k, threads=self._threads).keys
        return rows

    def search_one(self, query: NDArray[np.float32]) -> object:
        return self._index.search(self._stored(query), self._k, threads=1)

    def _stored(self, vectors: NDArray[np.float32]) -> NDArray[Any]:
        if self._settings.form == "f32":
            return vectors
        scaled = np.rint(vectors * self._scale + self._shift)
        stored: NDArray[np.int8] = scaled.clip(_FIRST, _LAST).astype(np.int8)
        return stored
