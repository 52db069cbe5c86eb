"""The C library: found, loaded and declared here and nowhere else.

Every function of martlet.h is declared; a test holds the declarations against the header.
"""

from __future__ import annotations

import os
from ctypes import (
    CDLL,
    CFUNCTYPE,
    POINTER,
    byref,
    c_char_p,
    c_float,
    c_int32,
    c_int64,
    c_uint64,
    c_void_p,
)
from pathlib import Path
from typing import Any

from martlet import _errors, _structs
from martlet._structs import sized


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


WriteFunction = CFUNCTYPE(c_int32, c_void_p, c_void_p, c_uint64)

_FLOATS = POINTER(c_float)
_INTEGERS = POINTER(c_int64)
_ROWS = (c_uint64, c_int64, c_int64)
_BYTES = (c_char_p, c_uint64)
_RESULTS = (_INTEGERS, _FLOATS, POINTER(c_uint64))
_IDS = POINTER(_structs.Ids)
_MATRIX = POINTER(_structs.Matrix)
_TEXT = POINTER(_structs.Text)
_CONTROL = POINTER(_structs.Control)
_ADD_OPTIONS = POINTER(_structs.AddOptions)
_SEARCH_OPTIONS = POINTER(_structs.SearchOptions)
_LOAD_OPTIONS = POINTER(_structs.LoadOptions)

# name: (result, arguments)
SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "martlet_last_error": (c_char_p, ()),
    "martlet_last_errno": (c_int32, ()),
    "martlet_version": (c_char_p, ()),
    "martlet_kernels": (c_char_p, ()),
    "martlet_index_create": (c_int32, (POINTER(_structs.IndexOptions), POINTER(Handle))),
    "martlet_index_view": (c_int32, (Handle, POINTER(Handle))),
    "martlet_get_options": (c_int32, (Handle, POINTER(_structs.IndexOptions))),
    "martlet_convert": (c_int32, (Handle, c_int32, _CONTROL)),
    "martlet_index_free": (None, (Handle,)),
    "martlet_add": (c_int32, (Handle, _FLOATS, *_ROWS, _ADD_OPTIONS)),
    "martlet_add_matrix": (c_int32, (Handle, _MATRIX, _ADD_OPTIONS)),
    "martlet_upsert": (c_int32, (Handle, _MATRIX, _ADD_OPTIONS)),
    "martlet_remove": (c_int32, (Handle, _IDS, _CONTROL)),
    "martlet_clear": (c_int32, (Handle,)),
    "martlet_compact": (c_int32, (Handle, _CONTROL)),
    "martlet_search": (
        c_int32,
        (Handle, _FLOATS, *_ROWS, c_uint64, _SEARCH_OPTIONS, *_RESULTS),
    ),
    "martlet_search_matrix": (c_int32, (Handle, _MATRIX, c_uint64, _SEARCH_OPTIONS, *_RESULTS)),
    "martlet_get": (c_int32, (Handle, _IDS, _FLOATS)),
    "martlet_find": (c_int32, (Handle, _IDS, _INTEGERS)),
    "martlet_get_ids": (c_int32, (Handle, _INTEGERS, c_uint64, _TEXT)),
    "martlet_get_integer_ids": (c_int32, (Handle, _INTEGERS, c_uint64, _INTEGERS)),
    "martlet_count": (c_int32, (Handle, *_BYTES, POINTER(c_uint64))),
    "martlet_get_columns": (c_int32, (Handle, _TEXT, POINTER(c_int32))),
    "martlet_get_values": (
        c_int32,
        (Handle, *_BYTES, _INTEGERS, c_uint64, POINTER(_structs.Values)),
    ),
    "martlet_update_metadata": (c_int32, (Handle, _IDS, POINTER(_structs.Column), c_uint64)),
    "martlet_save": (c_int32, (Handle, c_char_p, _CONTROL)),
    "martlet_write": (c_int32, (Handle, WriteFunction, c_void_p, _CONTROL)),
    "martlet_load": (c_int32, (c_char_p, _LOAD_OPTIONS, POINTER(Handle))),
    "martlet_open": (
        c_int32,
        (c_char_p, POINTER(_structs.IndexOptions), _CONTROL, POINTER(Handle)),
    ),
    "martlet_close": (c_int32, (Handle,)),
    "martlet_checkpoint": (c_int32, (Handle, _CONTROL)),
    "martlet_load_bytes": (c_int32, (c_void_p, c_uint64, _LOAD_OPTIONS, POINTER(Handle))),
    "martlet_get_statistics": (c_int32, (Handle, POINTER(_structs.Statistics))),
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


def prepared(name: str) -> Any:
    """Return a function that returns a status, for arguments that need no conversion any more.

    It is for calls that are made again and again: to convert arguments takes longer than the call.
    """
    return lib[name]


def check(status: int) -> None:
    """Raise the exception for a failed call of this thread."""
    if status != _errors.OK:
        sentence = lib.martlet_last_error().decode("utf-8", "replace")
        raise _errors.from_status(status, sentence, lib.martlet_last_errno())


def create(options: _structs.IndexOptions) -> Handle:
    """Return the handle of a new index."""
    handle = Handle()
    check(lib.martlet_index_create(options, handle))
    return handle


def view(handle: Handle) -> Handle:
    """Return an index as it is now, for several calls that belong together."""
    view = Handle()
    check(lib.martlet_index_view(handle, view))
    return view


def options(handle: Handle) -> _structs.IndexOptions:
    """Return the parameters of an index."""
    found = sized(_structs.IndexOptions)
    check(lib.martlet_get_options(handle, found))
    return found


def count(handle: Handle, condition: bytes | None) -> int:
    """Return how many vectors match a filter, or how many there are."""
    found = c_uint64()
    size = 0 if condition is None else len(condition)
    check(lib.martlet_count(handle, condition, size, byref(found)))
    return found.value


def statistics(handle: Handle) -> _structs.Statistics:
    """Return the library's statistics of an index."""
    found = sized(_structs.Statistics)
    check(lib.martlet_get_statistics(handle, found))
    return found


def text(function: str) -> str:
    """Return what a function without arguments says: ``martlet_version``, ``martlet_kernels``."""
    said: bytes = getattr(lib, function)()
    return said.decode()
