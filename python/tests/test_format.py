"""docs/format.md is true, and files of every version are loaded."""

from __future__ import annotations

import io

import fixtures
import format_reader
import numpy as np
import oracle
import pytest

import martlet

FILES = sorted(fixtures.FOLDER.glob("v*/*.martlet"))
EACH_FILE = pytest.mark.parametrize(
    "path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}"
)
METRICS = ("l2", "ip", "cosine")


def saved(index):
    file = io.BytesIO()
    index.save(file)
    return file.getvalue()


def test_there_is_a_file_of_every_recipe():
    for version, makes in fixtures.OF_VERSION.items():
        names = {path.stem for path in FILES if path.parent.name == f"v{version}"}
        assert names == {make.__name__ for make in makes}


@pytest.mark.parametrize("mmap", [False, True])
@EACH_FILE
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


@pytest.mark.parametrize("mmap", [False, True])
@EACH_FILE
def test_fixture_is_searched_exactly(path, mmap):
    """With a beam as wide as the index, by what the document says is in the file."""
    index, file = martlet.Index.load(path, mmap=mmap), format_reader.File(path.read_bytes())
    live = np.flatnonzero(file.live)
    queries = fixtures.vectors(7, index.dim) / 3
    hits = index.search(queries, len(live), ef=max(len(live), 1))
    assert hits.counts.tolist() == [len(live)] * len(queries)
    if len(live):
        right = np.sort(oracle.distances(file.vectors[live], queries, METRICS[file.metric]), axis=1)
        np.testing.assert_allclose(hits.distances, right, rtol=1e-5, atol=2e-6)


@EACH_FILE
def test_fixture_saved_again(path):
    data, before = saved(martlet.Index.load(path)), path.read_bytes()
    old, new = format_reader.File(before), format_reader.File(data)
    assert new.version == 3
    if old.version == 3:
        assert data == before
    for name in set(format_reader.PARAMETERS) | vars(old).keys() - {"version"}:
        assert np.array_equal(getattr(new, name), getattr(old, name)), name


@pytest.mark.parametrize("name", fixtures.RECIPES)
def test_the_document_describes_files(name):
    index = fixtures.RECIPES[name]()
    file = format_reader.File(saved(index))
    assert (file.dim, file.M, file.seed) == (index.dim, index.M, index.seed)
    assert file.ef_construction == index.ef_construction
    assert METRICS[file.metric] == index.metric
    assert ("balanced", "fast", "compact")[file.memory] == index.memory
    assert file.live.sum() == len(index)
    rows = [slot for slot in range(file.slots) if file.live[slot]]
    ids = [file.ids[slot] for slot in rows]
    if rows and file.are_codes:
        np.testing.assert_allclose(index.get(ids), file.vectors[rows], rtol=1e-4, atol=1e-6)
    elif rows:
        assert index.get(ids).tobytes() == file.vectors[rows].tobytes()
    check_derived(file, index.metric)
    check_graph(file, index.stats())


def check_derived(file, metric):
    lengths = np.linalg.norm(file.vectors.astype("f8"), axis=1)
    if metric == "cosine":
        np.testing.assert_allclose(file.derived, 1 / lengths, rtol=1e-5)
    elif metric == "ip" and file.slots:
        np.testing.assert_allclose(file.derived**2 + lengths**2, file.radius**2, rtol=1e-5)


@EACH_FILE
def test_codes_are_those_of_the_rotated_vectors(path):
    file = format_reader.File(path.read_bytes())
    assert (len(file.codes) > 0) == (path.stem in ("coded", "fast", "compact"))
    if len(file.codes):
        expected = np.clip(format_reader.unrounded_codes(file), 0, 127)
        assert (np.abs(file.codes - expected) <= 0.5 + 1e-3).all()
        assert file.rounds == (0 if file.version == 1 else 2)


@pytest.mark.parametrize(
    ("metric", "M", "dim"), [("l2", 3, 20), ("cosine", 16, 32), ("l2", 20, 50), ("cosine", 33, 100)]
)
def test_codes_of_links(metric, M, dim):
    """After adding, removing and compacting."""
    index = martlet.Index(dim, metric, M=M, ef_construction=20, memory="fast")
    rows = np.random.default_rng(dim).normal(size=(1400, dim)).astype("f4") + 0.3
    for change in (
        lambda: index.add(rows[:1100]),
        lambda: index.add(rows[1100:]),
        lambda: index.remove(range(90, 150)),
        lambda: index.remove(range(200, 1100)),
        index.compact,
    ):
        change()
        file = format_reader.File(saved(index))
        assert file.has_link_codes
        expected = np.clip(format_reader.unrounded_codes(file), 0, 127)
        assert (np.abs(file.codes - expected) <= 0.5 + 1e-3).all()
        check_link_codes(file)


def check_link_codes(file):
    codes = file.codes.astype(np.int64)
    for slot in range(file.slots):
        linked, links = file.linked[slot], file.base[slot]
        count, own = (linked != format_reader.NONE).sum(), (links != format_reader.NONE).sum()
        assert (linked[:own] == links[:own]).all()
        assert (linked[count:] == format_reader.NONE).all()
        assert len({slot, *linked[:count]}) == count + 1
        differences = codes[linked[:count]] - codes[slot]
        signs = differences > 0
        assert (file.signs[slot, :count] == signs).all()
        squares, sums = (differences**2).sum(1), np.abs(differences).sum(1)
        factors = 2 * squares / np.maximum(sums, 1)
        np.testing.assert_allclose(file.factors[slot, :count], factors, rtol=1e-6)
        signed = 2 * (codes[slot] * signs).sum(1) - codes[slot].sum()
        scale = squares + factors * np.abs(signed)
        assert (np.abs(file.terms[slot, :count] - squares - factors * signed) <= 1e-6 * scale).all()
        for rest in (file.factors, file.terms, file.signs):
            assert not rest[slot, count:].any()


def check_graph(file, stats):
    assert np.bincount(file.levels, minlength=16).sum() == file.slots
    assert (file.first_upper == np.cumsum(file.levels) - file.levels).all()
    assert file.levels.sum() == len(file.upper)
    links = file.base[file.live == 1]
    assert (links != format_reader.NONE).sum() == stats["links"]["total"]
    for slot in range(file.slots):
        parent = file.tree[slot, 0]
        if parent != format_reader.NONE:
            assert parent in file.base[slot]
            assert slot in file.base[parent]
    if file.has_entry:
        assert file.levels[file.entry] == file.entry_level


def test_metadata_in_the_document():
    index = fixtures.every_type()
    file = format_reader.File(saved(index))
    assert list(file.metadata) == list(index.columns)
    assert file.metadata["flag"] == fixtures.METADATA["flag"]
    assert file.metadata["year"] == fixtures.METADATA["year"]
    assert file.metadata["score"] == fixtures.METADATA["score"]
    assert file.metadata["lang"] == fixtures.METADATA["lang"]
    assert file.metadata["tags"] == fixtures.METADATA["tags"]
    assert file.metadata["at"][0] == round(fixtures.METADATA["at"][0].timestamp() * 1e6)
    assert file.metadata["extra"][0] == '{"deep":[1,null]}'
    assert file.ids.tolist() == [-(2**63), 5, 0, 7, 2**40]
