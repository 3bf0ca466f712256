"""What decides a trial's outcome: files that a model's options name count by what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfitbench.core.errors import InputError
from outfitbench.datasets import load_dataset
from outfitbench.models import register_model
from outfitbench.suites import load_suite
from outfitbench.suites.describing import describe_model
from pydantic import BaseModel, ConfigDict

SUITE = """
title = "A model that reads a file"
datasets = ["closet-12"]
methods = ["mine"]

[method.mine]
name = "Mine"
model = "reads-a-table"
objective = "n-pair"
options = { table = { file = "NAME" } }
"""


class Reads(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    table: Path


def described(folder: Path, name: str, content: bytes | None) -> dict:
    folder.mkdir(exist_ok=True)
    if content is not None:
        (folder / name).write_bytes(content)
    suite = folder / "mine.toml"
    suite.write_text(SUITE.replace("NAME", name))
    register_model("reads-a-table", options=Reads)(Reads)
    return describe_model(load_suite(suite).methods["mine"], load_dataset("closet-12")).options


def test_a_file_beside_the_suite_counts_by_what_it_holds(tmp_path: Path) -> None:
    first = described(tmp_path / "here", "a.bin", b"one")
    assert described(tmp_path / "there", "b.bin", b"one") == first, "neither its name nor its folder counts"
    assert described(tmp_path / "here", "a.bin", b"two") != first


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"options, table: .*: found No such file or directory, expected a file"
    ):
        described(tmp_path, "a.bin", None)
    with pytest.raises(InputError, match="found an unreadable file"):
        described(tmp_path, "a\\u0000b", None)
