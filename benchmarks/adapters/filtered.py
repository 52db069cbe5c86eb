"""Searches limited to `column < bound`, one query per call, by each library in its own best form.

A condition goes in as the library takes it: as text or dict that it evaluates at each call, or as a
bitmap or callback made once and used for all queries, whose making is not timed. Row numbers are
the ids; missing results are -1.
"""

from __future__ import annotations

import importlib.metadata
import tempfile
from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[np.int64]]
#: One query of shape (dim,) and ef, to the row numbers of the matches.
Search = Callable[[NDArray[np.float32], int], Any]


class Martlet:
    """A condition evaluated at each call."""

    name = "martlet"

    def __init__(self, base: NDArray[np.float32], columns: Columns, metric: str) -> None:
        import martlet

        self.version = martlet.__version__
        self._index = martlet.Index(base.shape[1], metric)
        self._index.add(base, metadata=columns)

    def condition(self, column: str, bound: int, k: int) -> Search:
        where = {column: {"$lt": bound}}
        return lambda query, ef: self._index.search(query, k, ef=ef, where=where, threads=1).ids


class Hnswlib:
    """A Python callback per node, which looks its row up in bytes."""

    name = "hnswlib"

    def __init__(self, base: NDArray[np.float32], columns: Columns, metric: str) -> None:
        import hnswlib

        self.version = importlib.metadata.version("hnswlib")
        self._columns = columns
        self._index = hnswlib.Index(space=metric, dim=base.shape[1])
        self._index.init_index(max_elements=len(base), M=16, ef_construction=200)
        self._index.add_items(base)

    def condition(self, column: str, bound: int, k: int) -> Search:
        passes = (self._columns[column] < bound).tobytes().__getitem__

        def search(query: NDArray[np.float32], ef: int) -> Any:
            self._index.set_ef(ef)
            try:
                return self._index.knn_query(query, k=k, num_threads=1, filter=passes)[0][0]
            except RuntimeError:  # Fewer than k were found.
                return ()

        return search


class Faiss:
    """IDSelectorBitmap, made once."""

    name = "faiss"

    def __init__(self, base: NDArray[np.float32], columns: Columns, metric: str) -> None:
        import faiss

        self.version = faiss.__version__
        self._faiss, self._columns = faiss, columns
        kind = faiss.METRIC_L2 if metric == "l2" else faiss.METRIC_INNER_PRODUCT
        self._index = self._empty(base.shape[1], kind)
        self._index.add(unit(base) if metric == "cosine" else base)
        faiss.omp_set_num_threads(1)

    def _empty(self, dim: int, kind: int) -> Any:
        index = self._faiss.IndexHNSWFlat(dim, 16, kind)
        index.hnsw.efConstruction = 200
        return index

    def condition(self, column: str, bound: int, k: int) -> Search:
        bits = np.packbits(self._columns[column] < bound, bitorder="little")
        selector = self._faiss.IDSelectorBitmap(bits)

        def search(query: NDArray[np.float32], ef: int) -> Any:
            parameters = self._parameters(selector, ef)
            return self._index.search(query[None], k, params=parameters)[1][0]

        return search

    def _parameters(self, selector: Any, ef: int) -> Any:
        return self._faiss.SearchParametersHNSW(sel=selector, efSearch=ef)


class FaissFlat(Faiss):
    """The same over a flat index: faiss's own exact scan."""

    name = "faiss flat"

    def _empty(self, dim: int, kind: int) -> Any:
        return self._faiss.IndexFlat(dim, kind)

    def _parameters(self, selector: Any, ef: int) -> Any:
        return self._faiss.SearchParameters(sel=selector)


class Zvec:
    """A condition as SQL text; the columns have inverted indexes for ranges, the vectors int8."""

    name = "zvec"

    def __init__(self, base: NDArray[np.float32], columns: Columns, metric: str) -> None:
        import zvec

        self.version = importlib.metadata.version("zvec")
        self._zvec = zvec
        zvec.init(log_level=zvec.LogLevel.ERROR, query_threads=1)
        kinds = {"l2": "L2", "cosine": "COSINE", "ip": "IP"}
        ranges = zvec.InvertIndexParam(enable_range_optimization=True)
        graph = zvec.HnswIndexParam(
            getattr(zvec.MetricType, kinds[metric]), m=16, ef_construction=200,
            quantize_type=zvec.QuantizeType.INT8,
        )  # fmt: skip
        schema = zvec.CollectionSchema(
            "bench",
            [zvec.FieldSchema(name, zvec.DataType.INT64, False, ranges) for name in columns],
            zvec.VectorSchema("vector", zvec.DataType.VECTOR_FP32, base.shape[1], graph),
        )
        self._folder = tempfile.TemporaryDirectory()
        self._index = zvec.create_and_open(f"{self._folder.name}/bench", schema)
        for first in range(0, len(base), 1000):
            self._index.insert(
                [
                    zvec.Doc(
                        str(row),
                        vectors={"vector": base[row]},
                        fields={name: int(values[row]) for name, values in columns.items()},
                    )
                    for row in range(first, min(first + 1000, len(base)))
                ]
            )
        self._index.optimize()

    def condition(self, column: str, bound: int, k: int) -> Search:
        text = f"{column} < {bound}"

        def search(query: NDArray[np.float32], ef: int) -> Any:
            parameters = self._zvec.HnswQueryParam(ef=ef, is_using_refiner=True)
            asked = self._zvec.Query("vector", vector=query, param=parameters)
            found = self._index.query(asked, topk=k, filter=text, output_fields=[])
            return [int(each.id) for each in found]

        return search


