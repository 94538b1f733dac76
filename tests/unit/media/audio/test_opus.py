"""libopus of PyAV's wheel: what goes in comes out, copies are made and used, junk is refused."""

import random

import numpy as np
import pytest

from app.domain.failures import Rejected
from media.audio import opus_library as opus
from media.audio.opus_decoder import OpusDecoder
from media.audio.opus_encoder import OpusEncoder
from media.devices.sample_ring import Samples
from tests.unit.media.audio.given import FRAME, packets_of, tone, voice


def likeness(one: Samples, other: Samples) -> float:
    """The highest correlation of the two within 20 ms."""
    first = one.astype(np.float64)
    best = 0.0
    for lag in range(0, FRAME, 6):
        second = other[lag : lag + len(first)].astype(np.float64)
        part = first[: len(second)]
        power = np.sqrt(part.dot(part) * second.dot(second))
        best = max(best, float(part.dot(second) / power) if power else 0.0)
    return best


def test_the_library_is_the_one_it_was_made_for() -> None:
    assert opus.library().opus_get_version_string().startswith(b"libopus 1.6")


def test_a_voice_comes_out_as_it_went_in() -> None:
    spoken, decoder = voice(3), OpusDecoder()
    heard = np.concatenate([decoder.decode(packet) for packet in packets_of(spoken)])
    assert len(heard) == len(spoken)
    assert likeness(spoken[48_000:96_000], heard[48_000 : 96_000 + FRAME]) > 0.75


def test_the_rate_is_kept_and_changed_without_a_break() -> None:
    encoder, spoken = OpusEncoder(), voice(8)
    sizes = []
    for number, start in enumerate(range(0, len(spoken) - FRAME + 1, FRAME)):
        if number == 200:
            encoder.bit_s(16_000)
        sizes.append(len(encoder.encode(np.ascontiguousarray(spoken[start : start + FRAME]))))
    kbit_s = [8 * sum(part) / len(part) / 20 for part in (sizes[50:200], sizes[250:])]
    assert 26 < kbit_s[0] < 36
    assert 12 < kbit_s[1] < 20


def test_most_packets_of_a_voice_carry_the_one_before() -> None:
    copies = [opus.repeats_the_one_before(packet) for packet in packets_of(voice(4))]
    assert sum(copies) > 0.6 * len(copies)


def test_a_lost_packet_comes_back_from_its_successor_better_than_guessed() -> None:
    packets = packets_of(voice(4))
    whole = OpusDecoder()
    truth = [whole.decode(packet) for packet in packets]
    gains = []
    for lost in range(60, 180, 7):
        if not opus.repeats_the_one_before(packets[lost + 1]):
            continue
        by_copy, by_guess = OpusDecoder(), OpusDecoder()
        for packet in packets[:lost]:
            by_copy.decode(packet)
            by_guess.decode(packet)
        copy = by_copy.recover(packets[lost + 1], FRAME)
        guess = by_guess.conceal(FRAME)
        assert len(copy) == len(guess) == FRAME
        wanted = truth[lost].astype(np.float64)
        gains.append(np.abs(guess - wanted).sum() - np.abs(copy - wanted).sum())
    assert len(gains) > 5
    assert np.median(gains) > 0


def test_what_is_guessed_is_like_what_was_said() -> None:
    decoder = OpusDecoder()
    for packet in packets_of(tone(1)):
        decoder.decode(packet)
    assert np.abs(decoder.conceal(FRAME)).max() > 2000


@pytest.mark.parametrize("size", [0, 100, 961, 5761])
def test_a_frame_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(Rejected):
        OpusEncoder().encode(np.zeros(size, dtype=np.int16))


def test_junk_is_refused_or_decoded_and_the_decoder_goes_on() -> None:
    chance, decoder = random.Random(5), OpusDecoder()
    good = packets_of(tone(0.2))
    for _ in range(3000):
        junk = chance.randbytes(chance.randrange(0, 200))
        assert opus.samples_in(junk) <= opus.FRAME_MAX_SAMPLES
        try:
            decoder.decode(junk)
        except Rejected:
            pass
    for packet in good:
        assert len(decoder.decode(packet)) == FRAME
