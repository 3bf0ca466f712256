"""Rows that differ in one option alone, found from their fits: what a report draws as one line."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..core.hashes import canonical_json
from .recipes import mapping, objective_names, values_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .comparison_table import ComparisonTable
    from .table_rows import Row

__all__ = ["SIZE", "Sweep", "SweepLine", "sweeps_of", "without_swept"]

SIZE = "model"
"""The option that is which network; its values are drawn by their parameters."""

_LEAST = 3
"""Rows that make a line."""

_LARGEST = 1e12
"""No honest option is as large."""


@dataclass(frozen=True, eq=False)
class SweepLine:
    """The rows of one line.

    Attributes:
        name: What they are called together: "FND XS" of "FND XS, α = 0.5" and "FND XS, α = 1".
        rows: By ascending value; by parameters, where the network is the value.
        values: The option's value of each: a number, a text, or a list of them.
    """

    name: str
    rows: tuple[Row, ...]
    values: tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Sweep:
    """The lines of one figure.

    Attributes:
        option: What differs: "fnd.alpha", "batch_size", `SIZE`.
        symbol: What people call it.
        lines: By name.
        references: Rows that the lines are held against: those that lack the option and are one step away
            in what they minimise, of each kind of them the nearest where a search gave it other values; for
            sizes the teacher.
    """

    option: str
    symbol: str
    lines: tuple[SweepLine, ...]
    references: tuple[Row, ...]

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers, which have an axis."""
        return all(isinstance(value, int | float) for line in self.lines for value in line.values)

    @property
    def swept(self) -> list[Row]:
        """The rows that are there for the line's sake alone: not its base, and no other network."""
        if self.option == SIZE:
            return []
        return [row for line in self.lines for row in line.rows if row.name != line.name]


def sweeps_of(ranked: ComparisonTable) -> list[Sweep]:
    """The sweeps among the rows of a table, by option.

    A line is three rows or more whose fits differ in nothing but one option of an objective or of the recipe,
    in the size of the images, or in the network, and whose teachers are of one row. Not where users are new:
    there each fit may be several rows, one for each way to score them.
    """
    if ranked.cold:
        return []
    told = {row: _options(row) for row in ranked.rows if not row.variant}
    groups: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row, options in told.items():
        for option, value in options.items():
            if _is_a_value(value):
                groups[option][_apart_from(option, options, row, ranked)].append(row)
    found = []
    for option, members in sorted(groups.items()):
        lines = [_line(option, rows, told) for rows in members.values() if len(rows) >= _LEAST]
        if lines:
            lines.sort(key=lambda line: line.name)
            found.append(
                Sweep(option, _symbol(option, lines), tuple(lines), _references(option, lines, ranked))
            )
    return found


def without_swept(ranked: ComparisonTable, sweeps: Sequence[Sweep]) -> ComparisonTable:
    """A table without the rows that are there for the sake of a line alone; all of it if no row were left."""
    swept = {row for sweep in sweeps for row in sweep.swept}
    rows = tuple(row for row in ranked.rows if row not in swept)
    if not rows:
        return ranked
    kept = {record.trial for row in rows for record in row.records}
    passed_over = tuple(other for other in ranked.passed_over if other.shown.trial in kept)
    return replace(ranked, rows=rows, passed_over=passed_over)


def _options(row: Row) -> dict[str, Any]:
    """All that a suite can say of a method and that its record tells, by option."""
    fit = row.fit
    network = mapping(fit.description.get("model"))
    listed = fit.description.get("objectives")
    described = {
        str(mapping(one).get("name")): mapping(mapping(one).get("options"))
        for one in (listed if isinstance(listed, list) else ())
    }
    objectives = {
        f"{name}.{option}": value
        for name, options in (fit.objectives or described).items()
        for option, value in {"": None, **options}.items()  # also one without options is there
    }
    recipe = fit.recipe or mapping(fit.description.get("recipe"))
    return {**objectives, **recipe, "image_size": network.get("image_size"), SIZE: fit.model}


