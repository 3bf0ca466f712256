"""`outfitbench export`: of a model by name, and of what a run trained."""

from __future__ import annotations

import json
import shutil

import onnxruntime
import pytest
from outfitbench.cli.main import main
from outfitbench.core.hashes import file_hash
from safetensors.torch import load_file, save_file


def test_a_trained_method_is_exported_with_its_weights(finished_run, capsys, tmp_path):
    assert main(["export", str(finished_run.folder), "--out", str(tmp_path), "--json", "--quiet"]) == 0
    (export,) = json.loads(capsys.readouterr().out)["exports"]
    assert export["model"] == "student-xs"
    assert export["num_users"] == 12
    assert export["input_size"] == 64
    assert export["parity"]["max_abs_difference"] <= 1e-4
    (folder,) = tmp_path.iterdir()
    session = onnxruntime.InferenceSession(folder / "encoder.onnx", providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape[1:] == [3, 64, 64]


@pytest.fixture
def copied_run(finished_run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished_run.folder, copy)
    (record,) = copy.glob("fits/*/record.json")
    return copy, record, record.with_name("weights.safetensors")


def test_weights_that_are_not_the_records_are_refused(copied_run, capsys, tmp_path):
    run, _, weights = copied_run
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    assert main(["export", str(run), "--out", str(tmp_path / "onnx")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{weights}: found weights of hash" in line


@pytest.mark.parametrize("command", ["export", "profile"])
def test_broken_weights_are_named_by_file_and_tensor(copied_run, capsys, tmp_path, command):
    run, path, weights = copied_run
    tensors = load_file(weights)
    tensors["users.weight"][3, 5] = float("nan")
    save_file(tensors, weights)
    record = json.loads(path.read_text()) | {"weights": file_hash(weights)}
    path.write_text(json.dumps(record))
    assert main([command, str(run), "--out", str(tmp_path / "out"), "--quiet"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{weights}, users.weight: found NaN or infinite weights" in line


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        (["techer"], "teacher"),
        (
            ["RUN", "--method", "No such method"],
            "found 'No such method', expected a method of the run; known: N-pair XS",
        ),
    ],
)
def test_what_cannot_be_exported(finished_run, capsys, tmp_path, source, hint):
    source = [str(finished_run.folder) if word == "RUN" else word for word in source]
    assert main(["export", *source, "--out", str(tmp_path / "onnx")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert hint in line
