"""Items as a model takes them: tensors of images, of feature vectors, or of a frozen backbone's vectors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core.errors import Fault, InputError
from ..datasets import Dataset
from ..models.options import InputKind

__all__ = ["ImageAugmentation", "ItemInputs", "as_float", "input_kind"]

ImageAugmentation = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""Looks at images (n, H, W, 3) a little differently."""


def input_kind(dataset: Dataset, wanted: str = "auto") -> InputKind:
    """What models see of a dataset's items.

    Args:
        dataset: May have images, features or both.
        wanted: "images", "features", or "auto": features where there are some.

    Raises:
        InputError: If the dataset has none of what is wanted.
    """
    there = {"images": dataset.pictures is not None, "features": dataset.vectors is not None}
    if wanted == "auto":
        return "features" if there["features"] else "image"
    if not there[wanted]:
        known = " and ".join(name for name, has in there.items() if has)
        raise InputError(
            Fault(f"dataset {dataset.name}", f"items without {wanted}", wanted, f"use its {known}")
        )
    return "features" if wanted == "features" else "image"


class ItemInputs:
    """The items of a dataset, by id.

    Args:
        dataset: The dataset.
        image_size: Pixels of the square images, where images are seen.
        items: As for `input_kind`.
        vectors: Float32 (num_items, W), seen in place of the items themselves: what a frozen backbone makes
            of each.

    Attributes:
        kind: "image" or "features", as `OutfitModel.input_kind`.
        size: Pixels of the square images, or the width of the vectors.
    """

    def __init__(
        self,
        dataset: Dataset,
        image_size: int,
        items: str = "auto",
        *,
        vectors: NDArray[np.float32] | None = None,
    ) -> None:
        self._dataset = dataset
        self._vectors = vectors
        self.kind: InputKind = "features" if vectors is not None else input_kind(dataset, items)
        self._images = dataset.image_array(image_size) if self.kind == "image" else None
        if vectors is not None:
            self.size = vectors.shape[1]
        else:
            self.size = (
                image_size if dataset.vectors is None or self.kind == "image" else dataset.vectors.size
            )

    def __call__(
        self, ids: NDArray[np.integer], augment: ImageAugmentation | None = None
    ) -> tuple[Tensor, Tensor]:
        """Inputs and categories of some items.

        Args:
            ids: Global ids (n,).
            augment: How each image is looked at; None takes it as it is. Vectors are what they are.

        Returns:
            uint8 (n, 3, H, W) in channels-last order or float32 (n, F), and int64 (n,).
        """
        categories = torch.from_numpy(self._dataset.item_category[ids].astype(np.int64))
        if self._vectors is not None:
            return torch.from_numpy(self._vectors[ids]), categories
        if self._images is None:
            return torch.from_numpy(self._dataset.features(ids)), categories
        images = self._images[ids]
        if augment is not None:
            images = augment(images)
        return torch.from_numpy(images).permute(0, 3, 1, 2), categories


def as_float(inputs: Tensor) -> Tensor:
    """Bytes of pixels to [0, 1]; feature vectors as they are."""
    return inputs.float().div_(255) if inputs.dtype == torch.uint8 else inputs
