"""How a Polyvore-U tree names its files (the original release, layout A).

Shared by the reader and by whoever writes such a tree, so that they agree:

    <root>/images/291x291/<image name>
    <root>/tuples_<number of users>/image_list_<category>, tuples_<part>_<kind>
"""

from __future__ import annotations

__all__ = [
    "FIXED_HEADER",
    "IMAGE_FOLDER",
    "NEGATIVES_PER_POSITIVE",
    "VARIABLE_HEADER",
    "image_list",
    "negatives_file",
    "positives_file",
    "tuples_folder",
]

FIXED_HEADER = ("user", "top", "bottom", "shoe")
"""Columns where every outfit has one item of each category."""

VARIABLE_HEADER = ("user", "top", "top", "bottom", "shoe")
"""Columns where some outfits have a second top; −1 where it is missing."""

NEGATIVES_PER_POSITIVE = 10
"""Row i of a file of negatives belongs to row i // 10 of its positives."""

IMAGE_FOLDER = "images/291x291"
"""Folder of the original images. Images of another size lie in `images/<size>x<size>`."""

_PARTS = {"train": "train", "valid": "val", "test": "test"}
_KINDS = {"random": "nega", "hard": "nega_hard"}


def tuples_folder(num_users: int) -> str:
    """Folder of the outfits of a set with so many users.

    Example:
        >>> tuples_folder(630)
        'tuples_630'
    """
    return f"tuples_{num_users}"


def image_list(category: str) -> str:
    """File whose line n is the image name of item n of a category.

    Example:
        >>> image_list("shoe")
        'image_list_shoe'
    """
    return f"image_list_{category}"


def positives_file(split: str) -> str:
    """File of the outfits that users posted.

    Example:
        >>> positives_file("valid")
        'tuples_val_posi'
    """
    return f"tuples_{_PARTS[split]}_posi"


def negatives_file(split: str, setting: str) -> str:
    """File of the negatives of a split, ten rows for each positive.

    Example:
        >>> negatives_file("test", "hard")
        'tuples_test_nega_hard'
    """
    return f"tuples_{_PARTS[split]}_{_KINDS[setting]}"
