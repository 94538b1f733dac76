"""Strips through shared memory: in order, whole, bounded; a slow reader misses only the oldest."""

import os

import pytest

from app.domain.curve import STRIP_MAX_BYTES, CurveKind, Strip
from app.domain.failures import Rejected, Untrusted
from media.link.curve_share import STRIPS, CurveReader, CurveWriter


def strip(number: int) -> Strip:
    return Strip(7, CurveKind.SOUND, number / 30, 1 / 30, bytes([number % 256]) * 32)


@pytest.fixture
def pair() -> "tuple[CurveWriter, CurveReader]":
    writer = CurveWriter()
    return writer, CurveReader(os.dup(writer.descriptor))


def test_what_is_written_is_taken_once(pair: tuple[CurveWriter, CurveReader]) -> None:
    writer, reader = pair
    assert reader.taken() == []
    for number in range(40):
        writer.write(strip(number))
    assert reader.taken() == [strip(number) for number in range(40)]
    assert reader.taken() == []
    writer.write(Strip(8, CurveKind.SPECTRUM, 1.0, 1 / 30, b"\1" * STRIP_MAX_BYTES))
    assert [taken.kind for taken in reader.taken()] == [CurveKind.SPECTRUM]


def test_a_reader_that_looks_seldom_has_the_newest(pair: tuple[CurveWriter, CurveReader]) -> None:
    writer, reader = pair
    for number in range(3 * STRIPS):
        writer.write(strip(number))
    taken = reader.taken()
    assert taken[-1] == strip(3 * STRIPS - 1)
    assert STRIPS - 2 <= len(taken) <= STRIPS
    assert [one.at_s for one in taken] == sorted(one.at_s for one in taken)


def test_a_strip_too_long_is_refused(pair: tuple[CurveWriter, CurveReader]) -> None:
    writer, reader = pair
    with pytest.raises(Rejected):
        writer.write(Strip(1, CurveKind.SOUND, 0, 1, bytes(STRIP_MAX_BYTES + 1)))
    assert reader.taken() == []


def test_another_reader_begins_by_itself(pair: tuple[CurveWriter, CurveReader]) -> None:
    writer, first = pair
    writer.write(strip(1))
    assert len(first.taken()) == 1
    second = CurveReader(os.dup(writer.descriptor))
    assert second.taken() == [strip(1)]


def test_memory_of_another_size_is_refused() -> None:
    descriptor = os.memfd_create("small")
    os.ftruncate(descriptor, 4096)
    with pytest.raises(Untrusted):
        CurveReader(descriptor)
