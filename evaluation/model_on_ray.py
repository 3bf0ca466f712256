"""A model on the machines of a Ray cluster: each fetches it once, and each process there builds it once."""

from __future__ import annotations

import pickle
from functools import lru_cache
from importlib import import_module
from typing import Any

from ..core.plugins import load_plugin, loaded_plugins
from ..core.ray_cluster import RayCluster
from ..models import OutfitModel

__all__ = ["model_from", "put_model"]


def put_model(cluster: RayCluster, model: OutfitModel) -> list[Any]:
    """Lay a model into the object store, with the files that define parts of it, which machines must have.

    Args:
        cluster: The cluster.
        model: In evaluation mode, on the CPU.

    Returns:
        What a task is given for it: Ray's reference, by itself in a list, so that the task fetches it if it
        has not done so.

    Raises:
        InputError: As for `RayCluster.put`.
    """
    return [cluster.put((loaded_plugins(), pickle.dumps(model)), "the model")]


@lru_cache(maxsize=1)
def model_from(reference: Any, device: str) -> OutfitModel:  # noqa: ANN401 - Ray's reference
    """The model of such a reference, on a device of this machine.

    Raises:
        InputError: If a file that defines a part of it is not there.
    """
    plugins, pickled = import_module("ray").get(reference)
    for plugin in plugins:
        load_plugin(plugin)
    # It is of the caller, whose code this process runs anyway.
    return pickle.loads(pickled).to(device)  # noqa: S301
