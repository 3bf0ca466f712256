"""Fully connected layers as the product of two smaller ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.errors import Fault, InputError
from ..parity import Tolerance
from ..sample import Sample
from ..subject import Subject
from .registry import register_variant
from .variant import Variant

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["LowRankLayers"]

_SHARE = 4
"""A layer keeps this part of the rank that it could have: half of the numbers of a square one."""

_LEAST = 256
"""Inputs and outputs of a layer that is worth it. Student XS, whose widest layer has 128 outputs, loses the
order of outfits (Kendall's τ 0.66 on closet-60) for a twentieth of its numbers."""


@register_variant("low-rank")
class LowRankLayers(Variant):
    """The best two factors, by singular values, of each fully connected layer, at a quarter of its rank.

    W ≈ U_r Σ_r V_rᵀ (Eckart and Young), with √Σ_r in either factor. Layers of 256 inputs and outputs or more;
    smaller ones hold few numbers. Any engine runs them, as two products in place of one.
    """

    tolerance = Tolerance(difference=0.3, tau=0.6)

    def make(self, subject: Subject, folder: Path, sample: Sample | None = None) -> None:
        """Factor the layers and write all weights."""
        from torch import nn

        from ...models.low_rank import INNER, OUTER
        from ...models.weights import WEIGHTS_FILE, save_tensors
        from ..engines.torch_engine import load_model

        model = load_model(subject)
        tensors = dict(model.state_dict())
        layers = {
            path: layer
            for path, layer in model.named_modules()
            if isinstance(layer, nn.Linear) and min(layer.weight.shape) >= _LEAST
        }
        if not layers:
            found = f"no fully connected layer of {_LEAST} inputs and outputs or more"
            raise InputError(Fault(f"variant low-rank, model {subject.model}", found, "one at least"))
        for path, layer in layers.items():
            del tensors[f"{path}.weight"]
            tensors[f"{path}.{INNER}"], tensors[f"{path}.{OUTER}"] = _factors(layer.weight.detach())
        save_tensors(tensors, folder / WEIGHTS_FILE)

    def load(self, subject: Subject, folder: Path) -> Subject:
        """The model with its layers factored."""
        from ...models.weights import WEIGHTS_FILE

        return replace(subject, weights=folder / WEIGHTS_FILE, export=None)


def _factors(weight: Tensor) -> tuple[Tensor, Tensor]:
    """V (r, inputs) and U (outputs, r) of the best approximation UV of a weight (outputs, inputs)."""
    import torch

    left, values, right = torch.linalg.svd(weight.double(), full_matrices=False)
    rank = min(weight.shape) // _SHARE
    root = values[:rank].sqrt()
    inner, outer = root[:, None] * right[:rank], left[:, :rank] * root
    return inner.float().contiguous(), outer.float().contiguous()
