from __future__ import annotations

from io import BytesIO
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text
from outfitbench.reports.costs import cost_groups, costs_of_rows
from outfitbench.reports.curves_figure import curves_figure
from outfitbench.reports.figure import colour_of, drawable, new_figure, styles
from outfitbench.reports.grouping import comparison_tables
from outfitbench.reports.labels import Point, label_points
from outfitbench.reports.margin_labels import spread
from outfitbench.reports.tradeoff_figure import tradeoff_figure
from PIL import Image

from .made_records import cost, quality, user_scores, whole_grid


def grid():
    records = whole_grid()
    ranking = comparison_tables([record for record in records if record.kind == "quality"])[0]
    return ranking, cost_groups(record for record in records if record.kind == "cost")


@pytest.fixture(scope="module")
def tradeoff() -> dict[str, bytes]:
    ranking, groups = grid()
    return tradeoff_figure(ranking, costs_of_rows(ranking, groups), "tradeoff")


def test_the_files_open(tradeoff):
    assert sorted(tradeoff) == ["tradeoff.png", "tradeoff.svg"]
    picture = Image.open(BytesIO(tradeoff["tradeoff.png"]))
    picture.load()
    assert picture.width == 1920
    assert tradeoff["tradeoff.svg"].lstrip().startswith(b"<?xml")


def test_the_files_know_neither_date_nor_software(tradeoff):
    assert set(Image.open(BytesIO(tradeoff["tradeoff.png"])).info) <= {"dpi"}
    for word in (b"<dc:date>", b"matplotlib.org", b"Matplotlib v"):
        assert word not in tradeoff["tradeoff.svg"]


def test_drawing_twice_gives_the_same_bytes(tradeoff):
    ranking, groups = grid()
    assert tradeoff_figure(ranking, costs_of_rows(ranking, groups), "tradeoff") == tradeoff


def test_without_costs_the_parameter_panel_stands_alone():
    ranking, _ = grid()
    assert len(tradeoff_figure(ranking, None, "tradeoff")) == 2


def test_one_row_of_one_user_can_be_drawn():
    (ranking,) = comparison_tables([quality("A", scores=user_scores(0.9, users=1))])
    assert tradeoff_figure(ranking, costs_of_rows(ranking, cost_groups([cost("A")])), "x")
    assert curves_figure([("A", ranking.rows[0].fit)], "x")


def test_matplotlibs_own_settings_are_left_as_they_were(tradeoff):
    import matplotlib

    assert matplotlib.rcParams["svg.hashsalt"] is None


@given(st.sets(st.text(max_size=9), max_size=30))
def test_a_method_keeps_its_colour_in_any_company(names):
    looks = styles(names)
    assert {name: style.colour for name, style in looks.items()} == {name: colour_of(name) for name in names}


def test_methods_that_share_a_colour_have_other_markers():
    names = [f"method {i}" for i in range(40)]
    looks = styles(names)
    assert len(set(map(colour_of, names))) < len(names)
    assert len({(style.colour, style.marker) for style in looks.values()}) == len(names)


def test_the_palette_never_changes():
    """A method has one colour in the reports of all times."""
    assert [colour_of(name) for name in ("Teacher", "FND XS", "N-pair XS")] == [
        "#882255", "#999933", "#0072B2",
    ]  # fmt: skip


def test_no_measured_point_is_moved(monkeypatch):
    """Two methods of one network, one latency: both stand at exactly that."""
    drawn = []
    monkeypatch.setattr(
        "outfitbench.reports.tradeoff_figure.label_points", lambda axes, points: drawn.append((axes, points))
    )
    records = [quality("N-pair XS", auc=0.8), quality("FND XS", auc=0.9), quality("Large", "teacher")]
    (ranking,) = comparison_tables(records)
    costs = costs_of_rows(ranking, cost_groups([cost("XS", latency=0.00148), cost("L", "teacher", 0.02)]))
    assert costs is not None
    tradeoff_figure(ranking, costs, "tradeoff")
    for (axes, points), value in zip(drawn, (costs.by_row, None), strict=True):
        expected = {
            row.name: 1e3 * value[row.name].measurements["latency"].median if value else row.parameters / 1e6
            for row in ranking.rows
        }
        assert {point.label: point.x for point in points} == expected
        markers = sorted(line.get_xdata()[0] for line in axes.lines if line.get_marker() != "None")
        assert markers == sorted(expected.values())


@pytest.mark.parametrize(
    "name", [r"FND $\frac$", "$", "a$b$c", "FND 法 \U0001f600", "\x1b[31m \u202e", "_hidden"]
)
def test_any_name_is_drawn_without_a_word(name, capfd):
    """Warnings are errors in these tests."""
    records = [quality(name, dataset="$\\frac$"), quality("B", dataset="$\\frac$")]
    (ranking,) = comparison_tables(records)
    costs = costs_of_rows(ranking, cost_groups([cost(name, engine=name, dataset=None)]))
    files = tradeoff_figure(ranking, costs, "x") | curves_figure([(name, ranking.rows[0].fit)], "y")
    for file, content in files.items():
        if file.endswith(".svg"):
            ElementTree.fromstring(content)
    assert capfd.readouterr() == ("", "")


def test_what_has_no_glyph_is_a_box():
    assert drawable("FND \u6cd5\n\u0394\x1b") == "FND □ Δ□"


coordinate = st.floats(1.0, 99.0)


@settings(max_examples=12, deadline=None)  # a figure each
@given(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=9, unique=True))
def test_labels_do_not_cover_each_other(places):
    figure, (axes,) = new_figure(4.4)
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    figure.draw_without_rendering()
    label_points(axes, [Point(x, y, y - 3, y + 3, f"method {i}", "#000") for i, (x, y) in enumerate(places)])
    figure.draw_without_rendering()
    # Of the text alone, without the line to its point, and less a pixel of rounding.
    boxes = [Text.get_window_extent(text).padded(-1) for text in axes.texts]
    assert len(boxes) == len(places)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


@given(st.lists(st.floats(0, 100), max_size=8))
def test_spread_keeps_order_and_distance_inside_the_frame(values):
    values = sorted(values)
    moved = spread(values, 10.0, 0.0, 100.0)
    assert len(moved) == len(values)
    assert all(0 <= value <= 100 for value in moved)
    assert all(b - a >= 10 - 1e-9 for a, b in pairwise(moved))


@given(st.lists(st.integers(0, 9), unique=True, max_size=8))
def test_spread_leaves_alone_what_is_far_enough_apart(places):
    values = [10.0 * place for place in sorted(places)]
    assert spread(values, 10.0, 0.0, 100.0) == pytest.approx(values)
