"""What users are called: any text, and as many as a set has without holding them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil
from hypothesis import given, settings
from hypothesis import strategies as st
from outfitbench.datasets.user_names import UserNames

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), min_size=1, unique=True)


@given(texts=TEXTS, draw=st.data())
@settings(max_examples=50)
def test_names_and_numbers_give_each_other(texts: list[str], draw: st.DataObject) -> None:
    names = UserNames.of([text.encode() for text in texts])
    assert (len(names), list(names)) == (len(texts), texts)
    numbers = draw.draw(st.lists(st.integers(0, len(texts) - 1)))
    assert names.of_numbers(numbers) == [texts[number] for number in numbers]
    asked = [*(texts[number] for number in numbers), "a name of seven letters or more"]
    assert names.numbers_of(asked).tolist() == [*numbers, -1]


def test_bytes_that_are_no_text_are_names_too() -> None:
    names = UserNames.of([b"caf\xe9", b"caf\xc3\xa9"])
    assert list(names) == ["caf\\xe9", "café"]
    assert names.numbers_of(["caf\\xe9"]).tolist() == [0]


def test_names_in_files_are_not_held(tmp_path: Path) -> None:
    count, width = 1 << 20, 32
    np.save(tmp_path / "letters.npy", np.frombuffer(b"".join(b"%032d" % n for n in range(count)), np.uint8))
    np.save(tmp_path / "ends.npy", np.arange(1, count + 1) * width)
    names = UserNames(*(np.load(tmp_path / f"{part}.npy", mmap_mode="r") for part in ("letters", "ends")))
    before = psutil.Process().memory_info().rss
    assert names.numbers_of([f"{count - 1:032d}"]).tolist() == [count - 1]
    assert psutil.Process().memory_info().rss - before < 20 << 20  # of 40 MiB
