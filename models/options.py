"""What a model is built for: the keywords of `create_model`, checked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import BaseModel

from ..core.names import shown
from .errors import ModelError

__all__ = ["InputKind", "ModelOptions", "Pretrained"]

InputKind = Literal["image", "features"]

Pretrained = bool | Literal["later"]
"""Whether a backbone starts from ImageNet weights; "later" where others are loaded over it next: it is built
as if, with the dropout that goes with them, and nothing is fetched."""


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """What a model is built for.

    Attributes:
        num_users: How many users have parameters of their own.
        num_categories: C; items are of categories 0 … C − 1.
        backbone: Name of the image network (`list_backbones`), or None for the model's own choice.
        input_kind: "image", or "features" for items known by a vector each.
        feature_size: F, the width of those vectors; without meaning for images.
        pretrained: Whether the backbone starts from ImageNet weights, or is given others later.
        options: The model's own options, of the type that it was registered with; None where it is built
            without `create_model`.

    Raises:
        ModelError: If an argument is out of range, or a backbone is asked for where there are no images.

    Example:
        >>> ModelOptions(num_users=0)
        Traceback (most recent call last):
        ...
        outfitbench.models.errors.ModelError: argument num_users: found 0, expected a whole number ≥ 1
    """

    num_users: int
    num_categories: int = 3
    backbone: str | None = None
    input_kind: InputKind = "image"
    feature_size: int = 512
    pretrained: Pretrained = False
    options: BaseModel | None = None

    def __post_init__(self) -> None:
        for name in ("num_users", "num_categories", "feature_size"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 1:
                raise ModelError(f"argument {name}: found {shown(value)}, expected a whole number ≥ 1")
        if self.input_kind not in get_args(InputKind):
            raise ModelError(
                f"argument input_kind: found {shown(self.input_kind)}, expected 'image' or 'features'"
            )
        if self.input_kind == "features":
            for name, value in (("backbone", self.backbone), ("pretrained", self.pretrained)):
                if value:
                    raise ModelError(
                        f"argument {name}: found {shown(value)}, expected none with feature input"
                    )
