"""Graphs that compute in 16-bit floats."""

from __future__ import annotations

from pathlib import Path

from ..parity import Tolerance
from ..sample import Sample
from .graph_variant import GraphVariant, keep_graph
from .registry import register_variant

__all__ = ["HalfGraph"]


@register_variant("fp16-graph")
class HalfGraph(GraphVariant):
    """An encoder whose weights and arithmetic are fp16, by ONNX Runtime; inputs and outputs stay fp32.

    Half the file. CUDA and TensorRT compute in fp16; on a processor ONNX Runtime widens before, and rounds
    after, each operator that it has in fp32 alone, most of them, which costs time. The scorer stays as it is,
    so that the sums of squares in its norms cannot pass 65,504.
    """

    precision = "fp16"
    tolerance = Tolerance(difference=1e-2, tau=0.98)

    def compress_encoder(self, graph: Path, out: Path, sample: Sample | None) -> None:
        """Round the weights, and widen what comes in and goes out."""
        import onnx

        from .quantization import with_transformers

        with with_transformers():
            from onnxruntime.transformers.float16 import convert_float_to_float16
        onnx.save(convert_float_to_float16(onnx.load(graph), keep_io_types=True), out)

    def compress_scorer(self, graph: Path, out: Path) -> None:
        """Keep it."""
        keep_graph(graph, out)
