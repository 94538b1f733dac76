"""The vectors shared between projects, where that folder stands beside or above this checkout."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PLACE = Path("shared") / "data" / "device_vectors.json"


@cache
def _read() -> list[dict[str, Any]] | None:
    for folder in Path(__file__).resolve().parents:
        if (folder / PLACE).exists():
            found: list[dict[str, Any]] = json.loads((folder / PLACE).read_text("utf-8"))["vectors"]
            return found
    return None


def shared_vectors() -> list[dict[str, Any]]:
    """Skips the test aloud where they are not."""
    vectors = _read()
    if vectors is None:
        pytest.skip(f"no {PLACE} above this checkout: only our own vectors were run")
    return vectors
