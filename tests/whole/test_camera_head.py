"""A VISCA head in a process of its own, on a real pty: moved, stopped, pulled, back."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from app.domain.camera_moves import Move
from app.domain.failures import Code, Rejected
from peripherals.camera_head import CameraHead
from tests.whole.cuff_emulator import CuffEmulator
from tests.whole.media_screen import until

pytestmark = pytest.mark.whole


async def stand_of(emulator: CuffEmulator) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(await emulator.say("status"))
    return told


async def stands_still(emulator: CuffEmulator) -> dict[str, Any]:
    for _ in range(100):
        stand = await stand_of(emulator)
        if not stand["is_moving"]:
            return stand
        await asyncio.sleep(0.02)
    raise AssertionError("it never stopped")


async def test_a_head_on_a_line_moves_stops_and_survives_being_pulled(tmp_path: Path) -> None:
    async with CuffEmulator(tmp_path, device="visca") as emulator, CameraHead(emulator.port) as h:
        await until(lambda: h.moves, "the head", 5.0)
        await h.make(Move.RIGHT)
        assert (await stand_of(emulator))["is_moving"]
        assert 20 < (await stands_still(emulator))["pan"] < 250  # a quarter of a second of turning
        await emulator.told("unplug")
        await until(lambda: not h.moves, "its loss", 2.0)
        await emulator.told("replug")
        await until(lambda: h.moves, "the head again", 4.0)
        await h.make(Move.ZOOM_IN)
        assert (await stand_of(emulator))["is_moving"]
        assert (await stands_still(emulator))["zoom"] > 0


async def test_a_head_that_refuses_says_so(tmp_path: Path) -> None:
    async with CuffEmulator(tmp_path, "--fault", "refuse", device="visca") as emulator:
        async with CameraHead(emulator.port) as head:
            await until(lambda: head.moves, "the head", 5.0)
            with pytest.raises(Rejected) as refused:
                await head.make(Move.UP)
    assert refused.value.code is Code.CAMERA_CANNOT_MOVE
