"""Ctrl-C and progress: a long call can be watched, and stopped as if it had never begun."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import oracle
import pytest

import martlet
from martlet import _calls

VECTORS = oracle.gaussian(2000, 16, seed=9)

# An add that is not cancelled shows as a longer index. The search would take hours; the time limit
# of run_script() catches one that goes on.
SCRIPT = """
import os, signal, sys, threading
import numpy as np
import martlet

rng = np.random.default_rng(0)
vectors = rng.standard_normal((20_000, 512), np.float32)
main = threading.main_thread().ident

def press_once_waiting():
    while sys._current_frames()[main].f_code.co_name != "_watch":
        pass
    os.kill(os.getpid(), signal.SIGINT)

def interrupted(call):
    "Make a call, press Ctrl-C once the main thread waits for it, and tell whether that stopped it."
    threading.Thread(target=press_once_waiting, daemon=True).start()
    try:
        call()
    except KeyboardInterrupt:
        return True
    return False
"""


def test_ctrl_c_in_add(run_script):
    output = run_script(
        SCRIPT
        + """
index = martlet.Index(512, ef_construction=100_000)
index.add(vectors[:100])
before = index.search(vectors[:100], k=5), index.stats()
assert interrupted(lambda: index.add(vectors))
lists = vectors[:6000].tolist()
assert interrupted(lambda: index.add(lists))
after = index.search(vectors[:100], k=5), index.stats()
assert before[0].ids.tobytes() == after[0].ids.tobytes()
assert before[1] == after[1]
print(index.add(vectors[:50]).tolist() == list(range(100, 150)), len(index))
"""
    )
    assert output == "True 150"


def test_ctrl_c_in_search(run_script):
    output = run_script(
        SCRIPT
        + """
index = martlet.Index(512, M=4, ef_construction=8)
index.add(vectors[:10_000])
queries = np.broadcast_to(vectors[0], (10_000_000, 512))
assert interrupted(lambda: index.search(queries, k=1, ef=10_000))
print(index.search(vectors[7], k=1).ids, len(index))
"""
    )
    assert output == "[7] 10000"


def test_ctrl_c_again_while_the_call_ends():
    outcome = []

    class Ended:
        pressed = False

        def acquire(self, timeout):
            if not self.pressed:
                self.pressed = True
                raise KeyboardInterrupt
            outcome.append(None)

    _calls._outlast(outcome, Ended())
    assert outcome == [None]


def test_ctrl_c_before_the_call_is_made(monkeypatch):
    def press(helper):
        raise KeyboardInterrupt

    index = martlet.Index(16)
    monkeypatch.setattr(_calls, "_start", press)
    with pytest.raises(KeyboardInterrupt):
        index.add(VECTORS, progress=lambda done, total: None)
    assert len(index) == 0


def test_when_there_is_no_thread_to_wait_in(monkeypatch):
    def refuse(function, arguments):
        raise RuntimeError("can't start new thread")

    index = martlet.Index(16)
    monkeypatch.setattr(_calls, "start_new_thread", refuse)
    assert len(index.add(VECTORS, progress=lambda done, total: None)) == 2000


def test_progress_function():
    index = martlet.Index(16)
    reports = []
    index.add(VECTORS, progress=lambda done, total: reports.append((done, total)))
    assert reports == sorted(reports)
    assert reports[-1] == (2000, 2000)
    assert all(total == 2000 for _, total in reports)

    reports.clear()
    index.search(VECTORS[:30], progress=lambda done, total: reports.append((done, total)))
    assert reports[-1] == (30, 30)


def test_an_exception_in_progress_cancels():
    index = martlet.Index(16, ef_construction=2000)
    index.add(VECTORS[:10])

    def refuse(done, total):
        raise LookupError(f"{done} of {total}")

    for call in (index.add, index.search):
        with pytest.raises(LookupError, match="of 2000"):
            call(VECTORS, progress=refuse)
    assert len(index) == 10
    assert index.add(VECTORS[0]).tolist() == [10]


def test_an_add_that_waits_for_another_can_be_cancelled():
    index = martlet.Index(16, ef_construction=1000)
    running, stop = threading.Event(), threading.Event()
    reports = []

    def run_until_stopped(done, total):
        if done > 0:
            running.set()
        if stop.is_set():
            raise LookupError

    def refuse_while_waiting(done, total):
        reports.append(done)
        if len(reports) == 2:
            raise LookupError

    with ThreadPoolExecutor(1) as pool:
        vectors = oracle.gaussian(40_000, 16, seed=21)
        long_add = pool.submit(index.add, vectors, progress=run_until_stopped)
        running.wait()
        with pytest.raises(LookupError):
            index.add(VECTORS, progress=refuse_while_waiting)
        assert not long_add.done()
        assert index.search(VECTORS[0]).counts == 0
        stop.set()
        assert isinstance(long_add.exception(), LookupError)
    assert reports == [0, 0]
    assert len(index) == 0


def test_errors_of_a_watched_call():
    index = martlet.Index(16)
    vectors = VECTORS.copy()
    vectors[1999, 3] = np.nan
    with pytest.raises(martlet.NotFiniteError, match=r"row 1999\b.*column 3\b"):
        index.add(vectors, progress=lambda done, total: None)
    assert len(index) == 0


def test_progress_bar(capsys):
    index = martlet.Index(16)
    index.add(VECTORS, progress=True)
    assert "2000/2000" in capsys.readouterr().err


def test_progress_bar_without_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    index = martlet.Index(16)
    with pytest.raises(ImportError, match="tqdm"):
        index.add(VECTORS, progress=True)
    assert len(index) == 0


def test_ctrl_c_in_changes(run_script):
    output = run_script(
        SCRIPT
        + """
