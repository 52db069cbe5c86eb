"""Arrow's views and dictionaries of strings are read in place, and give the index of lists."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import martlet
from martlet import _columns, _ids, _structs

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")
pd = pytest.importorskip("pandas")

# Of every length around the 12 bytes that a view holds itself, and some that are met again.
TEXTS = st.one_of(
    st.sampled_from(["", "a", "twelve bytes", "thirteen byte", "smörgås 🍞", "\0"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
ROWS = st.lists(st.one_of(st.none(), TEXTS), min_size=1, max_size=12)


def views(values):
    """Return string views whose long strings are in several buffers."""
    half = len(values) // 2
    parts = [pa.array(part, pa.string_view()) for part in (values[:half], values[half:])]
    return pa.concat_arrays(parts)


def enum(values):
    """Return a series of polars over just the strings that there are."""
    return pl.Series(values, dtype=pl.Enum(pl.Series(values).drop_nulls().unique().sort()))


def sliced(make):
    """Return what is made of more values, and then cut."""
    return lambda values: make(["another, longer string", None, *values, "z"])[2:-1]


def dictionary(index, words):
    """Return a maker of Arrow's dictionaries."""
    return lambda values: pa.array(values).cast(pa.dictionary(index, words))


def chunks(make, join):
    """Return a maker of several chunks."""
    return lambda values: join([make(values[:2]), make(values[2:])])


def pandas_chunks(values):
    """Return a series of pandas of two chunks of Arrow's."""
    return chunks(lambda part: pd.Series(part, dtype="string[pyarrow]"), pd.concat)(values)


LAYOUTS = {
    "views": views,
    "sliced views": sliced(views),
    "chunks of views": chunks(views, pa.chunked_array),
    "polars": pl.Series,
    "sliced polars": lambda values: pl.Series(["x" * 20, None, *values, "z"])[2:-1],
    "chunks of polars": chunks(lambda part: pl.Series(part, dtype=pl.String), pl.concat),
    "polars categories": lambda values: pl.Series(values, dtype=pl.Categorical),
    "polars enum": enum,
    "pandas categories": lambda values: pd.Series(pd.Categorical(values)),
    "pandas chunks": pandas_chunks,
    "dictionary": dictionary(pa.int8(), pa.string()),
    "dictionary of large strings": dictionary(pa.uint64(), pa.large_string()),
    "sliced dictionary": sliced(dictionary(pa.int32(), pa.string())),
    "chunks of dictionaries": chunks(dictionary(pa.int16(), pa.string()), pa.chunked_array),
    "dictionary of views": lambda values: pa.DictionaryArray.from_arrays(
        pa.array(values).dictionary_encode().indices,
        views(pa.array(values).dictionary_encode().dictionary.to_pylist()),
    ),
}


def file_of(rows, ids=None, metadata=None):
    """Return an index's file: the same index has the same."""
    index = martlet.Index(1)
    index.add(np.zeros((rows, 1), np.float32), ids=ids, metadata=metadata)
    file = io.BytesIO()
    index.save(file)
    return file.getvalue()


def strings_of(column):
    """Return how a column tells of its strings."""
    return _structs.Strings.from_address(column.struct.strings)


def are_in_place(strings):
    return bool(strings.views or strings.indices)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(values=ROWS)
@settings(max_examples=25, deadline=None)
def test_metadata(layout, values):
    array = LAYOUTS[layout]([*values, "not null"])
    given_ = {"x": array}
    expected = file_of(len(values) + 1, metadata={"x": [*values, "not null"]})
    assert file_of(len(values) + 1, metadata=given_) == expected
    (column,) = _columns.read(given_, len(values) + 1, {}).columns
    assert are_in_place(strings_of(column)) or layout == "pandas chunks"


@pytest.mark.parametrize("layout", LAYOUTS)
@given(values=st.lists(TEXTS, min_size=1, max_size=12, unique=True))
@settings(max_examples=25, deadline=None)
def test_ids(layout, values):
    array = LAYOUTS[layout](values)
    assert file_of(len(values), ids=array) == file_of(len(values), ids=values)
    ids = _ids.read(array)
    assert are_in_place(ids.texts.strings) or layout == "pandas chunks"
    assert ids.texts.tolist() == values
    index = martlet.Index(1)
    vectors = np.arange(len(values), dtype=np.float32)[:, None]
    assert index.add(vectors, ids=array).tolist() == values
    assert index.get(array).tobytes() == vectors.tobytes()
    assert index.search(vectors[0], k=1, allow=array).ids.tolist() == values[:1]


TAGS = st.lists(st.one_of(st.none(), st.lists(TEXTS, max_size=4)), min_size=1, max_size=8)
LISTS = {
    "polars": lambda values: pl.Series(values, dtype=pl.List(pl.String)),
    "polars categories": lambda values: pl.Series(values, dtype=pl.List(pl.Categorical)),
    "views": lambda values: pa.array(values, pa.list_(pa.string_view())),
    "large lists": lambda values: pa.array(values, pa.large_list(pa.string_view())),
    "sliced": lambda values: pa.array([["x" * 20], *values], pa.list_(pa.string_view()))[1:],
}


