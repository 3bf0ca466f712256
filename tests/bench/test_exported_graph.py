"""Exported graphs, given to onnxruntime's own tools as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from onnxruntime.quantization import quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from outfitbench.bench import ExportedModel
from outfitbench.bench.exported_graph import tidy_graph


@pytest.mark.parametrize("name", ["encoder.onnx", "scorer.onnx"])
def test_onnxruntimes_quantization_takes_an_exported_graph_as_it_is(
    headed_export: ExportedModel, tmp_path: Path, name: str
):
    graph = headed_export.folder / name
    quant_pre_process(str(graph), str(tmp_path / "prepared.onnx"))
    for taken in (graph, tmp_path / "prepared.onnx"):
        quantize_dynamic(taken, tmp_path / "quantized.onnx")
        operators = {node.op_type for node in onnx.load(tmp_path / "quantized.onnx").graph.node}
        assert operators & {"MatMulInteger", "ConvInteger"}


def test_a_graph_says_nothing_of_where_it_was_made(headed_export: ExportedModel):
    for graph in headed_export.folder.glob("*.onnx"):
        assert b".py" not in graph.read_bytes()


def test_a_length_is_spelt_out_and_comes_to_the_same(tmp_path: Path):
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [-1])
    length = helper.make_node("ReduceL2", ["x", "axes"], ["y"], keepdims=0)
    graph = helper.make_graph([length], "lengths", [x], [y], [axes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.save(model, path := tmp_path / "lengths.onnx")
    tidy_graph(path)
    assert [node.op_type for node in onnx.load(path).graph.node] == ["Mul", "ReduceSum", "Sqrt"]
    given = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    (found,) = onnxruntime.InferenceSession(path).run(None, {"x": given})
    np.testing.assert_allclose(found, np.linalg.norm(given, axis=-1), rtol=1e-6)
