"""What the benchmarks share: a set the size of Polyvore-630, and real photographs where they can be had."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from outfitbench.core.allocator import keep_freed_memory
from outfitbench.datasets import sample_negatives
from outfitbench.datasets.tables import OutfitTable

from .ratios import percentiles_of

REPOSITORY = Path(__file__).resolve().parents[2]


def pytest_sessionstart():
    """As the command and the workers do."""
    keep_freed_memory()


def pytest_benchmark_update_machine_info(config, machine_info):
    """Leave the host's name out of the saved file, which may be published."""
    machine_info["node"] = ""


def pytest_benchmark_update_json(config, benchmarks, output_json):
    """Put percentiles into the saved file, which pytest-benchmark has not, each where samples are enough."""
    finished = [timed for timed in benchmarks if not timed.has_error]  # what raised is not saved
    for timed, saved in zip(finished, output_json["benchmarks"], strict=True):
        saved["extra_info"] |= percentiles_of(timed.stats.data)


@dataclass(frozen=True)
class OutfitsOfItems:
    """Positives and the category of each item."""

    positives: OutfitTable
    item_category: NDArray[np.int8]

    def categories_of(self, items: NDArray[np.integer]) -> NDArray[np.int64]:
        """As `Dataset.categories_of`; no slot is empty here."""
        return self.item_category[items].astype(np.int64)


@pytest.fixture(scope="session")
def polyvore_sized() -> OutfitsOfItems:
    """Outfits in the numbers of Polyvore-630's test split; who wears what is random.

    23,054 positives of 630 users over 18,472 tops, 13,449 bottoms and 13,584 shoes out of 199,537 items, each
    occurring at least once (published logs of the data's authors).
    """
    rng = np.random.default_rng(0)
    num_positives, num_users = 23_054, 630
    listed = np.array([70_000, 65_000, 64_537])  # how the items divide into categories is not published
    occurring = [18_472, 13_449, 13_584]
    columns = []
    for start, size, distinct in zip(np.cumsum(listed) - listed, listed, occurring, strict=True):
        items = start + rng.choice(size, distinct, replace=False)
        columns.append(rng.permutation(np.append(items, rng.choice(items, num_positives - distinct))))
    users = rng.integers(num_users, size=num_positives)
    positives = OutfitTable(users.astype(np.int32), np.stack(columns, axis=1).astype(np.int32))
    return OutfitsOfItems(positives, np.repeat(np.int8([0, 1, 2]), listed))


@pytest.fixture(scope="session")
def polyvore_split(polyvore_sized) -> OutfitTable:
    """Those outfits with ten negatives a positive: 253,594."""
    positives = polyvore_sized.positives
    negatives = sample_negatives(positives, polyvore_sized.item_category, per_positive=10)
    return OutfitTable(
        np.concatenate([positives.users, negatives.users]), np.concatenate([positives.items, negatives.items])
    )


@pytest.fixture(scope="session")
def clothing_photos() -> list[Path]:
    """Real photographs of garments, in a fixed order."""
    named = os.environ.get("OUTFITBENCH_PHOTOS")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data" / "clothing-photos"
    photos = sorted(folder.rglob("*.jpg"))
    if not photos:
        pytest.skip(f"no photographs at {folder}; name their folder in OUTFITBENCH_PHOTOS")
    return photos
