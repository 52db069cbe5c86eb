"""Curves of queries per second over recall, and what is read off between their points."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker import Build, Turn

TARGETS = (0.90, 0.95, 0.99)
#: Latencies are shown of the points nearest above these recalls.
LATENCY_TARGETS = (0.95, 0.99)
#: Marked in the drawing.
RECALLS = (0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995)


class Mode(NamedTuple):
    """How queries are asked: "single" (one per call) or "batch" (all in one)."""

    call: str
    threads: int

    def __str__(self) -> str:
        asked = "one query per call" if self.call == "single" else "all queries in one call"
        return f"{asked}, {self.threads} thread{'' if self.threads == 1 else 's'}"


class Point(NamedTuple):
    """One effort: recall@k, and every repetition in every mode."""

    effort: int
    recall: float
    turns: dict[Mode, list[Turn]]

    def seconds(self, mode: Mode) -> float:
        """Return the median seconds of the repetitions."""
        return statistics.median(turn.seconds for turn in self.turns[mode])

    def latency(self, mode: Mode) -> tuple[float, float]:
        """Return the medians of the repetitions' p50 and p99, in seconds."""
        turns = self.turns[mode]
        return (
            statistics.median(turn.p50 for turn in turns if turn.p50 is not None),
            statistics.median(turn.p99 for turn in turns if turn.p99 is not None),
        )


class Curve(NamedTuple):
    """All of one contender, its points by rising effort."""

    name: str
    version: str
    builds: list[Build]
    points: list[Point]
    queries: int

    def line(self, mode: Mode) -> list[tuple[float, float]]:
        """Return recall and queries per second of every point."""
        return [(point.recall, self.queries / point.seconds(mode)) for point in self.points]

    def rate(self, mode: Mode, recall: float) -> float | None:
        """Return queries per second at a recall, or None if no point reaches it."""
        return interpolate(self.line(mode), recall)

    def processors(self, mode: Mode) -> float:
        """Return how many processors were at work, in the median turn.

        More than threads tell of threads that nobody asked for, less of a busy machine.
        """
        turns = [turn for point in self.points for turn in point.turns[mode]]
        return statistics.median(turn.processors for turn in turns)

    def point_above(self, recall: float) -> Point | None:
        """Return the point of least recall that reaches `recall`."""
        reaching = [point for point in self.points if point.recall >= recall]
        return min(reaching, key=lambda point: point.recall, default=None)

    def as_json(self) -> Mapping[str, object]:
        """Return everything measured, and the rates read off."""
        modes = list(self.points[0].turns) if self.points else []
        return {
            "name": self.name,
            "version": self.version,
            "builds": [build._asdict() for build in self.builds],
            "points": [
                {
                    "effort": point.effort,
                    "recall": point.recall,
                    **{str(m): [turn._asdict() for turn in point.turns[m]] for m in modes},
                }
                for point in self.points
            ],
            "queries_per_second": {
                str(mode): {str(target): self.rate(mode, target) for target in TARGETS}
                for mode in modes
            },
        }


def interpolate(line: Sequence[tuple[float, float]], recall: float) -> float | None:
    """Return the rate at a recall, straight in its logarithm between the points on either side.

    Where the first point lies above already, that is the fastest the library can do.
    """
    below: tuple[float, float] | None = None
    for reached, rate in line:
        if reached >= recall:
            if below is None:
                return rate
            share = (recall - below[0]) / (reached - below[0])
            return math.exp((1 - share) * math.log(below[1]) + share * math.log(rate))
        below = reached, rate
    return None


def draw(curves: Sequence[Curve], title: str, path: Path) -> None:
    """Draw the curves, a panel for each mode."""
    import matplotlib as mpl

    mpl.use("Agg")  # No display is needed.
    import matplotlib.pyplot as plt

    modes = list(curves[0].points[0].turns)
    figure, panels = plt.subplots(
        len(modes) // 2, 2, figsize=(15, 3.5 * len(modes)), sharey=True, squeeze=False
    )
    for panel, mode in zip(panels.flat, modes):
        for number, curve in enumerate(curves):
            color, style = plt.get_cmap("tab10")(number % 10), "-:"[number // 10 % 2]
            width = 2.5 if curve.name.startswith("martlet") else 1.2
            line = zip(*curve.line(mode))
            panel.plot(*line, style, c=color, marker=".", linewidth=width, label=curve.name)
        panel.set_xscale("function", functions=(_nines, lambda nines: 1.001 - 10.0**-nines))
        panel.set(
            yscale="log", xlim=(RECALLS[0], 0.998), xticks=RECALLS, xticklabels=map(str, RECALLS)
        )
        panel.set(title=str(mode), xlabel="recall@10", ylabel="queries/s")
        panel.grid(alpha=0.3, which="both")
    panels[0, 0].legend(fontsize="small", loc="lower left")
    figure.suptitle(title)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _nines(recall: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread out the recalls near 1, and reach it."""
    nines: NDArray[np.float64] = -np.log10(np.maximum(1.001 - recall, 1e-9))
    return nines
