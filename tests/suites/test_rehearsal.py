"""Rehearsals: a fault of ours stops the run, a stranger's is its trial's."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfitbench.core.plugins import load_plugin
from outfitbench.suites import rehearsal, run_suite
from outfitbench.suites.suite_file import Suite

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

    monkeypatch.setattr(rehearsal, "_encode", fail)
    teacher = smoke.methods["teacher-xs"]
    ours = smoke.model_copy(update={"methods": {"one": teacher}})
    stranger = teacher.model_copy(update={"model": "a-strangers"})
    theirs = smoke.model_copy(update={"methods": {"one": stranger}})
    assert run_suite(theirs, tmp_path / "out", device="cpu", dry_run=True).seconds == {}
    with pytest.raises(KeyError, match="no such layer"):
        run_suite(ours, tmp_path / "out", device="cpu", dry_run=True)
