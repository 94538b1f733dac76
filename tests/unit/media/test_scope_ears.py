"""What is drawn and heard of a running sound; kept ones opened, played, refused."""

import asyncio
import os
from collections.abc import AsyncIterator
from typing import Any, cast

import numpy as np
import pytest

from app.domain.curve import CurveKind
from app.domain.engine import SoundPlaying, SoundRefused, SoundStopped
from app.domain.failures import Code
from app.domain.ids import RecordId, VisitId, new_id
from app.domain.listening import Listening, Playing, Slot, SoundBand
from bench.heart_sounds import heart_sound
from media import scope_ears
from media.auscultation.curve_maker import Samples
from media.auscultation.live_playout import LiveChunk, chunk_of
from media.auscultation.scope_words import ScopeHeader
from media.auscultation.sound_blocks import block_samples_of
from media.auscultation.wav import wav_of
from media.ear_output import EarOutput
from media.link.curve_share import CurveReader
from media.link.messages import News
from media.link.sealed_memory import contents, new_sealed
from media.link.sound_words import CurveMemory, OpenSound, SoundShown
from media.scope_ears import ScopeEars
from media.scope_player import ScopePlayer
from tests.unit.media.waiting import until

RATE_HZ = 4000
BLOCK = 160


class Told:
    def __init__(self) -> None:
        self.words: list[News] = []
        self.reader: CurveReader | None = None
        self.curves = b""

    def __call__(self, news: News, descriptor: int | None) -> bool:
        if isinstance(news, CurveMemory):
            assert descriptor is not None
            self.reader = CurveReader(os.dup(descriptor))
        if isinstance(news, SoundShown):
            assert descriptor is not None
            size = news.peaks_bytes + news.pairs_bytes + news.columns_bytes
            self.curves = bytes(contents(descriptor, size))
        self.words.append(news)
        return True

    def of(self, kind: type[Any]) -> list[Any]:
        return [one for one in self.words if isinstance(one, kind)]


def header(rate_hz: int = RATE_HZ) -> ScopeHeader:
    visit, recording = VisitId(new_id()), RecordId(new_id())
    return ScopeHeader(recording, visit, "mitral", rate_hz, "synthetic", block_samples_of(rate_hz))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def played() -> list[Samples]:
    return []


@pytest.fixture
async def ears(told: Told, played: list[Samples]) -> AsyncIterator[ScopeEars]:
    made = ScopeEars(told, played.append)
    made.open()
    made.screen_came()
    yield made
    await made.close()


