"""Records in which one value was altered: a report is made of them, or one line says what is wrong."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from outfitbench.core.errors import InputError
from outfitbench.reports import write_report
from outfitbench.suites.record_files import RECORD_FILE, load_records

PUBLISHED = Path(__file__).resolve().parents[2] / "reports" / "published" / "closet-24" / "records"

VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    0.5,
    1e308,
    2**63,
    -(10**30),
    float("nan"),
    "",
    "x" * 5_000,
    "a\x1b[31mb\u202ec\nd|e<b>`f",
    "$\\frac$",
    "\ud800",
    [],
    [1e308, -5],
    {},
    {"a": {"b": []}},
]


def places(value: Any, *keys: Any) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, those in its descriptions left out: they are held by their hash."""
    found = [keys] if keys else []
    if keys and keys[-1] == "description":
        return found
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, part in inner for place in places(part, *keys, key)]


def altered(record: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """A copy with one value replaced, dropped, or given another name."""
    changed: Any = copy.deepcopy(record)
    *way, last = draw.choice(places(record))
    holder = changed
    for key in way:
        holder = holder[key]
    action = draw.choice(["replace", "replace", "replace", "drop", "rename"])
    if action == "replace":
        holder[last] = draw.choice(VALUES)
    else:
        value = holder.pop(last)
        if action == "rename" and isinstance(holder, dict):
            holder[draw.choice(["other", "a\x1b[31mb\nc"])] = value
    return changed


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    """A fit's, a variant's, an evaluation's, … : one of each kind, and what they rest on."""
    everything = [json.loads(path.read_text()) for path in sorted(PUBLISHED.rglob(RECORD_FILE))]
    first: dict[str, dict[str, Any]] = {}
    for record in everything:
        first.setdefault(record["kind"], record)
    return list(first.values())


def hold(records: list[dict[str, Any]], folder: Path, seeds: range) -> None:
    pages = 0
    for seed in seeds:
        draw = random.Random(seed)
        number = draw.randrange(len(records))
        for place, record in enumerate(records):
            path = folder / str(seed) / str(place) / RECORD_FILE
            path.parent.mkdir(parents=True)
            content = altered(record, draw) if place == number else record
            path.write_text(json.dumps(content))
        try:
            page = write_report(load_records([folder / str(seed)]), folder / f"report-{seed}")
        except InputError as error:
            line = str(error)
            assert "\n" not in line, seed
            assert line.isprintable(), (seed, line)
            assert len(line) < 1_000, (seed, line)
        else:
            pages += 1
            text = page.read_text()
            assert "\x1b" not in text, seed
            assert "<b>" not in text, seed
    assert 0.02 * len(seeds) <= pages < len(seeds)  # both outcomes were seen


def test_an_altered_value_is_no_traceback(records, tmp_path):
    hold(records, tmp_path, range(40))


@pytest.mark.slow
def test_no_altered_value_is_a_traceback(records, tmp_path):
    hold(records, tmp_path, range(40, 1_000))
