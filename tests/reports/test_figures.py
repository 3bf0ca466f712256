from __future__ import annotations

import tomllib
from io import BytesIO
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from outfitbench import suites
from outfitbench.reports.costs import cost_groups, costs_of_rows
from outfitbench.reports.curves_figure import curves_figure
from outfitbench.reports.figure import colour_of, drawable, style_of
from outfitbench.reports.grouping import comparison_tables
from outfitbench.reports.margin_labels import spread
from outfitbench.reports.tradeoff_figure import tradeoff_figure
from outfitbench.reports.tradeoff_lines import MethodLine, split_far
from PIL import Image

from .made_records import cost, fit, quality, user_scores, whole_grid


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


def test_a_method_looks_alike_in_the_reports_of_all_times():
    looks = [style_of(name) for name in ("Teacher", "FND XS", "N-pair XS")]
    assert [(style.colour, style.marker) for style in looks] == [
        ("#7A3000", ">"), ("#CC79A7", "<"), ("#CC79A7", "o"),
    ]  # fmt: skip


def test_the_methods_that_come_with_the_package_are_told_apart():
    folder = Path(suites.__file__).parent / "methods"
    names = [tomllib.loads(path.read_text(encoding="utf-8"))["name"] for path in folder.glob("*.toml")]
    assert len(names) > 9
    assert len({style_of(name) for name in names}) == len(names)


# Machado, Oliveira and Fernandes 2009, table 1, severity 1.0, on linear RGB.
SEEN = {
    "all three cones": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900],
    ],
}  # fmt: skip


def lab(linear):
    """CIE L*a*b* of linear sRGB, under D65."""
    to_xyz = [[0.41246, 0.35758, 0.18044], [0.21267, 0.71515, 0.07217], [0.01933, 0.11919, 0.95030]]
    x = np.array(to_xyz) @ np.clip(linear, 0, 1) / np.array([0.95047, 1, 1.08883])
    f = np.where(x > 216 / 24389, np.cbrt(x), (24389 / 27 * x + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eyes", SEEN)
def test_colour_blind_readers_tell_the_colours_apart(eyes):
    palette = sorted({colour_of(f"method {i}") for i in range(500)})
    assert len(palette) == 11
    values = [np.array(to_rgb(colour)) for colour in palette]
    linear = [np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4) for v in values]
    seen = [lab(np.array(SEEN[eyes]) @ one) for one in linear]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) > 12


@pytest.fixture
def drawn(monkeypatch):
    """A function that draws a trade-off and returns the figure itself."""

    def draw(records, costs=()):
        figures = []
        monkeypatch.setattr(
            "outfitbench.reports.tradeoff_figure.render", lambda figure, name: figures.append(figure) or {}
        )
        (ranking,) = comparison_tables(records)
        tradeoff_figure(ranking, costs_of_rows(ranking, cost_groups(costs)), "tradeoff")
        return figures[0], {row.name: row for row in ranking.rows}

    return draw


def panels(figure):
    return [axes for axes in figure.axes if axes.get_xscale() == "log"]


