"""The datasets that a run's models were trained on, for the names that items and users have there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .session import Session
from .subjects import Chosen

if TYPE_CHECKING:
    from ..datasets import Dataset
    from ..suites.records import FitRecord

__all__ = ["named_datasets"]


def named_datasets(
    chosen: Sequence[Chosen], root: Path | None, session: Session
) -> tuple[dict[str, Dataset], list[str]]:
    """The datasets that models were trained on.

    Args:
        chosen: The models.
        root: Where the dataset lies, where it is read from disk.
        session: Whose cache is used.

    Returns:
        The datasets by fingerprint; of each that is not there, or is another by now, a line that says so.

    Raises:
        InputError: If a root is given and no dataset of the run's lies there.
    """
    from ..core.errors import Fault, InputError

    fits = {choice.fit.data_fingerprint: choice.fit for choice in chosen if choice.fit is not None}
    if root is not None and not fits:
        found = f"{root}, and a model with random weights"
        raise InputError(Fault("argument --root", found, "the folder of a run, whose dataset lies there"))
    datasets: dict[str, Dataset] = {}
    unnamed: list[str] = []
    for fingerprint, fit in fits.items():
        try:
            datasets[fingerprint] = _as_trained_on(fit, root, session)
        except InputError as error:
            if root is not None:
                raise
            unnamed.append(f"items and users left without names: {error}")
    return datasets, unnamed


def _as_trained_on(fit: FitRecord, root: Path | None, session: Session) -> Dataset:
    """A fit's dataset; without the rows that cannot be used where it was trained without them.

    Raises:
        InputError: If it is not there, or is another by now.
    """
    from ..core.errors import Fault, InputError
    from ..datasets import load_dataset

    load = partial(load_dataset, fit.dataset, root, split=fit.split_scheme, cache=session.cache)
    try:
        dataset = load()
    except InputError as error:
        try:  # its fingerprint will tell whether that was asked for
            dataset = load(skip_unusable=True)
        except InputError:
            raise error from None
    if dataset.fingerprint != fit.data_fingerprint:
        found = f"data of fingerprint {dataset.fingerprint}"
        raise InputError(
            Fault(f"dataset {fit.dataset}", found, f"{fit.data_fingerprint}, as it was trained on")
        )
    return dataset
