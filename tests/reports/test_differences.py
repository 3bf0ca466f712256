from __future__ import annotations

import numpy as np
import pytest
from outfitbench.evaluation.metrics import PairedComparison
from outfitbench.reports.differences import Difference, compared, differences, p_value_of
from outfitbench.reports.differences_table import differences_table
from outfitbench.reports.grouping import comparison_tables
from scipy import stats

from .made_records import quality, user_scores, whole_grid
from .tables import read_tables


def grid():
    return comparison_tables([record for record in whole_grid() if record.kind == "quality"])[0]


def test_every_row_meets_the_teacher_and_distilled_ones_their_baseline():
    pairs = [(d.row.name, d.other.name, d.why) for d in differences(grid())]
    assert ("FND XS", "Teacher", "teacher") in pairs
    assert ("FND XS", "N-pair XS", "baseline") in pairs
    assert ("BPR XS", "N-pair XS", "baseline") not in pairs
    assert ("FND XS", "BPR XS", "baseline") in pairs
    assert sum(why == "teacher" for *_, why in pairs) == 5
    assert sum(why == "baseline" for *_, why in pairs) == 3


@pytest.mark.parametrize(("metric", "heading"), [("auc", "AUC"), ("ndcg", "NDCG (all cut-offs)")])
def test_numbers_are_those_of_scipy(metric, heading):
    ranking = grid()
    (rows,) = read_tables(differences_table(ranking))
    row = next(
        row
        for row in rows
        if [row["Method"], row["against"], row["Metric"]] == ["FND S", "N-pair S", heading]
    )
    assert row["which is"] == "with n-pair in place of fnd"
    a, b = (
        next(r for r in ranking.rows if r.name == name).per_user(metric) for name in ("FND S", "N-pair S")
    )
    oracle = stats.ttest_rel(a, b)
    assert row["Difference"].startswith(f"{100 * np.mean(a - b):+.2f} [")
    assert float(row["p"]) == pytest.approx(oracle.pvalue, abs=5.1e-4)
    assert row["Over seeds"] == "one seed"
    error = np.std(a - b, ddof=1) / np.sqrt(len(a))
    least = stats.t.ppf([0.975, 0.8], len(a) - 1).sum() * error
    assert float(row["Could have seen"]) == pytest.approx(100 * least, abs=0.0051)


@pytest.mark.parametrize(
    ("low", "high", "p_value", "word"),
    [
        (0.01, 0.02, 0.01, "yes"),
        (-0.02, -0.01, 0.01, "yes"),
        (-0.01, 0.02, 0.3, "no"),
        (0.0, 0.0, 1.0, "no"),
        (0.01, 0.02, 0.3, "unclear"),
        (-0.01, 0.02, 0.01, "unclear"),
    ],
)
def test_interval_and_test_must_agree(low, high, p_value, word):
    (row,) = comparison_tables([quality("A")])[0].rows
    assert Difference(row, row, "teacher", PairedComparison(0.01, low, high, p_value)).shows == word


def test_holm_is_over_the_comparisons_of_one_kind_and_metric():
    """By hand: of m p-values of a kind, the k-th smallest times m − k, held up by those before it."""
    ranking = grid()
    for metric in ("auc", "ndcg"):
        found = differences(ranking, metric)
        for why, many in (("teacher", 5), ("baseline", 3)):
            kind = sorted((d for d in found if d.why == why), key=lambda d: d.paired.p_value)
            assert {d.among for d in kind} == {many}
            held = 0.0
            for place, difference in enumerate(kind):
                held = max(held, min(1.0, difference.paired.p_value * (many - place)))
                assert difference.holm_p == pytest.approx(held)
    (rows,) = read_tables(differences_table(ranking))
    assert all("Holm p" in row for row in rows)


