"""Polyvore Outfits (Vasileva et al., ECCV 2018): sets in JSON, of which nobody knows who made them."""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import Fault, FaultSink
from ...core.names import shown
from ..polyvore.number_rows import UnusableRow
from ..splits import SPLITS
from .json_files import NO_JSON, broken_json, json_elements, json_text, string_or_number
from .listed_images import ListedImages, usual_images
from .posts import OutfitsRead, Posts

__all__ = ["PolyvoreOutfits"]

_METADATA = "polyvore_item_metadata.json"
_SETS = "a list of sets: [{set_id, items: [{item_id, index}, …]}, …]"


class PolyvoreOutfits:
    """`{disjoint,nondisjoint}/{train,valid,test}.json` and `polyvore_item_metadata.json`.

    The splits are the released ones, the categories the items' `semantic_category`.

    Args:
        variant: "nondisjoint", or "disjoint", whose splits share no item.
    """

    needs = f"a folder that holds {_METADATA}, nondisjoint/ and disjoint/"

    def __init__(self, variant: str) -> None:
        self.title = f"Polyvore Outfits, {variant}"
        self._variant = variant

    def files(self, root: Path) -> list[Path]:
        """What the release is read from."""
        return [root / _METADATA, *(root / self._variant / f"{split}.json" for split in SPLITS)]

    def images(self, root: Path) -> ListedImages | None:
        """See `Reader.images`."""
        return usual_images(root)

    def read(
        self, root: Path, files: Sequence[Path], faults: FaultSink, images: ListedImages | None
    ) -> Posts | None:
        """See `Reader.read`."""
        categories = _read_categories(files[0], faults)
        if categories is None:
            return None
        outfits, parts = OutfitsRead(categories, faults, images), array("b")
        for part, path in enumerate(files[1:]):
            text = json_text(path, _SETS, faults)
            elements = () if text is None else json_elements(text, path, _SETS, faults)
            for line, element in elements:
                where = f"{path}:{line}{_named(element)}"
                items = _items_of(element, where, faults)
                if items is not None and outfits.add(where, items):
                    parts.append(part)
        names, of_items = outfits.item_category()
        return Posts(
            categories=names,
            item_names=outfits.item_names(),
            item_category=of_items,
            outfits=outfits.table(),
            users=np.zeros(len(parts), np.int32),
            posted=np.arange(len(parts)),
            parts=np.array(parts, np.int8),
            num_users=1,
            anonymous=True,
        )


def _read_categories(path: Path, faults: FaultSink) -> dict[str, str] | None:
    expected = 'items by number: {"item_id": {"semantic_category": …}, …}'
    text = json_text(path, expected, faults)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except NO_JSON as error:
        line, what = broken_json(text, error)
        faults(Fault(f"{path}:{line}", what, expected, "get the file again"))
        return None
    if not isinstance(found, dict):
        faults(Fault(f"{path}:1", "no object", expected))
        return None
    kinds = (
        (item, of_item.get("semantic_category")) for item, of_item in found.items() if _is_object(of_item)
    )
    return {item: kind.strip() for item, kind in kinds if isinstance(kind, str)}


def _is_object(element: Any) -> bool:  # noqa: ANN401 - any JSON value
    return isinstance(element, dict)


def _items_of(element: Any, where: str, faults: FaultSink) -> list[str] | None:  # noqa: ANN401
    items = element.get("items") if _is_object(element) else None
    ids = [string_or_number(item.get("item_id")) if _is_object(item) else None for item in items or ()]
    if not isinstance(items, list) or None in ids:
        found = shown(json.dumps(element, ensure_ascii=False))
        faults(UnusableRow(where, found, "a set: {set_id, items: [{item_id, index}, …]}"))
        return None
    return [item for item in ids if item is not None]


def _named(element: Any) -> str:  # noqa: ANN401
    """The set's own name: the release has all of them on one line."""
    name = string_or_number(element.get("set_id")) if _is_object(element) else None
    return "" if name is None else f", set {name}"
