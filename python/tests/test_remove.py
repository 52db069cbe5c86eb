"""Taking vectors out and replacing them: every form of ids, what is refused, what is left."""

from __future__ import annotations

import numpy as np
import oracle
import pytest

import martlet

try:
    import pandas as pd
    import polars as pl
    import pyarrow as pa
except ImportError:
    pa = pd = pl = None

VECTORS = oracle.gaussian(40, 4, seed=31)
NAMES = [f"name {row}" for row in range(40)]


@pytest.fixture(params=["integers", "strings"])
def names(request):
    """Return ids of a kind, of 40 vectors."""
    return list(range(40)) if request.param == "integers" else NAMES


@pytest.fixture
def index(names):
    """Return an index of all vectors, with the numbers of their rows."""
    index = martlet.Index(4)
    index.add(VECTORS, ids=names, metadata={"row": list(range(40))})
    return index


def contents(index, names):
    """Return the rows that are left, of every id, as they are told in every way."""
    left = [row for row, name in enumerate(names) if name in index]
    kept = [names[row] for row in left]
    assert len(index) == len(left)
    assert index.get(kept).tobytes() == VECTORS[left].tobytes()
    assert sorted(record["row"] for record in index.metadata(kept)) == left
    hits = index.search(VECTORS[7], k=50, include=["metadata"])
    assert hits.counts == len(left)
    assert set(hits.ids[: hits.counts].tolist()) == set(kept)
    assert [names[record["row"]] for record in hits.metadata] == hits.ids[: hits.counts].tolist()
    return left


INTEGERS = {
    "int": 7,
    "NumPy integer": np.int16(7),
    "list": [7, 9],
    "tuple": (7, 9),
    "generator": lambda: (row for row in (7, 9)),
    "NumPy integers": [np.int64(7), np.uint8(9)],
    "int64": np.array([7, 9]),
    "uint16": np.array([7, 9], np.uint16),
    "strided": np.array([7, 0, 9, 0])[::2],
    "reversed": np.array([9, 7])[::-1],
}
STRINGS = {
    "str": NAMES[7],
    "NumPy str": np.array(NAMES)[7],
    "list": [NAMES[7], NAMES[9]],
    "tuple": (NAMES[7], NAMES[9]),
    "NumPy strings": np.array([NAMES[7], NAMES[9]]),
    "NumPy bytes": np.array([NAMES[7], NAMES[9]], "S"),
    "NumPy objects": np.array([NAMES[7], NAMES[9]], object),
}
if pa is not None:
    INTEGERS |= {
        "Arrow": pa.array([7, 9]),
        "Arrow chunks": pa.chunked_array([[7], [9]]),
        "pandas": pd.Series([7, 9], index=[3, 4]),
        "pandas index": pd.Index([7, 9]),
        "polars": pl.Series([7, 9]),
    }
    STRINGS |= {
        "Arrow": pa.array([NAMES[7], NAMES[9]]),
        "Arrow slice": pa.array([*NAMES[:1], NAMES[7], NAMES[9], ""])[1:3],
        "large Arrow": pa.array([NAMES[7], NAMES[9]], pa.large_string()),
        "Arrow dictionary": pa.array([NAMES[7], NAMES[9]]).dictionary_encode(),
        "pandas": pd.Series([NAMES[7], NAMES[9]]),
        "polars": pl.Series([NAMES[7], NAMES[9]]),
    }
FORMS = [("integers", form) for form in INTEGERS] + [("strings", form) for form in STRINGS]


@pytest.mark.parametrize(("names", "form"), FORMS, indirect=["names"])
def test_forms_of_ids(index, names, form):
    given = (INTEGERS if names is not NAMES else STRINGS)[form]
    gone = {7} if form in ("int", "NumPy integer", "str", "NumPy str") else {7, 9}
    index.remove(given() if callable(given) else given)
    assert contents(index, names) == [row for row in range(40) if row not in gone]