def _is_a_value(value: object) -> bool:
    """Whether something can stand on an axis: a number that is none of an absurd size, a text, a list."""
    if isinstance(value, int | float):
        return not isinstance(value, bool) and abs(value) < _LARGEST
    return isinstance(value, str | list)


def _apart_from(option: str, options: dict[str, Any], row: Row, ranked: ComparisonTable) -> str:
    """A canonical spelling of all that made a row's fits but their seed and one option."""
    kept = {
        key: value
        for key, value in row.fit.description.items()
        if key not in ("seed", "inputs", "objectives", "recipe", "model")
    }
    network = {
        key: value
        for key, value in mapping(row.fit.description.get("model")).items()
        if key not in ("name", "image_size")
    }
    teacher = ranked.teacher_of(row)
    others = {key: value for key, value in options.items() if key != option}
    return canonical_json([kept, network, others, row.distilled, teacher.name if teacher else ""])


def _line(option: str, rows: Sequence[Row], told: dict[Row, dict[str, Any]]) -> SweepLine:
    if option == SIZE:
        ordered = sorted(rows, key=lambda row: (row.parameters, row.name))
    elif all(isinstance(told[row][option], int | float) for row in rows):
        ordered = sorted(rows, key=lambda row: (told[row][option], row.name))
    else:
        ordered = sorted(rows, key=lambda row: canonical_json(told[row][option]))
    name = _shared([row.name for row in ordered]) or ordered[0].objectives or ordered[0].model
    return SweepLine(name, tuple(ordered), tuple(told[row][option] for row in ordered))


def _shared(names: Sequence[str]) -> str:
    """What names begin with, cut where one of them goes on to say what it alone is.

    Example:
        >>> _shared(["FND XS, α = 0.5", "FND XS"]), _shared(["FND XS, α = 1", "FND XS, α = 1.5"])
        ('FND XS', 'FND XS')
        >>> _shared(["FND XS", "FND S"]), _shared(["A", "B"])
        ('FND', '')
    """
    first, last = min(names), max(names)  # what these two share, all share
    end = next((at for at, letter in enumerate(first) if last[at : at + 1] != letter), len(first))
    start = first[:end]
    if all(name == start or name.startswith(f"{start}, ") for name in names):
        return start
    return (start.rpartition(", ")[0] or start.rpartition(" ")[0]).strip()


def _symbol(option: str, lines: Sequence[SweepLine]) -> str:
    """What the names of the rows call the option; else its own name."""
    for line in lines:
        for row in line.rows:
            symbol, sign, _ = row.name.removeprefix(line.name).strip(" ,").partition(" = ")
            if sign:
                return symbol
    return option.rpartition(".")[2].replace("_", " ")


def _references(option: str, lines: Sequence[SweepLine], ranked: ComparisonTable) -> tuple[Row, ...]:
    members = [row for line in lines for row in line.rows]
    if option == SIZE:
        teachers = [ranked.teacher_of(row) for row in members]
        return tuple(dict.fromkeys(row for row in teachers if row is not None))
    near = [other for row in members for other in ranked.baselines_of(row)]
    strict = [other for other in dict.fromkeys(near) if option not in _options(other)]
    return (*strict, *_with_other_values(option, members, ranked, {objective_names(r.fit) for r in strict}))


def _with_other_values(
    option: str, members: Sequence[Row], ranked: ComparisonTable, told: set[frozenset[str]]
) -> list[Row]:
    """References whose values a search found, and that so are not one step away: the nearest of each kind.

    Args:
        option: What the lines are over.
        members: Their rows.
        ranked: The table.
        told: What the references minimise that are there already.
    """
    nearest: dict[frozenset[str], tuple[int, Row]] = {}
    for other in ranked.rows:
        kind = objective_names(other.fit)
        if other.variant or kind in told or option in _options(other):
            continue
        apart = [n for row in members if (n := values_apart(row.fit, other.fit)) is not None]
        if apart and (kind not in nearest or min(apart) < nearest[kind][0]):
            nearest[kind] = min(apart), other
    return [other for _, other in nearest.values()]
