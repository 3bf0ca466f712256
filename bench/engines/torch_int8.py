"""PyTorch in eager mode with fully connected layers in 8 bits, by torchao; convolutions stay as they are."""

from __future__ import annotations

from torch import nn
from torchao.quantization import Int8DynamicActivationInt8WeightConfig, quantize_

from .torch_engine import TorchEngine

__all__ = ["TorchInt8Engine"]


class TorchInt8Engine(TorchEngine):
    """Weights in 8 bits with a scale for each output, activations in 8 bits with one for each row.

    What a processor gains by it, the graphs of "int8-dynamic" tell better: torchao's kernels are written for
    GPUs and for compiled models.
    """

    precision = "int8"

    def load(self) -> None:
        """Build the model, read its weights and round those of its fully connected layers.

        Raises:
            EngineError: As `TorchEngine.load`.
        """
        super().load()
        kept = self._model.exact_layers
        quantize_(
            self._model,
            Int8DynamicActivationInt8WeightConfig(),
            filter_fn=lambda layer, name: isinstance(layer, nn.Linear) and name not in kept,
        )
