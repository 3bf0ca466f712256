"""Rows that differ in one option: found from their fits, drawn as they are, and told of in one place."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from outfitbench.core.hashes import content_hash
from outfitbench.reports import write_report
from outfitbench.reports.grouping import comparison_tables
from outfitbench.reports.sweep_figure import sweep_figure
from outfitbench.reports.sweeps import sweeps_of, without_swept

from .made_records import quality
from .tables import read_tables

ALPHAS = (0.5, 1.25, 2.0)


def row(name, objectives, auc=0.9, *, seed=0, model="student-xs", recipe=None, taught=False, **changes):
    """An evaluation whose fit tells its options, as those that are run do."""
    recipe = {"epochs": 12, "batch_size": 32} | (recipe or {})
    description = {
        "kind": "fit",
        "seed": seed,
        "model": {"name": model, "input_kind": "image", "image_size": 128},
        "objectives": [{"name": one, "options": options} for one, options in objectives.items()],
        "recipe": recipe,
    }
    return quality(
        name, model, auc, seed=seed, teacher=f"teacher-random-{seed}" if taught else None, recipe=recipe,
        objectives=objectives, description=description, trial=content_hash([name, seed]), **changes,
    )  # fmt: skip


def fnd(alpha, mode="relative"):
    return {"fnd": {"alpha": alpha, "alpha_mode": mode}}


def alphas(seeds=(0,), drop=0.0):
    """Teacher, N-pair, and FND over α, whose own is 1.25."""
    records = []
    for seed in seeds:
        records.append(quality("Teacher", "teacher", 0.95, seed=seed))
        records.append(row("N-pair XS", {"n-pair": {}}, 0.9, seed=seed))
        for number, alpha in enumerate(ALPHAS):
            name = "FND XS" if alpha == 1.25 else f"FND XS, α = {alpha:g}"
            auc = 0.91 + 0.005 * number - (drop if number == 0 else 0)
            records.append(row(name, fnd(alpha), auc, seed=seed, taught=True))
    return records


def found(records):
    (ranked,) = comparison_tables(records)
    return ranked, sweeps_of(ranked)


def test_a_line_is_the_rows_that_differ_in_one_option():
    _, (sweep,) = found(alphas())
    assert (sweep.option, sweep.symbol, sweep.numeric) == ("fnd.alpha", "α", True)
    (line,) = sweep.lines
    assert (line.name, line.values) == ("FND XS", ALPHAS)
    assert [row.name for row in line.rows] == ["FND XS, α = 0.5", "FND XS", "FND XS, α = 2"]
    assert [row.name for row in sweep.references] == ["N-pair XS"]


def test_a_reference_may_have_a_learning_rate_of_its_own():
    """As Figure 4's BPR has, which a search gave another than FND's."""
    other = row("BPR XS", {"bpr": {}}, 0.89, recipe={"learning_rate": 0.05})
    longer = row("RD XS", {"rd": {}}, 0.89, recipe={"epochs": 24})
    _, (sweep,) = found([*alphas(), other, longer])
    assert {row.name for row in sweep.references} == {"N-pair XS", "BPR XS"}


def test_of_references_with_other_values_the_nearest_is_drawn():
    """As Figure 5's FND, whose α is not FND-CL's."""

    def fnd_cl(pair):
        return fnd(1.5) | {"contrastive": {"weight": 0.2, "pair": pair}}

    lines = [
        row(f"FND-CL XS, views = {' + '.join(pair)}", fnd_cl(list(pair)), taught=True)
        for pair in (("erase", "erase"), ("erase", "replace"), ("replace", "replace"))
    ]
    teacher = quality("Teacher", "teacher", 0.95)
    far = row("FND XS, slow", fnd(1.25), taught=True, recipe={"learning_rate": 0.05})
    for fnds in ([far, row("FND XS", fnd(1.25), taught=True)], [row("FND XS", fnd(1.25), taught=True), far]):
        _, (sweep,) = found([teacher, *lines, *fnds])
        assert [row.name for row in sweep.references] == ["FND XS"]
    same = row("FND XS, α = 1.5", fnd(1.5), taught=True)
    _, (sweep,) = found([teacher, *lines, *fnds, same])
    assert [row.name for row in sweep.references] == ["FND XS, α = 1.5"], "one step away, and no nearer one"


def test_what_differs_in_more_is_another_line():
    records = alphas() + [
        row(f"FND XS, absolute, α = {alpha:g}", fnd(alpha, "absolute"), taught=True) for alpha in ALPHAS
    ]
    _, (sweep,) = found([*records, row("FND S", fnd(0.75), model="student-s", taught=True)])
    assert [(line.name, line.values) for line in sweep.lines] == [
        ("FND XS", ALPHAS),
        ("FND XS, absolute", ALPHAS),
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"recipe": {"epochs": 6}},
        {"model": "student-s"},
        {"objectives": fnd(2.0) | {"contrastive": {}}},
        {"objectives": fnd(2.0, "absolute")},
        {"taught": False},
    ],
)
def test_two_rows_and_one_of_another_kind_are_no_line(changed):
    records = alphas()[:-1]
    other = {"objectives": fnd(2.0), "taught": True} | changed
    assert not found([*records, row("FND XS, α = 2", **other)])[1]


def test_batches_are_compared_without_references():
    records = [
        row(f"{name} XS{'' if size == 32 else f', batch = {size}'}", objectives, recipe={"batch_size": size})
        for name, objectives in (("CL", {"n-pair": {}, "contrastive": {}}), ("N-pair", {"n-pair": {}}))
        for size in (8, 32, 128)
    ]  # fmt: skip
    _, (sweep,) = found(records)
    assert (sweep.option, sweep.symbol, sweep.references) == ("batch_size", "batch", ())
    assert [(line.name, line.values) for line in sweep.lines] == [
        ("CL XS", (8, 32, 128)),
        ("N-pair XS", (8, 32, 128)),
    ]


def sizes():
    networks = {"XS": "student-xs", "S": "student-s", "M": "student-m"}
    records = [quality("Teacher", "teacher", 0.95)]
    for size, model in networks.items():
        records.append(row(f"FND {size}", fnd(1.25), model=model, taught=True))
        records.append(row(f"N-pair {size}", {"n-pair": {}}, model=model))
    return records


def test_networks_stand_by_their_parameters_beside_the_teacher():
    ranked, (sweep,) = found(sizes())
    assert sweep.option == "model"
    assert [line.name for line in sweep.lines] == ["FND", "N-pair"]
    for line in sweep.lines:
        assert line.values == ("student-xs", "student-s", "student-m")
    assert [row.name for row in sweep.references] == ["Teacher"]
    assert without_swept(ranked, [sweep]).rows == ranked.rows, "networks are rows as others are"


def test_rows_for_a_lines_sake_leave_the_other_tables():
    ranked, sweeps = found(alphas())
    assert {row.name for row in without_swept(ranked, sweeps).rows} == {"Teacher", "N-pair XS", "FND XS"}


def test_lists_of_names_are_values():
    pairs = (["erase", "erase"], ["erase", "replace"], ["identity", "erase"])
    records = [
        row(f"CL XS, views = {' + '.join(pair)}", {"n-pair": {}, "contrastive": {"pair": pair}})
        for pair in pairs
    ]
    drawn_from_all = row("CL XS", {"n-pair": {}, "contrastive": {"pair": None}})
    _, (sweep,) = found([*records, drawn_from_all, row("N-pair XS", {"n-pair": {}})])
    (line,) = sweep.lines
    assert (line.name, list(line.values), sweep.symbol, sweep.numeric) == (
        "CL XS",
        list(pairs),
        "views",
        False,
    )
    assert [row.name for row in sweep.references] == ["N-pair XS"]


@pytest.fixture
def drawn(monkeypatch):
    """A function that draws the sweep of some records and returns the axes of AUC, and of NDCG."""

    def draw(records) -> list[Axes]:
        figures = []
        monkeypatch.setattr(
            "outfitbench.reports.sweep_figure.render", lambda figure, name: figures.append(figure) or {}
        )
        (sweep,) = found(records)[1]
        sweep_figure(sweep, "sweep")
        return figures[0].axes

    return draw


def per_user(records, name, metric):
    """Mean over seeds of each user, in the order of the seeds."""
    return np.mean([getattr(r.test, metric) for r in records if r.fit.method == name], axis=0)


@pytest.mark.parametrize(("panel", "metric"), [(0, "auc"), (1, "ndcg")])
def test_a_line_goes_through_the_means_in_a_band_of_the_intervals(drawn, panel, metric):
    records = alphas(seeds=(0, 1, 2))
    axes = drawn(records)[panel]
    (ranked,) = comparison_tables(records)
    rows = {row.name: row for row in ranked.rows}
    names = ["FND XS, α = 0.5", "FND XS", "FND XS, α = 2"]
    means = [100 * per_user(records, name, metric).mean() for name in names]
    markers = [
        line for line in axes.lines if line.get_marker() not in ("None", "") and len(line.get_xdata()) == 3
    ]
    (line,) = [line for line in axes.lines if line.get_marker() == "None" and len(line.get_xdata()) == 3]
    assert list(line.get_xdata()) == list(ALPHAS)
    assert line.get_ydata() == pytest.approx(means)
    assert [list(one.get_ydata()) for one in markers] == [pytest.approx(means)]
    (band,) = [one for one in axes.collections if "Poly" in type(one).__name__]
    for alpha, name in zip(ALPHAS, names, strict=True):
        ends = [y for x, y in band.get_paths()[0].vertices if x == alpha]
        assert (min(ends), max(ends)) == pytest.approx([100 * end for end in rows[name].interval(metric)])
        assert min(ends) < 100 * rows[name].mean(metric) < max(ends)


def test_a_reference_is_level_and_has_its_interval_right_of_all_values(drawn):
    records = alphas()
    axes, _ = drawn(records)
    mean = 100 * per_user(records, "N-pair XS", "auc").mean()
    level = [line for line in axes.lines if list(line.get_ydata()) == [pytest.approx(mean)] * 2]
    assert len(level) == 1
    (bar,) = [one for one in axes.collections if "LineCollection" in type(one).__name__]
    (((x, low), (_, high)),) = bar.get_segments()
    assert x > max(ALPHAS)
    assert low < mean < high
    assert axes.get_xlim()[1] > x


def test_a_row_far_below_is_told_and_does_not_stretch_the_axis(drawn):
    records = alphas(drop=0.3)
    axes, _ = drawn(records)
    assert axes.get_ylim()[0] > 85
    low = 100 * per_user(records, "FND XS, α = 0.5", "auc").mean()
    assert f"↓{low:.0f}" in [text.get_text() for text in axes.texts]


def test_sizes_stand_side_by_side_in_their_order(drawn):
    axes, _ = drawn(sizes())
    assert [label.get_text() for label in axes.get_xticklabels()] == ["XS\n2.8 M", "S\n13.9 M", "M\n28.1 M"]
    joined = [line for line in axes.lines if line.get_marker() == "None" and len(line.get_xdata()) == 3]
    places = np.array([line.get_xdata() for line in joined])
    assert (np.abs(places - [0, 1, 2]) < 0.5).all()
    assert len(np.unique(places)) == places.size, "no interval lies on another"


def test_batches_that_double_are_evenly_spaced(drawn):
    records = [row(f"A, batch = {n}", {"n-pair": {}}, recipe={"batch_size": n}) for n in (8, 16, 32, 64, 128)]
    axes, _ = drawn(records)
    assert axes.get_xscale() == "log"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["8", "16", "32", "64", "128"]


def test_the_page_shows_swept_rows_with_their_line_and_nowhere_else(tmp_path):
    records = alphas(seeds=(0, 1))
    warned = records[2].fit.model_copy(update={"warnings": ["will collapse"]})
    records[2] = records[2].model_copy(update={"fit": warned})
    page = write_report(records, tmp_path).read_text()
    head, _, rest = page.partition("## One option at a time")
    assert "FND XS, α = 0.5" not in head
    section, _, rest = rest.partition("\n## ")
    (numbers,) = read_tables(section)
    assert [(line["Method"], line["α"], line["Seeds"]) for line in numbers] == [
        ("FND XS", "0.5", "0, 1"),
        ("FND XS", "1.25", "0, 1"),
        ("FND XS", "2", "0, 1"),
    ]
    mean = 100 * per_user(records, "FND XS, α = 2", "auc").mean()
    assert numbers[2]["AUC"].startswith(f"{mean:.2f} [")
    assert "(paper, Fig. 4)" in section
    assert "the same seeds" not in section
    assert "- FND XS, α = 0.5, seed 0: will collapse" in section
    assert "FND XS, α = 0.5" in rest.partition("How to repeat it")[2]
    for suffix in ("svg", "png"):
        assert (tmp_path / f"sweep-fnd-alpha-closet-24-random.{suffix}").is_file()


def test_a_line_over_other_seeds_than_its_own_says_so(tmp_path):
    page = write_report(alphas(seeds=(0, 1))[:-1], tmp_path).read_text()
    assert "Not all rows of a line have the same seeds: what sets them apart may be luck" in page
