"""What a run leaves beside the records of its trials: which datasets it saw, and which suite it ran."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from .record_fields import Count, Date, Hash, Name

__all__ = ["DatasetRecord", "SuiteRecord"]


class DatasetRecord(BaseModel):
    """Statistics of a dataset as one run saw it.

    Attributes:
        dataset: Dataset name.
        data_fingerprint: Content hash.
        split_scheme: "released" or "9:2:2".
        origin: Where it comes from, in one sentence ("drawn by closet version 1, seed 60").
        users: Number of users.
        items: Number of items.
        items_by_category: Items by category name.
        outfits: Outfits by split.
        sizes: Outfits by number of items ("2", "3", "4").
        wears_per_item: Mean number of outfits an item occurs in.
        image_size: Pixels of the largest images that a model sees, or None without images.
        image_sizes: Of the images of all models, ascending; empty without images, and in records of old.
        feature_size: Width of the items' feature vectors, or None without; where there are some, models see
            them instead of the images.
        left_out: How many rows of which file were not used, by what they are.
        notes: What is odd about the data, though usable.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["dataset"] = "dataset"
    dataset: Name
    data_fingerprint: Hash
    split_scheme: Name
    origin: str
    users: Count
    items: Count
    items_by_category: dict[str, Count]
    outfits: dict[str, Count]
    sizes: dict[str, Count]
    wears_per_item: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    image_size: Count | None
    image_sizes: list[Count] = []
    feature_size: Count | None = None
    left_out: dict[str, Count] = {}
    notes: list[str] = []


class SuiteRecord(BaseModel):
    """Which suite asked for the trials, so that a report can say how to repeat it.

    Attributes:
        suite: The suite's name.
        title: Heading of the report.
        command: The command line that ran it.
        fingerprint: Hash of the suite as resolved, overrides applied.
        names: The row's name of each of its fits, by hash: a name is for people and no part of a trial.
        compare: Comparisons that it declares, by hash: a fit, and the fit of that seed it is held against.
        longer: By hash, fits that are another one trained for twice its epochs, and that one: evaluated to
            see whether the other has converged, and no row of a table.
        failed: Of its trials that failed and had no record then, by hash: what it was, and the reason.
        date: When it ran (ISO, to the second); of two that name one fit, the later is right.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["suite"] = "suite"
    suite: Name
    title: Name
    command: str
    fingerprint: Hash
    names: dict[Hash, Name] = {}
    compare: list[tuple[Hash, Hash]] = []
    longer: dict[Hash, Hash] = {}
    failed: dict[Hash, tuple[Name, Name]] = {}
    date: Date
