"""What engines need of a model before it is measured: weights and graphs; and what is counted, not timed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .exported import load_export
from .measurement import Measurement
from .subject import Subject
from .workloads.served import ModelTraits

if TYPE_CHECKING:
    from ..models.outfit_model import OutfitModel
    from .counts import ModelWork

__all__ = ["Prepared", "prepare", "reference_answers", "traits_of", "with_export"]


@dataclass(frozen=True)
class Prepared:
    """A subject with all its files, and what is known of it without timing.

    Attributes:
        subject: With weights and input size.
        outfit_size: Items of an outfit in a request.
        backbone: Name of the model's image network.
        counts: "parameters", "buffers" and "flops".
        traits: What not all models have.
        work: FLOPs and bytes of its parts, if they can be counted.
        export_parity: Of an export made here, or of a variant that is graphs: of ONNX Runtime on the CPU, as
            it was found then.
    """

    subject: Subject
    outfit_size: int
    backbone: str
    counts: dict[str, Measurement]
    traits: ModelTraits = field(default_factory=ModelTraits)
    work: ModelWork | None = None
    export_parity: dict[str, float] | None = None

    def counted(self, *, exported: bool) -> dict[str, Measurement]:
        """The counts, and "file_size": bytes of what an engine loads, the weights or the exported graphs."""
        subject = self.subject
        if exported:
            assert subject.export is not None
            size = load_export(subject.export).file_bytes
        else:
            assert subject.weights is not None
            size = subject.weights.stat().st_size
        return self.counts | {"file_size": Measurement(unit="byte", samples=[size])}


def prepare(subject: Subject, outfit_size: int, scratch: Path) -> Prepared:
    """Fill in what a subject lacks, but for an export.

    Args:
        subject: A model; without weights it gets random ones, always the same.
        outfit_size: Items of an outfit in a request.
        scratch: A folder for the files, not made yet.

    Raises:
        InputError: If its weights cannot be read, do not fit or are not finite.
        ModelError: For an unknown model.
    """
    import torch

    from ..models.weights import WEIGHTS_FILE, save_tensors, take_layers
    from .counts import ModelWork, count_parameters, count_work, flops_of
    from .engines.torch_engine import load_model, one_thread

    scratch.mkdir()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = load_model(subject)
    exported = load_export(subject.export) if subject.graphs and subject.export is not None else None
    if exported is not None and exported.layers:
        take_layers(model, exported.layers)
    size = model.input_size if subject.input_size is None else subject.input_size
    subject = replace(subject, input_size=size)
    if subject.weights is None and not subject.graphs:
        weights = scratch / WEIGHTS_FILE
        save_tensors(model.state_dict(), weights)
        subject = replace(subject, weights=weights)
    count = count_parameters(model)
    with one_thread():
        work = count_work(model, size, outfit_size)
    counts = {
        "parameters": Measurement(unit="1", samples=[count.parameters]),
        "buffers": Measurement(unit="1", samples=[count.buffers]),
        "flops": flops_of(work),
    }
    own = work if isinstance(work, ModelWork) else None
    if exported is not None:
        if exported.parameters != count.parameters:  # of layers of its own, of which the card does not say
            counts, own = {"parameters": Measurement(unit="1", samples=[exported.parameters])}, None
        elif own is not None:
            own = own.with_weights_of(exported.file_bytes / (4 * sum(count)))
    return Prepared(subject, outfit_size, model.backbone_name, counts, traits_of(model), own)


def traits_of(model: OutfitModel) -> ModelTraits:
    """What not all models have, of one that may lie on torch's device "meta"."""
    from ..models.outfit_model import W_AVG

    vectors = model.has_user_vectors and model.has_outfit_vectors
    return ModelTraits(
        vector_size=model.user_vectors().shape[1] if vectors else None,
        scores_new_users=W_AVG in model.cold_strategies,
    )


def with_export(prepared: Prepared, scratch: Path) -> Prepared:
    """The same with an export, made here where the subject has none.

    Args:
        prepared: A subject with weights and input size.
        scratch: A folder for the files.

    Raises:
        EngineError: If the exporter cannot follow the model.
        ParityError: If its export answers otherwise than PyTorch.
    """
    from .engines.torch_engine import load_model
    from .export import export_onnx

    subject = prepared.subject
    if subject.graphs and subject.export is not None:
        return replace(prepared, export_parity=load_export(subject.export).parity)
    if subject.export is not None:
        return prepared
    exported = export_onnx(
        load_model(subject),
        scratch / "export",
        name=subject.model,
        backbone=subject.backbone,
        input_size=subject.input_size,
    )
    return replace(prepared, subject=replace(subject, export=exported.folder), export_parity=exported.parity)


def reference_answers(subject: Subject) -> list[list[float]]:
    """What an engine is held against: the answers of PyTorch on the CPU to `parity_answers`.

    Of a variant that is graphs, those of ONNX Runtime.

    Args:
        subject: With its files and an input size.
    """
    from .engines.onnxruntime_engine import OnnxRuntimeEngine
    from .engines.torch_engine import TorchEngine, load_model, one_thread
    from .parity import parity_answers

    with one_thread():
        if subject.graphs:
            engine = OnnxRuntimeEngine(subject, "cpu", 1)
            engine.load()
        else:
            engine = TorchEngine.serving(load_model(subject))
        return parity_answers(engine, subject)
