"""`outfitbench list`."""

from __future__ import annotations

import json

import pytest
from outfitbench.cli.main import main


@pytest.mark.parametrize(
    ("what", "some"),
    [
        ("models", {"teacher", "student-xs", "student-s", "student-m"}),
        ("datasets", {"closet-12", "closet-24", "polyvore-630", "photos"}),
        ("suites", {"demo", "smoke", "table2"}),
    ],
)
def test_names_what_there_is(capsys, what, some):
    assert main(["list", what]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert some <= set(lines)
    assert main(["list", what, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {what: lines}
