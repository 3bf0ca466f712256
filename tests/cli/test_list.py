"""`outfitbench list`."""

from __future__ import annotations

import json

import pytest
from outfitbench.cli.main import main

KINDS = [
    ("models", {"teacher", "student-xs", "student-s", "student-m"}),
    ("objectives", {"n-pair", "bpr", "fnd"}),
    ("backbones", {"alexnet", "alexnet-small", "resnet18"}),
    ("engines", {"torch", "torch-compile", "onnxruntime"}),
    ("scorers", {"random", "popularity", "colour-histogram", "hidden-truth"}),
    ("datasets", {"closet-12", "closet-24", "polyvore-630", "photos"}),
    ("methods", {"teacher", "n-pair-xs", "fnd-cl-xs", "type-aware"}),
    ("suites", {"demo", "smoke", "table2"}),
]


@pytest.mark.parametrize(("what", "some"), KINDS)
def test_names_what_there_is_and_says_what_it_is(capsys, what, some):
    assert main(["list", what]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split()[0] for line in lines]
    assert some <= set(names)
    assert all(len(line.split()) > 1 for line in lines if line.split()[0] in some)
    assert main(["list", what, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)[what]
    assert [entry["name"] for entry in found] == names
    assert all(entry["summary"] in line for entry, line in zip(found, lines, strict=True))


def test_each_dataset_is_called_what_it_is(capsys):
    assert main(["list", "datasets"]) == 0
    told = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert told["iqon"].startswith("IQON3000 as its authors released it")
    assert told["polyvore-outfits-disjoint"].startswith("Polyvore Outfits, disjoint")
    assert told["polyvore-630"].startswith("Polyvore-U's 630 users")
    assert told["pog-synthetic"].startswith(
        "Random outfits in POG's form, made on first use: 3,569,112 users"
    )
    assert [name for name, about in told.items() if "photographs" in about] == ["photos"]


PLUGIN = '''
from outfitbench.bench import register_engine

@register_engine("mine")
class Mine:
    """Mine, and [nobody]'s else."""
'''


def test_a_plugins_name_is_among_them(capsys, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(PLUGIN)
    assert main(["list", "engines", "--plugin", str(path)]) == 0
    told = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["mine", "Mine, and [nobody]'s else."] in told
