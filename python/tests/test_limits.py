"""The bounds of what changes take: dimensions, beams, and emptied indexes."""

from __future__ import annotations

import copy

import numpy as np
import oracle
import pytest

import martlet


@pytest.mark.parametrize(("dim", "count"), [(1, 3000), (65_536, 40)])
@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_dimensions(dim, count, metric):
    vectors, queries = oracle.gaussian(count, dim, seed=51), oracle.gaussian(5, dim, seed=52)
    index = martlet.Index(dim, metric, ef_construction=50)
    index.add(vectors)
    index.remove(range(0, count, 3))
    index.upsert(-vectors[1::3], ids=range(1, count, 3))
    index.compact()
    vectors[1::3] *= -1
    left = np.concatenate([np.arange(2, count, 3), np.arange(1, count, 3)])
    assert index.get(left).tobytes() == vectors[left].tobytes()
    assert index.stats()["reachable"] == len(index) == len(left)
    hits = index.search(queries, k=len(left), ef=len(left))
    assert (np.sort(hits.ids, axis=1) == np.sort(left)).all()
    for query, distances in zip(queries, hits.distances):
        exact = np.sort(oracle.distances(vectors[left], query, metric)[0])
        np.testing.assert_allclose(distances, exact, rtol=1e-4, atol=1e-4 * abs(exact).max())


@pytest.mark.parametrize("ef", [1, 64, 3000, 2**32 - 2])
def test_k_and_ef_up_to_and_beyond_the_vectors_that_are_left(ef):
    vectors = oracle.clustered(3000, 8, seed=53)
    index = martlet.Index(8, ef_construction=50)
    index.add(vectors)
    index.remove(range(500, 1500))
    for k in (1999, 2000, 2001, 5000):
        hits = index.search(vectors[700], k=k, ef=ef)
        assert hits.counts == min(k, 2000)
        found = hits.ids[: hits.counts]
        assert len(set(found.tolist())) == hits.counts
        assert not ((found >= 500) & (found < 1500)).any()
    assert (hits.ids[2000:] == -1).all()


@pytest.mark.parametrize("k", [0, 1, 10])
@pytest.mark.parametrize("ef", [1, 64, 2**32 - 2])
def test_an_emptied_index_is_empty(k, ef):
    index = martlet.Index(8)
    index.add(oracle.gaussian(2000, 8, seed=54))
    for empty in (lambda: index.remove(range(2000)), index.compact, index.clear):
        empty()
        hits = index.search(np.ones((3, 8)), k=k, ef=ef)
        assert hits.ids.tolist() == [[-1] * k] * 3
        assert hits.counts.tolist() == [0, 0, 0]
        assert len(index) == index.count() == index.stats()["reachable"] == 0
    index.add(np.ones((1, 8)))
    assert index.search(np.ones(8), k=k, ef=ef).ids.tolist() == ([2000] + [-1] * 9)[:k]


@pytest.mark.parametrize("ids", [["a", "b"], [5, 6]], ids=["strings", "integers"])
@pytest.mark.parametrize("how", ["remove", "clear", "compact"])
def test_an_emptied_index_keeps_the_kind_of_its_ids(ids, how, tmp_path):
    def emptied(index):
        index.add(np.eye(2), ids=ids)
        index.clear() if how == "clear" else index.remove(ids)
        if how == "compact":
            index.compact()
        return index

    path = tmp_path / "index.martlet"
    index = emptied(martlet.Index(2))
    index.save(path)
    emptied(martlet.open(tmp_path / "log", dim=2)).close()
    durable = emptied(martlet.open(tmp_path / "checkpoint", dim=2))
    durable.checkpoint()
    durable.close()
    missing, other = (None, 7) if ids[0] == "a" else (-1, "a")
    for each in (
        index,
        copy.copy(index),
        martlet.Index.load(path),
        martlet.Index.load(path, mmap=True),
        martlet.open(tmp_path / "log"),
        martlet.open(tmp_path / "checkpoint"),
    ):
        assert each.search([1, 0], k=2).ids.tolist() == [missing] * 2
        assert each.search([[1, 0]], k=1, where={}).ids.tolist() == [[missing]]
        assert each.stats()["id_kind"] == type(ids[0]).__name__
        assert each.get([]).shape == (0, 2)
        with pytest.raises(martlet.UnknownIdError):
            each.get(ids[0])
        with pytest.raises(martlet.IdKindError):
            each.get(other)
        with pytest.raises(martlet.IdKindError):
            each.add([1, 0], ids=[other])
        assert each.add([1, 0], ids=ids[:1]).tolist() == ids[:1]
        assert each.search([1, 0], k=2).ids.tolist() == [ids[0], missing]


@pytest.mark.long
def test_rows_beyond_4_gb():
    """16,600 rows of 65,536 numbers: byte offsets pass 2^31 and 2^32."""
    count, dim = 16_600, 65_536
    vectors = np.broadcast_to(np.arange(count, dtype=np.float32)[:, None], (count, dim))
    index = martlet.Index(dim, M=2, ef_construction=2)
    index.add(vectors)
    assert count * dim * 4 > 2**32
    assert index.get(count - 1)[[0, -1]].tolist() == [count - 1, count - 1]
    index.remove(range(0, count, 2))
    index.compact()
    for row in (1, 8191, 8193, 16_383, 16_385, count - 1):
        assert (index.get(row) == row).all()
        assert index.search(vectors[row], k=1, ef=count).ids.tolist() == [row]
