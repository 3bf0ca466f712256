"""What `profile` and `export` work on: a model of the zoo, or the trained methods of a run."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from ..core.errors import Fault, InputError
from ..core.hashes import file_hash
from ..core.names import shown, unknown_name
from .session import Session

if TYPE_CHECKING:
    from ..bench import Subject
    from ..datasets import Dataset
    from ..suites.records import DatasetRecord, FitRecord, VariantRecord

__all__ = ["Chosen", "choose_subjects"]

_USERS = 630
"""Of a model by name, where nothing else is said: as many as Polyvore-630 has."""

_LONGEST_SLUG = 160
"""Bytes; a file's name may have 255, and folders that are being filled have a longer one."""


@dataclass(frozen=True)
class Chosen:
    """A subject, and a name that is good for a folder.

    Attributes:
        subject: What is exported or measured.
        slug: The model's name, or method, dataset, training negatives and seed of a fit; with the beginning
            of its hash where another fit of the run comes to the same.
        dataset: The dataset it was trained on, or None.
        trained: Hash of the fit or variant that its weights are from, or None.
        fit: The record of that fit, or None.
        categories: Names of the categories of items, by number; empty for a model by name.
        variants: By name, the records of what the run has made of the fit, and their folders.
        flags: Of a variant, what a reader of its figures should know: that it lost its parity with the fit.
    """

    subject: Subject
    slug: str
    dataset: str | None = None
    trained: str | None = None
    fit: FitRecord | None = None
    categories: tuple[str, ...] = ()
    variants: Mapping[str, tuple[VariantRecord, Path]] = field(default_factory=dict)
    flags: tuple[str, ...] = ()


def choose_subjects(
    names: Iterable[str],
    session: Session,
    *,
    users: int | None = None,
    methods: tuple[str, ...] = (),
    dataset: Dataset | None = None,
    image_size: int | None = None,
) -> list[Chosen]:
    """Models by name, with random weights, and trained methods by the folder of their run.

    Args:
        names: Names from `outfitbench list models`, or folders that `outfitbench run` wrote.
        session: Names the plugins.
        users: How many users a model by name has; the dataset's, or 630, if None.
        methods: Of a run, only these rows, by name or ID; all if empty, but for fits that others start from
            and nothing ranks.
        dataset: Whose items and users a model by name sees: a dataset of features makes it a model of
            features.
        image_size: Pixels of the images that a model by name sees; its own if None.

    Raises:
        InputError: If there is no name, a name is no model's, a run holds no trained method, or none of
            those asked for, or what is asked for has no meaning for any of the names.
    """
    names = list(names)
    runs = {name for name in names if Path(name).is_dir()}
    if not names:
        raise InputError(Fault("argument sources", "none", "a model's name or the folder of a run"))
    if methods and not runs:
        found = f"{shown(methods[0])}, and no folder of a run"
        raise InputError(Fault("argument --method", found, "a run whose methods have such a name"))
    if users is not None and (dataset is not None or len(runs) == len(set(names))):
        known = "runs, which know theirs" if dataset is None else f"dataset {dataset.name}, which has its own"
        raise InputError(Fault("argument --users", f"{users} beside {known}", "a model by name, or nothing"))
    if users is None:
        users = _USERS if dataset is None else dataset.num_users
    chosen: list[Chosen] = []
    for name in names:
        if name in runs:
            chosen.extend(_trained(Path(name), session, methods))
        else:
            chosen.append(Chosen(_by_name(name, session, users, dataset), name))
    if image_size is None:
        return chosen
    for choice in chosen:
        if choice.trained is not None or choice.subject.input_kind != "image":
            found = f"{image_size} beside {choice.slug}, which knows the size of its inputs"
            raise InputError(Fault("argument --image-size", found, "models by name that see images"))
    return [replace(each, subject=replace(each.subject, input_size=image_size)) for each in chosen]


def _by_name(name: str, session: Session, users: int, dataset: Dataset | None) -> Subject:
    from ..bench import Subject
    from ..models import list_models

    known = list_models()
    if name not in known:
        kind = "a model's name or the folder of a run"
        raise InputError(unknown_name(kind, name, known, "argument sources", "--plugin loads one of yours"))
    subject = Subject(model=name, num_users=users, plugins=session.plugin)
    if dataset is None or dataset.vectors is None:
        return subject
    return replace(subject, input_kind="features", input_size=dataset.vectors.size)


def _trained(run: Path, session: Session, methods: tuple[str, ...]) -> list[Chosen]:
    from ..reports.grouping import names_of_fits
    from ..suites.record_files import RECORD_FILE, load_record, load_records
    from ..suites.records import DatasetRecord, FitRecord, QualityRecord, SuiteRecord, VariantRecord

    records = load_records([run])
    if (run / RECORD_FILE).is_file():
        kind = load_record(run / RECORD_FILE).kind
        found = "the folder of a fit" if kind == "fit" else f"the folder of one record ({kind})"
        raise InputError(Fault(run, found, f"the run's folder, {run.absolute().parent.parent}"))
    datasets = {record.data_fingerprint: record for record in records if isinstance(record, DatasetRecord)}
    fits = list({record.trial: record for record in records if isinstance(record, FitRecord)}.values())
    given = names_of_fits(record for record in records if isinstance(record, SuiteRecord))
    names = {fit.trial: given.get(fit.trial, fit.method) for fit in fits}
    if not fits:
        raise InputError(Fault(run, "no trained method", f"a fit of {', '.join(methods) or 'any method'}"))
    asked = {name for method in methods for name in _called(method, set(names.values()), run)}
    slugs = _slugs(fits, names)  # of all, so that a name does not depend on which are asked for
    ranked = {record.fit.trial for record in records if isinstance(record, QualityRecord)}
    variants: dict[str, dict[str, VariantRecord]] = defaultdict(dict)
    for record in records:
        if isinstance(record, VariantRecord):
            variants[record.fit.trial][record.variant] = record
    stages = {fit.inputs["start"] for fit in fits if "start" in fit.inputs} - ranked
    return [
        replace(
            _of_fit(run, fit, names[fit.trial], slugs[fit.trial], datasets, session),
            variants=_lying_in(run, variants[fit.trial]),
        )
        for fit in fits
        if (names[fit.trial] in asked if methods else fit.trial not in stages)
    ]


