"""Changes payloads of a log in every way, with right checksums. Run by test_logs.py.

A crash ends this process, a hang its time limit, and memory out of proportion its limit of memory.
"""

from __future__ import annotations

import random
import resource
import shutil
import struct
import sys
import tempfile
import zlib
from pathlib import Path

from damage import changed

import martlet


def records(log):
    """Return the records as [kind, payload]."""
    found, place = [], 64
    while place < len(log):
        _, kind, _, size, _, _ = struct.unpack_from("<4sIQQII", log, place)
        found.append([kind, log[place + 32 : place + 32 + size]])
        place += 32 + (size + 7) // 8 * 8
    return found


def join(header, changes):
    """Return the log of records, with right checksums and numbers."""
    data = bytearray(header[:60])
    data += struct.pack("<I", zlib.crc32(data))
    (before,) = struct.unpack_from("<Q", header, 24)
    for number, (kind, payload) in enumerate(changes, before + 1):
        padded = payload + bytes(-len(payload) % 8)
        head = struct.pack("<4sIQQI", b"MLR1", kind, number, len(payload), zlib.crc32(padded))
        data += head + struct.pack("<I", zlib.crc32(head)) + padded
    return bytes(data)


def mutate(log, generator):
    """Change numbers of payloads, their length, kinds or the order of records."""
    found = records(log)
    place = generator.randrange(len(found))
    way = generator.randrange(8)
    if way == 0:
        del found[place]
    elif way == 1:
        found[place][0] = generator.randrange(1, 8)
    elif way == 2:
        cut = generator.choice((-16, -8, -4, -1, 1, 8, 64))
        payload = found[place][1]
        found[place][1] = payload[:cut] if cut < 0 else payload + bytes(cut)
    elif way == 3:
        generator.shuffle(found)
    else:
        for _ in range(generator.choice((1, 1, 1, 3))):
            place = generator.randrange(len(found))
            found[place][1] = changed(found[place][1], generator)
    return join(log[:64], found)


def main(source, count, seed):
    """Damage the log in a folder so many times; print how often it could be opened all the same."""
    log = (Path(source) / "log-0").read_bytes()
    assert join(log[:64], records(log)) == log
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + (1 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    generator = random.Random(seed)
    opened = 0
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(count):
            folder = Path(scratch, str(number))
            shutil.copytree(source, folder)
            (folder / "log-0").write_bytes(mutate(log, generator))
            try:
                index = martlet.open(folder)
            except martlet.FormatError:
                continue
            finally:
                shutil.rmtree(folder)
            opened += 1
            with index:
                index.metadata()
                index.search([[0.5] * index.dim], k=50)
                index.stats()
    print(opened)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
