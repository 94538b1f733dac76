"""The words between two media processes: there and back, and nothing else."""

import json
import random
from datetime import UTC, datetime

import pytest

from app.domain.engine import FarScreen, LiveFromFar
from app.domain.failures import Code, Rejected
from app.domain.ladder import Matters, Reason, Stand, Step, Wants
from media.rtc.control_words import (
    MAX_TEXT_BYTES,
    Beat,
    ControlWord,
    FarCamera,
    FarLadder,
    Joined,
    PictureHere,
    text_of,
    word_of,
)
from tests.noise import PACKETS

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
WORDS: list[ControlWord] = [
    Beat(3, None, 0.0),
    Beat(4, 2, 12.5),
    FarCamera(False),
    Joined(),
    PictureHere(),
    FarScreen(True, datetime(2026, 11, 21, 9, 30, tzinfo=UTC)),
    LiveFromFar({"kind": "cuff-pressure", "value": "132", "at": "2026-11-21T09:30:00+00:00"}),
    FarLadder(Stand(Step.VOICE, Reason.SLOW, AT, 60_000), Wants(Matters.SCOPE, True), 0.125),
    FarLadder(Stand(Step.HD, Reason.CARRIED, AT), Wants(), None),
]
LADDER = text_of(WORDS[-2])


@pytest.mark.parametrize("word", WORDS, ids=lambda word: type(word).__name__)
def test_words_come_back_as_they_were(word: ControlWord) -> None:
    assert word_of(text_of(word)) == word


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        None,
        "",
        "{}",
        "[]",
        "null",
        '{"kind":"hang-up"}',
        '{"kind":["beat"]}',
        '{"kind":"beat","number":-1,"echo":null,"held_ms":0}',
        '{"kind":"beat","number":true,"echo":null,"held_ms":0}',
        '{"kind":"beat","number":1,"echo":"2","held_ms":0}',
        '{"kind":"beat","number":1,"echo":null,"held_ms":NaN}',
        '{"kind":"beat","number":1,"echo":null,"held_ms":Infinity}',
        '{"kind":"camera","is_on":1}',
        '{"kind":"far-screen","is_attached":true,"since":"2026-11-21T09:30:00"}',
        '{"kind":"far-screen","is_attached":true,"since":5}',
        LADDER.replace('"voice"', '"attic"'),
        LADDER.replace('"slow"', "null"),
        LADDER.replace('"scope"', '["scope"]'),
        LADDER.replace("60000", "-1"),
        LADDER.replace("60000", "6e4"),
        LADDER.replace("0.125", "1.5"),
        LADDER.replace("0.125", "NaN"),
        LADDER.replace("true", "1"),
        LADDER.replace("+00:00", ""),
        '{"kind":"live","payload":[]}',
        '{"kind":"live","payload":{"kind":' + "[" * 12 + "]" * 12 + "}}",
        '{"kind":"live","payload":{"kind":' + "[" * 900 + "]" * 900 + "}}",
        '{"kind":"far-screen","is_attached":true,"since":"0001-01-01T00:00:00+14:00"}',
        "[" * 10_000,
    ],
)
def test_what_makes_no_sense_is_refused(text: object) -> None:
    with pytest.raises(Rejected) as refused:
        word_of(text)
    assert refused.value.code is Code.MALFORMED


def test_too_much_is_refused_both_ways() -> None:
    big = LiveFromFar({"kind": "reading", "value": "x" * MAX_TEXT_BYTES})
    with pytest.raises(Rejected) as refused:
        text_of(big)
    assert refused.value.code is Code.TOO_LARGE
    with pytest.raises(Rejected) as refused:
        word_of(json.dumps({"kind": "live", "payload": big.payload}))
    assert refused.value.code is Code.TOO_LARGE


@PACKETS
def test_mutated_words_are_refused_or_read_never_a_crash(packets: int) -> None:
    chance = random.Random(5)
    for _ in range(packets):
        text = list(text_of(chance.choice(WORDS)))
        for _ in range(chance.randrange(1, 5)):
            text[chance.randrange(len(text))] = chr(chance.randrange(1, 300))
        try:
            word_of("".join(text))
        except Rejected as refused:
            assert refused.code in (Code.MALFORMED, Code.TOO_LARGE)
