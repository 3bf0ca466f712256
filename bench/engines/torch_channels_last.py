"""PyTorch in eager mode with images and convolutions in channels-last order."""

from __future__ import annotations

import torch
from torch import Tensor

from ...evaluation.item_inputs import as_float
from ..request import Items
from .torch_engine import TorchEngine

__all__ = ["TorchChannelsLastEngine"]


class TorchChannelsLastEngine(TorchEngine):
    """Takes decoded images in the order they come in, and computes in it."""

    def load(self) -> None:
        """Build the model, read its weights and lay them out.

        Raises:
            EngineError: As `TorchEngine.load`.
        """
        super().load()
        self._model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def _input(self, items: Items) -> Tensor:
        values = self._to_device(items)
        return as_float(values.permute(0, 3, 1, 2) if values.ndim == 4 else values)
