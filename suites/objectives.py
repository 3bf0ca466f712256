"""The first home of the objectives; they live in `outfitbench.training.objectives`."""

from ..training.objectives import *  # noqa: F403 - the same public names
