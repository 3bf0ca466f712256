"""Which category a class of photographs belongs to."""

from __future__ import annotations

import json
import tomllib
import unicodedata
from collections.abc import Mapping
from pathlib import Path

from ...core.errors import Fault, InputError
from ...core.names import shown
from ..tables import CATEGORIES

__all__ = ["MAPPING_FILES", "NO_CATEGORY", "category_of", "class_key", "quoted", "read_mapping"]

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
        class_name: Name of a class folder, in any case and Unicode form, singular or plural.
        mapping: What the user says, as `read_mapping` gives it; it goes before what is known.

    Example:
        >>> [category_of(name, {"kilt": "bottom"}) for name in ("T-Shirts", "Kilt", "dress", "toaster")]
        ['top', 'bottom', 'none', None]
    """
    key = class_key(class_name)
    if key in mapping:
        return mapping[key]
    letters = "".join(filter(str.isalpha, key))
    singulars = (letters, letters.removesuffix("s"), letters.removesuffix("es"))
    return next((_CATEGORY[name] for name in singulars if name in _CATEGORY), None)


def class_key(class_name: str) -> str:
    """What names of one class have in common: lower case, in Unicode's form NFC."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", class_name).casefold())


def read_mapping(root: Path) -> dict[str, str]:
    """The user's own mapping of classes to categories, by class name in lower case and NFC.

    Raises:
        InputError: If a mapping file is not sound, or two of its names are one class and disagree.
    """
    mapping: dict[str, str] = {}
    written: dict[str, str] = {}
    for path in (root / name for name in MAPPING_FILES):
        if not path.is_file():
            continue
        for name, value in _parse(path).items():
            key, category = class_key(name), _checked(path, name, value)
            if mapping.setdefault(key, category) != category:
                found = f"{written[key]!a} = {mapping[key]} and {name!a} = {category}, one class"
                raise InputError(Fault(path, found, "one category for each class", "remove one of them"))
            written[key] = name
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
    if value not in (*CATEGORIES, NO_CATEGORY):
        allowed = ", ".join((*CATEGORIES, NO_CATEGORY))
        raise InputError(Fault(f"{path} {quoted(class_name)}", shown(value), f"one of {allowed}"))
    return str(value)


def quoted(class_name: str) -> str:
    """A name as it stands where nothing of it can be overlooked, else quoted."""
    return class_name if class_name.isprintable() and class_name == class_name.strip() else shown(class_name)
