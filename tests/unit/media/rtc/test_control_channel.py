"""What a far side may say on the control channel before it is no longer listened to."""

import json
import logging

import pytest

from app.domain.engine import LiveFromFar
from media.rtc.control_channel import WORDS_A_SECOND, WORDS_MOST, ControlChannel
from media.rtc.control_words import ControlWord


class Heard:
    """A channel that was never opened; time by hand."""

    def __init__(self) -> None:
        self.words: list[ControlWord] = []
        self.now = 100.0
        self._channel = ControlChannel(self.words.append, lambda: self.now)

    def say(self, text: object, times: int = 1) -> None:
        for _ in range(times):
            self._channel.heard(text)


LIVE = json.dumps({"kind": "live", "payload": {"kind": "cuff-pressure", "value": "90"}})


def test_a_flood_of_words_ends_at_a_bound_and_a_calm_far_side_is_heard_again() -> None:
    heard = Heard()
    heard.say(LIVE, 10_000)
    assert len(heard.words) == WORDS_MOST
    heard.now += 0.5
    heard.say(LIVE, 1000)
    assert len(heard.words) == WORDS_MOST + WORDS_A_SECOND / 2
    assert set(map(type, heard.words)) == {LiveFromFar}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]" * 9,
        "x" * 20_000,
        b"bytes",
        None,
        '{"kind":"live","payload":[]}',
        "[" * 9000,
        '{"kind":"far-screen","is_attached":true,"since":"0001-01-01T00:00:00+14:00"}',
        '{"kind":"far-screen","is_attached":1,"since":"2026-01-01T00:00:00Z"}',
        '{"kind":"beat","number":1e999,"echo":null,"held_ms":0}',
    ],
)
def test_nonsense_is_no_event_and_does_not_fill_the_log(
    text: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    heard = Heard()
    heard.say(text, 1000)
    assert heard.words == []
    assert 0 < len(caplog.records) <= 10
