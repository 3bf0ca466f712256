"""Claims as data: sentences, and the comparisons of rows that decide them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from ..core.toml_file import parse, read_toml

__all__ = ["Claim", "ClaimFile", "Comparison", "load_claims", "paper_claims"]

Name = Annotated[str, Field(min_length=1)]

Gain = Annotated[tuple[Name, Name], Field(strict=False)]
"""What the first row has more than the second."""


class Comparison(BaseModel):
    """That one row ranks better than another, or that one gain is larger than another.

    Attributes:
        more: A row by its name, or a gain: a row and the one it is held against.
        than: The same of what it is compared with.
        on: The settings that the two are ranked in, where they are two; else each of the claim's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    more: Name | Gain
    than: Name | Gain
    on: Annotated[tuple[Name, Name] | None, Field(strict=False)] = None


class Claim(BaseModel):
    """A sentence, and what has to hold for it.

    Attributes:
        says: The sentence, without a full stop.
        source: Where it is claimed.
        settings: What is ranked: "random", "hard", "cold-1", …
        comparisons: All of them have to hold.
        alike_within: Where the claim is that the two sides are alike: the largest difference in AUC × 100
            that still is; the interval has to lie within it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    says: Name
    source: str = ""
    settings: Annotated[list[Name], Field(min_length=1)] = ["random"]
    comparisons: Annotated[list[Comparison], Field(min_length=1)]
    alike_within: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class ClaimFile(BaseModel):
    """A page of claims.

    Attributes:
        title: Its heading.
        claim: The claims, in the order of the page.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: Name
    claim: Annotated[list[Claim], Field(min_length=1)]


def load_claims(path: Path) -> ClaimFile:
    """Read claims of one's own.

    Raises:
        InputError: If the file cannot be read, or something in it does not fit.
    """
    tables: dict[str, Any] = read_toml(path)
    return parse(ClaimFile, tables, path)


@cache
def paper_claims() -> ClaimFile:
    """What the paper claims, as comes with the package.

    Example:
        >>> paper_claims().claim[0].says
        'FND ranks better than N-pair, and N-pair better than BPR'
    """
    return load_claims(Path(str(files("outfitbench.reports") / "paper_claims.toml")))
