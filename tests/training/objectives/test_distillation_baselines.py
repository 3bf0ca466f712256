"""Hinton's, FitNets', ranking distillation's and DE-RRD's losses against NumPy, and their gradients."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.training.objectives import (
    hint,
    ranking_distillation,
    relaxed_ranking,
    softened_divergence,
)
from outfitbench.training.objectives.de_rrd_loss import DERRD, DERRDOptions, Experts, draw_ranked
from outfitbench.training.objectives.fitnet_loss import FitNet, FitNetOptions
from outfitbench.training.objectives.objective import FitContext, Outfits

OUT = -math.inf


@pytest.fixture
def scores() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Student's and teacher's (3, 6), and where an outfit is no part of the sample."""
    torch.manual_seed(0)
    own = torch.zeros(3, 6, dtype=torch.bool)
    own[1, 4] = own[2, 0] = own[2, 1] = True
    student = torch.rand(3, 6, dtype=torch.float64, requires_grad=True)
    return student, torch.rand(3, 6, dtype=torch.float64), own


def test_hinton_by_hand(scores):
    student, teacher, own = scores
    soft, rows = 2.0, []
    for s, t, out in zip(student.detach().numpy(), teacher.numpy(), own.numpy(), strict=True):
        p, q = (np.exp(x[~out] / soft) / np.exp(x[~out] / soft).sum() for x in (t, s))
        rows.append((p * np.log(p / q)).sum())

    def loss(s: torch.Tensor) -> torch.Tensor:
        return softened_divergence(s.masked_fill(own, OUT), teacher.masked_fill(own, OUT), soft)

    assert loss(student).item() == pytest.approx(soft**2 * np.mean(rows))
    assert torch.autograd.gradcheck(loss, (student,))


def test_hint_by_hand():
    torch.manual_seed(0)
    guided = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    teacher = torch.randn(5, 3, dtype=torch.float64)
    expected = 0.5 * np.mean((guided.detach().numpy() - teacher.numpy()) ** 2)
    assert hint(guided, teacher).item() == pytest.approx(expected)
    assert torch.autograd.gradcheck(lambda g: hint(g, teacher), (guided,))


def test_ranking_distillation_by_hand(scores):
    student, teacher, own = scores
    tau, top, sharpness, mu, rows = 0.1, 5, 1.5, 0.3, []
    for s, t, out in zip(student.detach().numpy(), teacher.numpy(), own.numpy(), strict=True):
        left = np.flatnonzero(~out)
        best = sorted(left, key=lambda j, t=t: -t[j])[:top]
        weights = []
        for r, j in enumerate(best, start=1):
            rank = 1 + sum(s[other] > s[j] for other in left)
            weights.append(np.exp(-r / sharpness) * max(0.0, np.tanh(mu * (rank - r))))
        liking = np.log(1 / (1 + np.exp(-s[best] / tau)))
        rows.append(-(np.array(weights) / sum(weights) * liking).sum())

    def loss(s: torch.Tensor) -> torch.Tensor:
        sample = s.masked_fill(own, OUT), teacher.masked_fill(own, OUT)
        return ranking_distillation(*sample, tau, top=top, sharpness=sharpness, discrepancy=mu)

    assert loss(student).item() == pytest.approx(np.mean(rows))
    assert torch.autograd.gradcheck(loss, (student,))


def test_a_relaxed_ranking_by_hand(scores):
    student, _, _ = scores
    interesting, rest = student[:, :3], student[:, 3:].detach().clone()
    rest[0, 1] = OUT
    places = []
    for best, others in zip(interesting.detach().numpy(), rest.numpy(), strict=True):
        below = np.exp(others / 0.1).sum()
        places += [-np.log(np.exp(best[k] / 0.1) / (np.exp(best[k:] / 0.1).sum() + below)) for k in range(3)]
    assert relaxed_ranking(interesting, rest, 0.1).item() == pytest.approx(np.mean(places))
    assert torch.autograd.gradcheck(lambda s: relaxed_ranking(s[:, :3], s[:, 3:], 0.1), (student,))
    alone = relaxed_ranking(interesting, rest[:, :0], 0.1)
    assert alone.item() == pytest.approx(relaxed_ranking(interesting, rest[:, :1] - torch.inf, 0.1).item())


