"""Recall on queries that are not among the vectors, where it is known to break."""

from __future__ import annotations

import numpy as np
import oracle
import pytest

import martlet

METRICS = ["l2", "ip", "cosine"]
FORMS = pytest.mark.parametrize("memory", ["balanced", "fast"])


def recall(vectors, queries, metric, ef, **parameters):
    index = martlet.Index(vectors.shape[1], metric, **parameters)
    index.add(vectors)
    assert index.stats()["reachable"] == len(vectors)
    return oracle.recall(vectors, queries, index.search(queries, k=10, ef=ef), metric)


@FORMS
@pytest.mark.parametrize("metric", METRICS)
def test_gaussian_vectors(metric, memory):
    vectors, queries = oracle.gaussian(5000, 16, seed=10), oracle.gaussian(100, 16, seed=11)
    assert recall(vectors, queries, metric, ef=64, memory=memory) >= 0.95


@FORMS
@pytest.mark.parametrize("metric", METRICS)
def test_vectors_that_come_cluster_by_cluster(metric, memory):
    both = oracle.clustered(5100, 24, seed=12)
    chosen = np.random.default_rng(13).permutation(5100)
    vectors, queries = both[np.sort(chosen[:5000])], both[chosen[5000:]]
    assert recall(vectors, queries, metric, ef=64, memory=memory) >= 0.95


@FORMS
@pytest.mark.parametrize("copies", [1, 40])
def test_a_beam_wider_than_a_cluster_looks_beyond_it(copies, memory):
    rng = np.random.default_rng(21)
    centers = 3 * rng.normal(size=(20, 48))
    points = np.repeat(centers, 100, axis=0) + rng.normal(size=(2000, 48))
    points = np.tile(points[: 2000 // copies], (copies, 1)).astype("f4")
    queries = centers.astype("f4")
    index = martlet.Index(48, memory=memory)
    index.add(points)
    assert index.stats()["bytes"]["codes"] > 0
    for k in (50, 250, 1000):
        hits = index.search(queries, k=k, ef=k)
        assert (hits.counts == k).all()
    hits = index.search(queries, k=2000)
    expected = np.sort(oracle.distances(points, queries, "l2"), axis=1)
    np.testing.assert_allclose(hits.distances, expected, rtol=1e-5)


def test_batches_give_the_recall_of_one_add():
    vectors, queries = oracle.gaussian(3000, 16, seed=14), oracle.gaussian(100, 16, seed=15)
    index = martlet.Index(16)
    index.add(vectors[:1000])
    for start in range(1000, 2000, 100):
        index.add(vectors[start : start + 100])
    for row in range(2000, 3000):
        index.add(vectors[row])
    assert index.stats()["reachable"] == 3000
    assert oracle.recall(vectors, queries, index.search(queries), "l2") >= 0.95


def test_inner_product_of_very_different_norms():
    rng = np.random.default_rng(16)
    norms = rng.lognormal(0, 1, (5000, 1))
    vectors = (oracle.gaussian(5000, 24, seed=17) * norms).astype(np.float32)
    queries = oracle.gaussian(100, 24, seed=18)
    assert recall(vectors, queries, "ip", ef=128) >= 0.95


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("order", ["together", "in turn"])
def test_every_copy_of_a_duplicated_vector_is_found(metric, order):
    points = oracle.gaussian(5, 16, seed=19)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    owners = np.repeat(np.arange(5), 100) if order == "together" else np.tile(np.arange(5), 100)
    index = martlet.Index(16, metric)
    index.add(points[owners])
    assert index.stats()["reachable"] == 500
    hits = index.search(points, k=100)
    for point in range(5):
        assert sorted(hits.ids[point].tolist()) == np.flatnonzero(owners == point).tolist()


def test_every_copy_is_found_by_codes_of_links():
    points = oracle.gaussian(20, 32, seed=22)
    owners = np.tile(np.arange(20), 100)
    index = martlet.Index(32, memory="fast")
    index.add(points[owners])
    assert index.stats()["bytes"]["codes"] > 0
    hits = index.search(points, k=100)
    for point in range(20):
        assert sorted(hits.ids[point].tolist()) == np.flatnonzero(owners == point).tolist()


def test_every_vector_finds_itself():
    vectors = oracle.clustered(3000, 16, seed=20)
    index = martlet.Index(16)
    index.add(vectors)
    hits = index.search(vectors, k=1, ef=64)
    assert (hits.distances == 0).mean() >= 0.999


@pytest.mark.parametrize(
    "vectors",
    [
        np.zeros((300, 4), np.float32),
        np.outer(np.arange(300), np.ones(4)).astype(np.float32),
        np.arange(300, dtype=np.float32)[:, None],
    ],
    ids=["all equal", "on a line", "one dimension"],
)
def test_degenerate_geometry(vectors):
    index = martlet.Index(vectors.shape[1])
    index.add(vectors)
    assert index.stats()["reachable"] == 300
    hits = index.search(vectors, k=300)
    assert (np.sort(hits.ids, axis=1) == np.arange(300)).all()
