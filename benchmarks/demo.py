"""Martlet at work on 100,000 English words: build, measure, and read what it finds."""

from __future__ import annotations

import statistics
import time

import martlet
import numpy as np
from numpy.typing import NDArray

import exact
import report
from corpora import glove

Floats = NDArray[np.float32]

K = 10
EFS = (16, 32, 64, 128, 256)
QUERIES = 1_000
SUBSET = 20_000
TURNS = 3
NEIGHBORS = 4
HELD_OUT = ("vector", "rabbit", "tango", "aristotle", "jurassic", "python")
ANALOGIES = (
    ("king", "man", "woman"),
    ("rome", "italy", "germany"),
    ("bigger", "big", "small"),
    ("sushi", "japan", "germany"),
)


def main() -> None:
    """Run the demo."""
    started = time.perf_counter()
    words = glove.load()
    introduce(words)
    index = build(words.base)
    compare_paths(words.base[:SUBSET])
    measure_searches(index, words.base, words.queries[:QUERIES])
    describe(index)
    show_nearest(index, words)
    show_analogies(index, words)
    print(f"\nAll this took {time.perf_counter() - started:.0f} seconds.")


def introduce(words: glove.Glove) -> None:
    """Say what runs where on what."""
    print(f"Martlet {martlet.__version__} on {report.machine()}")
    report.heading("Data")
    rows, dim = words.base.shape
    print(f"  {rows:,} English words as GloVe vectors: {dim} float32 numbers each, a NumPy array.")
    print(f"  {len(words.queries):,} more words are held out to search for: they are not in it.")


def build(base: Floats) -> martlet.Index:
    """Build the index of all words."""
    dim = base.shape[1]
    report.heading(f'Build: martlet.Index(dim={dim}, metric="cosine").add(vectors)')
    index = martlet.Index(dim=dim, metric="cosine")
    started = time.perf_counter()
    index.add(base, progress=True)
    seconds = time.perf_counter() - started
    print(f"  {len(base):,} vectors in {seconds:.1f} s: {len(base) / seconds:,.0f} vectors/s")
    return index


def compare_paths(base: Floats) -> None:
    """Add the same vectors from an array and from lists."""
    paths: dict[str, Floats | list[list[float]]] = {"array": base, "list": base.tolist()}
    seconds: dict[str, list[float]] = {"array": [], "list": []}
    for _ in range(TURNS):
        for path, vectors in paths.items():
            index = martlet.Index(dim=base.shape[1], metric="cosine")
            started = time.perf_counter()
            index.add(vectors)
            seconds[path].append(time.perf_counter() - started)
    array, lists = (statistics.median(seconds[path]) for path in paths)
    print(f"\n  The first {len(base):,} of them alone, medians of {TURNS} in turns:")
    report.table(
        ("", "vectors/s", "time"),
        [
            ("from a NumPy array, read in place", f"{len(base) / array:,.0f}", "1.00x"),
            ("from a list of lists, copied", f"{len(base) / lists:,.0f}", f"{lists / array:.2f}x"),
        ],
    )


def measure_searches(index: martlet.Index, base: Floats, queries: Floats) -> None:
    """Measure recall against exact search, latency of single queries and speed of batches."""
    report.heading(f"Search: the {K} nearest of {len(queries):,} held-out words")
    _, nearest = exact.exact_search(base, queries, "cosine", K)
    rows = []
    for ef in EFS:
        ids = index.search(queries, k=K, ef=ef).ids
        found = exact.distances(base, queries, "cosine", ids)
        p50, p99 = 1e6 * np.percentile(time_single(index, queries, ef), (50, 99))
        one, every = (
            len(queries) / time_batch(index, queries, ef, threads)
            for threads in (1, report.PROCESSORS)
        )
        recall = exact.recall(ids, found, nearest)
        rows.append(
            (str(ef), f"{recall:.4f}", f"{p50:,.0f}", f"{p99:,.0f}", f"{one:,.0f}", f"{every:,.0f}")
        )
    threads = report.count(report.PROCESSORS, "thread")
    header = ("ef", f"recall@{K}", "us, median", "us, p99", "queries/s, 1 thread", threads)
    report.table(header, rows)
    print("  us: microseconds of a call with one query. queries/s: in one call with all of them.")


def time_single(index: martlet.Index, queries: Floats, ef: int) -> list[float]:
    """Return the seconds of each query in a call of its own."""
    seconds = []
    for query in queries:
        started = time.perf_counter()
        index.search(query, k=K, ef=ef)
        seconds.append(time.perf_counter() - started)
    return seconds


def time_batch(index: martlet.Index, queries: Floats, ef: int, threads: int) -> float:
    """Return the median seconds of one call with all queries."""
    seconds = []
    for _ in range(TURNS):
        started = time.perf_counter()
        index.search(queries, k=K, ef=ef, threads=threads)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def describe(index: martlet.Index) -> None:
    """Show what the index consists of."""
    facts = index.stats()
    count = facts["count"]
    report.heading("Memory and graph")
    parts = {part: f"{size / count:,.0f}" for part, size in facts["bytes"].items()}
    report.table(("", *parts), [("bytes per vector", *parts.values())])
    share = facts["reachable"] / count
    print(f"  {facts['reachable']:,} of {count:,} words can be reached: {share:.2%}.")


def show_nearest(index: martlet.Index, words: glove.Glove) -> None:
    """Show the nearest words of some that the index does not hold."""
    report.heading("Nearest words, and their cosine distance")
    queries = words.queries[[words.query_words.index(word) for word in HELD_OUT]]
    hits = index.search(queries, k=NEIGHBORS)
    report.table(
        ("held-out word", *[""] * NEIGHBORS),
        [
            (
                word,
                *(f"{words.words[row]} {distance:.2f}" for row, distance in zip(ids, distances)),
            )
            for word, ids, distances in zip(HELD_OUT, *hits)
        ],
        left=1 + NEIGHBORS,
    )


def show_analogies(index: martlet.Index, words: glove.Glove) -> None:
    """Show the words nearest to a - b + c, leaving out a, b and c."""
    report.heading("Arithmetic with words")
    unit = words.base / np.linalg.norm(words.base, axis=1, keepdims=True)
    rows = []
    for analogy in ANALOGIES:
        a, b, c = (unit[words.words.index(word)] for word in analogy)
        ids = index.search(a - b + c, k=NEIGHBORS + len(analogy)).ids
        others = [words.words[row] for row in ids if words.words[row] not in analogy]
        rows.append(("{} - {} + {} =".format(*analogy), *others[:NEIGHBORS]))
    report.table(rows[0], rows[1:], left=1 + NEIGHBORS)


if __name__ == "__main__":
    main()
