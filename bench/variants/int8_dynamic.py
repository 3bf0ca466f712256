"""Weights and activations in 8 bits, the activations' range taken from each input as it comes."""

from __future__ import annotations

from pathlib import Path

from ..parity import Tolerance
from ..sample import Sample
from .graph_variant import GraphVariant
from .registry import register_variant

__all__ = ["Int8Dynamic"]


@register_variant("int8-dynamic")
class Int8Dynamic(GraphVariant):
    """8-bit graphs by ONNX Runtime that find the range of each input as they run, and so need no items.

    Of both graphs every matrix product with a weight, every convolution and the users' table, with a scale
    for each output channel.
    """

    precision = "int8"
    tolerance = Tolerance(difference=0.1, tau=0.8)

    def compress_encoder(self, graph: Path, out: Path, sample: Sample | None) -> None:
        """Quantize."""
        self.compress_scorer(graph, out)

    def compress_scorer(self, graph: Path, out: Path) -> None:
        """Quantize."""
        from .quantization import prepared, quietly, with_transformers

        with with_transformers():
            from onnxruntime.quantization import QuantType, quantize_dynamic
        with prepared(graph) as source, quietly():
            quantize_dynamic(source, out, per_channel=True, weight_type=QuantType.QInt8)
