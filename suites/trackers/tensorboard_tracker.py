"""TensorBoard: event files, one folder a trial."""

from __future__ import annotations

import re
from pathlib import Path

from .tracker import Tracked, register_tracker, require_package

__all__ = ["TensorBoard"]


@register_tracker("tensorboard")
class TensorBoard:
    """Event files for `tensorboard --logdir OUT/tracking/tensorboard`.

    Args:
        folder: Where they go.
    """

    def __init__(self, folder: Path) -> None:
        require_package("tensorboard", "tensorboard")
        self._folder = folder

    def take(self, trial: Tracked) -> None:
        """See `Tracker.take`."""
        from torch.utils.tensorboard import SummaryWriter

        name = re.sub(r"[^\w.-]+", "-", trial.label).strip("-")
        with SummaryWriter(str(self._folder / f"{name}-{trial.trial[:8]}")) as writer:
            for curve, values in trial.curves.items():
                for epoch, value in enumerate(values, 1):
                    writer.add_scalar(curve, value, epoch)
            for result, value in trial.results.items():
                writer.add_scalar(f"results/{result}", value, 0)
            rows = "\n".join(f"| {key} | {value} |" for key, value in trial.parameters.items())
            writer.add_text("parameters", f"| | |\n|---|---|\n{rows}")
            writer.add_text("record", str(trial.record))

    def close(self) -> None:
        """See `Tracker.close`."""
