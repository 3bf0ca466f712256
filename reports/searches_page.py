"""What searches of `outfitbench tune` tried and found, in tables: a row a method, a column a rate."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from ..core.errors import Fault, InputError
from ..core.names import shown
from ..suites.study_record import StudyRecord, TriedPoint
from .markdown import code, escape, table
from .quantities import BLANK, counted

__all__ = ["load_study", "searches_page", "study_files"]

_SUFFIX = ".study.json"
_RATE = "recipe.learning_rate"

_LEGEND = (
    "Validation AUC × 100 of the epoch whose weights are kept; the best of a method is bold, and is what its "
    "file was given. In parentheses: ended early, at its last epoch."
)


def study_files(path: Path) -> list[Path]:
    """What a path holds of records of searches: itself, or the files of a folder, without those below."""
    if path.is_file():
        return [path] if path.name.endswith(_SUFFIX) else []
    return sorted(path.glob(f"*{_SUFFIX}"))


def load_study(path: Path) -> StudyRecord:
    """Read the record of a search.

    Raises:
        InputError: If the file cannot be read, is cut short, or is no such record.
    """
    expected, fix = "the record of a search", "run outfitbench tune once more, which writes it anew"
    try:
        return StudyRecord.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(Fault(path, error.strerror or "an unreadable file", expected)) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = f"{path}, {'.'.join(map(str, first['loc']))}" if first["loc"] else str(path)
        raise InputError(Fault(where, shown(first["msg"])[1:-1], expected, fix)) from None


def searches_page(files: Sequence[Path]) -> str:
    """A page of some searches, those apart that are of different data, settings or rates.

    Raises:
        InputError: If a file is no record of a search.
    """
    groups: dict[tuple[str, ...], list[StudyRecord]] = defaultdict(list)
    for study in map(load_study, files):
        groups[_searched_on(study)].append(study)
    parts = ["# Searches", "Made by `outfitbench report` from the records of `outfitbench tune`.", _LEGEND]
    for told, studies in sorted(groups.items()):
        rules = dict.fromkeys(study.pruning or "never" for study in studies)
        parts += [f"## {escape(told[0])}", " · ".join(map(escape, told[1:]))]
        parts[-1] += f" · ended early: {escape('; '.join(rules))}."
        by_rates: dict[tuple[float, ...], list[StudyRecord]] = defaultdict(list)
        for study in studies:
            by_rates[tuple(map(float, study.space.get(_RATE, ())))].append(study)
        parts += [_table(rates, members) for rates, members in sorted(by_rates.items(), reverse=True)]
        parts += _notes(studies)
    return "\n\n".join(parts) + "\n"


def _searched_on(study: StudyRecord) -> tuple[str, ...]:
    """What searches must have in common to stand in one table; the dataset first."""
    suite = "as their own files have them" if study.suite is None else f"as suite {study.suite} runs them"
    split = [] if study.split_scheme == "released" else [f"split {study.split_scheme}"]
    return (study.dataset, f"{study.negatives} negatives", *split, suite, f"seed {study.seed}")


def _notes(studies: Sequence[StudyRecord]) -> list[str]:
    """What a reader should know, once, with the methods that it is told of."""
    told: dict[str, list[str]] = defaultdict(list)
    for study in studies:
        for note in study.notes:
            told[note].append(study.name)
    return [f"{escape(', '.join(names))}: {escape(note)}." for note, names in told.items()]


def _table(rates: Sequence[float], studies: Sequence[StudyRecord]) -> str:
    rows = []
    for study in sorted(studies, key=lambda study: study.name):
        by_rest: dict[str, dict[object, TriedPoint]] = defaultdict(dict)
        for point in study.points:
            by_rest[_rest(point.values)][point.values.get(_RATE)] = point
        told = counted(sum(point.state == "complete" for point in study.points), "fit")
        for number, (rest, points) in enumerate(sorted(by_rest.items())):
            row = {"Method": escape(study.name) if not number else "", "Values": rest or BLANK}
            for rate in rates or [None]:
                heading = "AUC" if rate is None else f"rate {rate:g}"
                row[heading] = _cell(points.get(rate), study)
            rows.append(row | {"Trained to the end": told if not number else ""})
    return table(rows, text_columns=2)


def _rest(values: Mapping[str, object]) -> str:
    """All but the rate: "α" is how the paper calls FND's. Of options of one name, whose they are."""
    names = {key: key.rpartition(".")[2] for key in values if key != _RATE}
    count = Counter(names.values())
    named = {name if count[name] == 1 else key: values[key] for key, name in names.items()}
    return ", ".join(f"{'α' if key == 'alpha' else code(key)} = {value}" for key, value in named.items())


def _cell(point: TriedPoint | None, study: StudyRecord) -> str:
    if point is None or point.state == "running":
        return BLANK
    if point.kept is not None:
        auc = f"{100 * point.kept:.2f}"
        return f"**{auc}**" if point.number == study.best else auc
    return f"({100 * point.valid_auc[-1]:.2f})" if point.valid_auc else point.state
