"""What no distillation can use is one line before anything trains; every method file of them makes a plan."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfitbench.core.errors import InputError
from outfitbench.datasets import load_dataset
from outfitbench.suites import load_suite, run_suite
from outfitbench.suites.plan import plan_trials, recombination_of
from outfitbench.suites.suite_file import Suite
from outfitbench.suites.trial import FitTrial

SUITE = """
title = "Distillations"
datasets = ["closet-12"]
methods = [{methods}]
"""
ALL = ("n-pair-r", "fnd-r", "recd", "n-pair-recd", "hinton", "rkd", "fitnet", "rd", "de-rrd")


def suite_of(folder: Path, *methods: str, more: str = "") -> Suite:
    path = folder / "suite.toml"
    path.write_text(SUITE.format(methods=", ".join(f'"{key}"' for key in methods)) + more)
    return load_suite(path)


def test_every_one_is_a_method_with_a_plan(tmp_path: Path) -> None:
    suite = suite_of(tmp_path, *(f"{name}-xs" for name in ALL))
    fits = [t for t in plan_trials(suite, [load_dataset("closet-12")]) if isinstance(t, FitTrial)]
    assert len(fits) == len(ALL) + 1  # and their teacher
    assert recombination_of(suite.methods["recd-xs"]) == (16, 0.0)
    assert recombination_of(suite.methods["n-pair-recd-xs"]) == (1024, 0.0)
    assert recombination_of(suite.methods["rkd-xs"]) is None
    (recd,) = (fit for fit in fits if fit.method.name == "RecD XS on N-pair + R")
    (told,) = recd.description.objectives
    assert told.options == {}, "an option at its default leaves the hashes of old trials as they were"


@pytest.mark.parametrize(
    ("method", "more", "says"),
    [
        ("recd-xs", "[method.recd-xs.objective.recd]\nrecombined = 0", "recombined: found 0"),
        (
            "n-pair-r-xs",
            "[method.n-pair-r-xs.recipe]\nbatch_size = 4",
            "found 1,024 outfits, expected at most 512",
        ),
        (
            "recd-xs",
            "[method.recd-xs.objective.n-pair-r]\nrecombined = 512",
            "found recombined = 16 and 512, expected one number",
        ),
        (
            "recd-xs",
            "[method.recd-xs.objective.n-pair-r]\nrecombined = 16\nexchanged = 0.5",
            "found exchanged = 0.0 and 0.5, expected one number",
        ),
        (
            "recd-xs",
            '[method.recd-xs.objective.recd]\nteacher_users = "start"\n'
            '[method.teacher]\nmodel = "lpae-u"\nobjective = "n-pair"',
            "objective recd, teacher_users, teacher: found model LPAE, whose users are no vectors",
        ),
        ("n-pair-recd-xs", "[method.n-pair-recd-xs.objective.recd]\nalpha = 1.0", "no other base has it"),
        (
            "n-pair-recd-xs",
            '[method.n-pair-recd-xs.objective.recd]\nbase = "none"\ntemperature = 0.2',
            'objective recd: found .*, expected no temperature where base = "none"',
        ),
        (
            "n-pair-recd-xs",
            '[method.n-pair-recd-xs.objective.recd]\nbase = "none"',
            'method n-pair-recd-xs, objective recd: found base = "none", '
            "expected another objective beside it, which it is added to$",
        ),
        (
            "rkd-xs",
            "[method.rkd-xs.objective.rkd]\ndistance = 0.0\nangle = 0.0",
            "objective rkd: found .*, expected distance or angle above 0",
        ),
        (
            "de-rrd-xs",
            "[method.de-rrd-xs.objective.de-rrd]\nexperts = 0\nexperts_weight = 0.1",
            "objective de-rrd: found .*, expected experts above 0 where experts_weight is given",
        ),
        (
            "rkd-xs",
            '[method.teacher]\nmodel = "type-aware"\nobjective = "type-aware"',
            "objective rkd, teacher: found model TypeAware, whose outfits are no vectors",
        ),
        (
            "de-rrd-xs",
            '[method.teacher]\nmodel = "type-aware"\nobjective = "type-aware"',
            "de-rrd with experts, teacher: found model TypeAware",
        ),
        (
            "n-pair-r-xs",
            '[method.n-pair-r-xs]\nmodel = "type-aware"\n[method.n-pair-r-xs.objective.fitnet]',
            "teacher: found none, expected the method that teaches, which objective fitnet needs",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_trains(
    tmp_path: Path, method: str, more: str, says: str
) -> None:
    with pytest.raises(InputError, match=says) as refused:
        run_suite(suite_of(tmp_path, method, more=more), tmp_path / "out", device="cpu")
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.glob("out/fits/*/*.safetensors"))
