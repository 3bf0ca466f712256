"""A tree the size of Polyvore-630: what it takes to load it and to draw negatives."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

ITEMS = {"top": 75_000, "bottom": 62_000, "shoe": 62_537}
OUTFITS = {"train": 127_326, "val": 12_565, "test": 23_054}
GIB = 1 << 30

# Peak memory is a process's own, so the measured work runs in one of its own.
MEASURED = """
import json, sys, time
from pathlib import Path
from outfitbench.bench.memory import peak_resident
from outfitbench.datasets import load_dataset, sample_negatives

root, cache, split = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
start = time.perf_counter()
dataset = load_dataset("polyvore-630", root, split=split, cache=cache)
loaded = time.perf_counter()
negatives = sample_negatives(dataset.split("train"), dataset.item_category, hard=0.5)
candidates = {(split, setting): dataset.candidates(split, setting)
              for split in ("valid", "test") for setting in ("random", "hard")}
print(json.dumps({
    "load_seconds": loaded - start,
    "sample_seconds": time.perf_counter() - loaded,
    "peak_bytes": peak_resident(),
    "outfits": {name: len(table) for name, table in dataset.tables.items()},
    "training_negatives": len(negatives),
    "candidates": sum(map(len, candidates.values())),
}))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("polyvore")
    folder = root / "tuples_630"
    folder.mkdir()
    rng = np.random.default_rng(630)
    for category, count in ITEMS.items():
        names = (hashlib.sha1(f"{category} {n}".encode()).hexdigest() for n in range(count))
        (folder / f"image_list_{category}").write_text("".join(f"{name}.jpg\n" for name in names))
    for part, count in OUTFITS.items():
        users = np.sort(rng.integers(630, size=count))
        write_rows(folder / f"tuples_{part}_posi", users, rng)
        if part != "train":
            write_rows(folder / f"tuples_{part}_nega", np.repeat(users, 10), rng)
    # Reading them would be a fault, and they must not be read.
    (folder / "tuples_train_nega").write_text("not to be read")
    return root


def write_rows(path: Path, users: np.ndarray, rng: np.random.Generator) -> None:
    columns = [users, *(rng.integers(count, size=len(users)) for count in ITEMS.values())]
    np.savetxt(path, np.column_stack(columns), "%d", ",", header="user,top,bottom,shoe", comments="")


@pytest.mark.parametrize("split", ["released", "9:2:2"])
def test_loads_and_samples_within_memory(split: str, tree: Path, cache: Path) -> None:
    command = [sys.executable, "-c", MEASURED, str(tree), str(cache), split]
    measured = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    print(measured)
    parts = measured["outfits"]
    assert parts["train"] + parts["valid"] + parts["test"] == sum(OUTFITS.values())
    assert measured["training_negatives"] == 10 * parts["train"]
    assert measured["candidates"] == 22 * (parts["valid"] + parts["test"])
    assert measured["peak_bytes"] < 1.5 * GIB
    # A few seconds on two cores, so this is far from the bound unless something is read row by row.
    assert measured["load_seconds"] < 30
