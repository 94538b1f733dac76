"""VISCA: every vector and every cut of it, one small move at a time, a head that comes and goes."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.domain.camera_moves import Move
from app.domain.failures import Code, Rejected, Unavailable
from app.services.exam_camera import CameraMover
from peripherals.camera_head import CameraHead
from peripherals.drivers.fault import Fault
from peripherals.drivers.visca.codec import (
    Acknowledged,
    Command,
    Completed,
    Other,
    Refused,
    ViscaCodec,
    encode,
)
from peripherals.drivers.visca.conversation import MOVE_S, SILENT_AFTER_S, ViscaConversation
from peripherals.emulators.visca import SimulatedVisca
from peripherals.moment import Moment, now_of
from tests.fakes.byte_port import FakeLine, VirtualClock

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "visca.json").read_text())["vectors"]
ANSWERS = [one for one in VECTORS if one["direction"] == "device-to-host"]
WORDS = [one for one in VECTORS if one["direction"] == "host-to-device"]
LIMIT_S = 10.0


def told(frame: object) -> dict[str, Any]:
    match frame:
        case Acknowledged(socket):
            return {"kind": "acknowledged", "socket": socket}
        case Completed(socket, data):
            return {"kind": "completed", "socket": socket, "data": data.hex()}
        case Refused(socket, why):
            return {"kind": "refused", "socket": socket, "why": why}
        case Other(data):
            return {"kind": "other", "data": data.hex()}
        case Fault(why, count):
            return {"kind": "fault", "why": str(why), "byte_count": count}
    raise AssertionError(frame)


def read(pieces: list[bytes]) -> list[dict[str, Any]]:
    codec = ViscaCodec()
    frames = [told(frame) for piece in pieces for frame in codec.feed(piece)]
    return frames + [told(frame) for frame in codec.idle()]


@pytest.mark.parametrize("vector", ANSWERS, ids=lambda vector: vector["name"])
def test_every_answer_is_read_however_it_is_cut(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    assert read([data]) == vector["expected"]
    assert read([bytes([byte]) for byte in data]) == vector["expected"]
    for cut in range(len(data) + 1):
        assert read([data[:cut], data[cut:]]) == vector["expected"]


@pytest.mark.parametrize("vector", WORDS, ids=lambda vector: vector["name"])
def test_every_command_is_written_as_the_list_says(vector: dict[str, Any]) -> None:
    command = Command[vector["expected"][0]["command"].upper()]
    assert encode(command) == bytes.fromhex(vector["hex"])


def test_every_command_has_its_vector() -> None:
    assert {one["expected"][0]["command"].upper() for one in WORDS} == {c.name for c in Command}


def test_noise_raises_nothing_holds_nothing_and_hides_no_answer_for_long() -> None:
    noise = random.Random(11)
    codec = ViscaCodec()
    found = 0
    for _ in range(400):
        codec.feed(noise.randbytes(noise.randrange(200)))
        assert codec.buffered_bytes < 16
        codec.idle()
        found += codec.feed(bytes.fromhex("9041ff"))[-1:] == [Acknowledged(1)]
    assert found == 400


def at(seconds: float) -> Moment:
    clock = VirtualClock()
    clock.passed_s = seconds
    return now_of(clock)


def ready() -> ViscaConversation:
    talk = ViscaConversation()
    talk.opened(at(0))
    talk.heard(Completed(0, bytes(7)), at(0.1))
    assert talk.is_ready
    return talk


def test_whatever_turned_before_is_stopped_first() -> None:
    told_first = ViscaConversation().opened(at(0))
    for command in (Command.TURN_STOP, Command.ZOOM_STOP, Command.FOCUS_STOP):
        assert encode(command) in told_first


@pytest.mark.parametrize("move", [move for move in Move if move is not Move.FOCUS_BY_ITSELF])
def test_every_move_ends_by_itself(move: Move) -> None:
    talk = ready()
    begun = talk.make(move, at(1.0))
    assert (bool(begun), talk.is_running, bool(talk.abort_bytes)) == (True, True, True)
    assert talk.tick(at(1.0 + MOVE_S / 2)) == b""
    assert talk.tick(at(1.0 + MOVE_S)).startswith(talk.abort_bytes or b"\x81")
    assert (talk.is_running, talk.abort_bytes) == (False, b"")


def test_a_key_held_down_is_one_long_move_and_another_key_stops_it() -> None:
    talk = ready()
    talk.make(Move.LEFT, at(1.0))
    assert talk.make(Move.LEFT, at(1.2)) == b""
    assert talk.tick(at(1.3)) == b""
    changed = talk.make(Move.ZOOM_IN, at(1.4))
    assert changed == encode(Command.TURN_STOP) + encode(Command.ZOOM_TELE)


def test_a_refusal_stops_and_is_remembered_until_the_next_move() -> None:
    talk = ready()
    talk.make(Move.FOCUS_NEARER, at(1.0))
    assert talk.heard(Refused(1, 0x41), at(1.05)) == encode(Command.FOCUS_STOP)
    assert talk.refused is Code.CAMERA_CANNOT_MOVE
    talk.make(Move.ZOOM_IN, at(1.2))
    assert talk.refused is None


def test_a_camera_that_says_nothing_is_noticed() -> None:
    talk = ready()
    assert not talk.is_silent(at(SILENT_AFTER_S))
    assert talk.is_silent(at(0.1 + SILENT_AFTER_S))


async def one_turn() -> None:
    """Of the loop; virtual time passes in the port and in pauses."""
    await asyncio.sleep(0)


class Desk:
    def __init__(self) -> None:
        self.device = SimulatedVisca()
        self.line = FakeLine(self.device.heard, self.device.tick)
        self.head = CameraHead(
            "fake",
            clock=self.line.clock,
            make_port=self.line.port,
            is_port_there=self.line.is_there,
            sleep=self.line.clock.sleep,
        )
        self.mover: CameraMover = self.head  # mypy compares the two here

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        async with asyncio.timeout(LIMIT_S), self.head:
            await self.until(bool)
            yield

    async def until(self, holds: Callable[[frozenset[Move]], object]) -> None:
        while not holds(self.head.moves):
            await one_turn()

    async def passes(self, seconds: float) -> None:
        until_s = self.line.clock.passed_s + seconds
        while self.line.clock.passed_s < until_s:
            await one_turn()


async def test_it_moves_as_asked_and_stands_still_afterwards() -> None:
    desk = Desk()
    stand = desk.device.stand
    async with desk.watched():
        moves: tuple[tuple[Move, Callable[[], bool]], ...] = (
            (Move.RIGHT, lambda: stand.pan > 0),
            (Move.UP, lambda: stand.tilt > 0),
            (Move.ZOOM_IN, lambda: stand.zoom > 0),
            (Move.FOCUS_NEARER, lambda: stand.focus > 0x1000),
        )
        for move, grew in moves:
            await desk.mover.make(move)
            await desk.passes(1.0)
            assert grew(), move
            assert not stand.is_moving
        assert not stand.is_focus_automatic
        await desk.mover.make(Move.FOCUS_BY_ITSELF)
        assert stand.is_focus_automatic


async def test_a_refusal_comes_back_to_whoever_asked() -> None:
    desk = Desk()
    async with desk.watched():
        desk.device.fails("refuse")
        with pytest.raises(Rejected) as refused:
            await desk.mover.make(Move.ZOOM_IN)
        assert refused.value.code is Code.CAMERA_CANNOT_MOVE
        desk.device.fails("none")
        await desk.mover.make(Move.ZOOM_IN)


async def test_pulled_it_can_do_nothing_and_is_back_when_it_is_put_in_again() -> None:
    desk = Desk()
    async with desk.watched():
        desk.line.is_plugged = False
        await desk.until(lambda moves: not moves)
        with pytest.raises(Unavailable):
            await desk.mover.make(Move.LEFT)
        desk.line.is_plugged = True
        await desk.until(bool)
        await desk.mover.make(Move.LEFT)


async def test_a_deaf_one_is_opened_anew() -> None:
    desk = Desk()
    async with desk.watched():
        desk.device.fails("deaf")
        await desk.until(lambda moves: not moves)
        desk.device.fails("none")
        await desk.until(bool)


async def test_the_switch_holds_the_stop_while_something_turns() -> None:
    desk = Desk()
    async with desk.watched():
        await desk.mover.make(Move.LEFT)
        assert desk.line.armed_for == [encode(Command.TURN_STOP)]
        await desk.passes(1.0)
        written = [data for _, data in desk.line.written]
    stops = written.count(encode(Command.TURN_STOP))
    assert stops == 1
    after = [data for _, data in desk.line.written]
    assert after.count(encode(Command.TURN_STOP)) == stops  # let go: none more at closing


async def test_closed_in_the_middle_of_a_move_it_stops() -> None:
    desk = Desk()
    async with desk.watched():
        await desk.mover.make(Move.LEFT)
    assert desk.line.written[-1][1] == encode(Command.TURN_STOP)
