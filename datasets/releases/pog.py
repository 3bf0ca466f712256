"""POG, or iFashion (Chen et al., KDD 2019): outfits, items and users of Alibaba as lines of text."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.errors import Fault, FaultSink
from ...core.names import shown
from ..polyvore.left_out import say_repeated
from ..polyvore.number_rows import UnusableRow
from ..polyvore.outfits import RepeatedRows
from ..polyvore.text_files import excerpt
from ..user_names import UserNames
from .listed_images import ListedImages, usual_images
from .posts import OutfitsRead, Posts

__all__ = ["POG"]

_OUTFITS, _ITEMS, _USERS = "outfit_data.txt", "item_data.txt", "user_data.txt"
_UNUSABLE = -1
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class POG:
    """`outfit_data.txt`, `item_data.txt` and `user_data.txt`; a line of users is a post of its outfit.

    An item's category is its `cate_id`. What users clicked before (the second field of their lines), titles
    and addresses of pictures are not read. The files are read line by line.
    """

    title = "POG (iFashion)"
    needs = f"a folder that holds {_OUTFITS}, {_ITEMS} and {_USERS}"

    def files(self, root: Path) -> list[Path]:
        """What the release is read from."""
        return [root / name for name in (_OUTFITS, _ITEMS, _USERS)]

    def images(self, root: Path) -> ListedImages | None:
        """See `Reader.images`."""
        return usual_images(root)

    def read(
        self, root: Path, files: Sequence[Path], faults: FaultSink, images: ListedImages | None
    ) -> Posts | None:
        """See `Reader.read`."""
        outfits_file, items_file, users_file = files
        categories = _read_categories(items_file, _worn_items(outfits_file, faults), faults)
        outfits = OutfitsRead(categories, faults, images)
        numbers = _read_outfits(outfits_file, outfits, faults)
        users, posts, lines, lost = _read_users(users_file, numbers, faults)
        kept, repeated = _without_repeats(posts, lines, users_file)
        kinds, of_items = outfits.item_category()
        return Posts(
            categories=kinds,
            item_names=outfits.item_names(),
            item_category=of_items,
            outfits=outfits.table(),
            users=posts[kept, 0].astype(np.int32),
            posted=posts[kept, 1],
            num_users=len(users),
            user_names=users,
            left_out={
                **({f"rows of {_USERS} whose outfit was left out": lost} if lost else {}),
                **{f"repeated rows of {one.file}": one.count for one in repeated},
            },
            notes=tuple(say_repeated(repeated)),
        )


def _lines(path: Path, expected: str, faults: FaultSink) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not empty, by number, without their ends."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if text := (line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line).rstrip(b"\r\n"):
                    yield number, text
    except OSError as error:
        faults(Fault(path, (error.strerror or str(error)).lower(), expected))


def _of_outfit(line: bytes) -> tuple[bytes, list[str]] | None:
    """An outfit's number and its items, or None for a line that is none."""
    name, comma, items = line.partition(b",")
    if not (name and comma) or b"," in items:
        return None
    return name, [item.strip() for item in items.decode("utf-8", "backslashreplace").split(";") if item]


def _worn_items(path: Path, faults: FaultSink) -> set[str]:
    """Every item of an outfit; the release lists eight times as many."""
    lines = (_of_outfit(line) for _, line in _lines(path, "outfit_id,item;item;…", faults))
    return {item for outfit in lines if outfit is not None for item in outfit[1]}


def _read_categories(path: Path, worn: set[str], faults: FaultSink) -> dict[str, str]:
    """The category of each item that is worn, by its number; empty where the line has none."""
    expected = "4 fields (item_id,cate_id,pic_url,title)"
    found: dict[str, str] = {}
    for number, line in _lines(path, expected, faults):
        fields = line.split(b",", 3)
        if len(fields) < 2:
            faults(UnusableRow(f"{path}:{number}", excerpt(line), expected))
            continue
        item = fields[0].decode("utf-8", "backslashreplace").strip()
        if item not in worn:
            continue
        kind = fields[1].decode("utf-8", "backslashreplace").strip()
        if found.setdefault(item, kind) != kind:
            what = f"category {shown(kind)} of item {shown(item)}"
            faults(UnusableRow(f"{path}:{number}", what, f"{shown(found[item])}, as before"))
    return found


def _read_outfits(path: Path, outfits: OutfitsRead, faults: FaultSink) -> dict[bytes, int]:
    """Take in the outfits; gives their place by number, `_UNUSABLE` for those that are left out."""
    expected = "outfit_id,item;item;…"
    places: dict[bytes, int] = {}
    for number, line in _lines(path, expected, faults):
        outfit = _of_outfit(line)
        where = f"{path}:{number}"
        if outfit is None:
            faults(UnusableRow(where, excerpt(line), expected))
        elif outfit[0] in places:
            faults(UnusableRow(where, f"outfit {excerpt(outfit[0])} again", "each outfit once"))
        else:
            place = len(outfits)
            places[outfit[0]] = place if outfits.add(where, outfit[1]) else _UNUSABLE
    return places


def _read_users(
    path: Path, places: dict[bytes, int], faults: FaultSink
) -> tuple[UserNames, NDArray[np.int64], NDArray[np.int64], int]:
    """The users, each post as user and outfit (N, 2), its line (N,), and how many lines lost theirs."""
    expected = "3 fields (user_id,item;item;…,outfit_id)"
    users: dict[bytes, int] = {}
    of_users, of_outfits, lines = array("i"), array("i"), array("i")
    lost = 0
    for number, line in _lines(path, expected, faults):
        user, _, rest = line.partition(b",")
        clicked, comma, outfit = rest.rpartition(b",")
        if not (user and comma and outfit) or b"," in clicked:
            faults(UnusableRow(f"{path}:{number}", excerpt(line), expected))
            continue
        place = places.get(outfit.strip())
        if place is None:
            found = f"outfit {excerpt(outfit)}"
            faults(UnusableRow(f"{path}:{number}", found, f"an outfit of {_OUTFITS}"))
        elif place == _UNUSABLE:
            lost += 1
        else:
            of_users.append(users.setdefault(user, len(users)))
            of_outfits.append(place)
            lines.append(number)
    names = UserNames.of(users)
    users.clear()  # before the posts take as much room
    posts = np.column_stack([np.array(of_users, np.int64), np.array(of_outfits, np.int64)])
    return names, posts, np.array(lines, np.int64), lost


def _without_repeats(
    posts: NDArray[np.int64], lines: NDArray[np.int64], path: Path
) -> tuple[NDArray[np.int64], list[RepeatedRows]]:
    """The rows whose user has not posted the same outfit before; and the others, if any."""
    keys = posts[:, 0] * (int(posts[:, 1].max(initial=0)) + 1) + posts[:, 1]
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    kept = np.sort(first)
    if len(kept) == len(posts):
        return kept, []
    row = int(np.flatnonzero(first[group] != np.arange(len(posts)))[0])
    example = f"{path}:{lines[row]} stands at {path}:{lines[first[group[row]]]} too"
    return kept, [RepeatedRows(path.name, len(posts) - len(kept), example)]
