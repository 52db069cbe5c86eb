"""Reads Martlet's files by docs/format.md alone, to hold the document against real files."""

from __future__ import annotations

import struct
import zlib

import numpy as np

NONE = 0xFFFFFFFF
PARAMETERS = (
    *("dim", "metric", "M", "ef_construction", "seed", "slots", "has_live", "tombstones"),
    *("id_kind", "has_next_id", "next_id", "added", "has_entry", "entry", "entry_level"),
    *("upper_rows", "radius", "trained", "clamped", "steps_per_unit", "columns"),
)
FLOATS = {"radius", "steps_per_unit"}
VALUES = ("u1", "<i8", "<f8", "<u4", "<i8", "<u8", "<u4")


def sections(data):
    """Return the sections by part and kind; check the frame."""
    assert data[:12] == b"\x89MARTLET" + struct.pack("<I", 1)
    assert data[12:60] == bytes(48)
    assert data[60:64] == checksum(data[:60])
    footer = data[-32:]
    assert footer[24:] == bytes(4) + checksum(footer[:28])
    start, count, table_checksum = struct.unpack("<QQQ", footer[:24])
    table = data[start:-32]
    assert len(table) == 32 * count
    assert zlib.crc32(table) == table_checksum
    found, end = {}, 64
    for kind, part, offset, size, expected in struct.iter_unpack("<IIQQQ", table):
        assert offset == end
        end = offset + (size + 63) // 64 * 64
        assert size > 0
        assert zlib.crc32(data[offset:end]) == expected
        assert not any(data[offset + size : end])
        found[part, kind] = data[offset : offset + size]
    assert end == start
    assert list(found) == sorted(found)
    return found


def checksum(data):
    return struct.pack("<I", zlib.crc32(data))


class File:
    """What a file holds; checks that all of it is accounted for."""

    def __init__(self, data):
        self.left = sections(data)
        numbers = struct.iter_unpack("<8s", self.left.pop((0, 1)))
        kinds = (self._kind(name) for name in PARAMETERS)
        self.parameters = {
            name: struct.unpack_from(kind, number)[0]
            for name, kind, (number,) in zip(PARAMETERS, kinds, numbers)
        }
        for name, value in self.parameters.items():
            setattr(self, name, value)
        bits = np.unpackbits(self._take(2, "u1"), bitorder="little")
        assert not bits[self.slots :].any()
        self.live = bits[: self.slots] if self.has_live else np.ones(self.slots, "u1")
        self.removed = self._take(3, "<u4", self.tombstones)
        self._read_vectors()
        self._read_graph()
        self.ids = self._take(30, "<i8") if self.id_kind == 1 else self._texts(31, 32)
        self.metadata = dict(self._column(part + 1) for part in range(self.columns))
        assert not self.left, self.left.keys()

    def _kind(self, name):
        return "<f" if name in FLOATS else "<q" if name == "next_id" else "<Q"

    def _take(self, kind, dtype, *shape, part=0):
        array = np.frombuffer(self.left.pop((part, kind), b""), dtype)
        return array.reshape(shape) if shape else array

    def _read_vectors(self):
        stride, width = (self.dim + 7) // 8 * 8, (self.dim + 31) // 32 * 32
        rows = self._take(10, "<f4", self.slots, stride)
        assert not rows[:, self.dim :].any()
        self.vectors = rows[:, : self.dim]
        self.derived = self._take(11, "<f4")
        self.code_offsets = self._take(12, "<f4")
        self.codes = self._take(13, "u1").reshape(-1, width)

    def _read_graph(self):
        self.levels = self._take(20, "u1", self.slots)
        self.base = self._pages(21, self.slots, 2 * self.M)
        self.first_upper = self._take(22, "<u4", self.slots)
        self.upper = self._pages(23, self.upper_rows, self.M)
        self.tree = self._pages(24, self.slots, 4)

    def _pages(self, kind, rows, width):
        table = self._take(kind, "<u4", -(-rows // 32) * 32, width)
        assert (table[rows:] == NONE).all()
        return table[:rows]

    def _texts(self, ends_kind, kind, part=0):
        ends = self._take(ends_kind, "<u8", part=part).tolist()
        data = self.left.pop((part, kind), b"")
        assert (ends or [0])[-1] == len(data)
        return [data[a:b].decode() for a, b in zip([0, *ends], ends)]

    def _column(self, part):
        kind, count, tags, texts = struct.unpack("<4Q", self.left.pop((part, 40)))
        name = self.left.pop((part, 41), b"").decode()
        valid = self._take(42, "u1", count, part=part)
        values = self._take(43, VALUES[kind], part=part).reshape((count, 2) if kind == 5 else count)
        spans = self._take(44, "<u4", tags, part=part).tolist()
        strings = self._texts(45, 46, part)
        assert len(strings) == texts
        return name, [
            self._value(kind, value, spans, strings) if present else None
            for present, value in zip(valid, values.tolist())
        ]

    def _value(self, kind, value, spans, strings):
        if kind == 5:
            return [strings[text] for text in spans[value[0] : value[0] + value[1]]]
        return strings[value] if kind in (3, 6) else bool(value) if kind == 0 else value
