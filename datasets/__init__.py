"""What there is to wear: items, images, outfits, users, splits and negatives.

    >>> from outfitbench.datasets import list_datasets
    >>> "closet-24" in list_datasets()
    True

Names are imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.errors import Fault, FaultSink, InputError, refuse
from ..core.lazy import lazy_names

if TYPE_CHECKING:
    from .candidates import CANDIDATES_VERSION
    from .check import check_dataset, inspect_dataset
    from .dataset import Dataset, FeatureSource, HiddenPreference
    from .images.source import ImageSource
    from .negatives import sample_negatives
    from .registry import DATASETS, list_datasets, load_dataset, register_dataset
    from .splits import SPLIT_SCHEMES, SPLITS
    from .stats import DatasetStatistics, describe
    from .tables import CATEGORIES, NO_ITEM, SETTINGS, CandidateSet, OutfitTable
    from .user_names import UserNames

__all__ = [
    "CANDIDATES_VERSION",
    "CATEGORIES",
    "DATASETS",
    "NO_ITEM",
    "SETTINGS",
    "SPLITS",
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
    "UserNames",
    "check_dataset",
    "describe",
    "inspect_dataset",
    "list_datasets",
    "load_dataset",
    "refuse",
    "register_dataset",
    "sample_negatives",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "candidates": ("CANDIDATES_VERSION",),
        "check": ("check_dataset", "inspect_dataset"),
        "dataset": ("Dataset", "FeatureSource", "HiddenPreference"),
        "images.source": ("ImageSource",),
        "negatives": ("sample_negatives",),
        "registry": ("DATASETS", "list_datasets", "load_dataset", "register_dataset"),
        "splits": ("SPLITS", "SPLIT_SCHEMES"),
        "stats": ("DatasetStatistics", "describe"),
        "tables": ("CATEGORIES", "NO_ITEM", "SETTINGS", "CandidateSet", "OutfitTable"),
        "user_names": ("UserNames",),
    },
)
