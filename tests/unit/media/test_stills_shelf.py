"""Stills stay until a screen says that they are kept, and never fill the memory."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.domain.access import Role
from app.domain.exam_camera import StillDone
from app.domain.failures import Code, Unavailable
from app.domain.ids import RecordId, VisitId, new_id
from media import stills_shelf
from media.link.messages import News, StillFile
from media.link.sealed_memory import contents
from media.stills_shelf import StillsShelf
from tests.unit.media.descriptors import open_descriptors


def still(png: bytes = b"\x89PNG" * 50) -> StillDone:
    return StillDone(
        still=RecordId(new_id()),
        visit=VisitId(new_id()),
        asked_by=Role.CLINICIAN,
        png=png,
        width=1920,
        height=1080,
        sha256=hashlib.sha256(png).hexdigest(),
        pixels_sha256="0" * 64,
        taken_at=datetime(2026, 11, 21, 9, 0, tzinfo=UTC),
        source="exam.avi",
        coding="MJPG",
    )


class Screen:
    def __init__(self) -> None:
        self.told: list[StillFile] = []
        self.files: dict[RecordId, bytes] = {}

    def tell(self, news: News, descriptor: int | None) -> bool:
        assert isinstance(news, StillFile) and descriptor is not None
        self.told.append(news)
        self.files[news.still] = contents(descriptor, news.png_bytes)
        return True


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def shelf(screen: Screen) -> Iterator[StillsShelf]:
    before = open_descriptors()
    shelf = StillsShelf(screen.tell)
    yield shelf
    shelf.close()
    assert open_descriptors() == before


def test_each_new_screen_gets_what_is_not_kept(shelf: StillsShelf, screen: Screen) -> None:
    first, second = still(), still(b"another one")
    shelf.add(first)
    shelf.add(second)
    assert screen.files == {first.still: first.png, second.still: second.png}
    word = screen.told[0]
    assert (word.visit, word.asked_by, word.taken_at) == (
        first.visit,
        Role.CLINICIAN,
        first.taken_at,
    )
    assert (word.sha256, word.pixels_sha256) == (first.sha256, first.pixels_sha256)
    shelf.kept(first.still)
    screen.told.clear()
    shelf.screen_came()
    assert [told.still for told in screen.told] == [second.still]
    shelf.kept(second.still)
    shelf.kept(second.still)
    shelf.kept(RecordId(new_id()))
    screen.told.clear()
    shelf.screen_came()
    assert screen.told == []


def test_the_same_one_twice_is_one(shelf: StillsShelf, screen: Screen) -> None:
    one = still()
    shelf.add(one)
    shelf.add(replace(one, source="again"))
    screen.told.clear()
    shelf.screen_came()
    assert [told.source for told in screen.told] == ["again"]


def test_what_waits_is_not_given_up_for_what_comes(
    shelf: StillsShelf, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stills_shelf, "MOST_BYTES", 1000)
    kept, too_much = still(bytes(700)), still(bytes(400))
    shelf.add(kept)
    with pytest.raises(Unavailable) as full:
        shelf.add(too_much)
    assert full.value.code is Code.OVERRUN
    shelf.screen_came()
    assert {told.still for told in screen.told} == {kept.still}
    shelf.kept(kept.still)
    shelf.add(too_much)


def test_no_more_than_so_many_wait(shelf: StillsShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stills_shelf, "MOST_STILLS", 3)
    for _ in range(3):
        shelf.add(still())
    with pytest.raises(Unavailable):
        shelf.add(still())
