"""Outfit sets that others released, each in the format of its release: IQON3000, POG, Polyvore Outfits.

A reader of its own turns the files into `Posts`; `load_release` splits them, keeps them as memory maps in the
cache and makes them a `Dataset`. docs/datasets.md says where each is had and what was assumed.
"""

from .load import RELEASES, inspect_release, load_release, open_pictures
from .pog_like import POG_LIKES, make_pog_like

__all__ = ["POG_LIKES", "RELEASES", "inspect_release", "load_release", "make_pog_like", "open_pictures"]
