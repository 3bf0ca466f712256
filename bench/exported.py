"""The folder that an export leaves: two graphs and a card that says what they are."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..core.errors import Fault, InputError
from ..models.options import InputKind
from .deployment.card import Serving

__all__ = ["CARD", "ENCODER", "SCORER", "ExportedModel", "load_export"]

ENCODER, SCORER, CARD = "encoder.onnx", "scorer.onnx", "model.json"
"""encoder.onnx: images, categories → features. scorer.onnx: users, features, categories → scores;
of a model with an item bank also from the bank: float (n, D), the features of what is ranked among."""


class ExportedModel(BaseModel):
    """What was exported, as its model.json says.

    Attributes:
        folder: Where the files lie; not on the card.
        model: The zoo's name.
        num_users: How many users it knows.
        backbone: The image network asked for, or None for the model's own.
        input_kind: "image": float (n, 3, H, W) in [0, 1]; "features": float (n, F).
        input_size: H = W in pixels, or F.
        feature_size: D, the width of an encoded item.
        parameters: Trainable numbers in the two graphs together.
        opset: ONNX operator set.
        files: blake2b hash (16 hex digits) of every file beside the card.
        parity: "max_abs_difference", "kendall_tau" and "top_k_overlap" against PyTorch.
        versions: Version by package name.
        cold_strategies: The ways in which the model scores users on whom nothing was trained.
        layers: Shapes of all weights by name, where compression gave the model layers of its own before it
            was exported; empty where they are those that the zoo builds.
        serving: What whoever serves it needs to know; None in a folder that only our engines load.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path = Field(default=Path(), exclude=True)
    model: str
    num_users: int
    backbone: str | None
    input_kind: InputKind
    input_size: int
    feature_size: int
    parameters: int
    opset: int
    files: dict[str, str]
    parity: dict[str, float]
    versions: dict[str, str]
    cold_strategies: tuple[str, ...] = ()
    layers: dict[str, tuple[int, ...]] = {}
    serving: Serving | None = None

    @property
    def file_bytes(self) -> int:
        """Size of the graphs with their weights."""
        return sum((self.folder / name).stat().st_size for name in self.files)


def load_export(folder: Path) -> ExportedModel:
    """Read the card of an exported model.

    Raises:
        InputError: If the folder is not a whole export.
    """
    card = folder / CARD
    if not card.is_file():
        raise InputError(Fault(card, "no such file", "the card of an exported model", "export it again"))
    try:
        exported = ExportedModel.model_validate_json(card.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "file"
        raise InputError(
            Fault(f"{card}: {field}", str(first["msg"]), "an export's card", "export it again")
        ) from None
    for name in exported.files:
        if Path(name).name != name:
            raise InputError(
                Fault(f"{card}: files", repr(name), "names of files beside the card", "export it again")
            )
    for name in (ENCODER, SCORER, *exported.files):
        if not (folder / name).is_file():
            raise InputError(Fault(folder / name, "no such file", "a file of the export", "export it again"))
    return exported.model_copy(update={"folder": folder})
