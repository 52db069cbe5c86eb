"""The forms of memory: named, kept, and alike in what does not depend on them."""

from __future__ import annotations

import format_reader
import numpy as np
import oracle
import pytest
from durable import content
from test_files import ways_back

import martlet
from martlet import _ffi, _structs

DIM = 24
VECTORS = oracle.gaussian(1300, DIM, seed=40)
QUERIES = oracle.gaussian(20, DIM, seed=41)
METRICS = pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])


def made(metric="l2", memory="fast", **options):
    index = martlet.Index(DIM, metric, M=6, ef_construction=30, memory=memory)
    index.add(VECTORS, ids=[f"n{i}" for i in range(len(VECTORS))], **options)
    return index


class TestParameter:
    """What it may be, and who refuses what."""

    def test_it_can_be_read(self):
        assert martlet.Index(2).memory == "balanced"
        index = martlet.Index(2, memory="fast")
        assert index.memory == "fast"
        with pytest.raises(AttributeError):
            index.memory = "balanced"

    @pytest.mark.parametrize("wrong", ["", "FAST", "small", None, 1])
    def test_another_name(self, wrong):
        sentence = f"memory is {wrong!r}; expected one of 'balanced', 'fast', 'compact'"
        with pytest.raises(martlet.InvalidArgumentError) as caught:
            martlet.Index(2, memory=wrong)
        assert str(caught.value) == sentence

    def test_another_name_makes_no_folder(self, folder):
        with pytest.raises(martlet.InvalidArgumentError, match="memory is 'small'; expected one"):
            martlet.open(folder, 2, memory="small")
        assert not folder.exists()

    @pytest.mark.parametrize("wrong", [-1, 3, 2**31 - 1])
    def test_another_number(self, wrong):
        options = _structs.sized(
            _structs.IndexOptions, dim=2, metric=0, M=16, ef_construction=9, seed=0, memory=wrong
        )
        with pytest.raises(martlet.InvalidArgumentError) as caught:
            _ffi.create(options)
        assert f"memory is {wrong}, but must be MARTLET_BALANCED, MARTLET_FAST or" in str(
            caught.value
        )

    def test_callers_that_do_not_know_it(self):
        options = _structs.sized(
            _structs.IndexOptions, dim=2, metric=0, M=16, ef_construction=9, seed=0, memory=1
        )
        options.struct_size = _structs.IndexOptions.memory.offset
        assert martlet.Index._of(_ffi.create(options)).memory == "balanced"


class TestKept:
    """By files, copies and folders."""

    @pytest.mark.parametrize("memory", ["balanced", "fast", "compact"])
    def test_every_way_back(self, memory, tmp_path):
        index = made(memory=memory)
        hits = index.search(QUERIES)
        for other in ways_back(index, tmp_path):
            assert other.memory == memory
            assert content(other) == content(index)
            assert other.search(QUERIES).ids.tolist() == hits.ids.tolist()
            assert other.search(QUERIES).distances.tobytes() == hits.distances.tobytes()

    def test_it_outlives_the_vectors(self):
        index = made()
        index.clear()
        index.add(VECTORS, ids=[f"n{i}" for i in range(len(VECTORS))])
        assert index.memory == "fast"
        assert index.stats()["bytes"]["links"] > made(memory="balanced").stats()["bytes"]["links"]

    def test_an_index_that_has_been_emptied(self, tmp_path):
        index = made()
        index.remove([f"n{i}" for i in range(len(VECTORS))])
        for other in ways_back(index, tmp_path):
            assert (len(other), other.memory) == (0, "fast")
            other.add(VECTORS[:9], ids=[f"n{i}" for i in range(9)])
            assert other.search(VECTORS[8], k=1).ids.tolist() == ["n8"]

    @METRICS
    @pytest.mark.parametrize("form", ["fast", "compact"])
    def test_folders(self, metric, form, folder):
        """What is in them is, byte for byte, what the same changes make in memory."""
        memory = martlet.Index(DIM, metric, M=6, ef_construction=30, memory=form)
        names = [f"n{i}" for i in range(len(VECTORS))]
        changes = (
            lambda index: index.add(VECTORS[:1100], ids=names[:1100]),
            lambda index: index.add(VECTORS[1100:], ids=names[1100:]),
            lambda index: index.remove(names[5:25]),
            lambda index: index.upsert(-2 * VECTORS[:10], ids=names[:10]),
            lambda index: index.update_metadata(names[:3], {"year": [1, 2, 3]}),
            lambda index: index.remove(names[100:1000]),
            lambda index: index.compact(),
            lambda index: index.add(VECTORS[10:25], ids=names[10:25]),
        )
        with martlet.open(folder, DIM, metric, M=6, ef_construction=30, memory=form) as index:
            for number, change in enumerate(changes):
                change(memory)
                change(index)
                if number == 3:
                    index.checkpoint()
            assert content(index) == content(memory)
        with martlet.open(folder) as index:
            assert index.memory == form
            assert content(index) == content(memory)
        with martlet.open(folder, memory=form) as index:
            assert content(index) == content(memory)
        with pytest.raises(martlet.InvalidArgumentError, match=r"^memory is 'balanced'"):
            martlet.open(folder, memory="balanced")


