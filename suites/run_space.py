"""The user–outfit space of a fit in two dimensions: users and outfits by t-SNE (paper, Sec. 4.9)."""

from __future__ import annotations

import base64
import time
from io import BytesIO
from itertools import repeat
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ..core.machine import describe_machine
from ..datasets import Dataset, OutfitTable
from ..evaluation.scoring import encode_items, score_outfits
from ..models.vectors import unit
from ..training.batches import draw_epoch
from ..training.environment import Device, enter_environment
from ..training.network import Network, trained_network
from .record_files import RECORD_FILE, load_record, write_record
from .records import FitRecord, PointKind, SpacePoint, SpaceRecord
from .run_fit import weights_of
from .trial import SpaceTrial, fit_of

__all__ = ["run_space"]

THUMBNAIL = 32
"""Pixels of an item's picture."""

_SHEET_WIDTH = 16
"""Pictures side by side."""

_DECIMALS = 4


def run_space(trial: SpaceTrial, folder: Path, inputs: dict[str, Path], device: Device) -> SpaceRecord:
    """Lay out some users, what they posted and what they were trained against, and write the record.

    The negatives are those that the fit's first epoch drew for the positives shown. What a user posted in the
    test set stands beside them: drawn by chance, it would be a negative that the user likes. It runs on one
    thread of the CPU, so that two runs give one layout.

    Args:
        trial: What to lay out.
        folder: Its own folder.
        inputs: Folder of the finished fit, as "weights".
        device: No matter: it is small.

    Raises:
        InputError: If the weights are missing, broken or altered since their record.
    """
    started = time.perf_counter()
    fit = load_record(inputs["weights"] / RECORD_FILE)
    assert isinstance(fit, FitRecord)  # roles are filled by kind
    enter_environment(fit.environment.model_copy(update={"device": "cpu", "threads": 1}))
    dataset, asked = trial.dataset, trial.description
    network = trained_network(fit_of(trial).method, dataset, weights_of(inputs["weights"]), "cpu")
    users = _some_users(dataset, asked.users)
    kinds, outfits = _outfits_of(dataset, users, asked.outfits, fit)
    vectors, distances = _placed(network, dataset, users, outfits)
    places = _flattened(np.concatenate(vectors), asked.perplexity).tolist()
    liked = dataset.truly_liked(outfits)
    items = outfits.distinct_items
    record = SpaceRecord(
        trial=trial.hash,
        description=asked.to_json(),
        inputs=asked.inputs,
        machine=describe_machine(),
        seconds={"lay out": time.perf_counter() - started},
        fit=fit,
        users={int(user): (x, y) for user, (x, y) in zip(users, places[: len(users)], strict=True)},
        points=[
            SpacePoint(
                kind=kind,
                user=int(user),
                items=[int(item) for item in worn if item >= 0],
                x=x,
                y=y,
                distance=float(distance),
                truly_liked=None if liked is None else bool(liked[row]),
            )
            for row, (kind, user, worn, (x, y), distance) in enumerate(
                zip(kinds, outfits.users, outfits.items, places[len(users) :], distances, strict=True)
            )
        ],
        items=items.tolist(),
        pictures=_sheet(dataset, items, fit.input_size) if dataset.pictures is not None else None,
        picture_size=THUMBNAIL,
    )
    write_record(record, folder)
    return record


def _some_users(dataset: Dataset, number: int) -> NDArray[np.integer]:
    """Users with positives in training and test, drawn once for all fits of a dataset, ascending."""
    able = np.intersect1d(dataset.split("train").users, dataset.split("test").users)
    return np.sort(np.random.default_rng(0).permutation(able)[:number])


def _outfits_of(
    dataset: Dataset, users: NDArray[np.integer], most: int, fit: FitRecord
) -> tuple[list[PointKind], OutfitTable]:
    """At most so many positives of each user, as many negatives, and as many positives of the test set."""
    positives, negatives = draw_epoch(dataset, fit.negatives, fit.seed, epoch=1)
    tables: dict[PointKind, OutfitTable] = {
        "positive": positives,
        "negative": negatives,
        "held-out": dataset.split("test"),
    }
    kinds: list[PointKind] = []
    parts: list[OutfitTable] = []
    for user in users:
        for kind, table in tables.items():
            parts.append(table.take(np.flatnonzero(table.users == user)[:most]))
            kinds.extend(repeat(kind, len(parts[-1])))
    return kinds, OutfitTable.concatenate(parts)


@torch.inference_mode()
def _placed(
    network: Network, dataset: Dataset, users: NDArray[np.integer], outfits: OutfitTable
) -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]:
    """The directions of users and outfits, and d of each outfit for its user at α = 1 (Eq. 12)."""
    model, train = network.model.eval(), dataset.split("train")
    known = train.take(np.isin(train.users, users))
    ids = np.union1d(known.distinct_items, outfits.distinct_items)
    table = encode_items(model, network.inputs, ids, dataset.num_items)
    liked = score_outfits(model, dataset, table, known).numpy()
    mean = np.zeros(dataset.num_users, dtype=np.float32)
    for user in users:
        mean[user] = liked[known.users == user].mean()
    distances = mean[outfits.users] - score_outfits(model, dataset, table, outfits).numpy()
    categories = torch.from_numpy(dataset.categories_of(outfits.items))
    of_outfits = unit(model.embed_outfits(table.gather(outfits.items), categories))
    of_users = unit(model.user_vectors()[torch.from_numpy(users.astype(np.int64))])
    return (of_users.numpy(), of_outfits.numpy()), distances


def _flattened(vectors: NDArray[np.float32], perplexity: float) -> NDArray[np.float64]:
    """t-SNE by cosine distance (van der Maaten and Hinton 2008), from the first two principal components on.

    Args:
        vectors: (n, d), of length 1.
        perplexity: About how many neighbours a point has; less where there are few points.

    Returns:
        (n, 2).
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    layout = TSNE(
        perplexity=min(perplexity, (len(vectors) - 1) / 3),
        metric="cosine",
        init="pca",
        method="exact",
        random_state=0,
        n_jobs=1,
    )
    with threadpool_limits(1):
        return layout.fit_transform(vectors.astype(np.float64)).astype(np.float64).round(_DECIMALS)


def _sheet(dataset: Dataset, items: NDArray[np.integer], size: int) -> str:
    """Small pictures of items, row by row on one PNG of 256 colours, in base 64."""
    rows = -(-len(items) // _SHEET_WIDTH)
    sheet = Image.new("RGB", (_SHEET_WIDTH * THUMBNAIL, rows * THUMBNAIL), "white")
    for place, pixels in enumerate(dataset.images(items, size)):
        small = Image.fromarray(pixels).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
        sheet.paste(small, (place % _SHEET_WIDTH * THUMBNAIL, place // _SHEET_WIDTH * THUMBNAIL))
    written = BytesIO()
    sheet.quantize(256).save(written, "PNG", optimize=True)
    return base64.b64encode(written.getvalue()).decode()
