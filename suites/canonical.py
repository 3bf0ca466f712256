"""Canonical JSON and the hash that names a trial."""

from __future__ import annotations

import hashlib
import json
from typing import Any

__all__ = ["canonical_json", "content_hash"]


def canonical_json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """JSON with one spelling: sorted keys, no spaces, no NaN.

    Example:
        >>> canonical_json({"b": 1, "a": [1.0, None]})
        '{"a":[1.0,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(value: Any) -> str:  # noqa: ANN401
    """Hash of a JSON value: 16 hex digits.

    Example:
        >>> content_hash({"a": 1, "b": 2}) == content_hash({"b": 2, "a": 1})
        True
    """
    return hashlib.blake2b(canonical_json(value).encode(), digest_size=8).hexdigest()
