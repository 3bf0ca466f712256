from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from outfitbench.bench.measurement import Measurement
from outfitbench.core.errors import InputError
from outfitbench.core.hashes import content_hash
from outfitbench.reports import write_report
from outfitbench.reports.markdown import escape
from outfitbench.suites.record_files import load_records, write_record
from outfitbench.suites.records import NeighboursRecord
from outfitbench.training.history import Distillation, Environment
from PIL import Image

from .made_records import (
    cost,
    dataset,
    evaluation,
    fit,
    machine,
    on_disk,
    quality,
    suite,
    user_scores,
    whole_grid,
)
from .tables import by_first_column, read_tables

if TYPE_CHECKING:
    from pathlib import Path


def small_grid():
    teacher = quality("Teacher", "teacher", 0.93)
    student = quality("FND XS", objective="fnd", teacher=teacher.fit.trial, warnings=["mean d fell below 1"])
    return [teacher, student, cost("Teacher", "teacher", 0.02), cost("FND XS"), dataset(), suite()]


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    return write_report(whole_grid(), tmp_path_factory.mktemp("report"))


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_sections_come_in_a_readers_order(page):
    headings = re.findall(r"^## (.*)$", page.read_text(), flags=re.MULTILINE)
    expected = ["Answer", "Quality", "Trade-off", "Which model to ship", "Cost", "Distillation", "Training"]
    assert headings == [*expected, "Dataset", "How to repeat it"]
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


def test_what_failed_stands_on_the_page_with_its_reason_until_it_has_a_record(tmp_path):
    grid = small_grid()
    told = {
        "f00d": ("FHN · openvino", "no such engine"),
        grid[0].trial: ("Teacher · ranks random", "no memory"),
    }
    text = write_report([*grid, suite(failed=told, title="Later")], tmp_path).read_text()
    (_, section) = text.split("## What failed\n\n")
    (row,) = read_tables(section.partition("\n## ")[0])[0]
    assert row == {"Trial": "FHN · openvino", "Reason": "no such engine"}
    assert "What failed" not in write_report(grid, tmp_path / "none").read_text()


def test_a_title_of_ones_own(tmp_path):
    page = write_report([cost("A")], tmp_path, title="Mine | all mine")
    assert page.read_text().startswith("# Mine &#124; all mine\n")


def test_costs_alone_make_a_page_without_figures(tmp_path):
    page = write_report([cost("A")], tmp_path / "new" / "folder")
    assert sorted(content(page.parent)) == ["README.md", "costs.csv"]
    assert re.findall(r"^## (.*)$", page.read_text(), flags=re.MULTILINE) == ["Cost", "How to repeat it"]


def test_tables_that_differ_in_candidates_say_so_and_have_figures_of_their_own(tmp_path):
    records = [quality("A"), quality("A", candidate_fingerprint="beef" * 4, trial="other")]
    page = write_report(records, tmp_path)
    assert page.read_text().count("must not be compared with each other") == 2
    assert {"tradeoff-closet-24-random.svg", "tradeoff-closet-24-random-2.svg"} <= set(content(tmp_path))


