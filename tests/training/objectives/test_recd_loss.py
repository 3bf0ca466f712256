"""RecD's two divergences and each option of it against NumPy; N-pair + R and FND + R against their sums."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.models import create_model
from outfitbench.training.objectives import recombination_divergences
from outfitbench.training.objectives.false_negative_loss import FND, FNDOptions
from outfitbench.training.objectives.fnd_r_loss import FNDR, FNDROptions
from outfitbench.training.objectives.n_pair_r_loss import NPairR
from outfitbench.training.objectives.objective import FitContext, Outfits, RecombinedOptions
from outfitbench.training.objectives.recd_loss import RecD, RecDOptions
from pydantic import ValidationError

TAU = 0.1
MEAN = np.array([0.2, 0.7, 0.4, 0.6, 0.3])
"""The teacher's mean score of each user's positives (Eq. 11)."""


def divergence(p: np.ndarray, q: np.ndarray) -> float:
    p, q = (np.exp(x / TAU) / np.exp(x / TAU).sum() for x in (p, q))
    return float((p * np.log(p / q)).sum())


@pytest.fixture
def scores() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    student = torch.rand(4, 6, dtype=torch.float64, requires_grad=True)
    return student, torch.rand(4, 6, dtype=torch.float64)


def test_divergences_by_hand(scores):
    student, teacher = scores
    s, t = student.detach().numpy(), teacher.numpy()
    by_user, by_outfit = recombination_divergences(student, teacher, TAU)
    assert by_user.item() == pytest.approx(np.mean([divergence(t[u], s[u]) for u in range(4)]))
    assert by_outfit.item() == pytest.approx(np.mean([divergence(t[:, b], s[:, b]) for b in range(6)]))


def test_gradient(scores):
    student, teacher = scores
    assert torch.autograd.gradcheck(lambda s: recombination_divergences(s, teacher, TAU), (student,))


def test_computed_in_float32_inside_autocast(scores):
    student, teacher = (scores.detach().bfloat16() for scores in scores)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = recombination_divergences(student, teacher, TAU)
    expected = recombination_divergences(student.double(), teacher.double(), TAU)
    torch.testing.assert_close(torch.stack(found), torch.stack(expected).float())


@pytest.mark.parametrize(("student", "teacher"), [((2, 3), (3, 2)), ((0, 3), (0, 3)), ((3,), (3,))])
def test_shapes_that_do_not_fit(student, teacher):
    with pytest.raises(InputError, match="student and teacher: found shapes"):
        recombination_divergences(torch.zeros(student), torch.zeros(teacher), TAU)


class Step(SimpleNamespace):
    """Two pairs, three recombined outfits, five users; scores of all users for all outfits.

    The first quarter of the fit is done.
    """

    progress = 0.25

    def score_matrix(self, users, outfits):
        return self.student[users][:, outfits.rows[:, 0]]

    def teacher_scores(self, users, outfits):
        return self.taught[users][:, outfits.rows[:, 0]]


@pytest.fixture
def step() -> Step:
    torch.manual_seed(1)
    rows = torch.arange(7)[:, None]
    outfits = Outfits(rows, torch.zeros_like(rows))
    student = torch.rand(5, 7, dtype=torch.float64, requires_grad=True)
    users, own = torch.tensor([3, 1]), torch.tensor([[False, True], [False, False]])
    return Step(
        users=users,
        posted=own,
        positives=Outfits(*(part[:2] for part in outfits[:2])),
        negatives=Outfits(*(part[2:4] for part in outfits[:2])),
        recombined=Outfits(*(part[4:] for part in outfits[:2])),
        student=student,
        taught=torch.rand(5, 7, dtype=torch.float64),
        teacher=SimpleNamespace(positive_mean=lambda users, over: torch.from_numpy(MEAN)[users]),
        positive_scores=student[users, torch.arange(2)],
        negative_scores=student[users][:, 2:4].masked_fill(own, -torch.inf),
        recombined_scores=student[users][:, 4:],
    )


def n_pair_by_hand(step: Step, alpha: float | None = None, recombined: bool = True) -> float:
    """N-pair, or FND with this α (Eq. 12 and 13), over the step's negatives and its recombined outfits."""
    scores, taught = step.student.detach().numpy(), step.taught.numpy()
    more = [4, 5, 6] if recombined else []
    others = {0: [2, *more], 1: [2, 3, *more]}  # the first pair's user posted negative 1, outfit 3
    losses = []
    for pair, user in enumerate([3, 1]):
        d = 1.0 if alpha is None else alpha * (MEAN[user] - taught[user, others[pair]])
        like = np.exp(scores[user, pair] / TAU)
        losses.append(-np.log(like / (like + np.exp(d * scores[user, others[pair]] / TAU).sum())))
    return float(np.mean(losses))


