"""Two network namespaces of this run, joined by a relay; taken away at the end, whatever it is.

Only root can make them. Addresses 10.99.0.1 and .2, MTU 1400; the line is the only way out.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.call.line_model import Shape
from bench.call.relay import TUN_NAME

PREFIX = "bedside-bench-"
MTU = 1400
ADDRESSES = ("10.99.0.1", "10.99.0.2")
MOVED_ADDRESS = "10.99.0.12"
COMMAND_LIMIT_S = 10.0
LATE_LIMIT_MS = 8.0
LEAST_PACKETS = 200  # fewer prove nothing about a share
SIGMAS = 4.5

Steps = Sequence[tuple[float, Shape]]


class NoRoot(Exception):
    pass


class Link:
    """`names` are the two namespaces, for `ip netns exec`."""

    def __init__(self) -> None:
        self.names = (f"{PREFIX}{os.getpid()}a", f"{PREFIX}{os.getpid()}b")
        self._made: list[str] = []
        self._relay: asyncio.subprocess.Process | None = None
        self._shapes = (Shape(), Shape())
        self._is_moved = False

    async def __aenter__(self) -> Self:
        if os.geteuid() != 0:
            raise NoRoot
        _take_away_of_the_dead()
        try:
            await self._make()
        except BaseException:
            await self._take_away()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._take_away()

    @property
    def addresses(self) -> tuple[str, str]:
        """As they are now."""
        return ADDRESSES[0], MOVED_ADDRESS if self._is_moved else ADDRESSES[1]

    async def begin(self, shapes: tuple[Shape, Shape], seed: int) -> None:
        """A fresh line: counts at zero, chance as seeded."""
        self._shapes = shapes
        await self._ask({"do": "begin", "shapes": [s.as_json() for s in shapes], "seed": seed})

    async def plan(self, ways: tuple[Steps, Steps]) -> None:
        """Changes from now on, (seconds from now, shape), for each direction."""
        told = [[(after, shape.as_json()) for after, shape in steps] for steps in ways]
        await self._ask({"do": "plan", "ways": told})

    async def mark(self) -> None:
        """The waits in the queue count from now on."""
        await self._ask({"do": "mark"})

    async def counts(self) -> dict[str, Any]:
        return await self._ask({"do": "counts"})

    async def new_address(self, down_s: float) -> None:
        """The second side's interface goes down and comes back with another address."""
        name = self.names[1]
        old, new = ADDRESSES[1], MOVED_ADDRESS
        if self._is_moved:
            old, new = new, old
        self._is_moved = not self._is_moved
        ip("-n", name, "link", "set", TUN_NAME, "down")
        await asyncio.sleep(down_s)
        ip("-n", name, "addr", "del", f"{old}/24", "dev", TUN_NAME)
        self._open_way(name, new)

    # --- inside ------------------------------------------------------------------------------

    async def _make(self) -> None:
        for name in self.names:
            ip("netns", "add", name)
            self._made.append(name)
        self._relay = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.call.relay", *self.names),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        await self._answer()
        for name, address in zip(self.names, ADDRESSES, strict=True):
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "link", "set", TUN_NAME, "mtu", str(MTU))
            self._open_way(name, address)

    @staticmethod
    def _open_way(name: str, address: str) -> None:
        ip("-n", name, "addr", "add", f"{address}/24", "dev", TUN_NAME)
        ip("-n", name, "link", "set", TUN_NAME, "up")
        ip("-n", name, "route", "replace", "default", "dev", TUN_NAME)

    async def _take_away(self) -> None:
        if self._relay is not None:
            assert self._relay.stdin is not None
            self._relay.stdin.close()
            try:
                await asyncio.wait_for(self._relay.wait(), COMMAND_LIMIT_S)
            except TimeoutError:
                self._relay.kill()
        for name in self._made:
            ip("netns", "del", name)
        self._made.clear()

    async def _ask(self, wish: dict[str, Any]) -> dict[str, Any]:
        assert self._relay is not None and self._relay.stdin is not None
        self._relay.stdin.write(json.dumps(wish).encode() + b"\n")
        return await self._answer()

    async def _answer(self) -> dict[str, Any]:
        assert self._relay is not None and self._relay.stdout is not None
        line = await asyncio.wait_for(self._relay.stdout.readline(), COMMAND_LIMIT_S)
        if not line:
            raise OSError("the relay has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


def why_void(shapes: tuple[Shape, Shape], counts: dict[str, Any]) -> str | None:
    """What the line did not do that was asked of it; None when it did all. `shapes` unchanged."""
    if counts["late_ms"] > LATE_LIMIT_MS:
        return f"the relay was {counts['late_ms']:.0f} ms late (p95)"
    for shape, way in zip(shapes, counts["ways"], strict=True):
        if not way["offered"]:
            return "nothing was sent"
        offered = way["offered"] - way["cut"]
        asked = 1 - (1 - shape.loss) * (1 - shape.burst_loss) * (1 - shape.dark_share)
        if offered < LEAST_PACKETS or shape.dark_share:
            continue  # dark times are few and long: their share says nothing in so short a run
        # In bursts losses come together: the same number of packets holds fewer chances.
        chances = offered / (2 * shape.burst_packets if shape.burst_loss else 1)
        room = SIGMAS * (asked * (1 - asked) / chances) ** 0.5
        if abs(way["lost"] / offered - asked) > room:
            return f"{way['lost'] / offered:.1%} lost, {asked:.1%} asked"
    return None


def _take_away_of_the_dead() -> None:
    """What a run left behind that was ended without being asked."""
    for place in Path("/run/netns").glob(f"{PREFIX}*"):
        pid = place.name.removeprefix(PREFIX)[:-1]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            ip("netns", "del", place.name)


def ip(*words: str) -> None:
    """iproute2's; raises CalledProcessError when it refuses."""
    subprocess.run(("ip", *words), check=True, timeout=COMMAND_LIMIT_S)
