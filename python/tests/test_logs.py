"""Logs of durable indexes: what stands in them, cut off, damaged, and of every version."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import damage_logs
import fixtures
import log_reader
import numpy as np
import pytest
from durable import CHANGES, DIM, changed, content, names, records, reopened, vectors

import martlet


class TestDamage:
    """Logs that were cut off, or changed."""

    def test_a_log_may_end_anywhere(self, folder: Path, tmp_path: Path, stride: int) -> None:
        states = changed(folder)
        log = (folder / "log-0").read_bytes()
        ends = record_ends(log)
        assert len(ends) == len(CHANGES)
        assert ends[-1] == len(log)
        for size in [*range(0, len(log), stride), *ends, *(end - 1 for end in ends)]:
            copy = copied(folder, tmp_path, log[:size])
            whole = sum(end <= size for end in ends)
            assert reopened(copy) == states[whole], size
            assert reopened(copy) == states[whole], size

    def test_a_torn_record_may_hold_anything(self, folder: Path, tmp_path: Path) -> None:
        states = changed(folder)
        log = (folder / "log-0").read_bytes()
        last = record_ends(log)[-2]
        generator = np.random.default_rng(3)
        for _ in range(30):
            start = int(generator.integers(last, len(log)))
            torn = bytearray(log)
            torn[start : start + 64] = bytes(len(torn[start : start + 64]))
            torn += generator.bytes(int(generator.integers(0, 100)))
            if torn[: len(log)] == log:
                continue
            assert reopened(copied(folder, tmp_path, bytes(torn))) == states[-2]

    def test_a_damaged_record_that_others_follow(
        self, folder: Path, tmp_path: Path, stride: int
    ) -> None:
        changed(folder)
        log = (folder / "log-0").read_bytes()
        for place in range(0, record_ends(log)[-2], stride):
            damaged = bytearray(log)
            damaged[place] ^= 1 << place % 8
            with pytest.raises(martlet.FormatError):
                martlet.open(copied(folder, tmp_path, bytes(damaged)))

    def test_a_log_that_is_missing(self, folder: Path) -> None:
        with martlet.open(folder, DIM) as index:
            index.add(vectors(3))
        (folder / "log-0").rename(folder / "log-1")
        with pytest.raises(martlet.FormatError, match="lacks some of the logs"):
            martlet.open(folder)
        (folder / "checkpoint-0").unlink()
        with pytest.raises(martlet.FormatError, match="no checkpoint"):
            martlet.open(folder, DIM)

    def test_the_log_of_another_index(self, folder: Path, tmp_path: Path) -> None:
        changed(folder)
        with martlet.open(tmp_path / "other", DIM) as other:
            other.add(vectors(3))
        shutil.copy(tmp_path / "other/log-0", folder / "log-0")
        with martlet.open(folder) as index:
            assert len(index) == 3
        shutil.copy(folder / "log-0", folder / "log-1")
        with pytest.raises(martlet.FormatError, match="not the log that its name says"):
            martlet.open(folder)

    @pytest.mark.parametrize(("before", "count"), [(2**63 - 3, 3), (2**63 - 2, 0)])
    def test_where_the_numbers_of_records_end(self, folder: Path, before: int, count: int) -> None:
        """The last number is none, so that every record has a next one."""
        with martlet.open(folder, DIM) as index:
            index.add(vectors(3))
        log = (folder / "log-0").read_bytes()
        header = log[:24] + before.to_bytes(8, "little") + log[32:64]
        (folder / "log-0").write_bytes(damage_logs.join(header, damage_logs.records(log)))
        for _ in range(2):
            with martlet.open(folder) as index:
                with pytest.raises(OSError, match="no number left for a record"):
                    index.add(vectors(1))
                assert len(index) == count
        header = log[:24] + (2**63 - 1).to_bytes(8, "little") + log[32:64]
        (folder / "log-0").write_bytes(damage_logs.join(header, []))
        with pytest.raises(martlet.FormatError, match="not the log that its name says"):
            martlet.open(folder)

    def test_where_the_numbers_of_checkpoints_end(self, folder: Path) -> None:
        martlet.open(folder, DIM).close()
        (folder / "log-0").unlink()
        (folder / "checkpoint-0").rename(folder / f"checkpoint-{2**63 - 2}")
        with martlet.open(folder) as index:
            index.add(vectors(3))
            with pytest.raises(OSError, match="no number left for a checkpoint"):
                index.checkpoint()
            index.add(vectors(3))
        assert len(martlet.open(folder)) == 6
        (folder / f"log-{2**63 - 2}").unlink()
        (folder / f"checkpoint-{2**63 - 2}").rename(folder / f"checkpoint-{2**63 - 1}")
        with pytest.raises(FileNotFoundError, match="there is no index in"):
            martlet.open(folder)

    def test_a_later_version(self, folder: Path) -> None:
        changed(folder)
        log = bytearray((folder / "log-0").read_bytes())
        log[8] = 3
        log[60:64] = zlib.crc32(log[:60]).to_bytes(4, "little")
        (folder / "log-0").write_bytes(log)
        with pytest.raises(martlet.FormatError, match="version 3"):
            martlet.open(folder)


class TestFormat:
    """What docs/format.md says of logs, and of those of every version."""

    def test_the_document_describes_logs(self, folder: Path) -> None:
        changed(folder)
        log = log_reader.Log((folder / "log-0").read_bytes(), DIM)
        kinds = ("add", "add", "remove", "upsert", "update", "compact", "convert", "add")
        assert tuple(record.kind for record in log.records) == kinds
        assert (log.version, log.number, log.sequence) == (log_reader.VERSION, 0, 0)
        assert log.records[6].memory == "fast"
        first, remove, update = log.records[0], log.records[2], log.records[4]
        assert first.ids == names(0, 40)
        assert first.vectors == vectors(40).tobytes()
        given = records(40)
        assert first.columns["year"] == ("int64", given["year"])
        assert first.columns["score"] == ("float64", given["score"].tolist())
        assert first.columns["new"] == ("bool", given["new"].tolist())
        assert first.columns["lang"] == ("string", given["lang"])
        assert first.columns["tags"] == ("tags", given["tags"])
        assert first.columns["when"] == ("datetime", [1717113600000000, None] * 20)
        rest = [None if text is None else json.loads(text) for text in first.columns["rest"][1]]
        assert (first.columns["rest"][0], rest) == ("json", given["rest"])
        assert remove.ids == names(3, 30)
        assert (update.ids, update.columns) == (
            names(40, 42),
            {"lang": ("string", ["sv", None])},
        )

    def test_assigned_ids_stand_there(self, folder: Path) -> None:
        with martlet.open(folder, DIM) as index:
            index.add(vectors(2), ids=[7, -1])
            index.checkpoint()
            index.add(vectors(2))
        log = log_reader.Log((folder / "log-1").read_bytes(), DIM)
        assert (log.number, log.sequence, log.records[0].ids) == (1, 1, [8, 9])

    @pytest.mark.parametrize("version", sorted(fixtures.FOLDER.glob("v*/store")))
    def test_a_folder_of_an_earlier_version(self, version: Path, folder: Path) -> None:
        shutil.copytree(version, folder)
        new = folder.parent / "new"
        with martlet.open(folder) as index, martlet.open(new, DIM, "cosine") as now:
            for change in CHANGES:
                change(now)
            assert index.metadata() == now.metadata()
            assert index.search(vectors(3), 50, ef=100).ids.tolist() == (
                now.search(vectors(3), 50, ef=100).ids.tolist()
            )

    def test_a_log_of_an_earlier_version_is_not_written_to(self, folder: Path) -> None:
        """Whoever reads that version would take new kinds of records for damage."""
        shutil.copytree(fixtures.FOLDER / "v1" / "store", folder)
        before = (folder / "log-0").read_bytes()
        assert log_reader.Log(before, DIM).version == 1
        with martlet.open(folder) as index:
            index.convert("fast")
            state = content(index)
        assert (folder / "log-0").read_bytes() == before
        log = log_reader.Log((folder / "log-1").read_bytes(), DIM)
        assert [record.memory for record in log.records] == ["fast"]
        assert reopened(folder) == state

    def test_changed_records_with_right_checksums(self, folder: Path, mutations: int) -> None:
        changed(folder)
        script = Path(__file__).with_name("damage_logs.py")
        command = [sys.executable, "-X", "faulthandler", str(script), str(folder)]
        done = subprocess.run(
            [*command, str(mutations), "1"], capture_output=True, text=True, timeout=1800
        )
        assert done.returncode == 0, done.stderr
        assert 0 < int(done.stdout) < mutations


def record_ends(log: bytes) -> list[int]:
    """Where the records of a log end, by docs/format.md."""
    ends = []
    place = 64
    while place < len(log):
        size = int.from_bytes(log[place + 16 : place + 24], "little")
        place += 32 + (size + 7) // 8 * 8
        ends.append(place)
    return ends


def copied(folder: Path, tmp_path: Path, log: bytes) -> Path:
    """Return a copy of a folder with another log."""
    copy = tmp_path / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    shutil.copy(folder / "checkpoint-0", copy)
    shutil.copy(folder / "lock", copy)
    (copy / "log-0").write_bytes(log)
    return copy


@pytest.fixture(params=[97, pytest.param(1, marks=pytest.mark.long)])
def stride(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(params=[150, pytest.param(10_000, marks=pytest.mark.long)])
def mutations(request: pytest.FixtureRequest) -> int:
    return int(request.param)
