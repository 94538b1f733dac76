"""The driver's hold on one Bedside peer: a process in its namespace, JSON lines both ways."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.runtime.tasks import TaskOwner
from bench.call.peer_setting import LINE_LIMIT, PeerSetting
from bench.call.processes import cpu_s, end, resident_bytes

START_LIMIT_S = 40.0
WRITE_LIMIT_S = 60.0

OnTold = Callable[[dict[str, Any]], None]


class BedsideEnd:
    """`on_told` gets what the peer tells: signal, up, lost, failed, first picture."""

    def __init__(self, namespace: str, setting: PeerSetting, on_told: OnTold) -> None:
        self._namespace = namespace
        self._setting = setting
        self._on_told = on_told
        self._process: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()
        self._written = asyncio.Event()
        self._tasks = TaskOwner("bedside end")

    async def open(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *("ip", "netns", "exec", self._namespace),
            *(sys.executable, "-m", "bench.call.bedside_peer", json.dumps(asdict(self._setting))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LINE_LIMIT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._tasks.start(self._listen(), "listen")
        await asyncio.wait_for(self._ready.wait(), START_LIMIT_S)

    async def close(self) -> None:
        if self._process is not None:
            await end(self._process)
        await self._tasks.close()

    def connect(self, link: str, *, is_offerer: bool) -> None:
        self._say({"do": "connect", "link": link, "is_offerer": is_offerer})

    def warm_up(self, link: str, *, is_offerer: bool) -> None:
        self._say({"do": "warm up", "link": link, "is_offerer": is_offerer})

    def fill(self, link: str) -> None:
        self._say({"do": "fill", "link": link})

    def signal(self, link: str, payload: dict[str, Any]) -> None:
        self._say({"do": "signal", "link": link, "payload": payload})

    def hang_up(self) -> None:
        self._say({"do": "hang up"})

    def forget(self) -> None:
        """What was seen so far; the sound goes on being kept."""
        self._say({"do": "forget"})

    async def write(self, folder: Path) -> None:
        """heard.i16, luma and seen.json."""
        self._written.clear()
        self._say({"do": "write", "folder": str(folder)})
        await asyncio.wait_for(self._written.wait(), WRITE_LIMIT_S)

    def cpu_s(self) -> dict[str, float]:
        """Seconds used so far, by what the process is for."""
        assert self._process is not None
        return {"peer": cpu_s(self._process.pid)}

    def resident_bytes(self) -> int:
        assert self._process is not None
        return resident_bytes(self._process.pid)

    async def _listen(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        while line := await self._process.stdout.readline():
            word = json.loads(line)
            match word["told"]:
                case "ready":
                    self._ready.set()
                case "written":
                    self._written.set()
                case _:
                    self._on_told(word)
        self._on_told({"told": "gone"})

    def _say(self, wish: dict[str, Any]) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps(wish).encode() + b"\n")
