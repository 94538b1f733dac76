"""What a peer notes while it is watched: in a file, since its memory is watched, too."""

import os
import tempfile


class Kept:
    """One writer; read by whoever, at any time."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the process lives

    def add(self, data: bytes) -> None:
        self._file.write(data)

    def clear(self) -> None:
        self._file.seek(0)
        self._file.truncate()

    def all(self) -> bytes:
        self._file.flush()
        file = self._file.fileno()
        return os.pread(file, os.fstat(file).st_size, 0)

    def close(self) -> None:
        self._file.close()
