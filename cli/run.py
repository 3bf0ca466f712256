"""`outfitbench run`: the trials of a suite, and the report made of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, UseAppendAction, arg

from ..core.errors import Fault, InputError
from .answer import FAILED, Answer
from .session import Session, writable_folder
from .terminal import table

if TYPE_CHECKING:
    from ..suites.records import QualityRecord, ScorerRecord
    from ..suites.runner import RunOutcome
    from ..suites.suite_file import Suite

__all__ = ["Run"]


@dataclass(frozen=True)
class Run:
    """Run what a suite still lacks, and write its report into OUT/report; go on where a run was interrupted.

    Attributes:
        suite: A name from `outfitbench list suites`, or a TOML file of your own.
        dataset: Run on this dataset instead of the suite's; can be repeated.
        methods: Of the suite's methods only this one, and what it needs; can be repeated.
        seeds: Train with this seed instead of the suite's; can be repeated.
        preset: quick for a first look: one seed, and fewer rows or epochs where the suite's file says so.
        root: Folder of datasets that are read from disk.
        out: Folder of the run; several processes may share it.
        split: The released split, or 9:2:2.
        skip_unusable: Leave out rows of a dataset's files that cannot be used; the report counts them.
        epochs: Train every method for this many epochs at most.
        image_size: Show every method images of so many pixels instead of the suite's.
        device: What to train on; auto takes a GPU when there is one.
        tracker: Tell tensorboard, mlflow or wandb (offline) of each finished trial, into OUT/tracking; can be
            repeated.
        dry_run: Only show what would run.
        on: Where trials run: local, or another executor by its name or address.
        jobs: Run so many trials side by side, the cores shared out among them.
        shard: Run part K of N alone, K/N, as each task of an array of jobs does.
    """

    suite: Annotated[Positional[str], arg(metavar="SUITE")]
    dataset: UseAppendAction[tuple[str, ...]] = ()
    methods: Annotated[UseAppendAction[tuple[str, ...]], arg(metavar="ID")] = ()
    seeds: Annotated[UseAppendAction[tuple[int, ...]], arg(metavar="N")] = ()
    preset: Literal["quick", "full"] = "full"
    root: Path | None = None
    out: Path = Path("runs")
    split: Literal["released", "9:2:2"] = "released"
    skip_unusable: bool = False
    epochs: Annotated[int | None, arg(metavar="N")] = None
    image_size: Annotated[int | None, arg(metavar="N")] = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    tracker: Annotated[UseAppendAction[tuple[str, ...]], arg(metavar="NAME")] = ()
    dry_run: bool = False
    on: Annotated[str, arg(metavar="NAME|ADDRESS")] = "local"
    jobs: Annotated[int | None, arg(metavar="N")] = None
    shard: Annotated[str | None, arg(metavar="K/N")] = None

    def run(self, session: Session) -> Answer:
        """Run, report, and say how good each method is."""
        from ..suites.suite_file import load_suite

        suite = load_suite(
            self.suite,
            datasets=self.dataset,
            methods=self.methods,
            seeds=self.seeds,
            epochs=self.epochs,
            image_size=self.image_size,
            preset=self.preset,
        )
        out = writable_folder("argument --out", self.out, make=not self.dry_run)
        if self.jobs is not None and self.jobs < 1:
            raise InputError(Fault("argument --jobs", str(self.jobs), "1 or more"))
        # These import torch, so after all that can be refused without it.
        from ..suites.runner import run_suite
        from ..suites.shard import Shard

        shard = None if self.shard is None else Shard.parse(self.shard)

        outcome = run_suite(
            suite,
            out,
            root=self.root,
            split=self.split,
            skip_unusable=self.skip_unusable,
            cache=session.cache,
            device=self.device,
            plugins=session.plugin,
            trackers=self.tracker,
            command=self._command(session),
            dry_run=self.dry_run,
            on=self.on,
            jobs=self.jobs,
            shard=shard,
        )
        return _plan(suite, outcome) if self.dry_run else self._results(outcome)

    def _command(self, session: Session) -> str:
        """What to type to run it again; the reader's folders are not ours."""
        from ..suites.suite_file import name_for_others

        words = ["outfitbench run", name_for_others(self.suite)]
        words += [f"--dataset {name}" for name in self.dataset]
        words += [f"--methods {key}" for key in self.methods] + [f"--seeds {seed}" for seed in self.seeds]
        words += [f"--preset {self.preset}"] * (self.preset != "full")
        words += ["--root DIR"] * (self.root is not None)
        words += [f"--split {self.split}"] * (self.split != "released")
        words += ["--skip-unusable"] * self.skip_unusable
        words += [f"--epochs {self.epochs}"] * (self.epochs is not None)
        words += [f"--image-size {self.image_size}"] * (self.image_size is not None)
        words += [f"--device {self.device}"] * (self.device != "auto")
        words += [f"--plugin {path.name}" for path in session.plugin]
        return " ".join(words)

    def _results(self, outcome: RunOutcome) -> Answer:
        """How good each method is, and why a trial failed."""
        from ..reports import write_report
        from ..reports.flat_tables import flat_tables, write_parquet
        from ..reports.grouping import names_of_fits, row_name
        from ..reports.material import material_of
        from ..suites.record_files import record_places
        from ..suites.records import QualityRecord, ScorerRecord, SuiteRecord

        names = names_of_fits(record for record in outcome.records if isinstance(record, SuiteRecord))
        quality = [record for record in outcome.records if isinstance(record, QualityRecord)]
        rows = [_quality_row(record, row_name([record], names)) for record in quality]
        rows += [_scorer_row(record) for record in outcome.records if isinstance(record, ScorerRecord)]
        told = (rows or not outcome.trials) and not outcome.others_lack
        page = None
        if told:
            page = write_report(outcome.records, self.out / "report", files=record_places([self.out]))
            write_parquet(flat_tables(material_of(outcome.records)), page.parent)
        lines = [_table(rows)] if rows else []
        lines += [f"failed: {label}: {message}" for label, message in outcome.failed.items()]
        lines += [f"flagged: {label}: {flag}" for label, flag in outcome.flagged.items()]
        lines += [f"report: {page}"] if page else []
        if outcome.others_lack:
            left = f"{outcome.others_lack} trials of other shards are not: no report yet"
            lines.append(f"shard {self.shard} is done, {left}")
        return Answer(
            "\n".join(lines),
            {
                "quality": rows,
                "failed": outcome.failed,
                "flagged": outcome.flagged,
                "others_lack": outcome.others_lack,
                "report": page,
            },
            status=FAILED if outcome.failed or outcome.flagged else 0,
        )


