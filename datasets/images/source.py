"""Where the images of a dataset's items come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["ImageSource"]


class ImageSource(Protocol):
    """Encoded images of items, in item order."""

    @property
    def names(self) -> Sequence[str]:
        """One name an item, for messages (a path, or an LMDB with its key)."""
        ...

    def read(self, index: int) -> bytes:
        """The encoded image of one item.

        Raises:
            InputError: If it is missing or cannot be read.
        """
        ...

    def content_key(self) -> str:
        """Hash that changes whenever any image's bytes may have changed; cheap on the second call."""
        ...
