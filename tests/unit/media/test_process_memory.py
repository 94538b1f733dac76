"""Freed memory goes back to the system, also from below a block that is still in use."""

import ctypes
import sys
from pathlib import Path

import pytest

from media.process_memory import give_back

BLOCK_BYTES = 100 * 1024  # small enough to come from the heap
BLOCKS = 400


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1024 / 1024


@pytest.mark.skipif(sys.platform != "linux", reason="the system's own C library elsewhere")
def test_what_was_freed_is_given_back() -> None:
    c = ctypes.CDLL(None)
    c.malloc.restype = ctypes.c_void_p
    blocks = [c.malloc(ctypes.c_size_t(BLOCK_BYTES)) for _ in range(BLOCKS)]
    for block in blocks:
        ctypes.memset(block, 1, BLOCK_BYTES)
    for block in blocks[:-1]:
        c.free(ctypes.c_void_p(block))
    before = resident_mib()
    give_back()
    assert before - resident_mib() > 0.8 * BLOCKS * BLOCK_BYTES / 1024 / 1024
    c.free(ctypes.c_void_p(blocks[-1]))
