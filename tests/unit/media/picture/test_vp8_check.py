"""The trial at the start: it passes here, names what is wrong elsewhere, and never raises."""

import pytest

from media.picture import vp8_check, vpx_library
from media.picture.vp8_encoder import Vp8Encoder


def fault() -> str | None:
    return vp8_check.fault.__wrapped__()


def test_here_it_does_what_it_is_told() -> None:
    assert fault() is None
    assert vp8_check.fault() is None


def test_another_layout_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vp8_check.DEFAULTS, "kbit_s", 30)
    assert fault() == "libvpx: kbit_s is 256, not 30"


def test_another_interface_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vpx_library, "ENCODER_ABI", 38)
    reason = fault()
    assert reason is not None
    assert "ABI" in reason


def test_a_rate_that_is_not_obeyed_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    obeyed = Vp8Encoder.set

    def deaf(self: Vp8Encoder, width: int, height: int, bit_s: int, frames_per_s: float) -> None:
        obeyed(self, width, height, vp8_check.MUCH_BIT_S, frames_per_s)

    monkeypatch.setattr(Vp8Encoder, "set", deaf)
    assert "a quarter of the rate" in (fault() or "")


def test_an_encoder_made_anew_for_each_rate_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    obeyed = Vp8Encoder.set

    def anew(self: Vp8Encoder, width: int, height: int, bit_s: int, frames_per_s: float) -> None:
        Vp8Encoder.__init__(self, vp8_check.WIDTH, vp8_check.HEIGHT)
        obeyed(self, width, height, bit_s, frames_per_s)

    monkeypatch.setattr(Vp8Encoder, "set", anew)
    assert "key frames at" in (fault() or "")


def test_a_head_that_is_none_has_no_size() -> None:
    assert vp8_check.size_in(b"") == vp8_check.size_in(bytes(20)) == (0, 0)
