"""SCE-Net's triplets and regularisers against NumPy, pair by pair."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.models import create_model
from outfitbench.training.batches import Batch
from outfitbench.training.objectives import OBJECTIVES
from outfitbench.training.objectives.objective import Outfits
from outfitbench.training.step import TrainingStep

WHOLE = [[0, 0, 1, 2], [0, 0, 1, 2]]
"""Categories of negatives that have what each positive's slot asks for."""

OTHERS = [[0, -1, 1, 2], [0, -1, 2, 2]]
"""Neither has a second top, and one has shoes in a bottom's slot: there is no negative for the second top of
the first positive, which is in three pairs, nor for the bottom of the other one, which is in two."""


def batch(negatives: list[list[int]]) -> Batch:
    generator = torch.Generator().manual_seed(1)
    rows = [torch.randint(8, (2, 4), generator=generator) for _ in range(2)]
    return Batch(
        users=torch.tensor([0, 1]),
        inputs=torch.randn(8, 6, generator=generator),
        item_categories=torch.zeros(8, dtype=torch.int64),
        positives=Outfits(rows[0], torch.tensor([[0, 0, 1, 2], [0, -1, 1, 2]])),
        negatives=Outfits(rows[1], torch.tensor(negatives)),
        posted=None,
    )


@pytest.mark.parametrize(("negatives", "count"), [(WHOLE, 12 + 6), (OTHERS, 12 - 3 + 6 - 2)])
def test_the_losses_are_those_worked_out_pair_by_pair(negatives: list[list[int]], count: int) -> None:
    torch.manual_seed(0)
    model = create_model("sce-net", num_users=2, input_kind="features", feature_size=6).eval()
    entry = OBJECTIVES.entry("sce-net")
    seen = batch(negatives)
    total, named = TrainingStep(model, {"sce-net": (1.0, entry.value(entry.options(), model))})(seen)
    total.backward()
    with torch.no_grad():
        features = model.encode_items(seen.inputs, seen.item_categories)

    def pair(one: torch.Tensor, other: torch.Tensor) -> list[np.ndarray]:
        kind = torch.tensor([0])
        with torch.no_grad():
            return [v[0].double().numpy() for v in model.pair_vectors(one[None], other[None], kind, kind)]

    hinges, squares = [], 0.0
    for n in range(2):
        kinds = seen.positives.categories[n].tolist()
        for i, j in itertools.permutations(range(4), 2):
            if kinds[i] < 0 or kinds[j] < 0 or negatives[n][j] != kinds[j]:
                continue
            anchor, positive = features[seen.positives.rows[n, i]], features[seen.positives.rows[n, j]]
            near, far = pair(anchor, positive), pair(anchor, features[seen.negatives.rows[n, j]])
            hinges.append(max(0.0, np.linalg.norm(near[0] - near[1]) - np.linalg.norm(far[0] - far[1]) + 0.2))
            squares += sum(float((vector**2).sum()) for vector in (*near, *far))
    masks = np.maximum(model.masks.detach().numpy(), 0)
    assert len(hinges) == count
    assert float(named["triplet"]) == pytest.approx(np.mean(hinges), rel=1e-4)
    assert float(named["vector norm"]) == pytest.approx(5e-3 * np.sqrt(squares / 2), rel=1e-4)
    assert float(named["mask norm"]) == pytest.approx(5e-4 * masks.sum() / 2, rel=1e-5)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_a_model_without_vectors_of_pairs_is_refused_in_one_line() -> None:
    entry = OBJECTIVES.entry("sce-net")
    model = create_model("type-aware", num_users=2, input_kind="features", feature_size=6)
    with pytest.raises(InputError, match="objective sce-net: found model TypeAware") as caught:
        entry.value(entry.options(), model)
    assert "\n" not in str(caught.value)
