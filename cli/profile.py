"""`outfitbench profile`: what models cost to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, UseAppendAction, arg

from .answer import FAILED, Answer
from .compressed import Unmade, compressed
from .profile_table import row, summaries
from .session import Session, writable_folder
from .subjects import Chosen, choose_subjects
from .terminal import table

if TYPE_CHECKING:
    from ..bench import Effort, EngineProfile, FailedProfile
    from ..datasets import Dataset

__all__ = ["Profile"]


@dataclass(frozen=True)
class Profile:
    """Measure latency, throughput, memory and size of models, in turns, on each engine and device.

    Attributes:
        sources: Names from `outfitbench list models` (random weights), or folders of runs.
        engine: torch, torch-compile, onnxruntime, or module:Class of your own; can be repeated.
        device: cpu or cuda; can be repeated.
        workload: A name from `outfitbench list workloads`; can be repeated. Six of them by default, without
            those that need a dataset where none is named.
        variant: Of a run, also what this compression makes of each fit (`outfitbench list variants`); can be
            repeated.
        method: Of a run, only the method of this name (FND XS) or ID (fnd-xs); can be repeated.
        dataset: The dataset whose test candidates are ranked for every user.
        root: Folder of a dataset that is read from disk.
        users: How many users a model by name has; 630 by default, or as many as the dataset has.
        image_size: Height and width of the images, in pixels, of models by name; a run's methods know theirs.
        outfit_size: Items of an outfit in a request; 3 by default, or as many as the dataset's have.
        batch: Outfits in a request of workload batch, items in one of encode.
        threads: Threads of every engine; by default as many as there are cores that may be used.
        effort: "quick" for a first look, "full" for figures to publish.
        time_limit: Seconds after which an engine's process that does not answer is ended; 1,800 by default.
        out: Where to leave cost records that `outfitbench report` reads; those that are there stay.
    """

    sources: Annotated[Positional[tuple[str, ...]], arg(metavar="[MODEL|RUN ...]")]
    engine: UseAppendAction[tuple[str, ...]] = ()
    device: UseAppendAction[tuple[str, ...]] = ()
    workload: UseAppendAction[tuple[str, ...]] = ()
    variant: UseAppendAction[tuple[str, ...]] = ()
    method: UseAppendAction[tuple[str, ...]] = ()
    dataset: str | None = None
    root: Path | None = None
    users: int | None = None
    image_size: int | None = None
    outfit_size: int | None = None
    batch: int | None = None
    threads: int | None = None
    effort: Literal["quick", "full"] = "quick"
    time_limit: int | None = None
    out: Path | None = None

    def run(self, session: Session) -> Answer:
        """Measure, and show the figures that matter first."""
        from ..bench import FULL, QUICK, profile_subjects
        from ..bench.workloads import default_workloads
        from ..core.progress import say
        from ..core.scratch import scratch_folder

        self._check_counts()
        out = None if self.out is None else writable_folder("argument --out", self.out)
        dataset = self._dataset(session)
        chosen = choose_subjects(
            self.sources,
            session,
            users=self.users,
            methods=self.method,
            dataset=dataset,
            image_size=self.image_size,
        )
        engines = _each_once(self.engine) or ("torch", "onnxruntime")
        devices = _each_once(self.device) or ("cpu",)
        workloads = _each_once(self.workload) or default_workloads(dataset=dataset is not None)
        effort = FULL if self.effort == "full" else QUICK
        asked = {"batch": self.batch, "limit_seconds": self.time_limit}
        effort = effort.model_copy(update={name: value for name, value in asked.items() if value is not None})
        with scratch_folder() as folder:
            datasets = {} if dataset is None else {dataset.fingerprint: dataset}
            made, unmade = compressed(chosen, _each_once(self.variant), folder, datasets)
            chosen = [*chosen, *made]
            for one in unmade:
                say(str(one))  # now, as there may be minutes of measuring to come
            outcomes = list(
                profile_subjects(
                    [choice.subject for choice in chosen],
                    engines=engines,
                    devices=devices,
                    workloads=workloads,
                    dataset=dataset,
                    effort=effort,
                    outfit_size=self.outfit_size,
                    threads=self.threads,
                )
            )
        owners = [choice for _ in workloads for choice in chosen for _ in range(len(engines) * len(devices))]
        outcomes = [_flagged(choice, outcome) for choice, outcome in zip(owners, outcomes, strict=True)]
        return self._answer(list(zip(owners, outcomes, strict=True)), unmade, dataset, effort, out)

    def _answer(
        self,
        outcomes: Sequence[tuple[Chosen, EngineProfile | FailedProfile]],
        unmade: Sequence[Unmade],
        dataset: Dataset | None,
        effort: Effort,
        out: Path | None,
    ) -> Answer:
        """Record what was measured; what failed is said, or raised where it is all there is.

        Raises:
            InputError: As `profile_subjects` tells of it; so for `ModelError`, `EngineError`, `ParityError`.
        """
        from ..bench import FailedProfile
        from ..bench.engine_profile import joined

        profiles = [(owner, found) for owner, found in outcomes if not isinstance(found, FailedProfile)]
        failed = [found for _, found in outcomes if isinstance(found, FailedProfile)]
        failed += [
            FailedProfile(one.method, "", "", "", one.reason, "", one.error, one.variant) for one in unmade
        ]
        if failed and not profiles:
            raise failed[0].error
        kept: list[Path] = []
        if out is not None:
            from .cost_records import write_costs

            kept = write_costs(profiles, dataset, effort, out)
        rows = joined(profile for _, profile in profiles)
        lines = [table([row(profile) for profile in rows], floats=",.2f")]
        lines += _told(failed)
        lost = _lost_parity([profile for _, profile in profiles])
        lines += lost
        lines += [f"{path}: measured before, kept; another --out takes these figures" for path in kept]
        told = ("method", "variant", "engine", "device", "workload", "reason")
        return Answer(
            "\n".join(lines),
            {
                "profiles": [
                    profile.model_dump(mode="json") | {"summaries": summaries(profile)} for profile in rows
                ],
                "failed": [{name: getattr(one, name) for name in told} for one in failed],
                "flagged": lost,
                "kept": kept,
            },
            status=FAILED if failed or lost else 0,
        )

    def _check_counts(self) -> None:
        from ..core.errors import Fault, InputError

        for name in ("image_size", "outfit_size", "batch", "time_limit"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(Fault(f"argument --{name.replace('_', '-')}", str(value), "1 or more"))

    def _dataset(self, session: Session) -> Dataset | None:
        if self.dataset is None:
            if self.root is not None:
                from ..core.errors import Fault, InputError

                found = f"{self.root}, and no dataset"
                raise InputError(Fault("argument --root", found, "the dataset that lies there, by --dataset"))
            return None
        from ..datasets import load_dataset

        return load_dataset(self.dataset, self.root, cache=session.cache)


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _flagged(choice: Chosen, outcome: EngineProfile | FailedProfile) -> EngineProfile | FailedProfile:
    """An outcome with the flags of the variant that was measured, beside those of the measuring.

    Where it is lost beside the fit, nobody asks whether its graphs are also far from what they were made of.
    """
    from ..bench import FailedProfile
    from ..bench.parity import LOST_PARITY

    if isinstance(outcome, FailedProfile):
        return outcome
    lost = any(flag.startswith(LOST_PARITY) for flag in choice.flags)
    own = [flag for flag in outcome.flags if not (lost and flag.startswith(LOST_PARITY))]
    return outcome.model_copy(update={"flags": [*own, *choice.flags]})


def _lost_parity(profiles: Sequence[EngineProfile]) -> list[str]:
    """A line for each variant that answers otherwise than it may."""
    from ..bench.parity import LOST_PARITY

    flagged = (
        f"flagged: {one.method} · {one.variant} · {one.engine}: {flag}"
        for one in profiles
        for flag in one.flags
        if flag.startswith(LOST_PARITY)
    )
    return list(dict.fromkeys(flagged))


def _told(failed: Sequence[FailedProfile]) -> list[str]:
    """A line for each reason, with the workloads that it stands for; a variant that is not there has none."""
    asked: dict[str, list[str]] = {}
    for one in failed:
        what = " · ".join(filter(None, [one.method, one.variant, one.engine, one.device]))
        asked.setdefault(f"failed: {what}: {one.reason}", []).append(one.workload)
    return [line + (f" ({', '.join(names)})" if any(names) else "") for line, names in asked.items()]
