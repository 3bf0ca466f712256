"""The best outfits of many for each of many users: a blocked matrix product, of which each user keeps k.

Of U users and M outfits, U·M scores are computed and never held: a block of them is, and the k best that
each user has met so far. Of a block's scores, cut into 32 stretches, the highest of each stretch is looked
up, which is cheap; only stretches in which something is better than the worst of a user's k are looked into,
and these are few after the first blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..core.errors import Fault, InputError
from ..core.mapped import let_go
from .side_by_side import each_on_a_thread, threads_for

__all__ = ["MEMORY", "BestOutfits", "TopK", "top_k"]

MEMORY = 64 << 20
"""Bytes for a block of scores and what choosing among them takes, where nothing else is said."""

_USERS, _OUTFITS = 1024, 2048
"""Of a block, at most: 8 MiB of scores. Larger ones leave the processor's caches and are no faster."""

_BYTES_A_SCORE = 24
"""At most: the score itself, and the keys of those that are looked into."""

_STRETCHES = 32

_CROWDED = _STRETCHES // 2
"""A user who gains in more stretches than this has all the scores of the block sorted."""

_OUTFIT_BITS = 32
_LAST_OUTFIT = (1 << _OUTFIT_BITS) - 1


@dataclass(frozen=True, eq=False)
class BestOutfits:
    """The best outfits of each user, the best first.

    Attributes:
        outfits: int64 (U, min(k, M)), by number of the outfits that were scored; on the CPU, as
            the scores are.
        scores: float32 (U, min(k, M)).
    """

    outfits: Tensor
    scores: Tensor


