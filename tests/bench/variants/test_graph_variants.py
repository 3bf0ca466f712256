"""Variants: what each makes of a model's weights or graphs, held against NumPy and raw ONNX."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper
from outfitbench.bench import ExportedModel, FailedProfile, Subject, load_export, profile_subjects
from outfitbench.bench.agreement import agreement
from outfitbench.bench.effort import Effort
from outfitbench.bench.engine_profile import EngineProfile
from outfitbench.bench.engines import engine_factory
from outfitbench.bench.engines.engine import Engine, answer
from outfitbench.bench.engines.torch_engine import load_model
from outfitbench.bench.request import make_request
from outfitbench.bench.sample import Sample
from outfitbench.bench.variants import make_variant, ranks_in, tolerance_of, variant_steps
from outfitbench.bench.variants.half_graph import HalfGraph
from outfitbench.bench.variants.int8_dynamic import Int8Dynamic
from outfitbench.bench.variants.int8_static import Int8Static, Int8StaticSigned
from outfitbench.bench.variants.weight_only import WeightOnly
from outfitbench.core.errors import InputError
from outfitbench.datasets import Dataset


def tensors(graph: Path) -> dict[str, np.ndarray]:
    return {one.name: numpy_helper.to_array(one) for one in onnx.load(graph).graph.initializer}


def operators(graph: Path) -> set[str]:
    return {node.op_type for node in onnx.load(graph).graph.node}


@pytest.mark.parametrize(
    ("variant", "zero"), [(Int8Static, np.uint8), (Int8StaticSigned, np.int8)], ids=["u8s8", "s8s8"]
)
def test_static_graphs_have_a_scale_for_each_channel_and_ranges_of_the_sample(
    headed_export: ExportedModel, sample: Sample, tmp_path: Path, variant: type[Int8Static], zero: type
):
    source, out = headed_export.folder / "encoder.onnx", tmp_path / "encoder.onnx"
    variant().compress_encoder(source, out, sample)
    assert {"QuantizeLinear", "DequantizeLinear", "Conv"} <= operators(out)
    found = tensors(out)
    (kernel,) = [name for name, value in found.items() if value.ndim == 4]
    assert (found[kernel].dtype, found[kernel].shape) == (np.int8, (16, 3, 3, 3))
    most = np.abs(found[kernel].astype(int)).max((1, 2, 3))
    np.testing.assert_array_equal(most, 127)  # per channel: each uses all of the steps
    zeros = {value.dtype.type for name, value in found.items() if name.endswith("images_zero_point")}
    assert zeros == {zero}
    (scale,) = [value for name, value in found.items() if name.endswith("images_scale")]
    # What the items span, [0, 1], in 255 steps; symmetric ranges span twice as much.
    assert scale == pytest.approx(sample.items.max() / 255 / 255, rel=1e-3)


def test_dynamic_graphs_multiply_integers(headed_export: ExportedModel, tmp_path: Path):
    for name, product in (("encoder.onnx", "ConvInteger"), ("scorer.onnx", "MatMulInteger")):
        Int8Dynamic().compress_encoder(headed_export.folder / name, tmp_path / name, None)
        assert {product, "DynamicQuantizeLinear"} <= operators(tmp_path / name)


def test_weights_alone_are_rounded_to_the_nearest_of_255_steps(headed_export: ExportedModel, tmp_path: Path):
    source, out = headed_export.folder / "encoder.onnx", tmp_path / "encoder.onnx"
    WeightOnly().compress_encoder(source, out, None)
    wide, narrow = tensors(source), tensors(out)
    rounded = [name.removesuffix("_int8") for name in narrow if name.endswith("_int8")]
    assert len(rounded) == 3
    assert not narrow.keys() & set(rounded)
    for name in rounded:
        steps, scale = narrow[f"{name}_int8"], narrow[f"{name}_scale"]
        assert steps.dtype == np.int8
        off = np.abs(steps * scale[:, None] - wide[name])
        assert (off <= scale[:, None] * 0.5001).all()
        np.testing.assert_allclose(scale, np.abs(wide[name]).max(1) / 127, rtol=1e-6)


IN_ONE_PROCESS = """
import sys
from pathlib import Path
from outfitbench.bench.variants.half_graph import HalfGraph
from outfitbench.bench.variants.int8_dynamic import Int8Dynamic

source, folder, path = Path(sys.argv[1]), Path(sys.argv[2]), list(sys.path)
for number, variant in enumerate(VARIANTS):
    variant.compress_encoder(source, folder / f"{number}.onnx", None)
