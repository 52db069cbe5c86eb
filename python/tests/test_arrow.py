"""Frames and tables of pyarrow, polars and pandas: in without a copy where possible, and out."""

from __future__ import annotations

import sys
from datetime import date, datetime, timezone
from decimal import Decimal

import numpy as np
import pytest

import martlet
from martlet import _columns, _ids, _structs

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")
pd = pytest.importorskip("pandas")

UTC = timezone.utc
TIMES = [datetime(2024, 6, 21, 12, 30, 15, 123456), None, datetime(1969, 7, 20)]
AWARE = [time and time.replace(tzinfo=UTC) for time in TIMES]
COLUMNS = {
    "flag": [True, None, False],
    "year": [2020, None, -1],
    "score": [0.5, None, -2.0],
    "lang": ["sv", None, "a rather long string, smörgås"],
    "at": TIMES,
    "tags": [["x", "y"], None, []],
}
TYPES = dict(zip(COLUMNS, ("bool", "int64", "float64", "string", "datetime", "tags")))
RECORDS = [dict(zip(COLUMNS, row)) for row in zip(*{**COLUMNS, "at": AWARE}.values())]
TABLE = pa.table(COLUMNS)
FRAME = pl.DataFrame(COLUMNS)


def added(metadata, rows=3, index=None):
    """Return an index that has metadata of some rows."""
    index = index or martlet.Index(2)
    index.add(np.ones((rows, 2), np.float32), metadata=metadata)
    return index


class Foreign:
    """Arrow data of a library that has nothing but the protocol."""

    def __init__(self, data):
        self.data = data

    def __arrow_c_stream__(self, requested_schema=None):
        return self.data.__arrow_c_stream__(requested_schema)


class Once:
    """A record batch, by the protocol for arrays."""

    def __init__(self, data):
        self.data = data

    def __arrow_c_array__(self, requested_schema=None):
        return self.data.__arrow_c_array__(requested_schema)


