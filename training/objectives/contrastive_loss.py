"""The contrastive loss over two views of each outfit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, TypeVar

import torch
from pydantic import AfterValidator, Field, model_validator
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the name everyone knows

from ...core.errors import Fault, InputError
from .objective import Need, Objective, StepContext, TemperatureOptions, register_objective
from .outfit_vectors import require_outfit_vectors
from .score_checks import full_precision, positive_temperature

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["Contrastive", "ContrastiveOptions", "contrastive"]

Names = TypeVar("Names", bound=tuple[str, ...])


def contrastive(views: Tensor, temperature: float) -> Tensor:
    r"""The SimCLR loss (Chen et al. 2020) as in Eq. 17 and 18: each view has to find its partner.

    $$-\frac1{2N} \sum_n \log \frac{\exp(s_{n,p(n)}/\tau)}{\sum_{t \ne n} \exp(s_{n,t}/\tau)}$$

    where s is the cosine of two views and p(n) the other view of n's outfit. SimCLR: Chen et al., *A Simple
    Framework for Contrastive Learning of Visual Representations* (ICML 2020),
    https://arxiv.org/abs/2002.05709.

    Args:
        views: (2N, d), projected outfits g(o), of any length; rows 2n and 2n + 1 are one outfit's views.
        temperature: τ > 0.

    Returns:
        The mean over views, a scalar in at least float32 (also inside autocast). With a single outfit (N = 1)
        there is none to be told from: loss and gradient are 0.

    Raises:
        InputError: The number of rows is odd or zero, or the temperature is not above 0.

    Example:
        >>> views = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 3.0]])
        >>> contrastive(views, temperature=0.1) < 1e-4
        tensor(True)
    """
    if views.ndim != 2 or not len(views) or len(views) % 2:
        found = f"shape {tuple(views.shape)}"
        raise InputError(Fault("views", found, "(2N, d), two rows for each of N ≥ 1 outfits"))
    with torch.autocast(views.device.type, enabled=False):
        directions = F.normalize(full_precision(views), dim=1)
        similarity = directions @ directions.T / positive_temperature(temperature)
    row = torch.arange(len(views), device=views.device)
    others = similarity.masked_fill(torch.eye(len(views), dtype=torch.bool, device=views.device), -torch.inf)
    return F.cross_entropy(others, target=row ^ 1)


def _views_differ(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("each augmentation once")
    return _not_identity_alone(names)


def _not_identity_alone(names: Names) -> Names:
    if set(names) == {"identity"}:
        raise ValueError("an augmentation other than identity, or both views are the outfit itself")
    return names


class ContrastiveOptions(TemperatureOptions):
    """Options of contrastive learning.

    Attributes:
        augmentations: The set that both views are drawn from: every pair but (identity, identity). The paper
            treats it as a hyper-parameter (Fig. 5).
        pair: The augmentation of every first and of every second view, in place of a set to draw both from.
    """

    augmentations: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_views_differ)] = (
        "identity",
        "erase",
        "replace",
    )
    pair: Annotated[tuple[str, str], AfterValidator(_not_identity_alone)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> ContrastiveOptions:
        if self.pair is not None and "augmentations" in self.model_fields_set:
            raise ValueError("a pair, or augmentations to draw both views from")
        return self


@register_objective("contrastive", options=ContrastiveOptions)
class Contrastive(Objective):
    """Two augmented views of an outfit find each other among the batch's (Eq. 17 and 18).

    g is d → d → d with a ReLU between (33,024 parameters at d = 128), trained and not shipped.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"views"})

    def __init__(self, options: ContrastiveOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        require_outfit_vectors("contrastive", model)
        self._temperature = options.temperature
        width = model.feature_size
        self.projection = nn.Sequential(
            nn.Linear(width, width), nn.ReLU(inplace=True), nn.Linear(width, width)
        )

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """See `contrastive`."""
        return {"contrastive": contrastive(self.projection(step.view_vectors), self._temperature)}
