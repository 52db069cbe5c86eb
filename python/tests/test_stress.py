"""Every verb at once, from many threads: whoever looks sees whole calls only.

Vectors come, change and go in groups, one call for a group, each group from a thread of its own. A
group carries a mark: in its vectors, which only the call that writes them all can change, and in
its metadata. So whoever meets half a group, or two marks in one, has seen half of a call.
"""

from __future__ import annotations

import random
import sys
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import martlet

SIZE = 12
GROUPS = 24
WRITERS = 3
READERS = 3
WIDTH = (
    2 * SIZE * GROUPS
)  # Removed vectors that the graph still leads through are in the beam, too.
DIM = 32
# What keeps vectors so far apart that there can be codes.
NOISE = np.random.default_rng(1).normal(0, 60, (GROUPS, SIZE, DIM - 4)).astype(np.float32)


def ids_of(group):
    return [f"{group}/{member}" for member in range(SIZE)]


def put(index, group, mark):
    marks = np.array([[group, mark % 997, member, 1] for member in range(SIZE)], np.float32)
    vectors = np.hstack([marks, NOISE[group]])
    names, metadata = ids_of(group), {"mark": [mark] * SIZE}
    if index.upsert(vectors, ids=names, metadata=metadata, threads=1 + mark % 2).tolist() != names:
        raise AssertionError("other ids came back")


def change(index, writer, rounds):
    generator = random.Random(writer)
    for number in range(rounds):
        group = WRITERS * generator.randrange(GROUPS // WRITERS) + writer
        mark = WRITERS * number + writer
        # Codes end with the last vector.
        verb = generator.choices(
            ("upsert", "remove", "update", "compact", "clear"),
            (7, 4, 3, 1, 0.1 if index.memory == "balanced" else 0),
        )[0]
        try:
            if verb == "upsert":
                put(index, group, mark)
            elif verb == "remove":
                index.remove(ids_of(group))
            elif verb == "update":
                index.update_metadata(ids_of(group), {"mark": [mark] * SIZE})
            elif verb == "compact":
                index.compact()
            else:
                index.clear()
        except martlet.UnknownIdError:  # The group is gone already, or all are.
            assert verb in ("remove", "update")


def check_search(index, where=None):
    """Ids, distances and metadata of a search are of one version."""
    hits = index.search([0] * DIM, k=WIDTH, ef=WIDTH, where=where, include=["metadata"])
    groups = defaultdict(dict)
    for name, record in zip(hits.ids[: hits.counts].tolist(), hits.metadata):
        group, member = name.split("/")
        groups[group][member] = record["mark"]
    assert hits.counts == sum(map(len, groups.values()))
    for marks in groups.values():
        assert len(marks) == SIZE
        assert len(set(marks.values())) == 1
    return groups


def look(index, turn):
    group = turn % GROUPS
    try:
        if turn % 5 == 0:
            check_search(index)
        elif turn % 5 == 1:
            assert len(check_search(index, {"mark": {"$lte": turn}})) <= GROUPS
        elif turn % 5 == 2:
            vectors = index.get(ids_of(group))
            assert (vectors[:, 0] == group).all()
            assert (vectors[:, 1] == vectors[0, 1]).all()
            assert vectors[:, 2].tolist() == list(range(SIZE))
        elif turn % 5 == 3:
            assert len({record["mark"] for record in index.metadata(ids_of(group))}) == 1
        else:
            assert len(index) % SIZE == index.count({"mark": turn}) % SIZE == 0
            stats = index.stats()
            assert stats["count"] == stats["reachable"]
    except martlet.UnknownIdError:
        assert turn % 5 in (2, 3)
    except martlet.FilterError:  # All is gone, the column too.
        assert turn % 5 in (1, 4)


def stress(rounds, memory):
    index = martlet.Index(DIM, M=4, ef_construction=20, memory=memory)
    for group in range(GROUPS):
        put(index, group, 0)
    if memory == "fast":
        make_codes(index)
    finished = threading.Event()

    def read(first):
        turn = first
        while not finished.is_set() or turn < first + 20:
            look(index, turn)
            turn += 1
        return turn - first

    with ThreadPoolExecutor(WRITERS + READERS) as pool:
        readers = [pool.submit(read, 1 + reader) for reader in range(READERS)]
        writers = [pool.submit(change, index, writer, rounds) for writer in range(WRITERS)]
        try:
            for writer in writers:
                writer.result()
        finally:
            finished.set()
        looks = [reader.result() for reader in readers]
    check_search(index)
    assert index.stats()["reachable"] == len(index)
    if memory == "fast":
        assert index.stats()["bytes"]["codes"] > 0
    return looks


def make_codes(index):
    """Come and go with so many vectors that there are codes, which stay."""
    rng = np.random.default_rng(2)
    vectors = rng.normal(0, 60, (1200, DIM))
    vectors[:, 1] = rng.integers(997, size=1200)
    ids = [f"gone {number}" for number in range(1200)]
    index.add(vectors, ids=ids)
    assert index.stats()["bytes"]["codes"] > 0
    index.remove(ids)


@pytest.fixture
def frequent_switches():
    """Let threads take turns often, so that few orders of their steps are left out."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.parametrize("memory", ["balanced", "fast"])
@pytest.mark.usefixtures("frequent_switches")
def test_everything_at_once(memory):
    assert min(stress(150, memory)) >= 20


@pytest.mark.long
@pytest.mark.parametrize("memory", ["balanced", "fast"])
@pytest.mark.usefixtures("frequent_switches")
def test_everything_at_once_for_long(memory):
    assert min(stress(20_000, memory)) >= 20
