"""What engines need of a model before it is measured: weights and graphs; and what is counted, not timed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .engines import needs_export
from .exported import load_export
from .measurement import Measurement
from .subject import Subject

__all__ = ["Prepared", "prepare", "reference_answers"]


@dataclass(frozen=True)
class Prepared:
    """A subject with all its files, and what is known of it without timing.

    Attributes:
        subject: With weights and input size, and an export if an engine needs one.
        backbone: Name of the model's image network.
        counts: "parameters", "buffers" and "flops".
        export_parity: Of an export made here, which was checked on the CPU then.
    """

    subject: Subject
    backbone: str
    counts: dict[str, Measurement]
    export_parity: dict[str, float] | None

    def file_size(self, engine: str) -> Measurement:
        """Bytes of the files that an engine loads."""
        subject = self.subject
        if needs_export(engine):
            assert subject.export is not None
            return Measurement(unit="byte", samples=[load_export(subject.export).file_bytes])
        assert subject.weights is not None
        return Measurement(unit="byte", samples=[subject.weights.stat().st_size])


def prepare(subject: Subject, engines: Sequence[str], scratch: Path) -> Prepared:
    """Fill in what a subject lacks.

    Args:
        subject: A model; without weights it gets random ones, always the same.
        engines: Those that will run it.
        scratch: A folder for the files, not made yet.

    Raises:
        InputError: If its weights cannot be read, do not fit or are not finite.
        ModelError: For an unknown model.
        ParityError: If its export answers otherwise than PyTorch.
    """
    import torch

    from .engines.torch_engine import load_model
    from .export import export_onnx
    from .flops import count_flops
    from .parameters import count_parameters
    from .threads import one_thread
    from .weights import WEIGHTS_FILE, save_tensors

    scratch.mkdir()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = load_model(subject)
    size = model.input_size if subject.input_size is None else subject.input_size
    subject = replace(subject, input_size=size)
    if subject.weights is None:
        weights = scratch / WEIGHTS_FILE
        save_tensors(model.state_dict(), weights)
        subject = replace(subject, weights=weights)
    parity = None
    if subject.export is None and any(map(needs_export, engines)):
        exported = export_onnx(
            model, scratch / "export", name=subject.model, backbone=subject.backbone, input_size=size
        )
        subject, parity = replace(subject, export=exported.folder), exported.parity
    count = count_parameters(model)
    with one_thread():
        flops = count_flops(model, size)
    return Prepared(
        subject,
        model.backbone_name,
        {
            "parameters": Measurement(unit="1", samples=[count.parameters]),
            "buffers": Measurement(unit="1", samples=[count.buffers]),
            "flops": flops,
        },
        parity,
    )


def reference_answers(subject: Subject) -> list[list[float]]:
    """What PyTorch on the CPU answers to the exam; the subject has weights and an input size."""
    from .engines.torch_engine import TorchEngine, load_model
    from .parity import exam
    from .threads import one_thread

    assert subject.input_size is not None
    with one_thread():
        return exam(
            TorchEngine.serving(load_model(subject)),
            num_users=subject.num_users,
            input_kind=subject.input_kind,
            input_size=subject.input_size,
        )
