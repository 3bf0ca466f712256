"""Variants of fits: made once, evaluated and measured like their fit, held against their record."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from outfitbench.bench.engines import engine_factory
from outfitbench.bench.parity import EXACT
from outfitbench.bench.variants.int8_static import Int8Static
from outfitbench.bench.workloads import WORKLOADS
from outfitbench.cli.answer import FAILED
from outfitbench.cli.run import Run
from outfitbench.core.errors import InputError
from outfitbench.core.hashes import file_hash
from outfitbench.core.plugins import load_plugin
from outfitbench.datasets import Dataset, load_dataset
from outfitbench.reports.grouping import comparison_tables
from outfitbench.suites import attempt
from outfitbench.suites.describing import describe_variant
from outfitbench.suites.executors.local import Here
from outfitbench.suites.plan import plan_trials
from outfitbench.suites.run_evaluation import run_evaluation
from outfitbench.suites.run_variant import run_variant, trained_subject
from outfitbench.suites.runner import RunOutcome
from outfitbench.suites.schedule import run_trials
from outfitbench.suites.suite_file import load_suite
from outfitbench.suites.trial import CostTrial, EvaluationTrial, FitTrial, VariantTrial, has_foreign_part
from outfitbench.training.method import Method
from sklearn.metrics import roc_auc_score

from .test_costs import finish

SUITE = """
title = "A variant"
datasets = ["closet-12"]
settings = ["random", "hard"]
seeds = [0, 1]
methods = ["n-pair-xs", "bpr-xs"]

[variants]
fp16 = ["n-pair-xs"]

