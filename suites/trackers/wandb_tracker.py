"""Weights & Biases: one offline run a trial."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .tracker import Tracked, register_tracker, require_package

__all__ = ["WandB"]


@register_tracker("wandb")
class WandB:
    """Offline runs; `wandb sync OUT/tracking/wandb/wandb/offline-run-*` sends them where you say.

    Args:
        folder: Where they go.
    """

    def __init__(self, folder: Path) -> None:
        require_package("wandb", "wandb")
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # it reports no faults of its own either
        self._folder = folder

    def take(self, trial: Tracked) -> None:
        """See `Tracker.take`."""
        import wandb  # pyright: ignore[reportMissingImports]

        with wandb.init(
            mode="offline",
            dir=str(self._folder),
            project="outfitbench",
            id=trial.trial,
            name=trial.label,
            job_type=trial.kind,
            config={**trial.parameters, "record": str(trial.record)},
            settings=wandb.Settings(silent=True, console="off", disable_git=True, x_disable_stats=True),
        ) as run:
            for epoch, values in enumerate(zip(*trial.curves.values(), strict=True), 1):
                run.log(dict(zip(trial.curves, values, strict=True)), step=epoch)
            for name, value in trial.results.items():
                run.summary[name] = value

    def close(self) -> None:
        """See `Tracker.close`; a process of the package's own is still writing, and is waited for."""
        if (package := sys.modules.get("wandb")) is not None:
            package.teardown()
