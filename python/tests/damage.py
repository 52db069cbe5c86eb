"""Damages files in every way, and uses what loads all the same. Run by test_damaged_files.py.

A crash ends this process, a hang its time limit, and memory out of proportion its limit of memory.
"""

from __future__ import annotations

import io
import random
import resource
import struct
import sys
import tempfile
import zlib
from json import JSONDecodeError
from pathlib import Path

import numpy as np

import martlet

NUMBERS = (0, 1, 2, 3, 31, 127, 255, 2**15, 2**16 - 1, 2**31, 2**32 - 2, 2**32 - 1)
NUMBERS += (2**47, 2**62, 2**63 - 1, 2**63, 2**64 - 1)
FLOATS = (np.nan, np.inf, -np.inf, -1.0, -3e38, 3e38, 1e-40, 0.0)
DIM = 4
CONDITIONS = {
    "bool": True,
    "int64": {"$gte": 1910},
    "string": {"$in": ["sv", "x"]},
    "tags": {"$contains": "t1"},
}


def originals(generator):
    """Return files: of every metric, both kinds of ids, with all types of metadata and removals.

    Vectors of so few components lie too close for codes: others have those.
    """
    for metric in ("l2", "ip", "cosine"):
        for kind in (int, str):
            for count, removed in ((40, 0), (60, 9), (1100, 0), (1300, 2)):
                index = martlet.Index(DIM, metric, M=3, ef_construction=12)
                rows = generator.normal(size=(count, DIM)).astype("f4")
                ids = [kind(i) for i in range(count)]
                index.add(rows, ids=ids, metadata=columns(count), threads=1)
                if removed:
                    index.remove(ids[:removed])
                yield saved(index)
    for memory in ("balanced", "fast", "compact"):
        yield from coded(generator, memory)


def coded(generator, memory):
    """Return files of few vectors that have codes all the same, since many were there once."""
    for metric, links, removed in (("l2", 3, 0), ("cosine", 17, 0), ("l2", 5, 1), ("cosine", 4, 9)):
        index = martlet.Index(40, metric, M=links, ef_construction=12, memory=memory)
        rows = generator.normal(size=(1070, 40)).astype("f4")
        index.add(rows, metadata={"year": range(1070)}, threads=1)
        index.remove(range(1000))
        index.compact()
        index.remove(range(1000, 1000 + removed))
        yield saved(index)


def columns(count):
    return {
        "flag": [i % 2 == 0 if i % 5 else None for i in range(count)],
        "year": [1900 + i for i in range(count)],
        "lang": [("sv", "fi", "å")[i % 3] if i % 7 else None for i in range(count)],
        "tags": [["a", f"t{i % 9}"][: i % 3] for i in range(count)],
        "extra": [{"n": i % 4} for i in range(count)],
    }


def saved(index):
    file = io.BytesIO()
    index.save(file)
    return file.getvalue()


def use(data, mapped, where):
    """Load a file; return whether it could be. Everything must work then."""
    try:
        if mapped:
            where.unlink(missing_ok=True)
            where.write_bytes(data)
            index = martlet.Index.load(where, mmap=True)
        else:
            index = martlet.Index.load(data)
    except martlet.FormatError:
        return False
    try:
        exercise(index)
    except (UnicodeDecodeError, JSONDecodeError, martlet.FormatError):
        assert mapped  # Texts are not looked at, and part of the graph not before the first change.
    return True


def exercise(index):
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(3, index.dim)).astype("f4")
    hits = index.search(rows, k=7)
    for name, kind in index.columns.items():
        if kind in CONDITIONS:
            index.search(rows, k=5, where={name: CONDITIONS[kind]})
    found = [i for i in np.unique(hits.ids[hits.distances < np.inf]).tolist() if i in index]
    index.get(found)
    index.metadata(found)
    index.stats()
    try:
        new = index.add(rows, ids=[10**17, 10**17 + 1, 10**17 + 2], threads=1)
    except martlet.IdKindError:
        new = index.add(rows, ids=["new 1", "new 2", "new 3"], threads=1)
    index.remove(new[:2])
    index.remove(found[:2])
    index.compact()
    index.search(rows, k=7)
    saved(index)


# ---- Ways to damage a file ----------------------------------------------------------------------


def flip(data, random):
    place = random.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << random.randrange(8)]) + data[place + 1 :]


def split(data):
    """Return the sections as [kind, part, bytes]."""
    start = struct.unpack_from("<Q", data, len(data) - 32)[0]
    entries = struct.iter_unpack("<IIQQQ", data[start:-32])
    return [[kind, part, data[at : at + size]] for kind, part, at, size, _ in entries]


def join(sections, entry=lambda fields: fields, header=b"\x89MARTLET\3\0\0\0"):
    """Return the file of sections, with right checksums."""
    header = header.ljust(60, b"\0")
    data = bytearray(header + struct.pack("<I", zlib.crc32(header)))
    table = b""
    for kind, part, section in sections:
        padded = section + bytes(-len(section) % 64)
        fields = [kind, part, len(data), len(section), zlib.crc32(padded)]
        table += struct.pack("<IIQQQ", *entry(fields))
        data += padded
    footer = struct.pack("<QQQI", len(data), len(sections), zlib.crc32(table), 0)
    return bytes(data + table + footer) + struct.pack("<I", zlib.crc32(footer))