[cost]
methods = ["n-pair-xs", "bpr-xs"]
engines = ["torch"]
devices = ["cpu"]
workloads = ["start", "request"]
"""


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("closet-12")


def test_a_suite_makes_evaluates_and_measures_the_variants_it_names(dataset: Dataset, tmp_path: Path):
    path = tmp_path / "variants.toml"
    path.write_text(SUITE)
    trials = plan_trials(load_suite(path), [dataset])
    variants = [trial for trial in trials if isinstance(trial, VariantTrial)]
    assert [(v.fit.method.name, v.fit.seed, v.variant) for v in variants] == [
        ("N-pair XS", 0, "fp16"),
        ("N-pair XS", 1, "fp16"),
    ]
    assert variants[0].label == "N-pair XS · closet-12 · random · seed 0 · fp16"
    evaluated = [t for t in trials if isinstance(t, EvaluationTrial) and t.inputs["weights"] in variants]
    assert [trial.setting for trial in evaluated] == ["random", "hard"] * 2
    measured = [trial for trial in trials if isinstance(trial, CostTrial)]
    # The first seed's fits and variants alone, under each workload.
    assert len(measured) == 3 * 2
    assert {trial.fit.seed for trial in measured} == {0}
    places = {trial.hash: place for place, trial in enumerate(trials)}
    assert all(places[needed.hash] < places[t.hash] for t in trials for needed in t.inputs.values())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('fp16 = ["n-pairs"]', "variants.fp16: found 'n-pairs', expected one of n-pair-xs, bpr-xs"),
        ('fp61 = ["n-pair-xs"]', "variants: found 'fp61', expected a variant; nearest: fp16"),
    ],
)
def test_what_is_unknown_is_refused_before_anything_trains(dataset, tmp_path, line, words):
    path = tmp_path / "variants.toml"
    path.write_text(SUITE.replace('fp16 = ["n-pair-xs"]', line))
    with pytest.raises(InputError, match=words):
        plan_trials(load_suite(path), [dataset])


def test_a_variant_ranks_almost_as_its_fit_and_stands_beside_it(dataset: Dataset, tmp_path: Path):
    method = Method(name="N-pair XS", model="student-xs", objective="n-pair", validation="student")
    fit = FitTrial(dataset, method=method, negatives="random", seed=0)
    finish(fit, tmp_path / "fit", altered=False)
    variant = VariantTrial(dataset, {"weights": fit}, variant="bf16")
    made = run_variant(variant, tmp_path / "variant", {"weights": tmp_path / "fit"}, "cpu")
    assert made.inputs == {"weights": fit.hash}
    assert made.bytes < 0.51 * (tmp_path / "fit" / "weights.safetensors").stat().st_size

    records = [
        run_evaluation(
            EvaluationTrial(dataset, {"weights": trial}, setting="random"),
            tmp_path / f"evaluation-{place}",
            {"weights": tmp_path / place},
            "cpu",
        )
        for trial, place in ((fit, "fit"), (variant, "variant"))
    ]
    own, compressed = records
    assert (compressed.variant, compressed.fit) == ("bf16", own.fit)
    assert compressed.test.auc != own.test.auc
    assert np.mean(compressed.test.auc) == pytest.approx(np.mean(own.test.auc), abs=0.02)
    (ranked,) = comparison_tables(records)
    assert [row.name for row in ranked.rows] == ["N-pair XS", "N-pair XS · bf16"]
    assert ranked.baselines_of(ranked.rows[1]) == {ranked.rows[0]: "as it was trained"}

    (weights,) = (tmp_path / "variant").rglob("weights.safetensors")
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match=r"weights\.safetensors: found a file of hash"):
        trained_subject(variant, tmp_path / "variant")


@pytest.mark.usefixtures("tiny_models")
def test_graphs_rank_in_the_engine_that_will_run_them(dataset: Dataset, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(Int8Static, "tolerance", EXACT)  # which no 8 bits keep to
    method = Method(name="Tiny", model="tiny-headed", objective="n-pair", image_size=16)
    fit = FitTrial(dataset, method=method, negatives="random", seed=0)
    finish(fit, tmp_path / "fit", altered=False)
    variant = VariantTrial(dataset, {"weights": fit}, variant="int8-static")
    made = run_variant(variant, tmp_path / "variant", {"weights": tmp_path / "fit"}, "cpu")
    assert made.engine == "onnxruntime"
    assert made.agreement.keys() == {"max_abs_difference", "kendall_tau", "top_k_overlap"}
    assert [flag.partition(" (")[0] for flag in made.flags] == ["lost its parity"]
    outcome = RunOutcome([variant], frozenset(), records=[made], others_lack=1)
    answer = Run(suite="of one's own")._results(outcome)
    assert answer.status == FAILED
    assert f"flagged: Tiny · int8-static: {made.flags[0]}" in answer.text

    trial = EvaluationTrial(dataset, {"weights": variant}, setting="random")
    record = run_evaluation(trial, tmp_path / "evaluation", {"weights": tmp_path / "variant"}, "cpu")
    assert (record.variant, record.engine, record.description["engine"]) == (
        "int8-static",
        "onnxruntime",
        "onnxruntime",
    )
    encoder, scorer = (
        onnxruntime.InferenceSession(tmp_path / "variant" / "files" / name)
        for name in ("encoder.onnx", "scorer.onnx")
    )
    images = np.divide(dataset.image_array(16).transpose(0, 3, 1, 2), 255, dtype=np.float32)
    categories = dataset.item_category.astype(np.int64)
    (features,) = encoder.run(None, {"images": images, "categories": categories})
    candidates = dataset.candidates("test", "random")
    given = {
        "users": candidates.users.astype(np.int64),
        "features": features[candidates.items],
        "categories": categories[candidates.items],
    }
    (scores,) = scorer.run(None, given)
    for user, auc in zip(record.test.users, record.test.auc, strict=True):
        own = candidates.users == user
        assert auc == pytest.approx(roc_auc_score(candidates.labels[own], scores[own]), abs=1e-9)


@pytest.mark.usefixtures("tiny_models")
@pytest.mark.parametrize(("name", "library"), [("torch-bf16", "torch"), ("torch-int8", "torchao")])
def test_an_engine_of_fewer_bits_ranks_where_it_is_the_variant(
    dataset: Dataset, tmp_path: Path, name: str, library: str
):
    pytest.importorskip(library)
    method = Method(name="Tiny", model="tiny-headed", objective="n-pair", image_size=16)
    fit = FitTrial(dataset, method=method, negatives="random", seed=0)
    finish(fit, tmp_path / "fit", altered=False)
    variant = VariantTrial(dataset, {"weights": fit}, variant=name)
    made = run_variant(variant, tmp_path / "variant", {"weights": tmp_path / "fit"}, "cpu")
    assert made.engine == name
    assert 0 < made.agreement["max_abs_difference"] < 0.1, "it rounds, and no more"
    trial = EvaluationTrial(dataset, {"weights": variant}, setting="random")
    record = run_evaluation(trial, tmp_path / "evaluation", {"weights": tmp_path / "variant"}, "cpu")
    assert (record.variant, record.engine) == (name, name)

    engine = engine_factory(name)(trained_subject(variant, tmp_path / "variant")[1], "cpu", 1)
    engine.load()
    categories = dataset.item_category.astype(np.int64)
    features = engine.encode_items(dataset.image_array(16).copy(), categories.copy()).numpy()
    candidates = dataset.candidates("test", "random")
    worn = candidates.items
    scores = engine.score(
        candidates.users.astype(np.int64),
        torch.from_numpy(features[worn].reshape(-1, features.shape[1])),
        np.where(worn < 0, -1, categories[worn]),
    )
    for user, auc in zip(record.test.users, record.test.auc, strict=True):
        own = candidates.users == user
        assert auc == pytest.approx(roc_auc_score(candidates.labels[own], scores[own]), abs=2e-2)


def test_graphs_are_not_measured_where_nothing_runs_graphs(dataset: Dataset, tmp_path: Path, capsys):
    path = tmp_path / "variants.toml"
    suite = SUITE.replace("fp16 =", '"low-rank+int8-static" =').replace(
        '["torch"]', '["torch", "onnxruntime"]'
    )
    path.write_text(suite)
    trials = plan_trials(load_suite(path), [dataset])
    measured = {
        (trial.engine, getattr(trial.inputs["weights"], "variant", ""))
        for trial in trials
        if isinstance(trial, CostTrial)
    }
    assert measured == {("torch", ""), ("onnxruntime", ""), ("onnxruntime", "low-rank+int8-static")}
    assert "low-rank+int8-static is nothing that torch runs, left out" in capsys.readouterr().out


def test_any_workload_can_be_asked_for_and_what_cannot_run_is_left_out(
    dataset: Dataset, tmp_path: Path, capsys
):
    path = tmp_path / "costs.toml"
    every = sorted(WORKLOADS.names())
    suite = SUITE.partition("[variants]")[0].replace("bpr-xs", "type-aware")
    path.write_text(
        f'{suite}[cost]\nmethods = ["n-pair-xs", "type-aware"]\ndevices = ["cpu"]\nworkloads = {every}'
    )
    trials = plan_trials(load_suite(path), [dataset])
    measured = {
        (trial.fit.method.model, trial.engine, trial.workload)
        for trial in trials
        if isinstance(trial, CostTrial)
    }
    vectors = {"top-k", "top-k-approximate"}
    lacking = {
        *(("type-aware", engine, name) for engine in ("torch", "onnxruntime") for name in vectors),
        *((model, "onnxruntime", "training-step") for model in ("student-xs", "type-aware")),
        *(("type-aware", engine, "cold-start") for engine in ("torch", "onnxruntime")),
    }
    asked = itertools.product(("student-xs", "type-aware"), ("torch", "onnxruntime"), every)
    assert measured == set(asked) - lacking
    said = capsys.readouterr().out
    assert said.count("costs: training-step runs in torch alone, not in onnxruntime, left out") == 1
    assert "costs: top-k: Type-Aware has no vectors of users and outfits" in said


def test_where_no_workload_is_named_requests_from_cached_features_are_measured_too():
    assert "request-features" in load_suite("table5").cost.workloads
    assert {"request", "request-features"} <= set(load_suite("table5", preset="quick").cost.workloads)


BROKEN = """
from outfitbench.bench.variants import Variant, register_variant

