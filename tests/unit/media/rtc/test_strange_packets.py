"""Packets that nobody can read: counted, told seldom, and a defect of ours is not among them."""

import struct

import pytest

from media.rtc.strange_packets import UNREADABLE, StrangePackets


def test_the_log_is_told_after_one_two_four_and_so_on(caplog: pytest.LogCaptureFixture) -> None:
    strange = StrangePackets("media packets")
    for _ in range(1000):
        strange.drop()
    assert strange.dropped == 1000
    assert [record.args for record in caplog.records][-1] == ("media packets", 512)
    assert len(caplog.records) == 10


@pytest.mark.parametrize("error", [struct.error(), IndexError(), ValueError(), OverflowError()])
def test_what_reading_raises_is_unreadable(error: Exception) -> None:
    assert isinstance(error, UNREADABLE)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError(), ConnectionError(), OSError()])
def test_what_is_no_fault_of_the_packet_is_seen(error: Exception) -> None:
    assert not isinstance(error, UNREADABLE)
