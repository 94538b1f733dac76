"""The exam camera in a visit: who may have a still, whose it is, and what the far end is told."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.clock import SystemClock
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Impairment, Presence
from app.domain.engine import CallSetup
from app.domain.exam_camera import (
    Control,
    ControlsSeen,
    ControlState,
    FarExamCamera,
    FarStill,
    Focus,
    StillRefused,
)
from app.domain.failures import Code, Failure, Rejected, Unavailable
from app.domain.ids import RecordId, VisitId, new_id
from media.devices.camera_key import CameraKey
from media.devices.camera_words import CameraStill
from media.devices.exam_camera import TakenStill
from media.exam_desk import ExamDesk
from media.link.messages import Freeze, News, SetExamControl, StillFile
from tests.unit.media.waiting import until

PNG = b"\x89PNG of the tests"
SINCE, LATER = (datetime(2026, 11, 21, 9, minute, tzinfo=UTC) for minute in (0, 5))
IDENTITY = DeviceIdentity(DeviceKind.EXAM_CAMERA, "dermascope", "/dev/video2")
FOUND = DeviceStatus(IDENTITY, Presence.FOUND, SINCE)
MISSING = DeviceStatus(IDENTITY, Presence.MISSING, SINCE, Code.DEVICE_PULLED)
STUCK = replace(FOUND, impairment=Impairment.STILL_PICTURE, impaired_since=LATER)
ZOOM = ControlState(Control.ZOOM, 0, 9, 1, 4)


def setup_of(side: Role = Role.PRESENTER, exam_camera: str | None = "/dev/video2") -> CallSetup:
    return CallSetup(VisitId(new_id()), side, "A", None, "", "", None, exam_camera=exam_camera)


@dataclass
class FakeCamera:
    status: DeviceStatus = FOUND
    failure: Failure | None = None
    taken: list[tuple[RecordId, float | None]] = field(default_factory=list)
    is_let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, still: RecordId, seen_at_s: float | None) -> TakenStill:
        self.taken.append((still, seen_at_s))
        await self.is_let_go.wait()
        if self.failure is not None:
            raise self.failure
        digest = hashlib.sha256(PNG).hexdigest()
        return TakenStill(CameraStill(still, 4, 3, len(PNG), digest, "0" * 64, 1.0, ""), PNG)

    async def controls(self) -> tuple[ControlState, ...]:
        if self.failure is not None:
            raise self.failure
        return (ZOOM,)

    async def set(self, control: Control, value: int) -> None:
        if value > 9:
            raise Rejected(Code.OUT_OF_RANGE)


@dataclass
class FakePictures:
    """Stamps are a thousand times the seconds."""

    over: int = 0

    def nothing(self) -> None:
        self.over += 1

    def stamp_of(self, seen_at: float | None) -> int | None:
        return None if seen_at is None else int(seen_at * 1000)

    def taken_at(self, stamp: int) -> float | None:
        return stamp / 1000 if stamp < 100_000 else None


class Side:
    """One media process's desk; `far` hears what it says."""

    def __init__(self) -> None:
        self.told: list[News] = []
        self.said: list[dict[str, Json]] = []
        self.focus: list[Focus] = []
        self.changes = 0
        self.is_line_up = True
        self.far: Side | None = None
        self.camera: FakeCamera | None = FakeCamera()
        self.pictures = FakePictures()
        self.key = CameraKey(lambda: None, list)
        self.desk = ExamDesk(
            lambda news, _: self.told.append(news) or True,  # type: ignore[func-returns-value]
            SystemClock(),
            say_far=self.says,
            camera=lambda: self.camera,  # type: ignore[arg-type, return-value]  # of the tests
            pictures=self.pictures,  # type: ignore[arg-type]  # of the tests
            on_change=self.changed,
            on_focus=self.focus.append,
            key=self.key,
        )

    def says(self, payload: dict[str, Json]) -> bool:
        if not self.is_line_up:
            return False
        self.said.append(payload)
        if self.far is not None:
            self.far.desk.heard(payload)
        return True

    def changed(self) -> None:
        self.changes += 1

    def shows(self) -> None:
        self.desk.show(True)
        assert self.camera is not None
        self.camera.is_let_go.set()
        self.desk.status_is(self.camera.status)

    def freezes(self, seen_at: float | None = None, *, is_far: bool) -> RecordId:
        still = RecordId(new_id())
        self.desk.freeze(Freeze(still, seen_at, is_far))
        return still

    def heard(self, kind: type[Any]) -> list[Any]:
        return [news for news in self.told if isinstance(news, kind)]

    async def stills(self, count: int = 1) -> list[StillFile]:
        await until(lambda: len(self.heard(StillFile)) >= count)
        return self.heard(StillFile)


