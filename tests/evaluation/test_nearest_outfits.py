from __future__ import annotations

import numpy as np
import pytest
from outfitbench.evaluation import nearest_outfits as module
from outfitbench.evaluation.nearest_outfits import nearest_outfits


@pytest.fixture
def small_parts(monkeypatch):
    """Several blocks, parts and users at a time, none of them filled."""
    monkeypatch.setattr(module, "_BLOCK", 128)
    monkeypatch.setattr(module, "_PART", 512)
    monkeypatch.setattr(module, "_USERS", 5)


@pytest.mark.parametrize("count", [1, 63, 64, 700, 2051])
@pytest.mark.parametrize("threads", [1, 3])
def test_they_are_what_sorting_all_scores_gives(small_parts, count, threads):
    rng = np.random.default_rng(count)
    users = rng.standard_normal((12, 16), dtype=np.float32)
    outfits = rng.standard_normal((count, 16), dtype=np.float32)
    scores = users.astype(np.float64) @ outfits.astype(np.float64).T
    expected = np.argsort(-scores, axis=1)[:, :10]
    found = nearest_outfits(users, outfits, 10, threads=threads)
    np.testing.assert_array_equal(found.outfits, expected)
    np.testing.assert_allclose(found.scores, np.take_along_axis(scores, expected, 1), atol=1e-5)


def test_a_crowd_of_good_ones_in_one_group_is_found(small_parts):
    outfits = np.full((1000, 1), -1, np.float32)
    outfits[640:660, 0] = np.arange(20, 40)
    (found,) = nearest_outfits(np.float32([[1]]), outfits, 10).outfits
    assert found.tolist() == list(range(659, 649, -1))


def test_of_equal_ones_the_earlier_comes_first(small_parts):
    (found,) = nearest_outfits(np.float32([[1]]), np.ones((70, 1), np.float32), 5).outfits
    assert found.tolist() == [0, 1, 2, 3, 4]


def test_a_catalogue_on_disk_is_read_where_it_lies(small_parts, tmp_path):
    np.save(tmp_path / "outfits.npy", np.arange(600, dtype=np.float32)[:, None])
    outfits = np.load(tmp_path / "outfits.npy", mmap_mode="r")
    assert nearest_outfits(np.float32([[1], [-1]]), outfits, 2).outfits.tolist() == [[599, 598], [0, 1]]


def test_of_many_equal_groups_the_earliest_hold_the_best() -> None:
    """More groups share the best score than are looked into."""
    (found,) = nearest_outfits(np.float32([[1]]), np.ones((2000, 1), np.float32), 3).outfits
    assert found.tolist() == [0, 1, 2]