def test_what_is_drawn_is_ranked_right_and_the_first_places_most_often():
    torch.manual_seed(0)
    teacher = torch.rand(2000, 40)
    drawn = draw_ranked(teacher, interesting=5, rest=8, sharpness=4.0)
    best, rest = teacher.gather(1, drawn.interesting), teacher.gather(1, drawn.rest)
    assert (best.diff(dim=1) < 0).all()
    assert (rest.max(1).values < best.min(1).values).all()
    assert all(len(set(row)) == 8 for row in drawn.rest[:50].tolist())
    place = teacher.argsort(dim=1, descending=True).argsort(dim=1)
    # With one drawn, place r has a share of e^(−r/4) over the upper half.
    one = place.gather(1, draw_ranked(teacher, 1, 8, 4.0).interesting)[:, 0].numpy()
    share = np.exp(-np.arange(20) / 4) / np.exp(-np.arange(20) / 4).sum()
    np.testing.assert_allclose(np.bincount(one, minlength=20) / 2000, share, atol=0.035)
    low = place.gather(1, drawn.rest).numpy()
    np.testing.assert_allclose(np.bincount(low.ravel(), minlength=40)[20:] / 2000, 0.4, atol=0.05)


def test_experts_are_weighed_by_what_the_teachers_vector_and_chance_say():
    """Gumbel noise, −log of an exponential, on the selection's logits; ReLU networks, in NumPy by hand."""
    torch.manual_seed(0)
    student, teacher = torch.randn(4, 6), torch.randn(4, 10)
    experts = Experts(6, 10, 3)
    torch.manual_seed(1)
    found = experts(student, teacher).detach().numpy()
    torch.manual_seed(1)
    noise = -np.log(torch.empty(4, 3).exponential_().numpy())

    weights = {name: value.detach().numpy() for name, value in experts.state_dict().items()}

    def layer(rows, name):
        return rows @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    shares = np.exp(layer(teacher.numpy(), "selection") + noise)
    shares /= shares.sum(1, keepdims=True)
    hidden = [np.maximum(layer(student.numpy(), f"experts.{k}.0"), 0) for k in range(3)]
    said = np.stack([layer(rows, f"experts.{k}.2") for k, rows in enumerate(hidden)], axis=1)
    np.testing.assert_allclose(found, np.einsum("nk,nkd->nd", shares, said), rtol=1e-5, atol=1e-6)


