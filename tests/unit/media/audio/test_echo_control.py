"""Echo is taken off, a voice beside it stays, and where nothing can be done the voice goes on."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from bench.recorded_speech import recorded
from media.audio import speech_cleaner
from media.audio.echo_control import MOST_FAR, EchoControl
from media.audio.echo_path import BLOCK, EchoPath
from media.audio.speech_cleaner import RATE_HZ, SpeechCleaner
from media.audio.talk_watch import HOLDS, SURE_AFTER, WRONG_FOR, TalkWatch
from media.devices.sample_ring import Samples
from tests.unit.media.audio.given import voice

Sound = npt.NDArray[np.float64]
DELAY = RATE_HZ * 4 // 100
with_livekit = pytest.mark.skipif(
    bool(speech_cleaner.WHY_NOT), reason="livekit is not installed: echo control is NOT tested"
)


def echo_of(far: Samples) -> Sound:
    """40 ms later, through a small room of 50 ms, half as loud."""
    chance = np.random.default_rng(2)
    room = chance.normal(0, 1, RATE_HZ // 20) * np.logspace(0, -3, RATE_HZ // 20)
    room[0] = np.sqrt((room**2).sum())
    room /= 2 * np.sqrt((room**2).sum())
    late = np.concatenate((np.zeros(DELAY), far))[: len(far)]
    size = 1 << (2 * len(far)).bit_length()
    heard: Sound = np.fft.irfft(np.fft.rfft(late, size) * np.fft.rfft(room, size), size)
    return heard[: len(far)]


def blocks(*sounds: Sound | Samples) -> Iterator[list[Sound]]:
    for start in range(0, len(sounds[0]) - BLOCK + 1, BLOCK):
        yield [np.asarray(sound[start : start + BLOCK], dtype=np.float64) for sound in sounds]


def decibels(one: Sound, other: Sound) -> float:
    return float(10 * np.log10((one**2).mean() / max((other**2).mean(), 1e-3)))


def test_the_way_of_the_echo_is_learned_and_the_near_voice_left_whole() -> None:
    far, near = voice(8, seed=1), np.roll(voice(8, seed=2), RATE_HZ // 3).astype(np.float64)
    near[: 6 * RATE_HZ] = 0
    path, left = EchoPath(), list[Sound]()
    for played, heard in blocks(far, echo_of(far) + near):
        is_both = len(left) * BLOCK >= 6 * RATE_HZ
        made = path.take_off(
            (played / 32768).astype(np.float32), (heard / 32768).astype(np.float32), is_both=is_both
        )
        left.append(made.astype(np.float64) * 32768)
    whole = np.concatenate(left)
    alone = slice(4 * RATE_HZ, 6 * RATE_HZ)
    both = slice(6 * RATE_HZ, 8 * RATE_HZ)
    echo = echo_of(far)
    assert decibels(echo[alone], whole[alone]) > 20
    assert decibels(echo[both], whole[both] - near[both]) > 10


def told(watch: TalkWatch, times: int, echo: float, left: float, heard: float) -> TalkWatch:
    for _ in range(times):
        watch.see(echo, left, heard)
    return watch


def test_a_voice_beside_a_known_echo_is_seen_and_held() -> None:
    watch = told(TalkWatch(), 600, 1e-3, 1e-5, 1e-3)
    assert not told(watch, 1, 1e-3, 1e-5, 1e-3).is_both
    assert told(watch, SURE_AFTER + 2, 1e-3, 1e-3, 2e-3).is_both
    assert told(watch, HOLDS - 5, 1e-3, 1e-5, 1e-3).is_both
    assert not told(watch, 20, 1e-3, 1e-5, 1e-3).is_both


def test_before_the_echo_is_known_and_while_nothing_is_played_nothing_is_claimed() -> None:
    assert not told(TalkWatch(), 50, 1e-3, 1e-3, 2e-3).is_both
    assert not told(told(TalkWatch(), 600, 1e-3, 1e-5, 1e-3), 100, 0.0, 1e-3, 1e-3).is_both


def test_more_left_than_was_heard_means_another_way() -> None:
    watch = told(TalkWatch(), 600, 1e-3, 1e-5, 1e-3)
    assert not told(watch, WRONG_FOR // 2, 4e-3, 4e-3, 1e-3).has_moved
    assert told(watch, WRONG_FOR, 4e-3, 4e-3, 1e-3).has_moved


@with_livekit
def test_echo_alone_is_silenced_and_a_voice_beside_it_is_heard() -> None:
    far, near = voice(12, seed=1), np.roll(voice(12, seed=2), RATE_HZ // 3).astype(np.float64)
    near[: 9 * RATE_HZ] = 0
    echo = echo_of(far)
    near *= np.sqrt((echo**2).mean() / (near[9 * RATE_HZ :] ** 2).mean())
    cleaner, made = SpeechCleaner(), list[Samples]()
    for played, heard in blocks(far, echo + near):
        made.append(cleaner.clean(played.astype(np.int16), heard.astype(np.int16)))
    whole = np.concatenate(made).astype(np.float64)
    alone, both = slice(7 * RATE_HZ, 9 * RATE_HZ), slice(10 * RATE_HZ, 12 * RATE_HZ)
    assert decibels(echo[alone], whole[alone]) > 30
    assert decibels(near[both], whole[both]) < 3


@with_livekit
def test_a_voice_while_nothing_is_played_stays_as_loud() -> None:
    near, cleaner = voice(3), SpeechCleaner()
    silence = np.zeros(BLOCK, dtype=np.int16)
    made = [cleaner.clean(silence, heard.astype(np.int16)) for [heard] in blocks(near)]
    whole = np.concatenate(made).astype(np.float64)
    assert abs(decibels(near[RATE_HZ:].astype(np.float64), whole[RATE_HZ:])) < 3


@with_livekit
def test_recorded_speech_of_both_without_an_echo_goes_through_as_it_was_spoken() -> None:
    far, near = recorded("en", 10.0), recorded("es", 10.0)
    if far is None or near is None:
        pytest.skip("asterisk-core-sounds-en-g722 and -es-g722 are not installed")
    cleaner, made = SpeechCleaner(), list[Samples]()
    for played, heard in blocks(far, near):
        made.append(cleaner.clean(played.astype(np.int16), heard.astype(np.int16)))
    whole, later = np.concatenate(made), slice(7 * RATE_HZ, 9 * RATE_HZ)
    assert np.array_equal(whole[later], near.astype(np.int16)[later])


class Counted:
    """A part of libwebrtc, and how many blocks it was given."""

    def __init__(self, part: Any) -> None:
        self._part = part
        self.blocks = 0

    def process_stream(self, frame: object) -> None:
        self.blocks += 1
        self._part.process_stream(frame)

    def process_reverse_stream(self, frame: object) -> None:
        self._part.process_reverse_stream(frame)


def rested(seconds: float) -> tuple[SpeechCleaner, list[Counted]]:
    """With a headset in a quiet room, after the far side has spoken for so long."""
    cleaner = SpeechCleaner()
    parts = [Counted(vars(cleaner)[name]) for name in ("_canceller", "_noise")]
    vars(cleaner).update(_canceller=parts[0], _noise=parts[1])
    far = voice(seconds, seed=1)
    near = np.zeros(len(far))
    for played, heard in blocks(far, near):
        cleaner.clean(played.astype(np.int16), heard.astype(np.int16))
    return cleaner, parts


@with_livekit
def test_with_a_headset_in_a_quiet_room_libwebrtcs_parts_rest_and_the_voice_goes_on() -> None:
    cleaner, parts = rested(4)
    before = [part.blocks for part in parts]
    far, near = voice(4, seed=3), voice(4, seed=2)
    for played, heard in blocks(far, near):
        sent = cleaner.clean(played.astype(np.int16), heard.astype(np.int16))
        assert np.array_equal(sent, heard.astype(np.int16))
    assert [part.blocks for part in parts] == before


@with_livekit
def test_what_was_heard_before_a_rest_is_not_sent_after_it() -> None:
    """Noise begins long after: of the tone that they heard last nothing comes."""
    cleaner, parts = rested(4)
    silence, tone = np.zeros(BLOCK, dtype=np.int16), np.zeros(BLOCK, dtype=np.int16)
    tone[:] = 8000 * np.sin(2 * np.pi * 3000 * np.arange(BLOCK) / RATE_HZ)
    vars(cleaner)["_plain"] = 0.0  # they hear a tone, and rest from then on
    cleaner._by_libwebrtc(silence, tone, tone.astype(np.float32))
    vars(cleaner)["_plain"] = 1.0
    cleaner.clean(silence, silence)
    noise = np.random.default_rng(6).normal(0, 300, 14 * RATE_HZ)
    before = parts[0].blocks
    sent = [cleaner.clean(silence, heard.astype(np.int16)) for [heard] in blocks(noise)]
    assert parts[0].blocks > before
    spectrum = np.abs(np.fft.rfft(np.concatenate(sent).reshape(-1, BLOCK), axis=1))
    assert (spectrum[:, 30] < 60 * np.median(spectrum[:, 25:35])).all()


@with_livekit
def test_from_a_loud_room_noise_is_taken_off() -> None:
    noise = np.random.default_rng(6).normal(0, 300, 8 * RATE_HZ)
    cleaner, silence = SpeechCleaner(), np.zeros(BLOCK, dtype=np.int16)
    made = [cleaner.clean(silence, heard.astype(np.int16)) for [heard] in blocks(noise)]
    assert decibels(noise, np.concatenate(made)[6 * RATE_HZ :].astype(np.float64)) > 6


class Notes:
    """In the cleaner's place: what was played beside what was heard."""

    def __init__(self) -> None:
        self.pairs: list[tuple[int, int]] = []
        self.listened: list[int] = []

    def clean(self, far: Samples, heard: Samples) -> Samples:
        self.pairs.append((int(far[0]), int(heard[0])))
        return heard

    def listen(self, heard: Samples) -> None:
        self.listened.append(int(heard[0]))


