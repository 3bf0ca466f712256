"""A graph as the exporter wrote it, made fit for tools other than the exporter's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx import NodeProto, helper

__all__ = ["tidy_graph"]


def tidy_graph(graph: Path) -> None:
    """Rewrite a graph so that onnxruntime's `quantize_dynamic` and `quant_pre_process` take it as it is.

    - The exporter notes down the shapes of values, some of them of weights before they were transposed;
      quantization holds them against what it infers itself, and ends in an error. They are left out: tools
      that want shapes infer them.
    - onnxruntime's symbolic inference knows no shape of a `ReduceL2`, and ends in an error where that is
      used. It is spelt out as the root of a sum of squares.
    - The exporter's notes on each node name the Python files of this machine that it comes from. They are
      left out, too.

    Args:
        graph: Rewritten in place; the file of its weights is not touched.
    """
    model = onnx.load(graph, load_external_data=False)
    nodes = [part for node in model.graph.node for part in _spelt_out(node)]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    del model.graph.value_info[:]
    for part in (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
    onnx.save(model, graph)


def _spelt_out(node: NodeProto) -> Iterator[NodeProto]:
    """The node itself, or those that give the same in its place."""
    if node.op_type != "ReduceL2":
        yield node
        return
    values, *axes = node.input
    squares, total = (f"{node.output[0]}_{what}" for what in ("squares", "total"))
    yield helper.make_node("Mul", [values, values], [squares], squares)
    summed = helper.make_node("ReduceSum", [squares, *axes], [total], total)
    summed.attribute.extend(node.attribute)
    yield summed
    yield helper.make_node("Sqrt", [total], node.output, node.name)
