"""How the benchmarks speak: aligned plain-text tables, and raw results as JSON."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "benchmarks"
PROCESSORS = len(os.sched_getaffinity(0))


def heading(title: str) -> None:
    """Print the title of a section, underlined."""
    print(f"\n{title}\n{'─' * len(title)}")


def table(header: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> None:
    """Print cells in columns: the first `left` of them flush left, the others flush right."""
    lines = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line[:left], widths)]
        cells += [cell.rjust(width) for cell, width in zip(line[left:], widths[left:])]
        print(f"  {'   '.join(cells)}".rstrip())


def machine() -> str:
    """Return the processor's name, as Linux gives it if it does, and how many there are."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{next(names, platform.machine())}, {count(PROCESSORS, 'processor')}"


def count(number: int, noun: str) -> str:
    """Return "1 thread" or "2 threads"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def save(name: str, results: Mapping[str, Any], folder: Path = FOLDER) -> Path:
    """Write results, and what one needs to judge them, to NAME.json; return its path."""
    path = folder / f"{name}.json"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**_circumstances(), **results}, indent=1, default=_shown)
    path.write_text(text + "\n", encoding="utf-8")
    print(f"\nRaw results: {os.path.relpath(path, ROOT)}")
    return path


def _circumstances() -> dict[str, Any]:
    return {
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "command": shlex.join(("python", *map(_shown, sys.argv))),
        "commit": _commit(),
        "machine": machine(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }


def _shown(value: object) -> str:
    """Return a value as text that is the same on every machine: paths only as far as they matter.

    Those below the project are relative to it; of others, the last folder and the name remain.
    """
    path = Path(str(value))
    if not path.is_absolute():
        return str(value)
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else Path(*path.parts[-2:]))


def _commit() -> str | None:
    """Return the commit, marked if files differ from it, or None outside of git."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return run.stdout.strip() or None
