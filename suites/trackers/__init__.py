"""Where else the curves, parameters and results of a run's trials can be looked at, one file a tracker."""

from .tracker import TRACKERS, Tracked, Tracker, register_tracker
from .tracking import Tracking

__all__ = ["TRACKERS", "Tracked", "Tracker", "Tracking", "register_tracker"]
