"""Suites and methods from TOML: the ones that come with the package, and every way to break one."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfitbench.datasets import InputError
from outfitbench.suites import list_suites, load_suite

GOOD = """
title = "Mine"
datasets = ["closet-12"]
methods = ["n-pair-xs"]
"""


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    return path


@pytest.mark.parametrize("name", list_suites())
def test_every_suite_of_the_package_loads(name: str) -> None:
    suite = load_suite(name)
    order = list(suite.methods)
    assert suite.name == name
    for key, method in suite.methods.items():
        if method.teacher:
            assert order.index(method.teacher) < order.index(key)
            assert suite.methods[method.teacher].validation != method.validation


def test_the_three_suites_are_there() -> None:
    assert {"demo", "smoke", "table2"} <= set(list_suites())


def test_a_size_of_images_stands_above_every_method_of_every_part() -> None:
    suite = load_suite("cost", image_size=224, epochs=2)
    methods = [method for part in suite.parts for method in part.methods.values()]
    assert {(method.image_size, method.recipe.epochs) for method in methods} == {(224, 2)}
    parts = {part.name: part for part in suite.parts}
    student = {name: part.methods["recd-xs"] for name, part in parts.items()}
    assert student["networks"] == student["throughput"]  # one fit, in both parts of a page
    efforts = {name: part.cost.effort for name, part in parts.items()}
    assert efforts["networks"] != efforts["throughput"]  # so it has a session of its own
    with pytest.raises(InputError, match="argument image_size: found 4, expected 8 to 1,024 pixels"):
        load_suite("cost", image_size=4)


def test_a_teacher_that_is_not_named_is_added(suite_file: Path) -> None:
    suite_file.write_text(GOOD.replace("n-pair-xs", "fnd-xs"))
    assert list(load_suite(suite_file).methods) == ["teacher", "fnd-xs"]


def test_overrides_reach_one_method_or_all(suite_file: Path) -> None:
    suite_file.write_text(
        GOOD.replace('["n-pair-xs"]', '["n-pair-xs", "bpr-xs"]')
        + "[every_method]\nimage_size = 96\n[every_method.recipe]\nepochs = 3\n"
        + "[method.bpr-xs.recipe]\nepochs = 5\n"
    )
    methods = load_suite(suite_file).methods
    assert {m.image_size for m in methods.values()} == {96}
    assert (methods["n-pair-xs"].recipe.epochs, methods["bpr-xs"].recipe.epochs) == (3, 5)
    assert methods["bpr-xs"].objective == "bpr"
    assert {m.recipe.epochs for m in load_suite(suite_file, epochs=1).methods.values()} == {1}


@pytest.mark.parametrize("key", ["n-pair-xs", "cl-xs"])
def test_an_objective_that_is_given_as_a_table_is_added_however_the_file_spells_its_own(
    suite_file: Path, key: str
) -> None:
    own = {"n-pair": {}} | ({"contrastive": {"weight": 0.2}} if key == "cl-xs" else {})
    text = GOOD.replace("n-pair-xs", key)

    def given(table: str) -> dict:
        suite_file.write_text(text + table.replace("ID", key))
        return load_suite(suite_file).methods[key].objectives

    assert given("") == own
    assert given("[method.ID.objective.bpr]\nweight = 0.5") == own | {"bpr": {"weight": 0.5}}
    assert given("[every_method.objective.bpr]") == own | {"bpr": {}}
    assert given("[method.ID.objective.n-pair]\ntemperature = 0.2") == own | {"n-pair": {"temperature": 0.2}}
    assert given('[method.ID]\nobjective = "bpr"') == {"bpr": {}}


def test_arguments_stand_above_the_file_and_are_named_where_they_are_wrong(suite_file: Path) -> None:
    assert load_suite(suite_file, datasets=["closet-24", "closet-24"]).datasets == ["closet-24"]
    with pytest.raises(InputError, match=r"^argument epochs: found 0, expected 1 to 100,000"):
        load_suite(suite_file, epochs=0)
    with pytest.raises(InputError, match=r"^argument dataset: found 'closet-21', .* nearest: closet-2"):
        load_suite(suite_file, datasets=["closet-21"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = ", "a TOML error"),
        ('title = "x"\nmethods = ["a"]', "datasets: found nothing"),
        (GOOD.replace("closet-12", "closet-13"), "datasets: found 'closet-13'"),
        (GOOD + "seeds = [3, 3]", "seeds: found [3, 3], expected each value once"),
        (
            GOOD + '[cost]\nmethods = ["n-pair-xs"]\nengines = ["torch", "torch"]',
            "cost.engines: found ['torch'",
        ),
        ('title = "x"\ny = ' + "[" * 3000, "a TOML error"),
        (GOOD.replace("Mine", ""), "title: found '', expected something that is not empty"),
        (
            GOOD + '[method.n-pair-xs]\nname = "a\\nb"',
            "name: found 'a\\nb', expected text in one line, not blank",
        ),
        (GOOD + "datasetz = 1", "nearest: datasets"),
        (GOOD.replace('"Mine"', "3"), "title: found 3, expected text in quotes"),
        (GOOD + "[method.n-pair-xs]\nown_network = true", "own_network: found true, and no teacher"),
        (GOOD.replace("n-pair-xs", "n-pear-xs"), "nearest: "),
        (GOOD.replace('["n-pair-xs"]', "[]"), "methods: found [], expected something that is not empty"),
        (GOOD + 'settings = ["easy"]', "settings.0: found 'easy'"),
        (GOOD + "[method.n-pair-xs.recipe]\nepoch = 3", "nearest: epochs"),
        (GOOD + "[method.n-pair-xs.recipe]\nepochs = 0", "recipe.epochs: found 0"),
        (GOOD + "[method.n-pair-xs]\nalpha = 2.0", "alpha: found an unknown key"),
        (GOOD + "[method.n-pair-xs.options]\nx = { file = 3 }", "options.x.file: found 3, expected text"),
        (GOOD + '[method.other]\nname = "x"', "a method not in `methods`"),
        (GOOD + '[cost]\nmethods = ["teacher"]', "cost.methods: found 'teacher'"),
        (
            GOOD.replace("n-pair-xs", "fnd-xs") + '[method.fnd-xs]\nteacher = "fnd-xs"',
            "a circle (fnd-xs needs fnd-xs)",
        ),
        (GOOD + "[method.n-pair-xs.recipe]\nlearning_rate = inf", "recipe.learning_rate: found inf"),
        (GOOD + '[method.n-pair-xs.recipe]\nepochs = "3"', "recipe.epochs: found '3'"),
        (
            GOOD.replace("n-pair-xs", "fnd-xs") + '[method.fnd-xs]\nteacher = "n-pair-xs"',
            "validation: found 'student', the half that its teacher n-pair-xs chose its epoch on",
        ),
        (GOOD + "seeds = [-1]", "seeds.0: found -1"),
        (GOOD + "seeds = [true]", "seeds.0: found True"),
        (
            GOOD.replace('["n-pair-xs"]', '["n-pair-xs", "bpr-xs"]') + '[method.bpr-xs]\nname = "N-pair XS"',
            "the name of n-pair-xs",
        ),
        (
            GOOD + 'compare = [["n-pair-xs", "bpr-xs"]]',
            "compare: found 'bpr-xs', of which the suite makes no row",
        ),
        (GOOD + 'compare = [["n-pair-xs", "n-pair-xs"]]', "compare.0: found ['n-pair-xs', 'n-pair-xs']"),
        (GOOD + 'compare = [["n-pair-xs"]]', "compare.0.1: "),
        (GOOD + 'converged = ["teacher"]', "converged: found 'teacher', of which the suite makes no row"),
        (
            GOOD + 'converged = ["n-pair-xs"]\n[method.n-pair-xs.recipe]\nepochs = 99_999',
            "converged: found N-pair XS with 199,998 epochs",
        ),
    ],
)
def test_a_broken_suite_is_refused_in_one_line(suite_file: Path, text: str, says: str) -> None:
    suite_file.write_text(text)
    with pytest.raises(InputError) as caught:
        load_suite(suite_file)
    message = str(caught.value)
    assert says in message
    assert "mine.toml" in message
    assert "\n" not in message


def test_teachers_in_a_circle_are_refused(suite_file: Path) -> None:
    suite_file.write_text(
        GOOD.replace("n-pair-xs", "fnd-xs")
        + '[method.fnd-xs]\nteacher = "fnd-s"\n[method.fnd-s]\nteacher = "fnd-xs"\n'
    )
    with pytest.raises(InputError, match="fnd-xs needs fnd-s needs fnd-xs"):
        load_suite(suite_file)


def test_a_suite_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nearest: demo"):
        load_suite("demoo")
    with pytest.raises(InputError, match="No such file"):
        load_suite(tmp_path / "none.toml")


def test_bytes_that_are_not_utf8(suite_file: Path) -> None:
    suite_file.write_bytes(b'title = "\xff"')
    with pytest.raises(InputError, match="not UTF-8"):
        load_suite(suite_file)


def test_a_byte_order_mark_is_sound(suite_file: Path) -> None:
    suite_file.write_text("\ufeff" + GOOD, encoding="utf-8")
    assert load_suite(suite_file).title == "Mine"


def test_some_methods_and_other_seeds(suite_file: Path) -> None:
    suite = load_suite("demo", methods=["recd-s"], seeds=[3, 1, 3])
    assert list(suite.methods) == ["teacher", "recd-s"], "with what it needs"
    assert suite.seeds == [3, 1]
    assert suite.cost is not None
    assert suite.cost.methods == ["teacher", "recd-s"]
    assert load_suite("demo", methods=["n-pair-xs"]).cost is None
    with pytest.raises(InputError, match=r"argument methods: found 'recds', .*nearest: recd-s"):
        load_suite("demo", methods=["recds"])
    with pytest.raises(InputError, match="argument seeds: found -1"):
        load_suite("demo", seeds=[-1])


def test_comparisons_are_declared_by_id_and_go_with_their_methods(suite_file: Path) -> None:
    """A teacher that students bring along has a row, too."""
    suite_file.write_text(
        GOOD.replace('["n-pair-xs"]', '["n-pair-xs", "fnd-xs"]')
        + 'compare = [["fnd-xs", "n-pair-xs"], ["fnd-xs", "teacher"]]'
    )
    assert load_suite(suite_file).compare == [("fnd-xs", "n-pair-xs"), ("fnd-xs", "teacher")]
    assert load_suite(suite_file, methods=["fnd-xs"]).compare == [("fnd-xs", "teacher")]


def test_what_is_to_have_converged_is_trained_for_twice_as_long_beside_it(suite_file: Path) -> None:
    suite_file.write_text(GOOD.replace("n-pair-xs", "fnd-xs") + 'converged = ["teacher", "fnd-xs"]')
    suite = load_suite(suite_file, epochs=3)
    assert suite.longer == {"teacher-longer": "teacher", "fnd-xs-longer": "fnd-xs"}
    for twin, key in suite.longer.items():
        assert suite.methods[twin].recipe.epochs == 6
        assert suite.methods[twin].teacher == suite.methods[key].teacher
        assert twin not in suite.unranked
    assert load_suite(suite_file, methods=["teacher"]).longer == {"teacher-longer": "teacher"}
