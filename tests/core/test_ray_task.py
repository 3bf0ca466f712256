"""What a machine of a Ray cluster says before it does anything: found by calling it here."""

from __future__ import annotations

import socket
from importlib.metadata import version

from outfitbench.core.ray_task import entrance


def test_a_machine_with_another_version_is_told_so() -> None:
    expected = "version 0.0.1, the caller's"
    refused = "outfitbench", f"version {version('outfitbench')}", expected, "install the same everywhere"
    assert entrance()("0.0.1", "outfitbench.none:such") == (socket.gethostname(), refused, None)


def test_what_a_function_gives_and_what_it_refuses_come_back(tmp_path) -> None:
    def call(*given: object) -> tuple[object, ...]:
        return entrance()(version("outfitbench"), *given)[1:]

    assert call("outfitbench.core.names:nearest", "techer", ["teacher"]) == (None, "nearest: teacher")
    refused, given = call("outfitbench.core.plugins:load_plugin", str(tmp_path / "none.py"))
    assert refused == (str(tmp_path / "none.py"), "no file", "a Python file that registers something", "")
    assert given is None
