"""Whoever waits for a change is woken by it, and misses none that came while they looked."""

import asyncio
from pathlib import Path

import pytest

from media.devices import plugs
from media.devices.plugs import Plugs


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugs, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(plugs, "SUBSCRIBE", ("no-such-program",))


async def test_cards_and_cameras_of_the_kernel_are_looked_at(tmp_path: Path, quickly: None) -> None:
    cards, cameras = tmp_path / "cards", tmp_path / "video4linux"
    made = Plugs(cards, cameras)
    made.open()
    made.open()
    try:
        await asyncio.sleep(0.05)
        assert await made.newer_than(0, 0.05) == 0
        cards.write_text(" 0 [Scope]: USB-Audio\n")
        assert await made.newer_than(0, 5) == 1
        (cameras / "video0").mkdir(parents=True)
        assert await made.newer_than(1, 5) == 2
        assert await made.newer_than(0, 5) == 2  # it came while somebody looked elsewhere
        (cameras / "video0").rmdir()
        assert await made.newer_than(2, 5) == 3
    finally:
        await made.close()


async def test_all_who_wait_are_woken(tmp_path: Path, quickly: None) -> None:
    cards = tmp_path / "cards"
    made = Plugs(cards, tmp_path)
    made.open()
    try:
        waiting = [made.newer_than(0, 5) for _ in range(3)]
        asyncio.get_running_loop().call_later(0.05, cards.write_text, "0 [Scope]")
        assert await asyncio.gather(*waiting) == [1, 1, 1]
    finally:
        await made.close()


async def test_the_sound_servers_words_about_others_wake_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says = tmp_path / "pactl"
    lines = ("new' on client #1", "change' on sink-input #2", "new' on source #5")
    told = "\n".join(f'echo "Event \'{line}"; sleep 0.2' for line in lines)
    says.write_text(f"#!/bin/sh\n{told}\nexec sleep 60\n")
    says.chmod(0o700)
    monkeypatch.setattr(plugs, "SUBSCRIBE", (str(says),))
    monkeypatch.setattr(plugs, "SETTLE_S", 0.01)
    made = Plugs(tmp_path / "cards", tmp_path)
    made.open()
    try:
        assert await made.newer_than(0, 0.3) == 0
        assert await made.newer_than(0, 5) == 1
        assert await made.newer_than(1, 0.3) == 1
    finally:
        await made.close()
