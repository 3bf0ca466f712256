"""DE-RRD: experts that reconstruct the teacher's outfits, and a ranking whose unliked part has no order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

import torch
from pydantic import Field, model_validator
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name everyone knows

from ...core.errors import Fault, InputError
from .objective import (
    FitContext,
    Forecast,
    Need,
    Objective,
    Outfits,
    RecombinedOptions,
    StepContext,
    register_objective,
)
from .outfit_vectors import require_outfit_vectors
from .sampled_scores import sampled_scores
from .score_checks import full_precision, positive_temperature

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["DERRD", "DERRDOptions", "Experts", "Ranked", "draw_ranked", "relaxed_ranking"]


def relaxed_ranking(interesting: Tensor, rest: Tensor, temperature: float) -> Tensor:
    r"""How likely the student ranks as the teacher does, the rest only below (Kang et al. 2020, Eq. 8).

    $$-\frac1{NK} \sum_n \sum_k \log
      \frac{\exp(s_k/\tau)}{\sum_{i \ge k} \exp(s_i/\tau) + \sum_j \exp(s_j/\tau)}$$

    The mean over the K places, where the paper has the sum, so that the weight suits any K.

    Args:
        interesting: The student's scores (N, K) of the interesting outfits, in the teacher's order.
        rest: Its scores (N, L) of uninteresting ones, in any order; −∞ where one is none.
        temperature: τ > 0.

    Returns:
        A scalar in at least float32 (also inside autocast).

    Raises:
        InputError: A shape does not fit, or the temperature is not above 0.

    Example:
        >>> relaxed_ranking(torch.zeros(1, 1), torch.zeros(1, 3), temperature=0.1).exp()  # one of four
        tensor(4.)
    """
    if interesting.ndim != 2 or not interesting.numel() or rest.ndim != 2 or len(rest) != len(interesting):
        found = f"shapes {tuple(interesting.shape)} and {tuple(rest.shape)}"
        raise InputError(Fault("interesting and rest", found, "(N, K) and (N, L), with N and K of 1 or more"))
    temperature = positive_temperature(temperature)
    interesting, rest = full_precision(interesting) / temperature, full_precision(rest) / temperature
    still_there = interesting.flip(1).logcumsumexp(1).flip(1)
    below = rest.logsumexp(1, keepdim=True) if rest.shape[1] else torch.full_like(still_there, -torch.inf)
    return (torch.logaddexp(still_there, below) - interesting).mean()


class Ranked(NamedTuple):
    """What is drawn from the teacher's ranking of a sample, as columns of it.

    Attributes:
        interesting: int64 (N, K), in the teacher's order.
        rest: int64 (N, L), each ranked lower than all of these.
    """

    interesting: Tensor
    rest: Tensor


def draw_ranked(teacher: Tensor, interesting: int, rest: int, sharpness: float) -> Ranked:
    """Draw interesting outfits by their place, and uninteresting ones from far below.

    Interesting ones are drawn without replacement from the upper half of the ranking, place r with a
    probability in proportion to e^(−r/T); uninteresting ones uniformly from the lower half, so that none is
    ranked above an interesting one. The halves are ours: of a catalogue, the public code draws the
    interesting ones from the first 500 places, and the others from all that come after.

    Args:
        teacher: Scores (N, M), −∞ where an outfit is no part of the sample. M ≥ 2.
        interesting: K; what half of the sample holds, where that is less.
        rest: L; likewise.
        sharpness: T > 0, in places.
    """
    order = teacher.argsort(dim=1, descending=True)
    half = order.shape[1] // 2
    places = torch.arange(half, device=teacher.device, dtype=torch.float32).expand(len(order), half)
    # The K greatest of independently perturbed logarithms are such a draw (Gumbel).
    perturbed = _gumbel(places) - places / sharpness
    chosen = perturbed.topk(min(interesting, half), dim=1).indices.sort(dim=1).values
    below = torch.rand(len(order), order.shape[1] - half, device=teacher.device)
    lower = half + below.topk(min(rest, below.shape[1]), dim=1).indices
    return Ranked(order.gather(1, chosen), order.gather(1, lower))


class Experts(nn.Module):
    """Distillation experts: small networks, of which a selection network weighs each for an outfit.

    The teacher's vector says which experts are asked; each maps the student's vector towards it, by
    d → (d + D) / 2 → D with a ReLU between (Kang et al. 2020, Sec. 4.1).

    Args:
        width: d, of the student's vectors.
        teacher_width: D.
        count: How many experts.
    """

    def __init__(self, width: int, teacher_width: int, count: int) -> None:
        super().__init__()
        hidden = (width + teacher_width) // 2
        self.width = width
        self.selection = nn.Linear(teacher_width, count)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, teacher_width))
            for _ in range(count)
        )

    def forward(self, student: Tensor, teacher: Tensor) -> Tensor:
        """The teacher's vectors as reconstructed, (B, D), from (B, d) and (B, D)."""
        logits = full_precision(self.selection(teacher))
        share = (logits + _gumbel(logits)).softmax(1)
        said = torch.stack([full_precision(expert(student)) for expert in self.experts], dim=1)
        return (share[:, :, None] * said).sum(1)


