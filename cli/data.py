"""`outfitbench data`: make, check or describe a dataset."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from .answer import BAD_INPUT, Answer
from .session import Session

if TYPE_CHECKING:
    from ..datasets import Dataset

__all__ = ["Data"]

_BACKBONE, _IMAGE_SIZE = "efficientnet-lite0", 128


@dataclass(frozen=True)
class Data:
    """Make a dataset ready to run on, check its files, describe it, or write it as features.

    Attributes:
        action: "make" writes or reads the dataset, decodes its images and draws its candidate sets into
            the cache; "check" lists every fault of its files; "stats" describes it; "features" writes a
            tree with the same splits and test candidates whose items are known by what a pretrained backbone
            makes of their images; read it with --root.
        name: A name from `outfitbench list datasets`.
        root: Folder of a dataset that is read from disk; a drawn one is then read, too, as any tree.
        split: The released split, or 9:2:2; "check" looks at the files, whatever becomes of them.
        skip_unusable: Leave out, and count, rows of a dataset's files that cannot be used, as `run` does.
        out: Of "features": the folder to write, which is not there yet.
        backbone: Of "features": who encodes the images, with its ImageNet weights.
        image_size: Of "features": pixels of the images it sees.
    """

    action: Positional[Literal["make", "check", "stats", "features"]]
    name: Annotated[Positional[str], arg(metavar="NAME")]
    root: Path | None = None
    split: Literal["released", "9:2:2"] = "released"
    skip_unusable: bool = False
    out: Path | None = None
    backbone: Annotated[str | None, arg(help_behavior_hint=f"(default: {_BACKBONE})")] = None
    image_size: Annotated[
        int | None, arg(metavar="PIXELS", help_behavior_hint=f"(default: {_IMAGE_SIZE})")
    ] = None

    def run(self, session: Session) -> Answer:
        """Do it.

        Raises:
            InputError: Among others, if an option of "features" is given to another action.
        """
        if self.action != "features":
            self._refuse_options_of_features()
        match self.action:
            case "make":
                return self._make(session)
            case "check":
                return self._check(session)
            case "stats":
                return self._stats(session)
            case "features":
                return self._features(session)

    def _refuse_options_of_features(self) -> None:
        from ..core.errors import Fault, InputError

        options = {"--out": self.out, "--backbone": self.backbone, "--image-size": self.image_size}
        for option, given in options.items():
            if given is not None:
                expected = f"nothing for {self.action}; features takes it"
                raise InputError(Fault(f"argument {option}", str(given), expected))

    def _load(self, session: Session) -> Dataset:
        from ..datasets import load_dataset

        return load_dataset(
            self.name,
            self.root,
            split=self.split,
            cache=session.cache,
            skip_unusable=self.skip_unusable,
        )

    def _make(self, session: Session) -> Answer:
        from ..datasets import SETTINGS

        dataset = self._load(session)
        if dataset.pictures is not None:
            dataset.image_array()
        # Hard negatives are other users' outfits.
        settings = [setting for setting in SETTINGS if setting != "hard" or not dataset.anonymous]
        candidates = {setting: dataset.candidates("test", setting).fingerprint for setting in settings}
        users = "users not known" if dataset.anonymous else f"{dataset.num_users} users"
        return Answer(
            f"{dataset.name}: {dataset.origin}\n"
            f"{users}, {dataset.num_items} items, "
            f"{len(dataset.split('train'))} training and {len(dataset.split('test'))} test outfits\n"
            f"fingerprint {dataset.fingerprint}, cache {dataset.cache}",
            {
                "dataset": dataset.name,
                "origin": dataset.origin,
                "users": dataset.num_users,
                "items": dataset.num_items,
                "outfits": {name: len(table) for name, table in dataset.tables.items()},
                "split_scheme": dataset.split_scheme,
                "fingerprint": dataset.fingerprint,
                "candidate_fingerprints": candidates,
                "cache": dataset.cache,
            },
        )

    def _check(self, session: Session) -> Answer:
        from ..datasets.check import inspect_dataset

        found = inspect_dataset(self.name, self.root, cache=session.cache, skip_unusable=self.skip_unusable)
        lines = [*map(str, found.faults)] or [f"{self.name}: no fault found"]
        return Answer(
            "\n".join([*lines, *(f"note: {note}" for note in found.notes)]),
            {
                "dataset": self.name,
                "faults": [asdict(fault) for fault in found.faults],
                "notes": found.notes,
            },
            status=BAD_INPUT if found.faults else 0,
        )

    def _stats(self, session: Session) -> Answer:
        from ..datasets.stats import describe

        dataset = self._load(session)
        statistics = asdict(describe(dataset))
        spelled = {key: _readable(value) for key, value in statistics.items()}
        if dataset.anonymous:
            spelled["users"] = "not known: all outfits stand under one"
        spelled["sizes"] = ", ".join(
            f"{count:,} outfits of {size} items" for size, count in statistics["sizes"].items()
        )
        spelled["truly_liked_negatives"] = ", ".join(
            f"{share:.2%} of {name}" for name, share in statistics["truly_liked_negatives"].items()
        )
        lines = [f"{key.replace('_', ' ')}: {text or 'none'}" for key, text in spelled.items()]
        return Answer(
            "\n".join(
                [f"{dataset.name}: {dataset.origin}", *lines, *(f"note: {note}" for note in dataset.notes)]
            ),
            {"dataset": dataset.name, "origin": dataset.origin, **statistics, "notes": list(dataset.notes)},
        )

    def _features(self, session: Session) -> Answer:
        from ..core.errors import Fault, InputError
        from ..datasets.closet.spec import CLOSETS
        from ..datasets.polyvore.write_converted import check_features_folder, write_features
        from ..datasets.registry import POLYVORES
        from ..evaluation.frozen import pretrained_vectors
        from ..models.backbones import check_backbone

        if self.out is None:
            raise InputError(Fault("argument --out", "none", "the folder to write"))
        backbone = _BACKBONE if self.backbone is None else self.backbone
        image_size = _IMAGE_SIZE if self.image_size is None else self.image_size
        check_features_folder(self.out)
        check_backbone(backbone, pretrained=True, where="argument --backbone")
        if image_size < 1:
            raise InputError(Fault("argument --image-size", str(image_size), "one pixel at least"))
        if self.name not in CLOSETS and self.name not in POLYVORES:
            expected = "a dataset that is read from a tree of tuples (closet-…, polyvore-…)"
            raise InputError(Fault("argument NAME", self.name, expected))
        dataset = self._load(session)
        vectors = pretrained_vectors(backbone, dataset, image_size)
        write_features(dataset, vectors, backbone, self.out)
        return Answer(
            f"{self.out}: {len(vectors)} items by {vectors.shape[1]} features of {backbone} at "
            f"{image_size} pixels; read it with --dataset {self.name} --root {self.out}",
            {"out": self.out, "items": len(vectors), "width": vectors.shape[1], "backbone": backbone},
        )


def _readable(value: float | dict[str, int]) -> str:
    """A number, or numbers by name, as a person reads them."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_readable(count)}" for name, count in value.items())
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"
