"""Workloads by name: ours, and one of a plugin that is measured like ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfitbench.bench import Effort, Subject, profile_subjects
from outfitbench.bench.workloads import WORKLOADS, default_workloads
from outfitbench.core.plugins import load_plugin

PLUGIN = '''
from outfitbench.bench.latency import seconds_of
from outfitbench.bench.workloads import Turn, Workload, register_workload


@register_workload("score-again")
class ScoreAgain(Workload):
    """Score an outfit whose items are encoded already."""

    units = {"score_again": "s"}
    effort = ("rounds", "samples")
    enough = {"score_again": (5, "for a median")}

    def turn(self, served, effort, folder):
        request = served.request(2)
        features = served.engine.encode_items(request.items, request.categories.reshape(-1))
        score = lambda: served.engine.score(request.users, features, request.categories)
        return Turn({"score_again": [seconds_of(score) for _ in range(effort.samples)]})
'''
LEAST = Effort(rounds=2, samples=2, batch=2, batches=1, warm_seconds=0.01)


@pytest.fixture
def score_again(tmp_path: Path):
    path = tmp_path / "workloads.py"
    path.write_text(PLUGIN)
    load_plugin(path)
    yield path
    WORKLOADS._entries.pop("score-again")


def test_each_of_ours_says_what_it_gives_and_what_it_goes_by():
    for name in WORKLOADS.names():
        workload = WORKLOADS.get(name)
        assert WORKLOADS.entry(name).summary.endswith(".")
        assert set(workload.effort) <= set(Effort.model_fields)
        assert set(workload.enough) <= set(workload.units)
        assert all(f'"{quantity}"' in workload.__doc__ for quantity in workload.units)
    needy = [name for name in WORKLOADS.names() if WORKLOADS.get(name).needs_dataset]
    assert needy == ["catalogue", "recommend"]
    assert set(default_workloads(dataset=True)) - set(default_workloads(dataset=False)) == {"recommend"}


@pytest.mark.parametrize("engine", ["torch", "onnxruntime"])
def test_a_plugins_workload_is_measured_in_the_models_process(score_again: Path, plugin: Path, engine: str):
    subject = Subject(model="tiny", num_users=5, plugins=(plugin, score_again))
    (found,) = profile_subjects([subject], engines=[engine], workloads=["score-again"], effort=LEAST)
    measured = found.measurements["score_again"]
    assert (measured.unit, measured.n, measured.turns) == ("s", 4, [2, 2])
    assert measured.flags == ["too few samples (4 of 5 for a median)"]
    assert found.effort == {"rounds": 2, "samples": 2}


GROWING = '''
from outfitbench.bench.workloads import Turn, Workload, register_workload


@register_workload("growing")
class Growing(Workload):
    """From the third turn on, take longer by 12 % or by 8 %."""

    units = {"growing": "s", "staying": "s"}
    effort = ("rounds",)
    begun = 0

    def turn(self, served, effort, folder):
        Growing.begun += 1
        late = Growing.begun > 2
        return Turn({"growing": [1.12 if late else 1.0], "staying": [1.08 if late else 1.0]})
'''


def test_what_another_run_would_not_give_is_flagged(
    tmp_path: Path, plugin: Path, instruments: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("outfitbench.bench.seat.check_parity", lambda *_: None)  # it answers 0
    path = tmp_path / "growing.py"
    path.write_text(GROWING)
    load_plugin(path)
    try:
        effort = LEAST.model_copy(update={"rounds": 4})
        subject = Subject(model="tiny", num_users=5, plugins=(path,))
        asked = {"engines": ["instrument:Instrument"], "workloads": ["growing"], "effort": effort}
        (found,) = profile_subjects([subject], **asked)
    finally:
        WORKLOADS._entries.pop("growing")
    assert found.measurements["growing"].remarks == ["unsteady"]
    assert not found.measurements["staying"].remarks


DYING = '''
import os
from outfitbench.bench.workloads import Workload, register_workload


@register_workload("dying")
class Dying(Workload):
    """Take the process along."""

    units = {"nothing": "s"}
    effort = ()

    def turn(self, served, effort, folder):
        os._exit(9)
'''


def test_a_workload_that_dies_costs_no_other(
    plugin: Path, instruments: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("outfitbench.bench.seat.check_parity", lambda *_: None)  # it answers 0
    path = tmp_path / "dying.py"
    path.write_text(DYING)
    load_plugin(path)
    try:
        subject = Subject(model="tiny", num_users=5, plugins=(path,))
        asked = ["request", "dying", "batch"]
        request, died, batch = profile_subjects(
            [subject], engines=["instrument:Instrument"], workloads=asked, effort=LEAST
        )
    finally:
        WORKLOADS._entries.pop("dying")
    assert request.measurements["latency"].n == 4
    assert died.workload == "dying"
    assert "status 9" in died.reason
    assert batch.measurements["throughput"].n == 2
