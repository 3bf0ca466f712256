"""Small trees in the formats of the releases, written by code that shares nothing with the readers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .written_trees import picture


def _write(path: Path, data: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def iqon_set(user: int, name: int, items: Mapping[int, str]) -> dict[str, Any]:
    """A set as the release spells it, with some of what no reader needs."""
    worn = [
        {"itemId": str(item), "itemName": "—", "price": "7,560", "category x color": f"{kind} × ブラック"}
        for item, kind in items.items()
    ]
    return {"setId": name, "setUrl": "https://…", "likeCount": "3", "user": str(user), "items": worn}


def write_iqon(root: Path, sets: Sequence[dict[str, Any]], *, apart: bool = True) -> Path:
    """Images in a folder of their own, or beside the JSON."""
    for one in sets:
        user, name = one["user"], one["setId"]
        text = json.dumps(one, ensure_ascii=False, indent=1)
        _write(root / str(user) / str(name) / f"{name}.json", text)
        folder = root / ("images" if apart else "") / str(user) / str(name)
        for item in one["items"]:
            _write(folder / f"{item['itemId']}_m.jpg", picture(int(item["itemId"])))
    return root


def write_pog(
    root: Path,
    outfits: Sequence[str],
    items: Sequence[str],
    users: Sequence[str],
    pictured: Sequence[str] = (),
) -> Path:
    """The three files by their lines."""
    for name, lines in (("outfit_data", outfits), ("item_data", items), ("user_data", users)):
        _write(root / f"{name}.txt", "".join(f"{line}\n" for line in lines))
    for number, item in enumerate(pictured):
        _write(root / "images" / f"{item}.jpg", picture(number))
    return root


def write_polyvore_outfits(
    root: Path, sets: Mapping[str, Mapping[str, Sequence[str]]], kinds: Mapping[str, str]
) -> Path:
    """Sets by split and name; the other variant's folder holds the same in reverse."""
    for variant, order in (("nondisjoint", 1), ("disjoint", -1)):
        for split, of_split in sets.items():
            spelled = [
                {
                    "set_id": name,
                    "items": [{"item_id": item, "index": place + 1} for place, item in enumerate(items)],
                }
                for name, items in list(of_split.items())[::order]
            ]
            _write(root / variant / f"{split}.json", json.dumps(spelled))
    about = {
        item: {"url_name": "…", "category_id": "29", "semantic_category": kind, "title": ""}
        for item, kind in kinds.items()
    }
    _write(root / "polyvore_item_metadata.json", json.dumps(about))
    for number, item in enumerate(kinds):
        _write(root / "images" / f"{item}.jpg", picture(number))
    return root


def polyvore_outfits(root: Path, sets: int = 20) -> Path:
    """Sets of a top, a pair of shoes and a bag each, drawn out of twelve; half as many held out twice."""
    rng = np.random.default_rng(0)
    kinds = {f"{kind}{n}": kind for kind in ("tops", "shoes", "bags") for n in range(12)}
    splits = {
        split: {
            f"{split}{n}": [f"{kind}{rng.integers(12)}" for kind in ("tops", "shoes", "bags")]
            for n in range(count)
        }
        for split, count in (("train", sets), ("valid", sets // 2), ("test", sets // 2))
    }
    return write_polyvore_outfits(root, splits, kinds)
