"""What a frozen backbone or its convolutions make of every item: kept on disk by weights and images."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..core.checked_array import CheckedArray
from ..core.errors import Fault, InputError
from ..core.hashes import file_hash
from ..core.progress import tracked
from ..datasets import Dataset
from ..datasets.images.decode import DECODER_VERSION
from ..models import OutfitModel
from ..models.backbones import (
    BACKBONES,
    Backbone,
    FeatureBackbone,
    ImageBackbone,
    MapBackbone,
    create_backbone,
)
from ..models.options import ModelOptions
from .item_inputs import ItemInputs, as_float

__all__ = ["Frozen", "Part", "convolutions_of", "freeze_backbone", "frozen_vectors", "pretrained_vectors"]

_BATCH = 128

_FORM = "checked"
"""Of the files; named anew when it changes, so that code of before and after can share a cache."""


Part = Literal["backbone", "convolutions"]
"""What of a model is frozen: all of its image network, or what comes before its map."""


class Frozen:
    """A model whose frozen part is taken out: it sees what that part made of each item.

    Attributes:
        model: The model, with vectors for input.
        inputs: The dataset's items as those vectors.
    """

    def __init__(self, model: OutfitModel, backbone: Backbone, inputs: ItemInputs) -> None:
        self.model = model
        self.inputs = inputs
        self._backbone = backbone

    def whole(self) -> OutfitModel:
        """The model with its backbone back in place, as it is shipped."""
        if isinstance(rest := self.model.backbone, MapBackbone):
            rest.hand_back()
        self.model.backbone = self._backbone
        self.model.input_kind = self._backbone.input_kind
        self.model.input_size = self._backbone.input_size
        return self.model


def freeze_backbone(
    model: OutfitModel, dataset: Dataset, inputs: ItemInputs, part: Part = "backbone"
) -> Frozen:
    """Take the backbone, or its convolutions, out of a model, and let it see what they make of the images.

    Backbones with BatchNorm use their running means, so an item's vector does not depend on its batch.

    Args:
        model: On its device.
        dataset: Whose items are encoded, all of them, once for each state of a backbone.
        inputs: The items as the backbone sees them.
        part: What is frozen; what follows the convolutions is trained.

    Raises:
        InputError: If the model has no backbone of its own to freeze, or none whose convolutions can be taken
            by themselves, or sees no images.
    """
    backbone = getattr(model, "backbone", None)
    if not isinstance(backbone, Backbone) or inputs.kind != "image":
        found = (
            "no images to encode" if inputs.kind != "image" else f"{type(model).__name__} without a backbone"
        )
        raise InputError(Fault("method, freeze", found, "a model with a `backbone` over images"))
    seen, rest = backbone, FeatureBackbone(backbone.width)
    if part == "convolutions":
        seen, rest = convolutions_of(model, "method, freeze").cut(inputs.size)
    vectors = frozen_vectors(seen, dataset, inputs)
    model.backbone = rest
    model.input_kind, model.input_size = "features", rest.input_size
    return Frozen(model, backbone, ItemInputs(dataset, inputs.size, vectors=vectors))


def convolutions_of(model: OutfitModel, where: str = "model") -> ImageBackbone:
    """A model's image network, of which the convolutions can be taken by themselves (`ImageBackbone.cut`).

    Args:
        model: Any.
        where: The method and its key, for the message.

    Raises:
        InputError: If it has none.
    """
    backbone = getattr(model, "backbone", None)
    if isinstance(backbone, ImageBackbone) and backbone.convolutions is not None:
        return backbone
    found, expected = f"the image network {model.backbone_name}", "one whose convolutions can be taken alone"
    raise InputError(Fault(where, found, f"{expected}, as an AlexNet's"))


def pretrained_vectors(backbone: str, dataset: Dataset, image_size: int) -> NDArray[np.float32]:
    """What a backbone with its ImageNet weights makes of every item, float32 (num_items, W), memory-mapped.

    Args:
        backbone: Name of a backbone.
        dataset: Whose items, which must have images.
        image_size: H = W of the images in pixels.

    Raises:
        InputError: For an unknown name, a package that is not installed, or items without images.
        ModelError: If the weights cannot be had.
    """
    inputs = ItemInputs(dataset, image_size, "images")
    network = create_backbone(ModelOptions(num_users=1, backbone=backbone, pretrained=True), backbone)
    return frozen_vectors(network, dataset, inputs)


def frozen_vectors(backbone: Backbone, dataset: Dataset, inputs: ItemInputs) -> NDArray[np.float32]:
    """What a backbone makes of every item, float32 (num_items, W), memory-mapped; encoded once for a state.

    Args:
        backbone: As it is, on its device.
        dataset: Whose items, which have images.
        inputs: The items as the backbone sees them.
    """
    assert dataset.pictures is not None  # images are seen
    digest = hashlib.blake2b(digest_size=8)
    parts = [backbone.name, dataset.pictures.content_key(), str(inputs.size), str(DECODER_VERSION), _FORM]
    if backbone.name in BACKBONES and (source := BACKBONES.entry(backbone.name).source) is not None:
        parts.append(file_hash(source))  # what a stranger's network computes may change while its name stays
    digest.update("\0".join(parts).encode(errors="surrogateescape"))
    for name, tensor in backbone.state_dict().items():
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    path = dataset.cache / "frozen" / f"{digest.hexdigest()}.npy"
    kept = CheckedArray(path, (dataset.num_items, backbone.width), np.dtype(np.float32))
    return kept.made_once(lambda: _encoded(backbone, inputs, dataset.num_items))


def _encoded(backbone: nn.Module, inputs: ItemInputs, num_items: int) -> Iterator[NDArray[np.float32]]:
    """The items' vectors in order, float32 (n, W) at a time."""
    device = next((p.device for p in backbone.parameters()), torch.device("cpu"))
    training = backbone.training
    backbone.eval()
    for start in tracked(range(0, num_items, _BATCH), "encoding items with a frozen backbone"):
        images, _ = inputs(np.arange(start, min(start + _BATCH, num_items)))
        with torch.inference_mode():
            vectors = backbone(as_float(images.to(device))).float().cpu().numpy()
        yield vectors
    backbone.train(training)
