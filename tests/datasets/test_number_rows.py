from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outfitbench.core.errors import Fault
from outfitbench.datasets.polyvore.number_rows import parse_rows

PATH = Path("rows")
FIELDS = ("user", "top", "shoe")
ADVICE = "; mend it, or leave such rows out with skip_unusable"


def parse(body: bytes, **arguments: int) -> tuple[list[list[int]], list[int], list[str]]:
    found: list[Fault] = []
    rows = parse_rows(body, PATH, FIELDS, found.append, **arguments)
    return rows.values.tolist(), rows.lines.tolist(), [str(fault) for fault in found]


@given(st.lists(st.tuples(*[st.integers(-(10**17), 10**17)] * 3), min_size=1))
def test_reads_what_the_csv_module_wrote(rows: list[tuple[int, int, int]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    values, lines, found = parse(text.getvalue().encode())
    assert values == [list(row) for row in rows]
    assert lines == list(range(1, len(rows) + 1))
    assert found == []


@given(st.lists(st.text("0123456789-+, \n", max_size=12).map(str.encode), min_size=1, max_size=6))
def test_a_line_is_read_or_reported_and_never_both(lines: list[bytes]) -> None:
    body = b"\n".join(lines)
    values, sound, found = parse(body)
    number_of_lines = body.rstrip(b"\n").count(b"\n") + 1 if body.rstrip(b"\n") else 0
    reported = [
        int(fault.split(":")[1]) for fault in found if fault.startswith("rows:") and fault[5].isdigit()
    ]
    assert sorted(sound + reported) == list(range(1, number_of_lines + 1))
    for row, line in zip(values, sound, strict=True):
        assert row == [int(cell) for cell in body.split(b"\n")[line - 1].split(b",")]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"1,2", "rows:3: found 2 fields, expected 3 fields (user,top,shoe)"),
        (b"1,2,3,4", "rows:3: found 4 fields, expected 3 fields (user,top,shoe)"),
        (b"", "rows:3: found an empty line, expected 3 fields (user,top,shoe)"),
        (b"1,two,3", "rows:3: found 'two' as top, expected a whole number"),
        (b"1,2.0,3", "rows:3: found '2.0' as top, expected a whole number"),
        (b"1,,3", "rows:3: found '' as top, expected a whole number"),
        (b"1,1e3,3", "rows:3: found '1e3' as top, expected a whole number"),
        (b"1,\xff,3", r"rows:3: found '\\xff' as top, expected a whole number"),
        (b"1,2\x00,3", r"rows:3: found '2\x00' as top, expected a whole number"),
        ("1,٣,3".encode(), "rows:3: found '٣' as top, expected a whole number"),
        (b"1," + b"9" * 5000 + b",3", f"rows:3: found '{'9' * 60}…' as top, expected a whole number"),
    ],
)
def test_names_the_line_and_the_field(line: bytes, fault: str) -> None:
    values, lines, found = parse(b"5,6,7\n" + line + b"\n8,9,10\n", first_line=2)
    assert found == [fault + ADVICE]
    assert values == [[5, 6, 7], [8, 9, 10]]
    assert lines == [2, 4]


def test_spaces_and_plus_signs_are_sound() -> None:
    assert parse(b" 1, +2 ,3\n")[0] == [[1, 2, 3]]


@pytest.mark.parametrize("body", [b"", b"\n", b"\n\n"])
def test_no_rows_is_a_fault(body: bytes) -> None:
    assert parse(body)[2] == ["rows: found no rows, expected one row or more"]


def test_wrong_values_are_reported_one_by_one_and_their_rows_left_out() -> None:
    found: list[Fault] = []
    rows = parse_rows(b"1,2,3\n4,5,6\n", PATH, FIELDS, found.append)
    wrong = np.array([[False, False, False], [True, False, True]])
    kept = rows.without(wrong, ["a user", "a top", "a shoe"], found.append)
    assert kept.values.tolist() == [[1, 2, 3]]
    assert [str(fault) for fault in found] == [
        f"rows:2: found 4 as user, expected a user{ADVICE}",
        f"rows:2: found 6 as shoe, expected a shoe{ADVICE}",
    ]
