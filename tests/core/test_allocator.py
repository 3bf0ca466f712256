"""Faults of pages are the system's own count of what was given back and taken anew."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys

import pytest
from outfitbench.core.allocator import ASKED_BY_THE_USER

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="it is glibc that gives memory back"
)

PAGES = 40 * 2**20 // resource.getpagesize()
"""Of the block that is taken and freed again; glibc's own threshold ends below it, at 32 MiB."""

SCRIPT = """
import resource, sys
from outfitbench.core.allocator import keep_freed_memory
kept = keep_freed_memory() if sys.argv[1:] else None
def take():
    assert b"x" * (40 * 2**20)
take()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    take()
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(*arguments: str, **asked: str) -> tuple[str, int]:
    environment = {name: told for name, told in os.environ.items() if name not in ASKED_BY_THE_USER} | asked
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    kept, count = ran.stdout.split()
    return kept, int(count)


def test_a_block_that_is_taken_again_costs_no_more_faults():
    _, by_default = faults()
    kept, then = faults("keep")
    assert (kept, then < PAGES / 10) == ("True", True)
    assert by_default > PAGES


def test_who_says_otherwise_is_not_overruled():
    kept, then = faults("keep", MALLOC_TRIM_THRESHOLD_=f"{2**20}")
    assert (kept, then > PAGES) == ("False", True)
