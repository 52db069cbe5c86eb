"""Opening an index that lives in a folder."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, cast

from martlet import _calls, _structs
from martlet._arguments import unsigned
from martlet._base import index_options
from martlet._calls import Watched
from martlet._errors import InvalidArgumentError
from martlet._ffi import Handle, lib
from martlet._saved import Path, path_bytes
from martlet.index import Index

if TYPE_CHECKING:
    from martlet._calls import Progress


def open(  # noqa: A001 - as users call it: martlet.open
    path: Path,
    dim: int | None = None,
    metric: str | None = None,
    *,
    M: int | None = None,
    ef_construction: int | None = None,
    seed: int | None = None,
    memory: str | None = None,
    progress: Progress = False,
) -> Index:
    """Open an index that lives in a folder, or make one.

    It is an Index like any other, but every change is on disk when its call returns: whatever
    happens to the process or the machine then, the index is the same when it is next opened. A
    change that was under way is there whole or not at all.

    Parameters
    ----------
    path : str or os.PathLike
        Of the folder, which is made if it is not there.
    dim, metric, M, ef_construction, seed, memory : optional
        As in Index. A new index needs dim. An index that is there keeps what it has; what is given
        must be the same.
    progress : bool or callable, default False
        As in Index.add(), but in bytes of the checkpoint.

    Returns
    -------
    Index
        Close it, or leave its ``with`` block, to let others open the folder. Nothing is lost
        without.

    Raises
    ------
    BlockingIOError
        It is open already, here or in another process.
    FileNotFoundError
        There is no index, and dim is not given.
    InvalidArgumentError
        The index has other parameters. A ValueError.
    FormatError
        A file in the folder is damaged, or of a later version. A ValueError.
    OSError
        As ``open()`` does. A change that cannot be written raises it, too, and has not happened.

    Notes
    -----
    The folder holds a checkpoint, which is a file as ``Index.save()`` writes it, and a log of the
    changes since. A change costs one ``fdatasync()``, so batches are cheaper than single vectors.
    Opening does again what the log tells. When it has grown long, a new checkpoint is written
    beside other calls.

    Examples
    --------
    >>> import martlet, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with martlet.open(folder.name, dim=2) as index:
    ...     _ = index.add([[0, 0], [3, 4]], ids=["a", "b"])
    >>> with martlet.open(folder.name) as index:
    ...     index.search([3, 3], k=1).ids.tolist()
    ['b']
    >>> folder.cleanup()
    """
    given: dict[str, Any] = {
        "dim": dim,
        "metric": metric,
        "M": M,
        "ef_construction": ef_construction,
        "seed": seed,
        "memory": memory,
    }
    given = {name: value for name, value in given.items() if value is not None}
    folder = path_bytes(path)
    index = _index(folder, None, progress, may_lack=dim is not None)
    if index is None:
        options = index_options(**given)
        return cast(Index, _index(folder, options, progress))
    for name, value in given.items():
        held: Any = getattr(index, name)
        if held != (value if isinstance(value, str) else unsigned(name, value)):
            index.close()
            raise InvalidArgumentError(
                f"{name} is {value!r}, but that of the index in {path!r} is {held!r}"
            )
    return index


def _index(
    folder: bytes,
    options: _structs.IndexOptions | None,
    progress: Progress,
    *,
    may_lack: bool = False,
) -> Index | None:
    handle = Handle()

    def call(watched: Watched) -> int:
        status: int = lib.martlet_open(folder, options, watched.pointer(), byref(handle))
        return status

    try:
        _calls.run(call, Watched(), 0, _calls.LONG, progress)
    except FileNotFoundError:
        if may_lack:
            return None
        raise
    return Index._of(handle)
