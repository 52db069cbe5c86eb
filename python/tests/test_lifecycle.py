"""Making, closing and losing an index; what it shows of itself."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import oracle
import pytest

import martlet

VECTORS = oracle.gaussian(200, 8, seed=6)


def test_parameters_can_be_read():
    index = martlet.Index(8, "ip", M=5, ef_construction=30, seed=9)
    assert (index.dim, index.metric, index.M, index.ef_construction, index.seed) == (
        8,
        "ip",
        5,
        30,
        9,
    )
    with pytest.raises(AttributeError):
        index.dim = 9


def test_repr():
    index = martlet.Index(8, "cosine")
    index.add(VECTORS)
    text = repr(index)
    assert "dim=8" in text
    assert "'cosine'" in text
    assert "200 vectors" in text
    index.close()
    assert "closed" in repr(index)


def test_a_closed_index_says_so():
    with martlet.Index(8) as index:
        index.add(VECTORS)
    index.close()
    calls = {
        "add": lambda: index.add(VECTORS),
        "search": lambda: index.search(VECTORS),
        "get": lambda: index.get(0),
        "len": lambda: len(index),
        "in": lambda: 0 in index,
        "stats": index.stats,
    }
    for call in calls.values():
        with pytest.raises(martlet.ClosedIndexError, match="closed"):
            call()
    assert index.dim == 8


def test_the_context_manager_closes_after_an_error():
    index = martlet.Index(8)
    with pytest.raises(ZeroDivisionError), index:
        1 / 0  # noqa: B018
    with pytest.raises(martlet.ClosedIndexError):
        len(index)


def test_an_index_that_was_never_made_can_be_lost():
    with pytest.raises(ValueError, match="dim"):
        martlet.Index(0)
    gc.collect()


def test_closing_in_one_thread_leaves_calls_of_others_alone():
    index = martlet.Index(8, ef_construction=400)
    running = threading.Event()
    queries = np.tile(VECTORS, (50, 1))
    index.add(VECTORS)
    with ThreadPoolExecutor(1) as pool:
        search = pool.submit(index.search, queries, progress=lambda done, total: running.set())
        running.wait()
        index.close()
        assert (search.result().counts == 10).all()


def test_statistics():
    index = martlet.Index(8, M=6)
    empty = index.stats()
    assert (empty["count"], empty["reachable"], empty["last_add"]) == (0, 0, None)
    assert empty["levels"] == []

    index.add(VECTORS, threads=2)
    stats = index.stats()
    assert stats["count"] == sum(stats["levels"]) == stats["reachable"] == 200
    assert stats["levels"][-1] > 0
    assert stats["bytes"]["vectors"] >= VECTORS.nbytes
    assert stats["bytes"]["links"] > 0
    parts = stats["bytes"].copy()
    assert parts.pop("total") == sum(parts.values())
    assert 0 < stats["links"]["mean"] <= stats["links"]["max"] <= 12
    assert stats["links"]["total"] == round(stats["links"]["mean"] * 200)
    assert stats["kernels"] in ("baseline", "x86-64-v3")

    add = stats["last_add"]
    assert (add["path"], add["element"], add["rows"], add["threads"]) == (
        "array",
        "float32",
        200,
        2,
    )
    assert add["distances"] > 200
    seconds = add["seconds"].copy()
    assert seconds["copying"] == 0
    assert min(seconds["boundary"], seconds["reading"], seconds["ids"], seconds["graph"]) > 0
    assert seconds.pop("total") >= sum(seconds.values())


def test_statistics_of_the_list_path():
    index = martlet.Index(8)
    index.add(VECTORS.tolist())
    add = index.stats()["last_add"]
    assert (add["path"], add["element"]) == ("list", "float64")
    seconds = add["seconds"].copy()
    assert seconds["copying"] > 0
    assert seconds.pop("total") >= sum(seconds.values())


def test_a_failed_add_is_not_the_last_add():
    index = martlet.Index(8)
    index.add(VECTORS)
    before = index.stats()
    with pytest.raises(martlet.DuplicateIdError):
        index.add(VECTORS.tolist(), ids=range(200))
    assert index.stats() == before


def test_the_interpreter_exits_with_indexes_alive(run_script):
    output = run_script(
        """
        import atexit, martlet
        index = martlet.Index(2)
        index.add([[0, 1], [2, 3]])
        cycle = [martlet.Index(2)]
        cycle.append(cycle)
        atexit.register(lambda: print(index.search([0, 1], k=1, progress=print).ids))
        """
    )
    # Before, progress may have been told as often as the search took.
    assert output.splitlines()[-2:] == ["1 1", "[0]"]


@pytest.mark.parametrize("daemon", [False, True])
def test_the_interpreter_exits_while_threads_are_in_calls(run_script, daemon):
    output = run_script(
        """
        import sys, threading
        import numpy as np
        import martlet

        daemon = sys.argv[1] == "True"
        vectors = np.random.default_rng(0).standard_normal((2000, 16), np.float32)
        index = martlet.Index(16, ef_construction=50)
        index.add(vectors)
        begun = threading.Barrier(5)

        def repeat(call):
            call()
            begun.wait()
            while daemon:
                call()

        for call in (
            lambda: index.search(vectors, k=5),
            lambda: index.search(vectors[0], k=5),
            lambda: index.upsert(vectors, ids=np.arange(2000)),
            lambda: index.stats(),
        ):
            threading.Thread(target=repeat, args=[call], daemon=daemon).start()
        begun.wait()
        print(len(index))
        """,
        daemon,
    )
    assert output == "2000"
