"""A method's network on a dataset: built, given its weights, and with what is frozen taken out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from ..core.errors import Fault, InputError
from ..datasets import Dataset
from ..evaluation.frozen import Frozen, convolutions_of, freeze_backbone
from ..evaluation.item_inputs import ItemInputs, input_kind
from ..models import OutfitModel, create_model
from ..models.backbones import Backbone
from ..models.options import Pretrained
from ..models.outfit_model import NO_USER
from ..models.weights import load_weights, save_tensors
from .method import Method

__all__ = [
    "Network",
    "bare_model",
    "fitting",
    "fresh_network",
    "gives_backbone",
    "is_heavy",
    "knows_no_users",
    "scores_pairs_only",
    "trained_network",
]


_HEAVY = 20_000_000
"""Parameters. Student S has 14 million, M 28, the teacher 66."""


@dataclass(frozen=True, eq=False)
class Network:
    """A model and the items as it sees them.

    Attributes:
        model: In training and evaluation; what of its backbone is frozen is taken out.
        inputs: The dataset's items.
        frozen: Where that went, or None.
        taken_over: How many numbers of each part are those of the weights that it started from.
    """

    model: OutfitModel
    inputs: ItemInputs
    frozen: Frozen | None
    taken_over: Mapping[str, int] = field(default_factory=dict)

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


def bare_model(method: Method, dataset: Dataset, *, pretrained: Pretrained = False) -> OutfitModel:
    """A method's model for a dataset's users and items, with weights drawn from torch's generator.

    Args:
        method: Names the model, its options and its backbone.
        dataset: Its users and items.
        pretrained: Whether the backbone starts from ImageNet weights, or is given others later.

    Raises:
        InputError: If the dataset has no items of the kind that the method wants.
        ModelError: If the model cannot be built.
    """
    kind = input_kind(dataset, method.items)
    images, vectors = kind == "image", dataset.vectors
    return create_model(
        method.model,
        num_users=dataset.num_users,
        num_categories=len(dataset.categories),
        backbone=method.backbone if images else None,
        input_kind=kind,
        feature_size=512 if images or vectors is None else vectors.size,
        pretrained=pretrained if images else False,
        options=method.options,
    )


def fresh_network(
    method: Method,
    dataset: Dataset,
    seed: int,
    device: str,
    start: Path | None = None,
    stem: Path | None = None,
) -> Network:
    """A network to be trained.

    It is built as its method says, whether or not it starts from a fit's weights: `pretrained` also decides
    its dropout, and gives the parts that no weight of `start` fits their own start. ImageNet weights that
    `start` would overwrite are not asked for.

    Args:
        method: Names the model.
        dataset: Its users and items.
        seed: Of the initial weights.
        device: "cpu" or "cuda".
        start: Weights to start from, where name and shape fit.
        stem: Weights of the convolutions, which `start` may overwrite.

    Raises:
        InputError: If no part of it can start from `start` (`fitting`), or `stem` is not of its convolutions.
        ModelError: If the model cannot be built.
    """
    inputs = ItemInputs(dataset, method.image_size, method.items)
    given = {} if start is None else load_file(start)

    def built(pretrained: Pretrained) -> OutfitModel:
        torch.manual_seed(seed)
        return bare_model(method, dataset, pretrained=pretrained)

    model = built("later" if (given and method.pretrained) or stem is not None else method.pretrained)
    if stem is not None:
        load_weights(convolutions_of(model).cut(method.image_size)[0], stem)
    taken = fitting(model, given)
    if start is not None and not taken:
        raise InputError(Fault(start, "weights of which none fits", f"those of a {type(model).__name__}"))
    if taken and method.pretrained and not gives_backbone(model, taken):
        model = built(True)
    model.load_state_dict({name: given[name] for name in taken}, strict=False)
    sizes = {name: own.numel() for name, own in model.state_dict().items()}
    taken_over: Counter[str] = Counter()
    for name in sorted(taken):
        taken_over[name.partition(".")[0]] += sizes[name]
    return replace(_placed(method, dataset, inputs, model.to(device)), taken_over=dict(taken_over))


def is_heavy(method: Method, dataset: Dataset) -> bool:
    """Whether a step is work for several cores, and worth fewer digits.

    It is where images are encoded, or where fully connected layers as wide as a teacher's are trained over
    vectors that were made before.
    """
    if input_kind(dataset, method.items) == "image" and method.freeze != "convolutions":
        return not method.freeze
    return parameters_of(method, dataset) > _HEAVY


def parameters_of(method: Method, dataset: Dataset) -> int:
    """How many parameters a method's model has; none of them is made."""
    with torch.device("meta"):
        return sum(weights.numel() for weights in bare_model(method, dataset).parameters())


def knows_no_users(method: Method, dataset: Dataset) -> bool:
    """Whether a method's model scores an outfit the same for everybody."""
    with torch.device("meta"):
        return NO_USER in bare_model(method, dataset).cold_strategies


def scores_pairs_only(method: Method, dataset: Dataset) -> bool:
    """Whether an outfit of one item tells a method's model nothing."""
    with torch.device("meta"):
        return bare_model(method, dataset).needs_pairs


def fitting(model: OutfitModel, given: Mapping[str, Tensor]) -> frozenset[str]:
    """Names of the weights that a model can start from: it has one of the same name and shape.

    None where they make up no part of it, such as its head or its users: a stray bias that happens to have
    the same name and length is nothing to start from.
    """
    own = model.state_dict()
    taken = frozenset(name for name, w in given.items() if name in own and own[name].shape == w.shape)
    parts = {name.partition(".")[0] for name in taken}
    lacking = {name.partition(".")[0] for name in own if name not in taken}
    return taken if parts - lacking else frozenset()


def gives_backbone(model: OutfitModel, taken: frozenset[str]) -> bool:
    """Whether these are all weights of the backbone, so that ImageNet's would be overwritten."""
    within = [f"{path}." for path, part in model.named_modules() if isinstance(part, Backbone)]
    names = [name for name in model.state_dict() if name.startswith(tuple(within))]
    return bool(names) and taken.issuperset(names)


def trained_network(
    method: Method, dataset: Dataset, weights: Path, device: str, *, items_of: Dataset | None = None
) -> Network:
    """A network with its own trained weights, in evaluation mode.

    Weights that it was pretrained with are not asked for: its own take their place.

    Args:
        method: Names the model.
        dataset: What it was trained on.
        weights: Its own.
        device: "cpu" or "cuda".
        items_of: Whose items it sees, where those are others; known by the same kind of input.

    Raises:
        InputError: If the weights are missing, broken or another network's.
    """
    seen = dataset if items_of is None else items_of
    inputs = ItemInputs(seen, method.image_size, method.items)
    model = bare_model(method, dataset)
    load_weights(model, weights)
    return _placed(method, seen, inputs, model.to(device).eval())


def _placed(method: Method, dataset: Dataset, inputs: ItemInputs, model: OutfitModel) -> Network:
    if not method.freeze or inputs.kind != "image":
        return Network(model, inputs, None)
    frozen = freeze_backbone(
        model, dataset, inputs, "convolutions" if method.freeze == "convolutions" else "backbone"
    )
    return Network(frozen.model, frozen.inputs, frozen)
