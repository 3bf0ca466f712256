from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from outfitbench.core.machine import (
    accelerator_name,
    cgroup_cores,
    clock,
    code_hash,
    describe_machine,
    usable_cores,
)


def test_description_is_a_records_machine():
    machine = describe_machine()
    assert machine.memory_bytes > 1 << 28
    assert machine.versions["torch"] == version("torch")
    assert {"python", "onnxruntime"} <= machine.versions.keys()
    for package, distribution in {"openvino": "openvino", "torchao": "torchao", "faiss": "faiss-cpu"}.items():
        assert machine.versions[package] == version(distribution)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no scheduler affinity here")
def test_cores_are_those_this_process_may_use():
    program = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from outfitbench.core.machine import describe_machine; print(describe_machine().cores)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"1\n"


@pytest.mark.parametrize(
    ("imported", "free_of"),
    [
        ("outfitbench.bench", {"torch", "onnxruntime"}),
        ("outfitbench.bench.engines as e; e.ENGINES.names()", {"torch", "onnxruntime"}),
        ("outfitbench.core.machine", {"torch", "onnxruntime"}),
        ("outfitbench.bench.profiling", {"torch", "onnxruntime"}),
        ("outfitbench.bench.worker", {"torch", "onnxruntime"}),
        ("outfitbench.bench.engines.onnxruntime_engine, outfitbench.bench.workloads.recommend", {"torch"}),
    ],
)
def test_imports_stay_apart(imported, free_of):
    program = f"import sys, outfitbench.bench.worker, {imported}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert not free_of & set(loaded.stdout.split())


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64") or not Path("/proc/cpuinfo").exists(),
    reason="not told here",
)
def test_a_generation_is_family_model_and_stepping():
    numbers = describe_machine().generation.split(".")
    assert len(numbers) == 3
    assert all(number.isdigit() for number in numbers)


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "25000 100000\n"}, 1),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        (
            {
                "proc/self/cgroup": "0::/slice/unit\n",
                "sys/fs/cgroup/slice/cpu.max": "300000 100000\n",
                "sys/fs/cgroup/slice/unit/cpu.max": "max 100000\n",
            },
            3,
        ),
        (
            {
                # Version 1 in a container: the path is the host's, and only its own group is mounted.
                "proc/self/cgroup": "4:memory:/docker/1\n3:cpu,cpuacct:/docker/1\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "400000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            4,
        ),
        (
            {
                "proc/self/cgroup": "1:cpu:/\n0::/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            None,
        ),
        ({"proc/self/cgroup": "garbage\n"}, None),
        ({}, None),
    ],
)
def test_a_quota_counts_as_whole_cores(tmp_path, files, cores):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert cgroup_cores(tmp_path) == cores


def test_a_quota_limits_the_cores_in_use(monkeypatch):
    monkeypatch.setattr("outfitbench.core.machine.cgroup_cores", lambda: 1)
    assert usable_cores() == 1
    monkeypatch.setattr("outfitbench.core.machine.cgroup_cores", lambda: 10_000)
    assert 1 <= usable_cores() < 10_000


class StubNvml:
    """Two cards, of which handles are the numbers."""

    NVMLError = RuntimeError
    cards = (("GPU-aaaa-1", "Old card"), ("GPU-bbbb-2", "New card"))

    def __init__(self):
        self.nvmlInit = self.nvmlShutdown = lambda: None
        self.nvmlDeviceGetCount = lambda: len(self.cards)
        self.nvmlDeviceGetUUID = lambda handle: self.cards[handle][0]
        self.nvmlDeviceGetName = lambda handle: self.cards[handle][1]

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802 - NVML's name
        if not 0 <= index < len(self.cards):
            raise RuntimeError("invalid argument")
        return index


@pytest.mark.parametrize(
    ("visible", "name"),
    [
        (None, "Old card"),
        ("0", "Old card"),
        ("1", "New card"),
        ("1,0", "New card"),
        ("GPU-bbbb-2", "New card"),
        ("GPU-bb", "New card"),
        ("", None),
        ("-1", None),
        ("7", None),
        ("GPU-cccc", None),
    ],
)
def test_the_accelerator_is_the_one_that_is_meant(monkeypatch, visible, name):
    monkeypatch.setitem(sys.modules, "pynvml", StubNvml())
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert accelerator_name() == name


def test_the_clock_is_the_base_where_it_is_told_else_the_present_one(tmp_path):
    assert clock(tmp_path) is None
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("processor : 0\ncpu MHz : 2596.099\n\nprocessor : 1\n")
    assert clock(tmp_path) == pytest.approx(2.596099e9)
    folder = tmp_path / "sys/devices/system/cpu/cpu0/cpufreq"
    folder.mkdir(parents=True)
    (folder / "cpuinfo_max_freq").write_text("3700000\n")
    assert clock(tmp_path) == 3.7e9
    (folder / "base_frequency").write_text("2400000\n")
    assert clock(tmp_path) == 2.4e9


def test_the_code_is_known_by_its_content():
    assert len(code_hash()) == 16
    assert code_hash.__wrapped__() == code_hash()
