"""Ids: any int64 or string, given or assigned, in place or copied; bad ones change nothing."""

from __future__ import annotations

import numpy as np
import pytest

import martlet

try:
    import pyarrow as pa
except ImportError:
    pa = None
try:
    import polars as pl
except ImportError:
    pl = None
try:
    import pandas as pd
except ImportError:
    pd = None

ROWS = np.arange(12, dtype=np.float32).reshape(4, 3)
LOWEST, HIGHEST = -(2**63), 2**63 - 1


@pytest.fixture
def index():
    index = martlet.Index(3)
    index.add(ROWS[:2], ids=[100, 200])
    return index


def test_assigned_ids_count_up_from_the_largest_ever_used():
    index = martlet.Index(3)
    assert index.add(ROWS).tolist() == [0, 1, 2, 3]
    assert index.add(ROWS[:1], ids=[-5]).tolist() == [-5]
    assert index.add(ROWS[:1], ids=[50]).tolist() == [50]
    assert index.add(ROWS[:2]).tolist() == [51, 52]


def test_assigned_ids_start_at_zero_after_negative_ones():
    index = martlet.Index(3)
    index.add(ROWS[:1], ids=[-10])
    assert index.add(ROWS[:1]).tolist() == [0]


@pytest.mark.parametrize("given", [[-1], [LOWEST], [HIGHEST], [0]])
def test_extreme_ids(given):
    index = martlet.Index(3)
    assert index.add(ROWS[0], ids=given).tolist() == given
    assert given[0] in index
    assert index.get(given[0]).tolist() == ROWS[0].tolist()
    hits = index.search(ROWS[0], k=2)
    assert hits.ids.tolist() == [given[0], -1]
    assert hits.counts == 1


def test_no_id_is_left_after_the_highest():
    index = martlet.Index(3)
    index.add(ROWS[0], ids=[HIGHEST])
    with pytest.raises(martlet.IndexFullError):
        index.add(ROWS[1])
    assert len(index) == 1


