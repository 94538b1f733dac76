"""Packets of the live way go there and back; noise and cut ones are refused, never half read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.domain.failures import Code, Rejected
from media.auscultation.live_words import (
    MOST_PACKET_BYTES,
    MOST_RANGES,
    Kind,
    Piece,
    Report,
    Sound,
    live_word_of,
    packets_of,
    report_bytes,
)

pieces = some.lists(
    some.builds(Piece, some.integers(0, 2**32 - 1), some.binary(min_size=1, max_size=1100)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=80, deadline=None)
@given(kind=some.sampled_from(Kind), handle=some.integers(0, 2**32 - 1), sound=pieces)
def test_pieces_go_there_and_back(kind: Kind, handle: int, sound: list[Piece]) -> None:
    came: list[Piece] = []
    for packet in packets_of(kind, handle, sound):
        assert len(packet) <= MOST_PACKET_BYTES
        word = live_word_of(packet)
        assert isinstance(word, Sound)
        assert (word.kind, word.handle) == (kind, handle)
        came += word.pieces
    assert came == sound


def test_the_longest_report_fits_into_a_packet() -> None:
    missing = tuple((3 * n, 2) for n in range(MOST_RANGES))
    report = Report(7, 0, 500, 600, missing)
    assert len(report_bytes(report)) <= MOST_PACKET_BYTES
    assert live_word_of(report_bytes(report)) == report


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        b"\x09\0\0\0\0",
        b"\x01\0\0\0\0" + b"\0\0\0\0\0\0",  # a piece of no bytes
        b"\x01\0\0\0\0" + b"\0\0\0\0\0\x05ab",  # a piece that is cut
        report_bytes(Report(1, 5, 5, 5, ()))[:-1],
        report_bytes(Report(1, 5, 5, 5, ())) + b"\0",
        report_bytes(Report(1, 6, 5, 5, ())),
    ],
)
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        live_word_of(data)
    assert refused.value.code is Code.MALFORMED


def test_a_packet_too_long_is_refused() -> None:
    with pytest.raises(Rejected) as refused:
        live_word_of(bytes(MOST_PACKET_BYTES + 1))
    assert refused.value.code is Code.TOO_LARGE


@settings(max_examples=300, deadline=None)
@given(data=some.binary(max_size=200))
def test_noise_is_read_whole_or_refused(data: bytes) -> None:
    try:
        word = live_word_of(data)
    except Rejected:
        return
    if isinstance(word, Report):
        assert report_bytes(word)[: len(data)][:18] == data[:18]
    else:
        assert b"".join(packets_of(word.kind, word.handle, word.pieces) or [data]) == data