@register_variant("broken")
class Broken(Variant):
    def make(self, subject, folder, sample=None):
        raise ValueError("no such layer")

    def load(self, subject, folder):
        return subject
"""


@pytest.mark.usefixtures("own_registry")
def test_whatever_a_strangers_variant_raises_is_its_own(dataset: Dataset, tmp_path: Path, monkeypatch):
    plugin = tmp_path / "broken.py"
    plugin.write_text(BROKEN)
    load_plugin(plugin)
    method = Method(name="N-pair XS", model="student-xs", objective="n-pair", validation="student")
    fit = FitTrial(dataset, method=method, negatives="random", seed=0)
    broken, ours = (VariantTrial(dataset, {"weights": fit}, variant=name) for name in ("broken", "fp16"))
    assert has_foreign_part(EvaluationTrial(dataset, {"weights": broken}, setting="random"))
    assert not has_foreign_part(EvaluationTrial(dataset, {"weights": ours}, setting="random"))
    assert broken.description.sources == {"variant": file_hash(plugin)}
    for trial in (broken, ours):  # what `profile` makes of a run has the hash that a suite gives it
        assert describe_variant(trial.variant, {"weights": fit.hash}).hash == trial.hash
    (tmp_path / "fits" / fit.hash).mkdir(parents=True)
    finish(fit, tmp_path / "fits" / fit.hash, altered=False)
    assert run_trials([broken], tmp_path, Here(tmp_path, "cpu")) == {
        broken.hash: "ValueError (no such layer)"
    }

    def fail(*arguments: object, **options: object) -> None:
        raise ValueError("what a library makes of it")

    # Libraries that compress raise what they like: that is the variant's own, ours or not.
    monkeypatch.setitem(attempt._RUNS, VariantTrial, fail)
    (message,) = run_trials([ours], tmp_path, Here(tmp_path, "cpu")).values()
    assert message == "ValueError (what a library makes of it)"
    monkeypatch.setitem(attempt._RUNS, EvaluationTrial, fail)
    ranking = EvaluationTrial(dataset, {"weights": fit}, setting="random")
    with pytest.raises(ValueError, match="what a library makes of it"):  # a fault of ours
        run_trials([ranking], tmp_path, Here(tmp_path, "cpu"))
