"""What is measured: a model of the zoo with its weights, and the folder it was exported to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ..models.options import InputKind

__all__ = ["Subject"]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A model to measure, in words that can be handed to another process.

    Attributes:
        model: The zoo's name of the model.
        num_users: How many users it knows.
        num_categories: How many categories of items it knows.
        label: The row's name in a table; the model's name when empty.
        weights: A safetensors file, or None for random weights.
        backbone: As for `create_model`.
        options: The model's own options, as JSON values.
        input_kind: "image" or "features".
        input_size: H = W of the images in pixels, or F of the features; None for the model's own.
        plugins: Python files that register further models.
        export: Folder written by `export_onnx`; made on the way when None.
        variant: What compression made of the weights or the export; empty for the model as it was trained.
        graphs: What the graphs in `export` compute in ("int8"), where they alone are the variant, and there
            are no weights for an engine that runs the model itself; empty otherwise.
    """

    model: str
    num_users: int
    num_categories: int = 3
    label: str = ""
    weights: Path | None = None
    backbone: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    input_kind: InputKind = "image"
    input_size: int | None = None
    plugins: tuple[Path, ...] = ()
    export: Path | None = None
    variant: str = ""
    graphs: str = ""

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values; `from_json` gives the subject back."""
        plain = asdict(self)
        plain["plugins"] = [str(path) for path in self.plugins]
        for name in ("weights", "export"):
            plain[name] = None if plain[name] is None else str(plain[name])
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Subject:
        """The subject that `to_json` wrote down."""
        values = {own.name: plain[own.name] for own in fields(cls)}
        for name in ("weights", "export"):
            values[name] = None if values[name] is None else Path(values[name])
        values["plugins"] = tuple(Path(path) for path in values["plugins"])
        return cls(**values)
