"""The same commands in a hundred environments as people have them: same status, same report, no traceback."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PUBLISHED = REPOSITORY / "reports" / "published" / "closet-24"
COMMAND = Path(sys.executable).with_name("outfitbench")
VARIATIONS = 100

QUICK = [["--help"], ["list", "models"], ["list", "suites"], ["run", "--help"], ["--version"]]
THOROUGH = [
    ["report", str(PUBLISHED), "--out", "{out}"],
    ["data", "stats", "closet-12"],
    ["run", "smoke", "--dry-run", "--out", "{out}"],
    ["data", "stats", "closet-12", "--json"],
    ["list", "datasets", "--json"],
]
VARIABLES: dict[str, list[str | None]] = {
    "LC_ALL": ["C", "POSIX", "C.UTF-8", "tr_TR.UTF-8", "no_SUCH", ""],
    "LANG": [None, "de_DE.ISO-8859-1", "C"],
    "PYTHONUTF8": ["0", "1"],
    "PYTHONCOERCECLOCALE": ["0"],
    "PYTHONIOENCODING": ["latin-1", "ascii:strict", "cp1252", "utf-16", ":ignore"],
    "HOME": [None, "/dev/null", "/nowhere/at/all", "{folder}", ""],
    "XDG_CACHE_HOME": ["relative", "/dev/null"],
    "MPLBACKEND": ["module://matplotlib_inline.backend_inline", "TkAgg", "nonsense", ""],
    "MPLCONFIGDIR": ["/dev/null/below", "{folder}"],
    "MATPLOTLIBRC": ["{folder}/matplotlibrc", "/nowhere"],
    "SOURCE_DATE_EPOCH": ["0", "1700000000"],  # what is no number, numpy itself refuses
    "OMP_NUM_THREADS": ["1", "3", "0", "many", "2,1"],
    "OMP_WAIT_POLICY": ["ACTIVE", "asleep"],
    "TZ": ["Asia/Kathmandu", "nowhere", "", ":/dev/null"],
    "PYTHONSAFEPATH": ["1", ""],
    "PYTHONHASHSEED": ["0", "77"],
    "PYTHONOPTIMIZE": ["1", "2"],
    "PYTHONNOUSERSITE": ["1"],
    "COLUMNS": ["1", "0", "-5", "20", "100000", "wide"],
    "LINES": ["1", "x"],
    "NO_COLOR": ["1", ""],
    "FORCE_COLOR": ["1", "0"],
    "TERM": [None, "dumb", "no-such-terminal", ""],
    "CUDA_VISIBLE_DEVICES": ["", "-1", "9"],
}
"""Variables and the values that they may have; None takes one away."""

HOSTILE = [
    *("statistics.py", "random.py", "numpy.py", "torch.py", "matplotlib.py", "tyro.py", "json.py"),
    *("outfitbench/__init__.py", "core/__init__.py", "sitecustomize.py", "pyproject.toml", "smoke"),
]
SETTINGS = [
    "text.usetex: True\n",
    "lines.linewidth: 9\nfont.size: 30\n",
    "savefig.dpi: 7\n",
    "no settings at all",
]


@dataclass
class Variation:
    """One environment.

    Attributes:
        variables: What differs from ours; None takes a variable away.
        files: Files that lie in the current folder, by name.
        one_core: Whether the process may use one core only.
        stdout: "piped", "closed" or "full".
    """

    variables: dict[str, str | None] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    one_core: bool = False
    stdout: str = "piped"


def drawn(number: int) -> tuple[Variation, list[list[str]]]:
    """The variation of a number, and the commands that are run in it."""
    rng = random.Random(number)
    names = rng.sample(sorted(VARIABLES), rng.randint(2, 6))
    files = dict.fromkeys(rng.sample(HOSTILE, rng.randint(0, 4)), "raise SystemExit('the wrong one')\n")
    if rng.random() < 0.4:
        files["matplotlibrc"] = rng.choice(SETTINGS)
    variation = Variation(
        {name: rng.choice(VARIABLES[name]) for name in names},
        files,
        one_core=rng.random() < 0.3,
        stdout=rng.choice(["piped"] * 6 + ["closed", "full"]),
    )
    return variation, [QUICK[number // len(THOROUGH) % len(QUICK)], THOROUGH[number % len(THOROUGH)]]


def run(command: list[str], home: Path, variation: Variation) -> subprocess.CompletedProcess[bytes]:
    """Run a command of the console's, standing in `home / "here"`; what it writes lies in `home / "out"`."""
    folder = home / "here"
    for name, text in variation.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    folder.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ)
    for name, value in variation.variables.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value.format(folder=folder)
    words = [word.format(out=home / "out") for word in command]

    def prepare() -> None:
        if variation.one_core:
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        if variation.stdout == "closed":
            os.close(1)

    def start(stdout: int | IO[bytes]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(COMMAND), *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
            preexec_fn=prepare,
        )

    if variation.stdout == "full":
        with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
            return start(full)
    return start(subprocess.PIPE)


def written(home: Path) -> dict[str, bytes]:
    """All files that a command wrote, by their place."""
    out = home / "out"
    return {str(file.relative_to(out)): file.read_bytes() for file in out.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str]], tuple[int, dict[str, bytes]]]:
    """Exit status and files of a command where nothing is odd."""
    known: dict[str, tuple[int, dict[str, bytes]]] = {}

    def answer(command: list[str]) -> tuple[int, dict[str, bytes]]:
        key = " ".join(command)
        if key not in known:
            home = tmp_path_factory.mktemp("plain")
            done = run(command, home, Variation())
            known[key] = done.returncode, written(home)
        return known[key]

    return answer


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux's affinity and /dev/full")
@pytest.mark.parametrize("number", range(VARIATIONS))
def test_nothing_around_a_command_changes_what_it_does(number, plain, tmp_path, cache_variable):
    variation, commands = drawn(number)
    for place, command in enumerate(commands):
        home = tmp_path / str(place)
        done = run(command, home, variation)
        said = done.stderr.decode(errors="replace")
        told = f"{variation}\n{command}\n{said}"
        status, files = plain(command)
        assert status == 0
        assert "Traceback" not in said, told
        assert "the wrong one" not in said + (done.stdout or b"").decode(errors="replace"), told
        assert done.returncode == (1 if variation.stdout == "full" else status), told
        assert written(home) == files, told


@pytest.fixture
def cache_variable(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """One cache for all commands: where it lies by itself is told apart in the tests of `core`."""
    folder = tmp_path_factory.getbasetemp() / "cache-of-all"
    monkeypatch.setenv("OUTFITBENCH_CACHE", str(folder))
