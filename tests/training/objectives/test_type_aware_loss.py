"""Type-Aware's triplets and regularisers against NumPy, pair by pair."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.models import OutfitModel, create_model
from outfitbench.training.batches import Batch
from outfitbench.training.objectives import OBJECTIVES
from outfitbench.training.objectives.objective import Outfits
from outfitbench.training.step import TrainingStep

WHOLE = [[0, 0, 1, 2], [0, 0, 1, 2]]
"""Categories of negatives that have what each positive's slot asks for."""

OTHERS = [[0, -1, 1, 2], [0, -1, 2, 2]]
"""Neither has a second top, and one has shoes in a bottom's slot: there is no negative for the second top of
the first positive, which is in three pairs, nor for the bottom of the other one, which is in two."""


def batch(negatives: list[list[int]] = WHOLE) -> Batch:
    generator = torch.Generator().manual_seed(1)
    categories = torch.tensor([[0, 0, 1, 2], [0, -1, 1, 2]])
    rows = [torch.randint(8, (2, 4), generator=generator) for _ in range(2)]
    kinds = torch.zeros(8, dtype=torch.int64)
    return Batch(
        users=torch.tensor([0, 1]),
        inputs=torch.randn(8, 6, generator=generator),
        item_categories=kinds,
        positives=Outfits(rows[0], categories),
        negatives=Outfits(rows[1], torch.tensor(negatives)),
        posted=None,
    )


@pytest.mark.parametrize(("negatives", "count"), [(WHOLE, 12 + 6), (OTHERS, 12 - 3 + 6 - 2)])
def test_the_losses_are_those_worked_out_pair_by_pair(negatives: list[list[int]], count: int) -> None:
    torch.manual_seed(0)
    model = create_model("type-aware", num_users=2, input_kind="features", feature_size=6).eval()
    entry = OBJECTIVES.entry("type-aware")
    step = TrainingStep(model, {"type-aware": (1.0, entry.value(entry.options(), model))})
    seen = batch(negatives)
    total, named = step(seen)
    total.backward()
    with torch.no_grad():
        features = model.encode_items(seen.inputs, seen.item_categories)

    def distance(one: torch.Tensor, other: torch.Tensor, a: int, b: int) -> float:
        kinds = torch.tensor([a]), torch.tensor([b])
        with torch.no_grad():
            return float(model.pair_distances(one[None], other[None], *kinds))

    hinges = []
    for n in range(2):
        kinds = seen.positives.categories[n].tolist()
        for i, j in itertools.permutations(range(4), 2):
            if kinds[i] < 0 or kinds[j] < 0 or negatives[n][j] != kinds[j]:
                continue
            anchor, positive = features[seen.positives.rows[n, i]], features[seen.positives.rows[n, j]]
            negative = features[seen.negatives.rows[n, j]]
            near = distance(anchor, positive, kinds[i], kinds[j])
            far = distance(anchor, negative, kinds[i], kinds[j])
            hinges.append(max(0.0, near - far + 0.3))
    assert len(hinges) == count
    masks = np.maximum(model.masks.detach().numpy(), 0)
    assert float(named["triplet"]) == pytest.approx(np.mean(hinges), rel=1e-4)
    assert float(named["feature norm"]) == pytest.approx(
        5e-4 * np.linalg.norm(features.numpy()) / np.sqrt(2), rel=1e-5
    )
    assert float(named["mask norm"]) == pytest.approx(5e-4 * np.abs(masks).sum() / 2, rel=1e-5)
    assert model.masks.grad.abs().sum() > 0


class PlainDistances(OutfitModel):
    """A stranger's model: it has distances of pairs and nothing else that OutfitModel does not ask for."""

    num_users, backbone_name, feature_size, input_kind, input_size = 2, "features", 6, "features", 6

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(6, 6)

    def encode_items(self, images: torch.Tensor, categories: torch.Tensor) -> torch.Tensor:
        return self.layer(images)

    def score(self, users: torch.Tensor, features: torch.Tensor, categories: torch.Tensor) -> torch.Tensor:
        return features.sum((1, 2))

    def pair_distances(
        self, features_a: torch.Tensor, features_b: torch.Tensor, categories_a: torch.Tensor, categories_b
    ) -> torch.Tensor:
        return (features_a - features_b).square().sum(-1)


