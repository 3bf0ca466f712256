"""The same as "top-k" by an approximate index."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from ...core.errors import InputError
from ...evaluation.nearest_outfits import NearestOutfits
from ...evaluation.outfit_index import OutfitIndex, need_faiss, recall
from ..effort import Effort
from ..errors import EngineError
from ..latency import seconds_of
from .registry import register_workload
from .served import ModelTraits, ServedModel
from .top_k import exact, lacking_vectors, made_vectors
from .workload import Turn, Workload

__all__ = ["TopKApproximate"]


@register_workload("top-k-approximate")
class TopKApproximate(Workload):
    """Find every user's best outfits among ready outfit vectors by faiss's inverted file (extra `faiss`).

    As `OutfitIndex` does it; vectors and machine as for "top-k".

    - "index" (s): building the index.
    - "approximate_top_k" (s): `Effort.best` outfits for each of the model's users.
    - "recall" (share): how many of the exact ones are among those that were found.
    """

    units: ClassVar = {"index": "s", "approximate_top_k": "s", "recall": "share"}
    effort = ("rounds", "vectors", "best")

    @classmethod
    def lacks(cls, traits: ModelTraits) -> str:
        """See `Workload.lacks`."""
        return lacking_vectors(traits)

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """One index, one search, and what it found."""
        try:
            need_faiss("workload top-k-approximate")
        except InputError as error:
            raise EngineError(str(error)) from error
        made = made_vectors(served, effort)
        index: list[OutfitIndex] = []
        found: list[NearestOutfits] = []
        turn = Turn(
            {
                "index": [
                    seconds_of(lambda: index.append(OutfitIndex(made.outfits, threads=served.threads)))
                ],
                "approximate_top_k": [
                    seconds_of(lambda: found.append(index[0].search(made.users, effort.best)))
                ],
            }
        )
        turn.samples["recall"] = [recall(found[0].outfits, exact(made, effort, served).outfits)]
        return turn
