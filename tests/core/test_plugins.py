"""Definitions from a user's own file and from installed packages."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from outfitbench.core import registry
from outfitbench.core.errors import InputError
from outfitbench.core.plugins import load_plugin
from outfitbench.models import create_model, list_models
from outfitbench.models.registry import MODELS

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


def test_what_lies_beside_a_plugin_or_in_the_current_folder_is_not_imported(tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    for folder in (here, tmp_path):
        written(folder, "raise SystemExit('a stranger')\n", "strangers_statistics.py")
    monkeypatch.chdir(here)
    monkeypatch.setattr("sys.path", [entry for entry in sys.path if entry not in ("", ".")])
    before = list(sys.path)
    with pytest.raises(InputError, match=r"ModuleNotFoundError \(No module named 'strangers_statistics'\)"):
        load_plugin(written(tmp_path, f"import strangers_statistics\n{GOOD}"))
    assert sys.path == before


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        ("x = (\n", ":1", "SyntaxError"),
        ("\nimport there_is_no_such_package\n", ":2", "ModuleNotFoundError"),
        ("def f():\n    raise ValueError('two\\nlines')\nf()\n", ":2", r"ValueError \(two lines\)"),
        ("raise SystemExit(3)", ":1", "SystemExit"),
        ("x = 1\n", "", "nothing registered"),
    ],
)
def test_a_file_that_does_not_work_is_named_in_one_line(tmp_path, text, where, found):
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=f"^{path}{where}: found {found}") as caught:
        load_plugin(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=f"^{tmp_path / 'none.py'}: found no file"):
        load_plugin(tmp_path / "none.py")


def test_a_file_that_is_not_python_is_named(tmp_path):
    path = written(tmp_path, GOOD, "plugin.txt")
    with pytest.raises(InputError, match=f"^{path}: found a file that is not Python"):
        load_plugin(path)


def test_nothing_stays_of_a_file_that_fails_halfway_and_it_can_be_mended(tmp_path):
    path = written(tmp_path, GOOD + "\n1 / 0\n")
    with pytest.raises(InputError, match="ZeroDivisionError"):
        load_plugin(path)
    assert "mine" not in list_models()
    written(tmp_path, GOOD)
    assert load_plugin(path) == ["mine"]


def test_a_plugin_cannot_take_a_known_name(tmp_path):
    path = written(tmp_path, GOOD.replace('"mine"', '"teacher"'))
    with pytest.raises(InputError, match=r"model 'teacher': found a second definition in .*plugin.py:8"):
        load_plugin(path)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Stands for installed packages: a module each, named by an entry point of our group."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(**modules: str) -> None:
        for name, text in modules.items():
            written(tmp_path, text, f"{name}.py")
        entries = [EntryPoint(name, name, "outfitbench.models") for name in modules]
        monkeypatch.setattr(
            registry, "entry_points", lambda *, group: entries if group == MODELS.group else []
        )
        monkeypatch.setattr(MODELS, "_waiting", [()])
        registry._load_entry_points.cache_clear()

    yield install
    registry._load_entry_points.cache_clear()


def test_installed_packages_register_on_demand(installed):
    installed(package_one=GOOD)
    assert "mine" in list_models()


def test_a_broken_package_is_reported_and_the_rest_works(installed):
    installed(package_broken="raise OSError('no licence')", package_two=GOOD.replace("mine", "yours"))
    with pytest.warns(RuntimeWarning, match=r"'package_broken'.*found OSError \(no licence\)"):
        names = list_models()
    assert {"yours", "teacher"} <= set(names)
    assert create_model("student-xs", num_users=1).num_users == 1


UNPRINTABLE = """\
class Mute(Exception):
    def __str__(self):
        raise {inner}
raise Mute
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (UNPRINTABLE.format(inner="RuntimeError"), r":4: found Mute \(it has no words\)"),
        (UNPRINTABLE.format(inner="SystemExit"), r":4: found Mute \(it has no words\)"),
        ("class Odd(BaseException): pass\nraise Odd('no')", r":2: found Odd \(no\)"),
        (
            "raise ValueError('\\x1b[31m \\u202e \\ud800')",
            r":1: found ValueError \(\\x1b\[31m \\u202e \\ud800\)",
        ),
        ("raise ValueError('x' * 100_000)", r":1: found ValueError \(x+…x+\)"),
        (
            "from outfitbench.core.plugins import load_plugin\nload_plugin(__file__)",
            ":2: .* a plugin that loads",
        ),
    ],
)
def test_an_error_of_any_kind_is_one_short_harmless_line(tmp_path, text, found):
    path = written(tmp_path, text)
    with pytest.raises(InputError, match=f"^{path}{found}") as caught:
        load_plugin(path)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 1000


def test_two_plugins_that_load_each_other_are_refused(tmp_path):
    calls = "from outfitbench.core.plugins import load_plugin\nload_plugin({path!r})\n"
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    written(tmp_path, calls.format(path=str(two)), "one.py")
    written(tmp_path, calls.format(path=str(one)), "two.py")
    with pytest.raises(InputError, match="a plugin that loads itself") as caught:
        load_plugin(one)
    assert "\n" not in str(caught.value)


def test_a_link_to_itself_is_refused(tmp_path):
    path = tmp_path / "plugin.py"
    path.symlink_to(path)
    with pytest.raises(InputError, match=f"^{path}: found") as caught:
        load_plugin(path)
    assert "\n" not in str(caught.value)


def test_a_path_that_no_file_can_have_is_refused():
    with pytest.raises(InputError, match="leads nowhere"):
        load_plugin("plugin\0.py")


def test_a_users_interrupt_is_passed_on_and_nothing_stays(tmp_path):
    path = written(tmp_path, GOOD + "\nraise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        load_plugin(path)
    assert "mine" not in list_models()
    assert not [name for name in sys.modules if name.startswith("outfitbench_plugin_") and _is_at(name, path)]


def _is_at(module: str, path: Path) -> bool:
    return getattr(sys.modules[module], "__file__", None) == str(path)


def test_a_plugin_may_be_the_first_to_ask_for_an_installed_package(installed, tmp_path):
    """Its names are the package's: they are not the plugin's, and stay when the plugin fails."""
    installed(package_three=GOOD.replace("mine", "theirs"))
    path = written(tmp_path, GOOD + "\n1 / 0\n")
    with pytest.raises(InputError, match="ZeroDivisionError"):
        load_plugin(path)
    assert "theirs" in list_models()
    assert "mine" not in list_models()
    written(tmp_path, GOOD)
    assert load_plugin(path) == ["mine"]


def test_what_a_plugin_enters_without_a_place_of_its_own_is_known_by_the_plugins_file(tmp_path):
    text = (
        "from functools import partial\n"
        "from outfitbench.models import register_model\n"
        "from outfitbench.models.zoo.paper_network import teacher\n"
        "register_model('curried')(partial(teacher))\n"
        "register_model('renamed')(teacher)\n"
    )
    path = written(tmp_path, text)
    assert load_plugin(path) == ["curried", "renamed"]
    assert [MODELS.entry(name).source for name in ("curried", "renamed")] == [path, path]
    assert MODELS.entry("teacher").source is None


def test_a_path_that_a_terminal_would_obey_is_escaped(tmp_path):
    with pytest.raises(InputError, match="found no file") as caught:
        load_plugin(tmp_path / "\x1b[31m\u202e\udcff.py")
    assert str(caught.value).isprintable()
    assert r"\x1b[31m\u202e\udcff.py" in str(caught.value)
