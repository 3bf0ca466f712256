"""Graphs whose weights are kept in 8 bits, and which compute in fp32."""

from __future__ import annotations

from pathlib import Path

from ..parity import Tolerance
from ..sample import Sample
from .graph_variant import GraphVariant
from .registry import register_variant

__all__ = ["WeightOnly"]

_LEAST = 1024
"""Numbers of a weight that is worth its scales."""

_MOST = 127


@register_variant("weight-only")
class WeightOnly(GraphVariant):
    """Graphs that keep their weights in 8 bits, a scale for each row, and widen them: a quarter of the file.

    Every weight of two axes or more, symmetric about 0 and rounded to the nearest step; arithmetic is fp32.
    """

    precision = "fp32"
    tolerance = Tolerance(difference=0.05, tau=0.95)

    def compress_encoder(self, graph: Path, out: Path, sample: Sample | None) -> None:
        """Round the weights."""
        self.compress_scorer(graph, out)

    def compress_scorer(self, graph: Path, out: Path) -> None:
        """Round the weights."""
        import numpy as np
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        model = onnx.load(graph)
        wide = [
            tensor
            for tensor in model.graph.initializer
            if tensor.data_type == TensorProto.FLOAT
            and len(tensor.dims) > 1
            and np.prod(tensor.dims) >= _LEAST
        ]
        widened = []
        for tensor in wide:
            values = numpy_helper.to_array(tensor)
            most = np.abs(values).max(axis=tuple(range(1, values.ndim)))
            scale = (np.where(most > 0, most, 1) / _MOST).astype(np.float32)
            steps = np.rint(values / scale.reshape(-1, *[1] * (values.ndim - 1))).astype(np.int8)
            inputs = [f"{tensor.name}_int8", f"{tensor.name}_scale"]
            for name, array in zip(inputs, (steps, scale), strict=True):
                model.graph.initializer.append(numpy_helper.from_array(array, name))
            widened.append(helper.make_node("DequantizeLinear", inputs, [tensor.name], axis=0))
            model.graph.initializer.remove(tensor)
        nodes = [*widened, *model.graph.node]
        model.graph.ClearField("node")
        model.graph.node.extend(nodes)
        onnx.save(model, out)