def test_n_pair_r_is_n_pair_over_all_negatives(step):
    (loss,) = NPairR(RecombinedOptions(), None)(step).values()
    assert loss.item() == pytest.approx(n_pair_by_hand(step))


def test_fnd_r_is_fnd_over_all_negatives(step):
    (loss,) = FNDR(FNDROptions(alpha=2.0, alpha_mode="absolute"), None)(step).values()
    assert loss.item() == pytest.approx(n_pair_by_hand(step, alpha=2.0))
    loss.backward()
    assert step.student.grad.isfinite().all()


@pytest.mark.parametrize("users", ["batch", 2, 256])
@pytest.mark.parametrize("base", ["n-pair-r", "fnd-r", "fnd", "none"])
def test_recd_is_its_base_and_the_weighted_divergences(step, users, base):
    part = RecD(RecDOptions(users=users, base=base, distillation=3.0), SimpleNamespace(num_users=5))
    part._fnd._alpha = 2.0
    torch.manual_seed(7)
    losses = part(step)
    torch.manual_seed(7)
    chosen = {"batch": torch.tensor([1, 3]), 2: torch.randperm(5)[:2], 256: torch.arange(5)}[users]
    by_user, by_outfit = divergences_by_hand(step, chosen)
    assert losses.pop("outfits for a user").item() == pytest.approx(3 * by_user)
    assert losses.pop("users for an outfit").item() == pytest.approx(3 * by_outfit)
    expected = {
        "n-pair-r": n_pair_by_hand(step),
        "fnd-r": n_pair_by_hand(step, alpha=2.0),
        "fnd": n_pair_by_hand(step, alpha=2.0, recombined=False),
    }
    assert {name: loss.item() for name, loss in losses.items()} == pytest.approx(
        {name: loss for name, loss in expected.items() if name == base}
    )
    sum(part(step).values()).backward()
    assert step.student.grad.isfinite().all()


def divergences_by_hand(step: Step, chosen: torch.Tensor) -> tuple[float, float]:
    s, t = step.student.detach().numpy()[chosen], step.taught.numpy()[chosen]
    by_user = np.mean([divergence(t[u], s[u]) for u in range(len(chosen))])
    return float(by_user), float(np.mean([divergence(t[:, b], s[:, b]) for b in range(7)]))


