"""The wardrobe: every kind of garment Closet can draw, one family a file."""

from __future__ import annotations

from .blouses import blouse, camisole
from .boots import ankle_boot, tall_boot
from .heels import ballet_flat, pump
from .jackets import hoodie, jacket
from .loafers import loafer, oxford
from .panels import Draw
from .shirts import polo, shirt
from .shorts import bermudas, cargo_shorts, running_shorts
from .skirts import pencil_skirt, pleated_skirt
from .sneakers import high_top, runner
from .tees import t_shirt, tank
from .trousers import jeans, joggers, straight_trousers

__all__ = ["WARDROBE"]

WARDROBE: dict[str, Draw] = {
    "tank": tank,
    "t-shirt": t_shirt,
    "shirt": shirt,
    "polo": polo,
    "jacket": jacket,
    "hoodie": hoodie,
    "blouse": blouse,
    "camisole": camisole,
    "joggers": joggers,
    "running shorts": running_shorts,
    "straight trousers": straight_trousers,
    "bermudas": bermudas,
    "jeans": jeans,
    "cargo shorts": cargo_shorts,
    "pencil skirt": pencil_skirt,
    "pleated skirt": pleated_skirt,
    "runner": runner,
    "high-top": high_top,
    "loafer": loafer,
    "oxford": oxford,
    "ankle boot": ankle_boot,
    "tall boot": tall_boot,
    "pump": pump,
    "ballet flat": ballet_flat,
}
"""Kinds by name."""
