"""An engine behind the face of a model, so that what ranks with models ranks with what will be shipped."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..models.outfit_model import OutfitModel
from .engines.engine import Engine, has_item_bank
from .subject import Subject

__all__ = ["engine_model"]


def engine_model(engine: Engine, subject: Subject, feature_size: int) -> OutfitModel:
    """A model whose two parts are those of an engine.

    It takes and gives tensors on the CPU, wherever the engine computes.

    Args:
        engine: Loaded.
        subject: What it runs, with its input size.
        feature_size: D, the width of an encoded item.
    """
    return (_BankedModel if has_item_bank(engine) else _EngineModel)(engine, subject, feature_size)


class _EngineModel(OutfitModel):
    def __init__(self, engine: Engine, subject: Subject, feature_size: int) -> None:
        super().__init__()
        assert subject.input_size is not None, "a trained model knows what it sees"
        self.num_users = subject.num_users
        self.backbone_name = subject.backbone or subject.model
        self.feature_size = feature_size
        self.input_kind = subject.input_kind
        self.input_size = subject.input_size
        self.place = nn.Parameter(torch.empty(0), requires_grad=False)  # says where its tensors are
        self._engine = engine

    def encode_items(self, images: Tensor, categories: Tensor) -> Tensor:
        items = images.numpy()
        if self.input_kind == "image":  # engines take pixels as they are decoded
            pixels = (images * 255).round_().to(torch.uint8)
            items = pixels.permute(0, 2, 3, 1).contiguous().numpy()
        features = self._engine.encode_items(items, categories.numpy())
        return torch.from_numpy(self._engine.to_host(features))

    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        return self._score(users, features, categories)

    def score_matrix(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        # One user after the other: all pairs at once would hold the outfits' features once for each user.
        return torch.stack([self.score(user.expand(len(features)), features, categories) for user in users])

    def _score(self, users: Tensor, features: Tensor, categories: Tensor, *bank: Tensor) -> Tensor:
        scores = self._engine.score(
            users.contiguous().numpy(),
            features.flatten(0, 1).contiguous().numpy(),
            categories.numpy(),
            *(each.numpy() for each in bank),
        )
        return torch.from_numpy(scores)


class _BankedModel(_EngineModel):
    def score(self, users: Tensor, features: Tensor, categories: Tensor) -> Tensor:
        raise self._lacks("scores without a bank (score)")  # its scorer has an input for one

    def score_among(self, users: Tensor, features: Tensor, categories: Tensor, bank: Tensor) -> Tensor:
        return self._score(users, features, categories, bank)

    def score_matrix_among(self, users: Tensor, features: Tensor, categories: Tensor, bank: Tensor) -> Tensor:
        scores = [self._score(user.expand(len(features)), features, categories, bank) for user in users]
        return torch.stack(scores)
