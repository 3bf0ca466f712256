"""Tables to the terminal: names stay names, numbers are formatted here."""

from __future__ import annotations

import pytest
from outfitbench.cli.terminal import table

NAMES = ["0.10", "5e-2", "1_000", "007", "-1", "inf", "nan", "None", "1,5", "[small]", "FND [/XS]", "é"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_looks_like_a_number_stays_text(name):
    head, rule, row = table([{"method": name, "seed": 3, "auc": 0.5}]).splitlines()
    assert row.split("  ")[0] == name
    assert row.endswith("0.5000")
    assert head.split() == ["method", "seed", "auc"]
    assert set(rule) == {"-", " "}


def test_numbers_stand_to_the_right_with_commas_and_what_is_not_there_is_blank():
    rows = [{"method": "a", "parameters": 1234567, "ms": 1.25}, {"method": "b\x1b\n", "ms": float("nan")}]
    assert table(rows, floats=",.1f").splitlines()[2:] == ["a            1,234,567   1.2", "b\\x1b\\n"]


def test_floats_take_the_format_asked_for():
    assert table([{"x": 12345.678}], floats=",.2f").splitlines()[2] == "12,345.68"
