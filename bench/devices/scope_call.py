"""A call of two whole media processes, one of them with a stethoscope, over an emulated line."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from app.runtime.tasks import TaskOwner
from bench.call.line_model import Shape
from bench.call.link import Link
from bench.call.pair import Pair
from bench.call.peer_setting import LINE_LIMIT
from bench.call.processes import cpu_s, end
from bench.devices.scope_end import ScopeSetting
from bench.heart_sounds import heart_sound
from media.auscultation.wav import wav_of

RATE_HZ = 4000
START_LIMIT_S, JOIN_LIMIT_S = 40.0, 20.0

Word = dict[str, Any]
Samples = np.ndarray[Any, np.dtype[np.int16]]


class ScopeProcess:
    """One end: a process in its namespace."""

    def __init__(
        self, namespace: str, setting: ScopeSetting, on_told: Callable[[Word], None]
    ) -> None:
        self._namespace = namespace
        self._setting = setting
        self._on_told = on_told
        self._process: asyncio.subprocess.Process | None = None
        self._words: dict[str, asyncio.Future[Word]] = {}
        self.shown: list[Word] = []
        self.pictures: list[float] = []  # of the far camera, in a second
        self._tasks = TaskOwner("scope process")

    async def open(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *("ip", "netns", "exec", self._namespace),
            *(sys.executable, "-m", "bench.devices.scope_end", json.dumps(asdict(self._setting))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_LIMIT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._tasks.start(self._listen(), "listen")
        self.heard_path = Path((await self.told("ready", START_LIMIT_S))["heard"])

    async def close(self) -> None:
        if self._process is not None:
            await end(self._process)
        await self._tasks.close()

    async def told(self, kind: str, limit_s: float) -> Word:
        waiting = self._words.setdefault(kind, asyncio.get_running_loop().create_future())
        return await asyncio.wait_for(asyncio.shield(waiting), limit_s)

    def connect(self, link: str, *, is_offerer: bool) -> None:
        self.say({"do": "connect", "link": link, "is_offerer": is_offerer})

    def signal(self, link: str, payload: Word) -> None:
        self.say({"do": "signal", "link": link, "payload": payload})

    def hang_up(self) -> None:
        self.say({"do": "hang up"})

    def forget(self) -> None:
        self.say({"do": "forget"})

    async def write(self, folder: Path) -> None:
        self.say({"do": "write"})
        await self.told("written", START_LIMIT_S)

    def cpu_s(self) -> dict[str, float]:
        assert self._process is not None
        return {"peer": cpu_s(self._process.pid)}

    def resident_bytes(self) -> int:
        return 0

    def say(self, wish: Word) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps(wish).encode() + b"\n")

    async def _listen(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        while line := await self._process.stdout.readline():
            word = json.loads(line)
            match word["told"]:
                case "signal" | "up" | "lost" | "failed":
                    self._on_told(word)
                case "pictures":
                    self.pictures.append(word["per_second"])
                case "shown":
                    self.shown.append(word)
                case kind:
                    loop = asyncio.get_running_loop()
                    waiting = self._words.setdefault(kind, loop.create_future())
                    if not waiting.done():
                        waiting.set_result(word)


@dataclass(frozen=True, slots=True)
class ScopeCall:
    """`given`: what the instrument at the cart delivers."""

    far: ScopeProcess
    cart: ScopeProcess
    given: Samples


@asynccontextmanager
async def scope_call(
    link: Link, shape: Shape, seconds: float, seed: int, camera: Path | None = None
) -> AsyncIterator[ScopeCall]:
    """Up when it is handed out, ended afterwards. Its files last as long as it.

    `camera`: a film that stands for one, at either end; None: a call without pictures.
    """
    await link.begin((shape, shape), seed)
    with tempfile.TemporaryDirectory(prefix="bedside-scope-") as folder:
        given = _heart(seconds + 1, seed)
        wav = Path(folder) / "heart.wav"
        wav.write_bytes(wav_of(given.tobytes(), RATE_HZ))
        visit = str(uuid4())
        film = None if camera is None else str(camera)
        settings = tuple(ScopeSetting(visit, of, folder, film) for of in (None, str(wav)))
        pair = Pair(
            lambda side, told: ScopeProcess(link.names[side], settings[side], told), seeing=()
        )
        try:
            await pair.open()
            if await pair.join(JOIN_LIMIT_S) is None:
                raise RuntimeError("the call did not come up")
            far, cart = pair.ends
            assert isinstance(far, ScopeProcess) and isinstance(cart, ScopeProcess)
            yield ScopeCall(far, cart, given)
        finally:
            await pair.close()


def _heart(seconds: float, seed: int) -> Samples:
    """The next one that an instrument of 4 kHz would give."""
    while True:
        made = heart_sound(seed, seconds)
        if made.rate_hz == RATE_HZ:
            return made.samples.astype("<i2")
        seed += 1
