"""MLflow: one run a trial, in a file of SQLite."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .tracker import Tracked, register_tracker, require_package

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient  # pyright: ignore[reportMissingImports]

__all__ = ["MLflow"]

_EXPERIMENT = "outfitbench"
_LONGEST_VALUE = 500
"""Characters of a parameter that every version takes."""


@register_tracker("mlflow")
class MLflow:
    """Runs for `mlflow ui --backend-store-uri sqlite:///OUT/tracking/mlflow/mlflow.db`; no server is asked.

    Args:
        folder: Where the file lies.
    """

    def __init__(self, folder: Path) -> None:
        require_package("mlflow", "mlflow")
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read when it is imported
        self._folder = folder
        self._client: MlflowClient | None = None
        self._experiment = ""

    def take(self, trial: Tracked) -> None:
        """See `Tracker.take`."""
        from mlflow.entities import Metric, Param  # pyright: ignore[reportMissingImports]

        client = self._opened()
        tags = {"outfitbench.trial": trial.trial, "outfitbench.record": str(trial.record)}
        run = client.create_run(
            self._experiment, run_name=trial.label, tags={**tags, "outfitbench.kind": trial.kind}
        ).info.run_id
        now = time.time_ns() // 1_000_000
        steps = [(name, enumerate(values, 1)) for name, values in trial.curves.items()]
        metrics = [Metric(name, value, now, epoch) for name, curve in steps for epoch, value in curve]
        metrics += [Metric(name, value, now, 0) for name, value in trial.results.items()]
        for start in range(0, len(metrics), 1000):  # no more are taken at a time
            client.log_batch(run, metrics=metrics[start : start + 1000])
        items = [Param(name, str(value)[:_LONGEST_VALUE]) for name, value in trial.parameters.items()]
        for start in range(0, len(items), 100):
            client.log_batch(run, params=items[start : start + 100])
        client.set_terminated(run)

    def close(self) -> None:
        """See `Tracker.close`."""

    def _opened(self) -> MlflowClient:
        if self._client is None:
            from mlflow.tracking import MlflowClient  # pyright: ignore[reportMissingImports]

            logging.getLogger("mlflow").setLevel(logging.WARNING)  # it tells of every table that it makes
            client = MlflowClient(f"sqlite:///{self._folder.absolute()}/mlflow.db")
            found = client.get_experiment_by_name(_EXPERIMENT)
            self._experiment = found.experiment_id if found else client.create_experiment(_EXPERIMENT)
            self._client = client
        return self._client
