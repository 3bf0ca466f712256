"""`outfitbench export`: a model, or the trained methods of a run, as ONNX, ready to be served."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, UseAppendAction, arg

from .answer import FAILED, Answer
from .compressed import Unmade, compressed
from .named_datasets import named_datasets
from .session import Session, writable_folder
from .subjects import Chosen, choose_subjects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..bench.deployment.card import Origin
    from ..bench.exported import ExportedModel
    from ..datasets import Dataset

__all__ = ["Export"]


@dataclass(frozen=True)
class Export:
    """Write ONNX graphs, checked to answer as PyTorch does, with a card and a script that serve them.

    Attributes:
        source: A name from `outfitbench list models` (random weights), or the folder of a run.
        out: Where to write; a folder for each model in it.
        method: Of a run, only the method of this name (FND XS) or ID (fnd-xs); can be repeated.
        variant: Of a run, also what this compression makes of each fit (`outfitbench list variants`); can be
            repeated.
        root: Folder of the dataset of a run that is read from disk, for the names of its items and users.
        users: How many users a model by name has; 630 by default.
    """

    source: Annotated[Positional[str], arg(metavar="MODEL|RUN")]
    out: Path
    method: UseAppendAction[tuple[str, ...]] = ()
    variant: UseAppendAction[tuple[str, ...]] = ()
    root: Path | None = None
    users: int | None = None

    def run(self, session: Session) -> Answer:
        """Export each, and say where it lies and how well it agrees; what fails costs the others nothing.

        Raises:
            InputError: As `deploy`, where all fails; so for `EngineError` and `ParityError`.
        """
        from ..bench.measured_cell import attempt
        from ..bench.parity import LOST_PARITY
        from ..core.scratch import scratch_folder

        chosen = choose_subjects([self.source], session, users=self.users, methods=self.method)
        folder = writable_folder("argument --out", self.out)
        datasets, unnamed = named_datasets(chosen, self.root, session)
        exports: list[tuple[Chosen, ExportedModel]] = []
        with scratch_folder() as scratch:
            made, failed = compressed(chosen, tuple(dict.fromkeys(self.variant)), scratch, datasets)
            for choice in [*chosen, *made]:
                error = attempt(
                    lambda choice=choice: exports.append((choice, _deployed(choice, folder, datasets)))
                )
                if error is not None:
                    failed.append(Unmade(choice, choice.subject.variant, error))
        if failed and not exports:
            raise failed[0].error
        flagged = _flagged(exports)
        said = [_said(export) for _, export in exports]
        lost = any(LOST_PARITY in line for line in flagged)
        return Answer(
            "\n".join([*said, *map(str, failed), *flagged, *unnamed]),
            {
                "exports": [export.model_dump(mode="json") for _, export in exports],
                "failed": [
                    {"method": one.method, "variant": one.variant, "reason": one.reason} for one in failed
                ],
                "flagged": flagged,
                "unnamed": unnamed,
            },
            status=FAILED if failed or lost else 0,
        )


def _deployed(choice: Chosen, folder: Path, datasets: Mapping[str, Dataset]) -> ExportedModel:
    """Write a model into a folder of its own."""
    from ..bench.deployment.deploy import deploy
    from ..datasets.tables import CATEGORIES

    return deploy(
        choice.subject,
        folder / choice.slug,
        _origin(choice),
        choice.categories or CATEGORIES,
        None if choice.fit is None else datasets.get(choice.fit.data_fingerprint),
    )


def _flagged(exports: Sequence[tuple[Chosen, ExportedModel]]) -> list[str]:
    """A line for each flag of a variant, such as that it answers otherwise than its fit."""
    from ..bench.variants import tolerance_of

    flagged: list[str] = []
    for choice, export in exports:
        flags, variant = [*choice.flags], choice.subject.variant
        if not flags and variant:
            flags = tolerance_of(variant).flags(export.parity)
        flagged += [f"flagged: {choice.slug}: {flag}" for flag in flags]
    return flagged


def _said(export: ExportedModel) -> str:
    said = f"{export.folder}: {export.file_bytes / 1e6:.1f} MB"
    if {"max_abs_difference", "kendall_tau"} <= export.parity.keys():
        said += (
            f", scores within {export.parity['max_abs_difference']:.1e} of PyTorch's, "
            f"Kendall's τ {export.parity['kendall_tau']:.4f}"
        )
    return said


def _origin(choice: Chosen) -> Origin:
    from ..bench.deployment.card import Origin

    subject, fit = choice.subject, choice.fit
    method = subject.label or subject.model
    if fit is None:
        return Origin(method=method)
    return Origin(
        method=method,
        trial=choice.trained,
        variant=subject.variant,
        weights=fit.weights,
        dataset=fit.dataset,
        data_fingerprint=fit.data_fingerprint,
        negatives=fit.negatives,
        seed=fit.seed,
    )
