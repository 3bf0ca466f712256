"""One finished run of suite `smoke`, of one epoch, that several tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfitbench.core.plugins import load_plugin
from outfitbench.suites import load_suite, run_suite
from outfitbench.suites.suite_file import Suite

from ..conftest import REPOSITORY


@pytest.fixture(scope="session")
def tiny_models() -> None:
    """Models that train and export in a second, registered for good: a file is run once in a process."""
    load_plugin(REPOSITORY / "tests" / "bench" / "plugin_models.py")


@pytest.fixture(scope="session")
def smoke_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suite in small batches, as a plan encodes a batch of each fit, too."""
    own = (REPOSITORY / "suites" / "files" / "smoke.toml").read_text(encoding="utf-8")
    path = tmp_path_factory.mktemp("suite") / "smoke.toml"
    path.write_text(own.replace("[every_method.recipe]\n", "[every_method.recipe]\nbatch_size = 16\n"))
    return path


@pytest.fixture(scope="session")
def smoke(smoke_file: Path) -> Suite:
    return load_suite(smoke_file, epochs=1).model_copy(update={"cost": None})


@pytest.fixture(scope="module", autouse=True)
def few_outfits(in_the_small_world: None) -> None:
    """What a suite runs, in which order and what stays of it, shows with few."""


@pytest.fixture(scope="session")
def finished(smoke: Suite, small_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OUTFITBENCH_CACHE", str(small_world))
        assert not run_suite(smoke, out, device="cpu").failed
    return out
