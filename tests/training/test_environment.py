"""The numeric environment: chosen from the work, the cores and the user's own setting."""

from __future__ import annotations

import pytest
import torch
from outfitbench.core.errors import InputError
from outfitbench.core.parallel import usable_cores
from outfitbench.training.environment import (
    choose_device,
    choose_environment,
    enter_environment,
)
from outfitbench.training.history import Environment


@pytest.mark.parametrize(
    ("setting", "images", "threads"),
    [("", True, None), ("3", True, 3), ("3,2", True, 3), ("none", True, None), ("3", False, 1)],
)
def test_threads_follow_the_work_the_cores_and_the_user(
    monkeypatch: pytest.MonkeyPatch, setting: str, images: bool, threads: int | None
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", setting)
    found = choose_environment("cpu", "fp32", heavy=images)
    assert found == Environment(device="cpu", precision="fp32", threads=threads or usable_cores())


def test_entering_takes_the_threads_over() -> None:
    before = torch.get_num_threads()
    try:
        enter_environment(Environment(device="cpu", precision="fp32", threads=3))
        assert torch.get_num_threads() == 3
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.set_num_threads(before)


def test_auto_is_measured_and_the_rest_is_what_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for measured in ("fp32", "bf16"):
        monkeypatch.setattr("outfitbench.training.environment.faster_precision", lambda device, m=measured: m)
        assert choose_environment("cpu", "auto", heavy=True).precision == measured
        assert choose_environment("cpu", "bf16", heavy=True).precision == "bf16"
        assert choose_environment("cpu", "fp32", heavy=True).precision == "fp32"
    assert choose_environment("cpu", "auto", heavy=False).precision == "fp32"


def test_processes_at_one_fit_share_the_threads_out_and_have_a_gpu_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    shared = [choose_environment("cpu", "fp32", heavy=True, ranks=ranks) for ranks in (1, 3, 8)]
    assert [(found.ranks, found.threads) for found in shared] == [(1, 7), (3, 2), (8, 1)]
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(InputError, match=r"recipe\.devices: found 3, expected at most 2, the CUDA devices"):
        choose_environment("cuda", "fp32", heavy=True, ranks=3)


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="auto, cpu or cuda"):
        choose_device("tpu")
