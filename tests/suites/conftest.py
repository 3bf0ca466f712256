"""One finished run of suite `smoke`, of one epoch, that several tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfitbench.suites import load_suite, run_suite
from outfitbench.suites.suite_file import Suite


@pytest.fixture(scope="session")
def smoke() -> Suite:
    return load_suite("smoke", epochs=1).model_copy(update={"cost": None})


@pytest.fixture(scope="session")
def finished(smoke: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished")
    assert not run_suite(smoke, out, device="cpu").failed
    return out