def test_a_model_that_has_distances_of_pairs_and_no_masks_learns_from_them() -> None:
    model = PlainDistances()
    entry = OBJECTIVES.entry("type-aware")
    total, named = TrainingStep(model, {"type-aware": (1.0, entry.value(entry.options(), model))})(batch())
    total.backward()
    assert set(named) == {"triplet", "feature norm"}
    assert model.layer.weight.grad is not None
    assert model.layer.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("name", ["type-aware", "plain"])
def test_a_batch_without_a_pair_has_no_triplet_and_still_a_gradient(name: str) -> None:
    torch.manual_seed(0)
    model = (
        PlainDistances()
        if name == "plain"
        else create_model(name, num_users=2, input_kind="features", feature_size=6)
    )
    seen = batch()
    alone = torch.tensor([[0, -1, -1, -1], [-1, -1, 1, -1]])
    seen = seen._replace(positives=Outfits(seen.positives.rows, alone))
    entry = OBJECTIVES.entry("type-aware")
    total, named = TrainingStep(model, {"type-aware": (1.0, entry.value(entry.options(), model))})(seen)
    total.backward()
    assert float(named["triplet"]) == 0
    assert torch.isfinite(total)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def batch_of_styles(looks: torch.Tensor, outfits: int, generator: torch.Generator) -> Batch:
    """Outfits whose three items share one of four styles, against outfits of any; a style looks different on
    tops, bottoms and shoes, and all items have much in common."""
    kinds = torch.tensor([[0, 1, 2]]).expand(outfits, -1)
    styles = torch.cat(
        [
            torch.randint(4, (outfits, 1), generator=generator).expand(-1, 3),
            torch.randint(4, (outfits, 3), generator=generator),
        ]
    )
    items = looks[styles, torch.arange(3)]
    rows = torch.arange(6 * outfits).view(2, outfits, 3)
    return Batch(
        users=torch.zeros(outfits, dtype=torch.int64),
        inputs=(items + 0.3 * torch.randn(items.shape, generator=generator) + 3).flatten(0, 1),
        item_categories=torch.cat([kinds, kinds]).flatten(),
        positives=Outfits(rows[0], kinds),
        negatives=Outfits(rows[1], kinds),
        posted=None,
    )


@pytest.mark.parametrize(
    ("normalise", "half", "least", "most"),
    [(True, False, 0.75, 1.0), (True, True, 0.75, 1.0), (False, False, 0.4, 0.7)],
)
def test_it_learns_from_vectors_in_either_precision_where_distances_are_normalised(
    normalise: bool, half: bool, least: float, most: float
) -> None:
    """As the paper has them, distances are far above the margin, and as many steps teach next to nothing."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    looks = torch.randn(4, 3, 16, generator=generator)
    model = create_model(
        "type-aware",
        num_users=1,
        input_kind="features",
        feature_size=16,
        options={"normalise": normalise},
    )
    entry = OBJECTIVES.entry("type-aware")
    step = TrainingStep(model, {"type-aware": (1.0, entry.value(entry.options(), model))})
    optimizer = torch.optim.Adam(step.parameters(), 1e-3)
    for _ in range(100):
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            total, _ = step(batch_of_styles(looks, 32, generator))
        total.backward()
        optimizer.step()
        optimizer.zero_grad()
    seen = batch_of_styles(looks, 300, generator)
    with torch.inference_mode():
        features = model.encode_items(seen.inputs, seen.item_categories)
        good, any_style = (
            model.score(seen.users, features[outfits.rows], outfits.categories)
            for outfits in (seen.positives, seen.negatives)
        )
    assert least < (good.unsqueeze(1) > any_style).float().mean() < most


def test_a_model_without_pairs_is_refused() -> None:
    model = create_model("student-xs", num_users=2, input_kind="features", feature_size=6)
    with pytest.raises(InputError, match="no distance of a pair"):
        OBJECTIVES.get("type-aware")(OBJECTIVES.entry("type-aware").options(), model)
