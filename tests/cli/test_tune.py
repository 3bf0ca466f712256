"""`outfitbench tune`: what is found, and what cannot be searched, as a person sees it."""

from __future__ import annotations

import json
import sys

import pytest
from outfitbench.cli.main import main
from outfitbench.models.backbones import ImageNetwork, register_backbone
from torch import nn

SUITE = """
title = "Tuned"
datasets = ["closet-12"]
methods = ["n-pair-xs"]
[every_method.recipe]
learning_rate = 0.07
precision = "fp32"
[method.n-pair-xs]
backbone = "mean"
image_size = 16
"""


@pytest.mark.usefixtures("own_registry")
def test_a_search_says_what_it_tried_and_where_the_best_stands(capsys, tmp_path):
    @register_backbone("mean")
    def mean(pretrained):
        """Takes no time."""
        layers = nn.Sequential(nn.Conv2d(3, 16, 4, stride=4), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        return ImageNetwork(layers, width=16, input_size=16, smallest=8)

    (tmp_path / "mine.toml").write_text(SUITE)
    asked = ["tune", "n-pair-xs", "--suite", str(tmp_path / "mine.toml"), "--dataset", "closet-12"]
    asked += ["--trials", "1", "--epochs", "1", "--out", str(tmp_path / "out"), "--device", "cpu", "--quiet"]
    assert main(asked) == 0
    head, _, row, note, best = capsys.readouterr().out.splitlines()
    assert head.split() == ["point", "recipe.learning_rate", "state", "epochs", "validation", "AUC"]
    assert (row.split()[0], *row.split()[2:4]) == ("1", "complete", "1")
    assert note == "note: suite mine sets recipe.learning_rate = 0.07 itself, which would hide what was found"
    assert best == f"best: point 1, in {tmp_path / 'out' / 'n-pair-xs.toml'}"
    assert main([*asked, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["method"] == str(tmp_path / "out" / "n-pair-xs.toml")
    assert answer["study"]["best"] == 1


@pytest.mark.parametrize(
    ("method", "options", "says"),
    [
        ("n-pair-xs", ["--trials", "0"], "argument trials: found 0, expected 1 or more"),
        ("n-pair-xs", ["--seed=-1"], "argument seed: found -1, expected a whole number from 0 to"),
        ("n-pair-xs", ["--seed", str(2**32)], "argument seed: found 4294967296, expected a whole number"),
        ("n-pair", [], "argument method: found 'n-pair', expected a method; nearest: n-pair"),
        (
            "popularity",
            [],
            "argument method: found popularity, a scorer, which nobody trains, expected a method",
        ),
        ("fnd-xs", ["--epochs", "0"], "epochs: found 0, expected"),
        ("bpr-xs", ["--suite", "smoke"], "expected a method of the suite"),
    ],
)
def test_what_cannot_be_searched_is_one_line(capsys, tmp_path, method, options, says):
    out = tmp_path / "out"
    asked = ["tune", method, "--dataset", "closet-12", "--trials", "2", "--out", str(out), *options]
    assert main(asked) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
    assert not list(out.glob("*"))


def test_without_its_packages_it_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna.pruners", None)
    monkeypatch.delitem(sys.modules, "outfitbench.suites.tuning", raising=False)
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert main(["tune", "fnd-xs", "--dataset", "closet-12", "--trials", "2"]) == 2
    assert "expected optuna; run pip install 'outfitbench[tune]'" in capsys.readouterr().err