@pytest.mark.parametrize(
    ("schedule", "over_outfits", "over_users", "expected"),
    [
        ("falling", 1.0, 0.5, (0.75, 0.375)),
        ("rising", 1.0, 0.5, (0.25, 0.125)),
        ("constant", 0.0, 2.0, (None, 2.0)),
        ("constant", 2.0, 0.0, (2.0, None)),
    ],
)
def test_each_divergence_has_its_weight_at_every_step(step, schedule, over_outfits, over_users, expected):
    options = {"schedule": schedule, "over_outfits": over_outfits, "over_users": over_users}
    losses = RecD(RecDOptions(base="none", **options), SimpleNamespace(num_users=5))(step)
    by_hand = divergences_by_hand(step, torch.arange(5))
    for name, found, factor in zip(
        ("outfits for a user", "users for an outfit"), by_hand, expected, strict=True
    ):
        assert (name in losses) == (factor is not None)
        if factor is not None:
            assert losses[name].item() == pytest.approx(factor * found)


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_outfits_are_drawn_to_the_teachers_vectors(step):
    """The scores are then cosines of the same vectors, so the other losses are as by hand."""
    torch.manual_seed(2)
    ours, theirs = (torch.rand(7, 3, dtype=torch.float64, requires_grad=mine) for mine in (True, False))
    users, taught = torch.rand(5, 3, dtype=torch.float64), torch.rand(5, 3, dtype=torch.float64)
    items = np.arange(7)[:, None]
    for name in ("positives", "negatives", "recombined"):
        outfits = getattr(step, name)
        setattr(step, name, outfits._replace(items=items[outfits.rows[:, 0]]))
    step.outfit_vectors = lambda outfits: ours[outfits.rows[:, 0]]
    step.teacher = SimpleNamespace(
        embed_outfits=lambda items, categories: theirs[items[:, 0]], user_vectors=lambda: taught
    )
    model = SimpleNamespace(
        num_users=5, has_user_vectors=True, has_outfit_vectors=True, user_vectors=lambda: users
    )
    losses = RecD(RecDOptions(outfit_cosine=0.5, users=5), model)(step)
    u, o = unit_rows(users.numpy()), unit_rows(ours.detach().numpy())
    step.student = torch.from_numpy(u @ o.T)
    step.taught = torch.from_numpy(unit_rows(taught.numpy()) @ unit_rows(theirs.numpy()).T)
    by_user, by_outfit = divergences_by_hand(step, torch.arange(5))
    assert {name: loss.item() for name, loss in losses.items()} == pytest.approx(
        {
            "outfit cosine": 0.5 * (1 - (o * unit_rows(theirs.numpy())).sum(1)).mean(),
            "n-pair-r": n_pair_by_hand(step),
            "outfits for a user": by_user,
            "users for an outfit": by_outfit,
        }
    )
    losses["outfit cosine"].backward()
    assert ours.grad.abs().sum() > 0


@pytest.mark.parametrize("how", ["start", "frozen", "none"])
def test_the_teachers_users_are_taken_over(how):
    torch.manual_seed(3)
    model = create_model("student-xs", num_users=4)
    before, given = model.users.weight.detach().clone(), 7 * torch.rand(4, 128)
    part = RecD(RecDOptions(teacher_users=how), model)
    part.begin(FitContext(None, SimpleNamespace(user_vectors=lambda: given)))
    expected = before.numpy() if how == "none" else unit_rows(given.numpy())
    np.testing.assert_allclose(model.users.weight.detach().numpy(), expected, rtol=1e-6)
    assert model.users.weight.requires_grad == (how != "frozen")


def test_users_that_are_no_vectors_are_refused():
    model = create_model("lpae-u", num_users=4)
    with pytest.raises(InputError, match="objective recd, teacher_users: found model LPAE, whose users are"):
        RecD(RecDOptions(teacher_users="start"), model)
    part = RecD(RecDOptions(outfit_cosine=1.0), create_model("student-xs", num_users=4))
    with pytest.raises(InputError, match="objective recd, outfit_cosine, teacher: found model LPAE"):
        part.check_teacher(model)


@pytest.mark.parametrize(
    "options",
    [
        {"recombined": 0},
        {"exchanged": 1.5},
        {"users": 1},
        {"distillation": 0},
        {"base": "bpr"},
        {"over_users": 0, "over_outfits": 0},
        {"alpha": 1.25},
        {"base": "none", "alpha_mode": "absolute"},
        {"base": "none", "temperature": 0.1},
        {"teacher_users": True},
        {"schedule": "cosine"},
    ],
)
def test_options_that_cannot_be(options):
    with pytest.raises(ValidationError):
        RecDOptions(**options)


def test_on_fnd_it_is_fnd_and_recd_beside_it_in_one_matrix(step):
    options = {"alpha": 2.0, "alpha_mode": "absolute"}
    together = RecD(RecDOptions(base="fnd", **options), SimpleNamespace(num_users=5))
    apart = RecD(RecDOptions(base="none"), SimpleNamespace(num_users=5))(step)
    apart |= FND(FNDOptions(**options), None)(step)
    assert {name: loss.item() for name, loss in together(step).items()} == pytest.approx(
        {name: loss.item() for name, loss in apart.items()}
    )
