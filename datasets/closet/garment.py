"""A garment as numbers, before it is drawn."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace

from ..simulation import Dice
from .garments.panels import Cut
from .styles import CUTS, FIDELITY, NEUTRALS, PALETTES, PATTERNS, Colour, Traits

__all__ = ["Garment", "Ground", "laid_out", "tailor"]


_TONE, _MIDDLE = 30, 380
"""How much lighter or darker a ground's figure is, and the sum of its RGB from which it is darker."""


@dataclass(frozen=True)
class Ground:
    """What a garment lies on at home: a rug, a blanket, tiles, woven in two tones of one colour.

    Attributes:
        pattern: A key of `WEAVES`.
        period: Thousandths of the picture after which the pattern repeats.
        figure: RGB of the pattern's figure; its ground is the garment's backdrop.
    """

    pattern: str
    period: int
    figure: Colour


@dataclass(frozen=True)
class Garment:
    """Everything a drawing depends on.

    Attributes:
        kind: A key of `WARDROBE`.
        cut: The silhouette's dials.
        pattern: A key of `WEAVES`.
        period: Thousandths of the picture after which the pattern repeats.
        base: RGB of the fabric's ground.
        second: RGB of the fabric's figure.
        trim: RGB of collars, cuffs and bands.
        backdrop: RGB of the background.
        scale: Size of the garment in percent of the picture.
        shift: Displacement in thousandths of the picture, (x, y).
        flipped: Whether left and right are exchanged.
        grain: Seed of the cloth's texture and the picture's noise.
        ground: What it lies on; None for plain paper.
    """

    kind: str
    cut: Cut
    pattern: str
    period: int
    base: Colour
    second: Colour
    trim: Colour
    backdrop: Colour
    scale: int
    shift: tuple[int, int]
    flipped: bool
    grain: int
    ground: Ground | None = None

    @property
    def file_name(self) -> str:
        """SHA-1 of the parameters, `.jpg`: a name of the form the Polyvore-U image lists have."""
        canonical = json.dumps(vars(self), default=vars, sort_keys=True, separators=(",", ":"))
        return f"{hashlib.sha1(canonical.encode(), usedforsecurity=False).hexdigest()}.jpg"


def tailor(category: int, style: Traits, dice: Dice) -> tuple[Traits, Garment]:
    """Make up a garment in a style, with the traits it ended up with.

    Args:
        category: Number of its category in `CATEGORIES`.
        style: The style it is made in.
        dice: Source of the draws.
    """
    traits = Traits(
        _shown(style.palette, FIDELITY.palette, dice),
        _shown(style.pattern, FIDELITY.pattern, dice),
        _shown(style.cut, FIDELITY.cut, dice),
    )
    palette = list(PALETTES.values())[traits.palette]
    base = dice.pick(palette)
    second = dice.pick([colour for colour in (*palette, *NEUTRALS) if _apart(colour, base)])
    pale = dice.between(222, 250)
    garment = Garment(
        kind=dice.pick(list(CUTS.values())[traits.cut][category]),
        cut=Cut(*(dice.between(0, 100) for _ in range(5))),
        pattern=dice.pick(list(PATTERNS.values())[traits.pattern]),
        period=dice.between(110, 160),
        base=_dyed(base, dice),
        second=_dyed(second, dice),
        trim=_dyed(dice.pick((*palette, *NEUTRALS)), dice),
        backdrop=(pale, pale - dice.between(0, 6), pale - dice.between(0, 12)),
        scale=dice.between(78, 92),
        shift=(dice.between(-20, 20), dice.between(-20, 20)),
        flipped=bool(dice.one_below(2)),
        grain=dice.one_below(2**31),
    )
    return traits, garment


def laid_out(garment: Garment, dice: Dice) -> Garment:
    """A garment at home: on a ground of any colour and pattern, smaller, and further from the middle.

    Args:
        garment: As it lies on pale paper.
        dice: Source of the draws, which say nothing of its style.
    """
    colour = dice.pick([colour for palette in PALETTES.values() for colour in palette] + list(NEUTRALS))
    tone = _TONE if sum(colour) < _MIDDLE else -_TONE
    red, green, blue = (min(255, max(0, part + tone)) for part in colour)
    pattern = dice.pick([weave for family in PATTERNS.values() for weave in family])
    return replace(
        garment,
        backdrop=_dyed(colour, dice),
        ground=Ground(pattern, dice.between(90, 200), (red, green, blue)),
        scale=dice.between(60, 82),
        shift=(dice.between(-50, 50), dice.between(-50, 50)),
    )


def _shown(trait: int, odds: int, dice: Dice) -> int:
    """The style's own trait with the given odds against each of the three others."""
    drawn = dice.one_below(odds + 3)
    return trait if drawn < odds else (trait + 1 + drawn - odds) % 4


def _apart(one: Colour, other: Colour) -> bool:
    """Whether a pattern of the two colours is plain to see."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) > 230


def _dyed(colour: Colour, dice: Dice) -> Colour:
    """The colour as it comes out of the dye: a little off."""
    red, green, blue = (min(255, max(0, part + dice.between(-14, 14))) for part in colour)
    return red, green, blue
