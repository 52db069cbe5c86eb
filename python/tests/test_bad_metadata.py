"""Bad metadata is named by row and column, and changes nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import MIDSUMMER
from conftest import VECTORS as ROWS

import martlet


@pytest.fixture
def index(every_type):
    return every_type


BAD = {
    "too few": ({"year": [1]}, ValueError, "'year' has 1 values; expected 2"),
    "too many": ({"year": np.arange(3)}, ValueError, "'year' has 3 values"),
    "lengths differ": ({"year": [1, 2], "lang": ["a"]}, ValueError, "'lang' has 1 values"),
    "too many nulls": ({"other": [None] * 3}, ValueError, "'other' has 3 values"),
    "too few dicts": ([{"year": 1}], ValueError, "1 dicts; expected 2"),
    "int and str": (
        {"other": [1, "a"]},
        TypeError,
        r"'other', row 1 is 'a' \(str\), but row 0 is 1",
    ),
    "bool and int": ({"other": [None, True], "x": [True, 1]}, TypeError, "'x', row 1 is 1"),
    "time and str": ({"other": ["a", MIDSUMMER]}, TypeError, "'other', row 1"),
    "str in a column of ints": (
        [{"year": 1}, {"year": "a"}],
        TypeError,
        "'year', row 1 is 'a'.*int64",
    ),
    "float in a column of ints": ({"year": [1.5, 2]}, TypeError, "'year', row 0 is 1.5.*int64"),
    "dict in a column of strings": (
        {"lang": ["a", {}]},
        TypeError,
        r"'lang', row 1 is \{\}.*string",
    ),
    "numbers as tags": ({"tags": [["a"], ["b", 1]]}, TypeError, "'tags', row 1"),
    "array of another type": ({"year": np.array(["a", "b"])}, TypeError, "'year', row 0"),
    "array of floats for ints": ({"year": np.ones(2)}, TypeError, '"year", row 0'),
    "array of ints for strings": ({"lang": np.arange(2)}, TypeError, '"lang", row 0'),
    "array of times for strings": (
        {"lang": np.array(["NaT", "2024"], "M8[s]")},
        TypeError,
        '"lang", row 1: the value is of type datetime, but the column is of type string',
    ),
    "complex array": ({"other": np.ones(2, complex)}, TypeError, "complex128"),
    "time spans": ({"other": np.ones(2, "m8[s]")}, TypeError, "timedelta64"),
    "matrix": ({"other": np.ones((2, 2))}, ValueError, r"shape \(2, 2\)"),
    "masked array": ({"other": np.ma.masked_equal([1, 2], 2)}, TypeError, "mask"),
    "int beyond int64": ({"year": [1, 2**63]}, ValueError, "'year', row 1 is 9223372036854775808"),
    "int below int64": ([{"other": -(2**63) - 1}, {}], ValueError, "'other', row 0"),
    "int beyond float64": ({"score": [1.0, 10**400]}, ValueError, "'score', row 1"),
    "uint64 beyond int64": ({"year": np.array([1, 2**63], np.uint64)}, TypeError, "year.*1"),
    "times beyond int64": (
        {"at": np.array([0, 2**62], "M8[s]")},
        TypeError,
        '"at", row 1: 4611686018427387904 seconds',
    ),
    "hours beyond int64": ({"at": np.array([0, 2**62], "M8[h]")}, TypeError, "'at', row 1 is"),
    "years beyond int64": ({"at": np.array([0, 2**62], "M8[Y]")}, TypeError, "'at', row 1 is"),
    "multiples beyond int64": ({"at": np.array([0, 2**62], "M8[25s]")}, TypeError, "'at', row 1"),
    "big-endian times beyond": ({"at": np.array([0, 2**62], ">M8[s]")}, TypeError, '"at", row 1'),
    "listed time beyond int64": (
        {"at": [None, np.datetime64(2**62, "D")]},
        TypeError,
        "'at', row 1 is .* more microseconds than int64",
    ),
    "a key of JSON twice": ({"extra": [{}, {1: "a", "1": "b"}]}, ValueError, '"extra", row 1.*"1"'),
    "lone surrogate": (
        {"lang": ["a", "b\udcff"]},
        ValueError,
        "'lang', row 1 has a lone surrogate",
    ),
    "surrogate in tags": (
        {"tags": [["a", "b"], ["\ud800"]]},
        ValueError,
        "a tag in .*'tags', row 1",
    ),
    "surrogate in JSON": ({"extra": [{}, {"a": "\ud800"}]}, ValueError, "'extra', row 1"),
    "bytes without UTF-8": ({"lang": np.array([b"a", b"\xff"])}, ValueError, "1"),
    "NaN in JSON": ({"extra": [{}, {"a": math.nan}]}, ValueError, "'extra', row 1 cannot be kept"),
    "a set": ({"other": [{"a"}, {"b"}]}, TypeError, "'other', row 0 cannot be kept as JSON"),
    "bytes": ({"other": [b"a", b"b"]}, TypeError, "'other', row 0 cannot be kept as JSON"),
    "an object": ({"extra": [object(), 1]}, TypeError, "'extra', row 0"),
    "key that is no string": ({1: [1, 2]}, TypeError, "the key 1 of metadata"),
    "key in a dict": ([{"year": 1}, {None: 2}], TypeError, "the key None of metadata"),
    "surrogate in a name": ({"a\ud800": [1, 2]}, ValueError, "no UTF-8"),
    "name of an operator": ({"$eq": [1, 2]}, ValueError, r"\$eq"),
    "string as a column": ({"lang": "ab"}, TypeError, "'lang'.*got str"),
    "dict as a column": ({"lang": {"a": 1, "b": 2}}, TypeError, "'lang'.*got dict"),
    "number as a column": ({"year": 2020}, TypeError, "'year'.*got int"),
    "list of others": ([{"year": 1}, None], TypeError, r"metadata\[1\] is None; expected a dict"),
    "string": ("ab", TypeError, "got str"),
    "number": (5, TypeError, "got int"),
    "array": (np.ones((2, 2)), TypeError, "metadata"),
}


def deep():
    nested = []
    for _ in range(100_000):
        nested = [nested]
    return nested


@pytest.mark.parametrize("case", [*BAD, "deep JSON"])
def test_bad_metadata_is_named_and_changes_nothing(case, index):
    metadata, kind, message = BAD.get(case) or (
        {"extra": [{}, deep()]},
        ValueError,
        "'extra', row 1",
    )
    columns, records, stats = index.columns, index.metadata(), index.stats()
    for call in (
        lambda: index.add(ROWS[2:], ids=["c", "d"], metadata=metadata),
        lambda: index.update_metadata(["a", "b"], metadata),
    ):
        with pytest.raises(kind, match=message):
            call()
        assert (index.columns, index.metadata(), index.stats()) == (columns, records, stats)
        assert "c" not in index
    assert index.search(ROWS[3], k=3).ids.tolist() == ["b", "a", None]
    index.add(ROWS[2:], ids=["c", "d"], metadata={"year": [1, 2]})
    assert index.metadata("d")["year"] == 2


def test_metadata_is_not_added_if_anything_else_is_wrong(index):
    columns, stats = index.columns, index.stats()
    bad = ROWS[2:].copy()
    bad[1, 2] = np.nan
    for vectors, ids in ((bad, ["c", "d"]), (ROWS[2:], ["c", "a"]), (ROWS[2:], ["c", "c"])):
        with pytest.raises(ValueError, match=r"row 1|a|c"):
            index.add(vectors, ids=ids, metadata={"new": [1, 2], "lang": ["fi", "de"]})
        assert (index.columns, index.stats()) == (columns, stats)


@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        (["a", "x"], martlet.UnknownIdError),
        (["a", "a"], martlet.DuplicateIdError),
        ([1, 2], martlet.IdKindError),
    ],
)
def test_update_of_bad_ids_changes_nothing(index, ids, kind):
    records = index.metadata()
    with pytest.raises(kind):
        index.update_metadata(ids, {"year": [1, 2]})
    assert index.metadata() == records
