"""Whose scores a request is ranked by."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Score = Callable[[int, list[list[str]]], NDArray[Any]]


def users_for(request: dict[str, Any], card: dict[str, Any], score: Score) -> list[int]:
    """The user who asks; or those who like what a new user likes, and at least who likes it best."""
    everyone, new = range(card["num_users"]), card["serving"]["new_users"]
    if request.get("user") in everyone or new["strategy"] == "no-user":
        return [request["user"] if request.get("user") in everyone else 0]
    if new["strategy"] != "avg" or not request.get("known"):
        known = ', or "known": outfits that they like' if new["strategy"] == "avg" else ""
        wanted = f"one of 0 to {len(everyone) - 1}{known}"
        sys.exit(f'"user": found {request.get("user")!r}, expected {wanted}')
    likes = np.array([np.mean(score(user, request["known"]), dtype=np.float64) for user in everyone])
    return sorted({*np.flatnonzero(likes > new["threshold"]).tolist(), int(likes.argmax())})
