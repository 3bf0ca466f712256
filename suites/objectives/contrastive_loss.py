"""The contrastive loss over two views of each outfit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - the name everyone knows

from ...datasets.errors import Fault, InputError
from .score_checks import full_precision, positive_temperature

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["contrastive"]


def contrastive(views: Tensor, temperature: float) -> Tensor:
    r"""The SimCLR loss (Chen et al. 2020) as in Eq. 17 and 18: each view has to find its partner.

    $$-\frac1{2N} \sum_n \log \frac{\exp(s_{n,p(n)}/\tau)}{\sum_{t \ne n} \exp(s_{n,t}/\tau)}$$

    where s is the cosine of two views and p(n) the other view of n's outfit.

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
