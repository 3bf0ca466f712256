"""For whom a catalogue's outfits are ranked: users that the weights know, or new ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import Fault, InputError
from ..core.names import shown
from ..core.parquet import open_parquet
from ..datasets.user_names import UserNames
from .catalogue_features import CatalogueFeatures
from .catalogue_outfits import list_lengths, worn_rows

__all__ = ["USERS_AT_ONCE", "KnownUsers", "NewUsers", "blocks_of", "read_users"]

USERS_AT_ONCE = 1024
"""For so many outfits are ranked at a time."""

_NAMES_AT_ONCE = 1 << 18

_NEW = "for a new user give a Parquet file with the columns user and items: an outfit that is known, a row"

_NAMES = "users go by the names of their dataset where --root has it"


@dataclass(frozen=True, eq=False)
class KnownUsers:
    """Users on whom the model was trained.

    Attributes:
        numbers: int64 (U,), the weights' own.
    """

    numbers: NDArray[np.int64]

    @property
    def names(self) -> NDArray[np.int64]:
        """As a table calls them."""
        return self.numbers

    def part(self, own: slice) -> KnownUsers:
        """Some of them; a slice with both ends."""
        return KnownUsers(self.numbers[own])


@dataclass(frozen=True, eq=False)
class NewUsers:
    """Users on whom nothing was trained, each with one or more known outfits.

    Attributes:
        names: P of them.
        items: int64 (N, K), the known outfits, user after user, by rows of the features; −1 in empty slots.
        counts: int64 (P,), how many outfits of each.
    """

    names: Sequence[str]
    items: NDArray[np.int64]
    counts: NDArray[np.int64]

    def part(self, own: slice) -> NewUsers:
        """Some of them; a slice with both ends."""
        ends = np.cumsum(self.counts)
        known = slice(ends[own.start] - self.counts[own.start], ends[own.stop - 1])
        return NewUsers(self.names[own], self.items[known], self.counts[own])


def blocks_of(users: KnownUsers | NewUsers) -> list[slice]:
    """`USERS_AT_ONCE` after the other, the last of them fewer; each a slice with both ends.

    Example:
        >>> blocks_of(KnownUsers(np.arange(1500)))
        [slice(0, 1024, None), slice(1024, 1500, None)]
    """
    count = len(users.names)
    return [slice(first, min(first + USERS_AT_ONCE, count)) for first in range(0, count, USERS_AT_ONCE)]


def read_users(
    said: str, num_users: int, features: CatalogueFeatures, called: UserNames | None = None
) -> KnownUsers | NewUsers:
    """The users that an argument names.

    Args:
        said: "all"; numbers, as "0,5", or names where known users have such; or a Parquet file with the
            column user: numbers of known users, or their names as text; or beside it the column items with
            the known outfits of new ones, each a row.
        num_users: How many users the weights know.
        features: Of the items that new users' outfits are of.
        called: What known users are called; None where they are numbers alone.

    Raises:
        InputError: If a number or a name is no user's of the weights, or the file cannot be used.
    """
    if said == "all":
        return KnownUsers(np.arange(num_users))
    where = "argument --users"
    words = [word.strip() for word in said.split(",")]
    if called is None and all(word.isdecimal() for word in words):
        return _known([int(word) for word in words], num_users, where)
    path = Path(said)
    if not _is_file(path):
        if called is not None:
            return KnownUsers(_by_name(words, called, where))
        expected = "all, numbers as 0,5, or a Parquet file of users"
        raise InputError(Fault(where, shown(said), expected, _NAMES))
    file = open_parquet(path, {"user": "a number or a name"})
    if "items" in file.schema_arrow.names:
        return _new(path, features)
    import pyarrow

    if not file.metadata.num_rows:
        raise InputError(Fault(path, "no rows", "a user a row"))
    where, kind = f"{path}, column user", file.schema_arrow.field("user").type
    if called is not None and (pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)):
        parts = file.iter_batches(_NAMES_AT_ONCE, columns=["user"])
        return KnownUsers(
            np.concatenate([_by_name(part["user"].to_pylist(), called, where) for part in parts])
        )
    users = file.read(["user"])["user"]
    if not pyarrow.types.is_integer(kind) or users.null_count:
        expected = "numbers of known users"
        raise InputError(Fault(where, "what is no number", expected, f"{_NEW}; {_NAMES}"))
    return _known(users.to_numpy(), num_users, path)


def _is_file(path: Path) -> bool:
    """Whether it is one; what is no path, as a list of many names, is none."""
    try:
        return path.is_file()
    except OSError:  # too long for one
        return False


def _by_name(names: Sequence[str | None], called: UserNames, where: str) -> NDArray[np.int64]:
    """The numbers of users by their names, int64 (n,)."""
    numbers = called.numbers_of([name or "" for name in names])
    unknown = np.flatnonzero(numbers < 0)
    if len(unknown):
        found = f"user {shown(str(names[unknown[0]]))}"
        fix = "a user's number stands in a Parquet file, as an integer in its column user"
        raise InputError(Fault(where, found, "names of the dataset's users", fix))
    return numbers


def _known(users: list[int] | NDArray[np.integer], num_users: int, where: str | Path) -> KnownUsers:
    numbers = np.asarray(users)
    unknown = np.flatnonzero((numbers < 0) | (numbers >= num_users))
    if len(unknown):
        found, expected = f"user {numbers[unknown[0]]}", f"users 0 to {num_users - 1} of the weights"
        raise InputError(Fault(where, found, expected, _NEW))
    return KnownUsers(numbers.astype(np.int64))


def _new(path: Path, features: CatalogueFeatures) -> NewUsers:
    columns = {"user": "a name", "items": "a list of items' names"}
    table = open_parquet(path, columns).read(list(columns)).combine_chunks()
    if not table.num_rows:
        raise InputError(Fault(path, "no rows", "a known outfit a row"))
    lists = table["items"].combine_chunks()
    lengths = list_lengths(lists, path)
    items = worn_rows(lists, lengths, max(1, int(lengths.max())), features)
    broken = np.flatnonzero(((items >= 0).sum(1) < lengths) | (lengths == 0))
    if len(broken):
        row = int(broken[0])
        names = [name for name in lists[row].as_py() or [] if features.rows([str(name)])[0] < 0]
        found = f"item {shown(str(names[0]))}, which has no features" if names else "an outfit without items"
        raise InputError(Fault(f"{path}, row {row + 1}", found, "outfits of encoded items"))
    names = [str(name) for name in table["user"].to_pylist()]
    each = list(dict.fromkeys(names))
    number = {name: place for place, name in enumerate(each)}
    owner = np.array([number[name] for name in names])
    return NewUsers(each, items[np.argsort(owner, kind="stable")], np.bincount(owner))
