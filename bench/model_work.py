"""What a model takes at least, whoever runs it: what `counts` finds, and the workloads go by."""

from __future__ import annotations

from typing import NamedTuple

from .ceiling import Work

__all__ = ["MatrixFlops", "MatrixWork", "ModelWork", "PartWork", "TrainingWork"]


class PartWork(NamedTuple):
    """What one part of a model takes: items to features, or features to scores.

    Attributes:
        flops: Of one item, or one outfit.
        weights: Bytes of the weights that a call reads, however many it is asked for.
        data: Bytes that go in and come out for one item, or one outfit.
    """

    flops: float
    weights: int
    data: int

    def of(self, count: int) -> Work:
        """A call for so many."""
        return Work(self.flops * count, self.weights + self.data * count, count)


class MatrixFlops(NamedTuple):
    """FLOPs of users' scores of outfits, where what an outfit is to all users is computed once.

    Attributes:
        outfit: Of an outfit, whoever asks.
        pair: Of a user's score of an outfit, beyond that.
        banked: Of an outfit for each item that it is ranked among, in a model with an item bank.
    """

    outfit: float
    pair: float
    banked: float = 0

    def of(self, outfits: float, pairs: float, bank: int = 0) -> float:
        """Of some outfits, each once, and some users' scores of them.

        Args:
            outfits: How many; one with half as many items is half of one.
            pairs: How many scores.
            bank: Items that they are ranked among.

        Example:
            >>> MatrixFlops(outfit=1000, pair=10, banked=2).of(outfits=3, pairs=12, bank=5)
            3150
        """
        return outfits * (self.outfit + bank * self.banked) + pairs * self.pair


class MatrixWork(NamedTuple):
    """What many users' scores of many outfits take.

    Attributes:
        flops: Of outfits and pairs.
        weights: Bytes of the weights that all scores share.
        user: Bytes of those that a user alone has.
        item: Bytes of an item's features.
    """

    flops: MatrixFlops
    weights: int
    user: int
    item: int

    def bytes(self, users: int, items: int, scores: int) -> int:
        """Weights and features once each, and the scores."""
        return self.weights + users * self.user + items * self.item + 4 * scores


class TrainingWork(NamedTuple):
    """What a step of training takes, forward and back.

    A gradient takes as many products again for the weights of a layer, and as many for what it is given,
    unless nothing trains before it.

    Attributes:
        encode: FLOPs of an item.
        scores: FLOPs of outfits and pairs.
        weights: Bytes of what trains.
        item: Bytes of an item as it goes in.
    """

    encode: float
    scores: MatrixFlops
    weights: int
    item: int


class ModelWork(NamedTuple):
    """What a model takes, counted.

    Attributes:
        encode: Of an item.
        score: Of an outfit.
        matrix: Of users' scores of outfits.
        training: Of a step of training.
        outfit_size: Items of an outfit.
        num_users: Users that it knows.
        vector_size: d, where users and outfits are vectors whose inner product is the score; else None.
        counted: FLOPs of a request of one outfit by the usual formula, in which padding counts.
    """

    encode: PartWork
    score: PartWork
    matrix: MatrixWork
    training: TrainingWork
    outfit_size: int
    num_users: int
    vector_size: int | None
    counted: float

    def answer(self, outfits: int) -> Work:
        """A request of so many outfits that share no item."""
        encode, score = self.encode.of(outfits * self.outfit_size), self.score.of(outfits)
        return Work(encode.flops + score.flops, encode.bytes + score.bytes, outfits)

    def with_weights_of(self, share: float) -> ModelWork:
        """The same where weights take so much of their bytes, as those in fewer bits do.

        A step of training has them in 32 bits.

        Example:
            >>> part, flops = PartWork(flops=8, weights=400, data=3), MatrixFlops(8, 1)
            >>> matrix, training = MatrixWork(flops, 400, 40, 3), TrainingWork(24, flops, 800, 3)
            >>> smaller = ModelWork(part, part, matrix, training, 3, 5, None, 32).with_weights_of(1 / 4)
            >>> smaller.score, smaller.matrix.weights, smaller.matrix.user, smaller.training.weights
            (PartWork(flops=8, weights=100, data=3), 100, 10, 800)
        """
        matrix = self.matrix
        return self._replace(
            encode=self.encode._replace(weights=round(self.encode.weights * share)),
            score=self.score._replace(weights=round(self.score.weights * share)),
            matrix=matrix._replace(weights=round(matrix.weights * share), user=round(matrix.user * share)),
        )
