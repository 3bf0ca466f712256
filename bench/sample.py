"""Some of a dataset's training outfits, for what is set or compared on inputs as they come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.errors import Fault, InputError
from ..datasets import NO_ITEM, Dataset
from .engines.engine import Engine, score_among
from .request import Items
from .subject import Subject

__all__ = ["Sample", "draw_sample", "sample_scores"]

_OUTFITS, _USERS, _SEED = 192, 8, 0

_BATCH = 32


@dataclass(frozen=True, eq=False)
class Sample:
    """Outfits that users posted, and their items as a model takes them.

    Attributes:
        items: Distinct items: uint8 (n, H, W, 3) or float32 (n, F).
        item_categories: int64 (n,).
        users: int64 (m,), who posted each outfit.
        outfits: int64 (m, K), rows of `items`; `NO_ITEM` in an empty slot.
    """

    items: Items
    item_categories: NDArray[np.int64]
    users: NDArray[np.int64]
    outfits: NDArray[np.int64]

    def batches(self) -> list[slice]:
        """Slices of the items, of a size that any machine holds."""
        return [slice(start, start + _BATCH) for start in range(0, len(self.items), _BATCH)]


def draw_sample(dataset: Dataset, subject: Subject, outfits: int = _OUTFITS) -> Sample:
    """Training outfits of a dataset with their items, always the same ones.

    Args:
        dataset: What the model was trained on.
        subject: Says how the model sees items; its input size is given.
        outfits: How many, if there are as many.

    Raises:
        InputError: If no outfit was trained on, or the items are not there as the model sees them.
    """
    table = dataset.split("train")
    if not len(table):
        found = "no training outfit"
        raise InputError(Fault(f"dataset {dataset.name}", found, "some, whose items compression looks at"))
    drawn = np.random.default_rng(_SEED).choice(len(table), min(outfits, len(table)), replace=False)
    drawn.sort()
    worn = table.items[drawn]
    ids = np.unique(worn[worn != NO_ITEM])
    if subject.input_kind == "features":
        items: Items = dataset.features(ids)
    else:
        assert subject.input_size is not None, "a trained model knows what it sees"
        items = dataset.images(ids, subject.input_size)
    return Sample(
        items=items,
        item_categories=dataset.item_category[ids].astype(np.int64),
        users=table.users[drawn].astype(np.int64),
        outfits=np.where(worn == NO_ITEM, NO_ITEM, np.searchsorted(ids, worn)).astype(np.int64),
    )


def sample_scores(engine: Engine, sample: Sample) -> NDArray[np.float32]:
    """What some of the sample's users give each of its outfits, float32 (users, outfits).

    Args:
        engine: Loaded, with the model that the sample was drawn for.
        sample: Some outfits.
    """
    features = np.concatenate(
        [
            engine.to_host(engine.encode_items(sample.items[part], sample.item_categories[part]))
            for part in sample.batches()
        ]
    )
    worn = np.maximum(sample.outfits, 0)  # any item will do: nobody looks at an empty slot
    categories = np.where(sample.outfits == NO_ITEM, -1, sample.item_categories[worn])
    rows = features[worn.reshape(-1)]
    users = np.unique(sample.users)[:_USERS]
    return np.stack(
        [score_among(engine, np.full(len(worn), user), rows, categories, features) for user in users]
    )