class Omendb:
    """A condition as a dict."""

    name = "omendb"

    def __init__(self, base: NDArray[np.float32], columns: Columns, metric: str) -> None:
        import omendb

        self.version = importlib.metadata.version("omendb")
        self._index = omendb.open(
            ":memory:", dimensions=base.shape[1], m=16, ef_construction=200, metric=metric
        )
        for first in range(0, len(base), 10_000):
            rows = range(first, min(first + 10_000, len(base)))
            self._index.set(
                ids=[str(row) for row in rows],
                vectors=base[rows.start : rows.stop],
                metadatas=[
                    {name: int(values[row]) for name, values in columns.items()} for row in rows
                ],
            )

    def condition(self, column: str, bound: int, k: int) -> Search:
        where = {column: {"$lt": bound}}

        def search(query: NDArray[np.float32], ef: int) -> Any:
            return [int(each["id"]) for each in self._index.search(query, k, ef=ef, filter=where)]

        return search


class Lancedb:
    """A condition as SQL text, evaluated first, by scalar indexes; IVF_HNSW_SQ, refined."""

    name = "lancedb"

    def __init__(self, base: NDArray[np.float32], columns: Columns, metric: str) -> None:
        import lancedb
        import pyarrow as pa

        self.version = lancedb.__version__
        self._metric = metric
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(base.ravel()), base.shape[1])
        table = pa.table({"row": np.arange(len(base)), "vector": vectors, **columns})
        self._folder = tempfile.TemporaryDirectory()
        self._table = lancedb.connect(self._folder.name).create_table("bench", table)
        self._table.create_index(
            metric=metric, vector_column_name="vector", index_type="IVF_HNSW_SQ",
            num_partitions=1, m=16, ef_construction=200,
        )  # fmt: skip
        for name in columns:
            self._table.create_scalar_index(name)

    def condition(self, column: str, bound: int, k: int) -> Search:
        text = f"{column} < {bound}"

        def search(query: NDArray[np.float32], ef: int) -> Any:
            asked = self._table.search(query).distance_type(self._metric).ef(max(ef, 2 * k))
            found = asked.where(text, prefilter=True).refine_factor(2).limit(k)
            return found.select(["row", "_distance"]).to_arrow()["row"].to_numpy()

        return search


class Gathered:
    """NumPy over the matching vectors, gathered beforehand: a copy of them for each condition."""

    name = "NumPy, gathered"

    def __init__(self, base: NDArray[np.float32], columns: Columns, metric: str) -> None:
        self.version = np.__version__
        self._base = unit(base) if metric == "cosine" else base
        self._columns, self._metric = columns, metric

    def condition(self, column: str, bound: int, k: int) -> Search:
        rows = np.flatnonzero(self._columns[column] < bound)
        matching = np.ascontiguousarray(self._base[rows])
        halves = self._half_squares(matching)
        return lambda query, ef: rows[nearest(matching, halves, query, k)]

    def _half_squares(self, vectors: NDArray[np.float32]) -> Any:
        return np.einsum("nd,nd->n", vectors, vectors) / 2 if self._metric == "l2" else 0


class Exact(Gathered):
    """NumPy over the matching vectors, found and gathered at each call."""

    name = "NumPy"

    def condition(self, column: str, bound: int, k: int) -> Search:
        halves = self._half_squares(self._base)

        def search(query: NDArray[np.float32], ef: int) -> Any:
            rows = np.flatnonzero(self._columns[column] < bound)
            some = halves[rows] if self._metric == "l2" else 0
            return rows[nearest(self._base[rows], some, query, k)]

        return search


def nearest(vectors: NDArray[np.float32], halves: Any, query: NDArray[np.float32], k: int) -> Any:
    """Return the places of the vectors nearest to a query, in no order."""
    keys = halves - vectors @ query
    return np.argpartition(keys, min(k, len(keys)) - 1)[:k]


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the vectors at length 1."""
    scaled: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return scaled


LIBRARIES: dict[str, type[Any]] = {
    each.name: each
    for each in (Martlet, Hnswlib, Faiss, FaissFlat, Zvec, Omendb, Lancedb, Exact, Gathered)
}