def _plan(suite: Suite, outcome: RunOutcome) -> Answer:
    """What `--dry-run` shows: every trial in order, whether it is finished, and about how long fits take."""
    from ..core.progress import duration

    trials = [
        {
            "trial": trial.hash,
            "kind": trial.kind,
            "label": trial.label,
            "finished": trial.hash in outcome.finished,
            "broken": outcome.broken.get(trial.hash),
            "seconds": outcome.seconds.get(trial.hash),
        }
        for trial in outcome.trials
    ]
    width = max((len(trial["kind"]) for trial in trials), default=0)
    lines = []
    for trial in trials:
        about = f"  (about {duration(trial['seconds'])})" if trial["seconds"] is not None else ""
        state = "broken" if trial["broken"] else "finished" if trial["finished"] else "to run"
        lines.append(f"{state:8}  {trial['kind']:{width}}  {trial['label']}{about}")
    missing = [trial for trial in trials if not trial["finished"]]
    count = ", ".join(f"{number} {kind}" for kind, number in Counter(t["kind"] for t in missing).items())
    lines.append(
        f"{suite.name}: {len(missing)} of {len(trials)} trials to run" + (f" ({count})" if count else "")
    )
    if outcome.seconds:
        about = duration(sum(outcome.seconds.values()))
        lines.append(
            f"about {about} of training on this machine as it is now, told by some items of each method; "
            "ranking and measuring come on top"
        )
    lines += [f"note: {note}" for note in outcome.notes]
    lines += [f"broken: {trial['label']}: {trial['broken']}" for trial in trials if trial["broken"]]
    return Answer(
        "\n".join(lines),
        {"suite": suite.name, "trials": trials, "notes": outcome.notes},
        status=FAILED if outcome.broken else 0,
    )


def _quality_row(record: QualityRecord, name: str) -> dict[str, Any]:
    return {
        "method": name,
        "dataset": record.fit.dataset,
        "setting": record.setting,
        "negatives": record.fit.negatives,
        "seed": record.fit.seed,
        "parameters": record.parameters or record.fit.parameters,
        "auc": fmean(record.test.auc),
        "ndcg": fmean(record.test.ndcg),
        "warnings": record.fit.warnings,
    }


def _scorer_row(record: ScorerRecord) -> dict[str, Any]:
    """As of what was trained, without what only that has."""
    return {
        "method": record.scorer,
        "dataset": record.dataset,
        "setting": record.setting,
        "negatives": None,
        "seed": None,
        "parameters": None,
        "auc": fmean(record.test.auc),
        "ndcg": fmean(record.test.ndcg),
        "warnings": [],
    }


def _table(rows: list[dict[str, Any]]) -> str:
    shown = [{key: value for key, value in row.items() if key != "warnings"} for row in rows]
    told = [f"warning: {row['method']}: {warning}" for row in rows for warning in row["warnings"]]
    return "\n".join([table(shown), *dict.fromkeys(told)])
