"""Shapes, counts and padding of what a search returns; bad arguments; bad values."""

from __future__ import annotations

import itertools
import pickle
import random

import numpy as np
import oracle
import pytest

import martlet

VECTORS = oracle.gaussian(5, 4, seed=5)


@pytest.fixture
def index():
    index = martlet.Index(4)
    index.add(VECTORS)
    return index


@pytest.mark.parametrize("k", [0, 1, 5, 9])
def test_shapes(index, k):
    one = index.search(VECTORS[0], k=k)
    assert one.ids.shape == one.distances.shape == (k,)
    assert one.counts == min(k, 5)
    assert isinstance(one.counts, int)
    for rows in (0, 1, 3):
        many = index.search(VECTORS[:rows], k=k)
        assert many.ids.shape == many.distances.shape == (rows, k)
        assert many.counts.tolist() == [min(k, 5)] * rows
        assert (many.ids.dtype, many.distances.dtype) == (np.int64, np.float32)
        assert many.counts.dtype == np.int64


def test_hits_unpack_into_two(index):
    hits = index.search(VECTORS[:2], k=3)
    ids, distances = hits
    assert ids is hits.ids
    assert distances is hits.distances
    assert repr(hits).startswith("Hits(ids=array(")


@pytest.mark.parametrize("k", [0, 1, 3, 7, 2000])
def test_single_queries_of_all_kinds_find_the_same(index, k):
    expected = index.search(VECTORS[1:2], k=k)
    read_only = np.frombuffer(VECTORS[1].tobytes(), np.float32)
    strided = np.repeat(VECTORS[1], 2)[::2]
    for query in (VECTORS[1], read_only, strided, VECTORS[1].astype(">f4").astype("f4")):
        for _ in range(2):
            hits = index.search(query, k=k)
            assert hits.ids.tolist() == expected.ids[0].tolist()
            assert hits.distances.tolist() == expected.distances[0].tolist()
            assert hits.counts == expected.counts[0]


def test_single_queries_of_every_type_and_shape_take_turns(index):
    """Each needs other memory than the one before, and has matches of the same shape as ever."""
    queries = (8 * VECTORS).astype("i1")
    expected = index.search(queries.tolist(), k=5, ef=5)
    turns = list(
        itertools.product(["f4", "f8", "f2", "i1"], [0, 1], [5, 3, np.int64(5)], [None, 5])
    )
    random.Random(9).shuffle(turns)
    for row, (dtype, axis, k, ef) in enumerate(turns * 2):
        row %= 5
        query = queries[row : row + 1] if axis else queries[row]
        hits = index.search(query.astype(dtype), k=k, ef=ef)
        assert hits.ids.shape == hits.distances.shape == ((1, k) if axis else (k,))
        assert hits.ids.ravel().tolist() == expected.ids[row, :k].tolist()
        assert hits.distances.ravel().tolist() == expected.distances[row, :k].tolist()
        assert np.ravel(hits.counts).tolist() == [k]
        assert isinstance(hits.counts, np.ndarray if axis else int)


def test_single_queries_that_are_refused_change_nothing(index):
    vectors = VECTORS.astype("f4")
    expected = index.search(vectors[1].tolist(), k=3)
    masked = np.ma.masked_array(vectors[1], [True, False, False, False])
    refused = [
        (masked, {}, TypeError),
        (vectors[1].astype(">f4"), {}, TypeError),
        (vectors[1].astype("i4"), {}, TypeError),
        (vectors[1].astype(complex), {}, TypeError),
        (vectors[1].astype(object), {}, TypeError),
        (vectors[1, :1], {}, martlet.DimensionError),
        (vectors[1:2, :1], {}, martlet.DimensionError),
        (vectors[1:2, None], {}, martlet.DimensionError),
        (np.float32(1), {}, martlet.DimensionError),
        (np.full(4, np.nan, "f4"), {}, martlet.NotFiniteError),
        (np.full(4, 1e300), {}, martlet.NotFiniteError),
        (vectors[1], {"k": 3.0}, TypeError),
        (vectors[1], {"k": -3}, ValueError),
        (vectors[1], {"k": 3, "ef": 64.0}, TypeError),
        (vectors[1], {"k": 3, "ef": 0}, ValueError),
        (vectors[1], {"k": 3, "threads": 0}, ValueError),
        (vectors[1], {"k": 3, "where": {"year": 2020}}, martlet.FilterError),
    ]
    for query, options, error in refused:
        with pytest.raises(error):
            index.search(query, **{"k": 3, **options})
        hits = index.search(vectors[1], k=3)
        assert hits.ids.tolist() == expected.ids.tolist()
        assert hits.counts == 3


