"""Requests from cached features: what a shop with a catalogue pays, whose items are encoded already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..effort import Effort
from ..engines.engine import score_among
from ..request import Request
from .registry import register_workload
from .served import ServedModel
from .workload import Turn, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..ceiling import Work
    from ..model_work import ModelWork

__all__ = ["RequestFeatures"]


@register_workload("request-features")
class RequestFeatures(Workload):
    """One user asks for scores of outfits whose items' features are cached in the host's memory.

    - "score_latency" (s): of one outfit.
    - "score_outfits_latency" (s): of `Effort.outfits` outfits at once.

    A model with an item bank ranks among the request's own items.
    """

    units: ClassVar = {"score_latency": "s", "score_outfits_latency": "s"}
    effort = ("rounds", "samples", "outfits", "warm_seconds", "turn_seconds")
    enough: ClassVar = {"score_latency": (100, "for p99"), "score_outfits_latency": (100, "for p99")}

    def work(self, model: ModelWork, effort: Effort) -> Mapping[str, Work]:
        """See `Workload.work`."""
        one, many = model.score.of(1), model.score.of(effort.outfits)
        return {"score_latency": one, "score_outfits_latency": many}

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """One sample a call."""
        one, flags = self._seconds(served, served.request(1), effort)
        many, flags_of_many = self._seconds(served, served.request_of_one_user(effort.outfits), effort)
        return Turn(
            {"score_latency": one, "score_outfits_latency": many},
            {"score_latency": flags, "score_outfits_latency": flags_of_many},
        )

    def _seconds(
        self, served: ServedModel, request: Request, effort: Effort
    ) -> tuple[list[float], list[str]]:
        engine, categories = served.engine, request.categories
        features = engine.to_host(engine.encode_items(request.items, categories.reshape(-1)))
        return served.warm_seconds_of(
            f"score {len(categories)}",
            lambda: score_among(engine, request.users, features, categories, features),
            effort.samples,
        )
