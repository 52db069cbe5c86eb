"""Saving and loading: paths, file objects, bytes, pickles and copies, and what goes wrong."""

from __future__ import annotations

import copy
import errno
import io
import os
import pickle
import re
import stat
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
from conftest import VECTORS

import martlet


def saved(index):
    file = io.BytesIO()
    index.save(file)
    return file.getvalue()


@pytest.fixture
def index():
    rng = np.random.default_rng(5)
    index = martlet.Index(6, "cosine", M=4, ef_construction=30, seed=9)
    index.add(rng.normal(size=(200, 6)), ids=[f"n{i}" for i in range(200)])
    return index


def ways_back(index, folder):
    """Return the index, after it has been through every kind of file."""
    path = folder / "index.martlet"
    index.save(path)
    data = path.read_bytes()
    assert data == saved(index)
    with path.open("rb") as file:
        read = martlet.Index.load(file)
    return [
        read,
        martlet.Index.load(path),
        martlet.Index.load(str(path)),
        martlet.Index.load(path, mmap=True),
        martlet.Index.load(data),
        martlet.Index.load(bytearray(data)),
        martlet.Index.load(memoryview(data)),
        martlet.Index.load(io.BytesIO(data)),
        copy.copy(index),
        copy.deepcopy(index),
        *(pickle.loads(pickle.dumps(index, protocol)) for protocol in range(6)),
    ]


def test_every_way_back(index, tmp_path, assert_same_index):
    queries = np.random.default_rng(6).normal(size=(9, 6))
    for other in ways_back(index, tmp_path):
        assert repr(other) == repr(index)
        assert saved(other) == saved(index)
        assert other.search(queries).ids.tolist() == index.search(queries).ids.tolist()
        assert other.get("n7").tobytes() == index.get("n7").tobytes()
        assert "n199" in other
        assert "n200" not in other


def test_every_type_of_metadata(every_type, tmp_path):
    for other in ways_back(every_type, tmp_path):
        assert other.columns == every_type.columns
        assert other.metadata() == every_type.metadata()
        assert other.count({"lang": "sv"}) == 1
        assert other.count({"tags": {"$contains": "x"}}) == 1


@pytest.mark.parametrize(
    ("metric", "memory"),
    [
        *(("l2", "balanced"), ("ip", "balanced"), ("cosine", "balanced")),
        *(("l2", "fast"), ("cosine", "fast")),
        *(("l2", "compact"), ("cosine", "compact")),
    ],
)
@pytest.mark.parametrize("kind", [int, str])
@pytest.mark.parametrize("count", [0, 1, 500, 1500])
@pytest.mark.parametrize("removed", [0, 3, 400])
def test_changes_after_loading_are_the_same(metric, memory, kind, count, removed, tmp_path):
    """Byte for byte, with all types of metadata, before and behind where codes begin."""
    if removed >= max(count, 1) and removed:
        return
    rng = np.random.default_rng(3)
    index = martlet.Index(19, metric, M=4, ef_construction=30, memory=memory)
    ids = [kind(i) for i in range(count + 900)]
    rows = rng.normal(size=(count + 900, 19)) * np.linspace(1, 3, count + 900)[:, None]
    if count:
        index.add(rows[:count], ids=ids[:count], metadata=metadata(0, count))
        index.remove(ids[:removed])
    index.save(tmp_path / "x")
    loaded = [martlet.Index.load(tmp_path / "x", mmap=mmap) for mmap in (False, True)]
    assert all(saved(other) == saved(index) for other in loaded)
    changes = [
        lambda i: i.add(rows[count:], ids=ids[count:], metadata=metadata(count, count + 900)),
        lambda i: i.upsert(rows[-50:] * 2, ids=ids[-50:]),
        lambda i: i.update_metadata(ids[-3:], {"lang": ["new", None, "sv"]}),
        lambda i: i.remove(ids[-850:]),
        lambda i: i.add(rows[:20], ids=ids[-20:]),
        lambda i: i.compact(),
    ]
    for number, change in enumerate(changes):
        for other in (index, *loaded):
            change(other)
        assert all(saved(other) == saved(index) for other in loaded), number


def metadata(first, end):
    return {
        "flag": [None if i % 7 == 0 else i % 2 == 0 for i in range(first, end)],
        "year": [i * i if i % 5 else None for i in range(first, end)],
        "score": [i / 3 for i in range(first, end)],
        "lang": [f"x{i % 50}" if i % 3 else None for i in range(first, end)],
        "tags": [["a", f"t{i % 9}"][: i % 3] for i in range(first, end)],
        "extra": [{"k": i % 90} for i in range(first, end)],
    }


