"""The same as "top-k" by an approximate index."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import numpy as np

from ..effort import Effort
from ..errors import EngineError
from ..latency import seconds_of
from .registry import register_workload
from .served import ServedModel
from .top_k import exact, made_vectors
from .workload import Turn, Workload

__all__ = ["TopKApproximate"]

_PROBED = 16
"""Cells of the index that are searched for a user."""


@register_workload("top-k-approximate")
class TopKApproximate(Workload):
    """Find every user's best outfits among ready outfit vectors by faiss's inverted file (extra `faiss`).

    √N cells, of which 16 are searched for a user; vectors and machine as for "top-k".

    - "index" (s): building the index.
    - "approximate_top_k" (s): `Effort.best` outfits for each of the model's users.
    - "recall" (share): how many of the exact ones are among those that were found.
    """

    units: ClassVar = {"index": "s", "approximate_top_k": "s", "recall": "share"}
    effort = ("rounds", "vectors", "best")

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """One index, one search, and what it found."""
        if find_spec("faiss") is None:
            raise EngineError(
                "workload top-k-approximate: found no faiss, expected it; install outfitbench[faiss]"
            )
        import faiss

        faiss.omp_set_num_threads(served.threads)
        made = made_vectors(served, effort)
        cells = max(1, int(len(made.outfits) ** 0.5))
        centres = faiss.IndexFlatIP(made.outfits.shape[1])
        index = faiss.IndexIVFFlat(centres, made.outfits.shape[1], cells, faiss.METRIC_INNER_PRODUCT)
        index.cp.min_points_per_centroid = 1  # few vectors are no fault here, and no reason to warn
        index.nprobe = min(_PROBED, cells)

        def build() -> None:
            index.train(made.outfits)
            index.add(made.outfits)

        found: list[np.ndarray] = []
        turn = Turn({"index": [seconds_of(build)]})
        turn.samples["approximate_top_k"] = [
            seconds_of(lambda: found.append(index.search(made.users, effort.best)[1]))
        ]
        best = exact(made, effort, served).outfits
        hits = sum(len(np.intersect1d(own, other)) for own, other in zip(best, found[0], strict=True))
        turn.samples["recall"] = [hits / best.size]
        return turn
