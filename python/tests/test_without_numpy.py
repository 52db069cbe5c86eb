"""Without NumPy: lists in, lists out."""

from __future__ import annotations

import json

import numpy as np

import martlet

WITHOUT_NUMPY = """
import sys
sys.modules["numpy"] = None  # makes `import numpy` fail
import ctypes, json, random
import martlet

draw = random.Random(1).gauss
vectors = [[draw(0, 1) for _ in range(6)] for _ in range(300)]
"""


def test_lists_in_lists_out(run_script):
    output = run_script(
        WITHOUT_NUMPY
        + """
index = martlet.Index(6)
assert index.add(vectors) == list(range(300))
assert index.add(vectors[0], ids=[-7]) == [-7]
assert index.add([]) == []
hits = index.search(vectors[:2], k=3)
assert [len(row) for row in hits.ids] == [len(row) for row in hits.distances] == [3, 3]
assert hits.ids[0][:2] == [0, -7] and hits.distances[0][:2] == [0.0, 0.0]
assert hits.counts == [3, 3]
one = index.search(vectors[1], k=2)
assert (one.ids, one.counts) == ([1, one.ids[1]], 2)
assert index.search([], k=2).ids == []
assert index.search(vectors[:2], k=0).ids == [[], []]
small = martlet.Index(1)
small.add([[5]])
hits = small.search([[5]], k=2)
assert (hits.ids, hits.distances) == ([[0, -1]], [[0.0, float("inf")]])
assert index.get([]) == [] and len(index.get([1, 2])) == 2 and len(index.get(1)) == 6
assert 1 in index and 999 not in index and len(index) == 301
assert "numpy" not in {name for name, module in sys.modules.items() if module}
print("right")
"""
    )
    assert output == "right"


def test_same_index_as_with_numpy(run_script):
    output = run_script(
        WITHOUT_NUMPY
        + """
index = martlet.Index(6)
index.add(vectors)
hits = index.search(vectors)
print(json.dumps([vectors, hits.ids, hits.distances, index.stats()["links"]]))
"""
    )
    vectors, ids, distances, links = json.loads(output)
    index = martlet.Index(6)
    index.add(np.array(vectors))
    hits = index.search(np.array(vectors))
    assert hits.ids.tolist() == ids
    assert hits.distances.tolist() == distances
    assert index.stats()["links"] == links


def test_arrays_are_read_in_place_without_numpy(run_script):
    output = run_script(
        WITHOUT_NUMPY
        + """
class Array:
    def __init__(self, *numbers):
        self.memory = (ctypes.c_int8 * len(numbers))(*numbers)
        self.__array_interface__ = {
            "version": 3, "shape": (2, 2), "typestr": "|i1", "strides": (1, 2),
            "data": (ctypes.addressof(self.memory), False),
        }

index = martlet.Index(2)
index.add(Array(1, 2, 3, 4))
print(index.get([0, 1]), index.stats()["last_add"]["path"])
"""
    )
    assert output == "[[1.0, 3.0], [2.0, 4.0]] array"


def test_ids_metadata_and_filters_without_numpy(run_script):
    output = run_script(
        WITHOUT_NUMPY
        + """
from datetime import datetime, timezone
names = [f"name {i}" for i in range(300)]
records = [{"n": i, "odd": i % 2 == 1, "tags": ["a"] * (i % 3), "x": i / 2} for i in range(300)]
index = martlet.Index(6)
assert index.add(vectors, ids=names, metadata=records) == names
assert index.add(vectors[:1], ids=["late"], metadata={"at": [datetime(2024, 6, 21)]}) == ["late"]
assert index.columns == {
    "n": "int64", "odd": "bool", "tags": "tags", "x": "float64", "at": "datetime"
}
assert index.metadata("name 4") == {**records[4], "at": None}
assert index.metadata("late")["at"] == datetime(2024, 6, 21, tzinfo=timezone.utc)
assert "late" in index and "later" not in index
index.update_metadata(["late"], [{"n": 5}])
assert index.count({"n": 5}) == 2
one = index.search(vectors[7], k=2, where={"n": {"$in": [5, 7]}}, include=["metadata"])
assert one.ids[0] == "name 7" and one.counts == 2 and one.metadata[0]["n"] == 7
assert index.search(vectors[7], k=4, where={"n": 7}).ids == ["name 7", None, None, None]
mask = [i == 9 for i in range(301)]
many = index.search(vectors[:2], k=1, allow=mask, include=["metadata"], explain=True)
assert many.ids == [["name 9"], ["name 9"]] and many.counts == [1, 1]
assert many.metadata == [[{**records[9], "at": None}]] * 2
assert many.explanation.matching == 1
assert index.search(vectors[0], k=2, allow=["name 3"]).ids == ["name 3", None]
print("right")
"""
    )
    assert output == "right"
