"""The C library: found, loaded and declared here and nowhere else.

Every function and struct of martlet.h is declared; a test holds the declarations against the
header.
"""

from __future__ import annotations

import os
from ctypes import (
    CDLL,
    POINTER,
    Structure,
    c_char_p,
    c_float,
    c_int32,
    c_int64,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
    sizeof,
)
from pathlib import Path
from typing import Any

from martlet import _errors

METRICS = {"l2": 0, "ip": 1, "cosine": 2}
ELEMENTS = ("float32", "float64", "float16", "int8", "uint8")
DEFAULT_EF = 64
LEVELS = 16


class Handle(c_void_p):
    """Owns a ``martlet_index``.

    Freed with its last reference. A running call holds one, so closing an index in one thread
    never pulls it from under a call in another.
    """

    # Set once the library is loaded. Held by the class, as the module's names may be gone when the
    # interpreter exits.
    free: Any

    def __del__(self) -> None:
        self.free(self)


class IndexOptions(Structure):
    """martlet_index_options."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("dim", c_uint64),
        ("metric", c_int32),
        ("M", c_uint32),
        ("ef_construction", c_uint64),
        ("seed", c_uint64),
    ]


class Matrix(Structure):
    """martlet_matrix."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("data", c_void_p),
        ("rows", c_uint64),
        ("columns", c_uint64),
        ("row_stride", c_int64),
        ("component_stride", c_int64),
        ("element", c_int32),
        ("reserved", c_uint32),
    ]


class Control(Structure):
    """martlet_control."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("total", c_uint64),
        ("done", c_uint64),
        ("cancel", c_uint32),
        ("reserved", c_uint32),
    ]


class AddOptions(Structure):
    """martlet_add_options."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("ids", c_void_p),
        ("id_stride", c_int64),
        ("assigned_ids", c_void_p),
        ("threads", c_uint64),
        ("control", POINTER(Control)),
    ]


class SearchOptions(Structure):
    """martlet_search_options."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("ef", c_uint64),
        ("threads", c_uint64),
        ("control", POINTER(Control)),
    ]


class Statistics(Structure):
    """martlet_statistics."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("count", c_uint64),
        ("dim", c_uint64),
        ("ef_construction", c_uint64),
        ("seed", c_uint64),
        ("metric", c_int32),
        ("M", c_uint32),
        ("vector_bytes", c_uint64),
        ("code_bytes", c_uint64),
        ("link_bytes", c_uint64),
        ("id_bytes", c_uint64),
        ("other_bytes", c_uint64),
        ("levels", c_uint64 * LEVELS),
        ("links", c_uint64),
        ("max_links", c_uint64),
        ("reachable", c_uint64),
        ("add_rows", c_uint64),
        ("add_threads", c_uint64),
        ("add_element", c_int32),
        ("reserved", c_uint32),
        ("add_total_ns", c_uint64),
        ("add_read_ns", c_uint64),
        ("add_encode_ns", c_uint64),
        ("add_ids_ns", c_uint64),
        ("add_graph_ns", c_uint64),
        ("add_distances", c_uint64),
    ]


_IDS = POINTER(c_int64)
_FLOATS = POINTER(c_float)
_ROWS = (c_uint64, c_int64, c_int64)
_RESULTS = (_IDS, _FLOATS, POINTER(c_uint64))

# name: (result, arguments)
SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "martlet_last_error": (c_char_p, ()),
    "martlet_version": (c_char_p, ()),
    "martlet_kernels": (c_char_p, ()),
    "martlet_index_create": (c_int32, (POINTER(IndexOptions), POINTER(Handle))),
    "martlet_index_free": (None, (Handle,)),
    "martlet_add": (c_int32, (Handle, _FLOATS, *_ROWS, POINTER(AddOptions))),
    "martlet_add_matrix": (c_int32, (Handle, POINTER(Matrix), POINTER(AddOptions))),
    "martlet_search": (
        c_int32,
        (Handle, _FLOATS, *_ROWS, c_uint64, POINTER(SearchOptions), *_RESULTS),
    ),
    "martlet_search_matrix": (
        c_int32,
        (Handle, POINTER(Matrix), c_uint64, POINTER(SearchOptions), *_RESULTS),
    ),
    "martlet_get": (c_int32, (Handle, _IDS, c_uint64, c_int64, _FLOATS)),
    "martlet_contains": (c_int32, (Handle, _IDS, c_uint64, c_int64, POINTER(c_uint8))),
    "martlet_count": (c_int32, (Handle, POINTER(c_uint64))),
    "martlet_get_statistics": (c_int32, (Handle, POINTER(Statistics))),
}


def _load() -> CDLL:
    """Load and declare the library: the packaged one, or the one MARTLET_LIBRARY names."""
    named = os.environ.get("MARTLET_LIBRARY")
    path = Path(named) if named else Path(__file__).with_name("libmartlet.so")
    origin = "named by MARTLET_LIBRARY" if named else "that the package should contain"
    try:
        library = CDLL(str(path))
        for name, (result, arguments) in SIGNATURES.items():
            function = getattr(library, name)
            function.restype = result
            function.argtypes = arguments
    except (OSError, AttributeError) as error:
        raise ImportError(f"cannot load {path}, the library {origin}: {error}") from None
    return library


lib = _load()
Handle.free = lib.martlet_index_free


def check(status: int) -> None:
    """Raise the exception for a failed call of this thread."""
    if status != _errors.OK:
        raise _errors.from_status(status, lib.martlet_last_error().decode("utf-8", "replace"))


def create(options: IndexOptions) -> Handle:
    """Return the handle of a new index."""
    handle = Handle()
    check(lib.martlet_index_create(options, handle))
    return handle


def statistics(handle: Handle) -> Statistics:
    """Return the library's statistics of an index."""
    found = Statistics(struct_size=sizeof(Statistics))
    check(lib.martlet_get_statistics(handle, found))
    return found


def text(function: str) -> str:
    """Return what a function without arguments says: ``martlet_version``, ``martlet_kernels``."""
    said: bytes = getattr(lib, function)()
    return said.decode()