def test_single_queries_of_other_classes():
    class Named(np.ndarray):
        pass

    index = martlet.Index(4)
    index.add(VECTORS)
    query = VECTORS[2].astype("f4")
    expected = index.search(query.tolist(), k=3).ids.tolist()
    for given in (
        query.view(Named),
        pickle.loads(pickle.dumps(query)),
        memoryview(query),
        query[::-1][::-1],
    ):
        assert index.search(given, k=3).ids.tolist() == expected


def test_hits_of_single_queries_stay_as_they_are(index):
    first = index.search(VECTORS[0], k=5)
    before = first.ids.tolist(), first.distances.tolist()
    index.search(VECTORS[3], k=5)
    assert (first.ids.tolist(), first.distances.tolist()) == before


def test_more_than_there_are(index):
    hits = index.search(VECTORS[:2], k=8)
    assert sorted(hits.ids[0, :5].tolist()) == [0, 1, 2, 3, 4]
    assert (hits.ids[:, 5:] == -1).all()
    assert np.isinf(hits.distances[:, 5:]).all()
    assert (hits.distances[:, 5:] > 0).all()


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_empty_index(metric):
    index = martlet.Index(4, metric)
    hits = index.search(VECTORS[:2], k=3)
    assert hits.ids.tolist() == [[-1] * 3] * 2
    assert hits.counts.tolist() == [0, 0]
    assert len(index) == 0
    assert 0 not in index
    with pytest.raises(KeyError):
        index.get(0)


def test_adding_no_rows(index):
    assert index.add(np.empty((0, 4))).shape == (0,)
    assert len(index) == 5
    with pytest.raises(martlet.DimensionError):
        index.add(np.empty((0, 3)))


def test_equal_distances_come_in_the_order_added():
    index = martlet.Index(1)
    index.add([[1], [-1], [1], [-1]], ids=[40, 30, 20, 10])
    assert index.search([0], k=4).ids.tolist() == [40, 30, 20, 10]


def test_metrics():
    vectors, query = np.array([[3.0, 4.0], [-6.0, 8.0]]), [1.0, 0.0]
    distances = {"l2": [20.0, 113.0], "ip": [-2.0, 7.0], "cosine": [0.4, 1.6]}
    for metric, expected in distances.items():
        index = martlet.Index(2, metric)
        index.add(vectors)
        found = index.search(query, k=2)
        assert found.ids.tolist() == [0, 1]
        np.testing.assert_allclose(found.distances, expected, rtol=1e-6)
        assert index.get([0, 1]).tolist() == vectors.tolist()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_values_that_are_not_finite(index, dtype, bad):
    vectors = np.ones((6, 4), dtype)
    vectors[3, 2] = bad
    for call in (index.add, index.search):
        with pytest.raises(martlet.NotFiniteError, match=r"row 3\b.*column 2\b"):
            call(vectors)
    assert len(index) == 5
    assert index.search(np.ones(4), k=9).counts == 5


def test_float64_beyond_float32(index):
    with pytest.raises(martlet.NotFiniteError, match=r"row 1\b.*column 0\b"):
        index.add([[1, 1, 1, 1], [1e300, 0, 0, 0]])
    assert len(index) == 5


