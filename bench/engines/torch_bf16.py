"""PyTorch in eager mode in bfloat16, where a processor or a GPU multiplies it faster."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..request import Items
from .torch_channels_last import TorchChannelsLastEngine

__all__ = ["TorchBfloat16Engine"]


class TorchBfloat16Engine(TorchChannelsLastEngine):
    """Convolutions and fully connected layers in bfloat16, in channels-last order; the rest in fp32.

    The layers' weights are kept so, which autocast by itself would do again at every call.
    """

    precision = "bf16"

    def load(self) -> None:
        """Build the model, read its weights and round those of its layers.

        Raises:
            EngineError: As `TorchEngine.load`.
        """
        super().load()
        for name, layer in self._model.named_modules():
            if isinstance(layer, nn.Conv2d | nn.Linear) and name not in self._model.exact_layers:
                layer.bfloat16()

    def encode_items(self, items: Items, categories: NDArray[np.int64]) -> Tensor:
        """Encode items; the features are fp32."""
        with torch.autocast(self._device.type, torch.bfloat16):
            return super().encode_items(items, categories).float()

    def _scores(
        self, users: Tensor, outfits: Tensor, categories: Tensor, bank: Tensor | None = None
    ) -> Tensor:
        with torch.autocast(self._device.type, torch.bfloat16):  # which is a thread's own
            return super()._scores(users, outfits, categories, bank)
