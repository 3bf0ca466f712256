"""Suites that write many methods as one: sweeps; suites made up of others; presets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from outfitbench.core.cache import cache_folder
from outfitbench.datasets import InputError, load_dataset
from outfitbench.datasets.registry import tree_root
from outfitbench.suites import list_suites, load_suite
from outfitbench.suites.cold_trial import ColdTrial
from outfitbench.suites.errand import Errand, plan_errand
from outfitbench.suites.plan import plan_trials
from outfitbench.suites.trial import FitTrial

GOOD = """
title = "Mine"
datasets = ["closet-12"]
seeds = [4, 5]
methods = ["n-pair-xs"]

[every_method.recipe]
epochs = 3
batch_size = 64
"""
SWEEP = """
[sweep.alpha]
methods = ["fnd-xs"]
option = "objective.fnd.alpha"
values = [0.5, 1.25]
symbol = "α"
"""


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    return path


def test_a_sweep_is_a_method_a_value_and_the_methods_own_value_is_the_method(suite_file: Path) -> None:
    suite_file.write_text(GOOD + SWEEP)
    methods = load_suite(suite_file).methods
    assert list(methods) == ["n-pair-xs", "teacher", "fnd-xs-alpha-0.5", "fnd-xs"]
    half, own = methods["fnd-xs-alpha-0.5"], methods["fnd-xs"]
    assert (half.name, own.name) == ("FND XS, α = 0.5", "FND XS")
    assert half.objectives == {"fnd": {"alpha": 0.5, "alpha_mode": "relative"}}
    assert own.objectives == {"fnd": {"alpha": 1.25, "alpha_mode": "relative"}}
    assert half.recipe == own.recipe == methods["n-pair-xs"].recipe


def test_what_is_swept_stands_above_what_holds_for_every_method(suite_file: Path) -> None:
    suite_file.write_text(
        GOOD
        + '[sweep.batch]\nmethods = ["n-pair-xs", "bpr-xs"]\noption = "recipe.batch_size"\nvalues = [8, 64]\n'
        + "[method.bpr-xs-batch-size-8.recipe]\nepochs = 9\n"
    )
    methods = load_suite(suite_file).methods
    assert {
        key: (method.name, method.recipe.batch_size, method.recipe.epochs) for key, method in methods.items()
    } == {
        "n-pair-xs": ("N-pair XS", 64, 3),
        "n-pair-xs-batch-size-8": ("N-pair XS, batch size = 8", 8, 3),
        "bpr-xs-batch-size-8": ("BPR XS, batch size = 8", 8, 9),
        "bpr-xs": ("BPR XS", 64, 3),
    }
    assert list(load_suite(suite_file, methods=["bpr-xs-batch-size-8"]).methods) == ["bpr-xs-batch-size-8"]


def test_lists_are_values_too(suite_file: Path) -> None:
    suite_file.write_text(
        GOOD
        + '[sweep.pair]\nmethods = ["cl-xs"]\noption = "objective.contrastive.pair"\n'
        + 'values = [["erase", "erase"], ["erase", "replace"]]\n'
    )
    methods = load_suite(suite_file).methods
    assert methods["cl-xs-pair-erase-replace"].name == "CL XS, pair = erase + replace"
    assert methods["cl-xs-pair-erase-erase"].objectives["contrastive"]["pair"] == ["erase", "erase"]


def test_quick_is_the_first_seed_and_what_the_file_says_of_it(suite_file: Path) -> None:
    assert load_suite(suite_file, preset="quick").seeds == [4]
    assert load_suite(suite_file, preset="quick", seeds=[7, 8]).seeds == [7, 8]
    suite_file.write_text(
        GOOD + SWEEP + "[preset.quick]\nevery_method.recipe.epochs = 1\nsweep.alpha.values = [2.0]\n"
    )
    full, quick = load_suite(suite_file), load_suite(suite_file, preset="quick")
    assert (full.seeds, quick.seeds) == ([4, 5], [4])
    assert {method.recipe.epochs for method in full.methods.values()} == {3}
    assert {(m.recipe.epochs, m.recipe.batch_size) for m in quick.methods.values()} == {(1, 64)}
    assert "fnd-xs-alpha-2" in quick.methods
    assert "fnd-xs-alpha-0.5" not in quick.methods


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[preset.slow]\nseeds = [1]", "preset.slow: found an unknown key, expected one of quick"),
        ("[preset.quick]\nseedz = [1]", "preset.quick, seedz: found an unknown key, expected one of"),
        ("[preset.quick]\nseeds = [-1]", "preset.quick, seeds.0: found -1"),
        ("[preset.quick.preset.quick]\nseeds = [1]", "preset.quick, preset: found an unknown key"),
        (SWEEP.replace("[0.5, 1.25]", "[0.5, 0.5]"), "alpha.values: found [0.5, 0.5], expected each value"),
        (SWEEP.replace("[0.5, 1.25]", "[]"), "sweep.alpha.values: found [], expected something that is"),
        (SWEEP.replace("fnd-xs", "fdn-xs"), "methods: found 'fdn-xs', expected a method; nearest"),
        (SWEEP.replace("fnd.alpha", "fdn.alpha"), "alpha of fnd-xs: found 'fdn', expected an objective"),
        (SWEEP.replace("objective.fnd.alpha", "recipe.alpha"), "of fnd-xs, recipe.alpha: found an un"),
        (SWEEP.replace("objective.fnd.alpha", "recipe..x"), "alpha.option: found 'recipe..x', expected"),
        (SWEEP + "[sweep.alpha.more]\nx = 1", "alpha.more: found an unknown key, expected one of met"),
    ],
)  # fmt: skip
def test_a_broken_sweep_or_preset_is_refused_in_one_line(suite_file: Path, text: str, says: str) -> None:
    suite_file.write_text(GOOD + text)
    with pytest.raises(InputError) as caught:
        load_suite(suite_file)
    message = str(caught.value)
    assert says in message
    assert "mine.toml" in message
    assert "\n" not in message


def test_a_preset_that_there_is_not(suite_file: Path) -> None:
    with pytest.raises(InputError, match="argument preset: found 'quik', expected a preset; nearest: quick"):
        load_suite(suite_file, preset="quik")


def together(folder: Path, *names: str) -> Path:
    path = folder / "all.toml"
    path.write_text(f'title = "All"\nsuites = {list(names)}\n'.replace("'", '"'))
    return path


def test_a_suite_of_suites_runs_what_they_share_once(suite_file: Path) -> None:
    other = suite_file.with_name("other.toml")
    other.write_text(GOOD.replace("[4, 5]", "[5, 6]").replace('"n-pair-xs"', '"n-pair-xs", "bpr-xs"'))
    whole = load_suite(together(suite_file.parent, "mine.toml", "other.toml"))
    assert [(part.name, list(part.methods)) for part in whole.parts] == [
        ("mine", ["n-pair-xs"]),
        ("other", ["n-pair-xs", "bpr-xs"]),
    ]
    dataset = load_dataset("closet-12")
    fits = [trial for trial in plan_trials(whole, [dataset]) if isinstance(trial, FitTrial)]
    expected = {("N-pair XS", 4), ("N-pair XS", 5), ("N-pair XS", 6), ("BPR XS", 5), ("BPR XS", 6)}
    assert {(fit.method.name, fit.seed) for fit in fits} == expected
    assert len(fits) == len(expected)


def test_what_is_asked_of_a_suite_of_suites_is_asked_of_each(suite_file: Path) -> None:
    other = suite_file.with_name("other.toml")
    other.write_text(GOOD.replace('"n-pair-xs"', '"bpr-xs"'))
    path = together(suite_file.parent, "mine.toml", "other.toml", "table1")
    quick = load_suite(path, preset="quick", methods=["bpr-xs"], datasets=["closet-24"], epochs=2)
    (part,) = quick.parts
    assert (part.name, part.seeds, part.datasets) == ("other", [4], ["closet-24"])
    assert part.methods["bpr-xs"].recipe.epochs == 2
    with pytest.raises(InputError, match="argument methods: found 'bpr-s', expected a method of the suites;"):
        load_suite(path, methods=["bpr-s"])
    nested = suite_file.with_name("nested.toml")
    nested.write_text('title = "x"\nsuites = ["all.toml"]')
    with pytest.raises(
        InputError, match=r"nested\.toml, suites: found 'all\.toml', which names others itself"
    ):
        load_suite(nested)


def test_methods_and_suites_are_not_named_together(suite_file: Path) -> None:
    suite_file.write_text('suites = ["demo"]' + GOOD)
    with pytest.raises(
        InputError, match=r"mine\.toml, (datasets|seeds|methods|every_method): found an unknown"
    ):
        load_suite(suite_file)


@pytest.mark.parametrize("name", ["demo", "paper"])
def test_every_suite_plans_on_any_dataset(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    suite = load_suite(name, preset="quick", datasets=["closet-12"])
    # The machine's devices are no matter.
    bare = [part.model_copy(update={"cost": None}) for part in suite.parts]
    trials = plan_trials(suite.model_copy(update={"suites": bare, "cost": None}), [load_dataset("closet-12")])
    fits = [trial for trial in trials if isinstance(trial, FitTrial)]
    there = [part for part in bare if part.name != "features"]
    asked = {(m.name, kind) for part in there for m in part.methods.values() for kind in part.negatives}
    assert {(fit.method.name, fit.negatives) for fit in fits} == asked
    stemmed = [(fit.method.name, fit.negatives) for fit in fits if fit.method.stem]
    assert len(stemmed) == len(set(stemmed)), "what parts share is one trial"
    assert not any(isinstance(trial, ColdTrial) for trial in trials), "nobody new goes with closet-12"
    said = capsys.readouterr().out
    assert ("features: closet-12 has no features, left out" in said) == (name == "paper")


def test_a_part_that_nothing_can_be_told_of_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    suite = load_suite("paper", preset="quick", datasets=["closet-12"])
    truth = next(part for part in suite.parts if part.name == "truth")
    known = load_dataset("closet-12")
    only = suite.model_copy(update={"suites": [truth]})
    assert plan_trials(only, [known])
    assert not plan_trials(only, [replace(known, hidden=None)])
    assert "truth: closet-12 has no hidden preference, left out" in capsys.readouterr().out


def test_without_a_root_a_suite_of_suites_leaves_out_what_is_read_from_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, dataset in (("drawn", "closet-12"), ("read", "photos")):
        (tmp_path / f"{name}.toml").write_text(f'title = "T"\ndatasets = ["{dataset}"]\n')
    both, alone = tmp_path / "both.toml", tmp_path / "alone.toml"
    both.write_text('title = "T"\nsuites = ["drawn.toml", "read.toml"]\n')
    alone.write_text('title = "T"\nsuites = ["read.toml"]\n')
    _, datasets = plan_errand(Errand(load_suite(both), tmp_path, "cpu"))
    assert list(datasets) == ["closet-12"]
    assert "read: photos is read from disk, and there is no --root, left out" in capsys.readouterr().out
    with pytest.raises(InputError, match="dataset photos: found no root"):
        plan_errand(Errand(load_suite(alone), tmp_path, "cpu"))


def test_beside_what_is_read_from_a_root_closets_are_drawn_where_it_holds_no_copy(tmp_path: Path) -> None:
    for name, dataset in (("drawn", "closet-12"), ("read", "photos")):
        (tmp_path / f"{name}.toml").write_text(f'title = "T"\ndatasets = ["{dataset}"]\n')
    (tmp_path / "both.toml").write_text('title = "T"\nsuites = ["drawn.toml", "read.toml"]\n')
    root = tmp_path / "root"
    root.mkdir()
    errand = Errand(load_suite(tmp_path / "both.toml"), tmp_path, "cpu", root=root)
    found = errand.load(["closet-12"])
    assert found["closet-12"].fingerprint == load_dataset("closet-12").fingerprint
    worker = replace(errand, suite=errand.suite.model_copy(update={"datasets": ["closet-12"]}))
    assert worker.load(["closet-12"]), "as a process plans that runs the trials of one dataset"
    with pytest.raises(InputError, match="root: found "):
        errand.load(["photos"])
    alone = replace(errand, suite=load_suite(tmp_path / "drawn.toml"))
    with pytest.raises(InputError, match="expected the tree of closet-12"):
        alone.load(["closet-12"])
    (root / "tuples_12").symlink_to(tree_root("closet-12", None, cache_folder()) / "tuples_12")
    assert not errand.draws("closet-12"), "there is a copy"


def test_the_papers_suite_holds_every_table_and_figure() -> None:
    names = {part.name for part in load_suite("paper").parts}
    assert names >= {name for name in list_suites() if name.startswith(("table", "fig"))}
    assert names >= {"truth", "features", "pretrained"}