assert sys.path == path
"""


@pytest.mark.parametrize(
    "variants",
    ["HalfGraph(), Int8Dynamic()", "Int8Dynamic(), HalfGraph()"],
    ids=["half first", "8 bits first"],
)
def test_one_process_makes_several_in_any_order(headed_export: ExportedModel, tmp_path: Path, variants: str):
    """What onnxruntime imports for one must be there for the next."""
    code = IN_ONE_PROCESS.replace("VARIANTS", f"[{variants}]")
    command = [sys.executable, "-c", code, str(headed_export.folder / "encoder.onnx"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("?.onnx"))) == 2


def test_half_graphs_compute_in_fp16_and_take_and_give_fp32(headed_export: ExportedModel, tmp_path: Path):
    path = list(sys.path)
    for name, compress in (("encoder.onnx", HalfGraph().compress_encoder), ("scorer.onnx", None)):
        source, out = headed_export.folder / name, tmp_path / name
        compress(source, out, None) if compress else HalfGraph().compress_scorer(source, out)
    assert sys.path == path
    wide, half = tensors(headed_export.folder / "encoder.onnx"), tensors(tmp_path / "encoder.onnx")
    floats = {name: value for name, value in wide.items() if value.dtype == np.float32}
    for name, value in floats.items():
        np.testing.assert_array_equal(half[name], value.astype(np.float16))
    assert len(floats) >= 8
    assert (tmp_path / "encoder.onnx").stat().st_size < 0.6 * sum(one.nbytes for one in floats.values())

    images = np.random.default_rng(0).random((3, 3, 16, 16), dtype=np.float32)
    given = {"images": images, "categories": np.arange(3)}
    answers = []
    for folder in (headed_export.folder, tmp_path):
        session = onnxruntime.InferenceSession(folder / "encoder.onnx")
        assert [one.type for one in session.get_outputs()] == ["tensor(float)"]
        assert session.get_inputs()[0].type == "tensor(float)"
        answers.append(session.run(None, given)[0])
    assert 0 < np.abs(answers[0] - answers[1]).max() < 0.01 * np.abs(answers[0]).max()
    kept = [folder / "scorer.onnx" for folder in (headed_export.folder, tmp_path)]
    assert kept[0].read_bytes() == kept[1].read_bytes()


def test_variants_are_made_one_of_another_and_the_last_of_them_is_kept(
    headed_subject: Subject, small_closet: Dataset, sample: Sample, tmp_path: Path
):
    made = make_variant("low-rank+int8-static", headed_subject, tmp_path / "made", dataset=small_closet)
    assert (made.variant, made.graphs, made.weights) == ("low-rank+int8-static", "int8", None)
    card = load_export(tmp_path / "made")
    assert card.parameters < sum(one.numel() for one in load_model(headed_subject).parameters())
    factored = make_variant("low-rank", headed_subject, tmp_path / "low-rank")
    assert agreement(factored, made, sample, "onnxruntime")["max_abs_difference"] < 0.1
    assert (
        agreement(headed_subject, made, sample, "onnxruntime")["kendall_tau"] < 0.9
    )  # noise has no layers of low rank
    with pytest.raises(InputError, match="'int8-static' and no dataset, expected the dataset whose training"):
        make_variant("low-rank+int8-static", headed_subject, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_graphs_are_the_last_of_several():
    assert [step.name for step in variant_steps("low-rank+fp16")] == ["low-rank", "fp16"]
    assert (ranks_in("low-rank+int8-static"), ranks_in("low-rank+fp16")) == ("onnxruntime", "")
    loosest = tolerance_of("fp16+low-rank")
    assert loosest == tolerance_of("low-rank")
    with pytest.raises(InputError, match=r"found 'int8-static\+fp16', expected int8-static, which leaves"):
        variant_steps("int8-static+fp16")


@pytest.fixture
def compress(headed_export: ExportedModel, tmp_path: Path) -> Callable[[], Subject]:
    def made() -> Subject:
        for name in ("encoder.onnx", "scorer.onnx"):
            WeightOnly().compress_scorer(headed_export.folder / name, tmp_path / name)
        card = headed_export.model_copy(update={"files": {"encoder.onnx": "0", "scorer.onnx": "0"}})
        (tmp_path / "model.json").write_text(card.model_dump_json())
        return Subject(
            model="tiny-headed",
            num_users=5,
            input_size=16,
            export=tmp_path,
            variant="weight-only",
            graphs="fp32",
        )

    return made


def test_an_engine_that_runs_no_graphs_is_refused_and_the_others_are_measured(
    compress: Callable[[], Subject], headed_export: ExportedModel, plugin: Path
):
    subject = replace(compress(), plugins=(plugin,))
    refused, measured = profile_subjects(
        [subject],
        workloads=["start"],
        effort=Effort(rounds=1, samples=1, warm_seconds=0.01, turn_seconds=0.5),
    )
    assert isinstance(refused, FailedProfile)
    assert refused.reason.startswith(
        "engine torch: found variant weight-only, which it does not run, expected an engine that does: "
    )
    assert isinstance(measured, EngineProfile)
    assert (measured.variant, measured.engine) == ("weight-only", "onnxruntime")
    assert measured.measurements["file_size"].median < headed_export.file_bytes / 2
    assert measured.parity["max_abs_difference"] <= 1e-4  # as its card says


@pytest.mark.parametrize(
    "name", ["fp16-graph", "weight-only", "int8-dynamic", "int8-static", "int8-static-s8s8"]
)
def test_openvino_answers_as_onnxruntime_does(
    headed_subject: Subject, small_closet: Dataset, tmp_path: Path, name: str
):
    """Both compute with whole numbers of 8 bits, rounded each in its own places."""
    pytest.importorskip("openvino")
    made = make_variant(name, headed_subject, tmp_path / name, dataset=small_closet)
    right, found = (
        answer_of(engine_factory(engine)(made, "cpu", 1)) for engine in ("onnxruntime", "openvino")
    )
    np.testing.assert_allclose(found, right, atol=5e-2)
    assert np.std(right) > 0.1


def answer_of(engine: Engine) -> np.ndarray:
    engine.load()
    return answer(engine, make_request(5, "image", 16, batch=20))
