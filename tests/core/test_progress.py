"""Messages and progress: shown as written on any stream, a line a minute where there is no terminal."""

from __future__ import annotations

import io
import threading

import pytest
import rich
from outfitbench.core import progress
from outfitbench.core.progress import progress_bar, say, tracked
from rich.console import Console


@pytest.fixture
def console(monkeypatch) -> io.StringIO:
    """What stderr of the command line gets; not a terminal."""
    written = io.StringIO()
    console = Console(file=written, stderr=True, width=40, force_terminal=False)
    monkeypatch.setattr(rich, "_console", console)
    monkeypatch.setattr(progress, "_LINE_SECONDS", 0.05)
    monkeypatch.setattr(progress._Lines, "_next", None)
    return written


@pytest.mark.parametrize(
    "name", ["FND [/XS]", "[small]", "[red]x[/red]", ":smile:", "http://[::1]/", "5" * 99]
)
def test_a_name_is_no_markup(console, name):
    say(f"failed: {name}", style="red")
    assert console.getvalue() == f"failed: {name}\n"


def test_what_a_terminal_would_obey_is_escaped(console):
    say("a\x1b[2Jb\u202ec\rd\ntwo")
    assert console.getvalue() == "a\\x1b[2Jb\\u202ec\\rd\ntwo\n"


def test_a_label_on_a_terminal_is_no_markup(monkeypatch):
    written = io.StringIO()
    console = Console(file=written, stderr=True, width=100, force_terminal=True, color_system=None)
    monkeypatch.setattr(rich, "_console", console)
    assert list(tracked([1, 2], "FND [/XS] [small]")) == [1, 2]
    assert "FND [/XS] [small]" in written.getvalue()


def test_without_a_terminal_a_long_wait_is_told_line_by_line(console):
    told = threading.Event()
    with progress_bar() as bar:
        task = bar.add_task("Training FND [/XS]", total=2000)
        bar.update(task, completed=500)
        for _ in range(100):
            if console.getvalue().count("\n") >= 2:
                break
            told.wait(0.05)
    lines = console.getvalue().splitlines()
    assert len(lines) >= 2
    assert lines[0].startswith("Training FND [/XS]: 25% (500 of 2,000)")
    assert lines[0].endswith(" left")


def test_a_row_of_short_bars_is_told_of_on_one_line(console):
    with progress_bar() as trials:
        trials.add_task("trials", total=5)
        for epoch in range(40):
            with progress_bar() as bar:
                bar.add_task(f"epoch {epoch}", total=10)
                threading.Event().wait(0.01)
    lines = console.getvalue().splitlines()
    assert 2 <= len(lines) <= 20
    assert all(line.startswith("trials: 0% (0 of 5)") for line in lines)
    assert any("; epoch " in line for line in lines)


def test_nothing_is_told_after_the_end_nor_of_what_is_done(console):
    with progress_bar() as bar:
        bar.update(bar.add_task("done", total=1), completed=1)
        threading.Event().wait(0.15)
    assert console.getvalue() == ""
    with progress_bar() as bar:
        bar.add_task("short", total=1)
    threading.Event().wait(0.15)
    assert console.getvalue() == ""


@pytest.mark.parametrize("settings", [{"stderr": True, "quiet": True}, {"stderr": False}])
def test_quiet_and_libraries_say_nothing(monkeypatch, console, settings):
    written = io.StringIO()
    monkeypatch.setattr(rich, "_console", Console(file=written, force_terminal=False, **settings))
    with progress_bar() as bar:
        bar.add_task("Training", total=2)
        threading.Event().wait(0.15)
    assert written.getvalue() == ""
