"""What is in the folders is what is installed, and each room is as light to import as it promises."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("bench", "cli", "core", "datasets", "evaluation", "models", "reports", "suites", "training")
# Run from the tree by `tox -e bench`, of no use without it.
NOT_INSTALLED = ("bench/benchmarks",)
# Copied into every export and run there by themselves: files to carry, not modules to import.
COPIED = ("bench/deployment/served",)


def package_folders() -> set[str]:
    found = (init.parent.relative_to(ROOT) for room in ROOMS for init in (ROOT / room).rglob("__init__.py"))
    return {folder.as_posix() for folder in found if folder.as_posix() not in NOT_INSTALLED}


def installed_files() -> set[str]:
    """What the wheel should hold: every module, TOML file and py.typed of the rooms."""
    wanted = (
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.suffix in {".py", ".toml"} or path.name == "py.typed"
    )
    return {f"outfitbench/{name}" for name in wanted if not name.startswith(NOT_INSTALLED)}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy, so that no build folder is left in the tree."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for room in ROOMS:
        shutil.copytree(ROOT / room, tree / room, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    build = f"from setuptools.build_meta import build_wheel; build_wheel({str(out)!r})"
    done = subprocess.run([sys.executable, "-c", build], cwd=tree, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return next(out.glob("*.whl"))


def test_every_folder_of_modules_is_a_listed_package():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    listed = settings["packages"]
    assert listed == sorted(set(listed)), "listed once each, in order"
    assert set(listed) == {"outfitbench." + folder.replace("/", ".") for folder in package_folders()}


def test_every_folder_with_modules_is_a_package():
    modules = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    folders = {path.parent.relative_to(ROOT).as_posix() for path in modules}
    assert folders - {*NOT_INSTALLED, *COPIED} == package_folders()


def test_the_wheel_holds_every_file_of_the_rooms_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == installed_files()


def test_the_wheel_carries_its_licence_and_command(wheel):
    with zipfile.ZipFile(wheel) as archive:
        info = {name.split(".dist-info/")[1]: name for name in archive.namelist() if ".dist-info/" in name}
        assert b"MIT License" in archive.read(info["licenses/LICENSE"])
        assert b"outfitbench = outfitbench.cli.main:main" in archive.read(info["entry_points.txt"])


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("bench", "torch"),
        ("core", "numpy"),
        ("evaluation", "torch"),
        ("training", "torch"),
        ("cli.main", "torch"),
        ("cli.main", "numpy"),
        ("datasets", "torch"),
        ("datasets.registry", "torch"),
        ("models", "torch"),
        ("reports", "torch"),
        ("suites", "torch"),
        ("suites.record_files", "torch"),
        ("suites.suite_file", "torch"),
    ],
)
def test_importing_a_room_is_light(module, absent):
    code = f"import sys, outfitbench.{module}; sys.exit({absent!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