import time
pressed = []

def press_after(seconds):
    while sys._current_frames()[main].f_code.co_name != "_watch":
        pass
    time.sleep(seconds)
    pressed.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

def seen(name):
    hits = index.search(vectors[:100], k=5, ef=len(index) if name in quick else 64, threads=1)
    found = hits.ids.tobytes(), hits.distances.tobytes(), index.metadata([0, 2])
    # Such a call may have ended before it was interrupted: then it took place.
    return found if name in quick else (*found, index.stats())

index = martlet.Index(512, M=32, ef_construction=200)
index.add(vectors[:8000], metadata={"row": list(range(8000))})
index.remove(range(3, 100))
every_other = np.arange(100, 8000, 2)
calls = {
    "add": lambda: index.add(vectors[:8000]),
    "upsert": lambda: index.upsert(vectors[:8000], ids=np.arange(4000, 12_000)),
    "remove": lambda: index.remove(every_other),
    "compact": index.compact,
    "convert": lambda: index.convert("fast" if index.memory == "balanced" else "balanced"),
}
quick = ("compact", "convert")
for name, call in calls.items():
    for seconds in (0, 0.05) if name not in quick else (0,):
        before = seen(name)
        threading.Thread(target=press_after, args=[seconds], daemon=True).start()
        try:
            call()
            while name in quick:  # One may be over before the key is pressed.
                call()
            raise SystemExit(name + " was not interrupted")
        except KeyboardInterrupt:
            assert time.perf_counter() - pressed.pop() < 0.2, name
        assert seen(name) == before, name
for call in calls.values():
    call()
print(len(index), index.stats()["reachable"])
"""
    )
    assert output == "11953 11953"


def test_progress_of_a_removal():
    index = martlet.Index(16)
    index.add(VECTORS)
    reports = []
    index.remove(range(500), progress=lambda done, total: reports.append((done, total)))
    assert reports == sorted(reports)
    assert reports[-1] == (500, 500)
    assert len(index) == 1500

    def refuse(done, total):
        raise LookupError(f"{done} of {total}")

    with pytest.raises(LookupError, match="0 of 600"):
        index.remove(range(500, 1100), progress=refuse)
    assert len(index) in (900, 1500)  # It may have ended before it was refused.


def test_when_a_thread_dies_at_once(monkeypatch):
    """As one does that finds no memory."""
    index = martlet.Index(16)
    monkeypatch.setattr(_calls, "start_new_thread", lambda function, arguments: None)
    assert len(index.add(VECTORS, progress=lambda done, total: None)) == 2000