@pytest.mark.parametrize("layout", LISTS)
@given(values=TAGS)
@settings(max_examples=25, deadline=None)
def test_tags(layout, values):
    values = [*values, ["a"]]
    array = LISTS[layout](values)
    expected = file_of(len(values), metadata={"x": values})
    assert file_of(len(values), metadata={"x": array}) == expected
    (column,) = _columns.read({"x": array}, len(values), {}).columns
    assert are_in_place(strings_of(column))


def test_update():
    index = martlet.Index(1)
    index.add(np.zeros((3, 1)), ids=pl.Series(["a", "b", "a rather long id"]))
    frame = pl.DataFrame({"lang": ["sv", None, "fi"]}, schema={"lang": pl.Categorical})
    index.update_metadata(pl.Series(["a rather long id", "b", "a"]), frame)
    assert [record["lang"] for record in index.metadata()] == ["fi", None, "sv"]
    assert index.count({"lang": "sv"}) == 1


def test_null_in_a_dictionary():
    array = pa.DictionaryArray.from_arrays(pa.array([0, 1, None, 0]), pa.array(["a", None]))
    values = ["a", None, None, "a"]
    assert file_of(4, metadata={"x": array}) == file_of(4, metadata={"x": values})
    with pytest.raises(TypeError, match=r"ids\[1\] is None"):
        file_of(4, ids=array)


def test_null_ids_are_named():
    for make in (views, pl.Series, LAYOUTS["polars categories"]):
        with pytest.raises(TypeError, match=r"ids\[2\] is None.*expected a string"):
            file_of(3, ids=make(["a", "b", None]))


# ---- Data that leads nowhere ---------------------------------------------------------------


def bad_views(size, buffer, start):
    """Return two string views, of which the second is this one."""
    view = struct.pack("=i4sii", size, b"", buffer, start)
    table = struct.pack("=i12s", 1, b"a") + view
    buffers = [None, pa.py_buffer(table), pa.py_buffer(b"only 20 bytes of it.")]
    return pa.Array.from_buffers(pa.string_view(), 2, buffers)


def bad_dictionary(index):
    """Return two strings of a dictionary of one, of which the second is this one."""
    indices = pa.array([0, index], pa.int8())
    return pa.DictionaryArray.from_arrays(indices, pa.array(["a"]), safe=False)


BAD = {
    "negative size": bad_views(-1, 0, 0),
    "no such buffer": bad_views(13, 1, 0),
    "negative buffer": bad_views(13, -1, 0),
    "negative start": bad_views(13, 0, -1),
    "beyond the buffer": bad_views(13, 0, 8),
    "far beyond": bad_views(2**31 - 1, 0, 2**31 - 1),
    "index beyond the dictionary": bad_dictionary(1),
    "negative index": bad_dictionary(-1),
}


class Chunks:
    """A stream of chunks that cannot be joined, whose strings become Python's."""

    def __init__(self, *arrays):
        self.data = pa.chunked_array(arrays)

    def __arrow_c_stream__(self, requested_schema=None):
        return self.data.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("case", BAD)
def test_what_leads_nowhere_is_refused_by_row(case):
    for array in (BAD[case], Chunks(BAD[case], BAD[case][:1])):
        rows = 2 if array is BAD[case] else 3
        with pytest.raises(martlet.InvalidArgumentError, match="row 1"):
            file_of(rows, ids=array)
        with pytest.raises(martlet.InvalidArgumentError, match="row 1"):
            file_of(rows, metadata={"x": array})


def test_what_is_null_may_lead_anywhere():
    validity = pa.py_buffer(b"\1")
    for case in ("no such buffer", "negative size"):
        _, table, *rest = BAD[case].buffers()
        array = pa.Array.from_buffers(pa.string_view(), 2, [validity, table, *rest])
        assert file_of(2, metadata={"x": array}) == file_of(2, metadata={"x": ["a", None]})
        chunks_ = Chunks(array, pa.array(["b"], pa.string_view()))
        assert file_of(3, metadata={"x": chunks_}) == file_of(3, metadata={"x": ["a", None, "b"]})


def test_views_that_are_no_utf8():
    table = struct.pack("=i12s", 1, b"a") + struct.pack("=i12s", 2, b"a\xff")
    array = pa.Array.from_buffers(pa.string_view(), 2, [None, pa.py_buffer(table)])
    with pytest.raises(martlet.InvalidTextError, match="row 1"):
        file_of(2, ids=array)
    with pytest.raises(martlet.InvalidTextError, match='"x", row 1'):
        file_of(2, metadata={"x": array})
