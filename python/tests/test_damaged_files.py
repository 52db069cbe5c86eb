"""No file crashes the process, whatever is in it; see damage.py for the ways to damage one."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import damage
import numpy as np
import pytest

import martlet

SCRIPT = Path(__file__).with_name("damage.py")


def run(way, count, seed=1):
    """Return how many damaged files were tried, and how many could be loaded all the same."""
    command = [sys.executable, "-X", "faulthandler", str(SCRIPT), way, str(count), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stderr
    return [int(number) for number in done.stdout.split()]


@pytest.mark.parametrize("count", [600, pytest.param(20_000, marks=pytest.mark.long)])
def test_flipped_bits(count):
    tried, _ = run("flips", count)
    assert tried >= count


@pytest.mark.parametrize("count", [600, pytest.param(12_000, marks=pytest.mark.long)])
def test_changes_with_right_checksums(count):
    tried, loaded = run("mutations", count)
    assert tried > count * 0.8
    assert loaded > 0


@pytest.mark.parametrize("count", [1500, pytest.param(30_000, marks=pytest.mark.long)])
def test_changes_of_codes_of_links(count):
    tried, loaded = run("link codes", count)
    assert tried > count * 0.9
    assert tried * 0.2 < loaded < tried * 0.9


def test_truncations_at_every_border():
    tried, loaded = run("truncations", 1)
    assert tried > 1000
    assert loaded == 0


@pytest.fixture
def data():
    index = martlet.Index(3)
    index.add([[1, 2, 3], [4, 5, 6]], ids=["a", "b"], metadata={"n": [1, 2]})
    return damage.saved(index)


def assert_refused(data, tmp_path, *words):
    path = tmp_path / "bad.martlet"
    path.write_bytes(data)
    for load in (
        lambda: martlet.Index.load(data),
        lambda: martlet.Index.load(io.BytesIO(data)),
        lambda: martlet.Index.load(path),
        lambda: martlet.Index.load(path, mmap=True),
    ):
        with pytest.raises(martlet.FormatError) as caught:
            load()
        for word in words:
            assert word in str(caught.value)


def test_flips_are_noticed_wherever_they_are(data):
    """When all of the file is read, that is."""
    for place in range(len(data)):
        with pytest.raises(martlet.FormatError):
            martlet.Index.load(data[:place] + bytes([data[place] ^ 16]) + data[place + 1 :])


@pytest.mark.parametrize(
    "foreign", [b"", b"\x89", b"PK\3\4" * 99, b"\x89PNG\r\n\x1a\n" + bytes(999), os.urandom(5000)]
)
def test_foreign_files(foreign, tmp_path):
    assert_refused(foreign, tmp_path, "not a Martlet index")


def test_a_newer_version_says_so(data, tmp_path):
    sections = damage.split(data)
    newer = damage.join(sections, header=b"\x89MARTLET" + struct.pack("<I", 4))
    assert_refused(newer, tmp_path, "version 4", "up to 3", "newer")


def test_version_0_is_none(data, tmp_path):
    assert_refused(data[:8] + bytes(4) + data[12:], tmp_path, "damaged")


def test_cut_off_and_continued(data, tmp_path):
    assert_refused(data[:-1], tmp_path, "cut off")
    assert_refused(data + b"\0", tmp_path, "cut off")
    assert_refused(data[:70], tmp_path, "cut off")


def test_huge_claims(data, tmp_path):
    """Every number of the parameters, as large as can be, with right checksums."""
    sections = damage.split(data)
    for number in range(24):
        for value in (2**31, 2**32 - 3, 2**40, 2**63 - 1, 2**64 - 1):
            changed = bytearray(sections[0][2])
            struct.pack_into("<Q", changed, 8 * number, value)
            damaged = damage.join([[1, 0, bytes(changed)], *sections[1:]])
            with contextlib.suppress(martlet.FormatError):
                assert len(martlet.Index.load(damaged)) == 2
    claim = bytearray(data)
    struct.pack_into("<Q", claim, len(data) - 24, 2**58)
    struct.pack_into("<I", claim, len(data) - 4, zlib.crc32(claim[-32:-4]))
    assert_refused(bytes(claim), tmp_path, "table of sections")


def links_of_the_first_node(change):
    """Return a file in which they have been changed, with right checksums."""
    index = martlet.Index(3, M=4)
    index.add(np.random.default_rng(2).normal(size=(60, 3)))
    sections = damage.split(damage.saved(index))
    base = next(section for section in sections if section[0] == 21)
    links = np.frombuffer(base[2], "<u4").copy()
    change(links[:8])
    base[2] = links.tobytes()
    return damage.join(sections)


def to_itself(links):
    links[0] = 0


def twice_to_another(links):
    links[1] = links[0]


def behind_the_end(links):
    links[:] = [links[0], 2**32 - 1, links[1], *[2**32 - 1] * 5]


@pytest.mark.parametrize("change", [to_itself, twice_to_another, behind_the_end])
def test_links_that_changes_would_stumble_over(change, tmp_path):
    """Searches do not: a mapped file is refused by the first change."""
    data = links_of_the_first_node(change)
    with pytest.raises(martlet.FormatError, match="baseLinks, node 0"):
        martlet.Index.load(data)
    path = tmp_path / "x"
    path.write_bytes(data)
    index = martlet.Index.load(path, mmap=True)
    hits = index.search([1, 2, 3], k=5)
    for call in (lambda: index.add([[1, 2, 3]]), lambda: index.remove(hits.ids)):
        with pytest.raises(martlet.FormatError, match="baseLinks, node 0"):
            call()
    assert index.search([1, 2, 3], k=5).ids.tolist() == hits.ids.tolist()


def test_a_link_to_no_node(tmp_path):
    def beyond(links):
        links[0] = 60

    assert_refused(links_of_the_first_node(beyond), tmp_path, "baseLinks", "below 60")


@pytest.fixture(scope="module")
def fast_data():
    """Return a file with codes of links, of 70 nodes, whose slots are all live."""
    return next(damage.coded(np.random.default_rng(7), "fast"))


def with_changed_codes(data, change):
    """Return the file after a change of its rows of codes of links, with right checksums."""
    sections = damage.split(data)
    section = next(section for section in sections if section[0] == 25)
    rows = np.frombuffer(section[2], "<u4").reshape(-1, 96 + 64).copy()
    change(rows[:70])
    section[2] = rows.tobytes()
    return damage.join(sections)


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(lambda links: 70, id="beyond the last slot"),
        pytest.param(lambda links: 2**32 - 2, id="far beyond"),
        pytest.param(lambda links: 2**32 - 1, id="none in the middle"),
        pytest.param(lambda links: links[0], id="twice to another"),
        pytest.param(lambda links: 5, id="to itself"),
    ],
)
@pytest.mark.parametrize("place", [1, 8])
def test_links_with_codes_that_changes_would_stumble_over(fast_data, place, link, tmp_path):
    """The place is among those of the graph, or among those behind them."""

    def change(rows):
        rows[5, place] = link(rows[5])

    data = with_changed_codes(fast_data, change)
    with pytest.raises(martlet.FormatError, match="linkCodes, node 5 must"):
        martlet.Index.load(data)
    path = tmp_path / "x"
    path.write_bytes(data)
    index = martlet.Index.load(path, mmap=True)
    query = np.ones(40)
    hits = index.search(query, k=70)
    assert sorted(hits.ids.tolist()) == list(range(1000, 1070))
    for call in (lambda: index.add([query]), lambda: index.remove(hits.ids), index.compact):
        with pytest.raises(martlet.FormatError, match="linkCodes, node 5 must"):
            call()
    assert index.search(query, k=70).ids.tolist() == hits.ids.tolist()


@pytest.mark.parametrize("value", damage.FLOATS)
@pytest.mark.parametrize("first", [32, 64], ids=["factors", "terms"])
def test_estimates_that_are_no_numbers(fast_data, first, value):
    """Results never rest on them, but for which nodes are looked at."""

    def change(rows):
        rows[:, first : first + 32].view("<f4")[:] = value

    data = with_changed_codes(fast_data, change)
    index, sound = martlet.Index.load(data), martlet.Index.load(fast_data)
    query = np.ones(40)
    for k in (1, 10, 70):
        hits = index.search(query, k=k, ef=k)
        assert hits.counts == k
        assert (np.diff(hits.distances) >= 0).all()
    assert hits.ids.tolist() == sound.search(query, k=70).ids.tolist()


@pytest.mark.parametrize(
    ("number", "value", "sentence"),
    [
        (21, 3, "rounds of the rotation is 3, but must be from 0 to 2"),
        (22, 0, "section 25 of part 0 does not belong there"),
        (22, 2, "a flag is 2"),
        (23, 0, "links must have codes in the fast form only"),
        (23, 2, "links must have codes in the fast form only"),
        (23, 3, "memory is 3, but must be from 0 to 2"),
        (19, 0, "links must not have codes without vectors'"),
    ],
)
def test_flags_of_codes_of_links(fast_data, number, value, sentence, tmp_path):
    sections = damage.split(fast_data)
    numbers = np.frombuffer(sections[0][2], "<u8").copy()
    numbers[number] = value
    sections[0][2] = numbers.tobytes()
    if number == 19:
        sections = [section for section in sections if section[0] not in (12, 13)]
    assert_refused(damage.join(sections), tmp_path, sentence)


def test_without_codes_of_links(fast_data):
    """They follow from the rest: the first change makes them anew."""
    sections = [section for section in damage.split(fast_data) if section[0] != 25]
    numbers = np.frombuffer(sections[0][2], "<u8").copy()
    numbers[22] = 0
    sections[0][2] = numbers.tobytes()
    index, sound = martlet.Index.load(damage.join(sections)), martlet.Index.load(fast_data)
    for each in (index, sound):
        each.add([np.ones(40)])
    assert index.search(np.ones(40), k=71, ef=71).ids.tolist() == (
        sound.search(np.ones(40), k=71, ef=71).ids.tolist()
    )
    assert index.stats()["bytes"] == sound.stats()["bytes"]


def test_the_sentence_says_what_is_wrong(data, tmp_path):
    at = data.index(struct.pack("<f", 4.0))
    path = tmp_path / "one.martlet"
    path.write_bytes(data[:at] + b"\1" + data[at + 1 :])
    with pytest.raises(martlet.FormatError, match=r"'.*one\.martlet' is damaged: .* section rows"):
        martlet.Index.load(path)
