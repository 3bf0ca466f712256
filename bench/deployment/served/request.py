"""What is asked of a model; what of it cannot be answered ends the program with a line that says so."""

import json
import sys
from pathlib import Path
from typing import Any


def read_request(path: Path, categories: list[str]) -> dict[str, Any]:
    """The request in a file."""
    try:
        request = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sys.exit(f"{path.name}: found no request ({error}), expected one as JSON")
    items = request.get("items") if isinstance(request, dict) else None
    if not isinstance(items, dict):
        sys.exit(f'{path.name}: found no "items" by name, expected {{"items": {{"coat.jpg": "top", …}}, …}}')
    for name, kind in items.items():
        if kind not in categories:
            sys.exit(f'"items", "{name}": found category {kind!r}, expected one of {", ".join(categories)}')
        if not (path.parent / name).is_file():
            sys.exit(f'"items": found no file "{name}" beside {path.name}, expected one')
    for key in ("outfits", *(["known"] if request.get("known") else [])):
        if not request.get(key) or not all(request[key]):
            sys.exit(f'"{key}": found none, or one without items, expected lists of items')
        for name in sorted({name for outfit in request[key] for name in outfit} - items.keys()):
            sys.exit(f'"{key}": found "{name}", expected names that stand in "items"')
    return request
