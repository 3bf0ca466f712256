"""Where the images of a dataset's items come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ...core.names import shown

__all__ = ["ImageSource", "brief"]

_LONGEST = 600
"""Characters of a path or key that a message quotes whole: more than an LMDB's key or a file's name has."""


def brief(name: str) -> str:
    """A path or key for messages: as it stands, but cut in the middle where it is absurdly long.

    Example:
        >>> brief("shoes/1.jpg"), len(brief("x" * 100_000)) < 100
        ('shoes/1.jpg', True)
    """
    return name if len(name) <= _LONGEST else shown(name)


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
