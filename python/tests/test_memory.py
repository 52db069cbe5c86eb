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
import ctypes, re, resource
from pathlib import Path
import numpy as np
import martlet

# M_MMAP_THRESHOLD, M_MMAP_MAX: from 8 KB on, nothing is taken from memory given back before.
# M_ARENA_MAX: new threads find some for what is their own.
for option, value in ((-3, 8192), (-4, 2**30), (-8, 1)):
    ctypes.CDLL(None).mallopt(option, value)

rows, dim = 30_000, 32
names = [f"name {row}" for row in range(rows)]
vectors = np.random.default_rng(0).standard_normal((rows, dim), np.float32)
index = martlet.Index(dim, M=4, ef_construction=8)
index.add(vectors, ids=names, metadata={"row": np.arange(rows)})
index.remove(names[:50])

def seen():
    hits = index.search(vectors[:50], k=10, threads=1)
    return hits.ids.tolist(), hits.distances.tobytes(), index.stats(), index.metadata(names[-2:])

def address_space():
    return 1024 * int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def refusals(call):
    "Give a call more and more memory until that is enough; count how often it was not."
    before, room, count = seen(), 2**16, 0
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
        room += room // 4

for call in (
    lambda: index.remove(names[50:15_000]),
    index.compact,
    lambda: index.convert("fast"),
    lambda: index.upsert(vectors, ids=names, metadata={"row": np.arange(rows)}),
    lambda: index.add(vectors, ids=[name.upper() for name in names]),
):
    print(refusals(call) > 3)
print(len(index), index.stats()["reachable"])
"""


def test_changes_without_memory(run_script):
    assert run_script(STARVED).split() == ["True"] * 5 + ["60000"] * 2
