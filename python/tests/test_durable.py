"""Indexes that live in a folder: every acknowledged change is there again, whatever happens."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from durable import CHANGES, DIM, changed, content, reopened, vectors

import martlet


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
        martlet.open(folder, DIM, "ip", M=7, ef_construction=33, seed=5, memory="fast").close()
        with martlet.open(folder, seed=5, M=7) as index:
            found = (index.dim, index.metric, index.M, index.ef_construction, index.seed)
            assert found == (DIM, "ip", 7, 33, 5)
            assert index.memory == "fast"

    @pytest.mark.parametrize(
        "other",
        [
            *({"dim": 5}, {"metric": "l2"}, {"M": 8}, {"ef_construction": 1}, {"seed": 1}),
            {"memory": "fast"},
        ],
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


@pytest.fixture(params=[4, pytest.param(100, marks=pytest.mark.long)])
def rounds(request: pytest.FixtureRequest) -> int:
    return int(request.param)
