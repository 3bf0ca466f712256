"""Every method, stopped after an epoch and gone on with by a new run, ends as it would have, bit for bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfitbench.core.plugins import load_plugin
from outfitbench.suites import load_suite, run_suite
from outfitbench.suites.method_tables import load_methods
from outfitbench.suites.record_files import load_records
from outfitbench.suites.records import FitRecord, QualityRecord
from outfitbench.suites.suite_file import Suite
from outfitbench.training.checkpoint import Checkpoint

EPOCHS = 2

TINY = '''
from outfitbench.models.backbones import ImageNetwork, register_backbone
from torch import nn


@register_backbone("tiny-resumed")
def tiny(pretrained):
    """One convolution and the means over the parts of the image."""
    layers = nn.Sequential(nn.Conv2d(3, 8, 5, stride=8), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten())
    return ImageNetwork(layers, width=128, input_size=64, smallest=16)
'''

CHANGES = """
[every_method]
backbone = "tiny-resumed"
neighbours.epochs = 1

[every_method.recipe]
epochs = {epochs}
precision = "fp32"

[method.teacher.recipe]
optimizer = "adam" # it must have learned something in its two epochs, or nobody may distil it
learning_rate = 3e-3
"""


class StoppedError(RuntimeError):
    """What ends a fit between two epochs."""


@pytest.fixture
def every_method(tmp_path: Path, own_registry: None) -> Suite:
    (tmp_path / "tiny.py").write_text(TINY)
    load_plugin(tmp_path / "tiny.py")
    others = {"teacher-lite0"}  # its ImageNet weights would have no place in the small backbone
    methods = ", ".join(f'"{key}"' for key in load_methods() if key not in others)
    path = tmp_path / "every.toml"
    path.write_text(
        f'title = "Every method"\ndatasets = ["closet-12"]\nmethods = [{methods}]\n'
        + CHANGES.format(epochs=EPOCHS)
    )
    return load_suite(path)


def fits(out: Path) -> dict[str, FitRecord]:
    records = load_records([out])
    return {record.method: record for record in records if isinstance(record, FitRecord)}


def ranked(out: Path) -> dict[str, QualityRecord]:
    records = load_records([out])
    return {record.fit.method: record for record in records if isinstance(record, QualityRecord)}


@pytest.mark.slow
def test_every_method_goes_on_where_it_was_stopped(
    every_method: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, resumed = tmp_path / "whole", tmp_path / "resumed"
    assert not run_suite(every_method, whole, device="cpu").failed
    save, stopped = Checkpoint.save, []

    def save_and_stop(self, step, model, optimizer, progress, where):
        save(self, step, model, optimizer, progress, where)
        if len(progress.history) < EPOCHS:
            stopped.append(self)
            raise StoppedError

    monkeypatch.setattr(Checkpoint, "save", save_and_stop)
    while run_suite(every_method, resumed, device="cpu").failed:
        assert len(stopped) <= len(every_method.methods), "a fit began anew"
    assert len(stopped) == len(every_method.methods) == len(fits(whole))
    for method, fit in fits(whole).items():
        again = fits(resumed)[method]
        assert (again.weights, again.history) == (fit.weights, fit.history), method
    assert {name: record.test for name, record in ranked(resumed).items()} == {
        name: record.test for name, record in ranked(whole).items()
    }