FORMS = {
    "table": TABLE,
    "record batch": TABLE.to_batches()[0],
    "sliced table": pa.concat_tables([TABLE, TABLE]).combine_chunks()[3:6],
    "table of chunks": pa.concat_tables([TABLE[:1], TABLE[1:1], TABLE[1:]]),
    "columns": {name: TABLE[name] for name in COLUMNS},
    "arrays": {name: TABLE[name].combine_chunks() for name in COLUMNS},
    "frame": FRAME,
    "sliced frame": pl.concat([FRAME, FRAME], rechunk=True)[3:6],
    "frame of chunks": pl.concat([FRAME[:2], FRAME[2:]], rechunk=False),
    "series": {name: FRAME[name] for name in COLUMNS},
    "stream": Foreign(TABLE),
    "stream of chunks": Foreign(pa.concat_tables([TABLE[:1], TABLE[1:]])),
    "stream of frame": Foreign(FRAME),
    "capsules": Once(TABLE.to_batches()[0]),
    "large types": TABLE.cast(
        pa.schema(
            {
                **{name: TABLE.schema.field(name).type for name in COLUMNS},
                "lang": pa.large_string(),
                "tags": pa.large_list(pa.large_string()),
            }
        )
    ),
    "pandas of Arrow types": TABLE.to_pandas(types_mapper=pd.ArrowDtype),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(form):
    index = added(FORMS[form])
    assert index.columns == TYPES
    assert index.metadata() == RECORDS


def test_pandas():
    frame = pd.DataFrame(
        {
            "flag": pd.array(COLUMNS["flag"], "boolean"),
            "year": pd.array(COLUMNS["year"], "Int64"),
            "score": pd.array(COLUMNS["score"], "Float64"),
            "lang": COLUMNS["lang"],
            "at": pd.to_datetime(TIMES),
            "tags": COLUMNS["tags"],
        },
        index=[7, 5, 3],
    )
    assert added(frame).metadata() == RECORDS
    assert added(frame).columns == TYPES
    objects = frame.astype({"lang": object, "flag": object, "year": object})
    assert added(objects).metadata() == RECORDS
    paris = frame.assign(at=frame["at"].dt.tz_localize("UTC").dt.tz_convert("Europe/Paris"))
    assert added(paris).metadata() == RECORDS
    categories = frame.assign(lang=frame["lang"].astype("category"))
    assert added(categories).metadata() == RECORDS
    assert added({name: frame[name] for name in frame}).metadata() == RECORDS


def test_nan_is_kept_in_pandas_floats():
    values = [record["x"] for record in added(pd.DataFrame({"x": [1.0, np.nan]}), 2).metadata()]
    assert values[0] == 1.0
    assert np.isnan(values[1])


def test_pandas_without_pyarrow(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    frame = pd.DataFrame({"year": pd.array([1, None], "Int64"), "lang": ["a", None]})
    assert added(frame, 2).metadata() == [
        {"year": 1, "lang": "a"},
        {"year": None, "lang": None},
    ]


NUMBERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64()]
NUMBERS += [pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
NUMBERS += [pa.float16(), pa.float32(), pa.float64()]


@pytest.mark.parametrize("type_", NUMBERS, ids=str)
def test_numbers(type_):
    floats = pa.types.is_floating(type_)
    values = [np.float16(value) if floats else value for value in (0, 1, 2, 100)]
    array = pa.array([*values, None], type_)[1:]
    index = added({"x": array}, 4)
    assert index.columns["x"] == ("float64" if floats else "int64")
    assert [record["x"] for record in index.metadata()] == [1, 2, 100, None]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Paris"])
def test_times(unit, zone):
    time = datetime(2024, 6, 21, 12, 30)
    array = pa.array([time, None], pa.timestamp(unit)).cast(pa.timestamp(unit, zone))
    index = added({"x": array}, 2)
    assert index.columns["x"] == "datetime"
    assert index.metadata()[0]["x"] == time.replace(tzinfo=UTC)
    assert index.metadata()[1]["x"] is None


@pytest.mark.parametrize("type_", [pa.date32(), pa.date64()], ids=str)
def test_dates(type_):
    array = pa.array([date(1969, 7, 20), None], type_)
    values = [record["x"] for record in added({"x": array}, 2).metadata()]
    assert values == [datetime(1969, 7, 20, tzinfo=UTC), None]


OTHERS = {
    "dictionary": (pa.array(["a", None, "b", "a"]).dictionary_encode(), "string"),
    "sliced dictionary": (pa.array(["x", "a", "b"]).dictionary_encode()[1:], "string"),
    "numbers in a dictionary": (pa.array([7, 5, 7]).dictionary_encode(), "int64"),
    "string views": (
        pa.array(["a", None, "a string longer than 12", ""], pa.string_view()),
        "string",
    ),
    "sliced bools": (pa.array([True, False, None, True] * 5)[3:17], "bool"),
    "sliced strings": (pa.array(["a", "bb", None, "ccc"] * 5)[3:17], "string"),
    "sliced tags": (pa.array([["a"], [], None, ["b", "c"]] * 5)[3:17], "tags"),
    "tags that are views": (pa.array([["a"], None], pa.list_(pa.string_view())), "tags"),
    "tags with null": (pa.array([["a", None], ["b"]]), "json"),
    "lists of numbers": (pa.array([[1, 2], None, []]), "json"),
    "fixed-size lists": (pa.array([[1, 2], [3, 4]], pa.list_(pa.int8(), 2)), "json"),
    "structs": (pa.array([{"a": 1, "b": ["x"]}, None, {"a": None, "b": []}]), "json"),
    "sliced structs": (pa.array([{"a": number} for number in range(5)])[2:4], "json"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_types(case):
    array, type_ = OTHERS[case]
    index = added({"x": array}, len(array))
    assert index.columns["x"] == type_
    assert [record["x"] for record in index.metadata()] == array.to_pylist()


def test_polars_categories():
    values = ["a", None, "b"]
    for dtype in (pl.Categorical, pl.Enum(["b", "a"])):
        index = added({"x": pl.Series(values, dtype=dtype)})
        assert [record["x"] for record in index.metadata()] == values


def test_nulls_have_no_type():
    index = added({"x": pa.nulls(3), "year": [1, 2, 3]})
    assert index.columns == {"year": "int64"}
    added({"year": pa.nulls(3)}, index=index)
    assert [record["year"] for record in index.metadata()] == [1, 2, 3, None, None, None]


def test_integers_for_a_column_of_floats():
    index = added({"x": [0.5, 1.5, 2.5]})
    added({"x": pa.array([1, None, 3])}, index=index)
    assert [record["x"] for record in index.metadata()][3:] == [1.0, None, 3.0]


def test_empty_tables():
    index = added(TABLE)
    for empty in (TABLE[:0], FRAME[:0], Foreign(pa.table(TABLE.schema.empty_table()))):
        assert added(empty, 0, index).metadata() == RECORDS
        with pytest.raises(ValueError, match="0 values; expected 3"):
            added(empty, 3, index)


BAD = {
    "binary": (pa.table({"x": [b"a"] * 3}), TypeError),
    "decimals": (pa.table({"x": [Decimal(1)] * 3}), TypeError),
    "time of day": (pa.table({"x": pa.array([1] * 3, pa.time64("us"))}), TypeError),
    "one array": (pa.array([1, 2, 3]), TypeError),
    "twice": (pa.table([[1, 2, 3], [4, 5, 6]], ["x", "x"]), ValueError),
    "twice in pandas": (pd.DataFrame([[1, 2]] * 3, columns=["x", "x"]), ValueError),
    "number as a name": (pd.DataFrame([[1, 2]] * 3), TypeError),
    "another length": (TABLE[:2], ValueError),
    "another type": (pa.table({"year": ["a", "b", "c"]}), TypeError),
    "uint64": (pa.table({"year": pa.array([1, 2, 2**63], pa.uint64())}), TypeError),
    "mixed pandas": (pd.DataFrame({"x": pd.Series(["a", 1, None], dtype=object)}), TypeError),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_tables_change_nothing(case):
    metadata, kind = BAD[case]
    index = added(TABLE)
    before = index.stats()
    with pytest.raises(kind):
        added(metadata, index=index)
    assert index.stats() == before
    assert index.metadata() == RECORDS


def test_a_stream_that_fails():
    def batches():
        yield TABLE.to_batches()[0]
        raise OSError("the disk is gone")

    reader = pa.RecordBatchReader.from_batches(TABLE.schema, batches())
    with pytest.raises(OSError, match="the disk is gone"):
        added(reader)


def test_memory_is_released():
    before = pa.total_allocated_bytes()
    index = martlet.Index(2)
    for _ in range(3):
        table = pa.table({"x": np.arange(100_000), "y": [str(number) for number in range(100_000)]})
        _columns.read(Foreign(table), 100_000, {})
        with pytest.raises(ValueError, match="expected 3"):
            added(Foreign(table), 3, index)
    del table
    assert pa.total_allocated_bytes() == before


def addresses(column):
    """Return where the values of a column lie, as the library is told."""
    struct = column.struct
    if struct.strings:
        strings = _structs.Strings.from_address(struct.strings)
        return {strings.data, strings.offsets}
    return {struct.values}


def test_arrow_data_is_read_in_place():
    for table in (TABLE.combine_chunks(), TABLE.combine_chunks()[1:]):
        columns = _columns.read(table, len(table), {}).columns
        for name, column in zip(COLUMNS, columns):
            array = table[name].chunk(0)
            known = [buffer.address for buffer in array.buffers() if buffer is not None]
            size = 8 if name in ("year", "score", "at") else 0
            if name in ("lang", "tags"):
                data, offsets = known[-1], known[-2]
                start = 4 * array.offset if name == "lang" else 0
                assert addresses(column) == {data, offsets + start}
            else:
                assert addresses(column) == {known[-1] + size * array.offset}


def test_arrays_are_read_in_place():
    records = np.zeros(4, [("a", "u1"), ("b", "f4"), ("at", "M8[ms]")])
    frame = pd.DataFrame(np.ones((4, 3)), columns=["a", "b", "c"])
    for given in ({name: records[name] for name in records.dtype.names}, frame):
        for name, column in zip(given, _columns.read(given, 4, {}).columns):
            array = np.asarray(given[name])
            assert column.struct.values == array.__array_interface__["data"][0]
            assert column.struct.stride == array.strides[0]


def test_ids_are_read_in_place():
    strings = pa.array(["a", "bb", "ccc"])[1:]
    texts = _ids.read(strings).texts
    assert texts.strings.data == strings.buffers()[2].address
    assert texts.strings.offsets == strings.buffers()[1].address + 4
    integers = pa.array([1, 2, 3])[1:]
    assert _ids.read(integers).struct.integers == integers.buffers()[1].address + 8


def test_ids_in_pandas_categories():
    index = martlet.Index(2)
    categories = pd.Series(pd.Categorical(["b", "a", "c"]))
    assert index.add(np.ones((3, 2)), ids=categories).tolist() == ["b", "a", "c"]


def test_integer_ids():
    vectors = np.eye(3, dtype=np.float32)
    forms = [pa.array([5, 6, 7]), pa.array([5, 6, 7], pa.uint8()), pa.chunked_array([[5], [6, 7]])]
    forms += [pl.Series([5, 6, 7]), pd.Series([5, 6, 7]), pd.Index([5, 6, 7])]
    for ids in forms:
        index = martlet.Index(3)
        assert index.add(vectors, ids=ids).tolist() == [5, 6, 7]
        assert index.get(ids).tolist() == vectors.tolist()
    for ids in (pa.array([1, None, 3]), pa.array([1.0, 2.0, 3.0]), pa.array([True, False, True])):
        with pytest.raises(TypeError, match=r"ids\["):
            martlet.Index(3).add(vectors, ids=ids)
    with pytest.raises(TypeError, match=r"ids\[1\] is None"):
        martlet.Index(3).add(vectors, ids=pl.Series(["a", None, "b"]))


def stored():
    """Return an index of string ids with a column of every type."""
    index = martlet.Index(2, "cosine")
    metadata = {**COLUMNS, "extra": [{"a": 1}, None, [2]], "id": [7, 8, 9]}
    index.add([[3, 4], [0, 1], [5, 6]], ids=["a", "b", "smörgås"], metadata=metadata)
    return index


def test_to_arrow():
    table = stored().to_arrow()
    assert table["id"].to_pylist() == ["a", "b", "smörgås"]
    assert table["vector"].type == pa.list_(pa.float32(), 2)
    assert table["vector"].to_pylist() == [[3, 4], [0, 1], [5, 6]]
    assert table.select(list(COLUMNS)).to_pylist() == RECORDS
    assert table["extra"].to_pylist() == ['{"a":1}', None, "[2]"]
    assert table["metadata.id"].to_pylist() == [7, 8, 9]
    assert table["at"].type == pa.timestamp("us", "UTC")
    table.validate(full=True)
    assert added(table.select(list(COLUMNS))).metadata() == RECORDS


def test_to_arrow_of_integers():
    index = martlet.Index(2)
    assert index.to_arrow().to_pylist() == []
    index.add([[3, 4], [0, 1]], ids=[-5, 70])
    assert index.to_arrow().to_pylist() == [
        {"id": -5, "vector": [3, 4]},
        {"id": 70, "vector": [0, 1]},
    ]


def test_to_pandas():
    frame = stored().to_pandas()
    assert frame["id"].tolist() == ["a", "b", "smörgås"]
    assert [vector.tolist() for vector in frame["vector"]] == [[3, 4], [0, 1], [5, 6]]
    assert frame["year"].dtype == "Int64"
    assert frame["year"].isna().tolist() == [False, True, False]
    assert frame["flag"][0] is np.True_
    assert frame["at"][0] == pd.Timestamp(AWARE[0])


@pytest.mark.parametrize(
    ("method", "library"),
    [("to_arrow", "pyarrow"), ("to_pandas", "pandas"), ("to_pandas", "pyarrow")],
)
def test_what_needs_a_library_says_so(method, library, monkeypatch):
    index = stored()
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=rf"{method}\(\) needs {library}"):
        getattr(index, method)()
