"""Arrays of every layout and element type are read in place, and right."""

from __future__ import annotations

import ctypes

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from layouts import DTYPES, LAYOUTS

import martlet
from martlet import _arrays

METRICS = ["l2", "ip", "cosine"]


@st.composite
def matrices(draw, max_rows=40, max_dim=40):
    """Draw a matrix of any layout and type, whose sums float32 can hold."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(st.tuples(st.integers(1, max_rows), st.integers(1, max_dim)))
    if dtype.kind == "f":
        elements = st.floats(-1000, 1000, width=8 * dtype.itemsize, allow_subnormal=False)
    else:
        elements = None
    return draw(st.sampled_from(LAYOUTS))(draw(hnp.arrays(dtype, shape, elements=elements)))


@st.composite
def vectors_and_queries(draw):
    """Draw two matrices of one dim, each of its own layout and type."""
    vectors, queries = draw(matrices()), draw(matrices(max_rows=5))
    dim = min(vectors.shape[1], queries.shape[1])
    return vectors[:, :dim], queries[:, :dim]


@settings(max_examples=150, deadline=None)
@given(vectors_and_queries(), st.sampled_from(METRICS), st.integers(1, 50))
def test_search_equals_exact_search(drawn, metric, k):
    vectors, queries = drawn
    if metric == "cosine":  # Zero and nearly zero vectors have no direction.
        vectors, queries = (x[np.linalg.norm(x.astype(np.float64), axis=1) > 1e-6] for x in drawn)
    index = martlet.Index(vectors.shape[1], metric)
    assert index.add(vectors).tolist() == list(range(len(vectors)))
    hits = index.search(queries, k=k)

    found = min(k, len(vectors))
    assert hits.ids.shape == hits.distances.shape == (len(queries), k)
    assert (hits.counts == found).all()
    assert (hits.ids[:, found:] == -1).all()
    assert np.isinf(hits.distances[:, found:]).all()
    if found == 0 or len(queries) == 0:
        return
    given = np.asarray(vectors, np.float32)
    exact = oracle.distances(given, np.asarray(queries, np.float32), metric)
    ids, distances = hits.ids[:, :found], hits.distances[:, :found]
    assert all(len(set(row)) == found for row in ids.tolist())
    assert (np.diff(distances, axis=1) >= 0).all()
    if metric == "cosine":
        assert ((distances >= 0) & (distances <= 2)).all()
    scale = 1 + np.abs(given.astype(np.float64)).max() ** 2 * given.shape[1]
    tolerance = 1e-5 * (scale if metric != "cosine" else 1)
    np.testing.assert_allclose(distances, np.sort(exact)[:, :found], rtol=1e-4, atol=tolerance)
    np.testing.assert_allclose(
        distances, np.take_along_axis(exact, ids, axis=1), rtol=1e-4, atol=tolerance
    )


@settings(max_examples=100, deadline=None)
@given(matrices())
def test_get_returns_what_was_added(vectors):
    index = martlet.Index(vectors.shape[1], "ip")
    ids = index.add(vectors)
    assert index.get(ids).tobytes() == np.asarray(vectors, np.float32).tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_index(layout, dtype, assert_same_index):
    vectors = layout((10 * oracle.gaussian(300, 20, seed=1)).astype(dtype))
    plain = np.array(vectors, dtype=np.float32, order="C")
    one, other = martlet.Index(20), martlet.Index(20)
    one.add(vectors)
    other.add(plain)
    assert_same_index(one, other, vectors[:50])
    assert one.stats()["last_add"]["path"] == "array"
    assert one.stats()["last_add"]["element"] == dtype


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_arrays_are_passed_by_address(layout, dtype):
    vectors = layout(np.ones((6, 4), dtype))
    rows = _arrays.read_vectors(vectors, 4, "vectors")
    matrix = rows.matrix
    assert matrix.data == vectors.__array_interface__["data"][0]
    assert (matrix.row_stride, matrix.component_stride) == vectors.strides
    assert (matrix.rows, matrix.columns) == (6, 4)
    assert rows.copied_ns is None


@pytest.mark.parametrize("dtype", DTYPES)
def test_single_vectors_of_any_stride(dtype):
    matrix = np.arange(12).reshape(3, 4).astype(dtype)
    index = martlet.Index(4)
    index.add(matrix)
    assert index.search(matrix[1], k=1).ids.tolist() == [1]
    assert index.search(np.repeat(matrix[2], 2)[::2], k=1).ids.tolist() == [2]
    backwards = index.search(np.ascontiguousarray(matrix[2][::-1])[::-1], k=1)
    assert backwards.ids.tolist() == [2]
    assert backwards.distances.tolist() == [0]


@pytest.mark.parametrize(
    "dtype",
    ["int16", "int32", "int64", "uint16", "bool", "complex64", "object", ">f4", ">f8", "U3"],
)
def test_other_element_types_are_refused(dtype):
    vectors = np.ones((3, 4)).astype(dtype)
    index = martlet.Index(4)
    for call in (index.add, index.search):
        with pytest.raises(TypeError) as caught:
            call(vectors)
        assert str(vectors.dtype) in str(caught.value)
        assert "float32" in str(caught.value)
    assert len(index) == 0


def test_records_are_refused():
    records = np.zeros(3, [("x", "f4"), ("y", "f4")])
    with pytest.raises(TypeError, match="x"):
        martlet.Index(2).add(records)


def test_masked_arrays_are_refused():
    index = martlet.Index(2)
    with pytest.raises(TypeError, match="mask"):
        index.add(np.ma.masked_invalid([[1.0, 2.0], [np.nan, 3.0]]))
    assert len(index) == 0


@pytest.mark.parametrize("shape", [(), (2, 3, 4), (1, 1, 1, 4)])
def test_other_ranks_are_refused(shape):
    index = martlet.Index(4)
    for call in (index.add, index.search):
        with pytest.raises(martlet.DimensionError, match=r"expected \(dim,\) or \(rows, dim\)"):
            call(np.ones(shape, np.float32))


def test_subclasses_are_read_in_place():
    index = martlet.Index(2)
    index.add(np.ones((3, 2)).view(np.recarray))
    assert index.stats()["last_add"]["path"] == "array"


class Converts:
    """Has an ``__array__`` only, as the arrays of other libraries have."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return self.values


def test_arrays_of_other_libraries():
    index = martlet.Index(2)
    ids = index.add(Converts(np.ones((3, 2), np.float32)), ids=Converts(np.array([5, 6, 7])))
    assert ids.tolist() == [5, 6, 7]
    assert index.stats()["last_add"]["path"] == "array"


class Foreign:
    """Has an array interface and nothing else."""

    def __init__(self, numbers, **interface):
        self.memory = (ctypes.c_float * len(numbers))(*numbers)
        self.__array_interface__ = {
            "version": 3,
            "shape": (2, 2),
            "typestr": "<f4",
            "data": (ctypes.addressof(self.memory), True),
            **interface,
        }


def test_array_interface_without_strides():
    index = martlet.Index(2)
    index.add(Foreign([1, 2, 3, 4]))
    assert index.get([0, 1]).tolist() == [[1, 2], [3, 4]]


def test_array_interface_without_an_address():
    with pytest.raises(TypeError, match="address"):
        martlet.Index(2).add(Foreign([1, 2, 3, 4], data=None))


def test_array_interface_with_a_mask():
    with pytest.raises(TypeError, match="mask"):
        martlet.Index(2).add(Foreign([1, 2, 3, 4], mask=Foreign([0, 0, 0, 0])))