@pytest.mark.parametrize(
    ("ids", "error", "mention"),
    [
        ([7, 40], martlet.UnknownIdError, "40"),
        ([7, 9, 7], martlet.DuplicateIdError, "7"),
        ([7, True], TypeError, r"ids\[1\] is True"),
        ([7, 1.0], TypeError, r"ids\[1\] is 1.0"),
        ([7, None], TypeError, r"ids\[1\] is None"),
        ([7, 2**63], ValueError, "int64"),
        (None, TypeError, "NoneType"),
        (1.0, TypeError, "float"),
        (np.array([7.0]), TypeError, "float64"),
        (np.array([[7]]), ValueError, "ids"),
    ],
)
@pytest.mark.parametrize("names", ["integers"], indirect=True)
def test_what_is_refused_changes_nothing(index, names, ids, error, mention):
    with pytest.raises(error, match=mention):
        index.remove(ids)
    assert contents(index, names) == list(range(40))


def test_ids_of_the_other_kind(index, names):
    other = NAMES if names[0] == 0 else list(range(40))
    for call in (
        lambda: index.remove(other[3]),
        lambda: index.remove(other),
        lambda: index.upsert(VECTORS, ids=other),
        lambda: index.get(other[3]),
        lambda: index.update_metadata(other[3], {"row": 1}),
    ):
        with pytest.raises(martlet.IdKindError, match=r"integers.*strings|strings.*integers"):
            call()
    assert contents(index, names) == list(range(40))


def test_no_ids_at_all(index, names):
    for none in ([], (), np.array([], np.int64)):
        index.remove(none)
        index.upsert(VECTORS[:0], ids=none)
    assert contents(index, names) == list(range(40))


def test_everything_removed(index, names):
    index.remove(names)
    assert contents(index, names) == []
    hits = index.search(VECTORS[:2], k=3, where={"row": 1}, include=["metadata"], explain=True)
    nothing = -1 if names[0] == 0 else None
    assert hits.ids.tolist() == [[nothing] * 3] * 2
    assert hits.counts.tolist() == [0, 0]
    assert hits.metadata == [[], []]
    assert hits.explanation.rows == 0
    assert index.count() == index.count({"row": {"$gte": 0}}) == 0
    assert index.metadata() == []
    assert index.columns == {"row": "int64"}
    assert index.stats()["bytes"]["vectors"] == 0
    with pytest.raises(martlet.UnknownIdError):
        index.remove(names[0])
    other = [1] if names is NAMES else ["1"]
    for call in (index.remove, index.get, lambda ids: index.add(VECTORS[:1], ids=ids)):
        with pytest.raises(martlet.IdKindError):
            call(other)
    index.add(VECTORS, ids=names, metadata={"row": list(range(40))})
    assert contents(index, names) == list(range(40))


def test_removed_ids_can_be_added_again(index, names):
    for row in range(0, 40, 5):
        index.remove(names[row : row + 5])
        with pytest.raises(martlet.DuplicateIdError):
            index.add(VECTORS[:6], ids=names[:6] if row else names[-6:])
        metadata = {"row": list(range(row, row + 5))}
        index.add(VECTORS[row : row + 5], ids=names[row : row + 5], metadata=metadata)
        assert contents(index, names) == list(range(40))


@pytest.mark.parametrize("names", ["strings"], indirect=True)
def test_a_failed_add_after_a_compaction_loses_no_ids(index, names):
    index.remove(names[3])
    index.compact()
    with pytest.raises(martlet.DuplicateIdError):
        index.add(VECTORS[:1], ids=[names[0]])
    assert contents(index, names) == [row for row in range(40) if row != 3]


def test_assigned_ids_go_on_counting_up():
    index = martlet.Index(4)
    index.add(VECTORS)
    index.remove([39, 38])
    assert index.add(VECTORS[0]).tolist() == [40]
    index.remove(list(range(38)))
    index.remove(40)
    assert index.add(VECTORS[0]).tolist() == [41]
    index.clear()
    assert index.upsert(VECTORS[:2]).tolist() == [42, 43]


