"""The user–outfit space: every outfit where it stands, in the border that says what it is."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.offsetbox import AnnotationBbox
from outfitbench.reports import write_report
from outfitbench.reports.space_figure import DASHED, space_figure
from outfitbench.suites.records import SpacePoint, SpaceRecord
from PIL import Image

from .made_records import fit, machine
from .tables import read_tables

SIZE = 4
ITEMS = list(range(10, 22))


def picture(item: int) -> np.ndarray:
    return np.full((SIZE, SIZE, 3), 10 * (item - 9), dtype=np.uint8)


def sheet() -> str:
    rows = [np.concatenate([picture(item) for item in ITEMS[start : start + 6]], axis=1) for start in (0, 6)]
    written = BytesIO()
    Image.fromarray(np.concatenate(rows)).save(written, "PNG")
    return base64.b64encode(written.getvalue()).decode()


def space(**changes) -> SpaceRecord:
    points = [
        SpacePoint(kind="positive", user=1, items=[10, 11], x=0.0, y=1.0, distance=-0.1, truly_liked=True),
        SpacePoint(kind="held-out", user=1, items=[12, 13, 14], x=2.0, y=0.5, distance=0.2, truly_liked=True),
        SpacePoint(kind="negative", user=1, items=[15, 16], x=4.0, y=3.0, distance=0.3, truly_liked=False),
        SpacePoint(kind="negative", user=5, items=[17, 18], x=1.0, y=2.0, distance=-0.2, truly_liked=True),
        SpacePoint(
            kind="positive", user=5, items=[19, 20, 21], x=3.0, y=2.5, distance=0.1, truly_liked=False
        ),
    ]
    trained = fit("Teacher", "teacher")
    fields = {
        "trial": "5bace0123456", "description": {"kind": "space"}, "inputs": {"weights": trained.trial},
        "machine": machine(), "fit": trained, "users": {1: (0.0, 0.0), 5: (4.0, 1.0)}, "points": points,
        "items": ITEMS, "pictures": sheet(), "picture_size": SIZE,
    }  # fmt: skip
    return SpaceRecord(**(fields | changes))


@pytest.fixture
def axes(monkeypatch):
    figures = []
    monkeypatch.setattr(
        "outfitbench.reports.space_figure.render", lambda figure, name: figures.append(figure) or {}
    )
    space_figure(space(), "space")
    return figures[0].axes[0]


def test_every_outfit_stands_where_it_was_laid_with_its_items_pictures(axes):
    boxes = {box.xy: box for box in axes.artists if isinstance(box, AnnotationBbox)}
    assert set(boxes) == {(point.x, point.y) for point in space().points}
    for point in space().points:
        drawn = boxes[point.x, point.y].offsetbox.get_data()
        assert np.array_equal(drawn, np.concatenate([picture(item) for item in point.items], axis=1))
    low, high = axes.get_xlim()
    assert low < 0
    assert high > 4


def test_borders_tell_whose_it_is_and_what_is_no_true_negative(axes):
    boxes = {box.xy: box.patch for box in axes.artists if isinstance(box, AnnotationBbox)}
    users = {tuple(line.get_xydata()[0]): line.get_markerfacecolor() for line in axes.lines}
    colours = {place: to_hex(patch.get_edgecolor()) for place, patch in boxes.items()}
    assert colours[0.0, 1.0] == colours[2.0, 0.5] == users[0.0, 0.0].lower()
    assert colours[3.0, 2.5] == users[4.0, 1.0].lower() != users[0.0, 0.0].lower()
    assert colours[4.0, 3.0] == colours[1.0, 2.0] == "#000000"
    dashed = {place for place, patch in boxes.items() if patch.get_linestyle() == DASHED}
    assert dashed == {(2.0, 0.5), (1.0, 2.0)}


def test_the_page_counts_what_the_fit_calls_false(tmp_path):
    page = write_report([space(), space(seconds={"lay out": 9.0})], tmp_path).read_text()
    section = page.partition("## The user–outfit space")[2].partition("\n## ")[0]
    (rows,) = read_tables(section)
    assert [list(row.values()) for row in rows] == [
        ["positives of the training set", "2", "1", "1", "1"],
        ["positives of the test set", "1", "0", "1", "0"],
        ["sampled negatives", "2", "1", "1", "1"],
    ]
    assert section.count("![") == 1, "one trial, one figure"
    assert (tmp_path / "space-5bace0123456.svg").is_file()
    assert (tmp_path / "space-5bace0123456.png").is_file()


def test_without_images_and_without_truth_it_is_drawn_all_the_same(tmp_path):
    bare = [point.model_copy(update={"truly_liked": None}) for point in space().points]
    page = write_report([space(pictures=None, points=bare)], tmp_path).read_text()
    assert "Truly liked" not in page
    assert (tmp_path / "space-5bace0123456.png").is_file()
