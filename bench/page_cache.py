"""Puts files out of the system's page cache, and tells how much of them is still there.

Only the given files are touched: dropping all caches would slow whatever else the machine does.
Pages that another running program has mapped cannot be put out; that is why the rest is told.
"""

import ctypes
import mmap
import os
from collections.abc import Iterable
from pathlib import Path

PAGE = mmap.PAGESIZE
MIB = 1024 * 1024


def files_below(folders: Iterable[Path]) -> set[Path]:
    return {
        Path(folder) / name
        for root in folders
        for folder, _, names in os.walk(root)
        for name in names
    }


def files_mapped_by(pid: int) -> set[Path]:
    """Programs, libraries, fonts and what else it has mapped (proc(5), maps)."""
    lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    named = {line.split(None, 5)[5] for line in lines if len(line.split(None, 5)) == 6}
    return {Path(name) for name in named if name.startswith("/") and Path(name).is_file()}


def put_out(files: Iterable[Path]) -> None:
    """What was written and not yet stored is stored first, else it stays (posix_fadvise(2))."""
    os.sync()
    for file in files:
        try:
            descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            continue  # not ours to read, or gone
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError:
            pass  # a pipe or a device
        finally:
            os.close(descriptor)


def resident_mib(files: Iterable[Path]) -> float:
    """How much of these files lies in memory (mincore(2))."""
    return sum(_resident_pages(file) for file in files) * PAGE / MIB


def _resident_pages(file: Path) -> int:
    try:
        size = file.stat().st_size
        if not size:
            return 0
        with (
            file.open("rb") as opened,
            mmap.mmap(
                opened.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE
            ) as memory,
        ):
            pages = (ctypes.c_ubyte * ((size + PAGE - 1) // PAGE))()
            start = ctypes.c_char.from_buffer(memory)
            failed = ctypes.CDLL(None).mincore(
                ctypes.c_void_p(ctypes.addressof(start)), ctypes.c_size_t(size), pages
            )
            del start  # the map is not closed while somebody points into it
            return 0 if failed else sum(page & 1 for page in pages)
    except (OSError, ValueError):
        return 0
