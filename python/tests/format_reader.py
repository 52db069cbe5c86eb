"""Reads Martlet's files, of all versions, by docs/format.md alone, to hold it against real ones."""

from __future__ import annotations

import struct
import zlib

import numpy as np

NONE = 0xFFFFFFFF
PARAMETERS = (
    *("dim", "metric", "M", "ef_construction", "seed", "slots", "has_live", "tombstones"),
    *("id_kind", "has_next_id", "next_id", "added", "has_entry", "entry", "entry_level"),
    *("upper_rows", "radius", "trained", "clamped", "steps_per_unit", "columns"),
    *("rounds", "has_link_codes", "memory"),
)
FIRST_PARAMETERS = 21
FLOATS = {"radius", "steps_per_unit"}
VALUES = ("u1", "<i8", "<f8", "<u4", "<i8", "<u8", "<u4")


def sections(data):
    """Return the version, and the sections by part and kind; check the frame."""
    assert data[:8] == b"\x89MARTLET"
    (version,) = struct.unpack("<I", data[8:12])
    assert version in (1, 2, 3)
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
    return version, found


def checksum(data):
    return struct.pack("<I", zlib.crc32(data))


class File:
    """What a file holds; checks that all of it is accounted for."""

    def __init__(self, data):
        self.version, self.left = sections(data)
        numbers = self.left.pop((0, 1))
        names = PARAMETERS[: FIRST_PARAMETERS if self.version == 1 else None]
        assert len(numbers) == 8 * len(names)
        self.rounds = self.has_link_codes = self.memory = 0
        for place, name in enumerate(names):
            setattr(self, name, struct.unpack_from(self._kind(name), numbers, 8 * place)[0])
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
        stride, self.width = (self.dim + 7) // 8 * 8, (self.dim + 31) // 32 * 32
        assert self.memory < (3 if self.version > 2 else 2)
        self.are_codes = self.memory == 2 and self.steps_per_unit > 0
        rows = self._take(10, "<f4", 0 if self.are_codes else self.slots, stride)
        assert not rows[:, self.dim :].any()
        self.vectors = rows[:, : self.dim]
        self.derived = self._take(11, "<f4")
        offsets = self._take(12, "<f4")
        assert len(offsets) in (0, stride if self.version == 1 else self.width)
        self.code_offsets = np.pad(offsets, (0, self.width - len(offsets)))
        self.codes = self._take(13, "u1").reshape(-1, self.width)
        if self.are_codes:
            self.vectors = decoded(self)

    def _read_graph(self):
        self.levels = self._take(20, "u1", self.slots)
        self.base = self._pages(21, self.slots, 2 * self.M)
        self.first_upper = self._take(22, "<u4", self.slots)
        self.upper = self._pages(23, self.upper_rows, self.M)
        self.tree = self._pages(24, self.slots, 4)
        self._read_link_codes()

    def _read_link_codes(self):
        """By slot and place: where it leads, factor and term; and by component the sign."""
        blocks, size = -(-2 * self.M // 32), 96 + self.width
        rows = self.slots * self.has_link_codes
        words = self._pages(25, rows, blocks * size, per_page=4).reshape(rows, blocks, size)
        places = (rows, blocks * 32)
        self.linked = words[:, :, :32].reshape(places)
        self.factors = words[:, :, 32:64].view("<f4").reshape(places)
        self.terms = words[:, :, 64:96].view("<f4").reshape(places)
        halves = words[:, :, 96:].copy().view("u1").reshape(rows, blocks, self.width // 4, 16)
        # By half, slot, block, four components, place; and then by one of the four.
        signs = np.stack([halves & 15, halves >> 4])
        bits = np.stack([signs >> bit & 1 for bit in range(4)], axis=4)
        self.signs = bits.transpose(1, 2, 0, 5, 3, 4).reshape(*places, self.width)

    def _pages(self, kind, rows, width, per_page=32):
        table = self._take(kind, "<u4", -(-rows // per_page) * per_page, width)
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


# ---- How codes follow from vectors --------------------------------------------------------------


def unrounded_codes(file):
    """Return what the codes of all vectors are before they are limited and rounded."""
    vectors = np.zeros((file.slots, file.width))
    vectors[:, : file.dim] = file.vectors
    if file.metric == 2:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return rotated(vectors, file.rounds) * file.steps_per_unit - file.code_offsets


def decoded(file):
    """Return what codes stand for."""
    vectors = (file.codes + file.code_offsets.astype("f8")) / file.steps_per_unit
    vectors = rotated_back(vectors, file.rounds)[:, : file.dim]
    if file.metric == 2:
        lengths = np.linalg.norm(vectors, axis=1) * file.derived
        vectors /= lengths[:, None]
    return vectors.astype("f4")


def rotated_back(vectors, rounds):
    # A rotation's inverse is its transpose.
    return vectors @ rotated(np.eye(vectors.shape[1]), rounds).T


def rotated(vectors, rounds):
    width = vectors.shape[1]
    size = 2 ** (width.bit_length() - 1)
    places = np.arange(size)
    common = places[:, None] & places
    parity = sum(common >> bit & 1 for bit in range(size.bit_length())) % 2
    matrix = (1 - 2 * parity) / np.sqrt(size)
    for signs in random_signs(width, rounds):
        vectors = vectors * signs
        vectors[:, :size] = vectors[:, :size] @ matrix
        if size < width:
            vectors[:, -size:] = vectors[:, -size:] @ matrix
    return vectors


def random_signs(width, rounds):
    state, signs = width, []
    for _ in range(width * rounds):
        z = state = (state + 0x9E3779B97F4A7C15) % 2**64
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        signs.append(1 - 2 * ((z ^ z >> 31) >> 63))
    return np.array(signs, "f8").reshape(rounds, width)
