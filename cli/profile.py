"""`outfitbench profile`: what models cost to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, UseAppendAction, arg

from .answer import FAILED, Answer
from .session import Session, writable_folder
from .subjects import Chosen, choose_subjects
from .terminal import table

if TYPE_CHECKING:
    from ..bench import EngineProfile, FailedProfile
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
        out: Where to leave cost records that `outfitbench report` reads; those that are there stay.
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
        from ..bench import FULL, QUICK, profile_subjects

        out = None if self.out is None else writable_folder("argument --out", self.out)
        dataset = self._dataset(session)
        chosen = choose_subjects(
            self.sources,
            session,
            users=dataset.num_users if dataset else self.users,
            methods=self.method,
            dataset=dataset,
        )
        engines, devices = self.engine or ("torch", "onnxruntime"), self.device or ("cpu",)
        outcomes = profile_subjects(
            [choice.subject for choice in chosen],
            engines=engines,
            devices=devices,
            dataset=dataset,
            effort=FULL if self.effort == "full" else QUICK,
        )
        owners = [choice for choice in chosen for _ in range(len(engines) * len(devices))]
        return self._answer(list(zip(owners, outcomes, strict=True)), out)

    def _answer(
        self, outcomes: Sequence[tuple[Chosen, EngineProfile | FailedProfile]], out: Path | None
    ) -> Answer:
        """Record what was measured; what failed is said, or raised where it is all there is.

        Raises:
            InputError: As `profile_subjects` tells of it; so for `ModelError`, `EngineError`, `ParityError`.
        """
        from ..bench import FailedProfile

        profiles = [(owner, found) for owner, found in outcomes if not isinstance(found, FailedProfile)]
        failed = [found for _, found in outcomes if isinstance(found, FailedProfile)]
        if failed and not profiles:
            raise failed[0].error
        kept: list[Path] = []
        if out is not None:
            from .cost_records import write_costs

            kept = write_costs(profiles, self.dataset, self.effort, out)
        lines = [table([_row(profile) for _, profile in profiles], floats=",.2f")]
        lines += [f"failed: {one.method} · {one.engine} · {one.device}: {one.reason}" for one in failed]
        lines += [f"{path}: measured before, kept; another --out takes these figures" for path in kept]
        told = ("method", "engine", "device", "reason")
        return Answer(
            "\n".join(lines),
            {
                "profiles": [profile.model_dump(mode="json") for _, profile in profiles],
                "failed": [{name: getattr(one, name) for name in told} for one in failed],
                "kept": kept,
            },
            status=FAILED if failed else 0,
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
