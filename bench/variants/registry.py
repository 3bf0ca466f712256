"""The registry of variants, and variants made one of another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...core.errors import Fault, InputError
from ...core.files import atomic_folder
from ...core.registry import Entry, Registry
from ...core.scratch import scratch_folder
from ...datasets import Dataset
from ..engines import needs_export
from ..parity import Tolerance
from ..sample import draw_sample
from ..subject import Subject
from .variant import Variant

__all__ = [
    "VARIANTS",
    "load_variant",
    "make_variant",
    "ranks_in",
    "register_variant",
    "runs_in",
    "steps_after",
    "tolerance_of",
    "trained_parts",
    "variant_steps",
]

VARIANTS: Registry[type[Variant]] = Registry("variant", __name__.rpartition(".")[0])
"""Variants by name."""

register_variant = VARIANTS.register
"""Decorator that enters a subclass of `Variant` under a name."""

_THEN = "+"
"""Between the names of variants that are made one of another."""


def variant_steps(name: str, where: str = "argument variant") -> tuple[Entry[type[Variant]], ...]:
    """What a variant's name stands for: one of `VARIANTS`, or several, each made of the one before.

    Args:
        name: "low-rank", or "low-rank+int8-static".
        where: The file and key, or the argument, for the message.

    Raises:
        InputError: For an unknown name, or one after a variant of which nothing is made: one that leaves
            graphs, or is what an engine does.

    Example:
        >>> [step.name for step in variant_steps("low-rank+int8-static")]
        ['low-rank', 'int8-static']
        >>> variant_steps("int8-static+fp16")
        Traceback (most recent call last):
        ...
        outfitbench.core.errors.InputError: argument variant: found 'int8-static+fp16', expected ...
    """
    steps = tuple(VARIANTS.entry(step, where) for step in name.split(_THEN))
    for step in steps[:-1]:
        if step.value.engine:
            leaves = "leaves graphs and no weights" if step.value.leaves_graphs else "is what an engine does"
            raise InputError(Fault(where, repr(name), f"{step.name}, which {leaves}, as the last"))
    return steps


def ranks_in(name: str) -> str:
    """The engine that a variant, or the last of several, is ranked in; empty for PyTorch as it is."""
    return variant_steps(name)[-1].value.engine


def runs_in(name: str, engine: str) -> bool:
    """Whether an engine can run a variant, or the last of several.

    Example:
        >>> runs_in("int8-static", "openvino"), runs_in("int8-static", "torch"), runs_in("fp16", "torch")
        (True, False, True)
        >>> runs_in("torch-bf16", "torch-bf16"), runs_in("torch-bf16", "onnxruntime")
        (True, False)
    """
    last = variant_steps(name)[-1].value
    if last.leaves_graphs:
        return needs_export(engine) is not False
    return last.engine in ("", engine)


def trained_parts(name: str) -> list[str]:
    """The first steps of several, up to each of them that is trained on, the shortest first.

    Example:
        >>> trained_parts("pruned-25+pruned-50+int8-static"), trained_parts("low-rank")
        (['pruned-25', 'pruned-25+pruned-50'], [])
    """
    steps = variant_steps(name)
    return [
        _THEN.join(step.name for step in steps[:place])
        for place, last in enumerate(steps, 1)
        if last.value.trains
    ]


def steps_after(name: str, part: str) -> str:
    """What is made of a part of several, which they begin with.

    Example:
        >>> steps_after("pruned-50+int8-static", "pruned-50"), steps_after("fp16", "")
        ('int8-static', 'fp16')
    """
    return name.removeprefix(part).removeprefix(_THEN)


def tolerance_of(name: str) -> Tolerance:
    """How far a variant may be from the model as it was trained; of several, what the loosest allows."""
    allowed = [step.value.tolerance for step in variant_steps(name)]
    return Tolerance(
        difference=max(each.difference for each in allowed), tau=min(each.tau for each in allowed)
    )


def make_variant(
    name: str,
    subject: Subject,
    folder: Path,
    where: str = "argument variant",
    *,
    dataset: Dataset | None = None,
) -> Subject:
    """A variant of a trained model, made here; what is to be trained on is not yet.

    Args:
        name: As for `variant_steps`.
        subject: The trained model, with its weights.
        folder: Where its files go; not there yet.
        where: The file and key, or the argument, for the message.
        dataset: What the model was trained on, for variants that look at its items.

    Returns:
        The model as engines load it.

    Raises:
        InputError: For an unknown name, weights that cannot be read, a dataset that is lacking or lacks
            training items, or a model in which there is nothing to compress.
        EngineError: If a variant is made of an export, and the exporter cannot follow the model.
    """
    steps = variant_steps(name, where)
    sample = None
    if needy := [step.name for step in steps if step.value.needs_sample]:
        if dataset is None:
            found, expected = f"{needy[0]!r} and no dataset", "the dataset whose training items it looks at"
            raise InputError(Fault(where, found, expected, "give it"))
        sample = draw_sample(dataset, subject)
    with atomic_folder(folder) as part, scratch_folder() as scratch:
        made = subject
        for place, step in enumerate(steps):
            of_step = part if step is steps[-1] else scratch / str(place)
            of_step.mkdir(exist_ok=True)
            variant = step.value()
            variant.make(made, of_step, sample)
            made = variant.load(made, of_step)
    return load_variant(name, subject, folder)


def load_variant(name: str, subject: Subject, folder: Path) -> Subject:
    """A variant as engines load it, from the files that `make_variant` wrote.

    Args:
        name: As for `variant_steps`.
        subject: The trained model.
        folder: The variant's folder.
    """
    variant = variant_steps(name)[-1].value()
    return replace(variant.load(subject, folder), variant=name)
