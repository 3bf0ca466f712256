"""The fit of a stem: convolutions that regress another network's features over the training items."""

from __future__ import annotations

import time
from pathlib import Path

import torch

from ..core.files import sweep
from ..core.hashes import file_hash
from ..core.machine import describe_machine
from ..evaluation.frozen import convolutions_of
from ..models.initial import initialise_rectified
from ..models.weights import save_tensors
from ..training.checkpoint import Checkpoint, begun_environment
from ..training.environment import Device, choose_environment, enter_environment
from ..training.network import bare_model
from ..training.stem import train_stem
from .record_files import file_of, write_record
from .records import StemRecord
from .trial import StemTrial

__all__ = ["STEM_FILE", "run_stem", "stem_of"]

STEM_FILE = "stem.safetensors"

_SEED = 0
"""A stem is shared by the fits of all seeds, as ImageNet's weights would be."""


def run_stem(trial: StemTrial, folder: Path, inputs: dict[str, Path], device: Device) -> StemRecord:
    """Train the convolutions, and write their weights and then the record.

    Args:
        trial: The dataset, the convolutions and the stem's options.
        folder: Its own folder; an unfinished training there is gone on with.
        inputs: None.
        device: "cpu" or "cuda".

    Raises:
        InputError: If the target's weights are not installed.
        ModelError: If they cannot be had.
        TrainingError: If training diverges.
    """
    sweep(folder)
    started = time.perf_counter()
    method, dataset = trial.method, trial.dataset
    environment = begun_environment(folder, trial.label) or choose_environment(device, "auto", heavy=True)
    enter_environment(environment)
    convolutions, _ = convolutions_of(bare_model(method, dataset)).cut(method.image_size)
    torch.manual_seed(_SEED)
    initialise_rectified(convolutions, raw_input=True)  # alike, whichever network they were cut from
    convolutions = convolutions.to(environment.device)
    options = method.stem_fit
    losses = train_stem(
        convolutions, dataset, method.image_size, options, _SEED, folder, environment, trial.label
    )
    weights = {name: tensor.detach().cpu() for name, tensor in convolutions.state_dict().items()}
    save_tensors(weights, folder / STEM_FILE)
    record = StemRecord(
        trial=trial.hash,
        description=trial.description.to_json(),
        machine=describe_machine(),
        seconds={"train": time.perf_counter() - started},
        dataset=dataset.name,
        data_fingerprint=dataset.fingerprint,
        convolutions=convolutions.name,
        image_size=method.image_size,
        target=options.target,
        losses=losses,
        environment=environment,
        weights=file_hash(folder / STEM_FILE),
    )
    write_record(record, folder)
    Checkpoint(folder).clear()
    return record


def stem_of(folder: Path) -> Path:
    """The weights of a finished stem, held against its record.

    Raises:
        InputError: If they are missing or altered.
    """
    return file_of(folder, StemRecord, STEM_FILE, lambda record: record.weights)
