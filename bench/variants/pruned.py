"""Networks without their weakest channels and units, trained on for a while."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ...core.errors import Fault, InputError
from ..parity import Tolerance
from ..sample import Sample
from ..subject import Subject
from .registry import register_variant
from .variant import Variant

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["PrunedByAHalf", "PrunedByAQuarter"]


class _Pruned(Variant):
    """Takes whole channels of convolutions and units of fully connected layers out, and is trained on.

    Of each layer whose outputs go into one other layer alone, those with the least sum of absolute weights
    (Li et al., *Pruning filters for efficient ConvNets*, ICLR 2017), with the inputs that the next layer had
    for them: the network is a smaller one, for any engine. The vectors between the parts of a model keep
    their width.
    """

    trains = True
    tolerance = Tolerance(difference=1.0, tau=0.5)
    share: ClassVar[float]

    def make(self, subject: Subject, folder: Path, sample: Sample | None = None) -> None:
        """Write the weights that are left."""
        from ...models.pruned import KEPT
        from ...models.weights import WEIGHTS_FILE, save_tensors
        from ..engines.torch_engine import load_model

        model = load_model(subject)
        tensors = dict(model.state_dict())
        links = list(_links(model))
        if not links:
            found = "no layer whose outputs go into one other layer alone"
            raise InputError(Fault(f"variant pruned, model {subject.model}", found, "one at least"))
        for path, follower in links:
            weight, inputs = tensors[f"{path}.weight"], tensors[f"{follower}.weight"]
            kept = _strongest(weight, self.share)
            # Of a map that is flattened, each channel's positions are inputs side by side.
            by_output = inputs.unflatten(1, (len(weight), -1))
            tensors[f"{follower}.weight"] = by_output[:, kept].flatten(1, 2)
            for name in (f"{path}.weight", f"{path}.bias", f"{path}.{KEPT}"):
                if name in tensors:
                    tensors[name] = tensors[name][kept]
            tensors.setdefault(f"{path}.{KEPT}", kept)
        save_tensors({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS_FILE)

    def load(self, subject: Subject, folder: Path) -> Subject:
        """The model with its layers pruned."""
        from ...models.weights import WEIGHTS_FILE

        return replace(subject, weights=folder / WEIGHTS_FILE, export=None)


@register_variant("pruned-25")
class PrunedByAQuarter(_Pruned):
    """A quarter of the channels and units of each hidden layer taken out, the rest trained on."""

    share = 0.25


@register_variant("pruned-50")
class PrunedByAHalf(_Pruned):
    """Half of the channels and units of each hidden layer taken out, the rest trained on."""

    share = 0.5


def _strongest(weight: Tensor, share: float) -> Tensor:
    """Numbers of the outputs that are kept, in order; of equals the first."""
    strength = weight.abs().flatten(1).sum(1)
    count = max(len(weight) - int(share * len(weight)), 1)
    return strength.argsort(descending=True, stable=True)[:count].sort().values


def _links(part: nn.Module, path: str = "") -> Iterator[tuple[str, str]]:
    """The paths of layers whose outputs go into one other layer alone, each with that layer's.

    They stand behind one another in an `nn.Sequential`, with nothing between them but what works on each
    output by itself.
    """
    from torch import nn

    by_output = (nn.ReLU, nn.Dropout, nn.MaxPool2d, nn.AdaptiveAvgPool2d, nn.Flatten, nn.Identity)
    last, in_order = None, _runs_in_order(part)
    for name, layer in _layers(part, path):
        if isinstance(layer, nn.Linear) or (isinstance(layer, nn.Conv2d) and layer.groups == 1):
            if in_order and last is not None:
                yield last, name
            last = name
        elif not isinstance(layer, by_output):
            last = None
            yield from _links(layer, name)


def _layers(part: nn.Module, path: str) -> Iterator[tuple[str, nn.Module]]:
    """What a part is made of, by path; of an `nn.Sequential` within another one, what that is made of."""
    for own, child in part.named_children():
        name = f"{path}.{own}" if path else own
        if _runs_in_order(part) and _runs_in_order(child):
            yield from _layers(child, name)
        else:
            yield name, child


def _runs_in_order(part: nn.Module) -> bool:
    from torch import nn

    return isinstance(part, nn.Sequential) and type(part).forward is nn.Sequential.forward
