"""Write what a stranger can serve: graphs, a card, a script, and the names of items and users."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

from ...core.files import replacing_folder
from ...core.hashes import file_hash
from ...datasets import Dataset
from ...datasets.tables import CATEGORIES
from ...datasets.user_names import UserNames
from ..errors import EngineError
from ..exported import CARD, ENCODER, SCORER, ExportedModel, load_export
from ..subject import Subject
from ..variants import runs_in
from .card import PREPROCESSING, Origin, Serving, new_users, read_graph

__all__ = ["ITEMS", "SERVED", "USERS", "deploy"]

SERVED = Path(__file__).with_name("served")
"""`recommend.py`, which ranks outfits with onnxruntime and numpy (and Pillow, for images), and what it
imports: copied beside the graphs, and without anything of ours."""

ITEMS = "items.csv"
"""Item by item: its id in the dataset, its category, its name."""

USERS = "users.csv"
"""User by user: the number that the graphs take, and what the dataset calls them."""


def deploy(
    subject: Subject,
    out: Path,
    origin: Origin,
    categories: Sequence[str] = CATEGORIES,
    dataset: Dataset | None = None,
) -> ExportedModel:
    """Write the graphs of a model, or of a variant, with all that serving them takes.

    The folder appears as a whole or not at all; an earlier one is replaced.

    Args:
        subject: The model; where it has an export already, as a variant that makes graphs does, that one.
        out: The folder to write.
        origin: Where the weights are from.
        categories: Names of the categories, by number.
        dataset: Whose items are written down by name, and users where they have names; None for none.

    Raises:
        EngineError: If the exporter cannot follow the model, or a variant has nothing to be exported.
        ParityError: If its graphs answer otherwise than PyTorch.
        InputError: If weights or an export cannot be read, or `out` is a file, or holds something else.
    """
    if subject.variant and not runs_in(subject.variant, "onnxruntime"):
        found = f"variant {subject.variant}: found what PyTorch does when it loads the weights"
        raise EngineError(f"{found}, expected weights or graphs of its own, which can be exported")
    with replacing_folder(out, CARD) as folder:
        exported = _graphs(subject, folder)
        beside = sorted(path.name for path in SERVED.glob("*.py"))
        for name in beside:
            shutil.copyfile(SERVED / name, folder / name)
        if dataset is not None:
            _write_items(dataset, folder / ITEMS)
            beside.append(ITEMS)
        names = None if dataset is None else dataset.user_names
        if names is not None:
            _write_users(names, folder / USERS)
            beside.append(USERS)
        whole = exported.model_copy(
            update={
                "folder": out,
                "serving": Serving(
                    graphs={name: read_graph(folder / name) for name in (ENCODER, SCORER)},
                    preprocessing=PREPROCESSING[exported.input_kind],
                    categories=tuple(categories),
                    users=f"0 to {exported.num_users - 1}, as the dataset numbers them"
                    + ("" if names is None else f"; {USERS} has their names"),
                    user_names=None if names is None else USERS,
                    new_users=new_users(exported.cold_strategies),
                    items=None if dataset is None else ITEMS,
                    origin=origin,
                    beside={name: file_hash(folder / name) for name in beside},
                ),
            }
        )
        (folder / CARD).write_text(whole.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return whole


def _graphs(subject: Subject, folder: Path) -> ExportedModel:
    """Fill the empty folder with the subject's own export, or with a new one."""
    if subject.export is not None:
        exported = load_export(subject.export)
        for name in exported.files:
            shutil.copyfile(subject.export / name, folder / name)
        return exported
    from ..engines.torch_engine import load_model
    from ..export import export_onnx

    return export_onnx(
        load_model(subject),
        folder,
        name=subject.model,
        backbone=subject.backbone,
        input_size=subject.input_size,
    )


def _write_items(dataset: Dataset, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["item", "category", "name"])
        for item, (category, name) in enumerate(
            zip(dataset.item_category.tolist(), dataset.item_names, strict=True)
        ):
            table.writerow([item, dataset.categories[category], name])


def _write_users(names: UserNames, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["user", "name"])
        table.writerows(enumerate(names))
