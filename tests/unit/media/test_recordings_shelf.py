"""Finished recordings stay until a screen says that they are kept."""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.domain.engine import ScopeDone, ScopeProof
from app.domain.ids import RecordId, VisitId, new_id
from media import recordings_shelf
from media.link.messages import News
from media.link.sealed_memory import contents
from media.link.sound_words import ScopeFile
from media.recordings_shelf import RecordingsShelf
from tests.unit.media.descriptors import open_descriptors


def recording(sound: bytes = b"RIFF" * 50, *, is_ours: bool = True) -> ScopeDone:
    return ScopeDone(
        recording=RecordId(new_id()),
        visit=VisitId(new_id()),
        site="apex",
        is_ours=is_ours,
        sample_rate_hz=4000,
        samples=len(sound) // 2,
        sha256=hashlib.sha256(sound).hexdigest(),
        wav=sound,
        source="file heart.wav",
        is_complete=True,
    )


class Screen:
    def __init__(self) -> None:
        self.told: list[News] = []
        self.files: dict[RecordId, bytes] = {}

    def tell(self, news: News, descriptor: int | None) -> bool:
        self.told.append(news)
        if isinstance(news, ScopeFile):
            assert descriptor is not None
            self.files[news.recording] = contents(descriptor, news.wav_bytes)
        return True


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def shelf(screen: Screen) -> Iterator[RecordingsShelf]:
    shelf = RecordingsShelf(screen.tell)
    yield shelf
    shelf.close()


def test_each_new_screen_gets_what_is_not_kept_with_its_proof(
    shelf: RecordingsShelf, screen: Screen
) -> None:
    first, second = recording(b"one!" * 9), recording(b"two!" * 9)
    proof = ScopeProof(second.recording, second.sha256, True)
    shelf.add(first)
    shelf.add(second)
    shelf.prove(proof)
    assert screen.files == {first.recording: first.wav, second.recording: second.wav}
    shelf.kept(first.recording)
    screen.told.clear()
    screen.files.clear()
    shelf.screen_came()
    assert screen.files == {second.recording: second.wav}
    assert screen.told[-1] == proof
    shelf.kept(second.recording)
    screen.told.clear()
    shelf.screen_came()
    assert screen.told == []


def test_what_is_kept_leaves_no_memory_behind(shelf: RecordingsShelf) -> None:
    before = open_descriptors()
    for _ in range(5):
        done = recording()
        shelf.add(done)
        shelf.add(done)  # told twice
        shelf.kept(done.recording)
        shelf.kept(done.recording)
    assert open_descriptors() == before


def test_the_shelf_has_an_end_and_the_newest_stay(
    shelf: RecordingsShelf, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings_shelf, "MOST_BYTES", 1000)
    all_of_them = [recording(bytes([number]) * 400) for number in range(4)]
    for done in all_of_them:
        shelf.add(done)
    screen.files.clear()
    shelf.screen_came()
    assert list(screen.files) == [done.recording for done in all_of_them[-2:]]


def test_the_far_side_never_takes_the_place_of_ours(
    shelf: RecordingsShelf,
    screen: Screen,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However many it sends while our screen is away, and under whatever name."""
    monkeypatch.setattr(recordings_shelf, "MOST_RECORDINGS", 4)
    caplog.set_level(logging.CRITICAL, "media.recordings_shelf")
    ours = [recording(bytes([number]) * 400) for number in range(3)]
    for done in ours:
        shelf.add(done)
        shelf.add(replace(recording(b"theirs" * 9, is_ours=False), recording=done.recording))
    far = [recording(b"far!" * 9, is_ours=False) for _ in range(9)]
    for done in far:
        shelf.add(done)
    screen.files.clear()
    shelf.screen_came()
    expected = {done.recording: done.wav for done in (*ours, far[-1])}
    assert screen.files == expected
    shelf.add(recording())
    shelf.add(recording(b"far!", is_ours=False))  # nothing of ours gives way to it
    screen.files.clear()
    shelf.screen_came()
    assert len(screen.files) == 4
    assert far[-1].recording not in screen.files
