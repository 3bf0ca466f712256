from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from outfitbench.bench import EngineError, ParityError, Subject, export_onnx, load_export
from outfitbench.bench.counts import count_parameters, count_work
from outfitbench.bench.engines.engine import answer, has_item_bank
from outfitbench.bench.engines.onnxruntime_engine import OnnxRuntimeEngine
from outfitbench.bench.engines.torch_engine import TorchEngine
from outfitbench.bench.model_work import ModelWork
from outfitbench.bench.parity import EXACT
from outfitbench.bench.request import as_floats, make_request
from outfitbench.datasets import InputError
from outfitbench.models import ModelError, create_model


def run(graph, **inputs):
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return session.run(None, {name: value.numpy() for name, value in inputs.items()})[0]


@pytest.mark.parametrize(("outfits", "slots"), [(1, 1), (1, 3), (2, 2), (7, 4)])
def test_graphs_answer_as_the_model_at_any_batch_and_outfit_size(tiny, tiny_export, outfits, slots):
    images = torch.rand(outfits * slots, 3, 16, 16)
    categories = torch.randint(-1, 3, (outfits, slots))
    categories[:, 0] = 1
    users = torch.randint(5, (outfits,))
    with torch.inference_mode():
        features = tiny.encode_items(images, categories.reshape(-1))
        scores = tiny.score(users, features.reshape(outfits, slots, -1), categories)
    encoded = run(tiny_export.folder / "encoder.onnx", images=images, categories=categories.reshape(-1))
    np.testing.assert_allclose(encoded, features, atol=1e-5)
    scored = run(
        tiny_export.folder / "scorer.onnx",
        users=users,
        features=torch.from_numpy(encoded).reshape(outfits, slots, -1),
        categories=categories,
    )
    np.testing.assert_allclose(scored, scores, atol=1e-5)


def test_a_bank_is_an_input_of_the_scorer_of_any_size_and_engines_are_given_one(plugin, tmp_path):
    torch.manual_seed(0)
    model = create_model("tiny-banked", num_users=5).eval()
    exported = export_onnx(model, tmp_path / "banked", name="tiny-banked")
    assert exported.parity["max_abs_difference"] <= 1e-4
    for outfits, slots, size in [(1, 3, 1), (2, 2, 40), (7, 4, 6), (7, 2, 40)]:
        given = {
            "users": torch.randint(5, (outfits,)),
            "features": torch.randn(outfits, slots, 16),
            "categories": torch.randint(3, (outfits, slots)),
            "bank": torch.randn(size, 16),
        }
        with torch.inference_mode():
            expected = model.score_among(**given)
        np.testing.assert_allclose(run(exported.folder / "scorer.onnx", **given), expected, atol=1e-5)

    subject = Subject(model="tiny-banked", num_users=5, export=exported.folder)
    runtime = OnnxRuntimeEngine(subject, "cpu", 1)
    runtime.load()
    request = make_request(5, "image", 16, batch=4)
    with torch.inference_mode():
        categories = torch.from_numpy(request.categories)
        features = model.encode_items(torch.from_numpy(as_floats(request.items)), categories.flatten())
        users = torch.from_numpy(request.users)
        expected = model.score_among(users, features.unflatten(0, (4, 3)), categories, features)
    for engine in (runtime, TorchEngine.serving(model)):
        assert has_item_bank(engine)
        np.testing.assert_allclose(answer(engine, request), expected, atol=1e-5)


def test_a_model_without_a_bank_has_no_input_for_one(tiny, tiny_export):
    session = onnxruntime.InferenceSession(tiny_export.folder / "scorer.onnx")
    assert [given.name for given in session.get_inputs()] == ["users", "features", "categories"]
    assert not has_item_bank(TorchEngine.serving(tiny))


def test_graphs_are_valid_onnx(tiny_export):
    for name in ("encoder.onnx", "scorer.onnx"):
        onnx.checker.check_model(tiny_export.folder / name, full_check=True)


def test_the_card_says_what_was_exported(tiny, tiny_export):
    assert load_export(tiny_export.folder) == tiny_export
    assert (tiny_export.model, tiny_export.num_users, tiny_export.input_size) == ("tiny", 5, 16)
    assert tiny_export.parameters == count_parameters(tiny).parameters
    assert tiny_export.parity["max_abs_difference"] <= 1e-4
    assert tiny_export.parity["kendall_tau"] >= 0.999
    assert tiny_export.file_bytes == sum(
        path.stat().st_size for path in tiny_export.folder.iterdir() if path.name != "model.json"
    )


def test_an_earlier_export_is_replaced_and_the_model_left_in_its_mode(tiny, tmp_path, capfd):
    out = tmp_path / "models" / "tiny"
    tiny.train()
    tiny.norm.eval()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        first = export_onnx(tiny, out, name="tiny")
        with torch.no_grad():
            tiny.users.weight.mul_(3)
        second = export_onnx(tiny, out, name="tiny")
    assert (tiny.training, tiny.norm.training, tiny.convolution.training) == (True, False, True)
    assert first.files != second.files
    assert load_export(out) == second
    assert [path.name for path in out.parent.iterdir()] == ["tiny"]
    assert not said
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("tiny-shapeless", ModelError, r"found scores of shape \(3,\) for 1 outfits, expected \(1,\)"),
        ("tiny-noisy", ParityError, "export of tiny-noisy: found Kendall's τ .* and scores off by up to"),
        (
            "tiny-branching",
            EngineError,
            "export to scorer.onnx: found a model that torch.export cannot follow",
        ),
    ],
)
def test_a_model_that_cannot_be_exported_leaves_nothing(plugin, tmp_path, name, error, words):
    with pytest.raises(error, match=words) as raised:
        export_onnx(create_model(name, num_users=5), tmp_path / "out", name=name)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_somebody_elses_folder_is_left_alone(tiny, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(
        InputError, match=r"found something else, expected no folder, or one that holds model\.json"
    ):
        export_onnx(tiny, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("breakage", "words"),
    [
        (lambda folder: (folder / "model.json").unlink(), "model.json: found no such file"),
        (lambda folder: (folder / "scorer.onnx").unlink(), "scorer.onnx: found no such file"),
        (
            lambda folder: (folder / "model.json").write_text('{"model": "ti'),
            "model.json: file: found Invalid JSON",
        ),
        (lambda folder: edit_card(folder, num_users="many"), "model.json: num_users: found Input should be"),
        (lambda folder: edit_card(folder, files={"../../secret": "0"}), "files"),
    ],
)
def test_a_broken_export_is_named(tiny_export, tmp_path, breakage, words):
    folder = tmp_path / "export"
    folder.mkdir()
    for path in tiny_export.folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    breakage(folder)
    with pytest.raises(InputError, match=words):
        load_export(folder)


def edit_card(folder, **changes):
    card = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(card | changes))


@pytest.mark.parametrize("name", ["fhn", "type-aware"])
def test_a_model_of_two_categories_is_exported_and_counted(tmp_path: Path, name: str) -> None:
    """They look something up for each category."""
    model = create_model(name, num_users=5, num_categories=2, input_kind="features", feature_size=12).eval()
    assert not EXACT.missed(export_onnx(model, tmp_path / "out", name=name).parity)
    assert isinstance(count_work(model, 12), ModelWork)
