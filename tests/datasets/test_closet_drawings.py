from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from outfitbench.datasets.closet.fabric import WEAVES, weave
from outfitbench.datasets.closet.garment import Garment, laid_out, tailor
from outfitbench.datasets.closet.garments import WARDROBE
from outfitbench.datasets.closet.garments.panels import Cut
from outfitbench.datasets.closet.painter import SIDE, paint, render
from outfitbench.datasets.closet.styles import CUTS, PATTERNS, STYLES
from outfitbench.datasets.simulation import Dice
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier


def garments(count: int, seed: int = 0) -> list[Garment]:
    dice = Dice(seed)
    return [tailor(number % 3, STYLES[number % 16], dice)[1] for number in range(count)]


@pytest.mark.parametrize("kind", WARDROBE)
@pytest.mark.parametrize("dial", [0, 37, 100])
def test_every_garment_lies_inside_its_picture(kind: str, dial: int) -> None:
    garment = replace(
        garments(1)[0], kind=kind, cut=Cut(dial, dial, dial, dial, dial), backdrop=(250, 250, 250)
    )
    picture = np.asarray(paint(garment), int)
    assert picture.shape == (SIDE, SIDE, 3)
    drawn = np.argwhere(abs(picture - 250).max(axis=2) > 60)
    assert drawn.min() >= 1
    assert drawn.max() <= SIDE - 2
    assert np.ptp(drawn, axis=0).max() > 0.7 * SIDE


def test_a_flip_is_a_flip() -> None:
    still = replace(garments(3)[2], kind="runner", pattern="plain", shift=(0, 0), grain=1, flipped=False)
    left, right = (
        np.asarray(paint(replace(still, flipped=flip)).convert("L"), float) for flip in (False, True)
    )
    assert np.corrcoef(left[:, ::-1].ravel(), right.ravel())[0, 1] > 0.92
    assert np.corrcoef(left.ravel(), right.ravel())[0, 1] < 0.9


@pytest.mark.parametrize("category", [0, 1, 2])
def test_the_kinds_of_a_category_are_told_apart_by_their_silhouettes(category: int) -> None:
    """Nearest neighbours on 20-pixel outlines, colours and patterns gone."""
    dice = Dice(8, category)
    kinds = [kind for family in CUTS.values() for kind in family[category]]
    outlines, labels = [], []
    for number in range(len(kinds) * 30):
        garment = tailor(category, STYLES[0], dice)[1]
        garment = replace(garment, kind=kinds[number % len(kinds)], flipped=False, backdrop=(255, 255, 255))
        garment = replace(garment, pattern="plain", base=(40, 40, 40), second=(40, 40, 40), trim=(90, 90, 90))
        outlines.append(np.asarray(paint(garment).convert("L").resize((20, 20)), float).ravel())
        labels.append(garment.kind)
    half = len(labels) // 2
    judge = KNeighborsClassifier(3).fit(outlines[:half], labels[:half])
    assert judge.score(outlines[half:], labels[half:]) > 0.8  # chance is 1 in 8


@pytest.mark.parametrize("pattern", WEAVES)
def test_every_pattern_shows_both_colours(pattern: str) -> None:
    share = np.asarray(weave(pattern, 128, 100)) / 255
    assert (0.1 < share.mean() < 0.9) or pattern == "plain"


def test_every_style_can_be_drawn() -> None:
    assert {kind for families in CUTS.values() for family in families for kind in family} == set(WARDROBE)
    assert {weave for family in PATTERNS.values() for weave in family} == set(WEAVES)


def test_a_picture_is_a_jpeg_of_its_garment() -> None:
    garment = garments(5)[4]
    with Image.open(BytesIO(render(garment))) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (SIDE, SIDE))
        difference = abs(np.asarray(picture, int) - np.asarray(paint(garment), int))
    assert difference.mean() < 4


def test_a_name_follows_every_parameter() -> None:
    garment = garments(1)[0]
    others = [
        replace(garment, grain=garment.grain + 1),
        replace(garment, flipped=not garment.flipped),
        replace(garment, cut=replace(garment.cut, neck=(garment.cut.neck + 1) % 100)),
        replace(garment, trim=(1, 2, 3)),
    ]
    assert len({each.file_name for each in (garment, *others)}) == 5


def test_a_garment_at_home_is_the_same_one_on_a_ground_that_shows_in_two_tones() -> None:
    on_paper = garments(24)
    at_home = [laid_out(garment, Dice(5, number)) for number, garment in enumerate(on_paper)]
    same = ("kind", "cut", "pattern", "period", "base", "second", "trim", "flipped", "grain")
    assert all(
        getattr(a, key) == getattr(b, key) for a, b in zip(on_paper, at_home, strict=True) for key in same
    )
    grounds = [garment.ground for garment in at_home if garment.ground is not None]
    assert len({ground.pattern for ground in grounds}) > len(WEAVES) / 2
    for garment, ground in zip(at_home, grounds, strict=True):
        corner = np.asarray(paint(garment), int)[:24, :24].reshape(-1, 3).mean(0)  # no garment reaches there
        tones = np.array([garment.backdrop, ground.figure])
        assert (tones.min(0) - 6 <= corner).all()
        assert (corner <= tones.max(0) + 6).all()
