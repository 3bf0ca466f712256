"""What a dataset holds, as one short hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from .tables import OutfitTable

__all__ = ["content_fingerprint"]


def content_fingerprint(
    item_names: Iterable[str],
    item_category: NDArray[np.signedinteger],
    tables: Mapping[str, OutfitTable],
    content_keys: Iterable[str],
) -> str:
    """Hash of items, outfits by split, and the content of images or features: 16 hex digits.

    Where the data lies and what the dataset is called are no part of it.

    Example:
        >>> table = OutfitTable(np.int32([0]), np.int32([[0, 1]]))
        >>> fingerprint = content_fingerprint(["a", "b"], np.int8([0, 1]), {"train": table}, ["images"])
        >>> len(fingerprint)
        16
    """
    digest = hashlib.blake2b(digest_size=8)
    for text in (*item_names, *content_keys):
        digest.update(text.encode() + b"\0")
    digest.update(np.ascontiguousarray(item_category, item_category.dtype.newbyteorder("<")).tobytes())
    for name, table in tables.items():
        digest.update(f"{name} {table.items.shape}".encode())
        for array in (table.users, table.items):
            digest.update(np.ascontiguousarray(array, "<i4").ravel().data)
    return digest.hexdigest()
