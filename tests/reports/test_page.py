from __future__ import annotations

import random
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from outfitbench.datasets.errors import InputError
from outfitbench.reports import write_report
from outfitbench.suites.canonical import content_hash
from outfitbench.suites.record_files import write_record
from PIL import Image

from .made_records import cost, dataset, quality, suite, whole_grid

if TYPE_CHECKING:
    from pathlib import Path


def small_grid():
    teacher = quality("Teacher", "teacher", 0.93)
    student = quality("FND XS", objective="fnd", teacher=teacher.trial, warnings=["mean d fell below 1"])
    return [teacher, student, cost("Teacher", "teacher", 0.02), cost("FND XS"), dataset(), suite()]


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    return write_report(whole_grid(), tmp_path_factory.mktemp("report"))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_sections_come_in_a_readers_order(page):
    headings = re.findall(r"^## (.*)$", page.read_text(), flags=re.MULTILINE)
    expected = ["Answer", "Quality", "Trade-off", "Cost", "Distillation", "Training", "Dataset"]
    assert headings == [*expected, "How to repeat it"]
    assert page.read_text().startswith("# A made-up demo\n")


def test_every_figure_the_page_shows_is_there_and_opens(page):
    names = set(re.findall(r"\]\(([^)]+)\)", page.read_text()))
    assert {path.name for path in page.parent.iterdir()} == names | {page.name}
    for name in names:
        if name.endswith(".png"):
            Image.open(page.parent / name).verify()


def test_a_missing_number_is_never_spelled_out(page):
    assert not re.search(r"\b(nan|inf|None|null)\b", page.read_text())


def test_the_same_records_in_any_order_give_the_same_bytes(tmp_path):
    records = small_grid()
    first = write_report(records, tmp_path / "first")
    shuffled = [*records, records[0]]
    random.Random(4).shuffle(shuffled)
    second = write_report(shuffled, tmp_path / "second")
    assert content(first.parent) == content(second.parent)


def test_warnings_are_shown(tmp_path):
    assert "- FND XS, seed 0: mean d fell below 1" in write_report(small_grid(), tmp_path).read_text()


def test_a_title_of_ones_own(tmp_path):
    page = write_report([cost("A")], tmp_path, title="Mine | all mine")
    assert page.read_text().startswith("# Mine &#124; all mine\n")


def test_costs_alone_make_a_page_without_figures(tmp_path):
    page = write_report([cost("A")], tmp_path / "new" / "folder")
    assert list(content(page.parent)) == ["README.md"]
    assert re.findall(r"^## (.*)$", page.read_text(), flags=re.MULTILINE) == ["Cost", "How to repeat it"]


def test_tables_that_differ_in_candidates_say_so_and_have_figures_of_their_own(tmp_path):
    records = [quality("A"), quality("A", candidate_fingerprint="beef" * 4, trial="other")]
    page = write_report(records, tmp_path)
    assert page.read_text().count("must not be compared with each other") == 2
    assert {"tradeoff-closet-24-random.svg", "tradeoff-closet-24-random-2.svg"} <= set(content(tmp_path))


def test_nothing_to_report_is_refused(tmp_path):
    with pytest.raises(InputError, match="no trial and no cost"):
        write_report([dataset()], tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    taken = tmp_path / "report"
    taken.write_text("mine")
    with pytest.raises(InputError, match="found a file"):
        write_report([cost("A")], taken)
    assert taken.read_text() == "mine"


def test_a_page_that_cannot_be_written_leaves_nothing_half_written(tmp_path):
    (tmp_path / "README.md").mkdir()
    with pytest.raises(OSError, match="README"):
        write_report([cost("A")], tmp_path)
    assert list(tmp_path.iterdir()) == [tmp_path / "README.md"]


def test_a_report_needs_neither_torch_nor_pyplot(tmp_path):
    script = (
        "import sys; from pathlib import Path; import outfitbench.reports as reports\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from outfitbench.suites.record_files import load_records\n"
        f"reports.write_report(load_records([Path({str(tmp_path)!r})]), Path({str(tmp_path / 'out')!r}))\n"
        "assert 'torch' not in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    record = quality("A")
    write_record(record.model_copy(update={"trial": content_hash(record.description)}), tmp_path)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
