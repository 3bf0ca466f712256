from __future__ import annotations

import numpy as np
import pytest
from outfitbench.bench.engines.torch_engine import TorchEngine
from outfitbench.bench.workloads.recommend import PHASES, recommend, write_candidates
from outfitbench.datasets import InputError, load_dataset
from outfitbench.models import create_model


@pytest.fixture(scope="module")
def closet():
    return load_dataset("closet-12")


class Recording:
    """An engine that lets another do the work and keeps what went through it."""

    def __init__(self, engine):
        self._engine = engine
        self.items, self.item_categories, self.users, self.scores = [], [], [], []

    def encode_items(self, items, categories):
        self.items.append(items)
        self.item_categories.append(categories)
        return self._engine.encode_items(items, categories)

    def score(self, users, features, categories):
        scores = self._engine.score(users, features, categories)
        self.users.append(users)
        self.scores.append(scores)
        return scores

    def to_host(self, features):
        return self._engine.to_host(features)


def test_it_is_the_whole_job(closet, tiny, plugin, tmp_path):
    model = create_model("tiny", num_users=closet.num_users).eval()
    engine = Recording(TorchEngine.serving(model))
    candidates = closet.candidates("test", "random")
    assert write_candidates(closet, tmp_path, images=True) == (len(candidates),) * 2
    seconds = recommend(engine, tmp_path, 16, threads=2)

    assert tuple(seconds) == PHASES
    assert all(value > 0 for value in seconds.values())
    ids = candidates.outfits.distinct_items
    assert np.array_equal(np.concatenate(engine.items), closet.images(ids, 16))
    assert np.array_equal(np.concatenate(engine.item_categories), closet.item_category[ids])
    assert np.array_equal(np.concatenate(engine.users), candidates.users)
    # The scores are those of the outfits themselves, asked for one by one.
    alone = TorchEngine.serving(model)
    for row in (0, len(candidates) // 2, len(candidates) - 1):
        worn = candidates.items[row]
        categories = closet.categories_of(worn)
        features = alone.encode_items(closet.images(worn, 16), categories)
        expected = alone.score(candidates.users[row : row + 1].astype(np.int64), features, categories[None])
        assert np.concatenate(engine.scores)[row] == pytest.approx(expected[0], abs=1e-5)


def test_a_limit_keeps_candidates_from_all_over(closet, tmp_path):
    kept, total = write_candidates(closet, tmp_path, images=True, limit=30)
    assert (kept, total) == (30, len(closet.candidates("test", "random")))
    users = np.load(tmp_path / "users.npy")
    assert len(users) == 30
    assert users[-1] == closet.candidates("test", "random").users[-1]


def test_items_without_features_are_named(closet, tmp_path):
    with pytest.raises(InputError, match="items without features"):
        write_candidates(closet, tmp_path, images=False)
