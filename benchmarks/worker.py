"""One library in a process of its own, so that neither memory nor threads of two ever mix."""

from __future__ import annotations

import multiprocessing
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adapters import Contender, Settings, adapter


class Task(NamedTuple):
    """What every library is given: rows of shape (n, dim), queries (q, dim), and parameters."""

    base: NDArray[np.float32]
    queries: NDArray[np.float32]
    metric: str
    M: int
    k: int


class Build(NamedTuple):
    """One build; bytes are the growth of resident memory after it and at its peak."""

    name: str
    threads: int
    seconds: float
    #: How many were at work on average: more than `threads` tells of some that nobody asked for.
    processors: float
    bytes: int
    peak_bytes: int


class Turn(NamedTuple):
    """All queries once; the latencies are those of calls, if each query had one of its own."""

    seconds: float
    processors: float
    p50: float | None = None
    p99: float | None = None


class LeftOutError(Exception):
    """A library cannot be imported, built or searched here; the message says why."""


class Bench:
    """Runs a library's adapter on a task."""

    def __init__(self, contender: Contender, task: Task) -> None:
        self.name = contender.name
        library = adapter(contender.library)
        self.version, self.efforts = library.version, library.efforts
        dim = task.base.shape[1]
        settings = Settings(dim, task.metric, task.M, contender.ef_construction, contender.form)
        self._index = library(settings)
        self._task = task

    def build(self, threads: int) -> Build:
        """Build the index for the searches. This can be done once: the rows are then let go."""
        base = self._task.base
        before = _resident_bytes("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # The peak, VmHWM, starts again from here.
        seconds, processors = _timed(lambda: self._index.add(base, threads))
        # What is mapped from a file becomes resident by being searched.
        self._tune(self.efforts[0], threads)
        self._index.search(self._task.queries)
        grown, peak = (_resident_bytes(field) - before for field in ("VmRSS", "VmHWM"))
        self._task = self._task._replace(base=np.empty((0, 0), np.float32))
        return Build(self.name, threads, seconds, processors, grown, peak)

    def search(self, effort: int) -> NDArray[np.int64]:
        """Return the ids found for all queries, shape (q, k)."""
        self._tune(effort, 1)
        return self._index.search(self._task.queries).astype(np.int64)

    def time_batch(self, effort: int, threads: int) -> Turn:
        """Search for all queries in one call."""
        self._tune(effort, threads)
        return Turn(*_timed(lambda: self._index.search(self._task.queries)))

    def time_single(self, effort: int, threads: int) -> Turn:
        """Search for every query in a call of its own; several threads share the queries."""
        self._tune(effort, 1)
        latencies: list[float] = []
        parts = np.array_split(self._task.queries, threads)
        if threads == 1:
            seconds, processors = _timed(lambda: latencies.extend(self._latencies(parts[0])))
        else:
            with ThreadPoolExecutor(threads) as pool:
                seconds, processors = _timed(
                    lambda: latencies.extend(np.concatenate([*pool.map(self._latencies, parts)]))
                )
        return Turn(seconds, processors, *np.percentile(latencies, (50, 99)).tolist())

    def _tune(self, effort: int, threads: int) -> None:
        self._index.tune(self._task.k, effort, threads)

    def _latencies(self, queries: NDArray[np.float32]) -> list[float]:
        search, clock = self._index.search_one, time.perf_counter
        latencies = []
        for query in queries:
            start = clock()
            search(query)
            latencies.append(clock() - start)
        return latencies


class Worker:
    """A `Bench` in another process: the same methods, each waiting for its answer.

    Raises `LeftOutError` as soon as the other process fails or dies.
    """

    def __init__(self, contender: Contender, task: Task) -> None:
        self.name = contender.name
        context = multiprocessing.get_context("spawn")
        self._connection, far_end = context.Pipe()
        self._process = context.Process(target=_serve, args=(far_end,), daemon=True)
        self._process.start()
        far_end.close()  # So that a worker that dies is an EOFError here, not a wait without end.
        # Not among the process's arguments, which it would hold for ever.
        self._connection.send((contender, task))
        self.version: str
        self.efforts: tuple[int, ...]
        self.version, self.efforts = self._answer()

    def build(self, threads: int) -> Build:
        result: Build = self._call("build", threads)
        return result

    def search(self, effort: int) -> NDArray[np.int64]:
        ids: NDArray[np.int64] = self._call("search", effort)
        return ids

    def time_batch(self, effort: int, threads: int) -> Turn:
        turn: Turn = self._call("time_batch", effort, threads)
        return turn

    def time_single(self, effort: int, threads: int) -> Turn:
        turn: Turn = self._call("time_single", effort, threads)
        return turn

    def close(self) -> None:
        self._connection.close()
        self._process.join()

    def _call(self, method: str, *arguments: int) -> Any:
        self._connection.send((method, arguments))
        return self._answer()

    def _answer(self) -> Any:
        try:
            answer = self._connection.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            raise LeftOutError(f"its process ended with status {self._process.exitcode}") from None
        if isinstance(answer, LeftOutError):
            raise answer
        return answer


def _serve(connection: Connection) -> None:
    try:
        bench = Bench(*connection.recv())
        connection.send((bench.version, bench.efforts))
        while True:
            method, arguments = connection.recv()
            connection.send(getattr(bench, method)(*arguments))
    except EOFError:
        return
    except Exception as error:
        connection.send(LeftOutError(f"{type(error).__name__}: {error}"))
        raise


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    """Make a call; return its seconds, and how many processors were at work on average."""
    start, start_of_work = time.perf_counter(), time.process_time()
    call()
    seconds = time.perf_counter() - start
    return seconds, (time.process_time() - start_of_work) / seconds


def _resident_bytes(field: str) -> int:
    """Resident memory of this process now (VmRSS) or at its peak (VmHWM), as Linux counts it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kilobytes = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
    assert kilobytes is not None
    return 1024 * int(kilobytes[1])
