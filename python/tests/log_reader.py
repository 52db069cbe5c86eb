"""Reads the log of a durable index by docs/format.md alone, with nothing but struct and zlib."""

from __future__ import annotations

import struct
import zlib
from typing import Any, NamedTuple

VERSION = 2
KINDS = {
    1: "add",
    2: "upsert",
    3: "remove",
    4: "update",
    5: "clear",
    6: "compact",
    7: "convert",
}
FORMS = ("balanced", "fast", "compact")
TYPES = ("bool", "int64", "float64", "string", "datetime", "tags", "json")


class Record(NamedTuple):
    """A change: what it does, and to what."""

    kind: str
    ids: list[Any]
    vectors: bytes
    columns: dict[str, tuple[str, list[Any]]]
    memory: str | None


class Log:
    """A whole log; an assertion fails if it is not one."""

    def __init__(self, data: bytes, dim: int) -> None:
        assert data[:8] == b"\x89MARTLOG"
        self.version, zero, self.number, self.sequence = struct.unpack_from("<IIQQ", data, 8)
        assert 1 <= self.version <= VERSION
        assert (zero, data[32:60]) == (0, bytes(28))
        assert zlib.crc32(data[:60]) == struct.unpack_from("<I", data, 60)[0]
        self.records: list[Record] = []
        place = 64
        while place < len(data):
            header = struct.unpack_from("<4sIQQII", data, place)
            magic, kind, sequence, size, checksum, own = header
            assert magic == b"MLR1"
            assert own == zlib.crc32(data[place : place + 28])
            assert sequence == self.sequence + len(self.records) + 1
            padded = (size + 7) // 8 * 8
            payload = data[place + 32 : place + 32 + padded]
            assert checksum == zlib.crc32(payload)
            assert payload[size:] == bytes(padded - size)
            assert kind < 7 or self.version > 1
            self.records.append(_Payload(payload[:size]).record(KINDS[kind], dim))
            place += 32 + padded


class _Payload:
    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def record(self, kind: str, dim: int) -> Record:
        ids: list[Any] = [] if kind in ("clear", "compact", "convert") else self.ids()
        vectors = self.take(len(ids) * dim * 4) if kind in ("add", "upsert") else b""
        columns = self.columns(len(ids)) if kind in ("add", "upsert", "update") else {}
        memory = FORMS[self.numbers(1)[0]] if kind == "convert" else None
        assert self.place == len(self.data)
        return Record(kind, ids, vectors, columns, memory)

    def take(self, size: int) -> bytes:
        taken = self.data[self.place : self.place + size]
        assert len(taken) == size
        self.place = min(self.place + (size + 7) // 8 * 8, len(self.data))
        return taken

    def numbers(self, count: int, code: str = "q") -> list[Any]:
        return list(struct.unpack(f"<{count}{code}", self.take(count * struct.calcsize(code))))

    def texts(self, count: int) -> list[str]:
        ends = self.numbers(count + 1)
        data = self.take(ends[-1])
        return [data[start:end].decode() for start, end in zip(ends, ends[1:])]

    def ids(self) -> list[Any]:
        kind, count = self.numbers(2)
        return self.numbers(count) if kind == 1 else self.texts(count)

    def columns(self, rows: int) -> dict[str, tuple[str, list[Any]]]:
        found = {}
        for _ in range(self.numbers(1)[0]):
            type_, size = self.numbers(2)
            name = self.take(size).decode()
            valid = self.take(rows)
            values = self.values(TYPES[type_], rows)
            found[name] = (TYPES[type_], [v if ok else None for v, ok in zip(values, valid)])
        return found

    def values(self, type_: str, rows: int) -> list[Any]:
        if type_ == "bool":
            return [value == 1 for value in self.take(rows)]
        if type_ in ("string", "json"):
            return self.texts(rows)
        if type_ == "tags":
            ends = self.numbers(rows + 1)
            tags = self.texts(ends[-1])
            return [tags[start:end] for start, end in zip(ends, ends[1:])]
        return self.numbers(rows, "d" if type_ == "float64" else "q")