@dataclass
class Pair:
    cart: Side
    far: Side


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    cart, far = Side(), Side()
    cart.far, far.far, far.camera = far, cart, None
    cart.desk.begin(setup_of())
    far.desk.begin(setup_of(Role.CLINICIAN, None))
    yield Pair(cart, far)
    for side in (cart, far):
        await side.desk.close()


async def test_a_still_of_either_side_is_taken_here_and_told_there(pair: Pair) -> None:
    pair.cart.shows()
    own = pair.cart.freezes(12.5, is_far=False)
    [word] = await pair.cart.stills()
    assert (word.still, word.asked_by) == (own, Role.PRESENTER)
    asked = pair.far.freezes(13.5, is_far=True)
    word = (await pair.cart.stills(2))[1]
    assert (word.still, word.asked_by) == (asked, Role.CLINICIAN)
    assert pair.cart.camera is not None
    assert pair.cart.camera.taken == [(own, 12.5), (asked, 13.5)]
    digest = hashlib.sha256(PNG).hexdigest()
    await until(lambda: len(pair.far.heard(FarStill)) == 2)
    assert pair.far.heard(FarStill) == [FarStill(own, digest), FarStill(asked, digest)]
    assert pair.far.heard(StillFile) == []


async def test_a_stamp_that_is_forgotten_takes_the_newest(pair: Pair) -> None:
    pair.cart.shows()
    pair.far.freezes(500.0, is_far=True)
    pair.far.desk.freeze(Freeze(RecordId(new_id()), None, True))
    await pair.cart.stills()
    assert pair.cart.camera is not None
    assert [seen for _, seen in pair.cart.camera.taken] == [None]


async def test_a_camera_that_is_off_gives_none_to_anybody(pair: Pair) -> None:
    own, asked = pair.cart.freezes(is_far=False), pair.far.freezes(is_far=True)
    assert pair.cart.heard(StillRefused) == [StillRefused(own, Code.EXAM_CAMERA_OFF)]
    assert pair.far.heard(StillRefused) == [StillRefused(asked, Code.EXAM_CAMERA_OFF)]
    pair.cart.desk.forget()
    own = pair.cart.freezes(is_far=False)
    assert pair.cart.heard(StillRefused)[-1] == StillRefused(own, Code.NO_VISIT_OPEN)


async def test_why_a_camera_gives_none_is_told_to_whoever_asked(pair: Pair) -> None:
    pair.cart.shows()
    assert pair.cart.camera is not None
    pair.cart.camera.failure = Unavailable(Code.CAMERA_STUCK)
    own, asked = pair.cart.freezes(is_far=False), pair.far.freezes(is_far=True)
    await until(lambda: pair.cart.heard(StillRefused) and pair.far.heard(StillRefused))
    assert pair.cart.heard(StillRefused) == [StillRefused(own, Code.CAMERA_STUCK)]
    assert pair.far.heard(StillRefused) == [StillRefused(asked, Code.CAMERA_STUCK)]


async def test_without_a_line_nobody_there_is_asked(pair: Pair) -> None:
    pair.far.is_line_up = False
    asked = pair.far.freezes(is_far=True)
    assert pair.far.heard(StillRefused) == [StillRefused(asked, Code.CALL_NOT_OPEN)]


async def test_the_far_end_cannot_press_faster_than_a_person(pair: Pair) -> None:
    pair.cart.shows()
    asked = [pair.far.freezes(is_far=True) for _ in range(20)]
    await pair.cart.stills()
    refused = pair.far.heard(StillRefused)
    assert [no.still for no in refused] == asked[1:]
    assert {no.code for no in refused} == {Code.DEVICE_BUSY}


