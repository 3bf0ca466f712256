"""IQON3000 (Song et al., ACM MM 2019): a JSON file for each set that a user posted."""

from __future__ import annotations

import json
import os
from array import array
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...core.errors import FaultSink
from ...core.names import shown
from ..user_names import UserNames
from .iqon_categories import CATEGORY_NAMES
from .json_files import NO_JSON, broken_json, json_text, string_or_number
from .listed_images import ListedImages
from .posts import OutfitsRead, Posts, UnusableSet

__all__ = ["IQON3000"]

_SET = "one set: {setId, user, items: [{itemId, 'category x color'}, …]}"
_KIND_AND_COLOUR = "category x color"
_IMAGES, _IMAGE = "images", "_m.jpg"


class IQON3000:
    """One JSON file a set at any depth, images as `images/{user}/{setId}/{itemId}_m.jpg` or beside the JSON.

    An item's category is what stands before the × in its `category x color`, in English (`CATEGORY_NAMES`);
    one that the table does not know keeps its own name.
    """

    title = "IQON3000"
    needs = "a folder that holds a JSON file for each set, such as {user}/{setId}/{setId}.json"

    def files(self, root: Path) -> list[Path]:
        """Every JSON file below the root, in the order of their paths."""
        found = [
            Path(folder, name)
            for folder, _, names in os.walk(root)
            for name in names
            if name.endswith(".json") and not name.startswith(".")
        ]
        return sorted(found)

    def images(self, root: Path) -> ListedImages | None:
        """See `Reader.images`; none at all is a release without images."""
        folder = root / _IMAGES
        found = ListedImages(root, folder if folder.is_dir() else root, _IMAGE)
        return found if len(found) else None

    def read(
        self, root: Path, files: Sequence[Path], faults: FaultSink, images: ListedImages | None
    ) -> Posts | None:
        """See `Reader.read`."""
        categories: dict[str, str] = {}
        image_files: dict[str, str] = {}
        others: Counter[str] = Counter()
        users: dict[str, int] = {}
        of_posts = array("i")
        outfits = OutfitsRead(categories, faults, images)
        apart = (root / _IMAGES).is_dir()
        for path in files:
            found = _read_set(path, faults)
            if found is None:
                continue
            user, name, items = found
            for item, kind in items:
                if kind and categories.setdefault(item, kind) != kind:
                    others[f"{item} ({categories[item]}, {kind})"] += 1
            folder = f"{_IMAGES}/{user}/{name}" if apart else path.parent.relative_to(root).as_posix()
            of_set = {item: f"{folder}/{item}{_IMAGE}" for item, _ in items}
            if not outfits.add(f"{path}:1", [item for item, _ in items], UnusableSet, of_set.__getitem__):
                continue
            of_posts.append(users.setdefault(user, len(users)))
            for item, file in of_set.items():
                image_files.setdefault(item, file)
        kinds, of_items = outfits.item_category()
        names = outfits.item_names()
        return Posts(
            categories=kinds,
            item_names=names,
            item_category=of_items,
            outfits=outfits.table(),
            users=np.array(of_posts, np.int32),
            posted=np.arange(len(of_posts)),
            num_users=len(users),
            user_names=UserNames.of([user.encode("utf-8", "backslashreplace") for user in users]),
            image_files=[image_files[item] for item in names],
            notes=_say_others(others),
        )


def _read_set(path: Path, faults: FaultSink) -> tuple[str, str, list[tuple[str, str]]] | None:
    """User, name, and the items of a set with their categories."""
    text = json_text(path, _SET, faults)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except NO_JSON as error:
        line, what = broken_json(text, error)
        faults(UnusableSet(f"{path}:{line}", what, _SET))
        return None
    given = found if isinstance(found, dict) else {}
    user, name = string_or_number(given.get("user")), string_or_number(given.get("setId"))
    listed = given.get("items")
    items = [_item(one) for one in listed] if isinstance(listed, list) else [None]
    whole = [item for item in items if item is not None]
    if user is None or name is None or len(whole) < len(items):
        faults(UnusableSet(f"{path}:1", shown(json.dumps(found, ensure_ascii=False)), _SET))
        return None
    return user, name, whole


def _item(given: Any) -> tuple[str, str] | None:  # noqa: ANN401 - any JSON value
    """An item's number and category, which is empty where it has none."""
    name = string_or_number(given.get("itemId")) if isinstance(given, dict) else None
    if name is None:
        return None
    kind = given.get(_KIND_AND_COLOUR)
    kind = kind.partition("×")[0].strip() if isinstance(kind, str) else ""
    return name, CATEGORY_NAMES.get(kind, kind)


def _say_others(others: Counter[str]) -> tuple[str, ...]:
    if not others:
        return ()
    items = "1 item stands" if len(others) == 1 else f"{len(others):,} items stand"
    return (f"{items} under another category too, and the first counts, such as {next(iter(others))}",)
