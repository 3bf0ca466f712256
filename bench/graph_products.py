"""Which matrix products and convolutions of a graph are computed in how many bits."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

__all__ = ["products_by_bits"]

_IN_EIGHT_BITS = {
    *("ConvInteger", "QLinearConv", "MatMulInteger", "MatMulIntegerToFloat", "QLinearMatMul", "QGemm"),
    *("DynamicQuantizeMatMul", "DynamicQuantizeLSTM", "QAttention"),
}

_AS_GIVEN = {"Conv", "FusedConv", "Gemm", "FusedGemm", "MatMul", "FusedMatMul", "LSTM", "Attention"}
"""Operators in as many bits as their inputs have."""


def products_by_bits(folder: Path) -> dict[str, dict[str, int]]:
    """How many operators of each kind the graphs of a folder have, by the bits that they compute in.

    An operator whose inputs both come out of DequantizeLinear is one in 8 bits: onnxruntime fuses the two.
    Where its weights alone do, they are widened, and it is one in 32.

    Args:
        folder: With graphs (.onnx) in it.

    Returns:
        Counts by operator by bits ("8", "16", "32"), the fewest bits first; empty where there are no graphs.
    """
    found: dict[int, Counter[str]] = {}
    for path in sorted(folder.rglob("*.onnx")):
        for name, bits in _products(path):
            found.setdefault(bits, Counter())[name] += 1
    return {str(bits): dict(sorted(found[bits].items())) for bits in sorted(found)}


def _products(path: Path) -> list[tuple[str, int]]:
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    narrow = {output for node in graph.node if node.op_type == "DequantizeLinear" for output in node.output}
    half = {tensor.name for tensor in graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT16}
    products = (node for node in graph.node if node.op_type in _IN_EIGHT_BITS | _AS_GIVEN)
    return [(node.op_type, _bits(node, narrow, half)) for node in products]


def _bits(node: onnx.NodeProto, narrow: set[str], half: set[str]) -> int:
    if node.op_type in _IN_EIGHT_BITS or narrow.issuperset(node.input[:2]):
        return 8
    return 16 if half.intersection(node.input) else 32
