"""Weights kept in 16 bits: half the file, and engines that compute as before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..parity import Tolerance
from ..sample import Sample
from ..subject import Subject
from .registry import register_variant
from .variant import Variant

if TYPE_CHECKING:
    import torch

__all__ = ["BFloat16Weights", "Float16Weights"]


class _HalfWeights(Variant):
    """Rounds every floating-point weight to a type of 16 bits, to even where it lies between two."""

    _type: ClassVar[str]

    def make(self, subject: Subject, folder: Path, sample: Sample | None = None) -> None:
        """Round the weights and write them."""
        from safetensors import safe_open

        from ...models.weights import WEIGHTS_FILE, save_tensors

        assert subject.weights is not None, "a trained model has weights"
        with safe_open(subject.weights, framework="pt") as weights:
            tensors = {name: self._rounded(weights.get_tensor(name)) for name in weights.keys()}  # noqa: SIM118
        save_tensors(tensors, folder / WEIGHTS_FILE)

    def load(self, subject: Subject, folder: Path) -> Subject:
        """The model with the rounded weights."""
        from ...models.weights import WEIGHTS_FILE

        return replace(subject, weights=folder / WEIGHTS_FILE, export=None)

    def _rounded(self, tensor: torch.Tensor) -> torch.Tensor:
        import torch

        return tensor.to(getattr(torch, self._type)) if tensor.is_floating_point() else tensor


@register_variant("fp16")
class Float16Weights(_HalfWeights):
    """Weights kept as 16-bit floats (11 bits of precision, up to 65,504), computed with as fp32.

    What computes in fp16 is "fp16-graph".
    """

    tolerance = Tolerance(difference=5e-3, tau=0.99)
    _type = "float16"


@register_variant("bf16")
class BFloat16Weights(_HalfWeights):
    """Weights kept as bfloat16 (8 bits of precision, the range of fp32), computed with as fp32."""

    tolerance = Tolerance(difference=3e-2, tau=0.95)
    _type = "bfloat16"
