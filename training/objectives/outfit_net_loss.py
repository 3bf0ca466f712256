"""The loss of OutfitNet's second stage: BPR that goes on from a first stage."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, ClassVar

from ...core.errors import Fault, InputError
from .bpr_loss import BPR
from .objective import Need, TemperatureOptions, register_objective

if TYPE_CHECKING:
    from ...models import OutfitModel

__all__ = ["OutfitNet"]

_ITEMS = ("backbone.", "head.")
"""What encodes items, of a model that has learnt which ones go together."""


@register_objective("outfit-net", options=TemperatureOptions)
class OutfitNet(BPR):
    """BPR of a second stage: its items have been learnt by a first one, whose weights it starts from.

    Lin, Moosaei and Yang, *OutfitNet* (WWW 2020), https://doi.org/10.1145/3366423.3380096: the difference of
    a user's scores of a positive and a negative outfit is maximised, as in the first stage. The same without
    a first stage is objective `bpr`.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"start"})

    def __init__(self, options: TemperatureOptions, model: OutfitModel) -> None:
        super().__init__(options, model)
        self._items = [name for name in model.state_dict() if name.startswith(_ITEMS)]

    def check_start(self, taken: Set[str]) -> None:
        """See `Objective.check_start`; all that encodes items has to come from the first stage."""
        if lacking := [name for name in self._items if name not in taken]:
            found = f"a first stage without {lacking[0]} ({len(lacking)} of {len(self._items)} such weights)"
            fix = "give both stages the same backbone and items"
            raise InputError(Fault("objective outfit-net, start", found, "all that encodes items", fix))
