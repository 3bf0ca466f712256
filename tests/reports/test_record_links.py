"""From a row's cell to the records that it was made from."""

from __future__ import annotations

from pathlib import Path

from outfitbench.reports.grouping import comparison_tables
from outfitbench.reports.record_links import links_between, record_links

from .made_records import quality, scorer


def test_each_seed_leads_to_its_own_record():
    records = [quality("N-pair XS", seed=seed) for seed in (3, 0)]
    (row,) = comparison_tables(records)[0].rows
    links = {record.trial: f"records/{record.fit.seed}.json" for record in records}
    assert record_links(row, links) == "[0](records/0.json), [3](records/3.json)"
    assert record_links(row, {}) == "0, 3"


def test_what_nobody_trained_has_a_record_and_no_seed():
    made = scorer("popularity")
    (row,) = comparison_tables([quality("N-pair XS"), made])[0].scorers
    assert record_links(row, {made.trial: "there.json"}) == "[record](there.json)"
    assert record_links(row, {}) == "–"


def test_links_hold_wherever_page_and_records_are_moved_together():
    files = {"a": Path("run one/evaluations/a/record.json")}
    assert links_between(Path("run one/report"), files) == {"a": "../evaluations/a/record.json"}
    assert links_between(Path(), files) == {"a": "run%20one/evaluations/a/record.json"}
