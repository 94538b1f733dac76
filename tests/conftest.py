"""What holds for all tests: nothing is gone through again and again, no disk is waited for."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")
ROOM_BYTES = 2**30


def pytest_collection_finish() -> None:
    """Modules and collected tests stay to the end: no collection need go through them again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is room: what a disk takes to sync is no part of most tests."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM_BYTES:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="bedside-tests-") as name:
        yield Path(name)
