"""What an index is made with, and how its memory is held and released."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from martlet import _ffi, _structs
from martlet._arguments import unsigned
from martlet._calls import LONG_SCAN
from martlet._errors import ClosedIndexError, InvalidArgumentError
from martlet._ffi import Handle
from martlet._single import Desks
from martlet._structs import MEMORIES, METRICS, sized

if TYPE_CHECKING:
    import types

Self = TypeVar("Self", bound="Base")


def number_of(name: str, value: str, numbers: dict[str, int]) -> int:
    """Return the number by which the library knows one of several names."""
    if value not in numbers:
        names = ", ".join(map(repr, numbers))
        raise InvalidArgumentError(f"{name} is {value!r}; expected one of {names}")
    return numbers[value]


def index_options(
    dim: int,
    metric: str = "l2",
    M: int = 16,
    ef_construction: int = 200,
    seed: int = 0,
    memory: str = "balanced",
) -> _structs.IndexOptions:
    """Return the parameters of a new index, as the library takes them."""
    return sized(
        _structs.IndexOptions,
        dim=unsigned("dim", dim),
        metric=number_of("metric", metric, METRICS),
        M=unsigned("M", M, bits=32),
        ef_construction=unsigned("ef_construction", ef_construction),
        seed=unsigned("seed", seed),
        memory=number_of("memory", memory, MEMORIES),
    )


class Base:
    """The parameters and the handle of an index."""

    def __init__(
        self,
        dim: int,
        metric: str = "l2",
        *,
        M: int = 16,
        ef_construction: int = 200,
        seed: int = 0,
        memory: str = "balanced",
    ) -> None:
        self._hold(_ffi.create(index_options(dim, metric, M, ef_construction, seed, memory)))

    @classmethod
    def _of(cls: type[Self], handle: Handle) -> Self:
        """Return the index behind a handle."""
        index = cls.__new__(cls)
        index._hold(handle)
        return index

    def _hold(self, handle: Handle) -> None:
        """Become the index behind a handle."""
        options = _ffi.options(handle)
        self._dim: int = options.dim
        self._metric: str = list(METRICS)[options.metric]
        self._M: int = options.M
        self._ef_construction: int = options.ef_construction
        self._seed: int = options.seed
        self._desks = Desks(self._dim)
        self._handle: Handle | None = handle
        self._note_size(handle)

    def _note_size(self, handle: Handle) -> None:
        """Note whether to compare one query with all vectors takes long."""
        self._is_long = self._dim * _ffi.count(handle, None) >= LONG_SCAN

    @property
    def dim(self) -> int:
        """Components per vector."""
        return self._dim

    @property
    def metric(self) -> str:
        """What "near" means: "l2", "ip" or "cosine"."""
        return self._metric

    @property
    def M(self) -> int:
        """Links per node above the base layer, which has up to twice as many."""
        return self._M

    @property
    def ef_construction(self) -> int:
        """Beam width while adding."""
        return self._ef_construction

    @property
    def seed(self) -> int:
        """What makes the index reproducible."""
        return self._seed

    @property
    def memory(self) -> str:
        """How much memory the index spends: "balanced", "fast" or "compact"."""
        form: str = list(MEMORIES)[_ffi.options(self._open()).memory]
        return form

    def __len__(self) -> int:
        """Return the number of vectors."""
        return _ffi.count(self._open(), None)

    def close(self) -> None:
        """Release the memory, once no thread is in a call. Closing again does nothing.

        Leaving a ``with`` block and losing the last reference do the same.

        Examples
        --------
        >>> import martlet
        >>> with martlet.Index(dim=2) as index:
        ...     _ = index.add([3, 4])
        >>> index
        <martlet.Index dim=2 metric='l2' M=16 ef_construction=200 seed=0: closed>
        """
        handle, self._handle = self._handle, None
        if handle is not None:
            _ffi.check(_ffi.lib.martlet_close(handle))

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._handle is None else f"{len(self)} vectors"
        return (
            f"<martlet.Index dim={self._dim} metric={self._metric!r} M={self._M} "
            f"ef_construction={self._ef_construction} seed={self._seed}: {state}>"
        )

    def _open(self) -> Handle:
        handle = self._handle
        if handle is None:
            raise ClosedIndexError("the index is closed")
        return handle
