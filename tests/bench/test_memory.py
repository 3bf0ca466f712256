from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from outfitbench.bench.memory import DeviceMemory
from outfitbench.core.machine import accelerator_name

_HELD_FOR_A_MOMENT = """
from outfitbench.bench.memory import peak_resident, restart_peak
bytearray(200 << 20)
before = peak_resident()
base = restart_peak()
held = bytearray(64 << 20)
print(before - base, peak_resident() - base)
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="this kernel cannot forget a peak")
def test_what_was_resident_for_a_moment_hides_nothing_that_comes_after_it():
    command = [sys.executable, "-c", _HELD_FOR_A_MOMENT]
    forgotten, held = map(
        int, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    )
    assert forgotten == pytest.approx(200 << 20, rel=0.05)
    assert held == pytest.approx(64 << 20, rel=0.05)


@pytest.mark.skipif(accelerator_name() is not None, reason="there is a device")
def test_without_a_driver_the_figure_is_left_out():
    assert DeviceMemory().growth() == {}


@pytest.mark.cuda
@pytest.mark.skipif(accelerator_name() is None, reason="there is no device")
def test_a_known_allocation_is_found():
    import torch

    torch.zeros(1, device="cuda")  # the context, which is not the tensor's
    memory = DeviceMemory()
    held = torch.zeros(512 << 20, dtype=torch.uint8, device="cuda")
    assert memory.growth()["peak_memory"] == pytest.approx(held.nbytes, rel=0.1)


def test_where_others_let_go_of_more_the_figure_is_left_out(monkeypatch):
    memory = DeviceMemory()
    monkeypatch.setattr(memory, "_device", object())
    monkeypatch.setattr(memory, "_before", 2 << 30, raising=False)
    for used, found in ((3 << 30, {"peak_memory": 1 << 30}), (1 << 30, {})):
        monkeypatch.setattr(memory, "_used", lambda used=used: used)
        assert memory.growth() == found
