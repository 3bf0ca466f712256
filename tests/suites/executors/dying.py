"""A plugin whose scorer kills its own process once."""

DIES_ONCE = """
import os, signal
from pathlib import Path
from outfitbench.evaluation import Scorer, register_scorer


@register_scorer("dies-once")
class DiesOnce(Scorer):
    '''Is killed when it is asked for the first time; tells how many threads it has.'''

    def score(self, outfits):
        died = Path({died!r})
        if not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        died.write_text(f"{{os.getpid()}} {{os.environ['OMP_NUM_THREADS']}}")
        return [0.0] * len(outfits)
"""