def test_a_copy_is_an_index_of_its_own(index):
    other = copy.copy(index)
    other.add(VECTORS[:1, [0, 1, 2, 0, 1, 2]] + 1, ids=["new"])
    assert len(other) == 201
    assert len(index) == 200


def test_a_subclass_stays_one(index, tmp_path):
    class Mine(martlet.Index):
        pass

    index.save(tmp_path / "x")
    assert type(Mine.load(tmp_path / "x")) is Mine


def test_a_mapped_file_does_not_change(index, tmp_path):
    path = tmp_path / "x"
    index.save(path)
    before = path.read_bytes()
    mapped = martlet.Index.load(path, mmap=True)
    mapped.add(np.eye(6), ids=list("abcdef"))
    mapped.remove([f"n{i}" for i in range(100)])
    assert path.read_bytes() == before
    mapped.save(path)
    assert len(martlet.Index.load(path)) == 106
    assert mapped.search(np.eye(6)[0], k=1).ids.tolist() == ["a"]


def test_searches_write_to_no_page_of_a_mapped_file(index, tmp_path):
    """So processes share all of them."""

    def private():
        entry = Path("/proc/self/smaps").read_text().split(str(path), 1)[1]
        return re.search(r"Private_Dirty: +(\d+) kB", entry).group(1)

    path = tmp_path / "mapped"
    index.save(path)
    mapped = martlet.Index.load(path, mmap=True)
    mapped.search(np.eye(6), k=200)
    mapped.get(["n1", "n100"])
    assert private() == "0"


def test_saving_over_a_file_keeps_its_permissions_and_links(index, tmp_path):
    path, link = tmp_path / "x", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    index.save(link)
    assert link.is_symlink()
    assert len(martlet.Index.load(path)) == 200
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link", "x"]


