"""Polyvore-U trees written for tests, by code that shares nothing with the readers but the file names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

PARTS = {"train": "train", "valid": "val", "test": "test"}
CATEGORIES = ("top", "bottom", "shoe")


@dataclass
class Tree:
    """What a tree says.

    Attributes:
        users: Number of users.
        names: Image names of tops, bottoms and shoes.
        outfits: By split, rows of user, item numbers per category by column; −1 for a missing second top.
        negatives: By (split, "nega" or "nega_hard"), rows of the same form.
    """

    users: int
    names: Sequence[Sequence[str]]
    outfits: Mapping[str, Sequence[Sequence[int]]]
    negatives: Mapping[tuple[str, str], Sequence[Sequence[int]]] = field(default_factory=dict)

    @property
    def variable(self) -> bool:
        return len(next(iter(self.outfits.values()))[0]) == 5

    @property
    def columns(self) -> list[str]:
        return ["top", "top", "bottom", "shoe"] if self.variable else ["top", "bottom", "shoe"]

    def global_rows(self, split: str) -> list[list[int]]:
        """The outfits of a split with global item ids, computed by counting names."""
        starts = {"top": 0, "bottom": len(self.names[0]), "shoe": len(self.names[0]) + len(self.names[1])}
        return [
            [-1 if n == -1 else starts[column] + n for column, n in zip(self.columns, row[1:], strict=True)]
            for row in self.outfits[split]
        ]


def small_tree(*, variable: bool = False, users: int = 3) -> Tree:
    """Every user has four outfits in training and two in validation and test, of items of their own."""
    names = [[f"{category}{n:02d}.jpg" for n in range(8 * users)] for category in CATEGORIES]
    rows: dict[str, list[list[int]]] = {"train": [], "valid": [], "test": []}
    for number in range(8 * users):
        user, place = divmod(number, 8)
        split = "train" if place < 4 else "valid" if place < 6 else "test"
        second_top = [(number + 1) % (8 * users) if place % 2 else -1] if variable else []
        rows[split].append([user, number, *second_top, number, number])
    return Tree(users, names, rows)


def write_original(tree: Tree, root: Path) -> Path:
    """Layout A; gives the folder of the tuples."""
    folder = root / f"tuples_{tree.users}"
    folder.mkdir(parents=True)
    for category, names in zip(CATEGORIES, tree.names, strict=True):
        (folder / f"image_list_{category}").write_text("".join(f"{name}\n" for name in names))
    header = ",".join(["user", *tree.columns])
    files = {f"tuples_{PARTS[split]}_posi": rows for split, rows in tree.outfits.items()}
    files |= {f"tuples_{PARTS[split]}_{kind}": rows for (split, kind), rows in tree.negatives.items()}
    for name, rows in files.items():
        lines = [header, *(",".join(map(str, row)) for row in rows)]
        (folder / name).write_text("\n".join(lines) + "\n")
    return folder


def write_converted(tree: Tree, root: Path) -> Path:
    """Layout B; gives the folder of the tuples."""
    folder = root / "original" / f"tuples_{tree.users}"
    folder.mkdir(parents=True)
    (folder / "items.json").write_text(json.dumps([list(names) for names in tree.names]))
    types = [CATEGORIES.index(column) for column in tree.columns]
    files = {f"{split}_pos": rows for split, rows in tree.outfits.items()}
    files |= {
        f"{split}_{kind.replace('nega', 'neg')}": rows for (split, kind), rows in tree.negatives.items()
    }
    for name, rows in files.items():
        lines = []
        for user, *items in rows:
            worn = [(item, kind) for item, kind in zip(items, types, strict=True) if item != -1]
            padded = worn + [(-1, -1)] * (len(types) - len(worn))
            cells = [user, len(worn), *(item for item, _ in padded), *(kind for _, kind in padded)]
            lines.append(",".join(map(str, cells)))
        (folder / name).write_text("\n".join(lines) + "\n")
    return folder


def picture(number: int) -> bytes:
    """A small JPEG, another one for each number."""
    buffer = BytesIO()
    Image.new("RGB", (16, 16), (number * 37 % 256, number * 91 % 256, 60)).save(buffer, "JPEG")
    return buffer.getvalue()


def all_names(tree: Tree) -> list[str]:
    return [name for names in tree.names for name in names]


def write_images(tree: Tree, root: Path, folder: str = "images/291x291") -> None:
    place = root / folder
    place.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(all_names(tree)):
        (place / name).write_bytes(picture(number))


def write_lmdb(path: Path, values: Mapping[str, bytes]) -> None:
    import lmdb

    path.mkdir(parents=True)
    with lmdb.open(str(path), map_size=1 << 24) as environment, environment.begin(write=True) as transaction:
        for key, value in values.items():
            transaction.put(key.encode(), value)


def write_features(tree: Tree, root: Path, size: int = 8) -> np.ndarray:
    """Random features by global item id, float32 (num_items, size), kept as layout B keeps them."""
    names = all_names(tree)
    vectors = np.random.default_rng(0).normal(size=(len(names), size)).astype("<f4")
    write_lmdb(
        root / "features" / "resnet34",
        {name: vector.tobytes() for name, vector in zip(names, vectors, strict=True)},
    )
    return vectors
