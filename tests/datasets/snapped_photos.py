"""Folders of photographs that tests write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def snap(root: Path, classes: Sequence[str] = ("T-Shirt", "Trousers", "shoes"), each: int = 20) -> Path:
    """A folder of patches in all colours."""
    rng = np.random.default_rng(3)
    for number in range(each * len(classes)):
        path = root / classes[number % len(classes)] / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        patch = rng.integers(0, 256, 3) + rng.integers(0, 60, (16, 16, 3))
        Image.fromarray(np.minimum(patch, 255).astype(np.uint8)).save(path)
    return root
