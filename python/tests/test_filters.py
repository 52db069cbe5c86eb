"""Masks, lists of ids and filters as Python has them, and what a search says of them."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone

import numpy as np
import oracle
import pytest

import martlet

UTC = timezone.utc
START = datetime(2024, 1, 1, tzinfo=UTC)
# ---- Masks and ids ------------------------------------------------------------------------------

ROWS = 400
VECTORS = oracle.gaussian(ROWS, 8, seed=11)
NAMES = [f"name {row}" for row in range(ROWS)]
MASK = np.random.default_rng(12).random(ROWS) < 0.3


@pytest.fixture(scope="module")
def numbered():
    index = martlet.Index(8)
    index.add(VECTORS, metadata={"row": np.arange(ROWS), "kind": ["even", "odd"] * (ROWS // 2)})
    return index


@pytest.fixture(scope="module")
def named():
    index = martlet.Index(8)
    index.add(VECTORS, ids=NAMES)
    return index


def allowed_rows(mask, k=5):
    """Return the nearest rows of a mask to some queries."""
    queries = oracle.gaussian(10, 8, seed=13)
    distances = np.where(mask, oracle.distances(VECTORS, queries, "l2"), np.inf)
    return queries, np.argsort(distances, axis=1)[:, :k].tolist()


@pytest.mark.parametrize("count", [1, 2, 60, 300, 1000, 1001])
def test_all_that_match_come_in_order(count):
    """So many, in no order when they are listed, that they are sorted another way than few are."""
    rng = np.random.default_rng(14)
    vectors = rng.integers(-3, 4, (1500, 2)).astype(np.float32)  # with many ties
    index = martlet.Index(2, M=4, ef_construction=20)
    index.add(vectors)
    mask = np.zeros(1500, bool)
    mask[rng.choice(1500, count, replace=False)] = True
    queries = rng.integers(-3, 4, (5, 2)).astype(np.float32)
    hits = index.search(queries, k=count, allow=mask, explain=True)
    assert hits.explanation.plan == "exact"
    rows = np.flatnonzero(mask)
    distances = oracle.distances(vectors[rows], queries, "l2")
    order = np.argsort(distances, axis=1, kind="stable")
    assert hits.ids.tolist() == rows[order].tolist()
    assert hits.distances.tolist() == np.take_along_axis(distances, order, axis=1).tolist()


MASKS = {
    "array": MASK,
    "strided": np.repeat(MASK, 3)[::3],
    "reversed": MASK[::-1].copy()[::-1],
    "read-only": np.frombuffer(MASK.tobytes(), bool),
    "list": MASK.tolist(),
    "list of NumPy bools": list(MASK),
    "tuple": tuple(MASK.tolist()),
}


@pytest.mark.parametrize("form", MASKS)
def test_masks(form, numbered):
    queries, expected = allowed_rows(MASK)
    assert numbered.search(queries, k=5, ef=ROWS, allow=MASKS[form]).ids.tolist() == expected


@pytest.mark.parametrize("library", ["pyarrow", "polars", "pandas"])
def test_masks_of_other_libraries(library, numbered):
    module = pytest.importorskip(library)
    queries, expected = allowed_rows(MASK)
    if library == "pyarrow":
        twice = module.array([*MASK, *MASK])
        masks = [module.array(MASK), twice[ROWS:], module.chunked_array([MASK[:7], MASK[7:]])]
    else:
        masks = [module.Series(MASK)]
    for mask in masks:
        assert numbered.search(queries, k=5, ef=ROWS, allow=mask).ids.tolist() == expected


def test_a_broadcast_mask(numbered):
    hits = numbered.search(VECTORS[:3], k=5, allow=np.broadcast_to(np.False_, ROWS))
    assert hits.counts.tolist() == [0, 0, 0]
    assert (hits.ids == -1).all()
    assert np.isinf(hits.distances).all()
    hits = numbered.search(VECTORS[:3], k=1, allow=np.broadcast_to(np.True_, ROWS))
    assert hits.ids[:, 0].tolist() == [0, 1, 2]


def test_allowed_ids(numbered, named):
    queries, expected = allowed_rows(MASK)
    rows = np.flatnonzero(MASK)
    for ids in (rows, rows[::-1], rows.tolist(), [*rows, 10**9, -1, rows[0]], rows.astype("i2")):
        assert numbered.search(queries, k=5, ef=ROWS, allow=ids).ids.tolist() == expected
    names = [NAMES[row] for row in rows]
    for ids in (names, np.array(names), [*names, "nobody", names[0]]):
        found = named.search(queries, k=5, ef=ROWS, allow=ids).ids.tolist()
        assert found == [[NAMES[row] for row in query] for query in expected]


def test_nothing_allowed(numbered, named):
    for index in (numbered, named, martlet.Index(8)):
        for ids in ([], np.array([], np.int64), np.array([], "U1")):
            hits = index.search(VECTORS[:2], k=3, allow=ids)
            assert hits.counts.tolist() == [0, 0]


BAD_MASKS = {
    "short": (MASK[:-1], ValueError, "allow has 399 booleans; expected 400"),
    "long": (np.ones(ROWS + 1, bool), ValueError, "allow has 401 booleans"),
    "empty": (np.array([], bool), ValueError, "allow has 0 booleans"),
    "short list": ([True], ValueError, "allow has 1 booleans"),
    "matrix": (np.ones((ROWS, 1), bool), ValueError, "shape"),
    "mixed": ([True, 5], TypeError, r"allow\[1\] is 5"),
    "ids, then a bool": ([5, True], TypeError, r"allow\[1\] is True"),
    "floats": (np.ones(ROWS), TypeError, "float64; expected integers or strings"),
    "of the other kind": (["a", "b"], martlet.IdKindError, "string"),
    "string": ("abc", TypeError, "got str"),
    "number": (5, TypeError, "got int"),
    "masked": (np.ma.masked_equal(MASK, True), TypeError, "mask"),
}


@pytest.mark.parametrize("case", BAD_MASKS)
def test_bad_masks(case, numbered):
    allow, kind, message = BAD_MASKS[case]
    with pytest.raises(kind, match=message):
        numbered.search(VECTORS[0], allow=allow)


# ---- Filters from Python ------------------------------------------------------------------------


def test_python_values_in_filters(numbered):
    for where, expected in (
        ({"row": np.int8(7)}, 1),
        ({"row": {"$lt": np.float32(2.5)}}, 3),
        ({"row": {"$in": np.array([1, 2, 3])}}, 3),
        ({"row": {"$in": (1, 2, 10**6)}}, 2),
        ({"kind": np.str_("odd")}, ROWS // 2),
        ({"kind": {"$in": np.array(["odd", "x"])}}, ROWS // 2),
        ({}, ROWS),
    ):
        assert numbered.count(where) == expected
    assert numbered.count() == ROWS


def test_times_in_filters():
    index = martlet.Index(1)
    times = [START + timedelta(days=day) for day in range(5)]
    index.add(np.zeros((5, 1)), metadata={"at": times})
    paris = timezone(timedelta(hours=2))
    for operand in (
        times[2],
        times[2].replace(tzinfo=None),
        times[2].astimezone(paris),
        date(2024, 1, 3),
        np.datetime64("2024-01-03"),
        np.datetime64("2024-01-03T00:00:00.000000000"),
        "2024-01-03",
        "2024-01-03T00:00:00Z",
        "2024-01-03T02:00:00+02:00",
    ):
        assert index.count({"at": operand}) == 1
        assert index.count({"at": {"$gt": operand}}) == 2


BAD_FILTERS = {
    "unknown field": ({"nobody": 1}, martlet.FilterError, "nobody"),
    "unknown operator": ({"row": {"$near": 1}}, martlet.FilterError, r"\$near"),
    "operator as a field": ({"$gt": 1}, martlet.FilterError, r"\$gt"),
    "operand of another type": ({"row": "a"}, martlet.FilterError, "row"),
    "order of booleans": ({"row": {"$gt": True}}, martlet.FilterError, "row"),
    "prefix of a number": ({"row": {"$startswith": "1"}}, martlet.FilterError, "row"),
    "$in without a list": ({"row": {"$in": 5}}, martlet.FilterError, "row"),
    "$or without a list": ({"$or": {}}, martlet.FilterError, r"\$or"),
    "NaN": ({"row": math.nan}, martlet.FilterError, "JSON"),
    "infinity": ({"row": {"$lt": math.inf}}, martlet.FilterError, "JSON"),
    "NaN of NumPy": ({"row": np.float32("nan")}, martlet.FilterError, "JSON"),
    "lone surrogate": ({"kind": "\ud800"}, martlet.FilterError, "JSON"),
    "key that is no string": ({1: 2}, TypeError, "the key 1 is no string"),
    "key further down": ({"$or": [{"row": {None: 2}}]}, TypeError, "the key None"),
    "set": ({"row": {"$in": {1, 2}}}, TypeError, r"where: .*set"),
    "object": ({"row": object()}, TypeError, "where: "),
    "bytes": ({"kind": b"odd"}, TypeError, "where: "),
    "list": ([{"row": 1}], TypeError, "expected a dict"),
    "string": ('{"row": 1}', TypeError, "expected a dict"),
}


@pytest.mark.parametrize("case", BAD_FILTERS)
def test_bad_filters_are_named(case, numbered):
    where, kind, message = BAD_FILTERS[case]
    for call in (numbered.count, lambda where: numbered.search(VECTORS[0], where=where)):
        with pytest.raises(kind, match=message):
            call(where)


@pytest.mark.parametrize("depth", [63, 70, 100_000])
def test_nesting_of_filters(depth, numbered):
    where = {"row": 1}
    for _ in range(depth - 1):
        where = {"$not": where}
    if depth < 65:
        assert numbered.count(where) == (1 if depth % 2 else ROWS - 1)
    else:
        with pytest.raises(martlet.FilterError):
            numbered.count(where)


def test_json_columns_cannot_be_filtered():
    index = martlet.Index(1)
    index.add([[0], [1]], metadata={"x": [{"a": 1}, None]})
    assert index.count({"x": {"$exists": True}}) == 1
    with pytest.raises(martlet.FilterError, match="x"):
        index.count({"x": {"a": 1}})


# ---- Explanations -------------------------------------------------------------------------------


def test_explanations(numbered):
    assert numbered.search(VECTORS[0]).explanation is None
    plain = numbered.search(VECTORS[0], explain=True).explanation
    assert (plain.plan, plain.rows, plain.matching, plain.fallbacks) == ("plain", ROWS, ROWS, 0)
    assert plain.beam_width == 64
    assert plain.distances > 0
    one = numbered.search(VECTORS[:7], where={"row": 3}, explain=True)
    assert (one.ids[:, 0] == 3).all()
    assert one.counts.tolist() == [1] * 7
    assert (one.explanation.plan, one.explanation.matching) == ("exact", 1)
    assert one.explanation.beam_width == 0
    assert one.explanation.distances == 7
    assert one.explanation.scan_cost < one.explanation.beam_cost


@pytest.mark.parametrize("share", [0.002, 0.01, 0.1, 0.5, 0.9])
def test_k_matches_whenever_there_are_k(share):
    vectors = oracle.clustered(5000, 16, seed=14)
    index = martlet.Index(16, M=8, ef_construction=40)
    index.add(vectors)
    mask = np.random.default_rng(15).random(5000) < share
    queries = oracle.clustered(50, 16, seed=16)
    hits = index.search(queries, k=10, ef=10, allow=mask, explain=True)
    assert hits.explanation.matching == mask.sum()
    assert (hits.counts == min(10, mask.sum())).all()
    assert mask[hits.ids[hits.ids >= 0]].all()
    hits = index.search(queries, k=10, ef=200, allow=mask)
    distances = np.where(mask, oracle.distances(vectors, queries, "l2"), np.inf)
    limit = np.sort(distances, axis=1)[:, 9:10]
    found = np.take_along_axis(distances, np.maximum(hits.ids, 0), axis=1)
    assert (found <= limit * (1 + 1e-6)).mean() >= 0.95
