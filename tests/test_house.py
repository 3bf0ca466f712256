"""The house keeps its own rules: who may import whom, how long a file may be, which names say nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

MAY_IMPORT = {
    "datasets": set(),
    "models": set(),
    "bench": {"models", "datasets"},
    "suites": {"models", "datasets", "bench"},
    # The record types, how they are read, the metrics derived from them, and how a file is written whole.
    "reports": {
        "suites.records",
        "suites.record_files",
        "suites.metrics",
        "suites.canonical",
        "bench.measurement",
        "datasets.cache",
        "datasets.errors",
    },
    "cli": {"datasets", "models", "bench", "suites", "reports"},
}
PYTHON_FILES = sorted(path for room in (*MAY_IMPORT, "tests") for path in (ROOT / room).rglob("*.py"))
# The benchmarks time every room, as tests do.
TESTS = (ROOT / "tests", ROOT / "bench" / "benchmarks")
MODULES = [path for path in PYTHON_FILES if not any(path.is_relative_to(folder) for folder in TESTS)]
LONGEST = 400
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> Iterator[str]:
    """Dotted names inside `outfitbench` that a module imports anywhere, one for each imported name."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_bytes())):
        match node:
            case ast.ImportFrom(module=module, names=names, level=level):
                if level:
                    parts = [*package[: len(package) - level + 1], *(module or "").split(".")]
                elif module == "outfitbench" or (module or "").startswith("outfitbench."):
                    parts = (module or "").split(".")[1:]
                else:
                    continue
                yield from (".".join(filter(None, [*parts, name.name])) for name in names)
            case ast.Import(names=names):
                inside = (name.name for name in names if name.name.startswith("outfitbench."))
                yield from (name.removeprefix("outfitbench.") for name in inside)


def allowed(name: str, room: str) -> bool:
    return any(name == other or name.startswith(f"{other}.") for other in {room, *MAY_IMPORT[room]})


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_room_imports_only_the_rooms_it_may(path):
    room = path.relative_to(ROOT).parts[0]
    strangers = [name for name in imported(path) if not allowed(name, room)]
    assert not strangers, f"{room} may import {sorted(MAY_IMPORT[room])} only"


def test_the_import_walk_sees_a_stranger(tmp_path, monkeypatch):
    """The rule above would hold of a walk that sees nothing."""
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    module = tmp_path / "models" / "zoo" / "net.py"
    module.parent.mkdir(parents=True)
    module.write_text(
        "from ...datasets import tables\nfrom ..errors import ModelError\nimport outfitbench.bench\n"
    )
    assert list(imported(module)) == ["datasets.tables", "models.errors.ModelError", "bench"]
    assert [allowed(name, "models") for name in imported(module)] == [False, True, False]


@pytest.mark.parametrize("path", PYTHON_FILES, ids=relative)
def test_a_file_has_one_subject_and_says_which(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
    assert path.stem not in EMPTY_NAMES


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_opens_with_a_sentence(path):
    assert ast.get_docstring(ast.parse(path.read_bytes()))
