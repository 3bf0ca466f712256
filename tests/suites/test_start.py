"""A method that starts from another's weights: the graph, what is taken over, and ways to get it wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.core.plugins import load_plugin
from outfitbench.datasets import load_dataset
from outfitbench.models.weights import save_tensors
from outfitbench.suites import load_suite, run_suite
from outfitbench.suites.attempt import trial_folder
from outfitbench.suites.plan import plan_trials
from outfitbench.suites.record_files import load_record
from outfitbench.suites.records import FitRecord, QualityRecord
from outfitbench.suites.suite_file import Suite
from outfitbench.suites.trial import EvaluationTrial, FitTrial
from safetensors.torch import load_file

SUITE = """
title = "Two stages"
datasets = ["closet-12"]
methods = [{methods}]
[every_method]
recipe.epochs = 1
"""

TINY = '''
from outfitbench.models.backbones import ImageNetwork, register_backbone
from torch import nn


@register_backbone("tiny-start")
def tiny(pretrained):
    """One convolution and the mean over the image."""
    layers = nn.Sequential(nn.Conv2d(3, 8, 5, stride=8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return ImageNetwork(layers, width=8, input_size=64, smallest=16)
'''


def suite_of(folder: Path, *methods: str, more: str = "", **chosen) -> Suite:
    path = folder / "suite.toml"
    path.write_text(SUITE.format(methods=", ".join(f'"{key}"' for key in methods)) + more)
    return load_suite(path, **chosen)


def planned(suite: Suite) -> list:
    return plan_trials(suite, [load_dataset("closet-12")])


def fits(suite: Suite) -> dict[tuple[str, int], FitTrial]:
    """By model and seed."""
    return {(t.method.model, t.seed): t for t in planned(suite) if isinstance(t, FitTrial)}


def ranked(suite: Suite) -> set[str]:
    return {trial.fit.method.model for trial in planned(suite) if isinstance(trial, EvaluationTrial)}


def test_a_first_stage_is_trained_before_and_has_no_row_unless_it_is_asked_for(tmp_path: Path) -> None:
    alone = suite_of(tmp_path, "outfit-net")
    assert [trial.kind for trial in planned(alone)] == ["fit", "fit", "evaluation"]
    first, second = fits(alone).values()
    assert (first.method.model, second.inputs) == ("outfit-net-fir", {"start": first})
    assert alone.unranked == ["outfit-net-fir"]
    assert ranked(alone) == {"outfit-net"}
    both = suite_of(tmp_path, "outfit-net", "outfit-net-fir")
    assert ranked(both) == {"outfit-net", "outfit-net-fir"}
    assert fits(both).keys() == fits(alone).keys()
    chosen = suite_of(tmp_path, "outfit-net", "outfit-net-fir", methods=["outfit-net"])
    assert ranked(chosen) == {"outfit-net"}


def test_a_first_stage_is_asked_for_by_whoever_teaches_is_compressed_or_measured(tmp_path: Path) -> None:
    more = '[variants]\nbf16 = ["outfit-net-fir"]\n'
    assert suite_of(tmp_path, "outfit-net", more=more).unranked == []
    more = '[cost]\nmethods = ["outfit-net-fir"]\n'
    assert suite_of(tmp_path, "outfit-net", more=more).unranked == []
    more = '[method.outfit-net]\nstart = "teacher"\n[method.rkd-xs]\nstart = "teacher"\n'
    assert suite_of(tmp_path, "rkd-xs", "outfit-net", more=more).unranked == []


def test_each_seed_starts_from_its_own_first_stage_and_is_renamed_with_it(tmp_path: Path) -> None:
    found = fits(suite_of(tmp_path, "outfit-net", seeds=[0, 1]))
    for seed in (0, 1):
        second = found["outfit-net", seed]
        assert second.inputs["start"] is found["outfit-net-fir", seed]
        assert second.description.inputs == {"start": found["outfit-net-fir", seed].hash}
    changed = fits(suite_of(tmp_path, "outfit-net", more="[method.outfit-net-fir.recipe]\nwarmup = 0.1\n"))
    assert changed["outfit-net", 0].hash != found["outfit-net", 0].hash
    own = fits(suite_of(tmp_path, "outfit-net", more='[method.outfit-net]\nstart = "n-pair-xs"\n'))
    assert own["outfit-net", 0].hash != found["outfit-net", 0].hash


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('[method.outfit-net-fir]\nstart = "outfit-net"', "circle (outfit-net needs outfit-net-fir needs"),
        ('[method.outfit-net]\nstart = "outfit-net"', "circle (outfit-net needs outfit-net)"),
        ('[method.outfit-net]\nstart = "outfit-net-fri"', "nearest: outfit-net-fir"),
    ],
)
def test_a_start_that_there_is_not_is_refused(tmp_path: Path, more: str, says: str) -> None:
    with pytest.raises(InputError) as refused:
        suite_of(tmp_path, "outfit-net", more=more)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            '[method.outfit-net-fir]\nbackbone = "tiny-start"\n',
            "method OutfitNet on closet-12, start: found OutfitNet FIR, a FIR that shares no part with it",
        ),
        (
            '[method.outfit-net]\nstart = "n-pair-xs"\n[method.n-pair-xs]\nbackbone = "tiny-start"\n',
            "objective outfit-net, start: found a first stage without backbone.network.0.0.weight",
        ),
    ],
)
def test_a_first_stage_of_another_architecture_is_refused_before_anything_trains(
    tmp_path: Path, own_registry: None, more: str, says: str
) -> None:
    (tmp_path / "tiny.py").write_text(TINY)
    load_plugin(tmp_path / "tiny.py")
    with pytest.raises(InputError, match=says) as refused:
        run_suite(suite_of(tmp_path, "outfit-net", more=more), tmp_path / "out", device="cpu")
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.glob("out/fits/*/*.safetensors"))


def test_a_second_stage_without_its_first_is_refused_before_anything_trains(tmp_path: Path) -> None:
    suite = suite_of(tmp_path, "outfit-net")
    alone = suite.methods["outfit-net"].model_copy(update={"start": None})
    with pytest.raises(InputError, match="method outfit-net, start: found none, expected the method whose"):
        run_suite(suite.model_copy(update={"methods": {"outfit-net": alone}}), tmp_path / "out", device="cpu")
    bare = alone.model_copy(update={"objective": "bpr"})
    assert len(planned(suite.model_copy(update={"methods": {"outfit-net": bare}, "unranked": []}))) == 2


@pytest.fixture
def tiny(tmp_path: Path, own_registry: None) -> Suite:
    """Both stages on a network of one convolution."""
    (tmp_path / "tiny.py").write_text(TINY)
    load_plugin(tmp_path / "tiny.py")
    more = 'backbone = "tiny-start"\n[method.outfit-net.recipe]\nlearning_rate = 1e-12\n'
    return suite_of(tmp_path, "outfit-net", more=more)


def test_a_second_stage_goes_on_from_the_first_ones_weights(tiny: Suite, tmp_path: Path) -> None:
    outcome = run_suite(tiny, tmp_path / "out", device="cpu")
    assert not outcome.failed
    (ranks,) = (record for record in outcome.records if isinstance(record, QualityRecord))
    assert ranks.fit.method == "OutfitNet"
    folders = {t.method.model: trial_folder(tmp_path / "out", t) for t in fits(tiny).values()}
    first, second = (
        load_file(folders[model] / "weights.safetensors") for model in ("outfit-net-fir", "outfit-net")
    )
    for name, tensor in first.items():  # its own rate is next to nothing
        torch.testing.assert_close(second[name], tensor)
    head = 8 * 4 + 4 + 4 * 128 + 128
    assert ranks.fit.taken_over == {"backbone": 3 * 8 * 25 + 8, "head": head}
    assert ranks.fit.inputs.keys() == {"start"}
    record = load_record(folders["outfit-net-fir"] / "record.json")
    assert isinstance(record, FitRecord)
    assert record.taken_over == {}


def test_a_first_stage_altered_since_its_record_is_no_start(tiny: Suite, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first, second = fits(tiny).values()
    run_suite(tiny.model_copy(update={"methods": {"outfit-net-fir": first.method}}), out, device="cpu")
    path = trial_folder(out, first) / "weights.safetensors"
    save_tensors({name: tensor + 0.5 for name, tensor in load_file(path).items()}, path)
    failed = run_suite(tiny, out, device="cpu").failed
    assert "as in the record beside it" in failed[second.label]


def test_where_a_first_stage_fails_so_does_what_starts_from_it(tiny: Suite, tmp_path: Path) -> None:
    wild = tiny.methods["outfit-net-fir"].recipe.model_copy(update={"learning_rate": 1e30, "clip_norm": None})
    methods = dict(tiny.methods)
    methods["outfit-net-fir"] = methods["outfit-net-fir"].model_copy(update={"recipe": wild})
    failed = run_suite(tiny.model_copy(update={"methods": methods}), tmp_path / "out", device="cpu").failed
    first, second, evaluation = failed.values()
    assert "lower recipe.learning_rate" in first
    assert "its start failed" in second
    assert "its weights failed" in evaluation
