"""Whether training had converged, by fits of twice the epochs."""

from __future__ import annotations

import numpy as np
import pytest
from outfitbench.reports import write_report
from outfitbench.reports.convergence import longer_fits

from .made_records import fit, quality, suite, user_scores
from .tables import read_tables

SEEDS = (0, 1, 2)


def trained_twice(moved: float):
    """A method of three seeds whose AUCs deviate by 0.01, and the same for twice the epochs."""
    records, twice = [], {}
    for seed, luck in zip(SEEDS, (-0.01, 0.0, 0.01), strict=True):
        scores = user_scores(0.8, seed=3)
        at = {
            by: scores.model_copy(update={"auc": [v + by for v in scores.auc]}) for by in (luck, luck + moved)
        }
        short = quality("A", seed=seed, scores=at[luck])
        history = fit("A").history
        longer = [*history, *(epoch.model_copy(update={"number": epoch.number + 6}) for epoch in history)]
        long = quality("A, 12 epochs", seed=seed, scores=at[luck + moved], history=longer)
        records += [short, long]
        twice[long.fit.trial] = short.fit.trial
    return [*records, suite(longer=twice)]


def page_of(records, folder) -> str:
    return write_report(records, folder).read_text()


@pytest.mark.parametrize(
    ("moved", "converged"), [(0.009, "yes"), (-0.009, "yes"), (0.011, "no"), (-0.02, "no")]
)
def test_converged_is_less_than_the_seeds_deviate(moved, converged, tmp_path):
    page = page_of(trained_twice(moved), tmp_path)
    (rows,) = [table for table in read_tables(page) if "Converged" in table[0]]
    (row,) = rows
    assert row["Converged"] == converged
    assert row["Epochs"] == "6 → 12"
    assert row["Change"].startswith(f"{100 * moved:+.2f} [".replace("-", "−"))
    deviation, number = row["Deviation of the seeds"].split()
    assert float(deviation) == pytest.approx(100 * np.std([-0.01, 0, 0.01], ddof=1))
    assert (row["Seeds"], number) == ("0, 1, 2", "(3)")


def test_fits_of_twice_the_epochs_are_no_row(tmp_path):
    page = page_of(trained_twice(0.0), tmp_path)
    (quality_rows,) = [table for table in read_tables(page) if "NDCG (standard)" in table[0]]
    assert [row["Method"] for row in quality_rows] == ["A"]
    assert "in no table" not in page
    evaluations = next(table for table in read_tables(page) if "Evaluation" in table[0])
    assert {row["Method"] for row in evaluations} == {"A", "A, 12 epochs"}


def test_a_fit_that_another_suite_ranks_is_a_row_all_the_same():
    asked = suite(longer={"a": "b"}, names={"a": "A, 12 epochs", "b": "A"})
    assert longer_fits([asked]) == {"a": "b"}
    assert longer_fits([asked, suite(names={"a": "Long"})]) == {}


def test_where_nobody_tried_that_is_said(tmp_path):
    assert "Whether training had converged is not known" in page_of([quality("A")], tmp_path)


def test_one_seed_cannot_tell(tmp_path):
    *records, asked = trained_twice(0.0)
    page = page_of([record for record in records if record.fit.seed == 0] + [asked], tmp_path)
    (rows,) = [table for table in read_tables(page) if "Converged" in table[0]]
    assert rows[0]["Converged"] == "– (one seed)"