async def test_a_still_is_of_the_visit_in_which_it_was_asked_for(pair: Pair) -> None:
    pair.cart.shows()
    assert pair.cart.camera is not None
    pair.cart.camera.is_let_go.clear()
    taken = pair.cart.camera.taken
    first = setup_of()
    pair.cart.desk.begin(first)
    pair.cart.desk.show(True)
    pair.cart.freezes(is_far=False)
    await until(lambda: taken)
    pair.cart.desk.begin(setup_of())  # the next patient, while the picture is being packed
    assert not pair.cart.desk.is_on  # shown again by a person
    pair.cart.camera.is_let_go.set()
    [word] = await pair.cart.stills()
    assert word.visit == first.visit


async def test_the_far_end_is_told_what_is_there_and_why_it_is_not_live(pair: Pair) -> None:
    def far() -> FarExamCamera:
        return pair.far.heard(FarExamCamera)[-1]  # type: ignore[no-any-return]

    assert far() == FarExamCamera(is_there=True, is_on=False)
    pair.cart.desk.show(True)
    assert far() == FarExamCamera(is_there=True, is_on=True)
    pair.cart.desk.status_is(FOUND)
    pair.cart.desk.status_is(STUCK)
    assert far() == FarExamCamera(True, True, Code.CAMERA_STUCK, LATER)
    pair.cart.desk.status_is(MISSING)
    assert far() == FarExamCamera(True, True, Code.DEVICE_PULLED, SINCE)
    pair.cart.desk.show(False)
    assert far() == FarExamCamera(is_there=True, is_on=False)
    said = len(pair.cart.said)
    pair.cart.desk.status_is(None)
    assert len(pair.cart.said) == said  # the same is not said again
    pair.cart.desk.link_is_up()
    assert len(pair.cart.said) > said  # whoever is new there has heard nothing


