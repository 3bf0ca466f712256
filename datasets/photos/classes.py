"""Which category a class of photographs belongs to."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from ..errors import Fault, InputError

__all__ = ["MAPPING_FILES", "NO_CATEGORY", "PHOTO_CATEGORIES", "category_of", "read_mapping"]

PHOTO_CATEGORIES = ("top", "bottom", "shoe")
"""Category names, by number."""

NO_CATEGORY = "none"
"""Stands for a class that fits no slot of an outfit and is left out."""

MAPPING_FILES = ("categories.toml", "categories.json")
"""Either may lie in the root: class names with "top", "bottom", "shoe" or "none" each."""

_KNOWN_CLASSES = {
    "top": """
        blazer blouse cardigan coat hoodie jacket jumper longsleeve outerwear outwear parka polo
        pullover shirt sweater sweatshirt tank top tshirt tee undershirt vest
    """,
    "bottom": "bottom chino jean jogger legging pant short skirt sweatpant trouser",
    "shoe": """
        ankleboot ballerina boot flat flipflop footwear heel loafer oxford pump sandal shoe sneaker
        trainer
    """,
    NO_CATEGORY: """
        accessory backpack bag belt body bracelet cap dress earring glasses glove handbag hat
        hosiery jewellery jewelry jumpsuit necklace notsure other pyjama ring romper scarf skip sock
        suit sunglasses swimwear tie umbrella underwear watch
    """,
}
"""Class names in the singular, letters only."""

_CATEGORY = {name: category for category, names in _KNOWN_CLASSES.items() for name in names.split()}


def category_of(class_name: str, mapping: Mapping[str, str]) -> str | None:
    """The category of a class, `NO_CATEGORY` where it fits no slot, or None where it is unknown.

    Args:
        class_name: Name of a class folder, in any case, singular or plural.
        mapping: What the user says, by class name in lower case; it goes before what is known.

    Example:
        >>> [category_of(name, {"kilt": "bottom"}) for name in ("T-Shirts", "Kilt", "dress", "toaster")]
        ['top', 'bottom', 'none', None]
    """
    if class_name.casefold() in mapping:
        return mapping[class_name.casefold()]
    letters = "".join(filter(str.isalpha, class_name.casefold()))
    singulars = (letters, letters.removesuffix("s"), letters.removesuffix("es"))
    return next((_CATEGORY[name] for name in singulars if name in _CATEGORY), None)


def read_mapping(root: Path) -> dict[str, str]:
    """The user's own mapping of classes to categories, by class name in lower case; empty without a file.

    Raises:
        InputError: If a mapping file is not sound.
    """
    mapping: dict[str, str] = {}
    for path in (root / name for name in MAPPING_FILES):
        if path.is_file():
            mapping |= {name.casefold(): _checked(path, name, value) for name, value in _parse(path).items()}
    return mapping


def _parse(path: Path) -> dict[str, object]:
    expected = 'class names with a category each, such as kilt = "bottom"'
    try:
        text = path.read_text(encoding="utf-8-sig")
        fields = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(Fault(path, f"what cannot be read ({error})", expected)) from error
    if not isinstance(fields, dict):
        raise InputError(Fault(path, "something else", expected))
    return fields


def _checked(path: Path, class_name: str, value: object) -> str:
    if value not in (*PHOTO_CATEGORIES, NO_CATEGORY):
        allowed = ", ".join((*PHOTO_CATEGORIES, NO_CATEGORY))
        raise InputError(Fault(f"{path} {class_name}", repr(value), f"one of {allowed}"))
    return str(value)