def _lying_in(run: Path, variants: Mapping[str, VariantRecord]) -> dict[str, tuple[VariantRecord, Path]]:
    """Variants with their folders, of those whose files a run has."""
    from ..suites.run_variant import VARIANT_FILES

    found = {}
    for name, record in variants.items():
        files = sorted(run.rglob(f"{record.trial}/{VARIANT_FILES}"))
        if files:
            found[name] = (record, files[0].parent.resolve())
    return found


def _called(method: str, names: set[str], run: Path) -> set[str]:
    """The rows of a run that a method's name or its ID in a suite stands for.

    Records hold no IDs: one is its method's name in lower case with hyphens, or has a file that says it.

    Raises:
        InputError: If there is none.
    """
    if method in names:
        return {method}
    from ..suites.method_tables import load_methods

    ours = load_methods()
    found = {
        name for name in names if _slug(name) == method or (method in ours and ours[method].name == name)
    }
    if not found:
        raise InputError(unknown_name("a method of the run", method, names, f"{run}, argument --method"))
    return found


def _of_fit(
    run: Path, fit: FitRecord, name: str, slug: str, datasets: dict[str, DatasetRecord], session: Session
) -> Chosen:
    from ..bench import Subject  # imports pydantic, which `--help` does without

    _refuse_unknown(fit, f"{run}, {name}")
    options = fit.description.get("model", {}).get("options", {})
    _refuse_files(fit.model, options, f"{run}, {name}")
    weights = _weights(run, fit)
    dataset = datasets.get(fit.data_fingerprint)
    if dataset is None:
        found = f"no record of dataset {shown(fit.dataset)}"
        raise InputError(Fault(run, found, "a run that came to its end"))
    subject = Subject(
        model=fit.model,
        num_users=dataset.users,
        num_categories=len(dataset.items_by_category),
        label=name,
        weights=weights.resolve(),
        backbone=fit.backbone if fit.input_kind == "image" else None,
        options=options,
        input_kind=fit.input_kind,
        input_size=fit.input_size,
        plugins=session.plugin,
    )
    return Chosen(
        subject,
        slug,
        fit.dataset,
        trained=fit.trial,
        fit=fit,
        categories=tuple(dataset.items_by_category),
    )


def _refuse_unknown(fit: FitRecord, where: str) -> None:
    """What a fit was trained with may be a plugin's, which is not loaded here."""
    from ..models import list_models
    from ..models.backbones import BACKBONES
    from ..models.backbones.timm_networks import is_timm_name

    otherwise = "--plugin FILE loads the one it was trained with"
    if fit.model not in (known := list_models()):
        raise InputError(unknown_name("a model", fit.model, known, f"{where}, model", otherwise))
    asked = fit.description.get("model", {}).get("backbone")  # by the suite, not the model's own choice
    if asked and not is_timm_name(asked) and asked not in BACKBONES:
        raise InputError(
            unknown_name("a backbone", asked, BACKBONES.names(), f"{where}, backbone", otherwise)
        )


def _refuse_files(model: str, options: dict[str, Any], where: str) -> None:
    """A record knows a file that a model reads by its hash, not by its place."""
    from ..models.registry import MODELS

    kind = MODELS.entry(model).options
    for option in options:
        annotation = kind.model_fields[option].annotation if option in kind.model_fields else None
        if Path in (annotation, *get_args(annotation)):
            found = "a file, of which the record keeps the hash alone"
            fix = "a suite that trains and measures it still has the file's place"
            raise InputError(Fault(f"{where}, option {option}", found, "options without files", fix))


def _weights(run: Path, fit: FitRecord) -> Path:
    """The fit's own; a folder of several runs may hold others of the same trial, from another machine."""
    files = sorted(run.rglob(f"{fit.trial}/weights.safetensors"))
    hashes = {file: file_hash(file) for file in files}
    if not hashes:
        raise InputError(Fault(run, f"no weights of trial {fit.trial}", "the folder that the run wrote"))
    for file, found in hashes.items():
        if found == fit.weights:
            return file
    found = f"weights of hash {hashes[files[0]]}"
    raise InputError(Fault(files[0], found, f"{fit.weights}, as in the record beside it"))


def _slugs(fits: Sequence[FitRecord], names: dict[str, str]) -> dict[str, str]:
    """A folder's name for each fit, no two the same, also where case or normal forms make no difference."""
    plain = {fit.trial: _slug(names[fit.trial], fit.dataset, fit.negatives, str(fit.seed)) for fit in fits}
    count = Counter(plain.values())
    return {trial: slug if count[slug] == 1 else f"{slug}-{trial[:8]}" for trial, slug in plain.items()}


def _slug(*parts: str) -> str:
    """Words and digits of any script, joined by hyphens.

    Example:
        >>> _slug("FND α (XS)", "closet-24", "0")
        'fnd-α-xs-closet-24-0'
    """
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", "-".join(parts)).casefold())
    words = re.sub(r"[^\w]+", "-", text).strip("-")
    return words.encode()[:_LONGEST_SLUG].decode(errors="ignore")
