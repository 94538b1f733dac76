"""The order of a talk, what is said of a message, and what a file may be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.domain.failures import Code, Rejected
from app.domain.ids import DeviceId, PatientId, PersonId, RecordId, VisitId, new_id
from app.domain.message_files import FILE_MAX_BYTES, FileKind, kind_of, name_of
from app.domain.messages import (
    Message,
    Receipt,
    ReceiptKind,
    as_told,
    next_turn,
    receipt_id,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NURSE, DOCTOR = PersonId(UUID(int=1)), PersonId(UUID(int=2))
PNG = b"\x89PNG\r\n\x1a\n" + bytes(9) + b"\0\0\0\0IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0" + bytes(9) + b"\xff\xd9"
PDF = b"%PDF-1.7\n" + bytes(9) + b"\n%%EOF\n"


def message(text: str, turn: int | None = None) -> Message:
    return Message(
        RecordId(new_id()),
        VisitId(UUID(int=3)),
        PatientId(UUID(int=4)),
        text,
        NURSE,
        "N. Kim",
        NOON,
        turn=turn,
    )


def texts(messages: list[Message]) -> list[str]:
    return [one.text for one in reversed(messages)]


def test_an_answer_stands_after_what_it_answers_whichever_came_first() -> None:
    talk = [message(text, turn) for turn, text in enumerate("abcd", start=1)]
    a, b, c, d = talk
    for came in ([a, b, c, d], [a, c, b, d], [b, d, a, c], [d, c, b, a]):
        assert texts(as_told(reversed(came))) == ["a", "b", "c", "d"]


def test_who_wrote_without_knowing_of_the_other_stays_as_it_came() -> None:
    first, left, right = message("first", 1), message("left", 2), message("right", 2)
    assert texts(as_told([right, left, first])) == ["first", "left", "right"]
    assert texts(as_told([left, right, first])) == ["first", "right", "left"]


def test_messages_of_an_earlier_release_keep_their_place() -> None:
    old, new = message("old"), message("new", 1)
    later_old = message("later, of an old program")
    assert texts(as_told([later_old, new, old])) == ["old", "new", "later, of an old program"]
    assert next_turn([old]) == 1
    assert next_turn([later_old, new, old]) == 2


def test_only_others_say_that_it_arrived() -> None:
    one = message("x")
    own = Receipt(one.id, ReceiptKind.READ, NURSE, NOON)
    theirs = Receipt(one.id, ReceiptKind.READ, DOCTOR, NOON + timedelta(minutes=1))
    said = replace(one, receipts=(own, theirs))
    assert said.receipt_of(ReceiptKind.READ) == theirs
    assert said.receipt_of(ReceiptKind.DELIVERED) is None
    assert replace(one, receipts=(own,)).receipt_of(ReceiptKind.READ) is None
    assert said.is_read_by(DOCTOR)


def test_a_receipt_said_twice_is_the_same_and_every_other_is_another() -> None:
    here, there = DeviceId(UUID(int=7)), DeviceId(UUID(int=8))
    one = Receipt(RecordId(UUID(int=9)), ReceiptKind.READ, DOCTOR, NOON)
    later = replace(one, at=NOON + timedelta(hours=1))
    assert receipt_id(one, here) == receipt_id(later, here)
    others = {
        receipt_id(one, here),
        receipt_id(one, there),
        receipt_id(replace(one, kind=ReceiptKind.DELIVERED), here),
        receipt_id(replace(one, by=NURSE), here),
        receipt_id(replace(one, message=RecordId(UUID(int=10))), here),
    }
    assert len(others) == 5


@pytest.mark.parametrize(
    ("data", "kind"), [(PNG, FileKind.PNG), (JPEG, FileKind.JPEG), (PDF, FileKind.PDF)]
)
def test_what_a_file_is_its_bytes_say(data: bytes, kind: FileKind) -> None:
    assert kind_of(data) is kind
    for broken in (data[:-12], b"\0" + data, data[4:], b"", b"MZ" + data):
        with pytest.raises(Rejected) as refused:
            kind_of(broken)
        assert refused.value.code is Code.FILE_KIND_UNKNOWN


def test_too_much_is_too_much() -> None:
    with pytest.raises(Rejected) as refused:
        kind_of(PNG[:8] + bytes(FILE_MAX_BYTES) + PNG[-12:])
    assert refused.value.code is Code.FILE_TOO_LARGE


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/home/kim/Ana Costa/rash.png", FileKind.PNG, "rash.png"),
        ("C:\\Users\\kim\\scan.PDF", FileKind.PDF, "scan.pdf"),
        ("photo.jpeg", FileKind.JPEG, "photo.jpg"),
        ("invoice.pdf.exe", FileKind.PDF, "invoice.pdf.exe.pdf"),
        ("gpj.\u202eexe", FileKind.PNG, "gpj.exe.png"),
        ("../..", FileKind.PNG, "file.png"),
        (".hidden", FileKind.PNG, "hidden.png"),
        ("a\nb\x00c.png", FileKind.PNG, "abc.png"),
        ("x" * 300, FileKind.PNG, "x" * 80 + ".png"),
    ],
)
def test_its_name_is_shown_without_its_folder_and_ends_as_what_it_is(
    path: str, kind: FileKind, name: str
) -> None:
    assert name_of(path, kind) == name