def test_columns_that_an_upsert_does_not_name_become_null(index, names):
    index.update_metadata(names[:3], {"lang": ["sv", "fi", "de"], "tags": [["a"], [], ["b"]]})
    index.upsert(VECTORS[1:3], ids=names[1:3], metadata={"lang": ["en", None], "new": [1.5, None]})
    assert index.metadata(names[:4]) == [
        {"row": 0, "lang": "sv", "tags": ["a"], "new": None},
        {"row": None, "lang": "en", "tags": None, "new": 1.5},
        {"row": None, "lang": None, "tags": None, "new": None},
        {"row": 3, "lang": None, "tags": None, "new": None},
    ]
    assert index.count({"row": None}) == 2
    index.upsert(VECTORS[0], ids=[names[0]])
    assert index.metadata(names[0]) == dict.fromkeys(["row", "lang", "tags", "new"])


def test_a_failed_upsert_changes_nothing(index, names):
    bad = VECTORS[:3].copy()
    bad[2, 1] = np.inf
    for error, call in (
        (martlet.NotFiniteError, lambda: index.upsert(bad, ids=names[:3])),
        (martlet.DimensionError, lambda: index.upsert(bad[:, :3], ids=names[:3])),
        (martlet.DuplicateIdError, lambda: index.upsert(VECTORS[:3], ids=[*names[:2], names[0]])),
        (ValueError, lambda: index.upsert(VECTORS[:3], ids=names[:2])),
        (TypeError, lambda: index.upsert(VECTORS[:1], ids=names[:1], metadata={"row": ["x"]})),
        (ValueError, lambda: index.upsert(VECTORS[:1], ids=names[:1], metadata={"row": [1, 2]})),
    ):
        with pytest.raises(error):
            call()
        assert contents(index, names) == list(range(40))
    assert index.columns == {"row": "int64"}


def test_what_is_replaced_counts_as_added_last(index, names):
    index.upsert(VECTORS[[5, 2]], ids=[names[5], names[2]], metadata={"row": [5, 2]})
    rows = [row for row in range(40) if row not in (5, 2)] + [5, 2]
    assert [record["row"] for record in index.metadata()] == rows
    mask = np.zeros(40, bool)
    mask[[-1, 3]] = True
    found = index.search(VECTORS[0], k=5, allow=mask)
    assert sorted(found.ids[:2].tolist()) == sorted([names[2], names[rows[3]]])
    assert found.counts == 2


def test_masks_are_over_the_vectors_that_are_left(index, names):
    index.remove(names[10:20])
    with pytest.raises(martlet.InvalidArgumentError):
        index.search(VECTORS[0], allow=np.ones(40, bool))
    hits = index.search(VECTORS[0], k=50, allow=np.arange(30) >= 10)
    assert set(hits.ids[: hits.counts].tolist()) == set(names[20:])


def test_tables_after_removals(index, names):
    table = pytest.importorskip("pyarrow")
    index.remove(names[10:20])
    found = index.to_arrow()
    assert found["id"].to_pylist() == names[:10] + names[20:]
    assert found["row"].to_pylist() == [*range(10), *range(20, 40)]
    assert (
        np.array(found["vector"].to_pylist(), np.float32).tobytes()
        == np.delete(VECTORS, range(10, 20), axis=0).tobytes()
    )
    index.remove(names[:10] + names[20:])
    empty = index.to_arrow()
    kind = table.int64() if names[0] == 0 else found["id"].type
    assert (empty.num_rows, empty["id"].type) == (0, kind)


def test_a_closed_index_says_so(index, names):
    index.close()
    for call in (
        lambda: index.remove(names[0]),
        lambda: index.upsert(VECTORS, ids=names),
        index.clear,
        index.compact,
    ):
        with pytest.raises(martlet.ClosedIndexError):
            call()


def test_nothing_to_compact_or_clear():
    index = martlet.Index(4)
    index.compact()
    index.clear()
    with pytest.raises(martlet.UnknownIdError):
        index.remove(0)
    assert index.upsert(VECTORS, ids=NAMES).tolist() == NAMES
