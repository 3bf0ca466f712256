"""Bi-LSTM: an outfit is a sequence, and each of its items is foretold from those before it and after it.

Han et al., *Learning Fashion Compatibility with Bidirectional LSTMs* (ACM MM 2017,
https://arxiv.org/abs/1707.05691), on images alone: the text–image term is left out.

What the paper leaves open, and how it is here:

- Items are encoded as in the FND paper's XS, and the hidden state is as wide as an item, for an item is
  foretold by its product with the state.
- Items stand in the order of their categories (top, bottom, shoe), whichever slots they are in; two of one
  category as their slots do.
- An item is told from those of a bank and END, a zero vector: in training the items of the batch, of all
  categories, and in testing all that are evaluated, each once. Where no bank is known (`BiLSTM.score`), an
  outfit is its own bank.
- Each direction starts from a zero state and makes a prediction after each item, the last one being END; the
  first item is not foretold. An outfit of one item only has to end.
- Dropout stands on what an LSTM is given and on what it says (`BiLSTMOptions`); the items of the bank are
  whole. Both LSTMs start from weights uniform in ±1/√d (±0.08 in the public code, the same for 156).
- The loss and the score are means over an outfit's predictions; the public code's loss is one mean over all
  predictions of the batch, in which larger outfits count more.
"""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional

from ..backbones import Backbone, create_backbone
from ..options import ModelOptions
from ..registry import register_model
from ..userless_model import UserlessModel
from ..vectors import at_least_float32

__all__ = ["BiLSTM", "BiLSTMOptions", "bi_lstm"]

_LAST = 1 << 20
"""Stands behind every category, for empty slots."""

_LOGITS = 2**24
"""How many logits are held at a time, 64 MB of them."""


class BiLSTMOptions(BaseModel):
    """Options of Bi-LSTM.

    Attributes:
        dropout: Share of an LSTM's inputs, and of its states, that training leaves out; 0.3 in the public
            code, whose items come from a pretrained network. From random weights that noise hides what tells
            garments of a category apart: on Closet the category alone is then foretold for some ten epochs,
            and the score stays at chance.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3


class BiLSTM(UserlessModel):
    """s(o) = −(mean cross-entropy of the next item) − (mean cross-entropy of the item before).

    With x_1 … x_L an outfit's items and x_{L+1} = 0, END, the forward one is the mean over t = 1 … L of
    log Σ_b exp(h_t · b) − h_t · x_{t+1}, where b goes over the bank and END and h_t is the state of an LSTM
    after x_1 … x_t; the other one is the same over the items in reverse, with an LSTM of its own.

    Scoring B outfits of K items among n costs 2 B K n products of width d, nearly all of a score: with
    n = 45,000 and K = 3 about 0.07 GFLOP an outfit. They are taken a part at a time, 64 MB of logits each, or
    all at once where the graph is exported or compiled.

    Args:
        backbone: Items to vectors.
        num_users: How many users are accepted; they have no parameters.
        feature_size: d.
        dropout: See `BiLSTMOptions`.
    """

    keeps_slot_order = True

    def __init__(
        self, backbone: Backbone, num_users: int, feature_size: int = 128, *, dropout: float
    ) -> None:
        super().__init__(backbone, num_users, feature_size)
        self.forward_reader = nn.LSTM(feature_size, feature_size, batch_first=True)
        self.backward_reader = nn.LSTM(feature_size, feature_size, batch_first=True)
        self.dropout = nn.Dropout(dropout)

    def outfit_scores(self, features: Tensor, categories: Tensor) -> Tensor:
        """See `UserlessModel.outfit_scores`; not above 0, among the outfit's own items."""
        return self._outfit_scores(features, categories, None)

    def score_among(self, users: Tensor, features: Tensor, categories: Tensor, bank: Tensor) -> Tensor:
        """See `OutfitModel.score_among`; the same for all users."""
        return self._outfit_scores(features, categories, bank)

    def score_users(self, users: Tensor, features: Tensor, categories: Tensor, bank: Tensor) -> Tensor:
        """See `OutfitModel.score_users`; each outfit is scored once."""
        return self._outfit_scores(features, categories, bank).expand(users.shape)

    def score_matrix_among(self, users: Tensor, features: Tensor, categories: Tensor, bank: Tensor) -> Tensor:
        """See `OutfitModel.score_matrix_among`; each outfit is scored once."""
        return self._outfit_scores(features, categories, bank).expand(len(users), -1)

    def next_item_losses(self, features: Tensor, categories: Tensor, bank: Tensor) -> tuple[Tensor, Tensor]:
        """See `OutfitModel.next_item_losses`; in float32 at least, also inside autocast."""
        return self._losses(features, categories, bank)

    def _outfit_scores(self, features: Tensor, categories: Tensor, bank: Tensor | None) -> Tensor:
        forward, backward = self._losses(features, categories, bank)
        return -(forward + backward)

    def _losses(self, features: Tensor, categories: Tensor, bank: Tensor | None) -> tuple[Tensor, Tensor]:
        """The mean cross-entropies (B,) of both directions, among the items of a bank or the outfit's own."""
        with torch.autocast(features.device.type, enabled=False):
            items, worn = _in_order(at_least_float32(features), categories)
            sequences = items, _reversed(items, worn.sum(1))
            # No item is END, and neither is what stands behind the last one: both are zero vectors.
            following = [functional.pad(items[:, 1:], (0, 0, 0, 1)) for items in sequences]
            states = torch.stack(
                [self._read(reader, items) for reader, items in zip(self._readers, sequences, strict=True)]
            )
            if bank is None:
                normalisers = _among_own(states, items, worn)
            else:
                normalisers = _among_bank(states, at_least_float32(bank))
            losses = normalisers - (states * torch.stack(following)).sum(-1)
            means = losses.masked_fill(~worn, 0.0).sum(-1) / worn.sum(-1).clamp(min=1)
        return means[0], means[1]

    @property
    def _readers(self) -> tuple[nn.LSTM, nn.LSTM]:
        return self.forward_reader, self.backward_reader

    def _read(self, reader: nn.LSTM, items: Tensor) -> Tensor:
        """The state after each item, float (B, K, d)."""
        return self.dropout(reader(self.dropout(items))[0])


