"""What ranks in an evaluation: a fit's own network, or the engine that will run a variant of it."""

from __future__ import annotations

from ..bench.counts import count_parameters
from ..bench.engine_model import engine_model
from ..bench.engines import engine_factory
from ..bench.engines.torch_engine import load_model
from ..bench.exported import load_export
from ..bench.subject import Subject
from ..core.errors import Fault, InputError
from ..datasets import Dataset
from ..evaluation.item_inputs import ItemInputs
from ..training.environment import Device
from ..training.network import Network, trained_network
from .records import FitRecord
from .trial import FitTrial, Trial, engine_of

__all__ = ["parameters_left", "ranking_network"]


def ranking_network(
    trial: Trial, fit: FitTrial, subject: Subject, device: Device, *, items_of: Dataset | None = None
) -> Network:
    """A model and the items as it sees them: weights in PyTorch, or what an engine makes of its files.

    Args:
        trial: The fit or the variant whose files the subject has.
        fit: The fit.
        subject: Of `trained_subject`.
        device: "cpu" or "cuda".
        items_of: As for `trained_network`.

    Raises:
        InputError: If the weights are missing, broken or another network's.
        EngineError: If the engine cannot run here.
    """
    method, dataset = fit.method, fit.dataset
    if not (name := engine_of(trial)):
        if subject.weights is None:
            found, expected = "no weights", "weights that PyTorch can load"
            raise InputError(Fault(f"variant {subject.variant}", found, expected))
        return trained_network(method, dataset, subject.weights, device, items_of=items_of)
    # One thread, as slices of the outfits are scored side by side; so its bits hang on no number of cores.
    engine = engine_factory(name)(subject, device, 1)
    engine.load()
    model = engine_model(engine, subject, _feature_size(subject))
    seen = ItemInputs(dataset if items_of is None else items_of, method.image_size, method.items)
    return Network(model.eval(), seen, None)


def _feature_size(subject: Subject) -> int:
    """D, the width of an encoded item."""
    if subject.graphs:
        assert subject.export is not None, "a variant of graphs has them"
        return load_export(subject.export).feature_size
    return load_model(subject).feature_size


def parameters_left(subject: Subject, fit: FitRecord) -> int | None:
    """How many parameters compression has left of a fit; None where as many as there were."""
    if not subject.variant:
        return None
    if subject.graphs:
        assert subject.export is not None, "a variant of graphs has them"
        count = load_export(subject.export).parameters
    else:
        count = count_parameters(load_model(subject)).parameters
    return None if count == fit.parameters else count
