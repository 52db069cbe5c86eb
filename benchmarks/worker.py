"""One library in a process of its own, so that neither memory nor threads of two ever mix."""

from __future__ import annotations

import multiprocessing
import re
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adapters import adapter


class Task(NamedTuple):
    """What every library is given: rows of shape (n, dim), queries (q, dim), and parameters."""

    base: NDArray[np.float32]
    queries: NDArray[np.float32]
    metric: str
    M: int
    ef_construction: int
    k: int


class Build(NamedTuple):
    """One build; bytes are the growth of resident memory after it and at its peak."""

    library: str
    threads: int
    seconds: float
    bytes: int
    peak_bytes: int


class Bench:
    """Runs a library's adapter on a task."""

    def __init__(self, name: str, task: Task) -> None:
        self.name = name
        self.version = adapter(name).version
        self._task = task

    def build(self, threads: int) -> Build:
        """Build the index, and keep it for the searches."""
        task = self._task
        self._index = adapter(self.name)(
            task.base.shape[1], task.metric, task.M, task.ef_construction
        )
        before = _resident_bytes("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # The peak, VmHWM, starts again from here.
        start = time.perf_counter()
        self._index.add(task.base, threads)
        seconds = time.perf_counter() - start
        grown, peak = (_resident_bytes(field) - before for field in ("VmRSS", "VmHWM"))
        return Build(self.name, threads, seconds, grown, peak)

    def search(self, ef: int) -> NDArray[np.int64]:
        """Return the ids found for all queries, shape (q, k)."""
        return self._index.search(self._task.queries, self._task.k, ef, threads=1).astype(np.int64)

    def time_batch(self, ef: int) -> float:
        """Return the seconds one call with all queries takes on one thread."""
        return self._time(ef, [self._task.queries])

    def time_single(self, ef: int) -> float:
        """Return the seconds all queries take on one thread with a call for each."""
        return self._time(ef, np.split(self._task.queries, len(self._task.queries)))

    def _time(self, ef: int, calls: Sequence[NDArray[np.float32]]) -> float:
        start = time.perf_counter()
        for queries in calls:
            self._index.search(queries, self._task.k, ef, threads=1)
        return time.perf_counter() - start


class Worker:
    """A `Bench` in another process: the same methods, each waiting for its answer."""

    def __init__(self, name: str, task: Task) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, far_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(far_end, name, task), daemon=True)
        self._process.start()
        far_end.close()  # So that a worker that dies is an EOFError here, not a wait without end.
        self.name = name
        self.version: str = self._connection.recv()

    def build(self, threads: int) -> Build:
        result: Build = self._call("build", threads)
        return result

    def search(self, ef: int) -> NDArray[np.int64]:
        ids: NDArray[np.int64] = self._call("search", ef)
        return ids

    def time_batch(self, ef: int) -> float:
        seconds: float = self._call("time_batch", ef)
        return seconds

    def time_single(self, ef: int) -> float:
        seconds: float = self._call("time_single", ef)
        return seconds

    def close(self) -> None:
        self._connection.close()
        self._process.join()

    def _call(self, method: str, argument: int) -> Any:
        self._connection.send((method, argument))
        return self._connection.recv()


def _serve(connection: Connection, name: str, task: Task) -> None:
    bench = Bench(name, task)
    connection.send(bench.version)
    while True:
        try:
            method, argument = connection.recv()
        except EOFError:
            return
        connection.send(getattr(bench, method)(argument))


def _resident_bytes(field: str) -> int:
    """Resident memory of this process now (VmRSS) or at its peak (VmHWM), as Linux counts it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kilobytes = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
    assert kilobytes is not None
    return 1024 * int(kilobytes[1])