async def test_a_camera_that_is_only_being_opened_is_not_missing_but_one_that_stays_so_is(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.exam_desk.LATER_S", 0.0)
    for module in ("media.exam_desk", "app.domain.exam_camera"):
        monkeypatch.setattr(f"{module}.OPENING_S", 0.05)
    pair.cart.desk.show(True)
    now = SystemClock().now()
    opening = replace(MISSING, reason=Code.DEVICE_MISSING, since=now)
    for _ in range(3):
        pair.cart.desk.status_is(opening)
    assert pair.far.heard(FarExamCamera)[-1] == FarExamCamera(is_there=True, is_on=True)
    await until(lambda: pair.far.heard(FarExamCamera)[-1].reason is not None)
    told = pair.far.heard(FarExamCamera)[-1]
    assert told == FarExamCamera(True, True, Code.DEVICE_MISSING, now)
    assert len(pair.far.heard(FarExamCamera)) <= 3  # is there, is shown, is missing
    pair.cart.desk.status_is(FOUND)
    assert pair.far.heard(FarExamCamera)[-1] == FarExamCamera(is_there=True, is_on=True)


async def test_a_camera_that_nobody_was_given_cannot_be_shown(pair: Pair) -> None:
    pair.far.desk.show(True)
    assert not pair.far.desk.is_on
    assert pair.cart.heard(FarExamCamera)[-1:] in ([], [FarExamCamera(False, False)])


async def test_the_place_on_the_screen_is_our_own_while_it_is_shown(pair: Pair) -> None:
    nobody_spoke = Side()
    assert nobody_spoke.desk.is_far_shown  # pictures may precede words
    await nobody_spoke.desk.close()
    pair.cart.shows()
    assert not pair.cart.desk.is_far_shown
    assert pair.far.desk.is_far_shown
    before = pair.far.pictures.over
    pair.cart.desk.show(False)
    assert (pair.far.desk.is_far_shown, pair.far.pictures.over) == (False, before + 1)


async def test_a_line_that_breaks_ends_what_was_seen_of_there(pair: Pair) -> None:
    pair.cart.shows()
    there, here = pair.far.pictures.over, pair.cart.pictures.over
    pair.far.desk.link_is_closed()
    assert pair.far.heard(FarExamCamera)[-1] == FarExamCamera(is_there=False, is_on=False)
    assert pair.far.pictures.over == there + 1
    pair.cart.desk.link_is_closed()
    assert pair.cart.pictures.over == here  # its own goes on


async def test_a_new_screen_hears_all_again(pair: Pair) -> None:
    pair.cart.shows()
    pair.cart.freezes(is_far=False)
    await pair.cart.stills()
    for side in (pair.cart, pair.far):
        side.told.clear()
        side.desk.screen_came()
    assert len(pair.cart.heard(StillFile)) == 1
    assert pair.far.heard(FarExamCamera) == [FarExamCamera(is_there=True, is_on=True)]


async def test_what_is_looked_at_is_told_there(pair: Pair) -> None:
    pair.far.desk.look_at(Focus.FACE)
    assert pair.cart.focus == [Focus.FACE]
    pair.far.desk.link_is_up()
    assert pair.cart.focus == [Focus.FACE, Focus.FACE]


async def test_controls_are_told_as_they_are(pair: Pair) -> None:
    desk = pair.cart.desk
    for control, value in ((None, 0), (Control.ZOOM, 5), (Control.ZOOM, 50)):
        desk.set_control(SetExamControl(control, value))
    await until(lambda: len(pair.cart.heard(ControlsSeen)) == 3)
    assert pair.cart.heard(ControlsSeen) == [
        ControlsSeen((ZOOM,)),
        ControlsSeen((ZOOM,)),
        ControlsSeen((ZOOM,), Code.OUT_OF_RANGE),
    ]
    assert pair.cart.camera is not None
    pair.cart.camera.failure = Unavailable(Code.DEVICE_SILENT)
    desk.set_control(SetExamControl(None, 0))
    await until(lambda: len(pair.cart.heard(ControlsSeen)) == 4)
    assert pair.cart.heard(ControlsSeen)[-1] == ControlsSeen((), Code.DEVICE_SILENT)
    pair.cart.camera = None
    desk.set_control(SetExamControl(Control.ZOOM, 1))
    await until(lambda: len(pair.cart.heard(ControlsSeen)) == 5)
    assert pair.cart.heard(ControlsSeen)[-1] == ControlsSeen((), Code.EXAM_CAMERA_OFF)


async def test_its_own_key_freezes_while_it_is_shown(pair: Pair) -> None:
    pair.cart.desk._key_pressed()
    await asyncio.sleep(0)
    assert pair.cart.camera is not None and pair.cart.camera.taken == []
    pair.cart.shows()
    pair.cart.desk._key_pressed()
    [word] = await pair.cart.stills()
    assert word.asked_by is Role.PRESENTER


async def test_a_full_shelf_is_told_to_whoever_pressed(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media.stills_shelf.MOST_STILLS", 0)
    pair.cart.shows()
    own = pair.cart.freezes(is_far=False)
    await until(lambda: pair.cart.heard(StillRefused))
    assert pair.cart.heard(StillRefused) == [StillRefused(own, Code.OVERRUN)]
    assert pair.far.heard(FarStill) == []


@pytest.mark.parametrize(
    "payload",
    [
        {"kind": "exam-freeze"},
        {"kind": "exam-freeze", "still": "x", "stamp": None},
        {"kind": "exam-freeze", "still": str(new_id()), "stamp": "soon"},
        {"kind": "exam-look", "focus": "elsewhere"},
        {"kind": "exam-taken", "still": str(new_id()), "sha256": 7},
        {"kind": "exam-refused", "still": str(new_id()), "code": "no-such-code"},
        {"kind": "exam-state", "is_there": True, "is_on": "yes", "reason": None, "since": None},
        {
            "kind": "exam-state",
            "is_there": True,
            "is_on": True,
            "reason": None,
            "since": "0001-01-01T00:00:00+00:00",
        },
    ],
)
async def test_words_that_make_no_sense_change_nothing(
    pair: Pair, payload: dict[str, Json], caplog: pytest.LogCaptureFixture
) -> None:
    pair.cart.shows()
    before = (list(pair.cart.told), list(pair.cart.said), list(pair.cart.focus))
    for _ in range(100):
        pair.cart.desk.heard(payload)
    await asyncio.sleep(0)
    assert (pair.cart.told, pair.cart.said, pair.cart.focus) == before
    assert pair.cart.camera is not None and pair.cart.camera.taken == []
    refused = [record for record in caplog.records if "refused so far" in record.message]
    assert len(refused) == 7  # after 1, 2, 4 ... 64: nobody fills our log
