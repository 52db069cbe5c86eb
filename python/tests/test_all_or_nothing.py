"""Vectors, ids and metadata go in together: if one of them is bad, nothing is changed."""

from __future__ import annotations

import io

import numpy as np
import pytest

import martlet

ROWS = np.random.default_rng(61).standard_normal((40, 4), np.float32)
NAMES = [f"n{row}" for row in range(40)]
NEW = slice(20, 30)


def metadata(rows=NEW):
    """Return columns, old and new, that would add strings and tags."""
    numbers = list(range(40))[rows]
    return {
        "year": numbers,
        "lang": [f"new {number}" for number in numbers],
        "tags": [[f"tag {number}"] for number in numbers],
        "new": [{"a": number} for number in numbers],
    }


def spoiled(values, bad):
    """Return values of which the last but one is bad."""
    return [*values[:-2], bad, values[-1]]


def filled(strings):
    """Return an index of some rows with some columns, and all ids that are used."""
    ids = NAMES if strings else [1000 - row for row in range(40)]
    index = martlet.Index(4, "cosine", M=4, ef_construction=20)
    columns = {"year": list(range(20)), "lang": ["sv", None] * 10, "tags": [["a"], None] * 10}
    index.add(ROWS[:20], ids=ids[:20], metadata=columns)
    index.remove(ids[3:6])
    return index, ids


VECTORS = {
    "NaN": spoiled(ROWS[NEW], [0, 1, np.nan, 2]),
    "infinity": spoiled(ROWS[NEW], [0, 1, np.inf, 2]),
    "zero": spoiled(ROWS[NEW], [0, 0, 0, 0]),
    "dimension": ROWS[NEW, :3],
    "too many": ROWS[20:31],
    "text": spoiled(ROWS[NEW].tolist(), "abcd"),
}
IDS = {
    "in the index": lambda ids: spoiled(ids[NEW], ids[0]),
    "twice": lambda ids: spoiled(ids[NEW], ids[20]),
    "too few": lambda ids: ids[20:29],
    "None": lambda ids: spoiled(ids[NEW], None),
    "of two kinds": lambda ids: spoiled(ids[NEW], "x" if ids[0] == 1000 else 7),
    "of the other kind": lambda ids: np.arange(10) if ids is NAMES else NAMES[NEW],
    "beyond": lambda ids: spoiled(ids[NEW], "\ud800" if ids is NAMES else 2**63),
}
COLUMNS = {
    "too few": {"lang": ["x"] * 9},
    "another type": {"year": ["x"] * 10},
    "one of another type": {"lang": spoiled(["x"] * 10, 7)},
    "array of another type": {"lang": np.arange(10)},
    "beyond int64": {"year": spoiled([7] * 10, 2**63)},
    "uint64": {"year": np.array(spoiled([7] * 10, 2**63), np.uint64)},
    "surrogate": {"tags": spoiled([["x"]] * 10, ["\ud800"])},
    "no UTF-8": {"lang": np.array(spoiled([b"x"] * 10, b"\xff"))},
    "no JSON": {"new": spoiled([{}] * 10, {"a": {1}})},
    "key twice": {"new": spoiled([{}] * 10, {1: 1, "1": 1})},
    "time beyond": {"when": np.array(spoiled([7] * 10, 2**62), "M8[h]")},
    "operator": {"$eq": [7] * 10},
}
CASES = [
    *(("vectors", case) for case in VECTORS),
    *(("ids", case) for case in IDS),
    *(("metadata", case) for case in COLUMNS),
]


def spoil(part, case, ids):
    """Return vectors, ids and metadata of a batch of which one part is bad."""
    batch = {"vectors": ROWS[NEW], "ids": ids[NEW], "metadata": metadata()}
    if part == "vectors":
        batch[part] = VECTORS[case]
    elif part == "ids":
        batch[part] = IDS[case](ids)
    else:
        batch[part] = {**metadata(), **COLUMNS[case]}
    return batch


def saved(index):
    file = io.BytesIO()
    index.save(file)
    return file.getvalue()


@pytest.mark.parametrize("strings", [True, False], ids=["strings", "integers"])
@pytest.mark.parametrize(("part", "case"), CASES, ids=map(" ".join, CASES))
def test_what_fails_leaves_no_trace(part, case, strings):
    (index, ids), (other, _) = filled(strings), filled(strings)
    before = saved(index)
    batch = spoil(part, case, ids)
    calls = [lambda: index.add(**batch)]
    if (part, case) != ("ids", "in the index"):
        calls.append(lambda: index.upsert(**batch))
    if part == "metadata":
        calls.append(lambda: index.update_metadata(ids[6:16], batch["metadata"]))
    for call in calls:
        with pytest.raises((ValueError, TypeError)):
            call()
        assert saved(index) == before
    for each in (index, other):
        each.add(ROWS[NEW], ids=ids[NEW], metadata=metadata())
        each.upsert(ROWS[30:], ids=ids[15:25], metadata=metadata(slice(30, 40)))
    assert saved(index) == saved(other)
    assert index.metadata(ids[25])["new"] == {"a": 25}
