"""The loss of a step against Eq. 10 and 13 written out, row by row, without what a user posted themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from outfitbench.models import ModelError, OutfitModel, create_model
from outfitbench.training.batches import Batch
from outfitbench.training.objectives import OBJECTIVES
from outfitbench.training.objectives.objective import Outfits
from outfitbench.training.step import TrainingStep
from torch import Tensor, nn

OWN = [[False, True, False], [True, False, False], [False, False, False]]
D = [[1.5, -4.0, 0.5], [2.0, 1.0, -0.5], [1.0, 1.0, 3.0]]


class FixedTeacher:
    """Scores negatives so that, with α = 1, they are as false as the test says."""

    def positive_mean(self, users: Tensor, over: str) -> Tensor:
        assert over == "train"
        return torch.zeros(len(users))

    def score_matrix(self, users: Tensor, items: np.ndarray, categories: Tensor) -> Tensor:
        return -torch.tensor(D)


def batch(own: list[list[bool]] | None) -> Batch:
    generator = torch.Generator().manual_seed(0)
    outfits = [torch.randint(8, (3, 3), generator=generator) for _ in range(2)]
    categories = torch.tensor([[0, 1, 2]] * 3)
    return Batch(
        users=torch.tensor([0, 1, 2]),
        inputs=torch.randn(8, 6, generator=generator),
        item_categories=torch.zeros(8, dtype=torch.int64),
        positives=Outfits(outfits[0], categories),
        negatives=Outfits(outfits[1], categories, outfits[1].numpy().astype(np.int32)),
        posted=None if own is None else torch.tensor(own),
    )


def by_hand(step: TrainingStep, seen: Batch, d: list[list[float]], own: list[list[bool]]) -> float:
    features = step.model.encode_items(seen.inputs, seen.item_categories)

    def score(user: int, outfit: Tensor) -> float:
        return float(
            step.model.score(torch.tensor([user]), features[outfit][None], torch.tensor([[0, 1, 2]]))
        )

    losses = []
    for i in range(3):
        like = math.exp(score(i, seen.positives.rows[i]) / 0.1)
        others = sum(
            math.exp(d[i][j] * score(i, seen.negatives.rows[j]) / 0.1) for j in range(3) if not own[i][j]
        )
        losses.append(-math.log(like / (like + others)))
    return float(np.mean(losses))


@pytest.mark.parametrize("own", [None, OWN])
@pytest.mark.parametrize("objective", ["n-pair", "fnd"])
def test_the_loss_is_that_of_the_paper(objective: str, own: list[list[bool]] | None) -> None:
    torch.manual_seed(0)
    model = create_model("student-xs", num_users=3, input_kind="features", feature_size=6).eval()
    taught = {"alpha": 1.0, "alpha_mode": "absolute"} if objective == "fnd" else {}
    entry = OBJECTIVES.entry(objective)
    part = entry.value(entry.options.model_validate(taught), model)
    step = TrainingStep(model, {objective: (1.0, part)}, FixedTeacher() if taught else None)
    loss, named = step(batch(own))
    assert float(named[objective]) == float(loss.detach())
    loss.backward()
    d = D if taught else [[1.0] * 3] * 3
    with torch.no_grad():
        expected = by_hand(step, batch(own), d, own or [[False] * 3] * 3)
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-4)
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_weights_scale_their_objective_and_nobody_pays_for_what_is_not_asked() -> None:
    torch.manual_seed(0)
    model = create_model("student-xs", num_users=3, input_kind="features", feature_size=6).eval()
    options = OBJECTIVES.entry("n-pair").options()
    parts = {"n-pair": (0.5, OBJECTIVES.get("n-pair")(options, model))}
    with torch.no_grad():
        once, _ = TrainingStep(model, {"n-pair": (1.0, parts["n-pair"][1])})(batch(None))
        half, _ = TrainingStep(model, parts)(batch(None))
    assert float(half) == pytest.approx(float(once) / 2)


def test_losses_of_one_name_are_told_apart_by_their_objective() -> None:
    torch.manual_seed(0)
    model = create_model("student-xs", num_users=3, input_kind="features", feature_size=6).eval()
    options = [OBJECTIVES.entry("n-pair").options(temperature=t) for t in (0.1, 0.5)]
    sharp, soft = (OBJECTIVES.get("n-pair")(each, model) for each in options)
    with torch.no_grad():
        total, named = TrainingStep(model, {"n-pair": (1.0, sharp), "soft": (1.0, soft)})(batch(None))
    assert list(named) == ["n-pair", "soft n-pair"]
    assert float(total) == pytest.approx(sum(map(float, named.values())))


def test_the_projection_of_contrastive_learning_trains_and_is_not_shipped() -> None:
    torch.manual_seed(0)
    model = create_model("student-xs", num_users=3, input_kind="features", feature_size=6)
    part = OBJECTIVES.get("contrastive")(OBJECTIVES.entry("contrastive").options(), model)
    step = TrainingStep(model, {"contrastive": (1.0, part)})
    seen = batch(None)
    views = Outfits(
        seen.positives.rows.repeat_interleave(2, 0), seen.positives.categories.repeat_interleave(2, 0)
    )
    erased = views.categories.clone()
    erased[torch.arange(6), torch.tensor([0, 1, 1, 2, 2, 0])] = -1
    loss, _ = step(seen._replace(views=Outfits(views.rows, erased)))
    loss.backward()
    assert sum(p.numel() for p in part.parameters()) == 33_024
    assert all(p.grad is not None for p in part.parameters())
    assert model.head[0].weight.grad.abs().sum() > 0
    assert not any("objectives" in name for name in model.state_dict())


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        (lambda scores: scores.mean(), "scores of shape \\(\\)"),
        (lambda scores: scores[:, None], "scores of shape \\([39], 1\\)"),
        (lambda scores: scores[:1], "scores of shape \\(1,\\)"),
        (lambda scores: 0.5, "a float, no tensor,"),
    ],
)
@pytest.mark.parametrize("objective", ["n-pair", "negatives first"])
def test_a_model_that_gives_not_one_score_an_outfit_is_named(objective: str, shape, found: str) -> None:
    class Odd(nn.Module):
        """Asks for the scores of all pairs before those of the positives."""

        def forward(self, step):
            return {"odd": step.negative_scores.sum() + step.positive_scores.sum()}

    class Mine(OutfitModel):
        def __init__(self) -> None:
            super().__init__()
            self.weights = nn.Parameter(torch.ones(6))

        def encode_items(self, images, categories):
            return images * self.weights

        def score(self, users, features, categories):
            return shape(features.sum((1, 2)))

    model = Mine()
    part = OBJECTIVES.get("n-pair")(OBJECTIVES.entry("n-pair").options(), model)
    step = TrainingStep(model, {"one": (1.0, part if objective == "n-pair" else Odd())})
    with pytest.raises(ModelError, match=f"^model Mine, what its `score` gives: found {found} for [39] outf"):
        step(batch(None))
