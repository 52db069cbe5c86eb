"""docs/format.md is true, and files of every version are loaded."""

from __future__ import annotations

import io

import fixtures
import format_v1
import numpy as np
import pytest

import martlet

FILES = sorted(fixtures.FOLDER.glob("v*/*.martlet"))


def saved(index):
    file = io.BytesIO()
    index.save(file)
    return file.getvalue()


def test_there_is_a_file_of_every_recipe():
    assert {path.stem for path in FILES if path.parent.name == "v1"} == set(fixtures.RECIPES)


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_fixture(path, mmap):
    index = martlet.Index.load(path, mmap=mmap)
    expected = fixtures.RECIPES[path.stem]()
    assert repr(index) == repr(expected)
    assert index.columns == expected.columns
    assert index.metadata() == expected.metadata()
    queries = fixtures.vectors(6, index.dim) / 2
    hits, right = index.search(queries, 20, ef=500), expected.search(queries, 20, ef=500)
    assert hits.ids.tolist() == right.ids.tolist()
    np.testing.assert_allclose(hits.distances, right.distances, rtol=1e-5, atol=1e-6)
    ids = [i for i in np.unique(right.ids[:, : len(index)]).tolist() if i in expected]
    assert index.get(ids).tobytes() == expected.get(ids).tobytes()


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_fixture_saved_again(path):
    data = saved(martlet.Index.load(path))
    format_v1.File(data)
    if path.parent.name == "v1":
        assert data == path.read_bytes()


@pytest.mark.parametrize("name", fixtures.RECIPES)
def test_the_document_describes_files(name):
    index = fixtures.RECIPES[name]()
    file = format_v1.File(saved(index))
    assert (file.dim, file.M, file.seed) == (index.dim, index.M, index.seed)
    assert file.ef_construction == index.ef_construction
    assert ("l2", "ip", "cosine")[file.metric] == index.metric
    assert file.live.sum() == len(index)
    rows = [slot for slot in range(file.slots) if file.live[slot]]
    ids = [file.ids[slot] for slot in rows]
    if rows:
        assert index.get(ids).tobytes() == file.vectors[rows].tobytes()
    check_derived(file, index.metric)
    check_graph(file, index.stats())


def check_derived(file, metric):
    lengths = np.linalg.norm(file.vectors.astype("f8"), axis=1)
    if metric == "cosine":
        np.testing.assert_allclose(file.derived, 1 / lengths, rtol=1e-5)
    elif metric == "ip" and file.slots:
        np.testing.assert_allclose(file.derived**2 + lengths**2, file.radius**2, rtol=1e-5)
    if len(file.codes):
        steps = file.vectors * np.float32(file.steps_per_unit) - file.code_offsets[: file.dim]
        expected = np.clip(steps, 0, 127)
        assert (np.abs(file.codes[:, : file.dim] - expected) <= 0.5 + 1e-3).all()


def check_graph(file, stats):
    assert np.bincount(file.levels, minlength=16).sum() == file.slots
    assert (file.first_upper == np.cumsum(file.levels) - file.levels).all()
    assert file.levels.sum() == len(file.upper)
    links = file.base[file.live == 1]
    assert (links != format_v1.NONE).sum() == stats["links"]["total"]
    for slot in range(file.slots):
        parent = file.tree[slot, 0]
        if parent != format_v1.NONE:
            assert parent in file.base[slot]
            assert slot in file.base[parent]
    if file.has_entry:
        assert file.levels[file.entry] == file.entry_level


def test_metadata_in_the_document():
    index = fixtures.every_type()
    file = format_v1.File(saved(index))
    assert list(file.metadata) == list(index.columns)
    assert file.metadata["flag"] == fixtures.METADATA["flag"]
    assert file.metadata["year"] == fixtures.METADATA["year"]
    assert file.metadata["score"] == fixtures.METADATA["score"]
    assert file.metadata["lang"] == fixtures.METADATA["lang"]
    assert file.metadata["tags"] == fixtures.METADATA["tags"]
    assert file.metadata["at"][0] == round(fixtures.METADATA["at"][0].timestamp() * 1e6)
    assert file.metadata["extra"][0] == '{"deep":[1,null]}'
    assert file.ids.tolist() == [-(2**63), 5, 0, 7, 2**40]
