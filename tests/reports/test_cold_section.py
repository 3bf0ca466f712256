"""New users in a report: a table as the paper's Table 3, and never among rows of other users."""

from __future__ import annotations

import pytest
from outfitbench.evaluation.metrics import bootstrap_interval
from outfitbench.reports.answer import answer_section
from outfitbench.reports.cold_section import cold_section
from outfitbench.reports.comparison_table import ComparisonTable
from outfitbench.reports.differences import differences
from outfitbench.reports.grouping import comparison_tables
from outfitbench.reports.paper_results import published_section
from outfitbench.reports.provenance import provenance_section
from outfitbench.reports.quality_table import quality_table
from outfitbench.reports.sweeps import sweeps_of
from outfitbench.reports.users_section import users_section

from .made_records import cold_start, fit, quality, user_scores
from .tables import by_first_column, read_tables

SETTINGS = ("cold-1", "cold-5")


def of_new_users(setting: str, method: str, strategy: str, auc: float, **changes):
    cold = cold_start(setting, strategy, **changes.pop("cold", {}))
    return quality(method, auc=auc, setting=setting, cold=cold, **changes)


def grid() -> list:
    taught = {"objective": "fnd", "teacher": fit("Teacher", "teacher").trial}
    records = [quality("Teacher", "teacher", 0.9), quality("FND XS", auc=0.88, **taught)]
    for setting, gain in zip(SETTINGS, (0.0, 0.02), strict=True):
        records += [
            of_new_users(setting, "Teacher", "avg", 0.80 + gain, model="teacher"),
            of_new_users(setting, "Teacher", "w-avg", 0.82 + gain, model="teacher"),
            of_new_users(setting, "FND XS", "avg", 0.77 + gain, **taught),
            of_new_users(setting, "FND XS", "w-avg", 0.79 + gain, **taught),
            of_new_users(setting, "LPAE-u", "anchor-search", 0.74, objective="lpae"),
        ]
    return records


@pytest.fixture
def tables() -> list[ComparisonTable]:
    return comparison_tables(grid())


def test_new_users_have_tables_of_their_own(tables):
    assert [table.label for table in tables] == [
        "closet-24, random negatives",
        "closet-24, cold-1 of closet-16 (trained on random negatives)",
        "closet-24, cold-5 of closet-16 (trained on random negatives)",
    ]
    names = [[row.name for row in table.rows] for table in tables]
    assert names[0] == ["Teacher", "FND XS"]
    assert names[1] == names[2] == ["Teacher", "Teacher (w)", "LPAE-u", "FND XS", "FND XS (w)"]
    assert all(len(row.records) == 1 for table in tables for row in table.rows)


def test_a_row_for_each_method_and_strategy_a_column_for_each_setting(tables):
    (rows,) = read_tables(cold_section(tables))
    found = by_first_column(rows)
    assert list(found) == ["Teacher", "Teacher (w)", "LPAE-u", "FND XS", "FND XS (w)"]
    assert found["FND XS (w)"]["Strategy"] == "w-avg"
    scores = user_scores(0.81, seed=len("FND XS")).auc
    low, high = bootstrap_interval(scores)
    assert found["FND XS (w)"]["AUC, cold-5"].startswith(f"{100 * sum(scores) / len(scores):.2f} ± 0.40 ")
    assert f"{100 * low:.2f}" in found["FND XS (w)"]["AUC, cold-5"]
    assert f"{100 * high:.2f}" in found["FND XS (w)"]["AUC, cold-5"]
    assert (found["FND XS"]["Neighbours, cold-1"], found["LPAE-u"]["Neighbours, cold-1"]) == ("17.5", "–")
    assert not cold_section(tables[:1])


@pytest.mark.parametrize(("alone", "told"), [(0, "17.5"), (1, "17.5, < 1 % alone"), (60, "17.5, 25 % alone")])
def test_lone_neighbours_are_told(alone, told):
    """Of 10 draws × 24 users."""
    record = of_new_users("cold-1", "FND XS", "avg", 0.8, cold={"alone": alone})
    (rows,) = read_tables(cold_section(comparison_tables([record])))
    assert rows[0]["Neighbours, cold-1"] == told


def test_each_strategy_is_held_against_the_teachers_and_against_the_one_before_it(tables):
    found = {(d.row.name, d.other.name): d for d in differences(tables[1])}
    assert {pair for pair, d in found.items() if d.why == "teacher"} == {
        ("LPAE-u", "Teacher"),
        ("FND XS", "Teacher"),
        ("FND XS (w)", "Teacher (w)"),
    }
    steps = {pair: d.step for pair, d in found.items() if d.why == "baseline"}
    assert steps == {
        ("Teacher (w)", "Teacher"): "with avg in place of w-avg",
        ("FND XS (w)", "FND XS"): "with avg in place of w-avg",
    }
    gain = found["FND XS (w)", "FND XS"].paired
    assert gain.difference == pytest.approx(0.02)


def test_the_page_says_for_whom_was_ranked():
    few = [
        of_new_users("cold-5", "FND XS", s, 0.8, cold={"too_few": 2}, scores=user_scores(0.8, left_out=3))
        for s in ("avg", "w-avg")
    ]
    (table,) = comparison_tables(few)
    text = quality_table(table)
    assert "Ranked for 24 users, each known by 5 outfits (mean over 10 draws of them), " in text
    assert "2 users with fewer than 5 known left out, 1 user without a test positive left out" in text
    assert not users_section([table]), "no user stands for a new one"


def test_no_cost_stands_beside_new_users(tables):
    text = answer_section(tables[1:], [])
    assert "FND XS (w)" in text
    assert "atency was measured" not in text


def test_a_fit_counts_once_however_many_ways_it_ranks(tables):
    assert [name for name, _ in tables[1].fits] == ["Teacher", "LPAE-u", "FND XS"]
    provenance = provenance_section([], tables, [])
    assert "`c01dc01dc01dc01d`" in provenance
    assert "`5ee4-cold-5`" in provenance


def test_no_line_is_drawn_through_the_ways_to_score_new_users():
    sizes = {"XS": "student-xs", "S": "student-s", "M": "student-m"}
    known = [quality(f"N-pair {size}", model) for size, model in sizes.items()]
    new = [
        of_new_users("cold-1", f"N-pair {size}", way, 0.8, model=model)
        for size, model in sizes.items()
        for way in ("avg", "w-avg")
    ]
    of_known, of_new = comparison_tables([*known, *new])
    assert [len(line.rows) for sweep in sweeps_of(of_known) for line in sweep.lines] == [3]
    assert not sweeps_of(of_new)
    assert len(of_new.rows) == 6


def test_other_histories_are_another_table():
    one = of_new_users("cold-1", "FND XS", "avg", 0.8)
    other = of_new_users("cold-1", "N-pair XS", "avg", 0.8, cold={"histories": "07e4"})
    first, second = comparison_tables([one, other])
    assert {first.told_apart_by, second.told_apart_by} == {"known outfits 5ee4-cold-1", "known outfits 07e4"}


def test_the_papers_table_3_stands_apart():
    data = {"dataset": "polyvore-630"}
    record = of_new_users("cold-5", "FND XS", "avg", 0.8, **data, scores=user_scores(0.8, users=53))
    text = published_section(comparison_tables([record]))
    assert "polyvore-630, cold-5, 53 users (Table 3):" in text
    (rows,) = read_tables(text)
    assert by_first_column(rows)["FND-CL (w)"] == {"Published": "FND-CL (w)", "AUC": "81.56"}
