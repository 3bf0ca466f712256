"""Weights and activations in 8 bits, the activations' ranges found on training items once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from ..parity import Tolerance
from ..sample import Sample
from .graph_variant import GraphVariant, encoder_inputs, keep_graph
from .registry import register_variant

__all__ = ["Int8Static", "Int8StaticSigned"]


class _Static(GraphVariant):
    """Quantizes the encoder, per output channel, between QuantizeLinear and DequantizeLinear (QDQ).

    The scorer stays as it is: it is a hundredth of the work, and its scores lie close together.
    """

    needs_sample = True
    precision = "int8"
    tolerance = Tolerance(difference=0.1, tau=0.9)
    activations: ClassVar[str]

    def compress_encoder(self, graph: Path, out: Path, sample: Sample | None) -> None:
        """Quantize, the ranges of the activations as they are on the sample's items."""
        import onnx

        from .quantization import prepared, quietly, with_transformers

        with with_transformers():
            from onnxruntime.quantization import (
                CalibrationDataReader,
                QuantFormat,
                QuantType,
                quantize_static,
            )
        assert sample is not None, "`needs_sample`"

        class Reader(CalibrationDataReader):
            def __init__(self, batches: Iterator[dict[str, Any]]) -> None:
                self._left = batches

            def get_next(self) -> dict[str, Any]:
                return next(self._left, None)  # pyright: ignore[reportReturnType]

        with prepared(graph) as source, quietly():
            names = [given.name for given in onnx.load(source).graph.input]
            quantize_static(
                source,
                out,
                Reader(encoder_inputs(sample, names)),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType[self.activations],
                weight_type=QuantType.QInt8,
            )

    def compress_scorer(self, graph: Path, out: Path) -> None:
        """Keep it."""
        keep_graph(graph, out)


@register_variant("int8-static")
class Int8Static(_Static):
    """8-bit graphs by ONNX Runtime, calibrated on training items: activations unsigned, weights signed.

    u8s8, which processors with VNNI are fastest at; on those without, sums of two products may saturate.
    """

    activations = "QUInt8"


@register_variant("int8-static-s8s8")
class Int8StaticSigned(_Static):
    """8-bit graphs by ONNX Runtime, calibrated on training items: both signed (s8s8)."""

    activations = "QInt8"
