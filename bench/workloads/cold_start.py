"""A new user: from images of a few outfits that are known of them to their first scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...evaluation.neighbourhoods import neighbours, similarities, weighted_average_weights
from ..ceiling import Work
from ..effort import Effort
from ..engines.engine import Features, score_among
from ..request import Request
from .registry import register_workload
from .served import ModelTraits, ServedModel
from .workload import Turn, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model_work import ModelWork

__all__ = ["ColdStart"]


@register_workload("cold-start")
class ColdStart(Workload):
    """Score outfits for a user on whom nothing was trained, by the known users who like the same (*w-avg*).

    - "cold_start" (s): from the decoded images, or features, of `Effort.history` outfits that are known of
      the new user to the scores of `Effort.outfits` outfits whose features are cached.
    """

    units: ClassVar = {"cold_start": "s"}
    effort = ("rounds", "samples", "history", "outfits", "warm_seconds", "turn_seconds")
    enough: ClassVar = {"cold_start": (100, "for p99")}

    @classmethod
    def lacks(cls, traits: ModelTraits) -> str:
        """See `Workload.lacks`."""
        return "" if traits.scores_new_users else "known users who are asked in place of a new one"

    def work(self, model: ModelWork, effort: Effort) -> Mapping[str, Work]:
        """See `Workload.work`.

        Each outfit is needed once, whoever likes it: all known users' scores of those that are known of the
        new one, and of the others those of one neighbour. How many more there are, the scores decide.
        """
        everyone, size = model.num_users, model.outfit_size
        known, asked = effort.history * size, effort.outfits * size
        encode, matrix = model.encode.of(known), model.matrix
        liked = matrix.flops.of(effort.history, everyone * effort.history, known)
        scored = matrix.flops.of(effort.outfits, effort.outfits, asked)
        moved = encode.bytes + matrix.bytes(everyone, asked, effort.outfits)
        return {"cold_start": Work(encode.flops + liked + scored, moved)}

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """One sample a new user."""
        engine = served.engine
        known, asked = served.request(effort.history), served.request(effort.outfits)
        cached = engine.to_host(engine.encode_items(asked.items, asked.categories.reshape(-1)))

        def score_for_a_new_user() -> NDArray[np.float64]:
            features = engine.to_host(engine.encode_items(known.items, known.categories.reshape(-1)))
            everyone = np.arange(served.subject.num_users)
            liked = _scores_of(everyone, served, known, features)
            similarity = similarities(liked[:, None])
            weights = weighted_average_weights(similarity, neighbours(similarity))[0]
            near = np.flatnonzero(weights)
            return weights[near] @ _scores_of(near, served, asked, cached)

        seconds, flags = served.warm_seconds_of("cold start", score_for_a_new_user, effort.samples)
        return Turn({"cold_start": seconds}, {"cold_start": flags})


def _scores_of(
    users: NDArray[np.int64], served: ServedModel, request: Request, features: Features
) -> NDArray[np.float32]:
    """Scores of each user for every outfit of a request, (U, B)."""
    outfits, slots = request.categories.shape
    rows = np.tile(np.arange(outfits * slots), len(users))
    scores = score_among(
        served.engine,
        np.repeat(users, outfits),
        features[rows],
        np.tile(request.categories, (len(users), 1)),
        features,
    )
    return scores.reshape(len(users), outfits)
