"""What stands in for a stethoscope must be a file that ends."""

import asyncio
import os
from pathlib import Path

import pytest

from app.domain.clock import SystemClock
from app.domain.device import Presence
from app.domain.failures import Code
from media.devices.stethoscope import Stethoscope


@pytest.mark.parametrize("kind", ["pipe", "folder", "endless"])
async def test_what_is_no_file_is_not_read(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "heart.wav"
    if kind == "pipe":
        os.mkfifo(place)  # nobody ever writes into it
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to("/dev/zero")
    async with asyncio.timeout(5):
        seen = await Stethoscope(str(place), clock=SystemClock()).look()
    assert (seen.presence, seen.reason) == (Presence.MISSING, Code.DEVICE_UNUSABLE)
