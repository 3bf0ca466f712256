"""Items as a model takes them: tensors of images or of feature vectors."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..datasets import Dataset
from ..models.options import InputKind
from .training.augmentation import flip_and_shift

__all__ = ["ItemInputs", "as_float"]


class ItemInputs:
    """The items of a dataset, by id.

    Attributes:
        kind: "image" or "features", as `OutfitModel.input_kind`.
        size: Pixels of the square images, or the width of the vectors.
    """

    def __init__(self, dataset: Dataset, image_size: int) -> None:
        self._dataset = dataset
        self.kind: InputKind = "features" if dataset.vectors is not None else "image"
        self._images = dataset.image_array(image_size) if dataset.vectors is None else None
        self.size = dataset.vectors.size if dataset.vectors is not None else image_size

    def __call__(
        self, ids: NDArray[np.integer], augment: np.random.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Inputs and categories of some items.

        Args:
            ids: Global ids (n,).
            augment: Draws how each image is mirrored and shifted; None takes the images as they are.

        Returns:
            uint8 (n, 3, H, W) in channels-last order or float32 (n, F), and int64 (n,).
        """
        categories = torch.from_numpy(self._dataset.item_category[ids].astype(np.int64))
        if self._images is None:
            return torch.from_numpy(self._dataset.features(ids)), categories
        images = self._images[ids]
        if augment is not None:
            images = flip_and_shift(images, augment)
        return torch.from_numpy(images).permute(0, 3, 1, 2), categories


def as_float(inputs: Tensor) -> Tensor:
    """Bytes of pixels to [0, 1]; feature vectors as they are."""
    return inputs.float().div_(255) if inputs.dtype == torch.uint8 else inputs
