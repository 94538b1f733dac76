"""Words of the signalling socket: read when they are of the contract, else passed over."""

import json
import logging
from uuid import UUID

import pytest

from app.domain.failures import Code
from app.domain.ids import VisitId, new_id
from app.domain.server_words import LiveHeard, RefusalHeard, SignalHeard
from app.remote.signalling_channel import _heard_of

VISIT, LINK = str(new_id()), str(new_id())
OFFER = {"type": "offer", "sdp": "v=0"}


def said(**fields: object) -> str:
    return json.dumps({"visit": VISIT, "link": LINK, **fields})


def test_a_description_and_a_live_value_are_heard() -> None:
    assert isinstance(_heard_of(said(kind="signal", payload=OFFER)), SignalHeard)
    assert isinstance(_heard_of(said(kind="live", payload={"kind": "cuff-pressure"})), LiveHeard)


@pytest.mark.parametrize(
    ("said_code", "code"),
    [("no-visit-open", Code.NO_VISIT_OPEN), ("of-a-later-release", Code.SERVER_ERROR)],
)
def test_a_refused_seat_is_heard_with_its_reason(said_code: str, code: Code) -> None:
    heard = _heard_of(said(kind="refusal", code=said_code))
    assert heard == RefusalHeard(VisitId(UUID(VISIT)), code)


def test_a_refusal_of_other_words_is_no_refusal_of_the_seat() -> None:
    assert _heard_of('{"kind":"refusal","code":"not-allowed"}') is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "[" * 60_000, "\ud800", b"\xff\xfe"),
        said(kind="signal", payload={**OFFER, "more": [[[]]]}),  # our own media would refuse it
        said(kind="signal", payload={"type": 5, "sdp": None}),
        said(kind="signal", payload=[]),
        said(kind="live", payload="5"),
        said(kind="room", seats=[{"name": "x" * 201}]),
        said(kind="feed", position="x"),
        said(kind="shut-down"),
        '{"kind":"feed","position":1e999}',
        said(kind="room", seats=[{"since": "0001-01-01T00:00:00+14:00"}]),
    ],
)
def test_what_is_no_word_is_passed_over(
    text: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    assert _heard_of(text) is None
    assert len(caplog.records) == 1
    assert VISIT not in caplog.text
