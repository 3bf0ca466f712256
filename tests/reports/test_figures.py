from __future__ import annotations

from io import BytesIO
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text
from outfitbench.reports.costs import cost_groups, costs_of_rows
from outfitbench.reports.curves_figure import curves_figure
from outfitbench.reports.figure import new_figure, style_of
from outfitbench.reports.grouping import rankings
from outfitbench.reports.labels import Point, label_points
from outfitbench.reports.margin_labels import spread
from outfitbench.reports.tradeoff_figure import tradeoff_figure
from PIL import Image

from .made_records import cost, quality, user_scores, whole_grid


def grid():
    records = whole_grid()
    ranking = rankings([record for record in records if record.kind == "quality"])[0]
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
    (ranking,) = rankings([quality("A", scores=user_scores(0.9, users=1))])
    assert tradeoff_figure(ranking, costs_of_rows(ranking, cost_groups([cost("A")])), "x")
    assert curves_figure(ranking, "x")


def test_no_history_no_curves():
    (ranking,) = rankings([quality("A", history=[])])
    assert curves_figure(ranking, "curves") == {}


def test_matplotlibs_own_settings_are_left_as_they_were(tradeoff):
    import matplotlib

    assert matplotlib.rcParams["svg.hashsalt"] is None


def test_fortynine_rows_look_different():
    assert len({(style.colour, style.marker) for style in map(style_of, range(49))}) == 49


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
