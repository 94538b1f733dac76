"""Files outside of the profile: one that a person chose to send, one that they chose to save.

They lie there in the clear, which is what the person was asked about; and nowhere else.
"""

import asyncio
from pathlib import Path

from app.domain.failures import Code, Rejected
from app.runtime.whole_file import write_named_last


class OutsideFiles:
    """Fulfils ports.OutsideFiles. On a thread: a network drive may take its time."""

    async def read(self, path: str, most_bytes: int) -> bytes:
        """Rejected(FILE_UNREADABLE or FILE_TOO_LARGE); never more than `most_bytes` is read."""
        return await asyncio.to_thread(lambda: _read(Path(path), most_bytes))

    async def write(self, path: str, data: bytes) -> None:
        """Rejected(FILE_NOT_SAVED); readable for the person alone."""
        await asyncio.to_thread(lambda: _write(Path(path), data))


def _read(path: Path, most_bytes: int) -> bytes:
    try:
        if not path.is_file():  # a pipe or device would be read for ever
            raise Rejected(Code.FILE_UNREADABLE)
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise Rejected(Code.FILE_UNREADABLE, type(error).__name__) from None
    if len(data) > most_bytes:
        raise Rejected(Code.FILE_TOO_LARGE)
    return data


def _write(path: Path, data: bytes) -> None:
    try:
        write_named_last(path, data)
    except OSError as error:  # its own words name the path
        raise Rejected(Code.FILE_NOT_SAVED, type(error).__name__) from None
