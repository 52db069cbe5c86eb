"""Many threads on one index, and the same index from any number of threads."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import oracle
import pytest

import martlet

VECTORS = oracle.clustered(2000, 16, seed=7)
QUERIES = oracle.gaussian(100, 16, seed=8)


@pytest.mark.parametrize("threads", [2, 3, 8, None])
@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_threads_do_not_change_the_index(metric, threads, assert_same_index):
    one, other = martlet.Index(16, metric, M=8), martlet.Index(16, metric, M=8)
    for start in (0, 700):
        one.add(VECTORS[start : start + 700], threads=1)
        other.add(VECTORS[start : start + 700], threads=threads)
    assert_same_index(one, other, QUERIES)


def test_threads_do_not_change_the_hits():
    index = martlet.Index(16)
    index.add(VECTORS)
    expected = index.search(QUERIES, threads=1)
    for threads in (2, 3, 8, None):
        hits = index.search(QUERIES, threads=threads)
        assert hits.ids.tobytes() == expected.ids.tobytes()
        assert hits.distances.tobytes() == expected.distances.tobytes()


def test_the_seed_changes_the_index():
    one, other = martlet.Index(16), martlet.Index(16, seed=1)
    one.add(VECTORS)
    other.add(VECTORS)
    assert one.stats()["levels"] != other.stats()["levels"]


def test_searches_see_whole_batches_only():
    sizes = [1, 40, 3, 100, 7, 60, 200, 2, 90, 50]
    whole = set(np.cumsum([0, *sizes]).tolist())
    index = martlet.Index(16, ef_construction=50)
    finished = threading.Event()

    def search():
        seen = []
        while not (finished.is_set() and seen and seen[-1] == sum(sizes)):
            hits = index.search(QUERIES[0], k=sum(sizes) + 10)
            assert sorted(hits.ids[: hits.counts].tolist()) == list(range(hits.counts))
            assert hits.counts in whole
            seen.append(hits.counts)
        return seen

    def add():
        row = 0
        for size in sizes:
            index.add(VECTORS[row : row + size])
            row += size
            assert index.search(QUERIES[0], k=row + 10).counts == row
        finished.set()

    with ThreadPoolExecutor(3) as pool:
        searches = [pool.submit(search) for _ in range(2)]
        pool.submit(add).result()
        for searched in searches:
            assert searched.result() == sorted(searched.result())


def test_searches_see_whole_records():
    index = martlet.Index(16, ef_construction=50)
    finished = threading.Event()

    def search():
        done = False
        while not done:
            done = finished.is_set()
            hits = index.search(QUERIES[0], k=50, where={}, include=["metadata"], explain=True)
            numbers = [record["number"] for record in hits.metadata]
            assert hits.explanation.rows % 40 == 0
            if hits.counts:
                assert hits.ids[: hits.counts].tolist() == [f"name {n}" for n in numbers]
                some = index.search(QUERIES[1], k=50, where={"number": {"$lt": 20}})
                assert set(some.ids[:20]) == {f"name {n}" for n in range(20)}
                assert index.metadata("name 7") == {"number": 7, "text": "text 7"}
        return hits.counts

    with ThreadPoolExecutor(3) as pool:
        searches = [pool.submit(search) for _ in range(2)]
        for start in range(0, 800, 40):
            numbers = range(start, start + 40)
            names = [f"name {n}" for n in numbers]
            records = [{"number": n, "text": f"text {n}"} for n in numbers]
            index.add(VECTORS[start : start + 40], ids=names, metadata=records)
        finished.set()
        assert [searched.result() for searched in searches] == [50, 50]


def test_single_searches_from_many_threads():
    index = martlet.Index(16)
    index.add(VECTORS)
    expected = {k: index.search(QUERIES, k=k) for k in (1, 5, 9)}

    def search(first):
        for query in [*range(first, 100), *range(first)] * 3:
            for k, hits in expected.items():
                found = index.search(QUERIES[query], k=k)
                assert found.ids.tolist() == hits.ids[query].tolist()
                assert found.distances.tobytes() == hits.distances[query].tobytes()
                assert found.counts == k

    with ThreadPoolExecutor(4) as pool:
        for searched in [pool.submit(search, first) for first in (0, 25, 50, 75)]:
            searched.result()


def test_adds_from_many_threads():
    index = martlet.Index(16, ef_construction=50)
    with ThreadPoolExecutor(4) as pool:
        batches = [pool.submit(index.add, VECTORS[i : i + 100]) for i in range(0, 800, 100)]
        ids = [batch.result().tolist() for batch in batches]
    assert sorted(itertools.chain(*ids)) == list(range(800))
    assert all(batch == list(range(batch[0], batch[0] + 100)) for batch in ids)
    for i, batch in enumerate(ids):
        assert index.get(batch).tobytes() == VECTORS[100 * i : 100 * i + 100].tobytes()
    assert index.stats()["reachable"] == 800


def test_errors_belong_to_their_thread():
    index = martlet.Index(16)

    def fail(dim):
        for _ in range(200):
            with pytest.raises(martlet.DimensionError, match=rf"\b{dim}\b"):
                index.search(np.ones(dim, np.float32))

    with ThreadPoolExecutor(4) as pool:
        for failed in [pool.submit(fail, dim) for dim in (101, 102, 103, 104)]:
            failed.result()
