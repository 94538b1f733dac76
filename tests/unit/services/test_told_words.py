"""What goes over the call's channel in writing: cut, gathered, bounded; nonsense is refused."""

import json
import random
from dataclasses import replace

import pytest

from app.domain.changes import HeardRecord, Json, RecordType
from app.domain.engine import LiveFromFar
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, RecordId, VisitId, new_id
from app.domain.notes import NOTE_MAX_CHARACTERS
from app.services.file_words import (
    ASKED_BYTES,
    PIECE_BYTES,
    Piece,
    Want,
    pieces_of,
    said_in,
    word_of,
)
from app.services.told_words import GATHERED_MOST, Gathering, words_of
from media.link.messages import WISHES, SendLive
from media.rtc.control_words import text_of
from media.rtc.control_words import word_of as control_word_of


def told(text: str) -> HeardRecord:
    fields: dict[str, Json] = {"text": text, "author": str(new_id())}
    return HeardRecord(
        RecordType.MESSAGE,
        RecordId(new_id()),
        fields,
        PatientId(new_id()),
        VisitId(new_id()),
    )


@pytest.mark.parametrize(
    "text", ["short", "\\" * 4000, "\U0001f600" * 4000, '"' * 4000, "й" * 4000]
)
def test_the_longest_message_goes_through_every_channel_and_comes_out_whole(text: str) -> None:
    record = told(text)
    gathering, found = Gathering(), None
    words = words_of(record)
    random.Random(1).shuffle(words)
    for word in words:
        assert WISHES.said(json.loads(json.dumps(WISHES.word(SendLive(word))))) == SendLive(word)
        heard = control_word_of(text_of(LiveFromFar(word)))  # 16 KiB at most
        assert isinstance(heard, LiveFromFar)
        found = gathering.take(heard.payload)
    assert found == record


@pytest.mark.parametrize("letter", ["x", "\\", "й", "\U0001f600"])
def test_the_longest_note_goes_through_and_comes_out_whole(letter: str) -> None:
    fields: dict[str, Json] = {"text": letter * NOTE_MAX_CHARACTERS, "author": str(new_id())}
    record = replace(told(""), record_type=RecordType.NOTE, fields=fields)
    gathering, found = Gathering(), None
    for word in words_of(record):
        heard = control_word_of(text_of(LiveFromFar(word)))
        assert isinstance(heard, LiveFromFar)
        found = gathering.take(heard.payload)
    assert found == record


def test_parts_that_never_end_give_way() -> None:
    gathering = Gathering()
    longest = [words_of(told("\U0001f600" * 4000)) for _ in range(GATHERED_MOST + 1)]
    for words in longest:
        assert gathering.take(words[0]) is None
    for word in longest[0][1:]:
        assert gathering.take(word) is None  # its first part was given up
    for word in longest[-1][1:-1]:
        assert gathering.take(word) is None
    assert gathering.take(longest[-1][-1]) is not None


BAD: list[dict[str, Json]] = [
    {},
    {"told": "x"},
    {"told": str(new_id()), "part": 0, "parts": 1, "text": "no json"},
    {"told": str(new_id()), "part": 0, "parts": 1, "text": "[]"},
    {"told": str(new_id()), "part": 0, "parts": 1, "text": "{}"},
    {"told": str(new_id()), "part": 0, "parts": 1, "text": '{"fields": []}'},
    {"told": str(new_id()), "part": 1, "parts": 1, "text": "{}"},
    {"told": str(new_id()), "part": -1, "parts": 1, "text": "{}"},
    {"told": str(new_id()), "part": True, "parts": 1, "text": "{}"},
    {"told": str(new_id()), "part": 0, "parts": 10_000, "text": "{}"},
    {"told": str(new_id()), "part": 0, "parts": 2, "text": "x" * 6001},
    {"told": str(new_id()), "part": 0, "parts": 1, "text": 7},
    {"told": 7, "part": 0, "parts": 1, "text": "{}"},
    {"told": str(new_id()), "part": 0, "parts": 1, "text": "[" * 6000},
]


@pytest.mark.parametrize("word", BAD)
def test_nonsense_is_refused(word: dict[str, Json]) -> None:
    with pytest.raises(Rejected) as refused:
        Gathering().take(word)
    assert refused.value.code is Code.MALFORMED


def test_random_words_are_refused_or_taken_and_never_more() -> None:
    dice = random.Random(20261129)
    gathering = Gathering()
    values: list[Json] = [
        None,
        True,
        -1,
        0,
        1,
        2,
        2**70,
        1.5,
        "",
        "{}",
        "a" * 64,
        [],
        {},
        "=",
        "AAAA",
    ]
    names = ["told", "part", "parts", "text", "from", "data", "kind"]
    for _ in range(20_000):
        word = {name: dice.choice(values) for name in dice.sample(names, dice.randint(0, 7))}
        word["kind"] = dice.choice(["told", "file-want", "file-piece", "other"])
        for take in (gathering.take, said_in):
            try:
                take(word)
            except Rejected:
                pass


def test_a_part_is_answered_in_pieces_that_add_up() -> None:
    data = random.Random(2).randbytes(ASKED_BYTES + PIECE_BYTES + 1)
    got = bytearray()
    while len(got) < len(data):
        want = said_in(word_of(Want("ab" * 32, len(got))))
        assert isinstance(want, Want)
        for piece in pieces_of(data, want):
            heard = said_in(word_of(piece))
            assert isinstance(heard, Piece)
            assert heard.start == len(got)
            got += heard.data
    assert bytes(got) == data
    assert pieces_of(data, Want("ab" * 32, len(data))) == []
    assert len(text_of(LiveFromFar(word_of(Piece("ab" * 32, 2**31, bytes(PIECE_BYTES)))))) < 16_384
