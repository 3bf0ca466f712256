"""What compression makes of the trained methods that `profile` and `export` work on, or cannot make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import Fault, InputError
from ..core.names import why
from .subjects import Chosen

if TYPE_CHECKING:
    from ..bench import Subject
    from ..datasets import Dataset

__all__ = ["Unmade", "compressed"]


@dataclass(frozen=True)
class Unmade:
    """What could not be made of a model, a variant or an export; what was made of others stands.

    Attributes:
        choice: The model.
        variant: Name of the variant; empty for the model as it was trained.
        error: What was raised.
    """

    choice: Chosen
    variant: str
    error: Exception

    @property
    def method(self) -> str:
        """The row's name, or the model's."""
        return self.choice.subject.label or self.choice.subject.model

    @property
    def reason(self) -> str:
        """What was found, in one line."""
        from ..bench.measured_cell import reason_of

        return reason_of(self.error)

    def __str__(self) -> str:
        what = " · ".join(filter(None, [self.method, self.variant]))
        return f"failed: {what}: {self.reason}"


def compressed(
    chosen: Sequence[Chosen],
    variants: Sequence[str],
    folder: Path,
    datasets: Mapping[str, Dataset] | None = None,
) -> tuple[list[Chosen], list[Unmade]]:
    """What compression makes of trained methods: what the run has made already, else made here.

    What cannot be made of a method costs that row alone: where there is nothing to compress, the exporter
    cannot follow the model, items that calibrate it are not there, a variant is trained on and the run has
    not done so, or files were altered since.

    Args:
        chosen: Trained methods.
        variants: Names of variants.
        folder: Where the files of those that are made here go, each in a folder of its own.
        datasets: By fingerprint, for variants that look at the items that a model was trained on. By its
            outfits one that is made here is held against the fit; where it is not there, by made requests.

    Returns:
        The variants, and what could not be made.

    Raises:
        InputError: Before anything is made, for an unknown variant, or a model that was not trained.
    """
    from ..bench.measured_cell import attempt
    from ..bench.variants import variant_steps

    for variant in variants:
        variant_steps(variant)  # an unknown name is refused before what is not trained
    untrained = [choice.slug for choice in chosen if choice.trained is None]
    if variants and untrained:
        found = f"{untrained[0]}, which is not trained"
        raise InputError(Fault("argument variant", found, "the trained methods of a run"))
    made: list[Chosen] = []
    unmade: list[Unmade] = []
    for variant in variants:
        for choice in chosen:
            error = attempt(
                lambda choice=choice, variant=variant: made.append(
                    _compressed(choice, variant, folder, datasets or {})
                )
            )
            if error is not None:
                unmade.append(Unmade(choice, variant, error))
    return made, unmade


def _compressed(choice: Chosen, variant: str, folder: Path, datasets: Mapping[str, Dataset]) -> Chosen:
    slug = f"{choice.slug}-{variant}"
    subject, trained, flags = _of_run(choice, variant) or _made_here(
        choice, variant, folder / f"variant-{slug}", datasets
    )
    return replace(choice, subject=subject, slug=slug, trained=trained, flags=tuple(flags))


def _of_run(choice: Chosen, variant: str) -> tuple[Subject, str, list[str]] | None:
    """A variant that the run has made, the hash of its trial, and its flags."""
    from ..suites.run_variant import held_variant

    if variant not in choice.variants:
        return None
    record, folder = choice.variants[variant]
    return held_variant(record, choice.subject, folder), record.trial, record.flags


def _made_here(
    choice: Chosen, variant: str, folder: Path, datasets: Mapping[str, Dataset]
) -> tuple[Subject, str, list[str]]:
    """A variant that nobody has made, the hash of the trial that would make the same, and its flags."""
    from ..bench.agreement import held_against_fit
    from ..bench.measured_cell import attempt
    from ..bench.variants import make_variant, trained_parts, variant_steps
    from ..suites.describing import describe_variant

    assert choice.trained is not None, "what is not trained is refused"
    if parts := trained_parts(variant):
        found = f"{variant} of {choice.slug}, of which {parts[-1]} has to be trained on"
        expected = "a run of a suite that names it under [variants]"
        raise InputError(Fault("argument variant", found, expected))
    dataset = None if choice.fit is None else datasets.get(choice.fit.data_fingerprint)
    if dataset is None and any(step.value.needs_sample for step in variant_steps(variant)):
        found = f"{variant} of {choice.slug} without its dataset"
        expected = f"{choice.dataset} as it was trained on, whose items calibrate it"
        raise InputError(Fault("argument variant", found, expected, "--dataset, or --root, has it"))
    described = describe_variant(variant, {"weights": choice.trained})
    made = make_variant(variant, choice.subject, folder, dataset=dataset)
    flags: list[str] = []
    error = attempt(lambda: flags.extend(held_against_fit(choice.subject, made, dataset)))
    if error is not None:  # its engine is not here, or a stranger's
        flags.append(f"not held against what it was made of: {why(error)}")
    return made, described.hash, flags
