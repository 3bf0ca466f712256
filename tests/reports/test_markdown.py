from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from outfitbench.reports.markdown import Notes, code, escape, table

from .tables import read_tables


@given(st.text(max_size=40))
def test_any_name_stays_in_its_cell(name):
    rows = read_tables(table([{"Method": f"x{escape(name)}x", "AUC": "91.20"}]))
    assert len(rows) == 1
    assert len(rows[0]) == 1
    assert rows[0][0]["AUC"] == "91.20"


def test_markup_in_a_name_is_shown_not_obeyed():
    assert escape("a_b *c* <img> [x](y)") == r"a\_b \*c\* &lt;img&gt; \[x\](y)"
    assert code("ca`fe|") == "`cafe`"


def test_the_same_note_has_one_number():
    notes = Notes()
    assert [notes.mark(text) for text in ("a", "b", "a")] == ["¹", "²", "¹"]
    assert str(notes).splitlines() == ["¹ a  ", "² b"]
    assert not str(Notes())
