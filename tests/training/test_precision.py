"""The faster precision: measured once a machine, kept, and measured anew where what is kept does not hold."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from outfitbench.core.machine import describe_machine
from outfitbench.training import precision
from outfitbench.training.precision import faster_precision


@pytest.fixture
def kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of answers, empty."""
    monkeypatch.setenv("OUTFITBENCH_CACHE", str(cache))
    return cache / "precision"


def other(answer: str) -> str:
    return {"fp32": "bf16", "bf16": "fp32"}[answer]


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.txt"))


def test_the_second_call_reads_what_the_first_one_kept(kept: Path) -> None:
    measured = faster_precision("cpu")
    assert measured in ("fp32", "bf16")
    (file,) = files(kept)
    assert file.read_text() == measured
    file.write_text(other(measured))  # what no measurement would say
    assert faster_precision("cpu") == other(measured)


@pytest.mark.parametrize("broken", ["", "bf1", "bf16\n", "fp64", "\xff"])
def test_a_broken_file_is_measured_anew(kept: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    monkeypatch.setattr(precision, "_measure", lambda: "bf16")
    faster_precision("cpu")
    (file,) = files(kept)
    file.write_text(broken, encoding="latin-1")
    assert faster_precision("cpu") == "bf16"
    assert file.read_text() == "bf16"


@pytest.mark.parametrize("change", [{"processor": "another"}, {"generation": "1.2.3"}, {"cpu_flags": []}])
def test_another_machine_is_measured_anew(
    kept: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    here = describe_machine().model_copy(update={"cpu_flags": ["amx_tile"]})
    monkeypatch.setattr(precision, "describe_machine", lambda: here)
    answers = iter(["bf16", "fp32"])
    monkeypatch.setattr(precision, "_measure", lambda: next(answers))
    assert [faster_precision("cpu"), faster_precision("cpu")] == ["bf16", "bf16"]
    monkeypatch.setattr(precision, "describe_machine", lambda: here.model_copy(update=change))
    assert faster_precision("cpu") == "fp32"
    assert len(files(kept)) == 2


def test_another_torch_is_measured_anew(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["bf16", "fp32"])
    monkeypatch.setattr(precision, "_measure", lambda: next(answers))
    assert faster_precision("cpu") == "bf16"
    monkeypatch.setattr(torch, "__version__", "0.0.1")
    assert faster_precision("cpu") == "fp32"


def test_without_a_cache_it_is_measured_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    monkeypatch.setenv("OUTFITBENCH_CACHE", str(tmp_path / "taken"))
    answers = iter(["bf16", "fp32"])
    monkeypatch.setattr(precision, "_measure", lambda: next(answers))
    assert [faster_precision("cpu"), faster_precision("cpu")] == ["bf16", "fp32"]


def test_measuring_leaves_the_threads_and_the_random_numbers_alone(kept: Path) -> None:
    threads = torch.get_num_threads()
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    torch.set_num_threads(3)
    try:
        faster_precision("cpu")
        assert torch.get_num_threads() == 3
        assert torch.equal(torch.rand(1), expected)
    finally:
        torch.set_num_threads(threads)
