"""`outfitbench profile`: what models cost to run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, UseAppendAction, arg

from .answer import Answer
from .session import Session, writable_folder
from .subjects import choose_subjects

if TYPE_CHECKING:
    from ..bench import EngineProfile
    from ..datasets import Dataset

__all__ = ["Profile"]


@dataclass(frozen=True)
class Profile:
    """Measure latency, throughput, memory and size of models, in turns, on each engine and device.

    Attributes:
        sources: Names from `outfitbench list models` (random weights), or folders of runs.
        engine: torch, torch-compile, onnxruntime, or module:Class of your own; can be repeated.
        device: cpu or cuda; can be repeated.
        method: Of a run, only the method of this name; can be repeated.
        dataset: The dataset whose test candidates are ranked for every user; left blank without one.
        root: Folder of a dataset that is read from disk.
        users: How many users a model by name has.
        effort: "quick" for a first look, "full" for figures to publish.
        out: Where to leave cost records that `outfitbench report` reads.
    """

    sources: Annotated[Positional[tuple[str, ...]], arg(metavar="[MODEL|RUN ...]")]
    engine: UseAppendAction[tuple[str, ...]] = ()
    device: UseAppendAction[tuple[str, ...]] = ()
    method: UseAppendAction[tuple[str, ...]] = ()
    dataset: str | None = None
    root: Path | None = None
    users: int = 630
    effort: Literal["quick", "full"] = "quick"
    out: Path | None = None

    def run(self, session: Session) -> Answer:
        """Measure, and show the figures that matter first."""
        from tabulate import tabulate

        from ..bench import FULL, QUICK, profile_subjects

        dataset = self._dataset(session)
        chosen = choose_subjects(
            self.sources,
            session,
            users=dataset.num_users if dataset else self.users,
            methods=self.method,
        )
        profiles = profile_subjects(
            [choice.subject for choice in chosen],
            engines=self.engine or ("torch", "onnxruntime"),
            devices=self.device or ("cpu",),
            dataset=dataset,
            effort=FULL if self.effort == "full" else QUICK,
        )
        if self.out is not None:
            from .cost_records import write_costs

            folder = writable_folder("argument --out", self.out)
            write_costs(profiles, chosen, self.dataset, self.effort, folder)
        return Answer(
            tabulate([_row(profile) for profile in profiles], headers="keys", floatfmt=",.2f", intfmt=","),
            {"profiles": [profile.model_dump(mode="json") for profile in profiles]},
        )

    def _dataset(self, session: Session) -> Dataset | None:
        if self.dataset is None:
            return None
        from ..datasets import load_dataset

        return load_dataset(self.dataset, self.root, cache=session.cache)


def _row(profile: EngineProfile) -> dict[str, Any]:
    """The figures that matter first; the rest is in the JSON and in the records."""
    measured = profile.measurements
    latency = measured["latency"]
    return {
        "method": profile.method,
        "engine": profile.engine,
        "device": profile.device,
        "parameters": int(measured["parameters"].median),
        "latency (ms)": latency.median * 1e3,
        "p95 (ms)": latency.percentile(0.95) * 1e3,
        "n": latency.n,
        "outfits/s": measured["throughput"].median,
        "peak memory (MB)": measured["peak_memory"].median / 1e6,
        "flags": "; ".join(profile.flags),
    }
