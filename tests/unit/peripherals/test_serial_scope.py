"""A stethoscope on a serial line: bit for bit, in order, every gap counted."""

import asyncio
import random
import struct
import wave
from collections import deque
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from app.domain.failures import Code, Rejected, Unavailable
from app.domain.ids import VisitId
from bench.devices.simulated_line import SimulatedLine
from peripherals.byte_port import Chunk, SwitchFired
from peripherals.catalogue import DRIVERS
from peripherals.drivers.serial_scope.codec import LINE, Block, encode, serial_scope_codec
from peripherals.emulators.serial_scope import Played, SimulatedScope, heart, played_of
from peripherals.moment import Moment
from peripherals.scope_sound import PACKED_HEAD, BlockOrder, ScopeBlock, SerialStethoscope

RATES = [2000, 4000, 8000]


def sound_of(rate: int, seconds: float) -> bytes:
    noise = random.Random(rate)
    count = int(rate * seconds)
    return struct.pack(f"<{count}h", *(noise.randrange(-32768, 32768) for _ in range(count)))


def wav(folder: Path, rate: int, samples: bytes, channels: int = 1) -> Path:
    path = folder / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples)
    return path


class Wire:
    """A port on which the simulated stethoscope speaks; time is that of the reads."""

    def __init__(self, pieces: list[bytes], then: Code | None = None) -> None:
        self._pieces = deque(pieces)
        self._then = then
        self.is_closed = False

    async def open(self) -> None:
        return

    async def close(self) -> None:
        self.is_closed = True

    async def read(self, limit_s: float) -> Chunk | SwitchFired | None:
        await asyncio.sleep(0)
        if self._pieces:
            return Chunk(self._pieces.popleft(), Moment(datetime(2026, 11, 21, tzinfo=UTC), 0.0))
        if self._then is not None:
            raise Unavailable(self._then)
        return None

    def write(self, data: bytes) -> None: ...
    def write_now(self, data: bytes) -> None: ...
    def arm(self, abort: bytes) -> None: ...
    def renew(self) -> None: ...
    def disarm(self) -> None: ...


async def taken(sound: AsyncIterator[ScopeBlock]) -> tuple[list[ScopeBlock], Code | None]:
    blocks: list[ScopeBlock] = []
    try:
        async for block in sound:
            blocks.append(block)
    except Unavailable as away:
        return blocks, away.code
    return blocks, None


@pytest.mark.parametrize("rate", RATES)
def test_the_emulator_and_the_encoder_speak_the_same_bytes(rate: int) -> None:
    samples = sound_of(rate, 0.02)
    scope = SimulatedScope(Played(samples, rate), lambda *_: None)
    assert scope.block() == encode(0, rate, samples)
    assert scope.block() == encode(1, rate, samples)


@pytest.mark.parametrize("rate", RATES)
async def test_a_wav_file_arrives_bit_for_bit(rate: int, tmp_path: Path) -> None:
    samples = sound_of(rate, 1.0)
    scope = SimulatedScope(played_of(str(wav(tmp_path, rate, samples))), lambda *_: None)
    wire = Wire([scope.block() for _ in range(50)], Code.DEVICE_PULLED)
    blocks, ended = await taken(SerialStethoscope("scope", LINE, lambda *_: wire).sound())
    assert b"".join(block.samples for block in blocks) == samples
    assert {(block.rate_hz, block.gap, block.is_filtered) for block in blocks} == {(rate, 0, False)}
    assert [block.sequence for block in blocks] == list(range(50))
    assert ended is Code.DEVICE_PULLED and wire.is_closed


async def test_a_lost_block_is_a_gap_and_a_repeated_one_is_none() -> None:
    scope = SimulatedScope(heart(), lambda *_: None)
    made = [scope.block() for _ in range(10)]
    broken = bytearray(made[6])
    broken[30] ^= 1
    pieces = [*made[:3], made[2], *made[5:6], bytes(broken), *made[7:]]
    blocks, _ = await taken(SerialStethoscope("s", LINE, lambda *_: Wire(pieces)).sound())
    assert [block.sequence for block in blocks] == [0, 1, 2, 5, 7, 8, 9]
    assert [block.gap for block in blocks] == [0, 0, 0, 160, 80, 0, 0]


