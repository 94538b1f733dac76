"""Which picture of ours a far stamp means: stock adds a number of its own to our time."""

import random
from typing import Any

import pytest

from media.rtc.exam_track import PICTURES_REMEMBERED, STAMPS, ExamTrack
from media.rtc.local_tracks import PictureFeed
from media.rtc.picture_out import PictureOut
from media.rtc.picture_senders import INSIDE


class Sender:
    """Only what is looked at: the stamp of what it has sent last."""

    def stamped(self, stamp: int) -> None:
        vars(self)[INSIDE + "rtp_timestamp"] = stamp


class Desk:
    """One picture each 3000 ticks, as 30 a second are; `offset` is stock's own number."""

    def __init__(self, offset: int, first: int = 90_000) -> None:
        self.track = ExamTrack(PictureFeed())
        self.sender, self.offset, self.first = Sender(), offset, first
        track: Any = self.track
        track._sender = self.sender

    def leaves(self, number: int, *, is_packed: bool = True) -> None:
        out = self.track.out
        assert isinstance(out, PictureOut)
        out.when_made(self.ticks(number), number)
        if is_packed:
            self.sender.stamped(self.stamp(number))

    def ticks(self, number: int) -> int:
        return self.first + 3000 * number + number % 3  # no camera is even

    def stamp(self, number: int) -> int:
        return (self.ticks(number) + self.offset) % STAMPS


OFFSETS = (0, 1, 12_345_678, STAMPS - 1, STAMPS - 100_000)


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("is_packed", [True, False])
@pytest.mark.parametrize("first", [0, STAMPS - 30_000, 5 * STAMPS - 1])  # a call of half a day
async def test_every_remembered_stamp_is_its_own_picture(
    offset: int, is_packed: bool, first: int
) -> None:
    desk = Desk(offset, first)
    desk.sender.stamped(0)  # stock's own, before anything was sent
    for number in range(40):
        desk.leaves(number)
    desk.leaves(40, is_packed=is_packed)
    for number in range(40):
        assert desk.track.sequence_of(desk.stamp(number)) == number


async def test_what_was_never_sent_or_is_long_ago_is_not_known() -> None:
    desk = Desk(7)
    assert desk.track.sequence_of(desk.stamp(0)) is None
    desk.leaves(0)
    for number in range(1, 2 * PICTURES_REMEMBERED):
        desk.leaves(number)
    assert desk.track.sequence_of(desk.stamp(2)) is None
    assert desk.track.sequence_of(desk.stamp(2 * PICTURES_REMEMBERED - 3)) is not None
    sent = {desk.stamp(number) for number in range(2 * PICTURES_REMEMBERED)}
    chance, wrong = random.Random(4), 0
    for _ in range(2000):
        stamp = chance.randrange(STAMPS)
        wrong += stamp not in sent and desk.track.sequence_of(stamp) is not None
    assert wrong == 0


async def test_without_a_camera_or_a_section_nothing_is_known() -> None:
    assert ExamTrack(None).sequence_of(5) is None
    assert ExamTrack(PictureFeed()).sequence_of(5) is None