def test_nothing_to_report_is_refused(tmp_path):
    with pytest.raises(InputError, match="no trial and no dataset"):
        write_report([suite()], tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_datasets_alone_make_a_page(tmp_path):
    page = write_report([dataset(image_size=None), suite()], tmp_path).read_text()
    assert re.findall(r"^## (.*)$", page, flags=re.MULTILINE) == ["Dataset", "How to repeat it"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    taken = tmp_path / "report"
    taken.write_text("mine")
    with pytest.raises(InputError, match="found a file"):
        write_report([cost("A")], taken)
    assert taken.read_text() == "mine"


def test_a_page_of_another_hand_is_left_alone(tmp_path):
    page = tmp_path / "README.md"
    page.write_text("# My project\n\nIts pages are made by `outfitbench report`.\n")
    with pytest.raises(InputError, match=r"README\.md: found a file of another hand, expected a page that"):
        write_report(small_grid(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    page.unlink()
    assert write_report(small_grid(), tmp_path) == write_report(small_grid(), tmp_path)


def test_a_page_that_cannot_be_written_leaves_nothing_half_written(tmp_path):
    (tmp_path / "README.md").mkdir()
    with pytest.raises(OSError, match="README"):
        write_report([cost("A")], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "costs.csv"]


def test_a_report_needs_neither_torch_nor_pyplot(tmp_path):
    script = (
        "import sys; from pathlib import Path; import outfitbench.reports as reports\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from outfitbench.suites.record_files import load_records\n"
        f"reports.write_report(load_records([Path({str(tmp_path)!r})]), Path({str(tmp_path / 'out')!r}))\n"
        "assert 'torch' not in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    record = quality("A")
    write_record(on_disk(record), tmp_path)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("environment", "settings", "said"),
    [
        (
            {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},
            "text.usetex: True\nlines.linewidth: 9\nfont.size: 30\nsavefig.bbox: tight\naxes.grid: True\n",
            "",
        ),
        (
            {"MPLBACKEND": "no such backend"},
            "# Schriftgr\xf6\xdfe\nfont.size: 30\n",
            "Cannot decode configuration file",
        ),
    ],
    ids=["notebook and matplotlibrc", "unknown backend and not UTF-8"],
)
def test_the_settings_around_it_change_no_byte(environment, settings, said, tmp_path):
    """What a notebook hands down, and what a user wrote for figures of their own."""
    records = [quality("A"), cost("A")]
    for name, record in zip("ab", records, strict=True):
        hashed = record.model_copy(update={"trial": content_hash(record.description)})
        if record.kind == "quality":
            trial = content_hash(record.fit.description)
            hashed = hashed.model_copy(
                update={"fit": record.fit.model_copy(update={"trial": trial}), "inputs": {"weights": trial}}
            )
        write_record(hashed, tmp_path / "records" / name)
    expected = content(write_report(load_records([tmp_path / "records"]), tmp_path / "expected").parent)
    (tmp_path / "matplotlibrc").write_bytes(settings.encode("latin-1"))
    script = (
        "import sys; from pathlib import Path; import outfitbench.reports as reports\n"
        "from outfitbench.suites.record_files import load_records\n"
        "reports.write_report(load_records([Path('records')]), Path('found'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "MPLBACKEND"} | environment,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == bool(said)
    assert content(tmp_path / "found") == expected


def test_two_outcomes_of_one_trial_are_told(tmp_path):
    shown, other = (
        quality("FND", auc=auc, environment=Environment(device=device, precision="fp32", threads=2))
        for auc, device in ((0.8, "cpu"), (0.82, "cuda"))
    )
    page = write_report([other, shown], tmp_path).read_text()
    by = 100 * (sum(other.test.auc) - sum(shown.test.auc)) / len(shown.test.auc)
    assert "shown is the one trained in cpu, fp32, 2 threads" in page
    assert f"another, trained in cuda, fp32, 2 threads, has an AUC × 100 that differs by {by:+.2f}." in page
    assert "CPU before a GPU" in page


def test_what_was_trained_and_not_ranked_is_told_and_a_first_stage_is_not_missed(tmp_path):
    first = fit("First", trial="f1r57")
    second = evaluation(fit("Second", inputs={"start": first.trial}), user_scores(0.8))
    left = "Trained, and in no table"
    assert left not in write_report([second, first], tmp_path / "whole").read_text()
    teacher = fit("Teacher", "teacher", seed=3)
    page = write_report([second, first, teacher], tmp_path / "cut").read_text()
    assert f"{left}, as no evaluation is among these records: Teacher (closet-24, random neg" in page


def test_fits_alone_make_a_page(tmp_path):
    page = write_report([fit("Teacher", "teacher")], tmp_path).read_text()
    assert "`teacher-random-0`" in page
    assert re.findall(r"^## (.*)$", page, flags=re.MULTILINE) == ["Answer", "How to repeat it"]
    assert "these records hold 1 fit and no evaluation" in page


def test_neighbours_alone_make_a_page(tmp_path):
    record = NeighboursRecord(
        trial="ne1ghb0urs",
        description={},
        machine=machine(),
        dataset="closet-24",
        data_fingerprint="da7a",
        count=10,
        losses=[0.3, 0.2],
        table="7ab1e",
    )
    assert "`ne1ghb0urs`" in write_report([record], tmp_path).read_text()


def test_names_that_look_like_numbers_stay_as_they_are(tmp_path):
    names = ["0.10", "5e-2", "007", "nan", "1_000", " inf "]
    page = write_report(
        [made for name in names for made in (quality(name), cost(name))], tmp_path
    ).read_text()
    trained = by_first_column(next(t for t in read_tables(page) if "Seeds" in t[0]))
    assert set(trained) == {escape(name) for name in names}


def test_nothing_in_a_record_is_obeyed(tmp_path):
    evil = "<b>x</b> `` | $\\frac$ \x1b[31m\u202e ![i](j) \n# no heading"
    teacher = quality(
        evil, "teacher", backbone=evil, dataset=evil, machine=machine(processor=evil, system=evil)
    )
    records = [
        teacher,
        quality("B", dataset=evil, objective=evil, teacher=teacher.fit.trial, warnings=[evil]),
        cost(evil, "teacher", dataset=evil, session=evil, flags=[evil], engine=evil),
        suite(suite=evil, title=evil, command="run"),
        dataset(dataset=evil, origin=evil, split_scheme=evil),
    ]
    page = write_report(records, tmp_path).read_text()
    assert not re.search("<b>|\x1b|\u202e|^# no|(?<!\\\\)!\\[i\\]", page, flags=re.MULTILINE)


def test_absurd_numbers_that_parse_make_no_traceback(tmp_path):
    """Records are only as honest as whoever wrote them."""
    huge = 10**400
    absurd = machine(memory_bytes=2**63 - 1, cores=2**63 - 1)
    teacher = quality("T", "teacher", auc=0.9, machine=absurd, seconds={"train": 1e308})
    told = {
        "alpha": 1e308,
        "alpha_relative": -1e308,
        "gap": 1e308,
        "mean_d": -1e308,
        "false_negative_share": 0,
    }
    records = [
        teacher,
        quality("FND", teacher=teacher.fit.trial, distillation=Distillation(**told), parameters=2**63 - 1),
        cost("T", "teacher", machine=absurd, parity={"kendall_tau": 1e308}, threads=huge, batch=huge),
        cost("FND", measured={"latency": Measurement(unit="s", samples=[9e8] * 8)}),
        dataset(users=2**63 - 1, items=0, wears_per_item=1e308),
    ]
    page = write_report(records, tmp_path).read_text()
    assert not re.search(r"\b(nan|inf|None)\b", page)