async def test_the_sequence_goes_round() -> None:
    samples = sound_of(4000, 0.02)
    pieces = [encode(n % 65536, 4000, samples) for n in range(65533, 65539)]
    blocks, _ = await taken(SerialStethoscope("s", LINE, lambda *_: Wire(pieces)).sound())
    assert [block.gap for block in blocks] == [0] * 6


@pytest.mark.parametrize("after", [encode(3, 4000, bytes(160)), encode(9, 8000, bytes(320))])
async def test_a_device_that_was_started_anew_ends_the_sound(after: bytes) -> None:
    pieces = [encode(8, 4000, bytes(160)), after]
    blocks, ended = await taken(SerialStethoscope("s", LINE, lambda *_: Wire(pieces)).sound())
    assert (len(blocks), ended) == (1, Code.DEVICE_PULLED)


async def test_silence_ends_the_sound() -> None:
    blocks, ended = await taken(SerialStethoscope("s", LINE, lambda *_: Wire([])).sound())
    assert (blocks, ended) == ([], Code.DEVICE_SILENT)


async def test_a_taker_that_stops_closes_the_port() -> None:
    wire = Wire([encode(n, 4000, bytes(160)) for n in range(5)])
    sound = SerialStethoscope("s", LINE, lambda *_: wire).sound()
    await anext(sound)
    await sound.aclose()
    assert wire.is_closed


def test_a_block_crosses_a_pipe_whole() -> None:
    order = BlockOrder()
    order.taken(Block(encode(4, 8000, bytes(320))))
    block = order.taken(Block(encode(7, 8000, sound_of(8000, 0.02))))
    assert block is not None
    head = PACKED_HEAD.unpack(block.packed()[: PACKED_HEAD.size])
    assert head == (7, 8000, 320, 320)
    assert block.packed()[PACKED_HEAD.size :] == block.samples


def test_noise_around_blocks_loses_none() -> None:
    scope, noise = SimulatedScope(heart(), lambda *_: None), random.Random(9)
    codec = serial_scope_codec()
    found = []
    for _ in range(2000):
        found += codec.feed(noise.randbytes(noise.randrange(60)) + scope.block())
    assert sum(isinstance(item, Block) for item in found + list(codec.idle())) == 2000


def test_a_filter_of_the_device_is_told() -> None:
    scope = SimulatedScope(heart(), lambda *_: None)
    scope.fails("filtered")
    block = BlockOrder().taken(Block(scope.block()))
    assert block is not None and block.is_filtered


def test_the_skipping_emulator_skips() -> None:
    scope = SimulatedScope(heart(), lambda *_: None)
    scope.fails("skip")
    blocks = [piece for n in range(200) for piece in scope.tick(n / 50)]
    assert 194 <= len(blocks) <= 198


def test_it_is_there_while_its_blocks_come_and_measures_nothing() -> None:
    line = SimulatedLine(DRIVERS["serial_scope"])
    assert line.run(1, lambda: line.conversation.is_ready)
    with pytest.raises(Rejected):
        line.start(VisitId(UUID(int=1)))
    line.run(10)
    assert line.said == [] and not line.conversation.is_running
    line.is_device_on = False
    assert line.run(6, lambda: line.conversation.is_silent)


@pytest.mark.parametrize("why", ["missing", "stereo", "rate", "empty", "no wav"])
def test_a_file_that_cannot_be_played_is_refused_with_a_sentence(why: str, tmp_path: Path) -> None:
    path = tmp_path / "missing.wav"
    if why == "stereo":
        path = wav(tmp_path, 4000, bytes(8000), channels=2)
    elif why == "rate":
        path = wav(tmp_path, 44_100, bytes(8000))
    elif why == "empty":
        path = wav(tmp_path, 4000, b"")
    elif why == "no wav":
        path.write_bytes(b"RIFF, but not really")
    with pytest.raises(ValueError, match="WAV"):
        played_of(str(path))
