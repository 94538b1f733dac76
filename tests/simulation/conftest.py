"""The ground is laid once; each run has a copy of it, in memory where there is such a place."""

import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.ground import Ground, laid_in

MEMORY = Path("/dev/shm")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place, prefix="bedside-simulation-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def ground(folder: Path) -> Ground:
    (folder / "ground").mkdir()
    return laid_in(folder / "ground")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The product says in its log what the line does to it; here that is the rule."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
