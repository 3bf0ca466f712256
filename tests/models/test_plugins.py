"""Models from a user's own file and from installed packages."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from outfitbench.models import ModelError, create_model, list_models, load_plugin, plugins

pytestmark = pytest.mark.usefixtures("own_registry")

GOOD = """\
from dataclasses import dataclass
from outfitbench.models import create_model, register_model

@dataclass
class Width:
    value: int = 4

@register_model("mine")
def mine(options):
    return create_model("student-xs", num_users=options.num_users)
"""


def written(folder: Path, text: str, name: str = "plugin.py") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_users_file_registers_its_model(tmp_path):
    path = written(tmp_path, GOOD)
    assert load_plugin(path) == ["mine"]
    assert "mine" in list_models()
    assert create_model("mine", num_users=3).num_users == 3


def test_a_second_time_it_is_not_run_again(tmp_path, monkeypatch):
    path = written(tmp_path, GOOD)
    load_plugin(path)
    monkeypatch.chdir(tmp_path)
    assert load_plugin("plugin.py") == ["mine"]


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        ("x = (\n", ":1", "SyntaxError"),
        ("\nimport there_is_no_such_package\n", ":2", "ModuleNotFoundError"),
        ("def f():\n    raise ValueError('two\\nlines')\nf()\n", ":2", r"ValueError \(two lines\)"),
        ("raise SystemExit(3)", ":1", "SystemExit"),
        ("x = 1\n", "", "no model"),
    ],
)
def test_a_file_that_does_not_work_is_named_in_one_line(tmp_path, text, where, found):
    path = written(tmp_path, text)
    with pytest.raises(ModelError, match=f"^{path}{where}: found {found}") as caught:
        load_plugin(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=f"^{tmp_path / 'none.py'}: found no file"):
        load_plugin(tmp_path / "none.py")


def test_a_file_that_is_not_python_is_named(tmp_path):
    path = written(tmp_path, GOOD, "plugin.txt")
    with pytest.raises(ModelError, match=f"^{path}: found a file that is not Python"):
        load_plugin(path)


def test_nothing_stays_of_a_file_that_fails_halfway_and_it_can_be_mended(tmp_path):
    path = written(tmp_path, GOOD + "\n1 / 0\n")
    with pytest.raises(ModelError, match="ZeroDivisionError"):
        load_plugin(path)
    assert "mine" not in list_models()
    written(tmp_path, GOOD)
    assert load_plugin(path) == ["mine"]


def test_a_plugin_cannot_take_a_known_name(tmp_path):
    path = written(tmp_path, GOOD.replace('"mine"', '"teacher"'))
    with pytest.raises(ModelError, match=r"model 'teacher': found a second definition in .*plugin.py:8"):
        load_plugin(path)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Stands for installed packages: a module each, named by an entry point of our group."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(**modules: str) -> None:
        for name, text in modules.items():
            written(tmp_path, text, f"{name}.py")
        entries = [EntryPoint(name, name, plugins.ENTRY_POINT_GROUP) for name in modules]
        monkeypatch.setattr(plugins, "entry_points", lambda *, group: entries)
        plugins.load_installed.cache_clear()

    yield install
    plugins.load_installed.cache_clear()


def test_installed_packages_register_on_demand(installed):
    installed(package_one=GOOD)
    assert "mine" in list_models()


def test_a_broken_package_is_reported_and_the_rest_works(installed):
    installed(package_broken="raise OSError('no licence')", package_two=GOOD.replace("mine", "yours"))
    with pytest.warns(RuntimeWarning, match=r"'package_broken'.*found OSError \(no licence\)"):
        names = list_models()
    assert {"yours", "teacher"} <= set(names)
    assert create_model("student-xs", num_users=1).num_users == 1
