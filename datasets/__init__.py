"""What there is to wear: items, images, outfits, users, splits and negatives.

    >>> from outfitbench.datasets import list_datasets
    >>> "closet-24" in list_datasets()
    True

Names are imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .candidates import load_candidates
    from .check import check_dataset
    from .dataset import SETTINGS, Dataset, FeatureSource, HiddenPreference
    from .errors import Fault, FaultSink, InputError, refuse
    from .images.source import ImageSource
    from .negatives import sample_negatives
    from .registry import list_datasets, load_dataset
    from .splits import SPLIT_SCHEMES
    from .stats import DatasetStatistics, describe
    from .tables import NO_ITEM, CandidateSet, OutfitTable

__all__ = [
    "NO_ITEM",
    "SETTINGS",
    "SPLIT_SCHEMES",
    "CandidateSet",
    "Dataset",
    "DatasetStatistics",
    "Fault",
    "FaultSink",
    "FeatureSource",
    "HiddenPreference",
    "ImageSource",
    "InputError",
    "OutfitTable",
    "check_dataset",
    "describe",
    "list_datasets",
    "load_candidates",
    "load_dataset",
    "refuse",
    "sample_negatives",
]

_NAMES_BY_MODULE = {
    "candidates": ("load_candidates",),
    "check": ("check_dataset",),
    "dataset": ("SETTINGS", "Dataset", "FeatureSource", "HiddenPreference"),
    "errors": ("Fault", "FaultSink", "InputError", "refuse"),
    "images.source": ("ImageSource",),
    "negatives": ("sample_negatives",),
    "registry": ("list_datasets", "load_dataset"),
    "splits": ("SPLIT_SCHEMES",),
    "stats": ("DatasetStatistics", "describe"),
    "tables": ("NO_ITEM", "CandidateSet", "OutfitTable"),
}
_MODULE_OF = {name: module for module, names in _NAMES_BY_MODULE.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
