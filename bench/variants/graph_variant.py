"""What variants that are ONNX graphs share."""

from __future__ import annotations

import shutil
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

from ...core.hashes import file_hash
from ...core.scratch import scratch_folder
from ..request import as_floats
from ..sample import Sample
from ..subject import Subject
from .variant import Variant

__all__ = ["GraphVariant", "encoder_inputs", "keep_graph"]


class GraphVariant(Variant):
    """Graphs made of those of an export, in a folder of the same kind: with a card, for any engine of graphs.

    Attributes:
        precision: What most of the arithmetic is done in: "int8", "fp16", "fp32".
    """

    engine = "onnxruntime"
    leaves_graphs = True
    precision: ClassVar[str]

    @abstractmethod
    def compress_encoder(self, graph: Path, out: Path, sample: Sample | None) -> None:
        """Write what becomes of the graph from items to features."""

    @abstractmethod
    def compress_scorer(self, graph: Path, out: Path) -> None:
        """Write what becomes of the graph from features to scores."""

    def make(self, subject: Subject, folder: Path, sample: Sample | None = None) -> None:
        """Export the model, compress both graphs, and say on the card how far their answers are off."""
        from ...models.weights import own_layers
        from ..engines.onnxruntime_engine import OnnxRuntimeEngine
        from ..engines.torch_engine import TorchEngine, load_model, one_thread
        from ..export import export_onnx
        from ..exported import CARD, ENCODER, SCORER
        from ..parity import compare_answers, parity_answers

        model = load_model(subject)
        with scratch_folder() as scratch, one_thread():
            exported = export_onnx(
                model,
                scratch / "export",
                name=subject.model,
                backbone=subject.backbone,
                input_size=subject.input_size,
            )
            self.compress_encoder(exported.folder / ENCODER, folder / ENCODER, sample)
            self.compress_scorer(exported.folder / SCORER, folder / SCORER)
            made = replace(subject, export=folder, input_size=exported.input_size)
            engine = OnnxRuntimeEngine(made, "cpu", 1)
            engine.load()
            answers, found = (parity_answers(each, made) for each in (TorchEngine.serving(model), engine))
        card = exported.model_copy(
            update={
                "folder": folder,
                "files": {path.name: file_hash(path) for path in sorted(folder.iterdir())},
                "parity": compare_answers(answers, found),
                "layers": own_layers(model),
            }
        )
        (folder / CARD).write_text(card.model_dump_json(indent=2) + "\n", encoding="utf-8")

    def load(self, subject: Subject, folder: Path) -> Subject:
        """The graphs alone."""
        return replace(subject, weights=None, export=folder, graphs=self.precision)


def keep_graph(graph: Path, out: Path) -> None:
    """Copy a graph with the files of its weights, which it knows by name: `out` has the same."""
    for path in graph.parent.glob(f"{graph.name}*"):
        shutil.copy(path, out.with_name(path.name))


def encoder_inputs(sample: Sample, names: Sequence[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """The sample's items as an encoder takes them, batch after batch.

    Args:
        sample: Training outfits.
        names: Of the graph's inputs: a model may have no use for the categories.
    """
    for part in sample.batches():
        given = {"images": as_floats(sample.items[part]), "categories": sample.item_categories[part]}
        yield {name: given[name] for name in names}
