"""The one registry: names, collisions, what is known of an entry."""

from __future__ import annotations

import sys

import pytest
from outfitbench.core import registry
from outfitbench.core.errors import InputError
from outfitbench.core.registry import NoOptions, Registry, registering
from pydantic import BaseModel


@pytest.fixture
def hats():
    found: Registry[object] = Registry("hat")
    yield found
    registry._REGISTRIES.remove(found)


class Brim(BaseModel):
    """Options of a hat."""

    width: int = 3


def test_what_is_entered_is_left_as_it_is_and_known_by_name(hats):
    @hats.register("top-hat", options=Brim)
    def top_hat():
        """Rise above it. Even indoors."""

    entry = hats.entry("top-hat")
    assert hats.get("top-hat") is entry.value is top_hat
    assert (entry.options, entry.summary) == (Brim, "Rise above it.")
    assert entry.source is not None
    assert entry.source.name == "test_registry.py"
    assert entry.place.startswith(f"{__file__}:")
    assert hats.names() == ["top-hat"]
    assert "top-hat" in hats
    assert "cap" not in hats


def test_without_options_every_key_is_refused(hats):
    hats.register("cap")(len)
    assert hats.entry("cap").options is NoOptions
    with pytest.raises(ValueError, match="Extra inputs"):
        NoOptions.model_validate({"width": 3})


def test_a_collision_names_both_places(hats):
    @hats.register("cap")
    def one(): ...

    def two(): ...

    with pytest.raises(InputError) as caught:
        hats.register("cap")(two)
    places = [f"{__file__}:{define.__code__.co_firstlineno}" for define in (one, two)]
    assert str(caught.value).count(__file__) == 2
    assert all(place in str(caught.value) for place in places)
    assert "\n" not in str(caught.value)
    assert hats.get("cap") is one


def test_entering_the_same_thing_again_changes_nothing(hats):
    first = hats.register("cap")(print)
    assert hats.register("cap")(print) is first
    assert hats.names() == ["cap"]


@pytest.mark.parametrize("value", [7, object(), Brim(), print, "text"])
def test_a_thing_without_a_file_of_its_own_is_known_by_the_one_that_enters_it(hats, value):
    hats.register("odd")(value)
    assert str(hats.entry("odd").source) == __file__
    assert __file__ in hats.entry("odd").place


@pytest.mark.parametrize(
    "name", ["", "Cap", "a/b", "../cap", "a--b", "-a", "a ", "a\n", "\x1b[31m", "é", "x" * 500 + "!"]
)
def test_a_malformed_name_is_refused_in_one_short_line(hats, name):
    with pytest.raises(InputError, match=r"hat name: found .*expected lower-case words") as caught:
        hats.register(name)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


def test_an_unknown_name_is_answered_with_the_nearest_and_where_it_stands(hats):
    hats.register("top-hat")(print)
    with pytest.raises(InputError, match=r"^a\.toml, hat: found 'tophat', expected a hat; nearest: top-hat"):
        hats.get("tophat", "a.toml, hat")


def test_a_name_of_100_000_characters_is_not_echoed_whole(hats):
    with pytest.raises(InputError) as caught:
        hats.get("x" * 100_000)
    assert len(str(caught.value)) < 300


def test_of_what_fails_nothing_stays_and_what_ran_inside_it_keeps_its_own(hats):
    hats.register("before")(print)

    def fail():
        with registering() as outer:
            hats.register("half")(print)
            with registering() as inner:
                hats.register("whole")(print)
            assert (outer, inner) == ([], ["whole"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert hats.names() == ["before", "whole"]


def test_names_that_could_not_be_loaded_are_asked_for_again(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "hats_at_home.py").write_text("1 / 0\n")
    hats: Registry[object] = Registry("hat", "hats_at_home")
    try:
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                hats.names()
    finally:
        registry._REGISTRIES.remove(hats)


def test_what_takes_long_is_imported_when_a_name_is_nowhere_else(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "_OURS", "milliner")  # as whose modules these are
    (tmp_path / "milliner").mkdir()
    for name in ("soon", "late"):
        lines = ["from outfitbench.core.registry import all_registries"]
        lines += [f'all_registries()[-1].register("{name}")(print)']
        (tmp_path / "milliner" / f"{name}.py").write_text("\n".join(lines))
    shelf: Registry[object] = Registry("hat", "milliner.soon", later=["milliner.late"])
    try:
        assert "soon" in shelf
        assert "milliner.late" not in sys.modules
        assert shelf.entry("late").value is print
        assert shelf.names() == ["late", "soon"]
    finally:
        registry._REGISTRIES.remove(shelf)
