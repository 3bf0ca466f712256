"""The one trained model that a catalogue is encoded and ranked with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import Fault, InputError
from ..core.hashes import file_hash
from ..core.names import shown, unknown_name
from .session import Session
from .subjects import Chosen, choose_subjects

if TYPE_CHECKING:
    from ..evaluation.catalogue_features import Encoder
    from ..models import OutfitModel

__all__ = ["choose_fit", "load_fit"]


def choose_fit(run: Path, session: Session, method: str | None, fit: str | None) -> Chosen:
    """The fit of a run that a method's name stands for, or that is named itself.

    Args:
        run: Folder of a run.
        session: Names the plugins.
        method: Name or ID of a method; None where the run has but one.
        fit: Of several, the one, by its slug.

    Raises:
        InputError: If there is no such run or fit, or several.
    """
    if not run.is_dir():
        raise InputError(Fault("argument RUN", shown(str(run)), "the folder that `outfitbench run` wrote"))
    chosen = {
        one.slug: one for one in choose_subjects([str(run)], session, methods=(method,) if method else ())
    }
    if fit is not None:
        if fit not in chosen:
            raise InputError(unknown_name("a fit of the run", fit, chosen, f"{run}, argument --fit"))
        return chosen[fit]
    if len(chosen) > 1:
        option = "--fit" if len({one.subject.label for one in chosen.values()}) == 1 else "--method"
        found = f"{len(chosen)} fits ({', '.join(sorted(chosen))})"
        raise InputError(Fault(run, found, "one", f"name one by {option}"))
    return next(iter(chosen.values()))


def load_fit(chosen: Chosen, device: str) -> tuple[OutfitModel, Encoder]:
    """The model of a fit on its device, and what is told of it as the encoder of a catalogue.

    Raises:
        InputError: If its weights cannot be read, or there is no such device.
    """
    import torch

    from ..bench.engines.torch_engine import load_model
    from ..datasets.images.decode import DECODER_VERSION
    from ..evaluation.catalogue_features import Encoder

    subject = chosen.subject
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError(Fault("argument --device", "cuda, and PyTorch sees none", "cpu"))
    assert subject.weights is not None, "a fit has weights"
    assert subject.input_size is not None, "a fit knows its inputs' size"
    sees_images = subject.input_kind == "image"
    model = load_model(subject).to(device)
    encoder = Encoder(
        method=subject.label,
        model=subject.model,
        weights=file_hash(subject.weights),
        categories=list(chosen.categories),
        image_size=subject.input_size if sees_images else None,
        decoder=DECODER_VERSION if sees_images else None,
        vector_size=None if sees_images else subject.input_size,
        feature_size=model.feature_size,
    )
    return model, encoder