def _gumbel(like: Tensor) -> Tensor:
    return -torch.empty_like(like).exponential_().log()


class DERRDOptions(RecombinedOptions):
    """Options of DE-RRD.

    K, L and T are the defaults of the public code. How many experts there are (30 in the public code) and
    what they weigh (there 0.01 of a sum of squares, not of a mean) is ours.

    Attributes:
        experts: How many experts reconstruct the teacher's outfit vectors; 0 leaves RRD alone.
        experts_weight: Of their mean squared error.
        interesting: K.
        uninteresting: L.
        sharpness: T, in places of the ranking.
    """

    experts: Annotated[int, Field(ge=0)] = 5
    experts_weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.1
    interesting: Annotated[int, Field(ge=1)] = 40
    uninteresting: Annotated[int, Field(ge=1)] = 40
    sharpness: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 10.0

    @model_validator(mode="after")
    def _each_has_an_effect(self) -> DERRDOptions:
        if not self.experts and "experts_weight" in self.model_fields_set:
            raise ValueError(
                "experts above 0 where experts_weight is given: without experts it has no effect"
            )
        return self


@register_objective("de-rrd", options=DERRDOptions)
class DERRD(Objective):
    """Experts reconstruct the teacher's outfits, and a relaxed ranking follows its ranking (a baseline).

    Kang et al., *DE-RRD: A Knowledge Distillation Framework for Recommender System* (CIKM 2020),
    https://arxiv.org/abs/2012.04357. Both parts are kept, on what a step has: the paper wants the teacher's
    ranking of everything; here it is that of the batch's negatives and the recombined outfits, drawn anew in
    each step (the paper draws once an epoch). Left out: experts for users, as not every method has a vector
    of a user, and the fall of the selection's temperature, which stays at 1. A teacher of any width will do;
    the experts are not shipped.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"teacher", "recombined"})

    def __init__(self, options: DERRDOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        self._options = options
        self.experts: Experts | None = None
        if options.experts:
            require_outfit_vectors("de-rrd with experts", model)
            self.experts = Experts(model.feature_size, model.feature_size, options.experts)

    def check_teacher(self, teacher: OutfitModel) -> None:
        """Its outfits are vectors, where experts reconstruct them."""
        if self._options.experts:
            require_outfit_vectors("de-rrd with experts, teacher", teacher)

    def begin(self, fit: FitContext) -> Forecast:
        """Fit the experts to the teacher's width."""
        assert fit.teacher is not None  # it is one of the needs
        old, width = self.experts, fit.teacher.feature_size
        if old is not None and old.selection.in_features != width:
            device = old.selection.weight.device
            self.experts = Experts(old.width, width, len(old.experts)).to(device)
        return Forecast()

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """Losses "rrd" and "experts", the latter weighted."""
        options = self._options
        sampled = sampled_scores(step)
        ranked = draw_ranked(sampled.teacher, options.interesting, options.uninteresting, options.sharpness)
        interesting, rest = (sampled.student.gather(1, columns) for columns in ranked)
        # An outfit of their own is drawn only for who posted half of a sample; they have nothing to rank.
        usable = (interesting > -torch.inf).all(1)
        losses = {"rrd": 0.0 * step.positive_scores.sum()}
        if interesting[usable].numel():
            losses["rrd"] = relaxed_ranking(interesting[usable], rest[usable], options.temperature)
        if self.experts is not None:
            outfits = Outfits.joined(step.positives, step.negatives)
            assert outfits.items is not None  # a batch for a teacher says what they are
            theirs = step.teacher.embed_outfits(outfits.items, outfits.categories)
            found = self.experts(step.outfit_vectors(outfits), theirs)
            losses["experts"] = options.experts_weight * F.mse_loss(found, theirs)
        return losses
