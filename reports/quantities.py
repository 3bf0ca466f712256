"""Numbers as a reader meets them: rounded, with their units, and blank where there is none."""

from __future__ import annotations

import math

__all__ = ["BLANK", "counted", "hundredfold", "interval", "p_value", "quantity", "share", "signed"]

BLANK = "–"
"""Stands where there is no number; NaN is never printed."""

_MINUS = "−"
_LARGEST = 1e9
"""No share, AUC or difference is as large; what is, is no number to be printed."""
_STEPS = {
    "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")),
    "byte": ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")),
    "1": ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")),
    "FLOP": ((1e12, "TFLOP"), (1e9, "GFLOP"), (1e6, "MFLOP"), (1.0, "FLOP")),
    "FLOP/s": ((1e12, "TFLOP/s"), (1e9, "GFLOP/s"), (1e6, "MFLOP/s"), (1.0, "FLOP/s")),
    "byte/s": ((1e9, "GB/s"), (1e6, "MB/s"), (1.0, "B/s")),
    "J": ((1.0, "J"), (1e-3, "mJ")),
}


def hundredfold(value: float) -> str:
    """A share or an AUC × 100, with two decimals; blank where it is not a number.

    Example:
        >>> hundredfold(0.9128), hundredfold(float("nan"))
        ('91.28', '–')
    """
    return f"{100 * value:.2f}".replace("-", _MINUS) if _printable(value) else BLANK


def share(value: float, *, decimals: int = 1) -> str:
    """A part of a whole, in per cent; never rounded down to nothing.

    Args:
        value: The part, 1 for all of it.
        decimals: Digits after the point: one for what is counted, none for what is timed.

    Example:
        >>> share(0.0432), share(0.158, decimals=0), share(0.002, decimals=0)
        ('4.3 %', '16 %', '< 1 %')
    """
    if not _printable(value):
        return BLANK
    least = 10.0**-decimals
    return f"{100 * value:.{decimals}f} %" if not 0 < 100 * value < least / 2 else f"< {least:.{decimals}f} %"


def signed(value: float) -> str:
    """A difference × 100 with its sign.

    Example:
        >>> signed(-0.0123), signed(0.0123)
        ('−1.23', '+1.23')
    """
    return f"{100 * value:+.2f}".replace("-", _MINUS) if _printable(value) else BLANK


def interval(low: float, high: float) -> str:
    """An interval × 100; empty where it does not exist.

    Example:
        >>> interval(0.9, 0.95)
        '[90.00, 95.00]'
    """
    both = _printable(low) and _printable(high)
    return f"[{hundredfold(low)}, {hundredfold(high)}]" if both else ""


def p_value(value: float) -> str:
    """A p-value, never "0.000".

    Example:
        >>> p_value(0.00001), p_value(0.0321)
        ('< 0.001', '0.032')
    """
    if not math.isfinite(value):
        return BLANK
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    Example:
        >>> counted(1, "user"), counted(1200, "user")
        ('1 user', '1,200 users')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def quantity(value: float, unit: str) -> str:
    """Three significant digits with the unit's fitting multiple.

    Args:
        value: In `unit`.
        unit: A unit of `Measurement`; any other is written as it is.

    Example:
        >>> quantity(0.00713, "s"), quantity(65_986_752, "1"), quantity(2.89e9, "byte")
        ('7.13 ms', '66.0M', '2.89 GB')
    """
    if not math.isfinite(value):
        return BLANK
    steps = _STEPS.get(unit, ((1.0, unit),))
    plain = next(step for step in steps if step[0] == 1)
    scale, name = next((step for step in steps if abs(value) >= step[0]), steps[-1]) if value else plain
    gap = "" if unit == "1" or not name else " "
    return f"{_three_digits(value / scale)}{gap}{name}"


def _printable(value: float) -> bool:
    return abs(value) < _LARGEST  # neither is NaN


def _three_digits(value: float) -> str:
    """Three significant digits; large whole numbers with separators, from 10^15 on as a power of ten."""
    if value == 0:
        return "0"
    if not 1e-9 <= abs(value) < 1e15:  # no honest quantity, and hundreds of digits
        return f"{value:.2e}".replace("-", _MINUS)
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{decimals}f}".replace("-", _MINUS)
