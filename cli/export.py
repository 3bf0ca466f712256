"""`outfitbench export`: a model, or the trained methods of a run, as ONNX."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, UseAppendAction, arg

from .answer import Answer
from .session import Session, writable_folder
from .subjects import choose_subjects

__all__ = ["Export"]


@dataclass(frozen=True)
class Export:
    """Write ONNX graphs, checked to answer as PyTorch does.

    Attributes:
        source: A name from `outfitbench list models` (random weights), or the folder of a run.
        out: Where to write; a folder for each model in it.
        method: Of a run, only the method of this name (FND XS) or ID (fnd-xs); can be repeated.
        users: How many users a model by name has; 630 by default.
    """

    source: Annotated[Positional[str], arg(metavar="MODEL|RUN")]
    out: Path
    method: UseAppendAction[tuple[str, ...]] = ()
    users: int | None = None

    def run(self, session: Session) -> Answer:
        """Export each, and say where it lies and how well it agrees."""
        from ..bench import export_onnx
        from ..bench.engines.torch_engine import load_model

        chosen = choose_subjects([self.source], session, users=self.users, methods=self.method)
        folder = writable_folder("argument --out", self.out)
        exports = []
        for choice in chosen:
            subject = choice.subject
            exports.append(
                export_onnx(
                    load_model(subject),
                    folder / choice.slug,
                    name=subject.model,
                    backbone=subject.backbone,
                    input_size=subject.input_size,
                )
            )
        return Answer(
            "\n".join(
                f"{export.folder}: {export.file_bytes / 1e6:.1f} MB, scores within "
                f"{export.parity['max_abs_difference']:.1e} of PyTorch's, "
                f"Kendall's τ {export.parity['kendall_tau']:.4f}"
                for export in exports
            ),
            {"exports": [export.model_dump(mode="json") for export in exports]},
        )
