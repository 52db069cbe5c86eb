"""One matrix in every layout that memory can have."""

from __future__ import annotations

import tempfile

import numpy as np


def c_order(a):
    return np.ascontiguousarray(a)


def fortran(a):
    return np.asfortranarray(a)


def every_other_row(a):
    wide = np.repeat(a, 2, axis=0)
    wide[1::2] = 99
    return wide[::2]


def every_third_column(a):
    wide = np.repeat(a, 3, axis=1)
    wide[:, 1::3] = 99
    return wide[:, ::3]


def reversed_rows(a):
    return a[::-1]


def reversed_both(a):
    return a[::-1, ::-1]


def transposed_and_reversed(a):
    return np.ascontiguousarray(a.T)[::-1].T


def one_row_repeated(a):
    return np.broadcast_to(a[:1], a.shape)


def one_column_repeated(a):
    return np.broadcast_to(a[:, :1], a.shape)


def read_only(a):
    copy = a.copy()
    copy.flags.writeable = False
    return copy


def memory_mapped(a):
    with tempfile.NamedTemporaryFile() as file:
        a.tofile(file.name)
        return np.memmap(file.name, a.dtype, "r", shape=a.shape)


def unaligned(a):
    copy = np.ndarray(a.shape, a.dtype, bytearray(a.nbytes + 1), offset=1)
    copy[...] = a
    return copy


def field_of_records(a):
    records = np.zeros(len(a), [("tag", "u1"), ("vector", a.dtype, a.shape[1:])])
    records["vector"] = a
    return records["vector"]


LAYOUTS = [
    c_order,
    fortran,
    every_other_row,
    every_third_column,
    reversed_rows,
    reversed_both,
    transposed_and_reversed,
    one_row_repeated,
    one_column_repeated,
    read_only,
    memory_mapped,
    unaligned,
    field_of_records,
]
DTYPES = ["float32", "float64", "float16", "int8", "uint8"]
