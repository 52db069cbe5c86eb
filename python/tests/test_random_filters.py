"""Random filters let through exactly what a plain loop over the records does."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

import numpy as np
import oracle
from hypothesis import given, settings
from hypothesis import strategies as st

import martlet

UTC = timezone.utc
START = datetime(2024, 1, 1, tzinfo=UTC)
DIM = 3

# ---- The oracle ---------------------------------------------------------------------------------

ORDERS = {
    "$gt": lambda value, operand: value > operand,
    "$gte": lambda value, operand: value >= operand,
    "$lt": lambda value, operand: value < operand,
    "$lte": lambda value, operand: value <= operand,
}


def equal(value, operand):
    if value is None or operand is None:
        return value is operand
    return value == operand  # False for NaN


def holds(value, operator, operand):
    """Tell whether an operator lets a value through."""
    if operator == "$ne":
        return not equal(value, operand)
    if operator in ("$in", "$nin"):
        return any(equal(value, each) for each in operand) == (operator == "$in")
    if operator == "$exists":
        return (value is not None) == operand
    if operator == "$not":
        return not all(holds(value, *inner) for inner in operand.items())
    if operator == "$eq":
        return equal(value, operand)
    if value is None:
        return False
    if operator == "$contains":
        return operand in value
    if operator == "$startswith":
        return value.startswith(operand)
    if isinstance(value, str):
        value, operand = value.encode(), operand.encode()
    return ORDERS[operator](value, operand)


def passes(record, where):
    """Tell whether a filter lets a record through."""
    return all(condition_holds(record, key, value) for key, value in where.items())


def condition_holds(record, key, condition):
    if key == "$and":
        return all(passes(record, each) for each in condition)
    if key == "$or":
        return any(passes(record, each) for each in condition)
    if key == "$not":
        return not passes(record, condition)
    if isinstance(condition, dict):
        return all(holds(record[key], *each) for each in condition.items())
    return equal(record[key], condition)


# ---- Random records and filters -----------------------------------------------------------------

NUMBERS = st.one_of(
    st.integers(-3, 3),
    st.sampled_from([0.5, -0.0, 2.0, 1e300, 2**53 + 1, 2.0**53, -(2**63), 2**63 - 1]),
)
STRINGS = st.text(alphabet="aåb\0🍞", max_size=3)
TIMES = st.integers(-3, 3).map(lambda hours: START + timedelta(hours=hours, microseconds=hours))
TAGS = st.lists(STRINGS, max_size=3)
VALUES = {
    "flag": st.booleans(),
    "year": st.sampled_from([-3, -1, 0, 1, 2, 2**53 + 1, -(2**63), 2**63 - 1]),
    "score": st.sampled_from([-3.0, -0.0, 0.5, 1.0, 2.0**53, math.nan, math.inf]),
    "lang": STRINGS,
    "at": TIMES,
    "tags": TAGS,
}
OPERANDS = {**VALUES, "year": NUMBERS, "score": NUMBERS}
RECORDS = st.lists(
    st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()}),
    min_size=1,
    max_size=25,
)


@st.composite
def operators(draw, field):
    """Draw an object of operators for a field."""
    operand = OPERANDS[field]
    known = {
        "$eq": st.none() | operand,
        "$ne": st.none() | operand,
        "$in": st.lists(operand, max_size=3),
        "$nin": st.lists(operand, max_size=3),
        "$exists": st.booleans(),
    }
    if field not in ("flag", "tags"):
        known |= dict.fromkeys(ORDERS, operand)
    if field == "tags":
        known["$contains"] = STRINGS
    if field == "lang":
        known["$startswith"] = STRINGS
    names = draw(st.lists(st.sampled_from(sorted(known)), min_size=1, max_size=2, unique=True))
    drawn = {name: draw(known[name]) for name in names}
    return {"$not": drawn} if draw(st.integers(0, 5)) == 0 else drawn


@st.composite
def conditions(draw):
    """Draw a filter of one or two fields."""
    fields = draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=2, unique=True))
    return {
        field: draw(operators(field)) if draw(st.booleans()) else draw(st.none() | OPERANDS[field])
        for field in fields
    }


FILTERS = st.recursive(
    conditions(),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"$and": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"$or": st.lists(inner, max_size=3)}),
        st.fixed_dictionaries({"$not": inner}),
        st.builds(lambda one, other: {**one, "$or": [other]}, conditions(), inner),
    ),
    max_leaves=5,
)


def index_of(records):
    """Return an index of records, with every column whatever they hold, and its vectors."""
    vectors = oracle.gaussian(len(records) + 1, DIM, seed=8)
    everything = {"flag": True, "year": 9, "score": 9.0, "lang": "zz", "at": START, "tags": ["z"]}
    index = martlet.Index(DIM)
    index.add(vectors, metadata=[*records, everything])
    return index, vectors, [*records, everything]


@settings(max_examples=400, deadline=None)
@given(RECORDS, FILTERS)
def test_a_search_returns_what_a_loop_lets_through(records, where):
    index, vectors, records = index_of(records)
    expected = [row for row, record in enumerate(records) if passes(record, where)]
    assert index.count(where) == len(expected)

    query = np.zeros(DIM, np.float32)
    hits = index.search(query, k=len(records), where=where, explain=True, include=["metadata"])
    distances = oracle.distances(vectors, query, "l2")[0]
    nearest_first = sorted(expected, key=lambda row: distances[row])
    assert hits.ids[: hits.counts].tolist() == nearest_first
    assert hits.explanation.matching == len(expected)
    assert hits.explanation.rows == len(records)
    for row, record in zip(nearest_first, hits.metadata):
        assert all(equal(record[name], records[row][name]) or name == "score" for name in record)


@settings(max_examples=100, deadline=None)
@given(RECORDS, FILTERS, st.data())
def test_filters_masks_and_ids_together(records, where, data):
    index, _, records = index_of(records)
    rows = len(records)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows)))
    ids = data.draw(st.lists(st.integers(-1, rows), max_size=rows))
    expected = {row for row, record in enumerate(records) if passes(record, where)}
    queries = oracle.gaussian(3, DIM, seed=10)
    masked = index.search(queries, k=rows, where=where, allow=mask)
    listed = index.search(queries, k=rows, where=where, allow=ids)
    for query in range(3):
        found = masked.ids[query, : masked.counts[query]]
        assert sorted(found) == sorted(expected & set(np.flatnonzero(mask)))
        found = listed.ids[query, : listed.counts[query]]
        assert sorted(found) == sorted(expected & set(ids))
