from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outfitbench.reports.markdown import (
    BLANK,
    Notes,
    code,
    escape,
    hundredfold,
    interval,
    p_value,
    quantity,
    signed,
    table,
)

from .tables import read_tables

NOT_NUMBERS = (math.nan, math.inf, -math.inf)


@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_what_is_no_number_is_blank(value):
    assert {hundredfold(value), signed(value), p_value(value), quantity(value, "s")} == {BLANK}
    assert interval(value, 0.5) == interval(0.5, value) == ""


@given(st.text(max_size=40))
def test_any_name_stays_in_its_cell(name):
    rows = read_tables(table([{"Method": f"x{escape(name)}x", "AUC": "91.20"}]))
    assert len(rows) == 1
    assert len(rows[0]) == 1
    assert rows[0][0]["AUC"] == "91.20"


def test_markup_in_a_name_is_shown_not_obeyed():
    assert escape("a_b *c* <img> [x](y)") == r"a\_b \*c\* &lt;img&gt; \[x\](y)"
    assert code("ca`fe|") == "`cafe`"


@given(st.floats(1e-8, 1e12), st.sampled_from(["s", "byte", "1", "FLOP", "item/s"]))
def test_a_quantity_keeps_three_digits(value, unit):
    text = quantity(value, unit)
    digits, name = re.fullmatch(r"([\d,.]+) ?(\S*)", text).groups()
    scales = {
        "ms": 1e-3,
        "µs": 1e-6,
        "ns": 1e-9,
        "k": 1e3,
        "M": 1e6,
        "G": 1e9,
        "kB": 1e3,
        "MB": 1e6,
        "GB": 1e9,
    }
    scales |= {"MFLOP": 1e6, "GFLOP": 1e9, "TFLOP": 1e12}
    assert float(digits.replace(",", "")) * scales.get(name, 1) == pytest.approx(value, rel=5.1e-3)


def test_quantities_read_as_in_the_paper():
    assert quantity(2_849_088, "1") == "2.85M"
    assert quantity(2.89e9, "byte") == "2.89 GB"
    assert quantity(80.5, "s") == "80.5 s"
    assert quantity(0.0, "s") == "0 s"
    assert quantity(1234.0, "outfit/s") == "1,234 outfit/s"


def test_a_p_value_is_never_zero():
    assert p_value(0.0) == "< 0.001"
    assert p_value(1.0) == "1.000"


def test_the_same_note_has_one_number():
    notes = Notes()
    assert [notes.mark(text) for text in ("a", "b", "a")] == ["¹", "²", "¹"]
    assert str(notes).splitlines() == ["¹ a  ", "² b"]
    assert not str(Notes())
