"""Contenders at work: they build, are swept for recall, and are timed in turns."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import exact
import report
from adapters import Contender
from curves import Curve, Mode, Point
from worker import Build, LeftOutError, Task, Worker

THREADS = sorted({1, report.PROCESSORS})


class Plan(NamedTuple):
    """What is measured of every contender."""

    modes: Sequence[Mode]
    #: Of every search in every mode; all contenders take turns.
    repetitions: int
    #: By each number of threads; all contenders take turns.
    builds: int = 1
    #: Instead of each library's own.
    efforts: Sequence[int] | None = None
    #: A sweep ends with the first recall above: slower ones are of no interest.
    enough: float = 1.0


class Run:
    """One contender; `reason` says why it is left out, if it is."""

    def __init__(self, contender: Contender) -> None:
        self.name = contender.name
        self.reason: str | None = None
        self.builds: list[Build] = []
        self._contender = contender
        self._points: list[Point] = []
        self._worker: Worker

    def build(self, task: Task) -> None:
        """Build with all processors, then with one, and keep the latter index.

        Each build has a process of its own: memory that an earlier one gave back would hide what
        the next one takes.
        """
        with self._may_fail():
            for threads in reversed(THREADS):
                if self.builds:
                    self._worker.close()
                self._worker = Worker(self._contender, task)
                self.builds.append(self._worker.build(threads))
            print(f"  {self.name}: built in {self.builds[-1].seconds:.1f} s", flush=True)

    def sweep(self, task: Task, nearest: exact.Doubles, plan: Plan) -> None:
        """Measure recall at every effort until it is enough."""
        with self._may_fail():
            for effort in plan.efforts or self._worker.efforts:
                ids = self._worker.search(effort)
                found = exact.distances(task.base, task.queries, task.metric, ids)
                recall = exact.recall(ids, found, nearest)
                self._points.append(Point(effort, recall, {mode: [] for mode in plan.modes}))
                if recall > plan.enough:
                    break

    def time(self, place: int) -> None:
        """Time the point at a place once in every mode, if there is one."""
        with self._may_fail():
            for point in self._points[place : place + 1]:
                for mode, turns in point.turns.items():
                    single = mode.call == "single"
                    search = self._worker.time_single if single else self._worker.time_batch
                    turns.append(search(point.effort, mode.threads))

    def curve(self, queries: int) -> Curve:
        """Return all that has been measured, and end the process."""
        self._worker.close()
        return Curve(self.name, self._worker.version, self.builds, self._points, queries)

    @property
    def length(self) -> int:
        """How many points there are."""
        return len(self._points)

    @contextmanager
    def _may_fail(self) -> Iterator[None]:
        try:
            yield
        except LeftOutError as reason:
            self.reason = str(reason)
            print(f"  {self.name}: left out: {reason}", flush=True)


def race(
    contenders: Sequence[Contender], task: Task, plan: Plan
) -> tuple[list[Curve], dict[str, str]]:
    """Build and measure all; return the curves, and who was left out and why."""
    runs = [Run(contender) for contender in contenders]
    _, nearest = exact.exact_search(task.base, task.queries, task.metric, task.k)
    for _ in range(plan.builds):
        for run in _working(runs):
            run.build(task)
    _print_builds(_working(runs), len(task.base))
    for run in _working(runs):
        run.sweep(task, nearest, plan)
    for repetition in range(plan.repetitions):
        print(f"  searching, {repetition + 1} of {plan.repetitions}", flush=True)
        for place in range(max((run.length for run in _working(runs)), default=0)):
            for run in _working(runs):
                run.time(place)
    curves = [run.curve(len(task.queries)) for run in _working(runs)]
    return curves, {run.name: run.reason for run in runs if run.reason is not None}


def _working(runs: Sequence[Run]) -> list[Run]:
    return [run for run in runs if run.reason is None]


def _print_builds(runs: Sequence[Run], rows: int) -> None:
    """Print the medians of the builds by each number of threads."""
    report.heading("Build")
    table = []
    for run in runs:
        for threads in reversed(THREADS):
            builds = [build for build in run.builds if build.threads == threads]
            processors, seconds, grown, peak = (
                statistics.median(values)
                for values in zip(
                    *(
                        (each.processors, each.seconds, each.bytes, each.peak_bytes)
                        for each in builds
                    )
                )
            )
            table.append(
                (
                    run.name,
                    str(threads),
                    f"{processors:.2f}",
                    f"{rows / seconds:,.0f}",
                    f"{grown / rows:,.0f}",
                    f"{peak / rows:,.0f}",
                    f"{peak / grown:.2f}",
                )
            )
    report.table(
        ("", "threads", "processors used", "vectors/s", "bytes/vector", "at the peak", "times"),
        table,
    )
