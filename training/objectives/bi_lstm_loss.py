"""The loss of Bi-LSTM: the next item, in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import Fault, InputError
from .objective import Objective, ObjectiveOptions, StepContext, register_objective
from .score_checks import full_precision

if TYPE_CHECKING:
    from torch import Tensor

    from ...models import OutfitModel

__all__ = ["BiLSTM"]


@register_objective("bi-lstm", options=ObjectiveOptions)
class BiLSTM(Objective):
    r"""Each item of a positive outfit is foretold from those before it, and from those behind it.

    $$-\frac1N \sum_n \frac1{L_n} \sum_{t=1}^{L_n} \log
    \frac{\exp(h_t \cdot x_{t+1})}{\exp(0) + \sum_b \exp(h_t \cdot x_b)}$$

    and the same in reverse; with $x_1 \dots x_L$ an outfit's items in their order, $x_{L+1} = 0$ its end, and
    b over the distinct items of the step, so that an item worn twice is one class. Negatives lend their items
    to the choice and have no loss of their own.

    Han et al., *Learning Fashion Compatibility with Bidirectional LSTMs* (ACM MM 2017),
    https://arxiv.org/abs/1707.05691, without the text–image term.
    """

    def __init__(self, options: ObjectiveOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        if not model.has_next_item_losses:
            found = f"model {type(model).__name__}, which foretells no items"
            raise InputError(Fault("objective bi-lstm", found, "one such as bi-lstm"))
        self._model = (model,)  # in a tuple: its parameters are not ours

    def forward(self, step: StepContext) -> dict[str, Tensor]:
        """Losses "forward" and "backward"."""
        (model,) = self._model
        outfits = step.positives
        losses = model.next_item_losses(step.features_of(outfits), outfits.categories, step.features)
        return {
            name: full_precision(loss).mean()
            for name, loss in zip(("forward", "backward"), losses, strict=True)
        }
