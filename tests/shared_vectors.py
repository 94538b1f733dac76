"""The vectors shared between projects, where that folder stands beside or above this checkout."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PLACE = Path("shared") / "data" / "device_vectors.json"


@cache
def read_shared_vectors() -> list[dict[str, Any]] | None:
    """None where they are not."""
    for folder in Path(__file__).resolve().parents:
        if (folder / PLACE).exists():
            found: list[dict[str, Any]] = json.loads((folder / PLACE).read_text("utf-8"))["vectors"]
            return found
    return None


def shared_vectors() -> list[dict[str, Any]]:
    """Skips the test aloud where they are not."""
    vectors = read_shared_vectors()
    if vectors is None:
        pytest.skip(f"no {PLACE} above this checkout: only our own vectors were run")
    return vectors
