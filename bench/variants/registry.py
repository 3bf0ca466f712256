"""The registry of variants."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...core.files import atomic_folder
from ...core.registry import Registry
from ..subject import Subject
from .variant import Variant

__all__ = ["VARIANTS", "make_variant", "register_variant"]

VARIANTS: Registry[type[Variant]] = Registry("variant", f"{__name__.rpartition('.')[0]}.half_weights")
"""Variants by name."""

register_variant = VARIANTS.register
"""Decorator that enters a subclass of `Variant` under a name."""


def make_variant(name: str, subject: Subject, folder: Path, where: str = "argument variant") -> Subject:
    """A variant of a trained model, made here.

    Args:
        name: One of `VARIANTS`.
        subject: The trained model, with its weights.
        folder: Where its files go; not there yet.
        where: The file and key, or the argument, for the message.

    Returns:
        The model as engines load it.

    Raises:
        InputError: For an unknown name, or weights that cannot be read.
    """
    variant = VARIANTS.get(name, where)()
    with atomic_folder(folder) as part:
        variant.make(subject, part)
    return replace(variant.load(subject, folder), variant=name)
