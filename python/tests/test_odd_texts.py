"""Texts with NUL, emoji or a megabyte are like others everywhere; lone surrogates are refused."""

from __future__ import annotations

import numpy as np
import pytest

import martlet

ODD = ["", "\0", "a\0b\0", "\ufeff", "🍞", "👩‍👩‍👧", "e\u0301", "é", "\U0010ffff", "ö" * 2**19]
ROWS = np.arange(2 * len(ODD), dtype=np.float32).reshape(len(ODD), 2)
RECORDS = [
    {"text": text, "tags": [text, "x", text], "json": {text: [text]}, text: number}
    for number, text in enumerate(ODD)
]
EXPECTED = [{**dict.fromkeys(ODD), **record} for record in RECORDS]


def filled(index):
    """Return an index that has odd texts in every place."""
    assert index.add(ROWS, ids=ODD, metadata=RECORDS).tolist() == ODD
    return index


def check(index):
    assert index.metadata() == EXPECTED
    assert index.get(ODD).tobytes() == ROWS.tobytes()
    assert index.search(ROWS, k=1).ids[:, 0].tolist() == ODD
    assert index.metadata(ODD[::-1]) == EXPECTED[::-1]
    for number, text in enumerate(ODD):
        assert text in index
        assert text + "\0x" not in index
        for where in ({"text": text}, {"tags": {"$contains": text}}, {text: number}):
            assert index.search(ROWS[0], k=9, where=where, include=["metadata"]).ids[0] == text
            assert index.count(where) == 1
    assert index.count({"text": {"$in": ODD}}) == len(ODD)


def test_in_memory():
    check(filled(martlet.Index(2)))


def test_in_a_file(tmp_path):
    filled(martlet.Index(2)).save(tmp_path / "index.martlet")
    check(martlet.Index.load(tmp_path / "index.martlet"))
    check(martlet.Index.load(tmp_path / "index.martlet", mmap=True))


def test_in_a_log(folder):
    with martlet.open(folder, 2) as index:
        filled(index)
    with martlet.open(folder) as index:
        check(index)


def test_replaced_and_removed():
    index = filled(martlet.Index(2))
    index.update_metadata(ODD[::-1], {"text": ODD})
    assert [record["text"] for record in index.metadata(ODD[::-1])] == ODD
    assert index.upsert(ROWS, ids=ODD, metadata=RECORDS).tolist() == ODD
    index.remove(ODD[1::2])
    assert [text in index for text in ODD] == [True, False] * (len(ODD) // 2)
    assert index.search(ROWS[0], k=3, allow=ODD[:2]).ids.tolist() == [ODD[0], None, None]


def test_as_tables():
    pytest.importorskip("pyarrow")
    table = filled(martlet.Index(2)).to_arrow()
    assert table["id"].to_pylist() == ODD
    assert table["text"].to_pylist() == ODD
    assert table.column_names[5:] == ODD


SURROGATES = ["\ud800", "a\udfff", "\ud83c\0"]


@pytest.mark.parametrize("text", SURROGATES)
def test_lone_surrogates_are_refused_by_name(text):
    index = filled(martlet.Index(2))
    before = index.stats()
    one, columns = ROWS[:1], {"text": ["x"]}
    place = f"has a lone surrogate at {text.index(text.strip('a'))}, which is no character"
    for call, message in (
        (lambda: index.add(one, ids=[text]), rf"ids\[0\] {place}"),
        (lambda: index.add(ROWS[:2], ids=["x", text]), rf"ids\[1\] {place}"),
        (lambda: index.add(one, ids=np.array([text])), rf"ids\[0\] {place}"),
        (lambda: index.add(one, ids=np.array([text], object)), rf"ids\[0\] {place}"),
        (lambda: index.upsert(one, ids=[text]), rf"ids\[0\] {place}"),
        (lambda: index.get(text), rf"ids\[0\] {place}"),
        (lambda: index.metadata(["a", text]), rf"ids\[1\] {place}"),
        (lambda: index.remove(["", text]), rf"ids\[1\] {place}"),
        (lambda: index.update_metadata(text, columns), rf"ids\[0\] {place}"),
        (lambda: index.search(one, allow=["", text]), rf"allow\[1\] {place}"),
        (lambda: index.add(one, ids=["x"], metadata={"text": [text]}), f"'text', row 0 {place}"),
        (lambda: index.add(one, ids=["x"], metadata=[{"tags": [text]}]), "'tags', row 0"),
        (lambda: index.add(one, ids=["x"], metadata=[{"json": {text: 1}}]), "'json', row 0"),
        (lambda: index.add(one, ids=["x"], metadata=[{text: 1}]), "name of metadata column"),
        (lambda: index.update_metadata("", {text: ["x"]}), "name of metadata column"),
        (lambda: index.count({"text": text}), "where"),
        (lambda: index.search(one, where={text: 1}), "where"),
    ):
        with pytest.raises(ValueError, match=message) as caught:
            call()
        assert isinstance(caught.value, martlet.MartletError)
        assert index.stats() == before
    assert text not in index
    check(index)