def of_seeds(method: str, aucs: dict[int, float]):
    """One made-up method; the users of each seed differ alike."""
    flat = user_scores(0.5, seed=3)
    records = [
        quality(
            method,
            scores=flat.model_copy(update={"auc": [value + auc - 0.5 for value in flat.auc]}),
            seed=seed,
        )
        for seed, auc in aucs.items()
    ]
    (row,) = comparison_tables(records)[0].rows
    return row


@pytest.mark.parametrize(
    ("own", "others", "seeds", "difference"),
    [
        ({0: 0.62, 1: 0.72}, {0: 0.61, 1: 0.71}, 2, 0.01),
        ({0: 0.62, 1: 0.72, 2: 0.9}, {0: 0.61, 1: 0.71}, 2, 0.01),  # paired where both ran
        ({0: 0.62}, {0: 0.61}, 1, 0.01),
        ({2: 0.62, 3: 0.72}, {0: 0.61, 1: 0.73}, 2, 0.0),  # each side's by themselves
        ({0: 0.62}, {0: 0.61, 1: 0.71}, 1, 0.01),
    ],
)
def test_fits_of_one_seed_are_held_against_each_other(own, others, seeds, difference):
    found = compared(of_seeds("A", own), of_seeds("B", others), "auc")
    assert found.seeds == seeds
    assert found.difference == pytest.approx(difference)
    assert found.p_value == p_value_of(of_seeds("A", own), of_seeds("B", others), "auc")


def test_the_interval_over_seeds_is_that_of_paired_seeds():
    own, others = {0: 0.62, 1: 0.74, 2: 0.68}, {0: 0.61, 1: 0.71, 2: 0.66}
    found = compared(of_seeds("A", own), of_seeds("B", others), "auc")
    oracle = stats.ttest_rel([*own.values()], [*others.values()]).confidence_interval()
    assert (found.seeds_low, found.seeds_high) == pytest.approx((oracle.low, oracle.high))


def test_what_a_suite_declares_is_a_family_of_its_own():
    """BPR against N-pair is one step from nothing; the steps that were not declared are left out."""
    records = [record for record in whole_grid() if record.kind == "quality" and record.setting == "random"]
    fits = {record.fit.method: record.fit.trial for record in records}
    asked = [("N-pair XS", "BPR XS"), ("FND XS", "N-pair XS"), ("FND S", "Teacher")]
    pairs = [(fits[row], fits[other]) for row, other in asked]
    (ranking,) = comparison_tables(records, declared=pairs)
    found = {(d.row.name, d.other.name): d for d in differences(ranking)}
    declared = [d for d in found.values() if d.declared]
    assert {(d.row.name, d.other.name): d.why for d in declared} == {
        ("N-pair XS", "BPR XS"): "declared",
        ("FND XS", "N-pair XS"): "baseline",
        ("FND S", "Teacher"): "teacher",
    }
    assert {d.among for d in declared} == {3}
    smallest = min(declared, key=lambda d: d.paired.p_value)
    assert smallest.holm_p == pytest.approx(min(1, 3 * smallest.paired.p_value))
    assert ("FND XS", "BPR XS") not in found
    assert found["BPR XS", "Teacher"].among == 4
    (rows,) = read_tables(differences_table(ranking))
    assert {
        row["which is"] for row in rows if row["Method"] == "N-pair XS" and row["against"] == "BPR XS"
    } == {"declared"}


def test_a_teacher_of_the_students_own_kind_is_compared_once():
    teacher = quality("Teacher XS")
    student = quality("FND XS", auc=0.8, objective="fnd", teacher=teacher.fit.trial)
    (ranking,) = comparison_tables([teacher, student])
    assert [(d.row.name, d.why) for d in differences(ranking)] == [("FND XS", "teacher")]


def test_without_a_teacher_or_with_one_user_nothing_is_compared():
    assert not differences_table(comparison_tables([quality("A"), quality("B")])[0])
    alone = user_scores(0.9, users=1)
    assert not differences_table(
        comparison_tables([quality("T", "teacher", scores=alone), quality("B", scores=alone)])[0]
    )
