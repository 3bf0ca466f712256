"""Variants that are trained on: roles, resumption, and what is made of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfitbench.datasets import Dataset, load_dataset
from outfitbench.models import create_model
from outfitbench.models.weights import load_weights
from outfitbench.reports.grouping import comparison_tables
from outfitbench.suites.fine_tuning import fine_tuning_of
from outfitbench.suites.plan import plan_trials
from outfitbench.suites.run_evaluation import run_evaluation
from outfitbench.suites.run_variant import run_variant, trained_subject
from outfitbench.suites.suite_file import load_suite
from outfitbench.suites.trial import EvaluationTrial, FitTrial, VariantTrial
from outfitbench.training.errors import TrainingStopped
from outfitbench.training.method import Method, Recipe

from .test_costs import finish

SUITE = """
title = "Pruned"
datasets = ["closet-12"]
methods = ["teacher", "fnd-xs"]

[variants]
"pruned-50+int8-static" = ["fnd-xs"]
fp16 = ["fnd-xs"]
"""


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("closet-12")


def test_what_is_made_of_a_pruned_network_waits_for_its_training(dataset: Dataset, tmp_path: Path):
    path = tmp_path / "pruned.toml"
    path.write_text(SUITE)
    trials = plan_trials(load_suite(path), [dataset])
    fits = {trial.method.name: trial for trial in trials if isinstance(trial, FitTrial)}
    pruned, graphs, half = (trial for trial in trials if isinstance(trial, VariantTrial))
    student, teacher = fits["FND XS"], fits["Teacher"]
    assert pruned.inputs == {"weights": student, "teacher": teacher}
    assert graphs.inputs == {"weights": student, "made": pruned}
    assert half.inputs == {"weights": student}
    assert [trial.variant for trial in (pruned, graphs, half)] == [
        "pruned-50",
        "pruned-50+int8-static",
        "fp16",
    ]
    assert graphs.description.inputs["made"] == pruned.hash


def test_all_of_a_network_is_trained_on_at_a_tenth_of_its_rates():
    recipe = Recipe(epochs=9, learning_rate=0.05, rates={"users": 0.5})
    method = Method(name="A", model="student-xs", objective="bpr", freeze="convolutions", recipe=recipe)
    on = fine_tuning_of(method)
    assert (on.recipe.epochs, on.recipe.learning_rate, on.recipe.rates) == (3, 0.005, {"users": 0.05})
    assert (on.freeze, on.objective) == (False, "bpr")


@pytest.mark.usefixtures("tiny_models")
def test_an_interrupted_training_ends_with_the_same_weights(dataset: Dataset, tmp_path: Path):
    recipe = Recipe(epochs=8, learning_rate=0.1, precision="fp32")
    method = Method(name="Tiny", model="tiny-headed", objective="n-pair", image_size=16, recipe=recipe)
    fit = FitTrial(dataset, method=method, negatives="random", seed=0)
    finish(fit, tmp_path / "fit", altered=False)
    pruned = VariantTrial(dataset, {"weights": fit}, variant="pruned-50")
    inputs = {"weights": tmp_path / "fit"}
    whole = run_variant(pruned, tmp_path / "whole", inputs, "cpu")
    assert whole.fine_tuning is not None
    assert [epoch.number for epoch in whole.fine_tuning.history] == [1, 2]
    assert whole.fine_tuning.recipe["learning_rate"] == 0.01
    assert {path.name for path in (tmp_path / "whole").iterdir()} == {"files", "record.json"}

    def stop(epoch: object) -> None:
        raise TrainingStopped

    with pytest.raises(TrainingStopped):
        run_variant(pruned, tmp_path / "cut", inputs, "cpu", stop)
    told = []
    cut = run_variant(pruned, tmp_path / "cut", inputs, "cpu", lambda epoch: told.append(epoch.number))
    assert told == [1, 2]  # the first is the checkpoint's
    assert cut.files == whole.files

    model = create_model("tiny-headed", num_users=dataset.num_users)
    load_weights(model, tmp_path / "cut" / "files" / "weights.safetensors")
    # 16→256→128→16 in place of 16→512→256→16.
    assert sum(one.numel() for one in model.head.parameters()) == 4352 + 32896 + 2064

    evaluated = EvaluationTrial(dataset, {"weights": pruned}, setting="random")
    ranked = run_evaluation(evaluated, tmp_path / "evaluation", {"weights": tmp_path / "cut"}, "cpu")
    (row,) = comparison_tables([ranked])[0].rows
    assert row.parameters == sum(one.numel() for one in model.parameters()) < ranked.fit.parameters

    # Of what was trained on, not of the fit pruned anew.
    both = VariantTrial(dataset, {"weights": fit, "made": pruned}, variant="pruned-50+fp16")
    made = run_variant(both, tmp_path / "both", {**inputs, "made": tmp_path / "cut"}, "cpu")
    assert made.fine_tuning is None
    _, subject = trained_subject(both, tmp_path / "both")
    rounded = create_model("tiny-headed", num_users=dataset.num_users)
    load_weights(rounded, subject.weights)
    assert (rounded.users.weight == model.users.weight.half().float()).all()
    assert made.agreement["kendall_tau"] == pytest.approx(cut.agreement["kendall_tau"], abs=0.02)
