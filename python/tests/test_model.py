"""Random sequences of every verb, against a dictionary and exact search by NumPy."""

from __future__ import annotations

import numpy as np
import oracle
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

import martlet

# So many components that vectors lie far enough apart for codes, in the fast form.
DIMS = {"balanced": 3, "fast": 16}
COUNTS = st.sampled_from([0, 1, 2, 3, 20, 66, 150])
SEEDS = st.integers(0, 2**32 - 1)
LANGUAGES = [None, "sv", "fi", "", "å\0"]
TAGS = [None, [], ["new"], ["old", "new"]]
EVERY_COLUMN = {"year": "int64", "lang": "string", "tags": "tags"}


class Model(RuleBasedStateMachine):
    """An index, and the dictionary that it should be."""

    def __init__(self, metric, strings, memory="balanced"):
        super().__init__()
        self.metric, self.strings = metric, strings
        self.memory, self.dim = memory, DIMS[memory]
        self.index = martlet.Index(self.dim, metric, M=4, ef_construction=20, memory=memory)
        # By id, in the order in which they were added: vector and record.
        self.stored = {}
        self.columns = {}
        self.next_id = 0
        # No call that succeeded has fixed the kind of the ids before the first.
        self.is_fresh = True
        self.make_codes()

    def make_codes(self):
        """In the fast form, come with many vectors and take most out: codes stay."""
        if self.memory == "fast":
            ids = self.names(range(1000, 2050))
            vectors = self.random_vectors(np.random.default_rng(1), len(ids))
            self.index.add(vectors, ids=ids)
            self.put(ids, vectors, {})
            assert self.index.stats()["bytes"]["codes"] > 0
            self.index.remove(ids[9:])
            for each in ids[9:]:
                del self.stored[each]

    # ---- What calls are made of ------------------------------------------------------------------

    def names(self, numbers):
        return [f"name {n}" if self.strings else int(n) for n in numbers]

    def other_kind(self, numbers):
        return [int(n) if self.strings else f"name {n}" for n in numbers]

    def random_ids(self, rng, count):
        return self.names(rng.choice(400, count, replace=False))

    def some_stored(self, rng, count):
        """Return stored ids: a random choice, or those nearest to one of them."""
        ids = list(self.stored)
        count = min(count, len(ids))
        if count > 0 and rng.random() < 0.5:
            order = np.argsort(self.distances(self.vectors()[rng.integers(len(ids))]))
        else:
            order = rng.permutation(len(ids))
        return [ids[row] for row in order[:count]]

    def random_vectors(self, rng, count):
        """Return whole numbers, among them copies; none is zero, and float32 is exact on them."""
        vectors = rng.integers(-4, 5, (count, self.dim)).astype(np.float32)
        if self.dim > 3:
            vectors = vectors[rng.integers(count, size=count)]
        vectors[~vectors.any(axis=1)] = 1
        return vectors

    @staticmethod
    def random_columns(rng, count):
        """Return some columns, whose first values are not null and so tell the types."""
        columns = {}
        if count > 0 and rng.random() < 0.8:
            years = rng.integers(2000, 2030, count).tolist()
            columns["year"] = [years[0], *(y if y < 2025 else None for y in years[1:])]
        if count > 0 and rng.random() < 0.5:
            columns["lang"] = [LANGUAGES[i] for i in [1, *rng.integers(5, size=count - 1)]]
        if count > 0 and rng.random() < 0.5:
            columns["tags"] = [TAGS[i] for i in [3, *rng.integers(4, size=count - 1)]]
        return columns

    # ---- The dictionary --------------------------------------------------------------------------

    def vectors(self):
        return np.array([vector for vector, _ in self.stored.values()]).reshape(-1, self.dim)

    def record(self, record):
        return {name: record.get(name) for name in self.columns}

    def distances(self, query, ids=None):
        vectors = self.vectors() if ids is None else np.array([self.stored[i][0] for i in ids])
        if len(vectors) == 0:
            return np.empty(0)
        return oracle.distances(vectors, query, self.metric)[0]

    def put(self, ids, vectors, columns):
        self.columns |= {name: EVERY_COLUMN[name] for name in columns}
        for row, each in enumerate(ids):
            self.stored.pop(each, None)
            record = {name: values[row] for name, values in columns.items()}
            self.stored[each] = (vectors[row], record)
        if not self.strings and len(ids):
            self.next_id = max(self.next_id, max(ids) + 1)
        self.is_fresh = self.is_fresh and len(ids) == 0

    def passes(self, each, where):
        year = self.stored[each][1].get("year")
        return year is not None and year >= where["year"]["$gte"]

    # ---- Changes ---------------------------------------------------------------------------------

    @rule(count=COUNTS, seed=SEEDS)
    def add(self, count, seed):
        rng = np.random.default_rng(seed)
        ids, vectors = self.random_ids(rng, count), self.random_vectors(rng, count)
        columns = self.random_columns(rng, count)
        if any(each in self.stored for each in ids):
            with pytest.raises(martlet.DuplicateIdError):
                self.index.add(vectors, ids=ids, metadata=columns)
            keep = [row for row, each in enumerate(ids) if each not in self.stored]
            ids, vectors = [ids[row] for row in keep], vectors[keep]
            columns = self.random_columns(rng, len(keep))
        given = ids if self.strings or seed % 2 else np.array(ids, np.int64)
        assert self.index.add(vectors, ids=given, metadata=columns).tolist() == ids
        self.put(ids, vectors, columns)

    @precondition(lambda self: not self.strings)
    @rule(count=COUNTS, seed=SEEDS)
    def add_under_assigned_ids(self, count, seed):
        vectors = self.random_vectors(np.random.default_rng(seed), count)
        ids = list(range(self.next_id, self.next_id + count))
        assert self.index.add(vectors).tolist() == ids
        self.put(ids, vectors, {})

    @rule(count=COUNTS, seed=SEEDS)
    def upsert(self, count, seed):
        rng = np.random.default_rng(seed)
        ids = list(dict.fromkeys(self.some_stored(rng, count // 2) + self.random_ids(rng, count)))
        rng.shuffle(ids)
        vectors, columns = self.random_vectors(rng, len(ids)), self.random_columns(rng, len(ids))
        assert self.index.upsert(vectors, ids=ids, metadata=columns).tolist() == ids
        self.put(ids, vectors, columns)

    @rule(count=COUNTS, seed=SEEDS)
    def remove(self, count, seed):
        ids = self.some_stored(np.random.default_rng(seed), count)
        self.index.remove(ids)
        for each in ids:
            del self.stored[each]

    @precondition(lambda self: self.stored)
    @rule(seed=SEEDS)
    def remove_one(self, seed):
        (each,) = self.some_stored(np.random.default_rng(seed), 1)
        self.index.remove(each)
        del self.stored[each]

    @rule(count=COUNTS, seed=SEEDS)
    def update_metadata(self, count, seed):
        rng = np.random.default_rng(seed)
        ids = self.some_stored(rng, count)
        columns = self.random_columns(rng, len(ids))
        self.index.update_metadata(ids, columns)
        self.columns |= {name: EVERY_COLUMN[name] for name in columns}
        for row, each in enumerate(ids):
            self.stored[each][1].update({name: column[row] for name, column in columns.items()})

    @rule()
    def compact(self):
        self.index.compact()
        assert self.index.stats()["removed"] == 0

    @rule(memory=st.sampled_from(["balanced", "fast"]))
    def convert(self, memory):
        self.index.convert(memory)
        assert self.index.memory == memory

    @rule(really=st.sampled_from([False, False, False, True]))
    def clear(self, really):
        """One time in four, so that indexes grow in between."""
        if really:
            self.index.clear()
            self.stored.clear()
            self.columns.clear()
            self.make_codes()

    @precondition(lambda self: self.stored)
    @rule(count=COUNTS, seed=SEEDS)
    def refused(self, count, seed):
        """Whatever is wrong with one row of a batch is wrong with all of it."""
        rng = np.random.default_rng(seed)
        known = self.some_stored(rng, count + 1)
        vectors = self.random_vectors(rng, len(known))
        bad = vectors.copy()
        bad[-1, 1] = np.nan
        twice = [*known, known[0]]
        for error, call in (
            (martlet.UnknownIdError, lambda: self.index.remove(known + self.names([-1]))),
            (martlet.DuplicateIdError, lambda: self.index.remove(twice)),
            (martlet.IdKindError, lambda: self.index.remove(self.other_kind([1]))),
            (martlet.NotFiniteError, lambda: self.index.upsert(bad, ids=known)),
            (
                martlet.DuplicateIdError,
                lambda: self.index.upsert(vectors[[0, 0]], ids=[known[0]] * 2),
            ),
            (martlet.IdKindError, lambda: self.index.upsert(vectors[:1], ids=self.other_kind([1]))),
        ):
            with pytest.raises(error):
                call()

    # ---- Looking ---------------------------------------------------------------------------------

    @invariant()
    def is_as_large(self):
        assert len(self.index) == self.index.count() == len(self.stored)
        assert self.index.columns == self.columns

    @rule(seed=SEEDS)
    def look_up(self, seed):
        rng = np.random.default_rng(seed)
        known, others = self.some_stored(rng, 30), self.random_ids(rng, 30)
        assert [each in self.index for each in others] == [each in self.stored for each in others]
        assert not any(each in self.index for each in self.other_kind(range(400)))
        expected = np.array([self.stored[each][0] for each in known]).reshape(-1, self.dim)
        assert self.index.get(known).tobytes() == expected.astype(np.float32).tobytes()
        assert self.index.metadata(known) == [self.record(self.stored[i][1]) for i in known]
        unknown = [each for each in others if each not in self.stored]
        if unknown:
            for call in (self.index.get, self.index.metadata):
                with pytest.raises(martlet.UnknownIdError):
                    call(known + unknown[:1])

    @rule()
    def everything(self):
        assert self.index.metadata() == [self.record(r) for _, r in self.stored.values()]
        stats = self.index.stats()
        assert stats["count"] == stats["reachable"] == len(self.stored)

    @rule(k=st.integers(0, 500), seed=SEEDS)
    def search(self, k, seed):
        self.check_search(k, np.random.default_rng(seed), list(self.stored))

    @rule(k=st.integers(0, 500), seed=SEEDS, year=st.integers(1999, 2030))
    def search_where(self, k, seed, year):
        where = {"year": {"$gte": year}}
        if "year" not in self.columns:
            with pytest.raises(martlet.FilterError):
                self.index.search([1] * self.dim, where=where)
            return
        ids = [each for each in self.stored if self.passes(each, where)]
        assert self.index.count(where) == len(ids)
        self.check_search(k, np.random.default_rng(seed), ids, where=where)

    @rule(k=st.integers(0, 500), seed=SEEDS, share=st.sampled_from([0, 0.02, 0.5, 1]))
    def search_masked(self, k, seed, share):
        rng = np.random.default_rng(seed)
        mask = rng.random(len(self.stored)) < share
        ids = [each for each, allowed in zip(self.stored, mask) if allowed]
        self.check_search(k, rng, ids, allow=mask)

    @rule(k=st.integers(0, 500), seed=SEEDS, count=COUNTS)
    def search_among(self, k, seed, count):
        rng = np.random.default_rng(seed)
        allow = self.random_ids(rng, count) + self.some_stored(rng, count // 2)
        ids = [each for each in self.stored if each in set(allow)]
        self.check_search(k, rng, ids, allow=allow)

    def check_search(self, k, rng, ids, **conditions):
        """Search with a beam as wide as the index, which must find the nearest of `ids`."""
        (query,) = self.random_vectors(rng, 1)
        ef = max(len(self.stored), 1)
        hits = self.index.search(query, k, ef=ef, include=["metadata"], **conditions)
        expected = self.distances(query, ids)
        order = np.argsort(expected, kind="stable")[:k]
        found = hits.ids[: hits.counts].tolist()
        assert hits.counts == len(order)
        nothing = [None if self.strings and not self.is_fresh else -1] * (k - len(order))
        assert hits.ids[hits.counts :].tolist() == nothing
        np.testing.assert_allclose(hits.distances[: hits.counts], expected[order], atol=2e-6)
        assert np.isinf(hits.distances[hits.counts :]).all()
        if self.metric == "cosine":  # Those of one direction may differ by a rounding.
            assert len(set(found)) == len(found)
            np.testing.assert_allclose(self.distances(query, found), expected[order], atol=2e-6)
        else:
            assert found == [ids[row] for row in order]
        assert hits.metadata == [self.record(self.stored[each][1]) for each in found]


KINDS = pytest.mark.parametrize("strings", [False, True], ids=["integers", "strings"])
METRICS = pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])


def settled(examples, steps):
    return settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True
    )


@METRICS
@KINDS
def test_an_index_behaves_like_a_dictionary(metric, strings):
    run(lambda: Model(metric, strings), settings=settled(8, 30))


@pytest.mark.parametrize("metric", ["l2", "cosine"])
@KINDS
def test_the_fast_form_does_too(metric, strings):
    run(lambda: Model(metric, strings, "fast"), settings=settled(20, 40))


@pytest.mark.long
@METRICS
@KINDS
def test_an_index_behaves_like_a_dictionary_for_long(metric, strings):
    run(lambda: Model(metric, strings), settings=settled(500, 60))


@pytest.mark.long
@pytest.mark.parametrize("metric", ["l2", "cosine"])
@KINDS
def test_the_fast_form_does_too_for_long(metric, strings):
    run(lambda: Model(metric, strings, "fast"), settings=settled(300, 60))
