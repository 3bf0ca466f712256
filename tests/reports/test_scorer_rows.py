"""Rows that nobody trained, beside those that somebody did."""

from __future__ import annotations

import numpy as np
import pytest
from outfitbench.core.errors import InputError
from outfitbench.reports import write_report
from outfitbench.reports.answer import answer_section
from outfitbench.reports.differences_table import differences_table
from outfitbench.reports.grouping import comparison_tables
from outfitbench.reports.provenance import provenance_section
from outfitbench.reports.quality_table import quality_legend, quality_table
from outfitbench.reports.tradeoff_figure import tradeoff_figure

from .made_records import quality, scorer, user_scores
from .tables import by_first_column, read_tables


def scorers_of(ranked) -> list[str]:
    return [row.name for row in ranked.scorers]


def test_scorers_stand_below_the_methods_by_what_they_are_worth():
    records = [
        scorer("hidden-truth", 0.98),
        quality("FND", auc=0.9),
        scorer("random", 0.5),
        quality("N-pair"),
    ]
    (ranked,) = comparison_tables(records)
    (rows,) = read_tables(quality_table(ranked))
    assert [row["Method"] for row in rows] == ["FND", "N-pair", "random", "hidden-truth"]
    truth = rows[-1]
    assert [truth[key] for key in ("Model", "Backbone", "Objectives", "Seeds")] == ["–"] * 4
    mean = 100 * np.mean(records[0].test.auc)
    assert truth["AUC"].startswith(f"{mean:.2f} [")


def test_the_best_is_one_that_was_trained():
    (ranked,) = comparison_tables([quality("Good", auc=0.93), quality("Bad", auc=0.7), scorer("truth", 0.98)])
    rows = by_first_column(read_tables(quality_table(ranked))[0])
    assert rows["Good"]["AUC"].startswith("**")
    assert not {"*", "≈"} & set(rows["truth"]["AUC"])


def test_a_scorer_stands_in_every_table_that_ranks_the_same():
    """Whatever the training negatives; not where other candidates, data or settings are ranked."""
    records = [
        scorer("random"),
        quality("A"),
        quality("B", negatives="hard"),
        quality("C", setting="hard"),
        quality("D", data_fingerprint="d00d" * 4),
        quality("E", split_scheme="released"),
        quality("F", evaluator_version=3),
        quality("G", candidate_fingerprint="beef" * 4),
    ]
    found = {ranked.rows[0].name: scorers_of(ranked) for ranked in comparison_tables(records)}
    assert found == {"A": ["random"], "B": ["random"]} | {name: [] for name in "CDEFG"}


def test_scorers_alone_make_a_page(tmp_path):
    page = write_report([scorer("random"), scorer("hidden-truth", 0.98)], tmp_path).read_text()
    assert "### closet-24, random negatives (nothing trained)" in page
    assert by_first_column(read_tables(page)[0]).keys() == {"random", "hidden-truth"}
    assert {path.name for path in tmp_path.iterdir()} == {"README.md", "quality.csv"}, "no figure of nothing"


def test_other_users_are_refused():
    with pytest.raises(InputError, match="found 20 users"):
        comparison_tables([quality("A"), scorer("random", scores=user_scores(0.5, users=20))])


def test_one_evaluation_of_two_machines_is_one_row():
    twice = [scorer("random", seconds={"evaluate": seconds}) for seconds in (1.0, 2.0)]
    (ranked,) = comparison_tables([quality("A"), *twice])
    assert scorers_of(ranked) == ["random"]


def test_namesakes_by_two_definitions_are_told_apart():
    described = [{"scorer": "mine", "sources": {"scorer": source}} for source in ("aa", "bb")]
    mine = [scorer("mine", description=d, trial=d["sources"]["scorer"] * 8) for d in described]
    (ranked,) = comparison_tables([quality("A"), *mine])
    assert sorted(scorers_of(ranked)) == ["mine (trial aaaaaaaa)", "mine (trial bbbbbbbb)"]


def test_against_the_teacher_without_parameters_or_latency():
    teacher = quality("Teacher", "teacher", 0.93)
    student = quality("FND", objective="fnd", teacher=teacher.fit.trial)
    popular = scorer("popularity", 0.6)
    tables = comparison_tables([teacher, student, popular])
    row = by_first_column(read_tables(answer_section(tables, []))[0])["popularity"]
    gap = 100 * (np.mean(popular.test.auc) - np.mean(teacher.test.auc))
    assert row["AUC difference"].startswith(f"{gap:+.2f}".replace("-", "−"))
    assert (row["Parameters"], row["Latency"]) == ("–", "–")
    (compared,) = read_tables(differences_table(tables[0]))
    assert [r["which is"] for r in compared if r["Method"] == "popularity"] == ["the teacher"] * 2


def test_no_sentence_is_made_of_a_scorer():
    teacher = quality("Teacher", "teacher", 0.93)
    student = quality("FND", objective="fnd", teacher=teacher.fit.trial)
    said = [
        [
            line
            for line in answer_section(comparison_tables(records), []).splitlines()
            if line.startswith("- ")
        ]
        for records in ([teacher, student], [teacher, student, scorer("truth", 0.99), scorer("random", 0.5)])
    ]
    assert said[0] == said[1]


def test_the_legend_says_what_each_goes_by():
    tables = comparison_tables(
        [quality("A"), scorer("random"), scorer("popularity", summary="How `often`|.")]
    )
    assert "- random: What random goes by." in quality_legend(tables)
    assert "- popularity: How \\`often\\`&#124;." in quality_legend(tables)
    assert "never trained" not in quality_legend(comparison_tables([quality("A")]))


def test_a_scorers_evaluation_can_be_repeated():
    tables = comparison_tables([quality("A"), scorer("random")])
    evaluations = next(t for t in read_tables(provenance_section([], tables, [])) if "Evaluation" in t[0])
    row = by_first_column(evaluations)["`random-on-random`"]
    assert [row[key] for key in ("Fit", "Method", "Seed")] == ["–", "random", "–"]


def test_scorers_change_no_figure():
    """They cost nothing, so they have no place in a trade-off."""
    records = [quality("A", auc=0.8), quality("B", "student-s", 0.85)]
    (plain,), (more,) = comparison_tables(records), comparison_tables([*records, scorer("truth", 0.99)])
    assert more.scorers
    assert tradeoff_figure(plain, None, "figure") == tradeoff_figure(more, None, "figure")