def mutate(data, random):
    """Change numbers, sections or the table, and repair all checksums."""
    sections = split(data)
    way = random.randrange(12)
    place = random.randrange(len(sections))
    if way == 0:
        del sections[place]
    elif way == 1:
        change = random.choice((-64, -8, -4, -1, 1, 4, 8, 64, 4096))
        section = sections[place][2]
        sections[place][2] = section[:change] if change < 0 else section + bytes(change)
    elif way == 2:
        sections[place][random.randrange(2)] = random.choice(NUMBERS[:12])
    elif way == 3:
        other = random.randrange(len(sections))
        sections[place][2], sections[other][2] = sections[other][2], sections[place][2]
    elif way == 4:
        at, field, value = place, random.randrange(2, 4), random.choice(NUMBERS)
        left = [at]

        def entry(fields):
            left[0] -= 1
            if left[0] == -1:
                fields[field] = value
            return fields

        return join(sections, entry)
    else:
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            place = 0 if random.random() < 0.2 else random.randrange(len(sections))
            sections[place][2] = changed(sections[place][2], random)
    return join(sections)


def changed(section, random):
    """Change one number of a section."""
    width = random.choice((1, 2, 4, 8))
    if len(section) < width:
        return section
    at = random.randrange(len(section) // width) * width
    other = random.randrange(len(section) // width) * width
    value = int.from_bytes(section[at : at + width], "little")
    value = random.choice(
        (
            random.choice(NUMBERS),
            random.getrandbits(64),
            value + random.choice((-1, 1)),
            value ^ 1 << random.randrange(8 * width),
            int.from_bytes(section[other : other + width], "little"),
            random.randrange(1400),
        )
    )
    new = (value % 2 ** (8 * width)).to_bytes(width, "little")
    return section[:at] + new + section[at + width :]


def mutate_link_codes(data, random):
    """Change what only indexes in the fast form have, and repair all checksums."""
    sections = split(data)
    places = {kind: place for place, (kind, _, _) in enumerate(sections)}
    codes = np.frombuffer(sections[places[25]][2], "<u4").copy()
    parameters = np.frombuffer(sections[0][2], "<u8").copy()
    dim, slots = int(parameters[0]), int(parameters[5])
    # Blocks of 32 slots, factors, terms, and bits; what is behind the last row is of no use here.
    blocks = codes.reshape(-1, 96 + (dim + 31) // 32 * 32)
    for _ in range(random.choice((1, 1, 2, 5, 50))):
        block, place = random.choice(blocks), random.randrange(32)
        way = random.randrange(10)
        if way < 4:
            others = (0, slots - 1, slots, slots + 31, 2**31, *NUMBERS[10:12])
            block[place] = random.choice((*others, block[random.randrange(32)]))
        elif way < 6:
            value = random.choice(FLOATS)
            block[32:96].view("<f4")[random.randrange(64)] = value
        elif way < 8:
            block[random.randrange(96, len(block))] = random.getrandbits(32)
        elif way == 8:
            number = random.choice((16, 19, 21, 22, 23))
            parameters[number] = random.choice(NUMBERS)
        else:
            block[:] = random.getrandbits(32)
    sections[places[25]][2] = codes.tobytes()
    sections[0][2] = parameters.tobytes()
    if random.random() < 0.05:
        del sections[places[random.choice((12, 13, 25))]]
    return join(sections)


def truncations(data):
    """Return the file cut off at every border, one byte before and one behind it."""
    start = struct.unpack_from("<Q", data, len(data) - 32)[0]
    borders = {0, 8, 12, 60, 64, start, len(data) - 32, len(data)}
    for _, _, at, size, _ in struct.iter_unpack("<IIQQQ", data[start:-32]):
        borders |= {at, at + size}
    cuts = {border + by for border in borders for by in (-1, 0, 1)}
    return [data[:cut] for cut in sorted(cuts) if 0 <= cut < len(data)]


def main(way, count, seed):
    """Damage files so many times; print how often, and how many could be loaded all the same."""
    generator = np.random.default_rng(7)
    files = list(coded(generator, "fast") if way == "link codes" else originals(generator))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + (1 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    generator = random.Random(seed)
    tried = loaded = 0
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder, "damaged.martlet")
        for data in files:
            if way == "truncations":
                damaged = truncations(data)
            else:
                damage = {"flips": flip, "mutations": mutate, "link codes": mutate_link_codes}[way]
                damaged = (damage(data, generator) for _ in range(count // len(files) + 1))
            for each in damaged:
                if each == data:
                    continue
                mapped = generator.random() < 0.5
                tried += 1
                loaded += use(each, mapped, where)
    print(tried, loaded)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
