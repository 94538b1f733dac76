"""The playout buffer over lines of every kind, with the time told: an unbroken, near voice."""

import random
from dataclasses import dataclass

import numpy as np
import pytest

from media.audio.opus_encoder import OpusEncoder
from media.audio.playout_buffer import PlayoutBuffer, VoicePacket
from media.devices.sample_ring import Samples
from tests.unit.media.audio.given import FRAME, RATE_HZ, packets_of, tone, voice

TICK_S = 0.005
IN_HAND = RATE_HZ * 4 // 100
NETWORK_S = 0.025


@dataclass(frozen=True)
class Line:
    loss: float = 0.0
    jitter_s: float = 0.0
    burst: int = 1
    doubled: float = 0.0
    clock: float = 1.0  # how fast the far side's clock runs
    first_number: int = 100
    first_timestamp: int = 5000
    copied: int = 0  # each packet carries the one that many before it


@dataclass
class Played:
    buffer: PlayoutBuffer
    samples: Samples
    holes: int  # samples that were wanted and not there
    lost: int  # packets
    delay_s: float  # between being spoken and being heard, at the end


def play(spoken: Samples, line: Line, seed: int = 1) -> Played:
    chance, packets = random.Random(seed), packets_of(spoken)
    arriving: list[tuple[float, VoicePacket]] = []
    left_of_burst = lost = 0
    for place, payload in enumerate(packets):
        if left_of_burst == 0 and chance.random() < line.loss / line.burst:
            left_of_burst = line.burst
        if left_of_burst:
            left_of_burst, lost = left_of_burst - 1, lost + 1
            continue
        for _ in range(1 + (chance.random() < line.doubled)):
            at = (place + 1) * 0.02 / line.clock + NETWORK_S + chance.uniform(0, line.jitter_s)
            number = (line.first_number + place) % 0x10000
            timestamp = (line.first_timestamp + place * FRAME) % 0x1_0000_0000
            arriving.append((at, VoicePacket(number, timestamp, payload, at)))
            if line.copied and place >= line.copied:
                old, ago = packets[place - line.copied], line.copied * FRAME
                number, timestamp = number - line.copied, timestamp - ago
                copy = VoicePacket(number % 0x10000, timestamp % 2**32, old, at, copied_after=ago)
                arriving.append((at, copy))
    arriving.sort(key=lambda item: item[0])
    return run(arriving, len(packets) * 0.02 / line.clock, lost)


def run(arriving: list[tuple[float, VoicePacket]], seconds: float, lost: int = 0) -> Played:
    buffer, parts, ring, holes, now = PlayoutBuffer(), list[Samples](), 0, 0, 0.0
    while now < seconds:
        now += TICK_S
        while arriving and arriving[0][0] <= now:
            buffer.put(arriving.pop(0)[1])
        ring -= round(TICK_S * RATE_HZ)
        holes, ring = holes + max(0, -ring) * bool(parts), max(0, ring)
        while buffer.has_begun and ring < IN_HAND:
            parts.append(buffer.take(now, ring - IN_HAND))
            assert len(parts[-1]) > 0
            ring += len(parts[-1])
    return Played(buffer, np.concatenate(parts), holes, lost, now)


def gaps_s(samples: Samples) -> float:
    """The longest silence inside of what was heard."""
    loud = np.flatnonzero(np.abs(samples) > 300)
    return float(np.diff(loud).max()) / RATE_HZ


def test_a_clean_line_is_played_as_it_was_spoken() -> None:
    played = play(tone(4), Line())
    count = played.buffer.count
    assert played.holes == 0
    assert (count.recovered, count.late, count.stretched) == (0, 0, 0)
    assert count.concealed_share < 0.02
    assert played.buffer.wait_s <= 0.03


@pytest.mark.parametrize("loss", [0.05, 0.1, 0.2])
def test_what_was_lost_is_said_again_or_guessed_without_a_gap(loss: float) -> None:
    spoken = tone(10)
    played = play(spoken, Line(loss=loss))
    count = played.buffer.count
    assert played.holes == 0
    assert count.concealed_share == pytest.approx(loss, abs=0.06)
    assert gaps_s(played.samples) < 0.05
    assert played.buffer.wait_s < 0.08


