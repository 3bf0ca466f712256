from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outfitbench.reports.quantities import BLANK, hundredfold, interval, p_value, quantity, signed

NOT_NUMBERS = (math.nan, math.inf, -math.inf)


@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_what_is_no_number_is_blank(value):
    assert {hundredfold(value), signed(value), p_value(value), quantity(value, "s")} == {BLANK}
    assert interval(value, 0.5) == interval(0.5, value) == ""


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
