"""A block comes back to the bit, in never more bytes than it has; noise is no block."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.domain.failures import Code, Rejected
from media.auscultation.block_coder import FLAC, PLAIN, BlockCoder
from media.auscultation.sound_blocks import block_samples_of


@pytest.mark.parametrize("rate_hz", [200, 2000, 4000, 8000, 44_100, 48_000])
@pytest.mark.parametrize("kind", ["silence", "tone", "noise", "extremes"])
def test_there_and_back(rate_hz: int, kind: str) -> None:
    count = block_samples_of(rate_hz)
    sound = {
        "silence": np.zeros(count),
        "tone": 9000 * np.sin(np.arange(count) / 20),
        "noise": np.random.default_rng(1).integers(-32768, 32768, count),
        "extremes": np.resize([-32768, 32767], count),
    }[kind]
    samples = sound.astype("<i2").tobytes()
    here, there = BlockCoder(rate_hz, count), BlockCoder(rate_hz, count)
    for _ in range(3):
        coded = here.coded(samples)
        assert len(coded) <= len(samples) + 1
        assert there.plain(coded) == samples


def test_a_heart_takes_less_as_flac_and_noise_goes_plain() -> None:
    coder = BlockCoder(4000, 160)
    tone = (3000 * np.sin(np.arange(160) / 30)).astype("<i2").tobytes()
    noise = np.random.default_rng(2).integers(-32768, 32768, 160).astype("<i2").tobytes()
    assert coder.coded(tone)[0] == FLAC
    assert len(coder.coded(tone)) < 0.7 * len(tone)
    assert coder.coded(noise)[0] == PLAIN
    assert coder.coded(b"\1\2") == bytes([PLAIN]) + b"\1\2"  # the last, short one


def test_each_block_stands_for_itself() -> None:
    here, there = BlockCoder(4000, 160), BlockCoder(4000, 160)
    blocks = [(100 * n + np.arange(160)).astype("<i2").tobytes() for n in range(5)]
    coded = [here.coded(block) for block in blocks]
    assert there.plain(coded[4]) == blocks[4]
    assert there.plain(coded[1]) == blocks[1]


def test_one_wrong_bit_is_seen_and_takes_nothing_with_it() -> None:
    coder = BlockCoder(4000, 160)
    tone = (3000 * np.sin(np.arange(160) / 30)).astype("<i2").tobytes()
    good = coder.coded(tone)
    for place in range(8, 8 * len(good), 7):
        bad = bytearray(good)
        bad[place // 8] ^= 1 << place % 8
        with pytest.raises(Rejected):
            coder.plain(bytes(bad))
    assert coder.plain(good) == tone


@settings(max_examples=150, deadline=None)
@given(data=some.binary(max_size=400))
def test_noise_is_understood_or_refused(data: bytes) -> None:
    try:
        samples = BlockCoder(4000, 160).plain(data)
    except Rejected as refused:
        assert refused.code is Code.MALFORMED
    else:
        assert len(samples) % 2 == 0