class TopK:
    """The k best outfits of each user among those that were shown so far, block by block.

    Of outfits with one score, those with the lower number are the better. So what is kept does not depend on
    how the outfits are cut into blocks, nor, where several processes look at some of them each, on the order
    in which their parts are merged. It holds 8 k bytes a user.

    Args:
        num_users: U.
        k: How many of each, 1 or more.
        device: Where the scores are.

    Example:
        >>> best = TopK(num_users=1, k=2)
        >>> best.add(torch.tensor([[0.5, 0.75]]), first=0)
        >>> best.add(torch.tensor([[0.25, 0.75]]), first=2)
        >>> best.result().outfits
        tensor([[1, 3]])
    """

    def __init__(self, num_users: int, k: int, device: torch.device | str = "cpu") -> None:
        self._shown = 0
        self._keys = torch.full((num_users, k), _NOTHING, dtype=torch.int64, device=device)

    def add(self, scores: Tensor, first: int) -> None:
        """Show a block.

        Args:
            scores: float32 (U, B) of all users for the outfits `first` … `first` + B − 1.
            first: Higher than the number of any outfit that was shown before, and below 2³² − B.

        Raises:
            InputError: If a score is not a number.
        """
        self._shown += scores.shape[1]
        if lacking := -scores.shape[1] % _STRETCHES:
            scores = functional.pad(scores, (0, lacking), value=float("-inf"))
        highest = scores.unflatten(1, (_STRETCHES, -1)).amax(2)
        if highest.isnan().any():  # NaN is the highest where it stands
            raise _no_number("NaN")
        # An equal score comes too late: its outfit has a higher number.
        gaining = highest > _scores(self._keys[:, -1:])
        crowded = gaining.sum(1) > _CROWDED
        outfits = torch.arange(first, first + scores.shape[1], device=scores.device)
        for users in crowded.nonzero().squeeze(1).split(max(1, len(scores) // 8)):
            self._keep_best(users, _keys(scores[users], outfits))
        for places in (gaining & ~crowded.unsqueeze(1)).nonzero().split(2 * len(scores)):
            self._look_into(scores, first, *places.unbind(1))

    def merge(self, best: BestOutfits) -> None:
        """Take in what another, of the same users, kept of other outfits; the two in either order.

        Args:
            best: Of as many outfits as there are, or of k.
        """
        self._shown += best.outfits.shape[1]
        self._keys = _greatest(self._keys, _keys(best.scores, best.outfits).to(self._keys.device))

    def result(self) -> BestOutfits:
        """The best so far.

        Raises:
            InputError: If so many scores are −∞ that one of them is among the best.
        """
        keys = self._keys[:, : self._shown].cpu()
        scores = _scores(keys)
        if scores.isneginf().any():
            raise _no_number("-inf")
        return BestOutfits(_LAST_OUTFIT - (keys & _LAST_OUTFIT), scores)

    def _look_into(self, scores: Tensor, first: int, users: Tensor, stretches: Tensor) -> None:
        """Keep what is better than the worst of a user's, in stretches of users, int64 (n,) both."""
        found = scores.unflatten(1, (_STRETCHES, -1))[users, stretches]
        better, places = (found > _scores(self._keys[users, -1:])).nonzero().unbind(1)
        keys = _keys(found[better, places], first + stretches[better] * found.shape[1] + places)
        if not len(keys):
            return
        gainers, which, counts = users[better].unique_consecutive(return_inverse=True, return_counts=True)
        place = torch.arange(len(keys), device=keys.device) - (counts.cumsum(0) - counts)[which]
        table = keys.new_full((len(gainers), int(counts.max())), _NOTHING)
        table[which, place] = keys
        self._keep_best(gainers, table)

    def _keep_best(self, users: Tensor, keys: Tensor) -> None:
        """Take in the keys (n, …) of n users."""
        self._keys[users] = _greatest(self._keys[users], keys)


def top_k(
    users: Tensor, outfits: Tensor | NDArray[np.float32], k: int, *, memory: int = MEMORY
) -> BestOutfits:
    """For each user the k outfits with the greatest product of the two vectors.

    Beside its arguments it holds at most `memory` bytes, 28 k bytes a user, and a block of outfits; where the
    outfits are a file that is mapped into memory, one block of them is read at a time.

    Args:
        users: float32 (U, d), on the device that computes. Where they and the outfits have length 1, the
            products are cosines.
        outfits: float32 (M, d) with M below 2³²; a block at a time goes to that device.
        k: How many of each, 1 or more.
        memory: Bytes for a block of scores and what choosing among them takes.

    Raises:
        InputError: If a score is not a number.

    Example:
        >>> users, outfits = torch.eye(2), torch.tensor([[0.0, 1.0], [0.6, 0.8], [0.8, 0.6]])
        >>> top_k(users, outfits, 2).outfits
        tensor([[2, 1],
                [0, 1]])
    """
    threads = threads_for(-(-len(users) // _USERS), users.device)
    own = memory // threads
    several = users.split(max(1, min(_USERS, own // (_BYTES_A_SCORE * _STRETCHES))))

    def ranked(number: int) -> BestOutfits:
        return _top_k_of(several[number], outfits, k, own)

    if threads == 1:  # also in one of several threads, whose caller shows how far it is
        parts = [ranked(number) for number in range(len(several))]
    else:
        parts = list(each_on_a_thread(ranked, len(several), "ranking outfits for users", threads))
    return BestOutfits(
        torch.cat([part.outfits for part in parts]), torch.cat([part.scores for part in parts])
    )


def _top_k_of(users: Tensor, outfits: Tensor | NDArray[np.float32], k: int, memory: int) -> BestOutfits:
    best = TopK(len(users), k, users.device)
    at_once = max(1, min(_OUTFITS, memory // (_BYTES_A_SCORE * len(users))))
    at_once -= at_once % _STRETCHES if at_once > _STRETCHES else 0  # or each block would be filled up
    scores = users.new_empty(len(users) * at_once)
    for first, block in _blocks(outfits, at_once):
        of_block = scores[: len(users) * len(block)].view(len(users), len(block))
        _multiply(users, block.to(users.device), of_block)
        best.add(of_block, first)
    return best.result()


def _multiply(users: Tensor, outfits: Tensor, out: Tensor) -> None:
    """Write the product of each user and outfit, (U, M).

    On a processor by NumPy: on an AMD EPYC PyTorch multiplies half as fast.
    """
    if users.device.type == "cpu":
        np.matmul(users.detach().numpy(), outfits.numpy().T, out=out.numpy())
    else:
        torch.mm(users, outfits.mT, out=out)


def _blocks(outfits: Tensor | NDArray[np.float32], at_once: int) -> Iterator[tuple[int, Tensor]]:
    for first in range(0, len(outfits), at_once):
        block = outfits[first : first + at_once]
        if isinstance(block, Tensor):
            yield first, block
        else:
            yield first, torch.from_numpy(np.array(block))
            let_go(block)


def _keys(scores: Tensor, outfits: Tensor) -> Tensor:
    """Scores and their outfits, of shapes that fit, as whole numbers, int64: the greater, the better.

    The upper half is the score's bits, which stand in the order of the numbers once those below zero are
    turned round; the lower half falls with the outfit's number.
    """
    bits = (scores + 0.0).view(torch.int32)  # −0 + 0 is 0: the two are one score
    return (_turned(bits).long() << _OUTFIT_BITS) | (_LAST_OUTFIT - outfits)


def _scores(keys: Tensor) -> Tensor:
    """The scores in keys, float32."""
    return _turned((keys >> _OUTFIT_BITS).int()).view(torch.float32)


def _turned(bits: Tensor) -> Tensor:
    """From the bits of float32 to int32 in the numbers' order, and back."""
    return bits ^ ((bits >> 31) & 0x7FFFFFFF)


def _greatest(some: Tensor, others: Tensor) -> Tensor:
    """As many of the keys of each row as `some` has, the greatest first."""
    return torch.cat([some, others], 1).topk(some.shape[1], 1).values


_NOTHING = int(_keys(torch.tensor(float("-inf")), torch.tensor(_LAST_OUTFIT)))
"""The key of no outfit: the least that there is."""


def _no_number(found: str) -> InputError:
    return InputError(Fault("scores", found, "numbers", "the weights, or the items' features, are broken"))
