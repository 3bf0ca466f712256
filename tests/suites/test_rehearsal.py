"""Rehearsals: a fault of ours stops the run, a stranger's is its trial's; what a frozen backbone saves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from outfitbench.core.errors import InputError
from outfitbench.core.plugins import load_plugin
from outfitbench.datasets import OutfitTable, load_dataset
from outfitbench.models import create_model
from outfitbench.suites import rehearsal, run_suite
from outfitbench.suites.method_tables import load_methods
from outfitbench.suites.suite_file import Suite
from outfitbench.suites.trial import FitTrial
from outfitbench.training.method import Method, Recipe

PLUGIN = """
from outfitbench.models import create_model, register_model

@register_model("a-strangers")
def a_strangers(options):
    return create_model("student-xs", num_users=options.num_users)
"""


@pytest.mark.usefixtures("own_registry")
def test_a_strangers_fault_is_its_trials_and_ours_is_raised(
    smoke: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stranger.py").write_text(PLUGIN)
    load_plugin(tmp_path / "stranger.py")

    def fail(*arguments: object) -> None:
        raise KeyError("no such layer")

    monkeypatch.setattr(rehearsal, "_seconds_of_an_item", fail)
    teacher = smoke.methods["teacher-xs"]
    ours = smoke.model_copy(update={"methods": {"one": teacher}})
    stranger = teacher.model_copy(update={"model": "a-strangers"})
    theirs = smoke.model_copy(update={"methods": {"one": stranger}})
    assert run_suite(theirs, tmp_path / "out", device="cpu", dry_run=True).seconds == {}
    with pytest.raises(KeyError, match="no such layer"):
        run_suite(ours, tmp_path / "out", device="cpu", dry_run=True)


def test_a_user_without_a_training_outfit_to_learn_anchors_from_is_refused() -> None:
    dataset = load_dataset("closet-12")
    train = dataset.split("train")
    others = OutfitTable(train.users[train.users != 3], train.items[train.users != 3])
    lacking = replace(dataset, tables={**dataset.tables, "train": others})
    method = Method(name="LPAE of anchors", model="lpae-u", objective="lpae")
    place = "method LPAE of anchors, objective lpae on closet-12"
    says = f"^{place}: found no training outfit of user 3 \\(1 such users\\), expected one"
    with pytest.raises(InputError, match=says):
        rehearsal.rehearse(FitTrial(lacking, method=method, negatives="random", seed=0), "cpu", fetch=False)
    fit = FitTrial(dataset, method=method, negatives="random", seed=0)
    assert rehearsal.rehearse(fit, "cpu", fetch=False).seconds


@pytest.mark.usefixtures("tiny_models")
def test_what_normalises_over_the_items_of_a_step_is_trained_on_one_device() -> None:
    recipe = Recipe(devices=2)
    method = Method(name="A", model="tiny", image_size=16, objective="n-pair", recipe=recipe)
    fit = FitTrial(load_dataset("closet-12"), method=method, negatives="random", seed=0)
    with pytest.raises(InputError, match=r"method A, recipe\.devices: found 2 with a network that norm"):
        rehearsal.rehearse(fit, "cpu", fetch=False)


def test_freezing_saves_nothing_where_no_image_is_seen() -> None:
    dataset = load_dataset("closet-12")
    features = replace(dataset, vectors=object())  # whatever they are, they are seen instead of the images

    def about(data: object, *, freeze: bool) -> float:
        method = Method(name="A", model="student-xs", objective="n-pair", freeze=freeze)
        fit = FitTrial(data, method=method, negatives="random", seed=0)
        return rehearsal._whole_fit(fit, 1.0, 0.0)

    assert about(features, freeze=True) == about(features, freeze=False)
    assert about(dataset, freeze=True) < about(dataset, freeze=False)


@pytest.mark.parametrize(
    ("method", "scored"),
    [
        ("n-pair-xs", 1.0),
        ("fnd-xs", 1.35),  # its teacher scores without gradient
        ("fnd-cl-xs", 1.35 * 2),  # two views of each of 32 positives beside 64 outfits
        ("recd-xs", 1.35 * 1.25),  # 16 recombined ones
    ],
)
def test_time_left_counts_the_outfits_that_a_step_scores(
    method: str, scored: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsal, "_seconds_of", lambda *_: 1.0)
    fit = FitTrial(load_dataset("closet-12"), method=load_methods()[method], negatives="random", seed=0)
    model = create_model("student-xs", num_users=12)
    assert rehearsal._seconds_of_scores(fit, model) == pytest.approx(scored)
    assert rehearsal._whole_fit(fit, 1.0, 2.0) > rehearsal._whole_fit(fit, 1.0, 1.0)