def block(value: int) -> Samples:
    return np.full(BLOCK, value, dtype=np.int16)


def opened(*, is_wanted: bool = True) -> EchoControl:
    """As after `open`, without its thread."""
    control = EchoControl(lambda samples: None, lambda: 0.0, lambda: is_wanted)
    vars(control)["_thread"] = object()
    return control


def test_a_block_waits_a_little_for_what_was_played_meanwhile() -> None:
    control, notes = opened(), Notes()
    control.heard(block(1))
    control.work(notes)  # type: ignore[arg-type]  # notes stand for a cleaner
    assert notes.pairs == []
    control.played(block(11))
    control.work(notes)  # type: ignore[arg-type]
    for value in (2, 3, 4):
        control.heard(block(value))
    control.work(notes)  # type: ignore[arg-type]
    assert notes.pairs == [(11, 1), (0, 2)]


def test_a_loudspeaker_that_runs_ahead_is_caught_up_with() -> None:
    control, notes = opened(), Notes()
    for value in range(MOST_FAR // BLOCK + 1):
        control.played(block(value))
    control.heard(block(1))
    control.work(notes)  # type: ignore[arg-type]
    assert notes.pairs == [(MOST_FAR // BLOCK, 1)]


def test_while_nobody_is_to_get_it_only_the_room_is_learned() -> None:
    control, notes = opened(is_wanted=False), Notes()
    control.played(block(11))
    control.heard(block(1))
    control.work(notes)  # type: ignore[arg-type]
    assert (notes.pairs, notes.listened) == ([], [1])


def test_what_was_heard_before_muting_is_never_given_on() -> None:
    control, notes = opened(), Notes()
    control.heard(block(1))
    control.forget()
    control.played(block(11))
    control.heard(block(2))
    control.work(notes)  # type: ignore[arg-type]
    assert notes.pairs == [(11, 2)]


def test_without_the_library_the_voice_goes_on_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(speech_cleaner, "WHY_NOT", "ImportError")
    given: list[int] = []
    control = EchoControl(lambda samples: given.append(int(samples[0])), lambda: 0.0, lambda: True)
    control.open()
    control.played(block(11))
    control.heard(block(1))
    control.close()
    assert given == [1]
    assert not control.is_working
    assert "no echo control" in caplog.text
    with pytest.raises(RuntimeError):
        SpeechCleaner()


@with_livekit
def test_the_thread_gives_each_block_and_ends() -> None:
    given: list[Samples] = []
    control = EchoControl(given.append, lambda: 0.05, lambda: True)
    control.open()
    assert control.is_working
    for value in range(5):
        control.played(block(value))
        control.heard(block(value))
    control.close()
    assert not any(thread.name == "echo control" for thread in threading.enumerate())


@with_livekit
def test_whatever_ends_the_thread_the_voice_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object) -> None:
        raise ValueError("nobody foresaw it")

    told: list[str] = []
    ended = threading.Event()

    def tell(defect: threading.ExceptHookArgs) -> None:
        told.append(defect.exc_type.__name__)
        ended.set()

    monkeypatch.setattr(threading, "excepthook", tell)
    monkeypatch.setattr(SpeechCleaner, "clean", fails)
    given: list[int] = []
    control = EchoControl(lambda samples: given.append(int(samples[0])), lambda: 0.0, lambda: True)
    control.open()
    control.played(block(11))
    control.heard(block(1))
    assert ended.wait(10)
    control.heard(block(2))
    control.close()
    assert (told, given) == (["ValueError"], [2])
