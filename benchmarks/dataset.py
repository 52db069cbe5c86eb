"""Which vectors a benchmark works on: GloVe words, or any two .npy files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np

import exact
from corpora import glove


class Dataset(NamedTuple):
    """Rows of shape (n, dim) and held-out queries (q, dim), float32 whatever the files hold."""

    name: str
    base: exact.Floats
    queries: exact.Floats
    metric: str


def parse(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Read the command line, after adding the options that say which data to take."""
    add = parser.add_argument
    add("--base", type=Path, help=".npy of vectors, any number format; GloVe words by default")
    add("--query", type=Path, help=".npy of queries; needed with --base")
    add("--metric", choices=("l2", "ip", "cosine"), default="cosine")
    add("--rows", type=int, help="take only so many of the vectors, the first")
    options = parser.parse_args()
    if (options.base is None) != (options.query is None):
        parser.error("--base and --query go together")
    return options


def load(options: argparse.Namespace) -> Dataset:
    """Load what `parse` has read, making it first if need be."""
    if options.base is None:
        words = glove.load()
        name, base, queries = "glove-100k", words.base, words.queries
    else:
        # Either SET.base.npy or SET/base.npy.
        stem, folder = options.base.stem, options.base.resolve().parent.name
        name = folder if stem.startswith("base") else stem.removesuffix(".base")
        base, queries = (np.load(path, mmap_mode="r") for path in (options.base, options.query))
    if options.rows is not None:
        name, base = f"{name}-first-{options.rows}", base[: options.rows]
    base, queries = (np.ascontiguousarray(rows, np.float32) for rows in (base, queries))
    return Dataset(name, base, queries, options.metric)
