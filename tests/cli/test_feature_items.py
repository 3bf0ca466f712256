"""A tree of the converted release, whose items are feature vectors, all the way from the data to ONNX."""

from __future__ import annotations

import json
from pathlib import Path

import onnxruntime
import pytest
from outfitbench.cli.main import main

from ..datasets.written_trees import small_tree, write_converted, write_features

SUITE = """
title = "One student of features"
datasets = ["polyvore-32"]
methods = ["n-pair-xs"]

[every_method.recipe]
epochs = 1
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("features")
    tree = small_tree(variable=True, users=32)
    write_converted(tree, home / "data")
    write_features(tree, home / "data", size=24)
    (home / "one.toml").write_text(SUITE)
    where = ["--root", str(home / "data"), "--out", str(home / "runs")]
    assert main(["run", str(home / "one.toml"), *where, "--quiet"]) == 0
    return home / "runs"


def test_the_report_says_what_the_items_are(run):
    page = (run / "report" / "README.md").read_text()
    assert "24 numbers" in page


def test_an_export_takes_vectors_of_that_width(run, capsys, tmp_path):
    assert main(["export", str(run), "--out", str(tmp_path), "--json", "--quiet"]) == 0
    (export,) = json.loads(capsys.readouterr().out)["exports"]
    assert (export["input_kind"], export["input_size"]) == ("features", 24)
    (folder,) = tmp_path.iterdir()
    session = onnxruntime.InferenceSession(folder / "encoder.onnx", providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape[1:] == [24]


def test_its_cost_is_measured(run, least_effort, capsys):
    assert main(["profile", str(run), "--workload", "request", "--json", "--quiet"]) == 0
    torch, onnx = json.loads(capsys.readouterr().out)["profiles"]
    assert (torch["engine"], onnx["engine"]) == ("torch", "onnxruntime")
    assert onnx["parity"]["max_abs_difference"] <= 1e-4
