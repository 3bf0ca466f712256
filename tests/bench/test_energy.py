from __future__ import annotations

import pytest
from outfitbench.bench.energy import EnergyCounter
from outfitbench.core.machine import accelerator_name


@pytest.fixture
def packages(tmp_path):
    """Two packages of RAPL, the second of which is near its end, and a part of the first."""
    folder = tmp_path / "sys/class/powercap"
    for name, microjoules in (
        ("intel-rapl:0", 5_000_000),
        ("intel-rapl:1", 9_000_000),
        ("intel-rapl:0:0", 1),
    ):
        (folder / name).mkdir(parents=True)
        (folder / name / "energy_uj").write_text(f"{microjoules}\n")
        (folder / name / "max_energy_range_uj").write_text("9999999\n")
    return folder


def test_packages_are_summed_and_a_counter_that_begins_anew_is_followed(packages, tmp_path):
    counter = EnergyCounter("cpu", tmp_path)
    (packages / "intel-rapl:0" / "energy_uj").write_text("7000000")
    (packages / "intel-rapl:1" / "energy_uj").write_text("500000")
    used = counter.used()
    assert used.joules == pytest.approx(2.0 + 1.5)
    assert used.source == "RAPL, packages"


def test_where_nothing_can_be_read_there_is_no_figure(packages, tmp_path):
    assert EnergyCounter("cpu", tmp_path / "elsewhere").used() is None
    (packages / "intel-rapl:1" / "energy_uj").unlink()
    assert EnergyCounter("cpu", tmp_path).used() is None


@pytest.mark.skipif(accelerator_name() is not None, reason="there is a device")
def test_without_a_driver_there_is_no_figure_of_a_device():
    assert EnergyCounter("cuda").used() is None
