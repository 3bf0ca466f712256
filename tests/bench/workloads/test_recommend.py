from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
import torch
from outfitbench.bench.engines.torch_engine import TorchEngine
from outfitbench.bench.workloads import recommend as recommend_module
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


class RecordingBank(Recording):
    """The same with a bank, of which it notes how large it was."""

    has_item_bank = True
    banks: ClassVar[list[int]] = []

    def score(self, users, features, categories, bank):
        self.banks.append(len(bank))
        self.scores.append(self._engine.score(users, features, categories, bank))
        return self.scores[-1]


def test_a_model_with_a_bank_ranks_among_all_items_a_part_of_the_outfits_at_a_time(
    closet, plugin, tmp_path, monkeypatch
):
    model = create_model("tiny-banked", num_users=closet.num_users).eval()
    engine = RecordingBank(TorchEngine.serving(model))
    write_candidates(closet, tmp_path, images=True, limit=50)
    ids = np.unique(closet.candidates("test", "random").items)
    monkeypatch.setattr(recommend_module, "_AMONG_AT_ONCE", 20 * len(ids))
    recommend(engine, tmp_path, 16, threads=1)

    rows, categories = np.load(tmp_path / "outfits.npy"), np.load(tmp_path / "categories.npy")
    assert engine.banks == [len(categories)] * len(engine.banks)
    assert len(engine.banks) > 1
    with torch.inference_mode():
        pictures = torch.from_numpy(np.concatenate(engine.items)).permute(0, 3, 1, 2) / 255
        bank = model.encode_items(pictures, torch.from_numpy(categories))
        expected = model.score_among(
            torch.from_numpy(np.load(tmp_path / "users.npy")),
            bank[torch.from_numpy(rows)],
            torch.from_numpy(categories[rows]),
            bank,
        )
    np.testing.assert_allclose(np.concatenate(engine.scores), expected, atol=1e-4)


def test_a_limit_keeps_candidates_from_all_over(closet, tmp_path):
    kept, total = write_candidates(closet, tmp_path, images=True, limit=30)
    assert (kept, total) == (30, len(closet.candidates("test", "random")))
    users = np.load(tmp_path / "users.npy")
    assert len(users) == 30
    assert users[-1] == closet.candidates("test", "random").users[-1]


def test_items_without_features_are_named(closet, tmp_path):
    with pytest.raises(InputError, match="items without features"):
        write_candidates(closet, tmp_path, images=False)
