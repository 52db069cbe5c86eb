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
counts = f"{len(index)} {index.stats()['reachable']} "
os.write(1, counts.encode())  # in one piece
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


def test_both_processes_change_the_index(run_script):
    output = run_script(
        PREPARE
        + """
index.remove(range(3))
child = os.fork()
index.remove(range(100, 400))
index.upsert(vectors[:600], ids=np.arange(600))
index.compact()
hits = index.search(vectors[:600], k=1, ef=200)
assert hits.ids[:, 0].tolist() == list(range(600))
counts = f"{len(index)} {index.stats()['reachable']} "
os.write(1, counts.encode())  # in one piece
index.clear()
if child == 0:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    )
    assert output.split() == ["1000"] * 4


def test_a_child_goes_on_beside_a_parent_that_searches(run_script):
    output = run_script(
        PREPARE
        + """
import threading
stop = threading.Event()

def search():
    while not stop.is_set():
        index.search(vectors[:100], k=5)

threads = [threading.Thread(target=search) for _ in range(2)]
for thread in threads:
    thread.start()
for first in range(0, 500, 50):
    child = os.fork()
    if child == 0:
        index.remove(range(first, first + 50))
        index.upsert(vectors[1000:1100], ids=np.arange(1000, 1100))
        index.compact()
        os._exit(0 if len(index) == index.stats()["reachable"] == 1050 else 1)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
for thread in threads:
    thread.join()
print(len(index))
"""
    )
    assert output == "1000"
