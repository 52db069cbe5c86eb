"""Metadata comes back as it was given, typed by column."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest
from conftest import MIDSUMMER
from conftest import VECTORS as ROWS

import martlet

UTC = timezone.utc
PARIS = timezone(timedelta(hours=2))
LONG = "ö" * 2**19  # 1 MB in UTF-8


@pytest.fixture
def index(every_type):
    return every_type


def stored(values, rows=None):
    """Return what comes back of a column, and the type of it."""
    index = martlet.Index(3)
    index.add(np.ones((len(values) if rows is None else rows, 3)), metadata={"x": values})
    return [record["x"] for record in index.metadata()], index.columns["x"]


def test_every_type(index):
    assert index.columns == {
        "flag": "bool",
        "year": "int64",
        "score": "float64",
        "lang": "string",
        "at": "datetime",
        "tags": "tags",
        "extra": "json",
    }
    assert index.metadata("a") == {
        "flag": True,
        "year": 2020,
        "score": 0.5,
        "lang": "sv",
        "at": MIDSUMMER,
        "tags": ["x", "y"],
        "extra": {"deep": [1, None]},
    }
    assert index.metadata("b") == dict.fromkeys(index.columns)
    assert index.metadata(["b", "a", "b"]) == [index.metadata(name) for name in "bab"]
    assert index.metadata() == index.metadata(["a", "b"])
    assert index.stats()["columns"] == 7
    assert index.stats()["bytes"]["metadata"] > 0


def test_without_metadata():
    index = martlet.Index(3)
    assert index.columns == {}
    assert index.metadata() == []
    index.add(ROWS)
    assert index.metadata() == [{}] * 4
    assert index.metadata(2) == {}
    assert index.stats()["columns"] == 0


def test_columns_that_appear_later(index):
    index.add(ROWS[2], ids=["c"], metadata=[{"new": 1, "lang": "fi"}])
    index.add(ROWS[3], ids=["d"])
    assert list(index.columns)[-1] == "new"
    assert index.metadata("a")["new"] is None
    assert index.metadata("c") == {**dict.fromkeys(index.columns), "new": 1, "lang": "fi"}
    assert index.metadata("d") == dict.fromkeys(index.columns)


INFERRED = {
    "bools": ([True, False, None], "bool", None),
    "ints": ([1, -(2**63), 2**63 - 1, None], "int64", None),
    "floats": ([1.5, math.inf, None, -0.0], "float64", None),
    "ints and floats": ([1, 2.5, None], "float64", [1.0, 2.5, None]),
    "strings": (["", "a\0b", "smörgås 🍞", None, LONG], "string", None),
    "aware times": ([MIDSUMMER.astimezone(PARIS), None], "datetime", [MIDSUMMER, None]),
    "naive times": ([MIDSUMMER.replace(tzinfo=None)], "datetime", [MIDSUMMER]),
    "early times": (
        [datetime(1, 1, 1, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)],
        "datetime",
        None,
    ),
    "dates": ([date(2024, 6, 21), None], "datetime", [datetime(2024, 6, 21, tzinfo=UTC), None]),
    "tags": ([["a", "b"], [], None, ["smörgås"]], "tags", None),
    "tuples of tags": ([("a",), ()], "tags", [["a"], []]),
    "lists of numbers": ([[1, 2], [], None], "json", None),
    "tags with None": ([["a", None], ["b"]], "json", None),
    "dicts": ([{"a": {"b": [True, None, "ö"]}}, {}, None], "json", None),
    "dicts and others": ([{"a": 1}, "a", 1, 2.5, True, [1], None], "json", None),
    "NumPy's bools": ([np.True_, False, None], "bool", [True, False, None]),
    "NumPy's ints": ([np.int8(-1), np.uint64(7), 3], "int64", [-1, 7, 3]),
    "NumPy's floats": ([np.float32(0.5), np.float64(1), 2], "float64", [0.5, 1.0, 2.0]),
    "NumPy's strings": ([np.str_("a"), "b"], "string", ["a", "b"]),
    "NumPy's times": (
        [np.datetime64("2024-06-21"), np.datetime64("NaT", "D"), None],
        "datetime",
        [datetime(2024, 6, 21, tzinfo=UTC), None, None],
    ),
    "arrays of tags": ([np.array(["a", "b"]), None], "tags", [["a", "b"], None]),
    "NumPy in JSON": (
        [{"a": np.int64(1), "b": np.arange(2), "c": date(2024, 6, 21)}],
        "json",
        [{"a": 1, "b": [0, 1], "c": "2024-06-21"}],
    ),
}


@pytest.mark.parametrize("case", INFERRED)
def test_types_are_inferred_from_all_values(case):
    given, type_, expected = INFERRED[case]
    values, found = stored(given)
    assert found == type_
    assert values == (given if expected is None else expected)
    assert [type(value) for value in values] == [
        type(value) for value in (given if expected is None else expected)
    ]


ARRAYS = {
    **{
        f"{dtype}": (np.array([0, 1, 100]).astype(dtype), "int64")
        for dtype in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i4", ">u8")
    },
    **{
        f"{dtype}": (np.array([0.5, -2, 100]).astype(dtype), "float64")
        for dtype in ("f2", "f4", "f8", ">f8")
    },
    "bool": (np.array([True, False, True]), "bool"),
    "strided bool": (np.array([True, False, True, True, False])[::2], "bool"),
    "reversed": (np.arange(3)[::-1], "int64"),
    "broadcast": (np.broadcast_to(np.float32(2.5), 3), "float64"),
    "field of records": (np.array([(1, 2), (3, 4)], "u1, i8")["f1"], "int64"),
    "U": (np.array(["a", "", "smörgås"]), "string"),
    "objects": (np.array(["a", None, "b"], object), "string"),
    "empty objects": (np.array([], object), None),
}


if hasattr(np, "dtypes") and hasattr(np.dtypes, "StringDType"):  # NumPy 2
    ARRAYS["StringDType"] = (np.array(["a", "", "smörgås"], np.dtypes.StringDType()), "string")


@pytest.mark.parametrize("case", ARRAYS)
def test_arrays(case):
    given, type_ = ARRAYS[case]
    if type_ is None:
        return
    values, found = stored(given)
    assert found == type_
    assert values == given.tolist()


@pytest.mark.parametrize("unit", ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "25s"])
def test_time_arrays(unit):
    given = np.array(["1969-07-20T20:17:40", "NaT", "2024-06-21"]).astype(f"M8[{unit}]")
    values, type_ = stored(given)
    assert type_ == "datetime"
    expected = given.astype("M8[us]").tolist()
    assert values == [time and time.replace(tzinfo=UTC) for time in expected]
    assert stored(given[::-1])[0] == values[::-1]
    assert stored(given.astype(given.dtype.newbyteorder(">")))[0] == values


def test_nanoseconds_are_rounded_down():
    given = np.array([-1, 999, 1000, -1001]).astype("M8[ns]")
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert stored(given)[0] == [epoch + timedelta(microseconds=number) for number in (-1, 0, 1, -2)]


def test_times_beyond_those_of_python():
    given = np.array(["12024-01-01", "2024-01-01"], "M8[us]")
    values, _ = stored(given)
    assert values == [given[0].astype(int), datetime(2024, 1, 1, tzinfo=UTC)]


def test_bytes_are_utf8():
    assert stored(np.char.encode(np.array(["a", "smörgås"]), "utf-8")) == (
        ["a", "smörgås"],
        "string",
    )


@pytest.mark.skipif("StringDType" not in ARRAYS, reason="needs NumPy 2")
@pytest.mark.parametrize("missing", [None, math.nan])
def test_missing_strings_are_null(missing):
    given = np.array(["a", missing, ""], np.dtypes.StringDType(na_object=missing))
    assert stored(given) == (["a", None, ""], "string")


def test_nan_is_kept():
    values, type_ = stored([math.nan, None, 1.0])
    assert type_ == "float64"
    assert math.isnan(values[0])
    assert values[1:] == [None, 1.0]


@pytest.mark.parametrize("values", [[math.nan, None, 1.0], np.array([math.nan, -math.nan, 1.0])])
def test_nan_compares_false(values):
    index = martlet.Index(3)
    index.add(ROWS[:3], metadata={"x": values})
    for operators, number in (
        ({"$lt": 1e308, "$lte": 1, "$gt": -1e308, "$gte": 1, "$eq": 1}, 1),
        ({"$lt": 1, "$lte": 0, "$gt": 1, "$gte": 2, "$eq": 0}, 0),
        ({"$ne": 0}, 3),
        ({"$ne": 1}, 2),
    ):
        for operator, operand in operators.items():
            assert index.count({"x": {operator: operand}}) == number
    nulls = 1 if values[1] is None else 0
    assert index.count({"x": {"$exists": True}}) == 3 - nulls
    assert index.count({"x": None}) == nulls


def test_dicts_of_different_keys():
    index = martlet.Index(3)
    index.add(ROWS, metadata=[{"a": 1}, {}, {"b": "x", "a": None}, {"c": [1]}])
    assert index.columns == {"a": "int64", "b": "string", "c": "json"}
    assert index.metadata() == [
        {"a": 1, "b": None, "c": None},
        {"a": None, "b": None, "c": None},
        {"a": None, "b": "x", "c": None},
        {"a": None, "b": None, "c": [1]},
    ]


def test_other_collections():
    index = martlet.Index(3)
    index.add(ROWS[:2], metadata=({"a": number} for number in range(2)))
    index.add(ROWS[2:], metadata={"a": (number for number in range(2, 4))})
    assert [record["a"] for record in index.metadata()] == [0, 1, 2, 3]


def test_a_column_of_nulls_takes_the_type_there_is(index):
    index.add(ROWS[2], ids=["c"], metadata=[{**dict.fromkeys(index.columns), "unknown": None}])
    assert "unknown" not in index.columns
    assert index.metadata("c") == index.metadata("b")


def test_values_take_the_type_of_the_column(index):
    record = {"score": 3, "extra": "text", "tags": []}
    index.add(ROWS[2], ids=["c"], metadata=[record])
    columns = {"score": np.array([7]), "extra": np.array([2.5]), "lang": np.array(["fi"])}
    index.add(ROWS[3], ids=["d"], metadata=columns)
    assert {name: index.metadata("c")[name] for name in record} == {**record, "score": 3.0}
    assert {name: index.metadata("d")[name] for name in columns} == {
        "score": 7.0,
        "extra": 2.5,
        "lang": "fi",
    }


def test_names_of_columns():
    names = ["", "a b", "a\0b", "smörgås 🍞", "a$", "id", "vector", LONG]
    index = martlet.Index(3)
    index.add(ROWS[0], metadata=[{name: number for number, name in enumerate(names)}])
    assert list(index.columns) == names
    assert index.metadata(0) == {name: number for number, name in enumerate(names)}


def test_update(index):
    index.update_metadata(["b", "a"], {"year": [1999, None], "score": np.array([1, 2])})
    assert (index.metadata("a")["year"], index.metadata("b")["year"]) == (None, 1999)
    assert (index.metadata("a")["score"], index.metadata("b")["score"]) == (2.0, 1.0)
    assert index.metadata("a")["lang"] == "sv"
    index.update_metadata(["b"], [{"lang": "fi", "new": True}])
    assert index.metadata("b")["lang"] == "fi"
    assert index.columns["new"] == "bool"
    assert index.metadata("a")["new"] is None
    index.update_metadata("a", {"lang": None})
    assert index.metadata("a")["lang"] is None
    index.update_metadata([], {"lang": []})
    index.update_metadata([], [])
    assert len(index) == 2


def test_update_by_integers():
    index = martlet.Index(3)
    index.add(ROWS, ids=[40, 30, 20, 10], metadata={"x": [0, 1, 2, 3]})
    index.update_metadata(np.array([10, 40])[::-1], {"x": np.array([7, 8])})
    assert [record["x"] for record in index.metadata()] == [7, 1, 2, 8]


def test_search_includes_metadata(index):
    index.add(ROWS[2:], ids=["c", "d"], metadata={"year": [2022, 2023]})
    one = index.search(ROWS[3], k=6, include=["metadata"])
    assert one.ids.tolist() == ["d", "c", "b", "a", None, None]
    assert one.metadata == index.metadata(["d", "c", "b", "a"])
    many = index.search(ROWS[[0, 2]], k=2, include=("metadata",))
    assert many.ids.tolist() == [["a", "b"], ["c", "b"]]
    assert many.metadata == [index.metadata(row) for row in (["a", "b"], ["c", "b"])]
    assert index.search(ROWS[:2], k=0, include=["metadata"]).metadata == [[], []]
    assert index.search(ROWS[:0], include=["metadata"]).metadata == []
    assert index.search(ROWS[0]).metadata is None
    with pytest.raises(ValueError, match="'vectors'"):
        index.search(ROWS[0], include=["vectors"])


def test_search_of_an_empty_index_includes_metadata():
    hits = martlet.Index(3).search(ROWS[:2], include=["metadata"])
    assert hits.metadata == [[], []]


def test_metadata_of_integer_ids():
    index = martlet.Index(3)
    index.add(ROWS, ids=[40, 30, 20, 10], metadata={"x": [0, 1, 2, 3]})
    hits = index.search(ROWS[2], k=1, include=["metadata"])
    assert hits.ids.tolist() == [20]
    assert hits.metadata == [{"x": 2}]
    with pytest.raises(KeyError, match="50"):
        index.metadata([40, 50, 60])


def test_large_batches():
    rows = 20_000
    index = martlet.Index(2, M=4, ef_construction=8)
    rng = np.random.default_rng(4)
    for start in range(0, rows, rows // 2):
        numbers = range(start, start + rows // 2)
        records = [
            {"n": n, "text": f"{'é' * (n % 5)}{n}", "tags": [str(n % 7)] * (n % 3)}
            if n % 4
            else {"n": n}
            for n in numbers
        ]
        index.add(rng.standard_normal((rows // 2, 2), np.float32), metadata=records)
    for n, record in enumerate(index.metadata()):
        assert record["n"] == n
        assert record["text"] == (f"{'é' * (n % 5)}{n}" if n % 4 else None)
        assert record["tags"] == ([str(n % 7)] * (n % 3) if n % 4 else None)
