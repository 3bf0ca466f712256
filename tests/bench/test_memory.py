from __future__ import annotations

import pytest
from outfitbench.bench.memory import DeviceMemory
from outfitbench.core.machine import accelerator_name


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