def test_copies_are_taken_before_guesses() -> None:
    played = play(voice(10), Line(loss=0.1))
    assert played.buffer.count.recovered > played.buffer.count.guessed


@pytest.mark.parametrize("burst", [1, 2])
def test_whole_packets_that_come_along_with_later_ones_are_heard(burst: int) -> None:
    plain = play(voice(10), Line(loss=0.1, burst=burst)).buffer.count
    played = play(voice(10), Line(loss=0.1, burst=burst, copied=2))
    count = played.buffer.count
    assert played.holes == 0
    assert count.repeated > 0.7 * played.lost * FRAME
    assert count.concealed_share < 0.25 * plain.concealed_share
    assert count.late == 0
    assert played.buffer.wait_s <= 0.055


def test_copies_that_nobody_needs_cost_no_time() -> None:
    played = play(voice(4), Line(copied=2))
    assert played.buffer.count.repeated == 0
    assert played.buffer.wait_s <= 0.03


def test_copies_over_the_wrap_of_numbers_find_their_place() -> None:
    line = Line(loss=0.1, copied=2, first_number=65_500, first_timestamp=2**32 - 30_000)
    played = play(tone(4), line)
    assert played.buffer.count.repeated > 0.7 * played.lost * FRAME


def test_the_far_side_may_change_how_long_a_packet_is() -> None:
    spoken, encoder, chance = tone(12), OpusEncoder(), random.Random(4)
    arriving, start, number = [], 0, 0
    while start < len(spoken) - 2880:
        length = (960, 2880, 1920, 480)[start // (2 * RATE_HZ) % 4]
        payload = encoder.encode(np.ascontiguousarray(spoken[start : start + length]))
        at = (start + length) / RATE_HZ + NETWORK_S
        if chance.random() >= 0.05:
            arriving.append((at, VoicePacket(number, start, payload, at)))
        start, number = start + length, number + 1
    played = run(arriving, 12.0)
    assert played.holes == 0
    assert played.buffer.count.late <= 3  # the first of the longer ones
    assert gaps_s(played.samples) < 0.1
    assert played.buffer.count.concealed_share < 0.12


def test_silence_of_one_byte_a_packet_is_a_soft_noise_and_no_loss() -> None:
    chance, encoder = np.random.default_rng(5), OpusEncoder()
    encoder.leave_silence_out(True)
    noise = chance.normal(0, 20, 6 * RATE_HZ).astype(np.int16)
    spoken = np.concatenate((voice(2), noise))
    arriving, sizes = [], []
    for place in range(len(spoken) // 2880):
        part = np.ascontiguousarray(spoken[place * 2880 : (place + 1) * 2880])
        payload, at = encoder.encode(part), (place + 1) * 0.06 + NETWORK_S
        sizes.append(len(payload))
        arriving.append((at, VoicePacket(place, place * 2880, payload, at)))
    played = run(arriving, len(spoken) / RATE_HZ)
    assert sum(size <= 2 for size in sizes) > 50
    assert played.holes == 0
    assert played.buffer.count.concealed_share < 0.05
    loudness = np.abs(played.samples[5 * RATE_HZ : 7 * RATE_HZ]).mean()
    assert 1 < loudness < 40


@pytest.mark.parametrize("jitter_s", [0.04, 0.08, 0.16])
def test_packets_that_come_late_and_out_of_order_are_waited_for(jitter_s: float) -> None:
    played = play(voice(12), Line(jitter_s=jitter_s))
    count = played.buffer.count
    assert played.holes == 0
    assert count.late < 30
    assert count.concealed_share < 0.06
    assert played.buffer.wait_s < jitter_s + 0.06


def test_what_comes_late_while_both_sides_begin_is_soon_forgotten() -> None:
    packets, arriving = packets_of(voice(4)), []
    for place, payload in enumerate(packets):
        at = max((place + 1) * 0.02, 0.3) + NETWORK_S  # the first 15 come at once
        arriving.append((at, VoicePacket(place, place * FRAME, payload, at)))
    played = run(arriving, 1.0)
    assert played.buffer.wait_s <= 0.02
    assert played.holes == 0


@pytest.mark.parametrize("jitter_s", [0.0, 0.002])
def test_on_a_clean_line_each_sample_is_heard_as_early_as_is_wished(jitter_s: float) -> None:
    """The wait and what is in hand, and the 6.5 ms that Opus itself takes."""
    spoken = np.zeros(4 * RATE_HZ, dtype=np.int16)
    clicks = np.arange(1, 8) * RATE_HZ // 2
    for click in clicks:
        spoken[click : click + 480] = tone(0.01, 1000)
    arriving = []
    chance = random.Random(5)
    for place, payload in enumerate(packets_of(spoken)):
        at = (place + 1) * 0.02 + NETWORK_S + chance.uniform(0, jitter_s)
        arriving.append((at, VoicePacket(place, place * FRAME, payload, at)))
    first_at, played = arriving[0][0], run(arriving, 4.0)
    loud = np.abs(played.samples.astype(np.int32)) > 2000
    begins = [np.flatnonzero(loud[c:])[0] + c for c in range(0, len(loud), RATE_HZ // 2)[2:7]]
    first_taken_s = -(-first_at // TICK_S) * TICK_S
    delays = [(b / RATE_HZ + first_taken_s) % 0.5 for b in begins]
    least = 0.02 + NETWORK_S + played.buffer.wait_s + IN_HAND / RATE_HZ + 0.0065
    assert np.median(delays) == pytest.approx(least, abs=0.008)


def test_a_line_that_calms_down_is_waited_for_less() -> None:
    packets, now, chance = packets_of(voice(30)), 0.0, random.Random(2)
    arriving = []
    for place, payload in enumerate(packets):
        jitter_s = 0.15 if place < 300 else 0.0
        now = (place + 1) * 0.02 + NETWORK_S + chance.uniform(0, jitter_s)
        arriving.append((now, VoicePacket(place, place * FRAME, payload, now)))
    arriving.sort(key=lambda item: item[0])
    played = run(arriving, len(packets) * 0.02)
    assert played.buffer.wait_s < 0.04
    spoken = len(packets) * FRAME
    assert abs(len(played.samples) - spoken) < 0.15 * RATE_HZ  # it has come near again


@pytest.mark.parametrize("clock", [0.999, 1.001])
def test_a_far_clock_that_runs_differently_is_followed(clock: float) -> None:
    played = play(voice(40), Line(clock=clock))
    assert played.holes == 0
    assert played.buffer.count.late == 0
    assert played.buffer.count.concealed_share < 0.03


@pytest.mark.parametrize("length", [480, 960])
def test_what_was_held_back_is_caught_up_with_also_in_short_packets(length: int) -> None:
    """A fresh start of the loudspeaker leaves the voice later than it need be."""
    spoken, encoder = voice(12), OpusEncoder()
    arriving = []
    for number, start in enumerate(range(0, len(spoken) - length, length)):
        payload = encoder.encode(np.ascontiguousarray(spoken[start : start + length]))
        at = (start + length) / RATE_HZ + NETWORK_S
        arriving.append((at, VoicePacket(number, start, payload, at)))
    buffer, behind, now, ring = PlayoutBuffer(), list[float](), 0.0, 0
    while now < 11.5:
        now += TICK_S
        while arriving and arriving[0][0] <= now:
            buffer.put(arriving.pop(0)[1])
        ring = max(0, ring - round(TICK_S * RATE_HZ))
        # Of the 60 ms that it likes to have at first it needs only 15, as it finds out.
        likes = RATE_HZ * (60 if now < 2 else 15) // 1000
        while buffer.has_begun and ring < likes:
            ring += len(buffer.take(now, ring - likes))
        if buffer._next is not None:
            heard_at = now + ring / RATE_HZ
            behind.append(heard_at - buffer._next.timestamp % 2**32 / RATE_HZ)
    assert behind[400] > 0.08, "at 2 s"
    assert np.mean(behind[-200:]) < 0.075


def test_doubles_change_nothing() -> None:
    played = play(tone(4), Line(doubled=0.5))
    assert played.buffer.count.concealed_share < 0.02


@pytest.mark.parametrize(("number", "timestamp"), [(65_500, 2**32 - 30_000), (0, 0)])
def test_numbers_and_times_wrap(number: int, timestamp: int) -> None:
    played = play(tone(4), Line(loss=0.05, first_number=number, first_timestamp=timestamp))
    assert played.holes == 0
    assert played.buffer.count.concealed_share < 0.15


def test_a_far_side_that_begins_anew_is_heard_again() -> None:
    packets = packets_of(tone(4))
    arriving = []
    for place, payload in enumerate(packets):
        at = (place + 1) * 0.02 + NETWORK_S
        anew = place >= 100
        number = (place + (30_000 if anew else 0)) % 0x10000
        timestamp = (place * FRAME + (2**31 - 5 if anew else 0)) % 0x1_0000_0000
        arriving.append((at, VoicePacket(number, timestamp, payload, at)))
    played = run(arriving, len(packets) * 0.02)
    assert gaps_s(played.samples) < 0.3
    assert np.abs(played.samples[-RATE_HZ // 4 :]).max() > 5000


def test_a_hole_of_seconds_is_silence_and_then_the_present() -> None:
    packets = packets_of(tone(8))
    arriving = []
    for place, payload in enumerate(packets):
        if not 100 <= place < 250:
            at = (place + 1) * 0.02 + NETWORK_S
            arriving.append((at, VoicePacket(place, place * FRAME, payload, at)))
    played = run(arriving, len(packets) * 0.02)
    assert played.holes == 0
    assert len(played.samples) == pytest.approx(len(packets) * FRAME, abs=0.2 * RATE_HZ)
    assert np.abs(played.samples[-RATE_HZ:]).max() > 5000


def test_silence_that_is_left_out_is_a_pause_and_not_a_loss() -> None:
    """Numbers go on, times jump: a far side that sends nothing while nothing is said."""
    packets = packets_of(tone(4))
    arriving = []
    for place, payload in enumerate(packets):
        later = 100 if place >= 100 else 0
        at = (place + 1 + later) * 0.02 + NETWORK_S
        arriving.append((at, VoicePacket(place, (place + later) * FRAME, payload, at)))
    played = run(arriving, (len(packets) + 100) * 0.02)
    assert played.holes == 0
    assert played.buffer.count.late == 0
    assert played.buffer.count.heard >= (len(packets) - 6) * FRAME


def test_junk_is_passed_over_and_memory_is_bounded() -> None:
    chance, buffer = random.Random(3), PlayoutBuffer()
    for _ in range(20_000):
        packet = VoicePacket(
            chance.randrange(0x10000),
            chance.randrange(0x1_0000_0000),
            chance.randbytes(chance.randrange(0, 40)),
            chance.uniform(0, 100),
        )
        buffer.put(packet)
        if chance.random() < 0.3:
            assert len(buffer.take(chance.uniform(0, 100), chance.randrange(-3000, 3000))) > 0
        assert len(buffer._packets) <= 100


def test_what_is_guessed_fades_and_what_is_heard_again_rises_without_a_click() -> None:
    packets = packets_of(tone(3))
    arriving = []
    for place, payload in enumerate(packets):
        if not 50 <= place < 90:
            at = (place + 1) * 0.02 + NETWORK_S
            arriving.append((at, VoicePacket(place, place * FRAME, payload, at)))
    played = run(arriving, len(packets) * 0.02).samples
    steps = np.abs(np.diff(played.astype(np.int32)))
    assert steps.max() < 1.5 * np.abs(np.diff(tone(1).astype(np.int32))).max()
    in_hole = played[RATE_HZ * 16 // 10 : RATE_HZ * 17 // 10]
    assert not in_hole.any()


def test_before_the_first_word_there_is_silence() -> None:
    buffer = PlayoutBuffer()
    assert not buffer.has_begun
    assert not buffer.take(1.0, -100).any()


def test_it_tells_when_what_comes_next_is_heard() -> None:
    assert PlayoutBuffer().next_heard is None
    buffer = PlayoutBuffer()
    buffer.put(VoicePacket(9, 96_000, packets_of(tone(1))[0], 50.0))
    told = buffer.next_heard
    assert told is not None
    assert told[0] == 96_000
    assert told[1] == pytest.approx(50.0 + buffer.wait_s)
