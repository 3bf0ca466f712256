"""Rows of items by name, from files, against a dictionary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from outfitbench.evaluation import item_names
from outfitbench.evaluation.item_names import ItemNames

NAMES = [f"shirt/{number}.jpg" for number in range(1000)] + ["", "größe", "帽子"]
ASKED = [*NAMES[::-7], *(f"hat/{number}.jpg" for number in range(100)), *NAMES[:300]]


@pytest.mark.parametrize(("in_a_run", "in_a_block"), [(1 << 17, 1 << 15), (100, 1), (40, 64)])
def test_every_name_has_its_row_and_another_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_a_run: int, in_a_block: int
) -> None:
    monkeypatch.setattr(item_names, "_RUN", in_a_run)
    monkeypatch.setattr(item_names, "_BLOCK", in_a_block)
    names = ItemNames([NAMES[:5], NAMES[5:900], NAMES[900:]], tmp_path)
    of_name = {name: row for row, name in enumerate(NAMES)}
    assert names.rows(ASKED).tolist() == [of_name.get(name, -1) for name in ASKED]
    assert names.repeated is None


@pytest.mark.parametrize("in_a_block", [1 << 15, 7])
def test_names_whose_first_number_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_a_block: int
) -> None:
    """Of 2⁶⁴ numbers two names hardly ever have one; here there are three, over several blocks each."""
    numbers = item_names._numbers

    def alike(names: list[str]) -> np.ndarray:
        return numbers(names) % np.array([3, 1 << 63], np.uint64)

    monkeypatch.setattr(item_names, "_numbers", alike)
    monkeypatch.setattr(item_names, "_BLOCK", in_a_block)
    names = ItemNames([NAMES[:200]], tmp_path)
    assert names.rows([*NAMES[150:250], NAMES[0]]).tolist() == [*range(150, 200), *[-1] * 50, 0]
    assert names.repeated is None


@pytest.mark.parametrize("in_a_run", [1 << 17, 10])
def test_the_first_name_that_is_there_again_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_a_run: int
) -> None:
    monkeypatch.setattr(item_names, "_RUN", in_a_run)
    assert ItemNames([NAMES[:50], NAMES[7:8], NAMES[50:], NAMES[:90]], tmp_path).repeated == 50


def test_where_there_is_no_name_none_is_found(tmp_path: Path) -> None:
    names = ItemNames([], tmp_path)
    assert names.rows(["hat", "shoe"]).tolist() == [-1, -1]
    assert ItemNames([["hat"]], tmp_path).rows([]).tolist() == []
