"""The house keeps its own rules: who may import whom, how long a file may be, which names say nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

MAY_IMPORT = {
    "core": set(),
    "datasets": {"core"},
    "models": {"core"},
    "evaluation": {"core", "datasets", "models"},
    "training": {"core", "datasets", "models", "evaluation"},
    "bench": {"core", "datasets", "models", "evaluation", "training"},
    "suites": {"core", "datasets", "models", "evaluation", "training", "bench"},
    # The record types, how they are read, and the metrics derived from them.
    "reports": {
        "core",
        "suites.records",
        "suites.study_record",
        "suites.record_files",
        "evaluation.metrics",
        "evaluation.user_scores",
        "training.history",
        "bench.engine_profile",
        "bench.measurement",
        "bench.ceiling",
    },
    "cli": {"core", "datasets", "models", "evaluation", "training", "bench", "suites", "reports"},
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


def file_of(name: str) -> Path | None:
    """The file that an imported name lies in; a package stands for its `__init__`."""
    parts = name.split(".")
    for end in (len(parts), len(parts) - 1):
        place = ROOT.joinpath(*parts[:end])
        if place.with_suffix(".py").is_file() and end:
            return place.with_suffix(".py")
        if (place / "__init__.py").is_file() and end:
            return place / "__init__.py"
    return None


def circle(edges: dict[str, set[str]]) -> list[str]:
    """Names that lead back to the first of them; empty where there is no circle."""
    done: set[str] = set()

    def walk(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for target in sorted(edges.get(node, ())):
            if found := walk(target, [*path, node]):
                return found
        done.add(node)
        return []

    return next(filter(None, (walk(node, []) for node in sorted(edges))), [])


def at_import(path: Path) -> Iterator[str]:
    """Names that importing a module imports: neither in a function nor for the type checker alone."""
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(value, list):
                kept = [child for child in value if not _later(child)]
                setattr(node, field, kept)
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            parts = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            yield from (".".join(filter(None, [*parts, name.name])) for name in node.names)


def _later(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return True
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def test_no_file_imports_itself_through_others():
    edges = {}
    for path in MODULES:
        targets = {file_of(name) for name in at_import(path)} - {None, path}
        edges[relative(path)] = {relative(target) for target in targets}
    assert sum(map(len, edges.values())) > 300, "the walk sees the house"
    assert circle(edges) == []


def test_a_circle_is_seen():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == ["a", "b", "c", "a"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


@pytest.mark.parametrize("path", PYTHON_FILES, ids=relative)
def test_a_file_has_one_subject_and_says_which(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
    assert path.stem not in EMPTY_NAMES


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_opens_with_a_sentence(path):
    assert ast.get_docstring(ast.parse(path.read_bytes()))
