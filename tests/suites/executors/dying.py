"""Plugins whose scorers kill their own process, once or always, or wait to be killed."""

DIES = """
import os, signal
from pathlib import Path
from outfitbench.evaluation import Scorer, register_scorer


@register_scorer("dies")
class Dies(Scorer):
    '''Is killed whenever it is asked; leaves a line each time.'''

    def score(self, outfits):
        with open({died!r}, "a") as file:
            file.write("died\\n")
        os.kill(os.getpid(), signal.SIGKILL)
"""

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

NOT_IN_A_JOB = """
import multiprocessing, os

if multiprocessing.parent_process() is not None:
    {what}
"""

HELD_UP = """
import os, time
from pathlib import Path
from outfitbench.evaluation import Scorer, register_scorer


class HeldUp(Scorer):
    '''Tells which process started its own, and waits until it may go on.'''

    def score(self, outfits):
        started = Path({started!r})
        (started / str(os.getppid())).touch()
        while not (started / "go").exists():
            time.sleep(0.1)
        return [0.0] * len(outfits)


@register_scorer("held-up")
class Held(HeldUp):
    '''One of two.'''


@register_scorer("held-up-too")
class HeldToo(HeldUp):
    '''The other one.'''
"""