def markers(axes):
    """Where the methods' markers stand; the stroke of a broken axis is none."""
    lines = [
        line for line in axes.lines if isinstance(line.get_marker(), str) and line.get_marker() != "None"
    ]
    return sorted((float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in lines)


def test_no_measured_point_is_moved(drawn):
    """Two methods of one network, one latency: both stand at exactly that."""
    records = [quality("N-pair XS", auc=0.85), quality("FND XS", auc=0.9), quality("Large", "teacher")]
    costs = [cost("XS", latency=0.00148), cost("L", "teacher", 0.02)]
    figure, rows = drawn(records, costs)
    latency, parameters = panels(figure)
    (ranking,) = comparison_tables(records)
    found = costs_of_rows(ranking, cost_groups(costs))
    assert found is not None
    at = {name: 1e3 * found.by_row[name].measurements["latency"].median for name in rows}
    assert at["N-pair XS"] == at["FND XS"]
    aucs = {name: 100 * row.mean("auc") for name, row in rows.items()}
    for axes, expected in (
        (latency, at),
        (parameters, {name: row.parameters / 1e6 for name, row in rows.items()}),
    ):
        assert markers(axes) == [pytest.approx(pair) for pair in sorted((expected[n], aucs[n]) for n in rows)]


def many(number=20):
    models = ["student-xs", "student-s", "student-m"]
    records = [quality(f"Method {i}", models[i % 3], 0.80 + 0.0015 * (i * 7 % number)) for i in range(number)]
    return records, [cost(model, model, 0.004 * (1 + i)) for i, model in enumerate(models)]


@pytest.mark.parametrize("with_costs", [True, False])
def test_twenty_names_stand_in_the_order_of_their_points_and_apart(drawn, with_costs):
    records, costs = many()
    figure, rows = drawn(records, costs if with_costs else [])
    figure.draw_without_rendering()
    names = sorted(figure.texts, key=lambda text: text.get_position()[1])
    assert [text.get_text() for text in names] == sorted(rows, key=lambda name: rows[name].mean("auc"))
    boxes = [text.get_window_extent().padded(-1) for text in names]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    frames = [axes.get_window_extent() for axes in figure.axes]
    assert not any(box.overlaps(frame) for box in boxes for frame in frames)


def test_a_line_leads_from_every_point_to_its_name(drawn):
    records, costs = many(6)
    figure, _ = drawn(records, costs)
    starts = sorted(tuple(line.get_transform().transform(line.get_xydata()[0])) for line in figure.artists)
    points = sorted(tuple(axes.transData.transform(at)) for axes in panels(figure) for at in markers(axes))
    assert starts == [pytest.approx(point) for point in points]
    ends = {round(line.get_ydata()[-1], 6) for line in figure.artists}
    assert ends == {round(text.get_position()[1], 6) for text in figure.texts}


def test_a_row_far_below_does_not_stretch_the_axis(drawn):
    records = [quality(f"M{i}", auc=0.85 + 0.01 * i) for i in range(4)] + [quality("Low", auc=0.52)]
    figure, rows = drawn(records)
    main, strip = panels(figure)
    assert main.get_ylim()[0] > 80
    assert len(markers(main)) == 4
    assert [x for x, _ in markers(strip)] == [rows["Low"].parameters / 1e6]
    assert markers(strip)[0][1] == pytest.approx(100 * rows["Low"].mean("auc"))
    low, high = strip.get_ylim()
    ticks = [float(tick) for tick in strip.get_yticks() if low <= tick <= high]
    assert ticks
    assert all(tick == round(tick) for tick in ticks)
    assert [text.get_text() for text in figure.texts].count("Low") == 1


def intervals(figure) -> Axes:
    """The axes between the panels; the strip's panels have none of their own."""
    return next(axes for axes in figure.axes if "interval" in axes.get_xlabel())


def test_an_interval_is_drawn_where_the_teachers_line_needs_the_axis_anyway(drawn):
    teacher = quality("Weak", "teacher", auc=0.6)
    students = [
        quality(f"M{i}", auc=0.85 + 0.01 * i, objective="fnd", teacher=teacher.fit.trial) for i in range(4)
    ]
    axes = intervals(drawn([teacher, *students])[0])
    assert not axes.texts
    assert len(axes.collections) == 5
    taught = quality("Taught", auc=0.9, objective="fnd", teacher=students[0].fit.trial)
    axes = intervals(drawn([*students[:1], taught, quality("Far", auc=0.6), quality("M", auc=0.92)])[0])
    assert [text.get_text()[0] for text in axes.texts] == ["←"]


def test_what_is_written_keeps_clear_of_the_teachers_line(drawn):
    for low in (0.84, 0.96):
        teacher = quality("T", "teacher", auc=low)
        students = [
            quality(f"M{i}", auc=0.85 + 0.03 * i, objective="fnd", teacher=teacher.fit.trial)
            for i in range(4)
        ]
        figure, rows = drawn([teacher, *students, quality("Low", auc=0.52)])
        figure.draw_without_rendering()
        axes = intervals(figure)
        (text,) = axes.texts
        line = axes.transData.transform((100 * rows["T"].mean("auc"), 0))[0]
        box = text.get_window_extent()
        assert not box.x0 <= line <= box.x1


def test_an_axis_is_not_broken_for_most_of_the_rows(drawn):
    records = [quality("High", auc=0.9), quality("A", auc=0.6), quality("B", auc=0.61)]
    assert len(panels(drawn(records)[0])) == 1


@pytest.fixture
def drawn_curves(monkeypatch):
    """A function that draws curves and returns the figure itself."""

    def draw(fits):
        figures = []
        monkeypatch.setattr(
            "outfitbench.reports.curves_figure.render", lambda figure, name: figures.append(figure) or {}
        )
        curves_figure(fits, "curves")
        return figures[0]

    return draw


def test_a_curve_is_the_mean_of_its_seeds_in_a_band_from_the_lowest_to_the_highest(drawn_curves):
    fits = [("A", fit("A", auc=auc, seed=seed)) for seed, auc in enumerate((0.8, 0.9, 0.7))]
    (axes,) = drawn_curves(fits).axes
    (line,) = [line for line in axes.lines if len(line.get_xdata()) > 1]
    values = 100 * np.array([[epoch.valid_auc for epoch in trained.history] for _, trained in fits])
    assert line.get_ydata() == pytest.approx(values.mean(axis=0))
    (band,) = axes.collections
    at_two = [y for x, y in band.get_paths()[0].vertices if x == 2]
    assert (min(at_two), max(at_two)) == (
        pytest.approx(values[:, 1].min()),
        pytest.approx(values[:, 1].max()),
    )
    assert sorted(float(one.get_ydata()[0]) for one in axes.lines if len(one.get_xdata()) == 1) == [
        pytest.approx(value) for value in sorted(100 * trained.valid_auc for _, trained in fits)
    ]


def test_a_fit_that_ended_early_has_no_part_in_what_came_later(drawn_curves):
    short = fit("A", auc=0.5, seed=1, best_epoch=2)
    short = short.model_copy(update={"history": short.history[:2]})
    long = fit("A", auc=0.9)
    (axes,) = drawn_curves([("A", long), ("A", short)]).axes
    (line,) = [line for line in axes.lines if len(line.get_xdata()) > 1]
    assert line.get_ydata()[2:] == pytest.approx([100 * epoch.valid_auc for epoch in long.history[2:]])


@pytest.mark.parametrize(("number", "panels"), [(1, [1]), (8, [8]), (9, [4, 5]), (21, [7, 7, 7])])
def test_no_panel_holds_more_curves_than_can_be_told_apart(drawn_curves, number, panels):
    fits = [(f"M{n}", fit(f"M{n}", auc=0.6 + 0.01 * n)) for n in range(number)]
    drawn = drawn_curves(fits).axes
    lines = [[line for line in axes.lines if len(line.get_xdata()) > 1] for axes in drawn]
    assert [len(own) for own in lines] == panels
    ends = [line.get_ydata()[-1] for own in lines for line in own]
    assert ends == sorted(ends, reverse=True)
    for own in lines:
        looks = {(line.get_color(), str(line._unscaled_dash_pattern)) for line in own}
        assert len(looks) == len(own)


@pytest.mark.parametrize(
    ("low", "far"),
    [
        ([], 0),
        ([0.79], 0),  # a gap of 3
        ([0.75], 1),  # of 7, and 6 above it
        ([0.5, 0.75], 2),  # the uppermost of two
        ([0.5, 0.72, 0.77], 1),  # 5 above 77, so the axis goes down to 72
    ],
)
def test_an_axis_is_broken_at_the_uppermost_gap_that_would_stretch_it(low, far):
    near = [0.82, 0.83, 0.85, 0.86, 0.88]
    looks = style_of("A")
    lines = [MethodLine("A", 100 * auc, 100 * auc - 1, 100 * auc + 1, looks) for auc in [*low, *near]]
    above, below = split_far(lines)
    assert ([*below, *above], len(below)) == (lines, far)


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
