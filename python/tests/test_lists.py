"""What is not an array is copied, and gives the same index as the array would."""

from __future__ import annotations

from array import array
from decimal import Decimal
from fractions import Fraction

import numpy as np
import oracle
import pytest

import martlet

DIM = 12
FLOATS = oracle.gaussian(400, DIM, seed=2)
DOUBLES = np.random.default_rng(3).standard_normal((400, DIM))
SMALL = np.random.default_rng(4).integers(-128, 128, (400, DIM)).astype(np.int8)

FORMS = {
    "list of lists": lambda a: a.tolist(),
    "tuple of tuples": lambda a: tuple(map(tuple, a.tolist())),
    "generator of lists": lambda a: iter(a.tolist()),
    "list of generators": lambda a: [iter(row) for row in a.tolist()],
    "list of arrays": lambda a: list(a),
    "generator of arrays": lambda a: (row for row in a),
    "lists of NumPy scalars": lambda a: [list(row) for row in a],
    "list of array.array": lambda a: [array("d", row.tolist()) for row in a],
    "matrix-shaped memoryview": lambda a: memoryview(np.ascontiguousarray(a)),
}


@pytest.mark.parametrize("vectors", [FLOATS, DOUBLES, SMALL], ids=["f32", "f64", "i8"])
@pytest.mark.parametrize("form", FORMS)
def test_same_index_as_from_the_array(form, vectors, assert_same_index):
    copied, in_place = martlet.Index(DIM), martlet.Index(DIM)
    copied.add(FORMS[form](vectors))
    in_place.add(vectors)
    assert_same_index(copied, in_place, vectors[:100])
    assert copied.stats()["last_add"]["path"] == "list"
    assert in_place.stats()["last_add"]["path"] == "array"


@pytest.mark.parametrize("form", FORMS)
def test_same_hits_as_for_the_array(form):
    index = martlet.Index(DIM, "ip")
    index.add(FLOATS)
    copied, in_place = index.search(FORMS[form](DOUBLES[:50])), index.search(DOUBLES[:50])
    assert copied.ids.tobytes() == in_place.ids.tobytes()
    assert copied.distances.tobytes() == in_place.distances.tobytes()


def test_one_flat_vector_is_one_row():
    index = martlet.Index(3)
    assert index.add([1, 2.5, np.float32(3)]).tolist() == [0]
    assert index.add(x for x in (4, 5, 6)).tolist() == [1]
    assert index.search((1, 2, 3), k=2).ids.tolist() == [0, 1]
    assert index.search(array("f", [4, 5, 6]), k=1).distances.tolist() == [0]


def test_other_numbers():
    index = martlet.Index(3)
    index.add([[Fraction(1, 2), Decimal("0.25"), 10**15]])
    assert index.get(0).tolist() == [0.5, 0.25, np.float32(10**15)]


def test_no_rows():
    index = martlet.Index(3)
    assert index.add([]).tolist() == []
    assert index.add(iter(())).tolist() == []
    assert index.search([], k=2).ids.shape == (0, 2)


BAD = {
    "ragged": ([[1, 2, 3], [1, 2]], ValueError, "row 1 has 2 components; expected 3"),
    "wrong dim": ([[1, 2], [3, 4]], ValueError, "row 0 has 2 components; expected 3"),
    "wrong dim of one": ([1, 2], ValueError, "row 0 has 2 components; expected 3"),
    "empty row": ([[1, 2, 3], []], ValueError, "row 1 has 0 components; expected 3"),
    "text": ([[1, 2, 3], [1, "x", 3]], TypeError, "row 1, column 1: expected a number, got 'x'"),
    "None": ([[1, 2, None]], TypeError, "row 0, column 2: expected a number, got None"),
    "complex": ([[1, 2, 1j]], TypeError, "row 0, column 2: expected a number, got 1j"),
    "nested": ([[1, 2, [3]]], TypeError, "row 0, column 2: expected a number, got"),
    "number among rows": (
        [[1, 2, 3], 4],
        TypeError,
        "row 1: expected a sequence, got int",
    ),
    "row of text": (
        [[1, 2, 3], "abc"],
        TypeError,
        "row 1: expected a sequence, got str",
    ),
    "rank 0 arrays": ([np.array(1.0)] * 3, TypeError, "row 0: expected a sequence"),
    "masked row": ([np.ma.masked_equal([1.0, 2.0, 3.0], 2)], TypeError, "row 0, column 1"),
    "huge": ([[1, 2, 10**400]], ValueError, "row 0, column 2: beyond the range of float32"),
    "NaN": ([[1, 2, 3], [1, float("nan"), 3]], ValueError, "row 1, column 1"),
    "string": ("abc", TypeError, "vectors: expected a sequence, got str"),
    "bytes": (b"abc", TypeError, "got bytes"),
    "dict": ({1: [1, 2, 3]}, TypeError, "got dict"),
    "set": ({1, 2, 3}, TypeError, "got set"),
    "None alone": (None, TypeError, "got NoneType"),
    "number": (5, TypeError, "got int"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named_and_changes_nothing(case):
    vectors, kind, message = BAD[case]
    index = martlet.Index(3)
    index.add([[1, 1, 1]])
    with pytest.raises(kind) as caught:
        index.add(vectors)
    assert message in str(caught.value)
    assert len(index) == 1
    assert index.search([0, 0, 0], k=2).counts == 1


def test_errors_about_queries_say_queries():
    with pytest.raises(TypeError, match="queries, row 0, column 1"):
        martlet.Index(3).search([[1, "x", 3]])
