"""`outfitbench export`: of a model by name, and of what a run trained."""

from __future__ import annotations

import json

import onnxruntime
import pytest
from outfitbench.cli.main import main


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


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        (["techer"], "teacher"),
        (["RUN", "--method", "No such method"], "a trial of No such method"),
    ],
)
def test_what_cannot_be_exported(finished_run, capsys, tmp_path, source, hint):
    source = [str(finished_run.folder) if word == "RUN" else word for word in source]
    assert main(["export", *source, "--out", str(tmp_path / "onnx")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert hint in line
