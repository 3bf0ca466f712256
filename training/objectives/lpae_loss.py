"""The loss of LPAE: all pairs of the batch, and anchors kept apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import torch
from pydantic import Field
from torch.nn import functional as F  # noqa: N812 - the name everyone knows

from ...core.errors import Fault, InputError
from .objective import Objective, StepContext, TemperatureOptions, register_objective
from .score_checks import batch_scores, full_precision

if TYPE_CHECKING:
    from torch import Tensor

    from ...datasets import Dataset
    from ...models import OutfitModel

__all__ = ["LPAE", "LPAEOptions", "all_pairs", "log_det"]


class LPAEOptions(TemperatureOptions):
    """Options of LPAE's loss.

    Attributes:
        log_det: Weight of the regulariser.
    """

    log_det: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.01


def all_pairs(positive: Tensor, negative: Tensor, temperature: float) -> Tensor:
    r"""BPR of every positive against every negative of the batch, each scored for its own user.

    $$\frac1{N^2} \sum_{i,j} \log\left(1 + \exp(-(s^+_i - s^-_j)/\tau)\right)$$

    Args:
        positive: (N,), the score of each pair.
        negative: (N, N), as the other objectives take it. Only the diagonal counts: the score that user j
            gives to the negative drawn for pair j.
        temperature: τ > 0.

    Returns:
        A scalar in at least float32 (also inside autocast).

    Raises:
        InputError: `negative` is not square, the batch is empty, or the temperature is not above 0.

    Example:
        >>> all_pairs(torch.zeros(2), torch.zeros(2, 2), temperature=0.1).exp()
        tensor(2.)
    """
    positive, negative = batch_scores(positive, negative, temperature)
    pairs, columns = negative.shape
    if columns != pairs:
        raise InputError(Fault("negative", f"shape {(pairs, columns)}", f"square, ({pairs}, {pairs})"))
    return F.softplus(negative.diagonal().unsqueeze(0) - positive.unsqueeze(1)).mean()


def log_det(anchors: Tensor) -> Tensor:
    """Mean over users of tr G − log det G, with G = P Pᵀ of a user's anchors.

    Least, and equal to the number of anchors, where the anchors are orthonormal.

    Args:
        anchors: P, float (n, A, d) with A ≤ d.

    Returns:
        A scalar in at least float32; infinite where a user's anchors are linearly dependent.

    Example:
        >>> log_det(torch.eye(4).unsqueeze(0))
        tensor(4.)
    """
    anchors = full_precision(anchors)
    with torch.autocast(anchors.device.type, enabled=False):
        products = anchors @ anchors.mT
        return (anchors.square().sum((1, 2)) - torch.linalg.slogdet(products).logabsdet).mean()


@register_objective("lpae", options=LPAEOptions)
class LPAE(Objective):
    """BPR over all pairs of the batch, and the log-determinant that keeps a user's anchors apart.

    Lu et al., *Personalized Outfit Recommendation with Learnable Anchors* (CVPR 2021),
    https://openaccess.thecvf.com/content/CVPR2021/html/Lu_Personalized_Outfit_Recommendation_With_Learnable_Anchors_CVPR_2021_paper.html.
    The mean of the regulariser is over the users of the batch's pairs, as in the public code: who has more
    outfits counts more often.
    """

    def __init__(self, options: LPAEOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        if not model.has_user_anchors:
            found = f"model {type(model).__name__}, whose users have no anchors"
            raise InputError(Fault("objective lpae", found, "a model of anchors, such as lpae-u"))
        self._options = options
        self._model = (model,)  # in a tuple: its parameters are not ours

    def check_dataset(self, dataset: Dataset) -> None:
        """See `Objective.check_dataset`; each user needs a training outfit to learn anchors from."""
        learnt = set(dataset.split("train").users.tolist())
        if missing := sorted(set(range(dataset.num_users)) - learnt):
            found = f"no training outfit of user {missing[0]} ({len(missing)} such users)"
            expected = "one at least for each user's anchors"
            raise InputError(Fault(f"objective lpae on {dataset.name}", found, expected))

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """Losses "all pairs" and "log-det", weighted; see `all_pairs` and `log_det`."""
        (model,) = self._model
        apart = log_det(model.user_anchors(step.users))
        return {
            "all pairs": all_pairs(step.positive_scores, step.negative_scores, self._options.temperature),
            "log-det": self._options.log_det * apart,
        }