def test_any_name(index, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("plain", "å ä", "x" * 255, os.fsdecode(b"\xff\xfe")):
        index.save(name)
        assert len(martlet.Index.load(name)) == 200
    with pytest.raises(ValueError, match="null byte"):
        index.save("a\0b")
    with pytest.raises(ValueError, match="null byte"):
        martlet.Index.load("a\0b")


def test_the_system_refuses(index, tmp_path):
    missing = tmp_path / "no" / "such"
    with pytest.raises(FileNotFoundError, match="such"):
        index.save(missing)
    with pytest.raises(FileNotFoundError, match="such"):
        martlet.Index.load(missing)
    with pytest.raises(IsADirectoryError):
        index.save(tmp_path)
    with pytest.raises(IsADirectoryError):
        martlet.Index.load(tmp_path)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for call in (lambda: index.save(fifo), lambda: martlet.Index.load(fifo)):
        with pytest.raises(OSError, match="no ordinary file"):
            call()
    assert os.listdir(tmp_path) == ["fifo"]


def test_a_folder_that_cannot_be_written(run_script, tmp_path):
    """By another user, if this one is the administrator, whom nothing stops."""
    tmp_path.chmod(0o555)
    script = """
        import martlet, os, sys
        index = martlet.Index(2)
        index.add([[1, 2]])
        if os.geteuid() == 0:
            os.setuid(65534)
        try:
            index.save(sys.argv[1] + "/x")
        except PermissionError as error:
            print(error.errno)
    """
    # Pytest keeps others out of the folders above.
    for folder in (tmp_path, tmp_path.parent, tmp_path.parents[1]):
        folder.chmod(0o555)
    try:
        assert run_script(script, tmp_path) == "13"
        assert os.listdir(tmp_path) == []
    finally:
        for folder in (tmp_path, tmp_path.parent, tmp_path.parents[1]):
            folder.chmod(0o700)


@pytest.fixture
def small_disk(tmp_path):
    """Return a folder on a file system of 200 KB; only the administrator can make one."""
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "none", str(tmp_path)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("cannot mount a file system")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_full_disk(index, small_disk):
    path = small_disk / "x"
    index.save(path)
    before = path.read_bytes()
    index.add(np.ones((2000, 6)), ids=[f"more {i}" for i in range(2000)])
    for _ in range(3):
        with pytest.raises(OSError, match="No space left") as caught:
            index.save(path)
        assert caught.value.errno == errno.ENOSPC
        assert path.read_bytes() == before
        assert os.listdir(small_disk) == ["x"]


def test_files_that_become_too_large(run_script, tmp_path):
    script = """
        import martlet, os, resource, sys
        index = martlet.Index(100)
        index.add([[1.0] * 100] * 10)
        index.save(sys.argv[1])
        before = open(sys.argv[1], "rb").read()
        index.add([[2.0] * 100] * 5000)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            index.save(sys.argv[1])
        except OSError as error:
            print(error.errno)
        assert open(sys.argv[1], "rb").read() == before
        print(os.listdir(os.path.dirname(sys.argv[1])))
    """
    assert run_script(script, tmp_path / "x") == "27\n['x']"


def test_what_a_file_object_raises(index):
    class Full:
        def write(self, data):
            raise BlockingIOError(5, "full")

    class Slow(io.RawIOBase):
        def __init__(self):
            self.data = b""

        def write(self, data):
            self.data += bytes(data[:1000])
            return min(len(data), 1000)

    with pytest.raises(BlockingIOError, match="full"):
        index.save(Full())
    slow = Slow()
    index.save(slow)
    assert slow.data == saved(index)


def test_wrong_arguments(index):
    for wrong in (5, None, object()):
        with pytest.raises(TypeError):
            index.save(wrong)
        with pytest.raises(TypeError):
            martlet.Index.load(wrong)
    with pytest.raises(martlet.InvalidArgumentError, match="mmap"):
        martlet.Index.load(b"bytes", mmap=True)
    index.close()
    for call in (lambda: index.save("x"), lambda: pickle.dumps(index)):
        with pytest.raises(martlet.ClosedIndexError):
            call()


def test_saving_beside_adds(tmp_path):
    """Whatever is saved meanwhile is some version, whole."""
    index = martlet.Index(8, M=4, ef_construction=20)
    batch = np.random.default_rng(1).normal(size=(100, 8))

    def add():
        for _ in range(30):
            index.add(batch)

    thread = threading.Thread(target=add)
    thread.start()
    while thread.is_alive():
        index.save(tmp_path / "x")
        loaded = martlet.Index.load(tmp_path / "x")
        assert len(loaded) % 100 == 0
        assert loaded.stats()["reachable"] == len(loaded)
    thread.join()


def test_control_c(run_script, tmp_path):
    script = """
        import martlet, numpy, os, signal, sys, threading, time
        path = sys.argv[1]
        index = martlet.Index(4096, M=2, ef_construction=1)
        index.add([[1.0] * 4096])
        index.save(path)
        index.add(numpy.random.default_rng(1).normal(size=(12_000, 4096)).astype("f4"))
        interrupted = 0
        for attempt in range(20):
            timer = threading.Timer(0.01 + attempt / 100, os.kill, (os.getpid(), signal.SIGINT))
            try:
                timer.start()
                index.save(path)
                time.sleep(1)
            except KeyboardInterrupt:
                interrupted += 1
            timer.join()
            if len(martlet.Index.load(path, mmap=True)) > 1:
                break
        assert interrupted > 0, interrupted
        assert os.listdir(os.path.dirname(path)) == [os.path.basename(path)]
        print("done")
    """
    assert run_script(script, tmp_path / "x") == "done"


@pytest.mark.long
def test_a_million_vectors_are_mapped_at_once(run_script, tmp_path):
    script = """
        import martlet, numpy, sys, time
        index = martlet.Index(128, M=16, ef_construction=2)
        rows = numpy.random.default_rng(1).normal(size=(100_000, 128)).astype("f4")
        for _ in range(10):
            index.add(rows)
        index.save(sys.argv[1])
        times = []
        for _ in range(9):
            start = time.process_time()
            loaded = martlet.Index.load(sys.argv[1], mmap=True)
            times.append(time.process_time() - start)
        print(min(times), len(loaded))
    """
    seconds, count = run_script(script, tmp_path / Path("x")).split()
    assert int(count) == 1_000_000
    assert float(seconds) < 0.05


def test_progress_in_bytes(tmp_path: Path) -> None:
    """Of saving, loading, opening and checkpoints; an exception in it stops them."""
    index = martlet.Index(dim=64, M=2, ef_construction=2)
    index.add(np.random.default_rng(0).normal(size=(30_000, 64)))
    path = tmp_path / "index"
    reports: list[tuple[int, int]] = []

    def report(done: int, total: int) -> None:
        reports.append((done, total))

    def last() -> tuple[int, int]:
        assert reports == sorted(reports)
        found = reports[-1]
        reports.clear()
        return found

    index.save(path, progress=report)
    size = path.stat().st_size
    assert last() == (size, size)
    index.save(io.BytesIO(), progress=report)
    assert last() == (size, size)
    martlet.Index.load(path, progress=report)
    assert last()[0] > size / 2

    def stop(done: int, total: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        index.save(path, progress=stop)
    with martlet.open(tmp_path / "store", dim=64, M=2, ef_construction=2) as store:
        store.add(np.random.default_rng(0).normal(size=(30_000, 64)))
        store.checkpoint(progress=report)
        assert last()[0] > size / 2
    martlet.open(tmp_path / "store", progress=report).close()
    assert last()[0] > size / 2
