"""The order of the rows beside the paper's, by scipy and by hand."""

from __future__ import annotations

import pytest
from outfitbench.reports.grouping import comparison_tables
from outfitbench.reports.paper_results import order_section
from scipy.stats import kendalltau

from .made_records import quality, user_scores
from .tables import read_tables

PAPER = {
    "Type-Aware": 75.87,
    "OutfitNet": 85.03,
    "FHN": 87.15,
    "LPAE-u": 87.82,
    "FND XS": 89.91,
    "FND-CL XS": 90.28,
}


def rows(aucs: dict[str, float], setting: str = "random") -> list[dict[str, str]]:
    """Of rows with other users' noise; `order_section` of one table."""
    records = [quality(name, scores=user_scores(auc), setting=setting) for name, auc in aucs.items()]
    found = read_tables(order_section(comparison_tables(records)))
    return found[0] if found else []


def test_the_papers_own_order_is_one_and_the_turned_one_minus_one():
    same = rows({name: auc / 100 for name, auc in PAPER.items()})
    assert [(row["Rows in common"], row["Kendall's τ"]) for row in same] == [("6", "1.00")] * 2
    turned = rows({name: 1.6 - auc / 100 for name, auc in PAPER.items()})
    assert {row["Kendall's τ"] for row in turned} == {"−1.00"}


def test_tau_and_p_are_scipys_and_other_rows_do_not_count():
    here = dict(zip(PAPER, (0.7, 0.75, 0.8, 0.72, 0.85, 0.83), strict=True))
    oracle = kendalltau([*here.values()], [*PAPER.values()])
    first, _ = rows(here | {"Teacher": 0.9, "N-pair XS": 0.6})
    assert first["Beside"] == "polyvore-630 (Table 2)"
    assert float(first["Kendall's τ"]) == pytest.approx(oracle.statistic, abs=0.0051)
    assert float(first["p"]) == pytest.approx(oracle.pvalue, abs=5.1e-4)


def test_three_rows_have_no_order_to_speak_of():
    assert not rows({"FHN": 0.7, "LPAE-u": 0.8, "FND XS": 0.9})
    assert rows({"FHN": 0.7, "LPAE-u": 0.8, "FND XS": 0.9, "OutfitNet": 0.6}, setting="hard")
    assert not rows({"FHN": 0.7, "LPAE-u": 0.8, "FND XS": 0.9, "Type-Aware": 0.6}, setting="hard")