def _in_order(features: Tensor, categories: Tensor) -> tuple[Tensor, Tensor]:
    """Items by category, float (B, K, d), zeros behind the last one; and which they are, bool (B, K)."""
    worn = categories >= 0
    slots = torch.arange(categories.shape[1], device=categories.device)
    # With the slot in its key, no key occurs twice, so that any sort keeps the order of the slots.
    order = (torch.where(worn, categories, _LAST) * categories.shape[1] + slots).argsort(1)
    items = features.masked_fill(~worn.unsqueeze(-1), 0.0)
    return _taken(items, order), worn.gather(1, order)


def _reversed(items: Tensor, lengths: Tensor) -> Tensor:
    """The first items of each sequence (B, K, d) in reverse, with the zeros still behind them."""
    slots = torch.arange(items.shape[1], device=items.device)
    mirrored = lengths.unsqueeze(1) - 1 - slots
    return _taken(items, torch.where(mirrored >= 0, mirrored, slots))


def _taken(items: Tensor, order: Tensor) -> Tensor:
    return items.gather(1, order.unsqueeze(-1).expand(-1, -1, items.shape[-1]))


def _among_own(states: Tensor, items: Tensor, worn: Tensor) -> Tensor:
    """Logarithm of Σ exp over each outfit's items and END, float (2, B, K) of states (2, B, K, d)."""
    logits = (states @ items.mT).masked_fill(~worn.unsqueeze(1), -torch.inf)
    return functional.pad(logits, (0, 1)).logsumexp(-1)


def _among_bank(states: Tensor, bank: Tensor) -> Tensor:
    """Logarithm of Σ exp over the bank and END, float (2, B, K) of states (2, B, K, d)."""
    rows, candidates = states.flatten(0, -2), functional.pad(bank, (0, 0, 0, 1))
    whole = torch.compiler.is_compiling()  # how many parts there are is not known then
    parts = (rows,) if whole else rows.split(max(_LOGITS // len(candidates), 1))
    return torch.cat([(part @ candidates.mT).logsumexp(-1) for part in parts]).view(states.shape[:-1])


@register_model("bi-lstm", options=BiLSTMOptions)
def bi_lstm(options: ModelOptions) -> BiLSTM:
    """Bi-LSTM on AlexNet-small: each item foretold from those before and after it; knows no users."""
    own = options.options if isinstance(options.options, BiLSTMOptions) else BiLSTMOptions()
    return BiLSTM(create_backbone(options, "alexnet-small"), options.num_users, dropout=own.dropout)
