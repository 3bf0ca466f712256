"""The fit of look-alike items: an autoencoder, its codes, and the table of nearest ones."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from ..core.files import sweep
from ..core.hashes import file_hash
from ..core.machine import describe_machine
from ..training.autoencoder import latent_codes, train_autoencoder
from ..training.checkpoint import Checkpoint, begun_environment
from ..training.environment import Device, choose_environment, enter_environment
from ..training.neighbours import neighbour_table, save_table
from .record_files import write_record
from .records import NeighboursRecord
from .trial import NeighboursTrial

__all__ = ["TABLE_FILE", "run_neighbours"]

TABLE_FILE = "neighbours.safetensors"


def run_neighbours(
    trial: NeighboursTrial, folder: Path, inputs: dict[str, Path], device: Device
) -> NeighboursRecord:
    """Find for every training item the training items of its category that look like it.

    Items known by features need no autoencoder: the features are the codes.

    Args:
        trial: The dataset and the autoencoder's options.
        folder: Its own folder; an unfinished training there is gone on with.
        inputs: None.
        device: "cpu" or "cuda".
    """
    sweep(folder)
    started = time.perf_counter()
    dataset, options = trial.dataset, trial.method.neighbours
    ids = dataset.split("train").distinct_items
    losses: list[float] = []
    if trial.description.input_kind == "features":
        codes = dataset.features(ids)
    else:
        environment = begun_environment(folder, trial.label) or choose_environment(
            device,
            "fp32",
            heavy=False,  # its images are so small that two threads are slower than one
        )
        enter_environment(environment)
        images = dataset.image_array(options.image_size)
        model, losses = train_autoencoder(images, ids, options, 0, folder, environment, trial.label)
        codes = latent_codes(model, images, ids)
    among = neighbour_table(codes, dataset.item_category[ids], options.count)
    table = np.full((dataset.num_items, among.shape[1]), -1, dtype=np.int32)
    table[ids] = np.where(among >= 0, ids[among], -1)
    save_table(table, folder / TABLE_FILE)
    record = NeighboursRecord(
        trial=trial.hash,
        description=trial.description.to_json(),
        machine=describe_machine(),
        seconds={"train": time.perf_counter() - started},
        dataset=dataset.name,
        data_fingerprint=dataset.fingerprint,
        count=options.count,
        losses=losses,
        table=file_hash(folder / TABLE_FILE),
    )
    write_record(record, folder)
    Checkpoint(folder).clear()
    return record