class TestConverted:
    """From one form to the other."""

    @METRICS
    @pytest.mark.parametrize(("memory", "other"), [("balanced", "fast"), ("fast", "balanced")])
    def test_it_is_what_it_would_have_been(self, metric, memory, other, tmp_path):
        expected = made(metric, other)
        index = made(metric, memory)
        for each in (*ways_back(index, tmp_path), index):
            each.convert(other)
            assert each.memory == each.stats()["memory"] == other
            assert content(each) == content(expected)

    def test_the_default_is_told(self):
        assert martlet.Index(2).stats()["memory"] == "balanced"

    def test_what_it_takes_and_gives_back(self):
        index, twin = made(memory="balanced"), made(memory="fast")
        links = index.stats()["bytes"]["links"]
        index.convert("fast")
        assert index.stats()["bytes"] == twin.stats()["bytes"]
        index.convert("balanced")
        assert index.stats()["bytes"]["links"] == links

    def test_without_vectors(self):
        index = martlet.Index(DIM)
        index.convert("fast")
        index.add(VECTORS)
        twin = martlet.Index(DIM, memory="fast")
        twin.add(VECTORS)
        assert content(index) == content(twin)

    def test_folders(self, folder):
        with martlet.open(folder, DIM) as index:
            index.add(VECTORS)
            index.convert("fast")
            index.remove(range(5))
            state = content(index)
        with pytest.raises(martlet.InvalidArgumentError, match=r"^memory is 'balanced', but that"):
            martlet.open(folder, memory="balanced")
        with martlet.open(folder, DIM, memory="fast") as index:
            assert content(index) == state
            index.checkpoint()
        with martlet.open(folder) as index:
            assert (index.memory, content(index)) == ("fast", state)

    @pytest.mark.parametrize("wrong", ["", "FAST", "small", None, 1])
    def test_another_name(self, wrong):
        index = made()
        before = content(index)
        with pytest.raises(martlet.InvalidArgumentError) as caught:
            index.convert(wrong)
        sentence = f"memory is {wrong!r}; expected one of 'balanced', 'fast', 'compact'"
        assert str(caught.value) == sentence
        assert content(index) == before

    def test_closed(self):
        index = martlet.Index(2)
        index.close()
        with pytest.raises(martlet.ClosedIndexError):
            index.convert("fast")
        with pytest.raises(martlet.ClosedIndexError):
            index.memory  # noqa: B018


class TestAlike:
    """What does not depend on the form, and what the form does not depend on."""

    @METRICS
    def test_codes_of_links_are_counted_as_links(self, metric):
        balanced, fast = made(metric, "balanced").stats(), made(metric, "fast").stats()
        # A block of 32 links: their slots, factors and terms, and a bit each per component.
        block = 32 * 3 * 4 + 32 * 32 // 8
        more = 0 if metric == "ip" else len(VECTORS) * block
        assert fast["bytes"]["links"] == balanced["bytes"]["links"] + more
        assert fast["bytes"]["total"] == balanced["bytes"]["total"] + more
        assert fast["links"] == balanced["links"]
        assert fast["levels"] == balanced["levels"]

    def test_few_vectors_have_no_codes(self):
        index = martlet.Index(DIM, memory="fast")
        index.add(VECTORS[:1000])
        few = index.stats()["bytes"]["links"]
        index.add(VECTORS[1000:])
        assert index.stats()["bytes"]["links"] > 2 * few

    @METRICS
    @pytest.mark.parametrize("where", [None, {"even": True}])
    def test_a_beam_as_wide_as_the_index_finds_the_same(self, metric, where):
        found = []
        for memory in ("balanced", "fast"):
            index = made(metric, memory, metadata={"even": np.arange(len(VECTORS)) % 2 == 0})
            for gone in (range(0), range(20, 30), range(300, 900)):
                index.remove([f"n{i}" for i in gone])
                found.append(index.search(QUERIES, k=400, ef=1300, where=where))
        for one, other in zip(found[:3], found[3:]):
            assert one.ids.tolist() == other.ids.tolist()
            assert one.distances.tobytes() == other.distances.tobytes()

    @METRICS
    @pytest.mark.parametrize("memory", ["fast", "compact"])
    def test_lists_give_the_same_bytes_as_arrays(self, metric, memory):
        lists, arrays = (martlet.Index(DIM, metric, M=6, memory=memory) for _ in range(2))
        for rows in (VECTORS[:1100], VECTORS[1100:]):
            lists.add(rows.tolist())
            arrays.add(rows)
        assert lists.stats()["last_add"]["path"] == "list"
        assert arrays.stats()["last_add"]["path"] == "array"
        assert content(lists) == content(arrays)
        one, other = lists.search(QUERIES.tolist()), lists.search(QUERIES)
        assert one.ids.tobytes() == other.ids.tobytes()
        assert one.distances.tobytes() == other.distances.tobytes()
        for row in range(3):
            single = lists.search(QUERIES[row])
            assert single.ids.tolist() == other.ids[row].tolist()


