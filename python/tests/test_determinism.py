"""The same batches give the same file in every form: threads and lists leave no trace."""

from __future__ import annotations

import functools
import hashlib

import numpy as np
import oracle
import pytest
from durable import content

import martlet

DIM = 24
VECTORS = oracle.clustered(2300, DIM, seed=50)
ONE_CALL = (0, 2300)
# The first are too few for codes; the last are so many that codes are made anew.
SEVERAL_CALLS = (0, 600, 601, 1100, 2300)
METRICS = pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
FORMS = pytest.mark.parametrize("memory", ["balanced", "fast", "compact"])


def file_of(metric, memory, borders, threads, kinds=(np.asarray,)):
    """Return the file of an index that one call after the other has made.

    Call number i runs on threads[i] threads and is given what kinds[i] makes of its rows; both
    start again when they end.
    """
    index = martlet.Index(DIM, metric, M=6, ef_construction=30, seed=3, memory=memory)
    for number, (start, end) in enumerate(zip(borders, borders[1:])):
        rows = kinds[number % len(kinds)](VECTORS[start:end])
        index.add(rows, threads=threads[number % len(threads)])
    return content(index)


@functools.cache
def file_of_one_thread(metric, memory, borders):
    return file_of(metric, memory, borders, (1,))


@METRICS
@FORMS
@pytest.mark.parametrize("kind", [np.asarray, np.ndarray.tolist], ids=["array", "list"])
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_one_call(metric, memory, kind, threads):
    expected = file_of_one_thread(metric, memory, ONE_CALL)
    assert file_of(metric, memory, ONE_CALL, (threads,), (kind,)) == expected


@METRICS
@FORMS
@pytest.mark.parametrize("threads", [(2,), (3,), (8,), (None,), (3, 1, 8, 2), (1, 8, 2, 3)])
def test_several_calls(metric, memory, threads):
    expected = file_of_one_thread(metric, memory, SEVERAL_CALLS)
    kinds = (np.asarray, np.ndarray.tolist)
    assert file_of(metric, memory, SEVERAL_CALLS, threads, kinds) == expected


def test_batches_metrics_and_forms_do_leave_traces():
    files = {
        hashlib.sha256(file_of_one_thread(metric, memory, borders)).digest()
        for metric in ("l2", "ip", "cosine")
        for memory in ("balanced", "fast", "compact")
        for borders in (ONE_CALL, SEVERAL_CALLS)
    }
    assert len(files) == 18


@METRICS
@FORMS
def test_both_instruction_sets_where_sums_are_exact(metric, memory, run_script, monkeypatch):
    """Vectors of whole numbers whose squares add up to less than 2**24: no set rounds any sum."""
    script = """
    import hashlib, io, sys
    import numpy as np
    import martlet

    metric, memory = sys.argv[1:]
    vectors = np.random.default_rng(51).integers(-127, 128, (2300, 24)).astype(np.int8)
    index = martlet.Index(24, metric, M=6, ef_construction=30, seed=3, memory=memory)
    for start in range(0, 2300, 1150):
        index.add(vectors[start : start + 1150])
    file = io.BytesIO()
    index.save(file)
    print(index.stats()["kernels"], hashlib.sha256(file.getvalue()).hexdigest())
    """
    printed = []
    for kernels in ("baseline", "x86-64-v3"):
        monkeypatch.setenv("MARTLET_KERNELS", kernels)
        printed.append(run_script(script, metric, memory).split())
    (one, file), (other, same) = printed
    if other == one:
        pytest.skip("this processor has the one set only")
    assert same == file
