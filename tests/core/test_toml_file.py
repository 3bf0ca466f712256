"""TOML from outside: whatever stands in it, a value of the right type or one clean line."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from outfitbench.core.errors import InputError
from outfitbench.core.registry import NoOptions
from outfitbench.core.toml_file import parse, read_toml
from pydantic import BaseModel, ConfigDict


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    rate: float = 1.0


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    seeds: list[int]
    inner: Inner | None = None
    many: dict[str, Inner] = {}


def refusal(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        parse(Outer, read_toml(path), path)
    return str(caught.value)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "mine.toml"


def test_a_sound_file_is_read(path):
    path.write_text("\ufeffseeds = [1, -9223372036854775808, 0x7fffffffffffffff]\n[inner]\nrate = 2.0\n")
    assert parse(Outer, read_toml(path), path) == Outer(seeds=[1, -(2**63), 2**63 - 1], inner=Inner(rate=2.0))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("seeds = [" + "9" * 5000 + "]", "a TOML error ("),
        ("seeds = [0x" + "f" * 5000 + "]", ", seeds.0: found an integer of 20,000 bits"),
        ("seeds = [1]\nx.y = [{z = 9223372036854775808}]", ", x.y.0.z: found an integer of 64 bits"),
        ("seeds = " + "[" * 3000, "a TOML error ("),
        ("seeds = [1]\n" + "a" * 100_000, "a TOML error ("),
        ('"' + "a" * 100_000 + '".x = 1\n["' + "a" * 100_000 + '"]', "a TOML error (Cannot declare"),
        ("seeds = [1]\n" + "a" * 100_000 + " = 1", "an unknown key"),
        ('seeds = [1]\n"a\u202eb" = 1', "'a\\u202eb': found an unknown key"),
        ('seeds = [1]\n"a\\u001b[31mb" = 1', "'a\\x1b[31mb': found an unknown key"),
        ('seeds = [1]\n"a\\nb\\u007f" = 1', "'a\\nb\\x7f': found an unknown key"),
        ('seeds = [1]\n[many."\\u001b[2J"]\nrate = "x"', "many.'\\x1b[2J'.rate: found 'x'"),
        ('seeds = ["\\u001b[2J"]', "seeds.0: found '\\x1b[2J'"),
        ('seeds = ["' + "y" * 100_000 + '"]', "seeds.0: found 'yyy"),
        (
            "seeds = [1]\n[inner]\nrat = 1.0",
            "inner.rat: found an unknown key, expected one of rate; nearest: rate",
        ),
        ("", "seeds: found nothing"),
        ("seeds = 3", "seeds: found 3, expected a list in brackets"),
        ("seeds = [true]", "seeds.0: found True, expected a whole number"),
        ("seeds = [1]\ninner = 3", "inner: found 3, expected a table"),
        ('seeds = [1]\n[inner]\nrate = "x"', "inner.rate: found 'x', expected a number"),
    ],
)
def test_what_does_not_fit_is_one_short_clean_line(path, text, says):
    message = refusal(path, text)
    assert says in message
    assert message.startswith(f"{path}")
    assert len(message) < len(str(path)) + 300
    assert all(c == " " or unicodedata.category(c)[0] not in "CZ" for c in message)


def test_the_keys_that_there_are_are_listed_once(path):
    assert refusal(path, "seeds = [1]\nzzz = 1").endswith(
        "zzz: found an unknown key, expected one of inner, many, seeds"
    )


def test_where_there_are_no_keys_none_is_expected(path):
    with pytest.raises(InputError, match=r"zzz: found an unknown key, expected none$"):
        parse(NoOptions, {"zzz": 1}, path)


@pytest.mark.parametrize("content", [b"\xff\xfe", b'x = "\xed\xa0\x80"'])
def test_what_is_not_utf_8_is_said(path, content):
    path.write_bytes(content)
    with pytest.raises(InputError, match="that is not UTF-8"):
        read_toml(path)


def test_a_missing_file_and_a_folder_are_said(path, tmp_path):
    with pytest.raises(InputError, match=r"mine\.toml: found No such file"):
        read_toml(path)
    with pytest.raises(InputError, match="found Is a directory"):
        read_toml(tmp_path)
