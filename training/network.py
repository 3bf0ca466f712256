"""A method's network on a dataset: built, given its weights, and with a frozen backbone taken out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from ..core.errors import Fault, InputError
from ..datasets import Dataset
from ..evaluation.frozen import Frozen, freeze_backbone
from ..evaluation.item_inputs import ItemInputs, input_kind
from ..models import OutfitModel, create_model
from ..models.weights import load_weights, save_tensors
from .method import Method

__all__ = ["Network", "bare_model", "fresh_network", "trained_network"]


@dataclass(frozen=True, eq=False)
class Network:
    """A model and the items as it sees them.

    Attributes:
        model: In training and evaluation; its backbone is taken out where it is frozen.
        inputs: The dataset's items.
        frozen: Where the backbone went, or None.
    """

    model: OutfitModel
    inputs: ItemInputs
    frozen: Frozen | None

    def ship(self, weights: Path, to: Path) -> OutfitModel:
        """Write the whole model, with the weights that training kept.

        Args:
            weights: A checkpoint's best weights.
            to: File to write.

        Returns:
            The whole model.
        """
        load_weights(self.model, weights)
        model = self.model if self.frozen is None else self.frozen.whole()
        save_tensors({name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}, to)
        return model


def bare_model(method: Method, dataset: Dataset, *, pretrained: bool = False) -> OutfitModel:
    """A method's model for a dataset's users and items, with weights drawn from torch's generator.

    Args:
        method: Names the model, its options and its backbone.
        dataset: Its users and items.
        pretrained: Whether the backbone starts from ImageNet weights.

    Raises:
        InputError: If the dataset has no items of the kind that the method wants.
        ModelError: If the model cannot be built.
    """
    kind = input_kind(dataset, method.items)
    images, vectors = kind == "image", dataset.vectors
    return create_model(
        method.model,
        num_users=dataset.num_users,
        backbone=method.backbone if images else None,
        input_kind=kind,
        feature_size=512 if images or vectors is None else vectors.size,
        pretrained=pretrained and images,
        options=method.options,
    )


def fresh_network(
    method: Method, dataset: Dataset, seed: int, device: str, start: Path | None = None
) -> Network:
    """A network to be trained.

    It is built as its method says, whether or not it starts from a fit's weights: `pretrained` also decides
    its dropout, and gives the parts that no weight of `start` fits their own start.

    Args:
        method: Names the model.
        dataset: Its users and items.
        seed: Of the initial weights.
        device: "cpu" or "cuda".
        start: Weights to start from, where name and shape fit.

    Raises:
        InputError: If no weight of `start` fits.
        ModelError: If the model cannot be built.
    """
    inputs = ItemInputs(dataset, method.image_size, method.items)
    torch.manual_seed(seed)
    model = bare_model(method, dataset, pretrained=method.pretrained)
    if start is not None:
        _start_from(model, start)
    return _placed(method, dataset, inputs, model.to(device))


def trained_network(method: Method, dataset: Dataset, weights: Path, device: str) -> Network:
    """A network with its own trained weights, in evaluation mode.

    Weights that it was pretrained with are not asked for: its own take their place.

    Raises:
        InputError: If the weights are missing, broken or another network's.
    """
    inputs = ItemInputs(dataset, method.image_size, method.items)
    model = bare_model(method, dataset)
    load_weights(model, weights)
    return _placed(method, dataset, inputs, model.to(device).eval())


def _placed(method: Method, dataset: Dataset, inputs: ItemInputs, model: OutfitModel) -> Network:
    if not method.freeze or inputs.kind != "image":
        return Network(model, inputs, None)
    frozen = freeze_backbone(model, dataset, inputs)
    return Network(frozen.model, frozen.inputs, frozen)


def _start_from(model: OutfitModel, path: Path) -> None:
    from safetensors.torch import load_file

    own, given = model.state_dict(), load_file(path)
    fitting = {
        name: tensor for name, tensor in given.items() if name in own and own[name].shape == tensor.shape
    }
    if not fitting:
        raise InputError(Fault(path, "weights of which none fits", f"those of a {type(model).__name__}"))
    model.load_state_dict(fitting, strict=False)