async def hear(ears: ScopeEars, of: ScopeHeader, samples: bytes) -> None:
    for at in range(0, len(samples), 2 * BLOCK):
        ears.heard(of, chunk_of(at // 2, samples[at : at + 2 * BLOCK], RATE_HZ))
        if at % (64 * BLOCK) == 0:
            await asyncio.sleep(0)
    await until(lambda: ears._waiting.empty())
    await asyncio.sleep(0)


async def test_curve_and_columns_come_thirty_times_a_second(ears: ScopeEars, told: Told) -> None:
    of = header()
    await hear(ears, of, heart_of(4))
    assert told.reader is not None
    strips = told.reader.taken()
    for kind in CurveKind:
        count = sum(strip.kind is kind for strip in strips)
        assert 110 <= count <= 121
    assert {strip.curve for strip in strips} == {1}
    await hear(ears, header(), heart_of(1))
    assert {strip.curve for strip in told.reader.taken()} == {2}


async def test_the_rate_of_a_heart_is_told_with_how_sure_it_is(ears: ScopeEars) -> None:
    of, sound = header(), heart_sound(3, 20)
    step = 2 * round(sound.rate_hz * 0.04)
    data = sound.samples.astype("<i2").tobytes()
    for at in range(0, len(data), step):
        ears.heard(of, chunk_of(at // 2, data[at : at + step], sound.rate_hz))
        await asyncio.sleep(0)
    await until(lambda: ears._waiting.empty())
    figures = ears.figures(of.recording)
    assert figures.heart_rate_bpm is None or 30 <= figures.heart_rate_bpm <= 220
    assert 0 <= figures.heart_confidence <= 1
    assert ears.figures(RecordId(new_id())).heart_rate_bpm is None


async def test_only_who_wishes_hears_and_with_their_own_filter(
    ears: ScopeEars, played: list[Samples]
) -> None:
    of = header()
    at = np.arange(RATE_HZ) / RATE_HZ
    tone = (6000 * np.sin(2 * np.pi * 700 * at)).astype("<i2").tobytes()
    await hear(ears, of, tone)
    assert played == []
    ears.listen(Listening(True, None, 0))
    await hear(ears, of, tone)
    plain = loudness(played)
    played.clear()
    ears.listen(Listening(True, SoundBand.BELL, 0))
    await hear(ears, of, tone)
    assert loudness(played) < plain / 3
    played.clear()
    ears.screen_left()
    await hear(ears, of, tone)
    assert played == []


async def test_a_hole_is_heard_as_nothing_and_drawn_as_one(
    ears: ScopeEars, told: Told, played: list[Samples]
) -> None:
    of = header()
    ears.listen(Listening(True, None, 0))
    await hear(ears, of, heart_of(1))
    ears.heard(of, LiveChunk(1.0, 0.2, b"", RATE_HZ))
    await until(lambda: ears._waiting.empty())
    await asyncio.sleep(0)
    assert told.reader is not None
    assert [strip.seconds for strip in told.reader.taken() if not strip.data] == [0.2]
    heard_s = sum(len(one) for one in played) / 48_000
    assert abs(heard_s - 1.2) < 0.05


async def test_who_falls_behind_goes_on_from_now(ears: ScopeEars) -> None:
    of = header()
    for number in range(3 * scope_ears.WAITING_MOST):
        ears.heard(of, chunk_of(number * BLOCK, bytes(2 * BLOCK), RATE_HZ))
    assert ears._waiting.qsize() == scope_ears.WAITING_MOST


# --- kept ones ------------------------------------------------------------------------------------


class Output:
    """Takes everything at once."""

    is_heard = True
    in_hand = 0

    def __init__(self) -> None:
        self.heard: list[Samples] = []

    async def ready(self) -> None:
        pass

    def put(self, samples: Samples) -> None:
        self.heard.append(samples)

    def silence(self) -> None:
        pass


@pytest.fixture
def output() -> Output:
    return Output()


@pytest.fixture
async def player(told: Told, output: Output) -> AsyncIterator[ScopePlayer]:
    made = ScopePlayer(told, cast(EarOutput, output))
    yield made
    await made.close()


def wish(player: ScopePlayer, wav: bytes, slot: Slot = Slot.FIRST) -> RecordId:
    recording = RecordId(new_id())
    descriptor = new_sealed(wav, "recording")
    player.open_slot(OpenSound(slot, recording, len(wav)), descriptor)
    return recording


async def test_a_kept_sound_is_shown_whole_and_played_to_its_end(
    player: ScopePlayer, told: Told, output: Output
) -> None:
    recording = wish(player, wav_of(heart_of(3), RATE_HZ))
    await until(lambda: told.of(SoundShown))
    [shown] = told.of(SoundShown)
    assert (shown.recording, shown.sample_rate_hz, shown.seconds) == (recording, RATE_HZ, 3.0)
    assert len(told.curves) == shown.peaks_bytes + shown.pairs_bytes + shown.columns_bytes
    player.play(Playing(Slot.FIRST, 1.0, 3.0, SoundBand.BELL, 6, 0.5, False, False))
    await until(lambda: told.of(SoundStopped))
    heard_s = sum(len(one) for one in output.heard) / 48_000
    assert abs(heard_s - 4.0) < 0.3  # two seconds at half the speed
    places = [word.at_s for word in told.of(SoundPlaying)]
    assert places == sorted(places)
    assert 1.0 <= places[0] <= places[-1] <= 3.0


async def test_over_and_over_until_it_is_stopped(
    player: ScopePlayer, told: Told, output: Output
) -> None:
    wish(player, wav_of(heart_of(3), RATE_HZ))
    await until(lambda: told.of(SoundShown))
    player.play(Playing(Slot.FIRST, 0.5, 1.5, None, 0, 1.0, True, False))
    await until(lambda: sum(len(one) for one in output.heard) > 3 * 48_000)
    player.stop()
    count = len(output.heard)
    await asyncio.sleep(0.05)
    assert len(output.heard) == count
    assert told.of(SoundStopped) == []


async def test_two_side_by_side_have_one_gain(
    player: ScopePlayer, told: Told, output: Output
) -> None:
    quiet = (np.frombuffer(heart_of(3), dtype="<i2") // 8).astype("<i2").tobytes()
    wish(player, wav_of(heart_of(3), RATE_HZ))
    wish(player, wav_of(quiet, RATE_HZ), Slot.SECOND)
    await until(lambda: len(told.of(SoundShown)) == 2)
    levels = []
    for slot in Slot:
        output.heard.clear()
        player.play(Playing(slot, 0.0, 3.0, None, 0, 1.0, False, True))
        stopped = len(told.of(SoundStopped))
        await until(lambda stopped=stopped: len(told.of(SoundStopped)) > stopped)  # type: ignore[misc]  # a default binds the name
        levels.append(loudness(output.heard))
    assert abs(levels[0] / levels[1] - 8) < 0.3  # as loud to each other as they were
    assert levels[0] > 1.5 * loudness([np.frombuffer(heart_of(3), dtype="<i2")])


@pytest.mark.parametrize("wav", [b"RIFF", b"no sound at all", wav_of(b"", RATE_HZ)])
async def test_what_is_no_body_sound_is_refused(
    player: ScopePlayer, told: Told, wav: bytes
) -> None:
    recording = wish(player, wav)
    await until(lambda: told.of(SoundRefused))
    assert told.of(SoundRefused) == [SoundRefused(Slot.FIRST, recording, Code.DEVICE_UNUSABLE)]
    player.play(Playing(Slot.FIRST, 0.0, 1.0, None, 0, 1.0, False, False))
    assert told.of(SoundPlaying) == []


def heart_of(seconds: float) -> bytes:
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    beat = np.exp(-(((at % 0.8 - 0.1) / 0.03) ** 2))
    return (9000 * beat * np.sin(2 * np.pi * 60 * at)).astype("<i2").tobytes()


def loudness(played: list[Samples]) -> float:
    return float(np.sqrt(np.mean(np.concatenate(played).astype(float) ** 2)))
