"""What is to be run, as it goes to other processes and machines, and what each of them makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ..core.cache import cached_in
from ..core.claims import Claim
from ..core.errors import Fault, InputError
from ..core.plugins import load_plugin
from ..core.progress import say
from ..datasets import Dataset, load_dataset
from ..datasets.registry import is_drawn, needs_root
from ..training.environment import Device
from .attempt import Ended, attempt, claim_of
from .cold_settings import is_cold
from .plan import plan_trials
from .suite_file import Suite
from .trial import Trial

__all__ = ["Errand", "Workplace", "plan_errand"]


@dataclass(frozen=True)
class Errand:
    """A suite with where its data are and where its records go.

    Attributes:
        suite: What is run.
        out: Folder of the runs.
        device: "cpu" or "cuda"; "auto" until an executor has seen what there is.
        root: Where the datasets lie on disk, for those that are read.
        split: "released" or "9:2:2".
        skip_unusable: Leave out rows of a dataset's files that cannot be used.
        cache: Folder for what is derived; None for the default.
        plugins: Files that register parts of the user's.
        fingerprints: Of the datasets by name as the caller has them, which everybody else must have, too.
    """

    suite: Suite
    out: Path
    device: Device | Literal["auto"]
    root: Path | None = None
    split: str = "released"
    skip_unusable: bool = False
    cache: Path | None = None
    plugins: tuple[Path, ...] = ()
    fingerprints: dict[str, str] = field(default_factory=dict)

    def load(self, names: Iterable[str]) -> dict[str, Dataset]:
        """Datasets by name, found or made.

        Raises:
            InputError: If one cannot be, or is not the caller's.
        """
        found: dict[str, Dataset] = {}
        for name in names:
            found[name] = load_dataset(
                name,
                root=None if self.draws(name) else self.root,
                split=self.split,
                cache=self.cache,
                skip_unusable=self.skip_unusable,
            )
            expected = self.fingerprints.get(name, found[name].fingerprint)
            if found[name].fingerprint != expected:
                told = f"data {found[name].fingerprint}", f"{expected}, the caller's"
                raise InputError(Fault(f"dataset {name}", *told, "give every machine the same data"))
        return found

    def draws(self, name: str) -> bool:
        """Whether a dataset is drawn though there is a root, from which the suite reads another one."""
        read = any(needs_root(other) for part in self.suite.suites for other in part.datasets)
        return read and self.root is not None and is_drawn(name, self.root)


def plan_errand(errand: Errand) -> tuple[list[Trial[Any]], dict[str, Dataset]]:
    """The trials of the suite, each after those it depends on, and all its datasets by name.

    Raises:
        InputError: If a dataset or the suite cannot be used.
    """
    suite = _at_hand(errand)
    if drawn := [name for name in suite.datasets if errand.draws(name)]:
        say(f"{', '.join(drawn)}: not in {errand.root}, drawn")
    datasets = errand.load(suite.datasets)
    cold = any(is_cold(setting) for part in suite.parts for setting in part.settings)
    new_users = {dataset.cold_sibling for dataset in datasets.values() if cold}
    siblings = errand.load(sorted(filter(None, new_users)))
    return plan_trials(suite, list(datasets.values()), siblings), datasets | siblings


def _at_hand(errand: Errand) -> Suite:
    """The suite on what there is: of several without a root, those parts that are not read from one."""
    suite = errand.suite
    kept = [name for name in suite.datasets if not needs_root(name)]
    if not suite.suites or errand.root is not None or not kept:
        return suite
    for name in filter(needs_root, suite.datasets):
        parts = ", ".join(part.name for part in suite.suites if name in part.datasets)
        say(f"{parts}: {name} is read from disk, and there is no --root, left out")
    return suite.model_copy(update={"datasets": kept})


class Workplace:
    """A process that runs trials of an errand by their hash.

    Args:
        errand: What is run; its plugins are loaded here.

    Raises:
        InputError: If a plugin cannot be loaded.
    """

    def __init__(self, errand: Errand) -> None:
        for plugin in errand.plugins:
            load_plugin(plugin)
        self._errand = errand
        self._trials: dict[str, Trial[Any]] = {}
        self._lacks: InputError | None = None
        with cached_in(errand.cache):
            for name in _at_hand(errand).datasets:  # one that is missing here is of no concern to the others
                only = errand.suite.model_copy(update={"datasets": [name]})
                try:
                    trials, _ = plan_errand(replace(errand, suite=only))
                except InputError as error:
                    self._lacks = self._lacks or error
                else:
                    self._trials |= {trial.hash: trial for trial in trials}
        self._claims: dict[str, Claim] = {}

    def attempt(self, named: str, number: str) -> Ended:
        """Run a trial, as `attempt`.

        Args:
            named: Its hash.
            number: What to say before its label when it begins.

        Raises:
            InputError: If its dataset is not to be had here, or is another than the caller's.
        """
        if (trial := self._trials.get(named)) is None:
            if self._lacks is not None:
                raise self._lacks
            return Ended(failed="outfitbench plans no such trial here: install the same sources everywhere")
        claim, device = self._claims.setdefault(named, claim_of(trial, self._errand.out)), self._errand.device
        assert device != "auto", "the executor has chosen"
        with cached_in(self._errand.cache):
            return attempt(trial, claim, self._errand.out, device, number)
