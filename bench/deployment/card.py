"""What an export's card says to whoever serves it: inputs, outputs, pictures, categories, users, origin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...models.options import InputKind

__all__ = ["PREPROCESSING", "Graph", "Origin", "Port", "Serving", "new_users", "read_graph"]

PREPROCESSING: dict[InputKind, dict[str, Any]] = {
    "image": {
        "colour": "RGB, upright as EXIF says, what is transparent on white; colour profiles are not applied; "
        "grey of more than 8 bits a sample is refused",
        "draft": "a JPEG is decoded at the smallest of its scales (1, 1/2, 1/4, 1/8) that has twice the size",
        "resize": "Lanczos, the whole picture fitted into the square by its longer side",
        "pad": "letterbox, centred on white (255, 255, 255)",
        "range": [0, 1],
        "layout": "items, channels, height, width",
    },
    "features": {"vector": "as the dataset gives it"},
}
"""From an item to what the encoder takes, by the model's kind of input (`datasets.images.decode`)."""


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Port(_Said):
    """An input or an output of a graph.

    Attributes:
        dtype: As numpy calls it.
        shape: A number, or the name of an axis of any length.
    """

    dtype: str
    shape: list[int | str]


class Graph(_Said):
    """A graph's inputs and outputs, by name."""

    inputs: dict[str, Port]
    outputs: dict[str, Port]


class Origin(_Said):
    """Where a model's weights are from.

    Attributes:
        method: The row's name.
        trial: Hash of the fit or variant whose weights they are; None for random weights.
        variant: What compression made of them; empty for the model as it was trained.
        weights: Hash of the fit's weights file; None for random weights.
        dataset: The dataset it was trained on.
        data_fingerprint: Content hash of that dataset.
        negatives: Its training negatives.
        seed: Its seed.
    """

    method: str
    trial: str | None = None
    variant: str = ""
    weights: str | None = None
    dataset: str | None = None
    data_fingerprint: str | None = None
    negatives: str | None = None
    seed: int | None = None


class Serving(_Said):
    """What a stranger needs to know beside the graphs.

    Attributes:
        graphs: By file name.
        preprocessing: From an item to what the encoder takes; the size is the card's `input_size`.
        categories: Names by number: what the graphs call 0, 1, 2.
        empty_slot: The category of a slot without an item; what features stand there is ignored.
        score: Which way is better.
        users: What number a user has.
        user_names: The file that says what the dataset calls each of them, or None where it has no names.
        new_users: How somebody is scored who is no user of the model. "strategy": "avg" (the mean over the
            known users who like what is known of them, or the one who does most), "no-user" (as anybody),
            or "none"; "threshold": above what mean score a known user is one who likes it.
        items: The file that lists the dataset's items, or None.
        origin: Where the weights are from.
        beside: blake2b hash (16 hex digits) of every other file that is here for whoever serves the model.
    """

    graphs: dict[str, Graph]
    preprocessing: dict[str, Any]
    categories: tuple[str, ...]
    empty_slot: int = -1
    score: str = "a preference: higher is better"
    users: str
    user_names: str | None = None
    new_users: dict[str, Any]
    items: str | None
    origin: Origin
    beside: dict[str, str]


def new_users(strategies: Sequence[str]) -> dict[str, Any]:
    """How a new user is scored with nothing but the two graphs.

    Args:
        strategies: Of the model (`OutfitModel.cold_strategies`).

    Example:
        >>> new_users(["avg", "w-avg"]), new_users(["no-user"]), new_users(["anchor-search"])
        ({'strategy': 'avg', 'threshold': 0.0}, {'strategy': 'no-user'}, {'strategy': 'none'})
    """
    from ...evaluation.cold_start import strategy_options
    from ...models.outfit_model import AVG, NO_USER

    strategy = next((name for name in (AVG, NO_USER) if name in strategies), "none")
    return {"strategy": strategy, **strategy_options(strategy)}


def read_graph(path: Path) -> Graph:
    """The inputs and outputs of an ONNX file; its weights are not read."""
    import onnx

    graph = onnx.load(path, load_external_data=False).graph
    return Graph(
        inputs={port.name: _port(port.type.tensor_type) for port in graph.input},
        outputs={port.name: _port(port.type.tensor_type) for port in graph.output},
    )


def _port(kind: Any) -> Port:  # noqa: ANN401 - protobuf's classes are made at run time
    from onnx.helper import tensor_dtype_to_np_dtype

    axes = [axis.dim_param or axis.dim_value for axis in kind.shape.dim]
    return Port(dtype=tensor_dtype_to_np_dtype(kind.elem_type).name, shape=axes)
