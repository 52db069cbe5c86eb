"""Saving, loading, pickling and copying an index."""

from __future__ import annotations

import io
import os
from ctypes import byref, string_at
from typing import TYPE_CHECKING, Any, TypeVar, Union

from martlet import _buffers, _calls, _structs
from martlet._base import Base
from martlet._calls import Watched
from martlet._errors import InvalidArgumentError
from martlet._ffi import Handle, WriteFunction, lib
from martlet._structs import sized

if TYPE_CHECKING:
    from typing import BinaryIO

    from martlet._calls import Progress

Self = TypeVar("Self", bound="Saved")

Path = Union[str, "os.PathLike[str]"]


class Saved(Base):
    """An index that files can hold."""

    def save(self, file: Path | BinaryIO, *, progress: Progress = False) -> None:
        """Save the index: all of it or, if anything goes wrong, nothing.

        A file that is there is replaced once the new one is complete and on disk: whatever happens,
        and whenever the process or the machine stops, the path leads to the old file or to the new
        one. Adds in other threads do not wait, and what they have not finished is not saved.

        Parameters
        ----------
        file : str, os.PathLike or binary file
            A path, or an object with a method ``write``.
        progress : bool or callable, default False
            As in add(), but in bytes.

        Raises
        ------
        OSError
            As ``open()`` does: no such folder, no permission, no space on the disk.
        KeyboardInterrupt
            Ctrl-C.

        Examples
        --------
        >>> import martlet, pathlib, tempfile
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([[0, 0], [3, 4]], ids=["a", "b"])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "two.martlet")
        ...     index.save(path)
        ...     loaded = martlet.Index.load(path)
        >>> loaded.search([3, 3], k=1).ids.tolist()
        ['b']
        """
        handle = self._open()
        if hasattr(file, "write"):
            _write(handle, file.write, progress)
            return
        path = path_bytes(file)

        def call(options: Watched) -> int:
            status: int = lib.martlet_save(handle, path, options.pointer())
            return status

        _calls.run(call, Watched(), 0, _calls.LONG, progress)

    @classmethod
    def load(
        cls: type[Self],
        file: Path | BinaryIO | bytes,
        *,
        mmap: bool = False,
        progress: Progress = False,
    ) -> Self:
        """Load an index that was saved.

        Nothing in the file is trusted, and no more memory is taken than it is large.

        Parameters
        ----------
        file : str, os.PathLike, binary file or bytes
            A path, an object with a method ``read``, or what a file holds (bytes, or another object
            with a buffer).
        mmap : bool, default False
            Leave the tables in the file, given by its path: opening is then fast, memory is taken
            for what searches look at, and other processes that load the same file share it. Changes
            to the index are kept in memory. While the index exists nobody may write into the file;
            to save over it is fine. Damage to vectors and texts is not noticed: see docs/format.md.
        progress : bool or callable, default False
            As in add(), but in bytes.

        Returns
        -------
        Index

        Raises
        ------
        FormatError
            Not a file of Martlet's, a damaged one, or one of a later version. A ValueError.
        OSError
            As ``open()`` does.
        MemoryError
            There is no room.

        Examples
        --------
        >>> import io, martlet
        >>> index = martlet.Index(dim=2)
        >>> _ = index.add([[0, 0], [3, 4]])
        >>> file = io.BytesIO()
        >>> index.save(file)
        >>> martlet.Index.load(file.getvalue())
        <martlet.Index dim=2 metric='l2' M=16 ef_construction=200 seed=0: 2 vectors>
        """
        return cls._of(_load(file, mmap, progress))

    def checkpoint(self, *, progress: Progress = False) -> None:
        """Make the log short of an index that ``martlet.open()`` has opened.

        This happens by itself, now and then, beside other calls. Done before an index is closed, it
        makes opening it quick. Changes in other threads wait.

        Parameters
        ----------
        progress : bool or callable, default False
            As in add(), but in bytes.

        Raises
        ------
        InvalidArgumentError
            The index was not opened by ``martlet.open()``.
        OSError
            As ``open()`` does; the index is as durable as before.
        KeyboardInterrupt
            Ctrl-C; likewise.

        Examples
        --------
        >>> import martlet, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with martlet.open(folder, dim=2) as index:
        ...         _ = index.add([[0, 0], [3, 4]])
        ...         index.checkpoint()
        """
        handle = self._open()

        def call(options: Watched) -> int:
            status: int = lib.martlet_checkpoint(handle, options.pointer())
            return status

        _calls.run(call, Watched(), 0, _calls.LONG, progress)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as a file; a copy is an index of its own."""
        file = io.BytesIO()
        self.save(file)
        return type(self).load, (file.getvalue(),)


def path_bytes(file: Any) -> bytes:
    """Return a path as the system has it."""
    path = os.fsencode(file)
    if b"\0" in path:
        raise ValueError("embedded null byte")
    return path


def _write(handle: Handle, write: Any, progress: Progress) -> None:
    failures: list[BaseException] = []

    def take(context: Any, address: int, size: int) -> int:
        try:
            left = memoryview(string_at(address, size))
            while left:
                taken = write(left)
                left = left[len(left) if taken is None else taken :]
        except BaseException as error:  # noqa: BLE001 - raised below
            failures.append(error)
            return 1
        return 0

    function = WriteFunction(take)

    def call(options: Watched) -> int:
        status: int = lib.martlet_write(handle, function, None, options.pointer())
        return status

    try:
        _calls.run(call, Watched(), 0, _calls.LONG, progress)
    except OSError:
        # Nobody but `take` has refused.
        raise failures.pop() from None


def _load(file: Any, mmap: bool, progress: Progress) -> Handle:
    handle = Handle()
    mode = _structs.LOAD_MAP if mmap else _structs.LOAD_COPY
    options = sized(_structs.LoadOptions, mode=mode)
    if isinstance(file, (str, os.PathLike)):  # Bytes are what a file holds, not a path.
        path = path_bytes(file)

        def call(options: _structs.LoadOptions) -> int:
            status: int = lib.martlet_load(path, options, byref(handle))
            return status

    else:
        if mmap:
            raise InvalidArgumentError(f"mmap needs the path of a file, not {type(file).__name__}")
        data = bytes(memoryview(file.read() if hasattr(file, "read") else file))

        def call(options: _structs.LoadOptions) -> int:
            status: int = lib.martlet_load_bytes(
                _buffers.address(data), len(data), options, byref(handle)
            )
            return status

    _calls.run(call, options, 0, _calls.LONG, progress)
    return handle
