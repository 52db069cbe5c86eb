"""What a life of changes does to an index: 20 times, a fifth of it is removed and as much is added.

Removed are vectors at random, or whole neighborhoods: those nearest to five of the vectors. After
every cycle the index is compared with one built afresh of the same vectors: recall@10 on held-out
queries at the same ef, queries per second on one thread (in one call, the two taking turns, the
fastest of each), bytes per vector, and vectors that no walk reaches. The exit status is 1 if a bar
is missed in any cycle.

    python benchmarks/churn.py                             (GloVe words, cosine)
    python benchmarks/churn.py --base base.npy --query query.npy --metric l2
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import martlet
import numpy as np
from numpy.typing import NDArray

import dataset
import exact
import report

K = 10
SHARE = 5  # One in so many vectors goes, and comes.
CENTERS = 5
KINDS = ("random", "neighborhoods")
SEED = 0

# At every cycle, against the fresh index.
MOST_RECALL_LOST = 0.005
LEAST_SPEED = 0.90
MOST_BYTES = 1.15

Rows = NDArray[np.int64]


class Cycle(NamedTuple):
    """The index after a cycle, beside a fresh one of the same vectors."""

    kind: str
    number: int
    recall: float
    fresh_recall: float
    #: Queries per second over the fresh index's.
    speed: float
    #: Bytes over the fresh index's.
    size: float
    unreachable: int
    remove_seconds: float
    add_seconds: float
    build_seconds: float


def main() -> int:
    """Measure, print, save, and return the exit status."""
    options = parse_options()
    name, base, queries, _ = dataset.load(options)
    rows, dim = min(options.rows, len(base) * SHARE // (SHARE + 1)), base.shape[1]
    print(f"{name}: {rows:,} of {len(base):,} vectors, {dim} dim, {options.metric}")
    print(f"{len(queries):,} held-out queries, ef={options.ef}, one thread; {report.machine()}")
    cycles = []
    for kind in KINDS:
        report.heading(f"A fifth replaced, {options.cycles} times: {kind}")
        print("  cycle   recall@10   fresh   speed   bytes   unreachable   remove   add   build, s")
        for cycle in live(kind, base, queries, rows, options):
            cycles.append(cycle)
            print_cycle(cycle)
    held = print_bars(cycles)
    results = {"options": vars(options), "rows": rows, "cycles": [c._asdict() for c in cycles]}
    report.save(f"churn-{name}-{rows}", results)
    return 0 if held else 1


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--rows", type=int, default=50_000, help="in the index; the others of base replace them")
    add("--cycles", type=int, default=20)
    add("--ef", type=int, default=64)
    add("--turns", type=int, default=25, help="of every search; the median counts")
    return dataset.parse(parser)


def live(
    kind: str, base: exact.Floats, queries: exact.Floats, rows: int, options: argparse.Namespace
) -> Iterator[Cycle]:
    """Build an index, change it, and compare it after every cycle. Ids are rows of `base`."""
    rng = np.random.default_rng(SEED)
    stored, spare = np.split(rng.permutation(len(base)), [rows])
    index, _ = build(base, stored, options.metric)
    for number in range(1, options.cycles + 1):
        removed = stored[choose(kind, base[stored], rows // SHARE, rng)]
        remove_seconds = seconds(lambda removed=removed: index.remove(removed))
        added = rng.choice(spare, len(removed), replace=False)
        add_seconds = seconds(lambda added=added: index.add(base[added], ids=added))
        stored = np.concatenate([np.setdiff1d(stored, removed), added])
        spare = np.concatenate([np.setdiff1d(spare, added), removed])
        fresh, build_seconds = build(base, stored, options.metric)

        _, nearest = exact.exact_search(base[stored], queries, options.metric, K)
        recalls = []
        for each in (index, fresh):
            ids = each.search(queries, K, ef=options.ef).ids
            found = exact.distances(base, queries, options.metric, ids)
            recalls.append(exact.recall(ids, found, nearest))
        stats, fresh_stats = index.stats(), fresh.stats()
        yield Cycle(
            kind,
            number,
            *recalls,
            speed(index, fresh, queries, options),
            stats["bytes"]["total"] / fresh_stats["bytes"]["total"],
            len(index) - stats["reachable"],
            remove_seconds,
            add_seconds,
            build_seconds,
        )


def build(base: exact.Floats, rows: Rows, metric: str) -> tuple[martlet.Index, float]:
    """Return a new index of rows, and how long it took."""
    index = martlet.Index(base.shape[1], metric)
    return index, seconds(lambda: index.add(base[rows], ids=rows))


def choose(kind: str, vectors: exact.Floats, count: int, rng: np.random.Generator) -> Rows:
    """Return which vectors to remove."""
    if kind == "random":
        return rng.choice(len(vectors), count, replace=False)
    left = np.ones(len(vectors), bool)
    for part in range(CENTERS):
        center = vectors[rng.choice(np.flatnonzero(left))]
        away = ((vectors - center) ** 2).sum(axis=1)
        away[~left] = np.inf
        size = count * (part + 1) // CENTERS - count * part // CENTERS
        left[np.argpartition(away, size - 1)[:size]] = False
    return np.flatnonzero(~left)


def speed(
    index: martlet.Index, fresh: martlet.Index, queries: exact.Floats, options: argparse.Namespace
) -> float:
    """Return the index's queries per second over the fresh one's, in the median turn.

    Seconds of the processor, not of the clock: other processes disturb these less.
    """
    turns = [
        [
            seconds(
                lambda each=each: each.search(queries, K, ef=options.ef, threads=1),
                time.process_time,
            )
            for each in (index, fresh)
        ]
        for _ in range(options.turns)
    ]
    return statistics.median(new / old for old, new in turns)


def seconds(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Make a call and return how long it took."""
    start = clock()
    call()
    return clock() - start


def print_cycle(cycle: Cycle) -> None:
    """Print a line, as soon as there is one: the whole takes minutes."""
    print(
        f"  {cycle.number:5}   {cycle.recall:9.4f}   {cycle.fresh_recall:.4f}"
        f"   {cycle.speed:5.2f}   {cycle.size:5.2f}   {cycle.unreachable:11}"
        f"   {cycle.remove_seconds:6.2f}   {cycle.add_seconds:.2f}   {cycle.build_seconds:.2f}",
        flush=True,
    )


def print_bars(cycles: Sequence[Cycle]) -> bool:
    """Print whether the bars hold in the worst cycle of each kind, and return whether all do."""
    rows, all_hold = [], True
    for kind in KINDS:
        of_kind = [cycle for cycle in cycles if cycle.kind == kind]
        lost = max(cycle.fresh_recall - cycle.recall for cycle in of_kind)
        slowest = min(cycle.speed for cycle in of_kind)
        largest = max(cycle.size for cycle in of_kind)
        lonely = max(cycle.unreachable for cycle in of_kind)
        for promise, found, held in (
            ("recall lost: at most 0.5 points", f"{100 * lost:.2f}", lost <= MOST_RECALL_LOST),
            ("speed: at least 0.90", f"{slowest:.2f}", slowest >= LEAST_SPEED),
            ("bytes: at most 1.15", f"{largest:.2f}", largest <= MOST_BYTES),
            ("unreachable: none", str(lonely), lonely == 0),
        ):
            rows.append((kind, promise, found, "holds" if held else "MISSED"))
            all_hold = all_hold and held
    report.heading("Bars, in the worst cycle, against a fresh index")
    report.table(("", "", "measured", ""), rows, left=2)
    return all_hold


if __name__ == "__main__":
    sys.exit(main())
