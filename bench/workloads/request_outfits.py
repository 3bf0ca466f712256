"""One request for several outfits of one user, from decoded images to the scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..effort import Effort
from ..engines.engine import answer
from .registry import register_workload
from .served import ServedModel
from .workload import Turn, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..ceiling import Work
    from ..model_work import ModelWork

__all__ = ["RequestOutfits"]


@register_workload("request-outfits")
class RequestOutfits(Workload):
    """One user asks for the scores of several outfits, from their items' decoded images or features.

    - "outfits_latency" (s): of `Effort.outfits` outfits that share no item, from the host's memory to the
      host's memory.
    """

    units: ClassVar = {"outfits_latency": "s"}
    effort = ("rounds", "samples", "outfits", "warm_seconds", "turn_seconds")
    enough: ClassVar = {"outfits_latency": (100, "for p99")}

    def work(self, model: ModelWork, effort: Effort) -> Mapping[str, Work]:
        """See `Workload.work`."""
        return {"outfits_latency": model.answer(effort.outfits)}

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """One sample a call."""
        request = served.request_of_one_user(effort.outfits)
        seconds, flags = served.warm_seconds_of(
            f"request of {effort.outfits}", lambda: answer(served.engine, request), effort.samples
        )
        return Turn({"outfits_latency": seconds}, {"outfits_latency": flags})
