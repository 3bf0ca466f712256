"""`outfitbench tune`: values of a method's options, found on its half of the validation set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional, arg

from .answer import FAILED, Answer
from .session import Session, writable_folder
from .terminal import table

if TYPE_CHECKING:
    from ..suites.study_record import StudyRecord, TriedPoint

__all__ = ["Tune"]


@dataclass(frozen=True)
class Tune:
    """Search a method's values on its half of the validation set; go on where a search was interrupted.

    Attributes:
        method: An ID from `outfitbench list methods`, or of the suite's methods.
        dataset: Where to search.
        trials: How many combinations of values to try, where there are as many.
        suite: Take the method as this suite runs it; by default as its own file says.
        negatives: What is trained against, and what the validation candidates are.
        seed: Of every fit, and of the order of the combinations.
        epochs: Train for this many epochs at most, and what the method needs, too.
        unpruned: Train every combination to its end, also those that fall behind.
        root: Folder of datasets that are read from disk.
        out: Folder of the search; several processes may share it.
        split: The released split, or 9:2:2.
        skip_unusable: Leave out rows of a dataset's files that cannot be used.
        device: What to train on; auto takes a GPU when there is one.
    """

    method: Annotated[Positional[str], arg(metavar="METHOD")]
    dataset: str
    trials: Annotated[int, arg(metavar="N")]
    suite: str | None = None
    negatives: Literal["random", "hard"] = "random"
    seed: Annotated[int, arg(metavar="N")] = 0
    epochs: Annotated[int | None, arg(metavar="N")] = None
    unpruned: bool = False
    root: Path | None = None
    out: Path = Path("tuned")
    split: Literal["released", "9:2:2"] = "released"
    skip_unusable: bool = False
    device: Literal["auto", "cpu", "cuda"] = "auto"

    def run(self, session: Session) -> Answer:
        """Search, and say what was found."""
        from ..core.errors import Fault, InputError

        try:
            from ..suites.tuning import tune
        except ModuleNotFoundError as error:
            if (missing := (error.name or "").partition(".")[0]) not in ("optuna", "tomlkit"):
                raise
            found, fix = "no package to search with", "run pip install 'outfitbench[tune]'"
            raise InputError(Fault("outfitbench tune", found, missing, fix)) from error
        from ..suites.search import load_search

        search = load_search(
            self.method,
            self.dataset,
            self.trials,
            suite=self.suite,
            negatives=self.negatives,
            seed=self.seed,
            epochs=self.epochs,
            prune=not self.unpruned,
            root=self.root,
            split=self.split,
            skip_unusable=self.skip_unusable,
        )
        out = writable_folder("argument --out", self.out)
        return self._found(tune(search, out, self.device))

    def _found(self, record: StudyRecord) -> Answer:
        lines = [table([_row(point) for point in record.points])]
        lines += [f"note: {note}" for note in record.notes]
        lines += [f"failed: point {point.number}: {point.reason}" for point in record.points if point.reason]
        file = None
        if (winner := record.winner) is not None:
            file = self.out / f"{record.method}.toml"
            lines.append(f"best: point {winner.number}, in {file}")
        document = {"study": record.model_dump(mode="json"), "method": file}
        return Answer("\n".join(lines), document, status=0 if file else FAILED)


def _row(point: TriedPoint) -> dict[str, Any]:
    values = {key: str(value) for key, value in point.values.items()}
    return {
        "point": point.number,
        **values,
        "state": point.state,
        "epochs": len(point.valid_auc),
        "validation AUC": point.kept if point.kept is not None else max(point.valid_auc, default=None),
    }
