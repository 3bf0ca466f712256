"""Relational knowledge distillation: distances and angles among the teacher's outfits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import torch
from pydantic import Field, model_validator
from torch.nn import functional as F  # noqa: N812 - the name everyone knows

from ...core.errors import Fault, InputError
from .objective import Need, Objective, ObjectiveOptions, Outfits, StepContext, register_objective
from .outfit_vectors import require_outfit_vectors
from .score_checks import full_precision

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["RKD", "RKDOptions", "relational_angle", "relational_distance"]


def relational_distance(student: Tensor, teacher: Tensor) -> Tensor:
    r"""Huber loss of the distances of all pairs, measured in their mean (Park et al. 2019, Eq. 4–6).

    Args:
        student: (B, d), B ≥ 2.
        teacher: (B, D), of any width. Constants.

    Returns:
        The mean over pairs, a scalar in at least float32 (also inside autocast).

    Raises:
        InputError: There are not as many rows in both, or fewer than 2.

    Example:
        >>> points = torch.tensor([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
        >>> relational_distance(points, 10 * points)  # only relations count
        tensor(0.)
    """
    _check_rows(student, teacher, least=2)
    ours, theirs = (_relative_distances(full_precision(vectors)) for vectors in (student, teacher))
    return F.huber_loss(ours, theirs)


def relational_angle(student: Tensor, teacher: Tensor) -> Tensor:
    r"""Huber loss of the cosines of the angles of all triples (Park et al. 2019, Eq. 7–8).

    Args:
        student: (B, d), B ≥ 3.
        teacher: (B, D), of any width. Constants.

    Returns:
        The mean over triples of different rows, a scalar in at least float32 (also inside autocast).

    Raises:
        InputError: There are not as many rows in both, or fewer than 3.

    Example:
        >>> points = torch.tensor([[0.0, 0.0], [3.0, 4.0], [1.0, 0.0]])
        >>> relational_angle(points, points + 5).abs() < 1e-6
        tensor(True)
    """
    _check_rows(student, teacher, least=3)
    ours, theirs = (_cosines(full_precision(vectors)) for vectors in (student, teacher))
    return F.huber_loss(ours, theirs)


def _relative_distances(vectors: Tensor) -> Tensor:
    """Of all pairs i < j, (B (B − 1) / 2,)."""
    distances = F.pdist(vectors)
    return distances / distances.mean().clamp_min(torch.finfo(distances.dtype).tiny)


def _cosines(vectors: Tensor) -> Tensor:
    """Of the angle at j between i and k, for all three different and i < k: (B (B − 1)(B − 2) / 2,)."""
    rows = len(vectors)
    with torch.autocast(vectors.device.type, enabled=False):
        edges = F.normalize(vectors[None] - vectors[:, None], dim=-1)  # from j to i
        cosines = edges @ edges.mT
    i, k = torch.triu_indices(rows, rows, 1, device=vectors.device)
    j = torch.arange(rows, device=vectors.device)[:, None]
    return cosines[:, i, k][(i != j) & (k != j)]


def _check_rows(student: Tensor, teacher: Tensor, least: int) -> None:
    if student.ndim != 2 or teacher.ndim != 2 or len(student) != len(teacher) or len(student) < least:
        found = f"shapes {tuple(student.shape)} and {tuple(teacher.shape)}"
        raise InputError(Fault("student and teacher", found, f"(B, d) and (B, D) with B of {least} or more"))


class RKDOptions(ObjectiveOptions):
    """Options of RKD.

    Attributes:
        distance: Weight of the distances; the paper's 1.
        angle: Weight of the angles; the paper's 2.
        outfits: How many of the step's outfits are related to one another, its positives first: triples grow
            with the cube.
    """

    distance: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    angle: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 2.0
    outfits: Annotated[int, Field(ge=3, le=512)] = 64

    @model_validator(mode="after")
    def _each_has_an_effect(self) -> RKDOptions:
        if not (self.distance or self.angle):
            raise ValueError("distance or angle above 0: without both there is nothing to distil")
        return self


@register_objective("rkd", options=RKDOptions)
class RKD(Objective):
    """Distances and angles among outfit vectors are pulled to the teacher's (a baseline; beside N-pair).

    Park et al., *Relational Knowledge Distillation* (CVPR 2019), https://arxiv.org/abs/1904.05068. Its
    mini-batch of images is here the batch's positives and negatives; their vectors are scaled to length 1, as
    a score does not see it. A teacher of any width will do, if its outfits are vectors.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"teacher"})

    def __init__(self, options: RKDOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        require_outfit_vectors("rkd", model)
        self._options = options

    def check_teacher(self, teacher: OutfitModel) -> None:
        """Its outfits are vectors."""
        require_outfit_vectors("rkd, teacher", teacher)

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """Losses "distances" and "angles", weighted; the two outfits of a single pair have no triple."""
        options = self._options
        outfits = Outfits.joined(step.positives, step.negatives).first(options.outfits)
        assert outfits.items is not None  # a batch for a teacher says what they are
        ours = F.normalize(full_precision(step.outfit_vectors(outfits)), dim=1)
        theirs = F.normalize(step.teacher.embed_outfits(outfits.items, outfits.categories), dim=1)
        losses = {}
        if options.distance:
            losses["distances"] = options.distance * relational_distance(ours, theirs)
        if options.angle and len(ours) > 2:
            losses["angles"] = options.angle * relational_angle(ours, theirs)
        return losses or {"distances": 0.0 * ours.sum()}