class TestCompact:
    """Vectors of which nothing but codes is left."""

    @pytest.mark.parametrize(("dim", "most"), [(128, 386), (384, 838)])
    @pytest.mark.parametrize("metric", ["l2", "cosine"])
    def test_bytes_per_vector(self, metric, dim, most):
        """Half of what hnswlib takes at most: 772 for 128 components, 1,677 for 384."""
        index = martlet.Index(dim, metric, ef_construction=20, memory="compact")
        index.add(oracle.gaussian(3000, dim, seed=42))
        stats = index.stats()
        assert stats["bytes"]["total"] <= most * 3000
        assert stats["bytes"]["vectors"] == (3000 * 4 if metric == "cosine" else 0)
        assert stats["bytes"]["codes"] == 3000 * dim

    @METRICS
    def test_few_vectors_and_inner_products_are_kept(self, metric):
        index = martlet.Index(DIM, metric, memory="compact")
        index.add(VECTORS[:1000])
        assert index.get(range(1000)).tobytes() == VECTORS[:1000].tobytes()
        index.add(VECTORS[1000:])
        assert (index.stats()["bytes"]["codes"] == 0) == (metric == "ip")
        is_kept = index.get(range(1300)).tobytes() == VECTORS.tobytes()
        assert is_kept == (metric == "ip")

    @pytest.mark.parametrize("metric", ["l2", "cosine"])
    def test_vectors_and_distances_are_near(self, metric):
        """Half a step in each rotated component, by the triangle inequality also for distances."""
        index = martlet.Index(DIM, metric, M=6, memory="compact")
        index.add(VECTORS)
        file = format_reader.File(content(index))
        bound = 1.001 * np.sqrt(file.width) / 2 / file.steps_per_unit
        lengths = np.linalg.norm(VECTORS, axis=1) if metric == "cosine" else 1
        errors = np.linalg.norm(index.get(range(1300)) - VECTORS, axis=1) / lengths
        assert 0.1 * bound < errors.max() <= bound
        hits = index.search(QUERIES, k=1300, ef=1300)
        right = np.take_along_axis(oracle.distances(VECTORS, QUERIES, metric), hits.ids, 1)
        halves = 2 if metric == "cosine" else 1
        assert np.abs(np.sqrt(halves * hits.distances) - np.sqrt(halves * right)).max() <= bound
        assert (np.diff(hits.distances, axis=1) >= 0).all()

    @pytest.mark.parametrize("metric", ["l2", "cosine"])
    @pytest.mark.parametrize("where", [None, {"row": {"$lt": 20}}, {"row": {"$lt": 700}}])
    def test_recall(self, metric, where):
        vectors, queries = oracle.gaussian(6000, 16, seed=43), oracle.gaussian(100, 16, seed=44)
        index = martlet.Index(16, metric, memory="compact")
        for start in range(0, 6000, 1500):
            rows = range(start, start + 1500)
            index.add(vectors[rows], metadata={"row": list(rows)})
        assert index.stats()["reachable"] == 6000
        assert index.stats()["bytes"]["vectors"] <= 4 * 6000
        count = 6000 if where is None else where["row"]["$lt"]
        hits = index.search(queries, k=10, ef=400, where=where)
        assert oracle.recall(vectors[:count], queries, hits, metric) >= 0.95

    @pytest.mark.parametrize("metric", ["l2", "cosine"])
    def test_forms_that_it_becomes(self, metric):
        index = made(metric, "compact")
        names = [f"n{i}" for i in range(len(VECTORS))]
        left = index.get(names)
        links = made(metric, "fast").stats()["bytes"]["links"]
        for other in ("fast", "balanced"):
            index.convert(other)
            assert index.get(names).tobytes() == left.tobytes()
            assert (index.stats()["bytes"]["links"] == links) == (other == "fast")
            assert index.stats()["bytes"]["vectors"] >= len(VECTORS) * DIM * 4
        hits = index.search(QUERIES, k=10, ef=1300)
        right = np.sort(oracle.distances(left, QUERIES, metric), axis=1)[:, :10]
        np.testing.assert_allclose(hits.distances, right, rtol=1e-5, atol=1e-6)
        index.convert("compact")
        assert index.stats()["bytes"]["vectors"] <= len(VECTORS) * 4

    def test_a_vector_far_away_is_not_lost(self):
        """Nor are the others: where codes cannot cover both, all are float32 from then on."""
        index = martlet.Index(DIM, memory="compact")
        index.add(VECTORS)
        left = index.get(range(1300))
        index.add(1e6 * QUERIES[:1])
        assert index.get(1300).tolist() == (np.float32(1e6) * QUERIES[0]).tolist()
        assert index.get(range(1300)).tobytes() == left.tobytes()
        assert index.stats()["bytes"]["codes"] == 0
        assert index.search(1e6 * QUERIES[0], k=1).ids.tolist() == [1300]