def test_gradients_of_the_experts_are_those_of_finite_differences():
    torch.manual_seed(0)
    student = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    teacher = torch.randn(3, 4, dtype=torch.float64)
    experts = Experts(2, 4, 2).double()

    def said(*_: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(1)  # the same noise each time
        return experts(student, teacher)

    assert torch.autograd.gradcheck(said, (student, *experts.parameters()))


ROWS = torch.tensor([[0, 1, 2], [3, 0, 0], [1, 4, 0], [2, 3, 4]])
"""Items of two positives and two negatives; 0 where a slot is empty."""

WORN = torch.tensor([[True, True, True], [True, True, False], [True, True, False], [True, True, True]])


def step_of_hints() -> SimpleNamespace:
    """Two pairs, whose items a teacher knows by other numbers; items of width 3, outfits of width 3, too."""
    torch.manual_seed(2)
    categories = torch.where(WORN, torch.tensor([0, 1, 2]), -1)
    outfits = Outfits(ROWS, categories, torch.where(WORN, ROWS + 10, -1).int().numpy())
    features, ours, table, theirs = (torch.randn(n, d) for n, d in ((5, 3), (4, 3), (15, 4), (4, 4)))
    return SimpleNamespace(
        positives=outfits.first(2),
        negatives=Outfits(*(part[2:] for part in outfits)),
        features=features,
        table=table,
        ours=ours,
        theirs=theirs,
        features_of=lambda outfits: features[outfits.rows],
        outfit_vectors=lambda outfits: ours[outfits.rows[:, 0]],
        teacher=SimpleNamespace(
            feature_size=4,
            item_features=lambda items: table[items],
            embed_outfits=lambda items, categories: theirs[items[:, 0] - 10],
        ),
    )


@pytest.mark.parametrize("what", ["items", "outfits"])
def test_hints_of_items_count_each_as_often_as_it_is_worn_and_those_of_outfits_once(what):
    step = step_of_hints()
    part = FitNet(FitNetOptions(hint=what), SimpleNamespace(feature_size=3, has_outfit_vectors=True))
    part.begin(FitContext(None, step.teacher))
    if what == "items":
        rows = [int(row) for row, worn in zip(ROWS.flatten(), WORN.flatten(), strict=True) if worn]
        assert len(rows) == 10
        ours, theirs = step.features.numpy()[rows], step.table.numpy()[np.array(rows) + 10]
    else:
        first = ROWS[:, 0].numpy()
        ours, theirs = step.ours.numpy()[first], step.theirs.numpy()[first]
    weight, bias = (part.regressor.get_parameter(name).detach().numpy() for name in ("weight", "bias"))
    (loss,) = (losses := part(step)).values()
    assert set(losses) == {"fitnet"}
    assert loss.item() == pytest.approx(0.5 * np.mean((ours @ weight.T + bias - theirs) ** 2), rel=1e-5)


@pytest.mark.parametrize("experts", [0, 1])
def test_de_rrd_is_the_relaxed_ranking_and_the_weighted_error_of_the_experts(experts):
    """Of four outfits all are drawn, and a single expert is always asked: nothing is left to chance.

    The second user posted one of the negatives; the third all of them, and has nothing to rank.
    """
    torch.manual_seed(3)
    posted = torch.tensor([[False] * 3, [False, True, False], [True] * 3])
    rows = torch.arange(7)[:, None]
    outfits = Outfits(rows, torch.zeros_like(rows), rows.int().numpy())
    student = torch.rand(3, 7, dtype=torch.float64, requires_grad=True)
    taught = torch.rand(3, 7, dtype=torch.float64)
    ours, theirs = torch.randn(6, 3), torch.randn(6, 5)
    step = SimpleNamespace(
        users=torch.arange(3),
        posted=posted,
        positives=outfits.first(3),
        negatives=Outfits(*(part[3:6] for part in outfits)),
        recombined=Outfits(*(part[6:] for part in outfits)),
        positive_scores=student[:, :3].diagonal(),
        negative_scores=student[:, 3:6].masked_fill(posted, OUT),
        recombined_scores=student[:, 6:],
        teacher_scores=lambda users, outfits: taught[users][:, outfits.rows[:, 0]],
        outfit_vectors=lambda outfits: ours[outfits.rows[:, 0]],
        teacher=SimpleNamespace(feature_size=5, embed_outfits=lambda items, categories: theirs[items[:, 0]]),
    )
    options = {"experts": 1, "experts_weight": 0.3} if experts else {"experts": 0}
    model = SimpleNamespace(feature_size=3, has_outfit_vectors=True)
    part = DERRD(DERRDOptions(temperature=0.2, **options), model)
    part.begin(FitContext(None, step.teacher))
    places = []
    for user in (0, 1):
        hidden = np.append(posted[user].numpy(), False)
        s, t = (np.where(hidden, -np.inf, scores.detach().numpy()[user, 3:]) for scores in (student, taught))
        s = np.exp(s[np.argsort(-t)] / 0.2)
        places += [-np.log(s[k] / s[k:].sum()) for k in range(2)]
    expected = {"rrd": np.mean(places)}
    if experts:
        weights = {
            name: value.detach().numpy() for name, value in part.experts.experts[0].state_dict().items()
        }
        hidden = np.maximum(ours.numpy() @ weights["0.weight"].T + weights["0.bias"], 0)
        said = hidden @ weights["2.weight"].T + weights["2.bias"]
        expected["experts"] = 0.3 * np.mean((said - theirs.numpy()) ** 2)
    losses = part(step)
    assert {name: loss.item() for name, loss in losses.items()} == pytest.approx(expected, rel=1e-5)
    losses["rrd"].backward()
    assert student.grad.isfinite().all()
    assert not student.grad[2].any()


@pytest.mark.parametrize(
    "loss",
    [
        lambda: softened_divergence(torch.zeros(2, 3), torch.zeros(2, 2), 1.0),
        lambda: softened_divergence(torch.zeros(2, 3), torch.zeros(2, 3), 0.0),
        lambda: hint(torch.zeros(2, 3), torch.zeros(2, 4)),
        lambda: ranking_distillation(torch.zeros(0, 3), torch.zeros(0, 3), 0.1),
        lambda: relaxed_ranking(torch.zeros(2, 0), torch.zeros(2, 3), 0.1),
        lambda: relaxed_ranking(torch.zeros(2, 1), torch.zeros(3, 3), 0.1),
    ],
)
def test_what_does_not_fit_is_one_clear_line(loss):
    with pytest.raises(InputError, match="found"):
        loss()
