"""Weights as they were trained, run by an engine of PyTorch's that computes in fewer bits."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from ..parity import IN_BFLOAT16, Tolerance
from ..sample import Sample
from ..subject import Subject
from .registry import register_variant
from .variant import Variant

__all__ = ["TorchBfloat16", "TorchInt8"]


class _ByEngine(Variant):
    """What the engine of its name makes of weights as it loads them; ranked and measured there alone."""

    engine: ClassVar[str]

    def make(self, subject: Subject, folder: Path, sample: Sample | None = None) -> None:
        """Keep the weights."""
        from ...models.weights import WEIGHTS_FILE

        assert subject.weights is not None, "a trained model has weights"
        shutil.copyfile(subject.weights, folder / WEIGHTS_FILE)

    def load(self, subject: Subject, folder: Path) -> Subject:
        """The model with its weights."""
        from ...models.weights import WEIGHTS_FILE

        return replace(subject, weights=folder / WEIGHTS_FILE, export=None)


@register_variant("torch-bf16")
class TorchBfloat16(_ByEngine):
    """Convolutions and fully connected layers that compute in bfloat16, in PyTorch."""

    engine = "torch-bf16"
    tolerance = IN_BFLOAT16


@register_variant("torch-int8")
class TorchInt8(_ByEngine):
    """Fully connected layers that compute in 8 bits, in PyTorch by torchao (extra `torchao`)."""

    engine = "torch-int8"
    tolerance = Tolerance(difference=1e-1, tau=0.9)
