"""Engines whose cost is known, for workers: they sleep, allocate, or die."""

import ctypes
import multiprocessing
import os
import time
from pathlib import Path

import numpy as np

SLEEP, ALLOCATION, AN_ITEM = 0.02, 256 << 20, 2 << 20


class Instrument:
    """Sleeps a known time a request, holds a known number of bytes, and notes who was asked when."""

    provider = None
    precision = "fp32"
    compiles = False

    def __init__(self, subject, device, threads):
        self._subject = subject

    def load(self):
        self._held = np.ones(ALLOCATION, dtype=np.uint8)

    def compile(self, request):
        raise AssertionError("never asked to compile")

    def encode_items(self, items, categories):
        return np.zeros((len(items), 4), dtype=np.float32)

    def score(self, users, features, categories):
        time.sleep(SLEEP)
        if "INSTRUMENT_LOG" in os.environ:
            with Path(os.environ["INSTRUMENT_LOG"]).open("a") as log:
                log.write(f"{self._subject.label}\n")
        return np.zeros(len(users), dtype=np.float32)

    def to_host(self, features):
        return features

    def synchronize(self):
        pass

    def device_seconds(self, request, samples):
        return []

    def device_memory(self):
        return None


class Growing(Instrument):
    """Holds more the more items it is asked for at once."""

    def encode_items(self, items, categories):
        self._largest = np.ones(len(items) * AN_ITEM, dtype=np.uint8)
        return super().encode_items(items, categories)


class Freeing(Instrument):
    """Takes a large block a request, and frees it."""

    def score(self, users, features, categories):
        assert b"x" * ALLOCATION
        return np.zeros(len(users), dtype=np.float32)


class Fragile(Instrument):
    """Takes its process with it."""

    def load(self):
        print("a word before", "out of luck", sep="\n", flush=True)
        os._exit(7)


class Hanging(Instrument):
    """Never comes back from loading."""

    def load(self):
        time.sleep(3600)


class Deaf(Instrument):
    """Never comes back either, and holds Python's lock meanwhile, so that no thread of its process runs."""

    def load(self):
        Path(os.environ["INSTRUMENT_LOG"]).write_text("deaf")
        ctypes.PyDLL(None).sleep(3600)


class Forking(Instrument):
    """Leaves a process behind that outlasts it."""

    def load(self):
        multiprocessing.get_context("fork").Process(target=_outlast).start()
        log = Path(os.environ["INSTRUMENT_LOG"])
        while not log.exists() or not log.read_text():
            time.sleep(0.01)
        if self._subject.label == "dies":
            os._exit(7)
        if self._subject.label == "hangs":
            time.sleep(3600)


def _outlast():
    Path(os.environ["INSTRUMENT_LOG"]).write_text(f"{os.getpid()}\n")
    time.sleep(3600)
