"""The dataset's record: what the suite's methods see of it, each size of image by itself."""

from __future__ import annotations

from pathlib import Path

from outfitbench.datasets import load_dataset
from outfitbench.reports.dataset_section import dataset_section
from outfitbench.suites.dataset_record import describe_dataset


def test_every_size_that_a_method_sees_is_told(tmp_path: Path) -> None:
    """A frozen teacher at 128 pixels, its students at 64."""
    dataset = load_dataset("closet-12")
    both = describe_dataset(dataset, [64, 128, 64], tmp_path)
    assert both.image_sizes == [64, 128]
    assert "images of 64 × 64 and 128 × 128 pixels" in dataset_section([both])
    one = describe_dataset(dataset, [64, 64], tmp_path)
    assert one.image_sizes == [64]
    assert "images of 64 × 64 pixels" in dataset_section([one])
    assert describe_dataset(dataset, [128, 64], tmp_path) == both
    before = one.model_copy(update={"image_sizes": []})  # as records were written that knew one size
    assert "images of 64 × 64 pixels" in dataset_section([before])