def test_vectors_too_long_to_measure(index):
    with pytest.raises(martlet.VectorLengthError, match=r"row 1\b"):
        index.add(np.array([[1, 1, 1, 1], [3e38, 3e38, 0, 0]], np.float32))
    assert len(index) == 5


def test_zero_vector_under_cosine():
    index = martlet.Index(4, "cosine")
    index.add(VECTORS)
    vectors = np.ones((6, 4), np.float32)
    vectors[4] = 0
    for call in (index.add, index.search):
        with pytest.raises(ValueError, match=r"row 4\b"):
            call(vectors)
    assert len(index) == 5


@pytest.mark.parametrize("shape", [(3,), (5,), (2, 3), (2, 5), (0,)])
def test_wrong_dimension(index, shape):
    for call in (index.add, index.search):
        with pytest.raises(martlet.DimensionError) as caught:
            call(np.ones(shape, np.float32))
        assert str(shape[-1]) in str(caught.value)
        assert "4" in str(caught.value)
    assert len(index) == 5


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"k": -1}, ValueError),
        ({"k": 1.0}, TypeError),
        ({"k": None}, TypeError),
        ({"ef": 0}, ValueError),
        ({"ef": -1}, ValueError),
        ({"ef": 2**64}, ValueError),
        ({"ef": 2**32}, ValueError),
        ({"ef": "64"}, TypeError),
        ({"threads": 0}, ValueError),
        ({"threads": 1025}, ValueError),
        ({"threads": 2.0}, TypeError),
        ({"progress": "yes"}, TypeError),
        ({"progress": None}, TypeError),
    ],
)
def test_bad_options_of_search(index, options, kind):
    with pytest.raises(kind, match=next(iter(options))):
        index.search(VECTORS, **options)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"threads": 0}, ValueError),
        ({"threads": -2}, ValueError),
        ({"threads": 1025}, ValueError),
        ({"threads": "all"}, TypeError),
        ({"progress": 1}, TypeError),
    ],
)
def test_bad_options_of_add(index, options, kind):
    with pytest.raises(kind, match=next(iter(options))):
        index.add(VECTORS, **options)
    assert len(index) == 5


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"dim": 0}, ValueError),
        ({"dim": -1}, ValueError),
        ({"dim": 65537}, ValueError),
        ({"dim": 4.0}, TypeError),
        ({"dim": "4"}, TypeError),
        ({"dim": 4, "metric": "euclid"}, ValueError),
        ({"dim": 4, "metric": "L2"}, ValueError),
        ({"dim": 4, "metric": None}, ValueError),
        ({"dim": 4, "M": 1}, ValueError),
        ({"dim": 4, "M": 513}, ValueError),
        ({"dim": 4, "M": 2**32 + 16}, ValueError),
        ({"dim": 4, "ef_construction": 0}, ValueError),
        ({"dim": 4, "seed": -1}, ValueError),
        ({"dim": 4, "seed": 2**64}, ValueError),
    ],
)
def test_bad_parameters_of_an_index(options, kind):
    with pytest.raises(kind, match=list(options)[-1]):
        martlet.Index(**options)


def test_extreme_parameters():
    for options in ({"dim": 1}, {"dim": 65536}, {"dim": 3, "M": 2}, {"dim": 3, "M": 512}):
        index = martlet.Index(ef_construction=1, seed=2**64 - 1, **options)
        index.add(np.ones((2, index.dim), np.int8))
        assert index.search(np.ones(index.dim), k=2).counts == 2


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("InvalidArgumentError", ValueError),
        ("ClosedIndexError", ValueError),
        ("DimensionError", ValueError),
        ("NotFiniteError", ValueError),
        ("VectorLengthError", ValueError),
        ("DuplicateIdError", ValueError),
        ("UnknownIdError", KeyError),
        ("OutOfMemoryError", MemoryError),
        ("InternalError", RuntimeError),
    ],
)
def test_errors_are_the_builtins_that_users_catch(name, builtin):
    assert issubclass(getattr(martlet, name), (martlet.MartletError, builtin))
    assert issubclass(getattr(martlet, name), builtin)
