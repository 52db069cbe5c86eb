"""The structs and numbers of martlet.h; a test holds them against the header.

What points to something is a plain address (``c_void_p``), or NULL: whoever sets it keeps alive
what it points to. Text is bytes (``c_char_p``), which the struct keeps alive.
"""

from __future__ import annotations

from ctypes import (
    Structure,
    c_char_p,
    c_double,
    c_int32,
    c_int64,
    c_uint32,
    c_uint64,
    c_void_p,
    sizeof,
)
from typing import Any, TypeVar

METRICS = {"l2": 0, "ip": 1, "cosine": 2}
MEMORIES = {"balanced": 0, "fast": 1, "compact": 2}
DEFAULT_EF = 64
LEVELS = 16
NO_ID = -1
LOAD_COPY, LOAD_MAP = 0, 1

# The place of a name is the number of its enumerator.
ID_KINDS = (None, "int", "str")
ELEMENTS = ("float32", "float64", "float16", "int8", "uint8")
PLANS = ("plain", "bridged", "exact")
TYPES = ("bool", "int64", "float64", "string", "datetime", "tags", "json")
UNITS = ("days", "seconds", "milliseconds", "microseconds", "nanoseconds")
FORMATS = (
    *("bits", "bytes"),
    *("int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64"),
)
# The numbers among them, by the letters of the Arrow C data interface.
ARROW_FORMATS = dict(zip("csilCSILefg", FORMATS[2:]))

Struct = TypeVar("Struct", bound=Structure)


def sized(kind: type[Struct], **fields: Any) -> Struct:
    """Return a struct with its size set, and 0 in every field that is not named."""
    return kind(sizeof(kind), **fields)


class IndexOptions(Structure):
    """martlet_index_options."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("dim", c_uint64),
        ("metric", c_int32),
        ("M", c_uint32),
        ("ef_construction", c_uint64),
        ("seed", c_uint64),
        ("memory", c_int32),
        ("reserved", c_uint32),
    ]


class LoadOptions(Structure):
    """martlet_load_options."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("mode", c_int32),
        ("reserved", c_uint32),
        ("control", c_void_p),
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


class Strings(Structure):
    """martlet_strings."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("data", c_void_p),
        ("offsets", c_void_p),
        ("count", c_uint64),
        ("offset_bytes", c_uint32),
        ("index_format", c_int32),
        ("views", c_void_p),
        ("buffers", c_void_p),
        ("buffer_sizes", c_void_p),
        ("buffer_count", c_uint64),
        ("indices", c_void_p),
        ("dictionary_count", c_uint64),
    ]


class Text(Structure):
    """martlet_text."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("data", c_void_p),
        ("capacity", c_uint64),
        ("offsets", c_void_p),
        ("offset_capacity", c_uint64),
        ("size", c_uint64),
        ("count", c_uint64),
    ]


class Ids(Structure):
    """martlet_ids."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("count", c_uint64),
        ("integers", c_void_p),
        ("stride", c_int64),
        ("strings", c_void_p),
    ]


class Column(Structure):
    """martlet_column."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("name", c_void_p),
        ("name_size", c_uint64),
        ("rows", c_uint64),
        ("type", c_int32),
        ("format", c_int32),
        ("unit", c_int32),
        ("list_offset_bytes", c_uint32),
        ("values", c_void_p),
        ("stride", c_int64),
        ("strings", c_void_p),
        ("list_offsets", c_void_p),
        ("validity", c_void_p),
        ("bit_offset", c_uint64),
    ]


class AddOptions(Structure):
    """martlet_add_options."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("ids", c_void_p),
        ("assigned_ids", c_void_p),
        ("columns", c_void_p),
        ("column_count", c_uint64),
        ("threads", c_uint64),
        ("control", c_void_p),
    ]


class Mask(Structure):
    """martlet_mask."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("data", c_void_p),
        ("rows", c_uint64),
        ("stride", c_int64),
        ("format", c_int32),
        ("reserved", c_uint32),
        ("bit_offset", c_uint64),
    ]


class Explanation(Structure):
    """martlet_explanation."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("plan", c_int32),
        ("reserved", c_uint32),
        ("rows", c_uint64),
        ("matching", c_uint64),
        ("beam_width", c_uint64),
        ("distances", c_uint64),
        ("fallbacks", c_uint64),
        ("beam_cost", c_double),
        ("scan_cost", c_double),
    ]


class SearchOptions(Structure):
    """martlet_search_options."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("ef", c_uint64),
        ("threads", c_uint64),
        ("control", c_void_p),
        ("filter", c_char_p),
        ("filter_size", c_uint64),
        ("allow", c_void_p),
        ("allow_ids", c_void_p),
        ("rows", c_void_p),
        ("explanation", c_void_p),
    ]


class Values(Structure):
    """martlet_values."""

    _fields_ = [
        ("struct_size", c_uint64),
        ("valid", c_void_p),
        ("values", c_void_p),
        ("text", c_void_p),
        ("list_offsets", c_void_p),
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
        ("id_kind", c_int32),
        ("columns", c_uint32),
        ("vector_bytes", c_uint64),
        ("code_bytes", c_uint64),
        ("link_bytes", c_uint64),
        ("id_bytes", c_uint64),
        ("metadata_bytes", c_uint64),
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
        ("add_metadata_ns", c_uint64),
        ("add_graph_ns", c_uint64),
        ("add_distances", c_uint64),
        ("removed", c_uint64),
        ("memory", c_int32),
        ("reserved2", c_uint32),
    ]
