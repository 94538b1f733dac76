"""The emulator's own process, told what to do over its standard input."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ANSWER_LIMIT_S = 5.0


class CuffEmulator:
    """`async with`; its port keeps its name through unplug and replug."""

    def __init__(self, folder: Path, *options: str, device: str = "suntech") -> None:
        self._device = device
        self.port = str(folder / "cuff")
        self._log = folder / "cuff.log"
        self._options = options
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "peripherals.emulate", self._device),
            *("--link", self.port, "--log", str(self._log), *self._options),
            stdin=PIPE,
            stdout=PIPE,
        )
        assert await self._line() == f"port {self.port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.close()
        async with asyncio.timeout(ANSWER_LIMIT_S):
            assert await self._process.wait() == 0

    async def say(self, order: str) -> str:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(f"{order}\n".encode())
        return await self._line()

    async def told(self, order: str) -> None:
        assert (await self.say(order)).startswith("ok")

    def commands(self) -> list[dict[str, Any]]:
        """What the cuff has received, oldest first."""
        return [json.loads(line) for line in self._log.read_text("utf-8").splitlines()]

    def times_of(self, command: str) -> list[float]:
        """Monotonic seconds, the same clock as ours on one machine."""
        return [float(c["monotonic"]) for c in self.commands() if c["command"] == command]

    async def until_heard(self, command: str, times: int) -> list[float]:
        """When the cuff received it, once it has received it that often."""
        async with asyncio.timeout(ANSWER_LIMIT_S):
            while True:
                heard = self.times_of(command)
                if len(heard) >= times:
                    return heard
                await asyncio.sleep(0.01)

    async def until_resting(self) -> None:
        async with asyncio.timeout(ANSWER_LIMIT_S):
            while True:
                if json.loads(await self.say("status"))["activity"] == "resting":
                    return
                await asyncio.sleep(0.01)

    async def _line(self) -> str:
        assert self._process is not None and self._process.stdout is not None
        async with asyncio.timeout(ANSWER_LIMIT_S):
            return (await self._process.stdout.readline()).decode().strip()
