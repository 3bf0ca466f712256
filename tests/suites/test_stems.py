"""Stems in a suite: one for all methods and seeds, the fits that start from it, and ways to get it wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.core.machine import describe_machine
from outfitbench.datasets import Dataset, load_dataset
from outfitbench.models.weights import save_tensors
from outfitbench.suites import load_suite, run_suite
from outfitbench.suites.attempt import trial_folder
from outfitbench.suites.held_files import outdated_stems
from outfitbench.suites.plan import plan_trials
from outfitbench.suites.record_files import load_record, write_record
from outfitbench.suites.records import FitRecord, QualityRecord, StemRecord
from outfitbench.suites.suite_file import Suite
from outfitbench.suites.trial import FitTrial, StemTrial
from outfitbench.training import stem
from outfitbench.training.history import Environment
from safetensors.torch import load_file

SUITE = """
title = "From a stem"
datasets = ["closet-12"]
methods = ["n-pair-xs", "n-pair-s"]
shuffled_users = false
seeds = [{seeds}]
[every_method]
stem = true
freeze = "convolutions"
stem_fit = {{ epochs = 1 }}
recipe.epochs = 1
"""


@pytest.fixture(autouse=True)
def quick_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of lite0's features, which take seconds, the mean colour of each image."""

    def colours(name: str, dataset: Dataset, size: int) -> np.ndarray:
        return dataset.images(np.arange(dataset.num_items), 64).mean((1, 2)).astype(np.float32)

    monkeypatch.setattr(stem, "pretrained_vectors", colours)


def suite_of(folder: Path, more: str = "", seeds: str = "0") -> Suite:
    (folder / "suite.toml").write_text(SUITE.format(seeds=seeds) + more)
    return load_suite(folder / "suite.toml")


def planned(suite: Suite) -> list:
    return plan_trials(suite, [load_dataset("closet-12")])


def test_one_stem_serves_all_methods_and_seeds_of_an_image_size(tmp_path: Path) -> None:
    trials = planned(suite_of(tmp_path, seeds="0, 1"))
    (found,) = [trial for trial in trials if isinstance(trial, StemTrial)]
    fits = [trial for trial in trials if isinstance(trial, FitTrial)]
    assert len(fits) == 4
    assert all(fit.inputs == {"stem": found} for fit in fits)
    told = run_suite(suite_of(tmp_path), tmp_path / "out", device="cpu", dry_run=True)
    assert 0.1 < told.seconds[found.hash] < 120
    larger = planned(suite_of(tmp_path, "[method.n-pair-s]\nimage_size = 96\n"))
    assert len([trial for trial in larger if isinstance(trial, StemTrial)]) == 2


def test_frozen_convolutions_ship_as_the_stem_left_them_and_the_rest_is_learnt(tmp_path: Path) -> None:
    suite = suite_of(tmp_path)
    outcome = run_suite(suite, tmp_path / "out", device="cpu")
    assert not outcome.failed
    records = outcome.records
    (stemmed,) = [record for record in records if isinstance(record, StemRecord)]
    assert (stemmed.convolutions, stemmed.image_size, stemmed.target) == ("alexnet", 64, "efficientnet-lite0")
    first, *fits = [t for t in outcome.trials if isinstance(t, StemTrial | FitTrial)]
    given = load_file(trial_folder(tmp_path / "out", first) / "stem.safetensors")
    for fit in fits:
        shipped = load_file(trial_folder(tmp_path / "out", fit) / "weights.safetensors")
        for name, weights in given.items():
            assert torch.equal(shipped[name.replace("network.0.", "backbone.network.0.")], weights)
    qualities = [record for record in records if isinstance(record, QualityRecord)]
    assert {record.fit.input_size for record in qualities} == {64}
    assert {record.fit.description["model"]["freeze"] for record in qualities} == {"convolutions"}


def test_a_stem_is_the_same_whichever_method_asks_first(tmp_path: Path) -> None:
    found = []
    for first in ("n-pair-xs", "n-pair-s"):
        suite = suite_of(tmp_path)
        alone = suite.model_copy(update={"methods": {first: suite.methods[first]}})
        stemmed, *_ = run_suite(alone, tmp_path / first, device="cpu").trials
        found.append((stemmed.hash, load_file(trial_folder(tmp_path / first, stemmed) / "stem.safetensors")))
    assert found[0][0] == found[1][0]
    assert all(torch.equal(weights, found[1][1][name]) for name, weights in found[0][1].items())


