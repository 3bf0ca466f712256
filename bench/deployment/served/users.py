"""Whose scores a request is ranked by."""

import csv
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Score = Callable[[int, list[list[str]]], NDArray[Any]]


def users_for(request: dict[str, Any], card: dict[str, Any], score: Score) -> list[int]:
    """The user who asks; or those who like what a new user likes, and at least who likes it best."""
    everyone, new = range(card["num_users"]), card["serving"]["new_users"]
    user, named = number_of(request.get("user"), card), card["serving"]["user_names"]
    if user is not None or new["strategy"] == "no-user":
        return [user or 0]
    if new["strategy"] != "avg" or not request.get("known"):
        known = ', or "known": outfits that they like' if new["strategy"] == "avg" else ""
        name = f", a name that stands in {named}" if named else ""
        wanted = f"one of 0 to {len(everyone) - 1}{name}{known}"
        sys.exit(f'"user": found {request.get("user")!r}, expected {wanted}')
    likes = np.array([np.mean(score(user, request["known"]), dtype=np.float64) for user in everyone])
    return sorted({*np.flatnonzero(likes > new["threshold"]).tolist(), int(likes.argmax())})


def number_of(user: object, card: dict[str, Any]) -> int | None:
    """A user's number; the user may be asked for by name where the dataset has names. None for nobody."""
    named = card["serving"]["user_names"]
    if isinstance(user, str) and named:
        with Path(__file__).with_name(named).open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            next(rows)  # the columns' names
            return next((int(number) for number, name in rows if name == user), None)
    return user if isinstance(user, int) and user in range(card["num_users"]) else None
