from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version

import pytest
from outfitbench.bench import describe_machine
from outfitbench.suites.records import Machine


def test_description_is_a_records_machine():
    machine = Machine.model_validate(describe_machine())
    assert machine.memory_bytes > 1 << 28
    assert machine.versions["torch"] == version("torch")
    assert {"python", "onnxruntime"} <= machine.versions.keys()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no scheduler affinity here")
def test_cores_are_those_this_process_may_use():
    program = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from outfitbench.bench import describe_machine; print(describe_machine()['cores'])"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"1\n"


@pytest.mark.parametrize(
    ("imported", "free_of"),
    [
        ("outfitbench.bench", {"torch", "onnxruntime"}),
        ("outfitbench.bench.machine", {"torch", "onnxruntime"}),
        ("outfitbench.bench.profiling", {"torch", "onnxruntime"}),
        ("outfitbench.bench.worker", {"torch", "onnxruntime"}),
        ("outfitbench.bench.engines.onnxruntime_engine, outfitbench.bench.recommend", {"torch"}),
    ],
)
def test_imports_stay_apart(imported, free_of):
    program = f"import sys, outfitbench.bench.worker, {imported}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert not free_of & set(loaded.stdout.split())
