"""profile"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """x"""