FORMS = {
    "list": [7, -8, 9, 10],
    "tuple": (7, -8, 9, 10),
    "list of NumPy integers": list(np.array([7, -8, 9, 10], np.int16)),
    "int8": np.array([7, -8, 9, 10], np.int8),
    "int32": np.array([7, -8, 9, 10], np.int32),
    "int64": np.array([7, -8, 9, 10], np.int64),
    "big-endian": np.array([7, -8, 9, 10], ">i8"),
    "strided": np.array([7, 0, -8, 0, 9, 0, 10, 0])[::2],
    "reversed": np.array([10, 9, -8, 7])[::-1],
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_ids(form):
    index = martlet.Index(3)
    added = index.add(ROWS, ids=FORMS[form])
    assert added.dtype == np.int64
    assert added.tolist() == [7, -8, 9, 10]
    assert index.get(FORMS[form]).tolist() == ROWS.tolist()
    assert [index.search(row, k=1).ids[0] for row in ROWS] == [7, -8, 9, 10]


def test_other_iterables():
    index = martlet.Index(3)
    assert index.add(ROWS, ids=range(5, 9)).tolist() == [5, 6, 7, 8]
    assert index.add(ROWS, ids=(i for i in range(9, 13))).tolist() == [9, 10, 11, 12]
    assert index.add(ROWS, ids=np.array([13, 14, 15, 16], np.uint64)).tolist() == [13, 14, 15, 16]


def test_one_id_for_all_rows_is_a_duplicate():
    index = martlet.Index(3)
    with pytest.raises(martlet.DuplicateIdError):
        index.add(ROWS, ids=np.broadcast_to(np.int64(3), 4))


BAD = {
    "in the index": ([1, 2, 200, 3], martlet.DuplicateIdError, "200"),
    "twice in the batch": ([1, 2, 3, 2], martlet.DuplicateIdError, "2"),
    "too few": ([1, 2, 3], ValueError, "3 ids for 4 vectors"),
    "too many": (range(5), ValueError, "5 ids for 4 vectors"),
    "float": ([1, 2, 3.0, 4], TypeError, r"ids\[2\] is 3.0 \(float\); expected an integer"),
    "bool": ([1, 2, 3, True], TypeError, r"ids\[3\] is True \(bool\)"),
    "NumPy bool": ([1, 2, 3, np.True_], TypeError, r"ids\[3\]"),
    "text": ([1, 2, "3", 4], TypeError, r"ids\[2\] is '3' \(str\); expected an integer"),
    "strings": (["1", "2", "3", "4"], martlet.IdKindError, "string"),
    "string array": (np.array(["a", "b", "c", "d"]), martlet.IdKindError, "string"),
    "integer among strings": (["1", "2", 3, "4"], TypeError, r"ids\[2\] is 3 \(int\)"),
    "None first": ([None, 2, 3, 4], TypeError, r"ids\[0\] is None.*integer or a string"),
    "None": ([1, None, 3, 4], TypeError, r"ids\[1\] is None"),
    "string": ("abcd", TypeError, "got str"),
    "number": (5, TypeError, "got int"),
    "beyond int64": ([1, 2, 3, 2**63], ValueError, r"ids\[3\] is 9223372036854775808"),
    "below int64": ([1, -(2**63) - 1, 3, 4], ValueError, r"ids\[1\] is -9223372036854775809"),
    "float array": (np.arange(4.0), TypeError, "float64; expected integers"),
    "bool array": (np.ones(4, bool), TypeError, "bool; expected integers"),
    "uint64 beyond": (np.array([1, 2, 3, 2**63], np.uint64), ValueError, r"ids\[3\]"),
    "matrix": (np.arange(4).reshape(2, 2), ValueError, r"shape \(2, 2\)"),
    "masked": (np.ma.masked_equal(np.arange(4), 2), TypeError, "mask"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_ids_are_named_and_change_nothing(case, index):
    ids, kind, message = BAD[case]
    with pytest.raises(kind, match=message):
        index.add(ROWS, ids=ids)
    assert len(index) == 2
    assert 1 not in index
    assert index.search(ROWS[3], k=5).ids.tolist() == [200, 100, -1, -1, -1]
    assert index.add(ROWS[2]).tolist() == [201]


def test_contains(index):
    assert 100 in index
    assert np.int32(200) in index
    assert 7 not in index
    for other in (100.0, "100", None, True, [100], 2**64, np.float32(100), np.array([100, 200])):
        assert other not in index


def test_get(index):
    assert index.get(200).tolist() == [3, 4, 5]
    assert index.get(np.int64(200)).shape == (3,)
    assert index.get([200]).shape == (1, 3)
    assert index.get([200, 100, 200]).tolist() == [[3, 4, 5], [0, 1, 2], [3, 4, 5]]
    assert index.get([]).shape == (0, 3)
    assert index.get(200).dtype == np.float32


@pytest.mark.parametrize("wanted", [7, [100, 7, 8], np.array([7])])
def test_get_names_the_first_missing_id(index, wanted):
    with pytest.raises(KeyError) as caught:
        index.get(wanted)
    assert isinstance(caught.value, martlet.UnknownIdError)
    assert "7" in str(caught.value)
    assert not str(caught.value).startswith(("'", '"'))


def test_ids_beyond_int64_are_named(index):
    for number in (2**63, -(2**63) - 1):
        for call in (
            lambda wanted: index.get(wanted),
            lambda wanted: index.metadata(wanted),
            lambda wanted: index.remove(wanted),
            lambda wanted: index.update_metadata(wanted, {}),
            lambda wanted: index.search(ROWS[0], allow=wanted),
        ):
            with pytest.raises(ValueError, match=rf"\[1\] is {number}, which int64 cannot hold"):
                call([100, number])
    sources = [np.array([1, 2, 3, 2**63], np.uint64)]
    if pa is not None:
        sources.append(pa.array([1, 2, 3, 2**63], pa.uint64()))
    if pl is not None:
        sources.append(pl.Series([1, 2, 3, 2**63], dtype=pl.UInt64))
    if pd is not None:
        sources += [pd.Series([1, 2, 3, 2**63]), pd.Series([1, 2, 3, 2**63], dtype="UInt64")]
    for ids in sources:
        with pytest.raises(ValueError, match=r"ids\[3\] is 9223372036854775808"):
            index.add(ROWS, ids=ids)
    assert len(index) == 2


def test_assigned_ids_never_come_again(index, tmp_path):
    path = tmp_path / "index.martlet"
    assert index.add(ROWS[:2]).tolist() == [201, 202]
    index.remove([202, 200])
    index.save(path)
    loaded = martlet.Index.load(path)
    assert loaded.add(ROWS[:2], ids=[-1, 200]).tolist() == [-1, 200]
    assert loaded.add(ROWS[0]).tolist() == [203]
    loaded.clear()
    loaded.save(path)
    assert martlet.Index.load(path).upsert(ROWS[0]).tolist() == [204]


@pytest.mark.parametrize("wanted", [1.5, "100", ["100"], [None], [1.5], True])
def test_get_takes_ids_of_the_kind_only(index, wanted):
    for call in (index.get, index.metadata):
        with pytest.raises(TypeError):
            call(wanted)
    with pytest.raises(TypeError):
        index.get(None)


# ---- Strings ----------------------------------------------------------------------------------

NAMES = ["a", "", "\0 \0\0", "smörgås 🍞"]
LONG = "ö" * 2**19  # 1 MB in UTF-8


def arrow_forms():
    """Return the names as data of other libraries, of those that are there."""
    forms = {}
    if pa is not None:
        forms["string"] = pa.array(NAMES, pa.string())
        forms["large_string"] = pa.array(NAMES, pa.large_string())
        forms["string_view"] = pa.array([*NAMES], pa.string_view())
        forms["sliced"] = pa.array(["x", "y", *NAMES, "z"])[2:6]
        forms["chunked"] = pa.chunked_array([NAMES[:1], [], NAMES[1:]])
        forms["dictionary"] = pa.array(NAMES).dictionary_encode()
    if pl is not None:
        forms["polars"] = pl.Series(NAMES)
        forms["polars chunks"] = pl.Series(NAMES[:2]).append(pl.Series(NAMES[2:]))
        forms["polars categories"] = pl.Series(NAMES, dtype=pl.Categorical)
    if pd is not None:
        forms["pandas"] = pd.Series(NAMES)
        forms["pandas objects"] = pd.Series(NAMES, dtype=object)
        forms["pandas index"] = pd.Index(NAMES)
    return forms


STRING_FORMS = {
    "list": NAMES,
    "tuple": tuple(NAMES),
    "iterator": NAMES,
    "objects": np.array(NAMES, object),
    "NumPy strings": [np.str_(name) for name in NAMES],
    **arrow_forms(),
}
if hasattr(np, "dtypes") and hasattr(np.dtypes, "StringDType"):  # NumPy 2
    STRING_FORMS["StringDType"] = np.array(NAMES, np.dtypes.StringDType())


@pytest.mark.parametrize("form", STRING_FORMS)
def test_forms_of_strings(form):
    index = martlet.Index(3)
    given = STRING_FORMS[form]
    added = index.add(ROWS, ids=iter(given) if form == "iterator" else given)
    assert added.dtype == object
    assert added.tolist() == NAMES
    assert index.get(given).tolist() == ROWS.tolist()
    assert all(name in index for name in NAMES)
    assert [index.search(row, k=1).ids[0] for row in ROWS] == NAMES
    assert index.stats()["id_kind"] == "str"


@pytest.mark.parametrize(
    "given",
    [
        np.array(["a", "bö", "ccc", "d"]),
        np.array(["a", "bö", "ccc", "d"])[::-1][::-1],
        np.char.encode(np.array(["a", "bö", "ccc", "d"]), "utf-8"),
        np.array(["a", "bö", "ccc", "d"], ">U3"),
    ],
    ids=["U", "reversed", "S", "big-endian"],
)
def test_string_arrays(given):
    index = martlet.Index(3)
    assert index.add(ROWS, ids=given).tolist() == ["a", "bö", "ccc", "d"]
    assert index.get("bö").tolist() == ROWS[1].tolist()


def test_strings_in_results():
    index = martlet.Index(3)
    index.add(ROWS, ids=NAMES)
    one = index.search(ROWS[3], k=5)
    assert one.ids.dtype == object
    assert one.ids.tolist() == [*NAMES[::-1], None]
    assert one.counts == 4
    many = index.search(ROWS[[1, 0]], k=2)
    assert many.ids.tolist() == [["", "a"], ["a", ""]]
    assert index.search(ROWS, k=0).ids.shape == (4, 0)
    assert index.search(ROWS[:0], k=3).ids.shape == (0, 3)
    assert index.search(ROWS[0], k=0).ids.tolist() == []


def test_looking_up_strings():
    index = martlet.Index(3)
    index.add(ROWS, ids=NAMES)
    assert index.get("").tolist() == [3, 4, 5]
    assert index.get(NAMES[::-1]).tolist() == ROWS[::-1].tolist()
    assert index.get([]).shape == (0, 3)
    assert index.metadata([]) == []
    for other in ("b", "A", "a ", 0, None, True, b"a", ["a"], "\ud800"):
        assert other not in index
    for call in (index.get, index.metadata):
        with pytest.raises(KeyError, match="smorgas"):
            call(["a", "smorgas", "x"])
        for wrong in (0, [0], np.array([1, 2])):
            with pytest.raises(martlet.IdKindError):
                call(wrong)


def test_a_string_of_a_megabyte():
    index = martlet.Index(3)
    index.add(ROWS[:2], ids=[LONG, LONG + "x"])
    assert index.search(ROWS[1], k=2).ids.tolist() == [LONG + "x", LONG]
    assert LONG in index
    assert LONG[:-1] not in index
    assert index.add(ROWS[2], ids=[LONG[:-1]]).tolist() == [LONG[:-1]]


def test_many_strings():
    names = [f"{'é' * (i % 3)}{i}" for i in range(3000)]
    vectors = np.random.default_rng(5).standard_normal((3000, 3), np.float32)
    index = martlet.Index(3)
    index.add(vectors[:1000], ids=names[:1000])
    index.add(vectors[1000:], ids=np.array(names[1000:]))
    assert len(index) == 3000
    order = np.random.default_rng(6).permutation(3000)
    assert index.get([names[i] for i in order]).tobytes() == vectors[order].tobytes()
    assert index.search(vectors, k=1).ids[:, 0].tolist() == names


BAD_STRINGS = {
    "in the index": (["x", "b", "y", "z"], martlet.DuplicateIdError, "b"),
    "twice in the batch": (["x", "y", "x", "z"], martlet.DuplicateIdError, "x"),
    "too few": (["x", "y"], ValueError, "2 ids for 4 vectors"),
    "integers": ([1, 2, 3, 4], martlet.IdKindError, "integer"),
    "integer array": (np.arange(4), martlet.IdKindError, "integer"),
    "none given": (None, martlet.IdKindError, "string"),
    "None": (["x", None, "y", "z"], TypeError, r"ids\[1\] is None.*expected a string"),
    "NaN": (["x", "y", float("nan"), "z"], TypeError, r"ids\[2\] is nan"),
    "bytes": ([b"x", b"y", b"z", b"w"], TypeError, r"ids\[0\]"),
    "bytes among strings": (["x", "y", b"z", "w"], TypeError, r"ids\[2\] is b'z' \(bytes\)"),
    "lone surrogate": (["x", "y", "z\udc80", "w"], ValueError, r"ids\[2\] has a lone surrogate"),
    "no UTF-8": (np.array([b"x", b"\xff", b"y", b"z"]), martlet.InvalidTextError, "1"),
    "float array": (np.arange(4.0), TypeError, "float64; expected integers or strings"),
    "a string": ("wxyz", TypeError, "got str"),
}


@pytest.mark.parametrize("case", BAD_STRINGS)
def test_bad_strings_are_named_and_change_nothing(case):
    index = martlet.Index(3)
    index.add(ROWS[:2], ids=["a", "b"])
    ids, kind, message = BAD_STRINGS[case]
    before = index.stats()
    with pytest.raises(kind, match=message):
        index.add(ROWS, ids=ids)
    assert index.stats() == before
    assert "x" not in index
    assert index.search(ROWS[3], k=3).ids.tolist() == ["b", "a", None]
    assert index.add(ROWS[2:], ids=["x", "y"]).tolist() == ["x", "y"]


def test_the_first_add_that_succeeds_decides_the_kind():
    index = martlet.Index(3)
    with pytest.raises(martlet.DuplicateIdError):
        index.add(ROWS, ids=["x", "x", "y", "z"])
    assert index.search(ROWS[0], k=1).ids.tolist() == [-1]
    index.add(ROWS, ids=[4, 3, 2, 1])
    assert index.search(ROWS[0], k=1).ids.tolist() == [4]
    assert index.stats()["id_kind"] == "int"
