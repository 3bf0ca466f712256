"""Records: written whole, read with every field checked."""

from __future__ import annotations

from pathlib import Path

import pytest
from outfitbench.datasets import InputError
from outfitbench.suites.record_files import RECORD_FILE, load_record, load_records, write_record
from outfitbench.suites.records import DatasetRecord


@pytest.fixture
def record() -> DatasetRecord:
    return DatasetRecord(
        dataset="made-up",
        data_fingerprint="0" * 16,
        split_scheme="released",
        origin="made up for a test",
        users=2,
        items=6,
        items_by_category={"top": 2, "bottom": 2, "shoe": 2},
        outfits={"train": 3},
        sizes={"3": 3},
        wears_per_item=1.5,
        image_size=None,
    )


def test_what_is_written_is_read(record: DatasetRecord, tmp_path: Path) -> None:
    path = write_record(record, tmp_path / "one")
    assert load_record(path) == record
    assert [file.name for file in path.parent.iterdir()] == [RECORD_FILE]


def test_all_records_below_a_folder_each_once(record: DatasetRecord, tmp_path: Path) -> None:
    other = record.model_copy(update={"dataset": "other"})
    for folder, content in (("a", record), ("b/c", other), ("copy/a", record)):
        write_record(content, tmp_path / folder)
    assert load_records([tmp_path]) == [record, other]


@pytest.mark.parametrize("length", [0, 1, 40, -3])
def test_a_record_cut_short_is_refused(record: DatasetRecord, tmp_path: Path, length: int) -> None:
    path = write_record(record, tmp_path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(InputError, match="expected a whole record") as caught:
        load_record(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('"users": 2', '"users": "two"', "users"),
        ('"users"', '"usrs"', "us"),
        ('"dataset",', '"other",', "kind"),
        ('"users": 2', '"users": -2', "users"),
        ('"train": 3', '"train": -3', "outfits.train"),
        ('"wears_per_item": 1.5', '"wears_per_item": NaN', "wears_per_item"),
    ],
)
def test_a_wrong_field_is_named(
    record: DatasetRecord, tmp_path: Path, before: str, after: str, says: str
) -> None:
    path = write_record(record, tmp_path)
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(InputError, match=says):
        load_record(path)


def test_a_folder_without_records_and_a_missing_path(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no record"):
        load_records([tmp_path])
    with pytest.raises(InputError, match="No such file"):
        load_records([tmp_path / "none"])
