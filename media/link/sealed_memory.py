"""Anonymous memory that crosses between processes: no name in the file system, sealed.

What differs between kernels and, one day, operating systems stands here.
"""

import fcntl
import mmap
import os

from app.domain.failures import Code, Unavailable, Untrusted

_FUTURE_WRITE = 0x10  # F_SEAL_FUTURE_WRITE, Linux 5.1; Python's fcntl does not name it
_SIZE_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW


def new_shared(size: int, name: str) -> tuple[int, mmap.mmap]:
    """Memory that only this mapping can write: whoever gets the descriptor can only read."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(descriptor, size)
        mapping = mmap.mmap(descriptor, size)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SIZE_SEALS | _FUTURE_WRITE | fcntl.F_SEAL_SEAL)
    except OSError as error:
        os.close(descriptor)
        raise Unavailable(Code.OVERRUN, "shared memory") from error
    return descriptor, mapping


def new_sealed(data: bytes, name: str) -> int:
    """A descriptor of memory that holds `data` and can never change again."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        written = 0
        while written < len(data):
            written += os.write(descriptor, memoryview(data)[written:])
        seals = _SIZE_SEALS | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    except OSError as error:
        os.close(descriptor)
        raise Unavailable(Code.OVERRUN, "sealed memory") from error
    return descriptor


def mapped(descriptor: int, size: int) -> mmap.mmap:
    """Map what another process shared, to read. Untrusted when it could shrink under us."""
    check(descriptor, size, fcntl.F_SEAL_SHRINK)
    try:
        return mmap.mmap(descriptor, size, prot=mmap.PROT_READ)
    except OSError as error:  # handed over for writing only
        raise Untrusted(Code.MALFORMED, "shared memory") from error


def contents(descriptor: int, size: int) -> bytes:
    """What sealed memory holds. Untrusted when it could still change."""
    check(descriptor, size, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_WRITE)
    try:
        data = os.pread(descriptor, size, 0)
    except OSError as error:
        raise Untrusted(Code.MALFORMED, "sealed memory") from error
    if len(data) != size:
        raise Untrusted(Code.HASH_MISMATCH, "sealed memory")
    return data


def check(descriptor: int, size: int, seals: int) -> None:
    """The size and the seals that were promised."""
    try:
        present = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
        real_size = os.fstat(descriptor).st_size
    except OSError as error:
        raise Untrusted(Code.MALFORMED, "shared memory") from error
    if present & seals != seals or real_size != size:
        raise Untrusted(Code.MALFORMED, "shared memory")
