"""A sound input of a private sound server that can be pulled and put back; what it gave is known.

A named pipe stands for the device: what is written into it the server hands to whoever records.
"""

import asyncio
import os
import subprocess
import threading
from pathlib import Path

from tests.fakes.sound_server import SoundServer

RATE_HZ = 4000
PIECE_S = 0.02
LIMIT_S = 10.0


class PulledSource:
    """`given` is all that was written, each sample another one than its neighbours."""

    def __init__(self, server: SoundServer, folder: Path, name: str, number: str) -> None:
        self.name = name
        self.number = number
        self.given = bytearray()
        self._environment = {**os.environ, "PULSE_SERVER": server.address, "LC_ALL": "C"}
        self._pipe = folder / "scope.pipe"
        self._module = ""
        self._next = 1
        self._is_pulled = threading.Event()
        self._writer: threading.Thread | None = None

    async def plug(self) -> None:
        """Returns when the server has it."""
        self._pipe.unlink(missing_ok=True)  # of a server that was killed
        properties = (
            f"device.vendor.id=0d8c device.product.id=0014 device.serial={self.number} "
            "device.description=Scope device.bus=usb"
        )
        arguments = (
            f"source_name={self.name}",
            f"file={self._pipe}",
            f"format=s16le rate={RATE_HZ} channels=1",
            f'source_properties="{properties}"',
        )
        command = ("pactl", "load-module", "module-pipe-source", " ".join(arguments))
        self._module = (await asyncio.to_thread(self._asked, *command)).strip()
        self._is_pulled.clear()
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    async def pull(self) -> None:
        self._is_pulled.set()
        await asyncio.to_thread(self._asked, "pactl", "unload-module", self._module)
        if self._writer is not None:
            await asyncio.to_thread(self._writer.join, LIMIT_S)
            self._writer = None

    def _asked(self, *command: str) -> str:
        done = subprocess.run(
            command,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=True,
        )
        return done.stdout

    def _write(self) -> None:
        try:
            with open(self._pipe, "wb", buffering=0) as pipe:
                while not self._is_pulled.wait(PIECE_S):
                    count = int(RATE_HZ * PIECE_S)
                    values = range(self._next, self._next + count)
                    piece = b"".join((value % 30_000).to_bytes(2, "little") for value in values)
                    self._next += count
                    pipe.write(piece)
                    self.given += piece
        except OSError:
            pass  # pulled while it wrote