def test_convolutions_that_are_not_frozen_start_from_the_stem_and_train_on(tmp_path: Path) -> None:
    more = "[method.n-pair-xs]\nfreeze = false\n"
    suite = suite_of(tmp_path, more).model_copy(update={"settings": ["random"]})
    suite = suite.model_copy(update={"methods": {"n-pair-xs": suite.methods["n-pair-xs"]}})
    outcome = run_suite(suite, tmp_path / "out", device="cpu")
    first, fit = [t for t in outcome.trials if isinstance(t, StemTrial | FitTrial)]
    given = load_file(trial_folder(tmp_path / "out", first) / "stem.safetensors")["network.0.0.weight"]
    shipped = load_file(trial_folder(tmp_path / "out", fit) / "weights.safetensors")
    moved = (shipped["backbone.network.0.0.weight"] - given).abs().max()
    assert 0 < moved < 0.1 * given.abs().max()


def test_an_altered_stem_is_not_started_from(tmp_path: Path) -> None:
    suite = suite_of(tmp_path)
    outcome = run_suite(suite, tmp_path / "out", device="cpu")
    found, fit = [t for t in outcome.trials if isinstance(t, StemTrial | FitTrial)][:2]
    path = trial_folder(tmp_path / "out", found) / "stem.safetensors"
    save_tensors({name: weights + 0.5 for name, weights in load_file(path).items()}, path)
    record = trial_folder(tmp_path / "out", fit) / "record.json"
    assert isinstance(load_record(record), FitRecord)
    record.unlink()
    again = run_suite(suite, tmp_path / "out", device="cpu")
    reasons = [message.partition(": found a file of hash")[0] for message in again.failed.values()]
    assert reasons[0] == str(path)


def test_a_stem_of_other_images_is_told_and_not_started_from(tmp_path: Path) -> None:
    """What changes is the dataset's fingerprint, of which its images are a part."""
    (found, *_) = [trial for trial in planned(suite_of(tmp_path)) if isinstance(trial, StemTrial)]
    folder = trial_folder(tmp_path, found)
    record = StemRecord(
        trial=found.hash,
        description=found.description.to_json(),
        machine=describe_machine(),
        dataset="closet-12",
        data_fingerprint=found.dataset.fingerprint,
        convolutions="alexnet",
        image_size=64,
        target="efficientnet-lite0",
        losses=[0.5],
        environment=Environment(device="cpu", precision="fp32", threads=1),
        weights="0" * 64,
    )
    write_record(record, folder)
    (tmp_path / "stems" / "broken").mkdir()
    (tmp_path / "stems" / "broken" / "record.json").write_text("{")
    assert not outdated_stems([found], frozenset(), lambda trial: trial_folder(tmp_path, trial))
    changed = replace(found, dataset=replace(found.dataset, fingerprint="0123456789abcdef"))
    assert changed.hash != found.hash, "so it is another trial"
    (told,) = outdated_stems([changed], frozenset(), lambda trial: trial_folder(tmp_path, trial))
    assert told == (
        f"stem of 64 px · closet-12: trained anew, as the images or outfits are not those of {folder} "
        f"(data {found.dataset.fingerprint}, now 0123456789abcdef)"
    )


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('[method.n-pair-s]\nbackbone = "mobilenet_v3_small"\n', "stem: found .*mobilenet_v3_small"),
        ("[method.n-pair-s]\npretrained = true\n", "stem: found true, and pretrained = true"),
        ("[method.n-pair-s]\nfreeze = true\n", "freeze: found true beside a stem"),
        (
            "[method.n-pair-s]\nstem = false\nstem_fit = { epochs = 2 }\n",
            "stem_fit: found a table without effect",
        ),
        ('[method.n-pair-s]\nstem_fit = { target = "resnet81" }\n', "stem_fit.target: found 'resnet81'"),
        ("[method.n-pair-s]\nstem_fit = { epoch = 2 }\n", "nearest: epochs"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_trains(tmp_path: Path, more: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        planned(suite_of(tmp_path, more))
