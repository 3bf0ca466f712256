"""Encoding a catalogue from its image files."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ...datasets.dataset import Dataset
from ..effort import Effort
from ..latency import collector_off, seconds_of
from .item_files import ENCODED_AT_ONCE, item_reader, read_categories, write_items
from .registry import register_workload
from .served import ServedModel
from .workload import Turn, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..ceiling import Work
    from ..model_work import ModelWork

__all__ = ["Catalogue"]


@register_workload("catalogue")
class Catalogue(Workload):
    """Encode a dataset's items, 64 at a time, from their image files or their features.

    - "catalogue" (item/s): items by the time that it took to decode and encode them.
    - "catalogue_decode" (item/s): image files to pixels, on all cores that the engine may use; images only.
    - "catalogue_encode" (item/s): pixels or features to the features that are kept.

    Decoding and encoding take turns, so that each has all cores and the two add up to the whole.
    """

    units: ClassVar = dict.fromkeys(["catalogue", "catalogue_decode", "catalogue_encode"], "item/s")
    effort = ("rounds", "catalogue_items")
    needs_dataset = True

    def lay_out(self, dataset: Dataset, input_kind: str, folder: Path, effort: Effort) -> Sequence[str]:
        """The files, or the features, of items spread evenly over the catalogue."""
        count = min(effort.catalogue_items or dataset.num_items, dataset.num_items)
        ids = np.unique(np.linspace(0, dataset.num_items - 1, count, dtype=int))
        write_items(dataset, ids, folder, images=input_kind == "image")
        return [f"{count} of {dataset.num_items} items"] if count < dataset.num_items else []

    def work(self, model: ModelWork, effort: Effort) -> Mapping[str, Work]:
        """See `Workload.work`."""
        return {"catalogue_encode": model.encode.of(ENCODED_AT_ONCE)}

    def turn(self, served: ServedModel, effort: Effort, folder: Path | None) -> Turn:
        """One pass; the first of a process comes after one that does not count."""
        assert folder is not None, "it needs a dataset"
        if served.first_time("catalogue"):
            self._pass(served, folder)
        decode, encode = self._pass(served, folder)
        count = len(read_categories(folder))
        samples = {"catalogue": [count / (decode + encode)], "catalogue_encode": [count / encode]}
        if served.subject.input_kind == "image":
            samples["catalogue_decode"] = [count / decode]
        return Turn(samples)

    def _pass(self, served: ServedModel, folder: Path) -> tuple[float, float]:
        """Seconds of decoding and of encoding."""
        categories, engine = read_categories(folder), served.engine
        size = served.input_size if served.subject.input_kind == "image" else None
        decode = encode = 0.0
        with ThreadPoolExecutor(served.threads) as pool, collector_off():
            read = item_reader(folder, size, pool)
            for first in range(0, len(categories), ENCODED_AT_ONCE):
                part = slice(first, min(first + ENCODED_AT_ONCE, len(categories)))
                items = []
                decode += seconds_of(lambda part=part, items=items: items.append(read(part)))
                encode += seconds_of(
                    lambda part=part, items=items: engine.to_host(
                        engine.encode_items(items[0], categories[part])
                    )
                )
        return decode, encode
