"""No copy of the vectors is made on the way in: memory grows by what the index itself needs."""

from __future__ import annotations

import json

import pytest

GROWTH = """
import json, re, sys
from pathlib import Path
import numpy as np
import martlet

def status(name):
    return 1024 * int(re.search(name + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])

rows, dim = int(sys.argv[1]), 2048
rng = np.random.default_rng(0)
vectors = np.empty((dim, rows), np.float32).T[::-1]  # Fortran order, rows backwards
for column in range(dim):
    vectors[:, column] = rng.random(rows, np.float32)

index = martlet.Index(dim, M=2, ef_construction=4)
index.add(vectors[:4])
before = status("VmRSS")
index.add(vectors[4:])
growth = status("VmHWM") - before
assert vectors.strides[1] != 4 and index.get(rows - 1).tolist() == vectors[-1].tolist()
print(json.dumps([growth, index.stats()["bytes"]["total"], vectors.nbytes]))
"""


def check(output):
    growth, index_bytes, input_bytes = json.loads(output)
    print(f"peak growth {growth:,}, index {index_bytes:,}, array {input_bytes:,} bytes")
    assert index_bytes > input_bytes
    assert growth < index_bytes + input_bytes / 4


def test_peak_growth_while_adding_100_mb(run_script):
    check(run_script(GROWTH, 12_800))


@pytest.mark.long
def test_peak_growth_while_adding_1_gb(run_script):
    check(run_script(GROWTH, 128_000))


STARVED = """
import re, resource
from pathlib import Path
import numpy as np
import martlet

rows, dim = 20_000, 512
vectors = np.random.default_rng(0).standard_normal((rows, dim), np.float32)
index = martlet.Index(dim, M=4, ef_construction=8)
index.add(vectors, metadata={"row": np.arange(rows)})
index.remove(range(50))

def seen():
    hits = index.search(vectors[:50], k=10, threads=1)
    return hits.ids.tobytes(), hits.distances.tobytes(), index.stats(), index.metadata([6050, 9999])

def address_space():
    return 1024 * int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def refusals(call):
    "Give a call more and more memory until that is enough; count how often it was not."
    before, room, count = seen(), 2**20, 0
    while True:
        resource.setrlimit(resource.RLIMIT_AS, (address_space() + room, resource.RLIM_INFINITY))
        try:
            call()
            return count
        except MemoryError:
            count += 1
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
        assert seen() == before
        room = 2 * room

# Removing needs little: it goes without the compaction that follows, if there is no memory for it.
assert refusals(lambda: index.remove(range(50, 6050))) <= 4
print(refusals(index.compact) > 0, refusals(lambda: index.upsert(vectors, ids=np.arange(rows))) > 0)
print(len(index), index.stats()["reachable"])
"""


def test_changes_without_memory(run_script):
    assert run_script(STARVED).split() == ["True", "True", "20000", "20000"]
