"""Whether there is an echo at all: a headset has none, and in doubt there is one."""

import numpy as np
import pytest

from media.audio.echo_path import BLOCK, EchoPath
from media.audio.echo_sign import LINGERS, EchoSign
from tests.unit.media.audio.given import RATE_HZ, voice

FAR = voice(9, seed=1).astype(np.float64) / 32_768
# Another pitch: what is alike would be taken for an echo.
NEAR = np.interp(np.arange(9 * RATE_HZ) * 1.37 % (8 * RATE_HZ), np.arange(9 * RATE_HZ), FAR)


def judged(coupling: float, near_share: float, sign: EchoSign | None = None) -> EchoSign:
    """9 s of both, the echo 60 ms late."""
    sign, path = sign or EchoSign(), EchoPath()
    echo = coupling * np.concatenate((np.zeros(2880), FAR))[: len(FAR)]
    heard = echo + near_share * NEAR + np.random.default_rng(3).normal(0, 1e-5, len(FAR))
    for start in range(0, len(FAR) - BLOCK + 1, BLOCK):
        played = FAR[start : start + BLOCK].astype(np.float32)
        here = heard[start : start + BLOCK].astype(np.float32)
        sign.played(float(played.dot(played)) / BLOCK)
        left = path.take_off(played, here)
        power = float(here.dot(here)) / BLOCK
        sign.heard(power, float(left.dot(left)) / BLOCK, path.echo_power, path.along)
    return sign


@pytest.mark.parametrize("near_share", [0.0, 1.0])
def test_where_nothing_comes_back_there_is_none_even_while_both_speak(near_share: float) -> None:
    assert not judged(0.0, near_share).is_possible


@pytest.mark.parametrize("near_share", [0.0, 0.3])
@pytest.mark.parametrize("coupling", [0.5, 0.1])
def test_what_comes_back_is_an_echo_even_while_both_speak(
    coupling: float, near_share: float
) -> None:
    assert judged(coupling, near_share).is_possible


def test_a_headset_that_is_pulled_out_is_noticed() -> None:
    sign = judged(0.0, 1.0)
    assert not sign.is_possible
    assert judged(0.5, 0.0, sign).is_possible


def test_in_doubt_there_is_one_but_never_while_nothing_is_played() -> None:
    def after(*played: float) -> bool:
        sign = EchoSign()
        for power in played:
            sign.played(power)
        return sign.is_possible

    assert not after()
    assert after(1e-3)
    assert after(1e-3, *[0.0] * (LINGERS - 1))
    assert not after(1e-3, *[0.0] * LINGERS)
