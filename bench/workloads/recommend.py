"""The whole job: from a split's encoded images to every user's candidates in order."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...datasets.dataset import Dataset
from ...datasets.tables import NO_ITEM
from ..ceiling import Work
from ..effort import Effort
from ..engines.engine import Engine, has_item_bank, outfits_at_once, score_among
from .item_files import ENCODED_AT_ONCE, item_reader, read_categories, write_items
from .registry import register_workload
from .served import ServedModel
from .workload import Turn, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..model_work import ModelWork

__all__ = ["PHASES", "Recommend", "ranked", "recommend", "write_candidates"]

PHASES = ("decode", "encode", "score")
"""Image files to pixels, pixels to features, features of outfits to every user's list."""

_AMONG_AT_ONCE = 2**24
"""Outfits times items of a bank that are scored at a time: an exported graph holds some numbers for each."""


@register_workload("recommend")
class Recommend(Workload):
    """Put every user's test candidates in order, from the encoded image files or the features.

    - "recommend" (s): the whole of it. Its parts are "recommend_decode" (image files to pixels),
      "recommend_encode" (pixels to features) and "recommend_score" (features of outfits to every user's
      list). An untimed run goes before.
    """

    units: ClassVar = dict.fromkeys(["recommend", *(f"recommend_{phase}" for phase in PHASES)], "s")
    effort = ("recommend_runs", "recommend_candidates")
    enough: ClassVar = {"recommend": (6, "for an interval")}
    needs_dataset = True

    def turns(self, effort: Effort) -> int:
        """One run a turn."""
        return effort.recommend_runs

    def lay_out(self, dataset: Dataset, input_kind: str, folder: Path, effort: Effort) -> Sequence[str]:
        """See `write_candidates`."""
        limit = effort.recommend_candidates
        kept, total = write_candidates(dataset, folder, images=input_kind == "image", limit=limit)
        return [f"{kept} of {total} candidates"] if kept < total else []

    def work_on(self, model: ModelWork, effort: Effort, folder: Path) -> Mapping[str, Work]:
        """See `Workload.work_on`.

        Each item is encoded once, and each outfit is needed once, whoever it is a candidate of; one of fewer
        items counts as much less. Decoding is neither products nor mere bytes, so that it has no bound, and
        neither has the whole.
        """
        users, outfits, categories = _laid_out(folder)
        items = len(categories)
        worn = np.count_nonzero(np.unique(outfits, axis=0) != NO_ITEM)
        matrix = model.matrix
        flops = matrix.flops.of(worn / model.outfit_size, len(users), items)
        moved = matrix.bytes(len(np.unique(users)), items, len(users))
        return {"recommend_encode": model.encode.of(items), "recommend_score": Work(flops, moved)}

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """One run; the first of a process comes after one that does not count, which meets its shapes."""
        assert folder is not None, "it needs a dataset"
        size = served.input_size if served.subject.input_kind == "image" else None
        if served.first_time("recommend"):
            recommend(served.engine, folder, size, served.threads)
        seconds = recommend(served.engine, folder, size, served.threads)
        parts = {f"recommend_{phase}": [seconds[phase]] for phase in PHASES}
        return Turn({"recommend": [sum(seconds.values())], **parts})


def write_candidates(
    dataset: Dataset, folder: Path, *, images: bool, limit: int | None = None
) -> tuple[int, int]:
    """Lay the test candidates under random negatives out in a folder, for a process that knows no datasets.

    Args:
        dataset: Whose candidates.
        folder: An empty folder.
        images: Whether to lay out the items' image files, or else their features.
        limit: Keep this many candidates, spread evenly over the set; None keeps all.

    Returns:
        How many candidates were kept, and of how many.
    """
    candidates = dataset.candidates("test", "random")
    kept = np.unique(
        np.linspace(0, len(candidates) - 1, min(limit or len(candidates), len(candidates)), dtype=int)
    )
    table = candidates.outfits.take(kept)
    ids = table.distinct_items
    positions = np.where(table.items == NO_ITEM, NO_ITEM, np.searchsorted(ids, table.items))
    np.save(folder / "users.npy", table.users.astype(np.int64))
    np.save(folder / "outfits.npy", positions.astype(np.int64))
    write_items(dataset, ids, folder, images=images)
    return len(table), len(candidates)


def recommend(engine: Engine, folder: Path, image_size: int | None, threads: int) -> dict[str, float]:
    """Recommend to every user once.

    Each distinct item is decoded and encoded once; then every candidate is scored, among all these items
    where the model has a bank, and each user's are put in order.

    Args:
        engine: Loaded.
        folder: What `write_candidates` laid out.
        image_size: Pixels to decode images to, or None for feature items.
        threads: How many images are decoded at a time.

    Returns:
        Seconds by phase (`PHASES`).
    """
    users, outfits, categories = _laid_out(folder)
    watch = _Stopwatch()
    features: list[NDArray[np.float32]] = []
    with ThreadPoolExecutor(threads) as pool:
        read = item_reader(folder, image_size, pool)
        for first in range(0, len(categories), ENCODED_AT_ONCE):
            part = slice(first, min(first + ENCODED_AT_ONCE, len(categories)))
            with watch.phase("decode"):
                items = read(part)
            with watch.phase("encode"):
                features.append(engine.to_host(engine.encode_items(items, categories[part])))
    with watch.phase("score"):
        ranked(users, _score(engine, users, outfits, categories, np.concatenate(features)))
    return watch.seconds


def _laid_out(folder: Path) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """What `write_candidates` wrote: users (N,), their outfits' rows (N, K), and categories of items (n,)."""
    users, outfits = (np.load(folder / f"{name}.npy") for name in ("users", "outfits"))
    return users, outfits, read_categories(folder)


def ranked(users: NDArray[np.int64], scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """The rows of each user in turn, the best first, int64 (N,).

    Example:
        >>> ranked(np.array([1, 0, 1, 0]), np.float32([0.1, 0.2, 0.9, 0.8])).tolist()
        [3, 1, 2, 0]
    """
    return np.lexsort((-scores, users))


def _score(
    engine: Engine,
    users: NDArray[np.int64],
    outfits: NDArray[np.int64],
    item_categories: NDArray[np.int64],
    features: NDArray[np.float32],
) -> NDArray[np.float32]:
    categories = np.where(outfits == NO_ITEM, -1, item_categories[outfits])
    at_once = outfits_at_once(engine)
    if has_item_bank(engine):
        at_once = max(min(at_once, _AMONG_AT_ONCE // len(features)), 1)
    scores = []
    for first in range(0, len(users), at_once):
        part = slice(first, first + at_once)
        worn = np.take(features, outfits[part].reshape(-1), axis=0)
        scores.append(score_among(engine, users[part], worn, categories[part], features))
    return np.concatenate(scores)


class _Stopwatch:
    """Adds up seconds by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(PHASES, 0.0)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        start = time.perf_counter_ns()
        yield
        self.seconds[name] += (time.perf_counter_ns() - start) / 1e9
