"""Indexes that live in a folder: every acknowledged change is there again, whatever happens."""

from __future__ import annotations

import errno
import io
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any, Callable

import damage_logs
import fixtures
import log_v1
import numpy as np
import pytest

import martlet

DIM = 6


def content(index: martlet.Index) -> bytes:
    """Return all that an index is, byte for byte."""
    file = io.BytesIO()
    index.save(file)
    return file.getvalue()


def vectors(count: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(count, DIM)).astype("f4")


def names(start: int, end: int) -> list[str]:
    return [f"document {number} \N{BIRD}" for number in range(start, end)]


def records(count: int) -> dict[str, Any]:
    rows = range(count)
    return {
        "year": [None if row % 7 == 0 else row - 40 for row in rows],
        "score": np.arange(count) / 3,
        "new": np.arange(count) % 2 == 0,
        "lang": [None if row % 5 == 0 else f"l{row % 3}" for row in rows],
        "tags": [None if row % 4 == 0 else ["a"] * (row % 3) + [f"t{row}"] for row in rows],
        "when": np.array(["2024-05-31", "NaT"] * count, dtype="datetime64[us]")[:count],
        "rest": [None if row % 3 == 0 else {"row": [row]} for row in rows],
    }


CHANGES: list[Callable[[martlet.Index], Any]] = [
    lambda index: index.add(vectors(40), ids=names(0, 40), metadata=records(40)),
    lambda index: index.add(vectors(5, 1), ids=names(40, 45)),
    lambda index: index.remove(names(3, 30)),
    lambda index: index.upsert(vectors(9, 2), ids=names(38, 47), metadata={"extra": range(9)}),
    lambda index: index.update_metadata(names(40, 42), {"lang": ["sv", None]}),
    lambda index: index.compact(),
    lambda index: index.add(vectors(3, 3), ids=names(3, 6), metadata=records(3)),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def changed(folder: Path) -> list[bytes]:
    """Make an index by all changes; return what it was before, between and behind them."""
    with martlet.open(folder, DIM, "cosine", M=4, ef_construction=20) as index:
        states = [content(index)]
        for change in CHANGES:
            change(index)
            states.append(content(index))
    return states


def reopened(folder: Path) -> bytes:
    with martlet.open(folder) as index:
        return content(index)


class TestOpening:
    """What is there when a folder is opened again, and who may open it."""

    def test_what_was_done_is_there_again(self, folder: Path) -> None:
        states = changed(folder)
        assert reopened(folder) == states[-1]
        assert reopened(folder) == states[-1]

    def test_it_goes_on_as_if_it_had_never_been_closed(self, folder: Path) -> None:
        memory = martlet.Index(DIM, "cosine", M=4, ef_construction=20)
        for change in CHANGES:
            change(memory)
            with martlet.open(folder, DIM, "cosine", M=4, ef_construction=20) as index:
                change(index)
                assert content(index) == content(memory)

    def test_assigned_ids_go_on(self, folder: Path) -> None:
        with martlet.open(folder, DIM) as index:
            index.add(vectors(3), ids=[5, -7, 9])
            index.add(vectors(2))
            index.clear()
        with martlet.open(folder) as index:
            assert index.add(vectors(2)).tolist() == [12, 13]

    def test_parameters_are_kept(self, folder: Path) -> None:
        martlet.open(folder, DIM, "ip", M=7, ef_construction=33, seed=5).close()
        with martlet.open(folder, seed=5, M=7) as index:
            found = (index.dim, index.metric, index.M, index.ef_construction, index.seed)
            assert found == (DIM, "ip", 7, 33, 5)

    @pytest.mark.parametrize(
        "other", [{"dim": 5}, {"metric": "l2"}, {"M": 8}, {"ef_construction": 1}, {"seed": 1}]
    )
    def test_other_parameters_are_refused(self, folder: Path, other: dict[str, Any]) -> None:
        martlet.open(folder, DIM, "ip").close()
        (name,) = other
        with pytest.raises(martlet.InvalidArgumentError, match=f"^{name} is"):
            martlet.open(folder, **other)
        martlet.open(folder, DIM, "ip").close()

    def test_bad_parameters_make_no_folder(self, folder: Path) -> None:
        with pytest.raises(martlet.InvalidArgumentError):
            martlet.open(folder, DIM, "euclid")
        with pytest.raises(martlet.InvalidArgumentError):
            martlet.open(folder, 0)
        assert not folder.exists()

    def test_without_dim_there_must_be_one(self, folder: Path) -> None:
        with pytest.raises(FileNotFoundError, match="there is no index in"):
            martlet.open(folder)
        assert not folder.exists()
        folder.mkdir()
        with pytest.raises(FileNotFoundError):
            martlet.open(folder)
        assert list(folder.iterdir()) == []

    def test_the_folder_above_must_be_there(self, folder: Path) -> None:
        with pytest.raises(FileNotFoundError):
            martlet.open(folder / "deep", DIM)

    def test_a_file_is_no_folder(self, folder: Path) -> None:
        folder.write_bytes(b"")
        with pytest.raises(NotADirectoryError):
            martlet.open(folder, DIM)

    def test_one_at_a_time(self, folder: Path) -> None:
        with martlet.open(folder, DIM) as index:
            with pytest.raises(BlockingIOError, match="is open already"):
                martlet.open(folder)
            code = f"import martlet; martlet.open({str(folder)!r})"
            other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
            assert "BlockingIOError" in other.stderr
            index.add(vectors(2))
        assert len(martlet.open(folder)) == 2

    def test_only_a_durable_index_has_checkpoints(self) -> None:
        with pytest.raises(martlet.InvalidArgumentError, match="opened in a folder"):
            martlet.Index(DIM).checkpoint()


class TestCheckpoints:
    """What takes the place of a log that has grown long."""

    def test_a_checkpoint_takes_the_place_of_the_log(self, folder: Path) -> None:
        with martlet.open(folder, DIM) as index:
            index.add(vectors(100))
            index.checkpoint()
            assert {path.name for path in folder.iterdir()} == {"lock", "log-1", "checkpoint-1"}
            index.add(vectors(100))
            before = content(index)
        assert martlet.Index.load(folder / "checkpoint-1").count() == 100
        assert reopened(folder) == before

    def test_one_is_written_when_the_log_has_grown_long(self, folder: Path) -> None:
        with martlet.open(folder, 512, M=2, ef_construction=2) as index:
            for seed in range(8):
                index.add(np.random.default_rng(seed).normal(size=(500, 512)).astype("f4"))
            index.checkpoint()  # Waits for the one that is being written.
            assert min(int(path.name[4:]) for path in folder.glob("log-*")) >= 2
            before = content(index)
        assert reopened(folder) == before

    def test_those_that_were_not_finished_are_removed(self, folder: Path) -> None:
        states = changed(folder)
        (folder / ".martlet-abc.tmp").write_bytes(b"half")
        (folder / "log-1").write_bytes(b"")  # Begun before a checkpoint that never came.
        assert reopened(folder) == states[-1]
        assert {path.name for path in folder.iterdir()} == {
            *("lock", "checkpoint-0", "log-0", "log-1")
        }
        with martlet.open(folder) as index:
            index.add(vectors(1), ids=["more"])
            assert len(index) == 24
        with martlet.open(folder) as index:
            assert len(index) == 24

    def test_older_ones_are_removed(self, folder: Path) -> None:
        with martlet.open(folder, DIM) as index:
            index.add(vectors(10))
            shutil.copy(folder / "checkpoint-0", folder / "kept")
            index.checkpoint()
        shutil.move(str(folder / "kept"), folder / "checkpoint-0")
        assert len(martlet.open(folder)) == 10
        assert not (folder / "checkpoint-0").exists()


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
    def test_where_the_numbers_of_records_end(
        self, folder: Path, before: int, count: int
    ) -> None:
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
        log[8] = 2
        log[60:64] = zlib.crc32(log[:60]).to_bytes(4, "little")
        (folder / "log-0").write_bytes(log)
        with pytest.raises(martlet.FormatError, match="version 2"):
            martlet.open(folder)


class TestRefusals:
    """Changes that cannot be written."""

    def test_a_full_disk(self, folder: Path) -> None:
        """What cannot be written has not happened; what can, still does."""
        with martlet.open(folder, DIM) as index:
            index.add(vectors(50), ids=range(50))
            before = content(index)
            room = (folder / "log-0").stat().st_size + 200
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
            try:
                for change in (
                    lambda: index.add(vectors(20)),
                    lambda: index.upsert(vectors(20), ids=range(20)),
                    lambda: index.remove(list(range(40))),
                    lambda: index.update_metadata(list(range(40)), {"a": range(40)}),
                ):
                    with pytest.raises(OSError, match="cannot write") as error:
                        change()
                    assert error.value.errno == errno.EFBIG
                with pytest.raises(OSError, match="cannot write"):
                    index.checkpoint()
                index.remove([7])
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            assert len(index) == 49
            index.upsert(index.get([8]), ids=[8])
            after = content(index)
        assert before != after
        assert reopened(folder) == after

    def test_a_forked_child_cannot_change_it(self, folder: Path) -> None:
        with martlet.open(folder, DIM) as index:
            index.add(vectors(5))
            child = os.fork()
            if child == 0:
                try:
                    index.search(vectors(1)[0])
                    index.add(vectors(5))
                except PermissionError as error:
                    os._exit(0 if "before a fork" in str(error) else 2)
                os._exit(1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            index.add(vectors(5))
            before = content(index)
        assert reopened(folder) == before


class TestFormat:
    """What docs/format.md says of logs, and of those of every version."""

    def test_the_document_describes_logs(self, folder: Path) -> None:
        changed(folder)
        log = log_v1.Log((folder / "log-0").read_bytes(), DIM)
        kinds = ("add", "add", "remove", "upsert", "update", "compact", "add")
        assert tuple(record.kind for record in log.records) == kinds
        assert (log.number, log.sequence) == (0, 0)
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
        log = log_v1.Log((folder / "log-1").read_bytes(), DIM)
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

    def test_changed_records_with_right_checksums(self, folder: Path, mutations: int) -> None:
        changed(folder)
        script = Path(__file__).with_name("damage_logs.py")
        command = [sys.executable, "-X", "faulthandler", str(script), str(folder)]
        done = subprocess.run(
            [*command, str(mutations), "1"], capture_output=True, text=True, timeout=1800
        )
        assert done.returncode == 0, done.stderr
        assert 0 < int(done.stdout) < mutations


WRITER = """
import sys
import numpy as np
import martlet
index = martlet.open(sys.argv[1])
generator = np.random.default_rng(int(sys.argv[2]))
batch = index.count() // 20
while True:
    index.add(generator.normal(size=(20, 6)), metadata={"batch": [batch] * 20})
    batch += 1
    print(batch, flush=True)
    if batch % 7 == 0:
        index.checkpoint()
"""


def test_what_was_acknowledged_survives_kill(folder: Path, rounds: int) -> None:
    martlet.open(folder, DIM, M=4, ef_construction=20).close()
    generator = np.random.default_rng(1)
    acknowledged = 0
    for round_ in range(rounds):
        command = [sys.executable, "-c", WRITER, str(folder), str(round_)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        for _ in range(int(generator.integers(1, 12))):
            acknowledged = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *map(int, writer.stdout.read().split())])
        writer.wait()
        writer.stdout.close()
        with martlet.open(folder) as index:
            batches, rest = divmod(len(index), 20)
            assert rest == 0
            assert acknowledged <= batches <= acknowledged + 1
            found = [record["batch"] for record in index.metadata()]
            assert found == [row // 20 for row in range(len(index))]
            acknowledged = batches


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


@pytest.fixture(params=[4, pytest.param(100, marks=pytest.mark.long)])
def rounds(request: pytest.FixtureRequest) -> int:
    return int(request.param)
