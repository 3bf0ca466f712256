"""The published reports are what their records give, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfitbench.reports import write_report
from outfitbench.suites.record_files import load_records
from outfitbench.suites.records import QualityRecord

PUBLISHED = Path(__file__).parents[2] / "reports" / "published"
REPORTS = sorted(path.parent.name for path in PUBLISHED.glob("*/README.md"))


@pytest.mark.parametrize("name", REPORTS)
def test_the_records_give_the_published_page(name: str, tmp_path: Path) -> None:
    folder = PUBLISHED / name
    write_report(load_records([folder / "records"]), tmp_path)
    assert (tmp_path / "README.md").read_text() == (folder / "README.md").read_text()
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {path.name for path in folder.iterdir()} - {"records"}


def test_the_reports_are_there_and_listed() -> None:
    listed = (PUBLISHED / "README.md").read_text()
    assert {"closet-60", "photos"} <= set(REPORTS)
    assert all(f"({name}/README.md)" in listed for name in REPORTS)


def test_the_readme_shows_what_the_report_says() -> None:
    page = (PUBLISHED / "closet-60" / "README.md").read_text().splitlines()
    readme = (PUBLISHED.parents[1] / "README.md").read_text().splitlines()
    rows = [line for line in readme if "| Teacher " in line]
    assert len(rows) == 6
    assert set(rows) <= set(page)


@pytest.mark.parametrize("name", ["closet-60", "photos"])
def test_the_teacher_and_its_student_learned(name: str) -> None:
    """The bar of the demo: AUC 0.80 under random negatives."""
    records = load_records([PUBLISHED / name / "records"])
    auc = {
        record.method: sum(record.test.auc) / len(record.test.auc)
        for record in records
        if isinstance(record, QualityRecord) and record.setting == "random" and record.seed == 0
    }
    assert min(auc["Teacher"], auc["FND XS"]) >= 0.80
