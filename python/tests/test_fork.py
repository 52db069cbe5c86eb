"""After fork() parent and child both go on."""

from __future__ import annotations

PREPARE = """
import multiprocessing, os, sys
import numpy as np
import martlet

vectors = np.random.default_rng(0).standard_normal((3000, 16), np.float32)
index = martlet.Index(16, ef_construction=50)
index.add(vectors[:1000])
before = index.search(vectors[:100], k=5)
"""


def test_both_processes_go_on(run_script):
    output = run_script(
        PREPARE
        + """
child = os.fork()
after = index.search(vectors[:100], k=5)
assert after.ids.tobytes() == before.ids.tobytes()
index.add(vectors[1000:], threads=2)
print(len(index), index.stats()["reachable"], flush=True)
if child == 0:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    )
    assert output.split() == ["3000"] * 4


def test_a_pool_of_forked_workers(run_script):
    output = run_script(
        PREPARE
        + """
def search(row):
    return index.search(vectors[row], k=5).ids.tolist()

with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(search, range(100)) == before.ids.tolist()
print(len(index.add(vectors[1000:])))
"""
    )
    assert output == "2000"
