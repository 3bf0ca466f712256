"""What objectives over the vectors of outfits and users ask of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import Fault, InputError

if TYPE_CHECKING:
    from ...models import OutfitModel

__all__ = ["require_outfit_vectors", "require_user_vectors"]


def require_outfit_vectors(objective: str, model: OutfitModel) -> None:
    """Refuse a model whose outfits are no vectors.

    Raises:
        InputError: If they are none.
    """
    if not model.has_outfit_vectors:
        found = f"model {type(model).__name__}, whose outfits are no vectors"
        raise InputError(Fault(f"objective {objective}", found, "a model with embed_outfits"))


def require_user_vectors(objective: str, model: OutfitModel) -> None:
    """Refuse a model whose scores are no cosine of a user's vector with an outfit's.

    Raises:
        InputError: If they are none.
    """
    if not (model.has_user_vectors and model.has_outfit_vectors):
        found = f"model {type(model).__name__}, whose users are no vectors"
        raise InputError(Fault(f"objective {objective}", found, "a model with user_vectors"))
