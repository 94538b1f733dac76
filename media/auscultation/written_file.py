"""Writes a sound where a person said, for that person alone, and reads it again to be sure."""

from pathlib import Path

from app.domain.failures import Code, Rejected
from app.runtime.whole_file import write_named_last


def write_whole(path: Path, data: bytes) -> None:
    """Rejected(FILE_NOT_SAVED); names no path."""
    try:
        write_named_last(path, data)
        if path.read_bytes() != data:
            raise Rejected(Code.HASH_MISMATCH)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise Rejected(Code.FILE_NOT_SAVED, type(error).__name__) from None
