"""The first home of the metrics; they live in `outfitbench.evaluation.metrics`."""

from ..evaluation.metrics import *  # noqa: F403 - the same public names
